/** All instructions, one file for each family. */

import * as arithmetic from "./arithmetic.ts";
import * as avxFloat from "./avx-float.ts";
import * as avxInteger from "./avx-integer.ts";
import * as avxMasked from "./avx-masked.ts";
import * as avxMove from "./avx-move.ts";
import * as avxShuffle from "./avx-shuffle.ts";
import * as bits from "./bits.ts";
import * as bmi from "./bmi.ts";
import * as control from "./control.ts";
import * as crypto from "./crypto.ts";
import * as f16c from "./f16c.ts";
import * as flags from "./flags.ts";
import * as fma from "./fma.ts";
import * as fxsr from "./fxsr.ts";
import type { Insn } from "./insn.ts";
import * as mmx from "./mmx.ts";
import * as move from "./move.ts";
import * as shift from "./shift.ts";
import * as sseConvert from "./sse-convert.ts";
import * as sseFloat from "./sse-float.ts";
import * as sseInteger from "./sse-integer.ts";
import * as sseMove from "./sse-move.ts";
import * as sse3 from "./sse3.ts";
import * as sse41Float from "./sse41-float.ts";
import * as sse41 from "./sse41.ts";
import * as sse42 from "./sse42.ts";
import * as sse4a from "./sse4a.ts";
import * as ssse3 from "./ssse3.ts";
import * as string from "./string.ts";
import * as system from "./system.ts";
import { x87Insns } from "./x87.ts";
import * as xsave from "./xsave.ts";

function isInsn(value: unknown): value is Insn {
  return typeof value === "object" && value !== null && "semantics" in value;
}

const families = [f16c, fma, avxFloat, avxInteger, avxMasked, avxMove, avxShuffle, arithmetic, shift, bits, move, control, string, flags, sseInteger, sseMove, sseFloat, sseConvert, mmx, fxsr, sse3, ssse3, sse41, sse41Float, sse42, sse4a, bmi, crypto, system, xsave];

export const allInsns: readonly Insn[] = [...families.flatMap((family) => Object.values<unknown>(family).flat().filter(isInsn)), ...x87Insns];
