/**
 * Comparison and classification (SDM volume 2, FCOM, FUCOM, FCOMI, FTST, FXAM).
 */

import type { Float80 } from "./float80.ts";
import { Kind, compareHalves, kindOf } from "./float80.ts";
import { DE, type Environment, IE } from "./rounding.ts";
import { C0, C1, C2, C3, type X87State } from "./state.ts";

/** Relations as condition codes. */
export const GREATER = 0;
export const LESS: number = C0;
export const EQUAL: number = C3;
export const UNORDERED: number = C0 | C2 | C3;

function compareMagnitudes(x: Float80, y: Float80): number {
  // Pseudo-denormals have the weight of exponent 1.
  const ex = x.exponent === 0 && x.high >= 0x8000_0000 ? 1 : x.exponent;
  const ey = y.exponent === 0 && y.high >= 0x8000_0000 ? 1 : y.exponent;
  return ex === ey ? compareHalves(x.high, x.low, y.high, y.low) : ex - ey;
}

/** Relation of x to y as C3, C2, C0. `quietly`: a QNaN raises nothing (FUCOM). */
export function compare(env: Environment, x: Float80, y: Float80, quietly: boolean): number {
  const kindX = kindOf(x);
  const kindY = kindOf(y);
  if (kindX > Kind.infinity || kindY > Kind.infinity) {
    env.raised &= ~DE;
    if (!quietly || kindX > Kind.quietNaN || kindY > Kind.quietNaN) env.raised |= IE;
    return UNORDERED;
  }
  if (kindX === Kind.denormal || kindY === Kind.denormal) env.raised |= DE;
  if (kindX === Kind.zero && kindY === Kind.zero) return EQUAL;
  if (x.sign !== y.sign) return x.sign ? LESS : GREATER;
  const order = compareMagnitudes(x, y);
  if (order === 0) return EQUAL;
  return order < 0 === (x.sign === 0) ? LESS : GREATER;
}

/** C3, C2, C0 of FXAM by kind. */
const CLASSES: readonly number[] = [C3, C3 | C2, C2, C2 | C0, C0, C0, 0];

/** FXAM: class in C3, C2, C0, sign in C1. */
export function fxam(s: X87State): void {
  s.read(0, s.a);
  const type = s.isEmpty(0) ? C3 | C0 : CLASSES[kindOf(s.a)]!;
  s.setConditions(type | (s.a.sign ? C1 : 0));
}
