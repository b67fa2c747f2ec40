import type { Feature } from "../cpu/index.ts";

/** x86-64 as it began (x86-64-v1 of the psABI), and what every processor that runs Linux has since. */
export const baselineFeatures: ReadonlySet<Feature> = new Set<Feature>(["base", "fxsr", "cx16", "lahf"]);

/** With what processors of this level without AVX have besides (Tremont). */
const secondLevel: readonly Feature[] = [
  ...baselineFeatures,
  "sse3",
  "ssse3",
  "sse4.1",
  "sse4.2",
  "popcnt",
  "movbe",
  "aes",
  "pclmul",
  "sha",
  "gfni",
  "rdrand",
  "rdseed",
  "rdtscp",
  "rdpid",
  "clflushopt",
  "clwb",
  "fsgsbase",
];

/** Processors by the levels of the x86-64 psABI (3.1.1). SSE4A is in none: no processor of Intel's has it. */
export const cpuModels: Readonly<Record<"v1" | "v2" | "v3", ReadonlySet<Feature>>> = {
  v1: baselineFeatures,
  v2: new Set<Feature>(secondLevel),
  // With what processors of this level without AVX-512 have besides (Gracemont).
  v3: new Set<Feature>([
    ...secondLevel,
    "xsave",
    "xsaveopt",
    "xsavec",
    "avx",
    "avx2",
    "f16c",
    "fma",
    "bmi1",
    "bmi2",
    "lzcnt",
    "adx",
    "vaes",
    "vpclmul",
  ]),
};

export type CpuModel = keyof typeof cpuModels;

/** The model of a machine that is not told which. */
export const defaultCpuModel: CpuModel = "v3";
