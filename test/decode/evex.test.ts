/**
 * EVEX instructions against objdump: every form of every mnemonic out of `evex/`, one file for each opcode map, written by `tsx tools/evex-forms.ts --write`; and, where
 * there is objdump, all encodings that the tool makes.
 */

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { allFeatures, allInsns, Decoder, DecodeStatus, format, newDecoded } from "../../src/cpu/index.ts";
import { normalise } from "../../tools/compare-objdump.ts";
import { compareEvex } from "../../tools/evex-forms.ts";
import { parseBytes } from "../silicon/line.ts";

const folder = new URL("evex/", import.meta.url);
const decoder = new Decoder(allInsns, allFeatures);

function text(hex: string): string {
  const bytes = parseBytes(hex);
  const decoded = newDecoded();
  const status = decoder.decode(bytes, 0, bytes.length, 0, decoded);
  if (decoded.length !== bytes.length) return `${decoded.length} bytes`;
  return status === DecodeStatus.unimplemented ? normalise(format(decoded, decoder.rows, { bytes })) : `status ${status}`;
}

test.each(readdirSync(folder))("%s: texts are objdump's", (name) => {
  const lines = readFileSync(new URL(name, folder), "utf8").trimEnd().split("\n");
  const wrong = lines.filter((line) => text(line.split(" | ")[0]!) !== line.split(" | ")[1]);
  expect(wrong.map((line) => `${line}: ${text(line.split(" | ")[0]!)}`)).toEqual([]);
});

describe("what is no instruction", () => {
  test.each([
    ["62 f1 6d 48 fe cb", "vpaddd zmm1,zmm2,zmm3", "this one is"],
    ["62 f1 ed 48 fe cb", "status 1", "W1"],
    ["62 f1 6d 68 fe cb", "status 1", "a length of 1024 bits"],
    ["62 f1 6d c8 fe cb", "status 1", "zeroing without an opmask"],
    ["62 f1 6d 58 fe cb", "status 1", "EVEX.b between registers, where there is nothing to round"],
    ["62 f1 6d 58 fd 08", "status 1", "a broadcast of words"],
    ["62 f1 75 48 5b c1", "status 1", "EVEX.vvvv without a second source"],
    ["62 f2 7d 48 92 0c 90", "status 1", "a gather without an opmask"],
    ["62 f2 7d 49 92 0c 88", "status 1", "a gather into its own indices"],
    ["62 f2 7d 49 92 08", "status 1", "a gather without an index"],
    ["62 f1 6e 68 58 cb", "status 1", "a scalar with a length of 1024 bits"],
    ["62 f1 7c c9 11 08", "status 1", "zeroing in memory"],
    ["62 f6 6e 48 56 d3", "status 1", "a complex product into a source"],
    ["62 71 6d 48 74 cb", "status 1", "opmask 9"],
    ["62 f0 6d 48 fe cb", "status 1", "map 0"],
  ])("%s: %s: %s", (hex, expected, _why) => expect(text(hex)).toBe(expected));
});

/** objdump's ways with encodings that no assembler makes: lengths and W that are ignored. */
const REVIEWED = /^(vmovs[sd] \/ vmovs[sd]|vcvtu?si2sd \/ vcvtu?si2sd|\{evex\} \/ (\{evex\}|vpermpd)|(vcvtsi2ss|vpinsr[wd]|vpextrb) \/ \{evex\})$/;

test.skipIf(spawnSync("objdump", ["--version"]).status !== 0)(
  "all opcodes of all maps: what is named here is so for objdump",
  () => {
    const { equal, differences } = compareEvex();
    expect(new Set(equal.map((form) => form.text.replace(/^\{evex\} /, "").split(" ")[0])).size).toBeGreaterThan(600);
    // What objdump names and the processor refuses is `tsx tools/compare-silicon.ts --evex`'s.
    const wrong = [...differences].filter(([kind]) => !kind.endsWith(" / (bad)") && !REVIEWED.test(kind));
    expect(wrong.map(([kind, { example }]) => `${kind}: ${example}`)).toEqual([]);
  },
  60_000,
);
