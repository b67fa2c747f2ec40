// More of them: npm run fuzz -- regions --seconds 600
import { expect, test } from "vitest";
import { fuzzPrograms } from "./programs.ts";

const COUNT = 150;

test(`${COUNT} random programs do in compiled regions what they do in the interpreter, at every stop`, { timeout: 120_000 }, () => {
  const { tried, accepted } = fuzzPrograms(1, Infinity, COUNT);
  expect(tried).toBe(COUNT);
  expect(accepted).toBeGreaterThan(COUNT / 2);
});
