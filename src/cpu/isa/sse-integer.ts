/**
 * Packed integers of MMX, SSE and SSE2 in registers of 64 and 128 bits (SDM volume 1, 5.4, 5.5.3, 5.6.3). 128-bit operands in memory must
 * be aligned.
 */

import { insn } from "./insn.ts";
import type { Insn } from "./insn.ts";
import { checkPendingX87, enterMmx, mmx, setMmx } from "./mmx-state.ts";
import type { Op, V } from "./ops.ts";

const aligned = { aligned: true };
/** Properties of moves of all 128 bits, whatever the bits are called. */
export const whole = { like: "move" } as const;
export const wholeAligned = { like: "move", aligned: true } as const;

const LOW_QWORDS = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23];

export type Binary = (op: Op, a: V, b: V) => V;

export function vectorRow(mnemonic: string, opcode: string, f: Binary, like?: string): Insn {
  return insn(mnemonic, [`66 0F ${opcode} /r | Vdq, Wdq`], like === undefined ? aligned : { ...aligned, like }, (op) => {
    const b = op.get(1);
    op.setVector(0, f(op, op.vector(0), b));
  });
}

/** `source`: what is read of the second operand in memory. */
export function mmxRow(mnemonic: string, opcode: string, f: Binary, source = "Qq"): Insn {
  return insn(mnemonic, [`NP 0F ${opcode} /r | Pq, ${source}`], { faults: true }, (op) => {
    checkPendingX87(op);
    const b = mmx(op, 1);
    const result = f(op, op.vector(0), b);
    enterMmx(op);
    setMmx(op, 0, result);
  });
}

/** One operation in both register sizes: of lanes that do not mix, the low half is what MMX gives. */
function packed(mnemonic: string, opcode: string, f: Binary | string, like?: string): Insn[] {
  const apply: Binary = typeof f === "string" ? (op, a, b): V => op.x(f, a, b) : f;
  return [vectorRow(mnemonic, opcode, apply, like), mmxRow(mnemonic, opcode, apply)];
}

/** Narrowing: the halves of the result come from the two operands. */
function pack(mnemonic: string, opcode: string, name: string): Insn[] {
  const joined: Binary = (op, a, b) => {
    const both = op.shuffle(a, b, LOW_QWORDS);
    return op.x(name, both, both);
  };
  return [vectorRow(mnemonic, opcode, (op, a, b) => op.x(name, a, b)), mmxRow(mnemonic, opcode, joined)];
}

export const paddb: readonly Insn[] = packed("paddb", "FC", "i8x16.add");
export const paddw: readonly Insn[] = packed("paddw", "FD", "i16x8.add");
export const paddd: readonly Insn[] = packed("paddd", "FE", "i32x4.add");
export const paddq: readonly Insn[] = packed("paddq", "D4", "i64x2.add");
export const psubb: readonly Insn[] = packed("psubb", "F8", "i8x16.sub");
export const psubw: readonly Insn[] = packed("psubw", "F9", "i16x8.sub");
export const psubd: readonly Insn[] = packed("psubd", "FA", "i32x4.sub");
export const psubq: readonly Insn[] = packed("psubq", "FB", "i64x2.sub");
export const paddsb: readonly Insn[] = packed("paddsb", "EC", "i8x16.add_sat_s");
export const paddsw: readonly Insn[] = packed("paddsw", "ED", "i16x8.add_sat_s");
export const paddusb: readonly Insn[] = packed("paddusb", "DC", "i8x16.add_sat_u");
export const paddusw: readonly Insn[] = packed("paddusw", "DD", "i16x8.add_sat_u");
export const psubsb: readonly Insn[] = packed("psubsb", "E8", "i8x16.sub_sat_s");
export const psubsw: readonly Insn[] = packed("psubsw", "E9", "i16x8.sub_sat_s");
export const psubusb: readonly Insn[] = packed("psubusb", "D8", "i8x16.sub_sat_u");
export const psubusw: readonly Insn[] = packed("psubusw", "D9", "i16x8.sub_sat_u");
export const pmaxub: readonly Insn[] = packed("pmaxub", "DE", "i8x16.max_u");
export const pminub: readonly Insn[] = packed("pminub", "DA", "i8x16.min_u");
export const pmaxsw: readonly Insn[] = packed("pmaxsw", "EE", "i16x8.max_s");
export const pminsw: readonly Insn[] = packed("pminsw", "EA", "i16x8.min_s");
export const pavgb: readonly Insn[] = packed("pavgb", "E0", "i8x16.avgr_u");
export const pavgw: readonly Insn[] = packed("pavgw", "E3", "i16x8.avgr_u");
export const pmullw: readonly Insn[] = packed("pmullw", "D5", "i16x8.mul");
export const pmaddwd: readonly Insn[] = packed("pmaddwd", "F5", "i32x4.dot_i16x8_s");
export const pand: readonly Insn[] = packed("pand", "DB", "v128.and", "and");
export const por: readonly Insn[] = packed("por", "EB", "v128.or", "or");
export const pxor: readonly Insn[] = packed("pxor", "EF", "v128.xor", "xor");
export const pandn: readonly Insn[] = packed("pandn", "DF", (op, a, b) => op.x("v128.andnot", b, a), "andn");
export const pcmpeqb: readonly Insn[] = packed("pcmpeqb", "74", "i8x16.eq");
export const pcmpeqw: readonly Insn[] = packed("pcmpeqw", "75", "i16x8.eq");
export const pcmpeqd: readonly Insn[] = packed("pcmpeqd", "76", "i32x4.eq");
export const pcmpgtb: readonly Insn[] = packed("pcmpgtb", "64", "i8x16.gt_s");
export const pcmpgtw: readonly Insn[] = packed("pcmpgtw", "65", "i16x8.gt_s");
export const pcmpgtd: readonly Insn[] = packed("pcmpgtd", "66", "i32x4.gt_s");
export const packsswb: readonly Insn[] = pack("packsswb", "63", "i8x16.narrow_i16x8_s");
export const packuswb: readonly Insn[] = pack("packuswb", "67", "i8x16.narrow_i16x8_u");
export const packssdw: readonly Insn[] = pack("packssdw", "6B", "i16x8.narrow_i32x4_s");

/** Bytes 2 and 3 of each 32-bit product: the high words. */
const HIGH_WORDS = [2, 3, 6, 7, 10, 11, 14, 15, 18, 19, 22, 23, 26, 27, 30, 31];
const highWords =
  (sign: "s" | "u"): Binary =>
  (op, a, b) =>
    op.shuffle(op.x(`i32x4.extmul_low_i16x8_${sign}`, a, b), op.x(`i32x4.extmul_high_i16x8_${sign}`, a, b), HIGH_WORDS);
export const pmulhw: readonly Insn[] = packed("pmulhw", "E5", highWords("s"));
export const pmulhuw: readonly Insn[] = packed("pmulhuw", "E4", highWords("u"));

const EVEN_DWORDS = [0, 1, 2, 3, 8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11];
export const pmuludq: readonly Insn[] = packed("pmuludq", "F4", (op, a, b) =>
  op.x("i64x2.extmul_low_i32x4_u", op.shuffle(a, a, EVEN_DWORDS), op.shuffle(b, b, EVEN_DWORDS)),
);

export const psadbw: readonly Insn[] = packed("psadbw", "F6", (op, a, b) => {
  const differences = op.x("i8x16.sub", op.x("i8x16.max_u", a, b), op.x("i8x16.min_u", a, b));
  const sums = op.x("i32x4.extadd_pairwise_i16x8_u", op.x("i16x8.extadd_pairwise_i8x16_u", differences));
  const low = op.x("v128.and", sums, op.x("i64x2.splat", op.const(0xffffffff)));
  return op.x("i64x2.add", low, op.x("i64x2.shr_u", sums, op.i32(32)));
});

/** Interleaves elements of `bytes` bytes from the low or high halves. */
function interleave(bytes: number, high: boolean): number[] {
  const lanes: number[] = [];
  for (let i = 0; i < 8; i += bytes) {
    for (const source of [0, 16]) for (let k = 0; k < bytes; k++) lanes.push(source + (high ? 8 : 0) + i + k);
  }
  return lanes;
}

function unpack(mnemonic: string, opcode: string, bytes: number, high: boolean): Insn[] {
  const vector = vectorRow(mnemonic, opcode, (op, a, b) => op.shuffle(a, b, interleave(bytes, high)));
  if (bytes === 8) return [vector];
  // The low interleave of two registers holds both of MMX's: the low one in its low half.
  const lanes = interleave(bytes, false);
  const half = high ? [...lanes.slice(8), ...lanes.slice(8)] : lanes;
  return [vector, mmxRow(mnemonic, opcode, (op, a, b) => op.shuffle(a, b, half), high ? "Qq" : "Qd")];
}

export const punpcklbw: readonly Insn[] = unpack("punpcklbw", "60", 1, false);
export const punpcklwd: readonly Insn[] = unpack("punpcklwd", "61", 2, false);
export const punpckldq: readonly Insn[] = unpack("punpckldq", "62", 4, false);
export const punpcklqdq: readonly Insn[] = unpack("punpcklqdq", "6C", 8, false);
export const punpckhbw: readonly Insn[] = unpack("punpckhbw", "68", 1, true);
export const punpckhwd: readonly Insn[] = unpack("punpckhwd", "69", 2, true);
export const punpckhdq: readonly Insn[] = unpack("punpckhdq", "6A", 4, true);
export const punpckhqdq: readonly Insn[] = unpack("punpckhqdq", "6D", 8, true);

/** Counts above the element's bits give zero, or with `shr_s` all sign bits. */
export function shiftPacked(op: Op, lanes: string, bits: number, kind: "shl" | "shr_u" | "shr_s", a: V, count: V): V {
  const fits = op.ltu(count, op.const(bits));
  if (kind === "shr_s") {
    const clamped = op.select(fits, count, op.const(bits - 1));
    return op.x(`${lanes}.shr_s`, a, op.x("i32.wrap_i64", clamped));
  }
  const shifted = op.x(`${lanes}.${kind}`, a, op.x("i32.wrap_i64", count));
  return op.select(fits, shifted, op.v128([]));
}

function shift(mnemonic: string, opcode: string, group: string, lanes: string, bits: number, kind: "shl" | "shr_u" | "shr_s"): Insn[] {
  const byVector = insn(mnemonic, [`66 0F ${opcode} /r | Vdq, Wdq`], aligned, (op) => {
    const count = op.lane("i64x2.extract_lane", 0, op.get(1));
    op.setVector(0, shiftPacked(op, lanes, bits, kind, op.vector(0), count));
  });
  const byImmediate = insn(mnemonic, [`66 0F ${group} reg | Udq, Ib`], {}, (op) => {
    op.setVector(0, shiftPacked(op, lanes, bits, kind, op.vector(0), op.get(1)));
  });
  const mmxByRegister = mmxRow(mnemonic, opcode, (op, a, b) => shiftPacked(op, lanes, bits, kind, a, op.lane("i64x2.extract_lane", 0, b)));
  const mmxByImmediate = insn(mnemonic, [`NP 0F ${group} reg | Nq, Ib`], { faults: true }, (op) => {
    checkPendingX87(op);
    const result = shiftPacked(op, lanes, bits, kind, op.vector(0), op.get(1));
    enterMmx(op);
    setMmx(op, 0, result);
  });
  return [byVector, byImmediate, mmxByRegister, mmxByImmediate];
}

export const packedShifts: readonly Insn[] = [
  ...shift("psllw", "F1", "71 /6", "i16x8", 16, "shl"),
  ...shift("pslld", "F2", "72 /6", "i32x4", 32, "shl"),
  ...shift("psllq", "F3", "73 /6", "i64x2", 64, "shl"),
  ...shift("psrlw", "D1", "71 /2", "i16x8", 16, "shr_u"),
  ...shift("psrld", "D2", "72 /2", "i32x4", 32, "shr_u"),
  ...shift("psrlq", "D3", "73 /2", "i64x2", 64, "shr_u"),
  ...shift("psraw", "E1", "71 /4", "i16x8", 16, "shr_s"),
  ...shift("psrad", "E2", "72 /4", "i32x4", 32, "shr_s"),
];

export const IOTA: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/** Byte shifts of the whole register: a swizzle whose indices beyond 15 give zero. */
function byteShift(op: Op, left: boolean): void {
  const imm = op.get(1);
  const count = op.x("i32.wrap_i64", op.select(op.ltu(imm, op.const(16)), imm, op.const(16)));
  const splat = op.x("i8x16.splat", count);
  const indices = op.x(left ? "i8x16.sub" : "i8x16.add", op.v128(IOTA), splat);
  op.setVector(0, op.x("i8x16.swizzle", op.vector(0), indices));
}

export const pslldq: Insn = insn("pslldq", ["66 0F 73 /7 reg | Udq, Ib"], {}, (op) => byteShift(op, true));
export const psrldq: Insn = insn("psrldq", ["66 0F 73 /3 reg | Udq, Ib"], {}, (op) => byteShift(op, false));

export function words(...values: number[]): number[] {
  return values.flatMap((v) => [v & 0xff, (v >> 8) & 0xff]);
}

export function dwords(...values: number[]): number[] {
  return values.flatMap((v) => [v & 0xff, (v >> 8) & 0xff, (v >> 16) & 0xff, (v >>> 24) & 0xff]);
}

/** Swizzle indices of a four-way selection of dwords: two bits of `imm` for each. */
export function dwordSelection(op: Op, imm: V): V {
  const spread = op.x("i32x4.mul", op.x("i32x4.splat", op.x("i32.wrap_i64", imm)), op.v128(dwords(64, 16, 4, 1)));
  return dwordIndices(op, op.x("v128.and", op.x("i32x4.shr_u", spread, op.i32(6)), op.v128(dwords(3, 3, 3, 3))));
}

/** Byte indices of the dwords whose numbers are given. */
export function dwordIndices(op: Op, numbers: V): V {
  const first = op.x("i32x4.mul", numbers, op.v128(dwords(0x04040404, 0x04040404, 0x04040404, 0x04040404)));
  return op.x("i32x4.add", first, op.v128(dwords(0x03020100, 0x03020100, 0x03020100, 0x03020100)));
}

export const pshufd: Insn = insn("pshufd", ["66 0F 70 /r | Vdq, Wdq, Ib"], aligned, (op) => {
  const source = op.get(1);
  op.setVector(0, op.x("i8x16.swizzle", source, dwordSelection(op, op.get(2))));
});

/** Selection among the four words of one half; `base` is the half's first byte, the other half stays. */
export function wordSelection(op: Op, imm: V, high: boolean): V {
  const splat = op.x("i16x8.splat", op.x("i32.wrap_i64", imm));
  const spread = op.x("i16x8.mul", splat, op.v128(words(64, 16, 4, 1, 64, 16, 4, 1)));
  const lane = op.x("v128.and", op.x("i16x8.shr_u", spread, op.i32(6)), op.v128(words(3, 3, 3, 3, 3, 3, 3, 3)));
  const base = high ? 0x0908 : 0x0100;
  const first = op.x("i16x8.mul", lane, op.v128(words(...Array<number>(8).fill(0x0202))));
  const chosen = op.x("i16x8.add", first, op.v128(words(...Array<number>(8).fill(base))));
  const own = high ? [0, 1, 2, 3, 4, 5, 6, 7, 24, 25, 26, 27, 28, 29, 30, 31] : [16, 17, 18, 19, 20, 21, 22, 23, 8, 9, 10, 11, 12, 13, 14, 15];
  return op.shuffle(op.v128(IOTA), chosen, own);
}

function shuffleWords(mnemonic: string, prefix: string, high: boolean): Insn {
  return insn(mnemonic, [`${prefix} 0F 70 /r | Vdq, Wdq, Ib`], aligned, (op) => {
    const source = op.get(1);
    op.setVector(0, op.x("i8x16.swizzle", source, wordSelection(op, op.get(2), high)));
  });
}

export const pshufhw: Insn = shuffleWords("pshufhw", "F3", true);
export const pshuflw: Insn = shuffleWords("pshuflw", "F2", false);

/** The top bits of all elements of operand 1, `count` in each lane. */
export function topBits(op: Op, operator: string, count: number): V {
  const masks = op.parts(1).map((v) => op.bool(op.x(operator, v)));
  return masks.reduce((low, high) => op.or(low, op.shl(high, op.const(count))));
}

export const pmovmskb: Insn = insn("pmovmskb", ["66 0F D7 /r reg | Gd, Udq"], {}, (op) => op.set(0, topBits(op, "i8x16.bitmask", 16)));

/** The word of a 64-bit value at a run-time position 0 to 3. */
export function wordOf(op: Op, half: V, position: V): V {
  return op.zext(op.shr(half, op.shl(op.and(position, op.const(3)), op.const(4))), 16);
}

export const pextrw: Insn = insn("pextrw", ["66 0F C5 /r reg | Gd, Udq, Ib"], {}, (op) => {
  const source = op.vector(1);
  const half = op.select(op.eqz(op.and(op.get(2), op.const(4))), op.lane("i64x2.extract_lane", 0, source), op.lane("i64x2.extract_lane", 1, source));
  op.set(0, wordOf(op, half, op.get(2)));
});

/** `target` with the word at a run-time position replaced. */
export function withWord(op: Op, target: V, word: V, position: V): V {
  const value = op.x("i16x8.splat", op.x("i32.wrap_i64", word));
  const here = op.x("i16x8.eq", op.x("i16x8.splat", op.x("i32.wrap_i64", position)), op.v128(words(0, 1, 2, 3, 4, 5, 6, 7)));
  return op.x("v128.bitselect", value, target, here);
}

export const pinsrw: Insn = insn("pinsrw", ["66 0F C4 /r reg | Vdq, Rd, Ib", "66 0F C4 /r mem | Vdq, Mw, Ib"], {}, (op) => {
  const word = op.get(1);
  op.setVector(0, withWord(op, op.vector(0), word, op.and(op.get(2), op.const(7))));
});

export const movdqa: Insn = insn("movdqa", ["66 0F 6F /r | Vdq, Wdq"], wholeAligned, (op) => op.setVector(0, op.get(1)));
export const movdqaStore: Insn = insn("movdqa", ["66 0F 7F /r | Wdq, Vdq"], wholeAligned, (op) => op.set(0, op.get(1)));
export const movdqu: Insn = insn("movdqu", ["F3 0F 6F /r | Vdq, Wdq"], whole, (op) => op.setVector(0, op.get(1)));
export const movdquStore: Insn = insn("movdqu", ["F3 0F 7F /r | Wdq, Vdq"], whole, (op) => op.set(0, op.get(1)));
export const movntdq: Insn = insn("movntdq", ["66 0F E7 /r mem | Mdq, Vdq"], aligned, (op) => op.set(0, op.get(1)));
export const movnti: Insn = insn("movnti", ["NP 0F C3 /r mem | My, Gy"], {}, (op) => op.set(0, op.get(1)));

/** The value in the low part, the rest zero. */
export function zeroExtended(op: Op, value: V): V {
  return op.lane("i64x2.replace_lane", 0, op.v128([]), value);
}

export const movd: Insn = insn("movd", ["66 REX.W0 0F 6E /r | Vdq, Ed"], {}, (op) => op.setVector(0, zeroExtended(op, op.get(1))));
export const movqFromGeneral: Insn = insn("movq", ["66 REX.W 0F 6E /r | Vdq, Eq"], {}, (op) => op.setVector(0, zeroExtended(op, op.get(1))));
export const movdStore: Insn = insn("movd", ["66 REX.W0 0F 7E /r | Ed, Vd"], {}, (op) => op.set(0, op.get(1)));
export const movqToGeneral: Insn = insn("movq", ["66 REX.W 0F 7E /r | Eq, Vq"], {}, (op) => op.set(0, op.get(1)));
export const movq: Insn = insn("movq", ["F3 0F 7E /r | Vdq, Wq"], {}, (op) => op.setVector(0, zeroExtended(op, op.get(1))));
export const movqStore: Insn = insn("movq", ["66 0F D6 /r reg | Udq, Vq", "66 0F D6 /r mem | Mq, Vq"], {}, (op) => {
  if (op.isMemory(0)) op.set(0, op.get(1));
  else op.setVector(0, zeroExtended(op, op.get(1)));
});

/** Bytes of `value` selected by the top bits of `mask`'s go to [rDI]; all of its bytes must be writable, also those not selected. */
export function maskMove(op: Op, bits: 64 | 128, value: V, mask: V): void {
  const linear = op.withSegment(op.reg(7, op.addressSize));
  op.checkWrite(bits, linear);
  const selected = op.x("i8x16.lt_s", mask, op.v128([]));
  const old = bits === 128 ? op.load(128, linear) : op.x("i64x2.splat", op.load(64, linear));
  const merged = op.x("v128.bitselect", value, old, selected);
  op.store(bits, linear, bits === 128 ? merged : op.lane("i64x2.extract_lane", 0, merged));
}

export const maskmovdqu: Insn = insn("maskmovdqu", ["66 0F F7 /r reg | Vdq, Udq"], { faults: true, checkedAlignment: 8 }, (op) =>
  maskMove(op, 128, op.vector(0), op.vector(1)),
);
