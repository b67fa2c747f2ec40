/** A second of mutated images in every run; `npx tsx tools/fuzz-image.ts --seconds N --seed S` for longer ones. */
import { expect, test } from "vitest";
import { readProgram } from "../../programs/build.ts";
import { fuzzImages } from "./fuzz.ts";
import { modulesOfTests, programCase, Run } from "./support.ts";

test("mutated images are refused or restored, never worse", () => {
  const run = Run.start(programCase(readProgram("hello-musl")));
  run.to(600);
  const result = fuzzImages(run.image(), 1, 2, 200, modulesOfTests());
  expect(result.tried).toBeGreaterThan(5);
  expect(result.longest).toBeLessThan(5000);
});
