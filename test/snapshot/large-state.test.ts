/** A state too long for a note lies in a segment of its own. */
import { expect, test } from "vitest";
import { readProgram } from "../../programs/build.ts";
import { bytesSource, readCore } from "../../src/snapshot/index.ts";
import { difference, programCase, Run } from "./support.ts";

const UNREAD = 17 * 2 ** 20;

test("17 MiB of unread input", () => {
  const run = Run.start(programCase(readProgram("hello")));
  run.to(1);
  const [input] = run.machine.kernel.vfs.tree.streams;
  input!.input = new Uint8Array(UNREAD).fill(0x61);
  const image = run.image();
  const { notes, header } = readCore(bytesSource(image));
  expect(header.stateBytes).toBeGreaterThan(UNREAD);
  expect(notes.at(-1)!.content.length).toBe(72);
  expect(difference(image, run.again(image).image())).toBeUndefined();
});
