/** SSE4.1: rounding and dot products (SDM volume 1, 5.10.3 and 5.10.6). */

import { either, inexactIsSilent, Lanes, LARGEST, packed, packedOnce, SMALLEST } from "./float.ts";
import type { FloatBits, PackedHelper, PackedLane } from "./float.ts";
import { insn } from "./insn.ts";
import type { Insn } from "./insn.ts";
import { laneMask } from "./lanes.ts";
import type { Op, V } from "./ops.ts";
import { requires } from "./requires.ts";
import { MXCSR } from "../state.ts";

const aligned = { aligned: true, faults: true };

/** What is done with each lane's source, and how. */
interface Rounded {
  readonly helper: PackedHelper;
  readonly lane: (source: V) => PackedLane;
}

/** To integral values: bits 1:0 of the immediate say how, unless bit 2 refers to MXCSR.RC; with bit 3 nothing is inexact. */
function rounded(op: Op, bits: FloatBits, suffix: string): Rounded {
  const imm = op.get(2);
  const has = (bit: number): V => op.ne(op.and(imm, op.const(bit)), op.const(0));
  const fromControl = op.and(op.shr(op.state(MXCSR, 32), op.const(13)), op.const(3));
  const mode = op.select(has(4), fromControl, op.and(imm, op.const(3)));
  const even = op.eqz(op.and(mode, op.const(1)));
  const silent = either(op, has(8), inexactIsSilent(op, false));
  return {
    helper: { helper: `sse round${suffix}`, operand: op.x("i32.wrap_i64", imm), silent },
    lane: (source) => {
      const l = new Lanes(op, bits);
      const low = op.select(even, l.f("nearest", source), l.f("floor", source));
      const high = op.select(even, l.f("ceil", source), l.f("trunc", source));
      const result = op.select(op.ltu(mode, op.const(2)), low, high);
      return { result, operands: [source], usual: [l.ordinary(source)], exact: [l.f("eq", result, source)] };
    },
  };
}

function vector(suffix: "ps" | "pd", opcode: string): Insn {
  return insn(`round${suffix}`, [`66 0F 3A ${opcode} /r | V${suffix}, W${suffix}, Ib`], aligned, (op) => {
    const { helper, lane } = rounded(op, suffix === "ps" ? 32 : 64, suffix);
    op.setParts(0, packed(op, helper, () => lane(op.get(1))));
  });
}

function scalar(suffix: "ss" | "sd", opcode: string): Insn {
  const bits = suffix === "ss" ? 32 : 64;
  return insn(`round${suffix}`, [`66 0F 3A ${opcode} /r | V${suffix}, W${suffix}, Ib`], { faults: true }, (op) => {
    const source = op.x(bits === 32 ? "f32x4.splat" : "f64x2.splat", op.get(1));
    const { helper, lane } = rounded(op, bits, suffix);
    const r = packedOnce(op, helper, () => lane(source));
    op.set(0, bits === 32 ? op.bool(op.lane("i32x4.extract_lane", 0, r)) : op.lane("i64x2.extract_lane", 0, r));
  });
}

const NEIGHBOURS: Readonly<Record<FloatBits, readonly number[]>> = {
  32: [4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11],
  64: [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7],
};

/** Products of the lanes that bits 7:4 of the immediate choose, summed by pairs; the sum in the lanes that bits 3:0 choose. */
function dotProduct(suffix: "ps" | "pd", opcode: string): Insn {
  const bits = suffix === "ps" ? 32 : 64;
  const lanes = bits === 32 ? "i32x4" : "i64x2";
  return insn(`dp${suffix}`, [`66 0F 3A ${opcode} /r | V${suffix}, W${suffix}, Ib`], aligned, (op) => {
    const imm = op.get(2);
    const helper = { helper: `sse dp${suffix}`, operand: op.x("i32.wrap_i64", imm), silent: inexactIsSilent(op) };
    const lane = (): PackedLane => {
      const source = op.get(1);
      const target = op.vector(0);
      const l = new Lanes(op, bits);
      const factors = laneMask(op, lanes, op.shr(imm, op.const(4)));
      const a = op.x("v128.and", target, factors);
      const b = op.x("v128.and", source, factors);
      const products = l.f("mul", a, b);
      const usual = [
        l.ordinary(a),
        l.ordinary(b),
        l.or(l.large(products), l.or(l.isZero(a), l.isZero(b))),
        l.upTo(products, LARGEST[bits]),
      ];
      let sum = products;
      for (const exchange of bits === 32 ? [NEIGHBOURS[32], NEIGHBOURS[64]] : [NEIGHBOURS[64]]) {
        sum = l.f("add", sum, op.shuffle(sum, sum, exchange));
        usual.push(l.zeroOrFrom(sum, SMALLEST[bits]), l.upTo(sum, LARGEST[bits]));
      }
      return { result: op.x("v128.and", sum, laneMask(op, lanes, imm)), operands: [target, source], usual };
    };
    op.setParts(0, packed(op, helper, lane));
  });
}

export const sse41Float: readonly Insn[] = requires("sse4.1", [
  vector("ps", "08"),
  vector("pd", "09"),
  scalar("ss", "0A"),
  scalar("sd", "0B"),
  dotProduct("ps", "40"),
  dotProduct("pd", "41"),
]);
