// More of them: npm run fuzz -- insn --count 1000000
/** Random instructions of every row that the generator can make, in the interpreter and on the processor at hand. */

import { describe, expect, test } from "vitest";
import { allFeatures, allInsns, Decoder } from "../../src/cpu/index.ts";
import { judge } from "../../tools/fuzz/judge.ts";
import { incomparable, randomEncoding } from "./encodings.ts";
import { InterpreterRunner } from "./interpreter.ts";
import { hexBytes } from "./line.ts";
import { Case, decodeCase, decodeResult, hasSilicon, Result, runEncoded } from "./protocol.ts";
import { CaseMaker } from "./random.ts";
import { Random } from "./values.ts";

const ENCODINGS = 4;
const STATES = 4;
const decoder = new Decoder(allInsns, allFeatures, []);
const rows = decoder.rows.filter((row) => incomparable(row) === "");

describe("random instructions", () => {
  test("nearly every row can be compared", () => {
    expect(decoder.rows.length - rows.length).toBeLessThan(40);
  });

  test.skipIf(!hasSilicon)(`${ENCODINGS} encodings of every row with ${STATES} states each do what this processor does`, () => {
    const random = new Random(1);
    const encodings = rows.flatMap((row) => Array.from({ length: ENCODINGS }, () => randomEncoding(row, random, decoder)));
    const input = new Uint8Array(encodings.length * STATES * Case.bytes);
    encodings.forEach((encoding, e) => {
      const maker = new CaseMaker(encoding, random);
      for (let i = 0; i < STATES; i++) maker.put(input, (e * STATES + i) * Case.bytes);
    });
    const expected = Buffer.from(runEncoded(input).buffer);
    const actual = new Uint8Array(Result.bytes);
    const runner = new InterpreterRunner(32, allFeatures);
    const failures = encodings.flatMap(({ row, decoded }, e) => {
      const found: string[] = [];
      for (let i = e * STATES; i < (e + 1) * STATES; i++) {
        const one = decodeCase(input, i * Case.bytes);
        const what = `${row.mnemonic} ${row.text} ${hexBytes(one.bytes)} (case ${i})`;
        try {
          runner.executeEncoded(input, i * Case.bytes, actual, 0);
        } catch (error) {
          found.push(`${what}: ${String(error)}`);
          continue;
        }
        const outcome = decodeResult(expected, i * Result.bytes, one.bytes);
        const verdict = judge(one, decoded, decoder.rows, outcome, decodeResult(actual, 0, one.bytes));
        if (verdict.kind === "different") found.push(`${what}: ${verdict.did ?? ""}`);
      }
      return found;
    });
    expect(failures).toEqual([]);
  });
});
