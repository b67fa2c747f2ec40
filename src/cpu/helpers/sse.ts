/**
 * SSE floating point where the usual path of a body does not hold: NaNs, denormals, results that change MXCSR, other rounding modes,
 * unmasked exceptions. Operands are in arguments 0 and 1, the result goes to argument 2.
 */

import { HELPER_AREA, MXCSR, Vector } from "../state.ts";
import type { Binary } from "../sse/arithmetic.ts";
import {
  add,
  compare,
  comparePredicate,
  convert,
  divide,
  fromInteger,
  maximum,
  minimum,
  multiply,
  sqrt,
  subtract,
  toInteger,
} from "../sse/arithmetic.ts";
import type { Format } from "../sse/format.ts";
import { DOUBLE, SINGLE } from "../sse/format.ts";
import type { Quick } from "../sse/quick.ts";
import { quickDouble, quickSingle } from "../sse/quick.ts";
import { BEFORE, Environment, Flag, MASK_SHIFT, Round } from "../sse/rounding.ts";
import type { Helper, HelperContext } from "./index.ts";

const A = HELPER_AREA;
const B = HELPER_AREA + 16;
const RESULT = HELPER_AREA + 32;
const FLAGS = 0x3f;

const environment = new Environment();

/** Bits of a lane and how it is read and written: floats as patterns, integers signed. */
export interface Lane {
  readonly bits: 32 | 64;
  read(view: DataView, at: number): bigint;
}

export function floatLane(bits: 32 | 64): Lane {
  return { bits, read: (view, at) => (bits === 32 ? BigInt(view.getUint32(at, true)) : view.getBigUint64(at, true)) };
}

function integerLane(bits: 32 | 64): Lane {
  return { bits, read: (view, at) => (bits === 32 ? BigInt(view.getInt32(at, true)) : view.getBigInt64(at, true)) };
}

export function writeLane(view: DataView, at: number, bits: 32 | 64, value: bigint): void {
  if (bits === 32) view.setUint32(at, Number(BigInt.asUintN(32, value)), true);
  else view.setBigUint64(at, BigInt.asUintN(64, value), true);
}

export type LaneFunction = (a: bigint, b: bigint, env: Environment, operand: number, lane: number) => bigint;

/** Runs `f` on each lane and settles MXCSR. Lanes of the result beyond `lanes` are zero. */
export function perLane(from: Lane, toBits: 32 | 64, lanes: number, f: LaneFunction): Helper {
  const step = from.bits / 8;
  return (context, operand) => {
    const { view } = context;
    const env = environment;
    const mxcsr = view.getUint32(MXCSR, true);
    env.load(mxcsr);
    const results: bigint[] = [];
    let flags = 0;
    for (let i = 0; i < lanes; i++) {
      env.flags = 0;
      results.push(f(from.read(view, A + step * i), from.read(view, B + step * i), env, operand, i));
      flags |= env.flags;
    }
    if (raised(context, mxcsr, flags)) return true;
    view.setBigUint64(RESULT, 0n, true);
    view.setBigUint64(RESULT + 8, 0n, true);
    results.forEach((value, i) => writeLane(view, RESULT + (toBits / 8) * i, toBits, value));
    return false;
  };
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
      const exact = perLane(floatLane(format.bits), format.bits, lanes, (a, b, env) => f(format, a, b, env));
      const single = format.bits === 32;
      const quick = (single ? quickSingle : quickDouble)[name];
      yield [
        `sse ${name}${suffix}`,
        quick === undefined ? exact : (context, operand) => (tryQuick(context.view, single, lanes, quick) ? false : exact(context, operand)),
      ];
    }
    const predicate: LaneFunction = (a, b, env, operand) => (comparePredicate(format, a, b, operand, env) ? -1n : 0n);
    yield [`sse cmp${suffix}`, perLane(floatLane(format.bits), format.bits, lanes, predicate)];
    if (lanes > 1) continue;
    for (const quiet of [true, false]) {
      const relation: LaneFunction = (a, b, env) => BigInt(compare(format, a, b, quiet, env));
      yield [`sse ${quiet ? "u" : ""}comi${suffix}`, perLane(floatLane(format.bits), 64, 1, relation)];
    }
  }
}

/** Integers from floats: rounded as MXCSR says, or towards zero. */
function integers(name: string, format: Format, bits: 32 | 64, lanes: number): [string, Helper][] {
  const rounded = (truncate: boolean): Helper =>
    perLane(floatLane(format.bits), bits, lanes, (a, _, env) => toInteger(format, a, bits, truncate ? Round.zero : env.rc, env));
  return [
    [`sse cvt${name}`, rounded(false)],
    [`sse cvtt${name}`, rounded(true)],
  ];
}

function floats(name: string, bits: 32 | 64, format: Format, lanes: number): [string, Helper] {
  return [`sse ${name}`, perLane(integerLane(bits), format.bits, lanes, (a, _, env) => fromInteger(format, a, env))];
}

function between(name: string, format: Format, to: Format, lanes: number): [string, Helper] {
  return [`sse ${name}`, perLane(floatLane(format.bits), to.bits, lanes, (a, _, env) => convert(format, to, a, env))];
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
