// disasm, syscalls, version, and what run tells on the side.  npm run build && npx vitest run test/cli/commands.test.ts
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const tsvm = join(root, "bin/tsvm.js");
const program = (name: string): string => join(root, "programs", name, name);
const crash = join(root, "test/cli/programs/crash");
const crashFrames = join(root, "test/cli/programs/crash-frames");

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "tsvm-commands-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly out: string;
  readonly err: string;
  readonly status: number;
}

function run(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [tsvm, ...args], { cwd: folder, env: { PATH: "/bin" }, stdio: ["ignore", "pipe", "pipe"] });
    let out = "";
    let err = "";
    child.stdout.on("data", (data: Buffer) => (out += data.toString("latin1")));
    child.stderr.on("data", (data: Buffer) => (err += data.toString("latin1")));
    child.on("close", (status) => resolve({ out, err, status: status ?? -1 }));
  });
}

const hasObjdump = spawnSync("objdump", ["--version"]).status === 0;
const inCi = process.env["CI"] !== undefined;

describe.concurrent("tsvm disasm", () => {
  // Local symbols without a type and their choice among aliases are objdump's own.
  const plain = (text: string): string[] => text.split("\n").map((line) => line.replace(/<.*>|\b0x0$/g, "").trimEnd());

  it.skipIf(!hasObjdump && !inCi)("prints what objdump -d -M intel prints", async () => {
    for (const name of ["hello", "hello-musl", "text"]) {
      const ours = await run("disasm", program(name));
      const theirs = spawnSync("objdump", ["-d", "-M", "intel", program(name)], { encoding: "latin1", maxBuffer: 1 << 26 }).stdout;
      expect(ours.status).toBe(0);
      const [mine, other] = [plain(ours.out), plain(theirs)];
      expect(mine.length).toBe(other.length);
      // A call of a weak function that is not there goes to address 0, which objdump puts below its first symbol.
      expect(mine.filter((line, i) => line !== other[i])).toEqual([]);
    }
  });

  it("--symbol, --start and --stop choose", async () => {
    const symbol = await run("disasm", "--symbol", "poke", crash);
    expect(symbol.out).toBe(
      `\n${crash}:     file format elf64-x86-64\n\n\nDisassembly of section .text:\n\n` +
        "00000000004010b0 <poke>:\n  4010b0:\t89 37                \tmov    DWORD PTR [rdi],esi\n  4010b2:\tc3                   \tret\n",
    );
    expect((await run("disasm", "--start", "0x4010b0", "--stop", "4010b3", crash)).out).toBe(symbol.out);
  });

  it("says what is not there", async () => {
    expect(await run("disasm", "--symbol", "nobody", crash)).toEqual({ out: "", err: `tsvm: ${crash}: no symbol 'nobody'\n`, status: 1 });
    expect(await run("disasm", "--start", "0", "--stop", "10", crash)).toMatchObject({ err: `tsvm: ${crash}: no machine code there\n`, status: 1 });
    expect(await run("disasm", "nowhere")).toEqual({ out: "", err: "tsvm: nowhere: not found\n", status: 127 });
    writeFileSync(join(folder, "text"), "hello");
    expect(await run("disasm", "text")).toEqual({ out: "", err: "tsvm: text: not an ELF file\n", status: 126 });
    expect((await run("disasm", "--start", "xyz", crash)).status).toBe(2);
  });

  it("a reader that goes away ends it quietly", async () => {
    const ended = spawnSync(
      "/bin/bash",
      ["-c", `'${process.execPath}' '${tsvm}' disasm '${program("hello-glibc")}' | head -n 3; exit "\${PIPESTATUS[0]}"`],
      {
        encoding: "latin1",
      },
    );
    expect(ended).toMatchObject({ status: 141, stderr: "" });
    expect(ended.stdout.split("\n")).toHaveLength(4);
  });
});

describe.concurrent("tsvm syscalls and version", () => {
  it("lists every call with its support", async () => {
    const { out, status } = await run("syscalls");
    expect(status).toBe(0);
    const lines = out.trimEnd().split("\n");
    expect(lines).toHaveLength(363);
    expect(lines[0]).toMatch(/^ {2}0 read +full$/);
    expect(out).toMatch(/^101 ptrace +refused: ENOSYS$/m);
    const [, full, partial, refused] = /^(\d+) full, (\d+) partial, (\d+) refused$/.exec(lines.at(-1) ?? "") ?? [];
    expect(Number(full) + Number(partial) + Number(refused)).toBe(362);
  });

  it("by name, as JSON", async () => {
    const { out } = await run("syscalls", "--json", "pread*", "openat");
    expect(JSON.parse(out)).toMatchObject([
      { number: 17, name: "pread64", support: "full", arguments: ["fd", "buf", "count", "offset"], classes: ["desc"] },
      { number: 257, name: "openat", classes: ["file", "desc"] },
      { name: "preadv" },
      { name: "preadv2" },
    ]);
    expect(await run("syscalls", "nonsense")).toMatchObject({ out: "", status: 1 });
  });

  it("version: in lines and as JSON", async () => {
    const { out } = await run("version");
    expect(out).toMatch(
      /^tsvm \d+\.\d+\.\d+, machine revision \d+\nprocessor: x86-64, .*\n(?: {2}--cpu v\d: base .*\n)+kernel: \d+ of Linux 6\.1's 362 system calls\nhost: Node v.*\n$/,
    );
    expect(JSON.parse((await run("version", "--json")).out)).toMatchObject({
      processor: { architecture: "x86-64" },
      host: { node: process.version },
    });
  });

  it("every command has a page", async () => {
    const { out } = await run("--help");
    for (const name of ["run", "disasm", "syscalls", "version"]) {
      expect(out).toMatch(new RegExp(`^ {2}${name}\\b`, "m"));
      const page = await run(name, "--help");
      expect(page.status).toBe(0);
      expect(page.out).toContain("Exit status:");
    }
  });
});

describe.concurrent("system calls of a run", () => {
  it("--strace=CALLS takes its list with '=' only", async () => {
    const { err, out } = await run("run", "--strace=write", program("hello"));
    expect(out).toBe("Hello from assembly.\n");
    expect(err).toBe('write(1, "Hello from assembly.\\n", 21)  = 21\n+++ exited with 0 +++\n');
    expect(await run("run", "--strace=%file,nonsense", program("hello"))).toMatchObject({ status: 2, out: "" });
    const bare = await run("run", "--strace", program("arguments"), "--strace=write");
    expect(bare.out).toContain('argv[1] "--strace=write"');
    expect(bare.err).toContain("execve(");
  });

  it("--strace-output writes a file, --strace-summary a table", async () => {
    const log = join(folder, "log");
    const ended = await run("run", "--strace-output", log, program("hello-musl"));
    expect(ended).toMatchObject({ err: "", status: 0 });
    expect(readFileSync(log, "latin1")).toMatch(/^execve\([^]*\+\+\+ exited with 0 \+\+\+\n$/);
    const table = await run("run", "--strace-summary", program("hello-musl"));
    expect(table.err).toMatch(/^% time +seconds +usecs\/call +calls +errors syscall\n-+[^]* 1 +execve\n[^]*total\n$/);
    expect(table.err).not.toContain("execve(");
    const both = await run("run", "--strace=desc", "--strace-summary", "--strace-output", log, program("hello-musl"));
    expect(both.err).toBe("");
    expect(readFileSync(log, "latin1")).toMatch(/^ioctl\([^]*exited with 0[^]*% time/);
    expect(await run("run", "--strace-output", "/nowhere/log", program("hello"))).toEqual({
      out: "",
      err: "tsvm: cannot write --strace-output /nowhere/log: ENOENT\n",
      status: 125,
    });
  });
});

describe.concurrent("a crash", () => {
  const callers = (err: string): string[] => [...err.matchAll(/^tsvm: +(by|\?) 0x[0-9a-f]+ <(\w+)/gm)].map(([, how, name]) => `${how} ${name}`);

  it.each([
    [
      "memory",
      139,
      "SIGSEGV (Segmentation fault), SEGV_MAPERR, address 0x10",
      "<poke>: mov    DWORD PTR [rdi],esi  (89 37)",
      ["by middle", "by main"],
    ],
    ["jump", 139, "SIGSEGV (Segmentation fault), SEGV_MAPERR, address 0x10", "at 0x10: nothing is mapped there", ["by main"]],
    ["illegal", 132, "SIGILL (Illegal instruction), ILL_ILLOPN, address 0x40", "ud2  (0f 0b)", []],
    ["divide", 136, "SIGFPE (Floating point exception), FPE_INTDIV, address 0x40", "<divide+0x3>: idiv   esi  (f7 fe)", ["by main"]],
    ["trap", 133, "SIGTRAP (Trace/breakpoint trap), SI_KERNEL", "int3  (cc)", []],
    ["abort", 134, "SIGABRT (Aborted), SI_TKILL, sent by process 1000", "syscall  (0f 05)", []],
    ["bus", 135, "SIGBUS (Bus error), SI_KERNEL", "mov    rbx,QWORD PTR [rsp+rax*1]  (48 8b 1c 04)", []],
  ])("%s: signal, place, instruction and callers, with frame pointers and without", async (how, status, first, second, names) => {
    for (const path of [crash, crashFrames]) {
      const ended = await run("run", "--report", path, how);
      expect(ended.status).toBe(status);
      expect(ended.err).toContain(`tsvm: ${first}`);
      expect(ended.err).toContain(second);
      expect(callers(ended.err)).toEqual([...names, "by _start"]);
    }
  });

  it.each([
    ["v3", "62f16dc9fdd9", "(vpaddw) needs AVX512BW, which no processor of --cpu has"],
    ["v1", "660f3800c1", "(pshufb) needs a processor with ssse3 (--cpu)"],
    ["v3", "660f38f807", "(movdir64b) is not implemented"],
  ])("with --cpu %s of an instruction that it lacks, %s: its name and what it needs", async (cpu, hex, said) => {
    // The code of hello lies one page into its file.
    const file = readFileSync(program("hello"));
    file.set(Buffer.from(hex, "hex"), 0x1000);
    const path = join(folder, hex);
    writeFileSync(path, file, { mode: 0o755 });
    const bytes = hex.replaceAll(/..(?=.)/g, "$& ");
    expect(await run("run", "--cpu", cpu, path)).toEqual({ out: "", err: `tsvm: instruction at 0x401000 ${said}: ${bytes}\n`, status: 132 });
  });

  it("is told only to a terminal unless --report asks for it; --no-report says nothing there either", async () => {
    expect(await run("run", crash, "memory")).toEqual({ out: "", err: "", status: 139 });
    const onTerminal = (option: string): string =>
      spawnSync("script", ["-qec", `'${process.execPath}' '${tsvm}' run ${option} '${crash}' memory`, "/dev/null"], { encoding: "latin1", input: "" })
        .stdout;
    expect(onTerminal("")).toContain("<poke>");
    expect(onTerminal("--no-report")).not.toContain("poke");
  });

  const hasStrip = spawnSync("strip", ["--version"]).status === 0;
  it.skipIf(!hasStrip && !inCi)("of a program without symbols has addresses", async () => {
    const stripped = join(folder, "stripped");
    expect(spawnSync("strip", ["-o", stripped, crash]).status).toBe(0);
    const { err } = await run("run", "--report", stripped, "memory");
    expect(err).toMatch(/at 0x4010b0 <stripped\+0x4010b0>: mov/);
    expect(err).toMatch(/0x4010cf <stripped\+0x4010ce>/);
  });
});
