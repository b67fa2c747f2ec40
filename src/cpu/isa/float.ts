/**
 * Floating point on the usual path and off it. Bodies compute what WebAssembly computes and say when that is all there is to it: no NaN
 * (whose bits WebAssembly leaves open), no denormal operand, rounding to nearest, and no new flag for MXCSR. A result that is rounded
 * raises PE, so that arithmetic is usual only where PE is raised already and masked, which is nearly always. Everything else is a helper's
 * (helpers/sse.ts), exact for every MXCSR.
 */

import { argumentSlot, RESULT_SLOT, WIDE } from "../sse/arguments.ts";
import { HELPER_AREA, MXCSR } from "../state.ts";
import type { Op, V, Var } from "./ops.ts";

export type FloatBits = 32 | 64;
export type FloatType = "f32" | "f64";

export function floatType(bits: FloatBits): FloatType {
  return bits === 32 ? "f32" : "f64";
}

const PE = 0x20;
const PM = 0x1000;
const RC = 0x6000;

/** Truth: inexact results change nothing; with `nearest`, and RC is nearest even. */
export function inexactIsSilent(op: Op, nearest = true): V {
  return op.eq(op.and(op.state(MXCSR, 32), op.const(PE | PM | (nearest ? RC : 0))), op.const(PE | PM));
}

/** Truth: results are rounded to nearest even. */
export function roundsToNearest(op: Op): V {
  return op.eqz(op.and(op.state(MXCSR, 32), op.const(RC)));
}

export function both(op: Op, ...truths: V[]): V {
  return truths.reduce((a, b) => op.x("i32.and", a, b));
}

export function either(op: Op, a: V, b: V): V {
  return op.x("i32.or", a, b);
}

/** The pattern without its sign, shifted up by one. */
function doubled(op: Op, bits: FloatBits, value: V): V {
  if (bits === 64) return op.shl(op.x("i64.reinterpret_f64", value), op.const(1));
  return op.x("i32.shl", op.x("i32.reinterpret_f32", value), op.i32(1));
}

function below(op: Op, bits: FloatBits, value: V, limit: bigint): V {
  if (bits === 64) return op.ltu(value, op.const(limit));
  return op.x("i32.lt_u", value, op.i32(Number(limit) | 0));
}

function minus(op: Op, bits: FloatBits, value: V, constant: bigint): V {
  if (bits === 64) return op.sub(value, op.const(constant));
  return op.x("i32.sub", value, op.i32(Number(constant) | 0));
}

/** Smallest normal number's pattern, shifted up by one. */
const LEAST = { 32: 1n << 24n, 64: 1n << 53n } as const;
const NORMAL_EXPONENTS = { 32: 0xfen, 64: 0x7fen } as const;

export function notDenormal(op: Op, bits: FloatBits, value: V): V {
  if (op.floatKind(value, bits) !== "any") return op.i32(1);
  const denormal = below(op, bits, minus(op, bits, doubled(op, bits, value), 1n), LEAST[bits] - 1n);
  return op.x("i32.eqz", denormal);
}

/** All of them normal numbers, infinities or NaNs, or known not to be denormal. */
export function atLeastNormal(op: Op, bits: FloatBits, values: readonly V[]): V {
  const compare = bits === 64 ? "i64.lt_u" : "i32.lt_u";
  const unknown = values.filter((value) => op.floatKind(value, bits) === "any");
  if (unknown.length === 0) return op.i32(1);
  const least = unknown.map((value) => doubled(op, bits, value)).reduce((a, b) => op.select(op.x(compare, a, b), a, b));
  return op.x("i32.eqz", below(op, bits, least, LEAST[bits]));
}

/**
 * Finite and larger than the smallest normal number: that one may come of a result that was rounded up from below it, which is an underflow
 * (SDM volume 1, 4.9.1.5).
 */
export function isLarge(op: Op, bits: FloatBits, value: V): V {
  return below(op, bits, minus(op, bits, doubled(op, bits, value), LEAST[bits] + 1n), NORMAL_EXPONENTS[bits] * LEAST[bits] - 1n);
}

/** Smallest and largest normal numbers. */
export const SMALLEST: Readonly<Record<FloatBits, number>> = { 32: 2 ** -126, 64: 2 ** -1022 };
export const LARGEST: Readonly<Record<FloatBits, number>> = { 32: (2 - 2 ** -23) * 2 ** 127, 64: (2 - 2 ** -52) * 2 ** 1023 };

/** Lane-wise tests of vectors. */
export class Lanes {
  readonly op: Op;
  readonly bits: FloatBits;
  readonly name: "f32x4" | "f64x2";

  constructor(op: Op, bits: FloatBits) {
    this.op = op;
    this.bits = bits;
    this.name = bits === 32 ? "f32x4" : "f64x2";
  }

  splat(value: number): V {
    return this.op.x(`${this.name}.splat`, this.bits === 32 ? this.op.f32(value) : this.op.f64(value));
  }

  f(operation: string, ...args: V[]): V {
    return this.op.x(`${this.name}.${operation}`, ...args);
  }

  or(a: V, b: V): V {
    return this.op.x("v128.or", a, b);
  }

  isZero(value: V): V {
    return this.f("eq", value, this.op.v128([]));
  }

  /** Zero, or at least `least` in size; false for NaNs. */
  zeroOrFrom(value: V, least: number): V {
    return this.or(this.f("ge", this.f("abs", value), this.splat(least)), this.isZero(value));
  }

  /** As {@link isLarge}, but infinities are too. */
  large(value: V): V {
    return this.f("gt", this.f("abs", value), this.splat(SMALLEST[this.bits]));
  }

  upTo(value: V, greatest: number): V {
    return this.f("le", this.f("abs", value), this.splat(greatest));
  }

  /** The smallest and the largest of their sizes; a NaN may be passed over. */
  least(...values: V[]): V {
    return values.map((value) => this.f("abs", value)).reduce((a, b) => this.f("pmin", a, b));
  }

  greatest(...values: V[]): V {
    return values.map((value) => this.f("abs", value)).reduce((a, b) => this.f("pmax", a, b));
  }

  /** Neither denormal nor NaN. */
  ordinary(value: V): V {
    if (this.op.floatKind(value, this.bits) === "ordinary") return this.op.v128(Array<number>(16).fill(255));
    return this.zeroOrFrom(value, SMALLEST[this.bits]);
  }

  /** i32 truth: all of them hold in all lanes. */
  all(...masks: V[]): V {
    return this.op.x("i32x4.all_true", masks.reduce((a, b) => this.op.x("v128.and", a, b)));
  }
}

/** A float, integer or vector for a helper's argument. */
function toArgument(op: Op, value: V): V {
  switch (value.type) {
    case "f32":
      return op.bool(op.x("i32.reinterpret_f32", value));
    case "f64":
      return op.x("i64.reinterpret_f64", value);
    default:
      return value;
  }
}

/** Lane `lane` of a helper's result, as the type of `like`. */
function fromArgument(op: Op, like: V, lane: number): V {
  const slot = RESULT_SLOT + lane;
  switch (like.type) {
    case "f32":
      return op.x("f32.reinterpret_i32", op.x("i32.wrap_i64", op.state(HELPER_AREA + 16 * slot, 32)));
    case "f64":
      return op.x("f64.reinterpret_i64", op.argument(slot, "i64"));
    default:
      return op.argument(slot, like.type);
  }
}

/** What a helper makes of the operands, of the type of `like`; it may raise #XM. */
export function resultOf(op: Op, like: V, helper: string, operands: readonly V[], operand?: V): V {
  operands.forEach((value, i) => op.setArgument(argumentSlot(i, 0), toArgument(op, value)));
  op.helper(helper, operand);
  return fromArgument(op, like, 0);
}

/**
 * `result` where the truth `usual` holds, else what the helper makes of the operands. `otherwise` is a second truth for the result to
 * stand, looked at only where the first fails.
 */
export function unlessUnusual(op: Op, usual: V, result: V, helper: string, operands: readonly V[], operand?: V, otherwise?: () => V): V {
  const chosen = op.variable(result);
  const settle = (): void => op.assign(chosen, resultOf(op, result, helper, operands, operand));
  op.if(op.x("i32.eqz", usual), () => {
    if (otherwise === undefined) settle();
    else op.if(op.x("i32.eqz", otherwise()), settle);
  });
  return op.read(chosen);
}

/** One 128-bit lane of a packed operation. */
export interface PackedLane {
  readonly result: V;
  /** For the helper. */
  readonly operands: readonly V[];
  /** Vectors that are all ones where nothing unusual happens. */
  readonly usual: readonly V[];
  /** The same for elements whose result is exact. */
  readonly exact?: readonly V[];
  /** What is looked at in place of `usual` where that does not hold. */
  readonly rare?: () => readonly V[];
  /** Truth, looked at where inexact results change something: none is. */
  readonly exactly?: () => V;
  /** Of elements of so many bits: usually no operand is denormal, and the result is ordinary. */
  readonly ordinary?: FloatBits;
}

export interface PackedHelper {
  readonly helper: string;
  readonly operand?: V;
  /** Truth that inexact results change nothing; without it there are none. */
  readonly silent?: V;
}

/**
 * A packed operation, one 128-bit lane by `lane`. All lanes are usual, or the helper does all of them: exceptions of one keep those of
 * another from MXCSR (SDM volume 1, 11.5.2).
 */
export function packed(op: Op, { helper, operand, silent }: PackedHelper, lane: (op: Op) => PackedLane): V[] {
  const lanes = op.eachLane(() => lane(op));
  const all = (masks: readonly V[]): V => op.x("i32x4.all_true", masks.reduce((a, b) => op.x("v128.and", a, b)));
  const masks = lanes.flatMap((one) => one.usual);
  const exact = lanes.flatMap((one) => one.exact ?? []);
  const truths = masks.length === 0 ? [] : [all(masks)];
  if (silent !== undefined) truths.push(exact.length === 0 ? silent : either(op, silent, all(exact)));
  const usual = both(op, ...truths);
  const chosen = lanes.map((one) => op.variable(one.result));
  const settle = (): void => {
    lanes.forEach((one, k) => one.operands.forEach((value, i) => op.setArgument(argumentSlot(i, k), value)));
    const wide = lanes.length === 1 ? 0 : WIDE;
    op.helper(helper, operand === undefined ? op.i32(wide) : op.x("i32.or", operand, op.i32(wide)));
    chosen.forEach((variable, k) => op.assign(variable, fromArgument(op, op.read(variable), k)));
  };
  op.if(op.x("i32.eqz", usual), () => {
    if (lanes.every((one) => one.rare === undefined)) settle();
    else {
      const fine = lanes.map((one) => all(one.rare?.() ?? one.usual));
      const exactly = lanes.flatMap((one) => (one.exactly === undefined ? [] : [one.exactly()]));
      const noFlag = exactly.length === 0 || silent === undefined ? truths.slice(1) : [either(op, silent, both(op, roundsToNearest(op), ...exactly))];
      op.if(op.x("i32.eqz", both(op, ...fine, ...noFlag)), settle);
    }
  });
  return lanes.map(({ operands, ordinary }, k) => {
    const result = op.read(chosen[k] as Var);
    if (ordinary !== undefined) {
      for (const value of operands) op.noteFloat(value, ordinary, "notDenormal");
      op.noteFloat(result, ordinary, "ordinary");
    }
    return result;
  });
}

/** The same where there is one lane. */
export function packedOnce(op: Op, helper: PackedHelper, lane: (op: Op) => PackedLane): V {
  const [result] = packed(op, helper, lane);
  if (result === undefined) throw new Error("no lane");
  return result;
}
