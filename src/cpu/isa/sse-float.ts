/** SSE and SSE2 floating-point arithmetic, comparison and logic (SDM volume 1, 5.5.1 and 5.6.1). */

import { settlePacked, settleScalar } from "./float.ts";
import type { FloatBits } from "./float.ts";
import { insn } from "./insn.ts";
import type { Insn } from "./insn.ts";
import type { Op, V } from "./ops.ts";

const aligned = { aligned: true };

/** ps, pd, ss, sd rows of one operation. */
function family(
  name: string,
  opcode: string,
  packed: (op: Op, bits: FloatBits, a: V, b: V) => V,
  scalar: (op: Op, bits: FloatBits, a: V, b: V) => V,
): Insn[] {
  const vector = (suffix: string, prefix: string, bits: FloatBits): Insn =>
    insn(`${name}${suffix}`, [`${prefix} 0F ${opcode} /r | V${suffix}, W${suffix}`], aligned, (op) => {
      const b = op.get(1);
      op.setVector(0, packed(op, bits, op.vector(0), b));
    });
  const single = (suffix: string, prefix: string, bits: FloatBits): Insn =>
    insn(`${name}${suffix}`, [`${prefix} 0F ${opcode} /r | V${suffix}, W${suffix}`], {}, (op) => {
      const b = op.get(1);
      op.set(0, scalar(op, bits, op.get(0), b));
    });
  return [vector("ps", "NP", 32), vector("pd", "66", 64), single("ss", "F3", 32), single("sd", "F2", 64)];
}

const lanes = (bits: FloatBits): string => (bits === 32 ? "f32x4" : "f64x2");
const type = (bits: FloatBits): string => (bits === 32 ? "f32" : "f64");

function arithmetic(name: string, opcode: string): Insn[] {
  return family(
    name,
    opcode,
    (op, bits, a, b) => settlePacked(op, bits, op.x(`${lanes(bits)}.${name}`, a, b), a, b),
    (op, bits, a, b) => settleScalar(op, bits, op.x(`${type(bits)}.${name}`, a, b), a, b),
  );
}

/** a where the comparison holds, else b: also for NaNs and two zeros. */
function extreme(name: string, opcode: string, comparison: string): Insn[] {
  return family(
    name,
    opcode,
    (op, bits, a, b) => op.x("v128.bitselect", a, b, op.x(`${lanes(bits)}.${comparison}`, a, b)),
    (op, bits, a, b) => op.select(op.x(`${type(bits)}.${comparison}`, a, b), a, b),
  );
}

export const addFloat: readonly Insn[] = arithmetic("add", "58");
export const mulFloat: readonly Insn[] = arithmetic("mul", "59");
export const subFloat: readonly Insn[] = arithmetic("sub", "5C");
export const divFloat: readonly Insn[] = arithmetic("div", "5E");
export const minFloat: readonly Insn[] = extreme("min", "5D", "lt");
export const maxFloat: readonly Insn[] = extreme("max", "5F", "gt");
export const sqrtFloat: readonly Insn[] = family(
  "sqrt",
  "51",
  (op, bits, _, b) => settlePacked(op, bits, op.x(`${lanes(bits)}.sqrt`, b), b),
  (op, bits, _, b) => settleScalar(op, bits, op.x(`${type(bits)}.sqrt`, b), b),
);

/**
 * 1/x and 1/sqrt(x), rounded to 12 significand bits: within Intel's bound of 1.5 * 2^-12, and the same on every host. Silicon's own
 * bits differ between vendors.
 */
function approximate(op: Op, exact: V, source: V): V {
  const half = op.x("i32x4.splat", op.i32(0x800));
  const cut = op.x("v128.and", op.x("i32x4.add", exact, half), op.x("i32x4.splat", op.i32(~0xfff)));
  // Rounding must not turn an infinity into a NaN.
  const finite = op.x("f32x4.lt", op.x("f32x4.abs", exact), op.x("f32x4.splat", op.x("f32.reinterpret_i32", op.i32(0x7f800000))));
  return settlePacked(op, 32, op.x("v128.bitselect", cut, exact, finite), source);
}

/** Denormal sources count as zero. */
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
      op.set(0, op.lane("f32x4.extract_lane", 0, f(op, op.x("f32x4.splat", op.get(1))))),
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
    insn(`${name}${suffix}`, [`${prefix} 0F ${opcode} /r | V${suffix}, W${suffix}`], aligned, (op) => {
      const b = op.get(1);
      op.setVector(0, f(op, op.vector(0), b));
    }),
  );
}

export const andFloat: readonly Insn[] = logic("and", "54", (op, a, b) => op.x("v128.and", a, b));
export const andnFloat: readonly Insn[] = logic("andn", "55", (op, a, b) => op.x("v128.andnot", b, a));
export const orFloat: readonly Insn[] = logic("or", "56", (op, a, b) => op.x("v128.or", a, b));
export const xorFloat: readonly Insn[] = logic("xor", "57", (op, a, b) => op.x("v128.xor", a, b));

/** Predicates 0 to 7: eq lt le unord, and their negations. */
function compare(op: Op, bits: FloatBits, a: V, b: V, predicate: V): V {
  const l = lanes(bits);
  const is = (bit: number): V => op.ne(op.and(predicate, op.const(bit)), op.const(0));
  const unordered = op.x("v128.or", op.x(`${l}.ne`, a, a), op.x(`${l}.ne`, b, b));
  const upper = op.select(is(1), unordered, op.x(`${l}.le`, a, b));
  const lower = op.select(is(1), op.x(`${l}.lt`, a, b), op.x(`${l}.eq`, a, b));
  const chosen = op.select(is(2), upper, lower);
  const negate = op.x("i32x4.splat", op.select(is(4), op.i32(-1), op.i32(0)));
  return op.x("v128.xor", chosen, negate);
}

export const cmpFloat: readonly Insn[] = [
  insn("cmpps", ["NP 0F C2 /r | Vps, Wps, Ib"], aligned, (op) => {
    const b = op.get(1);
    op.setVector(0, compare(op, 32, op.vector(0), b, op.get(2)));
  }),
  insn("cmppd", ["66 0F C2 /r | Vpd, Wpd, Ib"], aligned, (op) => {
    const b = op.get(1);
    op.setVector(0, compare(op, 64, op.vector(0), b, op.get(2)));
  }),
  insn("cmpss", ["F3 0F C2 /r | Vss, Wss, Ib"], {}, (op) => {
    const b = op.x("f32x4.splat", op.get(1));
    op.set(0, op.lane("f32x4.extract_lane", 0, compare(op, 32, op.vector(0), b, op.get(2))));
  }),
  insn("cmpsd", ["F2 0F C2 /r | Vsd, Wsd, Ib"], {}, (op) => {
    const b = op.x("f64x2.splat", op.get(1));
    op.set(0, op.lane("f64x2.extract_lane", 0, compare(op, 64, op.vector(0), b, op.get(2))));
  }),
];

function compareFlags(mnemonic: string, row: string, bits: FloatBits): Insn {
  const t = type(bits);
  return insn(mnemonic, [row], { writes: "oszapc" }, (op) => {
    const a = op.get(0);
    const b = op.get(1);
    const unordered = op.x("i32.or", op.x(`${t}.ne`, a, a), op.x(`${t}.ne`, b, b));
    op.flagsCompare(op.x("i32.or", op.x(`${t}.eq`, a, b), unordered), unordered, op.x("i32.or", op.x(`${t}.lt`, a, b), unordered));
  });
}

export const ucomiss: Insn = compareFlags("ucomiss", "NP 0F 2E /r | Vss, Wss", 32);
export const ucomisd: Insn = compareFlags("ucomisd", "66 0F 2E /r | Vsd, Wsd", 64);
export const comiss: Insn = compareFlags("comiss", "NP 0F 2F /r | Vss, Wss", 32);
export const comisd: Insn = compareFlags("comisd", "66 0F 2F /r | Vsd, Wsd", 64);
