// Pipes of every kind around a guest that copies its input.  npm run build && npx vitest run test/cli/streams.test.ts
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const tsvm = join(root, "bin/tsvm.js");
const copy = join(root, "test/cli/programs/copy");

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "tsvm-streams-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly out: string;
  readonly err: string;
  readonly status: number;
}

/** A line for bash in which `tsvm run` is the function `tsvm` and `$copy` the copying program; the status is that of its first pipe member. */
function shell(line: string): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(
      "/bin/bash",
      ["-c", `copy='${copy}'; tsvm() { '${process.execPath}' '${tsvm}' run "$@"; }; ${line}; exit "\${PIPESTATUS[0]}"`],
      {
        cwd: folder,
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    let out = "";
    let err = "";
    child.stdout.on("data", (data: Buffer) => (out += data.toString("latin1")));
    child.stderr.on("data", (data: Buffer) => (err += data.toString("latin1")));
    child.on("close", (status) => resolve({ out, err, status: status ?? -1 }));
  });
}

describe.concurrent("streams", () => {
  it("binary input passes unchanged, from a file, through a pipe, in odd pieces", async () => {
    const bytes = randomBytes(300_001);
    writeFileSync(join(folder, "bytes"), bytes);
    const sum = createHash("sha256").update(bytes).digest("hex");
    const sums = await Promise.all(
      ["tsvm $copy < bytes", "cat bytes | tsvm $copy", "tsvm $copy 1021 < bytes", "tsvm $copy < bytes | cat | tsvm --deterministic $copy 4099"].map(
        (line) => shell(`{ ${line}; } | sha256sum`),
      ),
    );
    expect(sums.map(({ out }) => out.slice(0, 64))).toEqual(sums.map(() => sum));
  });

  it("a slow reader is waited for", async () => {
    const { out, err } = await shell("head -c 1000000 /dev/zero | tsvm $copy | { sleep 0.7; head -c 10 | wc -c; sleep 0.5; wc -c; }");
    expect([out, err]).toEqual(["10\n999990\n", ""]);
  });

  it("a slow writer is waited for, and its pieces arrive as they come", async () => {
    const child = spawn(process.execPath, [tsvm, "run", copy], { stdio: ["pipe", "pipe", "inherit"] });
    const pieces: string[] = [];
    child.stdout.on("data", (data: Buffer) => pieces.push(data.toString()));
    const arrived = async (count: number): Promise<void> => {
      for (let i = 0; i < 400 && pieces.length < count; i++) await sleep(25);
    };
    for (const [index, piece] of ["one", "two", "three"].entries()) {
      child.stdin.write(piece);
      await arrived(index + 1);
    }
    child.stdin.end();
    expect(await new Promise((resolve) => child.on("close", resolve))).toBe(0);
    expect(pieces).toEqual(["one", "two", "three"]);
  });

  it("a reader that has gone: SIGPIPE, as natively", async () => {
    const ended = await shell("tsvm $copy < /dev/zero | head -c 5 > /dev/null");
    expect(ended).toEqual({ out: "", err: "", status: 141 });
    const native = await shell("$copy < /dev/zero | head -c 5 > /dev/null");
    expect(native.status).toBe(141);
  });

  it("a full disk is the guest's error, not tsvm's", async () => {
    const ended = await shell("head -c 10 /dev/zero | tsvm $copy > /dev/full; true");
    expect(ended.err).toBe("-28\n");
  });

  it("closed standard streams are /dev/null, which Node has opened in their place", async () => {
    expect(await shell("tsvm $copy <&-")).toEqual({ out: "", err: "", status: 0 });
    expect((await shell("echo x | tsvm $copy >&-; true")).err).toBe("");
  });

  it("SIGINT reaches a guest that waits for input, and ends it", async () => {
    const child = spawn(process.execPath, [tsvm, "run", copy], { stdio: ["pipe", "pipe", "inherit"] });
    child.stdin.write("x");
    await new Promise((resolve) => child.stdout.once("data", resolve));
    child.kill("SIGINT");
    expect(await new Promise((resolve) => child.on("close", resolve))).toBe(130);
  });

  it("Ctrl-C on a terminal is the guest's SIGINT, as natively", async () => {
    const onTerminal = async (line: string): Promise<{ readonly out: string; readonly status: unknown }> => {
      const child = spawn("script", ["-qec", line, "/dev/null"], { cwd: folder, stdio: ["pipe", "pipe", "inherit"] });
      let out = "";
      child.stdout.on("data", (data: Buffer) => (out += data.toString("latin1")));
      const ended = new Promise((resolve) => child.on("close", resolve));
      child.stdin.write("abc\n");
      // Once as the terminal's echo, once as the copy.
      for (let i = 0; i < 400 && out.split("abc").length < 3; i++) await sleep(25);
      child.stdin.write("\x03");
      // What is typed before the guest has its terminal is echoed by the host's and by the guest's.
      return { status: await ended, out: out.replace(/^(abc\r\n)+/, "") };
    };
    const native = await onTerminal(copy);
    expect(native.status).toBe(130);
    expect(await onTerminal(`'${process.execPath}' '${tsvm}' run '${copy}'`)).toEqual(native);
  });

  it("a lot through a pipe needs a bounded memory", async () => {
    const { err, out } = await shell("head -c 100000000 /dev/zero | tsvm --stats $copy | wc -c");
    expect(out.trim()).toBe("100000000");
    const mb = Number(/host memory ([\d.]+) MB/.exec(err)?.[1]);
    expect(mb).toBeGreaterThan(10);
    expect(mb).toBeLessThan(250);
  });
});
