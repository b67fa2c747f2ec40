/** Status, output, instruction count and images of every program are as they were recorded, on every host and engine. */
import { expect, test } from "vitest";
import { listPrograms } from "../../programs/build.ts";
import { MACHINE_REVISION } from "../../src/machine/index.ts";
import { FORMAT_VERSION } from "../../src/snapshot/index.ts";
import { goldenOf, readGolden } from "./golden.ts";

const golden = readGolden();

test("the golden file is of this format and machine", () => {
  expect(golden).toMatchObject({ formatVersion: FORMAT_VERSION, machineRevision: MACHINE_REVISION });
  expect(Object.keys(golden.programs)).toEqual(listPrograms().map(({ name }) => name));
});

test.each(listPrograms())("$name", (program) => {
  const known = golden.programs[program.name];
  expect(goldenOf(program, known?.instructions)).toEqual(known);
});
