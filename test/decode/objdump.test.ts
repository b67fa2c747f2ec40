/** The decoder and the disassembler against objdump, over the guest programs' binaries. */

import { spawnSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";

import { Decoder } from "../../src/cpu/decode/decoder.ts";
import { allFeatures } from "../../src/cpu/decode/features.ts";
import { allInsns } from "../../src/cpu/isa/index.ts";
import type { Comparison } from "../../tools/compare-objdump.ts";
import { compareFile } from "../../tools/compare-objdump.ts";

const programs = fileURLToPath(new URL("../../programs/", import.meta.url));
const binaries = readdirSync(programs)
  .filter((name) => statSync(programs + name).isDirectory())
  .map((name) => `${programs}${name}/${name}`)
  .filter((file) => {
    // glibc is the bulk of most of them: once is enough, in C++'s.
    const found = statSync(file, { throwIfNoEntry: false });
    return found !== undefined && (found.mode & 0o100) !== 0 && (found.size < 200_000 || file.endsWith("/cpp"));
  });

const version = /\b2\.(\d+)/.exec(spawnSync("objdump", ["--version"], { encoding: "utf8" }).stdout ?? "")?.[1];
const missing = version === undefined ? "objdump is not installed" : "";
if (missing !== "" && process.env["CI"] === "true") throw new Error(`${missing}: nothing may be skipped where CI=true`);

describe.skipIf(missing !== "")(`objdump -d${missing === "" ? "" : ` (skipped: ${missing})`}`, () => {
  let comparisons: Comparison[] = [];
  beforeAll(async () => {
    const decoder = new Decoder(allInsns, allFeatures);
    comparisons = await Promise.all(binaries.map((file) => compareFile(file, decoder)));
  }, 60_000);
  const differences = (kind: string): string[] =>
    comparisons.flatMap(({ differences: found }) =>
      [...found].filter(([name]) => name.startsWith(kind)).map(([name, { example }]) => `${name}: ${example}`),
    );

  test("lengths are equal", () => {
    expect(comparisons.reduce((sum, { instructions }) => sum + instructions, 0)).toBeGreaterThan(100_000);
    expect(differences("length")).toEqual([]);
  });

  test("no instruction is refused", () => expect(differences("status")).toEqual([]));

  test("texts are equal", () => expect(differences("text")).toEqual([]));
});
