/** SSE and SSE2 floating-point arithmetic, comparison and logic (SDM volume 1, 5.5.1 and 5.6.1). */

import {
  atLeastNormal, both, either, floatType, inexactIsSilent, isLarge, Lanes, LARGEST, notDenormal, packed, packedOnce, resultOf, roundsToNearest, SMALLEST, unlessUnusual,
} from "./float.ts";
import type { FloatBits, PackedHelper, PackedLane } from "./float.ts";
import { areExact, isExact } from "./exact.ts";
import type { Arithmetic } from "./exact.ts";
import { insn } from "./insn.ts";
import type { Insn } from "./insn.ts";
import type { Op, V } from "./ops.ts";

/** #XM is raised behind the operands. */
const faults = { faults: true };
const aligned = { aligned: true, faults: true };

/** Both operands of a lane: memory is looked at first. */
function sources<T>(op: Op, f: (a: V, b: V) => T): T {
  const b = op.get(1);
  return f(op.vector(0), b);
}

/** ps, pd, ss, sd rows of one operation. `silent`: results can be inexact. */
function family(
  name: string,
  opcode: string,
  silent: boolean,
  lane: (op: Op, bits: FloatBits, a: V, b: V) => PackedLane,
  scalar: (op: Op, bits: FloatBits, a: V, b: V) => V,
): Insn[] {
  const vector = (suffix: string, prefix: string, bits: FloatBits): Insn =>
    insn(`${name}${suffix}`, [`${prefix} 0F ${opcode} /r | V${suffix}, W${suffix}`], aligned, (op) => {
      const helper = { helper: `sse ${name}${suffix}`, ...(silent ? { silent: inexactIsSilent(op) } : {}) };
      op.setParts(0, packed(op, helper, () => sources(op, (a, b) => lane(op, bits, a, b))));
    });
  const single = (suffix: string, prefix: string, bits: FloatBits): Insn =>
    insn(`${name}${suffix}`, [`${prefix} 0F ${opcode} /r | V${suffix}, W${suffix}`], faults, (op) => {
      const b = op.get(1);
      op.set(0, scalar(op, bits, op.get(0), b));
    });
  return [vector("ps", "NP", 32), vector("pd", "66", 64), single("ss", "F3", 32), single("sd", "F2", 64)];
}

/** Values of which a zero makes a zero result exact: one of the operands, or the result whatever they were. */
type Zeros = readonly ("a" | "b" | "r")[];

function arithmetic(name: Arithmetic, opcode: string, zeros: Zeros): Insn[] {
  const unary = name === "sqrt";
  return family(
    name,
    opcode,
    true,
    (op, bits, a, b) => {
      const l = new Lanes(op, bits);
      const r = unary ? l.f(name, b) : l.f(name, a, b);
      const values = { a, b, r };
      const rare = (): V[] => {
        const exact = zeros.map((zero) => l.isZero(values[zero])).reduce((x, y) => l.or(x, y));
        const operands = unary ? [l.ordinary(b)] : [l.ordinary(a), l.ordinary(b)];
        return [...operands, l.or(l.large(r), exact), l.upTo(r, LARGEST[bits])];
      };
      // Of a NaN among the operands the result is one, which is not up to anything.
      const size = l.f("abs", r);
      const unknown = (unary ? [b] : [a, b]).filter((value) => op.floatKind(value, bits) === "any");
      const least = unknown.reduce((x, y) => l.f("pmin", x, l.f("abs", y)), size);
      const usual = [l.f("gt", least, l.splat(SMALLEST[bits])), l.f("le", size, l.splat(LARGEST[bits]))];
      return { result: r, operands: [a, b], usual, rare, ordinary: bits, exactly: () => areExact(op, bits, name, a, b, r) };
    },
    (op, bits, a, b) => {
      const t = floatType(bits);
      const r = unary ? op.x(`${t}.sqrt`, b) : op.x(`${t}.${name}`, a, b);
      const values = { a, b, r };
      const silent = inexactIsSilent(op);
      const large = isLarge(op, bits, r);
      const isZero = (value: V): V => op.x(`${t}.eq`, value, bits === 32 ? op.f32(0) : op.f64(0));
      const rare = (): V => {
        const sources = (unary ? [b] : [a, b]).map((value) => notDenormal(op, bits, value));
        const exact = zeros.map((zero) => isZero(values[zero])).reduce((x, y) => either(op, x, y));
        const noFlag = either(op, silent, both(op, roundsToNearest(op), isExact(op, bits, name, a, b, r)));
        return both(op, noFlag, ...sources, either(op, large, both(op, isZero(r), exact)));
      };
      // Of infinities and NaNs the result is no large number.
      const usual = both(op, silent, atLeastNormal(op, bits, unary ? [b] : [a, b]), large);
      const result = unlessUnusual(op, usual, r, `sse ${name}${bits === 32 ? "ss" : "sd"}`, [a, b], undefined, rare);
      for (const value of unary ? [b] : [a, b]) op.noteFloat(value, bits, "notDenormal");
      op.noteFloat(result, bits, "ordinary");
      return result;
    },
  );
}

/** a where the comparison holds, else b: also for two zeros. */
function extreme(name: string, opcode: string, comparison: string): Insn[] {
  return family(
    name,
    opcode,
    false,
    (op, bits, a, b) => {
      const l = new Lanes(op, bits);
      const result = op.x("v128.bitselect", a, b, l.f(comparison, a, b));
      return { result, operands: [a, b], usual: [l.ordinary(a), l.ordinary(b)] };
    },
    (op, bits, a, b) => {
      const r = op.select(op.x(`${floatType(bits)}.${comparison}`, a, b), a, b);
      return unlessUnusual(op, ordinary(op, bits, a, b), r, `sse ${name}${bits === 32 ? "ss" : "sd"}`, [a, b]);
    },
  );
}

/** Neither NaNs nor denormals. */
function ordinary(op: Op, bits: FloatBits, a: V, b: V): V {
  const ordered = (x: V): V => (op.floatKind(x, bits) === "ordinary" ? op.i32(1) : op.x(`${floatType(bits)}.eq`, x, x));
  return both(op, ordered(a), ordered(b), notDenormal(op, bits, a), notDenormal(op, bits, b));
}

// A sum is zero only where it is exact, a product or quotient also where it underflows.
export const addFloat: readonly Insn[] = arithmetic("add", "58", ["r"]);
export const subFloat: readonly Insn[] = arithmetic("sub", "5C", ["r"]);
export const mulFloat: readonly Insn[] = arithmetic("mul", "59", ["a", "b"]);
export const divFloat: readonly Insn[] = arithmetic("div", "5E", ["a"]);
export const sqrtFloat: readonly Insn[] = arithmetic("sqrt", "51", ["b"]);
export const minFloat: readonly Insn[] = extreme("min", "5D", "lt");
export const maxFloat: readonly Insn[] = extreme("max", "5F", "gt");

/**
 * 1/x and 1/sqrt(x), rounded to 12 significand bits: within Intel's bound of 1.5 * 2^-12, and the same on every host. Silicon's own
 * bits differ between vendors.
 */
function approximate(op: Op, exact: V, source: V): V {
  const half = op.x("i32x4.splat", op.i32(0x800));
  const cut = op.x("v128.and", op.x("i32x4.add", exact, half), op.x("i32x4.splat", op.i32(~0xfff)));
  // Rounding must not turn an infinity into a NaN.
  const finite = op.x("f32x4.lt", op.x("f32x4.abs", exact), op.x("f32x4.splat", op.x("f32.reinterpret_i32", op.i32(0x7f800000))));
  const r = op.x("v128.bitselect", cut, exact, finite);
  // A NaN source is made quiet; of a negative one the root is the default NaN.
  const quiet = op.x("v128.or", source, op.x("i32x4.splat", op.i32(0x00400000)));
  const nan = op.x("v128.bitselect", quiet, op.x("i32x4.splat", op.i32(-0x00400000)), op.x("f32x4.ne", source, source));
  return op.x("v128.bitselect", nan, flushDenormals(op, r), op.x("f32x4.ne", r, r));
}

/** Denormals, as sources and as results, are zeros here whatever MXCSR says. */
function flushDenormals(op: Op, source: V): V {
  const magnitude = op.x("v128.and", source, op.x("i32x4.splat", op.i32(0x7fffffff)));
  const normal = op.x("i32x4.ge_u", magnitude, op.x("i32x4.splat", op.i32(0x00800000)));
  const sign = op.x("v128.and", source, op.x("i32x4.splat", op.i32(-0x80000000)));
  return op.x("v128.bitselect", source, sign, normal);
}

const one = (op: Op): V => op.x("f32x4.splat", op.f32(1));
const reciprocal = (op: Op, source: V): V => approximate(op, op.x("f32x4.div", one(op), flushDenormals(op, source)), source);
const reciprocalRoot = (op: Op, source: V): V =>
  approximate(op, op.x("f32x4.div", one(op), op.x("f32x4.sqrt", flushDenormals(op, source))), source);

function approximation(name: string, opcode: string, f: (op: Op, source: V) => V): Insn[] {
  return [
    insn(`${name}ps`, [`NP 0F ${opcode} /r | Vps, Wps`], aligned, (op) => op.setVector(0, f(op, op.get(1)))),
    insn(`${name}ss`, [`F3 0F ${opcode} /r | Vss, Wss`], {}, (op) =>
      op.set(0, op.bool(op.lane("i32x4.extract_lane", 0, f(op, op.x("f32x4.splat", op.get(1)))))),
    ),
  ];
}

export const rcp: readonly Insn[] = approximation("rcp", "53", reciprocal);
export const rsqrt: readonly Insn[] = approximation("rsqrt", "52", reciprocalRoot);

function logic(name: string, opcode: string, f: (op: Op, a: V, b: V) => V): Insn[] {
  return [
    ["ps", "NP"],
    ["pd", "66"],
  ].map(([suffix, prefix]) =>
    insn(`${name}${suffix}`, [`${prefix} 0F ${opcode} /r | V${suffix}, W${suffix}`], { ...aligned, like: name }, (op) => {
      const b = op.get(1);
      op.setVector(0, f(op, op.vector(0), b));
    }),
  );
}

export const andFloat: readonly Insn[] = logic("and", "54", (op, a, b) => op.x("v128.and", a, b));
export const andnFloat: readonly Insn[] = logic("andn", "55", (op, a, b) => op.x("v128.andnot", b, a));
export const orFloat: readonly Insn[] = logic("or", "56", (op, a, b) => op.x("v128.or", a, b));
export const xorFloat: readonly Insn[] = logic("xor", "57", (op, a, b) => op.x("v128.xor", a, b));

/** Elements that are all ones where the relation holds: eq lt le unord, and their negations. Of numbers predicates 8 to 31 are these again. */
function relation(op: Op, l: Lanes, predicate: V, a: V, b: V): V {
  const is = (bit: number): V => op.ne(op.and(predicate, op.const(bit)), op.const(0));
  const upper = op.select(is(1), op.v128([]), l.f("le", a, b));
  const lower = op.select(is(1), l.f("lt", a, b), l.f("eq", a, b));
  const negate = op.x("i32x4.splat", op.select(is(4), op.i32(-1), op.i32(0)));
  return op.x("v128.xor", op.select(is(2), upper, lower), negate);
}

/** CMPPS and the like, with predicates 0 to `last`. */
export function compareFloat(last: 7 | 31): readonly Insn[] {
  const helper = (op: Op, suffix: string): PackedHelper => ({
    helper: `sse cmp${suffix}`,
    operand: op.x("i32.wrap_i64", op.and(op.get(2), op.const(last))),
  });
  const compared = (op: Op, bits: FloatBits, a: V, b: V): PackedLane => {
    const l = new Lanes(op, bits);
    return { result: relation(op, l, op.get(2), a, b), operands: [a, b], usual: [l.ordinary(a), l.ordinary(b)] };
  };
  const vector = (suffix: string, prefix: string, bits: FloatBits): Insn =>
    insn(`cmp${suffix}`, [`${prefix} 0F C2 /r | V${suffix}, W${suffix}, Ib`], aligned, (op) =>
      op.setParts(0, packed(op, helper(op, suffix), () => sources(op, (a, b) => compared(op, bits, a, b)))),
    );
  const single = (suffix: string, prefix: string, bits: FloatBits): Insn =>
    insn(`cmp${suffix}`, [`${prefix} 0F C2 /r | V${suffix}, W${suffix}, Ib`], faults, (op) => {
      const splat = bits === 32 ? "f32x4.splat" : "f64x2.splat";
      const b = op.x(splat, op.get(1));
      const a = op.x(splat, op.get(0));
      const r = packedOnce(op, helper(op, suffix), () => compared(op, bits, a, b));
      op.set(0, bits === 32 ? op.bool(op.lane("i32x4.extract_lane", 0, r)) : op.lane("i64x2.extract_lane", 0, r));
    });
  return [vector("ps", "NP", 32), vector("pd", "66", 64), single("ss", "F3", 32), single("sd", "F2", 64)];
}

export const cmpFloat: readonly Insn[] = compareFloat(7);

/** Of NaNs and denormals a helper gives the relation: 1 less, 2 equal, 4 unordered. */
function compareFlags(name: string, suffix: string, row: string, bits: FloatBits): Insn {
  const t = floatType(bits);
  return insn(`${name}${suffix}`, [row], { faults: true, writes: "oszapc" }, (op) => {
    const a = op.get(0);
    const b = op.get(1);
    const usual = (): void => op.flagsCompare(op.x(`${t}.eq`, a, b), op.i32(0), op.x(`${t}.lt`, a, b));
    op.if(ordinary(op, bits, a, b), usual, () => {
      const relation = resultOf(op, op.const(0), `sse ${name}${suffix}`, [a, b]);
      const is = (mask: number): V => op.ne(op.and(relation, op.const(mask)), op.const(0));
      op.flagsCompare(is(6), is(4), is(5));
    });
  });
}

export const compareScalars: readonly Insn[] = [
  compareFlags("ucomi", "ss", "NP 0F 2E /r | Vss, Wss", 32),
  compareFlags("ucomi", "sd", "66 0F 2E /r | Vsd, Wsd", 64),
  compareFlags("comi", "ss", "NP 0F 2F /r | Vss, Wss", 32),
  compareFlags("comi", "sd", "66 0F 2F /r | Vsd, Wsd", 64),
];
