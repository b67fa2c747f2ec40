/**
 * The decoder: bytes to a {@link Decoded} record, for 64-bit mode.
 *
 * Lengths come from the attribute table for every opcode of every map; what the instruction is comes from the rows.
 */

import type { Decoded, Feature, Insn, RowSpec } from "../isa/insn.ts";
import { featuresOf } from "../isa/insn.ts";
import {
  buildAttributes,
  HAS_MODRM,
  IMM_B,
  IMM_ENTER,
  IMM_J,
  IMM_MASK,
  IMM_MOFFS,
  IMM_SHIFT,
  IMM_TEST_B,
  IMM_TEST_Z,
  IMM_V,
  IMM_W,
  IMM_Z,
  NOT_AN_OPCODE,
  REGISTER_ONLY,
  VEX_SPACE,
} from "./attributes.ts";
import { decodeEvex, evexRows, evexSpace } from "./evex.ts";
import { knownInsns } from "./known.ts";
import {
  BLOCK_BASE,
  BY_B,
  BY_L,
  BY_MODRM,
  BY_PREFIX,
  BY_REG,
  BY_W,
  buildTables,
  ROW_CONTROL,
  ROW_D64,
  ROW_DEBUG,
  ROW_F64,
  ROW_IGNORES_66,
  ROW_LOCK,
  ROW_NO_REP,
  ROW_NO_VVVV,
  ROW_SEGMENT,
  ROW_UNIMPLEMENTED,
  ROW_VSIB,
} from "./tables.ts";
import type { Tables } from "./tables.ts";

/** What {@link Decoder.decode} found. */
export const DecodeStatus = {
  /** A row describes it. */
  ok: 0,
  /** #UD. `length` counts the bytes up to where that was known. */
  invalid: 1,
  /** The bytes end before the instruction does. */
  truncated: 2,
  /** More than 15 bytes: #GP(0). */
  tooLong: 3,
  /** An instruction of the architecture that no row implements; `length` is right, and so is everything else that was decoded. */
  unimplemented: 4,
} as const;
export type DecodeStatus = (typeof DecodeStatus)[keyof typeof DecodeStatus];

const MAX_LENGTH = 15;
/** More than any sequence of 15 prefixes, opcode and operand bytes. */
const LOOKAHEAD = 48;

/** Prefix classes of the one-byte map. */
const OPERAND_SIZE = 1;
const REPEAT = 2;
const REX = 3;
const LOCK = 4;
const ADDRESS_SIZE = 5;
const SEGMENT_FS_GS = 6;
const SEGMENT_IGNORED = 7;

const PREFIX_CLASS = new Uint8Array(256);
PREFIX_CLASS[0x66] = OPERAND_SIZE;
PREFIX_CLASS.fill(REPEAT, 0xf2, 0xf4);
PREFIX_CLASS.fill(REX, 0x40, 0x50);
PREFIX_CLASS[0xf0] = LOCK;
PREFIX_CLASS[0x67] = ADDRESS_SIZE;
PREFIX_CLASS.fill(SEGMENT_FS_GS, 0x64, 0x66);
for (const prefix of [0x26, 0x2e, 0x36, 0x3e]) PREFIX_CLASS[prefix] = SEGMENT_IGNORED;

const attributes = buildAttributes();

/** Tables by features and known rows: machines of one kind share them. */
const built = new WeakMap<readonly Insn[], WeakMap<readonly Insn[], Map<string, Tables>>>();

function tablesOf(insns: readonly Insn[], known: readonly Insn[], features: ReadonlySet<Feature>): Tables {
  let ofInsns = built.get(insns);
  if (ofInsns === undefined) built.set(insns, (ofInsns = new WeakMap()));
  let ofKnown = ofInsns.get(known);
  if (ofKnown === undefined) ofInsns.set(known, (ofKnown = new Map()));
  const key = [...features].toSorted().join();
  let tables = ofKnown.get(key);
  if (tables === undefined) ofKnown.set(key, (tables = buildTables(insns, known, features, attributes)));
  return tables;
}

const NONE: readonly Insn[] = [];

export class Decoder {
  /** What `Decoded.row` indexes: rows of the announced features, then (once one was met) rows that are known but not implemented, then EVEX's in the same way. */
  readonly rows: readonly RowSpec[];
  /** Rows from this index on are not implemented. */
  readonly implemented: number;
  #blocks: Int32Array;
  #cells: Int16Array;
  #rowFlags: Uint16Array;
  /** Adds the known rows; undefined once they are there. Most programs never need them, and they are more than the others. */
  #addKnown: (() => void) | undefined;
  /** Adds the EVEX rows and returns the first one's index; undefined where nothing is only named. */
  readonly #addEvex: (() => number) | undefined;
  /** Index of the first EVEX row, -1 until one is needed. */
  #evexBase = -1;
  readonly #scratch: Uint8Array = new Uint8Array(LOOKAHEAD);

  /**
   * A decoder for a CPU with `features` ("base" is always there). Throws an Error for a malformed row, and for two rows that claim one encoding.
   * `known`: rows used only to tell unimplemented instructions from invalid ones, and to name them.
   */
  constructor(insns: readonly Insn[], features: ReadonlySet<Feature>, known: readonly Insn[] = knownInsns) {
    const refines = known.some((declared) => featuresOf(declared).some((feature) => features.has(feature)));
    const tables = tablesOf(insns, refines ? known : NONE, features);
    const rows = [...tables.rows];
    this.rows = rows;
    this.implemented = tables.implemented;
    this.#blocks = tables.blocks;
    this.#cells = tables.cells;
    this.#rowFlags = tables.rowFlags;
    if (known.length > 0) {
      this.#addEvex = (): number => {
        const base = rows.length;
        rows.push(...evexRows());
        return base;
      };
    }
    if (refines || known.length === 0) return;
    this.#addKnown = (): void => {
      this.#addKnown = undefined;
      const all = tablesOf(insns, known, features);
      rows.push(...all.rows.slice(rows.length));
      this.#blocks = all.blocks;
      this.#cells = all.cells;
      this.#rowFlags = all.rowFlags;
    };
  }

  /**
   * Decodes the instruction at `bytes[offset]`, reading below `end`, into `out`. `address` is its guest address.
   * Every field of `out` is set, whatever the status; `row` is -1 where no row is known.
   */
  decode(bytes: Uint8Array, offset: number, end: number, address: number, out: Decoded): DecodeStatus {
    const available = end - offset;
    let src = bytes;
    let start = offset;
    if (available < LOOKAHEAD) {
      src = this.#scratch;
      start = 0;
      for (let i = 0; i < LOOKAHEAD; i++) src[i] = i < available ? bytes[offset + i]! : 0;
    }
    let at = start;

    out.row = -1;
    out.address = address;
    out.dispHigh = out.disp = out.imm = out.immHigh = out.imm2 = 0;
    out.base = out.index = -1;
    out.scale = 0;
    out.ripRelative = out.memory = false;
    out.modrm = out.reg = out.rm = 0;
    out.vexL = out.vvvv = out.evex = 0;

    // Prefixes.
    let opcode = src[at++]!;
    let rex = 0,
      rep = 0,
      segment = 0,
      addressSize = 64,
      repSeen = 0;
    let prefix66 = false,
      lock = false;
    let kind = PREFIX_CLASS[opcode]!;
    while (kind !== 0) {
      if (kind === REX) rex = opcode;
      else {
        rex = 0;
        if (kind === OPERAND_SIZE) prefix66 = true;
        else if (kind === REPEAT) rep = repSeen = opcode;
        else if (kind === LOCK) lock = true;
        else if (kind === ADDRESS_SIZE) addressSize = 32;
        else if (kind === SEGMENT_FS_GS) segment = opcode - 0x60;
      }
      if (at - start >= MAX_LENGTH) {
        out.length = at - start + 1;
        return available <= MAX_LENGTH ? DecodeStatus.truncated : DecodeStatus.tooLong;
      }
      opcode = src[at++]!;
      kind = PREFIX_CLASS[opcode]!;
    }
    out.rep = repSeen;
    out.lock = lock;
    out.prefix66 = prefix66;
    out.segment = segment;
    out.addressSize = addressSize;
    out.rex = rex;

    // Escapes.
    let space = 0;
    let column = rep === 0xf3 ? 2 : rep === 0xf2 ? 3 : prefix66 ? 1 : 0;
    let wrxb = rex & 15;
    let vex = false,
      evex = false,
      invalid = false;
    if (opcode === 0x0f) {
      opcode = src[at++]!;
      space = 1;
      if (opcode === 0x38) {
        opcode = src[at++]!;
        space = 2;
      } else if (opcode === 0x3a) {
        opcode = src[at++]!;
        space = 3;
      }
    } else if (opcode === 0xc5) {
      const p = src[at++]!;
      vex = true;
      wrxb = ((p >> 5) & 4) ^ 4;
      out.vvvv = ((p >> 3) & 15) ^ 15;
      out.vexL = (p >> 2) & 1;
      column = p & 3;
      space = VEX_SPACE + 1;
      opcode = src[at++]!;
    } else if (opcode === 0xc4) {
      const p0 = src[at++]!;
      const p1 = src[at++]!;
      vex = true;
      wrxb = ((p0 >> 5) ^ 7) | ((p1 >> 4) & 8);
      out.vvvv = ((p1 >> 3) & 15) ^ 15;
      out.vexL = (p1 >> 2) & 1;
      column = p1 & 3;
      const map = p0 & 31;
      if (map >= 1 && map <= 3) space = VEX_SPACE + map;
      else {
        invalid = true;
        space = VEX_SPACE + 2;
      }
      opcode = src[at++]!;
    } else if (opcode === 0x62) {
      const p0 = src[at++]!;
      const p1 = src[at++]!;
      const p2 = src[at++]!;
      vex = evex = true;
      wrxb = ((p0 >> 5) ^ 7) | ((p1 >> 4) & 8);
      out.vvvv = ((p1 >> 3) & 15) ^ 15;
      out.vexL = (p2 >> 5) & 3;
      column = p1 & 3;
      out.evex = p0 | (p1 << 8) | (p2 << 16);
      invalid = (p0 & 8) !== 0 || (p1 & 4) === 0;
      space = evexSpace(p0 & 7);
      opcode = src[at++]!;
    } else if (opcode === 0x8f && (src[at]! & 0x38) !== 0) {
      // XOP, or pop with another reg field: #UD.
      invalid = true;
    }
    if (vex && (prefix66 || rep !== 0 || lock || rex !== 0)) invalid = true;
    out.opcode = opcode;

    const attribute = attributes[space * 256 + opcode]!;
    if (attribute === NOT_AN_OPCODE) {
      out.length = at - start;
      out.operandSize = 32;
      return this.#end(DecodeStatus.invalid, out.length, available);
    }

    // ModRM, SIB, displacement.
    let modrm = 0;
    if ((attribute & HAS_MODRM) !== 0) {
      modrm = src[at++]!;
      out.modrm = modrm;
      out.reg = ((modrm >> 3) & 7) | ((wrxb & 4) << 1);
      let rm = modrm & 7;
      if (modrm >= 0xc0 || (attribute & REGISTER_ONLY) !== 0) out.rm = rm | ((wrxb & 1) << 3);
      else {
        out.memory = true;
        const mod = modrm >> 6;
        let wide = mod === 2;
        if (rm === 4) {
          const sib = src[at++]!;
          const index = ((sib >> 3) & 7) | ((wrxb & 2) << 2);
          if (index !== 4) out.index = index;
          out.scale = sib >> 6;
          rm = sib & 7;
          if (rm === 5 && mod === 0) wide = true;
          else out.base = rm | ((wrxb & 1) << 3);
        } else if (rm === 5 && mod === 0) {
          out.ripRelative = true;
          wide = true;
        } else out.base = rm | ((wrxb & 1) << 3);
        if (wide) {
          out.disp = src[at]! | (src[at + 1]! << 8) | (src[at + 2]! << 16) | (src[at + 3]! << 24);
          at += 4;
        } else if (mod === 1) out.disp = (src[at++]! << 24) >> 24;
      }
    } else out.rm = (opcode & 7) | ((wrxb & 1) << 3);

    // The row.
    const block = evex ? 0 : this.#blocks[space * 256 + opcode]!;
    let row = -1;
    let flags = 0;
    if (block !== 0) {
      let cell = 0;
      if ((block & BY_PREFIX) !== 0) cell = column;
      if ((block & BY_W) !== 0) cell = cell * 2 + (wrxb >> 3);
      if ((block & BY_L) !== 0) cell = cell * 2 + out.vexL;
      if ((block & BY_B) !== 0) cell = cell * 2 + (wrxb & 1);
      if ((block & BY_REG) !== 0) cell = cell * 16 + (out.memory ? 0 : 8) + ((modrm >> 3) & 7);
      else if ((block & BY_MODRM) !== 0) cell = cell * 256 + modrm;
      row = this.#cells[(block & BLOCK_BASE) + cell]!;
      if (row >= 0) flags = this.#rowFlags[row]!;
    }
    if (row < 0 && this.#addKnown !== undefined) {
      this.#addKnown();
      return this.decode(bytes, offset, end, address, out);
    }
    const wide = (wrxb & 8) !== 0;
    if (evex && !invalid) {
      out.operandSize = wide ? 64 : 32;
      row = this.#evexRow(out);
    }
    out.row = row;
    if (vex) out.operandSize = wide ? 64 : 32;
    else if (wide || (flags & ROW_F64) !== 0) out.operandSize = 64;
    else if (prefix66 && (flags & ROW_IGNORES_66) === 0) out.operandSize = 16;
    else out.operandSize = (flags & ROW_D64) !== 0 ? 64 : 32;

    // Immediates.
    let immediate = (attribute >> IMM_SHIFT) & IMM_MASK;
    if (immediate !== 0) {
      if (immediate === IMM_TEST_B || immediate === IMM_TEST_Z) {
        immediate = (modrm & 0x30) !== 0 ? 0 : immediate === IMM_TEST_B ? IMM_B : IMM_Z;
      }
      if (immediate === IMM_B) at = immediate8(src, at, out);
      else if (immediate !== 0) at = longImmediate(immediate, src, at, prefix66 && !wide ? 16 : wide ? 64 : 32, out);
    } else if (space === 1 && opcode === 0x78 && (column === 1 || column === 3)) {
      // extrq and insertq (SSE4a) have two immediates, vmread none.
      at = immediate8(src, at, out);
      out.imm2 = (src[at++]! << 24) >> 24;
    }

    const length = at - start;
    out.length = length;
    let status: DecodeStatus = DecodeStatus.ok;
    if (invalid) status = DecodeStatus.invalid;
    else if (row < 0) status = DecodeStatus.invalid;
    else if (evex) status = DecodeStatus.unimplemented;
    else {
      if ((flags & ROW_UNIMPLEMENTED) !== 0) status = DecodeStatus.unimplemented;
      if (lock && ((flags & ROW_LOCK) === 0 || !out.memory)) status = DecodeStatus.invalid;
      if ((flags & ROW_SEGMENT) !== 0 && (modrm & 0x38) > 0x28) status = DecodeStatus.invalid;
      if ((flags & ROW_CONTROL) !== 0 && out.reg !== 0 && out.reg !== 8 && (out.reg < 2 || out.reg > 4)) status = DecodeStatus.invalid;
      if ((flags & ROW_NO_REP) !== 0 && rep !== 0) status = DecodeStatus.invalid;
      if ((flags & ROW_DEBUG) !== 0 && out.reg > 7) status = DecodeStatus.invalid;
      if (out.vvvv !== 0 && (flags & ROW_NO_VVVV) !== 0) status = DecodeStatus.invalid;
      if ((flags & ROW_VSIB) !== 0 && !vectorIndex(out)) status = DecodeStatus.invalid;
    }
    if (length > available || length > MAX_LENGTH) return this.#end(status, length, available);
    return status;
  }

  #evexRow(out: Decoded): number {
    if (this.#addEvex === undefined) return -1;
    if (this.#evexBase < 0) this.#evexBase = this.#addEvex();
    const row = decodeEvex(out);
    return row < 0 ? -1 : this.#evexBase + row;
  }

  /** The status once the length is known to have been read. */
  #end(status: DecodeStatus, length: number, available: number): DecodeStatus {
    if (length > MAX_LENGTH && available >= MAX_LENGTH) return DecodeStatus.tooLong;
    return length > available ? DecodeStatus.truncated : status;
  }
}

/** Makes the index what it is as a vector register; false where the address has none, or destination, mask and index are not three. */
function vectorIndex(out: Decoded): boolean {
  // Register 4 is an index like the others.
  if (out.index < 0) out.index = 4;
  return (out.modrm & 7) === 4 && out.reg !== out.index && out.reg !== out.vvvv && out.index !== out.vvvv;
}

function immediate8(src: Uint8Array, at: number, out: Decoded): number {
  out.imm = (src[at]! << 24) >> 24;
  out.immHigh = out.imm >> 31;
  return at + 1;
}

function int32(src: Uint8Array, at: number): number {
  return src[at]! | (src[at + 1]! << 8) | (src[at + 2]! << 16) | (src[at + 3]! << 24);
}

/** Reads an immediate of more than a byte; returns where it ends. */
function longImmediate(kind: number, src: Uint8Array, at: number, operandSize: number, out: Decoded): number {
  if (kind === IMM_MOFFS) {
    out.disp = int32(src, at);
    out.memory = true;
    if (out.addressSize === 32) return at + 4;
    out.dispHigh = int32(src, at + 4);
    return at + 8;
  }
  if (kind === IMM_W || kind === IMM_ENTER || (operandSize === 16 && kind !== IMM_J)) {
    out.imm = ((src[at]! | (src[at + 1]! << 8)) << 16) >> 16;
    out.immHigh = out.imm >> 31;
    if (kind !== IMM_ENTER) return at + 2;
    out.imm2 = (src[at + 2]! << 24) >> 24;
    return at + 3;
  }
  out.imm = int32(src, at);
  if (kind === IMM_V && operandSize === 64) {
    out.immHigh = int32(src, at + 4);
    return at + 8;
  }
  out.immHigh = out.imm >> 31;
  return at + 4;
}
