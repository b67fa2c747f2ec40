/** AVX and AVX2: packed integers, from their SSE forms (SDM volume 1, 5.13 and 5.14). */

import type { Insn } from "./insn.ts";
import * as sse from "./sse-integer.ts";
import { ssse3 } from "./ssse3.ts";
import { sse41 } from "./sse41.ts";
import { sse42 } from "./sse42.ts";
import { vex2, vex3 } from "./vex.ts";

const both = { wide: "avx2" } as const;

/** Those of `insns` with these names. */
function named(insns: readonly Insn[], ...names: string[]): Insn[] {
  return insns.filter(({ mnemonic }) => names.includes(mnemonic));
}

const TWO_OPERANDS = /^(pabs|pmov[sz]x|ptest|movntdqa|pextr|pinsr|extractps|insertps|pblendvb|blendv|phminposuw|pcmp[ei]str|crc32|p?blend(w|ps|pd))/;

/** Destination, two sources. */
function threeOperands(insns: readonly Insn[]): Insn[] {
  return insns.filter(({ mnemonic }) => !TWO_OPERANDS.test(mnemonic));
}

export const avxArithmetic: readonly Insn[] = vex3(
  [
    sse.paddb, sse.paddw, sse.paddd, sse.paddq, sse.psubb, sse.psubw, sse.psubd, sse.psubq,
    sse.paddsb, sse.paddsw, sse.paddusb, sse.paddusw, sse.psubsb, sse.psubsw, sse.psubusb, sse.psubusw,
    sse.pmaxub, sse.pminub, sse.pmaxsw, sse.pminsw, sse.pavgb, sse.pavgw, sse.pmullw, sse.pmaddwd,
    sse.pand, sse.por, sse.pxor, sse.pandn,
    sse.pcmpeqb, sse.pcmpeqw, sse.pcmpeqd, sse.pcmpgtb, sse.pcmpgtw, sse.pcmpgtd,
    sse.packsswb, sse.packuswb, sse.packssdw, sse.pmulhw, sse.pmulhuw, sse.pmuludq, sse.psadbw,
    sse.punpcklbw, sse.punpcklwd, sse.punpckldq, sse.punpcklqdq, sse.punpckhbw, sse.punpckhwd, sse.punpckhdq, sse.punpckhqdq,
    threeOperands(ssse3), threeOperands(sse41), named(sse42, "pcmpgtq"),
  ],
  both,
);

export const avxAbsolute: readonly Insn[] = vex2([named(ssse3, "pabsb", "pabsw", "pabsd"), sse.pshufd, sse.pshufhw, sse.pshuflw], both);
