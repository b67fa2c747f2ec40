/** Rounding to binary32 and binary64, and what MXCSR says about it (SDM volume 1, 4.8.4, 4.9.1 and 10.2.3). */

import type { Exact, Format } from "./format.ts";
import { bitLength } from "./format.ts";

/** Exception flags of MXCSR; their masks are seven bits above. */
export const Flag = { IE: 1, DE: 2, ZE: 4, OE: 8, UE: 0x10, PE: 0x20 } as const;
/** Detected before the operation is carried out: these take precedence over the others. */
export const BEFORE: number = Flag.IE | Flag.DE | Flag.ZE;
export const MASK_SHIFT = 7;

const DAZ = 0x40;
const FTZ = 0x8000;
/** MXCSR.RC: nearest even, down, up, towards zero. */
export const Round = { nearest: 0, down: 1, up: 2, zero: 3 } as const;

/** One instruction's view of MXCSR, and the flags it raises. */
export class Environment {
  rc = 0;
  denormalsAreZero = false;
  /** Underflow is masked and results that underflow become zero. */
  flushToZero = false;
  underflowMasked = true;
  overflowMasked = true;
  flags = 0;

  load(mxcsr: number): void {
    this.rc = (mxcsr >> 13) & 3;
    this.denormalsAreZero = (mxcsr & DAZ) !== 0;
    this.underflowMasked = (mxcsr & (Flag.UE << MASK_SHIFT)) !== 0;
    this.overflowMasked = (mxcsr & (Flag.OE << MASK_SHIFT)) !== 0;
    this.flushToZero = (mxcsr & FTZ) !== 0 && this.underflowMasked;
    this.flags = 0;
  }
}

/** significand / 2^shift rounded to an integer. */
function shiftRounded(significand: bigint, shift: number, negative: boolean, rc: number): { value: bigint; inexact: boolean } {
  if (shift <= 0) return { value: significand << BigInt(-shift), inexact: false };
  const value = significand >> BigInt(shift);
  const rest = significand - (value << BigInt(shift));
  if (rest === 0n) return { value, inexact: false };
  let up: boolean;
  if (rc === Round.nearest) {
    const half = 1n << BigInt(shift - 1);
    up = rest > half || (rest === half && (value & 1n) === 1n);
  } else {
    up = rc === (negative ? Round.down : Round.up);
  }
  return { value: up ? value + 1n : value, inexact: true };
}

/** A finite value as an integer; `inexact` where it was none. */
export function roundToInteger(x: Exact, rc: number): { value: bigint; inexact: boolean } {
  const { value, inexact } = shiftRounded(x.significand, -x.exponent, x.negative, rc);
  return { value: x.negative ? -value : value, inexact };
}

/** The nearest pattern by MXCSR.RC. Raises PE, UE, OE. */
export function round(f: Format, x: Exact, env: Environment): bigint {
  const sign = x.negative ? f.sign : 0n;
  if (x.significand === 0n) return sign;
  const { precision, bias } = f;
  const least = 1 - bias;
  const top = x.exponent + bitLength(x.significand) - 1;
  // Tininess is detected after rounding as if the exponent had no bound.
  const free = shiftRounded(x.significand, top - precision + 1 - x.exponent, x.negative, env.rc);
  const tiny = top < least - 1 || (top === least - 1 && bitLength(free.value) <= precision);
  if (tiny && env.flushToZero) {
    env.flags |= Flag.UE | Flag.PE;
    return sign;
  }
  const unit = Math.max(top, least) - precision + 1;
  const { value, inexact } = shiftRounded(x.significand, unit - x.exponent, x.negative, env.rc);
  // Where underflow or overflow traps, PE tells of the result with unbounded exponent.
  if (tiny && !env.underflowMasked) env.flags |= Flag.UE | (free.inexact ? Flag.PE : 0);
  else if (inexact) env.flags |= Flag.PE | (tiny ? Flag.UE : 0);
  // The implicit one adds itself to the exponent field, as does a carry out of the significand.
  const field = BigInt(unit - (least - precision + 1));
  const pattern = (field << BigInt(precision - 1)) + value;
  if (pattern < f.infinity) return sign | pattern;
  env.flags |= Flag.OE | (env.overflowMasked || free.inexact ? Flag.PE : 0);
  const away = env.rc === Round.nearest || env.rc === (x.negative ? Round.down : Round.up);
  return sign | (away ? f.infinity : f.infinity - 1n);
}
