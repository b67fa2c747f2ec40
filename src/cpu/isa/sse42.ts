/** SSE4.2: string comparison, PCMPGTQ and CRC32 (SDM volume 1, 5.11). */

import { insn } from "./insn.ts";
import type { Insn } from "./insn.ts";
import type { Op, V } from "./ops.ts";
import { requires } from "./requires.ts";
import { vectorRow } from "./sse-integer.ts";
import { ARITHMETIC_FLAGS } from "../state.ts";

/** 0x1EDC6F41 reversed: CRC-32C by least significant bits first. */
const POLYNOMIAL = 0x82f63b78;

/** For each bit of a value of `bits` bits, what it contributes to the remainder. */
function contributions(bits: number): number[] {
  const list: number[] = [];
  let remainder = POLYNOMIAL;
  for (let i = 0; i < bits; i++) {
    list.unshift(remainder);
    remainder = (remainder & 1) === 0 ? remainder >>> 1 : (remainder >>> 1) ^ POLYNOMIAL;
  }
  return list;
}

function dwords(values: readonly number[]): number[] {
  return values.flatMap((v) => [v & 0xff, (v >>> 8) & 0xff, (v >>> 16) & 0xff, v >>> 24]);
}

/** Lane i is shifted up by 3 - i, so that bit i is each lane's bit 3. Bits lost at the top stand for no lane. */
const SPREAD = dwords([8, 4, 2, 1]);

/** The remainder of a value of `bits` bits as i64: a sum of contributions, four bits at a time. */
function remainder(op: Op, value: V, bits: number): V {
  const table = contributions(bits);
  const sums: V[] = [];
  for (let from = 0; from < bits; from += 32) {
    const splat = op.x("i32x4.splat", op.x("i32.wrap_i64", op.shr(value, op.const(from))));
    const spread = op.x("i32x4.mul", splat, op.v128(SPREAD));
    for (let i = 0; i < Math.min(bits - from, 32); i += 4) {
      // The bit that a lane stands for becomes its top bit.
      const ones = op.x("i32x4.shr_s", op.x("i32x4.shl", spread, op.i32(28 - i)), op.i32(31));
      sums.push(op.x("v128.and", ones, op.v128(dwords(table.slice(from + i, from + i + 4)))));
    }
  }
  const all = sums.reduce((a, b) => op.x("v128.xor", a, b));
  const both = op.xor(op.lane("i64x2.extract_lane", 0, all), op.lane("i64x2.extract_lane", 1, all));
  return op.zext(op.xor(both, op.shr(both, op.const(32))), 32);
}

const crc32: Insn = insn("crc32", ["F2 0F 38 F0 /r | Gy, Eb", "F2 0F 38 F1 /r | Gy, Ev"], {}, (op) => {
  const bits = op.size(1);
  const crc = op.zext(op.get(0), 32);
  const mixed = op.xor(crc, op.get(1));
  const r = remainder(op, op.zext(mixed, bits), bits);
  op.set(0, bits < 32 ? op.xor(r, op.shr(crc, op.const(bits))) : r);
});

/** The helper's operand: the immediate, and whether the lengths are explicit, and in 64-bit registers. */
const EXPLICIT = 0x100;
const WIDE = 0x200;

/** Arguments of the helper: 0 and 1 the strings, 2 and 3 the lengths. It answers the mask in 4, the index in 5 and the flags in 6. */
function compareStrings(mnemonic: string, row: string, index: boolean, kind = 0): Insn {
  return insn(mnemonic, [`${row} /r | Vdq, Wdq, Ib`], { writes: "oszapc", faults: true }, (op) => {
    const b = op.get(1);
    op.setArgument(0, op.vector(0));
    op.setArgument(1, b);
    if (kind !== 0) {
      op.setArgument(2, op.reg(0, 64));
      op.setArgument(3, op.reg(2, 64));
    }
    op.helper("pcmpstr", op.x("i32.wrap_i64", op.or(op.get(2), op.const(kind))));
    if (index) op.setReg(1, 64, op.argument(5, "i64"));
    else op.setXmm0(op.argument(4, "v128"));
    op.setRflags(op.argument(6, "i64"), ARITHMETIC_FLAGS);
  });
}

export const sse42: readonly Insn[] = requires("sse4.2", [
  vectorRow("pcmpgtq", "38 37", (op, a, b) => op.x("i64x2.gt_s", a, b)),
  compareStrings("pcmpestrm", "66 REX.W0 0F 3A 60", false, EXPLICIT),
  compareStrings("pcmpestri", "66 REX.W0 0F 3A 61", true, EXPLICIT),
  compareStrings("pcmpestrm", "66 REX.W 0F 3A 60", false, EXPLICIT | WIDE),
  compareStrings("pcmpestri", "66 REX.W 0F 3A 61", true, EXPLICIT | WIDE),
  compareStrings("pcmpistrm", "66 0F 3A 62", false),
  compareStrings("pcmpistri", "66 0F 3A 63", true),
  crc32,
]);
