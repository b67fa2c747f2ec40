/**
 * Exceptions of 256-bit arithmetic that are not masked reach a program as on a processor (traps.c).
 *
 *     musl-gcc -O1 -mavx2 -mfma -mf16c -static -s -Wall -Wextra -Wl,--build-id=none -o traps traps.c
 */

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const folder = import.meta.dirname;
const program = join(folder, "traps");
const expected = readFileSync(join(folder, "traps.txt"), "utf8");
const built = existsSync(join(folder, "..", "..", "dist", "cli", "index.js"));
const processor = process.platform === "linux" && process.arch === "x64" ? readFileSync("/proc/cpuinfo", "utf8") : "";

test.skipIf(!["avx2", "fma", "f16c"].every((flag) => new RegExp(`\\b${flag}\\b`).test(processor)))("natively", () => {
  expect(spawnSync(program, { encoding: "utf8", env: {} }).stdout).toBe(expected);
});

test.skipIf(!built)("in tsvm", () => {
  const tsvm = join(folder, "..", "..", "bin", "tsvm.js");
  const run = spawnSync(process.execPath, [tsvm, "run", "--deterministic", "--cpu", "v3", "--", program], { encoding: "utf8", env: {} });
  expect(run.stderr).toBe("");
  expect(run.stdout).toBe(expected);
});
