import fc from "fast-check";
import { expect, test } from "vitest";
import { buildVdso, symbols } from "../../src/loader/index.ts";

test("symbols by address", () => {
  const table = symbols(buildVdso());
  const first = table.named("__vdso_clock_gettime")?.address ?? 0;
  expect(table.size).toBe(10);
  expect(table.at(first)?.name).toBe("__vdso_clock_gettime"); // the global one of two aliases
  expect(table.at(first + 7)?.name).toBe("__vdso_clock_gettime");
  expect(table.at(first + 8)).toBeUndefined();
  expect(table.at(first + 16)?.name).toBe("__vdso_gettimeofday");
  expect(table.at(first - 1)).toBeUndefined();
  const addresses = [...table].map((symbol) => symbol.address);
  expect(addresses).toEqual(addresses.toSorted((a, b) => a - b));
});

test("symbols by name", () => {
  const table = symbols(buildVdso());
  expect(table.named("time")?.size).toBe(8);
  expect(table.named("tim")).toBeUndefined();
  expect(table.named("timex")).toBeUndefined();
  expect(table.named("LINUX_2.6")).toBeUndefined();
});

test("files without symbols have none", () => {
  expect(symbols(new Uint8Array(0)).size).toBe(0);
  expect(symbols(new Uint8Array(64)).at(0)).toBeUndefined();
  expect(symbols(new Uint8Array(5000).fill(255)).named("main")).toBeUndefined();
});

test("damaged files never throw", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(2100), fc.nat(255)), { maxLength: 20 }), fc.nat(4096), (changes, length) => {
      const file = buildVdso().slice(0, length);
      for (const [offset, value] of changes) if (offset < length) file[offset] = value;
      const table = symbols(file);
      for (const symbol of table) table.at(symbol.address);
      table.named("time");
    }),
    { numRuns: 500 },
  );
});
