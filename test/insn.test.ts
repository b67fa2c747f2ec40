/** The one-line tests of test/insn (see test/insn/README.md). */

import { beforeAll, describe, expect, test } from "vitest";
import type { Feature } from "../src/cpu/index.ts";
import { allFeatures, allInsns, Decoder, DecodeStatus, format, newDecoded } from "../src/cpu/index.ts";
import { insnFiles } from "./silicon/files.ts";
import { InterpreterRunner } from "./silicon/interpreter.ts";
import { compare } from "./silicon/line.ts";
import { hasSilicon, runCases } from "./silicon/protocol.ts";
import { INSTRUCTION, type Outcome } from "./silicon/state.ts";

const files = insnFiles();
const lines = files.flatMap((file) => file.lines.map((entry) => ({ ...entry, where: `${file.name}.insn:${entry.number}` })));
/** All that rows are declared for. */
const features: ReadonlySet<Feature> = allFeatures;

describe("test/insn", () => {
  test("has lines for integer, control, x87, MMX, SSE and SSE2 instructions", () => {
    expect(files.length).toBeGreaterThan(300);
    expect(lines.length).toBeGreaterThan(6000);
  });

  test.skipIf(!hasSilicon)("says what this processor does", () => {
    const outcomes = runCases(lines.map(({ line }) => ({ bytes: line.bytes, before: line.before })));
    const failures = lines.flatMap(({ source, line, where }, i) => {
      const did = compare(line, outcomes[i]!);
      return did ? [`${where}: ${source}\n    did: ${did}`] : [];
    });
    expect(failures).toEqual([]);
  });

  test("is disassembled as objdump does", () => {
    const decoder = new Decoder(allInsns, allFeatures);
    const decoded = newDecoded();
    const failures = lines.flatMap(({ line, where }) => {
      const undefinedOpcode = line.after.exception?.vector === 6 || line.text === "(bad)";
      if (undefinedOpcode) return [];
      const status = decoder.decode(line.bytes, 0, line.bytes.length, Number(INSTRUCTION), decoded);
      if (status !== DecodeStatus.ok) return [`${where}: ${line.text}: status ${status}`];
      const text = format(decoded, decoder.rows, { bytes: line.bytes });
      return text.replace(/\s+#.*$/, "").replace(/\s+/g, " ") === line.text ? [] : [`${where}: ${line.text}: ${text}`];
    });
    expect(failures).toEqual([]);
  });
});

describe.each([
  ["in the interpreter, with the default window", 32, false, 0],
  ["in the interpreter, with a window of 128 KiB", 17, false, 0],
  // The others raise exceptions, set bits of MXCSR, use the x87, repeat: the interpreter runs them.
  ["in compiled regions", 32, true, 11_500],
])("%s", (_name, windowBits, inRegions, least) => {
  let runner: InterpreterRunner;
  let ranInRegions = 0;
  beforeAll(() => {
    runner = new InterpreterRunner(windowBits, features, inRegions);
  });

  test.each(files)("$name", ({ name, lines: entries }) => {
    const failures: string[] = [];
    for (const { number, source, line } of entries) {
      let did: string;
      try {
        const outcome: Outcome = runner.execute({ bytes: line.bytes, before: line.before });
        did = compare(line, outcome);
        if (runner.ranInRegion) ranInRegions++;
      } catch (error) {
        did = String(error);
      }
      if (did) failures.push(`${name}.insn:${number}: ${source}\n    did: ${did}`);
    }
    expect(failures).toEqual([]);
  });

  test(inRegions ? "most were completed in regions" : "none was completed in a region", () => {
    if (inRegions) expect(ranInRegions).toBeGreaterThanOrEqual(least);
    else expect(ranInRegions).toBe(0);
  });
});
