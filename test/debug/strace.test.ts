// The lines of --strace against those of strace(1): recorded natively by tools/record-strace.ts, and live where strace is there.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, it } from "vitest";
import { classesOf, isShown, parseFilter, Strace, StraceSummary, type StraceFilter } from "../../src/debug/index.ts";
import { defaultRlimits, quote, syscalls } from "../../src/linux/index.ts";
import { Machine } from "../../src/machine/index.ts";
import { recordStrace } from "../../tools/record-strace.ts";
import { FakeHost } from "../linux/support.ts";
import { alike, programFolder, type StraceCase, straceCases } from "./strace-cases.ts";

const root = new URL("../../", import.meta.url);
const golden = (name: string): string => readFileSync(new URL(`strace/${name}.txt`, import.meta.url), "latin1");

function start({ program, args }: StraceCase): Machine {
  const host = new FakeHost();
  host.ended = true;
  return Machine.create({
    elf: readFileSync(new URL(program, root)),
    path: `${programFolder}/${basename(program)}`,
    argv: [`${programFolder}/${basename(program)}`, ...args],
    envp: [],
    cwd: "/dev/shm",
    inputs: host,
    start: { time: { sec: 1_700_000_000, nsec: 0 }, seed: new Uint8Array(32), uid: 0, gid: 0, umask: 0o022, limits: defaultRlimits() },
  });
}

function trace(each: StraceCase, filter?: StraceFilter): string {
  let text = "";
  const machine = start(each);
  machine.listen(new Strace({ write: (part) => (text += part), filter }));
  machine.run({ maxInstructions: 1_000_000_000 });
  return text;
}

const find = (name: string): StraceCase => straceCases.find((each) => each.name === name)!;
const hasStrace = spawnSync("setarch", ["-R", "strace", "true"]).status === 0;

describe("strace lines, as strace(1) prints them", () => {
  for (const each of straceCases) it(each.name, () => expect(alike(trace(each))).toBe(golden(each.name)));

  it.skipIf(!hasStrace && process.env["CI"] === undefined)("the recorded text is what strace(1) says here, the first line included", () => {
    for (const name of ["program-hello", "program-text", "program-life", "seek", "epoll", "nesting"]) {
      const native = recordStrace(find(name));
      expect(native, "strace cannot trace here").toBeDefined();
      expect(alike(native ?? "")).toBe(golden(name));
      const first = (text: string): string | undefined => text.split("\n")[0]?.replace(/0x\w+/, "ADDRESS");
      expect(first(trace(find(name)))).toBe(first(native ?? ""));
    }
  });

  it("puts results at column 40", () => {
    expect(trace(find("seek"))).toContain("\nlseek(3, -3, SEEK_END)                  = 7\n");
  });
});

describe("filters", () => {
  const shown = (filter: string): string[] => syscalls.filter((call) => isShown(parseFilter(filter), call.number)).map((call) => call.name);

  it("select by name and class, and take out", () => {
    expect(shown("read,write")).toEqual(["read", "write"]);
    expect(shown("memory")).toContain("mmap");
    expect(shown("%memory")).toEqual(shown("memory"));
    expect(shown("memory")).not.toContain("read");
    expect(shown("!read")).not.toContain("read");
    expect(shown("!read")).toContain("write");
    expect(shown("desc,!read")).not.toContain("read");
    expect(shown("!%desc,read").filter((name) => ["read", "write"].includes(name))).toEqual(["read"]);
    expect(shown("/^epoll_c").toSorted()).toEqual(["epoll_create", "epoll_create1", "epoll_ctl"]);
    expect(shown("stat")).toEqual(["stat"]);
    expect(shown("%%stat").toSorted()).toEqual(["fstat", "lstat", "newfstatat", "stat", "statx"]);
    expect(shown("none")).toEqual([]);
    expect(shown("all").length).toBe(syscalls.length);
    expect(shown("?nonsense")).toEqual([]);
    expect(() => parseFilter("file,nonsense")).toThrow("'nonsense' is neither");
  });

  it("hide the lines of all other calls, never signals and the end", () => {
    const lines = trace(find("nesting"), parseFilter("!all,tgkill")).trimEnd().split("\n");
    expect(lines.some((line) => line.startsWith("--- SIG"))).toBe(true);
    expect(lines.filter((line) => !line.startsWith("---")).every((line) => line.startsWith("tgkill(") || line.startsWith("+++"))).toBe(true);
    expect(lines.at(-1)).toBe("+++ exited with 0 +++");
  });

  it("know every declared call's classes as the declaration does", () => {
    const known = ["file", "desc", "memory", "process", "signal", "network"];
    const wrong = syscalls.filter(({ name, classes }) => {
      const ours = classesOf(name).filter((each) => known.includes(each));
      return ours.toSorted().join() !== [...classes].toSorted().join();
    });
    expect(wrong.map(({ name, classes }) => `${name}: declared ${classes.join()}, strace ${classesOf(name).join()}`)).toEqual([]);
  });
});

describe("the summary", () => {
  it("counts calls and errors as the lines do", () => {
    const machine = start(find("program-text"));
    const summary = new StraceSummary();
    machine.listen(summary);
    machine.run();
    const lines = golden("program-text").trimEnd().split("\n");
    const counts = new Map<string, number>([["execve", 1]]);
    for (const line of lines) {
      const name = /^(\w+)\(.* = (?!\?)/.exec(line)?.[1];
      if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    const [head, rule, ...rows] = summary.text().trimEnd().split("\n");
    expect(head).toBe("% time     seconds  usecs/call     calls    errors syscall");
    expect(rule).toBe("------ ----------- ----------- --------- --------- ----------------");
    const total = rows.pop() ?? "";
    expect(rows.pop()).toBe(rule);
    const seen = new Map(rows.map((row) => [row.slice(50).trim(), Number(row.slice(30, 40))] as const));
    expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(counts));
    expect(total).toMatch(new RegExp(`^100\\.00 .* ${[...counts.values()].reduce((a, b) => a + b)} .* total$`));
  });
});

describe("strings", () => {
  it("are escaped as strace(1) does: three octal digits only where an octal digit follows", () => {
    const bytes = Uint8Array.of(0, 0x37, 1, 0x39, 0xff, 0x41, 9, 0x22, 0x5c, 7);
    expect(quote(bytes, true)).toBe('"\\0007\\19\\377A\\t\\"\\\\\\7"...');
  });
});
