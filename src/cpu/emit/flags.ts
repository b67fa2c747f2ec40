/** How flags are stored, carried within a list, and read: see FLAG_RESULT and FLAG_VECTOR in state.ts. Methods are those of {@link Op}. */

import type { Form } from "../form.ts";
import type { FlagKind, V } from "../isa/ops.ts";
import { ARITHMETIC_FLAGS, FLAGS_SYSTEM } from "../state.ts";
import type { Binding } from "./binding.ts";
import type { Node } from "./graph.ts";
import type { Values } from "./values.ts";
import { node } from "./values.ts";

/** Operands that the flags came from, where they were set in the list that is being read. */
export interface ArithmeticFlags {
  readonly kind: FlagKind;
  readonly a: Node;
  readonly b: Node;
  readonly r: Node;
  readonly bits: number;
}

/** The same of a floating-point comparison: i32 truths. */
export interface ComparisonFlags {
  readonly kind: "compare";
  readonly zero: Node;
  readonly parity: Node;
  readonly carry: Node;
}

export type SymbolicFlags = ArithmeticFlags | ComparisonFlags;

/** Carries (or borrows) out of each bit position: see FLAG_VECTOR. */
export function carries(v: Values, subtract: boolean, a: V, b: V, r: V, bits: number): V {
  const differ = v.xor(b, r);
  // Majority of (~a, b, r) for borrows, of (a, b, ~r) for carries.
  const vector = subtract ? v.xor(v.and(v.xor(a, b), differ), r) : v.xor(v.and(v.xor(a, b), v.not(differ)), b);
  if (bits === 64) return v.and(vector, v.const(-8));
  return v.or(v.shl(vector, v.const(64 - bits)), v.and(vector, v.const(8)));
}

export class Flags {
  readonly #v: Values;
  readonly #binding: Binding;
  readonly #dead: boolean;
  readonly #width: number;
  symbolic: SymbolicFlags | undefined;

  /** `width`: bits of operand 0. */
  constructor(values: Values, binding: Binding, form: Form, width: number, symbolic: SymbolicFlags | undefined) {
    this.#v = values;
    this.#binding = binding;
    this.#dead = form.deadFlags;
    this.#width = width;
    this.symbolic = symbolic;
  }

  flags(kind: FlagKind, a: V, b: V, r: V, bits: number): void {
    const symbolic = { kind, a: node(a), b: node(b), r: node(r), bits };
    this.symbolic = symbolic;
    if (this.#dead || this.#binding.setFlags?.(symbolic) === true) return;
    this.#binding.setFlagVector(node(this.#vectorOf(kind, a, b, r, bits)));
    this.#binding.setFlagResult(node(this.#v.sext(r, bits)));
  }

  #vectorOf(kind: FlagKind, a: V, b: V, r: V, bits: number): V {
    if (kind === "logic") return this.#v.const(0);
    const shifted = carries(this.#v, kind === "sub" || kind === "dec", a, b, r, bits);
    if (kind === "add" || kind === "sub") return shifted;
    const adjust = this.#v.and(shifted, this.#v.const(8));
    // The carry stays: bit 63 from before, bit 62 such that their difference is the new OF.
    const old = this.#v.and(this.#binding.flagVector(), this.#v.const(-0x8000000000000000n));
    const overflow = this.#v.and(this.#v.xor(shifted, this.#v.shl(shifted, this.#v.const(1))), this.#v.const(-0x8000000000000000n));
    const second = this.#v.shr(this.#v.xor(overflow, old), this.#v.const(1));
    return this.#v.or(this.#v.or(old, second), adjust);
  }

  flagsOf(kind: "add" | "sub", a: V, b: V, r: V): void {
    this.flags(kind, a, b, r, this.#width);
    this.symbolic = undefined;
  }

  flagsFrom(result: V, carry: V, overflow: V, truth?: V): void {
    this.symbolic = undefined;
    if (this.#dead) return;
    const first = this.#v.sext(result, this.#width);
    const vector = this.#carryOverflow(carry, overflow);
    if (truth === undefined) {
      this.#binding.setFlagVector(node(vector));
      this.#binding.setFlagResult(node(first));
    } else {
      this.#binding.setFlagVector(node(this.#v.select(truth, vector, this.#binding.flagVector())));
      this.#binding.setFlagResult(node(this.#v.select(truth, first, this.#binding.flagResult())));
    }
  }

  #carryOverflow(carry: V, overflow: V): V {
    return this.#v.or(this.#v.shl(carry, this.#v.const(63)), this.#v.shl(this.#v.xor(carry, overflow), this.#v.const(62)));
  }

  flagsCarryOverflow(carry: V, overflow: V, truth?: V): void {
    this.symbolic = undefined;
    if (this.#dead) return;
    const old = this.#binding.flagVector();
    const vector = this.#v.or(this.#v.and(old, this.#v.const(0x3fffffffffffffffn)), this.#carryOverflow(carry, overflow));
    this.#binding.setFlagVector(node(truth === undefined ? vector : this.#v.select(truth, vector, old)));
  }

  setCarry(carry: V): void {
    this.symbolic = undefined;
    const old = this.#binding.flagVector();
    const flip = this.#v.xor(this.#v.shr(old, this.#v.const(63)), carry);
    this.#binding.setFlagVector(node(this.#v.xor(old, this.#v.shl(this.#v.mul(flip, this.#v.const(3)), this.#v.const(62)))));
  }

  flagsCompare(zero: V, parity: V, carry: V): void {
    this.symbolic = { kind: "compare", zero: node(zero), parity: node(parity), carry: node(carry) };
    if (this.#dead) return;
    const z = this.#v.bool(zero);
    const c = this.#v.bool(carry);
    const flip = this.#v.shl(this.#v.xor(this.#v.bool(parity), z), this.#v.const(1));
    this.#binding.setFlagVector(node(this.#v.or(this.#v.shl(this.#v.mul(c, this.#v.const(3)), this.#v.const(62)), flip)));
    this.#binding.setFlagResult(node(this.#v.xor(z, this.#v.const(1))));
  }

  carry(): V {
    return this.#v.shr(this.#binding.flagVector(), this.#v.const(63));
  }

  cond(cc: number): V {
    const truth = this.#symbolicCondition(cc >> 1) ?? this.#condition(cc >> 1);
    return (cc & 1) === 0 ? truth : this.#v.x("i32.eqz", truth);
  }

  /** Conditions straight from the operands of a flag-setting body in the same list. */
  #symbolicCondition(pair: number): V | undefined {
    const s = this.symbolic;
    if (s === undefined) return undefined;
    if (s.kind === "compare") {
      if (pair === 1) return s.carry;
      if (pair === 2) return s.zero;
      if (pair === 3) return this.#v.x("i32.or", s.carry, s.zero);
      return pair === 5 ? s.parity : undefined;
    }
    const { a, b, r, bits } = s;
    const result = (): V => this.#v.sext(r, bits);
    if (pair === 2 && s.kind !== "sub") return this.#v.eqz(result());
    if (pair === 4) return this.#v.lts(result(), this.#v.const(0));
    if (s.kind === "sub") {
      if (pair === 1) return this.#v.ltu(a, b);
      if (pair === 2) return this.#v.eq(a, b);
      if (pair === 3) return this.#v.x("i64.le_u", a, b);
      if (pair === 6) return this.#v.lts(this.#v.sext(a, bits), this.#v.sext(b, bits));
      if (pair === 7) return this.#v.x("i64.le_s", this.#v.sext(a, bits), this.#v.sext(b, bits));
    }
    if (s.kind === "logic") {
      if (pair === 0 || pair === 1) return this.#v.i32(0);
      if (pair === 3) return this.#v.eqz(result());
      if (pair === 6) return this.#v.lts(result(), this.#v.const(0));
      if (pair === 7) return this.#v.x("i64.le_s", result(), this.#v.const(0));
    }
    return undefined;
  }

  #condition(pair: number): V {
    const zero = (): V => this.#v.eqz(this.#binding.flagResult());
    const negative = (value: V): V => this.#v.lts(value, this.#v.const(0));
    const signed = (): V => {
      const vector = this.#binding.flagVector();
      return this.#v.xor(this.#binding.flagResult(), this.#v.shl(vector, this.#v.const(63)));
    };
    const overflow = (): V => {
      const vector = this.#binding.flagVector();
      return this.#v.xor(vector, this.#v.shl(vector, this.#v.const(1)));
    };
    switch (pair) {
      case 0:
        return negative(overflow());
      case 1:
        return negative(this.#binding.flagVector());
      case 2:
        return zero();
      case 3:
        return this.#v.x("i32.or", zero(), negative(this.#binding.flagVector()));
      case 4:
        return negative(signed());
      case 5:
        return this.#v.x("i32.wrap_i64", this.#parity());
      case 6:
        return negative(this.#v.xor(signed(), overflow()));
      default:
        return this.#v.x("i32.or", zero(), negative(this.#v.xor(signed(), overflow())));
    }
  }

  /** PF as i64 0 or 1. */
  #parity(): V {
    const ones = this.#v.x("i64.popcnt", this.#v.zext(this.#binding.flagResult(), 8));
    const flip = this.#v.shr(this.#binding.flagVector(), this.#v.const(1));
    return this.#v.and(this.#v.not(this.#v.xor(ones, flip)), this.#v.const(1));
  }

  rflags(): V {
    const bit = (truth: V, position: number): V => this.#v.shl(this.#v.bool(truth), this.#v.const(position));
    let value: V = this.#binding.getState(FLAGS_SYSTEM, 32);
    value = this.#v.or(value, this.carry());
    value = this.#v.or(value, this.#v.shl(this.#parity(), this.#v.const(2)));
    value = this.#v.or(value, this.#v.shl(this.#v.and(this.#binding.flagVector(), this.#v.const(8)), this.#v.const(1)));
    value = this.#v.or(value, bit(this.#condition(2), 6));
    value = this.#v.or(value, bit(this.#condition(4), 7));
    return this.#v.or(value, bit(this.#condition(0), 11));
  }

  setRflags(value: V, mask: number): void {
    const old = this.rflags();
    const merged = this.#v.or(this.#v.and(old, this.#v.const(~mask)), this.#v.and(value, this.#v.const(mask)));
    const bit = (position: number): V => this.#v.and(this.#v.shr(merged, this.#v.const(position)), this.#v.const(1));
    this.symbolic = undefined;
    const zero = bit(6);
    const carry = bit(0);
    let vector = this.#carryOverflow(carry, bit(11));
    vector = this.#v.or(vector, this.#v.shl(bit(4), this.#v.const(3)));
    vector = this.#v.or(vector, bit(7));
    vector = this.#v.or(vector, this.#v.shl(this.#v.xor(bit(2), zero), this.#v.const(1)));
    this.#binding.setFlagVector(node(vector));
    this.#binding.setFlagResult(node(this.#v.xor(zero, this.#v.const(1))));
    if ((mask & ~ARITHMETIC_FLAGS) !== 0) {
      this.#binding.setState(FLAGS_SYSTEM, 32, node(this.#v.and(merged, this.#v.const(~ARITHMETIC_FLAGS & 0x3fffff))));
    }
  }
}
