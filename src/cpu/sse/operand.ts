/** Binary32 and binary64 operands, and binary16 (F16C) (SDM volume 1, 4.2.2 and 4.8), as numbers of the x87's format: it holds all of them. No BigInt. */

import { BIAS, Float80, Kind, MAX_EXPONENT, kindOf, normalise, set, setZero } from "../x87/float80.ts";
import { encode } from "../x87/rounding.ts";
import type { Environment } from "./environment.ts";
import { Flag } from "./environment.ts";

export interface Format {
  readonly bits: 16 | 32 | 64;
  /** Significand bits with the implicit one. */
  readonly precision: 11 | 24 | 53;
  readonly bias: number;
  /** Exponent field of infinities and NaNs. */
  readonly maximum: number;
}

export const HALF: Format = { bits: 16, precision: 11, bias: 15, maximum: 0x1f };
export const SINGLE: Format = { bits: 32, precision: 24, bias: 127, maximum: 0xff };
export const DOUBLE: Format = { bits: 64, precision: 53, bias: 1023, maximum: 0x7ff };

/** A lane's pattern, and its value: denormals normalised, NaNs with their payload at the left of the significand. */
export class Operand extends Float80 {
  patternHigh = 0;
  patternLow = 0;
  denormal = false;
  kind: Kind = Kind.zero;
}

/** Takes a pattern; the smaller formats have theirs in `patternLow`. */
export function decode(f: Format, patternHigh: number, patternLow: number, out: Operand): void {
  out.patternHigh = patternHigh;
  out.patternLow = patternLow;
  const wide = f.bits === 64;
  const top = wide ? patternHigh : patternLow << (32 - f.bits);
  const sign = top >>> 31;
  // The fraction lies behind sign and exponent, the integer bit in its place in the significand.
  const shift = f.bits - f.precision;
  const field = (top >>> (31 - shift)) & f.maximum;
  const high = ((top << shift) | (wide ? patternLow >>> (32 - shift) : 0)) & 0x7fff_ffff;
  const low = wide ? (patternLow << shift) >>> 0 : 0;
  out.denormal = false;
  if (field !== 0) {
    set(out, sign, field === f.maximum ? MAX_EXPONENT : field - f.bias + BIAS, (high | 0x8000_0000) >>> 0, low);
    out.kind = kindOf(out);
  } else if (high === 0 && low === 0) {
    setZero(out, sign);
    out.kind = Kind.zero;
  } else {
    out.denormal = true;
    set(out, sign, 0, high, low);
    normalise(out);
    out.exponent += BIAS - f.bias;
    out.kind = Kind.normal;
  }
}

export function isNaN(x: Operand): boolean {
  return x.kind >= Kind.quietNaN;
}

/** The operand as most operations see it: DAZ makes denormals zeros, without it they raise DE. */
export function take(x: Operand, env: Environment): void {
  if (!x.denormal) return;
  if (env.denormalsAreZero) flush(x);
  else env.raised |= Flag.DE;
}

/** A denormal as zero. */
export function flush(x: Operand): void {
  setZero(x, x.sign);
  x.kind = Kind.zero;
  x.denormal = false;
  x.patternHigh = (x.patternHigh & 0x8000_0000) >>> 0;
  // Binary32 has its sign here; of binary64 these are the lowest bits. Binary16 is never flushed.
  x.patternLow = x.patternHigh === 0 && x.sign === 1 ? 0x8000_0000 : 0;
}

/** The default NaN; IE hides DE. */
export function putInvalid(f: Format, env: Environment): void {
  env.raised = (env.raised & ~Flag.DE) | Flag.IE;
  encode(1, f.maximum, 0xc000_0000, 0, f.precision);
}

/** A NaN, quiet. */
export function putNaN(f: Format, x: Operand): void {
  encode(x.sign, f.maximum, x.high | 0x4000_0000, x.low, f.precision);
}

export function putInfinity(f: Format, sign: number): void {
  encode(sign, f.maximum, 0, 0, f.precision);
}

export function putZero(f: Format, sign: number): void {
  encode(sign, 0, 0, 0, f.precision);
}
