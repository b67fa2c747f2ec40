/**
 * Compares the x87 with this machine's, in bulk.
 *
 *     npx tsx tools/x87-vectors/compare.ts [--seed N] [--count N per instruction] [--only MNEMONIC,...] [--show N] [--masked] [--no-stack] [--strict] [--interpreter] [--rebuild]
 */

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { x87Table } from "../../src/cpu/x87/index.ts";
import { INPUT_BYTES, OUTPUT_BYTES, Random, describe, normaliseOutput, randomCase, runCase, sameOutput } from "./cases.ts";
import { runInInterpreter } from "./interpreter.ts";

function option(name: string, fallback: string): string {
  const index = process.argv.indexOf(`--${name}`);
  return index < 0 ? fallback : (process.argv[index + 1] ?? "");
}

const seed = Number(option("seed", "1"));
const count = Number(option("count", "2000"));
const only = option("only", "").split(",").filter(Boolean);
/** Transcendental results must be equal to the last bit. */
const strict = process.argv.includes("--strict");
/** By the instruction's handler, not only by the function behind it. */
const execute = process.argv.includes("--interpreter") ? runInInterpreter : runCase;
const show = Number(option("show", "2"));
const style = { unmasked: !process.argv.includes("--masked"), stack: !process.argv.includes("--no-stack") };

/** Builds the native recorder and returns its path. */
function recorder(): string {
  const folder = join(tmpdir(), "x87-vectors");
  mkdirSync(folder, { recursive: true });
  const program = join(folder, "record");
  const source = join(import.meta.dirname, "record.c");
  if (!existsSync(program) || process.argv.includes("--rebuild")) execFileSync("gcc", ["-O2", "-mno-red-zone", "-o", program, source]);
  return program;
}

const program = recorder();
let total = 0;
let wrong = 0;
let nanoseconds = 0n;
for (const entry of x87Table) {
  if (only.length > 0 && !only.includes(entry.mnemonic)) continue;
  const random = new Random(seed + x87Table.indexOf(entry) * 7919);
  const input = new Uint8Array(count * INPUT_BYTES);
  for (let i = 0; i < count; i++) randomCase(random, entry, { unmasked: style.unmasked, stack: style.stack && i % 3 === 0 }, input, i * INPUT_BYTES);
  const native = spawnSync(program, { input, maxBuffer: 2 * count * OUTPUT_BYTES + 65536 });
  if (native.status !== 0) throw new Error(`the recorder ended with ${native.signal ?? native.status} at ${entry.mnemonic} ${entry.encoding}`);
  const expected = new Uint8Array(native.stdout);
  const actual = new Uint8Array(count * OUTPUT_BYTES);
  const start = process.hrtime.bigint();
  for (let i = 0; i < count; i++) execute(input, i * INPUT_BYTES, actual, i * OUTPUT_BYTES);
  nanoseconds += process.hrtime.bigint() - start;
  let differences = 0;
  for (let i = 0; i < count; i++) {
    const at = i * OUTPUT_BYTES;
    const sixteen = input[i * INPUT_BYTES] === 0x66;
    normaliseOutput(entry, sixteen, expected, at);
    normaliseOutput(entry, sixteen, actual, at);
    if (strict ? expected.subarray(at, at + OUTPUT_BYTES).every((byte, b) => byte === actual[at + b]) : sameOutput(entry, expected, at, actual, at))
      continue;
    differences++;
    if (differences > show) continue;
    console.log(
      `${entry.mnemonic} ${entry.encoding} case ${i} code ${[...input.subarray(i * INPUT_BYTES, i * INPUT_BYTES + 3)].map((x) => x.toString(16)).join(" ")}`,
    );
    console.log(`  in     ${describe(input, i * INPUT_BYTES, true)}`);
    console.log(`  native ${describe(expected, at, false)}`);
    console.log(`  here   ${describe(actual, at, false)}`);
  }
  total += count;
  wrong += differences;
  if (differences > 0) console.log(`${entry.mnemonic} ${entry.encoding}: ${differences} of ${count} differ`);
}
console.log(`${total} cases, ${wrong} differ, ${nanoseconds / BigInt(Math.max(total, 1))} ns a case`);
if (wrong > 0) process.exitCode = 1;
