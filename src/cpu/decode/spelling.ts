/** Where objdump's spelling is not the row's mnemonic: names that depend on the operand size, predicates, size keywords of address-only operands. */

import type { Decoded, RowSpec } from "../isa/insn.ts";
import { featuresOf } from "../isa/insn.ts";
import { hasEvexB, opmaskOf } from "./evex.ts";

/** One-byte opcodes whose name follows the operand size: 16, 32, 64. */
const BY_OPERAND_SIZE: Readonly<Record<number, readonly [string, string, string]>> = {
  0x68: ["pushw", "push", "push"],
  0x6a: ["pushw", "push", "push"],
  0x98: ["cbw", "cwde", "cdqe"],
  0x99: ["cwd", "cdq", "cqo"],
  0x9c: ["pushfw", "pushf", "pushf"],
  0x9d: ["popfw", "popf", "popf"],
  0xc8: ["enterw", "enter", "enter"],
  0xc9: ["leavew", "leave", "leave"],
  0xcf: ["iretw", "iret", "iretq"],
  0xca: ["retfw", "retf", "retfq"],
  0xcb: ["retfw", "retf", "retfq"],
};

const PREDICATES: readonly string[] = (
  "eq lt le unord neq nlt nle ord eq_uq nge ngt false neq_oq ge gt true " +
  "eq_os lt_oq le_oq unord_s neq_us nlt_uq nle_uq ord_s eq_us nge_uq ngt_uq false_os neq_os ge_oq gt_oq true_us"
).split(" ");

/** Of vpcmpd and its like. */
const INTEGER_PREDICATES: readonly string[] = ["eq", "lt", "le", "", "neq", "nlt", "nle", ""];

/** 2 and 3 name other halves than the processor takes: so objdump. */
const CARRYLESS: Readonly<Record<number, string>> = { 0x00: "lql", 0x01: "hql", 0x02: "lqh", 0x03: "hqh", 0x10: "lqh", 0x11: "hqh" };

/** XSAVE's family: REX.W adds "64". */
const SAVE_AREA = new Set(["xsaves", "xrstors"]);

/** x87 images, whose layout follows the operand size. */
const X87_IMAGES: ReadonlySet<string> = new Set(["fldenv", "fnstenv", "frstor", "fnsave"]);

/** Size keyword of memory operands that the rows give no size, by mnemonic. */
const MEMORY: Readonly<Record<string, string>> = {
  prefetchnta: "BYTE PTR ",
  prefetcht0: "BYTE PTR ",
  prefetcht1: "BYTE PTR ",
  prefetcht2: "BYTE PTR ",
  prefetch: "BYTE PTR ",
  prefetchw: "BYTE PTR ",
  prefetchwt1: "BYTE PTR ",
  lddqu: "",
  vlddqu: "",
  cmpxchg16b: "OWORD PTR ",
  clflush: "BYTE PTR ",
  clflushopt: "BYTE PTR ",
  clwb: "BYTE PTR ",
  cldemote: "BYTE PTR ",
  invlpg: "BYTE PTR ",
};

function mnemonic(row: RowSpec, decoded: Decoded): readonly [name: string, operands: number] {
  const { operandSize, opcode, imm } = decoded;
  const all = row.operands.length;
  const name = row.mnemonic;
  if (row.map === 0 && row.vex === undefined) {
    const names = BY_OPERAND_SIZE[opcode];
    if (names !== undefined) return [names[operandSize === 16 ? 0 : operandSize === 32 ? 1 : 2], all];
    if (opcode === 0x90 && row.prefix === "" && !row.plusR && decoded.prefix66) return [operandSize === 16 ? "xchg   ax,ax" : "nop", all];
    if (decoded.prefix66 && X87_IMAGES.has(name)) return [`${name}w`, all];
    if (opcode === 0xe3) return [decoded.addressSize === 32 ? "jecxz" : "jrcxz", all];
    if ((opcode >= 0xb8 && opcode <= 0xbf && operandSize === 64) || (opcode >= 0xa0 && opcode <= 0xa3 && decoded.addressSize === 64))
      return ["movabs", all];
  } else if (row.map === 1) {
    if (opcode === 0xc2) {
      const predicate = imm & 0xff;
      const known = predicate < (row.vex === undefined ? 8 : 32);
      return known ? [name.replace("cmp", `cmp${PREDICATES[predicate]}`), all - 1] : [name, all];
    }
    if (opcode === 0x0d && (decoded.reg & 7) === 2) return ["prefetchwt1", all];
    if (opcode === 0x1e && decoded.rep === 0xf3 && decoded.modrm >= 0xfa && decoded.modrm <= 0xfb)
      return [decoded.modrm === 0xfa ? "endbr64" : "endbr32", 0];
    if (readsShadowStack(row, decoded)) return [operandSize === 64 ? "rdsspq" : "rdsspd", all];
    if (opcode === 0xae && name === "incssp") return [operandSize === 64 ? "incsspq" : "incsspd", all];
    if (opcode === 0xc7 && decoded.memory && (decoded.reg & 7) === 1) return [operandSize === 64 ? "cmpxchg16b" : "cmpxchg8b", all];
    if (SAVE_AREA.has(name) && operandSize === 64) return [`${name}64`, all];
  } else if (row.evex !== undefined && row.map === 3 && name.startsWith("vcmp")) {
    const known = PREDICATES[imm & 0xff];
    if (known !== undefined) return [name.replace("cmp", `cmp${known}`), all - 1];
  } else if (row.evex !== undefined && row.map === 3 && name.startsWith("vpcmp")) {
    const known = INTEGER_PREDICATES[imm & 0xff] ?? "";
    if (known !== "") return [name.replace("cmp", `cmp${known}`), all - 1];
  } else if (row.map === 3 && opcode === 0x44) {
    const halves = CARRYLESS[imm & 0xff];
    if (halves !== undefined) return [name.replace("qdq", `${halves}qdq`), all - 1];
  } else if (row.map === 3 && row.w === 1 && (opcode === 0x60 || opcode === 0x61)) return [`${name}q`, all];
  return [name, all];
}

/** Opcodes whose REX.W shows in the name. */
const W_IN_NAME = new Set([0x98, 0x99, 0xca, 0xcb, 0xcf]);

/** Whether REX.W shows in the mnemonic, or selects the row. */
function usesW(row: RowSpec): boolean {
  if (row.vex !== undefined || row.w === 1) return true;
  if (row.map === 0) return W_IN_NAME.has(row.opcode);
  return row.map === 1 && (row.opcode === 0xc7 || row.opcode === 0xae);
}

/** Whether 66 shows in the mnemonic. */
function uses66(row: RowSpec): boolean {
  return row.map === 0 && (row.opcode in BY_OPERAND_SIZE || (row.opcode === 0x90 && row.prefix === "") || X87_IMAGES.has(row.mnemonic));
}

/** rdssp: a NOP of the hint space, with F3. */
function readsShadowStack(row: RowSpec, decoded: Decoded): boolean {
  return row.map === 1 && decoded.opcode === 0x1e && decoded.rep === 0xf3 && decoded.modrm >= 0xc8 && decoded.modrm <= 0xcf;
}

/** movs, stos, lods, ins, outs: F3 is "rep", not "repz". */
function repeats(row: RowSpec): boolean {
  if (row.map !== 0 || row.vex !== undefined) return false;
  const { opcode } = row;
  return (opcode >= 0x6c && opcode <= 0x6f) || opcode === 0xa4 || opcode === 0xa5 || (opcode >= 0xaa && opcode <= 0xad);
}

/** Near branches, on which F2 is "bnd". */
function isNearBranch(row: RowSpec): boolean {
  const { opcode } = row;
  if (row.vex !== undefined) return false;
  if (row.map === 1) return opcode >= 0x80 && opcode <= 0x8f;
  if (row.map !== 0) return false;
  if (opcode === 0xff) return row.reg === 2 || row.reg === 4;
  return (opcode >= 0x70 && opcode <= 0x7f) || opcode === 0xc2 || opcode === 0xc3 || opcode === 0xe8 || opcode === 0xe9 || opcode === 0xeb;
}

/** "xmm", "ymm" or "zmm" where the index of the address is a vector register (gathers, scatters): half as wide where it has dwords for qwords. */
function vsib(row: RowSpec, decoded: Decoded): string {
  if (!row.vsib) return "";
  const half = (decoded.opcode & 1) === 0 && decoded.operandSize === 64;
  return VECTORS[half ? Math.max(0, decoded.vexL - 1) : decoded.vexL] ?? "";
}

/** The word that asks an assembler for the encoding, where it would choose another. */
function encodingWord(row: RowSpec, decoded: Decoded): string {
  const { evex } = row;
  if (evex === undefined)
    return row.vex !== undefined && featuresOf(row.insn).some((feature) => feature === "avx_vnni" || feature === "avx_ifma") ? "{vex} " : "";
  const needed = hasEvexB(decoded) || opmaskOf(decoded) !== 0 || decoded.vexL > 1 || (decoded.reg | decoded.vvvv) > 15;
  return !evex.alsoVex || needed || (!decoded.memory && decoded.rm > 15) ? "" : "{evex} ";
}

/** Whether a broadcast shows how often the element counts: where no register does. */
function showsBroadcast(row: RowSpec, decoded: Decoded): boolean {
  const [first, second] = row.operands;
  if (second?.kind === "H" || first?.size === "x") return false;
  return !(first?.size === "hx" && decoded.vexL === 2);
}

const VECTORS: readonly string[] = ["xmm", "ymm", "zmm"];

export const spelling: {
  readonly memory: Readonly<Record<string, string>>;
  readonly mnemonic: (row: RowSpec, decoded: Decoded) => readonly [name: string, operands: number];
  readonly usesW: (row: RowSpec) => boolean;
  readonly uses66: (row: RowSpec) => boolean;
  readonly readsShadowStack: (row: RowSpec, decoded: Decoded) => boolean;
  readonly repeats: (row: RowSpec) => boolean;
  readonly isNearBranch: (row: RowSpec) => boolean;
  readonly vsib: (row: RowSpec, decoded: Decoded) => string;
  readonly encodingWord: (row: RowSpec, decoded: Decoded) => string;
  readonly showsBroadcast: (row: RowSpec, decoded: Decoded) => boolean;
} = { memory: MEMORY, mnemonic, usesW, uses66, readsShadowStack, repeats, isNearBranch, vsib, encodingWord, showsBroadcast };
