/**
 * Every x87 instruction against what a processor made of it (vectors.txt, recorded by tools/x87-vectors/make.ts), as a function and by the
 * interpreter. In bulk, on the processor at hand: tools/x87-vectors/compare.ts.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { x87Table } from "../../src/cpu/x87/index.ts";
import {
  INPUT_BYTES,
  OUTPUT_BYTES,
  decodeLine,
  describe as show,
  difference,
  normaliseOutput,
  runCase,
  sameOutput,
} from "../../tools/x87-vectors/cases.ts";
import { runInInterpreter } from "../../tools/x87-vectors/interpreter.ts";

const vectors = new Map<string, string[]>();
for (const line of readFileSync(join(import.meta.dirname, "vectors.txt"), "utf8")
  .trim()
  .split("\n")) {
  const mnemonic = line.slice(0, line.indexOf(" "));
  const list = vectors.get(mnemonic) ?? [];
  list.push(line);
  vectors.set(mnemonic, list);
}

/** The lines whose outcome is another when `execute` runs them, readable. */
function failuresOf(lines: readonly string[], execute: typeof runInInterpreter): string[] {
  const actual = new Uint8Array(OUTPUT_BYTES);
  return lines.flatMap((line) => {
    const [, before = "", after = ""] = line.split(" ");
    const input = decodeLine(before);
    const expected = difference(input, 0, decodeLine(after), 0);
    const entry = execute(input, 0, actual, 0);
    normaliseOutput(entry, input[0] === 0x66, actual, 0);
    if (sameOutput(entry, expected, 0, actual, 0)) return [];
    return [
      `${entry.encoding}\n  in       ${show(input.subarray(0, INPUT_BYTES), 0, true)}\n  expected ${show(expected, 0, false)}\n  got      ${show(actual, 0, false)}`,
    ];
  });
}

describe("x87 vectors recorded from silicon", () => {
  test("cover every mnemonic", () => {
    expect(x87Table.filter((entry) => !vectors.has(entry.mnemonic)).map((entry) => entry.mnemonic)).toEqual([]);
  });

  test.each([...vectors])("%s", (_mnemonic, lines) => {
    expect(failuresOf(lines, runCase)).toEqual([]);
  });

  test.each([...vectors])("%s in the interpreter", (_mnemonic, lines) => {
    expect(failuresOf(lines, runInInterpreter)).toEqual([]);
  });
});
