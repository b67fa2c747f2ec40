/**
 * Programs in Chromium give what they give in Node: the same bytes after the same number of instructions, and the same image in between.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listPrograms, type Program, readProgram } from "../../programs/build.ts";
import type { Report, StartMessage } from "../../src/web/index.ts";
import { missing, Playground, skipping } from "./playground-page.ts";

const tsvm = fileURLToPath(new URL("../../bin/tsvm.js", import.meta.url));

/** What `tsvm run --deterministic` and `tsvm snapshot --deterministic` say of a program. */
function inNode(program: Program, folder: string): { readonly instructions: number; readonly at: number; readonly sha256: string } {
  const environment = Object.entries(program.env).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
  const rest = ["--deterministic", ...environment, "--", program.binary, ...program.argv];
  // Three pipes of a shell: Node's own are sockets, which an image tells.
  const pipes = '(cat | "$@" 2>&3 3>&- | cat > /dev/null) 3>&1 | cat';
  const run = (...args: string[]) =>
    spawnSync("sh", ["-c", pipes, "sh", process.execPath, tsvm, ...args, ...rest], { input: program.stdin, cwd: program.folder, encoding: "latin1" });
  const instructions = Number(/^tsvm: ([\d,]+) instructions/m.exec(run("run", "--stats").stdout)?.[1]?.replaceAll(",", ""));
  const at = Math.floor(instructions / 2);
  const image = join(folder, `${program.name}.core`);
  run("snapshot", "--at", String(at), "-o", image);
  return { instructions, at, sha256: createHash("sha256").update(readFileSync(image)).digest("hex") };
}

describe.skipIf(missing)(`in Chromium${skipping}`, () => {
  const playground = Playground.forThisFile();
  let page: Page;
  let folder: string;

  beforeAll(async () => {
    page = await playground.open();
    folder = mkdtempSync(join(tmpdir(), "tsvm-equality-"));
  }, 60_000);
  afterAll(async () => {
    await page?.context().close();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  /** Runs a program in a Worker of the built site with pipes, to `at`, and after a snapshot there to its end. */
  async function runInWorker(program: Program, at: number, windowBits?: number) {
    const assets = readdirSync(join(playground.folder, "assets"));
    const asset = (pattern: RegExp) => `assets/${assets.find((name) => pattern.test(name))}`;
    return page.evaluate(
      async ({ workerUrl, interpreterUrl, base64, input, message, stop }) => {
        const bytes = (text: string) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
        const worker = new Worker(workerUrl, { type: "module" });
        const prebuilt = new Uint8Array(await (await fetch(interpreterUrl)).arrayBuffer());
        const texts = ["", ""];
        let window = 0;
        let sha256 = "";
        return new Promise<{ end: Report; stdout: string; stderr: string; window: number; sha256: string }>((resolve) => {
          worker.onmessage = ({ data }: MessageEvent<Report>) => {
            if (data.type === "started") window = data.windowBits;
            else if (data.type === "output") {
              texts[data.stream - 1] += String.fromCharCode(...data.bytes);
              worker.postMessage({ type: "shown", amount: data.bytes.length });
            } else if (data.type === "paused" && data.reason === "limit") worker.postMessage({ type: "snapshot", id: 1 });
            else if (data.type === "snapshot") {
              ({ sha256 } = data);
              worker.postMessage({ type: "run" });
            } else if (data.type === "exited" || data.type === "failed") {
              worker.terminate();
              resolve({ end: data, stdout: texts[0] ?? "", stderr: texts[1] ?? "", window, sha256 });
            }
          };
          const start: StartMessage = {
            ...message,
            type: "start",
            elf: bytes(base64),
            prebuilt,
            streams: { kind: "pipes", input: bytes(input) },
            strace: false,
          };
          worker.postMessage(start);
          worker.postMessage({ type: "run", maxInstructions: stop });
        });
      },
      {
        workerUrl: asset(/^worker-.*\.js$/),
        interpreterUrl: asset(/^interpreter-.*\.bin$/),
        base64: readFileSync(program.binary).toString("base64"),
        input: program.stdin.toString("base64"),
        stop: at,
        message: {
          path: `/${program.name}`,
          argv: [`/${program.name}`, ...program.argv],
          envp: Object.entries(program.env).map(([name, value]) => `${name}=${value}`),
          ...(windowBits === undefined ? {} : { windowBits }),
        },
      },
    );
  }

  async function expectEqual(program: Program, windowBits?: number): Promise<void> {
    const { instructions, at, sha256 } = inNode(program, folder);
    expect(await runInWorker(program, at, windowBits)).toMatchObject({
      end: { type: "exited", status: program.status, instructions },
      stdout: program.stdout?.toString("latin1"),
      stderr: program.stderr,
      window: windowBits ?? 32,
      sha256,
    });
  }

  test.each(listPrograms().map((program) => [program.name, program] as const))("%s", (_name, program) => expectEqual(program));

  test("text, with a window of 16 MiB", () => expectEqual(readProgram("text"), 24));
});
