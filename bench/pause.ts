// `npx tsx bench/pause.ts [--seconds N]`: how long a running machine takes to heed a request to stop (`kill -USR1` and the like), in loops of each kind, as `tsvm run` runs them; then
// what saving adds. Processor time of this process, so that other work on the host does not count.
import { parseArgs } from "node:util";
import { MOST_MS, turnSize } from "../src/node/run-to-end.ts";
import { saveImage } from "../src/snapshot/index.ts";
import { loops } from "../test/snapshot/loops.ts";
import { Run } from "../test/snapshot/support.ts";

const { values } = parseArgs({ options: { seconds: { type: "string", default: "1" } } });
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const at = (sorted: readonly number[], share: number): string => (sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(1).padStart(7);

console.log("loop                         turns  median      90%      99%  longest     save   ms");
for (const guest of loops) {
  const run = Run.start(guest);
  const turns: number[] = [];
  let size = turnSize();
  for (const end = cpuMs() + 1000 * Number(values.seconds); cpuMs() < end;) {
    const started = cpuMs();
    const before = run.machine.instructions;
    run.machine.run({ maxInstructions: size, pause: () => cpuMs() - started >= MOST_MS });
    const took = cpuMs() - started;
    size = turnSize(run.machine.instructions - before, took);
    turns.push(took);
  }
  turns.sort((a, b) => a - b);
  const before = cpuMs();
  for (const _ of saveImage(run.machine).parts());
  const save = (cpuMs() - before).toFixed(1).padStart(7);
  console.log(
    `${guest.name.padEnd(26)} ${String(turns.length).padStart(6)} ${at(turns, 0.5)}  ${at(turns, 0.9)}  ${at(turns, 0.99)}  ${at(turns, 1)}  ${save}`,
  );
}
