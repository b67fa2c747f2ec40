import type { Feature, Insn } from "./insn.ts";

/** The instructions as rows of a CPUID feature, or of several together. */
export function requires(feature: Feature | readonly Feature[], insns: readonly Insn[]): readonly Insn[] {
  return insns.map((insn) => ({ ...insn, properties: { ...insn.properties, feature } }));
}
