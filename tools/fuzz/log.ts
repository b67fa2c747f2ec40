/** What a run of the fuzzer has done, as a file that the next run goes on from, and as a table. */

import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import type { Listed } from "./judge.ts";
import { LISTED } from "./judge.ts";

export interface RowLog {
  extension: string;
  mnemonic: string;
  vectors: number;
  /** Of them, how many ended in an exception. */
  faults: number;
  differences: number;
  listed: Partial<Record<Listed, number>>;
  /** Largest distance of a transcendental function, in units in the last place. */
  ulp?: number;
  /** Largest relative error of an approximation in 2^-12, here and of the processor. */
  error?: number;
  theirs?: number;
}

export interface Log {
  seed: number;
  /** What chose the rows. */
  rows: string;
  extension: string;
  family: string;
  /** Batches done: batch `n` depends on the seed and on `n` only. */
  batches: number;
  /** Vectors that ran in compiled regions; undefined where none were made. */
  inRegions?: number;
  /** User and system time, in seconds. */
  seconds: number;
  byRow: Record<string, RowLog>;
}

/** The log in `file`, where there is one of the same seed and choice; `fresh` otherwise. Throws where it is of another. */
export function readLog(file: string | undefined, fresh: Log): Log {
  if (file === undefined || !existsSync(file)) return fresh;
  const found = JSON.parse(readFileSync(file, "utf8")) as Log;
  for (const key of ["seed", "rows", "extension", "family"] as const) {
    if (found[key] !== fresh[key]) throw new Error(`${file} is of a run with ${key} ${found[key]}, not ${fresh[key]}`);
  }
  if ((found.inRegions === undefined) !== (fresh.inRegions === undefined))
    throw new Error(`${file} is of a run ${found.inRegions === undefined ? "without" : "with"} regions`);
  return found;
}

export function writeLog(file: string, log: Log): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(log)}\n`);
  renameSync(`${file}.new`, file);
}

const count = (n: number): string => n.toLocaleString("en-US");

interface Sum {
  rows: number;
  vectors: number;
  faults: number;
  differences: number;
  listed: Map<Listed, number>;
}

/** Rows of all logs together. */
function merged(logs: readonly Log[]): Record<string, RowLog> {
  const all: Record<string, RowLog> = {};
  for (const { byRow } of logs) {
    for (const [key, row] of Object.entries(byRow)) {
      const known = all[key];
      if (known === undefined) {
        all[key] = structuredClone(row);
        continue;
      }
      known.vectors += row.vectors;
      known.faults += row.faults;
      known.differences += row.differences;
      for (const [name, n] of Object.entries(row.listed) as [Listed, number][]) known.listed[name] = (known.listed[name] ?? 0) + n;
      if (row.ulp !== undefined) known.ulp = Math.max(known.ulp ?? 0, row.ulp);
      if (row.error !== undefined) known.error = Math.max(known.error ?? 0, row.error);
      if (row.theirs !== undefined) known.theirs = Math.max(known.theirs ?? 0, row.theirs);
    }
  }
  return all;
}

/** Markdown tables: vectors by extension, what is listed, accuracy by function. */
export function tables(logs: readonly Log[]): string {
  const rows = Object.values(merged(logs));
  const empty = (): Sum => ({ rows: 0, vectors: 0, faults: 0, differences: 0, listed: new Map() });
  const byExtension = new Map<string, Sum>();
  const total = empty();
  for (const row of rows) {
    const known = byExtension.get(row.extension) ?? empty();
    byExtension.set(row.extension, known);
    for (const sum of [known, total]) {
      sum.rows++;
      sum.vectors += row.vectors;
      sum.faults += row.faults;
      sum.differences += row.differences;
      for (const [name, n] of Object.entries(row.listed) as [Listed, number][]) sum.listed.set(name, (sum.listed.get(name) ?? 0) + n);
    }
  }
  const listedOf = ({ listed }: Sum): number => [...listed.values()].reduce((a, b) => a + b, 0);
  const line = (name: string, sum: Sum): string =>
    `| ${name} | ${count(sum.rows)} | ${count(sum.vectors)} | ${count(sum.faults)} | ${count(sum.differences)} | ${count(listedOf(sum))} |`;
  const out = [
    "| extension | rows | vectors | of them exceptions | differences | listed |",
    "| --- | --: | --: | --: | --: | --: |",
    ...[...byExtension].toSorted(([a], [b]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)).map(([name, sum]) => line(name, sum)),
    line("all", total),
  ];
  if (total.listed.size > 0) {
    out.push("", "| listed difference | vectors | instructions |", "| --- | --: | --- |");
    for (const [name, n] of [...total.listed].toSorted(([, a], [, b]) => b - a)) {
      const mnemonics = new Set(rows.filter(({ listed }) => listed[name] !== undefined).map(({ mnemonic }) => mnemonic));
      out.push(`| ${LISTED[name]} | ${count(n)} | ${[...mnemonics].toSorted().join(" ")} |`);
    }
  }
  const functions = new Map<string, RowLog>();
  for (const row of rows) if (row.ulp !== undefined || row.error !== undefined) functions.set(row.mnemonic, row);
  if (functions.size > 0) {
    out.push(
      "",
      "| function | vectors | not equal to the processor's | largest distance | largest error: here, the processor's |",
      "| --- | --: | --: | --: | --: |",
    );
    for (const [name, row] of [...functions].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      const unequal = (row.listed.transcendental ?? 0) + (row.listed.approximation ?? 0);
      const error = row.error === undefined ? "" : `${row.error.toFixed(3)}, ${(row.theirs ?? 0).toFixed(3)} * 2^-12`;
      out.push(`| ${name} | ${count(row.vectors)} | ${count(unequal)} | ${row.ulp === undefined ? "" : `${row.ulp} ulp`} | ${error} |`);
    }
  }
  return out.join("\n");
}
