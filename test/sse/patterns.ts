/** Floating-point bit patterns for random tests: every class of value, and the edges between them. */

import fc from "fast-check";
import type { Format } from "../../src/cpu/sse/operand.ts";

/** Bits of `f`'s patterns. */
export function bitsOf(f: Format): { readonly sign: bigint; readonly infinity: bigint; readonly quiet: bigint } {
  const fraction = BigInt(f.precision - 1);
  return { sign: 1n << BigInt(f.bits - 1), infinity: BigInt(f.maximum) << fraction, quiet: 1n << (fraction - 1n) };
}

/** Patterns of `f`: any bits, small exponents, large ones, middling ones with few significand bits, whole numbers, and named edges. */
export function patterns(f: Format): fc.Arbitrary<bigint> {
  const fraction = BigInt(f.precision - 1);
  const { sign, infinity, quiet } = bitsOf(f);
  const fractions = fc.bigInt(0n, (1n << fraction) - 1n);
  const round = fc.bigInt(0n, 15n).map((top) => top << (fraction - 4n));
  const few = fc.oneof(
    fractions,
    round,
    round.map((x) => x | 1n),
  );
  const withExponent = (low: number, high: number) =>
    fc.tuple(fc.boolean(), fc.integer({ min: low, max: high }), few).map(([negative, e, m]) => (negative ? sign : 0n) | (BigInt(e) << fraction) | m);
  const one = BigInt(f.bias) << fraction;
  const integerEdge = (bits: number) => BigInt(f.bias + bits) << fraction;
  const edges = [
    0n,
    1n,
    quiet,
    (1n << fraction) - 1n,
    1n << fraction,
    one,
    one - 1n,
    one + 1n,
    infinity - 1n,
    infinity,
    infinity + 1n,
    infinity | quiet,
    infinity | quiet | 5n,
    integerEdge(31),
    integerEdge(31) - 1n,
    integerEdge(31) + 1n,
    integerEdge(63),
    integerEdge(63) - 1n,
  ];
  const top = 2 * f.bias;
  return fc.oneof(
    fc.bigInt(0n, (1n << BigInt(f.bits)) - 1n),
    withExponent(0, 3),
    withExponent(top - 3, top),
    withExponent(f.bias - 5, f.bias + 70),
    withExponent(f.bias - 30, f.bias + 30),
    // Around the range of binary32.
    withExponent(Math.max(0, f.bias - 152), f.bias - 120),
    withExponent(f.bias + 120, Math.min(top, f.bias + 130)),
    fc.constantFrom(...edges, ...edges.map((x) => x | sign)),
  );
}
