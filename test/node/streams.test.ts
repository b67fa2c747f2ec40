// Standard streams as a host process has them: pipes, files, terminals, closed.  npx vitest run test/node/streams.test.ts
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";

const here = fileURLToPath(new URL(".", import.meta.url));
const node = `'${process.execPath}' --import '${createRequire(import.meta.url).resolve("tsx")}'`;
const copy = `${node} '${join(here, "stream-copy.ts")}'`;
let folder: string;

beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "tsvm-streams-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly out: string;
  readonly err: string;
}

function shell(line: string): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn("/bin/bash", ["-c", `{ ${line}\n} 2> >(cat >&2) | cat`], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
    let out = "";
    let err = "";
    child.stdout.on("data", (d: Buffer) => (out += d.toString("latin1")));
    child.stderr.on("data", (d: Buffer) => (err += d.toString("latin1")));
    child.on("close", () => resolve({ out, err: err.trim() }));
  });
}

it.concurrent("a pipe: what is there comes at once, the rest later, never more than was asked for", async () => {
  const run = await shell(
    `{ printf hello; until [ "$(stat -c %s first 2>/dev/null)" = 5 ]; do sleep 0.05; done; sleep 0.2; printf world; } | ${copy} 3 > first`,
  );
  expect(readFileSync(join(folder, "first"), "latin1")).toBe("helloworld");
  expect(run.err).toMatch(/^pipe file@0 pipe (now|later) 3 now 2 later 3 now 2 (now|later) 0$/);
});

it.concurrent("a pipe: what was not asked for stays for the next program", async () => {
  expect((await shell(`printf 'one two three' | { ${copy} 4 1 2>/dev/null; echo; cat; }`)).out).toBe("one \ntwo three");
  expect((await shell(`{ sleep 1.5; printf 'one two three'; } | { ${copy} 4 1 2>/dev/null; echo; cat; }`)).out).toBe("one \ntwo three");
});

it.concurrent("a pipe taken to its end first answers in full whatever its pieces were", async () => {
  const run = await shell(`{ printf hel; sleep 0.7; printf loworld; } | ${copy} 8 99 taken`);
  expect(run.err).toBe("pipe pipe pipe now 8 now 2 now 0");
});

it.concurrent("a file has an offset, which the next program goes on from", async () => {
  writeFileSync(join(folder, "in"), "abcdefghij");
  const run = await shell(`{ dd bs=2 count=1 status=none; ${copy} 4 1; cat; } < in > out; cat out`);
  expect(run.out).toBe("abcdefghij");
  expect(run.err).toBe("file@2 file@2 pipe now 4");
});

it.concurrent("2>&1 is one description, a closed stream none, /dev/null is told", async () => {
  await shell(`${copy} 4 1 < /dev/null > log 2>&1`);
  expect(readFileSync(join(folder, "log"), "latin1")).toBe("null file@0 file=1@0 now 0\n");
  expect((await shell(`${copy} 4 1 <&-`)).err).toMatch(/^(closed|null) pipe pipe /);
});

it.concurrent("a reader that has gone: EPIPE, and no error of Node's own", async () => {
  const run = await shell(`yes | ${copy} 65536 | head -c 10`);
  expect(run.out).toBe("y\ny\ny\ny\ny\n");
  expect(run.err).toMatch(/\{"errno":32\}/);
});

it.concurrent("a parked read does not hold the process at its end", async () => {
  const run = await shell(`sleep 6 | { ${node} -e '
    import("${join(here, "../../src/node/index.ts")}").then(async ({ NodeInputs }) => {
      const inputs = new NodeInputs();
      console.error(inputs.ask(1, { op: "read", stream: 0, max: 10 }));
      await inputs.wait(100);
      inputs.close();
      console.error(Date.now());
    })'; date +%s%3N >&2; }`);
  const [later, closed, ended] = run.err.split("\n");
  expect(later).toBe("later");
  expect(Number(ended) - Number(closed)).toBeLessThan(2000);
});

it.concurrent("a terminal only moves bytes: no echo, no lines, no end of file key", async () => {
  // A loader may open the terminal once more before the adapter looks at it; so which description is whose is not asked here.
  const run = await shell(`{ sleep 4; printf 'line\\n'; sleep 0.3; printf '\\004'; sleep 0.3; } | script -qec "${copy} 100 2" /dev/null`);
  expect(run.out).toMatch(/later 5 later 1/);
});
