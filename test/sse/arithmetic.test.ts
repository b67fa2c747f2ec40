/** The exact arithmetic behind SSE (src/cpu/sse), against the host's numbers, and its quick part against the exact one. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Binary } from "../../src/cpu/sse/arithmetic.ts";
import * as sse from "../../src/cpu/sse/arithmetic.ts";
import * as conversions from "../../src/cpu/sse/convert.ts";
import type { Format } from "../../src/cpu/sse/operand.ts";
import { decode, DOUBLE, Operand, SINGLE } from "../../src/cpu/sse/operand.ts";
import { quickDouble, quickSingle } from "../../src/cpu/sse/quick.ts";
import { Environment, Flag, Round } from "../../src/cpu/sse/environment.ts";
import { result } from "../../src/cpu/sse/rounding.ts";
import { bitsOf, patterns } from "./patterns.ts";

const DEFAULT = 0x1f80;
const NUM_RUNS = 2000;
const view = new DataView(new ArrayBuffer(8));

function toNumber(f: Format, x: bigint): number {
  if (f.bits === 32) view.setUint32(0, Number(x));
  else view.setBigUint64(0, x);
  return f.bits === 32 ? view.getFloat32(0) : view.getFloat64(0);
}

function toPattern(f: Format, x: number): bigint {
  if (f.bits === 32) view.setFloat32(0, x);
  else view.setFloat64(0, x);
  return f.bits === 32 ? BigInt(view.getUint32(0)) : view.getBigUint64(0);
}

function environment(mxcsr: number): Environment {
  const env = new Environment();
  env.load(mxcsr);
  return env;
}

function operand(f: Format, pattern: bigint): Operand {
  const x = new Operand();
  decode(f, Number(pattern >> 32n), Number(pattern & 0xffff_ffffn), x);
  return x;
}

function isNaN(f: Format, x: bigint): boolean {
  const { sign, infinity } = bitsOf(f);
  return (x & (sign - 1n)) > infinity;
}

/** The pattern that an operation has left. */
function left(bits: 16 | 32 | 64): bigint {
  const low = BigInt(result.low >>> 0);
  return bits === 64 ? (BigInt(result.high >>> 0) << 32n) | low : low;
}

/** Operations on patterns. */
type OnPatterns = (f: Format, a: bigint, b: bigint, env: Environment) => bigint;
const onPatterns =
  (operation: Binary): OnPatterns =>
  (f, a, b, env) => {
    operation(f, operand(f, a), operand(f, b), env);
    return left(f.bits);
  };
const convert = (f: Format, to: Format, x: bigint): bigint => {
  conversions.convert(to, operand(f, x), environment(DEFAULT));
  return left(to.bits);
};

const host: Readonly<Record<string, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  sqrt: (_, b) => Math.sqrt(b),
};
const exact: Readonly<Record<string, OnPatterns>> = {
  add: onPatterns(sse.add),
  sub: onPatterns(sse.subtract),
  mul: onPatterns(sse.multiply),
  div: onPatterns(sse.divide),
  sqrt: onPatterns(sse.sqrt),
};
const formats = [SINGLE, DOUBLE];

describe.each(formats)("binary$bits", (f) => {
  test.each(Object.keys(exact))("%s rounds as the host does", (name) => {
    fc.assert(
      fc.property(patterns(f), patterns(f), (a, b) => {
        const did = exact[name]!(f, a, b, environment(DEFAULT));
        const expected = host[name]!(toNumber(f, a), toNumber(f, b));
        if (Number.isNaN(expected)) expect(isNaN(f, did)).toBe(true);
        else expect(did).toBe(toPattern(f, expected));
      }),
      { numRuns: NUM_RUNS },
    );
  });

  test.each(Object.keys(exact))("%s: the quick part agrees with the exact one", (name) => {
    const quick = (f.bits === 32 ? quickSingle : quickDouble)[name]!;
    fc.assert(
      fc.property(patterns(f), patterns(f), (a, b) => {
        if (!quick.run(toNumber(f, a), toNumber(f, b))) return;
        const env = environment(DEFAULT);
        expect(toPattern(f, quick.result)).toBe(exact[name]!(f, a, b, env));
        expect(env.raised).toBe(quick.rest !== 0 ? Flag.PE : 0);
      }),
      { numRuns: NUM_RUNS },
    );
  });

  test.each(Object.keys(exact))("%s: the quick part for any size gives the same", (name) => {
    const quick = (f.bits === 32 ? quickSingle : quickDouble)[name]!;
    fc.assert(
      fc.property(patterns(f), patterns(f), (a, b) => {
        if (quick.runAny(toNumber(f, a), toNumber(f, b))) expect(toPattern(f, quick.result)).toBe(exact[name]!(f, a, b, environment(DEFAULT)));
      }),
      { numRuns: NUM_RUNS },
    );
  });

  test("results of directed roundings enclose the nearest, and are equal where it is exact", () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(exact)), patterns(f), patterns(f), (operation, a, b) => {
        const results = [0, 1, 2].map((rc) => {
          const env = environment(DEFAULT | (rc << 13));
          return { value: toNumber(f, operation(f, a, b, env)), exact: (env.raised & Flag.PE) === 0 };
        });
        const [nearest, down, up] = results;
        if (Number.isNaN(nearest!.value)) return;
        expect(down!.value).toBeLessThanOrEqual(nearest!.value);
        expect(up!.value).toBeGreaterThanOrEqual(nearest!.value);
        if (nearest!.exact) expect(down!.value === up!.value).toBe(true);
        else expect(down!.value).toBeLessThan(up!.value);
      }),
      { numRuns: NUM_RUNS },
    );
  });

  test("conversion to integers is the host's truncation in range", () => {
    fc.assert(
      fc.property(patterns(f), (a) => {
        const env = environment(DEFAULT);
        conversions.toInteger(operand(f, a), 32, Round.zero, env);
        const value = Math.trunc(toNumber(f, a));
        expect(result.low | 0).toBe(Math.abs(value) <= 0x7fff_ffff ? value + 0 : -0x8000_0000);
      }),
      { numRuns: NUM_RUNS },
    );
  });

  test("integers convert as the host converts bigints", () => {
    fc.assert(
      fc.property(fc.bigInt(-(1n << 63n), (1n << 63n) - 1n), fc.integer({ min: 0, max: 63 }), (value, shift) => {
        const integer = value >> BigInt(shift);
        conversions.fromInteger(f, Number(integer >> 32n), Number(BigInt.asUintN(32, integer)), environment(DEFAULT));
        // Rounding a bigint to binary32 through binary64 would round twice.
        if (f.bits === 64 || BigInt.asIntN(54, integer) === integer) expect(left(f.bits)).toBe(toPattern(f, Number(integer)));
      }),
      { numRuns: NUM_RUNS },
    );
  });
});

describe("between the formats", () => {
  test("widening and narrowing gives the value back", () => {
    fc.assert(
      fc.property(patterns(SINGLE), (a) => {
        const back = convert(DOUBLE, SINGLE, convert(SINGLE, DOUBLE, a));
        expect(back).toBe(isNaN(SINGLE, a) ? a | bitsOf(SINGLE).quiet : a);
      }),
      { numRuns: NUM_RUNS },
    );
  });

  test("narrowing rounds as fround does", () => {
    fc.assert(
      fc.property(patterns(DOUBLE), (a) => {
        const narrow = convert(DOUBLE, SINGLE, a);
        if (isNaN(DOUBLE, a)) expect(isNaN(SINGLE, narrow)).toBe(true);
        else expect(narrow).toBe(toPattern(SINGLE, Math.fround(toNumber(DOUBLE, a))));
      }),
      { numRuns: NUM_RUNS },
    );
  });
});

test("comparison orders as the host does", () => {
  fc.assert(
    fc.property(patterns(DOUBLE), patterns(DOUBLE), (a, b) => {
      const x = toNumber(DOUBLE, a);
      const y = toNumber(DOUBLE, b);
      expect(sse.compare(operand(DOUBLE, a), operand(DOUBLE, b), true, environment(DEFAULT))).toBe(x < y ? 1 : x === y ? 2 : x > y ? 0 : 4);
    }),
    { numRuns: NUM_RUNS },
  );
});
