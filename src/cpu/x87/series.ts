/**
 * Power series on wide numbers: exponential, logarithm, sine and cosine, arctangent, and the constants they need.
 */

import {
  Wide,
  wideAdd,
  wideCopy,
  wideDivide,
  wideDivideSmall,
  wideExponent,
  wideInteger,
  wideMultiply,
  wideSmallness,
  wideToInteger,
  wideWords,
} from "./wide.ts";

/** Terms smaller than 2^-PRECISION of the sum end a series. */
const PRECISION = 150;

export const one: Wide = new Wide();
wideInteger(one, 1);
/** 96 bits of pi suffice for results of 64: 2^-94 * 0xc90fdaa2_2168c234_c4c6628b. */
export const pi: Wide = new Wide();
const piRest = new Wide();
wideWords(pi, 0, 0xc90f_daa2, 0x2168_c234, 0xc4c6_628b, -94);
wideWords(piRest, 0, 0x80dc_1cd1, 0x2902_4e08, 0x8a67_cc74, -190);
wideAdd(pi, piRest, pi);
/** ln 2: 0xb17217f7_d1cf79ab_c9e3b398 03f2f6af_40f34326_7298b62d. */
export const ln2: Wide = new Wide();
const ln2Rest = new Wide();
wideWords(ln2, 0, 0xb172_17f7, 0xd1cf_79ab, 0xc9e3_b398, -96);
wideWords(ln2Rest, 0, 0x03f2_f6af, 0x40f3_4326, 0x7298_b62d, -192);
wideAdd(ln2, ln2Rest, ln2);
/** 1 - 2^-144: stands for the factor by which a sine, cosine or arctangent of a tiny number falls short, which only directed rounding sees. */
export const belowOne: Wide = new Wide();
wideWords(belowOne, 1, 0, 0, 1, -144);
wideAdd(one, belowOne, belowOne);
/** Arguments below 2^-TINY have such sines, cosines and arctangents. */
export const TINY = 80;
const log2e = new Wide();
wideDivide(one, ln2, log2e);

const term = new Wide();
const power = new Wide();
const square = new Wide();
const part = new Wide();

/**
 * sum of x^(2k+1) / (2k+1) with signs `alternate` (1: all plus, the inverse hyperbolic tangent; -1: alternating, the arctangent).
 */
function oddSeries(x: Wide, alternate: number, out: Wide): void {
  if (alternate < 0 && wideSmallness(x) > TINY) {
    wideMultiply(x, belowOne, out);
    return;
  }
  wideMultiply(x, x, square);
  square.sign = alternate;
  wideCopy(power, x);
  wideCopy(part, x);
  const limit = wideSmallness(x) + PRECISION;
  for (let k = 3; !part.isZero; k += 2) {
    wideMultiply(power, square, power);
    if (power.isZero || wideSmallness(power) > limit) break;
    wideDivideSmall(power, k, term);
    wideAdd(part, term, part);
  }
  wideCopy(out, part);
}

/**
 * first * (1 + x / (k+1)(k+2) + x^2 / (k+1)(k+2)(k+3)(k+4) ...): sine with k = 1, cosine with k = 0, where x is minus the argument squared.
 */
export function factorialSeries(first: Wide, x: Wide, k: number, out: Wide): void {
  wideCopy(term, first);
  wideCopy(part, first);
  const limit = wideSmallness(first) + PRECISION;
  for (let n = k + 1; ; n += 2) {
    wideMultiply(term, x, term);
    if (term.isZero || wideSmallness(term) > limit) break;
    wideDivideSmall(term, n * (n + 1), term);
    wideAdd(part, term, part);
  }
  wideCopy(out, part);
}

/** e^x - 1 for |x| < 1. */
export function exponentialMinusOne(x: Wide, out: Wide): void {
  wideCopy(term, x);
  wideCopy(part, x);
  const limit = wideSmallness(x) + PRECISION;
  for (let n = 2; ; n++) {
    wideMultiply(term, x, term);
    if (term.isZero || wideSmallness(term) > limit) break;
    wideDivideSmall(term, n, term);
    wideAdd(part, term, part);
  }
  wideCopy(out, part);
}

const numerator = new Wide();
const denominator = new Wide();
const quotient = new Wide();

/** log2((1 + s) / (1 - s)) for s = n / d: 2 atanh(s) / ln 2. */
export function logarithmOfRatio(n: Wide, d: Wide, out: Wide): void {
  wideDivide(n, d, quotient);
  oddSeries(quotient, 1, out);
  wideMultiply(out, log2e, out);
  wideAdd(out, out, out);
}

/** Arctangents of k / 8, k = 0 to 8, made when first needed. */
const arctangents: Wide[] = [];
const argument = new Wide();
const centre = new Wide();

function arctangentOfEighths(k: number): Wide {
  if (arctangents.length === 0) {
    const tangent = new Wide();
    const eighth = new Wide();
    const scratch = new Wide();
    wideInteger(eighth, 1);
    wideDivideSmall(eighth, 8, eighth);
    for (let i = 0; i <= 8; i++) {
      // atan(i / 8) = atan((i - 1) / 8) + atan(8 / (64 + i (i - 1))).
      const value = new Wide();
      wideInteger(value, 0);
      if (i > 0) {
        wideInteger(tangent, 8);
        wideDivideSmall(tangent, 64 + i * (i - 1), tangent);
        oddSeries(tangent, -1, scratch);
        wideAdd(arctangents[i - 1]!, scratch, value);
      }
      arctangents.push(value);
    }
  }
  return arctangents[k]!;
}

/** atan(n / d) for 0 < n <= d. `n` and `d` are changed. */
export function arctangentOfRatio(n: Wide, d: Wide, out: Wide): void {
  wideDivide(n, d, argument);
  let k = 0;
  if (wideSmallness(argument) < 24) {
    wideInteger(term, 8);
    wideMultiply(argument, term, term);
    k = wideToInteger(term);
  }
  if (k === 0) {
    oddSeries(argument, -1, out);
    return;
  }
  // (n - c d) / (d + c n) with c = k / 8.
  wideInteger(centre, k);
  wideDivideSmall(centre, 8, centre);
  wideMultiply(centre, d, term);
  term.sign = -term.sign;
  wideMultiply(centre, n, part);
  wideAdd(n, term, n);
  wideAdd(d, part, d);
  if (n.isZero) {
    wideCopy(out, arctangentOfEighths(k));
    return;
  }
  wideDivide(n, d, argument);
  oddSeries(argument, -1, out);
  wideAdd(out, arctangentOfEighths(k), out);
}

/** log2 x for positive x, which is changed: its significand m in [sqrt 1/2, sqrt 2) gives 2 atanh((m - 1) / (m + 1)) / ln 2. */
export function wideLogarithm(x: Wide, out: Wide): void {
  let exponent = wideExponent(x);
  // sqrt 2 to seven digits: any point near it will do.
  wideWords(term, 1, 0, 0, 14_142_136, 0);
  wideInteger(part, 10_000_000);
  wideMultiply(x, part, part);
  scaleByPowerOfTwo(part, -exponent);
  wideAdd(part, term, part);
  if (part.sign > 0 && !part.isZero) exponent++;
  scaleByPowerOfTwo(x, -exponent);
  wideCopy(denominator, x);
  wideInteger(part, -1);
  wideAdd(x, part, numerator);
  wideAdd(denominator, one, denominator);
  logarithmOfRatio(numerator, denominator, out);
  wideInteger(term, exponent);
  wideAdd(out, term, out);
}

function scaleByPowerOfTwo(x: Wide, by: number): void {
  wideWords(square, 0, 0, 0, 1, by);
  wideMultiply(x, square, x);
}
