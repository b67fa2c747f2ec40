/**
 * Regions: the part of a path that ran often, as nodes that are written one after another. Each node is a run of instructions with
 * one way in; its branches are edges to other nodes, or leave the region.
 */

import type { BasicBlock, BlockReader, Instruction, Path, Visits } from "./path.ts";

export interface Edge {
  readonly number: number;
  /** Address that it leads to. */
  readonly rip: number;
  /** Undefined: out of the region. */
  readonly to: Node | undefined;
  /** Instructions of the node that are completed when it is followed. */
  readonly completed: number;
}

export interface Node {
  readonly rip: number;
  readonly instructions: readonly Instruction[];
  /** Where the branches among its instructions lead, by index. */
  readonly taken: ReadonlyMap<number, Edge>;
  /** What comes behind it; undefined where its last instruction is a jump. */
  readonly next: Edge | undefined;
  /** Where its last instruction has led that jumps to a computed address, most often first. */
  readonly computed: readonly Edge[];
  /** Number of the edge for all of these. */
  readonly computedNumber: number;
}

export interface Region {
  readonly entry: Node;
  readonly nodes: readonly Node[];
}

export function instructionsOf({ nodes }: Region): number {
  return nodes.reduce((sum, { instructions }) => sum + instructions.length, 0);
}

/** Instructions of a region. */
export const MAX_INSTRUCTIONS = 600;
const MAX_COMPUTED = 24;

interface Draft {
  readonly block: BasicBlock;
  readonly successors: ReadonlyMap<number, number>;
}

/** Where a region begins best: at the head of the loop that runs most often, or where the path began. */
function chooseEntry(path: Path, isTaken: (rip: number) => boolean): Visits | undefined {
  const free = [...path.visits.values()].filter(({ block }) => block.instructions.length > 0 && !isTaken(block.rip));
  const often = (a: Visits | undefined, b: Visits): Visits => (a === undefined || b.count > a.count ? b : a);
  const head = free.filter(({ backwards }) => backwards).reduce<Visits | undefined>(often, undefined);
  const start = free.find(({ block }) => block.rip === path.start);
  return [head, start].find((visits) => visits !== undefined && visits.count >= leastCount(path));
}

function leastCount(path: Path): number {
  return Math.max(2, path.steps / 1000);
}

/** The blocks that ran often, reached from the first, most often first. */
function choose(path: Path, first: Visits, limit: number): Set<number> {
  const chosen = new Set<number>();
  const least = leastCount(path);
  let room = limit;
  const waiting = [first];
  while (waiting.length > 0) {
    waiting.sort((a, b) => a.count - b.count);
    const visits = waiting.pop();
    if (visits === undefined || chosen.has(visits.block.rip)) continue;
    room -= visits.block.instructions.length;
    if (room < 0) break;
    if (visits.block.instructions.length === 0) continue;
    chosen.add(visits.block.rip);
    for (const [rip, count] of visits.successors) {
      const successor = path.visits.get(rip);
      if (successor !== undefined && count >= least) waiting.push(successor);
    }
  }
  return chosen;
}

/** Forms a region of at most `limit` instructions from what was seen; undefined where nothing of it ran often that does not begin where one `isTaken`. */
export function formRegion(path: Path, reader: BlockReader, isTaken: (rip: number) => boolean, limit: number): Region | undefined {
  const first = chooseEntry(path, isTaken);
  if (first === undefined) return undefined;
  const chosen = choose(path, first, limit);
  const drafts = new Map<number, Draft>();
  for (const rip of chosen) {
    const block = reader.readTo(rip, chosen);
    // What was thought of it when the path ran may have proved wrong.
    if (block.instructions.length === 0) continue;
    drafts.set(rip, { block, successors: path.visits.get(rip)?.successors ?? new Map<number, number>() });
  }
  return drafts.has(first.block.rip) ? new Former(first.block.rip, drafts).region() : undefined;
}

class Former {
  readonly #start: number;
  readonly #drafts: ReadonlyMap<number, Draft>;
  readonly #predecessors = new Map<number, number>();
  readonly #nodes = new Map<number, Node>();
  #edges = 0;

  constructor(start: number, drafts: ReadonlyMap<number, Draft>) {
    this.#start = start;
    this.#drafts = drafts;
    for (const draft of drafts.values()) for (const rip of this.#ways(draft)) this.#predecessors.set(rip, (this.#predecessors.get(rip) ?? 0) + 1);
  }

  /** Where a block leads, as far as that is known. */
  #ways({ block, successors }: Draft): number[] {
    switch (block.ends) {
      case "none":
      case "stop":
        return [block.end];
      case "jump":
        return [block.target];
      case "branch":
        return [block.target, block.end];
      case "indirect":
        return [...successors.keys()];
    }
  }

  region(): Region | undefined {
    const entry = this.#node(this.#start);
    if (entry === undefined) return undefined;
    return { entry, nodes: [...this.#nodes.values()] };
  }

  /** The block that comes behind `draft` in one node with it: what nothing else leads to. */
  #continuation({ block }: Draft): Draft | undefined {
    const rip = block.ends === "jump" ? block.target : block.end;
    if (block.ends === "indirect" || block.ends === "stop" || rip === this.#start || this.#predecessors.get(rip) !== 1) return undefined;
    return this.#drafts.get(rip);
  }

  #edge(rip: number, completed: number): Edge {
    const number = this.#edges++;
    return { number, rip, to: this.#node(rip), completed };
  }

  #node(rip: number): Node | undefined {
    const known = this.#nodes.get(rip);
    if (known !== undefined) return known;
    const first = this.#drafts.get(rip);
    if (first === undefined) return undefined;
    const instructions: Instruction[] = [];
    const taken = new Map<number, Edge>();
    const computed: Edge[] = [];
    const node = { rip, instructions, taken, next: undefined as Edge | undefined, computed, computedNumber: this.#edges++ };
    this.#nodes.set(rip, node);
    let draft = first;
    for (;;) {
      const { block } = draft;
      instructions.push(...block.instructions);
      const count = instructions.length;
      const follows = this.#continuation(draft);
      // A jump to what follows is no edge, but counts.
      if (block.ends === "branch" || (block.ends === "jump" && follows === undefined)) taken.set(count - 1, this.#edge(block.target, count));
      if (follows !== undefined) {
        draft = follows;
        continue;
      }
      if (block.ends === "indirect") {
        const known = [...draft.successors].toSorted((a, b) => b[1] - a[1]).filter(([target]) => this.#drafts.has(target));
        for (const [target] of known.slice(0, MAX_COMPUTED)) computed.push(this.#edge(target, count));
      } else if (block.ends !== "jump") node.next = this.#edge(block.end, count);
      return node;
    }
  }
}
