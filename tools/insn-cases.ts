/** All cases that `tools/record-insn.ts` records. */

import type { Case } from "./insn/cases.ts";
import { controlCases } from "./insn/control.ts";
import { integerCases } from "./insn/integer.ts";

export function* insnCases(): Generator<Case> {
  yield* integerCases();
  yield* controlCases();
}
