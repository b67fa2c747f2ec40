/**
 * Fused multiply-add: the exact helper against rational arithmetic, the usual path of the interpreter against the helper, and both against
 * the processor at hand, with operands whose sums cancel, lie midway between two results, or nearly so.
 */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { allFeatures } from "../../src/cpu/index.ts";
import { Environment } from "../../src/cpu/sse/environment.ts";
import { multiplyAdd } from "../../src/cpu/sse/fma.ts";
import type { Format } from "../../src/cpu/sse/operand.ts";
import { decode, DOUBLE, Operand, SINGLE } from "../../src/cpu/sse/operand.ts";
import { result } from "../../src/cpu/sse/rounding.ts";
import { InterpreterRunner } from "../silicon/interpreter.ts";
import { compare, parseBytes } from "../silicon/line.ts";
import type { RunnerCase } from "../silicon/protocol.ts";
import { runCases } from "../silicon/protocol.ts";
import { copyState, defaultState } from "../silicon/state.ts";
import { bitsOf, patterns } from "./patterns.ts";

const silicon = process.platform === "linux" && process.arch === "x64";
const NUM_RUNS = Number(process.env["FMA_RUNS"] ?? 1000);
const SEED = Number(process.env["FMA_SEED"] ?? 1);

type Triple = readonly [bigint, bigint, bigint];

interface Exact {
  readonly significand: bigint;
  readonly exponent: number;
}

/** A finite pattern as an integer times a power of two. */
function exactly(f: Format, pattern: bigint): Exact {
  const fraction = f.precision - 1;
  const field = Number((pattern >> BigInt(fraction)) & BigInt(f.maximum));
  const low = pattern & ((1n << BigInt(fraction)) - 1n);
  const significand = field === 0 ? low : low | (1n << BigInt(fraction));
  return { significand: pattern & bitsOf(f).sign ? -significand : significand, exponent: Math.max(field, 1) - f.bias - fraction };
}

function bitLength(value: bigint): number {
  return value === 0n ? 0 : value.toString(2).length;
}

/** The pattern nearest to a number that is not zero, by rounding mode. */
function nearest(f: Format, { significand, exponent }: Exact, rounding: number): bigint {
  const { sign, infinity } = bitsOf(f);
  const negative = significand < 0n;
  const size = negative ? -significand : significand;
  const least = 2 - f.bias - f.precision;
  const unit = Math.max(exponent + bitLength(size) - f.precision, least);
  const shift = BigInt(Math.max(unit - exponent, 0));
  let value = shift === 0n ? size << BigInt(exponent - unit) : size >> shift;
  const rest = shift === 0n ? 0n : size - (value << shift);
  const half = shift === 0n ? 1n : 1n << (shift - 1n);
  const away = rounding === (negative ? 1 : 2);
  if (rounding === 0 ? rest > half || (rest === half && value % 2n === 1n) : away && rest > 0n) value++;
  const pattern = (BigInt(unit - least) << BigInt(f.precision - 1)) + value;
  const limited = pattern < infinity ? pattern : rounding === 0 || away ? infinity : infinity - 1n;
  return negative ? sign | limited : limited;
}

function exactSum(f: Format, [x, y, z]: Triple): Exact {
  const [a, b, c] = [exactly(f, x), exactly(f, y), exactly(f, z)];
  const exponent = Math.min(a.exponent + b.exponent, c.exponent);
  const product = (a.significand * b.significand) << BigInt(a.exponent + b.exponent - exponent);
  return { significand: product + (c.significand << BigInt(c.exponent - exponent)), exponent };
}

function isFinite(f: Format, pattern: bigint): boolean {
  const { sign, infinity } = bitsOf(f);
  return (pattern & (sign - 1n)) < infinity;
}

/** What the helper makes of x * y + z. */
function helped(f: Format, triple: Triple, mxcsr: number): bigint {
  const [x, y, z] = triple.map((pattern) => {
    const operand = new Operand();
    decode(f, Number(pattern >> 32n), Number(pattern & 0xffff_ffffn), operand);
    return operand;
  });
  const env = new Environment();
  env.load(mxcsr);
  multiplyAdd(f, x!, y!, z!, 0, 0, env);
  const low = BigInt(result.low >>> 0);
  return f.bits === 64 ? (BigInt(result.high >>> 0) << 32n) | low : low;
}

/** Two factors, and an addend near what makes the sum cancel or lie midway, or any. */
function triples(f: Format): fc.Arbitrary<Triple> {
  const { sign } = bitsOf(f);
  const one = BigInt(f.bias) << BigInt(f.precision - 1);
  const near = fc.bigInt(0n, (1n << BigInt(f.precision - 1)) - 1n).map((fraction) => one | fraction);
  const small = fc.bigInt(0n, 64n).map((fraction) => one + fraction);
  const factor = fc.oneof(patterns(f), near, near, small);
  const shape = fc.constantFrom("any", "cancel", "midway", "beside", "tiny");
  return fc.tuple(factor, factor, patterns(f), shape, fc.bigInt(-2n, 2n), fc.nat(3 * f.precision)).map(([x, y, z, kind, step, distance]): Triple => {
    if (kind === "any" || !isFinite(f, x) || !isFinite(f, y)) return [x, y, z];
    const a = exactly(f, x);
    const b = exactly(f, y);
    const product = { significand: a.significand * b.significand, exponent: a.exponent + b.exponent };
    if (product.significand === 0n) return [x, y, z];
    const rounded = nearest(f, product, 0);
    if (!isFinite(f, rounded)) return [x, y, z];
    if (kind === "cancel") return [x, y, BigInt.asUintN(f.bits, (rounded ^ sign) + step)];
    // What is missing to the next value, or to the middle of two, of the precision of the product or of a larger sum.
    const unit = bitLength(product.significand) - f.precision + (kind === "tiny" ? distance : distance % 4);
    if (unit <= 0) return [x, y, z];
    const scale = 1n << BigInt(unit);
    const rest = ((product.significand % scale) + scale) % scale;
    const target = kind === "beside" ? scale - rest + step : (kind === "midway" ? scale / 2n : scale) - rest;
    return target === 0n ? [x, y, z] : [x, y, nearest(f, { significand: target, exponent: product.exponent }, 0)];
  });
}

const lowBits = (bits: number, value: bigint): bigint => value & ((1n << BigInt(bits)) - 1n);

/** vfmadd213 xmm1, xmm2, xmm3 and ymm: x is operand 1, y operand 0, z operand 2. */
const codes = [
  { f: SINGLE, name: "vfmadd213ss", code: "c4e269a9cb", lanes: 1 },
  { f: SINGLE, name: "vfmadd213ps", code: "c4e26da8cb", lanes: 8 },
  { f: DOUBLE, name: "vfmadd213sd", code: "c4e2e9a9cb", lanes: 1 },
  { f: DOUBLE, name: "vfmadd213pd", code: "c4e2eda8cb", lanes: 4 },
] as const;

function caseOf(f: Format, code: string, list: readonly Triple[], mxcsr: number): RunnerCase {
  const before = copyState(defaultState());
  before.mxcsr = mxcsr;
  for (const [register, k] of [
    [2, 0],
    [1, 1],
    [3, 2],
  ] as const) {
    const value = list.reduce((sum, triple, i) => sum | (triple[k] << BigInt(f.bits * i)), 0n);
    before.xmm[register] = lowBits(128, value);
    before.ymm[register] = value >> 128n;
  }
  return { bytes: parseBytes(code), before };
}

describe.each([SINGLE, DOUBLE])("binary$bits", (f) => {
  test.each([0, 1, 2, 3])("the helper rounds once (mode %i)", (rounding) => {
    fc.assert(
      fc.property(triples(f), (triple) => {
        if (!triple.every((pattern) => isFinite(f, pattern))) return;
        const sum = exactSum(f, triple);
        if (sum.significand === 0n) return;
        expect(helped(f, triple, 0x1f80 | (rounding << 13))).toBe(nearest(f, sum, rounding));
      }),
      { numRuns: NUM_RUNS },
    );
  });
});

describe.each(codes)("$name", ({ f, code, lanes }) => {
  const lists = fc.array(triples(f), { minLength: lanes, maxLength: lanes });

  test("the interpreter gives what the helper gives", () => {
    const runner = new InterpreterRunner(32, allFeatures);
    for (const list of fc.sample(lists, { numRuns: NUM_RUNS, seed: SEED })) {
      const { state } = runner.execute(caseOf(f, code, list, 0x1fbf));
      const did = lowBits(128, state.xmm[1]!) | (state.ymm[1]! << 128n);
      list.forEach((triple, i) => expect(lowBits(f.bits, did >> BigInt(f.bits * i))).toBe(helped(f, triple, 0x1fbf)));
    }
  });

  test.skipIf(!silicon)("the interpreter does what this processor does", () => {
    const controls = [0x1fa0, 0x1fa0, 0x1f80, 0x3fa0, 0x5f80, 0x7fa0, 0x9fe0, 0x1fc0];
    const cases = fc.sample(lists, { numRuns: NUM_RUNS, seed: SEED + 1 }).map((list, i) => caseOf(f, code, list, controls[i % controls.length]!));
    const outcomes = runCases(cases);
    const runner = new InterpreterRunner(32, allFeatures);
    const failures = cases.flatMap((one, i) => {
      const line = { bytes: one.bytes, text: "", before: one.before, after: outcomes[i]!, undefinedFlags: 0n, undefinedStatus: 0 };
      const did = compare(line, runner.execute(one));
      return did ? [`mxcsr=${one.before.mxcsr.toString(16)} ${[1, 2, 3].map((k) => one.before.xmm[k]!.toString(16)).join(" ")}: ${did}`] : [];
    });
    expect(failures).toEqual([]);
  });
});
