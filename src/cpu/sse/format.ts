/** Binary32 and binary64 as bit patterns in bigints (SDM volume 1, 4.2.2 and 4.8). */

export interface Format {
  readonly bits: 32 | 64;
  /** Significand bits with the implicit one. */
  readonly precision: number;
  readonly bias: number;
  readonly sign: bigint;
  readonly infinity: bigint;
  readonly quiet: bigint;
  readonly defaultNaN: bigint;
}

function format(bits: 32 | 64, precision: number, bias: number): Format {
  const fraction = BigInt(precision - 1);
  const sign = 1n << BigInt(bits - 1);
  const infinity = BigInt(2 * bias + 1) << fraction;
  const quiet = 1n << (fraction - 1n);
  return { bits, precision, bias, sign, infinity, quiet, defaultNaN: sign | infinity | quiet };
}

export const SINGLE: Format = format(32, 24, 127);
export const DOUBLE: Format = format(64, 53, 1023);

/** A finite value: (-1)^negative * significand * 2^exponent. */
export interface Exact {
  readonly negative: boolean;
  readonly significand: bigint;
  readonly exponent: number;
}

export function magnitude(f: Format, x: bigint): bigint {
  return x & (f.sign - 1n);
}

export function isNaN(f: Format, x: bigint): boolean {
  return magnitude(f, x) > f.infinity;
}

export function isSignaling(f: Format, x: bigint): boolean {
  return isNaN(f, x) && (x & f.quiet) === 0n;
}

export function isInfinite(f: Format, x: bigint): boolean {
  return magnitude(f, x) === f.infinity;
}

export function isZero(f: Format, x: bigint): boolean {
  return magnitude(f, x) === 0n;
}

export function isDenormal(f: Format, x: bigint): boolean {
  const value = magnitude(f, x);
  return value !== 0n && value < f.quiet << 1n;
}

export function isNegative(f: Format, x: bigint): boolean {
  return (x & f.sign) !== 0n;
}

/** A pattern that is neither NaN nor infinite as a number. */
export function decode(f: Format, x: bigint): Exact {
  const fraction = f.precision - 1;
  const field = Number(magnitude(f, x) >> BigInt(fraction));
  const low = x & ((1n << BigInt(fraction)) - 1n);
  const significand = field === 0 ? low : low | (1n << BigInt(fraction));
  return { negative: isNegative(f, x), significand, exponent: Math.max(field, 1) - f.bias - fraction };
}

/** Number of bits of a positive integer. */
export function bitLength(value: bigint): number {
  const digits = value.toString(16);
  return 4 * digits.length - (Math.clz32(Number.parseInt(digits.charAt(0), 16)) - 28);
}
