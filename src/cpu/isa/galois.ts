/** Arithmetic on bytes as polynomials over GF(2), modulo x^8 + x^4 + x^3 + x + 1 (FIPS 197, 4), in all lanes of a vector. */

import type { Op, V } from "./ops.ts";

/** Twice each byte: reduced where its top bit was set. */
export function doubled(op: Op, value: V): V {
  const overflow = op.x("i8x16.lt_s", value, op.v128([]));
  const reduction = op.x("v128.and", overflow, op.x("i8x16.splat", op.i32(0x1b)));
  return op.x("v128.xor", op.x("i8x16.add", value, value), reduction);
}

function multiplyNumbers(a: number, b: number): number {
  let r = 0;
  for (let i = 7; i >= 0; i--) {
    r = (r << 1) ^ ((r & 0x80) === 0 ? 0 : 0x11b);
    if ((b & (1 << i)) !== 0) r ^= a;
  }
  return r;
}

/** The inverse of each byte, 0 for 0: its 254th power. */
export const INVERSE: readonly number[] = Array.from({ length: 256 }, (_, x) => {
  let r = 1;
  for (let i = 0; i < 254; i++) r = multiplyNumbers(r, x);
  return r;
});

function affine(x: number): number {
  let r = 0x63;
  for (let i = 0; i < 5; i++) r ^= ((x << i) | (x >> (8 - i))) & 0xff;
  return r;
}

/** SubBytes (FIPS 197, 5.1.1) and its inverse. */
export const SUBSTITUTION: readonly number[] = INVERSE.map(affine);
export const INVERSE_SUBSTITUTION: readonly number[] = INVERSE.map((_, x) => SUBSTITUTION.indexOf(x));

/** Each byte through a table of 256: sixteen at a time, where indices that are not of the sixteen give zero. */
export function lookUp(op: Op, table: readonly number[], value: V): V {
  let indices = value;
  let result: V | undefined;
  for (let from = 0; from < 256; from += 16) {
    const part = op.x("i8x16.swizzle", op.v128(table.slice(from, from + 16)), indices);
    result = result === undefined ? part : op.x("v128.or", result, part);
    indices = op.x("i8x16.sub", indices, op.x("i8x16.splat", op.i32(16)));
  }
  return result ?? value;
}

/** Products of bytes. */
export function multiplyBytes(op: Op, a: V, b: V): V {
  const zero = op.v128([]);
  let bits = b;
  let product = zero;
  for (let i = 0; i < 8; i++) {
    const chosen = op.x("i8x16.lt_s", bits, zero);
    product = op.x("v128.xor", i === 0 ? zero : doubled(op, product), op.x("v128.and", a, chosen));
    bits = op.x("i8x16.add", bits, bits);
  }
  return product;
}
