/** Constants of the image format (docs/image-format.md): ELF's own, Linux's core notes, and what is ours. */

export const PAGE = 4096;

// ---- ELF-64 (elf(5))
export const EHDR_SIZE = 64;
export const PHDR_SIZE = 56;
export const SHDR_SIZE = 64;
export const ET_CORE = 4;
export const EM_X86_64 = 62;
export const PT_LOAD = 1;
export const PT_NOTE = 4;
/** More program headers than e_phnum can tell: the number is sh_info of section header 0. */
export const PN_XNUM = 0xffff;

/** Content of one file: its pages that are not holes and not zero, one after the other. Of the range for operating systems, so that debuggers pass over it. */
export const PT_TSVM_FILE = 0x6576_0001;
/** The state, where it is too long for a note. */
export const PT_TSVM_STATE = 0x6576_0002;

// ---- notes of Linux's cores
export const NT_PRSTATUS = 1;
export const NT_FPREGSET = 2;
export const NT_PRPSINFO = 3;
export const NT_AUXV = 6;
export const NT_X86_XSTATE = 0x202;
export const NT_FILE = 0x4649_4c45;
export const NT_SIGINFO = 0x5349_4749;

// ---- our note: owner "TSVM"
export const NT_TSVM = 0x5453_564d;
export const TSVM_OWNER = "TSVM";
/** Rises whenever an image of the new version cannot be read by the old one. */
export const FORMAT_VERSION = 1;
/** Bytes of the plain header at the start of our note. */
export const HEADER_SIZE = 72;
/** Bits of features without which an image is not understood. */
export const REQUIRED_FEATURES: number = 0;
/** Bytes that the state may have inside the note: debuggers load notes whole. */
export const MAX_NOTE_STATE: number = 16 * 2 ** 20 - HEADER_SIZE;
/** Bytes of notes, and of the state, that are accepted. */
export const MAX_NOTES: number = 64 * 2 ** 20;
export const MAX_STATE: number = 2 ** 30;
/** Program headers that are accepted. */
export const MAX_SEGMENTS: number = 2 ** 24;
export const CPU_MODEL_SIZE = 32;

/**
 * The plain header, readable by every version. Offsets in our note:
 *
 *      0  format version u32, header size u32
 *      8  required features u64, optional features u64
 *     24  machine revision u32, zero u32
 *     32  processor model, 32 bytes, zero-padded
 *     64  bytes of the state u64; it follows, or where it is not in the note it fills the segment of type PT_TSVM_STATE
 */
export interface ImageHeader {
  readonly formatVersion: number;
  readonly requiredFeatures: number;
  readonly optionalFeatures: number;
  readonly machineRevision: number;
  readonly cpuModel: string;
  readonly stateBytes: number;
}
