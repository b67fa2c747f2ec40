/** Standard tools open an image as what it is: gdb's words are golden, readelf and file have nothing to complain about. */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { Run } from "./support.ts";

const program = fileURLToPath(new URL("gdb/program", import.meta.url));
const expected = new URL("gdb/expected.txt", import.meta.url);
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
