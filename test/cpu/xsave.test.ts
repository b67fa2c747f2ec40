// One test: npx vitest run test/cpu/xsave.test.ts -t 'page edges'
/** XSAVE's family on random states and areas, in tsvm and on the processor at hand, against what a processor gave (xsave/build.sh); page edges; XGETBV. */

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { cpuidLeaf } from "../../src/cpu/helpers/cpuid.ts";
import { Interpreter, Stop } from "../../src/cpu/index.ts";
import { GPR } from "../../src/cpu/state.ts";
import { defaultRlimits } from "../../src/linux/index.ts";
import { cpuModels, Machine } from "../../src/machine/index.ts";
import { AddressSpace } from "../../src/memory/index.ts";
import { FakeHost } from "../linux/support.ts";

const program = new URL("xsave/xsave", import.meta.url);
const expected = readFileSync(new URL("xsave/expected.txt", import.meta.url), "latin1");
const args = ["1", "4000"];
const flags = process.platform === "linux" && process.arch === "x64" ? readFileSync("/proc/cpuinfo", "latin1") : "";

describe("random states and areas", () => {
  test("in tsvm", () => {
    const host = new FakeHost();
    const machine = Machine.create({
      elf: readFileSync(program),
      path: "/xsave",
      argv: ["xsave", ...args],
      envp: [],
      cwd: "/",
      inputs: host,
      features: cpuModels.v3,
      start: { time: { sec: 0, nsec: 0 }, seed: new Uint8Array(32), uid: 0, gid: 0, umask: 0o022, limits: defaultRlimits() },
    });
    expect(machine.run({ maxInstructions: 1e9 }).reason).toBe("exited");
    expect(host.output).toBe(expected);
  });

  test.runIf(/ xsavec .*xgetbv1/.test(flags))("on this processor", () => {
    expect(spawnSync(fileURLToPath(program), args, { encoding: "latin1", timeout: 20_000 }).stdout).toBe(expected);
  });
});

const CODE = 0x10_0000;
const DATA = 0x20_0000;
const PAGE = 4096;
/** With a memory operand [rdi]. */
const codes = {
  xsave: "0fae27",
  xsave64: "480fae27",
  xsaveopt: "0fae37",
  xsavec: "0fc727",
  xrstor: "0fae2f",
  xgetbv: "0f01d0",
  xsetbv: "0f01d1",
} as const;

interface Place {
  readonly address?: number;
  readonly mask?: number;
  readonly ecx?: number;
  /** Bytes of the area's page, by offset in the area. */
  readonly area?: Readonly<Record<number, number>>;
  /** Only the page in front of the data page, or only that behind it. */
  readonly without?: "low" | "high";
}

const space = new AddressSpace();
space.map({ address: CODE, length: PAGE, prot: 7, fixed: true });
space.map({ address: DATA - PAGE, length: 2 * PAGE, prot: 3, fixed: true });
Object.values(codes).forEach((code, i) => space.poke(CODE + 16 * i, Buffer.from(code, "hex")));
const cpu = new Interpreter(space, cpuModels.v3);

/** What one instruction does: nothing to say, or the exception (of page faults: the offset in the area). */
function execute(name: keyof typeof codes, { address = DATA, mask = 7, ecx = 0, area = {}, without }: Place): string {
  space.protect(DATA - PAGE, 2 * PAGE, 3);
  space.poke(DATA - PAGE, new Uint8Array(2 * PAGE));
  for (const [offset, value] of Object.entries(area)) space.poke(address + Number(offset), Uint8Array.of(value));
  if (without !== undefined) space.protect(without === "low" ? DATA - PAGE : DATA, PAGE, 0);
  const { view } = space;
  cpu.rip = CODE + 16 * Object.keys(codes).indexOf(name);
  view.setBigUint64(GPR, BigInt(mask), true);
  view.setBigUint64(GPR + 8, BigInt(ecx), true);
  view.setBigUint64(GPR + 56, BigInt(address), true);
  if (cpu.run(1) === Stop.budget) return name === "xgetbv" ? String(view.getBigUint64(GPR, true)) : "";
  return cpu.exception.vector === 14 ? `#PF ${cpu.exception.address - address}` : `#${cpu.exception.vector}`;
}

/** Bytes of an area in the compacted format. */
const compacted = (states: number, components: number): Record<number, number> => ({ 512: states, 520: components, 527: 0x80 });

describe("page edges, as on AMD's Zen 5", () => {
  test.each(["xsave", "xsaveopt", "xsavec"] as const)("%s", (name) => {
    for (let inFront = 64; inFront <= 832; inFront += 64) {
      const address = DATA - inFront;
      expect(execute(name, { address, without: "high" })).toBe(inFront < 832 ? "#PF 831" : "");
      expect(execute(name, { address, mask: 3, without: "high" })).toBe(inFront < 576 ? "#PF 575" : "");
      expect(execute(name, { address, without: "low" })).toBe("#PF 0");
    }
  });

  test("xrstor", () => {
    for (let inFront = 64; inFront <= 832; inFront += 64) {
      const address = DATA - inFront;
      expect(execute("xrstor", { address, without: "low" })).toBe("#PF 0");
      const far = inFront <= 512 ? "#PF 512" : inFront < 832 ? "#PF 831" : "";
      expect(execute("xrstor", { address, without: "high" })).toBe(far);
      expect(execute("xrstor", { address, area: compacted(7, 7), without: "high" })).toBe(far);
      const near = inFront <= 512 ? "#PF 512" : "";
      expect(execute("xrstor", { address, mask: 3, without: "high" })).toBe(near);
      expect(execute("xrstor", { address, area: compacted(3, 7), without: "high" })).toBe(near);
    }
  });
});

test("alignment, reserved bits of the header, XSETBV in user mode: #GP", () => {
  for (const name of ["xsave", "xsave64", "xsaveopt", "xsavec", "xrstor"] as const) expect(execute(name, { address: DATA + 32 })).toBe("#13");
  for (const area of [{ 512: 8 }, { 519: 1 }, { 520: 1 }, { 528: 1 }, { 535: 1 }, compacted(7, 3), compacted(0, 8), { ...compacted(0, 7), 575: 1 }]) {
    expect(execute("xrstor", { area })).toBe("#13");
  }
  expect(execute("xrstor", { area: { 26: 1 } })).toBe("#13");
  expect(execute("xrstor", { area: { 26: 1 }, mask: 1 })).toBe("");
  expect(execute("xrstor", { area: { 536: 1 } })).toBe("");
  expect(execute("xsetbv", {})).toBe("#13");
});

test("XGETBV: XCR0, what of it is in use, and no other register", () => {
  expect(execute("xgetbv", {})).toBe("7");
  expect(execute("xrstor", { area: { 25: 0x1f, 24: 0x80 } })).toBe("");
  expect(execute("xgetbv", { ecx: 1 })).toBe("0");
  expect(execute("xrstor", { area: { 25: 0x1f, 24: 0x81, 512: 4, 831: 1 } })).toBe("");
  expect(execute("xgetbv", { ecx: 1 })).toBe("6");
  expect(execute("xgetbv", { ecx: 2 })).toBe("#13");
});

test("CPUID's leaf 0xd gives the area as it is written", () => {
  expect(cpuidLeaf(cpuModels.v3, 0, 0)[0]).toBe(0xd);
  expect(cpuidLeaf(cpuModels.v3, 0xd, 0)).toEqual([7, 832, 832, 0]);
  expect(cpuidLeaf(cpuModels.v3, 0xd, 1)).toEqual([7, 832, 0, 0]);
  expect(cpuidLeaf(cpuModels.v3, 0xd, 2)).toEqual([256, 576, 0, 0]);
  expect(cpuidLeaf(cpuModels.v2, 0xd, 0)).toEqual([0, 0, 0, 0]);
});
