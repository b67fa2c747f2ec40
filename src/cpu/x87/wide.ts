/**
 * A floating-point number of at least 145 significant bits for the transcendental instructions: seven digits of 24 bits, so that products of
 * digits and their sums are exact in JavaScript numbers. Results are truncated; an operation errs by less than 2^-140 of its result.
 */

import type { Float80 } from "./float80.ts";
import { BIAS, TWO_32 } from "./float80.ts";
import { type Environment, roundTo } from "./rounding.ts";

const N = 7;
const RADIX = 0x100_0000;

/** sign * sum of digits[i] * RADIX^(exponent - 1 - i); digits[0] is not zero but in zero. */
export class Wide {
  /** 1 or -1. */
  sign = 1;
  exponent = 0;
  readonly digits: Float64Array = new Float64Array(N);

  get isZero(): boolean {
    return this.digits[0] === 0;
  }
}

const sum: Float64Array = new Float64Array(2 * N + 2);

/** Takes the first N digits of `sum` from its first nonzero one on. `exponent` is that of sum[0]. */
function take(out: Wide, sign: number, exponent: number): void {
  let first = 0;
  while (first < sum.length && sum[first] === 0) first++;
  if (first === sum.length) {
    wideInteger(out, 0);
    return;
  }
  out.sign = sign;
  out.exponent = exponent - first;
  for (let i = 0; i < N; i++) out.digits[i] = sum[first + i] ?? 0;
}

/** An integer below 2^53 in magnitude. */
export function wideInteger(out: Wide, value: number): void {
  out.digits.fill(0);
  out.sign = value < 0 ? -1 : 1;
  out.exponent = 0;
  let rest = Math.abs(value);
  if (rest === 0) return;
  while (rest >= RADIX) {
    rest /= RADIX;
    out.exponent++;
  }
  out.exponent++;
  for (let i = 0; rest !== 0; i++) {
    const digit = Math.floor(rest);
    out.digits[i] = digit;
    rest = (rest - digit) * RADIX;
  }
}

/** (high, middle, low) * 2^scale, the words unsigned. */
export function wideWords(out: Wide, sign: number, high: number, middle: number, low: number, scale: number): void {
  // The words are put at bit offsets such that the scale is a multiple of 24.
  const exponent = Math.floor(scale / 24);
  const shift = 2 ** (scale - 24 * exponent);
  sum.fill(0);
  const words = [low, middle, high];
  let carry = 0;
  let bits = 0;
  let pending = 0;
  let position = sum.length - 1;
  for (let w = 0; w < 4; w++) {
    pending += (words[w] ?? 0) * 2 ** bits;
    bits += 32;
    while (bits >= 24) {
      const next = Math.floor(pending / RADIX);
      const digit = (pending - next * RADIX) * shift + carry;
      carry = Math.floor(digit / RADIX);
      sum[position--] = digit - carry * RADIX;
      pending = next;
      bits -= 24;
    }
  }
  const last = pending * shift + carry;
  sum[position] = last % RADIX;
  sum[position - 1] = Math.floor(last / RADIX);
  take(out, sign ? -1 : 1, exponent + sum.length);
}

/** A finite nonzero normalised number. */
export function wideFloat80(out: Wide, value: Float80): void {
  wideWords(out, value.sign, 0, value.high, value.low, value.exponent - BIAS - 63);
}

export function wideCopy(out: Wide, source: Wide): void {
  out.sign = source.sign;
  out.exponent = source.exponent;
  out.digits.set(source.digits);
}

/** Compares magnitudes. */
function compareWide(x: Wide, y: Wide): number {
  if (x.isZero || y.isZero) return (x.isZero ? 0 : 1) - (y.isZero ? 0 : 1);
  if (x.exponent !== y.exponent) return x.exponent - y.exponent;
  for (let i = 0; i < N; i++) {
    const difference = x.digits[i]! - y.digits[i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

export function wideAdd(x: Wide, y: Wide, out: Wide): void {
  if (x.isZero || y.isZero) {
    wideCopy(out, x.isZero ? y : x);
    return;
  }
  const swap = compareWide(x, y) < 0;
  const large = swap ? y : x;
  const small = swap ? x : y;
  const shift = large.exponent - small.exponent;
  if (shift > N) {
    wideCopy(out, large);
    return;
  }
  sum.fill(0);
  for (let i = 0; i < N; i++) sum[1 + i] = large.digits[i]!;
  const factor = large.sign === small.sign ? 1 : -1;
  for (let i = 0; i < N; i++) sum[1 + shift + i]! += factor * small.digits[i]!;
  for (let i = N + shift; i > 0; i--) {
    const digit = sum[i]!;
    if (digit < 0) {
      sum[i] = digit + RADIX;
      sum[i - 1]! -= 1;
    } else if (digit >= RADIX) {
      sum[i] = digit - RADIX;
      sum[i - 1]! += 1;
    }
  }
  take(out, large.sign, large.exponent + 1);
}

/** out = -x. */
export function wideNegate(x: Wide, out: Wide): void {
  wideCopy(out, x);
  out.sign = -x.sign;
}

export function wideMultiply(x: Wide, y: Wide, out: Wide): void {
  sum.fill(0);
  for (let i = 0; i < N; i++) {
    const digit = x.digits[i]!;
    if (digit !== 0) for (let j = 0; j < N; j++) sum[i + j + 1]! += digit * y.digits[j]!;
  }
  let carry = 0;
  for (let i = 2 * N - 1; i >= 0; i--) {
    const digit = sum[i]! + carry;
    carry = Math.floor(digit / RADIX);
    sum[i] = digit - carry * RADIX;
  }
  take(out, x.sign * y.sign, x.exponent + y.exponent);
}

/** x / divisor, a positive integer below 2^24. */
export function wideDivideSmall(x: Wide, divisor: number, out: Wide): void {
  sum.fill(0);
  let rest = 0;
  for (let i = 0; i <= N; i++) {
    const value = rest * RADIX + (i < N ? x.digits[i]! : 0);
    const digit = Math.floor(value / divisor);
    sum[i] = digit;
    rest = value - digit * divisor;
  }
  take(out, x.sign, x.exponent);
}

const reciprocal = new Wide();
const step = new Wide();
const two = new Wide();
wideInteger(two, 2);

/** x / y by Newton's iteration on 1 / y. */
export function wideDivide(x: Wide, y: Wide, out: Wide): void {
  const d = y.digits;
  const estimate = 1 / ((d[0]! + d[1]! / RADIX + d[2]! / (RADIX * RADIX)) / RADIX);
  // 1 < estimate <= 2^24: as digits.
  wideInteger(reciprocal, Math.floor(estimate * 0x1000_0000));
  reciprocal.sign = y.sign;
  // 2^28 is 16 * RADIX: the scale is taken out by a division by 16 and the exponent.
  wideDivideSmall(reciprocal, 16, reciprocal);
  reciprocal.exponent -= 1 + y.exponent;
  for (let i = 0; i < 3; i++) {
    wideMultiply(y, reciprocal, step);
    step.sign = -step.sign;
    wideAdd(two, step, step);
    wideMultiply(reciprocal, step, reciprocal);
  }
  wideMultiply(x, reciprocal, out);
}

/** The nearest integer of a number below 2^52 in magnitude. */
export function wideToInteger(x: Wide): number {
  let value = 0;
  for (let i = 0; i < 4; i++) value += x.digits[i]! * 2 ** (24 * (x.exponent - 1 - i));
  return x.sign * Math.floor(value + 0.5);
}

/** Rounds to 64 bits as an inexact result. */
export function roundWide(env: Environment, x: Wide, out: Float80): void {
  const d = x.digits;
  const top = 32 - Math.clz32(d[0]!);
  // Words of the significand: `top` bits from the first digit, 24 from each of the next.
  let high = 0;
  let low = 0;
  let extra = 0;
  let filled = 0;
  for (let i = 0; i < 6 && filled < 96; i++) {
    const width = i === 0 ? top : 24;
    let digit = d[i]!;
    let left = width;
    while (left > 0 && filled < 96) {
      const room = 32 - (filled & 31);
      const count = Math.min(room, left);
      const part = Math.floor(digit / 2 ** (left - count));
      digit -= part * 2 ** (left - count);
      const shifted = part * 2 ** (room - count);
      if (filled < 32) high += shifted;
      else if (filled < 64) low += shifted;
      else extra += shifted;
      filled += count;
      left -= count;
    }
  }
  extra = (extra | 1) >>> 0;
  roundTo(env, out, x.sign < 0 ? 1 : 0, BIAS + 24 * (x.exponent - 1) + top - 1, high, low, extra, 64);
}

/** The exponent of x as a power of two: 2^e <= |x| < 2^(e+1). */
export function wideExponent(x: Wide): number {
  return 24 * (x.exponent - 1) + 31 - Math.clz32(x.digits[0]!);
}

/** -log2 |x| at least (x not zero): how small it is, in bits. */
export function wideSmallness(x: Wide): number {
  return x.isZero ? TWO_32 : -24 * x.exponent;
}
