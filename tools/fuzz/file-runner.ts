/** The runner of test/silicon for many cases at a time. */

import { spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Result, runner } from "../../test/silicon/protocol.ts";

/** The runner with files between: less work for the system than pipes. */
export class FileRunner {
  readonly #input: string;
  readonly #output: string;

  constructor() {
    const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "tsvm-fuzz-"));
    process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
    this.#input = join(folder, "cases");
    this.#output = join(folder, "results");
    for (const file of [this.#input, this.#output]) writeFileSync(file, "");
  }

  /** Runs encoded cases; the encoded results fill `results`. */
  run(cases: Uint8Array, results: Buffer): void {
    // Written over, not anew: the files keep their pages.
    const files = [openSync(this.#input, "r+"), openSync(this.#output, "r+")] as const;
    writeSync(files[0], cases, 0, cases.length, 0);
    const child = spawnSync(runner, [], { stdio: [files[0], files[1], "inherit"], env: {} });
    const read = readSync(files[1], results, 0, results.length, 0);
    files.forEach(closeSync);
    if (child.status !== 0 || read !== results.length) {
      throw new Error(`runner: ${child.status ?? child.signal}, after ${read / Result.bytes} cases`);
    }
  }
}
