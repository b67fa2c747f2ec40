/**
 * What the kernel needs of a processor. The machine room implements this over its interpreter; nothing here knows how.
 * Register numbers are those of x86-64 instruction encodings, `Reg` names them.
 */
export const Reg = {
  rax: 0,
  rcx: 1,
  rdx: 2,
  rbx: 3,
  rsp: 4,
  rbp: 5,
  rsi: 6,
  rdi: 7,
  r8: 8,
  r9: 9,
  r10: 10,
  r11: 11,
  r12: 12,
  r13: 13,
  r14: 14,
  r15: 15,
  rip: 16,
} as const;

/** The user-mode registers of one task. */
export interface Registers {
  /** Low half, as int32. */
  low(reg: number): number;
  /** High half, as int32. */
  high(reg: number): number;
  /** The register as an unsigned 64-bit number; exact below 2^53. */
  number(reg: number): number;
  /** Writes an exact integer, sign-extended to 64 bits. */
  set(reg: number, value: number): void;
  /** Writes both halves. */
  setParts(reg: number, low: number, high: number): void;
  /** The register as an unsigned 64-bit BigInt; not for hot paths. */
  big(reg: number): bigint;
  /** Writes the low 64 bits of `value`; not for hot paths. */
  setBig(reg: number, value: bigint): void;
  rflags(): number;
  setRflags(value: number): void;
  fsBase: number;
  gsBase: number;
  /** Bytes of the FXSAVE (512) or standard-format XSAVE image (832) of a signal frame. */
  readonly xstateSize: number;
  /** The XCR0 bits that the image can hold: 3 for x87 and SSE, 7 with AVX. */
  readonly xfeatures: number;
  /** Writes the image to the first `xstateSize` bytes of `into`, which are zero before; bytes 416 to 511 are left to software. */
  saveXstate(into: Uint8Array): void;
  /**
   * Loads the components of `features` from an image: FXSAVE's where its length is 512, else XSAVE's; without AVX 576 bytes suffice. All others
   * become those of a fresh process. False: the image is one that FXRSTOR or XRSTOR refuses with #GP.
   */
  restoreXstate(from: Uint8Array, features: number): boolean;
  /** Puts x87, SSE and AVX state into the state of a fresh process. */
  resetXstate(): void;
  /** x87 control and status word, and MXCSR: what the SIGFPE codes are read from. */
  fpuControl(): number;
  fpuStatus(): number;
  mxcsr(): number;
}

/** Segment selectors of a 64-bit user task. */
export const USER_CS = 0x33;
export const USER_SS = 0x2b;

/** An exception that the processor raised while running a task; registers are those before the instruction (after it for traps). */
export interface CpuFault {
  /** SDM vector number, or -1 when the memory room found the fault to be SIGBUS. */
  readonly vector: number;
  readonly errorCode: number;
  /** CR2 for vector 14; the upper half of the address space as negative numbers. */
  readonly address: number;
  /** What the memory room said about a vector 14. */
  readonly code?: "MAPERR" | "ACCERR" | "BUS";
}

/** SDM volume 3, table 6-1. */
export const Vector = {
  DE: 0,
  DB: 1,
  NMI: 2,
  BP: 3,
  OF: 4,
  BR: 5,
  UD: 6,
  NM: 7,
  DF: 8,
  TS: 10,
  NP: 11,
  SS: 12,
  GP: 13,
  PF: 14,
  MF: 16,
  AC: 17,
  XM: 19,
} as const;
