/** Parses the row notation of `insn.ts` into {@link RowSpec}s. */

import type { EvexSpec, Insn, OperandKind, OperandSpec, RowSpec } from "./insn.ts";

/** Condition codes 0 to 15 as mnemonic suffixes (SDM volume 2, appendix B.1.4.7), in the spelling that objdump prints. */
export const CONDITIONS: readonly string[] = ["o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g"];

/** Operand kinds, by which part of the encoding they come from. */
const RM_KINDS = "EMRWUQN";
const REG_KINDS = "GVPSCD";
const VEX_KINDS = "BHL";

/** `k`: the number is an opmask register's. */
const VECTOR_SIZES = " b w d q dq qq x hx qx ox sh ss sd ps pd k ";
/** Sizes that each operand kind may have, space-separated; a leading space stands for "no size". */
const SIZES: Readonly<Record<string, string>> = {
  E: " b w d q v y z dq t p ss sd ",
  M: "  b w d q v y z dq qq x hx qx ox t p sh ss sd ps pd ",
  R: " b w d q v y ",
  G: " b w d q v y z ",
  B: " d q y ",
  Z: " b w d q v y ",
  W: VECTOR_SIZES,
  U: VECTOR_SIZES,
  V: VECTOR_SIZES,
  H: VECTOR_SIZES,
  L: VECTOR_SIZES,
  Q: " d q ",
  N: " d q ",
  P: " d q ",
  S: " w ",
  C: " d q y ",
  D: " d q y ",
  I: " b w d q v z bs ",
  J: " b z ",
  O: " b v ",
  X: " b w d q v y z ",
  Y: " b w d q v y z ",
};

const FIXED =
  " AL AH CL DL AX CX DX BX SP BP SI DI EAX ECX EDX EBX RAX RCX RDX RBX RSP RBP RSI RDI eAX eCX eDX rAX rCX rDX rBX R11 XMM0 ST0 STi ES CS SS DS FS GS 1 3 ";

const operandCache = new Map<string, OperandSpec>();

function parseOperand(word: string): OperandSpec | undefined {
  const known = operandCache.get(word);
  if (known !== undefined) return known;
  let spec: OperandSpec | undefined;
  if (FIXED.includes(` ${word} `)) spec = { kind: "fixed", size: word };
  else {
    const sizes = SIZES[word.charAt(0)];
    if (sizes?.includes(` ${word.slice(1)} `) === true) spec = { kind: word.charAt(0) as OperandKind, size: word.slice(1) };
  }
  if (spec !== undefined) operandCache.set(word, spec);
  return spec;
}

function hexByte(word: string): number {
  return /^[0-9A-F]{2}$/.test(word) ? Number.parseInt(word, 16) : -1;
}

/** What the encoding column says, while it is read. */
interface Encoding {
  prefix: RowSpec["prefix"];
  w: 0 | 1 | undefined;
  map: RowSpec["map"];
  vex: RowSpec["vex"];
  evex: { -readonly [K in keyof EvexSpec]: EvexSpec[K] } | undefined;
  opcode: number;
  plusR: boolean;
  plusCc: boolean;
  modrm: boolean;
  reg: number | undefined;
  modrmByte: number | undefined;
  plusI: boolean;
  form: RowSpec["form"];
}

const VEX_L: Readonly<Record<string, 0 | 1 | undefined>> = { "128": 0, "256": 1, LIG: undefined, LZ: 0 };
const VEX_MAP: Readonly<Record<string, 1 | 2 | 3>> = { "0F": 1, "0F38": 2, "0F3A": 3 };
const EVEX_LENGTHS: Readonly<Record<string, number>> = { "128": 1, "512": 4, "256+": 6, L: 7, LIG: 7 };
const EVEX_MAP: Readonly<Record<string, RowSpec["map"]>> = { ...VEX_MAP, MAP5: 5, MAP6: 6 };
const VEX_W: Readonly<Record<string, 0 | 1 | undefined>> = { W0: 0, W1: 1, WIG: undefined };

function parseVex(word: string, out: Encoding): void {
  const [kind, l = "", pp = "", map = "", w = "", ...rest] = word.split(".");
  const evex = kind === "EVEX";
  if (!(l in (evex ? EVEX_LENGTHS : VEX_L))) throw new Error(`VEX length "${l}"`);
  if (pp !== "NP" && pp !== "66" && pp !== "F3" && pp !== "F2") throw new Error(`VEX prefix "${pp}"`);
  const number = (evex ? EVEX_MAP : VEX_MAP)[map];
  if (number === undefined) throw new Error(`VEX map "${map}"`);
  if (!(w in VEX_W) || rest.length > 0) throw new Error(`VEX W "${[w, ...rest].join(".")}"`);
  out.vex = { l: evex ? undefined : VEX_L[l] };
  if (evex) out.evex = { lengths: EVEX_LENGTHS[l] ?? 0, lengthIgnored: l === "LIG", mask: "", broadcast: 0, rounding: "", unit: 0, alsoVex: false };
  out.prefix = pp;
  out.map = number;
  out.w = VEX_W[w];
}

function parseEncoding(words: readonly string[]): Encoding {
  const out: Encoding = {
    prefix: "", w: undefined, map: 0, vex: undefined, evex: undefined, opcode: -1, plusR: false, plusCc: false, modrm: false,
    reg: undefined, modrmByte: undefined, plusI: false, form: "any",
  };
  let at = 0;
  const first = words[0] ?? "";
  if (first.startsWith("VEX.") || first.startsWith("EVEX.")) {
    parseVex(first, out);
    at = 1;
  } else {
    if (first === "NP" || first === "F3" || first === "F2" || (first === "66" && words.length > 1)) {
      out.prefix = first;
      at++;
    }
    if (words[at] === "REX.W" || words[at] === "REX.W0") {
      out.w = words[at] === "REX.W" ? 1 : 0;
      at++;
    }
    if (words[at] === "0F") {
      out.map = 1;
      at++;
      if (words[at] === "38" || words[at] === "3A") {
        out.map = words[at] === "38" ? 2 : 3;
        at++;
      }
    }
  }
  const opcode = words[at++] ?? "";
  const [byte = "", suffix, ...more] = opcode.split("+");
  out.opcode = hexByte(byte);
  if (out.opcode < 0 || more.length > 0) throw new Error(`opcode "${opcode}"`);
  if (suffix === "r") out.plusR = true;
  else if (suffix === "cc") out.plusCc = true;
  else if (suffix !== undefined) throw new Error(`opcode "${opcode}"`);
  if (out.plusR && (out.opcode & 7) !== 0) throw new Error(`"${opcode}": low three bits are not 0`);
  if (out.plusCc && (out.opcode & 15) !== 0) throw new Error(`"${opcode}": low four bits are not 0`);

  const modrm = words[at] ?? "";
  if (/^\/[r0-7]$/.test(modrm)) {
    out.modrm = true;
    if (modrm !== "/r") out.reg = Number(modrm.charAt(1));
    at++;
  } else if (modrm.startsWith("=")) {
    const exact = modrm.endsWith("+i") ? modrm.slice(1, -2) : modrm.slice(1);
    out.modrm = true;
    out.plusI = modrm.endsWith("+i");
    out.modrmByte = hexByte(exact);
    if (out.modrmByte < 0xc0 || (out.plusI && (out.modrmByte & 7) !== 0)) throw new Error(`ModRM byte "${modrm}"`);
    at++;
  }
  if (words[at] === "mem" || words[at] === "reg") {
    if (!out.modrm || out.modrmByte !== undefined) throw new Error(`"${words[at]}" without /r or /digit`);
    out.form = words[at] as "mem" | "reg";
    at++;
  }
  if (at < words.length) throw new Error(`"${words[at]}" is out of place`);
  if (out.plusR && out.modrm) throw new Error("+r with ModRM");
  return out;
}

function checkOperands(encoding: Encoding, operands: readonly OperandSpec[]): RowSpec["form"] {
  let form = encoding.form;
  if (encoding.modrmByte !== undefined) form = "reg";
  let rm = 0, reg = 0, opcodeRegister = 0;
  for (const { kind, size } of operands) {
    if (kind === "fixed") {
      if (size === "STi" && !encoding.plusI) throw new Error("STi without =XX+i");
      continue;
    }
    if (RM_KINDS.includes(kind)) {
      rm++;
      const needs = kind === "M" ? "mem" : "RUN".includes(kind) ? "reg" : "any";
      if (needs !== "any") {
        if (form !== "any" && form !== needs) throw new Error(`operand ${kind}${size} contradicts the encoding's form`);
        form = needs;
      }
    }
    if (REG_KINDS.includes(kind)) {
      reg++;
      if (encoding.reg !== undefined || encoding.modrmByte !== undefined) throw new Error(`operand ${kind}${size} needs /r`);
    }
    if (kind === "Z") opcodeRegister++;
    if (VEX_KINDS.includes(kind) && encoding.vex === undefined) throw new Error(`operand ${kind}${size} needs VEX`);
  }
  if (rm > 1 || reg > 1 || opcodeRegister > 1) throw new Error("one part of the encoding gives two operands");
  if ((rm > 0 || reg > 0) && !encoding.modrm) throw new Error("operands need ModRM");
  if (opcodeRegister > 0 !== encoding.plusR) throw new Error("+r and operand Z go together");
  return form;
}

function words(text: string): string[] {
  const trimmed = text.trim();
  return trimmed === "" ? [] : trimmed.split(" ");
}

/** Parses a list of operands. */
function parseOperands(text: string): OperandSpec[] {
  const list = text.trim();
  if (list === "") return [];
  return list.split(",").map((word) => {
    const operand = parseOperand(word.trim());
    if (operand === undefined) throw new Error(`operand "${word.trim()}"`);
    return operand;
  });
}

/** Takes what EVEX adds out of the operands' text: `Vx{kz}`. */
function parseDecorations(text: string, evex: NonNullable<Encoding["evex"]>): string {
  return text.replaceAll(/\{(\w+)\}/g, (_, word: string) => {
    if (word === "k" || word === "kz") evex.mask = word;
    else if (word === "er" || word === "sae") evex.rounding = word;
    else if (/^b(16|32|64)$/.test(word)) evex.broadcast = Number(word.slice(1));
    else throw new Error(`"{${word}}"`);
    return "";
  });
}

/**
 * Parses one row of `insn`; a `+cc` row gives sixteen specs, every other row one.
 * Throws an Error that quotes the row for anything the notation does not allow.
 */
export function parseRow(text: string, insn: Insn): RowSpec[] {
  try {
    const columns = text.split("|");
    if (columns.length > 3) throw new Error("more than three columns");
    const encoding = parseEncoding(words(columns[0] ?? ""));
    const { evex } = encoding;
    const operands = parseOperands(evex === undefined ? (columns[1] ?? "") : parseDecorations(columns[1] ?? "", evex));
    if (operands.length > 4) throw new Error("more than four operands");
    let d64 = false, f64 = false, nov = false, vsib = false;
    for (const word of words(columns[2] ?? "")) {
      if (word === "d64") d64 = true;
      else if (word === "f64") f64 = true;
      else if (word === "nov") nov = true;
      else if (word === "vsib") vsib = true;
      else if (evex !== undefined && word === "vex") evex.alsoVex = true;
      else if (evex !== undefined && /^n[1248]$/.test(word)) evex.unit = Number(word.slice(1));
      else throw new Error(`attribute "${word}"`);
    }
    if (d64 && f64) throw new Error("d64 and f64");
    const { prefix, w, map, vex, opcode, plusR, plusCc, modrm, reg, modrmByte, plusI } = encoding;
    const form = checkOperands(encoding, operands);
    const view = insn.properties.view === undefined ? undefined : parseOperands(insn.properties.view);
    const spec: RowSpec = {
      text, insn, mnemonic: insn.mnemonic, prefix, w, map, vex, evex, opcode, plusR, cc: undefined, modrm, reg, modrmByte, plusI, form, operands, view, d64, f64, nov, vsib,
    };
    if (!plusCc) return [spec];
    return CONDITIONS.map((letters, cc) => ({ ...spec, mnemonic: insn.mnemonic + letters, opcode: opcode + cc, cc }));
  } catch (error) {
    throw new Error(`row "${text}" of ${insn.mnemonic}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
