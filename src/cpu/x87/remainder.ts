/**
 * Partial remainder, scaling, exponent extraction (SDM volume 2, FPREM, FPREM1, FSCALE, FXTRACT).
 */

import { invalid, operand, propagate } from "./arithmetic.ts";
import { BIAS, Float80, INTEGER_BIT, Kind, TWO_32, compareHalves, copy, kindOf, normalise, set, setInfinity, setZero } from "./float80.ts";
import { DE, type Environment, ZE, roundTo } from "./rounding.ts";
import { fromInteger } from "./convert.ts";
import { C0, C1, C2, C3 } from "./state.ts";

const a: Float80 = new Float80();
const b: Float80 = new Float80();

/** Sign changes and the reduction's step do not depend on precision control. */
const FULL = 64;

/**
 * FPREM (`nearest` false: the quotient truncated) and FPREM1 (rounded to nearest). Returns the condition codes: C2 where the reduction is
 * incomplete, else the quotient's low three bits in C0, C3, C1; -1 where C0 and C3 stay as they are.
 */
export function partialRemainder(env: Environment, x: Float80, y: Float80, nearest: boolean, out: Float80): number {
  const kindX = kindOf(x);
  const kindY = kindOf(y);
  if (kindX > Kind.infinity || kindY > Kind.infinity) {
    propagate(env, x, y, kindX, kindY, out);
    return -1;
  }
  if (kindX === Kind.infinity || kindY === Kind.zero) {
    invalid(env, out);
    return -1;
  }
  operand(env, a, x, kindX);
  operand(env, b, y, kindY);
  if (env.suppressed()) return -1;
  if (kindX === Kind.zero) {
    copy(out, x);
    return 0;
  }
  if (kindY === Kind.infinity) {
    roundTo(env, out, a.sign, a.exponent, a.high, a.low, 0, FULL);
    return 0;
  }
  const difference = a.exponent - b.exponent;
  if (difference < (nearest ? -1 : 0)) {
    roundTo(env, out, a.sign, a.exponent, a.high, a.low, 0, FULL);
    return 0;
  }
  // An incomplete reduction takes a multiple of 32 that leaves the exponents 32 to 63 apart.
  const complete = difference < 64;
  const steps = complete ? difference : 32 + (difference & 31);
  let high = a.high;
  let low = a.low;
  let over = 0;
  let quotient = 0;
  // One quotient bit a step, from the top: (over, high, low) stays below twice the divisor.
  for (let i = steps; i >= 0; i--) {
    quotient <<= 1;
    if (over !== 0 || compareHalves(high, low, b.high, b.low) >= 0) {
      quotient |= 1;
      low -= b.low;
      high -= b.high;
      if (low < 0) {
        low += TWO_32;
        high--;
      }
      high >>>= 0;
      over = 0;
    }
    if (i > 0) {
      over = high >>> 31;
      high = ((high << 1) | (low >>> 31)) >>> 0;
      low = (low << 1) >>> 0;
    }
  }
  let sign = a.sign;
  let exponent = b.exponent;
  if (!complete) exponent += difference - steps;
  else if (nearest) {
    if (steps < 0) {
      // |x| is below |y| and at least a quarter of it: the quotient is 0 or 1.
      high = a.high;
      low = a.low;
      exponent = a.exponent;
      if (compareHalves(high, low, b.high, b.low) > 0) {
        // 2^-1 < |x / y|: the result is x - y, computed at x's exponent with y twice as large.
        quotient = 1;
        sign ^= 1;
        const borrow = ((b.low << 1) >>> 0) - low;
        low = borrow >>> 0;
        high = (((b.high << 1) | (b.low >>> 31)) - high - (borrow < 0 ? 1 : 0)) >>> 0;
      }
    } else {
      // Twice the remainder against the divisor; a tie goes to the even quotient.
      const twiceHigh = ((high << 1) | (low >>> 31)) >>> 0;
      const twiceLow = (low << 1) >>> 0;
      const order = high >= INTEGER_BIT ? 1 : compareHalves(twiceHigh, twiceLow, b.high, b.low);
      if (order > 0 || (order === 0 && quotient & 1)) {
        quotient++;
        sign ^= 1;
        low = b.low - low;
        high = b.high - high;
        if (low < 0) {
          low += TWO_32;
          high--;
        }
      }
    }
  }
  if (high === 0 && low === 0) setZero(out, a.sign);
  else {
    set(a, sign, 0, high, low);
    normalise(a);
    roundTo(env, out, sign, exponent + a.exponent - 1, a.high, a.low, 0, FULL);
  }
  if (!complete) return C2;
  return (quotient & 4 ? C0 : 0) | (quotient & 2 ? C3 : 0) | (quotient & 1 ? C1 : 0);
}

/** x times 2 to the power of y truncated. */
export function scale(env: Environment, x: Float80, y: Float80, out: Float80): void {
  const kindX = kindOf(x);
  const kindY = kindOf(y);
  if (kindX > Kind.infinity || kindY > Kind.infinity) {
    propagate(env, x, y, kindX, kindY, out);
    return;
  }
  if (kindY === Kind.infinity) {
    if (y.sign ? kindX === Kind.infinity : kindX === Kind.zero) {
      invalid(env, out);
      return;
    }
    if (kindX === Kind.denormal) env.raised |= DE;
    if (env.suppressed()) return;
    if (y.sign) setZero(out, x.sign);
    else setInfinity(out, x.sign);
    return;
  }
  operand(env, a, x, kindX);
  operand(env, b, y, kindY);
  if (env.suppressed()) return;
  if (kindX === Kind.zero || kindX === Kind.infinity) {
    copy(out, x);
    return;
  }
  let by = 0;
  const size = b.exponent - BIAS;
  if (kindY !== Kind.zero && size >= 0) {
    by = size > 16 ? 0x2_0000 : b.high >>> (31 - size);
    if (b.sign) by = -by;
  }
  roundTo(env, out, a.sign, a.exponent + by, a.high, a.low, 0, FULL);
}

/** Splits x: significand in [1, 2) to `significand`, unbiased exponent to `exponent`. */
export function extract(env: Environment, x: Float80, significand: Float80, exponent: Float80): void {
  const kind = kindOf(x);
  if (kind > Kind.infinity) {
    propagate(env, x, x, kind, kind, significand);
    copy(exponent, significand);
    return;
  }
  if (kind === Kind.zero) {
    env.raised |= ZE;
    copy(significand, x);
    setInfinity(exponent, 1);
    return;
  }
  if (kind === Kind.infinity) {
    copy(significand, x);
    setInfinity(exponent, 0);
    return;
  }
  operand(env, a, x, kind);
  if (env.suppressed()) return;
  const unbiased = a.exponent - BIAS;
  set(significand, a.sign, BIAS, a.high, a.low);
  fromInteger(unbiased, unbiased < 0 ? -1 : 0, exponent);
}
