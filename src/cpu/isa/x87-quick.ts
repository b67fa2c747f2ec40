/**
 * x87 instructions without a helper, where nothing unusual happens: registers that are used are not empty, pushes find an empty one, operands
 * are normal numbers (zeros where that is said), the significand is rounded to 64 bits (to nearest, but for conversions to integers), inexact
 * results are masked, results are normal again. Everything else is the helper's.
 */

import { X87_ENVIRONMENT, X87_REGISTERS } from "../state.ts";
import { CONTROL, STATUS, TAGS } from "../x87/index.ts";
import type { X87Entry } from "../x87/index.ts";
import type { Op, V } from "./ops.ts";
import { BIAS, RealMath, SIGN, TOP } from "./x87-real.ts";
import type { Real } from "./x87-real.ts";

const PE = 0x20;
const C0 = 0x100;
const C1 = 0x200;
const CONDITIONS = 0x4700;
const C3 = 0x4000;
/** RC, PC and PM of the control word, and what they usually are. */
const ROUNDING = 0xc00;
const MODE = 0xf20;
const USUAL_MODE = 0x320;

/** What an instruction does where `usual` holds. */
export interface Quick {
  readonly usual: V;
  act(): void;
}

class X87Quick {
  readonly #op: Op;
  readonly #math: RealMath;
  readonly #status: V;
  readonly #tags: V;

  constructor(op: Op) {
    this.#op = op;
    this.#math = new RealMath(op);
    this.#status = op.state(X87_ENVIRONMENT + STATUS, 16);
    this.#tags = op.state(X87_ENVIRONMENT + TAGS, 16);
  }

  #i(value: number | bigint): V {
    return this.#op.const(value);
  }

  /** Number of ST(i)'s register, as i64. */
  #physical(i: V): V {
    return this.#op.and(this.#op.add(this.#op.shr(this.#status, this.#i(11)), i), this.#i(7));
  }

  #at(physical: V): V {
    return this.#op.x("i32.wrap_i64", this.#op.shl(physical, this.#i(4)));
  }

  #read(i: V): Real {
    const at = this.#at(this.#physical(i));
    return { significand: this.#op.stateAt(at, X87_REGISTERS, 64), head: this.#op.stateAt(at, X87_REGISTERS + 8, 16) };
  }

  #writeAt(physical: V, x: Real): void {
    const at = this.#at(physical);
    this.#op.setStateAt(at, X87_REGISTERS, 64, x.significand);
    this.#op.setStateAt(at, X87_REGISTERS + 8, 16, x.head);
  }

  /** Truth: all of these are in use. */
  #used(...registers: V[]): V {
    const shifted = registers.map((i) => this.#op.shr(this.#tags, this.#physical(i)));
    return this.#op.x("i32.wrap_i64", this.#op.and(shifted.reduce((a, b) => this.#op.and(a, b)), this.#i(1)));
  }

  /** Truth: a push finds room. */
  #room(): V {
    return this.#op.eqz(this.#op.and(this.#op.shr(this.#tags, this.#physical(this.#i(7))), this.#i(1)));
  }

  #usualMode(mask = MODE): V {
    const control = this.#op.state(X87_ENVIRONMENT + CONTROL, 16);
    return this.#op.eq(this.#op.and(control, this.#i(mask)), this.#i(USUAL_MODE & mask));
  }

  /** Stores the status word with C1 and PE of a rounding, and pops `pops` registers. */
  #finish(pops: number, rounded?: { readonly inexact: V; readonly up: V }): void {
    const op = this.#op;
    const status = op.and(this.#status, this.#i(0xffff & ~C1));
    if (rounded === undefined) this.#finishWith(status, pops);
    else this.#finishWith(op.or(status, op.or(op.shl(rounded.inexact, this.#i(5)), op.shl(rounded.up, this.#i(9)))), pops);
  }

  #finishWith(status: V, pops: number): void {
    const op = this.#op;
    const used = Array.from({ length: pops }, (_, i) => op.shl(this.#i(1), this.#physical(this.#i(i))));
    if (pops > 0) op.setState(X87_ENVIRONMENT + TAGS, 16, op.and(this.#tags, op.not(used.reduce((a, b) => op.or(a, b)))));
    op.setState(X87_ENVIRONMENT + STATUS, 16, pops > 0 ? this.#turned(status, 0x800 * pops) : status);
  }

  /** The status word with TOP changed by `by` / 0x800. */
  #turned(status: V, by: number): V {
    const op = this.#op;
    const top = op.and(op.add(status, this.#i(by)), this.#i(0x3800));
    return op.or(op.and(status, this.#i(0xc7ff)), top);
  }

  #push(x: Real): void {
    const op = this.#op;
    const physical = this.#physical(this.#i(7));
    this.#writeAt(physical, x);
    op.setState(X87_ENVIRONMENT + TAGS, 16, op.or(this.#tags, op.shl(this.#i(1), physical)));
    op.setState(X87_ENVIRONMENT + STATUS, 16, this.#turned(op.and(this.#status, this.#i(0xffff & ~C1)), 0x3800));
  }

  squareRoot(): Quick {
    const x = this.#read(this.#i(0));
    const r = this.#math.root(x);
    const to = this.#physical(this.#i(0));
    return {
      usual: this.#math.all(this.#used(this.#i(0)), this.#usualMode(), this.#math.isNormal(x), r.usual),
      act: () => {
        this.#writeAt(to, r);
        this.#finish(0, r);
      },
    };
  }

  /** Destination and source are register numbers. */
  arithmetic(name: string, destination: V, source: V, pops: number): Quick | undefined {
    const a = this.#read(destination);
    const b = this.#read(source);
    const r = this.#math.calculate(name, a, b);
    if (r === undefined) return undefined;
    const to = this.#physical(destination);
    return {
      usual: this.#math.all(this.#used(destination, source), this.#usualMode(), this.#math.isNormal(a), this.#math.isNormal(b), r.usual),
      act: () => {
        this.#writeAt(to, r);
        this.#finish(pops, r);
      },
    };
  }

  arithmeticWith(name: string, bits: 32 | 64, operand: V): Quick | undefined {
    const a = this.#read(this.#i(0));
    const b = this.#math.widened(bits, operand);
    const r = this.#math.calculate(name, a, b);
    if (r === undefined) return undefined;
    const to = this.#physical(this.#i(0));
    const usual = this.#math.all(this.#used(this.#i(0)), this.#usualMode(), this.#math.isNormal(a), this.#math.widensNormal(bits, operand), r.usual);
    return {
      usual,
      act: () => {
        this.#writeAt(to, r);
        this.#finish(0, r);
      },
    };
  }

  loadFloat(bits: 32 | 64, x: V): Quick {
    const op = this.#op;
    const normal = this.#math.widensNormal(bits, x);
    const zero = op.eqz(bits === 64 ? op.shl(x, this.#i(1)) : op.and(x, this.#i(0x7fffffff)));
    const wide = this.#math.widened(bits, x);
    const sign = op.and(op.shr(x, this.#i(bits - 16)), this.#i(SIGN));
    const value = { significand: op.select(zero, this.#i(0), wide.significand), head: op.select(zero, sign, wide.head) };
    return { usual: this.#math.all(this.#room(), op.x("i32.or", normal, zero)), act: () => this.#push(value) };
  }

  loadInteger(bits: number, x: V): Quick {
    const op = this.#op;
    const value = op.sext(x, bits);
    const mask = op.sar(value, this.#i(63));
    const size = op.sub(op.xor(value, mask), mask);
    const left = op.x("i64.clz", size);
    const head = op.or(op.and(mask, this.#i(SIGN)), op.sub(this.#i(BIAS + 63), left));
    const real = { significand: op.shl(size, left), head: op.select(op.eqz(value), this.#i(0), head) };
    return { usual: this.#room(), act: () => this.#push(real) };
  }

  loadWhole(significand: V, head: V): Quick {
    return { usual: this.#room(), act: () => this.#push({ significand, head }) };
  }

  loadRegister(i: V): Quick {
    const value = this.#read(i);
    return { usual: this.#math.all(this.#used(i), this.#room()), act: () => this.#push(value) };
  }

  constant(one: boolean): Quick {
    const value = one ? { significand: this.#i(TOP), head: this.#i(BIAS) } : { significand: this.#i(0), head: this.#i(0) };
    return { usual: this.#room(), act: () => this.#push(value) };
  }

  /** ST(0) as float32 or float64, given to `store`. */
  storeFloat(bits: 32 | 64, pops: number, store: (value: V) => void): Quick {
    const op = this.#op;
    const x = this.#read(this.#i(0));
    const drop = bits === 64 ? 11 : 40;
    const exponent = op.sub(this.#math.exponent(x), this.#i(BIAS - (bits === 64 ? 1023 : 127)));
    const rest = op.and(x.significand, this.#i((1n << BigInt(drop)) - 1n));
    const kept = op.shr(x.significand, this.#i(drop));
    const up = this.#math.bit("gt_u", rest, op.sub(this.#i(1n << BigInt(drop - 1)), op.and(kept, this.#i(1))));
    const most = bits === 64 ? 0x7fe : 0xfe;
    const width = bits === 64 ? 52 : 23;
    // The integer bit adds itself to the exponent, as does a carry.
    const size = op.add(op.shl(op.sub(exponent, this.#i(1)), this.#i(width)), op.add(kept, up));
    const fits = this.#math.all(
      this.#math.isNormal(x),
      op.ltu(op.sub(exponent, this.#i(1)), this.#i(most)),
      op.ltu(op.shr(size, this.#i(width)), this.#i(most + 1)),
      this.#usualMode(ROUNDING | PE),
    );
    const zero = this.#math.isZero(x);
    const sign = op.shl(this.#math.sign(x), this.#i(bits - 16));
    const value = op.or(sign, op.select(zero, this.#i(0), size));
    const inexact = op.select(zero, this.#i(0), this.#math.bit("ne", rest, this.#i(0)));
    return {
      usual: this.#math.all(this.#used(this.#i(0)), op.x("i32.or", fits, zero)),
      act: () => {
        store(value);
        this.#finish(pops, { inexact, up: op.select(zero, this.#i(0), up) });
      },
    };
  }

  /** ST(0) as an integer: rounded to nearest or towards zero, by RC or because the instruction truncates. */
  storeInteger(bits: number, pops: number, truncates: boolean, store: (value: V) => void): Quick {
    const op = this.#op;
    const x = this.#read(this.#i(0));
    const shift = op.sub(this.#i(BIAS + 63), this.#math.exponent(x));
    const short = op.ltu(shift, this.#i(64));
    const whole = op.select(short, op.shr(x.significand, shift), this.#i(0));
    const tail = op.select(op.eq(shift, this.#i(64)), x.significand, op.bool(op.ne(x.significand, this.#i(0))));
    const rest = op.select(short, op.shl(x.significand, op.sub(this.#i(64), shift)), tail);
    const control = op.and(op.state(X87_ENVIRONMENT + CONTROL, 16), this.#i(ROUNDING));
    const nearest = op.bool(op.eqz(control));
    const beyond = this.#math.bit("gt_u", rest, op.sub(this.#i(TOP), op.and(whole, this.#i(1))));
    const up = truncates ? this.#i(0) : op.and(nearest, beyond);
    const size = op.add(whole, up);
    const mask = op.neg(op.shr(this.#math.sign(x), this.#i(15)));
    const value = op.sub(op.xor(size, mask), mask);
    const roundings = [op.eqz(control), op.eq(control, this.#i(ROUNDING))];
    const known = truncates ? op.i32(1) : roundings.reduce((a, b) => op.x("i32.or", a, b));
    const usual = this.#math.all(
      this.#used(this.#i(0)),
      this.#usualMode(PE),
      this.#math.isNormalOrZero(x),
      known,
      op.lts(this.#i(0), shift),
      op.ltu(size, this.#i(1n << BigInt(bits - 1))),
    );
    return {
      usual,
      act: () => {
        store(value);
        this.#finish(pops, { inexact: this.#math.bit("ne", rest, this.#i(0)), up });
      },
    };
  }

  storeWhole(store: (significand: V, head: V) => void): Quick {
    const x = this.#read(this.#i(0));
    return {
      usual: this.#used(this.#i(0)),
      act: () => {
        store(x.significand, x.head);
        this.#finish(1);
      },
    };
  }

  /** To an integral value, to nearest. */
  roundToInteger(): Quick {
    const op = this.#op;
    const x = this.#read(this.#i(0));
    const shift = op.sub(this.#i(BIAS + 63), this.#math.exponent(x));
    const whole = op.shr(x.significand, shift);
    const rest = op.shl(x.significand, op.sub(this.#i(64), shift));
    const up = this.#math.bit("gt_u", rest, op.sub(this.#i(TOP), op.and(whole, this.#i(1))));
    const size = op.add(whole, up);
    const left = op.x("i64.clz", size);
    const head = op.or(this.#math.sign(x), op.sub(this.#i(BIAS + 63), left));
    const to = this.#physical(this.#i(0));
    return {
      usual: this.#math.all(
        this.#used(this.#i(0)),
        this.#usualMode(ROUNDING | PE),
        this.#math.isNormal(x),
        op.ltu(op.sub(shift, this.#i(1)), this.#i(63)),
        op.ne(size, this.#i(0)),
      ),
      act: () => {
        this.#writeAt(to, { significand: op.shl(size, left), head });
        this.#finish(0, { inexact: this.#math.bit("ne", rest, this.#i(0)), up });
      },
    };
  }

  storeRegister(i: V, pops: number): Quick {
    const x = this.#read(this.#i(0));
    const to = this.#physical(i);
    return {
      usual: this.#used(this.#i(0), i),
      act: () => {
        this.#writeAt(to, x);
        this.#finish(pops);
      },
    };
  }

  exchange(i: V): Quick {
    const a = this.#read(this.#i(0));
    const b = this.#read(i);
    const [first, second] = [this.#physical(this.#i(0)), this.#physical(i)];
    return {
      usual: this.#used(this.#i(0), i),
      act: () => {
        this.#writeAt(first, b);
        this.#writeAt(second, a);
        this.#finish(0);
      },
    };
  }

  /** FCHS and FABS. */
  signed(changes: boolean): Quick {
    const op = this.#op;
    const at = this.#at(this.#physical(this.#i(0)));
    const head = op.stateAt(at, X87_REGISTERS + 8, 16);
    const signed = changes ? op.xor(head, this.#i(SIGN)) : op.and(head, this.#i(SIGN - 1));
    return {
      usual: this.#used(this.#i(0)),
      act: () => {
        op.setStateAt(at, X87_REGISTERS + 8, 16, signed);
        this.#finish(0);
      },
    };
  }

  /** ST(0) beside ST(i). To the condition codes, or where `flags` is given to it: truths of equal and less; C1 then stays as it is. */
  compare(i: V, pops: number, flags?: (equal: V, less: V) => void): Quick {
    const op = this.#op;
    const a = this.#read(this.#i(0));
    const b = this.#read(i);
    const ea = this.#math.exponent(a);
    const eb = this.#math.exponent(b);
    const same = this.#math.all(op.eq(ea, eb), op.eq(a.significand, b.significand));
    const smaller = op.x("i32.or", op.ltu(ea, eb), this.#math.all(op.eq(ea, eb), op.ltu(a.significand, b.significand)));
    const zeros = op.eqz(op.or(a.significand, b.significand));
    const negative = op.ne(this.#math.sign(a), this.#i(0));
    const unlike = op.ne(op.xor(this.#math.sign(a), this.#math.sign(b)), this.#i(0));
    const alike = op.x("i32.eqz", unlike);
    const equal = op.x("i32.or", zeros, this.#math.all(alike, same));
    const less = this.#math.all(op.x("i32.eqz", equal), op.select(unlike, negative, op.x("i32.xor", smaller, negative)));
    return {
      usual: this.#math.all(this.#used(this.#i(0), i), this.#math.isNormalOrZero(a), this.#math.isNormalOrZero(b)),
      act: () => {
        if (flags !== undefined) {
          flags(equal, less);
          if (pops > 0) this.#finishWith(this.#status, pops);
          return;
        }
        const conditions = op.or(op.select(equal, this.#i(C3), this.#i(0)), op.select(less, this.#i(C0), this.#i(0)));
        this.#finishWith(op.or(op.and(this.#status, this.#i(0xffff & ~CONDITIONS)), conditions), pops);
      },
    };
  }
}

/** The mnemonic without its `f`, and how many registers it pops. */
function operationOf(mnemonic: string): { readonly name: string; readonly pops: number } {
  const pops = mnemonic.endsWith("p") ? 1 : 0;
  return { name: mnemonic.slice(1, pops > 0 ? -1 : undefined), pops };
}

/** What a register or flags entry does without a helper; undefined where it always needs it. `i`: the number of ST(i), as i64. */
export function quickRegister(op: Op, { mnemonic, operands }: X87Entry, i: V, flags?: (equal: V, less: V) => void): Quick | undefined {
  const quick = new X87Quick(op);
  const { name, pops } = operationOf(mnemonic);
  const zero = op.const(0);
  switch (name) {
    case "add":
    case "sub":
    case "subr":
    case "mul":
    case "div":
    case "divr":
      return operands.startsWith("ST0") ? quick.arithmetic(name, zero, i, pops) : quick.arithmetic(name, i, zero, pops);
    case "ld":
      return quick.loadRegister(i);
    case "ld1":
      return quick.constant(true);
    case "ldz":
      return quick.constant(false);
    case "st":
      return quick.storeRegister(i, pops);
    case "xch":
      return quick.exchange(i);
    case "chs":
      return quick.signed(true);
    case "abs":
      return quick.signed(false);
    case "sqrt":
      return quick.squareRoot();
    case "rndint":
      return quick.roundToInteger();
    case "com":
    case "ucom":
    case "comi":
    case "ucomi":
      return quick.compare(i, pops, flags);
    case "comp":
    case "ucomp":
      return quick.compare(op.const(1), 2);
    default:
      return undefined;
  }
}

/** The same for a memory operand in `values`: of 10 bytes the significand and the rest, otherwise one. */
export function quickLoad(op: Op, { mnemonic, operands }: X87Entry, values: readonly V[]): Quick | undefined {
  const quick = new X87Quick(op);
  const [value, head] = values;
  if (value === undefined) return undefined;
  const { name } = operationOf(mnemonic);
  const bits = operands === "Mw" ? 16 : operands === "Md" ? 32 : 64;
  switch (name) {
    case "ld":
      if (operands === "Mt") return head === undefined ? undefined : quick.loadWhole(value, head);
      return bits === 16 ? undefined : quick.loadFloat(bits, value);
    case "ild":
      return quick.loadInteger(bits, value);
    default:
      return bits === 16 ? undefined : quick.arithmeticWith(name, bits, value);
  }
}

/** The same for what is written to memory: `store` puts bits at an offset. */
export function quickStore(op: Op, { mnemonic, operands }: X87Entry, store: (bits: number, at: number, value: V) => void): Quick | undefined {
  const quick = new X87Quick(op);
  const { name, pops } = operationOf(mnemonic);
  const bits = operands === "Mw" ? 16 : operands === "Md" ? 32 : 64;
  switch (name) {
    case "st":
      if (operands === "Mt") {
        return quick.storeWhole((significand, head) => {
          store(64, 0, significand);
          store(16, 8, head);
        });
      }
      return bits === 16 ? undefined : quick.storeFloat(bits, pops, (value) => store(bits, 0, value));
    case "ist":
    case "istt":
      return quick.storeInteger(bits, pops, name === "istt", (value) => store(bits, 0, value));
    default:
      return undefined;
  }
}
