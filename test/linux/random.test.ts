/** The guest's random bytes are ChaCha20's key stream, in whatever pieces they are asked for. OpenSSL judges. */
import { createCipheriv } from "node:crypto";
import { expect, test } from "vitest";
import { RandomSource } from "../../src/linux/random.ts";

const SIZES = [1, 63, 64, 65, 0, 7, 128, 4096, 57, 200];

test.each([
  ["zeros", new Uint8Array(32)],
  ["a seed of 32 bytes", Uint8Array.from({ length: 32 }, (_, i) => 255 - 7 * i)],
])("%s", (_name, seed) => {
  const source = new RandomSource(seed);
  const pieces = SIZES.map((size) => {
    const piece = new Uint8Array(size);
    source.fill(piece);
    return piece;
  });
  const bytes = Buffer.concat(pieces);
  // The block counter starts at 0, the nonce is 0.
  const expected = createCipheriv("chacha20", seed, Buffer.alloc(16)).update(Buffer.alloc(bytes.length));
  expect(bytes.equals(expected)).toBe(true);
});

test("a seed of fewer bytes is repeated", () => {
  const bytes = (seed: Uint8Array): number[] => {
    const into = new Uint8Array(100);
    new RandomSource(seed).fill(into);
    return [...into];
  };
  expect(bytes(Uint8Array.of(1, 2, 3, 4))).toEqual(bytes(Uint8Array.from({ length: 32 }, (_, i) => (i % 4) + 1)));
  expect(bytes(new Uint8Array(0))).toEqual(bytes(new Uint8Array(32)));
});
