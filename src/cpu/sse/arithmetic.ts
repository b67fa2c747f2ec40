/**
 * SSE arithmetic, exact for every MXCSR. Operands are decoded lanes, which operations may change; the result's pattern is left in `result`, raised
 * flags in the environment.
 */

import { BIAS, Kind, compareHalves } from "../x87/float80.ts";
import { difference, product, quotient, root, significand, sum } from "../x87/significand.ts";
import type { Environment } from "./environment.ts";
import { Flag, Round } from "./environment.ts";
import type { Format, Operand } from "./operand.ts";
import { flush, isNaN, putInfinity, putInvalid, putNaN, putZero, take } from "./operand.ts";
import { put, putSignificand, result } from "./rounding.ts";

export type Binary = (f: Format, a: Operand, b: Operand, env: Environment) => void;

function raiseSignaling(x: Operand, env: Environment): void {
  if (x.kind === Kind.signalingNaN) env.raised |= Flag.IE;
}

/** NaNs and denormals of both operands, then `finish`. Of two NaNs the first is the result (SDM volume 1, table 4-7). */
function binary(finish: Binary): Binary {
  return (f, a, b, env) => {
    if (isNaN(a) || isNaN(b)) {
      raiseSignaling(a, env);
      raiseSignaling(b, env);
      putNaN(f, isNaN(a) ? a : b);
      return;
    }
    take(a, env);
    take(b, env);
    finish(f, a, b, env);
  };
}

/** Sign of a sum that is zero. */
export function zeroSign(a: number, b: number, env: Environment): number {
  if (a === b) return a;
  return env.rounding === Round.down ? 1 : 0;
}

function total(f: Format, a: Operand, b: Operand, env: Environment): void {
  if (a.kind === Kind.infinity || b.kind === Kind.infinity) {
    if (a.kind === b.kind && a.sign !== b.sign) putInvalid(f, env);
    else putInfinity(f, a.kind === Kind.infinity ? a.sign : b.sign);
  } else if (a.kind === Kind.zero || b.kind === Kind.zero) {
    const x = a.kind === Kind.zero ? b : a;
    if (x.kind === Kind.zero) putZero(f, zeroSign(a.sign, b.sign, env));
    else put(f, env, x.sign, x.exponent, x.high, x.low, 0);
  } else {
    const swap = a.exponent < b.exponent || (a.exponent === b.exponent && compareHalves(a.high, a.low, b.high, b.low) < 0);
    const large = swap ? b : a;
    const small = swap ? a : b;
    const combine = a.sign === b.sign ? sum : difference;
    combine(large.high, large.low, small.high, small.low, large.exponent - small.exponent);
    if (significand.high === 0) putZero(f, zeroSign(0, 1, env));
    else putSignificand(f, env, large.sign, large.exponent);
  }
}

export const add: Binary = binary(total);
export const subtract: Binary = binary((f, a, b, env) => {
  b.sign ^= 1;
  total(f, a, b, env);
});

export const multiply: Binary = binary((f, a, b, env) => {
  const sign = a.sign ^ b.sign;
  const zero = a.kind === Kind.zero || b.kind === Kind.zero;
  if (a.kind === Kind.infinity || b.kind === Kind.infinity) {
    if (zero) putInvalid(f, env);
    else putInfinity(f, sign);
  } else if (zero) putZero(f, sign);
  else {
    product(a.high, a.low, b.high, b.low);
    putSignificand(f, env, sign, a.exponent + b.exponent - BIAS);
  }
});

export const divide: Binary = binary((f, a, b, env) => {
  const sign = a.sign ^ b.sign;
  if (a.kind === b.kind && a.kind !== Kind.normal) putInvalid(f, env);
  else if (a.kind === Kind.infinity) putInfinity(f, sign);
  else if (b.kind === Kind.infinity || a.kind === Kind.zero) putZero(f, sign);
  else if (b.kind === Kind.zero) {
    env.raised = (env.raised & ~Flag.DE) | Flag.ZE;
    putInfinity(f, sign);
  } else {
    quotient(a.high, a.low, b.high, b.low);
    putSignificand(f, env, sign, a.exponent - b.exponent + BIAS);
  }
});

/** The second operand's root; the first is not looked at. */
export const sqrt: Binary = (f, _, b, env) => {
  if (isNaN(b)) {
    raiseSignaling(b, env);
    putNaN(f, b);
    return;
  }
  take(b, env);
  if (b.kind === Kind.zero) putZero(f, b.sign);
  else if (b.sign !== 0) putInvalid(f, env);
  else if (b.kind === Kind.infinity) putInfinity(f, 0);
  else {
    const exponent = b.exponent - BIAS;
    root(b.high, b.low, exponent);
    putSignificand(f, env, 0, (exponent >> 1) + BIAS);
  }
};

/** Of numbers: negative, zero or positive. */
function order(a: Operand, b: Operand): number {
  if (a.kind === Kind.zero && b.kind === Kind.zero) return 0;
  if (a.sign !== b.sign) return b.sign - a.sign;
  const magnitudes = a.exponent === b.exponent ? compareHalves(a.high, a.low, b.high, b.low) : a.exponent - b.exponent;
  return a.sign === 0 ? magnitudes : -magnitudes;
}

function putOperand(x: Operand): void {
  result.high = x.patternHigh;
  result.low = x.patternLow;
}

/** `a` where it is `wanted` (-1 less, 1 greater), else `b`: also where they are equal or one is NaN. */
function extreme(wanted: -1 | 1): Binary {
  return (_, a, b, env) => {
    if (isNaN(a) || isNaN(b)) {
      env.raised |= Flag.IE;
      if (b.denormal && env.denormalsAreZero) flush(b);
      putOperand(b);
      return;
    }
    take(a, env);
    take(b, env);
    putOperand(order(a, b) * wanted > 0 ? a : b);
  };
}

export const minimum: Binary = extreme(-1);
export const maximum: Binary = extreme(1);

/** Bits as UCOMIS sets them: 1 less, 2 equal, 4 unordered; 0 greater. `quiet`: quiet NaNs are no invalid operands. */
export function compare(a: Operand, b: Operand, quiet: boolean, env: Environment): number {
  if (isNaN(a) || isNaN(b)) {
    if (!quiet) env.raised |= Flag.IE;
    raiseSignaling(a, env);
    raiseSignaling(b, env);
    return 4;
  }
  take(a, env);
  take(b, env);
  const relation = order(a, b);
  if (relation < 0) return 1;
  return relation === 0 ? 2 : 0;
}

/** Relations that predicates 0 to 15 accept: 1 less, 2 equal, 4 unordered, 8 greater (SDM volume 2, CMPPD). */
const ACCEPTED: readonly number[] = [2, 1, 3, 4, 13, 14, 12, 11, 6, 5, 7, 0, 9, 10, 8, 15];

/** Predicates 0 to 31 of VCMPPS; CMPPS has the first eight. Bit 4 exchanges those that signal quiet NaNs and those that do not. */
export function comparePredicate(a: Operand, b: Operand, predicate: number, env: Environment): boolean {
  const low = predicate & 3;
  const quiet = (low === 0 || low === 3) === predicate < 16;
  const relation = compare(a, b, quiet, env);
  return ((relation === 0 ? 8 : relation) & (ACCEPTED[predicate & 15] ?? 0)) !== 0;
}
