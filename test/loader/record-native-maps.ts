/** Runs every shape on this machine (x86-64 Linux, as root or not) and prints native-maps.txt. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { elfFile, SHAPES, SHOW_MAPS } from "./elf-files.ts";

const folder = mkdtempSync(join(tmpdir(), "maps-"));
for (const [name, [headers, fields]] of Object.entries(SHAPES)) {
  const program = join(folder, "program");
  writeFileSync(program, elfFile(headers, { ...fields, code: SHOW_MAPS }), { mode: 0o755 });
  const { stdout } = spawnSync("setarch", ["-R", "./program"], { cwd: folder, env: {} });
  if (stdout.length < 8) throw new Error(`${name} did not run`);
  const lines = [`# ${name}`];
  for (const line of stdout.subarray(0, -8).toString().trim().split("\n")) {
    const [range, permissions, offset, , , path = ""] = line.split(/\s+/);
    if (path.startsWith("[v")) continue;
    lines.push([range, permissions, offset, path.replace(/^\/.*/, "FILE")].join(" ").trim());
  }
  lines.push(`brk ${stdout.readBigUInt64LE(stdout.length - 8).toString(16)}`);
  process.stdout.write(`${lines.join("\n")}\n\n`);
  rmSync(program);
}
rmSync(folder, { recursive: true });
