/**
 * Counts which forms of instructions programs execute, and which pairs: what src/cpu/interpreter/hot-forms.ts is chosen from.
 *
 *     npx tsx tools/count-forms.ts --cases PATH/cases.json [--limit INSTRUCTIONS] [--match REGEX] [--cpu MODEL]
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { cpuModels, Machine } from "../src/machine/index.ts";
import { NodeInputs, hostStart } from "../src/node/index.ts";

interface Case {
  readonly id: string;
  readonly tier: number;
  readonly argv: readonly string[];
  readonly path?: string;
  readonly setup?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly instructions?: number;
  readonly syscalls: readonly string[];
}

const { values } = parseArgs({
  options: {
    cases: { type: "string" },
    limit: { type: "string", default: "300000000" },
    match: { type: "string", default: "" },
    cpu: { type: "string", default: "v3" },
  },
});
if (values.cases === undefined) throw new Error("--cases FILE is missing");
const features = Object.entries(cpuModels).find(([name]) => name === values.cpu)?.[1];
if (features === undefined) throw new Error(`--cpu ${values.cpu}`);
const forks = new Set(["fork", "vfork", "clone", "clone3"]);
const cases = (JSON.parse(readFileSync(values.cases, "utf8")) as Case[]).filter(
  (c) =>
    (c.tier === 1 || c.tier === 2) && (c.instructions ?? 0) > 20e6 && !c.syscalls.some((s) => forks.has(s)) && new RegExp(values.match).test(c.id),
);
const single = new Map<string, number>();
/** In how many programs each form that is no case of the main function was met. */
const met = new Map<string, number>();
const pairs = new Map<string, number>();
let total = 0;

for (const c of cases) {
  const program = c.path ?? c.argv[0] ?? "";
  if (!existsSync(program)) continue;
  const cwd = `/tmp/corpus/run/count-${c.id}`;
  mkdirSync(cwd, { recursive: true });
  if (c.setup !== undefined) spawnSync("/bin/bash", ["-c", c.setup], { cwd, stdio: "ignore" });
  const mounts = [{ host: "/tmp", guest: "/tmp", readOnly: false }];
  const inputs = new NodeInputs({ mounts, takeInput: false });
  const machine = Machine.create({
    elf: readFileSync(program),
    path: program,
    argv: c.argv,
    envp: Object.entries(c.env ?? {}).map(([k, v]) => `${k}=${v}`),
    cwd,
    inputs,
    start: hostStart(),
    mounts: mounts.map(({ guest, readOnly }, mount) => ({ mount, guest, readOnly })),
    features,
    countPairs: true,
  });
  const end = machine.run({ maxInstructions: Number(values.limit) });
  const counts = machine.cpu.pairCounts();
  const sum = counts.reduce((n, { count }) => n + count, 0);
  const { handlers } = machine.cpu;
  const name = (handler: number): string =>
    handlers.name(handler) ||
    `${
      handlers
        .group(handler)
        ?.map((f) => f.key)
        .join(" ; ") ?? `#${handler}`
    } (function)`;
  for (const { first, second, count } of counts) {
    const share = count / sum;
    single.set(name(second), (single.get(name(second)) ?? 0) + share);
    if (handlers.name(first) !== "" && handlers.name(second) !== "") {
      const pair = `${name(first)} ${name(second)}`;
      pairs.set(pair, (pairs.get(pair) ?? 0) + share);
    }
  }
  const seen = new Set(counts.map(({ second }) => second).filter((h) => h >= handlers.hotCount));
  for (const handler of seen) {
    const form = handlers.group(handler)?.[0];
    if (form === undefined || form.addressSize === 32) continue;
    const line = `${form.row.mnemonic}; ${form.row.text}; ${form.row.cc ?? ""}; ${form.operandSize}; ${form.mode}; ${form.rep}`;
    met.set(line, (met.get(line) ?? 0) + 1);
  }
  total++;
  process.stderr.write(`${c.id} ${machine.instructions} ${end.reason}\n`);
}

function print(title: string, counts: Map<string, number>, most: number): void {
  process.stdout.write(`${title}\n`);
  for (const [name, share] of [...counts].sort((a, b) => b[1] - a[1]).slice(0, most))
    process.stdout.write(`${((share / total) * 100).toFixed(3)} %  ${name}\n`);
}

print("forms", single, 500);
process.stdout.write("warm\n");
for (const [line, count] of [...met].sort(([a], [b]) => (a < b ? -1 : 1))) process.stdout.write(`${count} ${line}\n`);
print("pairs", pairs, 300);
