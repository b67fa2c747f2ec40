/** A machine that takes another one's window and processor goes on exactly as one of its own. */
import { expect, test } from "vitest";
import { readProgram } from "../../programs/build.ts";
import { bytesSource, openImage, restoreImage } from "../../src/snapshot/index.ts";
import { modulesOfTests, PipeHost, programCase, Run, sha256 } from "./support.ts";

const SHARES = [0.8, 0.2, 0.5, 0.21, 0.9];

test.each(["text", "self-modifying", "cpp"])("%s, back and forth", (name) => {
  const guest = programCase(readProgram(name));
  const whole = Run.start(guest);
  whole.to(Infinity);
  const end = whole.machine.instructions;
  const finalImage = sha256(whole.image());

  const points = SHARES.map((share) => Math.floor(end * share));
  const straight = Run.start(guest);
  const images = new Map(
    points
      .toSorted((a, b) => a - b)
      .map((at) => {
        straight.to(at);
        return [at, { image: straight.image(), input: straight.host.input, output: straight.host.output }] as const;
      }),
  );

  let { machine } = Run.start(guest);
  const { cpu, space } = machine;
  for (const at of points) {
    const held = images.get(at);
    if (held === undefined) throw new Error("no image");
    machine.run({ maxInstructions: 1000 });
    const host = new PipeHost(held.input);
    host.output = held.output;
    const opened = openImage(bytesSource(held.image));
    machine = restoreImage(opened, { inputs: host, prebuilt: modulesOfTests(), recycle: machine });
    expect(machine.cpu).toBe(cpu);
    expect(machine.space).toBe(space);
    const run = new Run(host, machine);
    expect(sha256(run.image()), `at ${at}`).toBe(sha256(held.image));
    const later = points.filter((point) => point > at).toSorted((a, b) => a - b)[0];
    if (later !== undefined) {
      run.to(later);
      expect(sha256(run.image()), `${at} to ${later}`).toBe(sha256(images.get(later)?.image ?? new Uint8Array(0)));
    } else {
      run.to(Infinity);
      expect(sha256(run.image()), `${at} to the end`).toBe(finalImage);
      expect(host.output).toBe(whole.host.output);
    }
  }
});
