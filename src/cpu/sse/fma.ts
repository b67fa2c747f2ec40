/** Fused multiply-add: one rounding, exact for every MXCSR (SDM volume 1, 14.5 and tables 14-15 to 14-17). */

import { BIAS, INTEGER_BIT, Kind, TWO_32 } from "../x87/float80.ts";
import { multiplyWide, wide } from "../x87/significand.ts";
import { zeroSign } from "./arithmetic.ts";
import type { Environment } from "./environment.ts";
import { Flag } from "./environment.ts";
import type { Format, Operand } from "./operand.ts";
import { isNaN, putInfinity, putInvalid, putNaN, putZero, take } from "./operand.ts";
import { put } from "./rounding.ts";

/** Significands of 192 bits, the most significant word first, and how they are looked at by turns. */
const WORDS = 6;
const productWords: Float64Array = new Float64Array(WORDS);
const addendWords: Float64Array = new Float64Array(WORDS);

function fill(words: Float64Array, w0: number, w1: number, w2: number, w3: number): void {
  words[0] = w0;
  words[1] = w1;
  words[2] = w2;
  words[3] = w3;
  words[4] = 0;
  words[5] = 0;
}

/** Shifts right; what is lost makes the last bit one. */
function shiftRight(words: Float64Array, distance: number): void {
  const skip = Math.min(distance >>> 5, WORDS);
  const bits = distance & 31;
  let lost = 0;
  for (let i = WORDS - skip; i < WORDS; i++) lost += words[i]!;
  for (let i = WORDS - 1; i >= 0; i--) {
    const from = i - skip;
    const low = from >= 0 ? words[from]! : 0;
    const high = from > 0 ? words[from - 1]! : 0;
    if (i === WORDS - 1 && bits !== 0) lost += (low << (32 - bits)) >>> 0;
    words[i] = bits === 0 ? low : ((high << (32 - bits)) | (low >>> bits)) >>> 0;
  }
  if (lost !== 0) words[WORDS - 1] = (words[WORDS - 1]! | 1) >>> 0;
}

/** Shifts left until the first bit is one; the distance, or -1 where all bits are zero. */
function normaliseWords(words: Float64Array): number {
  let skip = 0;
  while (skip < WORDS && words[skip] === 0) skip++;
  if (skip === WORDS) return -1;
  const bits = Math.clz32(words[skip]!);
  for (let i = 0; i < WORDS; i++) {
    const high = i + skip < WORDS ? words[i + skip]! : 0;
    const low = i + skip + 1 < WORDS ? words[i + skip + 1]! : 0;
    words[i] = bits === 0 ? high : ((high << bits) | (low >>> (32 - bits))) >>> 0;
  }
  return 32 * skip + bits;
}

function compareWords(a: Float64Array, b: Float64Array): number {
  for (let i = 0; i < WORDS; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return 0;
}

/** large += factor * small; true where there is a carry out of the top. */
function combine(large: Float64Array, small: Float64Array, factor: 1 | -1): boolean {
  let carry = 0;
  for (let i = WORDS - 1; i >= 0; i--) {
    const word = large[i]! + factor * small[i]! + carry;
    carry = word < 0 ? -1 : word >= TWO_32 ? 1 : 0;
    large[i] = word - carry * TWO_32;
  }
  return carry > 0;
}

/** Rounds words whose first bit is one. */
function putWords(f: Format, env: Environment, sign: number, exponent: number, words: Float64Array): void {
  const sticky = words[3] !== 0 || words[4] !== 0 || words[5] !== 0 ? 1 : 0;
  put(f, env, sign, exponent, words[0]!, words[1]!, (words[2]! | sticky) >>> 0);
}

/** x * y + z of numbers that are not zero. */
function fused(f: Format, sign: number, x: Operand, y: Operand, z: Operand, zSign: number, env: Environment): void {
  multiplyWide(x.high, x.low, y.high, y.low);
  fill(productWords, wide.w3, wide.w2, wide.w1, wide.w0);
  fill(addendWords, z.high, z.low, 0, 0);
  let exponent = x.exponent + y.exponent - BIAS + 1;
  if (wide.w3 < INTEGER_BIT) {
    normaliseWords(productWords);
    exponent--;
  }
  const order = exponent === z.exponent ? compareWords(productWords, addendWords) : exponent - z.exponent;
  const large = order < 0 ? addendWords : productWords;
  const small = order < 0 ? productWords : addendWords;
  shiftRight(small, Math.abs(exponent - z.exponent));
  if (order < 0) ({ exponent } = z);
  if (sign === zSign) {
    if (combine(large, small, 1)) {
      shiftRight(large, 1);
      large[0] = large[0]! + INTEGER_BIT;
      exponent++;
    }
  } else {
    combine(large, small, -1);
    const shift = normaliseWords(large);
    if (shift < 0) {
      putZero(f, zeroSign(0, 1, env));
      return;
    }
    exponent -= shift;
  }
  putWords(f, env, order < 0 ? zSign : sign, exponent, large);
}

/**
 * x * y + z, the product and `z` with other signs where `negateProduct` and `negateAddend` are 1. A NaN keeps its sign; of several the first counts. An
 * invalid product yields to a NaN for `z`, and raises nothing then.
 */
export function multiplyAdd(f: Format, x: Operand, y: Operand, z: Operand, negateProduct: 0 | 1, negateAddend: 0 | 1, env: Environment): void {
  if (isNaN(x) || isNaN(y) || isNaN(z)) {
    for (const operand of [x, y, z]) if (operand.kind === Kind.signalingNaN) env.raised |= Flag.IE;
    putNaN(f, isNaN(x) ? x : isNaN(y) ? y : z);
    return;
  }
  take(x, env);
  take(y, env);
  take(z, env);
  const sign = x.sign ^ y.sign ^ negateProduct;
  const zSign = z.sign ^ negateAddend;
  const zero = x.kind === Kind.zero || y.kind === Kind.zero;
  if (x.kind === Kind.infinity || y.kind === Kind.infinity) {
    if (zero || (z.kind === Kind.infinity && sign !== zSign)) putInvalid(f, env);
    else putInfinity(f, sign);
  } else if (z.kind === Kind.infinity) putInfinity(f, zSign);
  else if (zero) {
    if (z.kind === Kind.zero) putZero(f, zeroSign(sign, zSign, env));
    else put(f, env, zSign, z.exponent, z.high, z.low, 0);
  } else if (z.kind === Kind.zero) {
    multiplyWide(x.high, x.low, y.high, y.low);
    fill(productWords, wide.w3, wide.w2, wide.w1, wide.w0);
    const shift = normaliseWords(productWords);
    putWords(f, env, sign, x.exponent + y.exponent - BIAS + 1 - shift, productWords);
  } else fused(f, sign, x, y, z, zSign, env);
}
