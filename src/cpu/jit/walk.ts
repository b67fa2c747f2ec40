/** A path that nobody ran: all that code may lead to, as if it had run often. */

import type { BasicBlock, BlockReader, Visits } from "./path.ts";
import { Path } from "./path.ts";

const OFTEN = 1000;

function isCall({ instructions }: BasicBlock): boolean {
  return instructions.at(-1)?.entry.form.row.insn.mnemonic === "call";
}

/** From `rip`; jumps to computed addresses lead to `computed`, and behind the calls that were met. */
export function walk(rip: number, reader: BlockReader, computed: Iterable<number>): Path {
  const path = new Path(rip);
  const targets = new Set(computed);
  const waiting = [rip, ...targets];
  const indirect: Visits[] = [];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    if (path.visits.has(at)) continue;
    const block = reader.read(at);
    const visits: Visits = { block, count: OFTEN, backwards: false, successors: new Map() };
    path.visits.set(at, visits);
    const leadTo = (to: number): void => {
      visits.successors.set(to, OFTEN);
      waiting.push(to);
    };
    if (block.ends === "indirect") indirect.push(visits);
    if (isCall(block)) {
      targets.add(block.end);
      waiting.push(block.end);
    }
    if (block.ends === "jump" || block.ends === "branch") leadTo(block.target);
    if (block.ends === "none" || block.ends === "stop" || block.ends === "branch") leadTo(block.end);
  }
  for (const { successors } of indirect) for (const to of targets) successors.set(to, OFTEN);
  return path;
}
