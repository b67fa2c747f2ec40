/**
 * Between 80-bit reals and float32, float64, integers and packed BCD (SDM volume 1, 4.2 and 8.1; volume 2, FLD, FST, FILD, FIST, FBLD, FBSTP).
 */

import { DE, type Environment, IE, PE, encode, narrow, narrowed, roundsUp } from "./rounding.ts";
import { BIAS, Float80, INTEGER_BIT, Kind, MAX_EXPONENT, TWO_32, copy, kindOf, normalise, quiet, set, setZero } from "./float80.ts";
import { align, significand } from "./significand.ts";

const x: Float80 = new Float80();

/** Widens a fraction left-aligned below the integer bit. `exponent` and `maximum` are the narrow format's. */
function widen(env: Environment, sign: number, exponent: number, maximum: number, bias: number, high: number, low: number, out: Float80): void {
  if (exponent === maximum) {
    set(out, sign, MAX_EXPONENT, (high | INTEGER_BIT) >>> 0, low);
    if (kindOf(out) === Kind.signalingNaN) {
      env.raised |= IE;
      quiet(out);
    }
  } else if (exponent !== 0) set(out, sign, exponent - bias + BIAS, (high | INTEGER_BIT) >>> 0, low);
  else if (high === 0 && low === 0) setZero(out, sign);
  else {
    env.raised |= DE;
    set(out, sign, 0, high, low);
    normalise(out);
    out.exponent += BIAS - bias;
  }
}

/** float32 to Float80; a denormal raises DE, an SNaN IE. */
export function fromFloat32(env: Environment, bits: number, out: Float80): void {
  widen(env, bits >>> 31, (bits >>> 23) & 0xff, 0xff, 127, (bits << 8) & 0x7fff_ffff, 0, out);
}

/** float64 to Float80, likewise. */
export function fromFloat64(env: Environment, low: number, high: number, out: Float80): void {
  const fractionHigh = ((high << 11) | (low >>> 21)) & 0x7fff_ffff;
  widen(env, high >>> 31, (high >>> 20) & 0x7ff, 0x7ff, 1023, fractionHigh, (low << 11) >>> 0, out);
}

/** Float80 to float32 (`bits` 24) or float64 (53), in `narrowed`. Returns false where an unmasked exception forbids storing. */
export function toFloat(env: Environment, value: Float80, bits: number): boolean {
  const maximum = bits === 24 ? 0xff : 0x7ff;
  const kind = kindOf(value);
  if (kind >= Kind.signalingNaN) {
    env.raised |= IE;
    if (env.suppressed()) return false;
    if (kind === Kind.unsupported) encode(1, maximum, 0xc000_0000, 0, bits);
    else encode(value.sign, maximum, value.high | 0x4000_0000, value.low, bits);
    return true;
  }
  if (kind === Kind.quietNaN || kind === Kind.infinity) {
    encode(value.sign, maximum, value.high, value.low, bits);
    return true;
  }
  if (kind === Kind.zero) {
    encode(value.sign, 0, 0, 0, bits);
    return true;
  }
  copy(x, value);
  if (kind === Kind.denormal) normalise(x);
  return narrow(env, x.sign, x.exponent, x.high, x.low, 0, bits);
}

/** Signed 64-bit integer, as halves, to Float80: exact. */
export function fromInteger(low: number, high: number, out: Float80): void {
  const sign = high >>> 31;
  let l = low >>> 0;
  let h = high >>> 0;
  if (sign) {
    l = -low >>> 0;
    h = (~high + (l === 0 ? 1 : 0)) >>> 0;
  }
  if (h === 0 && l === 0) {
    setZero(out, 0);
    return;
  }
  set(out, sign, 0, h, l);
  normalise(out);
  out.exponent += BIAS + 62;
}

/** Magnitude found by {@link toMagnitude}. */
export const magnitude: { high: number; low: number } = { high: 0, low: 0 };

/**
 * Rounds the magnitude of a finite number to an unsigned 64-bit integer, in {@link magnitude}, with the given rounding mode.
 * Returns false where it does not fit, with nothing raised; an inexact result raises PE and sets `roundedUp`.
 */
export function toMagnitude(env: Environment, value: Float80, rounding: number): boolean {
  const shift = BIAS + 63 - value.exponent;
  const zero = value.high === 0 && value.low === 0;
  if (shift < 0) return zero;
  align(value.high, value.low, zero ? 0 : shift);
  const { extra } = significand;
  let { high, low } = significand;
  const up = roundsUp(rounding, value.sign, low & 1, extra);
  if (up) {
    low = (low + 1) >>> 0;
    if (low === 0) {
      high = (high + 1) >>> 0;
      if (high === 0) return false;
    }
  }
  if (extra !== 0) {
    env.raised |= PE;
    env.roundedUp = up;
  }
  magnitude.high = high;
  magnitude.low = low;
  return true;
}

/** A stored integer or BCD, as {@link toInteger} and {@link toDecimal} leave it. */
export const stored: { low: number; high: number; top: number } = { low: 0, high: 0, top: 0 };

/**
 * Float80 to a signed integer of 16, 32 or 64 bits in {@link stored}. NaNs, infinities, unsupported and too large numbers raise IE and
 * give the integer indefinite. Returns false where an unmasked IE forbids storing.
 */
export function toInteger(env: Environment, value: Float80, bits: number, rounding: number): boolean {
  const kind = kindOf(value);
  if (kind < Kind.infinity && toMagnitude(env, value, rounding)) {
    const limitHigh = bits === 64 ? INTEGER_BIT : 0;
    const limitLow = bits === 64 ? 0 : 2 ** (bits - 1);
    const { high, low } = magnitude;
    const over = high !== limitHigh ? high - limitHigh : low - limitLow;
    if (over < 0 || (over === 0 && value.sign)) {
      stored.low = value.sign ? -low >>> 0 : low;
      stored.high = value.sign ? (~high + (low === 0 ? 1 : 0)) >>> 0 : high;
      return true;
    }
  }
  env.raised = (env.raised & ~PE) | IE;
  env.roundedUp = false;
  stored.low = bits === 64 ? 0 : 2 ** (bits - 1);
  stored.high = bits === 64 ? INTEGER_BIT : 0;
  return !env.suppressed();
}

/** Rounds to an integral number in the same format (FRNDINT). */
export function toIntegral(env: Environment, value: Float80, out: Float80): void {
  if (value.exponent >= BIAS + 63) {
    copy(out, value);
    return;
  }
  toMagnitude(env, value, env.rounding);
  const { high, low } = magnitude;
  const sign = value.sign;
  if (high === 0 && low === 0) {
    setZero(out, sign);
    return;
  }
  set(out, sign, 0, high, low);
  normalise(out);
  out.exponent += BIAS + 62;
}

const TEN_9 = 1_000_000_000;

/** Eighteen packed decimal digits and a sign (FBSTP) in {@link stored}; otherwise as {@link toInteger}. */
export function toDecimal(env: Environment, value: Float80): boolean {
  const kind = kindOf(value);
  if (kind < Kind.infinity && toMagnitude(env, value, env.rounding)) {
    const { high, low } = magnitude;
    // 10^18 is 0x0de0b6b3a7640000.
    if (high < 0x0de0_b6b3 || (high === 0x0de0_b6b3 && low < 0xa764_0000)) {
      // Divided by 10^9 in digits of 16 bits: remainders stay below 2^46.
      let rest = high % TEN_9;
      let quotient = Math.floor(high / TEN_9);
      for (let shift = 16; shift >= 0; shift -= 16) {
        rest = rest * 0x1_0000 + ((low >>> shift) & 0xffff);
        quotient = quotient * 0x1_0000 + Math.floor(rest / TEN_9);
        rest %= TEN_9;
      }
      // Digits 0 to 7 in `low`, 8 to 15 in `high`, 16 and 17 in `top`.
      const first = packDigits(rest % 100_000_000);
      const middle = quotient % 10_000_000;
      stored.low = first;
      stored.high = ((packDigits(middle) << 4) | Math.floor(rest / 100_000_000)) >>> 0;
      stored.top = (value.sign << 15) | packDigits(Math.floor(quotient / 10_000_000));
      return true;
    }
  }
  env.raised = (env.raised & ~PE) | IE;
  env.roundedUp = false;
  stored.low = 0;
  stored.high = 0xc000_0000;
  stored.top = 0xffff;
  return !env.suppressed();
}

function packDigits(value: number): number {
  let packed = 0;
  let rest = value;
  for (let shift = 0; rest > 0; shift += 4) {
    packed |= (rest % 10) << shift;
    rest = Math.floor(rest / 10);
  }
  return packed >>> 0;
}

/** Packed BCD to Float80. Digits above nine count as their value. */
export function fromDecimal(low: number, high: number, top: number, out: Float80): void {
  let resultHigh = 0;
  let resultLow = 0;
  for (let digit = 17; digit >= 0; digit--) {
    const word = digit >= 16 ? top : digit >= 8 ? high : low;
    const sum = resultLow * 10 + ((word >>> ((digit & 7) * 4)) & 15);
    resultLow = sum >>> 0;
    resultHigh = (resultHigh * 10 + Math.floor(sum / TWO_32)) >>> 0;
  }
  const sign = (top >>> 15) & 1;
  if (resultHigh === 0 && resultLow === 0) setZero(out, sign);
  else {
    set(out, sign, 0, resultHigh, resultLow);
    normalise(out);
    out.exponent += BIAS + 62;
  }
}

export { narrowed };
