/** All cases that `tools/record-insn.ts` records. */

import { avxFloatCases } from "./insn/avx-float.ts";
import { bitCases } from "./insn/bits.ts";
import type { Case } from "./insn/cases.ts";
import { controlCases } from "./insn/control.ts";
import { cryptoCases } from "./insn/crypto.ts";
import { foundCases } from "./insn/found.ts";
import { integerCases } from "./insn/integer.ts";
import { simdIntegerCases } from "./insn/simd-integer.ts";
import { simdMemoryCases } from "./insn/simd-memory.ts";
import { sseCases } from "./insn/sse.ts";
import { vexCases } from "./insn/vex.ts";
import { sse4Cases } from "./insn/sse4.ts";
import { x87Cases } from "./insn/x87.ts";
import { xsaveCases } from "./insn/xsave.ts";

export function* insnCases(): Generator<Case> {
  yield* integerCases();
  yield* controlCases();
  yield* simdIntegerCases();
  yield* sseCases();
  yield* x87Cases();
  yield* simdMemoryCases();
  yield* bitCases();
  yield* sse4Cases();
  yield* cryptoCases();
  yield* avxFloatCases();
  yield* foundCases();
  yield* vexCases();
  yield* xsaveCases();
}
