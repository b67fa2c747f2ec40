// npm run bench:page -- [--pairs N] [--match REGEX]
// The same program in Node and in a Worker of the built playground in Chromium, by turns in one run: for each, the median of N pairs, by the time
// that the machine ran. Prints Markdown. Chromium: Debian's, or the one that TSVM_CHROMIUM names; `npm run build` first.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chromium, type Page } from "playwright-core";
import { chromiumPath, site } from "../test/web/chromium.ts";
import type { Report, StartMessage } from "../src/web/index.ts";
import { type BenchCase, programCases } from "./cases.ts";
import { kernelCases } from "./kernels.ts";
import { geometricMean, median, runOnce } from "./measure.ts";

const { values: options } = parseArgs({ options: { pairs: { type: "string", default: "3" }, match: { type: "string", default: "" } } });
const pattern = new RegExp(options.match);
const cases = [...programCases(), ...kernelCases()].filter(({ id, tsvmOptions }) => pattern.test(id) && tsvmOptions.length === 0);

interface InPage {
  readonly instructions: number;
  /** Million instructions a second. */
  readonly speed: number;
}

/** Runs a case in a Worker of the page. */
async function runInPage(page: Page, folder: string, { argv, env, input }: BenchCase): Promise<InPage> {
  const assets = readdirSync(join(folder, "assets"));
  const asset = (pattern: RegExp): string => `assets/${assets.find((name) => pattern.test(name))}`;
  const [file = "", ...args] = argv;
  return page.evaluate(
    async ({ workerUrl, interpreterUrl, base64, text, argv, envp }) => {
      const [elf, input] = [base64, text].map((coded) => Uint8Array.from(atob(coded), (char) => char.charCodeAt(0)));
      const worker = new Worker(workerUrl, { type: "module" });
      const prebuilt = new Uint8Array(await (await fetch(interpreterUrl)).arrayBuffer());
      return new Promise<InPage>((resolve, reject) => {
        worker.addEventListener("message", ({ data }: MessageEvent<Report>) => {
          if (data.type === "output") worker.postMessage({ type: "shown", amount: data.bytes.length });
          else if (data.type === "failed") reject(new Error(data.message));
          else if (data.type === "exited") {
            worker.terminate();
            resolve({ instructions: data.instructions, speed: data.instructions / data.runMs / 1000 });
          }
        });
        const start: StartMessage = {
          type: "start",
          elf: elf!,
          prebuilt,
          path: "/program",
          argv,
          envp,
          streams: { kind: "pipes", input: input! },
          strace: false,
        };
        worker.postMessage(start);
        worker.postMessage({ type: "run" });
      });
    },
    {
      workerUrl: asset(/^worker-.*\.js$/),
      interpreterUrl: asset(/^interpreter-.*\.bin$/),
      base64: readFileSync(file).toString("base64"),
      text: input.toString("base64"),
      argv: ["/program", ...args],
      envp: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    },
  );
}

const say = (line: string): boolean => process.stdout.write(`${line}\n`);
const folder = mkdtempSync(join(tmpdir(), "tsvm-bench-page-"));
const served = await site(folder);
const browser = await chromium.launch({
  ...(chromiumPath === undefined ? {} : { executablePath: chromiumPath }),
  args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
});
try {
  const page = await (await browser.newContext()).newPage();
  await page.goto(served.url);
  say(`Chromium ${browser.version()}, Node ${process.version}; million instructions a second.`);
  say("");
  say("| program | instructions | Node | page | page / Node |");
  say("|---|--:|--:|--:|--:|");
  const ratios: number[] = [];
  for (const each of cases) {
    const pairs: { readonly node: number; readonly page: InPage }[] = [];
    for (let pair = 0; pair < Number(options.pairs); pair++) {
      each.prepare();
      const { stats, problem } = runOnce("tsvm", each, 300);
      if (stats === undefined) throw new Error(`${each.id}: ${problem ?? "no numbers"}`);
      pairs.push({ node: stats.millionPerSecond, page: await runInPage(page, folder, each) });
    }
    const ratio = median(pairs.map(({ node, page: there }) => there.speed / node));
    ratios.push(ratio);
    const of = (speed: (pair: (typeof pairs)[number]) => number): string => median(pairs.map(speed)).toFixed(0);
    const instructions = new Intl.NumberFormat("en").format(pairs[0]?.page.instructions ?? 0);
    say(`| ${each.id} | ${instructions} | ${of(({ node }) => node)} | ${of(({ page: there }) => there.speed)} | ${ratio.toFixed(2)} |`);
  }
  say(`| **geometric mean** | | | | **${geometricMean(ratios).toFixed(2)}** |`);
} finally {
  await browser.close();
  served.close();
  rmSync(folder, { recursive: true, force: true });
}
