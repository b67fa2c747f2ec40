/**
 * The 80-bit extended real (SDM volume 1, 4.2.2 and 8.2): sign, 15-bit biased exponent, 64-bit significand with an explicit integer bit.
 * Significands are two unsigned 32-bit halves, so that no operation needs a BigInt.
 */

/** A number in the parts of its encoding. Arithmetic also uses it for normalised operands, whose `exponent` may be zero or negative. */
export class Float80 {
  /** 0 or 1. */
  sign = 0;
  /** Biased by 16383. */
  exponent = 0;
  /** Significand bits 63:32 and 31:0, unsigned. They start as fractions so that engines keep them as unboxed doubles. */
  high = 0.5;
  low = 0.5;
}

export const BIAS = 16383;
export const MAX_EXPONENT = 0x7fff;
export const INTEGER_BIT = 0x8000_0000;
const QUIET_BIT = 0x4000_0000;
export const TWO_32 = 0x1_0000_0000;

/** What an encoding is (SDM volume 1, table 4-3 and 8.2.2). Pseudo-denormals are denormals; unnormals, pseudo-infinities and pseudo-NaNs are unsupported. */
export const Kind = { zero: 0, denormal: 1, normal: 2, infinity: 3, quietNaN: 4, signalingNaN: 5, unsupported: 6 } as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

export function kindOf(value: Float80): Kind {
  if (value.exponent === 0) return value.high === 0 && value.low === 0 ? Kind.zero : Kind.denormal;
  if (value.high < INTEGER_BIT) return Kind.unsupported;
  if (value.exponent !== MAX_EXPONENT) return Kind.normal;
  if (value.high === INTEGER_BIT && value.low === 0) return Kind.infinity;
  return value.high & QUIET_BIT ? Kind.quietNaN : Kind.signalingNaN;
}

export function set(value: Float80, sign: number, exponent: number, high: number, low: number): void {
  value.sign = sign;
  value.exponent = exponent;
  value.high = high;
  value.low = low;
}

export function copy(target: Float80, source: Float80): void {
  set(target, source.sign, source.exponent, source.high, source.low);
}

export function setZero(value: Float80, sign: number): void {
  set(value, sign, 0, 0, 0);
}

export function setInfinity(value: Float80, sign: number): void {
  set(value, sign, MAX_EXPONENT, INTEGER_BIT, 0);
}

/** The QNaN floating-point indefinite (SDM volume 1, table 4-3). */
export function setIndefinite(value: Float80): void {
  set(value, 1, MAX_EXPONENT, INTEGER_BIT + QUIET_BIT, 0);
}

export function quiet(value: Float80): void {
  value.high = (value.high | QUIET_BIT) >>> 0;
}

/**
 * Brings a nonzero denormal to the form of a normal number, with an exponent of 1 or less. Pseudo-denormals get exponent 1.
 */
export function normalise(value: Float80): void {
  let exponent = 1;
  let high = value.high;
  let low = value.low;
  if (high === 0) {
    high = low;
    low = 0;
    exponent -= 32;
  }
  const shift = Math.clz32(high);
  if (shift !== 0) {
    high = ((high << shift) | (low >>> (32 - shift))) >>> 0;
    low = (low << shift) >>> 0;
    exponent -= shift;
  }
  value.exponent = exponent;
  value.high = high;
  value.low = low;
}

/** Bits 63:32 of the product of two unsigned 32-bit numbers. */
export function multiplyHigh(a: number, b: number): number {
  return (((a >>> 16) * b + ((((a & 0xffff) * b) / 0x1_0000) >>> 0)) / 0x1_0000) >>> 0;
}

/** Bits 31:0 of the product, unsigned. */
export function multiplyLow(a: number, b: number): number {
  return Math.imul(a, b) >>> 0;
}

/** Compares unsigned 64-bit halves: negative, zero or positive. */
export function compareHalves(aHigh: number, aLow: number, bHigh: number, bLow: number): number {
  return aHigh === bHigh ? aLow - bLow : aHigh - bHigh;
}
