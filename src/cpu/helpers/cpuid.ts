/** CPUID: announces what works and nothing else (SDM volume 2A, CPUID). */

import type { Feature } from "../isa/insn.ts";
import { GPR } from "../state.ts";
import { AVX_BYTES, AVX_OFFSET, Component, XCR0, XSAVE_BYTES } from "../xsave.ts";
import type { Helper, HelperContext } from "./helper.ts";

export const cpuVendor = "GenuineIntel";
export const cpuBrand = "tsvm x86-64 virtual processor";
/** A model that has no more than the baseline, so that nobody infers features from it. */
export const cpuSignature = { family: 6, model: 15, stepping: 11 } as const;
const SIGNATURE = (cpuSignature.family << 8) | (cpuSignature.model << 4) | cpuSignature.stepping;

type Bit = readonly [Feature, number];

/** Leaf 1, the baseline: fpu tsc cx8 cmov clflush mmx sse sse2. */
const LEAF1_EDX_BASE = (1 << 0) | (1 << 4) | (1 << 8) | (1 << 15) | (1 << 19) | (1 << 23) | (1 << 25) | (1 << 26);
const leaf1Edx: readonly Bit[] = [["fxsr", 24]];
const leaf1Ecx: readonly Bit[] = [
  ["sse3", 0],
  ["pclmul", 1],
  ["ssse3", 9],
  ["fma", 12],
  ["cx16", 13],
  ["sse4.1", 19],
  ["sse4.2", 20],
  ["movbe", 22],
  ["popcnt", 23],
  ["aes", 25],
  ["xsave", 26],
  ["xsave", 27],
  ["avx", 28],
  ["f16c", 29],
  ["rdrand", 30],
];
const leaf7Ebx: readonly Bit[] = [
  ["fsgsbase", 0],
  ["bmi1", 3],
  ["avx2", 5],
  ["bmi2", 8],
  ["rdseed", 18],
  ["adx", 19],
  ["clflushopt", 23],
  ["clwb", 24],
  ["sha", 29],
];
const leaf7Ecx: readonly Bit[] = [
  ["gfni", 8],
  ["vaes", 9],
  ["vpclmul", 10],
  ["rdpid", 22],
];
/** Leaf 0xd, subleaf 1. XGETBV with ECX = 1 comes with XSAVEC. */
const stateEax: readonly Bit[] = [
  ["xsaveopt", 0],
  ["xsavec", 1],
  ["xsavec", 2],
];
const extendedEcx: readonly Bit[] = [
  ["lahf", 0],
  ["lzcnt", 5],
  ["sse4a", 6],
];
/** SYSCALL, NX, long mode. */
const EXTENDED_EDX = (1 << 11) | (1 << 20) | (1 << 29);
const extendedEdx: readonly Bit[] = [["rdtscp", 27]];

function bits(features: ReadonlySet<Feature>, list: readonly Bit[], base = 0): number {
  let value = base;
  for (const [feature, bit] of list) if (features.has(feature)) value |= 1 << bit;
  return value;
}

function word(text: string, at: number): number {
  let value = 0;
  for (let i = 0; i < 4; i++) value |= (at + i < text.length ? text.charCodeAt(at + i) : 0) << (8 * i);
  return value;
}

/** The highest basic leaf: also /proc/cpuinfo's "cpuid level". */
export function lastLeaf(features: ReadonlySet<Feature>): number {
  return features.has("xsave") ? 0xd : 7;
}

/** CPUID.1:EDX, which is also AT_HWCAP. */
export function hardwareCapabilities(features: ReadonlySet<Feature>): number {
  return bits(features, leaf1Edx, LEAF1_EDX_BASE) >>> 0;
}

type Leaf = readonly [eax: number, ebx: number, ecx: number, edx: number];
const NOTHING: Leaf = [0, 0, 0, 0];

/** Leaf 0xd: components and their places in the XSAVE area. The compacted area is as large as the standard one. */
function extendedState(features: ReadonlySet<Feature>, subleaf: number): Leaf {
  if (!features.has("xsave")) return NOTHING;
  switch (subleaf) {
    case 0:
      return [XCR0, XSAVE_BYTES, XSAVE_BYTES, 0];
    case 1:
      return [bits(features, stateEax), features.has("xsavec") ? XSAVE_BYTES : 0, 0, 0];
    case 31 - Math.clz32(Component.avx):
      return [AVX_BYTES, AVX_OFFSET, 0, 0];
    default:
      return NOTHING;
  }
}

/** EAX, EBX, ECX, EDX for a leaf. */
export function cpuidLeaf(features: ReadonlySet<Feature>, leaf: number, subleaf: number): Leaf {
  switch (leaf >>> 0) {
    case 0:
      return [lastLeaf(features), word(cpuVendor, 0), word(cpuVendor, 8), word(cpuVendor, 4)];
    case 1:
      return [SIGNATURE, 0x0001_0800, bits(features, leaf1Ecx), bits(features, leaf1Edx, LEAF1_EDX_BASE)];
    case 7:
      return subleaf === 0 ? [0, bits(features, leaf7Ebx), bits(features, leaf7Ecx), 0] : NOTHING;
    case 0xd:
      return extendedState(features, subleaf);
    case 0x8000_0000:
      return [0x8000_0008, 0, 0, 0];
    case 0x8000_0001:
      return [0, 0, bits(features, extendedEcx), bits(features, extendedEdx, EXTENDED_EDX)];
    case 0x8000_0002:
    case 0x8000_0003:
    case 0x8000_0004: {
      const at = ((leaf >>> 0) - 0x8000_0002) * 16;
      return [word(cpuBrand, at), word(cpuBrand, at + 4), word(cpuBrand, at + 8), word(cpuBrand, at + 12)];
    }
    case 0x8000_0008:
      // 48 linear and 48 physical address bits.
      return [0x3030, 0, 0, 0];
    default:
      return NOTHING;
  }
}

function cpuid(context: HelperContext): boolean {
  const { view, features } = context;
  const result = cpuidLeaf(features, view.getInt32(GPR, true), view.getInt32(GPR + 8, true));
  const order = [0, 3, 1, 2];
  result.forEach((value, i) => {
    const at = GPR + 8 * (order[i] ?? 0);
    view.setInt32(at, value, true);
    view.setInt32(at + 4, 0, true);
  });
  return false;
}

export const cpuidHelpers: Readonly<Record<string, Helper>> = { cpuid };
