// Every test of calls/ in the machine, against what the same binary printed natively (calls/build.sh).
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { defaultRlimits } from "../../src/linux/index.ts";
import { Machine } from "../../src/machine/index.ts";
import { FakeHost } from "./support.ts";

const here = new URL("calls/", import.meta.url);
const elf = readFileSync(new URL("calls", here));

/** What a test prints, and the status a shell would tell. */
function run(name: string): string {
  const host = new FakeHost();
  host.ended = true;
  const machine = Machine.create({
    elf,
    path: "/tmp/bin/calls",
    argv: ["calls", name],
    envp: [],
    cwd: "/tmp",
    inputs: host,
    start: { time: { sec: 1_700_000_000, nsec: 0 }, seed: new Uint8Array(32).fill(1), uid: 0, gid: 0, umask: 0o022, limits: defaultRlimits() },
  });
  const end = machine.run({ maxInstructions: 200_000_000 });
  if (end.reason !== "exited") return `${host.output}${JSON.stringify(end)}\n`;
  const status = end.status.signal === 0 ? end.status.code : 128 + end.status.signal;
  return `${host.output}status ${status}\n`;
}

describe("system calls, as natively", () => {
  for (const file of readdirSync(new URL("expected/", here)).sort()) {
    const name = file.replace(/\.txt$/, "");
    it(name, () => {
      expect(run(name)).toBe(readFileSync(new URL(`expected/${file}`, here), "utf8"));
    });
  }
});
