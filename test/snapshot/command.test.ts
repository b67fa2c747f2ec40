/** `tsvm snapshot`, `restore`, `inspect`, `diff` and checkpoints, as a user meets them. */
import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const tsvm = join(root, "bin/tsvm.js");
const built = existsSync(join(root, "dist/bundle/index.js"));
const folder = mkdtempSync(join(tmpdir(), "tsvm-images-"));
const hello = join(root, "programs/hello-musl/hello-musl");
/** KILLS=200 for the long run. */
const KILLS = Number(process.env["KILLS"] ?? 5);
const work = join(root, "programs/migrate-1999/migrate-1999");

afterAll(() => rmSync(folder, { recursive: true }));

function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const child = spawnSync(process.execPath, [tsvm, ...args], { encoding: "latin1", input: "", cwd: folder });
  return { status: child.status, stdout: child.stdout, stderr: child.stderr };
}

function file(name: string): string {
  return join(folder, name);
}

function snapshot(name: string, ...args: string[]): string {
  expect(run("snapshot", "--deterministic", "-o", file(name), ...args)).toMatchObject({ status: 0, stderr: "" });
  return file(name);
}

/** Starts a run whose process is told apart by `image`; resolves with how it ended. */
function start(args: readonly string[], input?: string) {
  const child = spawn(process.execPath, [tsvm, ...args], { cwd: folder, stdio: ["pipe", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (data: Buffer) => (stdout += data.toString("latin1")));
  child.stderr.on("data", (data: Buffer) => (stderr += data.toString("latin1")));
  if (input !== undefined) child.stdin.write(input);
  const ended = new Promise<{ status: number | null; signal: string | null; stdout: string; stderr: string }>((resolve) => {
    child.on("close", (status, signal) => resolve({ status, signal, stdout, stderr }));
  });
  return { child, ended, said: () => stdout };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function until(condition: () => boolean, ms = 20_000): Promise<void> {
  for (const end = performance.now() + ms; performance.now() < end; await pause(2)) if (condition()) return;
  throw new Error("waited in vain");
}

describe.skipIf(!built)("images", () => {
  test("a program is saved at each kind of point and goes on from there", () => {
    for (const [name, ...point] of [
      ["at", "--at", "300"],
      ["call", "--at-syscall", "writev"],
      ["exit", "--at-exit"],
    ] as const) {
      const image = snapshot(`${name}.core`, ...point, "--", hello);
      expect(statSync(image).mode & 0o777).toBe(0o600);
      const restored = run("restore", image);
      expect(restored).toEqual({
        status: 0,
        stdout: name === "exit" ? "" : readFileSync(join(root, "programs/hello-musl/expected.stdout"), "latin1"),
        stderr: "",
      });
    }
  });

  test("--at-symbol stops in front of a function, the K-th time", () => {
    const program = fileURLToPath(new URL("gdb/program", import.meta.url));
    const at = (name: string, ...point: string[]): { registers: Record<string, string> } =>
      JSON.parse(run("inspect", "--json", snapshot(name, ...point, program)).stdout) as { registers: Record<string, string> };
    const [first, third] = [at("middle-1.core", "--at-symbol", "middle"), at("middle-3.core", "--at-symbol", "middle:3")];
    expect(first.registers["rip"]).toBe(third.registers["rip"]);
    expect([first, third].map(({ registers }) => registers["rdi"])).toEqual(["0000000000000002", "0000000000000000"]);
    expect(run("restore", file("middle-3.core"))).toEqual({ status: 0, stdout: "here\n", stderr: "" });
    expect(run("snapshot", "--at-symbol", "nowhere", "-o", file("x"), program).status).toBe(2);
  });

  test("--at-symbol is nothing that the program could see, and gives the image that --at gives there", () => {
    const program = fileURLToPath(new URL("../cli/programs/reads-itself", import.meta.url));
    const counts = [1, 2, 3, 5].map((time) => {
      const image = snapshot(`looked-at-${time}.core`, "--at-symbol", `looked_at:${time}`, program);
      const { instructions } = JSON.parse(run("inspect", "--json", image).stdout) as { instructions: number };
      const same = snapshot("counted.core", "--at", String(instructions), program);
      expect(Buffer.compare(readFileSync(image), readFileSync(same))).toBe(0);
      expect(run("restore", image)).toEqual({ status: 0, stdout: "", stderr: "" });
      return instructions;
    });
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(new Set(counts).size).toBe(counts.length);
    const never = run("snapshot", "--deterministic", "--at-symbol", "looked_at:6", "-o", file("never.core"), program);
    expect(never).toMatchObject({ status: 1, stderr: expect.stringContaining("before the point to save it at") });
    const short = run(
      "snapshot",
      "--deterministic",
      "--at-symbol",
      "looked_at:5",
      "--max-instructions",
      String(counts[2]),
      "-o",
      file("never.core"),
      program,
    );
    expect(short).toMatchObject({ stdout: "", stderr: expect.stringContaining("--max-instructions") });
  });

  test("the static hello's image is small", () => {
    expect(statSync(snapshot("small.core", "--at-syscall", "writev", hello)).size).toBeLessThan(200_000);
  });

  test("the same point gives the same bytes, in every window", () => {
    const a = readFileSync(snapshot("same-a.core", "--at", "500", hello));
    const b = readFileSync(snapshot("same-b.core", "--at", "500", "--window", "18", hello));
    expect(Buffer.compare(a, b)).toBe(0);
    expect(run("diff", file("same-a.core"), file("same-b.core"))).toEqual({ status: 0, stdout: "", stderr: "" });
  });

  test("inspect and diff tell what is there", () => {
    snapshot("one.core", "--at", "500", hello);
    snapshot("two.core", "--at", "501", hello);
    const shown = run("inspect", file("one.core"));
    expect(shown.status).toBe(0);
    expect(shown.stdout).toContain("executed   500 instructions");
    expect(shown.stdout).toContain("[stack]");
    const json = JSON.parse(run("inspect", "--json", file("one.core")).stdout) as { instructions: number; registers: Record<string, string> };
    expect(json.instructions).toBe(500);
    expect(json.registers["rip"]).toMatch(/^[0-9a-f]{16}$/);
    const diff = run("diff", file("one.core"), file("two.core"));
    expect(diff.status).toBe(1);
    expect(diff.stdout).toContain("instructions  500 -> 501");
    expect(diff.stdout).toContain("rip ");
  });

  test("wrong use and damaged files are one line", () => {
    expect(run("snapshot", "-o", file("x"), hello)).toMatchObject({ status: 2 });
    expect(run("snapshot", "--at", "5", "--at-exit", "-o", file("x"), hello)).toMatchObject({ status: 2 });
    expect(run("snapshot", "--at-syscall", "nonsense", "-o", file("x"), hello)).toMatchObject({ status: 2 });
    expect(run("snapshot", "--at", "100M", "-o", file("x"), hello)).toMatchObject({ status: 1 });
    expect(run("restore", file("nowhere"))).toMatchObject({ status: 127, stderr: `tsvm: ${file("nowhere")}: not found\n` });
    expect(run("restore", hello)).toMatchObject({ status: 126, stderr: `tsvm: ${hello}: cannot be restored: it is no image of tsvm\n` });
    const image = snapshot("cut.core", "--at", "5", hello);
    truncateSync(image, statSync(image).size - 5000);
    expect(run("inspect", image)).toMatchObject({ status: 126, stderr: `tsvm: ${image}: cannot be restored: a segment reaches behind its end\n` });
    expect(run("snapshot", "--at", "5", "-o", "/nowhere/x", hello).stderr).toBe("tsvm: /nowhere/x: cannot be written (ENOENT)\n");
  });

  test("a directory of the host must be given again", () => {
    writeFileSync(file("shown"), "x");
    expect(run("snapshot", "--deterministic", "--dir", `${folder}::/data`, "--at", "300", "-o", file("dir.core"), hello)).toMatchObject({
      status: 0,
    });
    expect(run("restore", file("dir.core"))).toMatchObject({ status: 2, stderr: `tsvm: ${file("dir.core")}: the program needs --dir HOST::/data\n` });
    expect(run("restore", "--dir", `${folder}::/other`, file("dir.core")).status).toBe(2);
    expect(run("restore", "--dir", `${folder}::/data`, file("dir.core"))).toMatchObject({ status: 0, stderr: "" });
  });
});

describe.skipIf(!built)("a root directory of the host", () => {
  test("must be given again", () => {
    const guest = file("root");
    mkdirSync(guest);
    copyFileSync(hello, join(guest, "hello"));
    const image = file("root.core");
    expect(run("snapshot", "--deterministic", "--root", guest, "--at", "600", "-o", image, "/hello")).toMatchObject({ status: 0, stderr: "" });
    expect(run("restore", image)).toMatchObject({ status: 2, stderr: `tsvm: ${image}: the program needs --root DIR\n` });
    const stdout = readFileSync(join(root, "programs/hello-musl/expected.stdout"), "latin1");
    expect(run("restore", "--root", guest, image)).toEqual({ status: 0, stdout, stderr: "" });
  });
});

describe.skipIf(!built)("checkpoints", () => {
  const steps = "5000";

  test("SIGUSR1 in a loop: saved at once, the program does not notice; the image goes on to the same end", async () => {
    const whole = run("run", "--deterministic", work, steps);
    const image = file("loop.core");
    const { child, ended } = start(["run", "--deterministic", "--snapshot-to", image, work, steps]);
    child.stdin.end();
    await pause(500);
    const asked = performance.now();
    child.kill("SIGUSR1");
    await until(() => existsSync(image));
    const took = performance.now() - asked;
    const end = await ended;
    expect(end).toMatchObject({ status: 0, stdout: whole.stdout, stderr: "" });
    // 50 ms is the promise on a host that is not busy otherwise.
    expect(took).toBeLessThan(1500);
    const rest = run("restore", image);
    expect(rest).toMatchObject({ status: 0, stderr: "" });
    // What was written before is with the first run's reader.
    expect(rest.stdout.length).toBeGreaterThan(0);
    expect(whole.stdout.endsWith(rest.stdout)).toBe(true);
  });

  test("--checkpoint-exit and --resume-if-exists: the same command goes on where it ended", async () => {
    const whole = run("run", "--deterministic", work, steps);
    const image = file("job.core");
    const command = ["run", "--deterministic", "--checkpoint-on", "USR1,TERM", "--checkpoint-exit", "85", "--resume-if-exists", image, work, steps];
    const { child, ended, said } = start(command);
    child.stdin.end();
    await until(() => said().length > 0);
    child.kill("SIGTERM");
    const end = await ended;
    expect(end).toMatchObject({ status: 85, stderr: "" });
    const last = run(...command);
    expect(last.status).toBe(0);
    expect(end.stdout + last.stdout === whole.stdout).toBe(true);
  });

  test("a program that waits for input is saved and gets its input elsewhere", async () => {
    const image = file("waiting.core");
    const program = join(root, "programs/text/text");
    const { child, ended } = start(["run", "--snapshot-to", image, "--exit-after-snapshot", program], "");
    await pause(1200);
    child.kill("SIGUSR1");
    const end = await Promise.race([ended, pause(10_000)]);
    child.stdin.end();
    if (end === undefined || existsSync(image) === false) return expect(await ended).toMatchObject({ status: 0 });
    expect(end).toMatchObject({ status: 0, stderr: "" });
    expect(run("restore", image).status).toBe(0);
  });

  test("kill -9 while images are written: what is there is whole", async () => {
    const image = file("killed.core");
    for (let i = 0; i < KILLS; i++) {
      const { child, ended } = start(["run", "--deterministic", "--checkpoint-every", "1ms", "--snapshot-to", image, work, "100000"]);
      child.stdin.end();
      const before = existsSync(image) ? statSync(image).mtimeMs : 0;
      await until(() => existsSync(image) && statSync(image).mtimeMs > before);
      await pause((i * 7) % 53);
      child.kill("SIGKILL");
      await ended;
      expect(run("inspect", image).status).toBe(0);
    }
  });

  test("--checkpoint-every writes an image again and again", () => {
    const image = file("every.core");
    expect(run("run", "--deterministic", "--checkpoint-every", "50M", "--snapshot-to", image, work, "60").status).toBe(0);
    const { instructions } = JSON.parse(run("inspect", "--json", image).stdout) as { instructions: number };
    expect(instructions % 50e6).toBe(0);
    expect(instructions).toBeGreaterThan(0);
  });
});
