/** AVX and AVX2: packed integers, bytes of strings and cryptography, from their SSE forms (SDM volume 1, 5.13, 5.14, 5.18). */

import { aes, gfni, pclmulqdq } from "./crypto.ts";
import { insn } from "./insn.ts";
import type { Feature, Insn } from "./insn.ts";
import type { Op, V } from "./ops.ts";
import * as sse from "./sse-integer.ts";
import { ssse3 } from "./ssse3.ts";
import { sse41 } from "./sse41.ts";
import { sse42 } from "./sse42.ts";
import { bothLengths, named, vex2, vex3 } from "./vex.ts";

const both = { wide: "avx2" } as const;

/** Destination and one source of whatever size, or 128 bits only, or with VEX rows of their own. */
const OTHERS = /^(pabs|pmov[sz]x|ptest|movntdqa|pextr|pinsr|extractps|insertps|pblendvb|blend|dp|round|phminposuw)/;

function threeOperands(insns: readonly Insn[]): Insn[] {
  return insns.filter(({ mnemonic }) => !OTHERS.test(mnemonic));
}

export const avxArithmetic: readonly Insn[] = [
  ...vex3(
    [
      sse.paddb, sse.paddw, sse.paddd, sse.paddq, sse.psubb, sse.psubw, sse.psubd, sse.psubq,
      sse.paddsb, sse.paddsw, sse.paddusb, sse.paddusw, sse.psubsb, sse.psubsw, sse.psubusb, sse.psubusw,
      sse.pmaxub, sse.pminub, sse.pmaxsw, sse.pminsw, sse.pavgb, sse.pavgw, sse.pmullw, sse.pmaddwd,
      sse.pand, sse.por, sse.pxor, sse.pandn,
      sse.pcmpeqb, sse.pcmpeqw, sse.pcmpeqd, sse.pcmpgtb, sse.pcmpgtw, sse.pcmpgtd,
      sse.packsswb, sse.packuswb, sse.packssdw, sse.pmulhw, sse.pmulhuw, sse.pmuludq, sse.psadbw,
      sse.punpcklbw, sse.punpcklwd, sse.punpckldq, sse.punpcklqdq, sse.punpckhbw, sse.punpckhwd, sse.punpckhdq, sse.punpckhqdq,
      threeOperands(ssse3), threeOperands(sse41), named(sse42, /^pcmpgtq$/),
    ],
    both,
  ),
  ...vex2([named(ssse3, /^(pabsb|pabsw|pabsd)$/), sse.pshufd, sse.pshufhw, sse.pshuflw], both),
  ...vex2([named(sse41, /^pmov[sz]x/)], both),
  ...vex2([named(sse41, /^phminposuw$/)], {}),
  ...vex2([named(sse41, /^ptest$/)], { wide: "avx", whole: true }),
  ...vex2([named(sse42, /^(pcmpestrm|pcmpestri|pcmpistrm|pcmpistri)$/)], {}),
];

const counted = sse.packedShifts.filter(({ rows }) => rows.every((row) => row.includes("Wdq")));
const immediate = sse.packedShifts.filter(({ rows }) => rows.every((row) => row.includes("Ib")));

export const avxShifts: readonly Insn[] = [
  ...vex3([counted], { ...both, count: true }),
  ...vex3([immediate, sse.pslldq, sse.psrldq], both),
];

/** Shifts of each element by its own count: all bits are lost from the element's width on, or become the sign. */
function variableShift(mnemonic: string, opcode: string, bits: 32 | 64, kind: "shl" | "shr_u" | "shr_s"): Insn {
  const type = `i${bits}`;
  const lanes = bits === 32 ? "i32x4" : "i64x2";
  const constant = (op: Op, value: number): V => (bits === 32 ? op.i32(value) : op.const(value));
  const shifted = (op: Op, value: V, count: V): V => {
    const fits = op.x(`${type}.lt_u`, count, constant(op, bits));
    if (kind === "shr_s") return op.x(`${type}.shr_s`, value, op.select(fits, count, constant(op, bits - 1)));
    return op.select(fits, op.x(`${type}.${kind}`, value, count), constant(op, 0));
  };
  const rows = bothLengths(`VEX.L.66.0F38.W${bits === 32 ? 0 : 1} ${opcode} /r | Vx, Hx, Wx`);
  return insn(mnemonic, rows, { feature: "avx2", view: "Vdq, Wdq" }, (op) => {
    const counts = op.vector(1);
    let result = op.vector(0);
    for (let i = 0; i < 128 / bits; i++) {
      const element = (v: V): V => op.lane(`${lanes}.extract_lane`, i, v);
      result = op.lane(`${lanes}.replace_lane`, i, result, shifted(op, element(op.vector(0)), element(counts)));
    }
    op.setVector(0, result);
  });
}

export const variableShifts: readonly Insn[] = [
  variableShift("vpsrlvd", "45", 32, "shr_u"),
  variableShift("vpsrlvq", "45", 64, "shr_u"),
  variableShift("vpsravd", "46", 32, "shr_s"),
  variableShift("vpsllvd", "47", 32, "shl"),
  variableShift("vpsllvq", "47", 64, "shl"),
];

/** The function of another instruction with rows of its own; `wide`: the feature of the second. */
function like(mnemonic: string, [legacy]: readonly Insn[], rows: readonly [string, string], view: string, feature: Feature, wide: Feature): Insn[] {
  if (legacy === undefined) throw new Error(`there is nothing that ${mnemonic} is like`);
  return rows.map((row, i) => insn(mnemonic, [row], { feature: i === 0 ? feature : wide, view }, legacy.semantics));
}

/** Blends whose mask is a fourth register operand, in the immediate. */
function blend(name: RegExp, mnemonic: string, opcode: string, wide: Feature): Insn[] {
  return like(mnemonic, named(sse41, name), bothLengths(`VEX.L.66.0F3A.W0 ${opcode} /r | Vx, Hx, Wx, Lx`), "Vdq, Wdq, XMM0", "avx", wide);
}

export const avxBlends: readonly Insn[] = [
  ...vex3([named(sse41, /^blendp[sd]$/)], { wide: "avx" }),
  ...blend(/^blendvps$/, "vblendvps", "4A", "avx"),
  ...blend(/^blendvpd$/, "vblendvpd", "4B", "avx"),
  ...blend(/^pblendvb$/, "vpblendvb", "4C", "avx2"),
  ...like("vpblendd", named(sse41, /^blendps$/), bothLengths("VEX.L.66.0F3A.W0 02 /r | Vx, Hx, Wx, Ib"), "Vdq, Wdq, Ib", "avx2", "avx2"),
];

export const avxInsertions: readonly Insn[] = [
  ...vex3([sse.pinsrw, named(sse41, /^(pinsrb|pinsrd|pinsrq|insertps)$/)], {}),
  ...vex2([sse.pextrw, named(sse41, /^(pextrb|pextrw|pextrd|pextrq|extractps)$/)], {}),
];

export const avxCryptography: readonly Insn[] = [
  ...vex2([named(aes, /^(aesimc|aeskeygenassist)$/)], { feature: ["aes", "avx"] }),
  ...vex3([named(aes, /^(aesenc|aesenclast|aesdec|aesdeclast)$/)], { feature: ["aes", "avx"], wide: ["vaes", "avx"] }),
  ...vex3([pclmulqdq], { feature: ["pclmul", "avx"], wide: ["vpclmul", "avx"] }),
  ...vex3([named(gfni, /^gf2p8mulb$/)], { feature: ["gfni", "avx"], wide: ["gfni", "avx"], w: "W0" }),
  ...vex3([named(gfni, /^(gf2p8affineqb|gf2p8affineinvqb)$/)], { feature: ["gfni", "avx"], wide: ["gfni", "avx"], w: "W1" }),
];
