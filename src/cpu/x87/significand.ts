/**
 * Arithmetic on significands of 64 bits, bit 63 set, in two unsigned halves, exact but for a sticky bit: what x87 and SSE operations have
 * in common before they round.
 */

import { INTEGER_BIT, TWO_32, compareHalves, multiplyHigh, multiplyLow } from "./float80.ts";

/**
 * The last result, bit 63 set: `extra` holds the 32 bits below it, the last of them sticky. Its exponent is the operation's plus `shift`.
 * All zero where a difference is none.
 */
export const significand: { high: number; low: number; extra: number; shift: number } = { high: 0.5, low: 0.5, extra: 0.5, shift: 0 };

function settle(high: number, low: number, extra: number, shift: number): void {
  significand.high = high;
  significand.low = low;
  significand.extra = extra;
  significand.shift = shift;
}

/** Sum of `large` and 2^-distance times `small`. */
export function sum(largeHigh: number, largeLow: number, smallHigh: number, smallLow: number, distance: number): void {
  align(smallHigh, smallLow, distance);
  let { extra } = significand;
  let low = largeLow + significand.low;
  let high = largeHigh + significand.high;
  let shift = 0;
  if (low >= TWO_32) {
    low -= TWO_32;
    high++;
  }
  if (high >= TWO_32) {
    high -= TWO_32;
    extra = ((low << 31) | (extra >>> 1) | (extra & 1)) >>> 0;
    low = ((high << 31) | (low >>> 1)) >>> 0;
    high = ((high >>> 1) | INTEGER_BIT) >>> 0;
    shift = 1;
  }
  settle(high, low, extra, shift);
}

/** `large` less 2^-distance times `small`, which is not greater. */
export function difference(largeHigh: number, largeLow: number, smallHigh: number, smallLow: number, distance: number): void {
  align(smallHigh, smallLow, distance);
  let extra = -significand.extra;
  let low = largeLow - significand.low;
  let high = largeHigh - significand.high;
  let shift = 0;
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
      settle(0, 0, 0, 0);
      return;
    }
    do {
      high = low;
      low = extra;
      extra = 0;
      shift -= 32;
    } while (high === 0);
  }
  const left = Math.clz32(high);
  if (left > 0) {
    high = ((high << left) | (low >>> (32 - left))) >>> 0;
    low = ((low << left) | (extra >>> (32 - left))) >>> 0;
    extra = (extra << left) >>> 0;
    shift -= left;
  }
  settle(high, low, extra, shift);
}

/** A significand shifted right, into {@link significand}: one that is not zero, or by 0. */
export function align(high: number, low: number, distance: number): void {
  let extra = 0;
  let left = distance;
  if (left > 96) {
    settle(0, 0, 1, 0);
    return;
  }
  let sticky = 0;
  while (left >= 32) {
    sticky |= extra;
    extra = low;
    low = high;
    high = 0;
    left -= 32;
  }
  if (left > 0) {
    sticky |= extra << (32 - left);
    extra = ((low << (32 - left)) | (extra >>> left)) >>> 0;
    low = ((high << (32 - left)) | (low >>> left)) >>> 0;
    high >>>= left;
  }
  settle(high, low, sticky === 0 ? extra : (extra | 1) >>> 0, 0);
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

/** The product, its exponent the sum of the operands'. */
export function product(aHigh: number, aLow: number, bHigh: number, bLow: number): void {
  multiplyWide(aHigh, aLow, bHigh, bLow);
  let high = wide.w3;
  let low = wide.w2;
  let extra = wide.w1;
  let sticky = wide.w0;
  let shift = 1;
  if (high < INTEGER_BIT) {
    high = ((high << 1) | (low >>> 31)) >>> 0;
    low = ((low << 1) | (extra >>> 31)) >>> 0;
    extra = ((extra << 1) | (sticky >>> 31)) >>> 0;
    sticky <<= 1;
    shift = 0;
  }
  settle(high, low, sticky === 0 ? extra : (extra | 1) >>> 0, shift);
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

/** a / b, its exponent the difference of the operands'. */
export function quotient(aHigh: number, aLow: number, bHigh: number, bLow: number): void {
  let next = 0;
  let shift = 0;
  rem.high = aHigh;
  rem.low = aLow;
  if (compareHalves(aHigh, aLow, bHigh, bLow) >= 0) {
    next = (aLow << 31) >>> 0;
    rem.low = ((aHigh << 31) | (aLow >>> 1)) >>> 0;
    rem.high = aHigh >>> 1;
  } else shift = -1;
  const high = divideDigit(next, bHigh, bLow);
  const low = divideDigit(0, bHigh, bLow);
  const extra = divideDigit(0, bHigh, bLow);
  settle(high, low, rem.high === 0 && rem.low === 0 ? extra : (extra | 1) >>> 0, shift);
}

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
        significand.high = high;
        significand.low = low;
        const over = r2 !== 0 || compareHalves(r1, r0, high, low) > 0;
        significand.extra = over ? 0xc000_0000 : r1 !== 0 || r0 !== 0 ? 0x4000_0000 : 0;
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

/** The square root of a number of this exponent, unbiased: the root's is half of it, rounded down. */
export function root(high: number, low: number, exponent: number): void {
  significand.shift = 0;
  // The significand as a fraction in [1/4, 1): halved where the exponent is even.
  if (exponent & 1) rootOf(high, low, 0);
  else rootOf(high >>> 1, ((high << 31) | (low >>> 1)) >>> 0, (low << 31) >>> 0);
}
