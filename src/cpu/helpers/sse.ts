/**
 * SSE floating point where the usual path of a body does not hold: NaNs, denormals, results that change MXCSR, other rounding modes,
 * unmasked exceptions. Operands are in arguments 0 and 1, the result goes to argument 2.
 */

import { HELPER_AREA, MXCSR, Vector } from "../state.ts";
import type { Binary } from "../sse/arithmetic.ts";
import { add, compare, comparePredicate, divide, maximum, minimum, multiply, sqrt, subtract } from "../sse/arithmetic.ts";
import { convert, fromInteger, toInteger } from "../sse/convert.ts";
import type { Format } from "../sse/operand.ts";
import { decode, DOUBLE, Operand, SINGLE } from "../sse/operand.ts";
import type { Quick } from "../sse/quick.ts";
import { quickDouble, quickSingle } from "../sse/quick.ts";
import { BEFORE, Environment, Flag, MASK_SHIFT, Round } from "../sse/environment.ts";
import { result } from "../sse/rounding.ts";
import type { Helper, HelperContext } from "./index.ts";

const A = HELPER_AREA;
const B = HELPER_AREA + 16;
const RESULT = HELPER_AREA + 32;
const FLAGS = 0x3f;

const environment = new Environment();

const a: Operand = new Operand();
const b: Operand = new Operand();

/** Reads a lane as an operand. */
export function readLane(view: DataView, at: number, f: Format, out: Operand): void {
  if (f.bits === 32) decode(f, 0, view.getUint32(at, true), out);
  else decode(f, view.getUint32(at + 4, true), view.getUint32(at, true), out);
}

/** Writes what an operation left. */
export function writeResult(view: DataView, at: number, bits: 32 | 64): void {
  view.setUint32(at, result.low, true);
  if (bits === 64) view.setUint32(at + 4, result.high, true);
}

/** Leaves a lane of `bits` in `result`; `at` is its offset from the arguments. */
type LaneFunction = (view: DataView, lane: number, env: Environment, operand: number) => void;

/** Runs `f` on each lane and settles MXCSR. Lanes of the result beyond `lanes` are zero. */
function eachLane(bits: 32 | 64, lanes: number, f: LaneFunction): Helper {
  return (context, operand) => {
    const { view } = context;
    const env = environment;
    const mxcsr = view.getUint32(MXCSR, true);
    env.load(mxcsr);
    view.setFloat64(RESULT, 0, true);
    view.setFloat64(RESULT + 8, 0, true);
    let flags = 0;
    for (let i = 0; i < lanes; i++) {
      env.raised = 0;
      f(view, i, env, operand);
      flags |= env.raised;
      writeResult(view, RESULT + (bits / 8) * i, bits);
    }
    return raised(context, mxcsr, flags);
  };
}

/** What is done with the operands of a lane. */
export type Operation = (a: Operand, b: Operand, env: Environment, operand: number, lane: number) => void;

/** Lanes of floats. */
export function perLane(from: Format, toBits: 32 | 64, lanes: number, f: Operation): Helper {
  const step = from.bits / 8;
  return eachLane(toBits, lanes, (view, i, env, operand) => {
    readLane(view, A + step * i, from, a);
    readLane(view, B + step * i, from, b);
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

/** Numbers that need no bigints: true where it is done. Only for the default rounding with inexact results masked. */
function tryQuick(view: DataView, single: boolean, lanes: number, quick: Quick): boolean {
  const mxcsr = view.getUint32(MXCSR, true);
  if (((mxcsr >> 13) & 3) !== Round.nearest || (mxcsr & (Flag.PE << MASK_SHIFT)) === 0) return false;
  let inexact = false;
  for (let i = 0; i < lanes; i++) {
    const offset = (single ? 4 : 8) * i;
    const a = single ? view.getFloat32(A + offset, true) : view.getFloat64(A + offset, true);
    const b = single ? view.getFloat32(B + offset, true) : view.getFloat64(B + offset, true);
    if (!quick.run(a, b)) return false;
    inexact ||= quick.inexact;
    if (single) view.setFloat32(RESULT + offset, quick.result, true);
    else view.setFloat64(RESULT + offset, quick.result, true);
  }
  if (inexact) view.setUint32(MXCSR, mxcsr | Flag.PE, true);
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
      const exact = perLane(format, format.bits, lanes, (x, y, env) => f(format, x, y, env));
      const single = format.bits === 32;
      const quick = (single ? quickSingle : quickDouble)[name];
      yield [
        `sse ${name}${suffix}`,
        quick === undefined ? exact : (context, operand) => (tryQuick(context.view, single, lanes, quick) ? false : exact(context, operand)),
      ];
    }
    const predicate: Operation = (x, y, env, operand) => {
      const mask = comparePredicate(x, y, operand, env) ? 0xffff_ffff : 0;
      putNumber(mask, mask);
    };
    yield [`sse cmp${suffix}`, perLane(format, format.bits, lanes, predicate)];
    if (lanes > 1) continue;
    for (const quiet of [true, false]) {
      const relation: Operation = (x, y, env) => putNumber(0, compare(x, y, quiet, env));
      yield [`sse ${quiet ? "u" : ""}comi${suffix}`, perLane(format, 64, 1, relation)];
    }
  }
}

/** Integers from floats: rounded as MXCSR says, or towards zero. */
function integers(name: string, format: Format, bits: 32 | 64, lanes: number): [string, Helper][] {
  const rounded = (truncate: boolean): Helper =>
    perLane(format, bits, lanes, (x, _, env) => toInteger(x, bits, truncate ? Round.zero : env.rounding, env));
  return [
    [`sse cvt${name}`, rounded(false)],
    [`sse cvtt${name}`, rounded(true)],
  ];
}

function floats(name: string, bits: 32 | 64, format: Format, lanes: number): [string, Helper] {
  const convertLane: LaneFunction = (view, i, env) => {
    const at = A + (bits / 8) * i;
    const low = view.getInt32(at, true);
    fromInteger(format, bits === 64 ? view.getInt32(at + 4, true) : low >> 31, low, env);
  };
  return [`sse ${name}`, eachLane(format.bits, lanes, convertLane)];
}

function between(name: string, format: Format, to: Format, lanes: number): [string, Helper] {
  return [`sse ${name}`, perLane(format, to.bits, lanes, (x, _, env) => convert(to, x, env))];
}

export const sseHelpers: Readonly<Record<string, Helper>> = Object.fromEntries([
  ...arithmetic(),
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
  between("cvtss2sd", SINGLE, DOUBLE, 1),
  between("cvtsd2ss", DOUBLE, SINGLE, 1),
  between("cvtps2pd", SINGLE, DOUBLE, 2),
  between("cvtpd2ps", DOUBLE, SINGLE, 2),
]);
