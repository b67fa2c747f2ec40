// One test: npx vitest run test/cpu/features.test.ts -t RDRAND
/** What depends on the processor's features: rows, CPUID, prebuilt modules, the random source. */

import { describe, expect, test } from "vitest";
import type { Feature } from "../../src/cpu/index.ts";
import { Interpreter } from "../../src/cpu/index.ts";
import { cpuidLeaf } from "../../src/cpu/helpers/cpuid.ts";
import { readRflags } from "../../src/cpu/index.ts";
import { Flag, GPR } from "../../src/cpu/state.ts";
import { cpuModels } from "../../src/machine/index.ts";
import { AddressSpace } from "../../src/memory/index.ts";

type Options = ConstructorParameters<typeof Interpreter>[2];

const CODE = 0x10_0000;

/** An interpreter in front of `code`, with int3 behind it. */
function processor(code: string, features: ReadonlySet<Feature>, options: Options = {}): Interpreter {
  const space = new AddressSpace();
  space.map({ address: CODE, length: 4096, prot: 7, fixed: true });
  space.poke(CODE, new Uint8Array(4096).fill(0xcc));
  space.poke(
    CODE,
    Uint8Array.from(code.split(" "), (digits) => Number.parseInt(digits, 16)),
  );
  const cpu = new Interpreter(space, features, options);
  cpu.rip = CODE;
  return cpu;
}

const rax = (cpu: Interpreter): bigint => cpu.space.view.getBigUint64(GPR, true);
const flag = (cpu: Interpreter, mask: number): boolean => (Number(readRflags(cpu.space.view)) & mask) !== 0;

describe("RDRAND and RDSEED", () => {
  const source = () => {
    let next = 1;
    return { fill: (into: Uint8Array): void => into.forEach((_, i) => (into[i] = next++)) };
  };

  test.each([
    ["rdrand eax", "0f c7 f0", 0x04030201n],
    ["rdrand rax", "48 0f c7 f0", 0x0807060504030201n],
    ["rdrand ax", "66 0f c7 f0", 0xffffffffffff0201n],
    ["rdseed rax", "48 0f c7 f8", 0x0807060504030201n],
  ])("%s takes as many bytes as its operand has from the random source", (_text, code, expected) => {
    const cpu = processor(code, cpuModels.v2, { random: source() });
    cpu.space.view.setBigUint64(GPR, 0xffffffffffffffffn, true);
    cpu.run(1);
    expect(rax(cpu)).toBe(expected);
    expect(flag(cpu, Flag.CF)).toBe(true);
    expect(flag(cpu, Flag.OF | Flag.SF | Flag.ZF | Flag.AF | Flag.PF)).toBe(false);
  });

  test("consecutive numbers are consecutive bytes of the source", () => {
    const cpu = processor("0f c7 f0 0f c7 f0", cpuModels.v2, { random: source() });
    cpu.run(2);
    expect(rax(cpu)).toBe(0x08070605n);
  });

  test("without a source there is no number: CF = 0 and 0", () => {
    const cpu = processor("48 0f c7 f0", cpuModels.v2);
    cpu.space.view.setBigUint64(GPR, 5n, true);
    cpu.run(1);
    expect(rax(cpu)).toBe(0n);
    expect(flag(cpu, Flag.CF)).toBe(false);
  });
});

test("RDTSCP gives the count of instructions and processor 0, RDPID 0", () => {
  const cpu = processor("0f 01 f9 f3 48 0f c7 f8", cpuModels.v2);
  for (const register of [0, 1, 2]) cpu.space.view.setBigUint64(GPR + 8 * register, 0xffffffffffffffffn, true);
  cpu.timestampBase = 0x1_0000_0010;
  for (let i = 0; i < 8 && cpu.instructions < 1; i++) cpu.run(1 - cpu.instructions);
  const before = [0, 1, 2].map((register) => cpu.space.view.getBigUint64(GPR + 8 * register, true));
  cpu.run(1);
  expect(before[1]).toBe(0n);
  expect(before[2]).toBe(1n);
  expect(rax(cpu)).toBe(0n);
});

test.each([
  ["lzcnt", "f3 48 0f bd c1", 63n - 0n, 0n],
  ["tzcnt", "f3 48 0f bc c1", 0n, 0n],
])("%s is bsr or bsf where the processor does not have it", (_name, code, counted, scanned) => {
  const run = (features: ReadonlySet<Feature>): bigint => {
    const cpu = processor(code, features);
    cpu.space.view.setBigUint64(GPR + 8, 1n, true);
    cpu.run(1);
    return rax(cpu);
  };
  expect(run(new Set([...cpuModels.v1, "lzcnt", "bmi1"]))).toBe(counted);
  expect(run(cpuModels.v1)).toBe(scanned);
});

test("modules that were made for other features are not used", () => {
  const entry = (features: ReadonlySet<Feature>): Uint8Array => new Interpreter(new AddressSpace(), features).handlers.encode();
  const packed = Buffer.concat([entry(cpuModels.v1), entry(cpuModels.v2)]);
  for (const features of [cpuModels.v1, cpuModels.v2, new Set<Feature>([...cpuModels.v2, "bmi1", "lzcnt"])]) {
    // popcnt (v2), tzcnt (the last one, else bsf)
    const cpu = processor("f3 48 0f bc c1", features, { prebuilt: packed });
    cpu.space.view.setBigUint64(GPR + 8, 0n, true);
    cpu.space.view.setBigUint64(GPR, 7n, true);
    cpu.run(1);
    expect(rax(cpu)).toBe(features.has("bmi1") ? 64n : 7n);
  }
});

test("CPUID of v2 has what the x86-64 psABI asks of x86-64-v2", () => {
  const [, , ecx] = cpuidLeaf(cpuModels.v2, 1, 0);
  for (const bit of [0, 9, 13, 19, 20, 23]) expect((ecx >> bit) & 1).toBe(1);
  // Neither XSAVE nor AVX.
  for (const bit of [26, 27, 28]) expect((ecx >> bit) & 1).toBe(0);
  expect(cpuidLeaf(cpuModels.v2, 0x8000_0001, 0)[2] & 1).toBe(1);
});

test("CPUID announces x86-64-v3 as the psABI's levels want it, and no more", () => {
  const bit = (...of: readonly number[]): number => of.reduce((mask, i) => mask | (1 << i), 0);
  // sse3 pclmul ssse3 fma cx16 sse4.1 sse4.2 movbe popcnt aes xsave osxsave avx f16c rdrand
  expect(cpuidLeaf(cpuModels.v3, 1, 0)[2]).toBe(bit(0, 1, 9, 12, 13, 19, 20, 22, 23, 25, 26, 27, 28, 29, 30));
  // fsgsbase bmi1 avx2 bmi2 rdseed adx clflushopt clwb sha; gfni vaes vpclmul rdpid
  expect(cpuidLeaf(cpuModels.v3, 7, 0)).toEqual([0, bit(0, 3, 5, 8, 18, 19, 23, 24, 29), bit(8, 9, 10, 22), 0]);
  // lahf lzcnt, no sse4a
  expect(cpuidLeaf(cpuModels.v3, 0x8000_0001, 0)[2]).toBe(bit(0, 5));
});

test("#UD names the feature that the processor lacks", () => {
  const cpu = processor("66 0f 38 00 c1", cpuModels.v1);
  cpu.run(1);
  expect(cpu.exception).toMatchObject({ vector: 6, unimplemented: false, lacking: "ssse3" });
  const other = processor("0f 0b", cpuModels.v1);
  other.run(1);
  expect(other.exception).toMatchObject({ vector: 6, unimplemented: false, lacking: undefined });
});

test("#UD names AVX-512's instructions and features, which no processor here has", () => {
  for (const [bytes, mnemonic, lacking] of [
    ["62 f1 6d 48 fe cb", "vpaddd", "avx512f"],
    ["62 f1 6d 48 fd cb", "vpaddw", "avx512bw"],
    ["62 f2 7d 48 c4 ca", "vpconflictd", "avx512cd"],
    ["62 f2 6d 08 8d cb", "vpermb", "avx512_vbmi"],
    ["62 f5 6c 48 58 cb", "vaddph", "avx512_fp16"],
    ["62 f2 6d 48 dc cb", "vaesenc", "avx512f"],
    ["c5 ed 41 cb", "kandb", "avx512dq"],
    ["c4 e2 6d 50 cb", "vpdpbusd", "avx_vnni"],
  ] as const) {
    const cpu = processor(bytes, cpuModels.v3);
    cpu.run(1);
    expect(cpu.exception, bytes).toMatchObject({ vector: 6, unimplemented: true, mnemonic, lacking });
  }
  // W1 with vpaddd, and an opmask for vpsadbw: no instructions.
  for (const bytes of ["62 f1 ed 48 fe cb", "62 f1 6d 49 f6 cb"]) {
    const cpu = processor(bytes, cpuModels.v3);
    cpu.run(1);
    expect(cpu.exception, bytes).toMatchObject({ vector: 6, unimplemented: false, mnemonic: "", lacking: undefined });
  }
});
