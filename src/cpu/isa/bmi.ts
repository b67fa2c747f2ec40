/** Counting bits, BMI1, BMI2 and ADX (SDM volume 1, 5.1.16, 5.21 and 5.22). */

import { multiplyHigh } from "./arithmetic.ts";
import { insn } from "./insn.ts";
import type { Insn, InsnProperties } from "./insn.ts";
import type { Op, V } from "./ops.ts";
import { requires } from "./requires.ts";

/** All six are written; those that the manual does not define are as after the other two counts: clear. */
const counted = { writes: "oszapc", undefined: "osap" };

export const popcnt: readonly Insn[] = requires("popcnt", [
  insn("popcnt", ["F3 0F B8 /r | Gv, Ev"], { writes: "oszapc" }, (op) => {
    const source = op.get(1);
    op.set(0, op.x("i64.popcnt", source));
    op.flagsCompare(op.eqz(source), op.i32(0), op.i32(0));
  }),
]);

/** The operand's width where the source is zero. */
function setCount(op: Op, source: V, r: V): void {
  op.set(0, r);
  op.flagsCompare(op.eqz(r), op.i32(0), op.eqz(source));
}

export const lzcnt: readonly Insn[] = requires("lzcnt", [
  insn("lzcnt", ["F3 0F BD /r | Gv, Ev"], counted, (op) => {
    const source = op.get(1);
    setCount(op, source, op.sub(op.x("i64.clz", source), op.const(64 - op.width)));
  }),
]);

/** SF and ZF of the result, CF as given, OF clear. */
const ofResult = { writes: "oszapc", undefined: "ap" };

function setResult(op: Op, r: V, carry: V): void {
  op.set(0, r);
  op.flagsFrom(r, carry, op.const(0));
}

/** `mask` and `rest` of blsr, blsmsk and blsi: of the source and the source less one (or negated). */
function lowestBit(name: string, digit: number, f: (op: Op, source: V) => V, carryOfZero: boolean): Insn {
  return insn(name, [`VEX.LZ.NP.0F38.WIG F3 /${digit} | By, Ey`], ofResult, (op) => {
    const source = op.get(1);
    setResult(op, f(op, source), op.bool(carryOfZero ? op.eqz(source) : op.ne(source, op.const(0))));
  });
}

/** Low `count` bits; all from the operand's width on. */
function lowBits(op: Op, value: V, count: V): V {
  const mask = op.sub(op.shl(op.const(1), count), op.const(1));
  return op.select(op.ltu(count, op.const(op.width)), op.and(value, mask), value);
}

export const bmi1: readonly Insn[] = requires("bmi1", [
  insn("tzcnt", ["F3 0F BC /r | Gv, Ev"], counted, (op) => {
    const source = op.get(1);
    const r = op.x("i64.ctz", op.width === 64 ? source : op.or(source, op.const(1n << BigInt(op.width))));
    setCount(op, source, r);
  }),
  insn("andn", ["VEX.LZ.NP.0F38.WIG F2 /r | Gy, By, Ey"], ofResult, (op) => {
    const b = op.get(2);
    setResult(op, op.and(op.not(op.get(1)), b), op.const(0));
  }),
  lowestBit("blsr", 1, (op, v) => op.and(v, op.sub(v, op.const(1))), true),
  lowestBit("blsmsk", 2, (op, v) => op.xor(v, op.sub(v, op.const(1))), true),
  lowestBit("blsi", 3, (op, v) => op.and(v, op.neg(v)), false),
  insn("bextr", ["VEX.LZ.NP.0F38.WIG F7 /r | Gy, Ey, By"], { writes: "oszapc", undefined: "sap" }, (op) => {
    const source = op.get(1);
    const control = op.get(2);
    const start = op.zext(control, 8);
    const length = op.zext(op.shr(control, op.const(8)), 8);
    const moved = op.select(op.ltu(start, op.const(op.width)), op.shr(source, start), op.const(0));
    setResult(op, lowBits(op, moved, length), op.const(0));
  }),
]);

function shift(name: string, pp: string, f: (op: Op, a: V, count: V) => V): Insn {
  return insn(name, [`VEX.LZ.${pp}.0F38.WIG F7 /r | Gy, Ey, By`], {}, (op) => {
    const source = op.get(1);
    op.set(0, f(op, source, op.and(op.get(2), op.const(op.width - 1))));
  });
}

/** Bits of `mask` from the lowest on: `each` gets the one and its number, as a mask. */
function forEachBit(op: Op, mask: V, each: (bit: V, number: V) => void): void {
  const rest = op.variable(mask);
  const number = op.variable(op.const(1));
  op.loop(() => {
    const left = op.read(rest);
    each(op.and(left, op.neg(left)), op.read(number));
    op.assign(number, op.shl(op.read(number), op.const(1)));
    op.assign(rest, op.and(left, op.sub(left, op.const(1))));
    return op.ne(op.read(rest), op.const(0));
  });
}

/** pext gathers the bits of the mask, pdep scatters to them. */
function moveBits(name: string, pp: string, gather: boolean): Insn {
  return insn(name, [`VEX.LZ.${pp}.0F38.WIG F5 /r | Gy, By, Ey`], {}, (op) => {
    const mask = op.get(2);
    const source = op.get(1);
    const result = op.variable(op.const(0));
    forEachBit(op, mask, (bit, number) => {
      const [from, to] = gather ? [bit, number] : [number, bit];
      const moved = op.select(op.eqz(op.and(source, from)), op.const(0), to);
      op.assign(result, op.or(op.read(result), moved));
    });
    // An empty mask has no bits to move.
    op.set(0, op.select(op.eqz(mask), op.const(0), op.read(result)));
  });
}

export const bmi2: readonly Insn[] = requires("bmi2", [
  insn("bzhi", ["VEX.LZ.NP.0F38.WIG F5 /r | Gy, Ey, By"], ofResult, (op) => {
    const source = op.get(1);
    const count = op.zext(op.get(2), 8);
    setResult(op, lowBits(op, source, count), op.bool(op.x("i64.ge_u", count, op.const(op.width))));
  }),
  shift("shlx", "66", (op, a, count) => op.shl(a, count)),
  shift("sarx", "F3", (op, a, count) => op.sar(op.sext(a, op.width), count)),
  shift("shrx", "F2", (op, a, count) => op.shr(a, count)),
  insn("rorx", ["VEX.LZ.F2.0F3A.WIG F0 /r | Gy, Ey, Ib"], {}, (op) => {
    const source = op.get(1);
    const wide = op.width === 64;
    const count = op.get(2);
    const narrow = (): V => op.bool(op.x("i32.rotr", op.x("i32.wrap_i64", source), op.x("i32.wrap_i64", count)));
    op.set(0, wide ? op.x("i64.rotr", source, count) : narrow());
  }),
  insn("mulx", ["VEX.LZ.F2.0F38.WIG F6 /r | Gy, By, Ey"], {}, (op) => {
    const bits = op.width as 32 | 64;
    const a = op.reg(2, bits);
    const b = op.get(2);
    const low = op.mul(a, b);
    const high = bits === 64 ? multiplyHigh(op, a, b, false) : op.shr(low, op.const(32));
    // Where both are one register, it gets the high half.
    op.set(1, low);
    op.set(0, high);
  }),
  moveBits("pext", "F3", true),
  moveBits("pdep", "F2", false),
]);

/** a + b + the carry of one flag, which alone is written. */
function addWithCarry(name: string, prefix: string, overflow: boolean): Insn {
  // The other flags are kept where they lie together with it.
  const properties: InsnProperties = { reads: "oszapc", writes: overflow ? "o" : "c" };
  return insn(name, [`${prefix} 0F 38 F6 /r | Gy, Ey`], properties, (op) => {
    const b = op.get(1);
    const a = op.get(0);
    const carry = op.carry();
    const r = op.add(op.add(a, b), overflow ? op.bool(op.cond(0)) : carry);
    const wide = op.shr(op.or(op.and(a, b), op.and(op.or(a, b), op.not(r))), op.const(63));
    const out = op.width === 64 ? wide : op.shr(r, op.const(32));
    if (overflow) op.flagsCarryOverflow(carry, out);
    else op.setCarry(out);
    op.set(0, r);
  });
}

export const adx: readonly Insn[] = requires("adx", [addWithCarry("adcx", "66", false), addWithCarry("adox", "F3", true)]);

/** Bytes of the operand in the other order. */
function swapped(op: Op, value: V): V {
  const byHalf = (v: V, count: number, mask: bigint): V =>
    op.or(op.and(op.shr(v, op.const(count)), op.const(mask)), op.shl(op.and(v, op.const(mask)), op.const(count)));
  let r = byHalf(value, 8, 0x00ff00ff00ff00ffn);
  if (op.width === 16) return r;
  r = byHalf(r, 16, 0x0000ffff0000ffffn);
  return op.width === 64 ? op.x("i64.rotl", r, op.const(32)) : r;
}

export const movbe: readonly Insn[] = requires("movbe", [
  insn("movbe", ["0F 38 F0 /r mem | Gv, Mv", "0F 38 F1 /r mem | Mv, Gv"], {}, (op) => op.set(0, swapped(op, op.get(1)))),
]);
