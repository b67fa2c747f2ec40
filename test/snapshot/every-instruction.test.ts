/** A short program saved, restored and saved again at each of its instructions; every restored machine comes to the same end. */
import { expect, test } from "vitest";
import { readProgram } from "../../programs/build.ts";
import type { Machine } from "../../src/machine/index.ts";
import { difference, programCase, Run, sha256 } from "./support.ts";

/** All programs here end within this. */
const LIMIT = 1_000_000;
/** One in so many machines is a new one, the others take window and processor of one that is done with: a tenth of the time. */
const NEW = 8;

test.each([
  ["hello", 1],
  // Every 13th instruction of a libc's start, so that all positions in its blocks come up.
  ["hello-musl", 13],
] as const)("%s", (name, step) => {
  const guest = programCase(readProgram(name));
  const whole = Run.start(guest);
  whole.to(LIMIT);
  const last = sha256(whole.image());
  let run = Run.start(guest, 20);
  let done: Machine | undefined;
  for (let at = 0, moves = 0; at <= whole.machine.instructions; at += step, moves++) {
    run.to(at);
    const image = run.image();
    const { machine } = run;
    run = run.again(image, 20, moves % NEW === 0 ? undefined : done);
    done = machine;
    expect(difference(image, run.image()), `at ${at}`).toBeUndefined();
  }
  run.to(LIMIT);
  expect(sha256(run.image())).toBe(last);
  expect(run.host.output).toBe(whole.host.output);
});
