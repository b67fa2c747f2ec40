/** SSSE3 (SDM volume 1, 5.8), on MMX and vector registers. */

import { insn } from "./insn.ts";
import type { Insn } from "./insn.ts";
import { mmx, setMmx } from "./mmx-state.ts";
import { mmxInsn } from "./mmx.ts";
import type { Op, V } from "./ops.ts";
import { requires } from "./requires.ts";
import { IOTA, mmxRow, vectorRow, words } from "./sse-integer.ts";
import type { Binary } from "./sse-integer.ts";

const vectorShuffle: Binary = (op, a, b) => op.x("i8x16.swizzle", a, op.x("v128.and", b, op.v128(IOTA.map(() => 0x8f))));
const mmxShuffle: Binary = (op, a, b) => op.x("i8x16.swizzle", a, op.x("v128.and", b, op.v128(IOTA.map(() => 0x87))));

/** Lanes of `bytes` bytes with even (or odd) numbers, first of one operand, then of the other; `count` lanes of each operand. */
function alternate(bytes: number, count: number, odd: boolean): number[] {
  const lanes: number[] = [];
  for (const operand of [0, 16]) {
    for (let i = odd ? 1 : 0; i < count; i += 2) for (let k = 0; k < bytes; k++) lanes.push(operand + i * bytes + k);
  }
  return lanes;
}

/** Neighbours combined: of MMX operands the low halves give the low half. */
function horizontal(mnemonic: string, opcode: string, operator: string): Insn[] {
  const bytes = operator.startsWith("i16x8") ? 2 : 4;
  const combine =
    (size: 8 | 16): Binary =>
    (op, a, b) => {
      const lanes = (odd: boolean): number[] => {
        const chosen = alternate(bytes, size / bytes, odd);
        return size === 16 ? chosen : [...chosen, ...chosen];
      };
      return op.x(operator, op.shuffle(a, b, lanes(false)), op.shuffle(a, b, lanes(true)));
    };
  return [vectorRow(mnemonic, `38 ${opcode}`, combine(16)), mmxRow(mnemonic, `38 ${opcode}`, combine(8))];
}

function both(mnemonic: string, opcode: string, f: Binary): Insn[] {
  return [vectorRow(mnemonic, `38 ${opcode}`, f), mmxRow(mnemonic, `38 ${opcode}`, f)];
}

/** Unsigned bytes of `a` times signed bytes of `b`; neighbours added with saturation. Each product fits 16 bits. */
const multiplyBytes: Binary = (op, a, b) => {
  const eight = op.i32(8);
  const low = op.x("i16x8.mul", op.x("v128.and", a, op.v128(words(...Array<number>(8).fill(0xff)))), op.x("i16x8.shr_s", op.x("i16x8.shl", b, eight), eight));
  const high = op.x("i16x8.mul", op.x("i16x8.shr_u", a, eight), op.x("i16x8.shr_s", b, eight));
  return op.x("i16x8.add_sat_s", low, high);
};

/** WebAssembly saturates the one product that does not fit, x86 wraps it. */
const multiplyRounded: Binary = (op, a, b) => {
  const least = op.v128(words(...Array<number>(8).fill(0x8000)));
  const wraps = op.x("v128.and", op.x("i16x8.eq", a, least), op.x("i16x8.eq", b, least));
  return op.x("v128.xor", op.x("i16x8.q15mulr_sat_s", a, b), wraps);
};

/** `a` where `b` is positive, -a where it is negative, 0 where it is 0. */
function sign(lanes: string): Binary {
  return (op, a, b) => {
    const zero = op.v128([]);
    const negative = op.x(`${lanes}.lt_s`, b, zero);
    const negated = op.x(`${lanes}.sub`, op.x("v128.xor", a, negative), negative);
    return op.x("v128.andnot", negated, op.x(`${lanes}.eq`, b, zero));
  };
}

/** A byte index vector: each byte's number plus `distance` (an i32). */
function from(op: Op, distance: V): V {
  return op.x("i8x16.add", op.v128(IOTA), op.x("i8x16.splat", distance));
}

function atMost(op: Op, value: V, limit: number): V {
  return op.x("i32.wrap_i64", op.select(op.ltu(value, op.const(limit)), value, op.const(limit)));
}

const LOW_QWORDS = [16, 17, 18, 19, 20, 21, 22, 23, 0, 1, 2, 3, 4, 5, 6, 7];

const palignr: readonly Insn[] = [
  insn("palignr", ["66 0F 3A 0F /r | Vdq, Wdq, Ib"], { aligned: true }, (op) => {
    const low = op.get(1);
    const distance = atMost(op, op.get(2), 32);
    const above = from(op, op.x("i32.sub", distance, op.i32(16)));
    // Each swizzle gives zero for the other's bytes.
    op.setVector(0, op.x("v128.or", op.x("i8x16.swizzle", low, from(op, distance)), op.x("i8x16.swizzle", op.vector(0), above)));
  }),
  mmxInsn("palignr", ["NP 0F 3A 0F /r | Pq, Qq, Ib"], (op) => mmx(op, 1), (op, low) => {
    const joined = op.shuffle(op.vector(0), low, LOW_QWORDS);
    setMmx(op, 0, op.x("i8x16.swizzle", joined, from(op, atMost(op, op.get(2), 16))));
  }),
];

export const ssse3: readonly Insn[] = requires("ssse3", [
  vectorRow("pshufb", "38 00", vectorShuffle),
  mmxRow("pshufb", "38 00", mmxShuffle),
  ...horizontal("phaddw", "01", "i16x8.add"),
  ...horizontal("phaddd", "02", "i32x4.add"),
  ...horizontal("phaddsw", "03", "i16x8.add_sat_s"),
  ...both("pmaddubsw", "04", multiplyBytes),
  ...horizontal("phsubw", "05", "i16x8.sub"),
  ...horizontal("phsubd", "06", "i32x4.sub"),
  ...horizontal("phsubsw", "07", "i16x8.sub_sat_s"),
  ...both("psignb", "08", sign("i8x16")),
  ...both("psignw", "09", sign("i16x8")),
  ...both("psignd", "0A", sign("i32x4")),
  ...both("pmulhrsw", "0B", multiplyRounded),
  ...both("pabsb", "1C", (op, _, b) => op.x("i8x16.abs", b)),
  ...both("pabsw", "1D", (op, _, b) => op.x("i16x8.abs", b)),
  ...both("pabsd", "1E", (op, _, b) => op.x("i32x4.abs", b)),
  ...palignr,
]);
