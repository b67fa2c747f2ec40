// What a short program costs: `tsvm run hello` beside `node -e 0`, interleaved.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { median, parseStats, root } from "./measure.ts";

export interface StartUp {
  /** Median milliseconds of the whole process. */
  readonly tsvm: number;
  readonly node: number;
  /** Peak resident set of tsvm, MB. */
  readonly rss: number;
  readonly pairs: number;
}

function milliseconds(args: string[]): { ms: number; stderr: string } {
  const started = process.hrtime.bigint();
  const run = spawnSync(process.execPath, args);
  return { ms: Number(process.hrtime.bigint() - started) / 1e6, stderr: run.stderr.toString("latin1") };
}

export function startUp(): StartUp | undefined {
  const hello = join(root, "programs/hello/hello");
  if (!existsSync(hello)) return undefined;
  const pairs = 15;
  const node: number[] = [];
  const tsvm: number[] = [];
  const rss: number[] = [];
  for (let i = 0; i < pairs; i++) {
    node.push(milliseconds(["-e", "0"]).ms);
    const run = milliseconds([join(root, "bin/tsvm.js"), "run", "--stats", hello]);
    tsvm.push(run.ms);
    rss.push(parseStats(run.stderr)?.rss ?? NaN);
  }
  return { tsvm: median(tsvm), node: median(node), rss: median(rss), pairs };
}
