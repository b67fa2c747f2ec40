/**
 * Rounding, precision and the exceptions that results raise (SDM volume 1, 4.8.4, 4.9 and 8.1.5).
 */

import { type Float80, INTEGER_BIT, MAX_EXPONENT, TWO_32, set, setInfinity } from "./float80.ts";

/** Exception flags of the status word, and masks of the control word (SDM volume 1, figures 8-4 and 8-6). */
export const IE = 0x01;
export const DE = 0x02;
export const ZE = 0x04;
export const OE = 0x08;
export const UE = 0x10;
export const PE = 0x20;
/** Exceptions found before the operation: unmasked, they suppress its result. */
export const BEFORE: number = IE | DE | ZE;

/** RC field of the control word. */
export const Rounding = { nearest: 0, down: 1, up: 2, zero: 3 } as const;

/** Control in, exceptions out: what an operation sees of the control word and leaves for the status word. */
export class Environment {
  /** RC. */
  rounding = 0;
  /** Significand bits kept by add, subtract, multiply, divide and square root: 24, 53 or 64 (PC). */
  precision = 64;
  /** Mask bits of the control word (1: masked). */
  masks = 0x3f;
  /** Exceptions raised so far. */
  raised = 0;
  /** The last rounding increased the magnitude: C1. */
  roundedUp = false;

  /** True when an exception raised so far suppresses the operation's result. */
  suppressed(): boolean {
    return (this.raised & ~this.masks & BEFORE) !== 0;
  }
}

/** Whether a significand is to be incremented. `extra`: the bits below it as a 32-bit fraction, the last bit sticky. */
export function roundsUp(rounding: number, sign: number, odd: number, extra: number): boolean {
  if (extra === 0) return false;
  if (rounding === Rounding.nearest) return extra > INTEGER_BIT || (extra === INTEGER_BIT && odd !== 0);
  if (rounding === Rounding.down) return sign !== 0;
  return rounding === Rounding.up && sign === 0;
}

/** Bias adjustment of results of unmasked overflow and underflow (SDM volume 1, 4.9.1.4 and 4.9.1.5). */
const WRAP = 24576;

/** A significand being rounded: 64 bits and a fraction of 32, the last sticky. */
const work: { high: number; low: number; extra: number } = { high: 0.5, low: 0.5, extra: 0.5 };

/** Shifts right by `count` (0 or more), collecting lost bits in the sticky bit of `extra`. */
function shiftRightSticky(count: number): void {
  let left = count;
  while (left >= 32) {
    work.extra = (work.low | (work.extra !== 0 ? 1 : 0)) >>> 0;
    work.low = work.high;
    work.high = 0;
    left -= 32;
    if (left > 96) left = 96;
  }
  if (left > 0) {
    const lost = work.extra << (32 - left);
    work.extra = ((work.low << (32 - left)) | (work.extra >>> left) | (lost !== 0 ? 1 : 0)) >>> 0;
    work.low = ((work.high << (32 - left)) | (work.low >>> left)) >>> 0;
    work.high >>>= left;
  }
}

let inexact = false;
let up = false;
/**
 * Rounds the significand to its first `bits` bits, counted from bit 63. A carry out leaves 0x80000000 in `high` and returns 1, else 0.
 * Sets `inexact` and `up`.
 */
function roundBits(rounding: number, sign: number, bits: number): number {
  if (bits === 64) {
    inexact = work.extra !== 0;
    up = roundsUp(rounding, sign, work.low & 1, work.extra);
    if (!up) return 0;
    work.low = (work.low + 1) >>> 0;
    if (work.low !== 0) return 0;
    work.high = (work.high + 1) >>> 0;
  } else if (bits > 32) {
    const drop = 64 - bits;
    const rest = ((work.low << (32 - drop)) | (work.extra !== 0 ? 1 : 0)) >>> 0;
    work.low = ((work.low >>> drop) << drop) >>> 0;
    inexact = rest !== 0;
    up = roundsUp(rounding, sign, (work.low >>> drop) & 1, rest);
    if (!up) return 0;
    work.low += 2 ** drop;
    if (work.low < TWO_32) return 0;
    work.low = 0;
    work.high = (work.high + 1) >>> 0;
  } else {
    const drop = 32 - bits;
    const rest = ((work.high << bits) | (work.low >>> drop) | (work.low << bits !== 0 || work.extra !== 0 ? 1 : 0)) >>> 0;
    work.low = 0;
    work.high = ((work.high >>> drop) << drop) >>> 0;
    inexact = rest !== 0;
    up = roundsUp(rounding, sign, (work.high >>> drop) & 1, rest);
    if (!up) return 0;
    work.high += 2 ** drop;
    if (work.high < TWO_32) return 0;
    work.high = 0;
  }
  if (work.high !== 0) return 0;
  work.high = INTEGER_BIT;
  return 1;
}

/**
 * Rounds a normalised significand (bit 63 set) with 32 more bits below it to the environment's precision and range, raises
 * OE, UE and PE, and stores the number. `exponent` is biased and unbounded.
 */
export function round(env: Environment, out: Float80, sign: number, exponent: number, sigHigh: number, sigLow: number, sigExtra: number): void {
  roundTo(env, out, sign, exponent, sigHigh, sigLow, sigExtra, env.precision);
}

/** As {@link round}, with `bits` of precision (24, 53 or 64). */
export function roundTo(
  env: Environment,
  out: Float80,
  sign: number,
  exponent: number,
  sigHigh: number,
  sigLow: number,
  sigExtra: number,
  bits: number,
): void {
  work.high = sigHigh;
  work.low = sigLow;
  work.extra = sigExtra;
  let wrapped = false;
  if (exponent <= 0) {
    const carried = roundBits(env.rounding, sign, bits);
    const tiny = exponent + carried <= 0;
    work.high = sigHigh;
    work.low = sigLow;
    work.extra = sigExtra;
    if (tiny && !(env.masks & UE)) {
      env.raised |= UE;
      exponent += WRAP;
      wrapped = true;
    } else {
      shiftRightSticky(1 - exponent);
      roundBits(env.rounding, sign, bits);
      if (inexact) env.raised |= tiny ? PE | UE : PE;
      env.roundedUp = up;
      set(out, sign, work.high >= INTEGER_BIT ? 1 : 0, work.high, work.low);
      return;
    }
  }
  exponent += roundBits(env.rounding, sign, bits);
  if (wrapped && exponent <= 0) {
    // FSCALE by so much that the adjusted result underflows again: zero in every rounding mode.
    env.raised |= PE;
    env.roundedUp = false;
    set(out, sign, 0, 0, 0);
    return;
  }
  if (exponent >= MAX_EXPONENT && !wrapped) {
    env.raised |= OE;
    if (env.masks & OE) {
      env.raised |= PE;
      overflow(env, out, sign, bits);
      return;
    }
    exponent -= WRAP;
    if (exponent >= MAX_EXPONENT) {
      // Likewise: infinity in every rounding mode.
      env.raised |= PE;
      env.roundedUp = true;
      setInfinity(out, sign);
      return;
    }
  }
  if (inexact) env.raised |= PE;
  env.roundedUp = up;
  set(out, sign, exponent, work.high, work.low);
}

/** The masked response to overflow (SDM volume 1, table 4-10). */
function overflow(env: Environment, out: Float80, sign: number, bits: number): void {
  const toInfinity = env.rounding === Rounding.nearest || env.rounding === (sign ? Rounding.down : Rounding.up);
  env.roundedUp = toInfinity;
  if (toInfinity) setInfinity(out, sign);
  else set(out, sign, MAX_EXPONENT - 1, bits === 24 ? 0xffff_ff00 : 0xffff_ffff, bits === 64 ? 0xffff_ffff : bits === 53 ? 0xffff_f800 : 0);
}

/**
 * Result of {@link narrow}: the bits of a float16 or float32 in `low`, of a float64 in both; whether it was below the smallest normal number, and
 * inexact (where it is not stored: with unbounded exponent).
 */
export const narrowed: { high: number; low: number; tiny: boolean; inexact: boolean } = { high: 0, low: 0, tiny: false, inexact: false };

/**
 * Rounds a normalised number, with 32 more bits below it, to float16 (`bits` 11), float32 (24) or float64 (53) and leaves its encoding in
 * {@link narrowed}. Returns false where an unmasked overflow or underflow forbids storing.
 */
export function narrow(env: Environment, sign: number, exponent: number, sigHigh: number, sigLow: number, sigExtra: number, bits: number): boolean {
  const stored = narrowTo(env, sign, exponent, sigHigh, sigLow, sigExtra, bits);
  narrowed.inexact = inexact;
  return stored;
}

/** Exponent biases by significand bits. */
const BIASES: Readonly<Record<number, number>> = { 11: 15, 24: 127, 53: 1023 };

function narrowTo(env: Environment, sign: number, exponent: number, sigHigh: number, sigLow: number, sigExtra: number, bits: number): boolean {
  const bias = BIASES[bits]!;
  let e = exponent - 16383 + bias;
  work.high = sigHigh;
  work.low = sigLow;
  work.extra = sigExtra;
  let carried = roundBits(env.rounding, sign, bits);
  narrowed.tiny = e + carried <= 0;
  if (narrowed.tiny) {
    if (!(env.masks & UE)) {
      env.raised |= UE;
      return false;
    }
    work.high = sigHigh;
    work.low = sigLow;
    work.extra = sigExtra;
    shiftRightSticky(1 - e);
    roundBits(env.rounding, sign, bits);
    if (inexact) env.raised |= PE | UE;
    env.roundedUp = up;
    e = 0;
    carried = work.high >= INTEGER_BIT ? 1 : 0;
  } else if (e <= 0) {
    work.high = sigHigh;
    work.low = sigLow;
    work.extra = sigExtra;
    shiftRightSticky(1 - e);
    roundBits(env.rounding, sign, bits);
    if (inexact) env.raised |= PE;
    env.roundedUp = up;
    e = 0;
    carried = 1;
  } else {
    if (e + carried >= 2 * bias + 1) {
      env.raised |= OE;
      if (!(env.masks & OE)) return false;
      env.raised |= PE;
      const toInfinity = env.rounding === Rounding.nearest || env.rounding === (sign ? Rounding.down : Rounding.up);
      env.roundedUp = toInfinity;
      e = 2 * bias + (toInfinity ? 1 : 0);
      work.high = toInfinity ? INTEGER_BIT : 0xffff_ffff;
      work.low = toInfinity ? 0 : 0xffff_ffff;
      carried = 0;
    } else {
      if (inexact) env.raised |= PE;
      env.roundedUp = up;
    }
  }
  encode(sign, e + carried, work.high, work.low, bits);
  return true;
}

/** Puts sign, biased exponent and the significand's upper bits together, the integer bit left out. */
export function encode(sign: number, exponent: number, sigHigh: number, sigLow: number, bits: number): void {
  if (bits === 24) {
    narrowed.high = 0;
    narrowed.low = ((sign << 31) | (exponent << 23) | ((sigHigh >>> 8) & 0x7f_ffff)) >>> 0;
  } else if (bits === 11) {
    narrowed.high = 0;
    narrowed.low = (sign << 15) | (exponent << 10) | ((sigHigh >>> 21) & 0x3ff);
  } else {
    narrowed.high = ((sign << 31) | (exponent << 20) | ((sigHigh >>> 11) & 0xf_ffff)) >>> 0;
    narrowed.low = ((sigHigh << 21) | (sigLow >>> 11)) >>> 0;
  }
}
