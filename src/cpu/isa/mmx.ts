/** MMX instructions without a counterpart of the same shape in SSE2 (SDM volume 1, 5.4, 5.5.3 and 5.6.3), and conversions between the two. */

import { X87_ENVIRONMENT } from "../state.ts";
import { TAGS } from "../x87/index.ts";
import { insn } from "./insn.ts";
import type { Insn } from "./insn.ts";
import { checkPendingX87, enterMmx, mmx, setMmx } from "./mmx-state.ts";
import type { Op, V } from "./ops.ts";
import { maskMove, withWord, wordOf, wordSelection, zeroExtended } from "./sse-integer.ts";

/** An instruction that is MMX's as far as the x87 state goes: `read` does what can fault, `write` gets its value in the MMX state. */
export function mmxInsn(mnemonic: string, rows: readonly string[], read: (op: Op) => V, write: (op: Op, value: V) => void, aligned = false): Insn {
  return insn(mnemonic, rows, { faults: true, aligned }, (op) => {
    checkPendingX87(op);
    const value = read(op);
    enterMmx(op);
    write(op, value);
  });
}

/** Writes operand 0, an MMX register. */
function toMmx(mnemonic: string, row: string, f: (op: Op) => V): Insn {
  return mmxInsn(mnemonic, [row], f, (op, value) => setMmx(op, 0, value));
}

/** Writes operand 0, a general register or memory. */
function fromMmx(mnemonic: string, row: string, f: (op: Op) => V): Insn {
  const read = (op: Op): V => {
    op.reserve(0);
    return f(op);
  };
  return mmxInsn(mnemonic, [row], read, (op, value) => op.set(0, value));
}

export const moves: readonly Insn[] = [
  toMmx("movd", "NP REX.W0 0F 6E /r | Pq, Ed", (op) => zeroExtended(op, op.get(1))),
  toMmx("movq", "NP REX.W 0F 6E /r | Pq, Eq", (op) => zeroExtended(op, op.get(1))),
  fromMmx("movd", "NP REX.W0 0F 7E /r | Ed, Pd", (op) => op.get(1)),
  fromMmx("movq", "NP REX.W 0F 7E /r | Eq, Pq", (op) => op.get(1)),
  toMmx("movq", "NP 0F 6F /r | Pq, Qq", (op) => mmx(op, 1)),
  fromMmx("movq", "NP 0F 7F /r mem | Mq, Pq", (op) => op.get(1)),
  mmxInsn("movq", ["NP 0F 7F /r reg | Nq, Pq"], (op) => op.vector(1), (op, value) => setMmx(op, 0, value)),
  fromMmx("movntq", "NP 0F E7 /r mem | Mq, Pq", (op) => op.get(1)),
  mmxInsn("movq2dq", ["F3 0F D6 /r reg | Vdq, Nq"], (op) => op.get(1), (op, value) => op.setVector(0, zeroExtended(op, value))),
  toMmx("movdq2q", "F2 0F D6 /r reg | Pq, Udq", (op) => op.vector(1)),
];

export const pshufw: Insn = toMmx("pshufw", "NP 0F 70 /r | Pq, Qq, Ib", (op) => {
  const source = mmx(op, 1);
  return op.x("i8x16.swizzle", source, wordSelection(op, op.get(2), false));
});
export const pinsrwMmx: readonly Insn[] = ["NP 0F C4 /r reg | Pq, Rd, Ib", "NP 0F C4 /r mem | Pq, Mw, Ib"].map((row) =>
  toMmx("pinsrw", row, (op) => {
    const word = op.get(1);
    return withWord(op, op.vector(0), word, op.and(op.get(2), op.const(3)));
  }),
);
export const pextrwMmx: Insn = fromMmx("pextrw", "NP 0F C5 /r reg | Gd, Nq, Ib", (op) => wordOf(op, op.get(1), op.get(2)));
export const pmovmskbMmx: Insn = fromMmx("pmovmskb", "NP 0F D7 /r reg | Gd, Nq", (op) =>
  op.and(op.bool(op.x("i8x16.bitmask", op.vector(1))), op.const(0xff)),
);
export const maskmovq: Insn = insn("maskmovq", ["NP 0F F7 /r reg | Pq, Nq"], { faults: true }, (op) => {
  checkPendingX87(op);
  maskMove(op, 64, op.vector(0), op.vector(1));
  enterMmx(op);
});

export const emms: Insn = insn("emms", ["NP 0F 77"], { faults: true }, (op) => {
  checkPendingX87(op);
  enterMmx(op);
  op.setState(X87_ENVIRONMENT + TAGS, 16, op.const(0));
});
