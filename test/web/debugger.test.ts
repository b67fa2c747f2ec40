/** What a page's debugger asks of a session: stops, and looks at the machine. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readProgram } from "../../programs/build.ts";
import { type Command, type Looks, PageBit, type Report, Session, type StartMessage } from "../../src/web/index.ts";
import { loop, tinyElf } from "./tiny-elf.ts";

type Of<T extends Report["type"]> = Extract<Report, { type: T }>;

class Page {
  readonly reports: Report[] = [];
  readonly #turns: (() => void)[] = [];
  readonly #session: Session;
  #clock = 0;
  #looks = 0;

  constructor(elf: Uint8Array | undefined, options: Partial<StartMessage> = {}) {
    this.#session = new Session({
      post: (report) => void this.reports.push(report),
      soon: (callback) => void this.#turns.push(callback),
      after: () => () => undefined,
      elapsed: () => (this.#clock += 0.01),
      now: () => 0,
      sha256: async () => "",
    });
    this.send({
      type: "start",
      ...(elf === undefined ? {} : { elf }),
      path: "/program",
      argv: ["/program"],
      envp: [],
      streams: { kind: "pipes", input: new Uint8Array(0) },
      strace: false,
      windowBits: 26,
      ...options,
    });
  }

  send(command: Command): void {
    this.#session.hear(command);
  }

  /** Obeys a command until the machine stands still; what it then says. */
  until(command: Command): Of<"paused" | "exited" | "failed" | "refused"> {
    this.send(command);
    for (;;) {
      const last = this.reports.at(-1);
      if (last?.type === "paused" || last?.type === "exited" || last?.type === "failed" || last?.type === "refused") return last;
      const turn = this.#turns.shift();
      if (turn === undefined) throw new Error(`it waits after ${last?.type}`);
      turn();
    }
  }

  paused(command: Command): Of<"paused"> & { readonly rip: number } {
    const end = this.until(command);
    if (end.type !== "paused") throw new Error(JSON.stringify(end));
    return { ...end, rip: end.cpu.instructions.find(({ next }) => next)?.address ?? 0 };
  }

  look<K extends keyof Looks>(kind: K, ask: Looks[K]["ask"]): Looks[K]["answer"] {
    const id = ++this.#looks;
    this.send({ type: "look", id, kind, ask } as Command);
    const last = this.reports.at(-1);
    if (last?.type === "unlooked" && last.id === id) throw new Error(last.message);
    if (last?.type !== "looked" || last.id !== id) throw new Error("no answer");
    return last.answer;
  }

  /** SHA-256 of the state's image. */
  async digest(): Promise<string> {
    this.send({ type: "snapshot", id: 0 });
    await new Promise(setImmediate);
    const last = this.reports.at(-1);
    if (last?.type !== "snapshot") throw new Error(`no snapshot but ${last?.type}`);
    this.reports.pop();
    return createHash("sha256").update(last.image).digest("hex");
  }

  text(): string {
    return Buffer.concat(this.reports.flatMap((report) => (report.type === "output" ? [report.bytes] : []))).toString("latin1");
  }
}

const file = (name: string): Buffer => readFileSync(readProgram(name).binary);

describe("stops", () => {
  test("at breakpoints, each time", () => {
    const page = new Page(tinyElf([0x90, 0x90, 0x90, 0xeb, 0xfb]));
    page.send({ type: "breakpoints", addresses: [0x40007a] });
    expect(page.paused({ type: "run" })).toMatchObject({ reason: "breakpoint", rip: 0x40007a, instructions: 2 });
    expect(page.paused({ type: "run" })).toMatchObject({ reason: "breakpoint", rip: 0x40007a, instructions: 6 });
    expect(page.paused({ type: "step", count: 1 })).toMatchObject({ reason: "step", rip: 0x40007b });
    page.send({ type: "breakpoints", addresses: [] });
    expect(page.paused({ type: "run", maxInstructions: 1000 })).toMatchObject({ reason: "limit", instructions: 1000 });
  });

  test("at an address, and in front of a system call by name or of any", () => {
    const page = new Page(file("hello-musl"));
    const { address } = page.look("address", { text: "main" });
    const main = page.paused({ type: "run", until: { kind: "address", address } });
    expect(main).toMatchObject({ reason: "reached", rip: address });
    const write = page.paused({ type: "run", until: { kind: "syscall", name: "writev" } });
    expect(write.reason).toBe("reached");
    expect(write.cpu.instructions.find(({ next }) => next)?.text).toBe("syscall");
    expect(write.cpu.registers.find(({ name }) => name === "rax")?.value).toBe("0000000000000014");
    const next = page.paused({ type: "run", until: { kind: "syscall", name: undefined } });
    expect(next.instructions).toBeGreaterThan(write.instructions);
    expect(page.text()).toBe(readProgram("hello-musl").stdout?.toString("latin1"));
    expect(page.until({ type: "run", until: { kind: "syscall", name: "no_such" } })).toMatchObject({ type: "refused" });
  });

  test("over a call, and out of a function", () => {
    // call f; nop; hang: jmp hang; f: call g; ret; g: push rax; pop rax; ret
    const page = new Page(tinyElf([0xe8, 3, 0, 0, 0, 0x90, 0xeb, 0xfe, 0xe8, 1, 0, 0, 0, 0xc3, 0x50, 0x58, 0xc3]));
    expect(page.paused({ type: "stepOver" })).toMatchObject({ reason: "reached", rip: 0x40007d, instructions: 6 });
    expect(page.paused({ type: "stepOver" })).toMatchObject({ reason: "step", rip: 0x40007e, instructions: 7 });
    const inside = new Page(tinyElf([0xe8, 3, 0, 0, 0, 0x90, 0xeb, 0xfe, 0xe8, 1, 0, 0, 0, 0xc3, 0x50, 0x58, 0xc3]));
    expect(inside.paused({ type: "step", count: 2 })).toMatchObject({ rip: 0x400086 });
    expect(inside.paused({ type: "stepOut" })).toMatchObject({ reason: "reached", rip: 0x400085 });
    expect(inside.paused({ type: "stepOut" })).toMatchObject({ reason: "reached", rip: 0x40007d });
  });

  test("over a call of itself: in the same call", () => {
    // f: dec edi; jz done; call f; done: ret, called with edi = 5
    const code = [0xbf, 5, 0, 0, 0, 0xe8, 2, 0, 0, 0, 0xeb, 0xfe, 0xff, 0xcf, 0x74, 5, 0xe8, 0xf7, 0xff, 0xff, 0xff, 0xc3];
    const page = new Page(tinyElf(code));
    const call = 0x400078 + 16;
    expect(page.paused({ type: "run", until: { kind: "address", address: call } })).toMatchObject({ rip: call, instructions: 4 });
    const rsp = (end: Of<"paused">) => end.cpu.registers.find(({ name }) => name === "rsp")?.value;
    const before = page.look("stack", { words: 1 }).words[0]?.address;
    const after = page.paused({ type: "stepOver" });
    expect(after).toMatchObject({ reason: "reached", rip: call + 5 });
    expect(Number.parseInt(rsp(after) ?? "", 16)).toBe(before);
  });

  test("step out where nobody called is refused", () => {
    expect(new Page(loop).until({ type: "stepOut" })).toMatchObject({ type: "refused" });
  });
});

describe("looks", () => {
  test("addresses: numbers, registers, symbols, areas and sums", () => {
    const page = new Page(file("hello-musl"));
    const at = (text: string) => page.look("address", { text }).address;
    const rsp = page.look("stack", { words: 1 }).words[0]?.address ?? 0;
    expect(at("0x401000")).toBe(0x401000);
    expect(at("401000")).toBe(0x401000);
    expect(at(" rsp + 0x10 ")).toBe(rsp + 16);
    expect(at("RSP-8")).toBe(rsp - 8);
    expect(at("main+4")).toBe(at("main") + 4);
    expect(at("[stack]")).toBeLessThanOrEqual(rsp);
    expect(() => at("nowhere")).toThrow(/^"nowhere" is no address/);
    expect(() => at("")).toThrow(/missing/);
    expect(() => at("0xffffffffffffffff")).toThrow(/outside/);
  });

  test("memory, what is mapped of it", () => {
    const page = new Page(loop);
    const { bytes, mapped } = page.look("memory", { address: 0x3ffff8, length: 16 });
    expect(Array.from(mapped)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1]);
    expect(Buffer.from(bytes.subarray(8, 12)).toString("latin1")).toBe("\x7fELF");
  });

  test("the stack with who calls", () => {
    const page = new Page(file("hello-musl"));
    const { address } = page.look("address", { text: "main" });
    page.paused({ type: "run", until: { kind: "address", address } });
    const { words, frames } = page.look("stack", { words: 8 });
    expect(words).toHaveLength(8);
    expect(frames[0]?.place).toBe("main");
    expect(frames[1]?.place).toMatch(/^libc_start_main/);
    expect(words[0]).toMatchObject({ returns: true, note: frames[1]?.place });
  });

  test("vector registers and the x87 stack", () => {
    // fld1; fldpi; mov eax, 0x01020304; movd xmm3, eax; hang
    const page = new Page(tinyElf([0xd9, 0xe8, 0xd9, 0xeb, 0xb8, 4, 3, 2, 1, 0x66, 0x0f, 0x6e, 0xd8, 0xeb, 0xfe]));
    page.paused({ type: "run", maxInstructions: 5 });
    const { ymm, st, stUsed, mxcsr, control } = page.look("vectors", {});
    expect(Array.from(ymm.subarray(96, 101))).toEqual([4, 3, 2, 1, 0]);
    expect(stUsed).toBe(0b11);
    expect(Buffer.from(st.subarray(10, 20)).toString("hex")).toBe("0000000000000080ff3f");
    expect([mxcsr, control]).toEqual([0x1f80, 0x37f]);
  });

  test("the page table: absent, clean, dirty, executable, and what was just written", () => {
    // mov rax, rsp; loop: inc byte [rax]; jmp loop
    const page = new Page(tinyElf([0x48, 0x89, 0xe0, 0xfe, 0x00, 0xeb, 0xfc]));
    const stack = () => page.look("pages", { cells: 4096 }).areas.find(({ name }) => name === "[stack]");
    const first = stack();
    expect(first?.resident).toBeLessThan(first?.cells.length ?? 0);
    expect(first?.cells.at(-1)).toBe(PageBit.present | PageBit.dirty | PageBit.recent);
    expect(stack()?.cells.some((cell) => (cell & PageBit.recent) !== 0)).toBe(false);
    page.paused({ type: "run", maxInstructions: 10 });
    expect(stack()?.cells.filter((cell) => (cell & PageBit.recent) !== 0)).toHaveLength(1);
    const code = page.look("pages", { cells: 4096 }).areas[0];
    expect(code).toMatchObject({ start: 0x400000, end: 0x401000, permissions: "rwxp", pagesPerCell: 1, resident: 1, dirty: 0 });
    expect(Array.from(code?.cells ?? [])).toEqual([PageBit.present | PageBit.executable]);
  });

  test("change nothing: instructions, memory in use and the image are what they are without", async () => {
    const run = async (looking: boolean) => {
      const page = new Page(file("text"), { streams: { kind: "pipes", input: readProgram("text").stdin } });
      let end = page.until({ type: "run", maxInstructions: 50_000 });
      let digest: string | undefined;
      while (end.type === "paused") {
        if (looking) {
          for (const { start } of page.look("pages", { cells: 999 }).areas) page.look("memory", { address: start, length: 0x4000 });
          page.look("stack", { words: 99 });
          for (const path of ["/", "/tmp", "/etc", "/dev", "/proc", "/proc/1000", "/proc/1000/fd"]) page.look("directory", { path });
          for (const path of ["/etc/passwd", "/proc/version", "/proc/1000/maps"]) page.look("file", { path });
        }
        digest ??= await page.digest();
        end = page.until({ type: "run", maxInstructions: end.instructions + 50_000 });
      }
      const resident = page.look("pages", { cells: 4096 }).areas.map((area) => area.resident);
      return [end.type === "exited" ? end.instructions : end, page.text(), resident, digest];
    };
    expect(await run(true)).toEqual(await run(false));
  });
});

describe("files", () => {
  test("are put into the guest, listed and read", () => {
    const content = Buffer.from("text of the file\n");
    const page = new Page(file("hello"), { files: { archives: [], files: [{ path: "/data/größe.txt", content, executable: false }] } });
    expect(page.look("directory", { path: "/data" }).entries).toEqual([
      { name: "größe.txt", kind: "file", size: content.length, mode: "-rw-r--r--", target: undefined },
    ]);
    expect(Buffer.from(page.look("file", { path: "/data/größe.txt" }).bytes)).toEqual(content);
    page.send({ type: "addFiles", files: { archives: [], files: [{ path: "/bin/tool", content, executable: true }] } });
    expect(page.look("directory", { path: "/bin" }).entries).toMatchObject([{ name: "tool", mode: "-rwxr-xr-x" }]);
    expect(page.look("directory", { path: "/" }).entries.map(({ name }) => name)).toContain("program");
    expect(Buffer.from(page.look("file", { path: "/proc/1000/comm" }).bytes).toString()).toBe("program\n");
    expect(() => page.look("file", { path: "/bin/none" })).toThrow("No such file or directory");
    expect(() => page.look("directory", { path: "/bin/tool" })).toThrow("Not a directory");
  });

  test("a program that the guest has", () => {
    const content = file("hello-musl");
    const page = new Page(undefined, { path: "/opt/tool", files: { archives: [], files: [{ path: "/opt/tool", content, executable: true }] } });
    expect(page.until({ type: "run" })).toMatchObject({ type: "exited", status: 0 });
    expect(page.text()).toBe(readProgram("hello-musl").stdout?.toString("latin1"));
  });

  test("a directory as an archive, which GNU tar reads and the guest takes again", () => {
    const long = `${"long-".repeat(30)}name.txt`;
    const files = ["/data/größe.txt", "/data/sub/tool", `/data/sub/${long}`].map((path) => ({
      path,
      content: Buffer.from(path),
      executable: path.endsWith("tool"),
    }));
    const first = new Page(file("hello"), { files: { archives: [], files } });
    const { bytes } = first.look("archive", { path: "/data" });
    const listed = spawnSync("tar", ["-tf", "-"], { input: bytes, encoding: "utf8", env: { ...process.env, LC_ALL: "C.UTF-8" } });
    // There may be no tar here; then the guest's reader is the only judge.
    if (listed.error === undefined) {
      expect(listed.stderr).toBe("");
      const names = listed.stdout.trim().split("\n");
      expect(names).toHaveLength(5);
      expect(names).toEqual(expect.arrayContaining(["./", "./sub/", `./sub/${long}`, "./sub/tool"]));
    }
    const second = new Page(file("hello"), { files: { archives: [bytes], files: [] } });
    for (const path of ["/", "/sub"]) {
      const there = second
        .look("directory", { path })
        .entries.filter(({ name }) => !/^(dev|proc|sys|etc|tmp|usr|var|run|home|root|bin|program)$/.test(name));
      expect(there).toEqual(first.look("directory", { path: `/data${path}` }).entries);
    }
    expect(Buffer.from(second.look("file", { path: `/sub/${long}` }).bytes).toString()).toBe(`/data/sub/${long}`);
    expect(first.look("archive", { path: "/" }).bytes.length).toBeGreaterThan(file("hello").length);
    expect(() => first.look("archive", { path: "/proc" })).toThrow();
  });

  test("what is no archive is refused", () => {
    const page = new Page(loop);
    page.send({ type: "addFiles", files: { archives: [Buffer.alloc(1024, 1)], files: [] } });
    expect(page.reports.at(-1)).toMatchObject({ type: "refused" });
  });
});
