/** Which moments of a long run are kept to begin from. */
import { expect, test } from "vitest";
import { type Checkpoint, History } from "../../src/web/history.ts";

function checkpoint(instructions: number, bytes = 0, position = 0): Checkpoint {
  const nothing = new Uint8Array(0);
  return {
    instructions,
    position,
    settled: true,
    unread: nothing,
    size: undefined,
    strace: "",
    image: new Uint8Array(bytes),
    written: { parts: [], length: 0 },
  };
}

test("few of long ago, many of late, and always the first", () => {
  const history = new History(checkpoint(0));
  for (let i = 1; i <= 5000; i++) history.add(checkpoint(i * 100));
  const kept = new Set<number>();
  for (let at = 0; at <= 500_000; at += 100) kept.add(history.before({ instructions: at, position: 0, settled: true }).instructions);
  const list = [...kept].toSorted((a, b) => a - b);
  expect(list.length).toBeGreaterThan(50);
  expect(list.length).toBeLessThanOrEqual(64);
  expect(list[0]).toBe(0);
  expect(list.at(-1)).toBe(500_000);
  // The way to any moment is a small part of what lies behind it.
  list.slice(1).forEach((at, i) => expect(at - (list[i] ?? 0)).toBeLessThan(Math.max(1000, (500_000 - (list[i] ?? 0)) * 0.35)));
});

test("not more than there is room for", () => {
  const history = new History(checkpoint(0, 2 ** 20));
  for (let i = 1; i <= 20; i++) history.add(checkpoint(i, 30 * 2 ** 20));
  const kept = new Set(Array.from({ length: 21 }, (_, at) => history.before({ instructions: at, position: 0, settled: true }).instructions));
  expect(kept.size).toBeLessThanOrEqual(8);
  expect(kept).toContain(0);
  expect(kept).toContain(20);
});

test("what comes after a moment is forgotten where another way is taken", () => {
  const history = new History(checkpoint(0));
  for (const at of [100, 200, 300]) history.add(checkpoint(at));
  history.add(checkpoint(200, 0, 2));
  expect(history.before({ instructions: 250, position: 3, settled: false })).toMatchObject({ instructions: 200, position: 2 });
  history.cut({ instructions: 200, position: 1, settled: true });
  expect(history.before({ instructions: 900, position: 9, settled: true })).toMatchObject({ instructions: 200, position: 0 });
});
