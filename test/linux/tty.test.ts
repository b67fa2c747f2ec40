// What a terminal does, against what a pseudo-terminal of Linux did (tty/README.md). Keys are typed at machine times of their own: nothing waits.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { HostAnswer, HostRequest, HostStream, Inputs } from "../../src/linux/index.ts";
import { fixedStart, Machine } from "../../src/machine/index.ts";

const folder = new URL("tty/", import.meta.url);
const elf = readFileSync(new URL("../../programs/terminal/terminal", import.meta.url));
const cases = readFileSync(new URL("cases.txt", folder), "latin1")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"));
const golden = new Map(
  readFileSync(new URL("golden.txt", folder), "latin1")
    .trimEnd()
    .split("\n")
    .map((line) => [line.slice(0, line.indexOf(": ")), line.slice(line.indexOf(": ") + 2)]),
);

const NAMED: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, e: 27, "\\": 92, s: 32 };

/** Bytes typed together, `ms` after those before. */
interface Typed {
  readonly ms: number;
  readonly bytes: number[];
}

function keysOf(text: string): Typed[] {
  const typed: Typed[] = [{ ms: 50, bytes: [] }];
  for (const [token] of text.matchAll(/~\d+~|\\x[0-9a-f]{2}|\\.|\^.|./g)) {
    if (token.startsWith("~")) typed.push({ ms: Number(token.slice(1, -1)), bytes: [] });
    else if (token.startsWith("\\x")) typed.at(-1)?.bytes.push(Number.parseInt(token.slice(2), 16));
    else if (token.startsWith("\\")) typed.at(-1)?.bytes.push(NAMED[token.slice(1)] ?? 0);
    else if (token.startsWith("^")) typed.at(-1)?.bytes.push(token === "^^" ? 94 : token.charCodeAt(1) ^ 64);
    else typed.at(-1)?.bytes.push(token.charCodeAt(0));
  }
  return typed;
}

const time = { sec: 0, nsec: 0 };
const stat = {
  dev: 25,
  ino: 3,
  mode: 0o020620,
  nlink: 1,
  uid: 1000,
  gid: 5,
  rdev: 0x8800,
  size: 0,
  blksize: 1024,
  blocks: 0,
  atime: time,
  mtime: time,
  ctime: time,
};

/** A terminal whose reads are answered by {@link type}. */
class ScriptedTerminal implements Inputs {
  shown = "";
  reading = 0;

  ask(id: number, request: HostRequest): HostAnswer | "later" {
    if (request.op === "streams") {
      const stream: HostStream = {
        kind: "terminal",
        stat,
        flags: 2,
        name: "/dev/pts/0",
        windowSize: { rows: 24, columns: 80, xpixel: 0, ypixel: 0 },
        takeover: "now",
      };
      return { streams: [stream, { ...stream, sameAs: 0 }, { ...stream, sameAs: 0 }] };
    }
    if (request.op === "write") {
      this.shown += String.fromCharCode(...request.bytes);
      return { count: request.bytes.length };
    }
    if (request.op !== "read") return { errno: 38 };
    this.reading = id;
    return "later";
  }
}

function escaped(text: string): string {
  return text.replace(/[^ -[\]-~]/g, (c) => ({ "\n": "\\n", "\r": "\\r", "\\": "\\\\" })[c] ?? `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

function play(words: readonly string[], batches: readonly string[]): string {
  const inputs = new ScriptedTerminal();
  const machine = Machine.create({ elf, path: "/terminal", argv: ["terminal", ...words], envp: [], cwd: "/", inputs, start: fixedStart() });
  const queue: { at: number; bytes: number[] }[] = [];
  let played = 0;
  for (let turns = 0; turns < 1000; turns++) {
    const end = machine.run({ maxInstructions: 1_000_000 });
    while (played < batches.length && inputs.shown.includes(`<${played + 1}>`)) {
      let at = machine.kernel.clock.now;
      for (const { ms, bytes } of keysOf(batches[played++]!)) {
        at += ms * 1e6;
        if (bytes.length > 0) queue.push({ at, bytes });
      }
    }
    if (end.reason === "exited") return `${escaped(inputs.shown)} ${end.status.signal ? "signal" : "exit"} ${end.status.signal || end.status.code}`;
    if (end.reason !== "waiting") continue;
    const [next] = queue;
    const wait = next === undefined ? Infinity : Math.max(0, next.at - machine.kernel.clock.now);
    if (wait === Infinity && end.ns === Infinity) return `${escaped(inputs.shown)} hangs`;
    machine.elapse(Math.min(wait, end.ns));
    if (next !== undefined && wait <= end.ns) {
      queue.shift();
      machine.answer(inputs.reading, { bytes: Uint8Array.from(next.bytes) });
    }
  }
  return `${escaped(inputs.shown)} goes on for ever`;
}

describe("a terminal, as Linux's", () => {
  it.each(cases.map((line) => [line.slice(0, line.indexOf(": ")), line.slice(line.indexOf(": ") + 2)]))("%s", (name, line) => {
    const [words = "", ...batches] = line.split(" | ");
    expect(play(words.split(" "), batches)).toBe(golden.get(name));
  });
});
