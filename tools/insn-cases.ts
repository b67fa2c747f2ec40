/** All cases that `tools/record-insn.ts` records. */

import type { Case } from "./insn/cases.ts";
import { controlCases } from "./insn/control.ts";
import { integerCases } from "./insn/integer.ts";
import { simdIntegerCases } from "./insn/simd-integer.ts";
import { simdMemoryCases } from "./insn/simd-memory.ts";
import { sseCases } from "./insn/sse.ts";
import { x87Cases } from "./insn/x87.ts";

export function* insnCases(): Generator<Case> {
  yield* integerCases();
  yield* controlCases();
  yield* simdIntegerCases();
  yield* sseCases();
  yield* x87Cases();
  yield* simdMemoryCases();
}
