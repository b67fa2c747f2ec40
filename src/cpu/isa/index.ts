/** All instructions, one file for each family. */

import * as arithmetic from "./arithmetic.ts";
import * as bits from "./bits.ts";
import * as control from "./control.ts";
import * as flags from "./flags.ts";
import * as fxsr from "./fxsr.ts";
import type { Insn } from "./insn.ts";
import * as mmx from "./mmx.ts";
import * as move from "./move.ts";
import * as shift from "./shift.ts";
import * as sseConvert from "./sse-convert.ts";
import * as sseFloat from "./sse-float.ts";
import * as sseInteger from "./sse-integer.ts";
import * as sseMove from "./sse-move.ts";
import * as string from "./string.ts";
import { x87Insns } from "./x87.ts";

function isInsn(value: unknown): value is Insn {
  return typeof value === "object" && value !== null && "semantics" in value;
}

const families = [arithmetic, shift, bits, move, control, string, flags, sseInteger, sseMove, sseFloat, sseConvert, mmx, fxsr];

export const allInsns: readonly Insn[] = [...families.flatMap((family) => Object.values<unknown>(family).flat().filter(isInsn)), ...x87Insns];
