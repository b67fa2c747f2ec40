import type { Feature, Insn } from "./insn.ts";

/** The instructions as rows of a CPUID feature. */
export function requires(feature: Feature, insns: readonly Insn[]): readonly Insn[] {
  return insns.map((insn) => ({ ...insn, properties: { ...insn.properties, feature } }));
}
