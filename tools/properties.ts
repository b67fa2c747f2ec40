// npm run properties -- [--stops N] [--cases corpus/cases.json [--cases-count N]] [--match REGEX] [--json FILE]: programs moved to other machines at N random instructions in
// all, and every image compared. Prints Markdown; ends with 1 where anything differs. Cases of a corpus run where a host directory is their root, read-only.
import { writeFileSync } from "node:fs";
import { Option, program } from "commander";
import { listPrograms } from "../programs/build.ts";
import type { Case } from "../test/snapshot/support.ts";
import { countMoves } from "../test/snapshot/moves.ts";
import type { Moves } from "../test/snapshot/moves.ts";
import { programCase } from "../test/snapshot/support.ts";
import { corpusGuests } from "./corpus-guests.ts";

interface Options {
  readonly stops: number;
  readonly cases?: string;
  readonly casesCount: number;
  readonly match: string;
  readonly skip: number;
  readonly json?: string;
}

const options = program
  .addOption(new Option("--stops <N>", "random instructions in all").argParser(Number).default(200))
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
const rows: Record<string, Moves> = {};
const left: string[] = [];
let different = 0;
let stops = 0;
say("| program | instructions | stops | largest image | different |");
say("|---|--:|--:|--:|--:|");
for (const guest of chosen) {
  try {
    const moves = countMoves(guest, each, 2e9);
    rows[guest.name] = moves;
    stops += moves.stops;
    different += moves.differences.length;
    say(`| ${guest.name} | ${moves.instructions} | ${moves.stops} | ${(moves.largest / 1e6).toFixed(2)} MB | ${moves.differences.length} |`);
    for (const line of moves.differences.slice(0, 5)) process.stderr.write(`${guest.name}: ${line}\n`);
  } catch (error) {
    left.push(`${guest.name}: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (options.json !== undefined)
    writeFileSync(options.json, `${JSON.stringify({ node: process.version, stops, different, rows, left }, undefined, 1)}\n`);
}
say(`\n${Object.keys(rows).length} programs, ${stops} stops, ${different} different.`);
for (const line of left) say(`left out: ${line}`);
process.exitCode = different > 0 ? 1 : 0;
