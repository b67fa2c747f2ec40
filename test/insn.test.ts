/** The one-line tests of test/insn (see test/insn/README.md). */

import { describe, expect, test } from "vitest";
import { insnFiles } from "./silicon/files.ts";
import { compare } from "./silicon/line.ts";
import { runCases } from "./silicon/protocol.ts";
import type { Outcome } from "./silicon/state.ts";

const files = insnFiles();
const lines = files.flatMap((file) => file.lines.map((entry) => ({ ...entry, where: `${file.name}.insn:${entry.number}` })));
const silicon = process.platform === "linux" && process.arch === "x64";

/** One sentence for each line that did something else. */
function failures(outcomes: readonly Outcome[]): string[] {
  return lines.flatMap(({ source, line, where }, i) => {
    const did = compare(line, outcomes[i]!);
    return did ? [`${where}: ${source}\n    did: ${did}`] : [];
  });
}

describe("test/insn", () => {
  test("has lines for integer, control, SSE and MMX instructions", () => {
    expect(files.length).toBeGreaterThan(200);
    expect(lines.length).toBeGreaterThan(3000);
  });

  test.skipIf(!silicon)("says what this processor does", () => {
    expect(failures(runCases(lines.map(({ line }) => ({ bytes: line.bytes, before: line.before }))))).toEqual([]);
  });
});
