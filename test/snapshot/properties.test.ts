/**
 * The image's contract: transparent, idempotent, the same whatever the window and however often the machine was stopped. `npm run properties -- --stops 20000`
 * is the long run.
 */
import { describe, expect, test } from "vitest";
import { listPrograms } from "../../programs/build.ts";
import { countMoves } from "./moves.ts";
import { programCase } from "./support.ts";

const LIMIT = 400_000_000;
const programs = listPrograms();
/** At least 200 in all. */
const STOPS = Math.ceil(200 / programs.length);

describe.each(programs.map(programCase))("$name", (guest) => {
  test("moved at random instructions to machines with other windows", { timeout: 300_000 }, () => {
    expect(countMoves(guest, STOPS, LIMIT).differences).toEqual([]);
  });
});
