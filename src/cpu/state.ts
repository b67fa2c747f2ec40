/**
 * The CPU state: the first 64 KiB of the address space's Memory, where no guest page can be.
 * Every offset is below 65,536 so that a decoded record names a register by the 16-bit offset of its bytes.
 *
 *     0x1000  rax rcx rdx rbx rsp rbp rsi rdi r8 ... r15   16 x i64
 *     0x1080  rip, zero, fs base, gs base, flags, system flags, mxcsr, exits
 *     0x1200  x87/MMX registers                            8 x 16 bytes
 *     0x1300  x87 environment
 *     0x1400  vector registers                             32 x 64 bytes (zmm; xmm and ymm are their low parts)
 *     0x1c00  opmask registers                             8 x i64
 */

export const GPR = 0x1000;
export const RIP = 0x1080;
/** Always zero: the base, index or segment of an address that has none. */
export const ZERO = 0x1088;
export const FS_BASE = 0x1090;
export const GS_BASE = 0x1098;

/**
 * The six arithmetic flags, lazily:
 * - `FLAG_RESULT` (i64), sign-extended result: ZF is result == 0, SF is bit 63 of (result ^ vector << 63), PF is the parity of
 *   its low byte, flipped by bit 1 of the vector.
 * - `FLAG_VECTOR` (i64): bit 63 carry (CF), bit 62 such that OF is bit 63 ^ bit 62, bit 3 adjust (AF), bit 0 flips SF, bit 1 flips PF;
 *   other bits mean nothing. It is the vector of carries out of each bit position, shifted so that the top one is bit 63.
 */
export const FLAG_RESULT = 0x10a0;
export const FLAG_VECTOR = 0x10a8;
/** RFLAGS but for the six arithmetic flags (DF, TF, AC, ID, NT, IF and the fixed bit 1), u32. */
export const FLAGS_SYSTEM = 0x10b0;
export const MXCSR = 0x10b4;
/** Segment selectors es cs ss ds fs gs, u16 each. */
export const SELECTORS = 0x10b8;

/** Why compiled code returned, and its details. */
export const EXIT_ADDRESS = 0x10c8;
export const EXIT_DETAIL = 0x10d0;
export const EXIT_RECORD = 0x10d4;
export const EXIT_BUDGET = 0x10d8;
export const EXIT_LINK = 0x10dc;
/** 1: a compiled region ran until the budget did not suffice for its longest way. */
export const EXIT_REGION = 0x10e0;
/** Byte offset of the next entry of the ring of transfers (interpreter/handlers.ts). */
export const NEXT_TRANSFER = 0x10e4;
/** Operand passed to and from helpers. */
export const HELPER_AREA = 0x1100;

export const X87_REGISTERS = 0x1200;
export const X87_ENVIRONMENT = 0x1300;
export const VECTORS = 0x1400;
export const VECTOR_STRIDE = 64;
/** Bytes of a vector register that instructions reach: those above are zero. */
export const VECTOR_BYTES = 32;
/** Bytes of the part of a vector register that bodies compute with. */
export const LANE_BYTES = 16;
export const OPMASKS = 0x1c00;
export const STATE_END = 0x1c40;

export const Flag = {
  CF: 1,
  PF: 4,
  AF: 0x10,
  ZF: 0x40,
  SF: 0x80,
  TF: 0x100,
  IF: 0x200,
  DF: 0x400,
  OF: 0x800,
  NT: 0x4000,
  RF: 0x1_0000,
  AC: 0x4_0000,
  ID: 0x20_0000,
} as const;
export const ARITHMETIC_FLAGS: number = Flag.CF | Flag.PF | Flag.AF | Flag.ZF | Flag.SF | Flag.OF;

/** Exception vectors (SDM volume 3, table 6-1). */
export const Vector = { DE: 0, DB: 1, BP: 3, OF: 4, BR: 5, UD: 6, NM: 7, SS: 12, GP: 13, PF: 14, MF: 16, AC: 17, XM: 19 } as const;
