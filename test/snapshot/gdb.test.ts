/** Standard tools open an image as what it is: gdb's words are golden, readelf and file have nothing to complain about. */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { bytesSource, describeImage, openImage } from "../../src/snapshot/index.ts";
import { Run } from "./support.ts";

const program = fileURLToPath(new URL("gdb/program", import.meta.url));
const expected = new URL("gdb/expected.txt", import.meta.url);
const vectors = fileURLToPath(new URL("gdb/vectors", import.meta.url));
const expectedVectors = new URL("gdb/vectors.txt", import.meta.url);
const folder = mkdtempSync(join(tmpdir(), "tsvm-gdb-"));
const image = join(folder, "image.core");

afterAll(() => rmSync(folder, { recursive: true }));

const has = (tool: string): boolean => spawnSync(tool, ["--version"]).status === 0;

function tool(name: string, args: readonly string[]): string {
  const run = spawnSync(name, args, { cwd: folder, encoding: "latin1", env: { ...process.env, LC_ALL: "C" } });
  return run.stdout + run.stderr;
}

const COMMANDS = [
  "bt",
  "info registers rip rsp rbp rax rdi rsi rdx eflags cs ss",
  "info proc mappings",
  "info auxv",
  "info threads",
  "p $_siginfo.si_signo",
  "p $st0",
  "p $xmm3.v2_double",
  "p $ymm3.v4_int64",
  "p *(int *)&counter",
  "x/s $rsi",
  "x/3i $rip",
];

/** In front of the write, deep in a stack of calls. */
function makeImage(): void {
  const run = Run.start({ name: "program", elf: readFileSync(program), argv: ["program", "first argument"] });
  const end = run.machine.run({ intercept: { syscall: (number) => number === 1 } });
  expect(end.reason).toBe("intercepted");
  writeFileSync(image, run.image());
  copyFileSync(program, join(folder, "program"));
}

test.skipIf(!has("gdb"))("gdb shows registers, stack, mappings, auxv and floating point", () => {
  makeImage();
  const shown = tool("gdb", ["-q", "-batch", "-nx", ...COMMANDS.flatMap((command) => ["-ex", command]), "program", "image.core"]);
  // The one line for each mapped file that is not on this host.
  const lines = shown
    .split("\n")
    .filter((line) => line !== "" && line !== "warning: Can't open file /program during file-backed mapping note processing");
  if (process.env["RECORD"]) writeFileSync(expected, `${lines.join("\n")}\n`);
  expect(shown.replace("warning: Can't open file", "")).not.toMatch(/warning|error/i);
  expect(`${lines.join("\n")}\n`).toBe(readFileSync(expected, "latin1"));
});

const VECTOR_COMMANDS = [
  ...Array.from({ length: 16 }, (_, i) => `p/x $ymm${i}.v4_int64`),
  "p $ymm9.v8_float",
  "p/x $xmm7.uint128",
  "p $st0",
  "info registers mxcsr",
];

/** In front of its getpid. */
function vectorImage(): Uint8Array {
  const run = Run.start({ name: "vectors", elf: readFileSync(vectors), argv: ["vectors"] });
  expect(run.machine.run({ intercept: { syscall: (number) => number === 39 } }).reason).toBe("intercepted");
  return run.image();
}

test.skipIf(!has("gdb"))("gdb shows AVX state", () => {
  writeFileSync(join(folder, "vectors.core"), vectorImage());
  const shown = tool("gdb", [
    "-q",
    "-batch",
    "-nx",
    "-iex",
    "set print repeats unlimited",
    ...VECTOR_COMMANDS.flatMap((command) => ["-ex", command]),
    vectors,
    "vectors.core",
  ]);
  const lines = shown.split("\n").filter((line) => /^\$\d|^mxcsr/.test(line));
  if (process.env["RECORD"]) writeFileSync(expectedVectors, `${lines.join("\n")}\n`);
  expect(`${lines.join("\n")}\n`).toBe(readFileSync(expectedVectors, "latin1"));
});

test("inspect shows vector registers that are not zero", () => {
  const { vectors: shown } = describeImage(openImage(bytesSource(vectorImage())));
  expect(Object.keys(shown)).toHaveLength(15);
  expect(shown["ymm2"]).toBe("a2".repeat(16).padStart(64, "0"));
  expect(shown["ymm15"]).toBe("af".repeat(32));
  expect(shown["ymm5"]).toBeUndefined();
});

test.skipIf(!has("readelf"))("readelf has no complaint", () => {
  makeImage();
  expect(tool("readelf", ["-a", "-W", image])).not.toMatch(/warning|error|corrupt/i);
});

test.skipIf(!has("eu-readelf"))("eu-readelf has no complaint", () => {
  makeImage();
  expect(tool("eu-readelf", ["-a", image])).not.toMatch(/warning|invalid|cannot/i);
});

test.skipIf(!has("file"))("file(1) names it", () => {
  makeImage();
  expect(tool("file", ["-b", image])).toBe(
    "ELF 64-bit LSB core file, x86-64, version 1 (SYSV), SVR4-style, from 'program first argument', real uid: 1000, effective uid: 1000, real gid: 1000, " +
      "effective gid: 1000, execfn: '/program', platform: 'x86_64'\n",
  );
});
