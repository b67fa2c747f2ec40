import fc from "fast-check";
import { expect, test } from "vitest";
import { PageStore } from "../../src/memory/index.ts";

const PAGE = 4096;

test("random reads, writes, truncations and holes equal those of a plain array", () => {
  const offset = fc.nat(5 * PAGE);
  const step = fc.oneof(
    fc.record({ kind: fc.constant("write" as const), offset, length: fc.nat(2 * PAGE), byte: fc.nat(255) }),
    fc.record({ kind: fc.constant("truncate" as const), offset, length: fc.constant(0), byte: fc.constant(0) }),
    fc.record({ kind: fc.constant("punch" as const), offset, length: fc.nat(2 * PAGE), byte: fc.constant(0) }),
    fc.record({ kind: fc.constant("read" as const), offset, length: fc.nat(2 * PAGE), byte: fc.constant(0) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const store = new PageStore();
      const model = new Uint8Array(8 * PAGE);
      let size = 0;
      for (const { kind, offset: at, length, byte } of steps) {
        if (kind === "write") {
          store.write(at, new Uint8Array(length).fill(byte));
          model.fill(byte, at, at + length);
          if (length > 0) size = Math.max(size, at + length);
        } else if (kind === "truncate") {
          store.truncate(at);
          model.fill(0, at);
          size = at;
        } else if (kind === "punch") {
          store.punch(at, length);
          model.fill(0, at, at + length);
        } else {
          const into = new Uint8Array(length).fill(0xee);
          const count = store.read(at, into);
          expect(count).toBe(Math.max(0, Math.min(length, size - at)));
          expect(Buffer.compare(into.subarray(0, count), model.subarray(at, at + count))).toBe(0);
        }
      }
      const whole = new Uint8Array(size);
      expect(store.size).toBe(size);
      expect(store.read(0, whole)).toBe(size);
      expect(Buffer.compare(whole, model.subarray(0, size))).toBe(0);
    }),
    { numRuns: 300 },
  );
});

test("holes", () => {
  const store = new PageStore();
  store.truncate(2 ** 40);
  expect(store.pageCount).toBe(0);
  expect(store.seekData(0)).toBe(-1);
  expect(store.seekHole(5)).toBe(5);
  store.write(2 ** 30 + 10, new Uint8Array([1]));
  expect(store.pageCount).toBe(1);
  expect(store.seekData(0)).toBe(2 ** 30);
  expect(store.seekData(2 ** 30 + 20)).toBe(2 ** 30 + 20);
  expect(store.seekHole(2 ** 30 + 20)).toBe(2 ** 30 + PAGE);
  expect(store.seekData(2 ** 30 + PAGE)).toBe(-1);
  expect(store.seekHole(2 ** 40)).toBe(-1);
  store.truncate(2 ** 30 + 11);
  expect(store.seekHole(2 ** 30)).toBe(2 ** 30 + 11);
  store.punch(0, 2 ** 40);
  expect(store.pageCount).toBe(0);
  expect(store.size).toBe(2 ** 30 + 11);
});
