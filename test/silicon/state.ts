/** The state of an x86-64 processor around one instruction, as the tests of test/insn see it. */

/** Address of the instruction; the rest of its page is int3. */
export const INSTRUCTION = 0x100800n;
/** The only data page. The pages before and after it are not mapped. */
export const DATA = 0x200000n;
export const DATA_BYTES = 4096;

export const GPR_NAMES: readonly string[] = "rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15".split(" ");

/** RFLAGS bits by the letters of `flags=`, in its order. */
export const STATUS_FLAGS: readonly (readonly [letter: string, bit: bigint])[] = [
  ["o", 0x800n],
  ["s", 0x80n],
  ["z", 0x40n],
  ["a", 0x10n],
  ["p", 0x04n],
  ["c", 0x01n],
];
export const STATUS_MASK = 0x8d5n;
/** RFLAGS bits that are written by their own names. */
export const OTHER_FLAGS: readonly (readonly [name: string, bit: bigint])[] = [
  ["df", 0x400n],
  ["nt", 0x4000n],
  ["ac", 0x40000n],
  ["id", 0x200000n],
];
/** Bits that are compared: not IF, IOPL, TF, and not RF, which depends on how the processor was stopped. */
export const COMPARED_FLAGS = 0x244dd5n;

export interface State {
  readonly gpr: bigint[];
  rip: bigint;
  rflags: bigint;
  fs: bigint;
  gs: bigint;
  /** x87: control, status and abridged tag word; registers by physical number, 80 bits each. */
  fcw: number;
  fsw: number;
  ftw: number;
  readonly x87: bigint[];
  mxcsr: number;
  /** 128 bits each. */
  readonly xmm: bigint[];
  /** Bits 128 to 255. */
  readonly ymm: bigint[];
  readonly data: Uint8Array;
}

export interface Exception {
  readonly vector: number;
  readonly error: number;
  /** Only of #PF, otherwise 0. */
  readonly cr2: bigint;
}

export interface Outcome {
  readonly state: State;
  readonly exception: Exception | undefined;
}

/** What holds where a line says nothing. */
export function defaultState(): State {
  const pattern = 0x0101010101010101n;
  const gpr = GPR_NAMES.map((name, i) => (name === "rsp" ? DATA + 0x800n : pattern * BigInt(i || 16)));
  return {
    gpr,
    rip: INSTRUCTION,
    rflags: 0x202n,
    fs: 0n,
    gs: 0n,
    fcw: 0x37f,
    fsw: 0,
    ftw: 0,
    x87: Array.from({ length: 8 }, () => 0n),
    mxcsr: 0x1f80,
    xmm: GPR_NAMES.map((_, i) => ((pattern << 64n) | pattern) * BigInt(0xa0 + i)),
    ymm: GPR_NAMES.map(() => 0n),
    data: new Uint8Array(DATA_BYTES),
  };
}

export function copyState(state: State): State {
  return { ...state, gpr: [...state.gpr], x87: [...state.x87], xmm: [...state.xmm], ymm: [...state.ymm], data: state.data.slice() };
}

/** Physical number of st(i). */
export function physical(fsw: number, i: number): number {
  return ((fsw >> 11) + i) & 7;
}
