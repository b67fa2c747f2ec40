/** SSE4.1: integers, blends, insertions and extractions (SDM volume 1, 5.10). */

import { insn } from "./insn.ts";
import type { Insn } from "./insn.ts";
import { element, immediateOfLane, laneMask, withElement } from "./lanes.ts";
import type { Op, V } from "./ops.ts";
import { requires } from "./requires.ts";
import { dwordSelection, dwords, IOTA, vectorRow, zeroExtended } from "./sse-integer.ts";

const aligned = { aligned: true };

function binary(mnemonic: string, opcode: string, operator: string): Insn {
  return vectorRow(mnemonic, `38 ${opcode}`, (op, a, b) => op.x(operator, a, b));
}

/** Sign or zero extension of the low lanes, widening step by step. */
function extension(letters: string, opcode: string, size: string, steps: readonly string[]): Insn[] {
  return [
    ["s", `2${opcode}`],
    ["z", `3${opcode}`],
  ].map(([kind, code]) =>
    insn(`pmov${kind}x${letters}`, [`66 0F 38 ${code} /r | Vdq, W${size}`], {}, (op) => {
      const source = zeroExtended(op, op.get(1));
      op.setVector(0, steps.reduce((value, step) => op.x(`${step}_${kind === "s" ? "s" : "u"}`, value), source));
    }),
  );
}

const BYTES = "i16x8.extend_low_i8x16";
const WORDS = "i32x4.extend_low_i16x8";
const DWORDS = "i64x2.extend_low_i32x4";

/** Lanes of the second operand where those of XMM0 have their top bit set; with VEX, of a fourth operand. */
function variableBlend(mnemonic: string, opcode: string, lanes: string): Insn {
  return insn(mnemonic, [`66 0F 38 ${opcode} /r | Vdq, Wdq, XMM0`], aligned, (op) => {
    const source = op.get(1);
    const mask = op.x(`${lanes}.lt_s`, op.vector(2), op.v128([]));
    op.setVector(0, op.x("v128.bitselect", source, op.vector(0), mask));
  });
}

/** `step`: bits of the immediate that each 128-bit lane has for itself. */
function blend(mnemonic: string, opcode: string, lanes: "i16x8" | "i32x4" | "i64x2", step: number): Insn {
  return insn(mnemonic, [`66 0F 3A ${opcode} /r | Vdq, Wdq, Ib`], aligned, (op) => {
    const source = op.get(1);
    op.setVector(0, op.x("v128.bitselect", source, op.vector(0), laneMask(op, lanes, immediateOfLane(op, op.get(2), step))));
  });
}

/** Sums of the differences of four bytes: a block of the source, by eight places of the destination. */
function sumsOfDifferences(op: Op, a: V, b: V, imm: V): V {
  const offset = (bit: number): V => op.x("i32.wrap_i64", op.mul(op.and(op.shr(imm, op.const(bit)), op.const(bit === 0 ? 3 : 1)), op.const(4)));
  const places = op.x("i8x16.add", op.v128(IOTA), op.x("i8x16.splat", offset(2)));
  const block = offset(0);
  const difference = (k: number): V => {
    const from = op.x("i8x16.swizzle", a, op.x("i8x16.add", places, op.v128(IOTA.map(() => k))));
    const of = op.x("i8x16.swizzle", b, op.x("i8x16.splat", op.x("i32.add", block, op.i32(k))));
    return op.x("i16x8.extend_low_i8x16_u", op.x("i8x16.sub", op.x("i8x16.max_u", from, of), op.x("i8x16.min_u", from, of)));
  };
  const sum = (x: V, y: V): V => op.x("i16x8.add", x, y);
  return sum(sum(difference(0), difference(1)), sum(difference(2), difference(3)));
}

const SWAPPED_PAIRS = [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7];
const SWAPPED_DWORDS = [4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11];

/** The least unsigned word and the first place where it is: minima of value << 16 | place. */
function leastWord(op: Op, source: V): V {
  const keys = (half: string, ...places: number[]): V =>
    op.x("v128.or", op.x("i32x4.shl", op.x(`i32x4.extend_${half}_i16x8_u`, source), op.i32(16)), op.v128(dwords(...places)));
  let least = op.x("i32x4.min_u", keys("low", 0, 1, 2, 3), keys("high", 4, 5, 6, 7));
  for (const lanes of [SWAPPED_PAIRS, SWAPPED_DWORDS]) least = op.x("i32x4.min_u", least, op.shuffle(least, least, lanes));
  return op.x("i32.rotl", op.lane("i32x4.extract_lane", 0, least), op.i32(16));
}

function extract(mnemonic: string, rows: readonly string[], bits: 8 | 16 | 32 | 64): Insn {
  return insn(mnemonic, rows, {}, (op) => op.set(0, element(op, op.vector(1), bits, op.get(2))));
}

function insert(mnemonic: string, rows: readonly string[], lanes: "i8x16" | "i32x4" | "i64x2", last: number): Insn {
  return insn(mnemonic, rows, {}, (op) => {
    const value = op.get(1);
    op.setVector(0, withElement(op, lanes, op.vector(0), value, op.and(op.get(2), op.const(last))));
  });
}

/** `source`: a vector with the dword in every lane. */
function insertSingle(op: Op, source: V): void {
  const imm = op.get(2);
  const place = op.and(op.shr(imm, op.const(4)), op.const(3));
  const here = op.x("i32x4.eq", op.x("i32x4.splat", op.x("i32.wrap_i64", place)), op.v128(dwords(0, 1, 2, 3)));
  const inserted = op.x("v128.bitselect", source, op.vector(0), here);
  op.setVector(0, op.x("v128.andnot", inserted, laneMask(op, "i32x4", imm)));
}

const insertps: readonly Insn[] = [
  insn("insertps", ["66 0F 3A 21 /r mem | Vdq, Md, Ib"], {}, (op) => insertSingle(op, op.x("i32x4.splat", op.x("i32.wrap_i64", op.get(1))))),
  insn("insertps", ["66 0F 3A 21 /r reg | Vdq, Udq, Ib"], {}, (op) => {
    // One lane number four times: bits 7:6 of the immediate.
    const selection = op.mul(op.shr(op.get(2), op.const(6)), op.const(0x55));
    insertSingle(op, op.x("i8x16.swizzle", op.vector(1), dwordSelection(op, selection)));
  }),
];

const EVEN_DWORDS = [0, 1, 2, 3, 8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11];

/** ZF where no bit is set in both of `a` and `b`, CF where none is set in `b` alone; by lanes. */
export function testBits(op: Op, a: readonly V[], b: readonly V[]): void {
  const none = (operator: string): V => {
    const lanes = b.map((v, i) => op.x(operator, v, a[i] ?? v));
    return op.x("i32.eqz", op.x("v128.any_true", lanes.reduce((x, y) => op.x("v128.or", x, y))));
  };
  op.flagsCompare(none("v128.and"), op.i32(0), none("v128.andnot"));
}

const ptest: Insn = insn("ptest", ["66 0F 38 17 /r | Vdq, Wdq"], { ...aligned, writes: "oszapc" }, (op) => {
  testBits(op, op.parts(0), op.parts(1));
});

export const sse41: readonly Insn[] = requires("sse4.1", [
  binary("packusdw", "2B", "i16x8.narrow_i32x4_u"),
  binary("pcmpeqq", "29", "i64x2.eq"),
  binary("pminsb", "38", "i8x16.min_s"),
  binary("pminsd", "39", "i32x4.min_s"),
  binary("pminuw", "3A", "i16x8.min_u"),
  binary("pminud", "3B", "i32x4.min_u"),
  binary("pmaxsb", "3C", "i8x16.max_s"),
  binary("pmaxsd", "3D", "i32x4.max_s"),
  binary("pmaxuw", "3E", "i16x8.max_u"),
  binary("pmaxud", "3F", "i32x4.max_u"),
  binary("pmulld", "40", "i32x4.mul"),
  vectorRow("pmuldq", "38 28", (op, a, b) => op.x("i64x2.extmul_low_i32x4_s", op.shuffle(a, a, EVEN_DWORDS), op.shuffle(b, b, EVEN_DWORDS))),
  vectorRow("phminposuw", "38 41", (op, _, b) => zeroExtended(op, op.bool(leastWord(op, b)))),
  ...extension("bw", "0", "q", [BYTES]),
  ...extension("bd", "1", "d", [BYTES, WORDS]),
  ...extension("bq", "2", "w", [BYTES, WORDS, DWORDS]),
  ...extension("wd", "3", "q", [WORDS]),
  ...extension("wq", "4", "d", [WORDS, DWORDS]),
  ...extension("dq", "5", "q", [DWORDS]),
  variableBlend("pblendvb", "10", "i8x16"),
  variableBlend("blendvps", "14", "i32x4"),
  variableBlend("blendvpd", "15", "i64x2"),
  blend("blendps", "0C", "i32x4", 4),
  blend("blendpd", "0D", "i64x2", 2),
  blend("pblendw", "0E", "i16x8", 0),
  insn("mpsadbw", ["66 0F 3A 42 /r | Vdq, Wdq, Ib"], aligned, (op) => {
    const b = op.get(1);
    op.setVector(0, sumsOfDifferences(op, op.vector(0), b, immediateOfLane(op, op.get(2), 3)));
  }),
  ptest,
  insn("movntdqa", ["66 0F 38 2A /r mem | Vdq, Mdq"], aligned, (op) => op.setVector(0, op.get(1))),
  extract("pextrb", ["66 0F 3A 14 /r mem | Mb, Vdq, Ib", "66 0F 3A 14 /r reg | Rd, Vdq, Ib"], 8),
  extract("pextrw", ["66 0F 3A 15 /r mem | Mw, Vdq, Ib", "66 0F 3A 15 /r reg | Rd, Vdq, Ib"], 16),
  extract("pextrd", ["66 REX.W0 0F 3A 16 /r | Ed, Vdq, Ib"], 32),
  extract("pextrq", ["66 REX.W 0F 3A 16 /r | Eq, Vdq, Ib"], 64),
  extract("extractps", ["66 0F 3A 17 /r | Ed, Vdq, Ib"], 32),
  insert("pinsrb", ["66 0F 3A 20 /r mem | Vdq, Mb, Ib", "66 0F 3A 20 /r reg | Vdq, Rd, Ib"], "i8x16", 15),
  insert("pinsrd", ["66 REX.W0 0F 3A 22 /r | Vdq, Ed, Ib"], "i32x4", 3),
  insert("pinsrq", ["66 REX.W 0F 3A 22 /r | Vdq, Eq, Ib"], "i64x2", 1),
  ...insertps,
]);
