/**
 * Two instructions in a row: what single ones cannot show, such as flags that nobody reads, handlers for two records, and a comparison with its branch.
 * The second one's memory is near RSP, and neither leaves anything undefined.
 */

import { type Decoded, type Decoder, type RowSpec } from "../../src/cpu/index.ts";
import { sameResult } from "../../test/silicon/compare.ts";
import { type Encoding, randomEncoding, readsFlags } from "../../test/silicon/encodings.ts";
import type { InterpreterRunner } from "../../test/silicon/interpreter.ts";
import { compare, formatAfter, formatDifference, hexBytes } from "../../test/silicon/line.ts";
import { BREAKPOINT, Case, decodeCase, decodeResult, encodeCases, Result, runCases, type RunnerCase } from "../../test/silicon/protocol.ts";
import { CaseMaker } from "../../test/silicon/random.ts";
import { defaultState } from "../../test/silicon/state.ts";
import type { Random } from "../../test/silicon/values.ts";
import { FileRunner } from "./file-runner.ts";
import { isApproximation, isTranscendental, meetsRunner, textOf } from "./judge.ts";
import type { RowLog } from "./log.ts";
import { shrinkState } from "./shrink.ts";

/** RSP is so far from the data page's ends. */
const NEAR = 0x300;
/** The runner's room for code. */
const ROOM = 20;

/** Leaves something undefined, or is among the listed differences. */
const LOOSE =
  /^(bextr|bs[fr]|i?div|i?mul|[lt]zcnt|rc[lr]|ro[lr]|s[ah][lr]|sh[lr]d|bt[csr]?|bzhi|bls.*|andn|fx.*|fn?stenv|fn?save|fldenv|frstor|enter|maskmovq|xlat|loopn?e|popf)$/;

function isExact(row: RowSpec): boolean {
  return !LOOSE.test(row.mnemonic) && !isApproximation(row.mnemonic) && !isTranscendental(row.mnemonic);
}

/** Whether an operand in memory is in the data page, as RSP is before the first instruction. */
function isNearStack({ base, index, segment, addressSize, disp }: Decoded): boolean {
  return base === 4 && index < 0 && segment === 0 && addressSize === 64 && Math.abs(disp) < NEAR;
}

export class Pairs {
  readonly #decoder: Decoder;
  readonly #first: readonly RowSpec[];
  readonly #second: readonly RowSpec[];
  readonly #readers: readonly RowSpec[];
  readonly #writers: readonly RowSpec[];
  readonly #show: number;
  readonly #native: FileRunner = new FileRunner();
  readonly #here: InterpreterRunner;
  #shown = 0;
  #last: readonly [Encoding, Encoding] | undefined;

  /** `show`: how many differences are shown. */
  constructor(decoder: Decoder, rows: readonly RowSpec[], show: number, here: InterpreterRunner) {
    this.#here = here;
    this.#decoder = decoder;
    this.#first = rows.filter((row) => isExact(row) && row.insn.properties.ends === undefined && row.insn.properties.rep === undefined);
    this.#second = rows.filter(
      (row) => isExact(row) && row.insn.properties.rep === undefined && !row.operands.some(({ kind }) => "OCD".includes(kind)),
    );
    this.#readers = this.#second.filter(readsFlags);
    this.#writers = this.#first.filter((row) => row.insn.properties.writes !== undefined);
    this.#show = show;
  }

  #pair(r: Random): readonly [Encoding, Encoding] {
    for (;;) {
      const flags = r.chance(2);
      const first = randomEncoding(r.of(flags ? this.#writers : this.#first), r, this.#decoder);
      const second = randomEncoding(r.of(flags ? this.#readers : this.#second), r, this.#decoder);
      // Half of them with memory, where the second has any.
      const place = second.decoded.memory ? isNearStack(second.decoded) : second.row.form === "reg" || r.chance(8);
      if (place && first.bytes.length + second.bytes.length <= ROOM) return [first, second];
    }
  }

  /** Executes one batch and counts it in `log`; how many were run in regions. */
  batch(r: Random, pairs: number, states: number, log: RowLog): number {
    let inRegions = 0;
    const chosen = Array.from({ length: pairs }, () => this.#pair(r));
    const input = new Uint8Array(pairs * states * Case.bytes);
    chosen.forEach(([first, second], p) => {
      const maker = new CaseMaker(first, r, false, second);
      for (let i = 0; i < states; i++) maker.put(input, (p * states + i) * Case.bytes);
    });
    const expected = Buffer.alloc(pairs * states * Result.bytes);
    this.#native.run(input, expected);
    const actual = Buffer.alloc(Result.bytes);
    log.vectors += pairs * states;
    for (let i = 0; i < pairs * states; i++) {
      const at = i * Result.bytes;
      if (expected[at + Result.trap] !== BREAKPOINT) log.faults++;
      let error = "";
      try {
        this.#here.executeEncoded(input, i * Case.bytes, actual, 0);
        if (this.#here.ranInRegion) inRegions++;
        if (sameResult(expected, at, actual, 0)) continue;
      } catch (thrown) {
        error = String(thrown);
      }
      const one = decodeCase(input, i * Case.bytes);
      if (error === "" && this.#did(one) === "") continue;
      log.differences++;
      const pair = chosen[Math.floor(i / states)]!;
      if (pair === this.#last || this.#shown++ >= this.#show) continue;
      this.#last = pair;
      this.#report(pair, one);
    }
    return inRegions;
  }

  /** What differs, when the case is run alone; nothing where it is equal. */
  #did(one: RunnerCase): string {
    const after = runCases([one])[0]!;
    const line = { bytes: one.bytes, text: "", before: one.before, after, undefinedFlags: 0n, undefinedStatus: 0 };
    try {
      const results = new Uint8Array(Result.bytes);
      this.#here.executeEncoded(encodeCases([one]), 0, results, 0);
      const outcome = decodeResult(results, 0, one.bytes);
      return meetsRunner(outcome) ? "" : compare(line, outcome);
    } catch (error) {
      return String(error);
    }
  }

  #report([first, second]: readonly [Encoding, Encoding], one: RunnerCase): void {
    const small = shrinkState(one, (candidate) => this.#did(candidate) !== "");
    const shown = { flags: true, undefinedFlags: 0n, undefinedStatus: 0, always: new Set<string>(), mmx: false };
    const text = [first, second].map(({ decoded, bytes }) => textOf(decoded, this.#decoder.rows, bytes)).join("; ");
    const before = formatDifference(defaultState(), small.before, shown).join(" ");
    const after = formatAfter(small.bytes.length, small.before, runCases([small])[0]!, shown);
    process.stdout.write(`${hexBytes(small.bytes)} | ${text} | ${before} => ${after}\n  did: ${this.#did(small)}\n`);
  }
}
