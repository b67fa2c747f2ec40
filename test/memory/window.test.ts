import { describe, expect, test } from "vitest";
import { Access, AddressSpace, isReservedSlot, MemoryFault, PageStore, Resolve, StoreBacking, TASK_SIZE } from "../../src/memory/index.ts";
import type { CodeListener, Page } from "../../src/memory/index.ts";

const PAGE = 4096;
const RW = 3;

/** The tag check as the CPU makes it: true where an access goes straight to the window. */
function hits(space: AddressSpace, address: number, size: number, write: boolean): boolean {
  const { layout, view } = space;
  const table = write ? layout.writeTags : layout.readTags;
  const slot = Math.floor(address / PAGE) % layout.slotCount;
  const tag = view.getBigUint64(table + slot * 8, true);
  return tag === BigInt.asUintN(64, BigInt(address) + BigInt(size) - 1n) >> 12n;
}

function offsetOf(space: AddressSpace, address: number): number {
  return address % 2 ** space.layout.windowBits;
}

/** Loads as the CPU does; undefined on a fault. */
function load(space: AddressSpace, address: number, size: 1 | 8): bigint | undefined {
  let at = offsetOf(space, address);
  if (!hits(space, address, size, false)) {
    const answer = space.resolve(address, size, Access.read);
    if (answer === Resolve.fault) return undefined;
    if (answer === Resolve.slow) {
      if (!space.readSlow(address, size)) throw new Error("readSlow disagrees with resolve");
      at = space.layout.scratch;
    } else if (Math.floor(address / PAGE) === Math.floor((address + size - 1) / PAGE)) {
      expect(hits(space, address, size, false)).toBe(true);
    }
  }
  return size === 1 ? BigInt(space.view.getUint8(at)) : space.view.getBigUint64(at, true);
}

function store(space: AddressSpace, address: number, value: bigint): number {
  if (hits(space, address, 8, true)) {
    space.view.setBigUint64(offsetOf(space, address), value, true);
    return -1;
  }
  const answer = space.resolve(address, 8, Access.write);
  if (answer === Resolve.fault) return answer;
  const at = answer === Resolve.slow ? space.layout.scratch : offsetOf(space, address);
  space.view.setBigUint64(at, value, true);
  if (answer === Resolve.slow && !space.writeSlow(address, 8)) throw new Error("writeSlow disagrees with resolve");
  return answer;
}

class Log implements CodeListener {
  readonly pages: Page[] = [];
  invalidate(page: Page): void {
    this.pages.push(page);
  }
}

describe.each([17, 18, 20, 32])("a window of 2^%i bytes", (windowBits) => {
  const make = (): AddressSpace => new AddressSpace({ windowBits });
  const anonymous = (space: AddressSpace, address: number, length: number, prot = RW): number => space.map({ address, length, prot, fixed: true });
  const windowBytes = 2 ** windowBits;
  // Slot 20, in every window.
  const BASE = 0x5555_0000_0000 + 20 * PAGE;

  test("nothing is mapped at the start, the first and last page least of all", () => {
    const space = make();
    for (const address of [0, 1, 4088, 0x1_0000, 0xffff_f000, BASE, TASK_SIZE - 8, TASK_SIZE, 2 ** 47]) {
      expect(hits(space, address, 8, false) && address % windowBytes !== 0).toBe(false);
      expect(space.resolve(address, 8, Access.read)).toBe(Resolve.fault);
      expect(space.fault).toEqual({ address, code: "MAPERR" });
    }
    expect(hits(space, 0, 8, false)).toBe(false);
    const { view, layout } = space;
    expect(view.getBigInt64(layout.readTags, true)).toBe(-1n);
    expect(view.getBigInt64(layout.writeTags, true)).toBe(-1n);
    expect(view.getBigInt64(layout.readTags + (layout.slotCount - 1) * 8, true)).toBe(-1n);
    expect(view.getBigInt64(layout.writeTags + (layout.slotCount - 1) * 8, true)).toBe(-1n);
  });

  test("the first touch makes a zero page and sets both tags", () => {
    const space = make();
    anonymous(space, BASE, PAGE);
    expect(hits(space, BASE, 8, false)).toBe(false);
    expect(load(space, BASE + 8, 8)).toBe(0n);
    expect(hits(space, BASE + 8, 8, false)).toBe(true);
    expect(hits(space, BASE + 8, 8, true)).toBe(true);
    expect(store(space, BASE + 8, 0x1122334455667788n)).toBe(-1);
    expect(space.readU64(BASE + 8)).toBe(0x1122334455667788n);
  });

  test("a slot used before is zeroed for a new page", () => {
    const space = make();
    anonymous(space, BASE, PAGE);
    store(space, BASE, ~0n & 0xffffffffffffffffn);
    space.unmap(BASE, PAGE);
    expect(hits(space, BASE, 8, false)).toBe(false);
    anonymous(space, BASE, PAGE);
    expect(load(space, BASE, 8)).toBe(0n);
  });

  test("protection", () => {
    const space = make();
    anonymous(space, BASE, 4 * PAGE, 0);
    space.protect(BASE + PAGE, PAGE, 1);
    space.protect(BASE + 2 * PAGE, PAGE, 2);
    space.protect(BASE + 3 * PAGE, PAGE, 4);
    const readable = [0, 1, 2, 3].map((i) => load(space, BASE + i * PAGE + 5, 8) !== undefined);
    expect(readable).toEqual([false, true, true, true]);
    const writable = [0, 1, 2, 3].map((i) => store(space, BASE + i * PAGE + 5, 1n) !== Resolve.fault);
    expect(writable).toEqual([false, false, true, false]);
    expect(space.fault).toEqual({ address: BASE + 3 * PAGE + 5, code: "ACCERR" });
    const into = new Uint8Array(15);
    const executable = [0, 1, 2, 3].map((i) => space.fetch(BASE + i * PAGE + PAGE - 4, into));
    expect(executable).toEqual([0, 0, 0, 4]);
    space.protect(BASE, 4 * PAGE, RW);
    store(space, BASE, 1n);
    expect(hits(space, BASE, 8, true)).toBe(true);
    space.protect(BASE, PAGE, 1);
    expect(hits(space, BASE, 8, true)).toBe(false);
    expect(store(space, BASE, 2n)).toBe(Resolve.fault);
    expect(load(space, BASE, 8)).toBe(1n);
  });

  test("dirty pages: the first write after clearDirty misses once", () => {
    const space = make();
    anonymous(space, BASE, 3 * PAGE);
    for (let i = 0; i < 3; i++) store(space, BASE + i * PAGE, 1n);
    expect([...space.dirtyPages()].length).toBe(3);
    space.clearDirty();
    expect([...space.dirtyPages()]).toEqual([]);
    expect(load(space, BASE + PAGE, 8)).toBe(1n);
    expect(hits(space, BASE + PAGE, 8, false)).toBe(true);
    expect(hits(space, BASE + PAGE, 8, true)).toBe(false);
    expect(store(space, BASE + PAGE, 2n)).toBe(Resolve.retry);
    expect(store(space, BASE + PAGE, 3n)).toBe(-1);
    expect([...space.dirtyPages()]).toEqual([BASE / PAGE + 1]);
    space.copyOut(BASE + 2 * PAGE, new Uint8Array([1]));
    expect([...space.dirtyPages()]).toEqual([BASE / PAGE + 1, BASE / PAGE + 2]);
  });

  test("a write to a page with translated code tells the listener", () => {
    const space = make();
    const log = new Log();
    space.codeListener = log;
    anonymous(space, BASE, PAGE, 7);
    store(space, BASE, 0x90n);
    expect(space.fetch(BASE, new Uint8Array(15))).toBe(15);
    const page = space.markCode(BASE / PAGE);
    expect(hits(space, BASE, 8, true)).toBe(false);
    expect(load(space, BASE, 8)).toBe(0x90n);
    expect(log.pages).toEqual([]);
    expect(store(space, BASE, 0x91n)).toBe(Resolve.code);
    expect(log.pages).toEqual([page]);
    expect(store(space, BASE, 0x92n)).toBe(-1);
    space.markCode(BASE / PAGE);
    space.copyOut(BASE, new Uint8Array(1));
    expect(log.pages.length).toBe(2);
    space.markCode(BASE / PAGE);
    space.poke(BASE, new Uint8Array(1));
    expect(log.pages.length).toBe(3);
    space.markCode(BASE / PAGE);
    space.protect(BASE, PAGE, 5);
    expect(log.pages.length).toBe(3);
    space.protect(BASE, PAGE, 1);
    expect(log.pages.length).toBe(4);
    space.protect(BASE, PAGE, 7);
    space.fetch(BASE, new Uint8Array(1));
    space.markCode(BASE / PAGE);
    anonymous(space, BASE, PAGE, 7);
    expect(log.pages.length).toBe(5);
    space.fetch(BASE, new Uint8Array(1));
    space.markCode(BASE / PAGE);
    const moved = space.remap(BASE, PAGE, PAGE, 3, BASE + 64 * PAGE);
    expect(moved).toBe(BASE + 64 * PAGE);
    expect(log.pages.length).toBe(6);
    space.markCode(moved / PAGE);
    space.unmap(moved, PAGE);
    expect(log.pages.length).toBe(7);
  });

  test("a page with translated code that was away comes back guarded", () => {
    const space = make();
    const log = new Log();
    space.codeListener = log;
    anonymous(space, BASE, PAGE, 7);
    anonymous(space, BASE + windowBytes, PAGE);
    store(space, BASE, 1n);
    space.fetch(BASE, new Uint8Array(1));
    const page = space.markCode(BASE / PAGE);
    store(space, BASE + windowBytes, 2n);
    expect(page.window).toBe(undefined);
    expect(load(space, BASE, 8)).toBe(1n);
    expect(hits(space, BASE, 8, true)).toBe(false);
    expect(store(space, BASE, 3n)).toBe(Resolve.code);
    expect(log.pages).toEqual([page]);
  });

  test("a crossing between two pages that were moved away", () => {
    const space = make();
    const other = BASE + windowBytes;
    anonymous(space, BASE, 2 * PAGE);
    anonymous(space, other, 2 * PAGE);
    store(space, BASE + PAGE - 4, 0x1111111122222222n);
    store(space, other + PAGE - 4, 0x3333333344444444n);
    expect(load(space, BASE + PAGE - 4, 8)).toBe(0x1111111122222222n);
    expect(space.resolve(other + PAGE - 4, 8, Access.read)).toBe(Resolve.retry);
    expect(load(space, other + PAGE - 4, 8)).toBe(0x3333333344444444n);
    expect(hits(space, BASE + PAGE - 8, 8, false)).toBe(false);
    expect(load(space, BASE + PAGE - 4, 8)).toBe(0x1111111122222222n);
  });

  test("a crossing into a forbidden page faults at the boundary and writes nothing", () => {
    const space = make();
    anonymous(space, BASE, 2 * PAGE);
    space.protect(BASE + PAGE, PAGE, 1);
    expect(store(space, BASE + PAGE - 4, ~0n & 0xffffffffffffffffn)).toBe(Resolve.fault);
    expect(space.fault).toEqual({ address: BASE + PAGE, code: "ACCERR" });
    space.view.setBigUint64(space.layout.scratch, ~0n & 0xffffffffffffffffn, true);
    expect(space.writeSlow(BASE + PAGE - 4, 8)).toBe(false);
    expect(load(space, BASE + PAGE - 8, 8)).toBe(0n);
    space.unmap(BASE + PAGE, PAGE);
    expect(load(space, BASE + PAGE - 4, 8)).toBe(undefined);
    expect(space.fault).toEqual({ address: BASE + PAGE, code: "MAPERR" });
  });

  test("reserved slots and the window's end are served by the slow path", () => {
    const space = make();
    const end = 0x5556_0000_0000; // window offset 0 in every window
    anonymous(space, end - 2 * PAGE, 20 * PAGE, 7);
    expect(store(space, end - 4, 0x0102030405060708n)).toBe(Resolve.slow);
    expect(load(space, end - 4, 8)).toBe(0x0102030405060708n);
    expect(load(space, end + 3, 1)).toBe(1n);
    for (let i = 0; i < 16; i++) {
      const address = end + i * PAGE + 8;
      expect(isReservedSlot(space.layout, address / PAGE)).toBe(true);
      expect(store(space, address, BigInt(i))).toBe(Resolve.slow);
      expect(hits(space, address, 8, false)).toBe(false);
      expect(load(space, address, 8)).toBe(BigInt(i));
    }
    expect(store(space, end + 16 * PAGE, 7n)).toBe(Resolve.retry);
    const log = new Log();
    space.codeListener = log;
    expect(space.fetch(end, new Uint8Array(8))).toBe(8);
    space.markCode(end / PAGE);
    expect(store(space, end + 8, 1n)).toBe(Resolve.slow);
    expect(log.pages.length).toBe(1);
    // Nothing of this has touched the CPU state at the window's start.
    expect(space.u8.subarray(0, 0x1_0000).every((byte) => byte === 0)).toBe(true);
  });

  test("pages that collide take turns in their slot", () => {
    const space = make();
    const count = 5;
    for (let i = 0; i < count; i++) anonymous(space, BASE + i * windowBytes, PAGE);
    for (let round = 0; round < 50; round++) {
      for (let i = 0; i < count; i++) {
        const address = BASE + i * windowBytes + 16;
        expect(load(space, address, 8)).toBe(round === 0 ? 0n : BigInt(i * 1000 + round - 1));
        store(space, address, BigInt(i * 1000 + round));
        expect(hits(space, address, 8, true)).toBe(true);
        expect(hits(space, BASE + ((i + 1) % count) * windowBytes, 8, false)).toBe(false);
      }
    }
  });

  test("two mappings of one page agree, also about code", () => {
    const space = make();
    const log = new Log();
    space.codeListener = log;
    const file = new PageStore();
    file.truncate(2 * PAGE);
    const backing = new StoreBacking(file, "/memfd:jit (deleted)");
    const writable = BASE;
    const places = [BASE + 3 * PAGE, BASE + windowBytes, 0x5556_0000_0000];
    space.map({ address: writable, length: PAGE, prot: RW, shared: true, fixed: true, backing });
    for (const executable of places) {
      space.map({ address: executable, length: PAGE, prot: 5, shared: true, fixed: true, backing });
      store(space, writable, 0xabcdn);
      expect(load(space, executable, 8)).toBe(0xabcdn);
      store(space, writable, 0xcdefn);
      const into = new Uint8Array(4);
      expect(space.fetch(executable, into)).toBe(4);
      expect([...into]).toEqual([0xef, 0xcd, 0, 0]);
      const page = space.markCode(executable / PAGE);
      const before = log.pages.length;
      expect([Resolve.code, Resolve.retry]).toContain(store(space, writable, 1n));
      expect(log.pages.slice(before)).toEqual([page]);
      expect(load(space, executable, 8)).toBe(1n);
      space.fetch(executable, into);
      space.markCode(executable / PAGE);
      file.write(2, new Uint8Array([9]));
      expect(log.pages.length).toBe(before + 2);
      expect(load(space, executable, 8)).toBe(0x90001n);
      const bytes = new Uint8Array(4);
      file.read(0, bytes);
      expect([...bytes]).toEqual([1, 0, 9, 0]);
    }
  });

  test("one page twice in a row has no contiguous home", () => {
    const space = make();
    const backing = new StoreBacking(new PageStore(), "ring");
    backing.store.truncate(PAGE);
    for (const at of [BASE, BASE + PAGE]) {
      space.map({ address: at, length: PAGE, prot: RW, shared: true, fixed: true, backing });
    }
    expect(store(space, BASE + PAGE - 4, 0x1111111122222222n)).toBe(Resolve.slow);
    expect(load(space, BASE + PAGE - 4, 8)).toBe(0x1111111122222222n);
    expect(space.readU32(BASE)).toBe(0x11111111);
    expect(space.readU32(BASE + PAGE)).toBe(0x11111111);
    expect(space.readU32(BASE + 2 * PAGE - 4)).toBe(0x22222222);
  });

  test("two address spaces share pages, one home at a time", () => {
    const one = make();
    const two = make();
    const backing = new StoreBacking(new PageStore(), "shared");
    backing.store.truncate(4 * PAGE);
    one.map({ address: BASE, length: 4 * PAGE, prot: RW, shared: true, fixed: true, backing });
    two.map({ address: BASE + PAGE, length: 4 * PAGE, prot: RW, shared: true, fixed: true, backing });
    for (let i = 0n; i < 20n; i++) {
      store(one, BASE + 8, i);
      expect(load(two, BASE + PAGE + 8, 8)).toBe(i);
      expect(hits(one, BASE + 8, 8, false)).toBe(false);
      store(two, BASE + PAGE + 8, i * 2n);
      expect(load(one, BASE + 8, 8)).toBe(i * 2n);
    }
    store(two, BASE + PAGE + 16, 5n);
    two.destroy();
    expect(load(one, BASE + 16, 8)).toBe(5n);
  });

  test("a private page with two holders is copied before a write", () => {
    const one = make();
    const two = make();
    const log = new Log();
    two.codeListener = log;
    anonymous(one, BASE, PAGE, 7);
    anonymous(two, BASE, PAGE, 7);
    store(one, BASE, 1n);
    const page = one.pages.get(BASE / PAGE);
    if (page === undefined) throw new Error("no page");
    two.pages.set(BASE / PAGE, page);
    page.refs++;
    page.untag();
    expect(load(two, BASE, 8)).toBe(1n);
    expect(hits(two, BASE, 8, true)).toBe(false);
    two.markCode(BASE / PAGE);
    store(two, BASE, 2n);
    expect(log.pages).toEqual([page]);
    expect(load(one, BASE, 8)).toBe(1n);
    expect(load(two, BASE, 8)).toBe(2n);
    expect(store(one, BASE, 3n)).not.toBe(Resolve.fault);
    expect(load(two, BASE, 8)).toBe(2n);
    expect(page.refs).toBe(1);
  });

  test("private file pages are filled at first touch, shared ones are the file's; both end with it", () => {
    const space = make();
    const file = new PageStore();
    file.write(0, new Uint8Array(PAGE + 10).fill(7));
    const backing = new StoreBacking(file, "/tmp/f");
    space.map({ address: BASE, length: 3 * PAGE, prot: RW, fixed: true, backing });
    space.map({ address: BASE + 4 * PAGE, length: 3 * PAGE, prot: RW, shared: true, fixed: true, backing });
    expect(load(space, BASE + PAGE + 9, 8)).toBe(7n);
    store(space, BASE, 1n);
    expect(load(space, BASE + 4 * PAGE, 1)).toBe(7n);
    store(space, BASE + 4 * PAGE, 2n);
    expect(load(space, BASE, 1)).toBe(1n);
    for (const at of [BASE + 2 * PAGE, BASE + 6 * PAGE]) {
      expect(load(space, at + 1, 1)).toBe(undefined);
      expect(space.fault).toEqual({ address: at + 1, code: "BUS" });
    }
    file.truncate(5);
    expect(load(space, BASE + 5 * PAGE, 1)).toBe(undefined);
    expect(space.fault.code).toBe("BUS");
    expect(load(space, BASE + 4 * PAGE + 5, 8)).toBe(0n);
    file.truncate(2 * PAGE);
    expect(load(space, BASE + 5 * PAGE, 1)).toBe(0n);
  });

  test("the stack grows to its limit and no further", () => {
    const space = make();
    const top = 0x7fff_ffff_f000;
    space.map({ address: top - 33 * PAGE, length: 33 * PAGE, prot: RW, fixed: true, growsDown: true, name: "[stack]" });
    expect(store(space, top - 100 * PAGE, 1n)).not.toBe(Resolve.fault);
    expect(space.areaAt(top - 1)?.start).toBe(top - 100 * PAGE);
    expect(store(space, top - 8 * 2 ** 20 - 8, 1n)).toBe(Resolve.fault);
    expect(space.fault.code).toBe("MAPERR");
    expect(store(space, top - 8 * 2 ** 20, 1n)).not.toBe(Resolve.fault);
    const area = space.areaAt(top - 1);
    expect(area === undefined ? "" : space.areaName(area)).toBe("[stack]");
  });

  test("the guard gap stops a stack near other accessible memory", () => {
    const space = make();
    const top = 0x7fff_8000_0000;
    space.map({ address: top, length: PAGE, prot: RW, fixed: true, growsDown: true });
    anonymous(space, top - 400 * PAGE, PAGE);
    expect(store(space, top - 142 * PAGE, 1n)).not.toBe(Resolve.fault);
    expect(store(space, top - 143 * PAGE, 1n)).not.toBe(Resolve.fault);
    expect(store(space, top - 144 * PAGE, 1n)).toBe(Resolve.fault);
    space.protect(top - 400 * PAGE, PAGE, 0);
    expect(store(space, top - 144 * PAGE, 1n)).not.toBe(Resolve.fault);
  });

  test("kernel copies stop where protection does", () => {
    const space = make();
    anonymous(space, BASE, 3 * PAGE);
    space.protect(BASE + 2 * PAGE, PAGE, 1);
    const bytes = new Uint8Array(2 * PAGE).map((_, i) => i % 251);
    expect(space.copyOut(BASE + PAGE - 10, bytes)).toBe(PAGE + 10);
    expect(space.fault).toEqual({ address: BASE + 2 * PAGE, code: "ACCERR" });
    const back = new Uint8Array(3 * PAGE);
    expect(space.copyIn(BASE + PAGE - 10, back)).toBe(2 * PAGE + 10);
    expect(back.subarray(0, PAGE + 10)).toEqual(bytes.subarray(0, PAGE + 10));
    expect(space.fault).toEqual({ address: BASE + 3 * PAGE, code: "MAPERR" });
    expect(space.poke(BASE + 3 * PAGE - 4, bytes)).toBe(4);
    expect(space.peek(BASE - 1, back)).toBe(0);
  });

  test("typed accessors", () => {
    const space = make();
    const end = 0x5556_0000_0000;
    anonymous(space, BASE, 2 * PAGE);
    anonymous(space, end - 2 * PAGE, 4 * PAGE);
    for (const at of [BASE + 1, BASE + PAGE - 1, BASE + PAGE - 3, end - 1, end - 5, end + 8, end + PAGE - 1]) {
      space.writeU64(at, 0xfedcba9876543210n);
      expect(space.readU64(at)).toBe(0xfedcba9876543210n);
      expect(space.readI64(at)).toBe(-0x123456789abcdf0n);
      expect(space.readU32(at + 4)).toBe(0xfedcba98);
      expect(space.readI32(at + 4)).toBe(0xfedcba98 | 0);
      expect(space.readU16(at + 1)).toBe(0x5432);
      expect(space.readU8(at + 7)).toBe(0xfe);
      space.writeNumber(at, -2);
      expect(space.readI64(at)).toBe(-2n);
      space.writeNumber(at, 0x7fff_ffff_f123);
      expect(space.readNumber(at)).toBe(0x7fff_ffff_f123);
      space.writeU32(at, 0xffff_fffe);
      space.writeU16(at + 4, 0x1234);
      space.writeU8(at + 6, 0x56);
      expect(space.readU64(at)).toBe(0x00561234fffffffen);
    }
    expect(() => space.readU32(0)).toThrow(MemoryFault);
    space.protect(BASE + PAGE, PAGE, 1);
    const before = space.readU64(BASE + PAGE - 8);
    let caught: unknown;
    try {
      space.writeU64(BASE + PAGE - 4, 0n);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(MemoryFault);
    expect(caught).toMatchObject({ address: BASE + PAGE });
    expect(space.readU64(BASE + PAGE - 8)).toBe(before);
  });

  test("strings", () => {
    const space = make();
    anonymous(space, BASE, 2 * PAGE);
    space.poke(BASE + PAGE - 3, new TextEncoder().encode("hello"));
    expect(new TextDecoder().decode(space.readCString(BASE + PAGE - 3, 100))).toBe("hello");
    expect(space.readCString(BASE + PAGE - 3, 4).length).toBe(4);
    expect(space.readCString(BASE, 100).length).toBe(0);
    space.poke(BASE + 2 * PAGE - 3, new TextEncoder().encode("abc"));
    expect(() => space.readCString(BASE + 2 * PAGE - 3, 100)).toThrow(MemoryFault);
    expect(space.readCString(BASE + 2 * PAGE - 3, 3).length).toBe(3);
  });
});
