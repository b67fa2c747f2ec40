/** Shifts, rotates and double shifts (SDM volume 1, 5.1.5). */

import { insn } from "./insn.ts";
import type { Insn } from "./insn.ts";
import type { Op, V } from "./ops.ts";

function groupTwo(digit: number): string[] {
  return [`C0 /${digit} | Eb, Ib`, `C1 /${digit} | Ev, Ib`, `D0 /${digit} | Eb, 1`, `D1 /${digit} | Ev, 1`, `D2 /${digit} | Eb, CL`, `D3 /${digit} | Ev, CL`];
}

/** The count, masked to 5 bits, 6 with 64-bit operands. */
function count(op: Op, operand: number): V {
  return op.and(op.get(operand), op.const(op.width === 64 ? 63 : 31));
}

const shifts = { writes: "oszapc", undefined: "oa", reads: "oszapc" };

function bit(op: Op, value: V, position: V): V {
  return op.and(op.shr(value, position), op.const(1));
}

function top(op: Op, value: V): V {
  return bit(op, value, op.const(op.width - 1));
}

function setShift(op: Op, n: V, r: V, carry: V, overflow: V): void {
  const some = op.ne(n, op.const(0));
  op.flagsFrom(r, carry, overflow, some);
  op.set(0, r);
}

export const shl: Insn = insn("shl", [...groupTwo(4), ...groupTwo(6)], shifts, (op) => {
  const a = op.rw(0);
  const n = count(op, 1);
  const r = op.shl(a, n);
  // The last bit shifted out is bit (width - n) of the operand; above 64 bits of shift none is left.
  const carry = op.width === 64 ? bit(op, a, op.neg(n)) : bit(op, r, op.const(op.width));
  setShift(op, n, r, carry, op.xor(top(op, r), carry));
});

export const shr: Insn = insn("shr", groupTwo(5), shifts, (op) => {
  const a = op.rw(0);
  const n = count(op, 1);
  const carry = bit(op, a, op.sub(n, op.const(1)));
  setShift(op, n, op.shr(a, n), carry, top(op, a));
});

export const sar: Insn = insn("sar", groupTwo(7), shifts, (op) => {
  const a = op.sext(op.rw(0), op.width);
  const n = count(op, 1);
  const carry = op.and(op.sar(a, op.sub(n, op.const(1))), op.const(1));
  setShift(op, n, op.sar(a, n), carry, op.const(0));
});

const rotates = { writes: "oc", undefined: "o", reads: "oszapc" };

/** Rotates within narrow widths: the value repeated, so that one 64-bit shift does it. */
function rotate(op: Op, a: V, n: V, left: boolean): V {
  const { width } = op;
  if (width === 64) return op.x(left ? "i64.rotl" : "i64.rotr", a, n);
  if (width === 32) {
    const wrapped = op.x(left ? "i32.rotl" : "i32.rotr", op.x("i32.wrap_i64", a), op.x("i32.wrap_i64", n));
    return op.x("i64.extend_i32_u", wrapped);
  }
  const within = op.and(n, op.const(width - 1));
  const rest = op.and(op.sub(op.const(width), within), op.const(width - 1));
  return op.zext(op.or(op.shl(a, left ? within : rest), op.shr(a, left ? rest : within)), width);
}

export const rol: Insn = insn("rol", groupTwo(0), rotates, (op) => {
  const a = op.rw(0);
  const n = count(op, 1);
  const r = rotate(op, a, n, true);
  const carry = op.and(r, op.const(1));
  op.flagsCarryOverflow(carry, op.xor(top(op, r), carry), op.ne(n, op.const(0)));
  op.set(0, r);
});

export const ror: Insn = insn("ror", groupTwo(1), rotates, (op) => {
  const a = op.rw(0);
  const n = count(op, 1);
  const r = rotate(op, a, n, false);
  const carry = top(op, r);
  op.flagsCarryOverflow(carry, op.xor(carry, bit(op, r, op.const(op.width - 2))), op.ne(n, op.const(0)));
  op.set(0, r);
});

/** Rotates of width + 1 bits: the carry is the bit above the operand. */
function rotateThroughCarry(op: Op, left: boolean): void {
  const { width } = op;
  const a = op.rw(0);
  const carryIn = op.carry();
  let n = count(op, 1);
  if (width < 32) n = op.x("i64.rem_u", n, op.const(width + 1));
  const some = op.ne(n, op.const(0));
  const one = op.const(1);
  const back = op.sub(op.const(width), n);
  // Shifts by 64 must give 0: they are done as two.
  const shlFull = (v: V, by: V): V => op.shl(op.shl(v, op.sub(by, one)), one);
  const shrFull = (v: V, by: V): V => op.shr(op.shr(v, by), one);
  let r: V;
  let carry: V;
  if (left) {
    r = op.or(op.or(op.shl(a, n), shrFull(a, back)), op.shl(carryIn, op.sub(n, one)));
    carry = bit(op, a, back);
  } else {
    r = op.or(op.or(op.shr(a, n), shlFull(a, op.add(back, one))), op.shl(carryIn, back));
    carry = bit(op, a, op.sub(n, one));
  }
  r = op.select(some, op.zext(r, width), a);
  carry = op.select(some, carry, carryIn);
  const overflow = left ? op.xor(top(op, r), carry) : op.xor(top(op, r), bit(op, r, op.const(width - 2)));
  op.flagsCarryOverflow(carry, overflow, some);
  op.set(0, r);
}

export const rcl: Insn = insn("rcl", groupTwo(2), { ...rotates, undefined: "o" }, (op) => rotateThroughCarry(op, true));
export const rcr: Insn = insn("rcr", groupTwo(3), { ...rotates, undefined: "o" }, (op) => rotateThroughCarry(op, false));

function doubleShift(op: Op, left: boolean): void {
  const { width } = op;
  const a = op.rw(0);
  const b = op.get(1);
  const n = count(op, 2);
  const one = op.const(1);
  let r: V;
  let carry: V;
  if (width === 16) {
    // Counts above 16 are undefined; AMD's processors shift in the source twice and clear CF, Intel's shift in the operand after the source.
    const twice = op.or(op.shl(b, op.const(16)), b);
    const joined = left ? op.or(op.shl(a, op.const(32)), twice) : op.or(op.shl(twice, op.const(16)), a);
    const shifted = left ? op.shl(joined, n) : op.shr(joined, n);
    r = left ? op.shr(shifted, op.const(32)) : shifted;
    const last = left ? bit(op, shifted, op.const(48)) : bit(op, joined, op.sub(n, one));
    carry = op.select(op.ltu(op.const(width), n), op.const(0), last);
  } else {
    const back = op.sub(op.const(width - 1), n);
    r = left
      ? op.or(op.shl(a, n), op.shr(op.shr(b, one), back))
      : op.or(op.shr(a, n), op.shl(op.shl(b, one), back));
    carry = left ? bit(op, a, op.sub(op.const(width), n)) : bit(op, a, op.sub(n, one));
  }
  const some = op.ne(n, op.const(0));
  r = op.select(some, r, a);
  op.flagsFrom(r, carry, op.xor(top(op, r), top(op, a)), some);
  op.set(0, r);
}

const double = { writes: "oszapc", undefined: "oa", reads: "oszapc" };
export const shld: Insn = insn("shld", ["0F A4 /r | Ev, Gv, Ib", "0F A5 /r | Ev, Gv, CL"], double, (op) => doubleShift(op, true));
export const shrd: Insn = insn("shrd", ["0F AC /r | Ev, Gv, Ib", "0F AD /r | Ev, Gv, CL"], double, (op) => doubleShift(op, false));
