/**
 * Records the committed vectors, test/x87/vectors.txt, from this machine's processor: `npx tsx tools/x87-vectors/make.ts`.
 */

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { x87Table } from "../../src/cpu/x87/index.ts";
import { INPUT_BYTES, OUTPUT_BYTES, Random, difference, encodeLine, normaliseOutput, randomCase, trimCase } from "./cases.ts";

const PER_ENTRY = 10;
const folder = mkdtempSync(join(tmpdir(), "x87-vectors-"));
const program = join(folder, "record");
execFileSync("gcc", ["-O2", "-mno-red-zone", "-o", program, join(import.meta.dirname, "record.c")]);
const lines: string[] = [];
x87Table.forEach((entry, index) => {
  const random = new Random(20_000 + index);
  const input = new Uint8Array(PER_ENTRY * INPUT_BYTES);
  for (let i = 0; i < PER_ENTRY; i++) randomCase(random, entry, { unmasked: i % 4 === 1, stack: i % 4 === 2 }, input, i * INPUT_BYTES);
  for (let i = 0; i < PER_ENTRY; i++) trimCase(entry, input, i * INPUT_BYTES);
  const native = spawnSync(program, { input });
  if (native.status !== 0) throw new Error(`the recorder ended with ${native.signal ?? native.status} at ${entry.mnemonic}`);
  const output = new Uint8Array(native.stdout);
  for (let i = 0; i < PER_ENTRY; i++) {
    normaliseOutput(entry, input[i * INPUT_BYTES] === 0x66, output, i * OUTPUT_BYTES);
    lines.push(
      `${entry.mnemonic} ${encodeLine(input, i * INPUT_BYTES)} ${encodeLine(difference(input, i * INPUT_BYTES, output, i * OUTPUT_BYTES), 0)}`,
    );
  }
});
writeFileSync(join(import.meta.dirname, "../../test/x87/vectors.txt"), `${lines.join("\n")}\n`);
rmSync(folder, { recursive: true });
