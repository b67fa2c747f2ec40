// Every test of calls/ in the machine, with the usual window and with a tiny one, and natively where this host can, against what was recorded
// natively (calls/build.sh).
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { Interpreter } from "../../src/cpu/index.ts";
import { defaultRlimits } from "../../src/linux/index.ts";
import { cpuModels, defaultCpuModel, Machine } from "../../src/machine/index.ts";
import { AddressSpace } from "../../src/memory/index.ts";
import { FakeHost } from "./support.ts";

const here = new URL("calls/", import.meta.url);
const program = new URL("calls", here);
const elf = readFileSync(program);
const names = readdirSync(new URL("expected/", here))
  .map((file) => file.replace(/\.txt$/, ""))
  .sort();

function expected(name: string): string {
  return readFileSync(new URL(`expected/${name}.txt`, here), "utf8");
}

/** The interpreter's modules, which are the same for every machine: made once. */
const prebuilt = new Interpreter(new AddressSpace(), cpuModels[defaultCpuModel]).handlers.encode();

/** What a test prints, and the status a shell would tell. */
function run(name: string, windowBits: number): string {
  const host = new FakeHost();
  host.ended = true;
  const machine = Machine.create({
    elf,
    path: "/tmp/bin/calls",
    argv: ["calls", name],
    envp: [],
    cwd: "/tmp",
    inputs: host,
    windowBits,
    prebuilt,
    start: { time: { sec: 1_700_000_000, nsec: 0 }, seed: new Uint8Array(32).fill(1), uid: 0, gid: 0, umask: 0o022, limits: defaultRlimits() },
  });
  const end = machine.run({ maxInstructions: 200_000_000 });
  if (end.reason !== "exited") return `${host.output}${JSON.stringify(end)}\n`;
  const status = end.status.signal === 0 ? end.status.code : 128 + end.status.signal;
  return `${host.output}status ${status}\n`;
}

const windows = [
  ["the usual window", 32],
  ["a tiny window", 17],
] as const;

describe.each(windows)("system calls in %s, as natively", (_title, windowBits) => {
  it.each(names)("%s", (name) => {
    expect(run(name, windowBits)).toBe(expected(name));
  });
});

/** Recorded as root on tmpfs. */
const native = process.platform === "linux" && process.arch === "x64" && process.getuid?.() === 0 && existsSync("/dev/shm");

describe.runIf(native)("system calls on this host, as recorded", () => {
  it.each(names)("%s", (name) => {
    const cwd = mkdtempSync("/dev/shm/calls-");
    chmodSync(cwd, 0o755);
    const { stdout, status, signal } = spawnSync("/bin/sh", ["-c", '(umask 022; exec "$0" "$1") | cat', fileURLToPath(program), name], {
      cwd,
      stdio: ["ignore", "pipe", "ignore"],
      encoding: "utf8",
      timeout: 20_000,
    });
    rmSync(cwd, { recursive: true });
    expect([status, signal]).toEqual([0, null]);
    expect(stdout).toBe(expected(name).replace(/status \d+\n$/, ""));
  });
});
