/**
 * Cases for the x87: random and adversarial operands, their binary layout for the native recorder (record.c), and their execution here.
 */

import { type X87Entry, X87State, fnsave, frstor, x87Table } from "../../src/cpu/x87/index.ts";

/** Layout of record.c's structs. */
export const INPUT_BYTES = 240;
export const OUTPUT_BYTES = 240;
export const INPUT = { code: 0, length: 4, flags: 8, image: 16, memory: 128 } as const;
export const OUTPUT = { flags: 0, rax: 8, image: 16, memory: 128 } as const;
export const IMAGE_BYTES = 108;
export const MEMORY_BYTES = 112;

const ARITHMETIC_FLAGS = 0x8d5;
/** ModRM with [rsi] as memory operand. */
const MEMORY_RM = 6;

/** xorshift32: cases depend on the seed only. */
export class Random {
  x: number;
  constructor(seed: number) {
    this.x = (seed * 2654435761) >>> 0 || 1;
    for (let i = 0; i < 8; i++) this.word();
  }
  word(): number {
    let x = this.x;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.x = x >>> 0;
    return this.x;
  }
  below(n: number): number {
    return this.word() % n;
  }
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
  chance(n: number): boolean {
    return this.below(n) === 0;
  }
}

const SPECIAL_EXPONENTS = [
  0,
  0,
  1,
  2,
  0x7fff,
  0x7fff,
  0x7ffe,
  0x7ffd,
  16383,
  16382,
  16384,
  16383 + 63,
  16383 + 62,
  16383 + 64,
  16383 + 31,
  16383 + 32,
  16383 + 15,
  16383 + 30,
  16383 + 59,
  16383 - 126,
  16383 - 127,
  16383 - 149,
  16383 - 150,
  16383 + 127,
  16383 + 128,
  16383 - 1022,
  16383 - 1023,
  16383 - 1074,
  16383 - 1075,
  16383 + 1023,
  16383 + 1024,
  3,
  64,
  65,
];
const WORDS = [0, 0, 1, 0xffff_ffff, 0xffff_fffe, 0x8000_0000, 0x7fff_ffff, 0x400, 0x3ff, 0x401, 0x800, 0x7ff, 0xc00, 0xffff_fc00, 0xffff_f800];
const HIGH_WORDS = [
  0x8000_0000, 0x8000_0000, 0xffff_ffff, 0xc000_0000, 0xbfff_ffff, 0x8000_0001, 0xffff_ff00, 0xffff_ff80, 0xffff_ff7f, 0x8000_0080, 0x8000_0100,
  0x8000_007f, 0xa000_0000,
];
const RAW_HIGH_WORDS = [0, 1, 0x7fff_ffff, 0x4000_0000, 0x3fff_ffff];

/** Writes a random 80-bit number, near to exponent `near` where it is given. */
export function randomFloat80(random: Random, view: DataView, at: number, near?: number): void {
  let exponent: number;
  const style = random.below(16);
  if (near !== undefined && style < 8) exponent = near + random.below(9) - 4;
  else if (near !== undefined && style < 10) exponent = near + random.below(140) - 70;
  else if (style < 12) exponent = random.pick(SPECIAL_EXPONENTS) + (random.chance(4) ? random.below(5) - 2 : 0);
  else if (style < 14) exponent = 16383 + random.below(140) - 70;
  else exponent = random.below(0x8000);
  exponent = Math.min(Math.max(exponent, 0), 0x7fff);
  let high: number;
  if (random.chance(3)) high = random.pick(HIGH_WORDS);
  else if (random.chance(40)) high = random.pick(RAW_HIGH_WORDS);
  else high = random.word() | (random.chance(40) ? 0 : 0x8000_0000);
  if (exponent === 0 && !random.chance(4)) high = (high & 0x7fff_ffff) >>> random.below(32);
  let low = random.chance(3) ? random.pick(WORDS) : random.word();
  if (random.chance(8)) {
    low = 0;
    high = (high >>> 24) << 24;
  }
  if (exponent === 0 && random.chance(3)) {
    high = 0;
    if (random.chance(2)) low = 0;
  }
  if (exponent === 0x7fff && random.chance(3)) {
    high = 0x8000_0000;
    low = 0;
  }
  view.setUint32(at, low >>> 0, true);
  view.setUint32(at + 4, high >>> 0, true);
  view.setUint16(at + 8, (random.below(2) << 15) | exponent, true);
}

/** Writes a random memory operand of the entry's size. */
function randomOperand(random: Random, entry: X87Entry, view: DataView, at: number, near: number): void {
  for (let i = 0; i < MEMORY_BYTES; i += 4) view.setUint32(at + i, random.word(), true);
  if (entry.kind !== "load") return;
  if (entry.mnemonic === "fldcw") {
    view.setUint16(at, random.chance(2) ? random.word() & 0xffff : 0x37f, true);
    return;
  }
  if (entry.mnemonic === "fbld") {
    for (let i = 0; i < 9; i++) if (!random.chance(8)) view.setUint8(at + i, random.below(10) * 16 + random.below(10));
    if (random.chance(3)) for (let i = random.below(9); i < 9; i++) view.setUint8(at + i, 0);
    view.setUint8(at + 9, random.pick([0, 0x80, 0, 0x80, 0x7f, 0xff]));
    return;
  }
  if (entry.bytes === 10) {
    randomFloat80(random, view, at);
    return;
  }
  const integer = entry.mnemonic.startsWith("fi");
  if (integer) {
    if (random.chance(3)) {
      const value = random.pick([0, 1, -1, 2, 3, 0x7fff, -0x8000, 0x7fff_ffff, -0x8000_0000]);
      view.setInt32(at, value, true);
      view.setInt32(at + 4, random.chance(4) ? random.word() : value >> 31, true);
    }
    return;
  }
  const style = random.below(8);
  const width = entry.bytes === 4 ? 8 : 11;
  const bias = (1 << (width - 1)) - 1;
  let exponent = random.below(2 * bias + 2);
  if (style < 2) exponent = 0;
  else if (style < 3) exponent = 2 * bias + 1;
  else if (style < 6) exponent = Math.min(Math.max(near - 16383 + bias + random.below(9) - 4, 0), 2 * bias + 1);
  const top = (random.below(2) << 31) | (exponent << (31 - width));
  const fraction = random.pick([0, 1, 2, 3]);
  const mask = 2 ** (31 - width) - 1;
  const upper = fraction === 0 ? 0 : fraction === 1 ? mask : random.word() & mask;
  const lower = fraction === 0 ? 0 : fraction === 1 ? 0xffff_ffff : random.word();
  if (entry.bytes === 4) view.setUint32(at, (top | upper) >>> 0, true);
  else {
    view.setUint32(at + 4, (top | upper) >>> 0, true);
    view.setUint32(at, fraction === 3 && random.chance(2) ? random.pick(WORDS) : lower, true);
  }
}

/** Instruction bytes of an entry with ST(i) or [rsi]. */
export function encode(entry: X87Entry, i: number): number[] {
  const parts = entry.encoding.split(" ");
  const opcode = Number.parseInt(parts[0]!, 16);
  const form = parts[1];
  if (form === undefined) return [opcode];
  if (form.startsWith("/")) return [opcode, Number(form[1]) * 8 + MEMORY_RM];
  const fixed = Number.parseInt(form.slice(1), 16);
  return [opcode, form.endsWith("+i") ? fixed + i : fixed];
}

export interface CaseStyle {
  /** Unmask exceptions in some cases. */
  readonly unmasked: boolean;
  /** Leave registers empty or full in some cases. */
  readonly stack: boolean;
}

/** Fills one input record. */
export function randomCase(random: Random, entry: X87Entry, style: CaseStyle, bytes: Uint8Array, at: number): void {
  bytes.fill(0, at, at + INPUT_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, INPUT_BYTES);
  const i = random.below(8);
  let code = encode(entry, random.chance(2) ? i : random.below(3));
  if ((entry.kind === "load-image" || entry.kind === "store-image") && random.chance(2)) code = [0x66, ...code];
  code.forEach((byte, index) => view.setUint8(INPUT.code + index, byte));
  view.setUint32(INPUT.length, code.length, true);
  view.setUint32(INPUT.flags, (random.word() & ARITHMETIC_FLAGS) | 0x202, true);

  const masks = style.unmasked && random.chance(2) ? random.below(64) : 0x3f;
  const control = 0x40 | masks | (random.pick([0, 2, 3, 3, 3, 1]) << 8) | (random.below(4) << 10) | (random.below(2) << 12);
  const top = random.below(8);
  // Sticky exceptions that no mask makes pending, unless the instruction does not wait.
  let status = (random.word() & (0x3f | 0x40 | 0x4700) & (masks | 0x40 | 0x4700)) | (top << 11);
  if (!entry.waits) status = (random.word() & 0x477f) | (top << 11);
  if (random.chance(2)) status &= ~0x7f;
  let tags = 0;
  if (style.stack) {
    const used = random.below(9);
    for (let r = 0; r < 8; r++) if (((r - top) & 7) >= used) tags |= 3 << (2 * r);
    if (random.chance(8)) for (let r = 0; r < 8; r++) if (random.chance(2)) tags |= 3 << (2 * r);
  } else {
    // ST(7) free, so that pushes succeed; all else in use.
    const free = (top + 7) & 7;
    tags = 3 << (2 * free);
    if (entry.mnemonic === "fsincos" || entry.mnemonic === "fptan") tags |= 3 << (2 * ((top + 6) & 7));
  }
  const image = INPUT.image;
  view.setUint32(image, 0xffff_0000 | control, true);
  view.setUint32(image + 4, 0xffff_0000 | status, true);
  view.setUint32(image + 8, 0xffff_0000 | tags, true);
  view.setUint32(image + 24, 0xffff_0000, true);
  const range = RANGES[entry.mnemonic];
  const near =
    range !== undefined && !random.chance(6)
      ? range[0] + random.below(range[1] - range[0])
      : random.pick([16383, 16383, 0, 1, 0x7ffe, 16383 + random.below(64), random.below(0x8000)]);
  for (let r = 0; r < 8; r++) {
    const exponentOf = view.getUint16(image + 28 + 8, true) & 0x7fff;
    randomFloat80(random, view, image + 28 + 10 * r, r === 0 ? near : random.chance(2) ? exponentOf : near);
    if (r > 0 && random.chance(12)) for (let b = 0; b < 10; b++) view.setUint8(image + 28 + 10 * r + b, view.getUint8(image + 28 + b));
    if (r > 0 && random.chance(24)) view.setUint8(image + 28 + 10 * r + 9, view.getUint8(image + 28 + 10 * r + 9) ^ 0x80);
  }
  randomOperand(random, entry, view, INPUT.memory, view.getUint16(image + 28 + 8, true) & 0x7fff);
  if (entry.kind === "load-image") {
    const at16 = code.length === 3;
    const step = at16 ? 2 : 4;
    const put = (index: number, value: number): void => {
      view.setUint32(INPUT.memory + index * step, value, true);
    };
    for (let b = 0; b < 7 * step; b++) view.setUint8(INPUT.memory + b, 0);
    put(0, 0xffff_0000 | (random.word() & 0xffff));
    put(1, 0xffff_0000 | (random.word() & 0xffff));
    put(2, (at16 ? 0 : 0xffff_0000) | (random.word() & 0xffff));
  }
}

/** Exponents where an instruction is interesting. */
const RANGES: Readonly<Record<string, readonly [number, number]>> = {
  fist: [16370, 16383 + 66],
  fistp: [16370, 16383 + 66],
  fisttp: [16370, 16383 + 66],
  fbstp: [16370, 16383 + 62],
  frndint: [16375, 16383 + 66],
  f2xm1: [16383 - 70, 16384],
  fsin: [16383 - 40, 16383 + 64],
  fcos: [16383 - 40, 16383 + 64],
  fsincos: [16383 - 40, 16383 + 64],
  fptan: [16383 - 40, 16383 + 64],
  fscale: [16370, 16383 + 18],
  fyl2xp1: [16383 - 66, 16383],
};

const STATE_OFFSETS = { registers: 0, environment: 128, operand: 160 } as const;
const stateBytes = new Uint8Array(512);
const stateView = new DataView(stateBytes.buffer);
const state = new X87State(stateView, STATE_OFFSETS);

const byEncoding = new Map<number, X87Entry>();
for (const entry of x87Table) {
  for (let i = 0; i < 8; i++) {
    const code = encode(entry, i);
    byEncoding.set(code[0]! * 256 + (code[1] ?? 0), entry);
  }
}

/** The table's entry for instruction bytes without prefix, where there is one. */
export function entryOf(opcode: number, modrm: number): X87Entry | undefined {
  return byEncoding.get(opcode * 256 + (opcode === 0x9b ? 0 : modrm));
}

/** Conditions b, e, be, p by number, on RFLAGS. */
function holds(condition: number, flags: number): boolean {
  const bits = [0, 0x01, 0x40, 0x41, 0, 0x04][condition >> 1]!;
  return ((flags & bits) !== 0) !== ((condition & 1) !== 0);
}

/** Does what record.c does to one case. */
export function runCase(input: Uint8Array, at: number, output: Uint8Array, to: number): X87Entry {
  const view = new DataView(input.buffer, input.byteOffset + at, INPUT_BYTES);
  const out = new DataView(output.buffer, output.byteOffset + to, OUTPUT_BYTES);
  output.fill(0, to, to + OUTPUT_BYTES);
  stateBytes.fill(0);
  const operand = STATE_OFFSETS.operand;
  stateBytes.set(input.subarray(at + INPUT.image, at + INPUT.image + IMAGE_BYTES), operand);
  frstor(state, 0);
  const sixteen = view.getUint8(INPUT.code) === 0x66 ? 1 : 0;
  const opcode = view.getUint8(INPUT.code + sixteen);
  const modrm = view.getUint8(INPUT.code + sixteen + 1);
  const entry = entryOf(opcode, modrm);
  if (entry === undefined) throw new Error(`no entry for ${opcode.toString(16)} ${modrm.toString(16)}`);
  const flags = view.getUint32(INPUT.flags, true);
  let newFlags = flags;
  let rax = 0;
  const memory = input.subarray(at + INPUT.memory, at + INPUT.memory + MEMORY_BYTES);
  const result = output.subarray(to + OUTPUT.memory, to + OUTPUT.memory + MEMORY_BYTES);
  result.set(memory);
  const m = INPUT.memory;
  switch (entry.kind) {
    case "register":
      entry.run(state, modrm & 7);
      break;
    case "load":
      entry.run(
        state,
        entry.bytes === 2 ? view.getUint16(m, true) : view.getUint32(m, true),
        entry.bytes > 4 ? view.getUint32(m + 4, true) : 0,
        entry.bytes > 8 ? view.getUint16(m + 8, true) : 0,
      );
      break;
    case "store":
      if (entry.run(state)) result.set(stateBytes.subarray(operand, operand + entry.bytes));
      break;
    case "load-image":
      stateBytes.set(memory, operand);
      entry.run(state, sixteen);
      break;
    case "store-image":
      entry.run(state, sixteen);
      result.set(stateBytes.subarray(operand, operand + (sixteen ? entry.bytes16 : entry.bytes)));
      break;
    case "flags": {
      const bits = entry.run(state, modrm & 7);
      if (bits >= 0) newFlags = (flags & ~ARITHMETIC_FLAGS) | bits;
      break;
    }
    case "condition":
      entry.run(state, modrm & 7, holds(entry.condition, flags) ? 1 : 0);
      break;
    case "ax":
      rax = entry.run(state);
      break;
  }
  out.setUint32(OUTPUT.flags, newFlags, true);
  out.setUint32(OUTPUT.rax, rax, true);
  fnsave(state, 0);
  output.set(stateBytes.subarray(operand, operand + IMAGE_BYTES), to + OUTPUT.image);
  return entry;
}

/** Zeroes what is not compared: instruction and data pointers, and RFLAGS other than the arithmetic ones. */
export function normaliseOutput(entry: X87Entry, sixteen: boolean, output: Uint8Array, at: number): void {
  const view = new DataView(output.buffer, output.byteOffset + at, OUTPUT_BYTES);
  view.setUint32(OUTPUT.flags, view.getUint32(OUTPUT.flags, true) & ARITHMETIC_FLAGS, true);
  for (let i = 12; i < 28; i++) view.setUint8(OUTPUT.image + i, 0);
  if (entry.kind === "store-image") for (let i = sixteen ? 6 : 12; i < (sixteen ? 14 : 28); i++) view.setUint8(OUTPUT.memory + i, 0);
}

/** One line that says everything about a record, for reading. */
export function describe(bytes: Uint8Array, at: number, isInput: boolean): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, INPUT_BYTES);
  const image = INPUT.image;
  const hexOf = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");
  const real = (o: number): string =>
    `${hexOf(view.getUint16(o + 8, true), 4)}:${hexOf(view.getUint32(o + 4, true), 8)}${hexOf(view.getUint32(o, true), 8)}`;
  const parts = [
    `cw=${hexOf(view.getUint16(image, true), 4)} sw=${hexOf(view.getUint16(image + 4, true), 4)} tw=${hexOf(view.getUint16(image + 8, true), 4)}`,
    `fl=${hexOf(view.getUint32(isInput ? INPUT.flags : OUTPUT.flags, true) & ARITHMETIC_FLAGS, 3)}`,
    `m=${real(INPUT.memory)}`,
    ...[0, 1, 2, 3, 4, 5, 6, 7].map((r) => real(image + 28 + 10 * r)),
  ];
  return parts.join(" ");
}

/** Zeroes what the instruction of an input record does not look at: registers but ST(0), ST(1), ST(i), and memory behind the operand. */
export function trimCase(entry: X87Entry, bytes: Uint8Array, at: number): void {
  if (entry.kind === "load-image") return;
  const used = new Set([0, 1, (bytes[at + INPUT.code + 1] ?? 0) & 7]);
  for (let r = 0; r < 8; r++) if (!used.has(r)) bytes.fill(0, at + INPUT.image + 28 + 10 * r, at + INPUT.image + 38 + 10 * r);
  const operandBytes = entry.kind === "load" ? entry.bytes : 0;
  bytes.fill(0, at + INPUT.memory + operandBytes, at + INPUT.memory + MEMORY_BYTES);
}

/** Exclusive or of an output record with the input record it came from, whose image and memory lie at the same places. Its own inverse. */
export function difference(input: Uint8Array, at: number, output: Uint8Array, to: number): Uint8Array {
  const bytes = output.slice(to, to + OUTPUT_BYTES);
  for (let i = INPUT.image; i < INPUT_BYTES; i++) bytes[i]! ^= input[at + i] ?? 0;
  return bytes;
}

/** A record as text: hex, runs of zero bytes as `z` and their number. */
export function encodeLine(bytes: Uint8Array, at: number): string {
  let text = "";
  for (let i = 0; i < INPUT_BYTES;) {
    let zeros = 0;
    while (i + zeros < INPUT_BYTES && bytes[at + i + zeros] === 0) zeros++;
    if (zeros > 2) {
      text += `z${zeros}.`;
      i += zeros;
    } else text += (bytes[at + i++] ?? 0).toString(16).padStart(2, "0");
  }
  return text;
}

/** The inverse of {@link encodeLine}. */
export function decodeLine(text: string): Uint8Array {
  const bytes = new Uint8Array(INPUT_BYTES);
  let to = 0;
  for (let i = 0; i < text.length;) {
    if (text[i] === "z") {
      const end = text.indexOf(".", i);
      to += Number(text.slice(i + 1, end));
      i = end + 1;
    } else {
      bytes[to++] = Number.parseInt(text.slice(i, i + 2), 16);
      i += 2;
    }
  }
  return bytes;
}

const TRANSCENDENTAL = new Set(["f2xm1", "fyl2x", "fptan", "fpatan", "fyl2xp1", "fsincos", "fsin", "fcos"]);

/**
 * Whether two normalised outputs are equal; for transcendental instructions, whose last bit the manual leaves open, whether they are but for
 * one unit in the last place of ST(0) and ST(1), and C1.
 */
export function sameOutput(entry: X87Entry, expected: Uint8Array, at: number, actual: Uint8Array, to: number): boolean {
  const x = expected.subarray(at, at + OUTPUT_BYTES);
  const y = actual.subarray(to, to + OUTPUT_BYTES);
  if (x.every((byte, i) => byte === y[i])) return true;
  if (!TRANSCENDENTAL.has(entry.mnemonic)) return false;
  const a = x.slice();
  const b = y.slice();
  a[OUTPUT.image + 5]! &= ~2;
  b[OUTPUT.image + 5]! &= ~2;
  for (const register of [0, 1]) {
    const offset = OUTPUT.image + 28 + 10 * register;
    const significand = (bytes: Uint8Array): bigint => new DataView(bytes.buffer).getBigUint64(offset, true);
    const exponent = (bytes: Uint8Array): number => new DataView(bytes.buffer).getUint16(offset + 8, true);
    const difference = significand(a) - significand(b);
    const near =
      exponent(a) === exponent(b)
        ? difference >= -1n && difference <= 1n
        : Math.abs(exponent(a) - exponent(b)) === 1 && (difference >> 62n === 1n || difference >> 62n === -2n);
    if (near) b.set(a.subarray(offset, offset + 10), offset);
  }
  return a.every((byte, i) => byte === b[i]);
}
