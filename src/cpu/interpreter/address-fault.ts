/** What an access raises for its address alone, before it counts what is mapped there: addresses that are not canonical, alignment, the kernel's half. */

import { Access, TASK_SIZE } from "../../memory/index.ts";
import type { Form } from "../form.ts";
import { Flag, FLAGS_SYSTEM, FS_BASE, GPR, GS_BASE, Vector, ZERO } from "../state.ts";
import { BASE, SEGMENT } from "./record.ts";

/** Instructions that access the stack besides their operands, and how. */
const IMPLICIT_STACK: Readonly<Record<string, number>> = {
  push: Access.write,
  pushf: Access.write,
  call: Access.write,
  pop: Access.read,
  popf: Access.read,
  ret: Access.read,
};
const RSP = GPR + 32;
const RBP = GPR + 40;
const RSI = GPR + 48;

/** An address with the upper half of the address space as negative numbers: exact, which it is not as an unsigned number. */
export function signedAt(view: DataView, at: number): number {
  return view.getInt32(at + 4, true) * 0x1_0000_0000 + view.getUint32(at, true);
}

/** Whether no byte lies between the halves; the upper half as negative numbers. */
function isCanonical(address: number, size: number): boolean {
  return address >= 0 ? address + size <= 0x8000_0000_0000 : address >= -0x8000_0000_0000;
}

/** Whether a segment base lies in the upper half: only with such a one, an offset that is not canonical may lead to the user's half. */
function hasUpperBase(view: DataView): boolean {
  return (view.getInt32(FS_BASE + 4, true) | view.getInt32(GS_BASE + 4, true)) < 0;
}

/** Whether every access is to be looked at, or every instruction trapped: AC, TF, or a segment base in the upper half. */
export function isStepping(view: DataView): boolean {
  return (view.getUint32(FLAGS_SYSTEM, true) & (Flag.TF | Flag.AC)) !== 0 || hasUpperBase(view);
}

/**
 * What the alignment check wants of an access, where the row does not say it: vectors of any width 16 bytes, 80-bit numbers 8, x87 images 4, or 2 with
 * 16-bit operands.
 */
function alignmentOf(size: number): number {
  if (size === 16 || size === 32) return 16;
  if (size === 10) return 8;
  return size < 10 ? size : size % 4 === 0 ? 4 : 2;
}

/** `address` without the base of the segment through which the instruction at record `pc` reached it. */
function offsetOf(view: DataView, { mode, row }: Form, pc: number, address: number, access: number): number {
  const segment = GPR + view.getUint8(pc + SEGMENT);
  if (mode !== "any" || segment === ZERO || IMPLICIT_STACK[row.mnemonic] === access) return address;
  const base = signedAt(view, segment);
  // [rDI] of a string instruction is in ES: what is written, and what SCAS reads, and CMPS besides [rSI].
  const has = (wanted: string): boolean => row.operands.some(({ kind }) => kind === wanted);
  if (has("Y") && (!has("X") || access === Access.write || address !== signedAt(view, RSI) + base)) return address;
  return address - base;
}

/** Whether the instruction at record `pc` made the access through the stack segment: by RSP or RBP. */
function isThroughStack(view: DataView, { mode, row }: Form, pc: number, access: number): boolean {
  // Nested frame pointers and what LEAVE pops are reached by RBP.
  if (row.mnemonic === "enter" || row.mnemonic === "leave" || IMPLICIT_STACK[row.mnemonic] === access) return true;
  const base = view.getUint16(pc + BASE, true);
  return mode !== "none" && view.getUint8(pc + SEGMENT) === (ZERO & 0xff) && (base === RSP || base === RBP);
}

/**
 * The exception of an access by the instruction of `form` at record `pc`, if the address alone is the reason: a general protection or stack fault where a
 * byte or its offset in the segment lies between the halves of the address space, then with AC what is not aligned, then a page fault in the upper half and
 * in the page that ends the lower one. Addresses of the upper half are negative: all that matters of them is exact.
 */
export function addressFault(view: DataView, form: Form | undefined, pc: number, address: number, size: number, access: number): number | undefined {
  if (form === undefined) throw new Error(`no handler at record ${pc}`);
  const user = address >= 0 && address < TASK_SIZE;
  if ((!user && !isCanonical(address, size)) || ((!user || hasUpperBase(view)) && !isCanonical(offsetOf(view, form, pc, address, access), size))) {
    return isThroughStack(view, form, pc, access) ? Vector.SS : Vector.GP;
  }
  const alignment = form.row.insn.properties.checkedAlignment ?? alignmentOf(size);
  if ((view.getUint32(FLAGS_SYSTEM, true) & Flag.AC) !== 0 && address % alignment !== 0) return Vector.AC;
  return user ? undefined : Vector.PF;
}
