/** Rounding to binary32 and binary64, and the exceptions of results (SDM volume 1, 4.8.4 and 4.9.1). */

import { narrow, narrowed } from "../x87/rounding.ts";
import { significand } from "../x87/significand.ts";
import type { Environment } from "./environment.ts";
import { Flag } from "./environment.ts";
import type { Format } from "./operand.ts";
import { putZero } from "./operand.ts";

/** Operations leave the pattern of their result here, binary32 and 32-bit integers in `low`. */
export const result: { high: number; low: number } = narrowed;

/** The nearest pattern by MXCSR.RC of a normalised number with 32 more bits, the last sticky. Raises PE, UE, OE. */
export function put(f: Format, env: Environment, sign: number, exponent: number, high: number, low: number, extra: number): void {
  const stored = narrow(env, sign, exponent, high, low, extra, f.precision);
  if (narrowed.tiny && env.flushToZero) {
    env.raised |= Flag.UE | Flag.PE;
    putZero(f, sign);
  } else if (!stored && narrowed.inexact) {
    // Where underflow or overflow traps, PE tells of the result with unbounded exponent.
    env.raised |= Flag.PE;
  }
}

/** {@link put} of what the arithmetic of significands left. */
export function putSignificand(f: Format, env: Environment, sign: number, exponent: number): void {
  put(f, env, sign, exponent + significand.shift, significand.high, significand.low, significand.extra);
}
