// One test: npx vitest run test/cpu/levels.test.ts -t sha256
/** Programs built for the levels of x86-64 give what they give elsewhere; the C library picks AVX2's string functions, and they are right (levels/build.sh). */

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { Interpreter } from "../../src/cpu/index.ts";
import { defaultRlimits } from "../../src/linux/index.ts";
import type { CpuModel } from "../../src/machine/index.ts";
import { cpuModels, Machine } from "../../src/machine/index.ts";
import { AddressSpace } from "../../src/memory/index.ts";
import { FakeHost } from "../linux/support.ts";

const folder = new URL("levels/", import.meta.url);

/** The interpreter's modules, made once. */
const prebuilt = Buffer.concat([cpuModels.v2, cpuModels.v3].map((features) => new Interpreter(new AddressSpace(), features).handlers.encode()));

function run(name: string, model: CpuModel, ...args: readonly string[]): string {
  const host = new FakeHost();
  const machine = Machine.create({
    elf: readFileSync(new URL(name, folder)),
    path: `/${name}`,
    argv: [name, ...args],
    envp: [],
    cwd: "/",
    inputs: host,
    features: cpuModels[model],
    prebuilt,
    start: { time: { sec: 0, nsec: 0 }, seed: new Uint8Array(32), uid: 0, gid: 0, umask: 0o022, limits: defaultRlimits() },
  });
  const end = machine.run({ maxInstructions: 2e9 });
  expect(end).toMatchObject({ reason: "exited", status: { code: 0, signal: 0 } });
  return host.output;
}

function expectedOf(name: string, level: string): string {
  const own = new URL(`${name}-${level}.txt`, folder);
  return readFileSync(existsSync(own) ? own : new URL(`../../programs/${name}/expected.stdout`, import.meta.url), "latin1");
}

const flags = process.platform === "linux" && process.arch === "x64" ? readFileSync("/proc/cpuinfo", "latin1") : "";
const native = { v2: flags.includes(" sse4_2 "), v3: / fma .* avx2 /.test(flags) };
const programs = ["arithmetic", "collatz", "floating", "mandelbrot", "sha256", "text"];

test.each(programs.flatMap((name) => [[name, "v2"] as const, [name, "v3"] as const]))("%s, built for %s", (name, level) => {
  const expected = expectedOf(name, level);
  expect(run(`${name}-${level}`, level)).toBe(expected);
  if (native[level])
    expect(spawnSync(fileURLToPath(new URL(`${name}-${level}`, folder)), { encoding: "latin1", timeout: 20_000 }).stdout).toBe(expected);
});

test.each(["v2", "v3"] as const)("the C library's string functions at all alignments and page edges, %s", (model) => {
  expect(run("strings", model)).toBe(readFileSync(new URL("strings.txt", folder), "latin1"));
});

test.runIf(flags !== "")("the same on this processor", () => {
  const { stdout } = spawnSync(fileURLToPath(new URL("strings", folder)), { encoding: "latin1", timeout: 20_000 });
  expect(stdout).toBe(readFileSync(new URL("strings.txt", folder), "latin1"));
});

test("the C library picks VEX for all of them where the processor has AVX2", () => {
  const picked = run("strings", "v3", "pick").trimEnd().split("\n");
  expect(picked).toHaveLength(19);
  expect(picked.filter((line) => !line.endsWith(" vex"))).toEqual([]);
  expect(run("strings", "v2", "pick")).not.toContain("vex");
});
