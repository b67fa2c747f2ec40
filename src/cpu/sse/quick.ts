/**
 * Arithmetic on host numbers for the usual cases of the helpers: rounding to nearest, operands zero or of middling size, so that no
 * intermediate value overflows or underflows; or of any size, where only the result counts. The rounding error is computed exactly (Dekker, "A floating-point technique for extending
 * the available precision", Numerische Mathematik 18, 1971; Knuth, TAOCP volume 2, 4.2.2).
 */

export interface Quick {
  /** False: not for these operands. */
  run(a: number, b: number): boolean;
  /** The same where no denormal and no inexact result changes MXCSR: for all operands whose result is finite. `rest` means nothing. */
  runAny(a: number, b: number): boolean;
  /** Of the last run that gave true. */
  readonly result: number;
  /** Its sign is that of what the exact result is more than `result`. */
  readonly rest: number;
}

type Operation = (a: number, b: number) => number;
/** What the exact result of `a` and `b` is more than `r`, which is near it, or a number of that sign. */
type Rest = (a: number, b: number, r: number) => number;

class Checked implements Quick {
  result = 0;
  rest = 0;
  readonly #operation: Operation;
  readonly #cut: (x: number) => number;
  readonly #rest: Rest;
  readonly #least: number;
  readonly #greatest: number;
  readonly #unary: boolean;

  constructor(operation: Operation, cut: (x: number) => number, rest: Rest, least: number, greatest: number, unary: boolean) {
    this.#operation = operation;
    this.#cut = cut;
    this.#rest = rest;
    this.#least = least;
    this.#greatest = greatest;
    this.#unary = unary;
  }

  #within(x: number): boolean {
    const size = Math.abs(x);
    return size === 0 || (size >= this.#least && size <= this.#greatest);
  }

  runAny(a: number, b: number): boolean {
    this.result = this.#cut(this.#operation(a, b));
    return Number.isFinite(this.result);
  }

  run(a: number, b: number): boolean {
    if (!this.#within(b) || !(this.#unary || this.#within(a))) return false;
    const whole = this.#operation(a, b);
    // Before it is cut: what underflows to zero is not zero here.
    if (!this.#within(whole)) return false;
    const r = this.#cut(whole);
    this.result = r;
    this.rest = this.#rest(a, b, r);
    return true;
  }
}

function sumError(a: number, b: number, r: number): number {
  const part = r - a;
  return a - (r - part) + (b - part);
}

/** The same where `r` was rounded to binary32: that error is larger than the sum's, or none. */
function singleSumRest(a: number, b: number, r: number): number {
  const whole = a + b;
  return whole === r ? sumError(a, b, whole) : whole - r;
}

const SPLITTER = 2 ** 27 + 1;

/** a * b - p, exactly, for p = a * b rounded. */
function productError(a: number, b: number, p: number): number {
  const ca = SPLITTER * a;
  const ah = ca - (ca - a);
  const al = a - ah;
  const cb = SPLITTER * b;
  const bh = cb - (cb - b);
  const bl = b - bh;
  return ah * bh - p + ah * bl + al * bh + al * bl;
}

/** What `of` is more than the product of `a` and `b`, which is near it. */
function remainder(a: number, b: number, of: number): number {
  const p = a * b;
  return of - p - productError(a, b, p);
}

function table(cut: (x: number) => number, least: number, greatest: number, rests: Readonly<Record<string, Rest>>): Readonly<Record<string, Quick>> {
  const operations: Readonly<Record<string, Operation>> = {
    add: (a, b) => a + b,
    sub: (a, b) => a - b,
    mul: (a, b) => a * b,
    div: (a, b) => a / b,
    sqrt: (_, b) => Math.sqrt(b),
  };
  return Object.fromEntries(
    Object.entries(operations).map(([name, f]): [string, Quick] => {
      return [name, new Checked(f, cut, rests[name] ?? (() => Number.NaN), least, greatest, name === "sqrt")];
    }),
  );
}

/** Binary64. A product of two values of this range keeps its error term above the denormals. */
export const quickDouble: Readonly<Record<string, Quick>> = table((r) => r, 2 ** -400, 2 ** 400, {
  add: sumError,
  sub: (a, b, r) => sumError(a, -b, r),
  mul: productError,
  div: (a, b, r) => remainder(r, b, a) * Math.sign(b),
  sqrt: (_, b, r) => remainder(r, r, b),
});

/**
 * Binary32: products are exact in binary64, and rounding twice gives what rounding once does (53 >= 2 * 24 + 2); also to denormals, as no
 * quotient of two of 24 bits is so near to what is midway between them, and sums that small are exact.
 */
export const quickSingle: Readonly<Record<string, Quick>> = table((r) => Math.fround(r), 2 ** -100, 2 ** 100, {
  add: singleSumRest,
  sub: (a, b, r) => singleSumRest(a, -b, r),
  mul: (a, b, r) => a * b - r,
  div: (a, b, r) => (a - r * b) * Math.sign(b),
  sqrt: (_, b, r) => b - r * r,
});
