/** A running machine asks often enough whether to stop, counted in what it does, and stops where nothing is lost. */
import { describe, expect, test } from "vitest";
import { readProgram } from "../../programs/build.ts";
import { REGION_SETTINGS } from "./engines.ts";
import { loops } from "./loops.ts";
import { programCase, Run, sha256 } from "./support.ts";

/** Twice what translated code runs by itself in some milliseconds. */
const MOST = 4_000_000;
/** Instructions that need the machine's help, each microseconds long. */
const MOST_SLOW = 20_000;
const slow = new Set(["getppid", "getrandom of 64 KiB", "code that changes itself", "mmap, touch, munmap"]);

test.each(loops)("$name", (guest) => {
  const run = Run.start(guest);
  let longest = 0;
  let before = 0;
  for (let i = 0; i < 8; i++) {
    expect(run.machine.run({ maxInstructions: 50_000_000, pause: () => true }).reason).toBe("limit");
    longest = Math.max(longest, run.machine.instructions - before);
    before = run.machine.instructions;
  }
  expect(before).toBeGreaterThan(0);
  expect(longest).toBeLessThanOrEqual(slow.has(guest.name) ? MOST_SLOW : MOST);
});

describe("stopped often when it asks", () => {
  test.each([
    ["self-modifying", {}],
    ["faults", {}],
    ["maps", {}],
    ["text", {}],
    ["self-modifying", REGION_SETTINGS["long paths"]],
    ["faults", REGION_SETTINGS["hair-trigger"]],
    ["text", REGION_SETTINGS["hair-trigger"]],
  ])("%s with regions as %o says ends as ever", (name, regions) => {
    const guest = programCase(readProgram(name));
    const whole = Run.start(guest, 32, false);
    const end = whole.to(Infinity);
    const run = Run.start(guest, 20, regions);
    let stops = 0;
    let asked = 0;
    const pause = (): boolean => ++asked % 3 === 0;
    let last = run.machine.run({ pause });
    while (last.reason === "limit") {
      stops++;
      last = run.machine.run({ pause });
    }
    expect(last).toEqual(end);
    expect(stops).toBeGreaterThan(0);
    expect(run.host.output).toBe(whole.host.output);
    expect(sha256(run.image())).toBe(sha256(whole.image()));
  });
});
