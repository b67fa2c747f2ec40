/** Whether what tsvm did is what the processor did, where the manuals leave room. */

import { type Decoded, format, type RowSpec } from "../../src/cpu/index.ts";
import { compare, formatAfter, hexBytes, type InsnLine } from "../../test/silicon/line.ts";
import { PAGE_FAULT, type RunnerCase } from "../../test/silicon/protocol.ts";
import { copyState, DATA, DATA_BYTES, type Exception, type Outcome, physical, type State } from "../../test/silicon/state.ts";
import { effectOf } from "../insn/format.ts";
import { flagMask } from "../insn/flags.ts";

/** Differences that are no errors, and why. */
export const LISTED = {
  flags: "flags that the manual leaves undefined",
  transcendental: "x87 transcendental functions, at most 1 ulp apart",
  approximation: "RCP and RSQRT, both within 1.5 * 2^-12 of the exact value",
  pointers: "x87 instruction and data pointers in images",
  mask: "MXCSR_MASK in FXSAVE images: AMD's processors have bit 17",
  compare: "flags after a fault in the middle of REP CMPS and SCAS",
  pieces: "operands of 10 bytes and more at the end of user addresses, or of 4 GiB with 32-bit addresses: the processor accesses them in pieces",
  cr8: "LOCK before a move of CR0: CR8 on AMD's processors, #GP; #UD on Intel's",
  loop: "LOOPE and LOOPNE with F2 or F3: AMD's processors take the condition from the prefix",
  enter: "ENTER that faults: AMD's processors have written part of the frame by then",
  maskmovq: "MASKMOVQ that faults: AMD's processors have entered the MMX state by then",
  runner: "addresses at which the program that runs the tests has memory of its own",
} as const;
export type Listed = keyof typeof LISTED;

export interface Verdict {
  readonly kind: "same" | "different" | Listed;
  /** What tsvm did, where that is different. */
  readonly did?: string;
  /** Largest distance in units in the last place, of transcendental functions. */
  readonly ulp?: number;
  /** Largest relative error of an approximation, in 2^-12: ours and the processor's. */
  readonly error?: number;
  readonly theirs?: number;
}

export const isTranscendental = (mnemonic: string): boolean => /^(fsin|fcos|fsincos|fptan|fpatan|f2xm1|fyl2x|fyl2xp1)$/.test(mnemonic);
export const isApproximation = (mnemonic: string): boolean => /^v?(rcp|rsqrt)[ps]s$/.test(mnemonic);

const TRAP = 1;
const UNDEFINED = 6;
const STACK_FAULT = 12;
const GENERAL_PROTECTION = 13;
const TOP = 1n << 63n;

/** A place on the line of all numbers of one sign, in steps of the last place. */
function place(value: bigint): bigint {
  return ((value >> 64n) & 0x7fffn) * TOP + (value & (TOP - 1n));
}

/** Steps between two 80-bit numbers; NaNs and numbers of different sign are far apart. */
function ulps(a: bigint, b: bigint): number {
  if (a === b) return 0;
  if (a >> 79n !== b >> 79n) return Infinity;
  const distance = place(a) - place(b);
  return Number(distance < 0n ? -distance : distance);
}

/** C1 and the precision exception follow the last place. */
const ROUNDING_STATUS = 0x220;

function transcendental(line: InsnLine, actual: Outcome): Verdict | undefined {
  const expected = line.after.state;
  const state = copyState(actual.state);
  let ulp = 0;
  for (let i = 0; i < 8; i++) {
    ulp = Math.max(ulp, ulps(expected.x87[i]!, state.x87[i]!));
    state.x87[i] = expected.x87[i]!;
  }
  const rest = compare({ ...line, undefinedStatus: ROUNDING_STATUS }, { state, exception: actual.exception });
  return ulp <= 1 && rest === "" ? { kind: "transcendental", ulp } : undefined;
}

const lane = new DataView(new ArrayBuffer(4));

function single(bits: number): number {
  lane.setUint32(0, bits);
  return lane.getFloat32(0);
}

const bitsOf = (value: bigint, i: number): number => Number((value >> BigInt(32 * i)) & 0xffff_ffffn);
const BOUND = 1.5;
const SMALLEST = 2 ** -126;

/** Offset of the memory operand in the data page. */
function operandAt(decoded: Decoded, before: State, after: State): number {
  const register = (i: number): bigint => (i < 0 ? 0n : before.gpr[i]!);
  const base = decoded.segment === 4 ? before.fs : decoded.segment === 5 ? before.gs : 0n;
  let address = BigInt(decoded.disp) + register(decoded.base) + (register(decoded.index) << BigInt(decoded.scale));
  if (decoded.ripRelative) address += after.rip;
  return Number(BigInt.asUintN(64, BigInt.asUintN(decoded.addressSize, address) + base) - DATA);
}

/** The source operand's 32 bytes. */
function sourceOf(decoded: Decoded, before: State, state: State): readonly [low: bigint, high: bigint] {
  if (!decoded.memory) return [before.xmm[decoded.rm]!, before.ymm[decoded.rm]!];
  const at = operandAt(decoded, before, state);
  const read = (from: number): bigint => BigInt(`0x${hexBytes(before.data.slice(from, from + 16).toReversed())}`);
  if (!(at >= 0 && at < DATA_BYTES)) return [0n, 0n];
  return [read(at), at + 16 < DATA_BYTES ? read(at + 16) : 0n];
}

function approximation(line: InsnLine, actual: Outcome, decoded: Decoded, mnemonic: string): Verdict | undefined {
  const expected = line.after.state;
  const state = copyState(actual.state);
  const sources = sourceOf(decoded, line.before, expected);
  const exact = mnemonic.includes("rsqrt") ? (x: number): number => 1 / Math.sqrt(x) : (x: number): number => 1 / x;
  let error = 0,
    theirs = 0;
  for (const [half, registers] of [state.xmm, state.ymm].entries()) {
    const wanted = half === 0 ? expected.xmm : expected.ymm;
    for (let i = 0; i < 4; i++) {
      const [mine, other] = [bitsOf(registers[decoded.reg]!, i), bitsOf(wanted[decoded.reg]!, i)];
      if (mine === other) continue;
      const value = exact(single(bitsOf(sources[half]!, i)));
      // Around the smallest normal number either side may have flushed its result to zero.
      if (Math.abs(value) < SMALLEST * 1.001 && Math.abs(single(mine)) <= SMALLEST && Math.abs(single(other)) <= SMALLEST) continue;
      error = Math.max(error, Math.abs(single(mine) / value - 1) * 4096);
      theirs = Math.max(theirs, Math.abs(single(other) / value - 1) * 4096);
    }
    registers[decoded.reg] = wanted[decoded.reg]!;
  }
  const rest = compare(line, { state, exception: actual.exception });
  return error <= BOUND && theirs <= BOUND && rest === "" ? { kind: "approximation", error, theirs } : undefined;
}

/** The bytes of an x87 image where the pointers lie: of FNSTENV and FNSAVE with 32-bit and 16-bit operands, and of FXSAVE. */
function pointerBytes(mnemonic: string, decoded: Decoded): readonly [from: number, to: number] {
  if (mnemonic.startsWith("fxsave")) return [6, 24];
  return decoded.operandSize === 16 ? [6, 14] : [12, 28];
}

function image(line: InsnLine, actual: Outcome, decoded: Decoded, mnemonic: string): Verdict | undefined {
  const at = operandAt(decoded, line.before, line.after.state);
  const [from, to] = pointerBytes(mnemonic, decoded);
  const state = copyState(actual.state);
  const copy = (a: number, b: number): void => {
    for (let i = Math.max(at + a, 0); i < Math.min(at + b, DATA_BYTES); i++) state.data[i] = line.after.state.data[i]!;
  };
  const equal = (): boolean => compare(line, { state, exception: actual.exception }) === "";
  if (mnemonic.startsWith("fxsave")) {
    copy(28, 32);
    if (equal()) return { kind: "mask" };
  }
  copy(from, to);
  return equal() ? { kind: "pointers" } : undefined;
}

/** #PF, #GP or #SS other than within the data page or at its ends. */
function isFaultOfAccess(exception: Outcome["exception"]): boolean {
  if (exception === undefined) return false;
  const { vector, cr2 } = exception;
  return vector === STACK_FAULT || vector === GENERAL_PROTECTION || (vector === PAGE_FAULT && (cr2 < DATA - 0x1000n || cr2 >= DATA + 0x2000n));
}

/** Where `test/silicon/build.sh` puts the runner, its data and its stack. */
const RUNNER = { start: 0x1000_0000n, end: 0x1002_0000n };

/** Whether tsvm found nothing where the runner has its own memory: what the processor found there says nothing. */
export function meetsRunner({ exception }: Outcome): boolean {
  return exception?.vector === PAGE_FAULT && exception.cr2 >= RUNNER.start && exception.cr2 < RUNNER.end;
}

/** The instruction's text as test/insn writes it. */
export function textOf(decoded: Decoded, rows: readonly RowSpec[], bytes: Uint8Array): string {
  return format(decoded, rows, { bytes })
    .replace(/\s+#.*$/, "")
    .replace(/\s+/g, " ");
}

/** Differences of an instruction that completed. */
function ofResult(line: InsnLine, actual: Outcome, decoded: Decoded, mnemonic: string, text: string): Verdict | undefined {
  const undefinedFlags = flagMask(effectOf(text, line.before).undefined);
  if (undefinedFlags !== 0n && compare({ ...line, undefinedFlags }, actual) === "") return { kind: "flags" };
  if (isTranscendental(mnemonic)) return transcendental(line, actual);
  if (isApproximation(mnemonic)) return approximation(line, actual, decoded, mnemonic);
  return /^(fxsave|fxsave64|fnstenv|fnsave)$/.test(mnemonic) ? image(line, actual, decoded, mnemonic) : undefined;
}

/** Differences of an instruction that faulted: which exception it is, and what was written by then. */
function ofFault(line: InsnLine, actual: Outcome, decoded: Decoded, mnemonic: string, exception: Exception): Verdict | undefined {
  const { state } = line.after;
  const other = actual.exception;
  const equal = (changed: State, undefinedFlags = 0n): boolean => compare({ ...line, undefinedFlags }, { state: changed, exception: other }) === "";
  const equalButFor = (undefinedFlags: bigint): boolean => compare({ ...line, undefinedFlags }, { state: actual.state, exception }) === "";
  const repeatedCompare = decoded.rep !== 0 && /^(cmps|scas)$/.test(mnemonic);
  const flags = repeatedCompare ? flagMask("oszapc") : 0n;
  if (repeatedCompare && equal(actual.state, flags)) return { kind: "compare" };
  if (/^(fx|fn?save|fn?stenv|frstor|fld|fstp|fb)/.test(mnemonic) && isFaultOfAccess(exception) && isFaultOfAccess(other) && equalButFor(0n)) {
    return { kind: "pieces" };
  }
  if (decoded.lock && mnemonic === "mov" && exception.vector === GENERAL_PROTECTION && other?.vector === UNDEFINED) return { kind: "cr8" };
  const changed = copyState(actual.state);
  if (mnemonic === "enter") {
    changed.data.set(state.data);
    if (equal(changed)) return { kind: "enter" };
  } else if (mnemonic === "maskmovq") {
    Object.assign(changed, { fsw: state.fsw, ftw: state.ftw });
    for (let i = 0; i < 8; i++) changed.x87[physical(state.fsw, i)] = state.x87[physical(state.fsw, i)]!;
    if (equal(changed)) return { kind: "maskmovq" };
  }
  return undefined;
}

/** Judges one execution. `rows` are the decoder's. */
export function judge(one: RunnerCase, decoded: Decoded, rows: readonly RowSpec[], expected: Outcome, actual: Outcome): Verdict {
  const text = textOf(decoded, rows, one.bytes);
  const { mnemonic } = rows[decoded.row]!;
  const line: InsnLine = { bytes: one.bytes, text: "", before: one.before, after: expected, undefinedFlags: 0n, undefinedStatus: 0 };
  if (compare(line, actual) === "") return { kind: "same" };
  if (meetsRunner(actual)) return { kind: "runner" };
  const { exception } = expected;
  if (decoded.rep !== 0 && /^loopn?e$/.test(mnemonic)) {
    const state = copyState(actual.state);
    state.rip = expected.state.rip;
    if (compare(line, { state, exception: actual.exception }) === "") return { kind: "loop" };
  }
  // A single-step trap comes after the instruction.
  const listed =
    exception === undefined || exception.vector === TRAP
      ? ofResult(line, actual, decoded, mnemonic, text)
      : ofFault(line, actual, decoded, mnemonic, exception);
  if (listed !== undefined) return listed;
  const shown = { flags: true, undefinedFlags: 0n, undefinedStatus: 0, always: new Set<string>(), mmx: false };
  return { kind: "different", did: formatAfter(one.bytes.length, one.before, actual, shown) };
}
