/**
 * SSE floating point where the usual path of a body does not hold: NaNs, denormals, results that change MXCSR, other rounding modes,
 * unmasked exceptions. Operands and results are where sse/arguments.ts says.
 */

import { HELPER_AREA, MXCSR, Vector } from "../state.ts";
import type { Binary } from "../sse/arithmetic.ts";
import { add, compare, comparePredicate, divide, maximum, minimum, multiply, sqrt, subtract } from "../sse/arithmetic.ts";
import { convert, fromInteger, toInteger } from "../sse/convert.ts";
import { argumentSlot, RESULT_SLOT, WIDE } from "../sse/arguments.ts";
import { multiplyAdd } from "../sse/fma.ts";
import type { Format } from "../sse/operand.ts";
import { decode, DOUBLE, HALF, Operand, SINGLE } from "../sse/operand.ts";
import type { Quick } from "../sse/quick.ts";
import { quickDouble, quickSingle } from "../sse/quick.ts";
import { BEFORE, DAZ, Environment, Flag, FTZ, MASK_SHIFT, Round } from "../sse/environment.ts";
import { result } from "../sse/rounding.ts";
import type { Helper, HelperContext } from "./helper.ts";

const A = HELPER_AREA + 16 * argumentSlot(0, 0);
const B = HELPER_AREA + 16 * argumentSlot(1, 0);
const C = HELPER_AREA + 16 * argumentSlot(2, 0);
const RESULT = HELPER_AREA + 16 * RESULT_SLOT;
const FLAGS = 0x3f;

const environment = new Environment();

const a: Operand = new Operand();
const b: Operand = new Operand();
const c: Operand = new Operand();

/** Reads a lane as an operand. */
export function readLane(view: DataView, at: number, f: Format, out: Operand): void {
  if (f.bits === 16) decode(f, 0, view.getUint16(at, true), out);
  else if (f.bits === 32) decode(f, 0, view.getUint32(at, true), out);
  else decode(f, view.getUint32(at + 4, true), view.getUint32(at, true), out);
}

/** Writes what an operation left. */
export function writeResult(view: DataView, at: number, bits: 16 | 32 | 64): void {
  if (bits === 16) view.setUint16(at, result.low, true);
  else view.setUint32(at, result.low, true);
  if (bits === 64) view.setUint32(at + 4, result.high, true);
}

/** Offset of the 128-bit lane behind the last: operands and results have two. */
function endOf(operand: number): number {
  return (operand & WIDE) === 0 ? 16 : 32;
}

/** Leaves one element in `result`: number `index` of the 128-bit lane at `offset` of operands and results. */
type ElementFunction = (view: DataView, offset: number, index: number, env: Environment, operand: number) => void;

/** Runs `f` on `count` elements of each 128-bit lane and settles MXCSR. Elements of the result beyond them are zero. */
function eachElement(bits: 16 | 32 | 64, count: number, f: ElementFunction): Helper {
  return (context, operand) => {
    const { view } = context;
    const env = environment;
    const mxcsr = view.getUint32(MXCSR, true);
    env.load(mxcsr);
    let flags = 0;
    for (let offset = 0; offset < endOf(operand); offset += 16) {
      view.setFloat64(RESULT + offset, 0, true);
      view.setFloat64(RESULT + offset + 8, 0, true);
      for (let i = 0; i < count; i++) {
        env.raised = 0;
        f(view, offset, i, env, operand & (WIDE - 1));
        flags |= env.raised;
        writeResult(view, RESULT + offset + (bits / 8) * i, bits);
      }
    }
    return raised(context, mxcsr, flags);
  };
}

/** What is done with the operands of an element. */
export type Operation = (a: Operand, b: Operand, env: Environment, operand: number, index: number) => void;

/** `count` floats in each 128-bit lane. */
export function perElement(from: Format, toBits: 16 | 32 | 64, count: number, f: Operation): Helper {
  const step = from.bits / 8;
  return eachElement(toBits, count, (view, offset, i, env, operand) => {
    readLane(view, A + offset + step * i, from, a);
    readLane(view, B + offset + step * i, from, b);
    f(a, b, env, operand, i);
  });
}

/** Leaves a number. */
function putNumber(high: number, low: number): void {
  result.high = high;
  result.low = low;
}

/** Sticky flags, and #XM where one of them is not masked: then those of before the operation go alone (SDM volume 1, 11.5.2). */
export function raised(context: HelperContext, mxcsr: number, flags: number): boolean {
  const unmasked = FLAGS & ~(mxcsr >> MASK_SHIFT);
  const seen = (flags & BEFORE & unmasked) === 0 ? flags : flags & BEFORE;
  context.view.setUint32(MXCSR, mxcsr | seen, true);
  if ((seen & unmasked) === 0) return false;
  context.raise(Vector.XM, 0);
  return true;
}

/** Denormals and results that underflow are silent: raised before and masked, and computed with (neither DAZ nor FTZ). */
const TINY_SILENT = (Flag.DE | Flag.UE | Flag.PE) * (1 + (1 << MASK_SHIFT));
const TINY_BITS = TINY_SILENT | DAZ | FTZ;

/** By MXCSR.RC what is to be added to the magnitude of a number rounded to nearest, of which `rest` is missing. */
function correction(rounding: number, r: number, rest: number): number {
  if (rest === 0 || rounding === Round.nearest) return 0;
  const further = rest > 0 === r > 0;
  if (rounding === Round.zero) return further ? 0 : -1;
  // The result is to lie beyond the exact one in the direction of the mode, and nearer to it than the next.
  if (rest > 0 !== (rounding === Round.up)) return 0;
  return further ? 1 : -1;
}

/** Adds to the magnitude of a float that is not at the end of its range. */
function addToMagnitude(view: DataView, at: number, single: boolean, units: number): void {
  const low = view.getInt32(at, true) + units;
  view.setInt32(at, low, true);
  if (single) return;
  // A carry out of the lower half leaves 0, a borrow -1.
  if (low === (units < 0 ? -1 : 0)) view.setInt32(at + 4, view.getInt32(at + 4, true) + units, true);
}

/** The usual numbers: true where it is done. Only with inexact results masked. */
function tryQuick(view: DataView, single: boolean, count: number, quick: Quick, operand: number): boolean {
  const mxcsr = view.getUint32(MXCSR, true);
  if ((mxcsr & (Flag.PE << MASK_SHIFT)) === 0) return false;
  const rounding = (mxcsr >> 13) & 3;
  const step = single ? 4 : 8;
  const any = rounding === Round.nearest && (mxcsr & TINY_BITS) === TINY_SILENT;
  let inexact = false;
  for (let offset = 0; offset < endOf(operand); offset += 16) {
    for (let at = offset; at < offset + count * step; at += step) {
      const x = single ? view.getFloat32(A + at, true) : view.getFloat64(A + at, true);
      const y = single ? view.getFloat32(B + at, true) : view.getFloat64(B + at, true);
      if (any ? !quick.runAny(x, y) : !quick.run(x, y)) return false;
      const { result: r, rest } = quick;
      // The sign of a zero depends on the rounding.
      if (r === 0 && rounding !== Round.nearest) return false;
      inexact ||= rest !== 0;
      if (single) view.setFloat32(RESULT + at, r, true);
      else view.setFloat64(RESULT + at, r, true);
      const units = correction(rounding, r, rest);
      if (units !== 0) addToMagnitude(view, RESULT + at, single, units);
    }
  }
  if (inexact && !any) view.setUint32(MXCSR, mxcsr | Flag.PE, true);
  return true;
}

interface Shape {
  readonly suffix: string;
  readonly format: Format;
  readonly lanes: number;
}

const shapes: readonly Shape[] = [
  { suffix: "ss", format: SINGLE, lanes: 1 },
  { suffix: "sd", format: DOUBLE, lanes: 1 },
  { suffix: "ps", format: SINGLE, lanes: 4 },
  { suffix: "pd", format: DOUBLE, lanes: 2 },
];

const operations: Readonly<Record<string, Binary>> = { add, sub: subtract, mul: multiply, div: divide, sqrt, min: minimum, max: maximum };

function* arithmetic(): Iterable<[string, Helper]> {
  for (const { suffix, format, lanes } of shapes) {
    for (const [name, f] of Object.entries(operations)) {
      const exact = perElement(format, format.bits, lanes, (x, y, env) => f(format, x, y, env));
      const single = format.bits === 32;
      const quick = (single ? quickSingle : quickDouble)[name];
      yield [
        `sse ${name}${suffix}`,
        quick === undefined ? exact : (context, operand) => (tryQuick(context.view, single, lanes, quick, operand) ? false : exact(context, operand)),
      ];
    }
    const predicate: Operation = (x, y, env, operand) => {
      const mask = comparePredicate(x, y, operand, env) ? 0xffff_ffff : 0;
      putNumber(mask, mask);
    };
    yield [`sse cmp${suffix}`, perElement(format, format.bits, lanes, predicate)];
    if (lanes > 1) continue;
    for (const quiet of [true, false]) {
      const relation: Operation = (x, y, env) => putNumber(0, compare(x, y, quiet, env));
      yield [`sse ${quiet ? "u" : ""}comi${suffix}`, perElement(format, 64, 1, relation)];
    }
  }
}

/** Integers from floats: rounded as MXCSR says, or towards zero. */
function integers(name: string, format: Format, bits: 32 | 64, lanes: number): [string, Helper][] {
  const rounded = (truncate: boolean): Helper =>
    perElement(format, bits, lanes, (x, _, env) => toInteger(x, bits, truncate ? Round.zero : env.rounding, env));
  return [
    [`sse cvt${name}`, rounded(false)],
    [`sse cvtt${name}`, rounded(true)],
  ];
}

function floats(name: string, bits: 32 | 64, format: Format, lanes: number): [string, Helper] {
  return [
    `sse ${name}`,
    eachElement(format.bits, lanes, (view, offset, i, env) => {
      const at = A + offset + (bits / 8) * i;
      const low = view.getInt32(at, true);
      fromInteger(format, bits === 64 ? view.getInt32(at + 4, true) : low >> 31, low, env);
    }),
  ];
}

function between(name: string, format: Format, to: Format, lanes: number): [string, Helper] {
  return [`sse ${name}`, perElement(format, to.bits, lanes, (x, _, env) => convert(to, x, env))];
}

/** Fused multiply-adds by name, with what is subtracted in even and odd elements: the product, the addend. */
const fused: Readonly<Record<string, readonly [product: 0 | 1, even: 0 | 1, odd: 0 | 1]>> = {
  fmadd: [0, 0, 0],
  fmsub: [0, 1, 1],
  fnmadd: [1, 0, 0],
  fnmsub: [1, 1, 1],
  fmaddsub: [0, 1, 0],
  fmsubadd: [0, 0, 1],
};

function* fusedHelpers(): Iterable<[string, Helper]> {
  for (const { suffix, format, lanes } of shapes) {
    const step = format.bits / 8;
    for (const [name, [product, even, odd]] of Object.entries(fused)) {
      yield [
        `sse ${name}${suffix}`,
        eachElement(format.bits, lanes, (view, offset, i, env) => {
          const at = offset + step * i;
          readLane(view, A + at, format, a);
          readLane(view, B + at, format, b);
          readLane(view, C + at, format, c);
          multiplyAdd(format, a, b, c, product, (i & 1) === 0 ? even : odd, env);
        }),
      ];
    }
  }
}

/** MXCSR's DAZ and DE are not for binary16. */
const fromHalf: Operation = (x, _, env) => {
  x.denormal = false;
  convert(SINGLE, x, env);
};

/** The immediate's bit 2: MXCSR.RC. FTZ is not for binary16. */
const toHalf: Operation = (x, _, env, imm) => {
  if ((imm & 4) === 0) env.rounding = imm & Round.zero;
  env.flushToZero = false;
  convert(HALF, x, env);
};

export const sseHelpers: Readonly<Record<string, Helper>> = Object.fromEntries([
  ...arithmetic(),
  ...fusedHelpers(),
  ...integers("ss2si32", SINGLE, 32, 1),
  ...integers("ss2si64", SINGLE, 64, 1),
  ...integers("sd2si32", DOUBLE, 32, 1),
  ...integers("sd2si64", DOUBLE, 64, 1),
  ...integers("ps2dq", SINGLE, 32, 4),
  ...integers("pd2dq", DOUBLE, 32, 2),
  floats("cvtsi2ss", 64, SINGLE, 1),
  floats("cvtsi2sd", 64, DOUBLE, 1),
  floats("cvtdq2ps", 32, SINGLE, 4),
  floats("cvtpi2ps", 32, SINGLE, 2),
  ["sse cvtph2ps", perElement(HALF, 32, 4, fromHalf)],
  ["sse cvtps2ph", perElement(SINGLE, 16, 4, toHalf)],
  between("cvtss2sd", SINGLE, DOUBLE, 1),
  between("cvtsd2ss", DOUBLE, SINGLE, 1),
  between("cvtps2pd", SINGLE, DOUBLE, 2),
  between("cvtpd2ps", DOUBLE, SINGLE, 2),
]);
