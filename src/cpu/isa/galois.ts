/** Arithmetic on bytes as polynomials over GF(2), modulo x^8 + x^4 + x^3 + x + 1 (FIPS 197, 4), in all lanes of a vector. */

import type { Op, V } from "./ops.ts";

/** Twice each byte: reduced where its top bit was set. */
export function doubled(op: Op, value: V): V {
  const overflow = op.x("i8x16.lt_s", value, op.v128([]));
  const reduction = op.x("v128.and", overflow, op.x("i8x16.splat", op.i32(0x1b)));
  return op.x("v128.xor", op.x("i8x16.add", value, value), reduction);
}

/** Tables of 256 bytes. */
export interface ByteTables {
  /** The inverse of each byte, 0 for 0. */
  readonly inverse: readonly number[];
  /** SubBytes and InvSubBytes (FIPS 197, 5.1.1 and 5.3.2). */
  readonly substitution: readonly number[];
  readonly inverseSubstitution: readonly number[];
}

let made: ByteTables | undefined;

/** Made when they are first asked for. */
export function byteTables(): ByteTables {
  made ??= makeTables();
  return made;
}

function makeTables(): ByteTables {
  // The powers of 3 are all bytes but 0.
  const powers: number[] = [];
  for (let i = 0, x = 1; i < 255; i++) {
    powers.push(x);
    x ^= (x << 1) ^ ((x & 0x80) === 0 ? 0 : 0x11b);
  }
  const inverse = Array<number>(256).fill(0);
  powers.forEach((x, i) => (inverse[x] = powers[(255 - i) % 255] ?? 0));
  const substitution = inverse.map((x) => {
    let r = 0x63;
    for (let i = 0; i < 5; i++) r ^= ((x << i) | (x >> (8 - i))) & 0xff;
    return r;
  });
  const inverseSubstitution = Array<number>(256).fill(0);
  substitution.forEach((x, i) => (inverseSubstitution[x] = i));
  return { inverse, substitution, inverseSubstitution };
}

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
