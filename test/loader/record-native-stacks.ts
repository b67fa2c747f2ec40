/** Runs a program with each argument list on this machine (x86-64 Linux) and prints native-stacks.txt: a stack a line. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { elfFile, SHOW_STACK, STACKS, TEXT } from "./elf-files.ts";

const folder = mkdtempSync(join(tmpdir(), "stack-"));
writeFileSync(join(folder, "program"), elfFile([TEXT], { code: SHOW_STACK }), { mode: 0o755 });
for (const [args, env] of STACKS) {
  const { stdout } = spawnSync("env", ["-i", "setarch", "-R", "env", "-i", ...env, "./program", ...args], { cwd: folder });
  process.stdout.write(`${stdout.toString("hex")}\n`);
}
rmSync(folder, { recursive: true });
