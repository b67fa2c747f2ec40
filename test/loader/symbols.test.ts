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

/** A file with one section at [0x1000, 0x1100) and these symbols in it. */
function fileWith(list: readonly { name: string; info: number; value: number; size: number }[]): Uint8Array {
  const names = Buffer.from(`\0${list.map(({ name }) => `${name}\0`).join("")}`);
  const symtab = 64 + 4 * 64;
  const strtab = symtab + list.length * 24;
  const file = new Uint8Array(strtab + names.length);
  const view = new DataView(file.buffer);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint32(40, 64, true);
  view.setUint16(58, 64, true);
  view.setUint16(60, 4, true);
  const section = (index: number, type: number, address: number, offset: number, size: number, link: number): void => {
    const at = 64 + index * 64;
    view.setUint32(at + 4, type, true);
    view.setUint32(at + 16, address, true);
    view.setUint32(at + 24, offset, true);
    view.setUint32(at + 32, size, true);
    view.setUint32(at + 40, link, true);
  };
  section(1, 1, 0x1000, 0, 0x100, 0);
  section(2, 2, 0, symtab, list.length * 24, 3);
  section(3, 3, 0, strtab, names.length, 0);
  for (const [index, { name, info, value, size }] of list.entries()) {
    const at = symtab + index * 24;
    view.setUint32(at, names.indexOf(`\0${name}\0`) + 1, true);
    view.setUint8(at + 4, info);
    view.setUint16(at + 6, 1, true);
    view.setUint32(at + 8, value, true);
    view.setUint32(at + 16, size, true);
  }
  file.set(names, strtab);
  return file;
}

test("labels without a size, nested symbols, the section's end", () => {
  const table = symbols(
    fileWith([
      { name: "outer", info: 0x12, value: 0x1010, size: 0x40 },
      { name: "local_label", info: 0x00, value: 0x1018, size: 0 },
      { name: "label", info: 0x10, value: 0x1020, size: 0 },
      { name: "inner", info: 0x02, value: 0x1030, size: 8 },
      { name: "last", info: 0x10, value: 0x1080, size: 0 },
    ]),
  );
  const at = (address: number): string | undefined => table.at(address)?.name;
  expect([0x100f, 0x1010, 0x101f, 0x1021, 0x1032, 0x1038, 0x1050].map(at)).toEqual([
    undefined,
    "outer",
    "outer",
    "outer",
    "inner",
    "outer",
    undefined,
  ]);
  expect([0x1080, 0x10ff, 0x1100].map(at)).toEqual(["last", "last", undefined]);
  expect(table.named("label")?.address).toBe(0x1020);
  expect(table.named("local_label")).toBeUndefined();
});
