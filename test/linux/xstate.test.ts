/** Signal frames with extended state, in tsvm and on the processor at hand, against what Linux 6.18 gave (xstate/build.sh). */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { defaultRlimits } from "../../src/linux/index.ts";
import { minimumSignalStack } from "../../src/linux/signals/frame.ts";
import { cpuModels, Machine } from "../../src/machine/index.ts";
import { FakeHost } from "./support.ts";

const program = new URL("xstate/xstate", import.meta.url);
const expected = readFileSync(new URL("xstate/expected.txt", import.meta.url), "latin1");

test.each([32, 17])("in tsvm, with a window of %i bits", (windowBits) => {
  const host = new FakeHost();
  const machine = Machine.create({
    elf: readFileSync(program),
    path: "/xstate",
    argv: ["xstate"],
    envp: [],
    cwd: "/",
    inputs: host,
    windowBits,
    features: cpuModels.v3,
    start: { time: { sec: 0, nsec: 0 }, seed: new Uint8Array(32), uid: 0, gid: 0, umask: 0o022, limits: defaultRlimits() },
  });
  expect(machine.run({ maxInstructions: 1e8 }).reason).toBe("exited");
  expect(host.output).toBe(expected);
});

/** The order in which the kernel restores a frame is that of 6.12 and later. */
function recent(): boolean {
  if (process.platform !== "linux" || process.arch !== "x64" || !readFileSync("/proc/cpuinfo", "latin1").includes(" avx2 ")) return false;
  const [major = 0, minor = 0] = readFileSync("/proc/sys/kernel/osrelease", "latin1").split(".").map(Number);
  return major > 6 || (major === 6 && minor >= 12);
}

test.runIf(recent())("on this host", () => {
  expect(spawnSync(fileURLToPath(program), { encoding: "latin1", timeout: 20_000 }).stdout).toBe(expected);
});

test("AT_MINSIGSTKSZ, as Linux gives it on such processors", () => {
  expect([512, 832, 2432].map(minimumSignalStack)).toEqual([1440, 1776, 3376]);
});
