/** Random encodings of the declared rows: prefixes, registers, addresses, immediates. */

import type { Decoded, Decoder, RowSpec } from "../../src/cpu/index.ts";
import { DecodeStatus, newDecoded } from "../../src/cpu/index.ts";
import { DATA, DATA_BYTES, INSTRUCTION } from "./state.ts";
import type { Random } from "./values.ts";

/** Why a row's results cannot be compared with a processor's; nothing where they can. */
export function incomparable(row: RowSpec): string {
  const { mnemonic } = row;
  if (/^(rdrand|rdseed)$/.test(mnemonic)) return "random numbers";
  if (/^rdtscp?$/.test(mnemonic)) return "time";
  if (/^(cpuid|rdpid|xgetbv|rdpmc)$/.test(mnemonic)) return "names the processor";
  if (/^(syscall|sysenter)$/.test(mnemonic)) return "calls the kernel";
  if (/^x(save|rstor)/.test(mnemonic)) return "the processor has state components that the guest's has not";
  if (/^(mov|pop)$/.test(mnemonic) && /\| [CDEFGS]S/.test(row.text)) return "segment registers: signal frames do not hold them";
  return "";
}

export interface Encoding {
  readonly row: RowSpec;
  readonly bytes: Uint8Array;
  readonly decoded: Decoded;
  /** Bytes of the memory operand. */
  readonly size: number;
  /** It should be aligned to this. */
  readonly align: number;
}

const PREFIX: Readonly<Record<RowSpec["prefix"], number>> = { "": 0, NP: 0, "66": 0x66, F3: 0xf3, F2: 0xf2 };
const VEX_PP: Readonly<Record<RowSpec["prefix"], number>> = { "": 0, NP: 0, "66": 1, F3: 2, F2: 3 };
const SIZES: Readonly<Record<string, number>> = { b: 1, w: 2, d: 4, q: 8, dq: 16, qq: 32, ss: 4, sd: 8, t: 10 };
/** Memory that no operand describes. */
const IMAGES: readonly (readonly [RegExp, number])[] = [
  [/^fx(save|rstor)/, 512],
  [/^(fldenv|fnstenv)$/, 28],
  [/^(frstor|fnsave)$/, 108],
];

function memoryBytes(row: RowSpec, { operandSize, vexL }: Decoded): number {
  for (const [pattern, bytes] of IMAGES) if (pattern.test(row.mnemonic)) return bytes;
  const size = row.operands.find(({ kind }) => "EMWQOXY".includes(kind))?.size ?? "";
  if (size === "v") return operandSize / 8;
  if (size === "y") return operandSize === 64 ? 8 : 4;
  if (size === "z") return operandSize === 16 ? 2 : 4;
  if (/^(x|ps|pd)$/.test(size)) return vexL === 0 ? 16 : 32;
  return SIZES[size] ?? (row.d64 || row.f64 ? 8 : 16);
}

const has = (row: RowSpec, kinds: string): boolean => row.operands.some(({ kind }) => kinds.includes(kind));
const isBranch = (row: RowSpec): boolean => has(row, "J") || (row.f64 && row.insn.properties.ends !== undefined);
export const isGather = (row: RowSpec): boolean => /gather/.test(row.mnemonic);

function put32(bytes: number[], value: number): void {
  for (let shift = 0; shift < 32; shift += 8) bytes.push((value >>> shift) & 0xff);
}

/** An address that an encoding without registers names: in the data page, or behind it. */
function fixedAddress(r: Random): number {
  return Number(DATA) + (r.chance(6) ? DATA_BYTES - r.below(16) : r.chance(2) ? 64 * r.below(56) : r.below(DATA_BYTES - 128));
}

/** ModRM, SIB and displacement of a memory operand. `avoid`: a register that ought not to be base or index, -1 for none. */
function address(
  r: Random,
  row: RowSpec,
  reg: number,
  avoid: number,
  bytes: number[],
): { readonly x: number; readonly b: number; readonly rip: boolean } {
  const top = (reg & 7) << 3;
  const other = (): number => {
    for (;;) {
      const register = r.below(16);
      if (register !== avoid) return register;
    }
  };
  const kind = isGather(row) ? 2 + r.below(14) : r.below(16);
  if (kind === 0) {
    // RIP-relative: the displacement is made once the length is known.
    bytes.push(top | 5, 0, 0, 0, 0);
    return { x: 0, b: 0, rip: true };
  }
  if (kind === 1) {
    bytes.push(top | 4, 0x25 | (r.below(4) << 6));
    put32(bytes, fixedAddress(r));
    return { x: 0, b: 0, rip: false };
  }
  let base = other();
  const scale = r.below(4) << 6;
  if (kind < 8 || (base & 7) === 4 || isGather(row)) {
    let index = isGather(row) ? r.below(16) : other();
    if (!isGather(row) && (index === base || index === 4)) index = base === 5 ? 6 : 5;
    if (!isGather(row) && r.chance(8)) index = 4;
    if (kind === 2) {
      // No base.
      bytes.push(top | 4, scale | ((index & 7) << 3) | 5);
      put32(bytes, r.chance(2) ? r.next() : r.below(256) - 128);
      return { x: index >> 3, b: 0, rip: false };
    }
    const mod = (base & 7) === 5 ? 1 + r.below(2) : r.below(3);
    bytes.push((mod << 6) | top | 4, scale | ((index & 7) << 3) | (base & 7));
    if (mod === 1) bytes.push(r.below(256));
    if (mod === 2) put32(bytes, r.next());
    return { x: index >> 3, b: base >> 3, rip: false };
  }
  const mod = (base & 7) === 5 ? 1 + r.below(2) : r.below(3);
  bytes.push((mod << 6) | top | (base & 7));
  if (mod === 1) bytes.push(r.below(256));
  if (mod === 2) put32(bytes, r.next());
  if (base === 4) base = 5;
  return { x: 0, b: base >> 3, rip: false };
}

/** Where a branch goes: int3s around the instruction, or where nothing is. Never onto itself. */
function displacement(r: Random, size: string): number {
  if (size === "b") return r.chance(2) ? 16 + r.below(112) : -128 + r.below(100);
  if (r.chance(8)) return (r.chance(2) ? 1 : -1) * (0x1000 + r.below(0xe_0000));
  return r.chance(2) ? 16 + r.below(0x780) : -0x7c0 + r.below(0x780);
}

function immediate(r: Random, bytes: number[], row: RowSpec, size: string, count: number): void {
  if (/^int$/.test(row.mnemonic)) {
    // 80 is a system call.
    const vector = r.below(256);
    bytes.push(vector === 0x80 ? 3 : vector);
    return;
  }
  if (count === 1) {
    bytes.push(r.chance(4) ? r.of([0, 1, 7, 8, 0x7f, 0x80, 0xff, 31, 32, 63, 64]) : r.below(256));
    return;
  }
  const whole = row.mnemonic === "enter" || row.mnemonic === "ret";
  const small = r.chance(2) ? r.below(256) - 128 : 0;
  for (let i = 0; i < count; i++) {
    if (small !== 0 || (whole && i > 0)) bytes.push(i === 0 ? small & 0xff : whole || small >= 0 ? 0 : 0xff);
    else bytes.push(r.chance(3) ? r.of([0, 0xff, 0x80, 0x7f]) : r.below(256));
  }
}

/** One random try; undefined where it is another row's. */
function attempt(row: RowSpec, r: Random, decoder: Decoder): Encoding | undefined {
  const sized =
    row.operands.some(({ size }) => /^(v|y|z|rAX|eAX|bs)$/.test(size)) ||
    /^(pushf|popf|enter|leave|fldenv|fnstenv|frstor|fnsave)$/.test(row.mnemonic);
  const memory = row.modrm && row.form !== "reg" && row.modrmByte === undefined && (row.form === "mem" || r.chance(2));
  const wide = row.w === 1 || (row.w === undefined && r.chance(sized ? 2 : 8));
  const reg = row.reg ?? r.below(16);
  const rm = r.below(16);
  const bytes: number[] = [];
  const prefixes: number[] = [];
  let escape: number[] = [];
  const tail: number[] = [];

  let x = 0;
  let b = row.modrm || row.plusR ? rm >> 3 : 0;
  let rip = false;
  if (row.modrmByte !== undefined) {
    tail.push(row.modrmByte | (row.plusI ? rm & 7 : 0));
    b = 0;
  } else if (row.modrm && memory) {
    ({ x, b, rip } = address(r, row, reg, has(row, "G") && /^(bt|bts|btr|btc|xadd|cmpxchg)$/.test(row.mnemonic) ? reg : -1, tail));
  } else if (row.modrm) tail.push(0xc0 | ((reg & 7) << 3) | (rm & 7));
  const ripAt = tail.length - 4;
  const opcode = row.plusR ? row.opcode | (rm & 7) : row.opcode;

  if (r.chance(10)) prefixes.push(0x67);
  if (r.chance(10)) prefixes.push(0x64 + r.below(2));
  else if (r.chance(20)) prefixes.push(r.of([0x26, 0x2e, 0x36, 0x3e]));
  if (row.vex !== undefined) {
    const uses = has(row, "BH");
    let vvvv = uses ? r.below(16) : 0;
    if (isGather(row) && r.chance(20)) vvvv = reg;
    else if (!uses && r.chance(200)) vvvv = 1;
    const l = row.vex.l ?? r.next() & 1;
    const last = ((vvvv ^ 15) << 3) | (l << 2) | VEX_PP[row.prefix];
    if (row.map === 1 && !wide && x === 0 && b === 0 && r.chance(2)) escape = [0xc5, (reg < 8 ? 0x80 : 0) | last];
    else escape = [0xc4, (reg < 8 ? 0x80 : 0) | (x === 0 ? 0x40 : 0) | (b === 0 ? 0x20 : 0) | row.map, (wide ? 0x80 : 0) | last];
    if (r.chance(400)) prefixes.push(r.of([0x66, 0xf2, 0xf3, 0xf0]));
  } else {
    const free = row.prefix === "" && !isBranch(row);
    const narrow = row.prefix === "66" || (free && r.chance(sized && !wide ? 3 : 30));
    if (narrow) prefixes.push(0x66);
    if (row.prefix === "F3" || row.prefix === "F2") prefixes.push(PREFIX[row.prefix]);
    else if (row.insn.properties.rep !== undefined && r.chance(2)) prefixes.push(r.of([0xf2, 0xf3]));
    else if (row.prefix === "" && r.chance(30)) prefixes.push(r.of([0xf2, 0xf3]));
    if (row.prefix === "F3" || row.prefix === "F2") {
      if (r.chance(30)) prefixes.push(0x66);
    }
    if (row.insn.properties.lock === true && memory ? r.chance(4) : r.chance(300)) prefixes.push(0xf0);
    const rex = (wide ? 8 : 0) | (row.modrm && reg > 7 && row.reg === undefined && row.modrmByte === undefined ? 4 : 0) | (x << 1) | b;
    if (rex !== 0 || r.chance(5)) escape.push(0x40 | rex);
    if (row.map > 0) escape.push(0x0f);
    if (row.map > 1) escape.push(row.map === 2 ? 0x38 : 0x3a);
  }
  // Any order; the last of F2 and F3 counts, so a mandatory one keeps its place behind no other.
  for (let i = prefixes.length - 1; i > 0; i--) {
    const j = r.below(i + 1);
    [prefixes[i], prefixes[j]] = [prefixes[j]!, prefixes[i]!];
  }
  bytes.push(...prefixes);
  // A REX that another prefix follows does not count.
  if (prefixes.length > 0 && r.chance(60)) bytes.splice(r.below(prefixes.length), 0, 0x40 + r.below(16));
  bytes.push(...escape, opcode);
  const tailAt = bytes.length;
  bytes.push(...tail);
  const short = prefixes.includes(0x66) && !wide;
  for (const { kind, size } of row.operands) {
    if (kind === "L") bytes.push(r.below(256));
    else if (kind === "J") {
      const offset = displacement(r, size);
      if (size === "b") bytes.push(offset & 0xff);
      else put32(bytes, offset);
    } else if (kind === "O") {
      put32(bytes, fixedAddress(r));
      if (!prefixes.includes(0x67)) put32(bytes, r.chance(20) ? r.next() : 0);
    } else if (kind === "I") {
      const count = size === "b" || size === "bs" ? 1 : size === "w" || short ? 2 : size === "v" && wide ? 8 : 4;
      immediate(r, bytes, row, size, count);
    }
  }
  if (rip) {
    const offset = fixedAddress(r) - Number(INSTRUCTION) - bytes.length;
    for (let i = 0; i < 4; i++) bytes[tailAt + ripAt + i] = (offset >> (8 * i)) & 0xff;
  }
  if (bytes.length > 15) return undefined;
  const decoded = newDecoded();
  const code = Uint8Array.from(bytes);
  const status = decoder.decode(code, 0, code.length, Number(INSTRUCTION), decoded);
  if (decoded.row < 0 || decoder.rows[decoded.row] !== row || decoded.length !== code.length) return undefined;
  if (status !== DecodeStatus.ok && status !== DecodeStatus.invalid) return undefined;
  const size = memoryBytes(row, decoded);
  const aligned = row.insn.properties.aligned === true || /^(fx|cmpxchg16b)/.test(row.mnemonic) ? Math.min(size, 32) : 1;
  return { row, bytes: code, decoded, size, align: size === 512 ? 16 : aligned };
}

/** A random encoding of `row`; `decoder` has it among its rows. */
export function randomEncoding(row: RowSpec, r: Random, decoder: Decoder): Encoding {
  for (let i = 0; i < 200; i++) {
    const found = attempt(row, r, decoder);
    if (found !== undefined) return found;
  }
  throw new Error(`no encoding of "${row.text}" decodes as it`);
}

/** Whether the row reads arithmetic flags. */
export function readsFlags({ cc, mnemonic }: RowSpec): boolean {
  return cc !== undefined || /^(adc|sbb|lahf|pushf|cmc|adcx|adox|rc[lr])$/.test(mnemonic);
}
