/**
 * File system operations as the kernel does them: each line of ops-UID.golden is an operation and what Linux 6.18 answered in an
 * empty tmpfs directory. Made by
 *   npx tsx test/linux/vfs/generate-ops.ts 12 1000 > ops.txt
 *   gcc -O1 -w -o ops test/linux/vfs/ops.c && ./ops /dev/shm/sandbox UID < ops.txt > ops-UID.golden      (as root, directory removed)
 */

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Sandbox } from "./ops.ts";

test.each([0, 1000])("operations of user %i answer as natively", (uid) => {
  const lines = readFileSync(new URL(`ops-${uid}.golden`, import.meta.url), "latin1")
    .split("\n")
    .filter((line) => line !== "");
  expect(lines.length).toBeGreaterThan(3000);
  const sandbox = new Sandbox(uid);
  const different: string[] = [];
  for (const line of lines) {
    const at = line.indexOf(" => ");
    const result = `${line.slice(0, at)} => ${sandbox.run(line.slice(0, at))}`;
    if (result !== line) different.push(`native ${line}\n  ours ${result}`);
  }
  expect(different).toEqual([]);
});
