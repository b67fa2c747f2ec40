// More of them: npm run fuzz -- regions --seconds 600
import { expect, test } from "vitest";
import { Comparison } from "../silicon/engine.ts";
import { CODE, MEMORY, type Program } from "../silicon/program.ts";
import { fuzzPrograms } from "./programs.ts";

const COUNT = 150;

test(`${COUNT} random programs do in compiled regions what they do in the interpreter, at every stop`, { timeout: 120_000 }, () => {
  const { tried, accepted } = fuzzPrograms(1, Infinity, COUNT);
  expect(tried).toBe(COUNT);
  expect(accepted).toBeGreaterThan(COUNT / 2);
});

interface Found {
  /** Instructions; a region begins at the first, and where `region` says. */
  readonly code: readonly string[];
  readonly region?: number;
  readonly rflags?: number;
  /** What the stack holds; other memory and registers are zero. */
  readonly stack?: string;
}

function programOf({ code, rflags = 0x202, stack = "" }: Found): Program {
  const registers = new Uint8Array(128);
  const middle = 0x800;
  new DataView(registers.buffer).setUint32(8 * 4, MEMORY + middle, true);
  const memory = new Uint8Array(0x3000);
  memory.set(Buffer.from(stack, "hex"), middle);
  const items = code.map((bytes) => ({ kind: "plain", bytes: Buffer.from(bytes.replaceAll(" ", ""), "hex") }) as const);
  return { items, start: CODE + 0x800, registers, vectors: new Uint8Array(512), rflags, mxcsr: 0x1f80, memory };
}

const found: readonly (readonly [name: string, Found])[] = [
  ["a jump directly behind the POPF that sets TF traps", { code: ["9d", "e9 00 00 00 00", "90"], stack: "0203" }],
  ["with AC, a computed jump leads to where a region begins", { code: ["b8 07 08 10 00", "ff e0", "ff c1", "eb f5"], region: 2, rflags: 0x4_0202 }],
];

test.each(found)("%s", (_name, one) => {
  const comparison = new Comparison(32);
  expect(comparison.difference(programOf(one), [0, one.region ?? 0], 100, [1, 2, 3, 100])).toBe("");
});
