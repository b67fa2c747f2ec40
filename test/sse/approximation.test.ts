/** RCP and RSQRT: within the documented error, special values as the SDM's tables say, and silicon's results nearby. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SINGLE } from "../../src/cpu/sse/operand.ts";
import { InterpreterRunner } from "../silicon/interpreter.ts";
import { parseBytes } from "../silicon/line.ts";
import type { RunnerCase } from "../silicon/protocol.ts";
import { runCases } from "../silicon/protocol.ts";
import { copyState, defaultState } from "../silicon/state.ts";
import { patterns } from "./patterns.ts";

/** 1.5 * 2^-12 (SDM, RCPPS and RSQRTPS). */
const BOUND = 1.5 / 4096;
const view = new DataView(new ArrayBuffer(4));

function number(pattern: bigint): number {
  view.setUint32(0, Number(pattern));
  return view.getFloat32(0);
}

function one(code: string, source: bigint): RunnerCase {
  const before = copyState(defaultState());
  before.xmm[1] = 0n;
  before.xmm[2] = source;
  return { bytes: parseBytes(code), before };
}

const runner = new InterpreterRunner(32, new Set(["base", "avx"] as const));
const low = (value: bigint) => BigInt.asUintN(32, value);

describe.each([
  ["rcp", "53", (x: number) => 1 / x],
  ["rsqrt", "52", (x: number) => 1 / Math.sqrt(x)],
] as const)("%s", (name, opcode, exact) => {
  const approximate = (source: bigint) => low(runner.execute(one(`f30f${opcode}ca`, source)).state.xmm[1]!);

  test("stays within the bound for normal results", () => {
    fc.assert(
      fc.property(patterns(SINGLE), (source) => {
        const expected = exact(number(source));
        if (!Number.isFinite(expected) || Math.abs(number(source)) < 2 ** -126 || Math.abs(expected) < 2 ** -126) return;
        expect(Math.abs(number(approximate(source)) / expected - 1)).toBeLessThanOrEqual(BOUND);
      }),
    );
  });

  test.each([
    [0n, 0x7f80_0000n, 0x7f80_0000n],
    [0x8000_0000n, 0xff80_0000n, 0xff80_0000n],
    [1n, 0x7f80_0000n, 0x7f80_0000n],
    [0x807f_ffffn, 0xff80_0000n, 0xff80_0000n],
    [0x7f80_0000n, 0n, 0n],
    [0xff80_0000n, 0x8000_0000n, 0xffc0_0000n],
    [0x7f80_0001n, 0x7fc0_0001n, 0x7fc0_0001n],
    [0xffd1_2345n, 0xffd1_2345n, 0xffd1_2345n],
    [0xff7f_ffffn, 0x8000_0000n, 0xffc0_0000n],
    [0x3f80_0000n, 0x3f80_0000n, 0x3f80_0000n],
  ])("of %s", (source, reciprocal, root) => {
    expect(approximate(source)).toBe(name === "rcp" ? reciprocal : root);
  });

  test("four lanes are four scalars", () => {
    fc.assert(
      fc.property(fc.tuple(patterns(SINGLE), patterns(SINGLE), patterns(SINGLE), patterns(SINGLE)), (lanes) => {
        const packed = (values: readonly bigint[]) => values.reduce((sum, value, i) => sum | (value << BigInt(32 * i)), 0n);
        expect(runner.execute(one(`0f${opcode}ca`, packed(lanes))).state.xmm[1]).toBe(packed(lanes.map(approximate)));
      }),
    );
  });

  test("of VEX the same, with zeros above the result", () => {
    fc.assert(
      fc.property(fc.tuple(fc.bigInt(0n, (1n << 128n) - 1n), fc.bigInt(0n, (1n << 128n) - 1n)), ([a, b]) => {
        const vector = (source: bigint) => runner.execute(one(`0f${opcode}ca`, source)).state.xmm[1]!;
        const before = one("90", a).before;
        before.ymm[1] = 5n;
        before.ymm[2] = b;
        before.xmm[3] = b;
        const run = (code: string) => runner.execute({ bytes: parseBytes(code), before }).state;
        const [narrow, wide, scalar] = [run(`c5f8${opcode}ca`), run(`c5fc${opcode}ca`), run(`c5e2${opcode}ca`)];
        expect([narrow.xmm[1], narrow.ymm[1]]).toEqual([vector(a), 0n]);
        expect([wide.xmm[1], wide.ymm[1]]).toEqual([vector(a), vector(b)]);
        expect([scalar.xmm[1], scalar.ymm[1]]).toEqual([b - low(b) + approximate(low(a)), 0n]);
      }),
    );
  });

  test.skipIf(process.platform !== "linux" || process.arch !== "x64")("is near what this processor gives", () => {
    const sources = fc.sample(patterns(SINGLE), { numRuns: 1000, seed: 5 });
    const outcomes = runCases(sources.map((source) => one(`f30f${opcode}ca`, source)));
    const failures = sources.filter((source, i) => {
      const native = low(outcomes[i]!.state.xmm[1]!);
      const ours = approximate(source);
      if (native === ours) return false;
      // Results at the edge of the denormals may be zero or not (SDM, RCPPS).
      const tiny = Math.abs(number(native)) <= 2 ** -125 && Math.abs(number(ours)) <= 2 ** -125;
      return !tiny && !(Math.abs(number(native) / number(ours) - 1) <= 2 * BOUND);
    });
    expect(failures.map((source) => source.toString(16))).toEqual([]);
  });
});
