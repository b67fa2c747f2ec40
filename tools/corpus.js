// npm run corpus -- [--tier 0,1] [--match REGEX] ...: compares tsvm with native runs over a corpus of real programs that lies outside this repository.
// The corpus' runner is TSVM_CORPUS, or ../shared/corpus/run.mjs beside this checkout.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const runner = resolve(process.env["TSVM_CORPUS"] ?? resolve(root, "../shared/corpus/run.mjs"));
if (!existsSync(runner)) {
  process.stderr.write(`corpus: there is no ${runner}: the corpus is not part of this repository (set TSVM_CORPUS to its run.mjs)\n`);
  process.exitCode = 2;
} else {
  const run = spawnSync(process.execPath, [runner, ...process.argv.slice(2)], { cwd: root, stdio: "inherit" });
  process.exitCode = run.status ?? 1;
}
