/** What /proc/cpuinfo says of the processor that CPUID describes (arch/x86/kernel/cpu/proc.c gives the lines and the flags' names). */

import type { Feature, ProcessorFeature } from "./isa/insn.ts";
import { cpuBrand, cpuSignature, cpuVendor, lastLeaf } from "./helpers/cpuid.ts";

const BASE_FLAGS = "fpu tsc cx8 cmov clflush mmx sse sse2 syscall nx lm constant_tsc rep_good nopl nonstop_tsc cpuid tsc_known_freq";

const flagNames: Readonly<Record<ProcessorFeature, string>> = {
  base: BASE_FLAGS,
  fxsr: "fxsr",
  rdtscp: "rdtscp",
  sse3: "pni",
  pclmul: "pclmulqdq",
  ssse3: "ssse3",
  fma: "fma",
  cx16: "cx16",
  "sse4.1": "sse4_1",
  "sse4.2": "sse4_2",
  movbe: "movbe",
  popcnt: "popcnt",
  aes: "aes",
  xsave: "xsave",
  avx: "avx",
  f16c: "f16c",
  rdrand: "rdrand",
  lahf: "lahf_lm",
  lzcnt: "abm",
  sse4a: "sse4a",
  fsgsbase: "fsgsbase",
  bmi1: "bmi1",
  avx2: "avx2",
  bmi2: "bmi2",
  rdseed: "rdseed",
  adx: "adx",
  clflushopt: "clflushopt",
  clwb: "clwb",
  sha: "sha_ni",
  xsaveopt: "xsaveopt",
  xsavec: "xsavec xgetbv1",
  gfni: "gfni",
  vaes: "vaes",
  vpclmul: "vpclmulqdq",
  rdpid: "rdpid",
};

/** Text of /proc/cpuinfo for one processor; its clock is the virtual time's, one instruction a nanosecond. */
export function cpuinfo(features: ReadonlySet<Feature>): string {
  const { family, model, stepping } = cpuSignature;
  const flags = Object.entries(flagNames).filter(([feature]) => features.has(feature as Feature));
  const lines: readonly (readonly [string, string])[] = [
    ["processor", "0"],
    ["vendor_id", cpuVendor],
    ["cpu family", String(family)],
    ["model", String(model)],
    ["model name", cpuBrand],
    ["stepping", String(stepping)],
    ["cpu MHz", "1000.000"],
    ["cache size", "4096 KB"],
    ["physical id", "0"],
    ["siblings", "1"],
    ["core id", "0"],
    ["cpu cores", "1"],
    ["fpu", "yes"],
    ["fpu_exception", "yes"],
    ["cpuid level", String(lastLeaf(features))],
    ["wp", "yes"],
    ["flags", flags.map(([, names]) => names).join(" ")],
    ["bogomips", "2000.00"],
    ["clflush size", "64"],
    ["cache_alignment", "64"],
    ["address sizes", "48 bits physical, 48 bits virtual"],
  ];
  // Names are padded with tabs to the second stop, as the kernel does.
  return `${lines.map(([name, value]) => `${name}${"\t".repeat(name.length < 8 ? 2 : 1)}: ${value}`).join("\n")}\npower management:\n\n`;
}
