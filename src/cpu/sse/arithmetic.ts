/** SSE arithmetic and conversions, exact for every MXCSR, on bit patterns. Raised flags are collected in the environment. */

import type { Exact, Format } from "./format.ts";
import { bitLength, decode, isDenormal, isInfinite, isNaN, isNegative, isSignaling, isZero, magnitude } from "./format.ts";
import type { Environment } from "./rounding.ts";
import { Flag, Round, round, roundToInteger } from "./rounding.ts";

/** The operand as the operation sees it: DAZ makes denormals zeros, without it they raise DE. */
function operand(f: Format, x: bigint, env: Environment): bigint {
  if (!isDenormal(f, x)) return x;
  if (env.denormalsAreZero) return x & f.sign;
  env.flags |= Flag.DE;
  return x;
}

function invalid(f: Format, env: Environment): bigint {
  env.flags = (env.flags & ~Flag.DE) | Flag.IE;
  return f.defaultNaN;
}

/** Of two operands with a NaN among them: the first NaN, quiet (SDM volume 1, table 4-7). */
function propagate(f: Format, a: bigint, b: bigint, env: Environment): bigint {
  if (isSignaling(f, a) || isSignaling(f, b)) env.flags |= Flag.IE;
  return (isNaN(f, a) ? a : b) | f.quiet;
}

export type Binary = (f: Format, a: bigint, b: bigint, env: Environment) => bigint;

/** NaNs and denormals of both operands, then `finish`. */
function binary(finish: Binary): Binary {
  return (f, a, b, env) => (isNaN(f, a) || isNaN(f, b) ? propagate(f, a, b, env) : finish(f, operand(f, a, env), operand(f, b, env), env));
}

function sum(f: Format, a: bigint, b: bigint, env: Environment): bigint {
  if (isInfinite(f, a)) return isInfinite(f, b) && a !== b ? invalid(f, env) : a;
  if (isInfinite(f, b)) return b;
  const x = decode(f, a);
  const y = decode(f, b);
  const exponent = Math.min(x.exponent, y.exponent);
  const aligned = (v: Exact): bigint => (v.negative ? -v.significand : v.significand) << BigInt(v.exponent - exponent);
  const total = aligned(x) + aligned(y);
  if (total === 0n) {
    const negative = x.negative === y.negative ? x.negative : env.rc === Round.down;
    return negative ? f.sign : 0n;
  }
  return round(f, { negative: total < 0n, significand: total < 0n ? -total : total, exponent }, env);
}

export const add: Binary = binary(sum);
export const subtract: Binary = binary((f, a, b, env) => sum(f, a, b ^ f.sign, env));

export const multiply: Binary = binary((f, a, b, env) => {
  const sign = (a ^ b) & f.sign;
  if (isInfinite(f, a) || isInfinite(f, b)) return isZero(f, a) || isZero(f, b) ? invalid(f, env) : sign | f.infinity;
  const x = decode(f, a);
  const y = decode(f, b);
  return round(f, { negative: sign !== 0n, significand: x.significand * y.significand, exponent: x.exponent + y.exponent }, env);
});

export const divide: Binary = binary((f, a, b, env) => {
  const sign = (a ^ b) & f.sign;
  if (isInfinite(f, a)) return isInfinite(f, b) ? invalid(f, env) : sign | f.infinity;
  if (isInfinite(f, b)) return sign;
  if (isZero(f, b)) {
    if (isZero(f, a)) return invalid(f, env);
    env.flags = (env.flags & ~Flag.DE) | Flag.ZE;
    return sign | f.infinity;
  }
  const x = decode(f, a);
  const y = decode(f, b);
  if (x.significand === 0n) return sign;
  const shift = Math.max(0, f.precision + 2 + bitLength(y.significand) - bitLength(x.significand));
  const dividend = x.significand << BigInt(shift);
  const quotient = dividend / y.significand;
  const rest = quotient * y.significand === dividend ? 0n : 1n;
  return round(f, { negative: sign !== 0n, significand: (quotient << 1n) | rest, exponent: x.exponent - y.exponent - shift - 1 }, env);
});

/** Largest integer whose square is at most `n`. */
function squareRoot(n: bigint): bigint {
  let x = 1n << BigInt((bitLength(n) + 1) >> 1);
  for (;;) {
    const y = (x + n / x) >> 1n;
    if (y >= x) return x;
    x = y;
  }
}

/** The second operand's root; the first is not looked at. */
export const sqrt: Binary = (f, _, b, env) => {
  if (isNaN(f, b)) return propagate(f, b, b, env);
  const source = operand(f, b, env);
  if (isZero(f, source)) return source;
  if (isNegative(f, source)) return invalid(f, env);
  if (isInfinite(f, source)) return source;
  const x = decode(f, source);
  let shift = 2 * f.precision + 2;
  if ((x.exponent - shift) % 2 !== 0) shift++;
  const scaled = x.significand << BigInt(shift);
  const root = squareRoot(scaled);
  const rest = root * root === scaled ? 0n : 1n;
  return round(f, { negative: false, significand: (root << 1n) | rest, exponent: (x.exponent - shift) / 2 - 1 }, env);
};

/** Patterns of numbers in the numbers' order. */
function ordered(f: Format, x: bigint): bigint {
  return isNegative(f, x) ? -magnitude(f, x) : magnitude(f, x);
}

/** `a` where it is `wanted` (-1 less, 1 greater), else `b`: also where they are equal or one is NaN. */
function extreme(wanted: -1 | 1): Binary {
  return (f, a, b, env) => {
    if (isNaN(f, a) || isNaN(f, b)) {
      env.flags |= Flag.IE;
      return env.denormalsAreZero && isDenormal(f, b) ? b & f.sign : b;
    }
    const x = operand(f, a, env);
    const y = operand(f, b, env);
    const holds = wanted < 0 ? ordered(f, x) < ordered(f, y) : ordered(f, x) > ordered(f, y);
    return holds ? x : y;
  };
}

export const minimum: Binary = extreme(-1);
export const maximum: Binary = extreme(1);

/** Bits as UCOMIS sets them: 1 less, 2 equal, 4 unordered; 0 greater. `quiet`: quiet NaNs are no invalid operands. */
export function compare(f: Format, a: bigint, b: bigint, quiet: boolean, env: Environment): number {
  if (isNaN(f, a) || isNaN(f, b)) {
    if (!quiet || isSignaling(f, a) || isSignaling(f, b)) env.flags |= Flag.IE;
    return 4;
  }
  const x = ordered(f, operand(f, a, env));
  const y = ordered(f, operand(f, b, env));
  return x < y ? 1 : x === y ? 2 : 0;
}

/** Predicates 0 to 7 of CMPPS: eq lt le unord and their negations. Only eq, unord and theirs are quiet. */
export function comparePredicate(f: Format, a: bigint, b: bigint, predicate: number, env: Environment): boolean {
  const low = predicate & 3;
  const relation = compare(f, a, b, low === 0 || low === 3, env);
  const accepted = [2, 1, 3, 4][low] ?? 0;
  return ((relation & accepted) !== 0) !== (predicate & 4) > 0;
}

/** From `f` to the other format. */
export function convert(f: Format, to: Format, x: bigint, env: Environment): bigint {
  const sign = isNegative(f, x) ? to.sign : 0n;
  if (isNaN(f, x)) {
    if (isSignaling(f, x)) env.flags |= Flag.IE;
    const distance = BigInt(to.precision - f.precision);
    const payload = x & (f.quiet - 1n);
    return sign | to.infinity | to.quiet | (distance > 0n ? payload << distance : payload >> -distance);
  }
  if (isInfinite(f, x)) return sign | to.infinity;
  return round(to, decode(f, operand(f, x, env)), env);
}

/** To a signed integer of `bits`; the integer indefinite where there is none. DE is not raised. */
export function toInteger(f: Format, x: bigint, bits: 32 | 64, rc: number, env: Environment): bigint {
  const indefinite = -(1n << BigInt(bits - 1));
  if (isNaN(f, x) || isInfinite(f, x)) {
    env.flags |= Flag.IE;
    return indefinite;
  }
  if (isDenormal(f, x) && env.denormalsAreZero) return 0n;
  const { value, inexact } = roundToInteger(decode(f, x), rc);
  if (BigInt.asIntN(bits, value) !== value) {
    env.flags |= Flag.IE;
    return indefinite;
  }
  if (inexact) env.flags |= Flag.PE;
  return value;
}

/** To an integral value of the same format. PE only where `precise`; denormals are no exception, zeros with DAZ. */
export function roundToIntegral(f: Format, x: bigint, rc: number, precise: boolean, env: Environment): bigint {
  if (isNaN(f, x)) return propagate(f, x, x, env);
  if (isInfinite(f, x)) return x;
  const sign = x & f.sign;
  if (isDenormal(f, x) && env.denormalsAreZero) return sign;
  const { value, inexact } = roundToInteger(decode(f, x), rc);
  if (inexact && precise) env.flags |= Flag.PE;
  if (value === 0n) return sign;
  const size = value < 0n ? -value : value;
  // Exact: a rounded value has no more significant bits than the format.
  return round(f, { negative: sign !== 0n, significand: size, exponent: 0 }, env);
}

export function fromInteger(f: Format, value: bigint, env: Environment): bigint {
  return round(f, { negative: value < 0n, significand: value < 0n ? -value : value, exponent: 0 }, env);
}
