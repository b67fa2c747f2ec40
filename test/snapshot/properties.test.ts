/** The image's contract: transparent, idempotent, the same whatever the window and however often the machine was stopped. */
import { describe, expect, test } from "vitest";
import { listPrograms } from "../../programs/build.ts";
import { difference, programCase, Run } from "./support.ts";

const LIMIT = 400_000_000;
const programs = listPrograms();
/** Stops in all; STOPS=20000 for the long run. */
const STOPS = Math.ceil(Number(process.env["STOPS"] ?? 200) / programs.length);

/** Numbers that look random and are the same in every run. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe.each(programs.map(programCase))("$name", (guest) => {
  test("transparent and idempotent at random instructions, in any window, in many small runs", { timeout: 300_000 }, () => {
    const whole = Run.start(guest);
    const end = whole.to(LIMIT);
    expect(end.reason).toBe("exited");
    const total = whole.machine.instructions;
    const last = whole.image();
    const next = random(guest.elf.length + total);
    const stops = Array.from({ length: STOPS }, () => Math.floor(next() * total)).sort((a, b) => a - b);
    let run = Run.start(guest);
    const tiny = Run.start(guest, 20);
    for (const at of stops) {
      run.to(at);
      const image = run.image();
      // Saved and restored, the same.
      const again = run.again(image, 17);
      expect(difference(image, again.image())).toBeUndefined();
      tiny.to(at);
      expect(difference(image, tiny.image()), `window of 1 MiB at ${at}`).toBeUndefined();
      run = again;
    }
    expect(run.to(LIMIT)).toEqual(end);
    expect(run.machine.instructions).toBe(total);
    expect(run.host.output).toBe(whole.host.output);
    expect(difference(last, run.image()), "at exit").toBeUndefined();
  });
});
