/**
 * printf and strtod of glibc and musl inside tsvm (decimal.c) print what they print on a processor. A million numbers:
 * `test/float/decimal-musl 1000000`, natively and in tsvm.
 *
 *     gcc      -O2 -static -s -Wall -Wextra -Wl,--build-id=none -o decimal-glibc decimal.c -lm
 *     musl-gcc -O2 -static -s -Wall -Wextra -Wl,--build-id=none -o decimal-musl decimal.c -lm
 */

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const folder = import.meta.dirname;
const tsvm = join(folder, "..", "..", "bin", "tsvm.js");
const built = existsSync(join(folder, "..", "..", "dist", "cli", "index.js"));
const native = process.platform === "linux" && process.arch === "x64";
const COUNT = "800";

describe.each(["glibc", "musl"])("%s", (library) => {
  const program = join(folder, `decimal-${library}`);
  const expected = readFileSync(join(folder, `decimal-${library}.txt`), "utf8");

  test.skipIf(!native)("natively", () => {
    expect(spawnSync(program, [COUNT], { encoding: "utf8", env: {} }).stdout).toBe(expected);
  });

  test.skipIf(!built)("in tsvm", () => {
    const run = spawnSync(process.execPath, [tsvm, "run", "--deterministic", "--", program, COUNT], { encoding: "utf8", env: {} });
    expect(run.stderr).toBe("");
    expect(run.stdout).toBe(expected);
  });
});
