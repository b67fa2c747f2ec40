/** Bit instructions (SDM volume 1, 5.1.6) and byte swaps. */

import { insn } from "./insn.ts";
import type { Insn } from "./insn.ts";
import type { Op, V } from "./ops.ts";

function bitRows(opcode: string, digit: number): string[] {
  return [`0F ${opcode} /r | Ev, Gv`, `0F BA /${digit} | Ev, Ib`];
}

/** bt, bts, btr, btc: with a register index the memory operand is a bit string that reaches beyond the operand. */
function bitTest(op: Op, change: ((value: V, mask: V) => V) | undefined): void {
  const { width } = op;
  const index = op.get(1);
  const within = op.and(index, op.const(width - 1));
  let value: V;
  let linear: V | undefined;
  if (op.isMemory(0) && !op.isImmediate(1)) {
    const step = op.sar(op.sext(index, width), op.const(31 - Math.clz32(width)));
    const distance = op.shl(step, op.const(31 - Math.clz32(width / 8)));
    if (op.addressSize === 32) {
      // The offset wraps around, its segment's base stays apart.
      const offset = op.address(0);
      linear = op.add(op.sub(op.linear(0), offset), op.zext(op.add(offset, distance), 32));
    } else linear = op.add(op.linear(0), distance);
    if (change !== undefined) op.checkWrite(width, linear);
    value = op.load(width, linear);
  } else {
    value = change === undefined ? op.get(0) : op.rw(0);
  }
  const carry = op.and(op.shr(value, within), op.const(1));
  if (change !== undefined) {
    const r = change(value, op.shl(op.const(1), within));
    if (linear === undefined) op.set(0, r);
    else op.store(width, linear, r);
  }
  op.setCarry(carry);
}

// OF, SF, AF and PF are undefined, ZF unchanged; here all five are unchanged, as on AMD and Intel.
const properties = { writes: "oszapc", undefined: "osap", reads: "oszap" };

export const bt: Insn = insn("bt", bitRows("A3", 4), properties, (op) => bitTest(op, undefined));
export const bts: Insn = insn("bts", bitRows("AB", 5), { ...properties, lock: true }, (op) => bitTest(op, (value, mask) => op.or(value, mask)));
export const btr: Insn = insn("btr", bitRows("B3", 6), { ...properties, lock: true }, (op) => bitTest(op, (value, mask) => op.and(value, op.not(mask))));
export const btc: Insn = insn("btc", bitRows("BB", 7), { ...properties, lock: true }, (op) => bitTest(op, (value, mask) => op.xor(value, mask)));

/** With a zero source the destination stays as it is (AMD's manual; Intel's since 2008), also its upper half with 32-bit operands. */
function bitScan(op: Op, forward: boolean): void {
  const source = op.get(1);
  const found = op.ne(source, op.const(0));
  const position = forward ? op.x("i64.ctz", source) : op.sub(op.const(63), op.x("i64.clz", source));
  op.flagsFrom(source, op.const(0), op.const(0));
  op.if(found, () => op.set(0, position));
}

const scan = { writes: "oszapc", undefined: "osapc" };
export const bsf: Insn = insn("bsf", ["0F BC /r | Gv, Ev"], scan, (op) => bitScan(op, true));
export const bsr: Insn = insn("bsr", ["0F BD /r | Gv, Ev"], scan, (op) => bitScan(op, false));

/** With 16-bit operands the result is undefined; silicon gives 0. */
export const bswap: Insn = insn("bswap", ["0F C8+r | Zv"], {}, (op) => op.set(0, swapBytes(op, op.get(0))));

/** Byte order reversed within the operand's width (16 bits: zero). */
export function swapBytes(op: Op, value: V): V {
  if (op.width === 16) return op.const(0);
  const byHalf = (v: V, shift: number, mask: bigint): V =>
    op.or(op.and(op.shr(v, op.const(shift)), op.const(mask)), op.shl(op.and(v, op.const(mask)), op.const(shift)));
  let r = byHalf(value, 8, 0x00ff00ff00ff00ffn);
  r = byHalf(r, 16, 0x0000ffff0000ffffn);
  r = op.x("i64.rotl", r, op.const(32));
  return op.width === 64 ? r : op.shr(r, op.const(32));
}
