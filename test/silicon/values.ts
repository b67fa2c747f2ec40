/** Random and adversarial operand values, written as little-endian bytes. */

/** A small generator of 32-bit numbers (xorshift128, Marsaglia 2003): the same sequence for the same seed. */
export class Random {
  readonly #state: Int32Array;

  constructor(seed: number) {
    this.#state = Int32Array.of(seed | 1, 362436069, 521288629 + Math.floor(seed / 2 ** 32), 88675123 ^ (seed >>> 1));
    for (let i = 0; i < 16; i++) this.next();
  }

  /** Unsigned. */
  next(): number {
    const s = this.#state;
    let t = s[0]!;
    t ^= t << 11;
    t ^= t >>> 8;
    s[0] = s[1]!;
    s[1] = s[2]!;
    s[2] = s[3]!;
    s[3] = s[3]! ^ (s[3]! >>> 19) ^ t;
    return s[3] >>> 0;
  }

  below(limit: number): number {
    return this.next() % limit;
  }

  /** True once in `n`. */
  chance(n: number): boolean {
    return this.next() % n === 0;
  }

  of<T>(list: readonly T[] | Uint32Array): T {
    return list[this.next() % list.length] as T;
  }
}

const EDGES = [
  0n,
  1n,
  2n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fffn,
  0x8000n,
  0xffffn,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  0x100000000n,
  0x7fffffffffffffffn,
  0x8000000000000000n,
  0xffffffffffffffffn,
  0x8080808080808080n,
  0x7f7f7f7f7f7f7f7fn,
  0x8000800080008000n,
  0x7fff7fff7fff7fffn,
  0x8000000080000000n,
  0x00ff00ff00ff00ffn,
  0x0102040810204080n,
  0x6162630061626300n,
];
/** Low and high half of each. */
const EDGE_WORDS = Int32Array.from(EDGES.flatMap((value) => [Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n))]));

/** Runs of ones from bit `from` on, in 64 bits: low half, high half. */
function run(view: DataView, at: number, length: number, from: number): void {
  const low = (first: number, last: number): number => (first >= last ? 0 : ((2 ** (last - first) - 1) * 2 ** first) | 0);
  const end = Math.min(from + length, 64);
  view.setInt32(at, low(Math.min(from, 32), Math.min(end, 32)), true);
  view.setInt32(at + 4, low(Math.max(from, 32) - 32, Math.max(end, 32) - 32), true);
}

/** 64 bits: any, edges, few bits, runs of ones, small numbers of either sign. */
export function putInteger(r: Random, view: DataView, at: number): void {
  const kind = r.next() & 7;
  if (kind < 2) {
    const i = r.below(EDGES.length) * 2;
    view.setInt32(at, EDGE_WORDS[i]!, true);
    view.setInt32(at + 4, EDGE_WORDS[i + 1]!, true);
  } else if (kind === 2) {
    const small = r.below(90) - 20;
    view.setInt32(at, small, true);
    view.setInt32(at + 4, small >> 31, true);
  } else if (kind === 3) run(view, at, r.below(65), r.below(64));
  else if (kind === 4) {
    view.setUint32(at, r.next() & r.next() & r.next(), true);
    view.setUint32(at + 4, r.next() & r.next() & r.next(), true);
  } else {
    view.setUint32(at, r.next(), true);
    view.setUint32(at + 4, r.next(), true);
  }
}

/** Floating-point formats by the width of exponent and fraction. */
interface Format {
  readonly bias: number;
  /** Exponents at which other formats and integers end. */
  readonly edges: readonly number[];
}

const HALF: Format = { bias: 15, edges: [10, 11, 25, 24] };
const SINGLE: Format = { bias: 127, edges: [127 + 31, 127 + 63, 127 + 23, 127 - 14, 127 - 24, 127 + 16, 127 + 126, 64, 190] };
const DOUBLE: Format = {
  bias: 1023,
  edges: [1023 + 31, 1023 + 63, 1023 + 52, 1023 - 126, 1023 - 149, 1023 + 127, 1023 + 128, 1023 + 1022, 512, 1535],
};

/** Exponents near each other, so that operands meet, or at the edges of this and other formats. */
function exponentOf(r: Random, { bias, edges }: Format): number {
  const top = 2 * bias + 1;
  switch (r.next() & 7) {
    case 0:
      return r.of([0, 0, 1, 2, top, top, top - 1, top - 2]);
    case 1:
      return r.below(top + 1);
    case 2:
      return Math.max(0, Math.min(top, r.of(edges) + r.below(3) - 1));
    default:
      return bias + (bias < 30 ? r.below(15) - 7 : r.below(60) - 30);
  }
}

/** Zero, the smallest, the largest, one half; a few upper bits; any. */
function fractionOf(r: Random, bits: number): number {
  switch (r.next() & 7) {
    case 0:
      return 0;
    case 1:
      return 1;
    case 2:
      return 2 ** bits - 1;
    case 3:
      return 2 ** (bits - 1) + (r.next() & 1);
    case 4:
      return (r.next() & 15) * 2 ** (bits - 4);
    default:
      return r.next() % 2 ** bits;
  }
}

export function putHalf(r: Random, view: DataView, at: number): void {
  view.setUint16(at, ((r.next() & 1) << 15) | (exponentOf(r, HALF) << 10) | fractionOf(r, 10), true);
}

export function putSingle(r: Random, view: DataView, at: number): void {
  view.setInt32(at, ((r.next() & 1) << 31) | (exponentOf(r, SINGLE) << 23) | fractionOf(r, 23), true);
}

export function putDouble(r: Random, view: DataView, at: number): void {
  const high = fractionOf(r, 20);
  const low = r.chance(3) ? r.next() : r.of([0, 0, 1, 0xffff_ffff, 0x8000_0000, 0x1000_0000, 0x1fff_ffff, 0x2000_0000]);
  view.setUint32(at, low, true);
  view.setInt32(at + 4, ((r.next() & 1) << 31) | (exponentOf(r, DOUBLE) << 20) | high, true);
}

const EDGE_EXPONENTS = [0, 0, 0, 1, 2, 3, 64, 65, 0x7fff, 0x7fff, 0x7fff, 0x7ffe, 0x7ffd];
const EXTENDED_EXPONENTS = [
  ...EDGE_EXPONENTS,
  ...[-1, 0, 1, 15, 30, 31, 32, 59, 62, 63, 64, -126, -127, -149, -150, 127, 128, -1022, -1023, -1074, -1075, 1023, 1024].map((e) => 16383 + e),
];
const UPPER = [
  0x8000_0000, 0x8000_0000, 0xffff_ffff, 0xc000_0000, 0xbfff_ffff, 0x8000_0001, 0xffff_ff00, 0xffff_ff80, 0xffff_ff7f, 0x8000_0080, 0x8000_0100,
];
const UNNORMAL = [0, 1, 0x7fff_ffff, 0x4000_0000, 0x3fff_ffff];
const LOWER = [0, 0, 1, 0xffff_ffff, 0x8000_0000, 0x7fff_ffff, 0x400, 0x3ff, 0x401, 0x800, 0x7ff, 0xc00, 0xffff_fc00, 0xffff_f800];

/** 80 bits; the exponent near `near` half of the time. Pseudo-denormals, unnormals, pseudo-infinities and the like among them. */
export function putExtended(r: Random, view: DataView, at: number, near: number): void {
  const kind = r.next() & 15;
  let exponent =
    kind < 8
      ? near + r.below(9) - 4
      : kind < 10
        ? near + r.below(140) - 70
        : kind < 12
          ? r.of(EXTENDED_EXPONENTS)
          : kind < 14
            ? 16383 + r.below(140) - 70
            : r.below(0x8000);
  exponent = Math.max(0, Math.min(0x7fff, exponent));
  let high = r.chance(3) ? r.of(UPPER) : r.chance(40) ? r.of(UNNORMAL) : r.chance(40) ? r.next() : (r.next() | 0x8000_0000) >>> 0;
  let low = r.chance(3) ? r.of(LOWER) : r.next();
  if (r.chance(8)) {
    low = 0;
    high &= 0xff00_0000;
  }
  if (exponent === 0 && !r.chance(4)) high = (high & 0x7fff_ffff) >>> r.below(32);
  if (exponent === 0 && r.chance(3)) high = low = 0;
  if (exponent === 0x7fff && r.chance(3)) {
    high = 0x8000_0000;
    low = 0;
  }
  view.setUint32(at, low, true);
  view.setUint32(at + 4, high >>> 0, true);
  view.setUint16(at + 8, ((r.next() & 1) << 15) | exponent, true);
}

/** A packed decimal of 18 digits; now and then what is none. */
export function putDecimal(r: Random, view: DataView, at: number): void {
  const digits = r.below(10);
  for (let i = 0; i < 9; i++) view.setUint8(at + i, i >= digits ? 0 : r.chance(20) ? r.next() & 0xff : r.below(10) * 16 + r.below(10));
  view.setUint8(at + 9, r.of([0, 0x80, 0, 0x80, 0x7f, 0xff]));
}

/** What a row's vectors and memory hold. */
export type Content = "integer" | "half" | "single" | "double" | "extended" | "decimal";

const ALPHABETS: readonly (readonly number[])[] = [
  [0, 1, 2, 3],
  [0x61, 0x62, 0x63, 0],
  [0x80, 0xff, 0x7f, 1],
  [0, 0, 0, 1],
];

/** 16 bytes: lanes of `content`, or integers, or bytes of a small alphabet. */
export function putVector(r: Random, view: DataView, at: number, content: Content): void {
  const kind = r.next() & 7;
  if (kind > 1 && content === "single") for (let i = 0; i < 16; i += 4) putSingle(r, view, at + i);
  else if (kind > 1 && content === "double") for (let i = 0; i < 16; i += 8) putDouble(r, view, at + i);
  else if (kind > 1 && content === "half") for (let i = 0; i < 16; i += 2) putHalf(r, view, at + i);
  else if (kind === 0 || (kind === 2 && content === "integer")) {
    const letters = r.of(ALPHABETS);
    for (let i = 0; i < 16; i += 4) {
      const word = r.next();
      for (let j = 0; j < 4; j++) view.setUint8(at + i + j, letters[(word >> (2 * j)) & 3]!);
    }
  } else {
    putInteger(r, view, at);
    // Equal halves now and then: comparisons of wide lanes.
    if (r.chance(8)) {
      view.setInt32(at + 8, view.getInt32(at, true), true);
      view.setInt32(at + 12, view.getInt32(at + 4, true), true);
    } else putInteger(r, view, at + 8);
  }
}
