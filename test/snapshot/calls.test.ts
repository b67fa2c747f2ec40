/** Every test of test/linux/calls, moved to another machine at random instructions: descriptors, pipes, timers, signals and parked calls go along. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { difference, Run } from "./support.ts";

const folder = new URL("../linux/calls/", import.meta.url);
const elf = readFileSync(new URL("calls", folder));
const names = readdirSync(new URL("expected/", folder))
  .map((file) => file.replace(/\.txt$/, ""))
  .sort();

const LIMIT = 200_000_000;
/** Moves in each test; MOVES=n for more. */
const MOVES = Number(process.env["MOVES"] ?? 1);

describe("calls over a move", () => {
  test.each(names)("%s", (name) => {
    const guest = { name: "calls", elf, argv: ["calls", name] };
    const whole = Run.start(guest, 17);
    const end = whole.to(LIMIT);
    const total = whole.machine.instructions;
    let state = name.length * 7919 + total;
    const stops = Array.from({ length: MOVES }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * total);
    }).sort((a, b) => a - b);
    let run = Run.start(guest, 17);
    for (const at of stops) {
      run.to(at);
      const image = run.image();
      run = run.again(image, 17);
      expect(difference(image, run.image())).toBeUndefined();
    }
    expect(run.to(LIMIT)).toEqual(end);
    expect(run.host.output).toBe(whole.host.output);
    if (end.reason === "exited") expect(difference(whole.image(), run.image()), "at exit").toBeUndefined();
  });
});
