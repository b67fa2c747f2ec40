import type { Feature } from "../isa/insn.ts";

const NAMES: Readonly<Record<Feature, true>> = {
  base: true, sse3: true, ssse3: true, "sse4.1": true, "sse4.2": true, sse4a: true, popcnt: true, cx16: true, lahf: true, movbe: true, lzcnt: true,
  bmi1: true, bmi2: true, adx: true, avx: true, avx2: true, f16c: true, fma: true, aes: true, vaes: true, pclmul: true, vpclmul: true, gfni: true, sha: true,
  rdrand: true, rdseed: true, rdtscp: true, fxsr: true, xsave: true, xsavec: true, xsaveopt: true, clflushopt: true, clwb: true, fsgsbase: true, rdpid: true,
};

/** Every feature that a row can depend on: what a disassembler decodes with. */
export const allFeatures: ReadonlySet<Feature> = new Set(Object.keys(NAMES) as Feature[]);
