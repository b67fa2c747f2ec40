/**
 * Arithmetic on host numbers for the usual case of the helpers: rounding to nearest, operands zero or of middling size, so that no
 * intermediate value overflows or underflows; or of any size, where only the result counts. The rounding error is computed exactly (Dekker, "A floating-point technique for extending
 * the available precision", Numerische Mathematik 18, 1971; Knuth, TAOCP volume 2, 4.2.2).
 */

export interface Quick {
  /** False: not for these operands. */
  run(a: number, b: number): boolean;
  /** The same where no denormal and no inexact result changes MXCSR: for all operands whose result is finite. `inexact` means nothing. */
  runAny(a: number, b: number): boolean;
  /** Of the last run that gave true. */
  readonly result: number;
  readonly inexact: boolean;
}

type Operation = (a: number, b: number) => number;
/** Whether `r` differs from the exact result of `a` and `b`. */
type Differs = (a: number, b: number, r: number) => boolean;

class Checked implements Quick {
  result = 0;
  inexact = false;
  readonly #operation: Operation;
  readonly #cut: (x: number) => number;
  readonly #differs: Differs;
  readonly #least: number;
  readonly #greatest: number;
  readonly #unary: boolean;

  constructor(operation: Operation, cut: (x: number) => number, differs: Differs, least: number, greatest: number, unary: boolean) {
    this.#operation = operation;
    this.#cut = cut;
    this.#differs = differs;
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
    this.inexact = this.#differs(a, b, r);
    return true;
  }
}

function sumError(a: number, b: number, r: number): number {
  const part = r - a;
  return a - (r - part) + (b - part);
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

function isProduct(a: number, b: number, of: number): boolean {
  const p = a * b;
  return p === of && productError(a, b, p) === 0;
}

function table(
  cut: (x: number) => number,
  least: number,
  greatest: number,
  differs: Readonly<Record<string, Differs>>,
): Readonly<Record<string, Quick>> {
  const operations: Readonly<Record<string, Operation>> = {
    add: (a, b) => a + b,
    sub: (a, b) => a - b,
    mul: (a, b) => a * b,
    div: (a, b) => a / b,
    sqrt: (_, b) => Math.sqrt(b),
  };
  return Object.fromEntries(
    Object.entries(operations).map(([name, f]): [string, Quick] => {
      return [name, new Checked(f, cut, differs[name] ?? (() => true), least, greatest, name === "sqrt")];
    }),
  );
}

/** Binary64. A product of two values of this range keeps its error term above the denormals. */
export const quickDouble: Readonly<Record<string, Quick>> = table((r) => r, 2 ** -400, 2 ** 400, {
  add: (a, b, r) => sumError(a, b, r) !== 0,
  sub: (a, b, r) => sumError(a, -b, r) !== 0,
  mul: (a, b, r) => productError(a, b, r) !== 0,
  div: (a, b, r) => !isProduct(r, b, a),
  sqrt: (_, b, r) => !isProduct(r, r, b),
});

/**
 * Binary32: products are exact in binary64, and rounding twice gives what rounding once does (53 >= 2 * 24 + 2); also to denormals, as no
 * quotient of two of 24 bits is so near to what is midway between them, and sums that small are exact.
 */
export const quickSingle: Readonly<Record<string, Quick>> = table((r) => Math.fround(r), 2 ** -100, 2 ** 100, {
  add: (a, b, r) => a + b !== r || sumError(a, b, a + b) !== 0,
  sub: (a, b, r) => a - b !== r || sumError(a, -b, a - b) !== 0,
  mul: (a, b, r) => a * b !== r,
  div: (a, b, r) => r * b !== a,
  sqrt: (_, b, r) => r * r !== b,
});
