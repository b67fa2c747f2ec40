/** AES-NI, PCLMULQDQ, GFNI and SHA (SDM volume 1, 5.12, 5.13, 5.18 and 5.20), without helpers. */

import { byteTables, doubled, lookUp, multiplyBytes } from "./galois.ts";
import { insn } from "./insn.ts";
import type { Insn } from "./insn.ts";
import type { Op, V } from "./ops.ts";
import { requires } from "./requires.ts";
import { dwords, vectorRow } from "./sse-integer.ts";
import { VECTORS } from "../state.ts";

const aligned = { aligned: true };
const xor = (op: Op, ...values: V[]): V => values.reduce((a, b) => op.x("v128.xor", a, b));

/** ShiftRows: byte i of a column moves left by i columns; its inverse to the right (FIPS 197, 5.1.2 and 5.3.1). */
function rowsShifted(direction: 1 | -1): number[] {
  return Array.from({ length: 16 }, (_, i) => (i + 4 * direction * (i & 3)) & 15);
}

/** Bytes of each column moved up by `count`. */
function rotatedColumns(op: Op, value: V, count: number): V {
  return op.shuffle(value, value, Array.from({ length: 16 }, (_, i) => (i & 12) | ((i + count) & 3)));
}

/** MixColumns (FIPS 197, 5.1.3). */
function mixed(op: Op, value: V): V {
  const twice = doubled(op, value);
  const thrice = xor(op, twice, value);
  return xor(op, twice, rotatedColumns(op, thrice, 1), rotatedColumns(op, value, 2), rotatedColumns(op, value, 3));
}

/** InvMixColumns (FIPS 197, 5.3.3): MixColumns of a + 4 (a + a rotated by two). */
function unmixed(op: Op, value: V): V {
  const sum = xor(op, value, rotatedColumns(op, value, 2));
  return mixed(op, xor(op, value, doubled(op, doubled(op, sum))));
}

function substituted(op: Op, value: V, direction: 1 | -1): V {
  const lanes = rowsShifted(direction);
  const { substitution, inverseSubstitution } = byteTables();
  return lookUp(op, direction === 1 ? substitution : inverseSubstitution, op.shuffle(value, value, lanes));
}

export const aes: readonly Insn[] = requires("aes", [
  vectorRow("aesimc", "38 DB", (op, _, b) => unmixed(op, b)),
  vectorRow("aesenc", "38 DC", (op, a, b) => xor(op, mixed(op, substituted(op, a, 1)), b)),
  vectorRow("aesenclast", "38 DD", (op, a, b) => xor(op, substituted(op, a, 1), b)),
  vectorRow("aesdec", "38 DE", (op, a, b) => xor(op, unmixed(op, substituted(op, a, -1)), b)),
  vectorRow("aesdeclast", "38 DF", (op, a, b) => xor(op, substituted(op, a, -1), b)),
  insn("aeskeygenassist", ["66 0F 3A DF /r | Vdq, Wdq, Ib"], aligned, (op) => {
    const words = lookUp(op, byteTables().substitution, op.get(1));
    // Dwords 1 and 3, each as it is and rotated by a byte, which the round constant is added to.
    const spread = op.shuffle(words, words, [4, 5, 6, 7, 5, 6, 7, 4, 12, 13, 14, 15, 13, 14, 15, 12]);
    const constant = op.x("v128.and", op.x("i32x4.splat", op.x("i32.wrap_i64", op.get(2))), op.v128(dwords(0, 0xff, 0, 0xff)));
    op.setVector(0, xor(op, spread, constant));
  }),
]);

/**
 * Product of two polynomials of 32 bits, by ordinary multiplication: of each factor every fourth bit, so that the sums of up to eight ones stay
 * within the three bits above.
 */
function carrylessProduct32(op: Op, a: V, b: V): V {
  const part = (v: V, i: number): V => op.and(v, op.const(0x11111111n << BigInt(i)));
  const as = [0, 1, 2, 3].map((i) => part(a, i));
  const bs = [0, 1, 2, 3].map((i) => part(b, i));
  const residues = [0, 1, 2, 3].map((r) => {
    const products = as.map((x, i) => op.mul(x, bs[(r - i) & 3] ?? x));
    return op.and(products.reduce((x, y) => op.xor(x, y)), op.const(0x1111111111111111n << BigInt(r)));
  });
  return residues.reduce((x, y) => op.or(x, y));
}

/** The 128-bit product of two polynomials of 64 bits, from three of 32 (Karatsuba). */
function carrylessProduct(op: Op, a: V, b: V): V {
  const low = (v: V): V => op.zext(v, 32);
  const high = (v: V): V => op.shr(v, op.const(32));
  const below = carrylessProduct32(op, low(a), low(b));
  const above = carrylessProduct32(op, high(a), high(b));
  const crossed = carrylessProduct32(op, op.xor(low(a), high(a)), op.xor(low(b), high(b)));
  const middle = op.xor(op.xor(crossed, below), above);
  const first = op.x("i64x2.splat", op.xor(below, op.shl(middle, op.const(32))));
  return op.lane("i64x2.replace_lane", 1, first, op.xor(above, op.shr(middle, op.const(32))));
}

export const pclmulqdq: readonly Insn[] = requires("pclmul", [
  insn("pclmulqdq", ["66 0F 3A 44 /r | Vdq, Wdq, Ib"], aligned, (op) => {
    const b = op.get(1);
    const half = (v: V, bit: number): V => {
      const upper = op.ne(op.and(op.get(2), op.const(bit)), op.const(0));
      return op.select(upper, op.lane("i64x2.extract_lane", 1, v), op.lane("i64x2.extract_lane", 0, v));
    };
    op.setVector(0, carrylessProduct(op, half(op.vector(0), 1), half(b, 0x10)));
  }),
]);

/** Bit i of each byte: the parity of the byte and row 7 - i of its half's matrix; the immediate is added. */
function affine(op: Op, value: V, matrix: V): V {
  const zero = op.v128([]);
  let result = zero;
  for (let i = 7; i >= 0; i--) {
    const row = op.shuffle(matrix, matrix, Array.from({ length: 16 }, (_, k) => (k & 8) | (7 - i)));
    const parity = op.x("v128.and", op.x("i8x16.popcnt", op.x("v128.and", row, value)), op.x("i8x16.splat", op.i32(1)));
    result = op.x("v128.or", op.x("i8x16.add", result, result), parity);
  }
  return xor(op, result, op.x("i8x16.splat", op.x("i32.wrap_i64", op.get(2))));
}

export const gfni: readonly Insn[] = requires("gfni", [
  vectorRow("gf2p8mulb", "38 CF", multiplyBytes),
  insn("gf2p8affineqb", ["66 0F 3A CE /r | Vdq, Wdq, Ib"], aligned, (op) => {
    const matrix = op.get(1);
    op.setVector(0, affine(op, op.vector(0), matrix));
  }),
  insn("gf2p8affineinvqb", ["66 0F 3A CF /r | Vdq, Wdq, Ib"], aligned, (op) => {
    const matrix = op.get(1);
    op.setVector(0, affine(op, lookUp(op, byteTables().inverse, op.vector(0)), matrix));
  }),
]);

/** 32-bit words as i32. */
class Words {
  readonly op: Op;

  constructor(op: Op) {
    this.op = op;
  }

  of(vector: V, lane: number): V {
    return this.op.lane("i32x4.extract_lane", lane, vector);
  }

  add(...values: V[]): V {
    return values.reduce((a, b) => this.op.x("i32.add", a, b));
  }

  xor(...values: V[]): V {
    return values.reduce((a, b) => this.op.x("i32.xor", a, b));
  }

  and(a: V, b: V): V {
    return this.op.x("i32.and", a, b);
  }

  rotateLeft(a: V, count: number): V {
    return this.op.x("i32.rotl", a, this.op.i32(count));
  }

  /** Three rotations to the right, or two and a shift, added (FIPS 180-4, 4.1.2). */
  sigma(a: V, first: number, second: number, third: number, shift = false): V {
    const rotated = (count: number): V => this.op.x("i32.rotr", a, this.op.i32(count));
    return this.xor(rotated(first), rotated(second), shift ? this.op.x("i32.shr_u", a, this.op.i32(third)) : rotated(third));
  }

  choose(x: V, y: V, z: V): V {
    return this.xor(this.and(x, this.xor(y, z)), z);
  }

  majority(x: V, y: V, z: V): V {
    return this.xor(this.and(x, this.xor(y, z)), this.and(y, z));
  }

  /** Lanes 0 to 3. */
  join(...lanes: [V, V, V, V]): V {
    const first = this.op.x("i32x4.splat", lanes[0]);
    return [1, 2, 3].reduce((vector, i) => this.op.lane("i32x4.replace_lane", i, vector, lanes[i] ?? lanes[0]), first);
  }
}

/** SHA-1's constants (FIPS 180-4, 4.2.1). */
const ROUND_CONSTANTS = [0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6];

/** Four rounds of SHA-1: the immediate says which function and constant. */
function sha1Rounds(op: Op, state: V, schedule: V): V {
  const w = new Words(op);
  const kind = op.and(op.get(2), op.const(3));
  const is = (k: number): V => op.eq(kind, op.const(k));
  const constants = ROUND_CONSTANTS.map((value) => op.i32(value | 0));
  const constant = constants.reduceRight((rest, value, k) => op.select(is(k), value, rest));
  let [a, b, c, d] = [w.of(state, 3), w.of(state, 2), w.of(state, 1), w.of(state, 0)];
  let e: V = op.i32(0);
  for (let i = 3; i >= 0; i--) {
    const mixture = op.select(is(0), w.choose(b, c, d), op.select(is(2), w.majority(b, c, d), w.xor(b, c, d)));
    const next = w.add(mixture, w.rotateLeft(a, 5), w.of(schedule, i), e, constant);
    [e, d, c, b, a] = [d, c, w.rotateLeft(b, 30), a, next];
  }
  return w.join(d, c, b, a);
}

/** Two rounds of SHA-256: A B E F in `abef` (from the top), C D G H in `cdgh`, two words with their constants in XMM0. */
function sha256Rounds(op: Op, cdgh: V, abef: V): V {
  const w = new Words(op);
  const words = op.stateVector(VECTORS);
  let [a, b, e, f] = [w.of(abef, 3), w.of(abef, 2), w.of(abef, 1), w.of(abef, 0)];
  let [c, d, g, h] = [w.of(cdgh, 3), w.of(cdgh, 2), w.of(cdgh, 1), w.of(cdgh, 0)];
  for (let i = 0; i < 2; i++) {
    const first = w.add(w.choose(e, f, g), w.sigma(e, 6, 11, 25), w.of(words, i), h);
    const second = w.add(w.majority(a, b, c), w.sigma(a, 2, 13, 22));
    [h, g, f, e, d, c, b, a] = [g, f, e, w.add(first, d), c, b, a, w.add(first, second)];
  }
  return w.join(f, e, b, a);
}

/** Operands in memory need not be aligned: so AMD's processors; Intel's raise #GP. */
function sha(mnemonic: string, opcode: string, f: (op: Op, a: V, b: V) => V, rest = ""): Insn {
  return insn(mnemonic, [`NP 0F ${opcode} /r | Vdq, Wdq${rest}`], {}, (op) => {
    const b = op.get(1);
    op.setVector(0, f(op, op.vector(0), b));
  });
}

const HIGH_OF_FIRST_LOW_OF_SECOND = [8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23];

/** The last words of a message schedule: sums of those before. */
function sha1Schedule(op: Op, a: V, b: V): V {
  const w = new Words(op);
  const lanes = [3, 2, 1, 0].map((i) => w.xor(w.of(a, i), i === 0 ? op.i32(0) : w.of(b, i - 1)));
  const [w16, w17, w18] = lanes.slice(0, 3).map((v) => w.rotateLeft(v, 1));
  const w19 = w.rotateLeft(w.xor(w.of(a, 0), w16!), 1);
  return w.join(w19, w18!, w17!, w16!);
}

function sha256Schedule(op: Op, a: V, b: V): V {
  const w = new Words(op);
  const of = (v: V): V => w.sigma(v, 17, 19, 10, true);
  const w16 = w.add(w.of(a, 0), of(w.of(b, 2)));
  const w17 = w.add(w.of(a, 1), of(w.of(b, 3)));
  return w.join(w16, w17, w.add(w.of(a, 2), of(w16)), w.add(w.of(a, 3), of(w17)));
}

export const shaExtensions: readonly Insn[] = requires("sha", [
  sha("sha1nexte", "38 C8", (op, a, b) => {
    const w = new Words(op);
    return op.lane("i32x4.replace_lane", 3, b, w.add(w.of(b, 3), w.rotateLeft(w.of(a, 3), 30)));
  }),
  sha("sha1msg1", "38 C9", (op, a, b) => xor(op, a, op.shuffle(b, a, HIGH_OF_FIRST_LOW_OF_SECOND))),
  sha("sha1msg2", "38 CA", sha1Schedule),
  sha("sha256rnds2", "38 CB", sha256Rounds, ", XMM0"),
  sha("sha256msg1", "38 CC", (op, a, b) => {
    const w = new Words(op);
    const next = [w.of(a, 1), w.of(a, 2), w.of(a, 3), w.of(b, 0)];
    const lanes = next.map((v, i) => w.add(w.of(a, i), w.sigma(v, 7, 18, 3, true)));
    return w.join(lanes[0]!, lanes[1]!, lanes[2]!, lanes[3]!);
  }),
  sha("sha256msg2", "38 CD", sha256Schedule),
  sha("sha1rnds4", "3A CC", sha1Rounds, ", Ib"),
]);
