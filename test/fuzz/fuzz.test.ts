/** A second of each fuzzer in every run, by count so that every run does the same; `npm run fuzz -- elf|image|insn|syscall` for as long as one likes. */
import { expect, test } from "vitest";
import { fuzzElf } from "./elf.ts";
import { fuzzImages } from "./image.ts";
import { fuzzSyscalls } from "./syscall.ts";

/** Whatever is thrown that should not be fails the test with seed and index; a hang runs into its timeout. */
test.each([
  ["mutated ELF files", fuzzElf, 200],
  ["mutated images", fuzzImages, 80],
  ["random system calls", fuzzSyscalls, 24],
] as const)("%s: refused in one line or run, never worse", { timeout: 120_000 }, (_name, fuzz, count) => {
  const { tried, refused, accepted } = fuzz(1, Infinity, count);
  expect(tried).toBe(count);
  expect(refused).toBeGreaterThan(0);
  expect(accepted).toBeGreaterThan(0);
});
