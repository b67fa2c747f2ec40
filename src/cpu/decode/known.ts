import type { Insn } from "../isa/insn.ts";
export const knownInsns: readonly Insn[] = [];
