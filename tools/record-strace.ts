/**
 * Records what strace(1) prints natively for the cases of test/debug/strace-cases.ts, as root, on tmpfs and without address randomisation.
 *
 *     npx tsx tools/record-strace.ts [NAME...]
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { alike, programFolder, type StraceCase, straceCases } from "../test/debug/strace-cases.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What strace(1) prints for the case; undefined where it cannot trace here. */
export function recordStrace({ program, args }: StraceCase): string | undefined {
  mkdirSync(programFolder, { recursive: true });
  const path = `${programFolder}/${basename(program)}`;
  copyFileSync(`${root}/${program}`, path);
  const work = mkdtempSync("/dev/shm/tsvm-strace-");
  const output = `${work}.txt`;
  try {
    const line = `umask 022; env -i setarch -R strace -o '${output}' '${path}' "$@" </dev/null 2>&1 | cat >/dev/null`;
    spawnSync("/bin/sh", ["-c", line, "sh", ...args], { cwd: work, timeout: 60_000 });
    const text = readFileSync(output, "latin1");
    return text === "" ? undefined : text;
  } catch {
    return undefined;
  } finally {
    rmSync(work, { recursive: true, force: true });
    rmSync(output, { force: true });
  }
}

if (process.argv[1]?.endsWith("record-strace.ts")) {
  const names = process.argv.slice(2);
  for (const each of straceCases.filter(({ name }) => names.length === 0 || names.includes(name))) {
    const text = recordStrace(each);
    if (text === undefined) throw new Error(`${each.name}: strace gave nothing`);
    writeFileSync(`${root}/test/debug/strace/${each.name}.txt`, alike(text), "latin1");
  }
}
