// npm run bench -- [GROUP ...] [--cases corpus/cases.json] [--match REGEX] [--pairs N] [--no-qemu] [--timeout SECONDS] [--json FILE]
// GROUP: programs, "system calls", float and so on; all without one. --build makes the binaries of bench/programs again (musl-gcc) and ends.
// As root, run it inside the corpus' own `safe`, so that its programs can write below /tmp/corpus only. Time of tsvm relative to native and to qemu-x86_64, taken interleaved in one run: for each case the median of N pairs. Prints Markdown.
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { corpusCases, programCases, type BenchCase } from "./cases.ts";
import { buildKernels, kernelCases } from "./kernels.ts";
import { geometricMean, has, median, runOnce, type Engine, type Sample } from "./measure.ts";
import { startUp } from "./start-up.ts";

const { values: options, positionals: groups } = parseArgs({
  allowPositionals: true,
  options: {
    cases: { type: "string" },
    match: { type: "string", default: "" },
    pairs: { type: "string", default: "3" },
    timeout: { type: "string", default: "300" },
    json: { type: "string" },
    "no-qemu": { type: "boolean", default: false },
    "no-start-up": { type: "boolean", default: false },
    build: { type: "boolean", default: false },
  },
});

if (options.build) {
  buildKernels();
  process.exit();
}

interface Row {
  readonly id: string;
  readonly group: string;
  readonly seconds: number;
  readonly native: number;
  readonly toNative: number;
  readonly toQemu: number | undefined;
  readonly instructions: number;
  readonly millionPerSecond: number;
}

const withQemu = !options["no-qemu"] && has("qemu");
const engines: Engine[] = withQemu ? ["native", "qemu", "tsvm"] : ["native", "tsvm"];
const pattern = new RegExp(options.match);
const cases = [...programCases(), ...kernelCases(), ...(options.cases ? corpusCases(options.cases) : [])].filter(
  (c) => pattern.test(c.id) && (groups.length === 0 || groups.includes(c.group)),
);

const say = (line: string): boolean => process.stdout.write(`${line}\n`);
const left: string[] = [];

/** Why a run is not the same as the native one. */
function problemOf(sample: Sample, native: Sample): string | undefined {
  if (sample.problem !== undefined) return sample.problem;
  if (sample.status !== native.status) return `${sample.engine}: exit ${sample.status} instead of ${native.status}`;
  return sample.digest === native.digest ? undefined : `${sample.engine}: output differs`;
}

function measure(c: BenchCase): Row | undefined {
  const samples: Sample[][] = [];
  let qemuFails: string | undefined;
  for (let pair = 0; pair < Number(options.pairs); pair++) {
    const round = engines.map((engine) => runOnce(engine, c, Number(options.timeout)));
    for (const sample of round) {
      const wrong = problemOf(sample, round[0]!);
      if (wrong === undefined) continue;
      if (sample.engine === "qemu") {
        qemuFails = wrong;
        continue;
      }
      left.push(`${c.id}: ${wrong}`);
      return undefined;
    }
    samples.push(round);
  }
  if (qemuFails !== undefined) left.push(`${c.id} in qemu: ${qemuFails}`);
  const of = (engine: Engine): Sample[] => samples.map((round) => round[engines.indexOf(engine)]!);
  const tsvm = of("tsvm");
  const ratio = (engine: Engine): number => median(of(engine).map((sample, i) => tsvm[i]!.seconds / sample.seconds));
  return {
    id: c.id,
    group: c.group,
    seconds: median(tsvm.map((sample) => sample.seconds)),
    native: median(of("native").map((sample) => sample.seconds)),
    toNative: ratio("native"),
    toQemu: withQemu && qemuFails === undefined ? ratio("qemu") : undefined,
    instructions: tsvm[0]!.stats!.instructions,
    millionPerSecond: median(tsvm.map((sample) => sample.stats!.millionPerSecond)),
  };
}

say(`Node ${process.version}, ${cpus()[0]?.model.trim() ?? "unknown CPU"}, ${cpus().length} CPUs, median of ${options.pairs} interleaved pairs\n`);
say("| case | million instructions | tsvm s | native s | to native | to qemu-x86_64 | million a second |");
say("|---|--:|--:|--:|--:|--:|--:|");
const rows: Row[] = [];
for (const c of cases) {
  const row = measure(c);
  if (!row) continue;
  rows.push(row);
  const qemu = row.toQemu === undefined ? "" : row.toQemu.toFixed(2);
  say(
    `| ${row.id} | ${(row.instructions / 1e6).toFixed(1)} | ${row.seconds.toFixed(2)} | ${row.native.toFixed(3)} | ${row.toNative.toFixed(2)} | ${qemu} | ${row.millionPerSecond.toFixed(1)} |`,
  );
}

say("");
for (const group of new Set(rows.map((row) => row.group))) {
  const of = rows.filter((row) => row.group === group);
  const ratios = of.flatMap(({ toQemu: ratio }) => ratio ?? []);
  const toQemu = ratios.length > 0 ? `, to qemu-x86_64 ${geometricMean(ratios).toFixed(2)}` : "";
  const mean = geometricMean(of.map((row) => row.millionPerSecond));
  say(
    `Geometric mean, ${group} (${of.length} cases): ${mean.toFixed(1)} million instructions a second; to native ${geometricMean(of.map((row) => row.toNative)).toFixed(2)}${toQemu}`,
  );
}
for (const line of left) say(`left out: ${line}`);

const start = options["no-start-up"] || groups.length > 0 ? undefined : startUp();
if (start) {
  say(
    `\nhello: ${start.tsvm.toFixed(0)} ms; \`node -e 0\`: ${start.node.toFixed(0)} ms; difference ${(start.tsvm - start.node).toFixed(0)} ms; peak RSS of hello ${start.rss.toFixed(0)} MB (medians of ${start.pairs} pairs)`,
  );
}
if (options.json) writeFileSync(options.json, `${JSON.stringify({ node: process.version, rows, left, start }, null, 1)}\n`);
