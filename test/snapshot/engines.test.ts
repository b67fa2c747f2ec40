/** Compiled regions change nothing: `npm run properties -- --engines` is the long run. */
import { describe, expect, test } from "vitest";
import { readProgram } from "../../programs/build.ts";
import { compareEngines, REGION_SETTINGS } from "./engines.ts";
import { programCase } from "./support.ts";

const STOPS = 6;

/** Programs, and the instructions in a million that run in regions at least when they are not stopped. */
const programs = [
  ["hello-glibc", 50_000],
  ["arithmetic", 600_000],
  ["faults", 150_000],
  ["floating", 400_000],
  ["maps", 150_000],
  ["masked-faults", 300_000],
  ["self-modifying", 100_000],
  ["text", 150_000],
  ["vectors-v3", 300_000],
] as const;

describe.each(programs)("%s", (name, share) => {
  test("is the same in regions and interpreted", { timeout: 120_000 }, () => {
    const settings = [REGION_SETTINGS["hair-trigger"], ...(share < 300_000 ? [REGION_SETTINGS["long paths"]] : [])];
    const { differences, unstopped, instructions } = compareEngines(programCase(readProgram(name)), settings, STOPS);
    expect(differences).toEqual([]);
    expect(unstopped.made).toBeGreaterThan(0);
    expect(unstopped.runs).toBeGreaterThan(0);
    expect(unstopped.instructions / instructions).toBeGreaterThan(share / 1e6);
  });
});
