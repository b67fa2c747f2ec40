/**
 * Floating-point results as x86 has them on every host: where WebAssembly leaves the bits of a NaN open, they are chosen here.
 * A NaN operand wins, the first if both are, made quiet; without one the result is the default NaN (SDM volume 1, table 4-7).
 */

import type { Op, V } from "./ops.ts";

export type FloatBits = 32 | 64;

export function floatType(bits: FloatBits): "f32" | "f64" {
  return bits === 32 ? "f32" : "f64";
}

function floatOf(op: Op, bits: FloatBits, pattern: bigint): V {
  if (bits === 64) return op.x("f64.reinterpret_i64", op.const(pattern));
  return op.x("f32.reinterpret_i32", op.i32(Number(BigInt.asIntN(32, pattern))));
}

const DEFAULT_NAN = { 32: 0xffc00000n, 64: 0xfff8000000000000n } as const;
const QUIET = { 32: 0x00400000n, 64: 0x0008000000000000n } as const;

function quiet(op: Op, bits: FloatBits, a: V): V {
  if (bits === 64) return op.x("f64.reinterpret_i64", op.or(op.x("i64.reinterpret_f64", a), op.const(QUIET[64])));
  return op.x("f32.reinterpret_i32", op.x("i32.or", op.x("i32.reinterpret_f32", a), op.i32(Number(QUIET[32]))));
}

/** `r`, computed from `a` (and `b`), with x86's bits where it is NaN. */
export function settleScalar(op: Op, bits: FloatBits, r: V, a: V, b?: V): V {
  const type = floatType(bits);
  const result = op.variable(r);
  op.if(op.x(`${type}.ne`, r, r), () => {
    let nan = floatOf(op, bits, DEFAULT_NAN[bits]);
    if (b !== undefined) nan = op.select(op.x(`${type}.ne`, b, b), quiet(op, bits, b), nan);
    op.assign(result, op.select(op.x(`${type}.ne`, a, a), quiet(op, bits, a), nan));
  });
  return op.read(result);
}

function splat(op: Op, bits: FloatBits, pattern: bigint): V {
  const bytes: number[] = [];
  for (let i = 0; i < 16; i++) bytes.push(Number((pattern >> BigInt((8 * i) % bits)) & 0xffn));
  return op.v128(bytes);
}

/** The same for all lanes of a vector. */
export function settlePacked(op: Op, bits: FloatBits, r: V, a: V, b?: V): V {
  const ne = bits === 32 ? "f32x4.ne" : "f64x2.ne";
  const result = op.variable(r);
  const wrong = op.x(ne, r, r);
  op.if(op.x("v128.any_true", wrong), () => {
    const quietBit = splat(op, bits, QUIET[bits]);
    let nan = splat(op, bits, DEFAULT_NAN[bits]);
    if (b !== undefined) nan = op.x("v128.bitselect", op.x("v128.or", b, quietBit), nan, op.x(ne, b, b));
    nan = op.x("v128.bitselect", op.x("v128.or", a, quietBit), nan, op.x(ne, a, a));
    op.assign(result, op.x("v128.bitselect", nan, r, wrong));
  });
  return op.read(result);
}
