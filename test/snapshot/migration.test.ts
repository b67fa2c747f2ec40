/** The mail of 1999: its own program fails natively as it says; its work, unchanged, moves from one machine to another. */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readProgram } from "../../programs/build.ts";
import { programCase, Run } from "./support.ts";

const folder = mkdtempSync(join(tmpdir(), "tsvm-1999-"));
const program = readProgram("migrate-1999");

afterAll(() => rmSync(folder, { recursive: true }));

const compiler = process.platform === "linux" && process.arch === "x64" && spawnSync("gcc", ["--version"]).status === 0;

/** Runs the mail's program until it says its first step, signals it, and tells how it ended. */
function signalled(signal: "SIGUSR1" | "SIGUSR2"): Promise<{ code: number | null; signal: string | null }> {
  const child = spawn("stdbuf", ["-oL", join(folder, "original"), "1000000"], { cwd: folder, stdio: ["ignore", "pipe", "ignore"] });
  const guard = setTimeout(() => child.kill("SIGKILL"), 20_000);
  child.stdout.once("data", () => child.kill(signal));
  child.stdout.on("data", () => {});
  return new Promise((resolve) => {
    child.on("close", (code, ended) => {
      clearTimeout(guard);
      resolve({ code, signal: ended });
    });
  });
}

test.skipIf(!compiler)("the mail's program saves itself and dies restoring", async () => {
  const built = spawnSync("gcc", [
    "-O0",
    "-no-pie",
    "-fno-stack-protector",
    "-w",
    "-o",
    join(folder, "original"),
    join(program.folder, "original.c"),
  ]);
  expect(built.status).toBe(0);
  expect(await signalled("SIGUSR1")).toEqual({ code: 0, signal: null });
  const restored = await signalled("SIGUSR2");
  expect(restored.signal).toMatch(/^SIG(SEGV|BUS|ILL|ABRT)$/);
});

test("the same work is saved in the middle and goes on in another machine", () => {
  const guest = programCase(program);
  const whole = Run.start(guest);
  const end = whole.to(Infinity);
  const first = Run.start(guest);
  first.to(Math.floor(whole.machine.instructions / 2));
  const second = first.again();
  expect(second.to(Infinity)).toEqual(end);
  expect(second.host.output).toBe(whole.host.output);
  expect(whole.host.output).toBe(program.stdout?.toString("latin1"));
});
