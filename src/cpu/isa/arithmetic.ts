/** Integer arithmetic and logic (SDM volume 1, 5.1.2 and 5.1.4). */

import { insn } from "./insn.ts";
import type { Insn } from "./insn.ts";
import type { Op, V } from "./ops.ts";
import { Vector } from "../state.ts";

/** The eight two-operand operations share their encodings: `base` is the first opcode, `digit` the group-1 extension. */
function groupOne(base: number, digit: number): string[] {
  const opcode = (offset: number): string => (base + offset).toString(16).padStart(2, "0").toUpperCase();
  return [
    `${opcode(0)} /r | Eb, Gb`,
    `${opcode(1)} /r | Ev, Gv`,
    `${opcode(2)} /r | Gb, Eb`,
    `${opcode(3)} /r | Gv, Ev`,
    `${opcode(4)} | AL, Ib`,
    `${opcode(5)} | rAX, Iz`,
    `80 /${digit} | Eb, Ib`,
    `81 /${digit} | Ev, Iz`,
    `83 /${digit} | Ev, Ibs`,
  ];
}

const all = { writes: "oszapc", lock: true };
const logic = { writes: "oszapc", undefined: "a", lock: true };

export const add: Insn = insn("add", groupOne(0x00, 0), all, (op) => {
  const a = op.rw(0);
  const b = op.get(1);
  const r = op.add(a, b);
  op.set(0, r);
  op.flags("add", a, b, r);
});

export const or: Insn = insn("or", groupOne(0x08, 1), logic, (op) => bitwise(op, op.or(op.rw(0), op.get(1))));

export const adc: Insn = insn("adc", groupOne(0x10, 2), { ...all, reads: "c" }, (op) => {
  const a = op.rw(0);
  const b = op.get(1);
  const r = op.add(op.add(a, b), op.carry());
  op.set(0, r);
  op.flagsOf("add", a, b, r);
});

export const sbb: Insn = insn("sbb", groupOne(0x18, 3), { ...all, reads: "c" }, (op) => {
  const a = op.rw(0);
  const b = op.get(1);
  const r = op.sub(op.sub(a, b), op.carry());
  op.set(0, r);
  // With a borrow in, conditions no longer follow from the operands alone.
  op.flagsOf("sub", a, b, r);
});

export const and: Insn = insn("and", groupOne(0x20, 4), logic, (op) => bitwise(op, op.and(op.rw(0), op.get(1))));

export const sub: Insn = insn("sub", groupOne(0x28, 5), all, (op) => {
  const a = op.rw(0);
  const b = op.get(1);
  const r = op.sub(a, b);
  op.set(0, r);
  op.flags("sub", a, b, r);
});

export const xor: Insn = insn("xor", groupOne(0x30, 6), logic, (op) => bitwise(op, op.xor(op.rw(0), op.get(1))));

function bitwise(op: Op, r: V): void {
  op.set(0, r);
  op.flags("logic", r, r, r);
}

export const cmp: Insn = insn("cmp", groupOne(0x38, 7), { writes: "oszapc" }, (op) => {
  const a = op.get(0);
  const b = op.get(1);
  op.flags("sub", a, b, op.sub(a, b));
});

export const test: Insn = insn(
  "test",
  ["84 /r | Eb, Gb", "85 /r | Ev, Gv", "A8 | AL, Ib", "A9 | rAX, Iz", "F6 /0 | Eb, Ib", "F6 /1 | Eb, Ib", "F7 /0 | Ev, Iz", "F7 /1 | Ev, Iz"],
  { writes: "oszapc", undefined: "a" },
  (op) => {
    const r = op.and(op.get(0), op.get(1));
    op.flags("logic", r, r, r);
  },
);

export const inc: Insn = insn("inc", ["FE /0 | Eb", "FF /0 | Ev"], { writes: "oszap", reads: "c", lock: true }, (op) => {
  const a = op.rw(0);
  const r = op.add(a, op.const(1));
  op.flags("inc", a, op.const(1), r);
  op.set(0, r);
});

export const dec: Insn = insn("dec", ["FE /1 | Eb", "FF /1 | Ev"], { writes: "oszap", reads: "c", lock: true }, (op) => {
  const a = op.rw(0);
  const r = op.sub(a, op.const(1));
  op.flags("dec", a, op.const(1), r);
  op.set(0, r);
});

export const not: Insn = insn("not", ["F6 /2 | Eb", "F7 /2 | Ev"], { lock: true }, (op) => op.set(0, op.not(op.rw(0))));

export const neg: Insn = insn("neg", ["F6 /3 | Eb", "F7 /3 | Ev"], all, (op) => {
  const a = op.rw(0);
  const r = op.neg(a);
  op.set(0, r);
  op.flags("sub", op.const(0), a, r);
});

/** High half of the 128-bit product of two i64s. */
export function multiplyHigh(op: Op, a: V, b: V, signed: boolean): V {
  const low = (v: V): V => op.zext(v, 32);
  const high = (v: V): V => op.shr(v, op.const(32));
  const ll = op.mul(low(a), low(b));
  const lh = op.mul(low(a), high(b));
  const hl = op.mul(high(a), low(b));
  const middle = op.add(op.add(low(lh), low(hl)), high(ll));
  let r = op.add(op.add(op.mul(high(a), high(b)), high(middle)), op.add(high(lh), high(hl)));
  if (signed) {
    // A negative factor counted as 2^64 more than it is.
    r = op.sub(r, op.and(op.sar(a, op.const(63)), b));
    r = op.sub(r, op.and(op.sar(b, op.const(63)), a));
  }
  return r;
}

function multiply(op: Op, signed: boolean): void {
  const bits = op.width as 8 | 16 | 32 | 64;
  const extend = (v: V): V => (signed ? op.sext(v, bits) : v);
  const a = extend(op.reg(0, bits));
  const b = extend(op.get(0));
  const low = op.mul(a, b);
  const high = bits === 64 ? multiplyHigh(op, a, b, signed) : signed ? op.sar(low, op.const(bits)) : op.shr(low, op.const(bits));
  const rest = signed ? op.sar(op.sext(low, bits), op.const(63)) : op.const(0);
  const overflow = op.bool(signed ? op.ne(op.sext(high, bits), rest) : op.ne(op.zext(high, bits), op.const(0)));
  if (bits === 8) op.setReg(0, 16, low);
  else {
    op.setReg(0, bits, low);
    op.setReg(2, bits, high);
  }
  op.flagsFrom(low, overflow, overflow);
}

export const mul: Insn = insn("mul", ["F6 /4 | Eb", "F7 /4 | Ev"], { writes: "oszapc", undefined: "szap" }, (op) => multiply(op, false));

export const imulOne: Insn = insn("imul", ["F6 /5 | Eb", "F7 /5 | Ev"], { writes: "oszapc", undefined: "szap" }, (op) => multiply(op, true));

export const imul: Insn = insn(
  "imul",
  ["0F AF /r | Gv, Ev", "69 /r | Gv, Ev, Iz", "6B /r | Gv, Ev, Ibs"],
  { writes: "oszapc", undefined: "szap" },
  (op) => {
    const bits = op.width;
    const three = op.operands === 3;
    const a = op.sext(op.get(three ? 1 : 0), bits);
    const b = op.sext(op.get(three ? 2 : 1), bits);
    const r = op.mul(a, b);
    const overflow = bits === 64 ? op.ne(multiplyHigh(op, a, b, true), op.sar(r, op.const(63))) : op.ne(op.sext(r, bits), r);
    op.set(0, r);
    op.flagsFrom(r, op.bool(overflow), op.bool(overflow));
  },
);

const division = { writes: "oszapc", undefined: "oszapc", faults: true };

function setQuotient(op: Op, bits: 8 | 16 | 32 | 64, quotient: V, remainder: V): void {
  if (bits === 8) op.setReg(0, 16, op.or(op.zext(quotient, 8), op.shl(op.zext(remainder, 8), op.const(8))));
  else {
    op.setReg(0, bits, quotient);
    op.setReg(2, bits, remainder);
  }
}

/** The dividend of divisions up to 32 bits as one i64. */
function dividend(op: Op, bits: 8 | 16 | 32): V {
  if (bits === 8) return op.reg(0, 16);
  return op.or(op.shl(op.reg(2, bits), op.const(bits)), op.reg(0, bits));
}

export const div: Insn = insn("div", ["F6 /6 | Eb", "F7 /6 | Ev"], division, (op) => {
  const bits = op.width as 8 | 16 | 32 | 64;
  const d = op.get(0);
  op.raiseIf(op.eqz(d), Vector.DE);
  if (bits !== 64) {
    const n = dividend(op, bits);
    const q = op.x("i64.div_u", n, d);
    op.raiseIf(op.ne(op.shr(q, op.const(bits)), op.const(0)), Vector.DE);
    setQuotient(op, bits, q, op.x("i64.rem_u", n, d));
    return;
  }
  const high = op.reg(2, 64);
  const low = op.reg(0, 64);
  op.raiseIf(op.x("i64.ge_u", high, d), Vector.DE);
  op.if(
    op.eqz(high),
    () => setQuotient(op, 64, op.x("i64.div_u", low, d), op.x("i64.rem_u", low, d)),
    () => {
      const { quotient, remainder } = longDivision(op, high, low, d);
      setQuotient(op, 64, quotient, remainder);
    },
  );
});

/** 128 by 64 bits, one bit at a time; the quotient fits since high < d. */
function longDivision(op: Op, high: V, low: V, d: V): { quotient: V; remainder: V } {
  const rest = op.variable(high);
  const bits = op.variable(low);
  const count = op.variable(op.const(64));
  op.loop(() => {
    const top = op.read(rest);
    const overflow = op.lts(top, op.const(0));
    const shifted = op.or(op.shl(top, op.const(1)), op.shr(op.read(bits), op.const(63)));
    const fits = op.x("i32.or", overflow, op.x("i64.ge_u", shifted, d));
    const next = op.or(op.shl(op.read(bits), op.const(1)), op.bool(fits));
    op.assign(rest, op.select(fits, op.sub(shifted, d), shifted));
    op.assign(bits, next);
    const left = op.sub(op.read(count), op.const(1));
    op.assign(count, left);
    return op.ne(op.read(count), op.const(0));
  });
  return { quotient: op.read(bits), remainder: op.read(rest) };
}

export const idiv: Insn = insn("idiv", ["F6 /7 | Eb", "F7 /7 | Ev"], division, (op) => {
  const bits = op.width as 8 | 16 | 32 | 64;
  const d = op.sext(op.get(0), bits);
  op.raiseIf(op.eqz(d), Vector.DE);
  if (bits !== 64) {
    const n = op.sext(dividend(op, bits), 2 * bits);
    // -2^63 / -1 does not fit in an i64 either (and would trap).
    const most = op.const(-0x8000000000000000n);
    op.raiseIf(op.x("i32.and", op.eq(n, most), op.eq(d, op.const(-1))), Vector.DE);
    const q = op.x("i64.div_s", n, d);
    op.raiseIf(op.ne(op.sext(q, bits), q), Vector.DE);
    setQuotient(op, bits, q, op.x("i64.rem_s", n, d));
    return;
  }
  const high = op.reg(2, 64);
  const low = op.reg(0, 64);
  const negative = op.lts(high, op.const(0));
  const absLow = op.select(negative, op.neg(low), low);
  const absHigh = op.select(negative, op.sub(op.not(high), op.sub(op.bool(op.ne(low, op.const(0))), op.const(1))), high);
  const absDivisor = op.select(op.lts(d, op.const(0)), op.neg(d), d);
  op.raiseIf(op.x("i64.ge_u", absHigh, absDivisor), Vector.DE);
  const { quotient, remainder } = longDivision(op, absHigh, absLow, absDivisor);
  const opposite = op.lts(op.xor(high, d), op.const(0));
  const q = op.select(opposite, op.neg(quotient), quotient);
  // The sign must be the expected one, but for zero.
  const wrong = op.x("i32.ne", op.lts(q, op.const(0)), opposite);
  op.raiseIf(op.x("i32.and", wrong, op.ne(quotient, op.const(0))), Vector.DE);
  setQuotient(op, 64, q, op.select(negative, op.neg(remainder), remainder));
});

export const cmpxchg: Insn = insn("cmpxchg", ["0F B0 /r | Eb, Gb", "0F B1 /r | Ev, Gv"], all, (op) => {
  const bits = op.width as 8 | 16 | 32 | 64;
  const destination = op.rw(0);
  const source = op.get(1);
  const accumulator = op.reg(0, bits);
  const equal = op.eq(accumulator, destination);
  const failed = (): void => op.setReg(0, bits, destination);
  if (op.isMemory(0)) {
    // A failed comparison writes the destination back (SDM).
    op.set(0, op.select(equal, source, destination));
    op.if(op.x("i32.eqz", equal), failed);
  } else {
    op.if(equal, () => op.set(0, source), failed);
  }
  op.flags("sub", accumulator, destination, op.sub(accumulator, destination));
});

export const cmpxchg8b: Insn = insn("cmpxchg8b", ["REX.W0 0F C7 /1 mem | Mq"], { writes: "z", lock: true }, (op) => {
  const destination = op.rw(0);
  const pair = (low: number, high: number): V => op.or(op.reg(low, 32), op.shl(op.reg(high, 32), op.const(32)));
  const equal = op.eq(pair(0, 2), destination);
  op.set(0, op.select(equal, pair(3, 1), destination));
  op.if(op.x("i32.eqz", equal), () => {
    op.setReg(0, 32, destination);
    op.setReg(2, 32, op.shr(destination, op.const(32)));
  });
  op.setRflags(op.shl(op.bool(equal), op.const(6)), 0x40);
});

export const cmpxchg16b: Insn = insn("cmpxchg16b", ["REX.W 0F C7 /1 mem | Mdq"], { writes: "z", lock: true, aligned: true, feature: "cx16" }, (op) => {
  const destination = op.rw(0);
  const low = op.lane("i64x2.extract_lane", 0, destination);
  const high = op.lane("i64x2.extract_lane", 1, destination);
  const equal = op.x("i32.and", op.eq(op.reg(0, 64), low), op.eq(op.reg(2, 64), high));
  const source = op.lane("i64x2.replace_lane", 1, op.x("i64x2.splat", op.reg(3, 64)), op.reg(1, 64));
  op.set(0, op.select(equal, source, destination));
  op.if(op.x("i32.eqz", equal), () => {
    op.setReg(0, 64, low);
    op.setReg(2, 64, high);
  });
  op.setRflags(op.shl(op.bool(equal), op.const(6)), 0x40);
});

export const xadd: Insn = insn("xadd", ["0F C0 /r | Eb, Gb", "0F C1 /r | Ev, Gv"], all, (op) => {
  const a = op.rw(0);
  const b = op.get(1);
  const r = op.add(a, b);
  // The destination is written last: `xadd rax, rax` leaves the sum.
  if (op.isMemory(0)) op.set(0, r);
  op.set(1, a);
  if (!op.isMemory(0)) op.set(0, r);
  op.flags("add", a, b, r);
});
