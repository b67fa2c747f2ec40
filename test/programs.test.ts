/** Every program of programs/ prints what it should and ends as it should, natively and in tsvm. */

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { listPrograms, type Program } from "../programs/build.ts";
import { hasSilicon } from "./silicon/protocol.ts";

const tsvm = fileURLToPath(new URL("../bin/tsvm.js", import.meta.url));
const built = existsSync(fileURLToPath(new URL("../dist/cli/index.js", import.meta.url)));
const native = process.platform === "linux" && process.arch === "x64";

/** Runs a command with the program's stdin and nothing else of the host's; status as a shell reports it. */
function run(program: Program, file: string, args: readonly string[], env: Readonly<Record<string, string>>) {
  const child = spawnSync(file, args, { input: program.stdin, env, cwd: program.folder, maxBuffer: 1 << 26 });
  if (child.error) throw child.error;
  return {
    stdout: child.stdout.toString("latin1"),
    stderr: child.stderr.toString("latin1"),
    status: child.status ?? 128 + (child.signal ? constants.signals[child.signal] : 0),
  };
}

function expected(program: Program) {
  return { stdout: (program.stdout ?? Buffer.alloc(0)).toString("latin1"), stderr: program.stderr, status: program.status };
}

/** The command line of a run in tsvm with the window of `bits`. */
function tsvmArguments(program: Program, options: readonly string[]): string[] {
  const environment = Object.entries(program.env).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
  return [tsvm, "run", "--deterministic", ...options, ...environment, "--", program.binary, ...program.argv];
}

describe.each(listPrograms())("$name", (program) => {
  test("is a static x86-64 executable below 1 MB with golden output", () => {
    expect(statSync(program.binary).size).toBeLessThan(1e6);
    expect(readFileSync(program.binary).subarray(0, 5).toString("latin1")).toBe("\x7fELF\x02");
    expect(program.description).toMatch(/\.$/);
    expect(program.stdout).toBeDefined();
  });

  // x86-64-v3 is what the host must have, too.
  test.skipIf(!native || (program.cpu !== "v1" && !hasSilicon))("natively", () => {
    expect(run(program, program.binary, program.argv, program.env)).toEqual(expected(program));
  });

  const ways: readonly (readonly [name: string, options: readonly string[]])[] = [
    ["in tsvm", ["--cpu", program.cpu]],
    ["in tsvm with a window of 1 MiB", ["--cpu", program.cpu, "--window", "20"]],
    ...(program.cpu === "v3" ? [] : [["in tsvm with a processor of x86-64-v2", ["--cpu", "v2"]] as const]),
    ["in tsvm with a processor of x86-64-v3", ["--cpu", "v3"]],
  ];

  test.skipIf(!built).each(ways)("%s", (_name, options) => {
    expect(run(program, process.execPath, tsvmArguments(program, options), {})).toEqual(expected(program));
  });
});
