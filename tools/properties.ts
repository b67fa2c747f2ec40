// npm run properties -- [--stops N] [--engines NAMES] [--cases corpus/cases.json [--cases-count N]] [--match REGEX] [--json FILE]: programs moved to other machines at N random instructions in
// all, and every image compared. Prints Markdown; ends with 1 where anything differs. Cases of a corpus run where a host directory is their root, read-only.
// With --engines hair-trigger,default (names of REGION_SETTINGS): each program interpreted and with compiled regions, every image and the end compared.
import { writeFileSync } from "node:fs";
import { InvalidArgumentError, Option, program } from "commander";
import { listPrograms } from "../programs/build.ts";
import { compareEngines, REGION_SETTINGS } from "../test/snapshot/engines.ts";
import type { Engines } from "../test/snapshot/engines.ts";
import type { Case } from "../test/snapshot/support.ts";
import { countMoves } from "../test/snapshot/moves.ts";
import type { Moves } from "../test/snapshot/moves.ts";
import { programCase } from "../test/snapshot/support.ts";
import { corpusGuests } from "./corpus-guests.ts";

interface Options {
  readonly stops: number;
  readonly engines?: readonly RegionSettings[];
  readonly cases?: string;
  readonly casesCount: number;
  readonly match: string;
  readonly skip: number;
  readonly json?: string;
}

type RegionSettings = keyof typeof REGION_SETTINGS;

function isSettings(name: string): name is RegionSettings {
  return Object.hasOwn(REGION_SETTINGS, name);
}

function parseEngines(text: string): readonly RegionSettings[] {
  const names = text.split(",");
  if (!names.every(isSettings)) throw new InvalidArgumentError(`There are ${Object.keys(REGION_SETTINGS).join(", ")}.`);
  return names;
}

const options = program
  .addOption(new Option("--stops <N>", "random instructions in all").argParser(Number).default(200))
  .addOption(new Option("--engines <NAMES>", "compare these settings of regions with the interpreter").argParser(parseEngines))
  .option("--cases <FILE>", "also the cases of this corpus")
  .addOption(new Option("--cases-count <N>", "at most so many of them").argParser(Number).default(Infinity))
  .option("--match <REGEX>", "programs and cases by name", "")
  .addOption(new Option("--skip <N>", "leave out the first N of them").argParser(Number).default(0))
  .option("--json <FILE>", "the table as JSON, written after each program")
  .parse()
  .opts<Options>();

const pattern = new RegExp(options.match);
const guests: Case[] = listPrograms().map(programCase);
if (options.cases !== undefined) guests.push(...corpusGuests(options.cases).slice(0, options.casesCount));
const chosen = guests.filter(({ name }) => pattern.test(name)).slice(options.skip);

const each = Math.ceil(options.stops / chosen.length);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
/** How programs are judged, and what the table says of each. */
interface Judge<Result> {
  readonly columns: readonly string[];
  judge(guest: Case): Result;
  row(result: Result): readonly (string | number)[];
  compared(result: Result): number;
}

const MOST_INSTRUCTIONS = 2e9;

const movesJudge: Judge<Moves> = {
  columns: ["instructions", "stops", "largest image"],
  judge: (guest) => countMoves(guest, each, MOST_INSTRUCTIONS),
  row: ({ instructions, stops, largest }) => [instructions, stops, `${(largest / 1e6).toFixed(2)} MB`],
  compared: ({ stops }) => stops,
};

function enginesJudge(names: readonly RegionSettings[]): Judge<Engines> {
  const settings = names.map((name) => REGION_SETTINGS[name]);
  return {
    columns: ["instructions", "images", "regions", "runs of them", "share of instructions in them"],
    judge: (guest) => compareEngines(guest, settings, each, MOST_INSTRUCTIONS),
    row({ instructions, images, all, unstopped }) {
      const share = (100 * unstopped.instructions) / (instructions * settings.length);
      return [instructions, images, all.made, all.runs, `${share.toFixed(1)} %`];
    },
    compared: ({ images }) => images,
  };
}

const left: string[] = [];
const rows: Record<string, Moves | Engines> = {};
let different = 0;
let compared = 0;

function judgeAll<Result extends Moves | Engines>(judge: Judge<Result>): void {
  say(`| program | ${judge.columns.join(" | ")} | different |`);
  say(`|---|${"--:|".repeat(judge.columns.length + 1)}`);
  for (const guest of chosen) {
    try {
      const result = judge.judge(guest);
      rows[guest.name] = result;
      compared += judge.compared(result);
      different += result.differences.length;
      say(`| ${[guest.name, ...judge.row(result), result.differences.length].join(" | ")} |`);
      for (const line of result.differences.slice(0, 5)) process.stderr.write(`${guest.name}: ${line}\n`);
    } catch (error) {
      left.push(`${guest.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
    if (options.json !== undefined)
      writeFileSync(options.json, `${JSON.stringify({ node: process.version, stops: compared, different, rows, left }, undefined, 1)}\n`);
  }
}

if (options.engines === undefined) judgeAll(movesJudge);
else judgeAll(enginesJudge(options.engines));
say(`\n${Object.keys(rows).length} programs, ${compared} stops, ${different} different.`);
for (const line of left) say(`left out: ${line}`);
process.exitCode = different > 0 ? 1 : 0;
