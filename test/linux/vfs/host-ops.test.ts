/**
 * The same operations on a host directory through Node's adapter: what the guest is told, and what the host directory then holds.
 * ops-host.golden is made as ops.test.ts says, from
 *   npx tsx test/linux/vfs/generate-ops.ts 21 1500 | grep -v 'fifo\|0202000\|fallocate' | grep -v '^rename.* 2$'
 * that is, without what a host directory does not offer: FIFOs, O_TMPFILE, fallocate's holes, exchanging names.
 * Needs what the recording needed: root and a tmpfs.
 */

import { accessSync, constants, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { expect, test } from "vitest";
import { NodeInputs } from "../../../src/node/index.ts";
import { Sandbox } from "./ops.ts";

function hasTmpfs(): boolean {
  try {
    accessSync("/dev/shm", constants.W_OK);
    return process.getuid?.() === 0;
  } catch {
    return false;
  }
}

test.runIf(hasTmpfs())("a host directory answers as natively", () => {
  const lines = readFileSync(new URL("ops-host.golden", import.meta.url), "latin1")
    .split("\n")
    .filter((line) => line !== "");
  const host = mkdtempSync("/dev/shm/tsvm-");
  try {
    const sandbox = new Sandbox(0, new NodeInputs({ mounts: [{ host, readOnly: false }] }));
    const different: string[] = [];
    for (const line of lines) {
      const at = line.indexOf(" => ");
      const result = `${line.slice(0, at)} => ${sandbox.run(line.slice(0, at))}`;
      if (result !== line) different.push(`native ${line}\n  ours ${result}`);
    }
    expect(different).toEqual([]);
  } finally {
    rmSync(host, { recursive: true });
  }
});
