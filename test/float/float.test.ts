/**
 * Programs that compute with floating-point numbers print in tsvm what they print on a processor: printf and strtod of glibc and musl
 * (decimal.c), SSE arithmetic and its flags (flags.c). Here they do so for a second; with an argument of a million they prove more:
 * `test/float/decimal-musl 1000000`, natively and in tsvm.
 *
 *     gcc      -O2 -static -s -Wall -Wextra -Wl,--build-id=none -o decimal-glibc decimal.c -lm
 *     musl-gcc -O2 -static -s -Wall -Wextra -Wl,--build-id=none -o decimal-musl decimal.c -lm
 *     musl-gcc -O2 -static -s -Wall -Wextra -Wl,--build-id=none -o flags flags.c
 */

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const folder = import.meta.dirname;
const tsvm = join(folder, "..", "..", "bin", "tsvm.js");
const built = existsSync(join(folder, "..", "..", "dist", "cli", "index.js"));
const native = process.platform === "linux" && process.arch === "x64";

describe.each([
  ["decimal-glibc", "800"],
  ["decimal-musl", "800"],
  ["flags", "2000"],
])("%s", (name, count) => {
  const program = join(folder, name);
  const expected = readFileSync(join(folder, `${name}.txt`), "utf8");

  test.skipIf(!native)("natively", () => {
    expect(spawnSync(program, [count], { encoding: "utf8", env: {} }).stdout).toBe(expected);
  });

  test.skipIf(!built)("in tsvm", () => {
    const run = spawnSync(process.execPath, [tsvm, "run", "--deterministic", "--", program, count], { encoding: "utf8", env: {} });
    expect(run.stderr).toBe("");
    expect(run.stdout).toBe(expected);
  });
});
