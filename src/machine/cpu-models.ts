import type { Feature } from "../cpu/index.ts";

/** x86-64 as it began (x86-64-v1 of the psABI), and what every processor that runs Linux has since. */
export const baselineFeatures: ReadonlySet<Feature> = new Set<Feature>(["base", "fxsr", "cx16", "lahf"]);

/** Processors by the levels of the x86-64 psABI (3.1.1). */
export const cpuModels: Readonly<Record<"v1" | "v2", ReadonlySet<Feature>>> = {
  v1: baselineFeatures,
  // With what processors of this level without AVX have besides (Tremont).
  v2: new Set<Feature>([
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
  ]),
};

export type CpuModel = keyof typeof cpuModels;
