/**
 * `npm run fuzz -- insn`: random instructions over every row, on this machine's processor and in tsvm.
 *
 * A batch is some encodings, each with some states; it depends on the seed and on its number only. What differs is made small, shown as a line of
 * test/insn, and with `--write` kept there and in tools/insn/found.txt, from where `tools/record-insn.ts` records it again.
 */

import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { Command, Option } from "commander";
import { allFeatures, allInsns, type Decoded, Decoder, DecodeStatus, newDecoded, type RowSpec } from "../../src/cpu/index.ts";
import { sameResult } from "../../test/silicon/compare.ts";
import { type Encoding, incomparable, randomEncoding } from "../../test/silicon/encodings.ts";
import { InterpreterRunner } from "../../test/silicon/interpreter.ts";
import { formatDifference, hexBytes } from "../../test/silicon/line.ts";
import { BREAKPOINT, Case, decodeCase, decodeResult, Result, runCases, type RunnerCase } from "../../test/silicon/protocol.ts";
import { CaseMaker } from "../../test/silicon/random.ts";
import { defaultState, INSTRUCTION, type Outcome } from "../../test/silicon/state.ts";
import { Random } from "../../test/silicon/values.ts";
import { fileOf, formatLine } from "../insn/format.ts";
import { foundFile } from "../insn/found.ts";
import { extensionOf, isFloat } from "./extension.ts";
import { FileRunner } from "./file-runner.ts";
import { judge, textOf, type Verdict } from "./judge.ts";
import { type Log, readLog, type RowLog, tables, writeLog } from "./log.ts";
import { Pairs } from "./pairs.ts";
import { shrink } from "./shrink.ts";

/** States of one encoding, and encodings of a batch. */
const STATES = 32;
const ENCODINGS = 128;
/** One batch of so many has a small window, where pages push each other out. */
const SMALL_WINDOW = 8;
/** And one of so many stops after every instruction, and every iteration. */
const STEPPING = 12;
const folder = fileURLToPath(new URL("../../test/insn/", import.meta.url));

const decoder = new Decoder(allInsns, allFeatures, []);

/** The rows that the generator makes, by `rows` (of mnemonic and row), extension and family. */
function chooseRows(pattern: string, extension: string, family: string): RowSpec[] {
  const wanted = new RegExp(pattern);
  return decoder.rows.filter(
    (row) =>
      incomparable(row) === "" &&
      wanted.test(`${row.mnemonic} ${row.text}`) &&
      (extension === "" || extensionOf(row).toLowerCase() === extension.toLowerCase()) &&
      (family === "all" || family === "pairs" || (family === "float") === isFloat(row)),
  );
}

/** Numbers that are far apart for seeds and batches that are near. */
function mix(seed: number, batch: number): number {
  let h = (seed ^ Math.imul(batch + 1, 0x9e3779b1)) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

class Fuzzer {
  readonly #rows: readonly RowSpec[];
  readonly #log: Log;
  readonly #show: number;
  readonly #write: boolean;
  readonly #wide: InterpreterRunner;
  readonly #narrow: InterpreterRunner;
  readonly #input: Uint8Array = new Uint8Array(ENCODINGS * STATES * Case.bytes);
  readonly #runner: FileRunner = new FileRunner();
  readonly #expected: Buffer = Buffer.alloc(ENCODINGS * STATES * Result.bytes);
  readonly #actual: Buffer = Buffer.alloc(ENCODINGS * STATES * Result.bytes);
  readonly #pairs: Pairs | undefined;
  readonly #shown = new Map<string, number>();

  constructor(rows: readonly RowSpec[], log: Log, show: number, write: boolean) {
    this.#rows = rows;
    this.#log = log;
    this.#show = show;
    this.#write = write;
    const inRegions = log.inRegions !== undefined;
    this.#wide = new InterpreterRunner(32, allFeatures, inRegions);
    this.#narrow = new InterpreterRunner(17, allFeatures, inRegions);
    if (log.family === "pairs") this.#pairs = new Pairs(decoder, rows, show, this.#wide);
  }

  #logOf(row: RowSpec): RowLog {
    const key = `${row.mnemonic} ${row.text}`;
    return (this.#log.byRow[key] ??= { extension: extensionOf(row), mnemonic: row.mnemonic, vectors: 0, faults: 0, differences: 0, listed: {} });
  }

  batch(number: number): void {
    const r = new Random(mix(this.#log.seed, number));
    if (this.#pairs !== undefined) {
      const log = (this.#log.byRow["pairs"] ??= {
        extension: "pairs of instructions",
        mnemonic: "pairs",
        vectors: 0,
        faults: 0,
        differences: 0,
        listed: {},
      });
      const inRegions = this.#pairs.batch(r, ENCODINGS, STATES, log);
      if (this.#log.inRegions !== undefined) this.#log.inRegions += inRegions;
      this.#log.batches = number + 1;
      return;
    }
    const encodings: Encoding[] = [];
    for (let e = 0; e < ENCODINGS; e++) {
      const encoding = randomEncoding(r.of(this.#rows), r, decoder);
      encodings.push(encoding);
      const maker = new CaseMaker(encoding, r);
      for (let i = 0; i < STATES; i++) maker.put(this.#input, (e * STATES + i) * Case.bytes);
    }
    this.#runner.run(this.#input, this.#expected);
    const expected = this.#expected;
    const here = number % SMALL_WINDOW === SMALL_WINDOW - 1 ? this.#narrow : this.#wide;
    const slice = number % STEPPING === STEPPING - 2 ? 1 : undefined;
    encodings.forEach((encoding, e) => {
      const log = this.#logOf(encoding.row);
      log.vectors += STATES;
      for (let i = e * STATES; i < (e + 1) * STATES; i++) {
        const at = i * Result.bytes;
        if (expected[at + Result.trap] !== BREAKPOINT) log.faults++;
        const error = this.#execute(here, i, slice);
        if (here.ranInRegion && this.#log.inRegions !== undefined) this.#log.inRegions++;
        if (error === "" && sameResult(expected, at, this.#actual, at)) continue;
        this.#look(encoding, log, decodeCase(this.#input, i * Case.bytes), expected, at, error, here);
      }
    });
    this.#log.batches = number + 1;
  }

  #execute(here: InterpreterRunner, i: number, slice: number | undefined): string {
    try {
      here.executeEncoded(this.#input, i * Case.bytes, this.#actual, i * Result.bytes, slice);
      return "";
    } catch (error) {
      return String(error);
    }
  }

  /** Not the same bytes: why. */
  #look(encoding: Encoding, log: RowLog, one: RunnerCase, expected: Buffer, at: number, error: string, here: InterpreterRunner): void {
    const outcome = decodeResult(expected, at, one.bytes);
    const verdict: Verdict =
      error === ""
        ? judge(one, encoding.decoded, decoder.rows, outcome, decodeResult(this.#actual, at, one.bytes))
        : { kind: "different", did: error };
    if (verdict.kind === "same") return;
    if (verdict.ulp !== undefined) log.ulp = Math.max(log.ulp ?? 0, verdict.ulp);
    if (verdict.error !== undefined) log.error = Math.max(log.error ?? 0, verdict.error);
    if (verdict.theirs !== undefined) log.theirs = Math.max(log.theirs ?? 0, verdict.theirs);
    if (verdict.kind !== "different") {
      log.listed[verdict.kind] = (log.listed[verdict.kind] ?? 0) + 1;
      return;
    }
    log.differences++;
    const key = `${encoding.row.mnemonic} ${encoding.row.text}`;
    const times = this.#shown.get(key) ?? 0;
    this.#shown.set(key, times + 1);
    if (times < this.#show) this.#report(key, one, here);
  }

  /** Shows the difference at its smallest. */
  #report(key: string, one: RunnerCase, here: InterpreterRunner): void {
    const decode = (bytes: Uint8Array): Decoded | undefined => {
      const decoded = newDecoded();
      const status = decoder.decode(bytes, 0, bytes.length, Number(INSTRUCTION), decoded);
      const known = decoded.row >= 0 && decoded.length === bytes.length && status !== DecodeStatus.truncated;
      return known && `${decoder.rows[decoded.row]!.mnemonic} ${decoder.rows[decoded.row]!.text}` === key ? decoded : undefined;
    };
    const verdictOf = (candidate: RunnerCase): Verdict & { readonly outcome: Outcome } => {
      const outcome = runCases([candidate])[0]!;
      try {
        return { ...judge(candidate, decode(candidate.bytes)!, decoder.rows, outcome, here.execute(candidate)), outcome };
      } catch (error) {
        return { kind: "different", did: String(error), outcome };
      }
    };
    const small = shrink(
      one,
      (candidate) => verdictOf(candidate).kind === "different",
      (bytes) => decode(bytes) !== undefined,
    );
    const { did = "not reproduced alone", outcome } = verdictOf(small);
    const text = textOf(decode(small.bytes)!, decoder.rows, small.bytes);
    const shown = { flags: false, undefinedFlags: 0n, undefinedStatus: 0, always: new Set<string>(), mmx: false };
    const before = formatDifference(defaultState(), small.before, shown).join(" ");
    let line: string;
    try {
      line = formatLine(small.bytes, text, small.before, outcome, { text, before });
    } catch (error) {
      line = `${hexBytes(small.bytes)} | ${text} | ${before} => (${String(error)})`;
    }
    process.stdout.write(`${key}\n  ${line}\n  did: ${did}\n`);
    if (!this.#write) return;
    const file = `${folder}${fileOf(small.bytes)}.insn`;
    mkdirSync(dirname(file), { recursive: true });
    appendFileSync(file, `${line}\n`);
    appendFileSync(foundFile, `db ${hexBytes(small.bytes).replace(/..(?=.)/g, "$& ")} | ${before}\n`);
  }
}

interface InsnOptions {
  readonly count: number;
  readonly seconds: number;
  readonly seed: number;
  readonly rows: string;
  readonly extension: string;
  readonly family: string;
  readonly regions: boolean;
  readonly show: number;
  readonly write: boolean;
  readonly log?: string;
}

/** CPU seconds of this process and of the runners it waited for. */
function cpuSeconds(): number {
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  return (userCPUTime + systemCPUTime) / 1e6;
}

function fuzz(options: InsnOptions): void {
  const rows = chooseRows(options.rows, options.extension, options.family);
  if (rows.length === 0) throw new Error("no such rows");
  const { seed, extension, family } = options;
  const inRegions = options.regions ? { inRegions: 0 } : {};
  const log = readLog(options.log, { seed, rows: options.rows, extension, family, ...inRegions, batches: 0, seconds: 0, byRow: {} });
  const fuzzer = new Fuzzer(rows, log, options.show, options.write);
  const started = performance.now();
  let saved = started;
  let spent = cpuSeconds();
  const save = (): void => {
    const now = cpuSeconds();
    log.seconds += now - spent;
    spent = now;
    if (options.log !== undefined) writeLog(options.log, log);
  };
  const batches = Math.ceil(options.count / (ENCODINGS * STATES));
  while (log.batches < batches && performance.now() - started < options.seconds * 1000) {
    fuzzer.batch(log.batches);
    if (performance.now() - saved < 5000) continue;
    saved = performance.now();
    save();
  }
  save();
  const vectors = log.batches * ENCODINGS * STATES;
  process.stdout.write(
    `${tables([log])}\n\n${vectors} vectors of ${rows.length} rows, ${Math.round(vectors / log.seconds)} a second of this process\n`,
  );
  if (log.inRegions !== undefined) process.stdout.write(`${log.inRegions} of them in compiled regions\n`);
  const differing = Object.entries(log.byRow).filter(([, { differences }]) => differences > 0);
  for (const [key, { differences, vectors: all }] of differing) process.stdout.write(`${differences} of ${all} differ: ${key}\n`);
  if (differing.length > 0) process.exitCode = 1;
}

const MARK = ["<!-- made by npm run fuzz -- insn --report -->", "<!-- end -->"] as const;

/** Puts the tables of the logs between the marks of a page. */
function report(page: string, logs: readonly string[]): void {
  const text = readFileSync(page, "utf8");
  const [from, to] = MARK.map((mark) => text.indexOf(mark));
  if (from === undefined || to === undefined || from < 0 || to < from) throw new Error(`${page} has no marks ${MARK.join(" ")}`);
  const body = tables(logs.map((file) => JSON.parse(readFileSync(file, "utf8")) as Log));
  writeFileSync(page, `${text.slice(0, from + MARK[0].length)}\n\n${body}\n\n${text.slice(to)}`);
}

export const insnCommand: Command = new Command("insn")
  .description("random instructions on this machine's processor and in tsvm")
  .option("--count <n>", "vectors in all, with those of the log", Number, 100_000)
  .option("--seconds <n>", "at most so long", Number, Infinity)
  .option("--seed <n>", "what everything depends on", Number, 1)
  .option("--rows <regex>", "only rows that match: mnemonic and row, as `add 01 /r | Ev, Gv`", "")
  .option("--extension <name>", "only rows of an extension, as the table names it", "")
  .addOption(
    new Option("--family <name>", "only rows that calculate with floating-point numbers, or the others; or two instructions in a row")
      .choices(["all", "float", "integer", "pairs"])
      .default("all"),
  )
  .option("--regions", "in compiled regions, as far as that is possible", false)
  .option("--show <n>", "differences shown for each row", Number, 1)
  .option("--write", "keep what is found as lines of test/insn", false)
  .option("--log <file>", "go on from this file, and keep the counts there")
  .option("--report <page>", "instead: write the tables of the logs that are the arguments into this page")
  .argument("[logs...]")
  .action((logs: string[], options: InsnOptions & { readonly report?: string }) => {
    if (options.report !== undefined) report(options.report, logs);
    else fuzz(options);
  });
