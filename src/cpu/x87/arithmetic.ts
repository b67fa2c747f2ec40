/**
 * Add, subtract, multiply, divide and square root on 80-bit reals (SDM volume 1, 4.8 and 4.9; volume 2, FADD, FSUB, FMUL, FDIV, FSQRT).
 * Every function takes its operands unchanged, leaves the result in `out` and its exceptions in `env`. `out` may be an operand.
 * When an unmasked IE, DE or ZE is raised `out` means nothing.
 */

import {
  BIAS,
  Float80,
  INTEGER_BIT,
  Kind,
  TWO_32,
  compareHalves,
  copy,
  kindOf,
  multiplyHigh,
  multiplyLow,
  normalise,
  quiet,
  setIndefinite,
  setInfinity,
  setZero,
} from "./float80.ts";
import type { Environment } from "./rounding.ts";
import { DE, IE, Rounding, ZE, round } from "./rounding.ts";

/** Normalised copies of the operands. */
const a: Float80 = new Float80();
const b: Float80 = new Float80();

/** Raises IE, which hides DE, and gives the indefinite QNaN. */
export function invalid(env: Environment, out: Float80): void {
  env.raised = (env.raised & ~DE) | IE;
  setIndefinite(out);
}

/**
 * The result where an operand is a NaN or unsupported (SDM volume 1, table 4-7). Of two NaNs the one with the larger significand wins,
 * of equal ones the positive; but a QNaN wins over an SNaN.
 */
export function propagate(env: Environment, x: Float80, y: Float80, kindX: Kind, kindY: Kind, out: Float80): void {
  if (kindX === Kind.unsupported || kindY === Kind.unsupported) {
    invalid(env, out);
    return;
  }
  env.raised &= ~DE;
  const signaling = kindX === Kind.signalingNaN || kindY === Kind.signalingNaN;
  if (signaling) env.raised |= IE;
  let winner = x;
  if (kindX < Kind.quietNaN) winner = y;
  else if (kindY >= Kind.quietNaN) {
    if (kindX !== kindY) winner = kindX === Kind.quietNaN ? x : y;
    else {
      const order = compareHalves(x.high, x.low, y.high, y.low);
      winner = order > 0 || (order === 0 && x.sign <= y.sign) ? x : y;
    }
  }
  copy(out, winner);
  quiet(out);
}

/** Copies an operand to `target`, normalised; a denormal raises DE. */
export function operand(env: Environment, target: Float80, source: Float80, kind: Kind): void {
  copy(target, source);
  if (kind === Kind.denormal) {
    env.raised |= DE;
    normalise(target);
  }
}

/** x + y, or x - y where `subtract` is 1. */
export function add(env: Environment, x: Float80, y: Float80, subtract: number, out: Float80): void {
  const kindX = kindOf(x);
  const kindY = kindOf(y);
  if (kindX > Kind.infinity || kindY > Kind.infinity) {
    propagate(env, x, y, kindX, kindY, out);
    return;
  }
  operand(env, a, x, kindX);
  operand(env, b, y, kindY);
  b.sign ^= subtract;
  if (kindX === Kind.infinity || kindY === Kind.infinity) {
    if (kindX === kindY && a.sign !== b.sign) {
      invalid(env, out);
    } else copy(out, kindX === Kind.infinity ? a : b);
    return;
  }
  if (env.suppressed()) return;
  if (kindX === Kind.zero || kindY === Kind.zero) {
    if (kindX === kindY) setZero(out, a.sign === b.sign ? a.sign : env.rounding === Rounding.down ? 1 : 0);
    else if (kindX === Kind.zero) round(env, out, b.sign, b.exponent, b.high, b.low, 0);
    else round(env, out, a.sign, a.exponent, a.high, a.low, 0);
    return;
  }
  const swap = a.exponent < b.exponent || (a.exponent === b.exponent && compareHalves(a.high, a.low, b.high, b.low) < 0);
  const large = swap ? b : a;
  const small = swap ? a : b;
  let shift = large.exponent - small.exponent;
  let sh = small.high;
  let sl = small.low;
  let se = 0;
  if (shift > 96) {
    sh = 0;
    sl = 0;
    se = 1;
  } else {
    let sticky = 0;
    while (shift >= 32) {
      sticky |= se;
      se = sl;
      sl = sh;
      sh = 0;
      shift -= 32;
    }
    if (shift > 0) {
      sticky |= se << (32 - shift);
      se = ((sl << (32 - shift)) | (se >>> shift)) >>> 0;
      sl = ((sh << (32 - shift)) | (sl >>> shift)) >>> 0;
      sh >>>= shift;
    }
    if (sticky !== 0) se = (se | 1) >>> 0;
  }
  let exponent = large.exponent;
  let high: number;
  let low: number;
  let extra: number;
  if (a.sign === b.sign) {
    extra = se;
    low = large.low + sl;
    high = large.high + sh;
    if (low >= TWO_32) {
      low -= TWO_32;
      high++;
    }
    if (high >= TWO_32) {
      high -= TWO_32;
      extra = ((low << 31) | (extra >>> 1) | (extra & 1)) >>> 0;
      low = ((high << 31) | (low >>> 1)) >>> 0;
      high = ((high >>> 1) | INTEGER_BIT) >>> 0;
      exponent++;
    }
  } else {
    extra = -se;
    low = large.low - sl;
    high = large.high - sh;
    if (extra < 0) {
      extra += TWO_32;
      low--;
    }
    if (low < 0) {
      low += TWO_32;
      high--;
    }
    if (high === 0) {
      if (low === 0 && extra === 0) {
        setZero(out, env.rounding === Rounding.down ? 1 : 0);
        return;
      }
      do {
        high = low;
        low = extra;
        extra = 0;
        exponent -= 32;
      } while (high === 0);
    }
    const left = Math.clz32(high);
    if (left > 0) {
      high = ((high << left) | (low >>> (32 - left))) >>> 0;
      low = ((low << left) | (extra >>> (32 - left))) >>> 0;
      extra = (extra << left) >>> 0;
      exponent -= left;
    }
  }
  round(env, out, large.sign, exponent, high, low, extra);
}

export function multiply(env: Environment, x: Float80, y: Float80, out: Float80): void {
  const kindX = kindOf(x);
  const kindY = kindOf(y);
  if (kindX > Kind.infinity || kindY > Kind.infinity) {
    propagate(env, x, y, kindX, kindY, out);
    return;
  }
  const sign = x.sign ^ y.sign;
  if (kindX === Kind.infinity || kindY === Kind.infinity) {
    if (kindX === Kind.zero || kindY === Kind.zero) invalid(env, out);
    else {
      if (kindX === Kind.denormal || kindY === Kind.denormal) env.raised |= DE;
      setInfinity(out, sign);
    }
    return;
  }
  operand(env, a, x, kindX);
  operand(env, b, y, kindY);
  if (env.suppressed()) return;
  if (kindX === Kind.zero || kindY === Kind.zero) {
    setZero(out, sign);
    return;
  }
  multiplyWide(a.high, a.low, b.high, b.low);
  let exponent = a.exponent + b.exponent - BIAS + 1;
  let high = wide.w3;
  let low = wide.w2;
  let extra = wide.w1;
  let sticky = wide.w0;
  if (high < INTEGER_BIT) {
    high = ((high << 1) | (low >>> 31)) >>> 0;
    low = ((low << 1) | (extra >>> 31)) >>> 0;
    extra = ((extra << 1) | (sticky >>> 31)) >>> 0;
    sticky <<= 1;
    exponent--;
  }
  if (sticky !== 0) extra = (extra | 1) >>> 0;
  round(env, out, sign, exponent, high, low, extra);
}

/** A 128-bit number, w3 the most significant word. */
export const wide: { w3: number; w2: number; w1: number; w0: number } = { w3: 0.5, w2: 0.5, w1: 0.5, w0: 0.5 };

/** The product of two 64-bit numbers, in {@link wide}. */
export function multiplyWide(aHigh: number, aLow: number, bHigh: number, bLow: number): void {
  const middle1 = multiplyLow(aLow, bHigh);
  const middle2 = multiplyLow(aHigh, bLow);
  const w1 = multiplyHigh(aLow, bLow) + middle1 + middle2;
  const w2 = multiplyHigh(aLow, bHigh) + multiplyHigh(aHigh, bLow) + multiplyLow(aHigh, bHigh) + Math.floor(w1 / TWO_32);
  wide.w0 = multiplyLow(aLow, bLow);
  wide.w1 = w1 >>> 0;
  wide.w2 = w2 >>> 0;
  wide.w3 = (multiplyHigh(aHigh, bHigh) + Math.floor(w2 / TWO_32)) >>> 0;
}

/** The remainder of the last {@link divideDigit}. */
const rem: { high: number; low: number } = { high: 0.5, low: 0.5 };

/** One 32-bit digit of a long division: (rem.high, rem.low, next) / (dHigh, dLow), where the remainder is below the divisor and bit 31 of dHigh is set. */
function divideDigit(next: number, dHigh: number, dLow: number): number {
  let q = Math.floor((rem.high * TWO_32 + rem.low) / dHigh);
  if (q > 0xffff_ffff) q = 0xffff_ffff;
  const p0 = multiplyLow(q, dLow);
  const p1 = multiplyHigh(q, dLow) + multiplyLow(q, dHigh);
  let r0 = next - p0;
  let r1 = rem.low - (p1 >>> 0);
  let r2 = rem.high - (multiplyHigh(q, dHigh) + (p1 >= TWO_32 ? 1 : 0));
  if (r0 < 0) {
    r0 += TWO_32;
    r1--;
  }
  if (r1 < 0) {
    r1 += TWO_32;
    r2--;
  }
  while (r2 < 0) {
    q--;
    r0 += dLow;
    r1 += dHigh;
    if (r0 >= TWO_32) {
      r0 -= TWO_32;
      r1++;
    }
    if (r1 >= TWO_32) {
      r1 -= TWO_32;
      r2++;
    }
  }
  while (r2 > 0 || compareHalves(r1, r0, dHigh, dLow) >= 0) {
    q++;
    r0 -= dLow;
    r1 -= dHigh;
    if (r0 < 0) {
      r0 += TWO_32;
      r1--;
    }
    if (r1 < 0) {
      r1 += TWO_32;
      r2--;
    }
  }
  rem.high = r1;
  rem.low = r0;
  return q;
}

/** x / y. */
export function divide(env: Environment, x: Float80, y: Float80, out: Float80): void {
  const kindX = kindOf(x);
  const kindY = kindOf(y);
  if (kindX > Kind.infinity || kindY > Kind.infinity) {
    propagate(env, x, y, kindX, kindY, out);
    return;
  }
  const sign = x.sign ^ y.sign;
  if (kindX === kindY && (kindX === Kind.infinity || kindX === Kind.zero)) {
    invalid(env, out);
    return;
  }
  operand(env, a, x, kindX);
  operand(env, b, y, kindY);
  if (kindX === Kind.infinity) {
    setInfinity(out, sign);
    return;
  }
  if (kindY === Kind.zero) {
    env.raised = (env.raised & ~DE) | ZE;
    setInfinity(out, sign);
    return;
  }
  if (env.suppressed()) return;
  if (kindX === Kind.zero || kindY === Kind.infinity) {
    setZero(out, sign);
    return;
  }
  let exponent = a.exponent - b.exponent + BIAS;
  let next = 0;
  rem.high = a.high;
  rem.low = a.low;
  if (compareHalves(a.high, a.low, b.high, b.low) >= 0) {
    next = (rem.low << 31) >>> 0;
    rem.low = ((rem.high << 31) | (rem.low >>> 1)) >>> 0;
    rem.high >>>= 1;
  } else exponent--;
  const high = divideDigit(next, b.high, b.low);
  const low = divideDigit(0, b.high, b.low);
  let extra = divideDigit(0, b.high, b.low);
  if (rem.high !== 0 || rem.low !== 0) extra = (extra | 1) >>> 0;
  round(env, out, sign, exponent, high, low, extra);
}

/** Significand root and how it compares with the exact one, by {@link rootOf}. */
const result: { high: number; low: number; extra: number } = { high: 0.5, low: 0.5, extra: 0.5 };

/** Root of the 128-bit number whose upper 64 bits are given and whose lower are zero, except bit 63 (`half`). The upper two bits must not both be zero. */
function rootOf(nHigh: number, nLow: number, half: number): void {
  const estimate = Math.sqrt(nHigh * TWO_32 + nLow);
  let high = Math.floor(estimate);
  let low = Math.floor((estimate - high) * TWO_32);
  if (high > 0xffff_ffff) {
    high = 0xffff_ffff;
    low = 0xffff_ffff;
  }
  for (;;) {
    // The remainder n - root^2 is small: its upper words say only its sign.
    multiplyWide(high, low, high, low);
    let r0 = -wide.w0;
    let r1 = half - wide.w1;
    let r2 = nLow - wide.w2;
    let r3 = nHigh - wide.w3;
    if (r0 < 0) {
      r0 += TWO_32;
      r1--;
    }
    if (r1 < 0) {
      r1 += TWO_32;
      r2--;
    }
    if (r2 < 0) {
      r2 += TWO_32;
      r3--;
    }
    // As a signed number of about 77 bits it is a double with enough bits to correct the root.
    const remainder = ((r3 * TWO_32 + r2) * TWO_32 + r1) * TWO_32 + r0;
    const root = high * TWO_32 + low;
    if (r3 < 0) {
      let step = Math.floor(remainder / (2 * root));
      if (step === 0) step = -1;
      low += step;
    } else {
      const doubleHigh = high * 2 + (low >= INTEGER_BIT ? 1 : 0);
      const doubleLow = (low << 1) >>> 0;
      if (r3 === 0 && (r2 === 0 || (r2 === 1 && doubleHigh >= TWO_32)) && compareHalves(r2 * TWO_32 + r1, r0, doubleHigh, doubleLow) <= 0) {
        result.high = high;
        result.low = low;
        const over = r2 !== 0 || compareHalves(r1, r0, high, low) > 0;
        result.extra = over ? 0xc000_0000 : r1 !== 0 || r0 !== 0 ? 0x4000_0000 : 0;
        return;
      }
      let step = Math.floor(remainder / (2 * root));
      if (step === 0) step = 1;
      low += step;
    }
    while (low < 0) {
      low += TWO_32;
      high--;
    }
    while (low >= TWO_32) {
      low -= TWO_32;
      high++;
    }
    if (high > 0xffff_ffff) {
      high = 0xffff_ffff;
      low = 0xffff_ffff;
    }
  }
}

export function squareRoot(env: Environment, x: Float80, out: Float80): void {
  const kind = kindOf(x);
  if (kind > Kind.infinity) {
    propagate(env, x, x, kind, kind, out);
    return;
  }
  if (kind === Kind.zero) {
    copy(out, x);
    return;
  }
  if (x.sign) {
    invalid(env, out);
    return;
  }
  if (kind === Kind.infinity) {
    copy(out, x);
    return;
  }
  operand(env, a, x, kind);
  if (env.suppressed()) return;
  const unbiased = a.exponent - BIAS;
  // The significand as a fraction in [1/4, 1): halved where the exponent is even.
  if (unbiased & 1) rootOf(a.high, a.low, 0);
  else rootOf(a.high >>> 1, ((a.high << 31) | (a.low >>> 1)) >>> 0, (a.low << 31) >>> 0);
  round(env, out, 0, (unbiased >> 1) + BIAS, result.high, result.low, result.extra);
}
