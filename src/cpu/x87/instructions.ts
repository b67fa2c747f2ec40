/**
 * Arithmetic, data transfer and comparison instructions on the register stack (SDM volume 1, 8.3; volume 2).
 *
 * Every function does one instruction but for memory access: memory operands arrive as halves, stored values are left in the state's
 * operand area. A store function returns 1 where the operand area is to be written to memory, 0 where an unmasked exception forbids it;
 * it has already popped, so writability must be checked before. None of them looks at pending exceptions.
 */

import { add, divide, multiply, squareRoot } from "./arithmetic.ts";
import { UNORDERED, compare } from "./compare.ts";
import { fromDecimal, fromFloat32, fromFloat64, fromInteger, narrowed, stored, toDecimal, toFloat, toInteger, toIntegral } from "./convert.ts";
import type { Float80 } from "./float80.ts";
import { Kind, copy, kindOf, set, setIndefinite, setZero } from "./float80.ts";
import { extract, partialRemainder, scale } from "./remainder.ts";
import { propagate, operand as checkOperand } from "./arithmetic.ts";
import { DE, type Environment, Rounding } from "./rounding.ts";
import { C0, C1, C2, C3, type X87State } from "./state.ts";

/** Arithmetic operations by number. */
export const Operation = { add: 0, multiply: 1, subtract: 4, subtractReversed: 5, divide: 6, divideReversed: 7 } as const;
export type Operation = (typeof Operation)[keyof typeof Operation];

function calculate(env: Environment, operation: Operation, destination: Float80, source: Float80, out: Float80): void {
  switch (operation) {
    case Operation.add:
      add(env, destination, source, 0, out);
      break;
    case Operation.multiply:
      multiply(env, destination, source, out);
      break;
    case Operation.subtract:
      add(env, destination, source, 1, out);
      break;
    case Operation.subtractReversed:
      add(env, source, destination, 1, out);
      break;
    case Operation.divide:
      divide(env, destination, source, out);
      break;
    case Operation.divideReversed:
      divide(env, source, destination, out);
      break;
  }
}

/** ST(destination) = ST(destination) operation ST(source), then a pop where `pops`. */
export function arithmetic(s: X87State, operation: Operation, destination: number, source: number, pops: boolean): void {
  if (s.isEmpty(destination) || s.isEmpty(source)) {
    if (!s.stackFault(0)) return;
    s.writeIndefinite(destination);
  } else {
    const env = s.begin();
    s.read(destination, s.a);
    s.read(source, s.b);
    calculate(env, operation, s.a, s.b, s.result);
    if (!s.finish()) return;
    s.write(destination, s.result);
  }
  if (pops) s.pop();
}

/** ST(0) = ST(0) operation s.b, a memory operand whose conversion has raised what `env` holds. */
function arithmeticMemory(s: X87State, operation: Operation): void {
  const env = s.env;
  s.read(0, s.a);
  calculate(env, operation, s.a, s.b, s.result);
  if (s.finish()) s.write(0, s.result);
}

/** Stack underflow with ST(0) as destination; returns true where ST(0) is empty. */
function underflow0(s: X87State): boolean {
  if (!s.isEmpty(0)) return false;
  if (s.stackFault(0)) s.writeIndefinite(0);
  return true;
}

/** Memory formats of operands. */
export const Format = { float32: 0, float64: 1, integer16: 2, integer32: 3, integer64: 4 } as const;
export type Format = (typeof Format)[keyof typeof Format];

/** Converts a memory operand to `out`. */
function fetch(env: Environment, format: Format, low: number, high: number, out: Float80): void {
  switch (format) {
    case Format.float32:
      fromFloat32(env, low, out);
      break;
    case Format.float64:
      fromFloat64(env, low, high, out);
      break;
    case Format.integer16:
      fromInteger((low << 16) >> 16, (low << 16) >> 31, out);
      break;
    case Format.integer32:
      fromInteger(low, low >> 31, out);
      break;
    case Format.integer64:
      fromInteger(low, high, out);
      break;
  }
}

/** A memory operand as it enters arithmetic: SNaNs stay signaling, so that the operation chooses the result. */
function fetchOperand(env: Environment, format: Format, low: number, high: number, out: Float80): void {
  fetch(env, format, low, high, out);
  if (format <= Format.float64 && env.raised & 1) {
    out.high = (out.high & ~0x4000_0000) >>> 0;
  }
}

/** FADD, FMUL, FSUB(R), FDIV(R), FIADD ... with a memory operand. */
export function arithmeticWith(s: X87State, operation: Operation, format: Format, low: number, high: number): void {
  if (underflow0(s)) return;
  fetchOperand(s.begin(), format, low, high, s.b);
  arithmeticMemory(s, operation);
}

/** Relation of ST(0) and `s.b` to the condition codes, then `pops` pops. */
function finishCompare(s: X87State, quietly: boolean, pops: number): void {
  s.read(0, s.a);
  const relation = compare(s.env, s.a, s.b, quietly);
  const done = s.finish();
  s.setConditions(relation);
  if (!done) return;
  for (let i = 0; i < pops; i++) s.pop();
}

function compareUnderflow(s: X87State, pops: number): void {
  const masked = s.stackFault(0);
  s.setConditions(UNORDERED);
  if (!masked) return;
  for (let i = 0; i < pops; i++) s.pop();
}

/** FCOM, FCOMP, FCOMPP and, where `quietly`, FUCOM, FUCOMP, FUCOMPP. */
export function fcom(s: X87State, i: number, quietly: boolean, pops: number): void {
  if (s.isEmpty(0) || s.isEmpty(i)) {
    compareUnderflow(s, pops);
    return;
  }
  s.begin();
  s.read(i, s.b);
  finishCompare(s, quietly, pops);
}

/** FCOM, FCOMP, FICOM, FICOMP with a memory operand. */
export function fcomWith(s: X87State, format: Format, low: number, high: number, pops: number): void {
  if (s.isEmpty(0)) {
    compareUnderflow(s, pops);
    return;
  }
  fetchOperand(s.begin(), format, low, high, s.b);
  finishCompare(s, false, pops);
}

export function ftst(s: X87State): void {
  if (s.isEmpty(0)) {
    compareUnderflow(s, 0);
    return;
  }
  s.begin();
  setZero(s.b, 0);
  finishCompare(s, false, 0);
}

/**
 * FCOMI, FCOMIP and, where `quietly`, FUCOMI, FUCOMIP: returns the new ZF, PF and CF as RFLAGS bits; unmasked exceptions do not
 * change that. C1 is left alone but for a stack fault.
 */
export function fcomi(s: X87State, i: number, quietly: boolean, pops: number): number {
  let relation = UNORDERED;
  let completes: boolean;
  if (s.isEmpty(0) || s.isEmpty(i)) completes = s.stackFault(0);
  else {
    const env = s.begin();
    s.read(0, s.a);
    s.read(i, s.b);
    relation = compare(env, s.a, s.b, quietly);
    completes = !s.raise(env.raised, s.status & C1);
  }
  if (pops && completes) s.pop();
  return (relation & C3 ? 0x40 : 0) | (relation & C2 ? 4 : 0) | (relation & C0 ? 1 : 0);
}

/** Pushes `value`, or takes a stack overflow. */
function pushValue(s: X87State, value: Float80): void {
  if (!s.isEmpty(7)) {
    if (!s.stackFault(C1)) return;
    setIndefinite(s.result);
    s.push(s.result);
    return;
  }
  s.push(value);
}

/** FLD m32fp, m64fp, FILD. */
export function loadFrom(s: X87State, format: Format, low: number, high: number): void {
  if (!s.isEmpty(7)) {
    pushValue(s, s.a);
    return;
  }
  const env = s.begin();
  fetch(env, format, low, high, s.a);
  // A denormal is loaded even where DE is unmasked.
  if (s.finish() || env.raised === DE) s.push(s.a);
}

/** FLD m80fp. */
export function fld80(s: X87State, low: number, high: number, signExponent: number): void {
  set(s.a, (signExponent >> 15) & 1, signExponent & 0x7fff, high >>> 0, low >>> 0);
  if (s.isEmpty(7)) s.clearC1();
  pushValue(s, s.a);
}

/** FBLD. */
export function fbld(s: X87State, low: number, high: number, top: number): void {
  fromDecimal(low >>> 0, high >>> 0, top & 0xffff, s.a);
  if (s.isEmpty(7)) s.clearC1();
  pushValue(s, s.a);
}

/** FLD ST(i). An empty source counts before a full stack. */
export function fldRegister(s: X87State, i: number): void {
  if (s.isEmpty(i)) {
    if (!s.stackFault(0)) return;
    setIndefinite(s.a);
    s.push(s.a);
    return;
  }
  s.read(i, s.a);
  if (s.isEmpty(7)) s.clearC1();
  pushValue(s, s.a);
}

/** Significands of FLD1, FLDL2T, FLDL2E, FLDPI, FLDLG2, FLDLN2, FLDZ to 64 bits with 32 more, and exponents. */
const CONSTANTS: readonly (readonly [exponent: number, high: number, low: number, extra: number])[] = [
  [0x3fff, 0x8000_0000, 0, 0],
  [0x4000, 0xd49a_784b, 0xcd1b_8afe, 0x492b_f6ff],
  [0x3fff, 0xb8aa_3b29, 0x5c17_f0bb, 0xbe87_fed0],
  [0x4000, 0xc90f_daa2, 0x2168_c234, 0xc4c6_628b],
  [0x3ffd, 0x9a20_9a84, 0xfbcf_f798, 0x8f89_59ac],
  [0x3ffe, 0xb172_17f7, 0xd1cf_79ab, 0xc9e3_b398],
  [0, 0, 0, 0],
];

/** FLD1, FLDL2T, FLDL2E, FLDPI, FLDLG2, FLDLN2, FLDZ, in this order: rounded by RC to 64 bits whatever PC is; PE is not raised. */
export function loadConstant(s: X87State, which: number): void {
  const [exponent, high, low, extra] = CONSTANTS[which]!;
  if (s.isEmpty(7)) s.clearC1();
  const rounding = (s.control >> 10) & 3;
  const up = extra !== 0 && (rounding === Rounding.up || (rounding === Rounding.nearest && extra >= 0x8000_0000));
  set(s.a, 0, exponent, high, low + (up ? 1 : 0));
  pushValue(s, s.a);
}

/** FST and FSTP to memory as float32 (`bits` 24) or float64 (53). */
export function storeFloat(s: X87State, bits: number, pops: number): number {
  if (s.isEmpty(0)) {
    if (!s.stackFault(0)) return 0;
    if (bits === 24) s.store(0xffc0_0000, 0, 0);
    else s.store(0, 0xfff8_0000, 0);
  } else {
    s.read(0, s.a);
    const stores = toFloat(s.begin(), s.a, bits);
    s.finish();
    if (!stores) return 0;
    s.store(narrowed.low, narrowed.high, 0);
  }
  if (pops) s.pop();
  return 1;
}

/** FSTP m80fp. */
export function fstp80(s: X87State): number {
  if (s.isEmpty(0)) {
    if (!s.stackFault(0)) return 0;
    setIndefinite(s.a);
  } else {
    s.read(0, s.a);
    s.clearC1();
  }
  s.store(s.a.low, s.a.high, (s.a.sign << 15) | s.a.exponent);
  s.pop();
  return 1;
}

/** FIST, FISTP, FISTTP to 16, 32 or 64 bits. */
export function storeInteger(s: X87State, bits: number, pops: number, truncates: boolean): number {
  if (s.isEmpty(0)) {
    if (!s.stackFault(0)) return 0;
    s.store(bits === 64 ? 0 : 2 ** (bits - 1), bits === 64 ? 0x8000_0000 : 0, 0);
  } else {
    s.read(0, s.a);
    const env = s.begin();
    const stores = toInteger(env, s.a, bits, truncates ? Rounding.zero : env.rounding);
    s.finish();
    if (!stores) return 0;
    s.store(stored.low, stored.high, 0);
  }
  if (pops) s.pop();
  return 1;
}

/** FBSTP. */
export function fbstp(s: X87State): number {
  if (s.isEmpty(0)) {
    if (!s.stackFault(0)) return 0;
    s.store(0, 0xc000_0000, 0xffff);
  } else {
    s.read(0, s.a);
    const stores = toDecimal(s.begin(), s.a);
    s.finish();
    if (!stores) return 0;
    s.store(stored.low, stored.high, stored.top);
  }
  s.pop();
  return 1;
}

/** FST and FSTP to a register. */
export function storeRegister(s: X87State, i: number, pops: number): void {
  if (s.isEmpty(0)) {
    if (!s.stackFault(0)) return;
    s.writeIndefinite(i);
  } else {
    s.read(0, s.a);
    s.write(i, s.a);
    s.clearC1();
  }
  if (pops) s.pop();
}

/** D9 D8+i: as FSTP ST(i), but an empty ST(0) is no stack fault: it is only popped. */
export function fstpnce(s: X87State, i: number): void {
  if (!s.isEmpty(0)) {
    s.read(0, s.a);
    s.write(i, s.a);
  }
  s.clearC1();
  s.pop();
}

export function fxch(s: X87State, i: number): void {
  const empty0 = s.isEmpty(0);
  const emptyI = s.isEmpty(i);
  if (empty0 || emptyI) {
    if (!s.stackFault(0)) return;
  } else s.clearC1();
  s.read(0, s.a);
  s.read(i, s.b);
  if (empty0) setIndefinite(s.a);
  if (emptyI) setIndefinite(s.b);
  s.write(0, s.b);
  s.write(i, s.a);
}

/** FCMOVcc; `condition` is not 0 where it holds. */
export function fcmov(s: X87State, i: number, condition: number): void {
  if (s.isEmpty(0) || s.isEmpty(i)) {
    if (s.stackFault(0)) s.writeIndefinite(0);
    return;
  }
  if (!condition) return;
  s.read(i, s.a);
  s.write(0, s.a);
}

export function fchs(s: X87State): void {
  if (underflow0(s)) return;
  s.read(0, s.a);
  s.a.sign ^= 1;
  s.write(0, s.a);
  s.clearC1();
}

export function fabs(s: X87State): void {
  if (underflow0(s)) return;
  s.read(0, s.a);
  s.a.sign = 0;
  s.write(0, s.a);
  s.clearC1();
}

export function fsqrt(s: X87State): void {
  if (underflow0(s)) return;
  s.read(0, s.a);
  squareRoot(s.begin(), s.a, s.result);
  if (s.finish()) s.write(0, s.result);
}

export function frndint(s: X87State): void {
  if (underflow0(s)) return;
  s.read(0, s.a);
  const env = s.begin();
  const kind = kindOf(s.a);
  if (kind > Kind.infinity) propagate(env, s.a, s.a, kind, kind, s.result);
  else if (kind === Kind.zero || kind === Kind.infinity) copy(s.result, s.a);
  else {
    checkOperand(env, s.b, s.a, kind);
    if (!env.suppressed()) toIntegral(env, s.b, s.result);
  }
  if (s.finish()) s.write(0, s.result);
}

/** Stack underflow of instructions with ST(0) and ST(1), ST(0) being the destination; returns true where one is empty. */
function underflow01(s: X87State): boolean {
  if (!s.isEmpty(0) && !s.isEmpty(1)) return false;
  if (s.stackFault(0)) s.writeIndefinite(0);
  return true;
}

function remainder(s: X87State, nearest: boolean): void {
  s.status &= ~(C1 | C2);
  if (underflow01(s)) return;
  s.read(0, s.a);
  s.read(1, s.b);
  const env = s.begin();
  const conditions = partialRemainder(env, s.a, s.b, nearest, s.result);
  if (!s.finish()) return;
  if (conditions >= 0) s.setConditions(conditions);
  s.write(0, s.result);
}

export function fprem(s: X87State): void {
  remainder(s, false);
}

export function fprem1(s: X87State): void {
  remainder(s, true);
}

export function fscale(s: X87State): void {
  if (underflow01(s)) return;
  s.read(0, s.a);
  s.read(1, s.b);
  scale(s.begin(), s.a, s.b, s.result);
  if (s.finish()) s.write(0, s.result);
}

/** The exponent replaces ST(0), the significand is pushed. */
export function fxtract(s: X87State): void {
  if (s.isEmpty(0)) {
    if (!s.stackFault(0)) return;
    s.writeIndefinite(0);
    setIndefinite(s.result);
    s.push(s.result);
    return;
  }
  if (!s.isEmpty(7)) {
    if (!s.stackFault(C1)) return;
    s.writeIndefinite(0);
    s.push(s.result);
    return;
  }
  s.read(0, s.a);
  extract(s.begin(), s.a, s.b, s.result);
  if (!s.finish()) return;
  s.write(0, s.result);
  s.push(s.b);
}
