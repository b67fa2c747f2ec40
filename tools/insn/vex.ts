/** Cases of VEX instructions: made from the rows, with bytes of their own. What they are called and what they do, objdump and the processor say. */

import type { RowSpec } from "../../src/cpu/index.ts";
import { allFeatures, allInsns, Decoder } from "../../src/cpu/index.ts";
import { DATA, DATA_BYTES, GPR_NAMES, INSTRUCTION } from "../../test/silicon/state.ts";
import { bytes as littleEndian, type Case, walk } from "./cases.ts";

/** Extremes of every lane width, and ordinary values. */
const INTEGERS: readonly bigint[] = [
  0x80007fff_80000001_00ff7f80_01fe8081n,
  0x0001ffff_7fffffff_ff017f7f_80808001n,
  0x01234567_89abcdef_fedcba98_76543210n,
  0xffffffff_ffffffff_ffffffff_ffffffffn,
  0x0f8e1d8c_0b8a0908_87068504_03820180n,
  0x80000000_00000000_7fffffff_ffffffffn,
  0x00000003_00000020_0000001f_00000021n,
  0x7fff8000_80007fff_8000ffff_00010000n,
  0x00112233_44556677_8899aabb_ccddeeffn,
  0n,
  0x00000000_0000003f_00000000_00000005n,
  0x80808080_80808080_7f7f7f7f_7f7f7f7fn,
  0x61626364_65006667_61626364_00000000n,
];
const next = walk(INTEGERS, 5);
const other = walk(INTEGERS, 8);
const immediates = walk([0x1b, 0x00, 0xff, 0x4e, 0x91, 0x35, 0x08, 0x80, 0xb4, 0x6a, 0x11, 0x03], 5);

const PP: Readonly<Record<RowSpec["prefix"], number>> = { "": 0, NP: 0, "66": 1, F3: 2, F2: 3 };
const SIZES: Readonly<Record<string, number>> = { b: 1, w: 2, d: 4, q: 8, dq: 16, qq: 32, ss: 4, sd: 8 };

const hex = (value: bigint, digits = 32): string => value.toString(16).padStart(digits, "0");
/** Both halves of a register. */
const register = (i: number, low = next(), high = other()): string => `xmm${i}=${hex(low)} ymm${i}=${hex(high)}`;

/** A memory operand: what of ModRM and behind it, the VEX bits of base and index (1: extended), a prefix, and the state that makes it `address`. */
interface Place {
  readonly rm: number;
  readonly mod: number;
  readonly rest: readonly number[];
  readonly base: boolean;
  readonly index: boolean;
  readonly prefix?: number;
  readonly items: string;
}

const bytes32 = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >> shift) & 0xff);
const PLACES: readonly ((address: bigint, length: number) => Place)[] = [
  (a) => ({ mod: 1, rm: 7, rest: [0x10], base: false, index: false, items: `rdi=0x${(a - 0x10n).toString(16)}` }),
  (a) => ({ mod: 2, rm: 5, rest: bytes32(-0x40), base: true, index: false, items: `r13=0x${(a + 0x40n).toString(16)}` }),
  (a) => ({ mod: 1, rm: 4, rest: [0x8b, 0xf8], base: false, index: false, items: `rbx=0x${(a - 0x38n).toString(16)} rcx=0x10` }),
  (a, length) => ({ mod: 0, rm: 5, rest: bytes32(Number(a - INSTRUCTION) - length), base: false, index: false, items: "" }),
  (a) => ({ mod: 0, rm: 4, rest: [0x4c], base: true, index: true, items: `r12=0x${(a + 8n).toString(16)} r9=0xfffffffffffffffc` }),
  (a) => ({ mod: 0, rm: 6, rest: [], base: false, index: false, prefix: 0x64, items: `fs=0x1f0000 rsi=0x${(a - 0x1f0000n).toString(16)}` }),
  (a) => ({ mod: 0, rm: 6, rest: [], base: false, index: false, prefix: 0x67, items: `rsi=0xffffffff${a.toString(16).padStart(8, "0")}` }),
];
const places = walk(PLACES);

interface Fields {
  readonly reg: number;
  readonly vvvv: number;
  /** A register, or a place. */
  readonly rm: number | Place;
  readonly wide: boolean;
  readonly l: number;
  readonly tail: readonly number[];
}

/** The instruction's bytes; the short VEX prefix where it suffices. */
function encode(row: RowSpec, { reg, vvvv, rm, wide, l, tail }: Fields): number[] {
  const place = typeof rm === "number" ? undefined : rm;
  const base = place === undefined ? (rm as number) > 7 : place.base;
  const index = place?.index ?? false;
  const r = reg > 7 ? 0 : 0x80;
  const last = ((vvvv ^ 15) << 3) | (l << 2) | PP[row.prefix];
  const short = row.map === 1 && !wide && !base && !index;
  const head = short ? [0xc5, r | last] : [0xc4, r | (index ? 0 : 0x40) | (base ? 0 : 0x20) | row.map, (wide ? 0x80 : 0) | last];
  const operand =
    place === undefined ? [0xc0 | ((reg & 7) << 3) | ((rm as number) & 7)] : [(place.mod << 6) | ((reg & 7) << 3) | place.rm, ...place.rest];
  const prefix = place?.prefix === undefined ? [] : [place.prefix];
  return [...prefix, ...head, row.opcode, ...(row.modrm ? operand : []), ...tail];
}

const text = (code: readonly number[]): string => `db ${code.map((byte) => byte.toString(16).padStart(2, "0")).join(" ")}`;

interface Shape {
  readonly row: RowSpec;
  readonly immediate: boolean;
  readonly memory: string | undefined;
  readonly general: boolean;
  readonly apart: boolean;
}

function shapeOf(row: RowSpec): Shape {
  const of = (kinds: string) => row.operands.find(({ kind }) => kinds.includes(kind) && kind !== "fixed");
  return {
    row,
    immediate: of("I") !== undefined,
    memory: row.form === "reg" ? undefined : of("WME")?.size,
    general: of("GER") !== undefined,
    apart: of("H") !== undefined,
  };
}

const tailOf = (shape: Shape, fourth: number): number[] => {
  if (shape.row.operands.some(({ kind }) => kind === "L")) return [(fourth << 4) | 5];
  return shape.immediate ? [immediates()] : [];
};

/** Registers by the parts of the encoding: ModRM.reg, VEX.vvvv, ModRM.rm, immediate. */
const REGISTERS: readonly (readonly [number, number, number, number])[] = [
  [1, 2, 3, 4],
  [9, 12, 10, 15],
  [4, 4, 11, 11],
  [8, 5, 8, 5],
  [6, 6, 6, 6],
];

/** Every vector register of the list with values of its own, general ones as they are. */
function state(numbers: readonly number[]): string {
  return [...new Set(numbers)].map((i) => register(i)).join(" ");
}

/** W as the row says, else both in turn. */
const widths = walk([false, false, true, false]);
const lengths = walk([0, 1, 0]);

function* ofRow(row: RowSpec): Generator<Case> {
  const shape = shapeOf(row);
  const wide = (): boolean => (row.w === undefined ? widths() : row.w === 1);
  // Of stores of scalars to a register objdump prints the length that the processor ignores.
  const l = (): number => row.vex?.l ?? (row.opcode === 0x11 ? 0 : lengths());
  const regOf = (reg: number): number => row.reg ?? reg;
  const vvvvOf = (vvvv: number): number => (shape.apart ? vvvv : 0);
  const named = (reg: number, vvvv: number, rm: number, fourth: number): number[] => {
    const all: number[] = [];
    for (const { kind } of row.operands) {
      if (kind === "V") all.push(reg);
      else if (kind === "H") all.push(vvvv);
      else if ((kind === "W" || kind === "U") && rm >= 0) all.push(rm);
      else if (kind === "L") all.push(fourth);
    }
    return all;
  };
  if (row.form !== "mem") {
    const count = shape.immediate ? 8 : REGISTERS.length;
    for (let i = 0; i < count; i++) {
      const [reg, vvvv, rm, fourth] = REGISTERS[i % REGISTERS.length]!;
      const code = encode(row, { reg: regOf(reg), vvvv: vvvvOf(vvvv), rm, wide: wide(), l: l(), tail: tailOf(shape, fourth) });
      yield { text: text(code), before: state(named(reg, vvvv, rm, fourth)) };
    }
  }
  const size = SIZES[shape.memory ?? ""] ?? (shape.memory === "y" ? 8 : 0);
  if (size === 0) return;
  // In its place, misaligned, at the end of the page, beyond it.
  for (const at of [0x240, 0x340, 0x301, DATA_BYTES - size, DATA_BYTES - size + 1]) {
    const [reg, vvvv, , fourth] = REGISTERS[Number(at === 0x340)]!;
    const fields = { reg: regOf(reg), vvvv: vvvvOf(vvvv), wide: wide(), l: l(), tail: tailOf(shape, fourth) };
    const make = places();
    const { length } = encode(row, { ...fields, rm: make(DATA + BigInt(at), 0) });
    const place = make(DATA + BigInt(at), length);
    const value = (other() << 128n) | next();
    const held = Math.min(size, DATA_BYTES - at);
    const data = held <= 0 ? "" : `[${at.toString(16)}]=${littleEndian(value & ((1n << BigInt(8 * held)) - 1n), 8 * held)}`;
    yield { text: text(encode(row, { ...fields, rm: place })), before: `${place.items} ${data} ${state(named(reg, vvvv, -1, fourth))}` };
  }
}

/** Gathers: an index and a mask for each element, elements not chosen outside, and faults in the middle. */
function* ofGather(row: RowSpec): Generator<Case> {
  const bits = row.operands.some(({ size }) => size === "q") ? 64 : 32;
  const indexBits = (row.opcode & 1) === 0 ? 32 : 64;
  const l = row.vex?.l ?? 0;
  const count = (128 << l) / Math.max(bits, indexBits);
  const pack = (values: readonly bigint[], width: number): bigint =>
    values.reduce((all, value, i) => all | (BigInt.asUintN(width, value) << BigInt(i * width)), 0n);
  const halves = (i: number, value: bigint): string => `xmm${i}=${hex(value & ((1n << 128n) - 1n))} ymm${i}=${hex(value >> 128n)}`;
  const sign = 1n << BigInt(bits - 1);
  const outside = 0x900n;
  const ramp = Array.from({ length: count }, (_, i) => BigInt(i % 2 === 0 ? 8 * i : -8 * i));
  const all = ramp.map((_, i) => sign | BigInt(i));
  const cases: { indices: bigint[]; mask: bigint[]; scale: number; registers: readonly [number, number, number] }[] = [
    { indices: ramp, mask: all, scale: 0, registers: [1, 2, 3] },
    { indices: ramp, mask: ramp.map((_, i) => (i % 2 === 1 ? sign : 7n)), scale: 2, registers: [9, 4, 12] },
    { indices: ramp, mask: ramp.map(() => 1n), scale: 3, registers: [8, 15, 0] },
    { indices: ramp.map((value, i) => (i === count - 1 ? outside : value)), mask: all, scale: 1, registers: [5, 6, 7] },
    { indices: ramp.map((value, i) => (i === 1 ? outside : value)), mask: all, scale: 1, registers: [5, 6, 7] },
    {
      indices: ramp.map((value, i) => (i === 1 ? outside : value)),
      mask: all.map((value, i) => (i === 1 ? 5n : value)),
      scale: 1,
      registers: [5, 6, 7],
    },
    {
      indices: ramp.map((value, i) => (i === count - 1 ? outside : value)),
      mask: all.map((_, i) => (i === 0 ? 9n : sign)),
      scale: 1,
      registers: [5, 6, 7],
    },
    { indices: ramp, mask: all, scale: 0, registers: [1, 1, 3] },
    { indices: ramp, mask: all, scale: 0, registers: [1, 2, 1] },
    { indices: ramp, mask: all, scale: 0, registers: [1, 2, 2] },
  ];
  const data = Array.from({ length: 16 }, (_, i) => littleEndian(INTEGERS[i % INTEGERS.length]!, 128)).join("");
  for (const { indices, mask, scale, registers } of cases) {
    const [reg, index, vvvv] = registers;
    const rest = [(scale << 6) | ((index & 7) << 3) | 3, 0x20];
    const place: Place = { mod: 1, rm: 4, rest, base: false, index: index > 7, items: "rbx=0x2008e0" };
    const target = halves(reg, (other() << 128n) | next());
    const before = new Map(
      [target, halves(index, pack(indices, indexBits)), halves(vvvv, pack(mask, bits))].map((item) => [item.split("=")[0], item]),
    );
    const code = encode(row, { reg, vvvv, rm: place, wide: row.w === 1, l, tail: [] });
    yield { text: text(code), before: `${place.items} [880]=${data} ${[...before.values()].join(" ")}` };
  }
  const far = encode(row, { reg: 1, vvvv: 3, rm: { mod: 0, rm: 3, rest: [], base: false, index: false, items: "" }, wide: row.w === 1, l, tail: [] });
  yield { text: text(far), before: `rbx=0x200900 ${halves(3, pack(all, bits))}` };
}

/** Masked moves whose elements are partly outside. */
function* ofMaskedMove(row: RowSpec): Generator<Case> {
  const bits = row.w === 1 || row.mnemonic.endsWith("pd") ? 64 : 32;
  const l = row.vex?.l ?? 0;
  const count = (128 << l) / bits;
  const mask = (chosen: (i: number) => boolean): bigint =>
    Array.from({ length: count }, (_, i) => (chosen(i) ? 1n : 0n) << BigInt(bits * i + bits - 1)).reduce((a, b) => a | b);
  for (const [at, chosen] of [
    [0x305, (i: number) => i % 2 === 0],
    [DATA_BYTES - bits / 8, (i: number) => i === 0],
    [DATA_BYTES - bits / 8, (i: number) => i !== 1],
    [DATA_BYTES - bits / 8, () => false],
    [-(bits / 8) * (count - 1), (i: number) => i === count - 1],
    [-(bits / 8) * (count - 1), (i: number) => i >= count - 2],
    [0x12345000, () => false],
  ] as const) {
    const place = PLACES[0]!(DATA + BigInt(at), 0);
    const code = encode(row, { reg: 1, vvvv: 2, rm: place, wide: row.w === 1, l, tail: [] });
    const value = mask(chosen);
    const data = at >= 0 && at < DATA_BYTES ? `[${at.toString(16)}]=${littleEndian(next(), 128).slice(0, 2 * Math.min(16, DATA_BYTES - at))}` : "";
    yield { text: text(code), before: `${place.items} ${data} ${register(1)} ${register(2, value & ((1n << 128n) - 1n), value >> 128n)}` };
  }
}

/** Encodings that are none: vvvv where there is no operand, VEX.L, prefixes before VEX. */
const ILLEGAL: readonly string[] = [
  "c5 e9 70 ca 1b",
  "c5 f9 6f c1",
  "c5 f1 6f c1",
  "c5 f1 e7 07",
  "c5 f5 6e c0",
  "c5 fd 7e c0",
  "c5 fd c4 c1 00",
  "c4 e3 7d 14 c0 01",
  "c4 e3 7d 63 c1 08",
  "c4 e2 7d 41 c1",
  "c4 e2 7d db c1",
  "c4 e3 75 21 c2 00",
  "c5 f4 12 c2",
  "c5 f5 16 07",
  "c4 e3 71 06 c2 00",
  "c4 e3 79 00 c1 00",
  "c4 e2 f9 18 c1",
  "c4 e2 79 1a 07",
  "c4 e2 79 19 c1",
  "c4 e3 f1 4c c2 30",
  "c4 e2 f1 0c c2",
  "c5 f0 77",
  "66 c5 f1 fe c2",
  "f3 c5 f1 fe c2",
  "f2 c5 f1 fe c2",
  "f0 c5 f1 fe 07",
  "40 c5 f1 fe c2",
  "67 c5 f1 fe c2",
  "26 c5 f1 fe c2",
  "c4 e0 71 fe c2",
  "c4 e4 71 fe c2",
  "c5 f0 fe c2",
  "c5 f2 fe c2",
  "c5 f3 fe c2",
  "c5 f8 ae d0",
  "c5 fc ae 17",
  "c5 f0 ae 17",
];

function* special(): Generator<Case> {
  const high = GPR_NAMES.map((_, i) => register(i)).join(" ");
  for (const code of ["c5 f8 77", "c5 fc 77", "c4 e1 f8 77", "c4 61 78 77"]) yield { text: `db ${code}`, before: high };
  for (const code of ILLEGAL) yield { text: `db ${code}`, before: `rdi=0x200100 ${register(1)} ${register(2)}` };
  for (const [code, items] of [
    ["c5 f8 ae 17", "rdi=0x200100 [100]=a01f0000"],
    ["c5 f8 ae 17", "rdi=0x200100 [100]=a01f0100"],
    ["c5 f8 ae 1f", "rdi=0x200100 mxcsr=0x1fa1"],
    ["c5 f9 f7 ca", `rdi=0x200103 ${register(1)} ${register(2, 0x80007f80_ff000001_80808080_00000080n, 0n)}`],
    ["c5 f9 f7 ca", `rdi=0x200ff8 ${register(1)} ${register(2, 0x80n, 0n)}`],
    ["64 c5 f9 f7 ca", `fs=0x100000 rdi=0x100103 ${register(1)} ${register(2, -1n & ((1n << 128n) - 1n), 0n)}`],
  ] as const)
    yield { text: `db ${code}`, before: items };
  // Legacy SSE leaves the upper halves alone.
  for (const code of ["66 0f fe ca", "0f 28 ca", "f3 0f 10 ca", "66 0f ef c9"]) yield { text: `db ${code}`, before: `${register(1)} ${register(2)}` };
}

/** Rows of arithmetic, whose cases need numbers. */
const FLOAT = /^v(add|sub|mul|div|min|max|sqrt|cmp|u?comi|hadd|hsub|round|dp[ps]|cvt|fn?m|rcp|rsqrt)/;

export function* vexCases(): Generator<Case> {
  const { rows, implemented } = new Decoder(allInsns, allFeatures);
  for (const row of rows.slice(0, implemented)) {
    if (row.vex === undefined || !row.mnemonic.startsWith("v") || FLOAT.test(row.mnemonic) || row.operands.length === 0) continue;
    if (/^vmaskmovdqu|mxcsr/.test(row.mnemonic)) continue;
    if (row.vsib) yield* ofGather(row);
    else yield* ofRow(row);
    if (/^vp?maskmov/.test(row.mnemonic)) yield* ofMaskedMove(row);
  }
  yield* special();
}
