// More of them: npx tsx tools/fuzz-insn.ts --count 1000000
/** Random instructions of every row that the generator can make, in the interpreter and on the processor at hand. */

import { expect, test } from "vitest";
import { allFeatures, allInsns, Decoder } from "../../src/cpu/index.ts";
import { flagMask } from "../../tools/insn/flags.ts";
import { InterpreterRunner } from "./interpreter.ts";
import { compare, hexBytes } from "./line.ts";
import { runCases } from "./protocol.ts";
import { isComparable, Random, randomCase } from "./random.ts";

const silicon = process.platform === "linux" && process.arch === "x64";
const EACH = 12;

test.skipIf(!silicon)(`${EACH} random cases of every row do what this processor does`, () => {
  const implemented = new Set(allInsns);
  const rows = new Decoder(allInsns, allFeatures).rows.filter((row) => implemented.has(row.insn) && isComparable(row));
  expect(rows.length).toBeGreaterThan(700);
  const random = new Random(1);
  const chosen = rows.flatMap((row) => Array.from({ length: EACH }, () => row));
  const cases = chosen.map((row) => randomCase(row, random));
  const outcomes = runCases(cases);
  const runner = new InterpreterRunner(32, allFeatures);
  const failures = cases.flatMap((one, i) => {
    const { insn, mnemonic, text } = chosen[i]!;
    const after = outcomes[i]!;
    const undefinedFlags = flagMask(after.exception ? "" : (insn.properties.undefined ?? ""));
    const line = { bytes: one.bytes, text: /[PQN]/.test(text) ? "mm0" : "", before: one.before, after, undefinedFlags, undefinedStatus: 0 };
    const did = compare(line, runner.execute(one));
    return did === "" ? [] : [`${mnemonic} ${hexBytes(one.bytes)} (case ${i}): ${did}`];
  });
  expect(failures).toEqual([]);
});
