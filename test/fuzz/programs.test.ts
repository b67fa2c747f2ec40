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

/** The stack is in the middle of the memory, which begins with `memory` there; other registers are zero. */
function programOf(code: string, memory: string): Program {
  const registers = new Uint8Array(128);
  const stack = 0x800;
  new DataView(registers.buffer).setUint32(8 * 4, MEMORY + stack, true);
  const bytes = new Uint8Array(0x3000);
  bytes.set(Buffer.from(memory, "hex"), stack);
  const items = [{ kind: "plain", bytes: Buffer.from(code.replaceAll(" ", ""), "hex") }] as const;
  return { items, start: CODE + 0x800, registers, vectors: new Uint8Array(512), rflags: 0x202, mxcsr: 0x1f80, memory: bytes };
}

test.each([["a jump directly behind the POPF that sets TF traps", "9d e9 00 00 00 00 90 90", "0203"]])("%s", (_name, code, memory) => {
  const comparison = new Comparison(32);
  expect(comparison.difference(programOf(code, memory), [0], 100, [1, 2, 3, 100])).toBe("");
});
