/**
 * How an instruction is declared: rows in the manual's notation, properties, and one small function over abstract values.
 *
 * A row is `ENCODING | OPERANDS [| ATTRIBUTES]`.
 *
 * ENCODING, in this order:
 * - `NP`, `66`, `F3`, `F2`: mandatory prefix (NP: none of the three). Without one, 66 is the operand size and F2/F3 are free.
 * - `REX.W` or `REX.W0`: W must be 1 or 0.
 * - or, for VEX: `VEX.(128|256|LIG|LZ).(NP|66|F3|F2).(0F|0F38|0F3A).(W0|W1|WIG)`; the escape bytes are not repeated.
 * - or, for EVEX: `EVEX.(L|128|256+|512|LIG).(NP|66|F3|F2).(0F|0F38|0F3A|MAP5|MAP6).(W0|W1|WIG)`; L: all three lengths, 256+: the two longer ones.
 * - opcode bytes in hex, with the escapes: `01`, `0F AF`, `0F 38 00`, `0F 3A 0F`.
 *   The last one may carry `+r` (low three bits are a register) or `+cc` (low four bits are a condition: sixteen rows in one).
 * - `/r` (ModRM follows), `/0` ... `/7` (ModRM with that reg field), `=XX` (the ModRM byte is exactly XX), `=XX+i` (low three bits: ST(i)).
 * - `mem` or `reg`: only with a memory, or only with a register, in ModRM.rm.
 *
 * OPERANDS: comma-separated, in Intel order; letters and sizes of SDM volume 2, appendix A.2:
 * - `E` ModRM.rm, register or memory; `M` memory only; `R` ModRM.rm, general register only; `G` ModRM.reg; `B` VEX.vvvv, general register; `Z` register in the opcode;
 *   `W` ModRM.rm, vector register or memory; `U` ModRM.rm, vector register only; `V` ModRM.reg, vector; `H` VEX.vvvv, vector; `L` immediate bits 7:4, vector;
 *   `Q` ModRM.rm, MMX register or memory; `N` ModRM.rm, MMX register; `P` ModRM.reg, MMX; `S` ModRM.reg, segment register;
 *   `I` immediate; `J` branch displacement; `O` moffs; `X` [rSI]; `Y` [rDI].
 * - sizes: `b` 8, `w` 16, `d` 32, `q` 64, `v` 16/32/64 by operand size, `y` 32/64, `z` 16/32 (sign-extended to the operand size in immediates),
 *   `dq` 128, `qq` 256, `x` 128/256 by VEX.L (EVEX: 512 too), `hx` `qx` `ox` a half, a quarter and an eighth of that, `k` an opmask register,
 *   `sh` `ss` `sd` scalar float 16/32/64 in a vector register, `ps` `pd` packed (128/256 by VEX.L), `t` 80-bit real, `p` far pointer,
 *   `bs` byte sign-extended to the operand size. None: address only (lea, prefetch, fxsave).
 * - fixed: `AL CL AX DX eAX rAX` (rAX: accumulator of the operand size; eAX: 16/32), `1`, `ST0`, `STi`, `FS GS ...`.
 * - EVEX, behind an operand: `{k}` an opmask may be given, `{kz}` and with it zeroing; `{b16}` `{b32}` `{b64}` memory may be one element for all;
 *   `{er}` a rounding mode, `{sae}` no exceptions, where no operand is memory.
 *
 * ATTRIBUTES, space-separated: `d64` (operand size defaults to 64, 66 makes it 16, 32 cannot be had: push, pop), `f64` (always 64: near branches),
 * `nov` (66 is ignored), `vsib` (the address's index is a vector register), `n1` `n2` `n4` `n8` (EVEX: the unit of 8-bit displacements, where it is not the
 * size of what is in memory), `vex` (EVEX: there is a VEX encoding too).
 */

import type { Op } from "./ops.ts";

/** CPUID features that a processor here can have; "base" is x86-64's baseline (with x87, MMX, SSE, SSE2). */
export type ProcessorFeature =
  | "base"
  | "sse3" | "ssse3" | "sse4.1" | "sse4.2" | "sse4a" | "popcnt" | "cx16" | "lahf" | "movbe" | "lzcnt" | "bmi1" | "bmi2" | "adx"
  | "avx" | "avx2" | "f16c" | "fma" | "aes" | "vaes" | "pclmul" | "vpclmul" | "gfni" | "sha" | "rdrand" | "rdseed" | "rdtscp"
  | "fxsr" | "xsave" | "xsavec" | "xsaveopt" | "clflushopt" | "clwb" | "fsgsbase" | "rdpid";

/** CPUID features that rows can depend on. Those that no processor here has are of rows that are named, not executed. */
export type Feature =
  | ProcessorFeature
  | "avx512f" | "avx512cd" | "avx512er" | "avx512pf" | "avx512vl" | "avx512bw" | "avx512dq" | "avx512_ifma" | "avx512_vbmi" | "avx512_vbmi2" | "avx512_vnni"
  | "avx512_bitalg" | "avx512_vpopcntdq" | "avx512_4vnniw" | "avx512_4fmaps" | "avx512_vp2intersect" | "avx512_bf16" | "avx512_fp16" | "avx_vnni" | "avx_ifma";

/** Flags by letter, the manual's order: o s z a p c, and d for DF. */
export type FlagLetters = string;

export interface InsnProperties {
  /** Flags read, written (including undefined ones) and left undefined. */
  readonly reads?: FlagLetters;
  readonly writes?: FlagLetters;
  readonly undefined?: FlagLetters;
  /** LOCK is allowed where operand 0 is memory. */
  readonly lock?: boolean;
  /** F3 and F2 are REP prefixes here: "rep" (movs, stos, lods, ins, outs) or "repz" (cmps, scas: F3 repeats while equal, F2 while not). */
  readonly rep?: "rep" | "repz";
  /** F2 and F3 make it another instruction, or none: #UD. */
  readonly noRep?: boolean;
  /** With REP, upwards and within pages, many elements are one copy of memory, or one fill with a repeated byte. */
  readonly bulk?: "copy" | "fill";
  /** How it ends a block: a direct jump, a conditional one, an indirect one, or by leaving the interpreter. */
  readonly ends?: "jump" | "branch" | "indirect" | "exit";
  /** Can raise an exception other than by its explicit memory operands (div, into a helper, implicit stack access). */
  readonly faults?: boolean;
  /** What CPUID must announce: one feature, or all of a list. */
  readonly feature?: Feature | readonly Feature[];
  /**
   * VEX: the operands as the body sees them, where that is not as the rows write them. The body is then one 128-bit lane's and runs for each of them,
   * on that lane of each operand; a row with one operand more has the first source apart (VEX.vvvv), which is what reading operand 0 gives.
   */
  readonly view?: string;
  /** Instructions with the same word do the same to the same operands, so that one handler serves them all. */
  readonly like?: string;
  /** Memory operands of 16 bytes and more must be aligned (legacy SSE arithmetic, movaps); default false. */
  readonly aligned?: boolean;
  /** Bytes at a multiple of which the alignment check (AC) wants memory operands, where their size does not say it; 1: it is not made. */
  readonly checkedAlignment?: 1 | 8;
}

/** The features of an instruction's rows; none for "base". */
export function featuresOf(insn: Insn): readonly Feature[] {
  const { feature } = insn.properties;
  if (feature === undefined || feature === "base") return [];
  return typeof feature === "string" ? [feature] : feature;
}

/** The feature that an instruction is listed under: the first of its rows'. */
export function mainFeatureOf(insn: Insn): Feature {
  return featuresOf(insn)[0] ?? "base";
}

export type Semantics = (op: Op) => void;

export interface Insn {
  readonly mnemonic: string;
  readonly rows: readonly string[];
  readonly properties: InsnProperties;
  readonly semantics: Semantics;
}

/**
 * Declares an instruction. `mnemonic` is the SDM's, lower case; with `+cc` rows the condition's letters are appended to it.
 * The rows are parsed when the decode tables are built; a wrong row is an error there, naming the row.
 */
export function insn(mnemonic: string, rows: readonly string[], properties: InsnProperties, semantics: Semantics): Insn {
  return { mnemonic, rows, properties, semantics };
}

/** Operand kinds of a parsed row. */
export type OperandKind =
  | "E" | "M" | "R" | "G" | "B" | "Z" | "W" | "U" | "V" | "H" | "L" | "Q" | "N" | "P" | "S" | "C" | "D" | "I" | "J" | "O" | "X" | "Y" | "fixed";

export interface OperandSpec {
  readonly kind: OperandKind;
  /** Size letters as written ("v", "b", "dq", ...), "" where none; for fixed operands the register's name as written ("AL", "rAX", "1", "ST0"). */
  readonly size: string;
}

/** What EVEX adds to a row. */
export interface EvexSpec {
  /** Bit n: EVEX.L'L may be n. */
  readonly lengths: number;
  readonly lengthIgnored: boolean;
  readonly mask: "" | "k" | "kz";
  /** Bits of an element in memory that stands for all of a vector, 0 where there is none. */
  readonly broadcast: number;
  readonly rounding: "" | "er" | "sae";
  /** Unit of 8-bit displacements in bytes, 0 where it is the size of the operand in memory. */
  readonly unit: number;
  /** There is a VEX encoding of the same instruction. */
  readonly alsoVex: boolean;
}

/** A parsed row (a `+cc` row gives sixteen). */
export interface RowSpec {
  readonly text: string;
  readonly insn: Insn;
  readonly mnemonic: string;
  readonly prefix: "" | "NP" | "66" | "F3" | "F2";
  /** Required REX.W/VEX.W: undefined where it is free. */
  readonly w: 0 | 1 | undefined;
  /** 0: one-byte opcodes, 1: 0F, 2: 0F38, 3: 0F3A; EVEX: also 5 and 6. */
  readonly map: 0 | 1 | 2 | 3 | 5 | 6;
  readonly vex: undefined | { readonly l: 0 | 1 | undefined };
  /** Of an EVEX row, where `vex` is there too. */
  readonly evex: EvexSpec | undefined;
  readonly opcode: number;
  /** Opcode's low three bits are a register. */
  readonly plusR: boolean;
  /** Condition code 0 to 15 of a `+cc` row. */
  readonly cc: number | undefined;
  readonly modrm: boolean;
  /** ModRM.reg must be this. */
  readonly reg: number | undefined;
  /** The whole ModRM byte must be this (with `plusI`, its upper five bits). */
  readonly modrmByte: number | undefined;
  readonly plusI: boolean;
  readonly form: "any" | "mem" | "reg";
  readonly operands: readonly OperandSpec[];
  /** The operands as the body sees them, where that differs. */
  readonly view: readonly OperandSpec[] | undefined;
  readonly d64: boolean;
  readonly f64: boolean;
  readonly nov: boolean;
  readonly vsib: boolean;
}

/**
 * One decoded instruction: flat, reused, numbers only. Filled by the decoder.
 * Register numbers are 0 to 15 (REX or VEX bits included), with EVEX 0 to 31.
 */
export interface Decoded {
  /** Index into the decoder's `rows`, -1 where there is none. */
  row: number;
  address: number;
  length: number;
  /** 16, 32 or 64 (the effective operand size; for byte instructions also set). */
  operandSize: number;
  /** 32 or 64. */
  addressSize: number;
  /** 0 none, 4 FS, 5 GS (segment register numbers). */
  segment: number;
  lock: boolean;
  /** 0, 0xF2 or 0xF3: the repeat prefix as it stands, also where the row used it as a mandatory prefix. */
  rep: number;
  /** 0x66 was there. */
  prefix66: boolean;
  /** The REX byte, 0 where there is none: without REX, byte registers 4 to 7 are AH CH DH BH. */
  rex: number;
  /** VEX.L, VEX.vvvv (already inverted to a register number). */
  vexL: number;
  vvvv: number;
  /** The three bytes behind 62, the first one lowest; 0 where there is no EVEX prefix. */
  evex: number;
  opcode: number;
  modrm: number;
  /** ModRM.reg and ModRM.rm with REX.R and REX.B; `rm` is meaningful where `memory` is false. Opcode registers (+r) are in `rm`. */
  reg: number;
  rm: number;
  memory: boolean;
  /** Registers of the address, -1 where none. `ripRelative`: disp counts from the next instruction. */
  base: number;
  index: number;
  /** log2 of the scale. */
  scale: number;
  ripRelative: boolean;
  /** Sign-extended displacement; moffs: low and high halves in disp and dispHigh. */
  disp: number;
  dispHigh: number;
  /** Immediate, sign-extended from its encoded size to 32 bits; 64-bit immediates: low half here, high half in immHigh (else the sign). */
  imm: number;
  immHigh: number;
  /** Second immediate (enter). */
  imm2: number;
}

export function newDecoded(): Decoded {
  return {
    row: -1, address: 0, length: 0, operandSize: 32, addressSize: 64, segment: 0, lock: false, rep: 0, prefix66: false, rex: 0,
    vexL: 0, vvvv: 0, evex: 0, opcode: 0, modrm: 0, reg: 0, rm: 0, memory: false, base: -1, index: -1, scale: 0, ripRelative: false,
    disp: 0, dispHigh: 0, imm: 0, immHigh: 0, imm2: 0,
  };
}
