import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { buildVdso, symbols } from "../../src/loader/index.ts";

const FUNCTIONS = { clock_gettime: 228, gettimeofday: 96, time: 201, clock_getres: 229, getcpu: 309 };

function has(tool: string): boolean {
  return spawnSync(tool, ["--version"]).status === 0;
}

function inspect(tool: string, ...options: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "vdso-"));
  const file = join(folder, "vdso.so");
  writeFileSync(file, buildVdso());
  const { stdout, stderr, status } = spawnSync(tool, [...options, file], { encoding: "utf8", env: { ...process.env, LC_ALL: "C" } });
  rmSync(folder, { recursive: true });
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  return stdout;
}

test("is one page and always the same", () => {
  const bytes = buildVdso();
  expect(bytes.length).toBe(4096);
  expect(createHash("sha256").update(bytes).digest("hex")).toBe("8cd467b5c0b4d1b6d28f432253aa1149260c2b83bd00426047a9f2c7d3c5045b");
});

test("each function loads its number, makes the call and returns", () => {
  const bytes = buildVdso();
  const table = symbols(bytes);
  for (const [name, number] of Object.entries(FUNCTIONS)) {
    for (const alias of [name, `__vdso_${name}`]) {
      const symbol = table.named(alias);
      expect(symbol?.size).toBe(8);
      const at = symbol?.address ?? 0;
      expect([...bytes.subarray(at, at + 8)]).toEqual([0xb8, number & 0xff, number >> 8, 0, 0, 0x0f, 0x05, 0xc3]);
    }
  }
});

test("is found through the hash table and its version, as musl does", () => {
  const bytes = buildVdso();
  const view = new DataView(bytes.buffer);
  const dynamic = new Map<number, number>();
  for (let i = 0; i < view.getUint16(56, true); i++) {
    const header = 64 + i * 56;
    if (view.getUint32(header, true) !== 2) continue;
    for (let at = view.getUint32(header + 8, true); view.getUint32(at, true) !== 0; at += 16) {
      dynamic.set(view.getUint32(at, true), view.getUint32(at + 8, true));
    }
  }
  const [hash = 0, strings = 0, table = 0] = [4, 5, 6].map((tag) => dynamic.get(tag));
  const versions = dynamic.get(0x6ffffff0) ?? 0;
  const definitions = dynamic.get(0x6ffffffc) ?? 0;
  const text = (at: number): string => Buffer.from(bytes.subarray(at, bytes.indexOf(0, at))).toString();
  const elfHash = (name: string): number => {
    let h = 0n;
    for (const byte of Buffer.from(name)) {
      h = (h << 4n) + BigInt(byte);
      h ^= (h >> 24n) & 0xf0n;
      h &= 0x0fff_ffffn;
    }
    return Number(h);
  };
  const buckets = view.getUint32(hash, true);
  for (const name of Object.keys(FUNCTIONS).map((function_) => `__vdso_${function_}`)) {
    let index = view.getUint32(hash + 8 + (elfHash(name) % buckets) * 4, true);
    while (index !== 0 && text(strings + view.getUint32(table + index * 24, true)) !== name) {
      index = view.getUint32(hash + 8 + (buckets + index) * 4, true);
    }
    expect(index, name).not.toBe(0);
    const version = view.getUint16(versions + index * 2, true);
    let definition = definitions;
    while (view.getUint16(definition + 4, true) !== version) definition += view.getUint32(definition + 16, true);
    expect(view.getUint32(definition + 8, true)).toBe(0x3ae75f6);
    expect(text(strings + view.getUint32(definition + 20, true))).toBe("LINUX_2.6");
  }
});

test.runIf(has("readelf"))("readelf reads it without a warning", () => {
  const text = inspect("readelf", "-aW");
  expect(text).not.toMatch(/warning|error/i);
  expect(text).toContain("Library soname: [linux-vdso.so.1]");
  for (const name of Object.keys(FUNCTIONS)) {
    expect(text).toMatch(new RegExp(`8 FUNC +GLOBAL DEFAULT +9 __vdso_${name}@@LINUX_2\\.6`));
  }
  expect(inspect("readelf", "--debug-dump=frames")).toContain("DW_CFA_def_cfa: r7 (rsp) ofs 8");
});

test.runIf(has("objdump"))("objdump disassembles it", () => {
  const text = inspect("objdump", "-d");
  expect(text.match(/syscall/g)).toHaveLength(Object.keys(FUNCTIONS).length);
  expect(text).not.toContain("(bad)");
});
