/** Rows that give an instruction its name and operands, and no more: it is not executed. */

import type { Feature, Insn } from "./insn.ts";
import { insn } from "./insn.ts";

/**
 * A row with `$` for the opcode (with what follows it up to the next word), then pairs of opcode and mnemonic. `_` in an opcode is a space. Two mnemonics with a
 * slash are a row each, for W0 and W1: in the row `W*` is then W0 or W1, `b*` b32 or b64, `n*` n4 or n8, `s*` ss or sd, `M*` Md or Mq, `R*` Rd or Rq.
 */
export type Entry = readonly [row: string, pairs: string, feature?: Feature | readonly Feature[]];

const BY_W: Readonly<Record<string, readonly [string, string]>> = {
  "W*": ["W0", "W1"],
  "b*": ["b32", "b64"],
  "n*": ["n4", "n8"],
  "s*": ["ss", "sd"],
  "M*": ["Md", "Mq"],
  "R*": ["Rd", "Rq"],
};

function notExecuted(): void {
  throw new Error("an instruction that is only named has no semantics");
}

/** An instruction with one row and no semantics. */
export function named(mnemonic: string, row: string, feature: Feature | readonly Feature[] | undefined): Insn {
  return insn(mnemonic, [row], feature === undefined ? {} : { feature }, notExecuted);
}

/** The instructions of all entries, each with one row. */
export function expand(entries: readonly Entry[]): Insn[] {
  const insns: Insn[] = [];
  for (const [text, pairs, feature] of entries) {
    const list = pairs.split(" ");
    for (let i = 0; i + 1 < list.length; i += 2) {
      const row = text.replace("$", list[i]!.replaceAll("_", " "));
      const names = list[i + 1]!.split("/");
      if (names.length === 1) insns.push(named(names[0]!, row, feature));
      else names.forEach((name, w) => insns.push(named(name, row.replaceAll(/[WbnsMR]\*/g, (word) => BY_W[word]![w]!), feature)));
    }
  }
  return insns;
}
