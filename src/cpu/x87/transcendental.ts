/**
 * FSIN, FCOS, FSINCOS, FPTAN, FPATAN, F2XM1, FYL2X, FYL2XP1 (SDM volume 1, 8.3.7 and 8.3.10; volume 2).
 *
 * Results are computed to more than 120 bits and rounded once: they are the exactly rounded ones. The silicon promises less than one unit in
 * the last place and differs between makers; its pi of 66 bits in argument reduction (SDM volume 1, 8.3.8) is kept.
 */

import { invalid, multiply, operand, propagate } from "./arithmetic.ts";
import { fromInteger } from "./convert.ts";
import { BIAS, Float80, INTEGER_BIT, Kind, TWO_32, copy, kindOf, set, setIndefinite, setInfinity, setZero } from "./float80.ts";
import { type Environment, PE, UE, ZE } from "./rounding.ts";
import { C1, C2, type X87State } from "./state.ts";
import { TINY, arctangentOfRatio, belowOne, exponentialMinusOne, factorialSeries, ln2, logarithmOfRatio, one, pi, wideLogarithm } from "./series.ts";
import {
  Wide,
  roundWide,
  wideAdd,
  wideCopy,
  wideDivide,
  wideDivideSmall,
  wideFloat80,
  wideInteger,
  wideMultiply,
  wideNegate,
  wideSmallness,
  wideWords,
} from "./wide.ts";

const a: Float80 = new Float80();
const b: Float80 = new Float80();

const numerator = new Wide();
const denominator = new Wide();
const quotient = new Wide();
const term = new Wide();

/** Puts ST(0) into s.a, or does what is to be done where it is empty. */
function take0(s: X87State): Environment | undefined {
  if (s.isEmpty(0)) {
    if (s.stackFault(0)) s.writeIndefinite(0);
    return undefined;
  }
  s.read(0, s.a);
  return s.begin();
}

/** Raises PE for a result that is not rounded here. */
function inexact(env: Environment): void {
  env.raised |= PE;
}

export function f2xm1(s: X87State): void {
  const env = take0(s);
  if (env === undefined) return;
  const kind = kindOf(s.a);
  const out = s.result;
  if (kind > Kind.infinity) propagate(env, s.a, s.a, kind, kind, out);
  else if (kind === Kind.zero) copy(out, s.a);
  else if (kind === Kind.infinity) {
    if (s.a.sign) set(out, 1, BIAS, INTEGER_BIT, 0);
    else copy(out, s.a);
  } else {
    operand(env, a, s.a, kind);
    if (!env.suppressed()) {
      if (a.exponent >= BIAS) {
        // Outside (-1, 1) the result is undefined, but for -1/2 and 1.
        if (a.exponent === BIAS && a.high === INTEGER_BIT && a.low === 0) set(out, a.sign, a.sign ? BIAS - 1 : BIAS, INTEGER_BIT, 0);
        else copy(out, s.a);
        inexact(env);
      } else {
        wideFloat80(numerator, a);
        wideMultiply(numerator, ln2, numerator);
        exponentialMinusOne(numerator, quotient);
        roundWide(env, quotient, out);
      }
    }
  }
  if (s.finish()) s.write(0, out);
}

/** Sine and cosine of the last argument, by {@link sineAndCosine}. */
const sine = new Wide();
const cosine = new Wide();
const reduced = new Wide();

/** pi / 2 as the silicon knows it: 66 bits, 0x3_243f6a88_85a308d3 * 2^-65. */
const HALF_PI_TOP = 3;
const HALF_PI_HIGH = 0x243f_6a88;
const HALF_PI_LOW = 0x85a3_08d3;

/** Reduces a normalised argument below 2^63 to `reduced` in [-pi/4, pi/4]; returns the quadrant. */
function reduce(x: Float80): number {
  const unbiased = x.exponent - BIAS;
  if (unbiased < -1) {
    wideFloat80(reduced, x);
    return 0;
  }
  // In units of 2^-65 the argument is an integer: long division by pi / 2, bit by bit.
  let top = 0;
  let high = 0;
  let low = 0;
  let quadrant = 0;
  for (let bit = 0; bit < 66 + unbiased; bit++) {
    const next = bit < 32 ? (x.high >>> (31 - bit)) & 1 : bit < 64 ? (x.low >>> (63 - bit)) & 1 : 0;
    top = top * 2 + (high >>> 31);
    high = ((high << 1) | (low >>> 31)) >>> 0;
    low = ((low << 1) | next) >>> 0;
    quadrant <<= 1;
    if (top > HALF_PI_TOP || (top === HALF_PI_TOP && (high > HALF_PI_HIGH || (high === HALF_PI_HIGH && low >= HALF_PI_LOW)))) {
      low -= HALF_PI_LOW;
      high -= HALF_PI_HIGH;
      top -= HALF_PI_TOP;
      if (low < 0) {
        low += TWO_32;
        high--;
      }
      if (high < 0) {
        high += TWO_32;
        top--;
      }
      quadrant |= 1;
    }
  }
  // pi / 4 is 0x1_921fb544_42d18469.8: above it, the distance to the next multiple.
  let sign = 0;
  if (top > 1 || (top === 1 && (high > 0x921f_b544 || (high === 0x921f_b544 && low > 0x42d1_8469)))) {
    low = HALF_PI_LOW - low;
    high = HALF_PI_HIGH - high;
    top = HALF_PI_TOP - top;
    if (low < 0) {
      low += TWO_32;
      high--;
    }
    if (high < 0) {
      high += TWO_32;
      top--;
    }
    sign = 1;
    quadrant++;
  }
  wideWords(reduced, sign, top, high, low, -65);
  if (x.sign) {
    reduced.sign = -reduced.sign;
    quadrant = -quadrant;
  }
  return quadrant & 3;
}

/** Sine and cosine of a normalised number below 2^63. */
function sineAndCosine(x: Float80): void {
  const quadrant = reduce(x);
  wideMultiply(reduced, reduced, numerator);
  wideNegate(numerator, numerator);
  if (reduced.isZero) {
    wideInteger(denominator, 0);
    wideCopy(quotient, belowOne);
  } else if (wideSmallness(reduced) > TINY) {
    wideMultiply(reduced, belowOne, denominator);
    wideCopy(quotient, belowOne);
  } else {
    factorialSeries(reduced, numerator, 1, denominator);
    factorialSeries(one, numerator, 0, quotient);
  }
  wideCopy(sine, quadrant & 1 ? quotient : denominator);
  wideCopy(cosine, quadrant & 1 ? denominator : quotient);
  if (quadrant & 2) sine.sign = -sine.sign;
  if (quadrant === 1 || quadrant === 2) cosine.sign = -cosine.sign;
}

/**
 * What sine, cosine and tangent have in common. Returns false where the instruction is over; else s.a is a number, `special` tells
 * whether it is a zero, or a NaN in s.result, and `sine` and `cosine` are set where it is neither.
 */
const Argument = { over: 0, ordinary: 1, zero: 2, notANumber: 3 } as const;
type Argument = (typeof Argument)[keyof typeof Argument];

function trigonometricArgument(s: X87State, pushes: boolean): Argument {
  s.status &= ~C2;
  if (s.isEmpty(0)) {
    if (s.stackFault(0)) {
      s.writeIndefinite(0);
      if (pushes) {
        setIndefinite(s.result);
        s.push(s.result);
      }
    }
    return Argument.over;
  }
  if (pushes && !s.isEmpty(7)) {
    if (s.stackFault(C1)) {
      s.writeIndefinite(0);
      setIndefinite(s.result);
      s.push(s.result);
    }
    return Argument.over;
  }
  const env = s.begin();
  s.read(0, s.a);
  const kind = kindOf(s.a);
  if (kind > Kind.infinity) {
    propagate(env, s.a, s.a, kind, kind, s.result);
    return Argument.notANumber;
  }
  if (kind === Kind.infinity) {
    invalid(env, s.result);
    return Argument.notANumber;
  }
  if (kind === Kind.zero) return Argument.zero;
  if (s.a.exponent >= BIAS + 63) {
    s.status = (s.status & ~C1) | C2;
    return Argument.over;
  }
  operand(env, a, s.a, kind);
  if (!env.suppressed()) sineAndCosine(a);
  return Argument.ordinary;
}

/** Rounds `x`, which may be zero. */
function roundOrZero(env: Environment, x: Wide, out: Float80): void {
  if (x.isZero) setZero(out, 0);
  else roundWide(env, x, out);
}

function sineOrCosine(s: X87State, wantsSine: boolean): void {
  const argumentKind = trigonometricArgument(s, false);
  const env = s.env;
  if (argumentKind === Argument.over) return;
  if (argumentKind === Argument.zero) {
    if (wantsSine) copy(s.result, s.a);
    else set(s.result, 0, BIAS, INTEGER_BIT, 0);
  } else if (argumentKind === Argument.ordinary && !env.suppressed()) roundOrZero(env, wantsSine ? sine : cosine, s.result);
  if (s.finish()) s.write(0, s.result);
}

export function fsin(s: X87State): void {
  sineOrCosine(s, true);
}

export function fcos(s: X87State): void {
  sineOrCosine(s, false);
}

/** Sine replaces ST(0), cosine is pushed. */
export function fsincos(s: X87State): void {
  const argumentKind = trigonometricArgument(s, true);
  const env = s.env;
  if (argumentKind === Argument.over) return;
  if (argumentKind === Argument.notANumber) copy(s.b, s.result);
  else if (argumentKind === Argument.zero) {
    copy(s.result, s.a);
    set(s.b, 0, BIAS, INTEGER_BIT, 0);
  } else if (!env.suppressed()) {
    // C1 is the sine's.
    roundOrZero(env, cosine, s.b);
    roundOrZero(env, sine, s.result);
  }
  if (!s.finish()) return;
  s.write(0, s.result);
  s.push(s.b);
}

/** The tangent replaces ST(0), 1.0 is pushed. */
export function fptan(s: X87State): void {
  const argumentKind = trigonometricArgument(s, true);
  const env = s.env;
  if (argumentKind === Argument.over) return;
  set(s.b, 0, BIAS, INTEGER_BIT, 0);
  if (argumentKind === Argument.notANumber) copy(s.b, s.result);
  else if (argumentKind === Argument.zero) copy(s.result, s.a);
  else if (!env.suppressed()) {
    if (wideSmallness(sine) > TINY) wideCopy(quotient, reduced);
    else wideDivide(sine, cosine, quotient);
    roundOrZero(env, quotient, s.result);
  }
  if (!s.finish()) return;
  s.write(0, s.result);
  s.push(s.b);
}

/** A function of ST(0), x, and ST(1), y, neither of which is a NaN or an unsupported number. */
type OfTwo = (env: Environment, x: Float80, y: Float80, kindX: Kind, kindY: Kind, out: Float80) => void;

/** Both operands are consumed, the result replaces ST(1). */
function ofTwo(s: X87State, f: OfTwo): void {
  if (s.isEmpty(0) || s.isEmpty(1)) {
    if (s.stackFault(0)) {
      s.writeIndefinite(1);
      s.pop();
    }
    return;
  }
  s.read(0, s.a);
  s.read(1, s.b);
  const env = s.begin();
  const kindX = kindOf(s.a);
  const kindY = kindOf(s.b);
  if (kindX > Kind.infinity || kindY > Kind.infinity) propagate(env, s.a, s.b, kindX, kindY, s.result);
  else f(env, s.a, s.b, kindX, kindY, s.result);
  if (!s.finish()) return;
  s.write(1, s.result);
  s.pop();
}

/** `quarters` quarters of pi, rounded. */
function quartersOfPi(env: Environment, quarters: number, sign: number, out: Float80): void {
  wideInteger(quotient, quarters);
  wideMultiply(quotient, pi, quotient);
  wideDivideSmall(quotient, 4, quotient);
  if (sign) quotient.sign = -1;
  roundWide(env, quotient, out);
}

/** The angle of the point (ST(0), ST(1)). */
export function fpatan(s: X87State): void {
  ofTwo(s, arctangent);
}

function arctangent(env: Environment, x: Float80, y: Float80, kindX: Kind, kindY: Kind, out: Float80): void {
  operand(env, a, x, kindX);
  operand(env, b, y, kindY);
  if (env.suppressed()) return;
  if (kindY === Kind.infinity) {
    quartersOfPi(env, kindX === Kind.infinity ? (x.sign ? 3 : 1) : 2, y.sign, out);
    return;
  }
  if (kindY === Kind.zero || kindX === Kind.infinity) {
    if (x.sign) quartersOfPi(env, 4, y.sign, out);
    else setZero(out, y.sign);
    return;
  }
  if (kindX === Kind.zero) {
    quartersOfPi(env, 2, y.sign, out);
    return;
  }
  wideFloat80(numerator, b);
  wideFloat80(denominator, a);
  numerator.sign = 1;
  denominator.sign = 1;
  const steep = b.exponent !== a.exponent ? b.exponent > a.exponent : b.high !== a.high ? b.high > a.high : b.low > a.low;
  if (steep) arctangentOfRatio(denominator, numerator, quotient);
  else arctangentOfRatio(numerator, denominator, quotient);
  if (steep || x.sign) {
    // pi/2 - t for steep points, pi - t for flat ones on the left, pi/2 + t for steep ones there.
    if (!(steep && x.sign)) quotient.sign = -1;
    wideInteger(term, steep ? 2 : 4);
    wideMultiply(term, pi, term);
    wideDivideSmall(term, 4, term);
    wideAdd(quotient, term, quotient);
  }
  if (y.sign) quotient.sign = -1;
  roundWide(env, quotient, out);
}

/** ST(1) * log2(ST(0)). */
export function fyl2x(s: X87State): void {
  ofTwo(s, logarithm);
}

function logarithm(env: Environment, x: Float80, y: Float80, kindX: Kind, kindY: Kind, out: Float80): void {
  if (kindX === Kind.zero) {
    if (kindY === Kind.zero) invalid(env, out);
    else {
      if (kindY !== Kind.infinity) env.raised |= ZE;
      setInfinity(out, y.sign ^ 1);
    }
    return;
  }
  if (x.sign) {
    invalid(env, out);
    return;
  }
  const isOne = kindX === Kind.normal && x.exponent === BIAS && x.high === INTEGER_BIT && x.low === 0;
  if ((kindX === Kind.infinity && (kindY === Kind.zero || x.sign)) || (kindY === Kind.infinity && isOne)) {
    invalid(env, out);
    return;
  }
  operand(env, a, x, kindX);
  operand(env, b, y, kindY);
  if (env.suppressed()) return;
  const negative = kindX !== Kind.infinity && a.exponent < BIAS ? 1 : 0;
  if (kindX === Kind.infinity || kindY === Kind.infinity) {
    setInfinity(out, y.sign ^ negative);
    return;
  }
  if (kindY === Kind.zero || isOne) {
    setZero(out, y.sign ^ negative);
    return;
  }
  if (a.high === INTEGER_BIT && a.low === 0) {
    // A power of two: exact but for the multiplication.
    fromInteger(a.exponent - BIAS, a.exponent < BIAS ? -1 : 0, a);
    const precision = env.precision;
    env.precision = 64;
    multiply(env, a, y, out);
    env.precision = precision;
    inexact(env);
    if (out.exponent === 0) env.raised |= UE;
    return;
  }
  wideFloat80(numerator, a);
  wideLogarithm(numerator, cosine);
  wideFloat80(term, b);
  wideMultiply(cosine, term, cosine);
  roundWide(env, cosine, out);
}

/** ST(1) * log2(ST(0) + 1). */
export function fyl2xp1(s: X87State): void {
  ofTwo(s, logarithmPlusOne);
}

function logarithmPlusOne(env: Environment, x: Float80, y: Float80, kindX: Kind, kindY: Kind, out: Float80): void {
  if ((kindX === Kind.infinity && (kindY === Kind.zero || x.sign)) || (kindX === Kind.zero && kindY === Kind.infinity)) {
    invalid(env, out);
    return;
  }
  operand(env, a, x, kindX);
  operand(env, b, y, kindY);
  if (env.suppressed()) return;
  const sign = x.sign ^ y.sign;
  if (kindX === Kind.infinity || kindY === Kind.infinity) {
    setInfinity(out, sign);
    return;
  }
  if (kindX === Kind.zero || kindY === Kind.zero) {
    setZero(out, sign);
    return;
  }
  if (x.sign && a.exponent >= BIAS) {
    // At and below -1 the result is undefined: the silicon leaves the operand.
    copy(out, x);
    inexact(env);
    return;
  }
  wideFloat80(numerator, a);
  if (a.exponent < BIAS - 1) {
    wideInteger(term, 2);
    wideAdd(numerator, term, denominator);
    logarithmOfRatio(numerator, denominator, cosine);
  } else {
    wideAdd(numerator, one, numerator);
    wideLogarithm(numerator, cosine);
  }
  wideFloat80(term, b);
  wideMultiply(cosine, term, cosine);
  roundWide(env, cosine, out);
}
