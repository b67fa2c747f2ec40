/**
 * Arithmetic on 80-bit reals of a body: significands are i64; of a sum or product 64 more bits are kept, the last of them sticky where any
 * are lost, so that a result is rounded once. Operands are normal numbers: with others the results mean nothing, but nothing traps.
 */

import type { Op, V } from "./ops.ts";

export const BIAS = 16383;
export const TOP: bigint = 1n << 63n;
export const SIGN = 0x8000;

/** A register's two parts: significand; sign and exponent. */
export interface Real {
  readonly significand: V;
  readonly head: V;
}

/** A rounded result: `inexact` and `up` are i64 0 or 1, `usual` is the truth that it is normal. */
export interface Rounded extends Real {
  readonly inexact: V;
  readonly up: V;
  readonly usual: V;
}

export class RealMath {
  readonly #op: Op;

  constructor(op: Op) {
    this.#op = op;
  }

  #i(value: number | bigint): V {
    return this.#op.const(value);
  }

  /** i64 0 or 1 of a comparison. */
  bit(name: "eq" | "ne" | "lt_u" | "gt_u" | "lt_s", a: V, b: V): V {
    return this.#op.bool(this.#op.x(`i64.${name}`, a, b));
  }

  all(...truths: V[]): V {
    return truths.reduce((a, b) => this.#op.x("i32.and", a, b));
  }

  exponent(x: Real): V {
    return this.#op.and(x.head, this.#i(0x7fff));
  }

  sign(x: Real): V {
    return this.#op.and(x.head, this.#i(SIGN));
  }

  /** Truth: an exponent of normal numbers. */
  #inRange(exponent: V): V {
    return this.#op.ltu(this.#op.sub(exponent, this.#i(1)), this.#i(0x7ffe));
  }

  isNormal(x: Real): V {
    return this.all(this.#inRange(this.exponent(x)), this.#op.lts(x.significand, this.#i(0)));
  }

  isZero(x: Real): V {
    return this.#op.eqz(this.#op.or(x.significand, this.exponent(x)));
  }

  isNormalOrZero(x: Real): V {
    return this.#op.x("i32.or", this.isNormal(x), this.isZero(x));
  }

  /** `high` (its top bit set) and the bits below it, rounded to nearest even. */
  #rounded(sign: V, exponent: V, high: V, low: V): Rounded {
    const op = this.#op;
    const half = op.sub(this.#i(TOP), op.and(high, this.#i(1)));
    const up = this.bit("gt_u", low, half);
    const sum = op.add(high, up);
    const over = op.bool(op.eqz(sum));
    const e = op.add(exponent, over);
    return {
      significand: op.or(sum, op.shl(over, this.#i(63))),
      head: op.or(sign, e),
      inexact: this.bit("ne", low, this.#i(0)),
      up,
      usual: this.#inRange(e),
    };
  }

  /** a + b; `usual` only where the operands' exponents differ by less than 64. */
  #sum(a: Real, b: Real): Rounded {
    const op = this.#op;
    const ea = this.exponent(a);
    const eb = this.exponent(b);
    const swap = op.x("i32.or", op.ltu(ea, eb), this.all(op.eq(ea, eb), op.ltu(a.significand, b.significand)));
    const large = op.select(swap, b.significand, a.significand);
    const small = op.select(swap, a.significand, b.significand);
    const exponent = op.select(swap, eb, ea);
    const sign = op.and(op.select(swap, b.head, a.head), this.#i(SIGN));
    const distance = op.sub(exponent, op.select(swap, ea, eb));
    const near = op.ltu(distance, this.#i(64));
    const differ = op.and(op.shr(op.xor(a.head, b.head), this.#i(15)), this.#i(1));
    const mask = op.neg(differ);
    const below = op.shl(op.shl(small, this.#i(1)), op.sub(this.#i(63), distance));
    // Of different signs the 128 bits of the smaller one are negated.
    const low = op.sub(op.xor(below, mask), mask);
    const negated = op.xor(op.shr(small, distance), mask);
    const high = op.add(op.add(large, negated), op.and(differ, op.bool(op.eqz(below))));
    const carry = op.and(this.bit("lt_u", high, large), op.xor(differ, this.#i(1)));
    const left = op.x("i64.clz", high);
    const up = this.#op.x("i32.wrap_i64", carry);
    const one = this.#i(1);
    const high2 = op.select(
      up,
      op.or(op.shr(high, one), this.#i(TOP)),
      op.or(op.shl(high, left), op.shr(op.shr(low, one), op.sub(this.#i(63), left))),
    );
    const low2 = op.select(up, op.or(op.or(op.shr(low, one), op.and(low, one)), op.shl(high, this.#i(63))), op.shl(low, left));
    const e = op.add(exponent, op.select(up, one, op.neg(left)));
    const r = this.#rounded(sign, e, high2, low2);
    return { ...r, usual: this.all(r.usual, near, op.x("i32.or", up, op.ne(high, this.#i(0)))) };
  }

  #halves(x: V): readonly [low: V, high: V] {
    return [this.#op.and(x, this.#i(0xffffffffn)), this.#op.shr(x, this.#i(32))];
  }

  /** All 128 bits of a product. */
  #wideProduct(a: V, b: V): readonly [low: V, high: V] {
    const op = this.#op;
    const [a0, a1] = this.#halves(a);
    const [b0, b1] = this.#halves(b);
    const [p0, p1] = this.#halves(op.mul(a0, b0));
    const [q0, q1] = this.#halves(op.mul(a0, b1));
    const [r0, r1] = this.#halves(op.mul(a1, b0));
    const middle = op.add(op.add(p1, q0), r0);
    const high = op.add(op.add(op.add(op.mul(a1, b1), q1), r1), op.shr(middle, this.#i(32)));
    return [op.or(op.shl(middle, this.#i(32)), p0), high];
  }

  #product(a: Real, b: Real): Rounded {
    const op = this.#op;
    const [low, high] = this.#wideProduct(a.significand, b.significand);
    const left = op.xor(op.shr(high, this.#i(63)), this.#i(1));
    const high2 = op.or(op.shl(high, left), op.shr(op.shr(low, this.#i(1)), op.sub(this.#i(63), left)));
    const exponent = op.sub(op.sub(op.add(this.exponent(a), this.exponent(b)), this.#i(BIAS - 1)), left);
    return this.#rounded(op.xor(this.sign(a), this.sign(b)), exponent, high2, op.shl(low, left));
  }

  /**
   * One 32-bit digit of a division by a 64-bit `divisor` whose top bit is set, and what is left (Knuth, TAOCP volume 2, 4.3.1, algorithm D):
   * of `rest`, below the divisor, and `next` behind it.
   */
  #digit(rest: V, next: V, divisor: V): { readonly digit: V; readonly rest: V } {
    const op = this.#op;
    const [low, high] = this.#halves(divisor);
    const radix = this.#i(1n << 32n);
    const tooLarge = (q: V, r: V): V => {
      const wide = op.x("i64.ge_u", q, radix);
      return op.x("i32.or", wide, op.x("i64.gt_u", op.mul(q, low), op.or(op.shl(r, this.#i(32)), next)));
    };
    const q0 = op.x("i64.div_u", rest, high);
    const r0 = op.sub(rest, op.mul(q0, high));
    const first = tooLarge(q0, r0);
    const q1 = op.sub(q0, op.bool(first));
    const r1 = op.add(r0, op.select(first, high, this.#i(0)));
    const second = this.all(first, op.ltu(r1, radix), tooLarge(q1, r1));
    const digit = op.sub(q1, op.bool(second));
    return { digit, rest: op.sub(op.or(op.shl(rest, this.#i(32)), next), op.mul(digit, divisor)) };
  }

  #quotient(a: Real, b: Real): Rounded {
    const op = this.#op;
    // Never zero, also where it is not usual.
    const divisor = op.or(b.significand, this.#i(TOP));
    const below = op.bool(op.ltu(a.significand, divisor));
    const right = op.xor(below, this.#i(1));
    const last = op.and(op.and(a.significand, right), this.#i(1));
    const upper = this.#digit(op.shr(a.significand, right), op.shl(last, this.#i(31)), divisor);
    const lower = this.#digit(upper.rest, this.#i(0), divisor);
    const beyond = op.sub(divisor, lower.rest);
    // How the rest compares with half of the divisor, and whether there is one.
    const half = op.select(op.ltu(lower.rest, beyond), this.#i(0), this.#i(TOP));
    const sticky = op.and(this.bit("ne", lower.rest, this.#i(0)), this.bit("ne", lower.rest, beyond));
    const exponent = op.sub(op.add(op.sub(this.exponent(a), this.exponent(b)), this.#i(BIAS)), below);
    const significand = op.or(op.shl(upper.digit, this.#i(32)), lower.digit);
    return this.#rounded(op.xor(this.sign(a), this.sign(b)), exponent, significand, op.or(half, sticky));
  }

  /**
   * The root of x: an estimate of 50 bits by binary64, corrected by the exact remainder. `usual` tells that the result is the largest
   * number of 64 bits whose square is not more than x, or its successor by rounding.
   */
  root(x: Real): Rounded {
    const op = this.#op;
    const exponent = op.sub(this.exponent(x), this.#i(BIAS));
    // The significand, or half of it, with 64 zero bits behind.
    const right = op.xor(op.and(exponent, this.#i(1)), this.#i(1));
    const high = op.shr(x.significand, right);
    const low = op.shl(op.and(x.significand, right), this.#i(63));
    const remainder = (root: V): readonly [low: V, high: V] => {
      const [squareLow, squareHigh] = this.#wideProduct(root, root);
      return [op.sub(low, squareLow), op.sub(op.sub(high, squareHigh), op.bool(op.ltu(low, squareLow)))];
    };
    const float = (value: V): V => op.x("f64.convert_i64_u", value);
    const estimate = op.x("i64.trunc_sat_f64_u", op.x("f64.mul", op.x("f64.sqrt", float(high)), op.f64(2 ** 32)));
    const [errorLow, errorHigh] = remainder(estimate);
    const error = op.x("f64.add", op.x("f64.mul", op.x("f64.convert_i64_s", errorHigh), op.f64(2 ** 64)), float(errorLow));
    const correction = op.x("f64.floor", op.x("f64.div", error, op.x("f64.mul", float(estimate), op.f64(2))));
    const root = op.add(estimate, op.x("i64.trunc_sat_f64_s", correction));
    const [restLow, restHigh] = remainder(root);
    const long = op.eq(restHigh, this.#i(1));
    const up = op.bool(op.x("i32.or", long, op.x("i64.gt_u", restLow, root)));
    const fits = op.x("i32.or", op.eqz(restHigh), this.all(long, op.x("i64.le_u", restLow, op.shl(root, this.#i(1)))));
    return {
      significand: op.add(root, up),
      head: op.add(op.sar(exponent, this.#i(1)), this.#i(BIAS)),
      inexact: this.bit("ne", op.or(restLow, restHigh), this.#i(0)),
      up,
      usual: this.all(fits, op.lts(root, this.#i(0)), op.eqz(this.sign(x))),
    };
  }

  #negative(x: Real): Real {
    return { significand: x.significand, head: this.#op.xor(x.head, this.#i(SIGN)) };
  }

  calculate(name: string, destination: Real, source: Real): Rounded | undefined {
    switch (name) {
      case "add":
        return this.#sum(destination, source);
      case "sub":
        return this.#sum(destination, this.#negative(source));
      case "subr":
        return this.#sum(source, this.#negative(destination));
      case "mul":
        return this.#product(destination, source);
      case "div":
        return this.#quotient(destination, source);
      case "divr":
        return this.#quotient(source, destination);
      default:
        return undefined;
    }
  }

  #narrowExponent(bits: 32 | 64, x: V): V {
    return bits === 64 ? this.#op.and(this.#op.shr(x, this.#i(52)), this.#i(0x7ff)) : this.#op.and(this.#op.shr(x, this.#i(23)), this.#i(0xff));
  }

  /** A normal float32 or float64 as it is in a register. */
  widened(bits: 32 | 64, x: V): Real {
    const op = this.#op;
    const exponent = op.add(this.#narrowExponent(bits, x), this.#i(BIAS - (bits === 64 ? 1023 : 127)));
    const fraction = bits === 64 ? op.shl(x, this.#i(11)) : op.shl(x, this.#i(40));
    const sign = op.and(op.shr(x, this.#i(bits - 16)), this.#i(SIGN));
    return { significand: op.or(fraction, this.#i(TOP)), head: op.or(sign, exponent) };
  }

  widensNormal(bits: 32 | 64, x: V): V {
    return this.#op.ltu(this.#op.sub(this.#narrowExponent(bits, x), this.#i(1)), this.#i(bits === 64 ? 0x7fe : 0xfe));
  }
}
