/**
 * Other versions of Node make the same images: TSVM_NODES has their executables, separated by colons. STOPS and PROGRAMS (a regular expression) for a longer run.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { listPrograms } from "../../programs/build.ts";
import type { Engines } from "./engines.ts";
import type { Moves } from "./moves.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const nodes = (process.env["TSVM_NODES"] ?? "").split(":").filter(Boolean);
const pattern = process.env["PROGRAMS"] ?? "^(hello|hello-glibc|faults|maps|self-modifying|floating|text)$";
const stops = Number(process.env["STOPS"] ?? 70);
const folder = mkdtempSync(join(tmpdir(), "tsvm-nodes-"));

afterAll(() => rmSync(folder, { recursive: true }));

function run(node: string, ...args: string[]): string {
  const child = spawnSync(node, ["--import", "tsx", ...args], { cwd: root, encoding: "utf8", maxBuffer: 2 ** 26 });
  expect(child.stderr).toBe("");
  expect(child.status, child.stdout).toBe(0);
  return child.stdout;
}

/** Images at random stops, as digests by program; each run also moves between machines, `options` say which. */
function digests(node: string, ...options: string[]): Record<string, string> {
  const file = join(folder, "moves.json");
  run(node, "tools/properties.ts", "--match", pattern, "--stops", String(stops), "--json", file, ...options);
  const { rows } = JSON.parse(readFileSync(file, "utf8")) as { rows: Record<string, Moves | Engines> };
  return Object.fromEntries(Object.entries(rows).map(([name, { digest }]) => [name, digest]));
}

describe.skipIf(nodes.length === 0)("Node as TSVM_NODES says", () => {
  const names = listPrograms().flatMap(({ name }) => (new RegExp(pattern).test(name) ? [name] : []));
  const regions = ["--engines", "hair-trigger"];
  const own = nodes.length === 0 ? {} : digests(process.execPath);
  const ownWithRegions = nodes.length === 0 ? {} : digests(process.execPath, ...regions);

  test.each(nodes)("%s", { timeout: 3_600_000 }, (node) => {
    expect(run(node, "tools/golden-images.ts", "--check", ...names)).toBe(names.map((name) => `${name}: as recorded\n`).join(""));
    expect(Object.keys(own)).toEqual(names);
    expect(digests(node)).toEqual(own);
    expect(digests(node, ...regions)).toEqual(ownWithRegions);
  });
});
