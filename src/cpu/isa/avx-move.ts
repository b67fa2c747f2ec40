/** AVX moves, and the state of the upper halves (SDM volume 1, 5.13). */

import { insn } from "./insn.ts";
import type { Insn } from "./insn.ts";
import { requires } from "./requires.ts";
import * as sse from "./sse-integer.ts";
import * as move from "./sse-move.ts";
import { sse3 } from "./sse3.ts";
import { sse41 } from "./sse41.ts";
import { VECTOR_BYTES, VECTOR_STRIDE, VECTORS } from "../state.ts";
import { named, vex2, vex3 } from "./vex.ts";

const both = { wide: "avx" } as const;
const aligned = { ...both, aligned: true };

/** A form of `legacy` whose row cannot be made from its own. */
function form(legacy: Insn | undefined, row: string, view: string): Insn {
  if (legacy === undefined) throw new Error(`no instruction for "${row}"`);
  return insn(`v${legacy.mnemonic}`, [row], { feature: "avx", view }, legacy.semantics);
}

const [movddup] = named(sse3, /^movddup$/);

export const avxMoves: readonly Insn[] = [
  ...vex2([sse.movdqu, sse.movdquStore, move.movups, move.movupd, named(sse3, /^(lddqu|movsldup|movshdup)$/)], both),
  ...vex2([sse.movdqa, sse.movdqaStore, move.movaps, move.movapd, move.movnt, sse.movntdq], aligned),
  ...vex2([named(sse41, /^movntdqa$/)], { wide: "avx2", aligned: true }),
  ...vex2([named(sse3, /^movddup$/)], {}),
  form(movddup, "VEX.256.F2.0F.WIG 12 /r | Vqq, Wqq", "Vdq, Wq"),
  ...vex2([sse.movd, sse.movqFromGeneral, sse.movdStore, sse.movqToGeneral, sse.movq, sse.movqStore], {}),
  ...vex3([move.movlpLoad, move.movhpLoad, move.movhlps, move.movlhps], {}),
  ...vex2([move.movlpStore, move.movhpStore], {}),
  ...[move.movss, move.movsd].flatMap(([load, copy], i) => {
    const [pp, size] = i === 0 ? ["F3", "ss"] : ["F2", "sd"];
    const rows = (opcode: string, operands: string, view: string): Insn => form(copy, `VEX.LIG.${pp}.0F.WIG ${opcode} /r ${operands}`, view);
    return [
      ...vex2(load === undefined ? [] : [load], { length: "LIG" }),
      rows("10", `reg | V${size}, H${size}, U${size}`, `V${size}, U${size}`),
      rows("11", `reg | U${size}, H${size}, V${size}`, `U${size}, V${size}`),
      rows("11", `mem | M${size}, V${size}`, `M${size}, V${size}`),
    ];
  }),
  ...vex2([sse.maskmovdqu, move.ldmxcsr, move.stmxcsr], {}),
];

function topBits(legacy: Insn, pp: string, opcode: string, wide: "avx" | "avx2"): Insn[] {
  const name = `v${legacy.mnemonic}`;
  return [
    insn(name, [`VEX.128.${pp}.0F.WIG ${opcode} /r reg | Gy, Udq`], { feature: "avx" }, legacy.semantics),
    insn(name, [`VEX.256.${pp}.0F.WIG ${opcode} /r reg | Gy, Uqq`], { feature: wide }, legacy.semantics),
  ];
}

export const avxTopBits: readonly Insn[] = [
  ...topBits(move.movmskps, "NP", "50", "avx"),
  ...topBits(move.movmskpd, "66", "50", "avx"),
  ...topBits(sse.pmovmskb, "66", "D7", "avx2"),
];

/** Zeroes registers 0 to 15 from byte `from` on. */
function zeroed(mnemonic: string, row: string, from: number): Insn {
  return insn(mnemonic, [row], {}, (op) => {
    for (let i = 0; i < 16; i++) {
      for (let at = from; at < VECTOR_BYTES; at += 16) op.setStateVector(VECTORS + VECTOR_STRIDE * i + at, op.v128([]));
    }
  });
}

export const zeroing: readonly Insn[] = requires("avx", [
  zeroed("vzeroupper", "VEX.128.NP.0F.WIG 77", 16),
  zeroed("vzeroall", "VEX.256.NP.0F.WIG 77", 0),
]);
