/** AVX and AVX2 shuffles, permutations, broadcasts and halves of registers (SDM volume 1, 5.13 and 5.14). */

import { insn } from "./insn.ts";
import type { Insn, Semantics } from "./insn.ts";
import type { Op, V } from "./ops.ts";
import { requires } from "./requires.ts";
import * as logic from "./sse-float.ts";
import { dwordIndices, dwords, IOTA, pshufd } from "./sse-integer.ts";
import * as move from "./sse-move.ts";
import { testBits } from "./sse41.ts";
import { bothLengths, vex3 } from "./vex.ts";

const both = { wide: "avx" } as const;

export const avxShuffles: readonly Insn[] = vex3(
  [
    move.unpcklps, move.unpckhps, move.unpcklpd, move.unpckhpd, move.shufps, move.shufpd,
    logic.andFloat, logic.andnFloat, logic.orFloat, logic.xorFloat,
  ],
  both,
);

/** In each 128-bit lane. */
function laned(mnemonic: string, row: string, view: string, semantics: Semantics): Insn {
  return insn(mnemonic, bothLengths(row), { view }, semantics);
}

/** Bit 1 of each element of the control chooses a qword. */
function qwordsByControl(op: Op, source: V, control: V): V {
  const high = op.x("i64x2.shr_s", op.x("i64x2.shl", control, op.i32(62)), op.i32(63));
  const splat = (lane: number): V => op.x("i64x2.splat", op.lane("i64x2.extract_lane", lane, source));
  return op.x("v128.bitselect", splat(1), splat(0), high);
}

const inLanes: readonly Insn[] = [
  laned("vpermilps", "VEX.L.66.0F38.W0 0C /r | Vx, Hx, Wx", "Vdq, Wdq", (op) => {
    const control = op.x("v128.and", op.vector(1), op.v128(dwords(3, 3, 3, 3)));
    op.setVector(0, op.x("i8x16.swizzle", op.vector(0), dwordIndices(op, control)));
  }),
  laned("vpermilpd", "VEX.L.66.0F38.W0 0D /r | Vx, Hx, Wx", "Vdq, Wdq", (op) => {
    const control = op.vector(1);
    op.setVector(0, qwordsByControl(op, op.vector(0), control));
  }),
  laned("vpermilps", "VEX.L.66.0F3A.W0 04 /r | Vx, Wx, Ib", "Vdq, Wdq, Ib", pshufd.semantics),
  laned("vpermilpd", "VEX.L.66.0F3A.W0 05 /r | Vx, Wx, Ib", "Vdq, Wdq, Ib", (op) => {
    const source = op.vector(1);
    op.setVector(0, move.pickQwords(op, source, source, op.get(2)));
  }),
];

/** Bytes of 32 by their numbers: each swizzle gives zero for the other half's. */
function bytesOfBoth(op: Op, [low, high]: readonly V[], numbers: V): V {
  const above = op.x("i8x16.sub", numbers, op.v128(IOTA.map(() => 16)));
  return op.x("v128.or", op.x("i8x16.swizzle", low ?? numbers, numbers), op.x("i8x16.swizzle", high ?? numbers, above));
}

/** Dwords of operand 2 by the low three bits of those of operand 1. */
function permuteDwords(op: Op): void {
  const source = op.parts(2);
  const numbers = op.parts(1).map((part) => dwordIndices(op, op.x("v128.and", part, op.v128(dwords(7, 7, 7, 7)))));
  op.setParts(0, numbers.map((part) => bytesOfBoth(op, source, part)));
}

const QWORD_FACTORS = [4, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0];
const BYTES_OF_QWORD = IOTA.map((i) => i & 7);

/** Qwords of operand 1, each by two bits of the immediate. */
function permuteQwords(op: Op): void {
  const source = op.parts(1);
  const imm = op.get(2);
  op.setParts(
    0,
    source.map((_, lane) => {
      const spread = op.x("i64x2.mul", op.x("i64x2.splat", lane === 0 ? imm : op.shr(imm, op.const(4 * lane))), op.v128(QWORD_FACTORS));
      const number = op.x("v128.and", op.x("i64x2.shr_u", spread, op.i32(2)), op.x("i64x2.splat", op.const(3)));
      const first = op.x("i64x2.mul", number, op.x("i64x2.splat", op.const(0x0808080808080808n)));
      return bytesOfBoth(op, source, op.x("i64x2.add", first, op.v128(BYTES_OF_QWORD)));
    }),
  );
}

function bit(op: Op, value: V, mask: number): V {
  return op.ne(op.and(value, op.const(mask)), op.const(0));
}

/** Each half is one of the four halves of both sources, or zero: four bits of the immediate. */
function permuteHalves(op: Op): void {
  const halves = [...op.parts(2), ...op.parts(1)];
  const imm = op.get(3);
  const [c0, c1, a0, a1] = halves as [V, V, V, V];
  const half = (shift: number): V => {
    const number = (mask: number): V => bit(op, imm, mask << shift);
    const chosen = op.select(number(2), op.select(number(1), c1, c0), op.select(number(1), a1, a0));
    return op.select(number(8), op.v128([]), chosen);
  };
  op.setParts(0, [half(0), half(4)]);
}

function insertHalf(op: Op): void {
  const half = op.vector(2);
  const upper = bit(op, op.get(3), 1);
  op.setParts(0, [op.select(upper, op.part(1, 0), half), op.select(upper, half, op.part(1, 1))]);
}

function extractHalf(op: Op): void {
  op.set(0, op.select(bit(op, op.get(2), 1), op.part(1, 1), op.part(1, 0)));
}

/** Every 128-bit lane. */
function fill(op: Op, value: V): void {
  op.setParts(0, Array.from({ length: op.lanes }, () => value));
}

function element(op: Op): void {
  const bits = op.size(1);
  const value = op.get(1);
  const [name, wide] = { 8: ["i8x16", false], 16: ["i16x8", false], 32: ["i32x4", false], 64: ["i64x2", true] }[bits] as [string, boolean];
  fill(op, op.x(`${name}.splat`, wide ? value : op.x("i32.wrap_i64", value)));
}

/** ZF and CF of the elements' signs. */
function testSigns(signs: readonly number[]): Semantics {
  return (op) => testBits(op, op.parts(0), op.parts(1).map((v) => op.x("v128.and", v, op.v128(signs))));
}

const flags = { writes: "oszapc" };

export const avxPermutations: readonly Insn[] = requires("avx", [
  ...inLanes,
  insn("vperm2f128", ["VEX.256.66.0F3A.W0 06 /r | Vqq, Hqq, Wqq, Ib"], {}, permuteHalves),
  insn("vinsertf128", ["VEX.256.66.0F3A.W0 18 /r | Vqq, Hqq, Wdq, Ib"], {}, insertHalf),
  insn("vextractf128", ["VEX.256.66.0F3A.W0 19 /r | Wdq, Vqq, Ib"], {}, extractHalf),
  insn("vbroadcastf128", ["VEX.256.66.0F38.W0 1A /r mem | Vqq, Mdq"], {}, (op) => fill(op, op.get(1))),
  insn("vbroadcastss", bothLengths("VEX.L.66.0F38.W0 18 /r | Vx, Md"), {}, element),
  insn("vbroadcastsd", ["VEX.256.66.0F38.W0 19 /r mem | Vqq, Mq"], {}, element),
  insn("vtestps", bothLengths("VEX.L.66.0F38.W0 0E /r | Vx, Wx"), flags, testSigns(dwords(1, 1, 1, 1).map((_, i) => (i % 4 === 3 ? 0x80 : 0)))),
  insn("vtestpd", bothLengths("VEX.L.66.0F38.W0 0F /r | Vx, Wx"), flags, testSigns(IOTA.map((i) => (i % 8 === 7 ? 0x80 : 0)))),
]);

export const avx2Permutations: readonly Insn[] = requires("avx2", [
  insn("vperm2i128", ["VEX.256.66.0F3A.W0 46 /r | Vqq, Hqq, Wqq, Ib"], {}, permuteHalves),
  insn("vinserti128", ["VEX.256.66.0F3A.W0 38 /r | Vqq, Hqq, Wdq, Ib"], {}, insertHalf),
  insn("vextracti128", ["VEX.256.66.0F3A.W0 39 /r | Wdq, Vqq, Ib"], {}, extractHalf),
  insn("vpermd", ["VEX.256.66.0F38.W0 36 /r | Vqq, Hqq, Wqq"], {}, permuteDwords),
  insn("vpermps", ["VEX.256.66.0F38.W0 16 /r | Vqq, Hqq, Wqq"], {}, permuteDwords),
  insn("vpermq", ["VEX.256.66.0F3A.WIG 00 /r | Vqq, Wqq, Ib"], {}, permuteQwords),
  insn("vpermpd", ["VEX.256.66.0F3A.WIG 01 /r | Vqq, Wqq, Ib"], {}, permuteQwords),
  insn("vbroadcasti128", ["VEX.256.66.0F38.W0 5A /r mem | Vqq, Mdq"], {}, (op) => fill(op, op.get(1))),
  insn("vbroadcastss", bothLengths("VEX.L.66.0F38.W0 18 /r | Vx, Ud"), {}, element),
  insn("vbroadcastsd", ["VEX.256.66.0F38.W0 19 /r reg | Vqq, Uq"], {}, element),
  insn("vpbroadcastb", bothLengths("VEX.L.66.0F38.W0 78 /r | Vx, Wb"), {}, element),
  insn("vpbroadcastw", bothLengths("VEX.L.66.0F38.W0 79 /r | Vx, Ww"), {}, element),
  insn("vpbroadcastd", bothLengths("VEX.L.66.0F38.W0 58 /r | Vx, Wd"), {}, element),
  insn("vpbroadcastq", bothLengths("VEX.L.66.0F38.W0 59 /r | Vx, Wq"), {}, element),
]);
