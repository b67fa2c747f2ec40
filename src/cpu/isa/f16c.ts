/** F16C: binary16 in memory and registers, computed with as binary32 (SDM volume 1, 14.4). */

import { both, inexactIsSilent, packed } from "./float.ts";
import type { PackedLane } from "./float.ts";
import { insn } from "./insn.ts";
import type { Insn } from "./insn.ts";
import type { Op, V } from "./ops.ts";
import { requires } from "./requires.ts";
import { MXCSR } from "../state.ts";
import { zeroExtended } from "./sse-integer.ts";

const EXPONENT = 0x7c00;
/** Between the exponents of the two formats, and the widths of their fractions. */
const BIAS = 112;
const SHIFT = 13;

/** Four elements by operators of i32x4. */
class Dwords {
  readonly op: Op;

  constructor(op: Op) {
    this.op = op;
  }

  f(operation: string, a: V, b: V): V {
    return this.op.x(`i32x4.${operation}`, a, b);
  }

  splat(value: number): V {
    return this.op.x("i32x4.splat", this.op.i32(value));
  }

  and(a: V, mask: number): V {
    return this.op.x("v128.and", a, this.splat(mask));
  }

  or(a: V, b: V): V {
    return this.op.x("v128.or", a, b);
  }

  shift(operation: "shl" | "shr_u", a: V, count: number): V {
    return this.op.x(`i32x4.${operation}`, a, this.op.i32(count));
  }
}

/** Exact. Denormals become normal, whatever DAZ says; NaNs are the helper's. */
function widened(op: Op): PackedLane {
  const d = new Dwords(op);
  const halves = zeroExtended(op, op.get(1));
  const dwords = op.x("i32x4.extend_low_i16x8_u", halves);
  const magnitude = d.and(dwords, 0x7fff);
  const shifted = d.shift("shl", magnitude, SHIFT);
  const finite = op.x("f32x4.mul", shifted, op.x("f32x4.splat", op.f32(2 ** BIAS)));
  const infinite = d.f("eq", magnitude, d.splat(EXPONENT));
  const size = d.or(finite, d.and(infinite, 0x7f80_0000));
  return {
    result: d.or(size, d.shift("shl", d.and(dwords, 0x8000), 16)),
    operands: [halves],
    usual: [d.f("le_s", magnitude, d.splat(EXPONENT))],
  };
}

export const fromHalves: readonly Insn[] = requires("f16c", [
  insn(
    "vcvtph2ps",
    ["VEX.128.66.0F38.W0 13 /r | Vdq, Wq", "VEX.256.66.0F38.W0 13 /r | Vqq, Wdq"],
    { faults: true, view: "Vdq, Wq" },
    (op) => op.setParts(0, packed(op, { helper: "sse cvtph2ps" }, widened)),
  ),
]);

/** The largest of binary16, and the smallest normal number. */
const GREATEST = 0x477f_e000;
const LEAST = 0x3880_0000;

/** Rounded to nearest even, in the low half: zeros, and what lies between the normal numbers. */
function narrowed(op: Op): PackedLane {
  const d = new Dwords(op);
  const source = op.vector(1);
  const magnitude = d.and(source, 0x7fff_ffff);
  const odd = d.and(d.shift("shr_u", magnitude, SHIFT), 1);
  const nearest = d.shift("shr_u", d.f("add", d.f("add", magnitude, odd), d.splat((1 << (SHIFT - 1)) - 1)), SHIFT);
  const normal = d.f("ge_u", magnitude, d.splat(LEAST));
  const zero = d.f("eq", magnitude, op.v128([]));
  const size = op.x("v128.and", d.f("sub", nearest, d.splat(BIAS << 10)), normal);
  const halves = d.or(size, d.and(d.shift("shr_u", source, 16), 0x8000));
  return {
    result: op.x("i16x8.narrow_i32x4_u", halves, op.v128([])),
    operands: [source],
    usual: [d.or(normal, zero), d.f("le_u", magnitude, d.splat(GREATEST))],
    exact: [d.f("eq", d.and(source, (1 << SHIFT) - 1), op.v128([]))],
  };
}

export const toHalves: readonly Insn[] = requires("f16c", [
  insn(
    "vcvtps2ph",
    ["VEX.128.66.0F3A.W0 1D /r | Wq, Vdq, Ib", "VEX.256.66.0F3A.W0 1D /r | Wdq, Vqq, Ib"],
    { faults: true, view: "Wq, Vdq, Ib" },
    (op) => {
      op.reserve(0);
      const imm = op.get(2);
      const fromControl = op.shr(op.state(MXCSR, 32), op.const(13));
      const mode = op.select(op.eqz(op.and(imm, op.const(4))), imm, fromControl);
      const silent = both(op, inexactIsSilent(op, false), op.eqz(op.and(mode, op.const(3))));
      const [low, high] = packed(op, { helper: "sse cvtps2ph", operand: op.x("i32.wrap_i64", imm), silent }, narrowed);
      if (low === undefined) throw new Error("no lane");
      if (high !== undefined) op.setParts(0, [op.shuffle(low, high, [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23])]);
      else if (op.isMemory(0)) op.set(0, op.lane("i64x2.extract_lane", 0, low));
      else op.setParts(0, [low]);
    },
  ),
]);
