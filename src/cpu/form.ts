/** A form: one row with everything fixed that changes what code is made for it. */

import type { OperandSpec, RowSpec } from "./isa/insn.ts";

/**
 * How a memory operand's address is made: `base + disp`; `base + index << scale + disp`; or anything (segment base, 32-bit address size).
 */
export type AddressMode = "none" | "near" | "scaled" | "any";

export interface Form {
  readonly key: string;
  readonly row: RowSpec;
  readonly operandSize: 16 | 32 | 64;
  readonly addressSize: 32 | 64;
  readonly mode: AddressMode;
  /** 0, 0xf2 or 0xf3, for rows with the property `rep`. */
  readonly rep: number;
  /** The flags it writes are overwritten before anything can see them. */
  readonly deadFlags: boolean;
}

export function formKey(row: RowSpec, operandSize: number, addressSize: number, mode: AddressMode, rep: number, deadFlags: boolean): string {
  const cc = row.cc === undefined ? "" : `+${row.cc}`;
  return `${row.mnemonic} ${row.text}${cc} ${operandSize} ${mode}${addressSize === 32 ? " a32" : ""}${rep === 0 ? "" : rep === 0xf3 ? " rep" : " repne"}${deadFlags ? " dead" : ""}`;
}

const fixedBits: Readonly<Record<string, number>> = {
  AL: 8,
  CL: 8,
  XMM0: 128,
  AX: 16,
  DX: 16,
  "1": 8,
  ST0: 80,
  STi: 80,
  FS: 16,
  GS: 16,
  ES: 16,
  CS: 16,
  SS: 16,
  DS: 16,
};

/** Bits of an operand in a form. 0 where it has no size. */
export function operandBits(row: RowSpec, index: number, operandSize: number): number {
  const operand = row.operands[index];
  return operand === undefined ? operandSize : specBits(operand, operandSize, row.vex?.l ?? 0);
}

/** Bits of an operand by its specification. 0 where it has no size. */
export function specBits(operand: OperandSpec, operandSize: number, vexL: number): number {
  if (operand.kind === "fixed") {
    if (operand.size === "rAX") return operandSize;
    if (operand.size === "eAX") return Math.min(operandSize, 32);
    return fixedBits[operand.size] ?? 64;
  }
  // Immediates of 16 or 32 bits are sign-extended to the operand size, and so are bytes marked for it.
  if (operand.size === "bs" || (operand.size === "z" && operand.kind === "I")) return operandSize;
  return sizeBits(operand.size, operandSize, vexL);
}

/** Bits for a size letter of the rows' notation. 0 where it has no size. */
export function sizeBits(size: string, operandSize: number, vexL: number): number {
  switch (size) {
    case "b":
      return 8;
    case "w":
    case "sh":
      return 16;
    case "d":
    case "ss":
      return 32;
    case "q":
    case "sd":
      return 64;
    case "v":
      return operandSize;
    case "y":
      return operandSize === 64 ? 64 : 32;
    case "z":
      return Math.min(operandSize, 32);
    case "dq":
      return 128;
    case "qq":
      return 256;
    case "x":
    case "ps":
    case "pd":
      return 128 << vexL;
    case "hx":
      return 64 << vexL;
    case "qx":
      return 32 << vexL;
    case "ox":
      return 16 << vexL;
    case "t":
      return 80;
    case "p":
      return operandSize === 16 ? 32 : 48;
    default:
      return 0;
  }
}
