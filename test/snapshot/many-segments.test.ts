/** More memory segments than e_phnum can tell: PN_XNUM. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readProgram } from "../../programs/build.ts";
import { bytesSource, readCore } from "../../src/snapshot/index.ts";
import { difference, programCase, Run } from "./support.ts";

/** Areas of three pages of which the middle one has data: two segments each. */
const AREAS = 33_000;
const START = 0x1000_0000_0000;
const PAGE = 4096;
const READELF: string = "readelf";

let image: Uint8Array;

test("66,000 segments are saved and restored", { timeout: 300_000 }, () => {
  const run = Run.start(programCase(readProgram("hello")));
  run.to(1);
  const { space } = run.machine;
  const byte = Uint8Array.of(1);
  for (let i = 0; i < AREAS; i++) {
    const address = START + i * 3 * PAGE;
    // Neighbours that differ in a flag are areas of their own.
    space.map({ address, length: 3 * PAGE, prot: 3, fixedNoReplace: true, noReserve: i % 2 === 0 });
    space.copyOut(address + PAGE, byte);
  }
  image = run.image();
  const { memory } = readCore(bytesSource(image));
  expect(memory.length).toBeGreaterThan(2 * AREAS);
  expect(new DataView(image.buffer).getUint16(56, true)).toBe(0xffff);
  expect(difference(image, run.again(image).image())).toBeUndefined();
});

const readable = spawnSync(READELF, ["--version"]).status === 0;

test.skipIf(!readable)("readelf counts them", () => {
  const folder = mkdtempSync(join(tmpdir(), "tsvm-xnum-"));
  try {
    const path = join(folder, "image.core");
    writeFileSync(path, image);
    const shown = spawnSync(READELF, ["-h", path], { encoding: "latin1", env: { ...process.env, LC_ALL: "C" } });
    expect(shown.stderr).toBe("");
    const { memory, files } = readCore(bytesSource(image));
    expect(shown.stdout).toContain(`65535 (${1 + memory.length + files.length})`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
