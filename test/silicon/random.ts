/** Random instructions of the declared rows, as bytes, with random states around them. */

import type { RowSpec } from "../../src/cpu/index.ts";
import { copyState, DATA, DATA_BYTES, defaultState, type State, STATUS_MASK } from "./state.ts";

/** A small generator of 32-bit numbers (xorshift128, Marsaglia 2003): the same sequence for the same seed. */
export class Random {
  readonly #state: Uint32Array;

  constructor(seed: number) {
    this.#state = Uint32Array.of(seed | 1, 362436069, 521288629, 88675123 ^ (seed >>> 1));
    for (let i = 0; i < 16; i++) this.next();
  }

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

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  bits64(): bigint {
    return (BigInt(this.next()) << 32n) | BigInt(this.next());
  }
}

const EDGES: readonly bigint[] = [
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

/** An ordinary register's worth: any bits, edges, few bits, runs of ones, small numbers of either sign. */
export function value64(r: Random): bigint {
  switch (r.below(8)) {
    case 0:
    case 1:
      return r.of(EDGES);
    case 2:
      return BigInt(r.below(70));
    case 3:
      return BigInt.asUintN(64, -BigInt(r.below(20)));
    case 4:
      return BigInt.asUintN(64, ((1n << BigInt(r.below(65))) - 1n) << BigInt(r.below(64)));
    case 5:
      return r.bits64() & r.bits64() & r.bits64();
    default:
      return r.bits64();
  }
}

/** A binary32 or binary64 pattern from exponents near each other or at the edges. */
function float(r: Random, bits: 32 | 64): bigint {
  const fraction = bits === 32 ? 23 : 52;
  const bias = bits === 32 ? 127 : 1023;
  let exponent: number;
  switch (r.below(8)) {
    case 0:
      exponent = r.of([0, 0, 1, 2, 2 * bias + 1, 2 * bias + 1, 2 * bias, 2 * bias - 1]);
      break;
    case 1:
      exponent = r.below(2 * bias + 2);
      break;
    case 2:
      exponent = r.of([bias + 62, bias + 63, bias + 30, bias + 31, (3 * bias) >> 1, bias >> 1]) + r.below(3) - 1;
      break;
    default:
      exponent = bias - 30 + r.below(60);
  }
  const ones = (1n << BigInt(fraction)) - 1n;
  const significand = r.of([
    0n,
    1n,
    ones,
    1n << BigInt(fraction - 1),
    r.bits64() & ones,
    r.bits64() & ones,
    (r.bits64() & 15n) << BigInt(fraction - 4),
  ]);
  return (BigInt(r.below(2)) << BigInt(bits - 1)) | (BigInt(exponent) << BigInt(fraction)) | significand;
}

/** A vector register's worth: integers, or lanes of floats, or bytes of a small alphabet (strings). */
export function value128(r: Random, float64: boolean | undefined): bigint {
  const kind = r.below(4);
  if (float64 !== undefined && kind > 0) {
    if (float64) return (float(r, 64) << 64n) | float(r, 64);
    let value = 0n;
    for (let i = 0; i < 4; i++) value = (value << 32n) | float(r, 32);
    return value;
  }
  if (kind === 1) {
    const letters = r.of([
      [0, 1, 2, 3],
      [0x61, 0x62, 0x63, 0],
      [0x80, 0xff, 0x7f, 1],
      [0, 0, 0, 1],
    ]);
    let value = 0n;
    for (let i = 0; i < 16; i++) value = (value << 8n) | BigInt(r.of(letters));
    return value;
  }
  return (value64(r) << 64n) | value64(r);
}

const PREFIX: Readonly<Record<RowSpec["prefix"], number>> = { "": 0, NP: 0, "66": 0x66, F3: 0xf3, F2: 0xf2 };
const VEX_PP: Readonly<Record<RowSpec["prefix"], number>> = { "": 0, NP: 0, "66": 1, F3: 2, F2: 3 };

export interface RandomCase {
  readonly bytes: Uint8Array;
  readonly before: State;
}

/**
 * Numbers that no two runs or processors have in common; privileged instructions; x87 images, whose pointers come from instructions before;
 * MASKMOVQ, which enters the MMX state also where it faults.
 */
const DIFFERENT =
  /^(rdrand|rdseed|rdpid|cpuid|rcpps|rcpss|rsqrtps|rsqrtss|fx.*|fn?stenv|fn?save|fldenv|frstor|maskmovq|ldmxcsr|mov|hlt|cli|sti|in|out)$/;

/** Whether the generator can make the row, and what it does is the same everywhere: operands in registers, memory and immediates. */
export function isComparable(row: RowSpec): boolean {
  const { insn, operands } = row;
  if (DIFFERENT.test(row.mnemonic) || insn.properties.ends !== undefined || insn.properties.rep !== undefined || row.d64 || row.f64) return false;
  return operands.every(({ kind, size }) => "EMRGBZWUVHQNPI".includes(kind) || (kind === "fixed" && /^(XMM0|1|CL|AL|AX|eAX|rAX)$/.test(size)));
}

/** The bytes of an operand in memory; 16 where the row does not say. */
function memoryBytes(row: RowSpec, wide: boolean, narrow: boolean): number {
  const operand = row.operands.find(({ kind }) => "EMWQ".includes(kind));
  const sizes: Readonly<Record<string, number>> = {
    b: 1,
    w: 2,
    d: 4,
    q: 8,
    dq: 16,
    qq: 32,
    ss: 4,
    sd: 8,
    ps: 16,
    pd: 16,
    x: 16,
    z: narrow ? 2 : 4,
    y: wide ? 8 : 4,
    v: wide ? 8 : narrow ? 2 : 4,
  };
  return sizes[operand?.size ?? ""] ?? 16;
}

/** One random instruction of `row`, and a state in which most of them complete. */
export function randomCase(row: RowSpec, r: Random): RandomCase {
  const before = copyState(defaultState());
  const bytes: number[] = [];
  const general = row.operands.some(({ size }) => "vyz".includes(size) && size !== "");
  const wide = row.w === 1 || (row.w === undefined && r.below(general ? 2 : 8) === 0);
  const narrow = general && row.vex === undefined && row.prefix !== "66" && row.prefix !== "NP" && !wide && r.below(3) === 0;
  const memory = row.modrm && row.form !== "reg" && row.modrmByte === undefined && (row.form === "mem" || r.below(3) === 0);
  const vsib = row.vsib ? r.below(16) : -1;
  const reg = row.reg ?? r.below(row.operands.some(({ kind }) => "PG".includes(kind)) ? 8 : 16);
  let regBits = row.reg ?? (row.operands.some(({ kind }) => kind === "G") ? r.below(16) : reg);
  const rm = memory ? 7 : r.below(row.operands.some(({ kind }) => "QN".includes(kind)) ? 8 : 16);
  let vvvv = r.below(16);
  if (row.vsib) {
    // Destination, mask and index are three registers; now and then not.
    if (r.below(30) !== 0) while (regBits === vsib) regBits = r.below(16);
    if (r.below(30) !== 0) while (vvvv === vsib || vvvv === regBits) vvvv = r.below(16);
  }
  const modrm = row.modrmByte ?? (memory ? 0x40 : 0xc0) | ((regBits & 7) << 3) | (row.vsib ? 4 : rm & 7);
  if (row.vex !== undefined) {
    const uses = row.operands.some(({ kind }) => kind === "B" || kind === "H");
    bytes.push(0xc4, ((regBits < 8 ? 0x80 : 0) | (vsib < 8 ? 0x40 : 0) | (rm < 8 ? 0x20 : 0) | row.map) & 0xff);
    bytes.push((wide ? 0x80 : 0) | (((uses ? vvvv : 0) ^ 15) << 3) | ((row.vex.l ?? 0) << 2) | VEX_PP[row.prefix]);
  } else {
    if (narrow) bytes.push(0x66);
    if (PREFIX[row.prefix] !== 0) bytes.push(PREFIX[row.prefix]);
    const rex = (wide ? 8 : 0) | (regBits > 7 ? 4 : 0) | (rm > 7 ? 1 : 0);
    if (rex !== 0 || r.below(4) === 0) bytes.push(0x40 | rex);
    if (row.map > 0) bytes.push(0x0f);
    if (row.map > 1) bytes.push(row.map === 2 ? 0x38 : 0x3a);
  }
  bytes.push(row.plusR ? row.opcode | (rm & 7) : row.opcode);
  if (row.modrm) bytes.push(modrm);
  const scale = r.below(4);
  if (row.vsib) bytes.push((scale << 6) | ((vsib & 7) << 3) | 7);
  const size = memoryBytes(row, wide, narrow);
  let at = 0x100;
  if (memory) {
    const displacement = r.below(256);
    bytes.push(displacement);
    // Mostly aligned; else anywhere, or across the end of the page.
    const place = r.below(8);
    at = place === 0 ? 0x100 + r.below(64) : place === 1 ? DATA_BYTES - r.below(size + 4) : 0x100 + Math.max(size, 16) * r.below(16);
    before.gpr[7] = BigInt.asUintN(64, DATA + BigInt(at - ((displacement << 24) >> 24)));
  }
  for (const { kind, size: letters } of row.operands) {
    if (kind !== "I") continue;
    const count = letters === "b" || letters === "bs" ? 1 : letters === "w" || narrow ? 2 : letters === "v" && wide ? 8 : 4;
    for (let i = 0; i < count; i++) bytes.push(r.below(256));
  }

  const float64 = floatKind(row);
  for (let i = 0; i < 16; i++) {
    if (i !== 7 || !memory) if (i !== 4) before.gpr[i] = value64(r);
    before.xmm[i] = value128(r, float64);
    before.ymm[i] = value128(r, float64);
  }
  if (row.vsib) {
    // Small distances of the width of an index; the last ones may lie outside the page.
    const width = (row.opcode & 1) === 0 ? 32 : 64;
    const indices = (): bigint => {
      let value = 0n;
      for (let i = 0; i < 128; i += width) {
        const distance = r.below(12) === 0 ? BigInt(r.below(DATA_BYTES)) : BigInt(r.below(512)) - 32n;
        value |= BigInt.asUintN(width, distance >> BigInt(scale)) << BigInt(i);
      }
      return value;
    };
    before.xmm[vsib] = indices();
    before.ymm[vsib] = indices();
    for (let i = 0; i < DATA_BYTES; i += 4) before.data[i + r.below(4)] = r.below(256);
  }
  if (row.operands.some(({ kind }) => "PQN".includes(kind))) {
    for (let i = 0; i < 8; i++) before.x87[i] = (0xffffn << 64n) | value64(r);
    before.fsw = r.below(8) << 11;
    before.ftw = r.below(256);
  }
  if (float64 !== undefined) before.mxcsr = r.below(3) > 0 ? r.of([0x1f80, 0x1fa0, 0x9fc0, 0x1fa0, 0x3fa0, 0x5fa0, 0x7fa0]) : r.below(0x10000);
  before.rflags = 0x202n | (BigInt(r.next()) & STATUS_MASK);
  if (memory) {
    let value = size >= 16 ? value128(r, float64) : float64 === undefined ? value64(r) : value128(r, float64);
    if (size > 16) value |= value128(r, float64) << 128n;
    for (let i = at; i < Math.min(at + Math.max(size, 16), DATA_BYTES); i++) {
      before.data[i] = Number(value & 0xffn);
      value >>= 8n;
    }
  }
  return { bytes: Uint8Array.from(bytes), before };
}

/** Whether the row's vectors are binary64 (true), binary32 (false) or integers. */
function floatKind(row: RowSpec): boolean | undefined {
  const { mnemonic, operands } = row;
  if (/^(add|sub|mul|div|min|max|sqrt|cmp|comi|ucomi|h?add|hsub|addsub|round|dp|cvt|cvtt).*(sd|pd|pi2pd)\w*$/.test(mnemonic)) return true;
  if (/^(add|sub|mul|div|min|max|sqrt|cmp|comi|ucomi|h?add|hsub|addsub|round|dp|cvt|cvtt).*(ss|ps)\w*$/.test(mnemonic)) return false;
  return operands.some(({ size }) => size === "sd" || size === "pd")
    ? true
    : operands.some(({ size }) => size === "ss" || size === "ps")
      ? false
      : undefined;
}
