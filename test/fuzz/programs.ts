/** Random short programs: the interpreter alone and compiled regions do the same, at every stop. */
import { allFeatures, allInsns, Decoder, format, newDecoded } from "../../src/cpu/index.ts";
import { Comparison } from "../silicon/engine.ts";
import { assemble, type Item, type Program, ProgramMaker } from "../silicon/program.ts";
import { Random } from "../silicon/values.ts";
import type { FuzzResult, Random as Generator } from "./random.ts";
import { repeat } from "./random.ts";

/** Instructions of a program that are looked at, and of one of sixteen. */
const LIMITS = [120, 1000] as const;
/** Compiled code is thrown away with the engines. */
const RENEWED = 500;
const decoder = new Decoder(allInsns, allFeatures, []);

function listing(program: Program): string {
  const { bytes, addresses } = assemble(program);
  const lines: string[] = [];
  const decoded = newDecoded();
  for (let at = 0; at < bytes.length; at += Math.max(1, decoded.length)) {
    decoder.decode(bytes, at, bytes.length, program.start + at, decoded);
    const own = bytes.subarray(at, at + Math.max(1, decoded.length));
    lines.push(`  ${(program.start + at).toString(16)}  ${Buffer.from(own).toString("hex")}  ${format(decoded, decoder.rows, { bytes: own })}`);
  }
  return `${lines.join("\n")}\n  labels ${[...addresses.values()].length}`;
}

/** What it takes to differ. */
interface Try {
  readonly program: Program;
  readonly starts: readonly number[];
  readonly slices: readonly number[];
}

class Programs {
  readonly #maker: ProgramMaker = new ProgramMaker(decoder);
  #wide: Comparison = new Comparison(32);
  #narrow: Comparison = new Comparison(17);
  #tried = 0;

  /** Throws where something differs. */
  one(generator: Generator): boolean {
    if (++this.#tried % RENEWED === 0) {
      this.#wide = new Comparison(32);
      this.#narrow = new Comparison(17);
    }
    const r = new Random(generator(2 ** 32));
    const program = this.#maker.make(r);
    const places = program.items.length;
    const starts = [0, r.below(places), r.below(places)].slice(r.below(2), 1 + r.below(3));
    const limit = LIMITS[r.chance(16) ? 1 : 0];
    const slices = [1 + r.below(5), 2 + r.below(30), limit];
    const comparison = r.chance(8) ? this.#narrow : this.#wide;
    const before = comparison.inRegions;
    const did = comparison.difference(program, starts, limit, slices);
    if (did !== "") {
      const differs = ({ program: one, starts: at, slices: by }: Try): string => new Comparison(comparison.windowBits).difference(one, at, limit, by);
      const small = shrink({ program, starts, slices }, (one) => differs(one) !== "");
      throw new Error(
        `${did}\n small: ${differs(small)}\n${listing(small.program)}\n  regions at items ${small.starts.join(" ")}, slices ${small.slices.join(" ")}`,
      );
    }
    return comparison.inRegions > before;
  }
}

/** Without the instructions that the difference does not need. */
function shrink(one: Try, differs: (one: Try) => boolean): Try {
  let best = one;
  const attempt = (next: Try): void => {
    if (differs(next)) best = next;
  };
  const indexOf = (items: readonly Item[], i: number, gone: number): number => (i > gone ? i - 1 : Math.min(i, items.length - 2));
  for (let again = true; again;) {
    const { length } = best.program.items;
    for (let i = length - 1; i >= 0; i--) {
      const { items } = best.program;
      if (items[i]?.kind === "label") continue;
      attempt({
        ...best,
        program: { ...best.program, items: items.filter((_, k) => k !== i) },
        starts: best.starts.map((start) => indexOf(items, start, i)),
      });
    }
    again = best.program.items.length < length;
  }
  attempt({ ...best, slices: [] });
  for (const start of best.starts) attempt({ ...best, starts: [start] });
  return best;
}

export function fuzzPrograms(seed: number, seconds: number, count: number, first = 0): FuzzResult {
  const programs = new Programs();
  return repeat(seed, seconds, count, (random) => programs.one(random), first);
}
