/**
 * Random instructions on this machine's processor and in the interpreter: `tsx tools/fuzz-insn.ts [--count N] [--seed N] [--only REGEX] [--feature REGEX]`.
 * Prints the cases that differ, as lines of test/insn, and how many cases each feature had.
 */

import { parseArgs } from "node:util";
import { allFeatures, allInsns, Decoder, mainFeatureOf } from "../src/cpu/index.ts";
import { InterpreterRunner } from "../test/silicon/interpreter.ts";
import { compare, formatDifference, hexBytes } from "../test/silicon/line.ts";
import { runCases } from "../test/silicon/protocol.ts";
import { defaultState } from "../test/silicon/state.ts";
import { flagMask } from "./insn/flags.ts";
import { isComparable, Random, randomCase } from "../test/silicon/random.ts";

const { values: options } = parseArgs({
  options: {
    count: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
    only: { type: "string", default: "" },
    feature: { type: "string", default: "" },
    show: { type: "string", default: "20" },
  },
});
const BATCH = 8000;

const implemented = new Set(allInsns);
const rows = new Decoder(allInsns, allFeatures).rows.filter((row) => {
  const wanted = new RegExp(options.only).test(row.mnemonic) && new RegExp(options.feature).test(mainFeatureOf(row.insn));
  return implemented.has(row.insn) && wanted && isComparable(row);
});
const random = new Random(Number(options.seed));
const runner = new InterpreterRunner(32, allFeatures);
const counts = new Map<string, number>();
const failed = new Map<string, number>();
let total = 0;
let shown = 0;

for (let left = Number(options.count); left > 0; left -= BATCH) {
  const chosen = Array.from({ length: Math.min(left, BATCH) }, () => random.of(rows));
  const cases = chosen.map((row) => randomCase(row, random));
  const outcomes = runCases(cases);
  cases.forEach((one, i) => {
    const row = chosen[i]!;
    const feature = mainFeatureOf(row.insn);
    counts.set(feature, (counts.get(feature) ?? 0) + 1);
    total++;
    const line = {
      bytes: one.bytes,
      text: /[PQN]/.test(row.text) ? "mm0" : "",
      before: one.before,
      after: outcomes[i]!,
      undefinedFlags: flagMask(outcomes[i]!.exception ? "" : (row.insn.properties.undefined ?? "")),
      undefinedStatus: 0,
    };
    let did: string;
    try {
      did = compare(line, runner.execute(one));
    } catch (error) {
      did = String(error);
    }
    if (did === "") return;
    failed.set(row.mnemonic, (failed.get(row.mnemonic) ?? 0) + 1);
    if (shown++ >= Number(options.show)) return;
    const showing = { flags: true, undefinedFlags: 0n, undefinedStatus: 0, always: new Set<string>(), mmx: true };
    console.log(`${row.mnemonic} "${row.text}" ${hexBytes(one.bytes)}`);
    console.log(`  before ${formatDifference(defaultState(), one.before, showing).join(" ")}`);
    const after = outcomes[i]!;
    console.log(`  should ${after.exception ? `#${after.exception.vector} ` : ""}${formatDifference(one.before, after.state, showing).join(" ")}`);
    console.log(`  did    ${did}`);
  });
}
console.log(`${total} cases of ${rows.length} rows: ${[...counts].map(([name, count]) => `${name} ${count}`).join(", ")}`);
if (failed.size > 0) console.log(`differences: ${[...failed].map(([name, count]) => `${name} ${count}`).join(", ")}`);
process.exitCode = failed.size > 0 ? 1 : 0;
