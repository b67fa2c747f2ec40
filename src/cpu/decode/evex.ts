/** EVEX (SDM volume 2, 2.7): which row an instruction is, and what its prefix makes of the operands. Used where instructions are named: nothing executes them. */

import { specBits } from "../form.ts";
import { evexInsns } from "../isa/evex.ts";
import type { Decoded, EvexSpec, Feature, RowSpec } from "../isa/insn.ts";
import { featuresOf } from "../isa/insn.ts";
import { parseRow } from "../isa/notation.ts";
import { buildAttributes, VEX_SPACE } from "./attributes.ts";
import { checkLength } from "./tables.ts";

export type EvexRow = RowSpec & { readonly evex: EvexSpec };

/** Fields of `Decoded.evex`: the first byte's map, the second's pp, the third's z, b and aaa. */
const MAP = 7;
const NOT_R4 = 1 << 4;
const NOT_X = 1 << 6;
const PP = 8;
const BROADCAST = 1 << 20;
const NOT_V4 = 1 << 19;
const MASK = 16;
const ZEROING = 1 << 23;
const LENGTH = 21;

/** Number of the opmask, 0 where there is none. */
export function opmaskOf(decoded: Decoded): number {
  return (decoded.evex >> MASK) & 7;
}

export function isZeroing(decoded: Decoded): boolean {
  return (decoded.evex & ZEROING) !== 0;
}

/** EVEX.b: an element for all of a vector where there is memory, otherwise rounding or no exceptions. */
export function hasEvexB(decoded: Decoded): boolean {
  return (decoded.evex & BROADCAST) !== 0;
}

/** EVEX.L'L as it stands: the rounding mode where that is given. */
export function evexLength(decoded: Decoded): number {
  return (decoded.evex >> LENGTH) & 3;
}

/** The space of the length table that an EVEX map's opcodes have theirs in. */
export function evexSpace(map: number): number {
  return VEX_SPACE + (map === 1 || map === 3 ? map : 2);
}

const PREFIXES: readonly RowSpec["prefix"][] = ["NP", "66", "F3", "F2"];

/** Rows by map, mandatory prefix and opcode. */
interface EvexTables {
  readonly rows: readonly EvexRow[];
  readonly byOpcode: ReadonlyMap<number, readonly number[]>;
}

let tables: EvexTables | undefined;

function keyOf(map: number, column: number, opcode: number): number {
  return ((map << 2) | column) * 256 + opcode;
}

function build(): EvexTables {
  const attributes = buildAttributes();
  const rows: EvexRow[] = [];
  const byOpcode = new Map<number, number[]>();
  for (const declared of evexInsns()) {
    for (const text of declared.rows) {
      for (const row of parseRow(text, declared)) {
        const { evex, map, prefix, opcode } = row;
        if (evex === undefined) throw new Error(`row "${text}" of ${declared.mnemonic} is not an EVEX row`);
        checkLength(row, attributes, evexSpace(map) * 256 + opcode);
        const key = keyOf(map, PREFIXES.indexOf(prefix), opcode);
        const known = byOpcode.get(key);
        if (known === undefined) byOpcode.set(key, [rows.length]);
        else known.push(rows.length);
        rows.push({ ...row, evex });
      }
    }
  }
  return { rows, byOpcode };
}

/** All EVEX rows; what {@link decodeEvex} returns indexes them. Made at the first call. */
export function evexRows(): readonly EvexRow[] {
  return (tables ??= build()).rows;
}

/** Whether EVEX.b in front of registers is a rounding mode or the suppression of exceptions here. */
function rounds(row: EvexRow, decoded: Decoded): boolean {
  return hasEvexB(decoded) && !decoded.memory && row.evex.rounding !== "";
}

function matches(row: EvexRow, decoded: Decoded): boolean {
  const { w, reg, form, evex } = row;
  if (w !== undefined && (w === 1) !== (decoded.operandSize === 64)) return false;
  if (reg !== undefined && reg !== ((decoded.modrm >> 3) & 7)) return false;
  if (form !== "any" && (form === "mem") !== decoded.memory) return false;
  if (rounds(row, decoded)) return (evex.lengths & 4) !== 0;
  return (evex.lengths & (1 << decoded.vexL)) !== 0;
}

/** Products of complex numbers, whose destination is no source. */
function isComplexProduct(row: EvexRow): boolean {
  return row.map === 6 && /^vfc?m(add|ul)c[ps]h$/.test(row.mnemonic);
}

/** Whether the prefix has nothing that the row does not allow. */
function allowed(row: EvexRow, decoded: Decoded): boolean {
  const { evex, operands, vsib } = row;
  const mask = opmaskOf(decoded);
  if (mask !== 0 && evex.mask === "") return false;
  if (vsib && (mask === 0 || (decoded.modrm & 7) !== 4 || (operands[0]?.kind === "V" && decoded.reg === decoded.index))) return false;
  if (isComplexProduct(row) && (decoded.reg === decoded.vvvv || (!decoded.memory && decoded.reg === decoded.rm))) return false;
  if (isZeroing(decoded) && (mask === 0 || evex.mask !== "kz" || (decoded.memory && "WME".includes(operands[0]?.kind ?? "")))) return false;
  if (hasEvexB(decoded) && (decoded.memory ? evex.broadcast === 0 : evex.rounding === "")) return false;
  if (operands.some(({ kind }) => kind === "H")) return true;
  return (vsib ? decoded.vvvv & 15 : decoded.vvvv) === 0;
}

/** Makes the operands' numbers those of 32 registers; those that are no vector registers have fewer. */
function extendRegisters(row: EvexRow, decoded: Decoded): boolean {
  const { evex } = decoded;
  const high = { reg: (evex & NOT_R4) === 0 ? 16 : 0, rm: (evex & NOT_X) === 0 ? 16 : 0, vvvv: (evex & NOT_V4) === 0 ? 16 : 0 };
  decoded.vvvv |= high.vvvv;
  if (row.vsib) {
    if (decoded.index < 0) decoded.index = 4;
    decoded.index |= high.vvvv;
  }
  for (const { kind, size } of row.operands) {
    if (kind === "V" && size === "k") {
      if ((decoded.reg | high.reg) > 7) return false;
    } else if (kind === "V") decoded.reg |= high.reg;
    else if (kind === "G" && high.reg !== 0) return false;
    else if ((kind === "W" || kind === "U") && size !== "k" && !decoded.memory) decoded.rm |= high.rm;
  }
  return true;
}

/** Bytes that an 8-bit displacement counts. */
function displacementUnit(row: EvexRow, decoded: Decoded): number {
  if (hasEvexB(decoded)) return row.evex.broadcast / 8;
  if (row.evex.unit !== 0) return row.evex.unit;
  const operand = row.operands.find(({ kind }) => "WME".includes(kind));
  return operand === undefined ? 1 : Math.max(1, specBits(operand, decoded.operandSize, decoded.vexL) / 8);
}

/**
 * The index of the row that `decoded`, which is decoded but for that, is an instruction of; -1 where it is none. Register numbers and the displacement are then
 * what EVEX makes of them, and `vexL` is the length also where the prefix has a rounding mode in its place.
 */
export function decodeEvex(decoded: Decoded): number {
  const { rows, byOpcode } = (tables ??= build());
  const { evex } = decoded;
  const candidates = byOpcode.get(keyOf(evex & MAP, (evex >> PP) & 3, decoded.opcode)) ?? [];
  const index = candidates.find((candidate) => matches(rows[candidate]!, decoded));
  if (index === undefined) return -1;
  const row = rows[index]!;
  if (!extendRegisters(row, decoded) || !allowed(row, decoded)) return -1;
  if (rounds(row, decoded)) decoded.vexL = 2;
  if (decoded.memory && decoded.modrm >= 0x40 && decoded.modrm < 0x80) decoded.disp *= displacementUnit(row, decoded);
  return index;
}

/** What a processor must announce for an instruction: for EVEX vectors of less than 512 bits AVX512VL too. */
export function requiredFeatures(row: RowSpec, decoded: Decoded): readonly Feature[] {
  const { evex, insn } = row;
  const features = featuresOf(insn);
  return evex !== undefined && evex.lengths !== 1 && !evex.lengthIgnored && decoded.vexL < 2 ? [...features, "avx512vl"] : features;
}
