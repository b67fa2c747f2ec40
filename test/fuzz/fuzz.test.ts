/** A second of each fuzzer in every run; `npm run fuzz -- elf|image|insn|syscall` for as long as one likes. */
import { describe, expect, test } from "vitest";
import { fuzzElf } from "./elf.ts";
import { fuzzImages } from "./image.ts";
import { fuzzSyscalls } from "./syscall.ts";

/** Whatever is thrown that should not be fails the test with seed and index. */
describe.each([
  ["mutated ELF files", fuzzElf],
  ["mutated images", fuzzImages],
  ["random system calls", fuzzSyscalls],
] as const)("%s", (_name, fuzz) => {
  test("refused in one line or run, never worse", { timeout: 120_000 }, () => {
    const result = fuzz(1, 1, 400);
    expect(result.tried).toBeGreaterThan(5);
    expect(result.longest).toBeLessThan(20_000);
  });
});
