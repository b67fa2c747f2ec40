/** Random calls against a model that keeps one record for each page, in windows of several sizes. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AddressSpace, MapError, MemoryFault, PageStore, StoreBacking } from "../../src/memory/index.ts";
import type { Page } from "../../src/memory/index.ts";

const PAGE = 4096;
/** Slots 16 to 55 of the nominal window, and of tiny windows those that collide with each other and with reserved ones. */
const BASE = 0x5555_0001_0000;
const PAGES = 40;

interface ModelPage {
  prot: number;
  shared: boolean;
  /** Index in the file; undefined for anonymous memory. */
  file: number | undefined;
  /** The value of the page's first byte; undefined while the file says. */
  byte: number | undefined;
}

class Model {
  readonly pages: (ModelPage | undefined)[] = Array.from({ length: PAGES }, () => undefined);
  readonly file: number[] = [10, 11, 12, 13, 14, 15, 16, 17];

  map(at: number, count: number, make: (i: number) => ModelPage): void {
    for (let i = 0; i < count; i++) this.pages[at + i] = make(i);
  }

  read(at: number): number | string {
    const page = this.pages[at];
    if (page === undefined) return "MAPERR";
    if (page.prot === 0) return "ACCERR";
    if (page.file === undefined) return page.byte ?? 0;
    const content = this.file[page.file];
    if (!page.shared) page.byte ??= content;
    return (page.shared ? content : page.byte) ?? "BUS";
  }

  write(at: number, byte: number): string {
    const page = this.pages[at];
    if (page === undefined) return "MAPERR";
    if ((page.prot & 2) === 0) return "ACCERR";
    if (page.file === undefined) page.byte = byte;
    else if (this.file[page.file] === undefined && (page.shared || page.byte === undefined)) return "BUS";
    else if (page.shared) this.file[page.file] = byte;
    else page.byte = byte;
    return "ok";
  }

  isWhole(at: number, count: number): boolean {
    for (let i = 0; i < count; i++) if (this.pages[at + i] === undefined) return false;
    return true;
  }
}

class Pair {
  readonly model = new Model();
  readonly store = new PageStore();
  readonly backing = new StoreBacking(this.store, "/f");
  readonly space: AddressSpace;

  constructor(space: AddressSpace) {
    this.space = space;
    space.unmap(BASE, PAGES * PAGE);
    this.model.file.forEach((byte, i) => this.store.write(i * PAGE, new Uint8Array(PAGE).fill(byte)));
  }

  attempt(run: () => number | string | undefined): number | string | undefined {
    try {
      return run();
    } catch (error) {
      if (error instanceof MapError) return error.code;
      if (error instanceof MemoryFault) return this.space.fault.code;
      throw error;
    }
  }

  /** The areas say about each page what the model says, and are as few as they may be. */
  check(): void {
    const wrong: number[] = [];
    for (let i = 0; i < PAGES; i++) {
      const area = this.space.areaAt(BASE + i * PAGE);
      const page = this.model.pages[i];
      const file = area?.backing === undefined ? undefined : area.pageIndex(BASE + i * PAGE);
      if (area?.prot !== page?.prot || area?.shared !== page?.shared || file !== page?.file) wrong.push(i);
    }
    expect(wrong).toEqual([]);
    let previous = 0;
    let bytes = 0;
    for (const area of this.space.areas()) {
      if (area.start < previous || area.end <= area.start) wrong.push(area.start);
      previous = area.end;
      bytes += area.end - area.start;
    }
    expect(wrong).toEqual([]);
    expect(this.space.mappedBytes).toBe(bytes);
  }
}

interface Step {
  run(pair: Pair): void;
}

const place = fc.nat(PAGES - 1);
const range = fc.tuple(fc.nat(PAGES - 1), fc.integer({ min: 1, max: 12 })).map(([at, count]) => ({ at, count: Math.min(count, PAGES - at) }));
const prots = fc.constantFrom(0, 1, 2, 3, 4, 5, 7);

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(range, prots).map(([{ at, count }, prot]) => ({
    run({ model, space }: Pair): void {
      space.map({ address: BASE + at * PAGE, length: count * PAGE, prot, fixed: true });
      model.map(at, count, () => ({ prot, shared: false, file: undefined, byte: 0 }));
    },
  })),
  fc.tuple(range, prots, fc.nat(9), fc.boolean()).map(([{ at, count }, prot, first, shared]) => ({
    run({ model, space, backing }: Pair): void {
      const request = { address: BASE + at * PAGE, length: count * PAGE, prot, fixed: true, shared };
      space.map({ ...request, backing, offset: first * PAGE });
      model.map(at, count, (i) => ({ prot, shared, file: first + i, byte: undefined }));
    },
  })),
  range.map(({ at, count }) => ({
    run({ model, space }: Pair): void {
      space.unmap(BASE + at * PAGE, count * PAGE);
      for (let i = 0; i < count; i++) model.pages[at + i] = undefined;
    },
  })),
  fc.tuple(range, prots).map(([{ at, count }, prot]) => ({
    run(pair: Pair): void {
      const { model, space } = pair;
      const whole = model.isWhole(at, count);
      const got = pair.attempt(() => {
        space.protect(BASE + at * PAGE, count * PAGE, prot);
        return undefined;
      });
      expect(got).toBe(whole ? undefined : "ENOMEM");
      for (let i = 0; i < count; i++) {
        const page = model.pages[at + i];
        if (page === undefined) break;
        page.prot = prot;
      }
    },
  })),
  fc.tuple(range, place).map(([{ at, count }, to]) => ({
    run(pair: Pair): void {
      const { model, space } = pair;
      if (to + count > PAGES || (to < at + count && at < to + count) || !model.isWhole(at, count)) return;
      const area = space.areaAt(BASE + at * PAGE);
      if (area === undefined || area.end < BASE + (at + count) * PAGE) return;
      space.remap(BASE + at * PAGE, count * PAGE, count * PAGE, 3, BASE + to * PAGE);
      for (let i = 0; i < count; i++) {
        model.pages[to + i] = model.pages[at + i];
        model.pages[at + i] = undefined;
      }
    },
  })),
  range.map(({ at, count }) => ({
    run(pair: Pair): void {
      const { model, space } = pair;
      const got = pair.attempt(() => {
        space.advise(BASE + at * PAGE, count * PAGE, 4);
        return undefined;
      });
      expect(got).toBe(model.isWhole(at, count) ? undefined : "ENOMEM");
      for (let i = 0; i < count; i++) {
        const page = model.pages[at + i];
        if (page !== undefined) page.byte = page.file === undefined ? 0 : undefined;
      }
    },
  })),
  fc.nat(10).map((size) => ({
    run({ model, store }: Pair): void {
      store.truncate(size * PAGE);
      while (model.file.length > size) model.file.pop();
      while (model.file.length < size) model.file.push(0);
    },
  })),
  fc.constant({
    run({ space }: Pair): void {
      space.clearDirty();
    },
  }),
  place.map((at) => ({
    run(pair: Pair): void {
      const expected = pair.model.read(at);
      expect(pair.attempt(() => pair.space.readU8(BASE + at * PAGE))).toBe(expected);
    },
  })),
  fc.tuple(place, fc.nat(255)).map(([at, byte]) => ({
    run(pair: Pair): void {
      const expected = pair.model.write(at, byte);
      const got = pair.attempt(() => {
        pair.space.writeU8(BASE + at * PAGE, byte);
        return "ok";
      });
      expect(got).toBe(expected);
    },
  })),
  // An access that reaches into the next page: all of it or nothing.
  fc.tuple(fc.nat(PAGES - 2), fc.nat(255)).map(([at, byte]) => ({
    run(pair: Pair): void {
      const { model, space } = pair;
      const low = model.pages[at];
      const high = model.pages[at + 1];
      const touched = low !== undefined && (low.prot & 2) !== 0;
      if (touched && low.file !== undefined && typeof model.read(at) === "string") return;
      const writable = touched && high !== undefined && (high.prot & 2) !== 0;
      const expected = writable ? model.write(at + 1, byte) : "fault";
      const got = pair.attempt(() => {
        space.writeU16(BASE + (at + 1) * PAGE - 1, byte * 256);
        return "ok";
      });
      expect(got === "ok").toBe(expected === "ok");
    },
  })),
);

describe.each([17, 18, 32])("random calls, window of 2^%i bytes", (windowBits) => {
  const space = new AddressSpace({ windowBits });
  test("areas and pages equal the model", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        const pair = new Pair(space);
        for (const call of steps) {
          call.run(pair);
          pair.check();
        }
        for (let at = 0; at < PAGES; at++) {
          const expected = pair.model.read(at);
          expect(pair.attempt(() => pair.space.readU8(BASE + at * PAGE))).toBe(expected);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("translated code is dropped before it could differ from memory", () => {
    const steps = fc.array(fc.oneof(step, place), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(steps, (calls) => {
        const translated = new Map<number, { page: Page; byte: number }>();
        const pair = new Pair(space);
        space.codeListener = {
          invalidate(page): void {
            for (const [at, translation] of translated) if (translation.page === page) translated.delete(at);
          },
        };
        const byte = new Uint8Array(1);
        for (const call of calls) {
          if (typeof call === "number") {
            if (space.fetch(BASE + call * PAGE, byte) === 1) {
              translated.set(call, { page: space.markCode(BASE / PAGE + call), byte: byte[0] ?? 0 });
            }
          } else {
            call.run(pair);
          }
          for (const [at, translation] of translated) {
            expect(space.fetch(BASE + at * PAGE, byte)).toBe(1);
            expect(byte[0]).toBe(translation.byte);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test("a private page that is not dirty is as it was", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        const pair = new Pair(space);
        const saved = new Map<number, number>();
        for (const call of steps) {
          call.run(pair);
          const dirty = new Set(space.dirtyPages());
          if (dirty.size === 0) saved.clear();
          for (const [vpn, page] of space.residentPages()) {
            if (dirty.size === 0) saved.set(vpn, page.peek()[0] ?? 0);
            else if (!dirty.has(vpn) && space.areaAt(vpn * PAGE)?.shared === false) {
              expect(page.peek()[0]).toBe(saved.get(vpn));
            }
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
