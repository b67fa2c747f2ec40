/** AVX moves, and the state of the upper halves (SDM volume 1, 5.13). */

import { insn } from "./insn.ts";
import type { Insn } from "./insn.ts";
import { requires } from "./requires.ts";
import { movdqa, movdqaStore, movdqu, movdquStore } from "./sse-integer.ts";
import { VECTOR_BYTES, VECTOR_STRIDE, VECTORS } from "../state.ts";
import { vex2 } from "./vex.ts";

const both = { wide: "avx" } as const;
const aligned = { ...both, aligned: true };

export const avxMoves: readonly Insn[] = [...vex2([movdqu, movdquStore], both), ...vex2([movdqa, movdqaStore], aligned)];

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
