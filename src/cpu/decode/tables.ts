/**
 * From declared rows to flat lookup tables.
 *
 * Every (opcode space, opcode) has a block of cells, one for each combination of what its rows distinguish: mandatory prefix, W, VEX.L, REX.B
 * (for a plain opcode inside a `+r` row: nop against xchg r8), ModRM reg and form, or the whole ModRM byte. A cell holds the row's index or -1.
 * A row whose encodings are a proper part of another's refines it (66 0F ... beside 0F ..., REX.W beside any W); two rows that overlap in any
 * other way are an error naming both.
 */

import type { Feature, Insn, RowSpec } from "../isa/insn.ts";
import { featuresOf } from "../isa/insn.ts";
import { parseRow } from "../isa/notation.ts";
import { allFeatures } from "./features.ts";
import {
  HAS_MODRM,
  IMM_B,
  IMM_ENTER,
  IMM_J,
  IMM_MASK,
  IMM_MOFFS,
  IMM_NONE,
  IMM_SHIFT,
  IMM_TEST_B,
  IMM_TEST_Z,
  IMM_V,
  IMM_W,
  IMM_Z,
  NOT_AN_OPCODE,
  SPACES,
  VEX_SPACE,
} from "./attributes.ts";

/** A block's descriptor: base in the low 24 bits, then which dimensions its cells have. */
export const BLOCK_BASE: number = 0xff_ffff;
export const BY_PREFIX: number = 1 << 24;
export const BY_W: number = 1 << 25;
export const BY_L: number = 1 << 26;
export const BY_B: number = 1 << 27;
/** Sixteen cells: register form 8, reg 0 to 7. */
export const BY_REG: number = 1 << 28;
export const BY_MODRM: number = 1 << 29;

/** Per-row properties that the decoder needs, as bits. */
export const ROW_D64: number = 1;
export const ROW_F64: number = 2;
export const ROW_IGNORES_66: number = 4;
export const ROW_LOCK: number = 8;
/** A VEX row without a vvvv operand: vvvv must be 1111. */
export const ROW_NO_VVVV: number = 16;
/** From the known rows: named, not implemented. */
export const ROW_UNIMPLEMENTED: number = 32;

/** ModRM.reg is a segment register: 6 and 7 are none. */
export const ROW_SEGMENT: number = 64;

/** ModRM.reg is a control register: 0, 2, 3, 4 or 8. */
export const ROW_CONTROL: number = 128;

/** ModRM.reg is a debug register: 0 to 7. */
export const ROW_DEBUG: number = 512;

/** F2 and F3 are #UD. */
export const ROW_NO_REP: number = 1024;

/** The index of the address is a vector register, different from destination and mask. */
export const ROW_VSIB: number = 256;

export interface Tables {
  /** Declared rows of announced features, then (from `implemented` on) the known ones. */
  readonly rows: readonly RowSpec[];
  readonly implemented: number;
  /** Block descriptor of opcode `o` in space `s` at `s * 256 + o`, 0 where no row is. */
  readonly blocks: Int32Array;
  readonly cells: Int16Array;
  readonly rowFlags: Uint16Array;
}

const PREFIX_COLUMN: Readonly<Record<RowSpec["prefix"], number>> = { "": -1, NP: 0, "66": 1, F3: 2, F2: 3 };

function spaceOf(row: RowSpec): number {
  return row.vex === undefined ? row.map : row.map + VEX_SPACE;
}

/** Whether every ModRM byte of `a` is one of `b`. */
function modrmWithin(a: RowSpec, b: RowSpec): boolean {
  if (b.modrmByte !== undefined) {
    if (a.modrmByte === undefined) return false;
    return b.plusI ? (a.modrmByte & 0xf8) === b.modrmByte : !a.plusI && a.modrmByte === b.modrmByte;
  }
  const reg = a.modrmByte === undefined ? a.reg : (a.modrmByte >> 3) & 7;
  return (b.reg === undefined || reg === b.reg) && (b.form === "any" || a.form === b.form);
}

function within(a: RowSpec, b: RowSpec): boolean {
  return (
    (b.prefix === "" || a.prefix === b.prefix) &&
    (b.w === undefined || a.w === b.w) &&
    (b.vex?.l === undefined || a.vex?.l === b.vex.l) &&
    (b.plusR || !a.plusR) &&
    modrmWithin(a, b)
  );
}

function describe(row: RowSpec): string {
  return `"${row.text}" of ${row.mnemonic}`;
}

/** The row that a cell claimed by both belongs to. */
function narrower(a: RowSpec, b: RowSpec): RowSpec {
  const ab = within(a, b),
    ba = within(b, a);
  if (ab && !ba) return a;
  if (ba && !ab) return b;
  throw new Error(`two rows claim one encoding: ${describe(a)} and ${describe(b)}`);
}

function immediateKind(row: RowSpec): number {
  let kind = IMM_NONE,
    count = 0;
  for (const operand of row.operands) {
    if (operand.kind === "I" || operand.kind === "J" || operand.kind === "O" || operand.kind === "L") {
      count++;
      if (operand.kind === "O") kind = IMM_MOFFS;
      else if (operand.kind === "L" || operand.size === "b" || operand.size === "bs") kind = kind === IMM_W ? IMM_ENTER : IMM_B;
      else if (operand.kind === "J") kind = IMM_J;
      else kind = operand.size === "w" ? IMM_W : operand.size === "v" ? IMM_V : IMM_Z;
    }
  }
  return count > 2 ? -1 : kind;
}

/** Throws an Error where the row's operands do not agree with the length table at index `at`. */
export function checkLength(row: RowSpec, attributes: Uint8Array, at: number): void {
  const attribute = attributes[at] ?? NOT_AN_OPCODE;
  const kind = (attribute >> IMM_SHIFT) & IMM_MASK;
  const expected = kind === IMM_TEST_B || kind === IMM_TEST_Z ? ((row.reg ?? 8) > 1 ? IMM_NONE : kind === IMM_TEST_B ? IMM_B : IMM_Z) : kind;
  const claimed = immediateKind(row);
  // xbegin's displacement shrinks with 66, unlike other near branches'.
  if (claimed === IMM_J && expected === IMM_Z && row.map === 0) return;
  const extrq = row.map === 1 && row.opcode === 0x78 && claimed === IMM_B;
  if (attribute === NOT_AN_OPCODE || ((attribute & HAS_MODRM) !== 0) !== row.modrm || (claimed !== expected && !extrq)) {
    throw new Error(`row ${describe(row)} contradicts the length table (src/cpu/decode/attributes.ts)`);
  }
}

function flagsOf(row: RowSpec, implemented: boolean): number {
  let flags = 0;
  if (row.d64) flags |= ROW_D64;
  if (row.f64) flags |= ROW_F64;
  if (row.nov || row.prefix === "66") flags |= ROW_IGNORES_66;
  const destination = row.operands[0]?.kind;
  if (row.insn.properties.lock === true && (destination === "E" || destination === "M")) flags |= ROW_LOCK;
  if (row.vex !== undefined && !row.operands.some((operand) => operand.kind === "H" || operand.kind === "B")) flags |= ROW_NO_VVVV;
  if (row.operands.some((operand) => operand.kind === "S")) flags |= ROW_SEGMENT;
  if (row.operands.some((operand) => operand.kind === "C")) flags |= ROW_CONTROL;
  if (row.operands.some((operand) => operand.kind === "D")) flags |= ROW_DEBUG;
  if (row.insn.properties.noRep === true) flags |= ROW_NO_REP;
  if (row.vsib) flags |= ROW_VSIB;
  if (!implemented) flags |= ROW_UNIMPLEMENTED;
  return flags;
}

/** Which dimensions the rows of one opcode distinguish. */
function dimensions(rows: readonly RowSpec[]): number {
  let dims = 0;
  for (const row of rows) {
    if (row.prefix !== "" || (row.vex === undefined && row.map >= 2)) dims |= BY_PREFIX;
    if (row.w !== undefined) dims |= BY_W;
    if (row.vex?.l !== undefined) dims |= BY_L;
    if (row.modrmByte !== undefined) dims |= BY_MODRM;
    else if (row.reg !== undefined || row.form !== "any") dims |= BY_REG;
  }
  if (rows.some((row) => row.plusR) && rows.some((row) => !row.plusR)) dims |= BY_B;
  return (dims & BY_MODRM) !== 0 ? dims & ~BY_REG : dims;
}

function cellCount(dims: number): number {
  let count = 1;
  if ((dims & BY_PREFIX) !== 0) count *= 4;
  if ((dims & BY_W) !== 0) count *= 2;
  if ((dims & BY_L) !== 0) count *= 2;
  if ((dims & BY_B) !== 0) count *= 2;
  if ((dims & BY_REG) !== 0) count *= 16;
  if ((dims & BY_MODRM) !== 0) count *= 256;
  return count;
}

/** Calls `claim` with the index, within the block, of every cell that `row` claims. */
function eachCell(row: RowSpec, dims: number, claim: (cell: number) => void): void {
  const prefix = PREFIX_COLUMN[row.prefix];
  const l = row.vex?.l;
  // In 0F38 and 0F3A F2 and F3 are always part of the opcode: movbe with F3 is #UD.
  const free = row.vex === undefined && row.map >= 2 ? 1 : 3;
  const [p0, p1] = (dims & BY_PREFIX) === 0 ? [0, 0] : prefix < 0 ? [0, free] : [prefix, prefix];
  const [w0, w1] = (dims & BY_W) === 0 ? [0, 0] : row.w === undefined ? [0, 1] : [row.w, row.w];
  const [l0, l1] = (dims & BY_L) === 0 ? [0, 0] : l === undefined ? [0, 1] : [l, l];
  const b1 = (dims & BY_B) !== 0 && row.plusR ? 1 : 0;
  let m0 = 0,
    m1 = 0;
  const byModrm = (dims & BY_MODRM) !== 0,
    byReg = (dims & BY_REG) !== 0;
  if (byModrm) {
    m1 = 255;
    if (row.modrmByte !== undefined) [m0, m1] = [row.modrmByte, row.modrmByte + (row.plusI ? 7 : 0)];
  } else if (byReg) m1 = 15;
  for (let p = p0; p <= p1; p++) {
    for (let w = w0; w <= w1; w++) {
      for (let vl = l0; vl <= l1; vl++) {
        for (let b = 0; b <= b1; b++) {
          let cell = 0;
          if ((dims & BY_PREFIX) !== 0) cell = p;
          if ((dims & BY_W) !== 0) cell = cell * 2 + w;
          if ((dims & BY_L) !== 0) cell = cell * 2 + vl;
          if ((dims & BY_B) !== 0) cell = cell * 2 + b;
          cell *= byModrm ? 256 : byReg ? 16 : 1;
          for (let m = m0; m <= m1; m++) {
            const reg = byModrm ? (m >> 3) & 7 : m & 7;
            const isRegister = byModrm ? m >= 0xc0 : m >= 8;
            if (byModrm || byReg) {
              if (row.reg !== undefined && row.reg !== reg) continue;
              if (row.form !== "any" && (row.form === "reg") !== isRegister) continue;
            }
            claim(cell + m);
          }
        }
      }
    }
  }
}

/**
 * Builds the tables for `insns`, leaving out rows of features that `features` lacks, and for the `known` rows that nothing declares.
 * Throws an Error where a row is malformed, contradicts the length table, or claims what another row claims.
 */
export function buildTables(insns: readonly Insn[], known: readonly Insn[], features: ReadonlySet<Feature>, attributes: Uint8Array): Tables {
  const rows: RowSpec[] = [];
  for (const declared of insns) {
    if (!featuresOf(declared).every((feature) => features.has(feature))) continue;
    for (const text of declared.rows) for (const row of parseRow(text, declared)) rows.push(row);
  }
  const implemented = rows.length;
  for (const declared of known) {
    if (featuresOf(declared).some((feature) => !features.has(feature) && allFeatures.has(feature))) continue;
    for (const text of declared.rows) for (const row of parseRow(text, declared)) rows.push(row);
  }

  const claims: (number[] | undefined)[] = Array.from({ length: SPACES * 256 });
  const rowFlags = new Uint16Array(rows.length);
  for (const [index, row] of rows.entries()) {
    const at = spaceOf(row) * 256 + row.opcode;
    for (let i = row.plusR ? 7 : 0; i >= 0; i--) {
      checkLength(row, attributes, at + i);
      (claims[at + i] ??= []).push(index);
    }
    rowFlags[index] = flagsOf(row, index < implemented);
  }

  const blocks = new Int32Array(SPACES * 256);
  let cells = new Int16Array(1 << 14).fill(-1);
  let used = 1;
  for (const [at, indices] of claims.entries()) {
    if (indices === undefined) continue;
    const dims = dimensions(indices.map((index) => rows[index]!));
    const base = used;
    used += cellCount(dims);
    if (used > cells.length) {
      const larger = new Int16Array(Math.max(used, cells.length * 2)).fill(-1);
      larger.set(cells);
      cells = larger;
    }
    blocks[at] = base | dims;
    for (const index of indices) {
      const row = rows[index]!;
      eachCell(row, dims, (cell) => {
        const other = cells[base + cell]!;
        // A known row yields to declared ones, unless it refines them for a feature that is announced: tzcnt is not to run as rep bsf there.
        if (other < 0) cells[base + cell] = index;
        else if (index < implemented || other >= implemented) cells[base + cell] = narrower(rows[other]!, row) === row ? index : other;
        else if (row.insn.properties.feature !== undefined && within(row, rows[other]!) && !within(rows[other]!, row)) cells[base + cell] = index;
      });
    }
  }
  return { rows, implemented, blocks, cells: cells.slice(0, used), rowFlags };
}
