/** Lanes chosen at run time: by bits of an immediate, by number. */

import type { Op, V } from "./ops.ts";
import { dwords, words } from "./sse-integer.ts";

const WEIGHTS: Readonly<Record<"i16x8" | "i32x4" | "i64x2", readonly number[]>> = {
  i16x8: words(1, 2, 4, 8, 16, 32, 64, 128),
  i32x4: dwords(1, 2, 4, 8),
  i64x2: [1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0],
};

/** The immediate from the first bit of the 128-bit lane on: each has `step` bits. */
export function immediateOfLane(op: Op, imm: V, step: number): V {
  const from = step * op.laneNumber;
  return from === 0 ? imm : op.shr(imm, op.const(from));
}

/** All ones in each lane whose bit of `chosen` (an i64) is set. */
export function laneMask(op: Op, lanes: "i16x8" | "i32x4" | "i64x2", chosen: V): V {
  const value = lanes === "i64x2" ? chosen : op.x("i32.wrap_i64", chosen);
  const weights = op.v128(WEIGHTS[lanes]);
  return op.x(`${lanes}.eq`, op.x("v128.and", op.x(`${lanes}.splat`, value), weights), weights);
}

/** Element of `bits` bits at `position` (taken modulo their number), zero-extended. */
export function element(op: Op, source: V, bits: 8 | 16 | 32 | 64, position: V): V {
  const inHalf = 64 / bits;
  const low = op.lane("i64x2.extract_lane", 0, source);
  const high = op.lane("i64x2.extract_lane", 1, source);
  const half = op.select(op.eqz(op.and(position, op.const(inHalf))), low, high);
  if (bits === 64) return half;
  return op.zext(op.shr(half, op.mul(op.and(position, op.const(inHalf - 1)), op.const(bits))), bits);
}

const NUMBERS: Readonly<Record<"i8x16" | "i32x4" | "i64x2", readonly number[]>> = {
  i8x16: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  i32x4: dwords(0, 1, 2, 3),
  i64x2: [0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0],
};

/** `target` with `value` (an i64) in the lane of number `position` (below the number of lanes). */
export function withElement(op: Op, lanes: "i8x16" | "i32x4" | "i64x2", target: V, value: V, position: V): V {
  const splat = (v: V): V => op.x(`${lanes}.splat`, lanes === "i64x2" ? v : op.x("i32.wrap_i64", v));
  return op.x("v128.bitselect", splat(value), target, op.x(`${lanes}.eq`, splat(position), op.v128(NUMBERS[lanes])));
}
