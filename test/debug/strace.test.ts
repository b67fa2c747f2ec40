// The lines of --strace against those of strace(1), recorded natively by strace/record.sh.
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isShown, parseFilter, Strace } from "../../src/debug/index.ts";
import { defaultRlimits, syscalls } from "../../src/linux/index.ts";
import { Machine } from "../../src/machine/index.ts";
import { FakeHost } from "../linux/support.ts";

const elf = readFileSync(new URL("../linux/calls/calls", import.meta.url));
const golden = new URL("strace/", import.meta.url);

function trace(name: string): string {
  const host = new FakeHost();
  host.ended = true;
  let text = "";
  const machine = Machine.create({
    elf,
    path: "/bin/calls",
    argv: ["calls", name],
    envp: [],
    cwd: "/dev/shm",
    inputs: host,
    start: { time: { sec: 1_700_000_000, nsec: 0 }, seed: new Uint8Array(32), uid: 0, gid: 0, umask: 0o022, limits: defaultRlimits() },
  });
  machine.listen(new Strace({ write: (part) => (text += part) }));
  machine.run({ maxInstructions: 200_000_000 });
  const [first, ...lines] = text.split("\n");
  expect(first).toMatch(/^execve\("\/bin\/calls", \["calls", "[\w-]+"\], 0x7ff[0-9a-f]{9} \/\* 0 vars \*\/\) = 0$/);
  return lines.join("\n");
}

/** As record.sh does it. */
function alike(text: string): string {
  return text
    .replace(/0x7ff[0-9a-f]{9}/g, "STACK")
    .replace(/(set_tid_address\(\w+\) *= |get[pt]id\(\) *= |si_pid=|kill\()1000\b/g, "$1PID")
    .replace(/^(.*?) *= /gm, "$1 = ");
}

describe("strace lines, as strace(1) prints them", () => {
  for (const file of readdirSync(golden).filter((each) => each.endsWith(".txt"))) {
    it(file.replace(".txt", ""), () => {
      expect(alike(trace(file.replace(".txt", "")))).toBe(readFileSync(new URL(file, golden), "utf8"));
    });
  }

  it("puts results at column 40", () => {
    expect(trace("seek")).toContain("\nlseek(3, -3, SEEK_END)                  = 7\n");
  });
});

describe("filters", () => {
  const shown = (filter: string): string[] => syscalls.filter((call) => isShown(parseFilter(filter), call.number)).map((call) => call.name);

  it("select by name and class, and take out", () => {
    expect(shown("read,write")).toEqual(["read", "write"]);
    expect(shown("memory")).toContain("mmap");
    expect(shown("memory")).not.toContain("read");
    expect(shown("!read")).not.toContain("read");
    expect(shown("!read")).toContain("write");
    expect(shown("desc,!read")).not.toContain("read");
  });
});
