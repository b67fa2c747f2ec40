/**
 * The disassembler: Intel syntax, in the spelling of `objdump -d -M intel`.
 */

import { sizeBits } from "../form.ts";
import type { Decoded, OperandSpec, RowSpec } from "../isa/insn.ts";
import { evexLength, hasEvexB, isZeroing, opmaskOf } from "./evex.ts";
import { spelling } from "./spelling.ts";

export interface FormatOptions {
  /** The instruction's bytes: prefixes that had no effect are printed only where these are given. */
  readonly bytes?: Uint8Array | undefined;
  /** Name of an address ("main", "main+0x4"), for branch targets and rip-relative operands. */
  readonly symbols?: ((address: number) => string | undefined) | undefined;
}

const LOW_NAMES = ["ax", "cx", "dx", "bx", "sp", "bp", "si", "di"];
const numbered = (suffix: string): string[] => Array.from({ length: 8 }, (_, i) => `r${i + 8}${suffix}`);
const R64: readonly string[] = [...LOW_NAMES.map((name) => `r${name}`), ...numbered("")];
const R32: readonly string[] = [...LOW_NAMES.map((name) => `e${name}`), ...numbered("d")];
const R16: readonly string[] = [...LOW_NAMES, ...numbered("w")];
const R8: readonly string[] = ["al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil", ...numbered("b")];
const R8_LEGACY: readonly string[] = ["al", "cl", "dl", "bl", "ah", "ch", "dh", "bh"];
const SEGMENTS: readonly string[] = ["es", "cs", "ss", "ds", "fs", "gs", "?", "?"];

const MEMORY: Readonly<Record<number, string>> = {
  8: "BYTE PTR ",
  16: "WORD PTR ",
  32: "DWORD PTR ",
  48: "FWORD PTR ",
  64: "QWORD PTR ",
  80: "TBYTE PTR ",
  128: "XMMWORD PTR ",
  256: "YMMWORD PTR ",
  512: "ZMMWORD PTR ",
  0: "",
};

/** The keyword of an element in memory that stands for all of a vector. */
const BROADCAST: Readonly<Record<number, string>> = { 16: "WORD BCST ", 32: "DWORD BCST ", 64: "QWORD BCST " };

const ROUNDING: readonly string[] = ["{rn-sae}", "{rd-sae}", "{ru-sae}", "{rz-sae}"];

/** REX bits that the text accounts for; what is left over is printed as a prefix. */
const REX_W = 8,
  REX_R = 4,
  REX_X = 2,
  REX_B = 1;

/** One instruction being printed. */
interface Context {
  readonly decoded: Decoded;
  readonly row: RowSpec;
  readonly options: FormatOptions;
  rexUsed: number;
  used66: boolean;
  used67: boolean;
  usedSegment: boolean;
  /** Immediates printed so far. */
  immediates: number;
  /** "# ..." of a rip-relative operand. */
  comment: string;
}

const hex = (value: number): string => `0x${value.toString(16)}`;

/** A signed number as the 64-bit two's complement that objdump prints. */
function hex64(value: number): string {
  return value >= 0 ? hex(value) : hex64Parts(Math.floor(value / 0x1_0000_0000) >>> 0, value >>> 0);
}

function hex64Parts(high: number, low: number): string {
  return high === 0 ? hex(low >>> 0) : `0x${(high >>> 0).toString(16)}${(low >>> 0).toString(16).padStart(8, "0")}`;
}

function register(number: number, bits: number, rex: boolean): string {
  if (bits === 64) return R64[number]!;
  if (bits === 32) return R32[number]!;
  if (bits === 16) return R16[number]!;
  return (rex ? R8 : R8_LEGACY)[number]!;
}

/** Bits of a general register or of memory for a size letter; notes which prefixes decided. */
function bitsOf(size: string, context: Context): number {
  const { decoded, row } = context;
  if (size === "v" && !row.f64) {
    if (!row.d64) context.rexUsed |= REX_W;
    context.used66 ||= decoded.operandSize === 16 || (decoded.rex & REX_W) === 0;
  } else if (size === "y") {
    context.rexUsed |= REX_W;
  } else if (size === "z" || size === "p") {
    context.used66 ||= decoded.operandSize === 16;
  }
  return sizeBits(size, decoded.operandSize, decoded.vexL);
}

function vectorName(number: number, size: string, context: Context): string {
  if (size === "k") return `k${number & 7}`;
  const bits = size === "" ? 128 << context.decoded.vexL : sizeBits(size, 0, context.decoded.vexL);
  return `${bits > 256 ? "zmm" : bits > 128 ? "ymm" : "xmm"}${number}`;
}

function segmentPrefix(context: Context): string {
  if (context.decoded.segment === 0) return "";
  context.usedSegment = true;
  return `${SEGMENTS[context.decoded.segment]}:`;
}

function address(context: Context, vsib: string): string {
  const { decoded } = context;
  const names = decoded.addressSize === 64 ? R64 : R32;
  context.used67 = true;
  context.rexUsed |= REX_B;
  const segment = segmentPrefix(context);
  const { disp, base, index, scale, modrm } = decoded;
  if (decoded.ripRelative) {
    let target = decoded.address + decoded.length + disp;
    if (decoded.addressSize === 32) target = target >>> 0;
    context.comment = `        # ${symbolic(target, context)}`;
    return `${segment}[${decoded.addressSize === 64 ? "rip" : "eip"}+${decoded.addressSize === 64 ? hex64(disp) : hex(disp >>> 0)}]`;
  }
  const hasSib = (modrm & 7) === 4;
  if (hasSib) context.rexUsed |= REX_X;
  let inner = base >= 0 ? names[base]! : "";
  if (vsib !== "") inner += `${inner === "" ? "" : "+"}${vsib}${index < 0 ? 4 : index}*${1 << scale}`;
  else if (index >= 0) inner += `${inner === "" ? "" : "+"}${names[index]!}*${1 << scale}`;
  else if (hasSib && (scale !== 0 || (base >= 0 ? (base & 7) !== 4 : decoded.addressSize === 32))) {
    inner += `${inner === "" ? "" : "+"}${decoded.addressSize === 64 ? "riz" : "eiz"}*${1 << scale}`;
  }
  if (inner === "") {
    return `${segment === "" ? "ds:" : segment}${decoded.addressSize === 64 ? hex64(disp) : hex(disp >>> 0)}`;
  }
  const absolute = base < 0 && index < 0 && vsib === "" && decoded.addressSize === 32;
  if (base < 0 || modrm >= 0x40) inner += disp < 0 && !absolute ? `-${hex(-disp)}` : `+${hex(disp >>> 0)}`;
  return `${segment}[${inner}]`;
}

function symbolic(target: number, context: Context): string {
  const name = context.options.symbols?.(target);
  const text = hex64(target);
  return name === undefined ? text : `${text.slice(2)} <${name}>`;
}

function immediate(size: string, context: Context): string {
  const { decoded, row } = context;
  const { immHigh } = decoded;
  const imm = context.immediates++ === 0 ? decoded.imm : decoded.imm2;
  switch (size) {
    case "b":
      return hex(imm & 0xff);
    case "w":
      return hex(imm & 0xffff);
    case "d":
      return hex(imm >>> 0);
    case "q":
      return hex64Parts(immHigh, imm);
    default: {
      // Sign-extended to the operand size, also where 66 changes it.
      const bits = row.operands.some((operand) => operand.kind !== "I" && operand.size === "b") ? 8 : bitsOf("v", context);
      if (bits === 64) return hex64Parts(immHigh, imm);
      return hex(bits === 32 ? imm >>> 0 : imm & (bits === 16 ? 0xffff : 0xff));
    }
  }
}

/** The size keyword before a memory operand. */
function memoryKeyword(operand: OperandSpec, context: Context): string {
  const fixed = spelling.memory[context.row.mnemonic];
  if (fixed !== undefined) return fixed;
  return MEMORY[bitsOf(operand.size, context)] ?? "";
}

function memoryOperand(operand: OperandSpec, context: Context): string {
  const { decoded, row } = context;
  const text = address(context, spelling.vsib(row, decoded));
  const element = row.evex?.broadcast ?? 0;
  if (element === 0 || !hasEvexB(decoded)) return memoryKeyword(operand, context) + text;
  const count = spelling.showsBroadcast(row, decoded) ? `{1to${sizeBits(operand.size, 0, decoded.vexL) / element}}` : "";
  return `${BROADCAST[element] ?? ""}${text}${count}`;
}

function rmOperand(operand: OperandSpec, context: Context): string {
  const { decoded } = context;
  if (decoded.memory) return memoryOperand(operand, context);
  context.rexUsed |= REX_B;
  switch (operand.kind) {
    case "W":
    case "U":
      return vectorName(decoded.rm, operand.size, context);
    case "Q":
    case "N":
      return `mm${decoded.rm & 7}`;
    default:
      return generalRegister(decoded.rm, operand.size, context);
  }
}

function generalRegister(number: number, size: string, context: Context): string {
  const bits = bitsOf(size, context);
  if (context.row.opcode === 0x8e && context.row.map === 0) return register(number, bitsOf("v", context), true);
  if (bits === 8 && context.decoded.rex !== 0 && number >= 4) context.rexUsed |= 0x40;
  return register(number, bits, context.decoded.rex !== 0 || context.row.vex !== undefined);
}

function stringOperand(operand: OperandSpec, context: Context): string {
  const { decoded } = context;
  context.used67 = true;
  const name = (decoded.addressSize === 64 ? R64 : R32)[operand.kind === "X" ? 6 : 7]!;
  let segment = "es:";
  if (operand.kind === "X") {
    segment = segmentPrefix(context) || "ds:";
    context.usedSegment = true;
  }
  return `${MEMORY[bitsOf(operand.size, context)] ?? ""}${segment}[${name}]`;
}

function fixedOperand(name: string, context: Context): string {
  const { decoded } = context;
  if (name === "ST0") return "st";
  if (name === "STi") return `st(${decoded.rm & 7})`;
  if (name === "XMM0") return "xmm0";
  if (name.startsWith("r")) return register(R64.indexOf(name.toLowerCase()), bitsOf("v", context), true);
  if (name.startsWith("e")) return register(R32.indexOf(name.toLowerCase()), bitsOf("z", context), true);
  return name.toLowerCase();
}

function operandText(operand: OperandSpec, context: Context): string {
  const { decoded } = context;
  const { kind, size } = operand;
  switch (kind) {
    case "E":
    case "M":
    case "R":
    case "W":
    case "U":
    case "Q":
    case "N":
      return rmOperand(operand, context);
    case "G":
      context.rexUsed |= REX_R;
      return generalRegister(decoded.reg, size, context);
    case "B":
      return generalRegister(decoded.vvvv, size, context);
    case "Z":
      context.rexUsed |= REX_B;
      return generalRegister(decoded.rm, size, context);
    case "V":
      context.rexUsed |= REX_R;
      return vectorName(decoded.reg, size, context);
    case "H":
      return vectorName(decoded.vvvv, size, context);
    case "L":
      return vectorName((decoded.imm >> 4) & 15, size, context);
    case "P":
      return `mm${decoded.reg & 7}`;
    case "S":
      return SEGMENTS[decoded.reg & 7]!;
    case "C":
      context.rexUsed |= REX_R;
      return `cr${decoded.reg}`;
    case "D":
      context.rexUsed |= REX_R;
      return `dr${decoded.reg}`;
    case "I":
      return immediate(size, context);
    case "J":
      return symbolic(decoded.address + decoded.length + decoded.imm, context);
    case "O": {
      const offset = hex64Parts(decoded.dispHigh, decoded.disp);
      return `${segmentPrefix(context) || "ds:"}${offset}`;
    }
    case "X":
    case "Y":
      return stringOperand(operand, context);
    case "fixed":
      return fixedOperand(size, context);
  }
}

const SEGMENT_PREFIXES: Readonly<Record<number, string>> = { 0x26: "es ", 0x2e: "cs ", 0x36: "ss ", 0x3e: "ds ", 0x64: "fs ", 0x65: "gs " };

function rexName(rex: number): string {
  const letters = `${rex & REX_W ? "W" : ""}${rex & REX_R ? "R" : ""}${rex & REX_X ? "X" : ""}${rex & REX_B ? "B" : ""}`;
  return letters === "" ? "rex " : `rex.${letters} `;
}

/** Prefixes as words, in the order of the bytes: those that had no effect, LOCK and REP. */
function prefixText(context: Context, bytes: Uint8Array): string {
  const { decoded, row } = context;
  let end = 0,
    last66 = -1,
    lastRepeat = -1,
    last67 = -1,
    lastSegment = -1;
  for (; end < bytes.length; end++) {
    const byte = bytes[end]!;
    if (byte === 0x66) last66 = end;
    else if (byte === 0x67) last67 = end;
    else if (byte === 0xf2 || byte === 0xf3) lastRepeat = end;
    else if (byte in SEGMENT_PREFIXES) {
      if (byte >= 0x64 || decoded.segment === 0) lastSegment = end;
    } else if (byte !== 0xf0 && (byte & 0xf0) !== 0x40) break;
  }
  let text = "";
  const mandatory = spelling.readsShadowStack(row, decoded) ? "F3" : row.vex === undefined ? row.prefix : "";
  for (let i = 0; i < end; i++) {
    const byte = bytes[i]!;
    if (byte === 0x66) {
      if (i !== last66 || !(context.used66 || mandatory === "66")) text += "data16 ";
    } else if (byte === 0x67) {
      if (i !== last67 || !context.used67) text += "addr32 ";
    } else if (byte === 0xf0) text += "lock ";
    else if (byte === 0xf2 || byte === 0xf3) {
      if (i !== lastRepeat || (mandatory !== "F2" && mandatory !== "F3")) text += repeatName(byte, row, decoded);
    } else if ((byte & 0xf0) === 0x40) {
      if (i !== end - 1) text += rexName(byte);
      else if ((byte & 15 & ~context.rexUsed) !== 0 || (byte === 0x40 && context.rexUsed < 0x40)) text += rexName(byte);
    } else if (i !== lastSegment || !context.usedSegment) {
      const notrack = byte === 0x3e && row.map === 0 && row.opcode === 0xff && (row.reg === 2 || row.reg === 4);
      text += notrack ? "notrack " : SEGMENT_PREFIXES[byte]!;
    }
  }
  return text;
}

function repeatName(byte: number, row: RowSpec, decoded: Decoded): string {
  if (byte === 0xf3 && spelling.repeats(row)) return "rep ";
  if (byte === 0xf2 && spelling.isNearBranch(row)) return "bnd ";
  if (decoded.lock && decoded.memory) return byte === 0xf3 ? "xrelease " : "xacquire ";
  return byte === 0xf3 ? "repz " : "repnz ";
}

/** What EVEX adds to the operands' texts: opmask and zeroing, rounding. */
function decorate(operands: string[], row: RowSpec, decoded: Decoded): void {
  const mask = opmaskOf(decoded);
  if (mask !== 0) operands[0] += `{k${mask}}${isZeroing(decoded) ? "{z}" : ""}`;
  if (!hasEvexB(decoded) || decoded.memory) return;
  const last = row.operands.findLastIndex(({ kind }) => kind !== "I");
  operands[last] += row.evex?.rounding === "sae" ? "{sae}" : ROUNDING[evexLength(decoded)]!;
}

/**
 * The text of a decoded instruction: mnemonic padded to six columns, operands, and "# address" after a rip-relative one. Instructions without a row are "(bad)".
 * `rows` are those of the decoder that filled `decoded`.
 */
export function format(decoded: Decoded, rows: readonly RowSpec[], options: FormatOptions = {}): string {
  const row = rows[decoded.row];
  if (row === undefined) return "(bad)";
  const context: Context = { decoded, row, options, rexUsed: 0, used66: false, used67: false, usedSegment: false, immediates: 0, comment: "" };
  const [mnemonic, count] = spelling.mnemonic(row, decoded);
  const operands: string[] = [];
  for (const operand of row.operands) {
    if (operands.length >= count) break;
    operands.push(operandText(operand, context));
  }
  if (decoded.evex !== 0) decorate(operands, row, decoded);
  if (spelling.usesW(row)) context.rexUsed |= REX_W;
  if (spelling.uses66(row)) context.used66 = true;
  if (row.map === 0 && decoded.opcode === 0xe3) context.used67 = true;
  if (row.map === 0 && row.opcode === 0xd7) {
    operands.push(`BYTE PTR ${segmentPrefix(context) || "ds:"}[${decoded.addressSize === 64 ? "rbx" : "ebx"}]`);
    context.usedSegment = context.used67 = true;
  }
  let prefixes = "";
  if (options.bytes !== undefined) prefixes = prefixText(context, options.bytes);
  else {
    if (decoded.lock) prefixes += "lock ";
    if (decoded.rep !== 0 && row.insn.properties.rep !== undefined) prefixes += repeatName(decoded.rep, row, decoded);
  }
  const name = prefixes + spelling.encodingWord(row, decoded) + mnemonic;
  return operands.length === 0 ? name : `${name.padEnd(6)} ${operands.join(",")}${context.comment}`;
}
