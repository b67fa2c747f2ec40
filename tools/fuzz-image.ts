// `npx tsx tools/fuzz-image.ts [--seconds N] [--seed S] [--count N]`: mutated images for as long as one likes.
import { parseArgs } from "node:util";
import { readProgram } from "../programs/build.ts";
import { fuzzImages } from "../test/snapshot/fuzz.ts";
import { modulesOfTests, programCase, Run } from "../test/snapshot/support.ts";

const { values } = parseArgs({
  options: { seconds: { type: "string" }, seed: { type: "string" }, count: { type: "string" }, program: { type: "string" } },
});
const run = Run.start(programCase(readProgram(values.program ?? "hello-musl")));
run.to(600);
const result = fuzzImages(run.image(), Number(values.seed ?? 1), Number(values.seconds ?? 10), Number(values.count ?? Infinity), modulesOfTests());
console.log(JSON.stringify({ ...result, rss: `${Math.round(process.memoryUsage().rss / 1e6)} MB` }));
