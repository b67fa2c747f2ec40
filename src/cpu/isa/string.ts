/** String instructions (SDM volume 1, 5.1.8): one element; the repeat prefix is the emitter's. */

import { insn } from "./insn.ts";
import type { Insn } from "./insn.ts";
import type { Bits, Op, V } from "./ops.ts";
import { FLAGS_SYSTEM } from "../state.ts";

/** Element size, negative where DF is set. */
function step(op: Op, bits: number): V {
  const down = op.ne(op.and(op.state(FLAGS_SYSTEM, 32), op.const(0x400)), op.const(0));
  return op.select(down, op.const(-bits / 8), op.const(bits / 8));
}

function advance(op: Op, register: number, by: V): void {
  const bits = op.addressSize as Bits;
  op.setReg(register, bits, op.add(op.reg(register, bits), by));
}

export const movs: Insn = insn("movs", ["A4 | Yb, Xb", "A5 | Yv, Xv"], { rep: "rep", bulk: "copy" }, (op) => {
  const value = op.get(1);
  const by = step(op, op.width);
  op.reserve(0);
  op.set(0, value);
  advance(op, 6, by);
  advance(op, 7, by);
});

export const stos: Insn = insn("stos", ["AA | Yb, AL", "AB | Yv, rAX"], { rep: "rep", bulk: "fill" }, (op) => {
  const by = step(op, op.width);
  op.set(0, op.get(1));
  advance(op, 7, by);
});

export const lods: Insn = insn("lods", ["AC | AL, Xb", "AD | rAX, Xv"], { rep: "rep" }, (op) => {
  const value = op.get(1);
  const by = step(op, op.width);
  op.set(0, value);
  advance(op, 6, by);
});

export const cmps: Insn = insn("cmps", ["A6 | Xb, Yb", "A7 | Xv, Yv"], { rep: "repz", writes: "oszapc" }, (op) => {
  const a = op.get(0);
  const b = op.get(1);
  const by = step(op, op.width);
  advance(op, 6, by);
  advance(op, 7, by);
  op.flags("sub", a, b, op.sub(a, b));
});

export const scas: Insn = insn("scas", ["AE | AL, Yb", "AF | rAX, Yv"], { rep: "repz", writes: "oszapc" }, (op) => {
  const a = op.get(0);
  const b = op.get(1);
  const by = step(op, op.width);
  advance(op, 7, by);
  op.flags("sub", a, b, op.sub(a, b));
});
