import { describe, expect, test } from "vitest";
import { AddressSpace, isReservedSlot, MapError, MMAP_BASE, TASK_SIZE, windowLayout } from "../../src/memory/index.ts";

const PAGE = 4096;
const MIB = 2 ** 20;
const GIB = 2 ** 30;
const nominal = windowLayout(32);

function reservedWithin(start: number, length: number): boolean {
  for (let at = start; at < start + length; at += PAGE) if (isReservedSlot(nominal, at / PAGE)) return true;
  return false;
}

function slotsMeet(a: number, aLength: number, b: number, bLength: number): boolean {
  const distance = (((b - a) % 2 ** 32) + 2 ** 32) % 2 ** 32;
  return distance < aLength || 2 ** 32 - distance < bLength;
}

function code(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof MapError) return error.code;
    throw error;
  }
  return "ok";
}

describe.each([17, 32])("placement, window of 2^%i bytes", (windowBits) => {
  const make = (): AddressSpace => {
    const space = new AddressSpace({ windowBits });
    space.map({ address: 0x40_0000, length: MIB, prot: 5, fixed: true });
    const stack = 33 * PAGE;
    space.map({ address: 0x7fff_ffff_f000 - stack, length: stack, prot: 3, fixed: true, growsDown: true, name: "[stack]" });
    return space;
  };

  test("the first mapping ends at the mmap base", () => {
    expect(make().map({ length: 5 * PAGE, prot: 3 })).toBe(MMAP_BASE - 5 * PAGE);
  });

  test("Go's and GHC's hints would lie on reserved slots and are not honoured", () => {
    const space = make();
    for (const hint of [0xc0_0000_0000, 0x1c0_0000_0000, 0x42_0000_0000]) {
      const at = space.map({ address: hint, length: 64 * MIB, prot: 0 });
      expect(at).not.toBe(hint);
      expect(reservedWithin(at, 64 * MIB)).toBe(false);
    }
    const at = space.map({ address: 0x42_0000_0000, length: 2 ** 40, prot: 0, noReserve: true });
    expect(at).not.toBe(0x42_0000_0000);
    expect(reservedWithin(at, 64 * MIB)).toBe(false);
    expect(slotsMeet(at, 64 * MIB, 0x40_0000, MIB)).toBe(false);
  });

  test("a hint is honoured where no other area has the slots", () => {
    const space = make();
    expect(space.map({ address: 0x12_0100_0000, length: PAGE, prot: 3 })).toBe(0x12_0100_0000);
    expect(space.map({ address: 0x13_0100_0000, length: PAGE, prot: 3 })).not.toBe(0x13_0100_0000);
    expect(space.map({ address: 0x13_0100_1000, length: PAGE, prot: 3 })).toBe(0x13_0100_1000);
    expect(space.map({ address: 0x13_0100_1000, length: PAGE, prot: 3, fixed: true })).toBe(0x13_0100_1000);
    space.map({ address: 0x20_0200_0000, length: 2 ** 40, prot: 0, fixed: true });
    expect(space.map({ address: 0x13_0300_0000, length: PAGE, prot: 3 })).not.toBe(0x13_0300_0000);
    expect(space.map({ address: 0x13_0600_0000, length: PAGE, prot: 3 })).toBe(0x13_0600_0000);
  });

  test("up to nearly 4 GiB no two areas share a slot, and none is reserved", () => {
    const space = make();
    const taken: { at: number; length: number }[] = [
      { at: 0x40_0000, length: MIB },
      { at: 0x7fff_ffff_f000 - 8 * MIB, length: 8 * MIB },
    ];
    for (const length of [GIB, GIB, 700 * MIB, 3 * PAGE, 300 * MIB, 200 * MIB, 64 * MIB, PAGE]) {
      const at = space.map({ length, prot: 3 });
      expect(reservedWithin(at, length)).toBe(false);
      for (const other of taken) expect(slotsMeet(at, length, other.at, other.length)).toBe(false);
      taken.push({ at, length });
    }
    // More than the window holds: addresses all the same, but never on reserved slots.
    for (let i = 0; i < 20; i++) {
      const at = space.map({ length: GIB, prot: 3 });
      expect(reservedWithin(at, GIB)).toBe(false);
    }
    const huge = space.map({ length: 6 * GIB, prot: 3 });
    expect(reservedWithin(huge, 64 * MIB)).toBe(false);
  });

  test("freed room is found again", () => {
    const space = make();
    const ats = Array.from({ length: 20 }, () => {
      const at = space.map({ length: 2 * PAGE, prot: 3 });
      space.protect(at, PAGE, 1);
      return at;
    });
    const hole = ats[5] ?? 0;
    space.unmap(hole, 2 * PAGE);
    expect(space.map({ length: 3 * PAGE, prot: 3 })).toBe((ats[19] ?? 0) - 3 * PAGE);
    expect(space.map({ length: 2 * PAGE, prot: 3 })).toBe(hole);
  });

  test("a gap too short for one mapping serves the next", () => {
    const space = make();
    space.map({ address: MMAP_BASE - 3 * PAGE, length: PAGE, prot: 1, fixed: true });
    expect(space.map({ length: 3 * PAGE, prot: 3 })).toBe(MMAP_BASE - 6 * PAGE);
    expect(space.map({ length: 2 * PAGE, prot: 3 })).toBe(MMAP_BASE - 2 * PAGE);
    expect(space.map({ length: 2 * PAGE, prot: 3 })).toBe(MMAP_BASE - 8 * PAGE);
  });

  test("when all below the base is full, the search goes upwards", () => {
    const space = make();
    space.map({ address: 0x1_0000, length: 0x30_0000, prot: 0, fixed: true });
    space.map({ address: 0x100_0000, length: MMAP_BASE - 0x100_0000, prot: 0, fixed: true, noReserve: true });
    const at = space.map({ length: 200 * PAGE, prot: 3 });
    expect(at).toBeGreaterThanOrEqual(0x50_0000);
    space.map({ address: 0x1_0000, length: MMAP_BASE - 0x1_0000, prot: 0, fixed: true, noReserve: true });
    expect(space.map({ length: 200 * PAGE, prot: 3 })).toBeGreaterThan(MMAP_BASE);
    space.map({ address: MMAP_BASE, length: TASK_SIZE - MMAP_BASE, prot: 0, fixed: true, noReserve: true });
    expect(code(() => space.map({ length: PAGE, prot: 3 }))).toBe("ENOMEM");
  });

  test("limits", () => {
    const space = make();
    expect(code(() => space.map({ address: 0xf000, length: PAGE, prot: 3, fixed: true }))).toBe("EPERM");
    expect(space.map({ address: 0x1000, length: PAGE, prot: 3 })).toBe(0x1_0000);
    expect(code(() => space.map({ length: 17 * GIB, prot: 3 }))).toBe("ENOMEM");
    expect(code(() => space.map({ length: 17 * GIB, prot: 3, noReserve: true }))).toBe("ok");
    expect(code(() => space.map({ length: Number.NaN, prot: 3 }))).toBe("EINVAL");
    expect(code(() => space.map({ length: PAGE, prot: 3, offset: 100 }))).toBe("EINVAL");
    space.addressLimit = space.mappedBytes + PAGE;
    expect(code(() => space.map({ length: 2 * PAGE, prot: 3 }))).toBe("ENOMEM");
    const at = space.map({ length: PAGE, prot: 3 });
    expect(code(() => space.remap(at, PAGE, 2 * PAGE, 1, 0))).toBe("ENOMEM");
    expect(code(() => space.map({ address: at, length: PAGE, prot: 1, fixed: true }))).toBe("ok");
    const readOnly = space.map({ address: at, length: PAGE, prot: 1, maxProt: 5, fixed: true });
    expect(code(() => space.protect(readOnly, PAGE, 3))).toBe("EACCES");
    space.addressLimit = Infinity;
    space.map({ address: at + PAGE, length: PAGE, prot: 1, fixed: true, offset: 0 });
    space.map({ address: at, length: PAGE, prot: 1, maxProt: 5, fixed: true });
    expect(space.areaAt(at)?.end).toBe(at + PAGE);
  });

  test("65530 areas, no more", () => {
    const space = make();
    const start = 0x10_1000_0000;
    const pages = 3 * 65530;
    space.map({ address: start, length: pages * PAGE, prot: 3, fixed: true });
    let refused = "";
    for (let i = 1; i < pages && refused === ""; i += 2) {
      const answer = code(() => space.protect(start + i * PAGE, PAGE, 1));
      if (answer !== "ok") refused = answer;
    }
    expect(refused).toBe("ENOMEM");
    const count = [...space.areas()].length;
    expect(count).toBeGreaterThan(65528);
    expect(count).toBeLessThanOrEqual(65530);
    space.unmap(start, pages * PAGE);
    expect([...space.areas()].length).toBe(2);
  });

  test("a terabyte that nobody touches costs nothing", () => {
    const space = make();
    for (let i = 0; i < 1000; i++) {
      const at = space.map({ length: 2 ** 40, prot: 0, noReserve: true });
      space.protect(at + GIB, GIB, 3);
      space.writeU8(at + GIB + 5, 1);
      space.advise(at, 2 ** 40, 4);
      expect(space.readU8(at + GIB + 5)).toBe(0);
      space.unmap(at, 2 ** 40);
    }
    expect([...space.residentPages()].length).toBe(0);
  });
});
