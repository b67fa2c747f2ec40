/**
 * Decoded code as the interpreter reads it: records of 32 bytes in the arena, in program order, one block after another.
 *
 *      0  u16 handler       which code runs it
 *      2  u16 count         in a block's first record: instructions in the block
 *      4  u16 a             register operands in order: offset of the register's bytes in the CPU state
 *      6  u16 b
 *      8  u16 base          address: offsets of the base and index registers (ZERO where there is none),
 *     10  u16 index
 *     12  u8  scale         log2
 *     13  u8  segment       low byte of the offset of the segment's base (ZERO, FS_BASE, GS_BASE)
 *     14  u16 c             third register operand; vector register that is an index; in branches: instructions of the block that a taken branch skips
 *     16  i64 disp          displacement (absolute where it was relative to RIP), or a 64-bit immediate, or the next RIP of a direct call
 *     24  i32 imm           sign-extended immediate; the offset of a register that an immediate names; with indirect calls the next RIP in 24..31
 *     28  u32 link          branch target: address of a record; or the second immediate
 */

import type { Form } from "../form.ts";
import type { Decoded } from "../isa/insn.ts";
import { FS_BASE, GPR, GS_BASE, SELECTORS, VECTORS, VECTOR_STRIDE, X87_REGISTERS, ZERO } from "../state.ts";

export const RECORD = 32;
export const COUNT = 2;
export const REGISTER_FIELDS: readonly number[] = [4, 6, 14];
export const BASE = 8;
export const INDEX = 10;
export const SCALE = 12;
export const SEGMENT = 13;
export const VECTOR_INDEX = 14;
export const SKIPPED = 14;
export const DISP = 16;
export const IMM = 24;
export const LINK = 28;

/** In a record that a region begins at: how often it was left, and instructions that it has run (i64). Its LINK is the block of the interpreter. */
export const RUNS = 24;
export const RUN_INSTRUCTIONS = 16;

/** Handlers that are not instructions. */
export const RESOLVE = 0;
export const GOTO = 1;
export const STOP = 2;
export const FIRST_FORM = 3;

/** Field of register operand `operand`. */
export function registerField(form: Form, operand: number): number {
  if (form.row.operands[operand]?.kind === "L") return IMM;
  let taken = 0;
  for (let i = 0; i < operand; i++) if (isRegister(form, i)) taken++;
  const field = REGISTER_FIELDS[taken];
  if (field === undefined) throw new Error(`${form.key} has too many register operands`);
  return field;
}

function isRegister(form: Form, index: number): boolean {
  switch (form.row.operands[index]?.kind) {
    case "E":
    case "W":
    case "Q":
      return form.mode === "none";
    case "M":
    case "I":
    case "L":
    case "J":
    case "O":
    case "X":
    case "Y":
    case "fixed":
    case undefined:
      return false;
    default:
      return true;
  }
}

/** Immediates of 64 bits lie in the disp field, which is free: their rows have no memory operand. */
export function hasWideImmediate(form: Form): boolean {
  return form.operandSize === 64 && form.row.operands.some((o) => o.kind === "I" && o.size === "v");
}

/** Direct calls keep the next RIP in the disp field, others beside the immediate. */
export function nextRipField(form: Form): number {
  return form.row.operands.some((o) => o.kind === "J") ? DISP : IMM;
}

function generalOffset(number: number, byteWithoutRex: boolean): number {
  return byteWithoutRex && number >= 4 && number < 8 ? GPR + 8 * (number - 4) + 1 : GPR + 8 * number;
}

/** Offset in the CPU state of the bytes of register operand `index`; -1 where that is no register. */
export function operandOffset(form: Form, decoded: Decoded, index: number): number {
  const operand = form.row.operands[index];
  if (operand === undefined) return -1;
  const bytes = operand.size === "b" && decoded.rex === 0 && form.row.vex === undefined;
  switch (operand.kind) {
    case "G":
      return generalOffset(decoded.reg, bytes);
    case "E":
      return decoded.memory ? -1 : generalOffset(decoded.rm, bytes);
    case "R":
    case "Z":
      return generalOffset(decoded.rm, bytes);
    case "B":
      return GPR + 8 * decoded.vvvv;
    case "V":
      return VECTORS + VECTOR_STRIDE * decoded.reg;
    case "W":
      return decoded.memory ? -1 : VECTORS + VECTOR_STRIDE * decoded.rm;
    case "U":
      return VECTORS + VECTOR_STRIDE * decoded.rm;
    case "H":
      return VECTORS + VECTOR_STRIDE * decoded.vvvv;
    case "L":
      return VECTORS + VECTOR_STRIDE * ((decoded.imm >> 4) & 15);
    case "P":
      return X87_REGISTERS + 16 * (decoded.reg & 7);
    case "Q":
      return decoded.memory ? -1 : X87_REGISTERS + 16 * (decoded.rm & 7);
    case "N":
      return X87_REGISTERS + 16 * (decoded.rm & 7);
    case "S":
      return SELECTORS + 2 * (decoded.reg & 7);
    default:
      return -1;
  }
}

/** Writes the operand fields of one decoded instruction at `at`. Handler, count and links are the caller's. */
export function writeRecord(view: DataView, at: number, form: Form, decoded: Decoded): void {
  const { row } = form;
  let field = 0;
  let immediates = 0;
  for (let i = 0; i < row.operands.length; i++) {
    const operand = row.operands[i];
    if (operand === undefined) continue;
    switch (operand.kind) {
      case "L":
        view.setInt32(at + IMM, operandOffset(form, decoded, i), true);
        continue;
      case "I":
        if (immediates++ === 0) {
          if (operand.size === "v" && form.operandSize === 64) {
            view.setInt32(at + DISP, decoded.imm, true);
            view.setInt32(at + DISP + 4, decoded.immHigh, true);
          } else {
            view.setInt32(at + IMM, decoded.imm, true);
          }
        } else {
          view.setInt32(at + LINK, decoded.imm2, true);
        }
        continue;
      case "fixed":
        if (operand.size === "STi") view.setInt32(at + IMM, decoded.rm & 7, true);
        continue;
      default: {
        const offset = operandOffset(form, decoded, i);
        if (offset >= 0) view.setUint16(at + (REGISTER_FIELDS[field++] ?? 0), offset, true);
      }
    }
  }
  if (form.mode !== "none") writeAddress(view, at, decoded, form);
}

/** Offset in the CPU state of the base of the instruction's segment. */
export function segmentOffset(decoded: Decoded): number {
  return decoded.segment === 4 ? FS_BASE : decoded.segment === 5 ? GS_BASE : ZERO;
}

/** pop to memory computes its address with RSP already raised (SDM, POP). */
function raisedStack(form: Form, decoded: Decoded): number {
  return form.row.insn.mnemonic === "pop" && decoded.base === 4 ? form.operandSize / 8 : 0;
}

/** What is added to an address's registers: low half (signed), and the high half where that is not its sign. */
export function displacementLow(form: Form, decoded: Decoded): number {
  if (decoded.ripRelative) return ((decoded.address + decoded.length + decoded.disp) % 0x1_0000_0000) | 0;
  return (decoded.disp + raisedStack(form, decoded)) | 0;
}

export function displacementHigh(form: Form, decoded: Decoded): number {
  if (decoded.ripRelative) return Math.floor((decoded.address + decoded.length + decoded.disp) / 0x1_0000_0000);
  return form.row.operands.some((o) => o.kind === "O") ? decoded.dispHigh : displacementLow(form, decoded) >> 31;
}

function writeAddress(view: DataView, at: number, decoded: Decoded, form: Form): void {
  view.setUint16(at + BASE, decoded.base < 0 ? ZERO : GPR + 8 * decoded.base, true);
  const { vsib } = form.row;
  if (vsib) view.setUint16(at + VECTOR_INDEX, VECTORS + VECTOR_STRIDE * decoded.index, true);
  view.setUint16(at + INDEX, vsib || decoded.index < 0 ? ZERO : GPR + 8 * decoded.index, true);
  view.setUint8(at + SCALE, decoded.scale);
  view.setUint8(at + SEGMENT, segmentOffset(decoded) & 0xff);
  view.setInt32(at + DISP, displacementLow(form, decoded), true);
  view.setInt32(at + DISP + 4, displacementHigh(form, decoded), true);
}

/** A guest address (or any integer of 53 bits) as i64. */
export function writeAddress64(view: DataView, at: number, address: number): void {
  view.setInt32(at, (address % 0x1_0000_0000) | 0, true);
  view.setInt32(at + 4, Math.floor(address / 0x1_0000_0000), true);
}

export function readAddress64(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 0x1_0000_0000;
}
