/**
 * ELF executables as data: the header and program headers, each field checked against the file.
 *
 * elfy does the parsing; this file is its only user. elfy is made for Node's Buffer, of which its header and
 * program-header parsing needs four methods: {@link ElfyBytes} supplies them, so no Buffer is needed. Its section parsing
 * fails on files without sections and is not used. Format: System V gABI, "Object Files"; what is refused follows
 * Linux's fs/binfmt_elf.c as observed, and is stricter for truncated files and overlapping segments, which Linux starts
 * and then kills.
 */
import { decodeLatin1 } from "../base/index.ts";
import { PAGE_SIZE, PROT_EXEC, PROT_READ, PROT_WRITE, TASK_SIZE } from "../memory/index.ts";
import type { ElfyHeader, ElfyProgram } from "elfy";
import elfy from "elfy";
import { LoadError } from "./load-error.ts";

/** A PT_LOAD program header. Addresses are the file's own, before the load bias is added. */
export interface Segment {
  readonly offset: number;
  readonly fileSize: number;
  readonly address: number;
  readonly memorySize: number;
  /** PROT_READ 1, PROT_WRITE 2, PROT_EXEC 4, from PF_R, PF_W, PF_X. */
  readonly protection: number;
  readonly align: number;
}

/** What a file's ELF header and program headers say, validated. */
export interface Image {
  /** ET_EXEC is placed at its own addresses, ET_DYN wherever there is room. */
  readonly type: "exec" | "dyn";
  /** e_entry, before the load bias. May lie outside every segment, as on Linux: the first fetch faults. */
  readonly entry: number;
  readonly programHeaders: { readonly offset: number; readonly count: number; readonly entrySize: number };
  /** Address of the program headers in memory before the load bias; undefined where no segment contains them. */
  readonly programHeadersAddress: number | undefined;
  /** In file order, which need not be address order. No two overlap; there is at least one. */
  readonly segments: readonly Segment[];
  /** PT_INTERP: path of the dynamic linker. */
  readonly interpreter: string | undefined;
  /** PT_GNU_STACK with PF_X. Without PT_GNU_STACK a 64-bit program's stack is not executable. */
  readonly stackExecutable: boolean;
}

const EHDR_SIZE = 64;
const PHDR_SIZE = 56;
/** Linux's limit on the size of the program headers. */
const MAX_PHDRS_BYTES = 65536;
const PATH_MAX = 4096;

const ET_EXEC = 2;
const ET_DYN = 3;
const EM_X86_64 = 62;
const MACHINES: Readonly<Record<number, string>> = {
  2: "SPARC",
  3: "i386",
  4: "m68k",
  8: "MIPS",
  15: "PA-RISC",
  20: "PowerPC",
  21: "PowerPC64",
  22: "S/390",
  40: "ARM",
  42: "SuperH",
  43: "SPARC V9",
  50: "IA-64",
  62: "x86-64",
  183: "AArch64",
  243: "RISC-V",
  247: "BPF",
  258: "LoongArch",
};

const TYPES: Readonly<Record<number, string>> = {
  0: "ELF file without a type (ET_NONE), not an executable",
  1: "relocatable object file (ET_REL), not an executable: link it first",
  4: "core file (ET_CORE), not an executable",
};

/** The part of Buffer that elfy's header parsing uses. */
class ElfyBytes extends Uint8Array<ArrayBuffer> {
  /** As Buffer's: shares memory. */
  override slice(start?: number, end?: number): Uint8Array<ArrayBuffer> {
    return this.subarray(start, end);
  }

  readUInt16LE(offset: number): number {
    return (this[offset] ?? 0) | ((this[offset + 1] ?? 0) << 8);
  }

  readUInt32LE(offset: number): number {
    return this.readUInt16LE(offset) + this.readUInt16LE(offset + 2) * 0x1_0000;
  }
}

export function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

/** `[start, end)` of a size in a file. */
function extent(offset: number, size: number): string {
  return `[${hex(offset)}, ${hex(offset + size)})`;
}

function readU16(bytes: Uint8Array, offset: number, bigEndian: boolean): number {
  const first = bytes[offset] ?? 0;
  const second = bytes[offset + 1] ?? 0;
  return bigEndian ? first * 256 + second : second * 256 + first;
}

/** Refuses what is not an x86-64 program by its first bytes. */
function checkIdentity(bytes: Uint8Array): void {
  if (bytes.length === 0) throw new LoadError("empty file");
  if (bytes[0] === 0x23 && bytes[1] === 0x21) {
    const line = decodeLatin1(bytes.subarray(2, 258)).split(/[\n\0]/)[0] ?? "";
    const interpreter = line.trim().replace(/[^\x20-\x7e]/g, "?");
    throw new LoadError(`a script (#!${interpreter}), not an ELF file: run its interpreter on it`);
  }
  if (bytes[0] !== 0x7f || bytes[1] !== 0x45 || bytes[2] !== 0x4c || bytes[3] !== 0x46) {
    throw new LoadError("not an ELF file");
  }
  if (bytes.length < EHDR_SIZE) {
    throw new LoadError(`truncated: ELF header has ${bytes.length} of ${EHDR_SIZE} bytes`);
  }
  const bigEndian = bytes[5] === 2;
  const type = readU16(bytes, 16, bigEndian);
  const machine = readU16(bytes, 18, bigEndian);
  const machineName = MACHINES[machine] ?? `machine ${machine}`;
  if (bytes[4] === 1) {
    const name = machine === EM_X86_64 ? "x32" : machineName;
    throw new LoadError(`32-bit ELF (${name}); tsvm runs x86-64`);
  }
  if (bigEndian) throw new LoadError(`big-endian ELF (${machineName}); tsvm runs x86-64`);
  if (machine !== EM_X86_64) throw new LoadError(`ELF for ${machineName}; tsvm runs x86-64`);
  if (type !== ET_EXEC && type !== ET_DYN) {
    throw new LoadError(TYPES[type] ?? `ELF file of type ${type}, not an executable`);
  }
}

/** elfy on a copy of the header and the program headers, put next to each other. */
function parseWithElfy(bytes: Uint8Array): { header: ElfyHeader; programs: ElfyProgram[] } {
  const parser = new elfy.Parser();
  const headerBytes = new ElfyBytes(new ArrayBuffer(EHDR_SIZE));
  headerBytes.set(bytes.subarray(0, EHDR_SIZE));
  // Linux looks neither at the class nor at the byte order; elfy does.
  headerBytes[4] = 2;
  headerBytes[5] = 1;
  const header = parser.parseHeader(headerBytes);
  const { phoff, phnum, phentsize } = header;
  if (phnum === 0) throw new LoadError("no program headers");
  if (phentsize !== PHDR_SIZE) {
    throw new LoadError(`program headers of ${phentsize} bytes; they must have ${PHDR_SIZE}`);
  }
  const size = phnum * PHDR_SIZE;
  if (size > MAX_PHDRS_BYTES) throw new LoadError(`too many program headers (${phnum})`);
  if (phoff + size > bytes.length) {
    throw new LoadError(`truncated: program headers at ${extent(phoff, size)}, file of ${hex(bytes.length)}`);
  }
  const tableBytes = new ElfyBytes(new ArrayBuffer(EHDR_SIZE + size));
  tableBytes.set(bytes.subarray(phoff, phoff + size), EHDR_SIZE);
  return { header, programs: parser.parsePrograms(tableBytes, { ...header, phoff: EHDR_SIZE }) };
}

function checkSegment(segment: Segment, fileLength: number): void {
  const { offset, fileSize, address, memorySize } = segment;
  const where = `segment at ${hex(address)}`;
  if (fileSize > memorySize) {
    throw new LoadError(`${where}: size in the file ${hex(fileSize)} exceeds size in memory ${hex(memorySize)}`, "EINVAL");
  }
  if (address >= TASK_SIZE || memorySize > TASK_SIZE - address) {
    throw new LoadError(`${where} + ${hex(memorySize)} does not fit the address space`, "EINVAL");
  }
  if (fileSize === 0) return;
  if (offset % PAGE_SIZE !== address % PAGE_SIZE) {
    throw new LoadError(`${where}: file offset ${hex(offset)} differs from the address modulo the page size`, "EINVAL");
  }
  if (offset + fileSize > fileLength) {
    throw new LoadError(`truncated: ${where} needs file bytes ${extent(offset, fileSize)}, file of ${hex(fileLength)}`);
  }
}

function checkOverlap(segments: readonly Segment[]): void {
  const ordered = segments.toSorted((a, b) => a.address - b.address);
  for (let i = 1; i < ordered.length; i++) {
    const below = ordered[i - 1];
    const above = ordered[i];
    if (below && above && below.address + below.memorySize > above.address) {
      throw new LoadError(`overlapping segments at ${hex(below.address)} and ${hex(above.address)}`);
    }
  }
}

function interpreterPath(bytes: Uint8Array, program: ElfyProgram): string {
  const { offset, filesz } = program;
  if (filesz < 2 || filesz > PATH_MAX || offset + filesz > bytes.length || bytes[offset + filesz - 1] !== 0) {
    throw new LoadError("malformed PT_INTERP");
  }
  const text = decodeLatin1(bytes.subarray(offset, offset + filesz));
  return text.slice(0, text.indexOf("\0"));
}

/** Parses and checks the executable in `bytes`. Throws {@link LoadError}. Reads nothing but headers and PT_INTERP. */
export function parseElf(bytes: Uint8Array): Image {
  checkIdentity(bytes);
  const { header, programs } = parseWithElfy(bytes);
  const segments: Segment[] = [];
  let interpreter: string | undefined;
  let programHeadersAddress: number | undefined;
  let stackExecutable = false;
  for (const program of programs) {
    if (program.type === "load") {
      const { r, w, x } = program.flags;
      const segment: Segment = {
        offset: program.offset,
        fileSize: program.filesz,
        address: program.vaddr,
        memorySize: program.memsz,
        protection: (r ? PROT_READ : 0) | (w ? PROT_WRITE : 0) | (x ? PROT_EXEC : 0),
        align: program.align,
      };
      checkSegment(segment, bytes.length);
      if (header.phoff >= segment.offset && header.phoff < segment.offset + segment.fileSize) {
        programHeadersAddress = header.phoff - segment.offset + segment.address;
      }
      segments.push(segment);
    } else if (program.type === "interp") {
      interpreter ??= interpreterPath(bytes, program);
    } else if (program.type === "gnu_stack") {
      stackExecutable = program.flags.x === true;
    }
  }
  if (segments.length === 0) throw new LoadError("no loadable segments");
  checkOverlap(segments);
  if (header.entry >= TASK_SIZE) throw new LoadError(`entry point ${hex(header.entry)} is not a user address`, "EINVAL");
  return {
    type: header.type === "dyn" ? "dyn" : "exec",
    entry: header.entry,
    programHeaders: { offset: header.phoff, count: header.phnum, entrySize: header.phentsize },
    programHeadersAddress,
    segments,
    interpreter,
    stackExecutable,
  };
}
