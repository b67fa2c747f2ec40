/**
 * Whether a sum, product, quotient or root is exact: then it raises no PE, also before anything else has. Operands and result are zero or
 * normal, the result is rounded to nearest. What is not known to be exact counts as inexact.
 */

import { both, floatType, Lanes } from "./float.ts";
import type { FloatBits } from "./float.ts";
import type { Op, V } from "./ops.ts";

export type Arithmetic = "add" | "sub" | "mul" | "div" | "sqrt";

/** Zero bits at the end of a binary64's significand, as i64. */
function spare(op: Op, bits: V): V {
  return op.x("i64.ctz", op.or(bits, op.const(1n << 52n)));
}

/** Truth: the product of two binary64, given as patterns, has no more than 53 bits. */
function fits(op: Op, a: V, b: V): V {
  return op.x("i64.gt_u", op.add(spare(op, a), spare(op, b)), op.const(52));
}

/** What a sum or difference lacks (Knuth, TAOCP volume 2, 4.2.2): `f` does an operation of the lanes or numbers. */
function lost(f: (operation: string, a: V, b: V) => V, subtracts: boolean, a: V, b: V, r: V): V {
  const part = f("sub", r, a);
  const first = f("sub", a, f("sub", r, part));
  return subtracts ? f("sub", first, f("add", b, part)) : f("add", first, f("sub", b, part));
}

/** Factors, and what their product must be. */
function productOf<T>(operation: Arithmetic, a: T, b: T, r: T): readonly [T, T, T] {
  return operation === "mul" ? [a, b, r] : operation === "div" ? [r, b, a] : [r, r, b];
}

/** i32 truth for one number; `sqrt` is of `b`. */
export function isExact(op: Op, bits: FloatBits, operation: Arithmetic, a: V, b: V, r: V): V {
  const t = floatType(bits);
  if (operation === "add" || operation === "sub") {
    const rest = lost((name, x, y) => op.x(`${t}.${name}`, x, y), operation === "sub", a, b, r);
    return op.x(`${t}.eq`, rest, bits === 32 ? op.f32(0) : op.f64(0));
  }
  const [x, y, p] = productOf(operation, a, b, r);
  const wide = (value: V): V => (bits === 64 ? value : op.x("f64.promote_f32", value));
  const same = op.x("f64.eq", op.x("f64.mul", wide(x), wide(y)), wide(p));
  const pattern = (value: V): V => op.x("i64.reinterpret_f64", value);
  return bits === 32 ? same : both(op, same, fits(op, pattern(x), pattern(y)));
}

/** i32 truth for all elements of a vector. */
export function areExact(op: Op, bits: FloatBits, operation: Arithmetic, a: V, b: V, r: V): V {
  const l = new Lanes(op, bits);
  if (operation === "add" || operation === "sub") return l.all(l.isZero(lost((name, x, y) => l.f(name, x, y), operation === "sub", a, b, r)));
  const [x, y, p] = productOf(operation, a, b, r);
  if (bits === 64) {
    const element = (value: V, i: number): V => op.lane("i64x2.extract_lane", i, value);
    const fit = [0, 1].map((i) => fits(op, element(x, i), element(y, i)));
    return both(op, l.all(l.f("eq", l.f("mul", x, y), p)), ...fit);
  }
  const upper = [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15];
  const halves = [(value: V): V => value, (value: V): V => op.shuffle(value, value, upper)].map((half) => {
    const wide = (value: V): V => op.x("f64x2.promote_low_f32x4", half(value));
    return op.x("f64x2.eq", op.x("f64x2.mul", wide(x), wide(y)), wide(p));
  });
  return l.all(...halves);
}
