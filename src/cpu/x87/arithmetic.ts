/**
 * Add, subtract, multiply, divide and square root on 80-bit reals (SDM volume 1, 4.8 and 4.9; volume 2, FADD, FSUB, FMUL, FDIV, FSQRT).
 * Every function takes its operands unchanged, leaves the result in `out` and its exceptions in `env`. `out` may be an operand.
 * When an unmasked IE, DE or ZE is raised `out` means nothing.
 */

import { BIAS, Float80, Kind, compareHalves, copy, kindOf, normalise, quiet, setIndefinite, setInfinity, setZero } from "./float80.ts";
import type { Environment } from "./rounding.ts";
import { DE, IE, Rounding, ZE, round } from "./rounding.ts";
import { difference, product, quotient, root, significand, sum } from "./significand.ts";

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
  const distance = large.exponent - small.exponent;
  if (a.sign === b.sign) sum(large.high, large.low, small.high, small.low, distance);
  else difference(large.high, large.low, small.high, small.low, distance);
  if (significand.high === 0) setZero(out, env.rounding === Rounding.down ? 1 : 0);
  else finish(env, out, large.sign, large.exponent);
}

/** Rounds what {@link significand} holds. */
function finish(env: Environment, out: Float80, sign: number, exponent: number): void {
  round(env, out, sign, exponent + significand.shift, significand.high, significand.low, significand.extra);
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
  product(a.high, a.low, b.high, b.low);
  finish(env, out, sign, a.exponent + b.exponent - BIAS);
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
  quotient(a.high, a.low, b.high, b.low);
  finish(env, out, sign, a.exponent - b.exponent + BIAS);
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
  root(a.high, a.low, unbiased);
  finish(env, out, 0, (unbiased >> 1) + BIAS);
}
