/** All instructions, one file for each family. */

import * as arithmetic from "./arithmetic.ts";
import * as bits from "./bits.ts";
import * as control from "./control.ts";
import * as flags from "./flags.ts";
import type { Insn } from "./insn.ts";
import * as move from "./move.ts";
import * as shift from "./shift.ts";
import * as string from "./string.ts";
import { x87Insns } from "./x87.ts";

function isInsn(value: unknown): value is Insn {
  return typeof value === "object" && value !== null && "semantics" in value;
}

export const allInsns: readonly Insn[] = [arithmetic, shift, bits, move, control, string, flags].flatMap((family) => Object.values(family).filter(isInsn)).concat(x87Insns);
