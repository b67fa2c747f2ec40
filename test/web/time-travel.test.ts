/** Going back and forth in a run: the same state, byte for byte, as when the machine came there first. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readProgram } from "../../programs/build.ts";
import { type InputEvent, type Snapshot, sha256Here } from "../../src/web/index.ts";
import { session, SIZE, start } from "./session-host.ts";
import { loop, tinyElf } from "./tiny-elf.ts";

type Each = ReturnType<typeof session>;

let ids = 0;

async function snapshot({ host, of }: Each): Promise<Snapshot & { readonly id: number }> {
  const id = ++ids;
  host.hear({ type: "snapshot", id });
  await new Promise((resolve) => setImmediate(resolve));
  const found = of("snapshot").find((report) => report.id === id);
  if (found === undefined) throw new Error("no snapshot came");
  return found;
}

function started(name: string, kind: "pipes" | "terminal" = "pipes", tape?: readonly InputEvent[]): Each {
  const { binary, argv, env, stdin } = readProgram(name);
  const each = session();
  each.host.hear(
    start(readFileSync(binary), {
      path: `/${name}`,
      argv: [`/${name}`, ...argv],
      envp: Object.entries(env).map(([key, value]) => `${key}=${value}`),
      streams: kind === "pipes" ? { kind, input: stdin } : { kind, size: SIZE },
      windowBits: 26,
      ...(tape === undefined ? {} : { tape }),
    }),
  );
  return each;
}

const count = ({ reports }: Each): number => {
  const found = reports.findLast((report) => report.type === "paused" || report.type === "exited");
  return found !== undefined && "instructions" in found ? found.instructions : NaN;
};

const screen = (each: Each): string => {
  const { reports } = each;
  const at = reports.findLastIndex(({ type }) => type === "screen");
  return reports
    .slice(Math.max(at, 0))
    .map((report) => (report.type === "screen" || report.type === "output" ? Buffer.from(report.bytes).toString("latin1") : ""))
    .join("");
};

test("SHA-256 is NIST's", () => {
  expect(sha256Here(Buffer.from(""))).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  expect(sha256Here(Buffer.from("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))).toBe(
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  );
  expect(sha256Here(Buffer.alloc(1_000_000, "a"))).toBe("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
});

describe("through pipes", () => {
  test.each(["text", "hello-glibc", "self-modifying"])("%s: back and forth gives the same images and the same screen", async (name) => {
    const each = started(name);
    each.host.hear({ type: "run" });
    each.take();
    const end = count(each);
    const endScreen = screen(each);
    const shas = new Map<number, string>();
    const texts = new Map<number, string>();
    for (const share of [0.5, 0.1, 0.9, 0.1, 0.3, 0.5, 0.9]) {
      const at = Math.floor(end * share);
      each.host.hear({ type: "seek", instructions: at });
      each.take();
      expect(count(each)).toBe(at);
      const { sha256, image } = await snapshot(each);
      expect(sha256Here(image)).toBe(sha256);
      expect(shas.get(at) ?? sha256).toBe(sha256);
      expect(texts.get(at) ?? screen(each)).toBe(screen(each));
      shas.set(at, sha256);
      texts.set(at, screen(each));
    }
    const straight = started(name);
    for (const at of [...shas.keys()].toSorted((a, b) => a - b)) {
      straight.host.hear({ type: "run", maxInstructions: at });
      straight.take();
      expect((await snapshot(straight)).sha256).toBe(shas.get(at));
      expect(screen(straight)).toBe(texts.get(at));
    }
    each.host.hear({ type: "run" });
    each.take();
    expect(count(each)).toBe(end);
    expect(screen(each)).toBe(endScreen);
  });

  test("steps back, one at a time and from the end", () => {
    const each = started("hello");
    const { host, take, last } = each;
    host.hear({ type: "run" });
    take();
    const end = count(each);
    host.hear({ type: "stepBack" });
    expect(last()).toMatchObject({ type: "paused", reason: "seek", instructions: end - 1, earliest: 0, latest: end });
    for (let back = 2; back < 6; back++) {
      host.hear({ type: "stepBack" });
      expect(last()).toMatchObject({ type: "paused", instructions: end - back });
    }
    host.hear({ type: "seek", instructions: 0 });
    expect(last()).toMatchObject({ type: "paused", instructions: 0 });
    host.hear({ type: "stepBack" });
    expect(last()).toMatchObject({ type: "paused", instructions: 0 });
    host.hear({ type: "seek", instructions: end });
    take();
    expect(last()).toMatchObject({ type: "exited", status: 0, instructions: end });
  });

  test("steps back from a fault to the instruction that made it", () => {
    // inc eax; mov eax, [0]
    const { host, take, last } = session();
    host.hear({ ...start(tinyElf([0xff, 0xc0, 0x8b, 0x04, 0x25, 0, 0, 0, 0])), windowBits: 26 });
    host.hear({ type: "run" });
    take();
    expect(last()).toMatchObject({ type: "exited", signal: "SIGSEGV", instructions: 1 });
    host.hear({ type: "stepBack" });
    expect(last()).toMatchObject({ type: "paused", instructions: 1 });
  });

  test("breakpoints do not stop what is run again to get somewhere", () => {
    const each = session();
    each.host.hear({ ...start(loop), windowBits: 26 });
    each.host.hear({ type: "run", maxInstructions: 100_000 });
    each.take();
    each.host.hear({ type: "breakpoints", addresses: [0x400078] });
    each.host.hear({ type: "seek", instructions: 5000 });
    each.take();
    expect(each.last()).toMatchObject({ type: "paused", reason: "seek", instructions: 5000 });
    each.host.hear({ type: "run" });
    each.take();
    expect(each.last()).toMatchObject({ type: "paused", reason: "breakpoint", instructions: 5001 });
  });
});

describe("at a terminal", () => {
  /** Types two lines, with a pause while the program waits between them. */
  function typed(): Each {
    const each = started("arguments", "terminal");
    each.host.hear({ type: "run" });
    each.take();
    each.host.hear({ type: "input", bytes: Buffer.from("one\r") });
    each.take();
    each.host.hear({ type: "pause" });
    each.host.hear({ type: "resize", size: { ...SIZE, columns: 100 } });
    each.host.hear({ type: "run" });
    each.take();
    each.host.hear({ type: "input", bytes: Buffer.from("two") });
    each.take();
    each.host.hear({ type: "input", bytes: Buffer.from("\r") });
    each.take();
    return each;
  }

  test("what was typed happens again by itself", async () => {
    const each = typed();
    each.host.hear({ type: "input", bytes: Uint8Array.of(4) });
    each.take();
    expect(each.last()).toMatchObject({ type: "exited", status: 42 });
    const end = count(each);
    const whole = screen(each);
    expect(whole).toContain("two");
    each.host.hear({ type: "seek", instructions: 100 });
    each.take();
    expect(count(each)).toBe(100);
    const { sha256 } = await snapshot(each);
    each.host.hear({ type: "run" });
    each.take();
    expect(each.last()).toMatchObject({ type: "exited", status: 42, instructions: end });
    expect(screen(each)).toBe(whole);
    each.host.hear({ type: "seek", instructions: 100 });
    each.take();
    expect((await snapshot(each)).sha256).toBe(sha256);
  });

  test("a snapshot while it waits is gone back to exactly, and other input makes another run", async () => {
    const each = typed();
    const taken = await snapshot(each);
    each.host.hear({ type: "input", bytes: Uint8Array.of(4) });
    each.take();
    const taken2 = await snapshot(each);
    const end = count(each);
    const { image, id } = taken;
    const streams = { kind: "terminal", size: SIZE } as const;
    each.host.hear({ type: "restore", image: image.slice(), id, screen: taken.screen, streams, strace: false, windowBits: 26 });
    expect(each.last()).toMatchObject({ type: "paused", reason: "restore", earliest: 0, latest: end });
    expect((await snapshot(each)).sha256).toBe(taken.sha256);
    each.host.hear({ type: "input", bytes: Buffer.from("three\r") });
    each.host.hear({ type: "run" });
    each.take();
    expect(screen(each)).toContain("three");
    expect(each.last()).toMatchObject({ type: "progress", activity: "waiting" });
    // A snapshot of a way that was not gone further is still what it was.
    const onOther = await snapshot(each);
    for (const { id: back, image: whole, sha256, tape } of [taken2, onOther, taken]) {
      each.host.hear({ type: "restore", image: whole.slice(), id: back, screen: taken.screen, streams, strace: false, windowBits: 26 });
      expect(await snapshot(each)).toMatchObject({ sha256, tape });
    }
  });

  test("a tape tells a new machine what the first was told", async () => {
    const each = typed();
    each.host.hear({ type: "pause" });
    const { tape, sha256, moment } = await snapshot(each);
    const other = started("arguments", "terminal", tape);
    const { instructions, position, settled } = moment;
    other.host.hear({ type: "seek", instructions, position, settled });
    other.take();
    expect((await snapshot(other)).sha256).toBe(sha256);
  });

  test("an image goes on in another worker", async () => {
    const each = typed();
    const taken = await snapshot(each);
    each.host.hear({ type: "input", bytes: Uint8Array.of(4) });
    each.take();
    const other = session();
    other.host.hear({
      type: "restore",
      image: taken.image,
      screen: taken.screen,
      streams: { kind: "terminal", size: SIZE },
      strace: false,
      windowBits: 26,
    });
    other.host.hear({ type: "run" });
    other.take();
    other.host.hear({ type: "input", bytes: Uint8Array.of(4) });
    other.take();
    expect(other.last()).toMatchObject({ type: "exited", status: 42, instructions: count(each), earliest: taken.moment.instructions });
    expect(screen(other)).toBe(screen(each));
  });
});

test("images are described and compared without a machine of one's own", async () => {
  const each = started("hello-musl");
  each.host.hear({ type: "step", count: 1000 });
  const a = await snapshot(each);
  each.host.hear({ type: "step", count: 500 });
  const b = await snapshot(each);
  const { host, reports } = session();
  host.hear({ type: "describe", id: 1, image: a.image });
  host.hear({ type: "compare", id: 2, images: [a.image, b.image] });
  host.hear({ type: "describe", id: 3, image: new Uint8Array(100) });
  await new Promise((resolve) => setImmediate(resolve));
  expect(reports.find((report) => report.type === "described")).toMatchObject({
    id: 1,
    sha256: a.sha256,
    instructions: 1000,
    program: "/hello-musl",
    terminal: false,
    mounts: [],
  });
  const compared = reports.find((report) => report.type === "compared");
  expect(compared).toMatchObject({ id: 2, instructions: [1000, 1500] });
  expect(compared?.registers.map(({ name }) => name)).toContain("rip");
  expect(compared?.memory.length).toBeGreaterThan(0);
  expect(reports.find((report) => report.type === "unanswered")).toMatchObject({ id: 3, message: expect.stringMatching(/^This is no image.*\.$/) });
});
