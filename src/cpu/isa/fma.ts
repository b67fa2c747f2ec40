/**
 * Fused multiply-add (SDM volume 1, 14.5): x * y + z rounded once, of WebAssembly's operators that round each step.
 *
 * Binary32: the product is exact in binary64, and the sum is right when it is rounded a second time unless it is midway between two of
 * binary32: rounding to binary64 keeps the order, and what is midway is itself of binary64.
 *
 * Binary64: the product's error is exact (Dekker's multiplication, operands cut in halves of 26 bits), so is the sum's (Knuth's two-sum); their
 * sum `t` errs by 2^-53 of itself, and only where it is below two units of the sum `s`. The result is r = s + t with the exact rest d. Where r
 * stays the same when d is added to it once more, made larger by 2^-20, the error of `t` cannot reach the next boundary between two results.
 */

import { inexactIsSilent, Lanes, LARGEST, packed, packedOnce, SMALLEST } from "./float.ts";
import type { FloatBits, PackedHelper, PackedLane } from "./float.ts";
import { insn } from "./insn.ts";
import type { Insn } from "./insn.ts";
import type { Op, V } from "./ops.ts";
import { requires } from "./requires.ts";
import { dwords } from "./sse-integer.ts";

/** One of the operations: opcode in the row of 132, and the elements (even, odd) in which the product or the addend is subtracted. */
interface Operation {
  readonly name: string;
  readonly opcode: number;
  readonly negateProduct: boolean;
  readonly subtract: readonly [even: boolean, odd: boolean];
  readonly scalar: boolean;
}

const operations: readonly Operation[] = [
  { name: "fmaddsub", opcode: 0x96, negateProduct: false, subtract: [true, false], scalar: false },
  { name: "fmsubadd", opcode: 0x97, negateProduct: false, subtract: [false, true], scalar: false },
  { name: "fmadd", opcode: 0x98, negateProduct: false, subtract: [false, false], scalar: true },
  { name: "fmsub", opcode: 0x9a, negateProduct: false, subtract: [true, true], scalar: true },
  { name: "fnmadd", opcode: 0x9c, negateProduct: true, subtract: [false, false], scalar: true },
  { name: "fnmsub", opcode: 0x9e, negateProduct: true, subtract: [true, true], scalar: true },
];

/** Operands 0 to 2 as x, y and z; the order in which their NaNs count. */
const orders = [
  { name: "132", opcode: 0, operands: [0, 2, 1] },
  { name: "213", opcode: 0x10, operands: [1, 0, 2] },
  { name: "231", opcode: 0x20, operands: [1, 2, 0] },
] as const;

type Triple = readonly [x: V, y: V, z: V];

function signs(bits: FloatBits, [even, odd]: readonly [boolean, boolean]): readonly number[] {
  const sign = (set: boolean): number => (set ? 0x8000_0000 : 0);
  return bits === 32 ? dwords(sign(even), sign(odd), sign(even), sign(odd)) : dwords(0, sign(even), 0, sign(odd));
}

/** The operands with the operation's signs. */
function signed(op: Op, bits: FloatBits, { negateProduct, subtract }: Operation, [x, y, z]: Triple): Triple {
  const l = new Lanes(op, bits);
  const addend = subtract[0] || subtract[1] ? op.x("v128.xor", z, op.v128(signs(bits, subtract))) : z;
  return [negateProduct ? l.f("neg", x) : x, y, addend];
}

const UPPER: readonly number[] = [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15];
const LOW_HALVES: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23];
const LOW_WORDS: readonly number[] = [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27];

/** Elements that are not midway between two of binary32. */
function notMidway(op: Op, sum: V): V {
  const constant = (value: number): V => op.x("i64x2.splat", op.const(value));
  return op.x("i64x2.ne", op.x("v128.and", sum, constant(0x1fff_ffff)), constant(0x1000_0000));
}

/** What the sum `s` of `a` and `b` is more than the exact one (Knuth, TAOCP volume 2, 4.2.2). */
function sumError(l: Lanes, a: V, b: V, s: V): V {
  const part = l.f("sub", s, a);
  return l.f("add", l.f("sub", l.f("sub", s, part), a), l.f("sub", part, b));
}

/** Four of binary32; `uniform`: they are all the same. */
function singles(op: Op, [x, y, z]: Triple, uniform: boolean): Omit<PackedLane, "operands"> {
  const l = new Lanes(op, 32);
  const wide = new Lanes(op, 64);
  const promoted = (value: V): V => op.x("f64x2.promote_low_f32x4", value);
  const narrowed = (value: V): V => op.x("f32x4.demote_f64x2_zero", value);
  const half = (of: (value: V) => V): { readonly sum: V; readonly exact: () => V } => {
    const p = wide.f("mul", promoted(of(x)), promoted(of(y)));
    const addend = promoted(of(z));
    const s = wide.f("add", p, addend);
    return { sum: s, exact: () => op.x("v128.and", wide.isZero(sumError(wide, p, addend, s)), wide.f("eq", promoted(narrowed(s)), s)) };
  };
  const lower = half((value) => value);
  const upper = uniform ? lower : half((value) => op.shuffle(value, value, UPPER));
  const low = lower.sum;
  const high = upper.sum;
  const result = op.shuffle(narrowed(low), narrowed(high), LOW_HALVES);
  const certain = [notMidway(op, low), notMidway(op, high), l.upTo(result, LARGEST[32])];
  return {
    result,
    usual: [...certain, l.large(result), l.f("ge", l.least(x, y, z), l.splat(SMALLEST[32]))],
    rare: () => {
      const zero = op.shuffle(wide.isZero(low), wide.isZero(high), LOW_WORDS);
      return [...certain, l.or(l.large(result), zero), l.ordinary(x), l.ordinary(y), l.ordinary(z)];
    },
    exactly: () => l.all(lower.exact(), upper.exact()),
  };
}

/** The upper 26 bits of the significand, rounded, and the rest. */
function halves(op: Op, value: V): readonly [high: V, low: V] {
  const constant = (bits: bigint): V => op.x("i64x2.splat", op.const(bits));
  const high = op.x("v128.and", op.x("i64x2.add", value, constant(1n << 26n)), constant(-(1n << 27n)));
  return [high, op.x("f64x2.sub", value, high)];
}

/** Sizes of operands from and up to which no step overflows, and no error term is lost below the denormals. */
const LEAST_FACTOR = 2 ** -450;
const GREATEST = 2 ** 500;
const LEAST_PRODUCT = 2 ** -900;
const GREATEST_PRODUCT = 2 ** 1000;
const SLIGHTLY_MORE: number = 1 + 2 ** -20;

/** Two of binary64. Errors are computed with the opposite sign, so that those that are zero are +0 and keep the sign of a zero sum. */
function doubles(op: Op, [x, y, z]: Triple): Omit<PackedLane, "operands"> {
  const l = new Lanes(op, 64);
  const add = (a: V, b: V): V => l.f("add", a, b);
  const sub = (a: V, b: V): V => l.f("sub", a, b);
  const mul = (a: V, b: V): V => l.f("mul", a, b);
  const [xh, xl] = halves(op, x);
  const [yh, yl] = halves(op, y);
  const p = mul(x, y);
  const productError = sub(sub(sub(sub(p, mul(xh, yh)), mul(xh, yl)), mul(xl, yh)), mul(xl, yl));
  const s = add(p, z);
  const t = add(productError, sumError(l, p, z, s));
  const result = sub(s, t);
  const rest = add(t, sub(result, s));
  const certain = l.f("eq", sub(result, mul(rest, l.splat(SLIGHTLY_MORE))), result);
  return {
    result,
    usual: [certain, l.f("ge", l.least(x, y, z), l.splat(LEAST_FACTOR)), l.f("le", l.greatest(x, y, z), l.splat(GREATEST))],
    rare: () => {
      const size = l.f("abs", p);
      const inRange = op.x("v128.and", l.f("ge", size, l.splat(LEAST_PRODUCT)), l.f("le", size, l.splat(GREATEST_PRODUCT)));
      const zero = l.or(l.isZero(x), l.isZero(y));
      return [certain, l.or(inRange, zero), l.ordinary(x), l.ordinary(y), l.ordinary(z), l.upTo(result, LARGEST[64])];
    },
    // The error of a sum is exact, and so is `t` where there is no other.
    exactly: () => l.all(l.isZero(rest), l.isZero(productError)),
  };
}

/** Operands as they are go to the helper: NaNs keep their sign. */
function lane(op: Op, bits: FloatBits, operation: Operation, operands: Triple, uniform: boolean): PackedLane {
  const triple = signed(op, bits, operation, operands);
  return { ...(bits === 32 ? singles(op, triple, uniform) : doubles(op, triple)), operands, ordinary: bits };
}

function helper(op: Op, { name }: Operation, suffix: string): PackedHelper {
  return { helper: `sse ${name}${suffix}`, silent: inexactIsSilent(op) };
}

function encoding(length: string, bits: FloatBits, opcode: number): string {
  return `VEX.${length}.66.0F38.${bits === 32 ? "W0" : "W1"} ${opcode.toString(16).toUpperCase()} /r`;
}

/** Memory, which is operand 2, is looked at first. */
function read(operands: readonly [number, number, number], get: (i: number) => V): Triple {
  const last = get(2);
  const [x, y, z] = operands.map((i) => (i === 2 ? last : get(i)));
  if (x === undefined || y === undefined || z === undefined) throw new Error("three operands");
  return [x, y, z];
}

function vector(operation: Operation, order: (typeof orders)[number], bits: FloatBits): Insn {
  const suffix = bits === 32 ? "ps" : "pd";
  const opcode = operation.opcode + order.opcode;
  const rows = [`${encoding("128", bits, opcode)} | Vdq, Hdq, Wdq`, `${encoding("256", bits, opcode)} | Vqq, Hqq, Wqq`];
  return insn(`v${operation.name}${order.name}${suffix}`, rows, { faults: true, view: "Vdq, Hdq, Wdq" }, (op) => {
    const one = (): PackedLane => lane(op, bits, operation, read(order.operands, (i) => op.vector(i)), false);
    op.setParts(0, packed(op, helper(op, operation, suffix), one));
  });
}

function scalar(operation: Operation, order: (typeof orders)[number], bits: FloatBits): Insn {
  const suffix = bits === 32 ? "ss" : "sd";
  const rows = [`${encoding("LIG", bits, operation.opcode + order.opcode + 1)} | V${suffix}, H${suffix}, W${suffix}`];
  return insn(`v${operation.name}${order.name}${suffix}`, rows, { faults: true }, (op) => {
    const l = new Lanes(op, bits);
    const operands = read(order.operands, (i) => op.x(`${l.name}.splat`, op.get(i)));
    const r = packedOnce(op, helper(op, operation, suffix), () => lane(op, bits, operation, operands, true));
    op.setVector(0, op.lane(`${l.name}.replace_lane`, 0, op.vector(0), op.lane(`${l.name}.extract_lane`, 0, r)));
  });
}

export const fma: readonly Insn[] = requires(
  "fma",
  orders.flatMap((order) =>
    operations.flatMap((operation) =>
      ([32, 64] as const).flatMap((bits) => [vector(operation, order, bits), ...(operation.scalar ? [scalar(operation, order, bits)] : [])]),
    ),
  ),
);
