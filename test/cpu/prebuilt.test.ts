// One test: npx vitest run test/cpu/prebuilt.test.ts -t digest
/** The interpreter's modules as a build makes them: taken by the sources that they were made from, and by no others. */

import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { Interpreter } from "../../src/cpu/index.ts";
import { entryName, packModules, unpackModules } from "../../src/cpu/interpreter/prebuilt.ts";
import { GPR } from "../../src/cpu/state.ts";
import { cpuModels, defaultCpuModel } from "../../src/machine/index.ts";
import { AddressSpace } from "../../src/memory/index.ts";
import { interpreterStamp } from "../../tools/interpreter-stamp.js";

const features = cpuModels[defaultCpuModel];
const dist = fileURLToPath(new URL("../../dist/", import.meta.url));
const sources = fileURLToPath(new URL("../../src/", import.meta.url));

/** Runs `mov eax, 7`. */
function seven(prebuilt: Uint8Array): number {
  const space = new AddressSpace();
  const code = 0x10_0000;
  space.map({ address: code, length: 4096, prot: 7, fixed: true });
  space.poke(code, Uint8Array.of(0xb8, 7, 0, 0, 0, 0xcc));
  const cpu = new Interpreter(space, features, { prebuilt });
  cpu.rip = code;
  cpu.run(1);
  return space.view.getUint32(GPR, true);
}

/** An entry with nothing that could be loaded. */
const broken = (name: string): Uint8Array => packModules(32, name, Uint8Array.of(1), Uint8Array.of(2));

describe("modules made from other sources", () => {
  test("are not used: the interpreter makes its own", () => {
    expect(seven(broken(entryName(features, "0123456789abcdef")))).toBe(7);
    // As it was before entries named their sources.
    expect(seven(broken([...features].toSorted().join()))).toBe(7);
    expect(() => seven(broken(entryName(features)))).toThrow();
  });

  test("are passed over on the way to those that fit", () => {
    const made = new Interpreter(new AddressSpace(), features).handlers.encode();
    const packed = Buffer.concat([broken(entryName(features, "0123456789abcdef")), made]);
    expect(unpackModules(packed, 32, entryName(features))?.main.length).toBeGreaterThan(10_000);
    expect(seven(packed)).toBe(7);
  });
});

test("the digest changes with each file that modules are made from, and with no other", () => {
  const copy = mkdtempSync(join(tmpdir(), "tsvm-sources-"));
  try {
    for (const room of ["base", "wasm", "memory", "cpu", "loader"]) cpSync(join(sources, room), join(copy, room), { recursive: true });
    const stamp = interpreterStamp(copy);
    expect(stamp).toMatch(/^[0-9a-f]{16}$/);
    const changed = (file: string): boolean => {
      const path = join(copy, file);
      const text = readFileSync(path, "utf8");
      writeFileSync(path, `${text}\n`);
      const after = interpreterStamp(copy);
      writeFileSync(path, text);
      return after !== stamp;
    };
    for (const file of ["base/index.ts", "wasm/index.ts", "memory/layout.ts", "cpu/state.ts", "cpu/isa/control.ts", "cpu/interpreter/hot-forms.ts"])
      expect(changed(file), file).toBe(true);
    expect(changed("loader/index.ts")).toBe(false);
    expect(interpreterStamp(copy)).toBe(stamp);
  } finally {
    rmSync(copy, { recursive: true });
  }
});

test.skipIf(!existsSync(join(dist, "interpreter.bin")))("a build's command and modules are of the same sources", () => {
  const packed = readFileSync(join(dist, "interpreter.bin"));
  const [stamp = ""] = packed.toString("latin1", 16, 16 + packed.readUInt32LE(4)).split(":");
  expect(stamp).toMatch(/^[0-9a-f]{16}$/);
  const bundle = join(dist, "bundle");
  const holds = readdirSync(bundle).filter((file) => file.endsWith(".js") && readFileSync(join(bundle, file), "latin1").includes(stamp));
  expect(holds).toHaveLength(1);
});
