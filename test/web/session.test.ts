/** A machine's session without a browser: what its Worker does with the messages of a page. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readProgram } from "../../programs/build.ts";
import { OUTPUT_AHEAD } from "../../src/web/index.ts";
import { session, SIZE, start } from "./session-host.ts";
import { flood, loop } from "./tiny-elf.ts";

const programFile = (name: string): Buffer => readFileSync(readProgram(name).binary);
const hello = programFile("hello");

describe("start", () => {
  test("stands before the first instruction", () => {
    const { host, reports } = session();
    host.hear(start(hello));
    expect(reports).toMatchObject([
      { type: "started", windowBits: 32 },
      { type: "paused", reason: "start", instructions: 0 },
    ]);
  });

  test("takes a smaller window where the host refuses the largest", () => {
    const { Memory } = WebAssembly;
    const most = 2 ** 29 / 0x1_0000;
    class Small extends Memory {
      constructor(descriptor: WebAssembly.MemoryDescriptor) {
        if (descriptor.initial > most) throw new RangeError("WebAssembly.Memory(): could not allocate memory");
        super(descriptor);
      }
    }
    try {
      WebAssembly.Memory = Small;
      const { host, reports } = session();
      host.hear(start(hello));
      expect(reports[0]).toMatchObject({ type: "started", windowBits: 28 });
    } finally {
      WebAssembly.Memory = Memory;
    }
  });

  test("says what is no program", () => {
    const { host, last } = session();
    host.hear(start(Buffer.from("#!/bin/sh\n")));
    expect(last()).toMatchObject({ type: "failed" });
  });
});

test("a program runs to its end", () => {
  const each = session();
  each.host.hear(start(programFile("hello-musl")));
  each.host.hear({ type: "run" });
  each.take();
  expect(each.text()).toBe(readProgram("hello-musl").stdout?.toString("latin1"));
  expect(each.last()).toMatchObject({ type: "exited", status: 0, signal: undefined });
});

test("slices change nothing", () => {
  const counts = [0.001, 1, 50].map((tick) => {
    const each = session(tick);
    each.host.hear(start(programFile("text"), { streams: { kind: "pipes", input: readProgram("text").stdin } }));
    each.host.hear({ type: "run" });
    each.take();
    const end = each.last();
    return [end?.type === "exited" ? end.instructions : end, each.text()];
  });
  expect(counts[1]).toEqual(counts[0]);
  expect(counts[2]).toEqual(counts[0]);
});

test("step, run to a count, pause, continue", () => {
  const { host, take, last } = session();
  host.hear(start(loop));
  host.hear({ type: "step", count: 3 });
  expect(last()).toMatchObject({ type: "paused", reason: "step", instructions: 3 });
  host.hear({ type: "run", maxInstructions: 1_000_000 });
  take();
  expect(last()).toMatchObject({ type: "paused", reason: "limit", instructions: 1_000_000 });
  host.hear({ type: "run" });
  expect(take(3)).toBe(true);
  host.hear({ type: "pause" });
  const report = last();
  expect(report).toMatchObject({ type: "paused", reason: "pause" });
  expect(take()).toBe(false);
  if (report?.type !== "paused") return;
  expect(report.cpu.instructions[0]).toEqual({
    address: 0x400078,
    bytes: "eb fe",
    text: "jmp    400078 <program+0x400078>",
    place: "program+0x400078",
    next: true,
  });
  expect(report.cpu.registers.find(({ name }) => name === "rip")?.value).toBe("0000000000400078");
});

test("a program waits at its terminal for what is typed", () => {
  const each = session();
  const { argv, env } = readProgram("arguments");
  each.host.hear(
    start(programFile("arguments"), {
      argv: ["/arguments", ...argv],
      envp: Object.entries(env).map(([name, value]) => `${name}=${value}`),
      streams: { kind: "terminal", size: SIZE },
    }),
  );
  each.host.hear({ type: "run" });
  each.take();
  expect(each.last()).toMatchObject({ type: "progress", activity: "waiting" });
  each.host.hear({ type: "input", bytes: Buffer.from("one\r\x04") });
  each.take();
  expect(each.last()).toMatchObject({ type: "exited", status: 41 });
  expect(each.text()).toContain("one\r\n");
});

test("Ctrl-C ends a loop", () => {
  const each = session();
  each.host.hear(start(loop, { streams: { kind: "terminal", size: SIZE } }));
  each.host.hear({ type: "run" });
  each.take(3);
  each.host.hear({ type: "input", bytes: Uint8Array.of(3) });
  each.take(5);
  expect(each.last()).toMatchObject({ type: "exited", status: 130, signal: "SIGINT" });
});

test("output that is not shown holds the machine", () => {
  const each = session();
  each.host.hear(start(flood));
  each.host.hear({ type: "run" });
  expect(each.take(10_000)).toBe(false);
  const ahead = each.text().length;
  expect(ahead).toBeGreaterThanOrEqual(OUTPUT_AHEAD);
  each.host.hear({ type: "shown", amount: ahead });
  each.take(1);
  expect(each.text().length).toBeGreaterThan(ahead);
  expect(each.text()).toMatch(/^(hello, flood\n)+$/);
});

test("strace's lines", () => {
  const each = session();
  each.host.hear(start(hello, { strace: true }));
  each.host.hear({ type: "run" });
  each.take();
  const text = each
    .of("strace")
    .map(({ text }) => text)
    .join("");
  expect(text).toMatch(/^execve\("\/program", \["\/program"\]/);
  expect(text).toMatch(/\+\+\+ exited with 0 \+\+\+\n$/);
});
