/** SSE conversions, exact for every MXCSR: see arithmetic.ts. */

import { Float80, Kind, kindOf } from "../x87/float80.ts";
import { fromInteger as integerToFloat80, stored, toInteger as float80ToInteger, toIntegral } from "../x87/convert.ts";
import type { Environment } from "./environment.ts";
import { Flag } from "./environment.ts";
import type { Format, Operand } from "./operand.ts";
import { flush, isNaN, putInfinity, putNaN, putZero, take } from "./operand.ts";
import { put, result } from "./rounding.ts";

/** To the other format. */
export function convert(to: Format, x: Operand, env: Environment): void {
  if (isNaN(x)) {
    if (x.kind === Kind.signalingNaN) env.raised |= Flag.IE;
    putNaN(to, x);
    return;
  }
  take(x, env);
  putNumber(to, x, x.kind, env);
}

function putNumber(to: Format, x: Float80, kind: Kind, env: Environment): void {
  if (kind === Kind.infinity) putInfinity(to, x.sign);
  else if (kind === Kind.zero) putZero(to, x.sign);
  else put(to, env, x.sign, x.exponent, x.high, x.low, 0);
}

/** To a signed integer of `bits`; the integer indefinite where there is none. DE is not raised. */
export function toInteger(x: Operand, bits: 32 | 64, rounding: number, env: Environment): void {
  if (x.denormal && env.denormalsAreZero) flush(x);
  float80ToInteger(env, x, bits, rounding);
  result.high = stored.high;
  result.low = stored.low;
}

const rounded: Float80 = new Float80();

/** To an integral value of the same format. PE only where `precise`; denormals are no exception, zeros with DAZ. */
export function roundToIntegral(f: Format, x: Operand, rounding: number, precise: boolean, env: Environment): void {
  if (isNaN(x)) {
    convert(f, x, env);
    return;
  }
  if (x.denormal && env.denormalsAreZero) flush(x);
  if (x.kind !== Kind.normal) {
    putNumber(f, x, x.kind, env);
    return;
  }
  const { rounding: control } = env;
  env.rounding = rounding;
  toIntegral(env, x, rounded);
  env.rounding = control;
  if (!precise) env.raised &= ~Flag.PE;
  putNumber(f, rounded, kindOf(rounded), env);
}

/** A signed integer of 64 bits. */
export function fromInteger(f: Format, high: number, low: number, env: Environment): void {
  integerToFloat80(low, high, rounded);
  putNumber(f, rounded, kindOf(rounded), env);
}
