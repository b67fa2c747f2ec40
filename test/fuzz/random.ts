/** Numbers that look random and follow from a seed, for all that is fuzzed. */

/** A whole number from 0 to below `below`, which is at most 2^32. */
export type Random = (below: number) => number;

/** Item `index` of the sequence of `seed`. */
export function generator(seed: number, index = 0): Random {
  let state = (Math.imul(seed + 1, 0x9e37_79b1) ^ Math.imul(index + 1, 0x85eb_ca77)) >>> 0 || 1;
  const next = (below: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
  // Neighbouring seeds differ in few bits at first.
  for (let i = 0; i < 8; i++) next(2);
  return next;
}

export function pick<T>(random: Random, list: readonly T[]): T {
  return list[random(list.length)] as T;
}

/** Values at which sizes and offsets go wrong, 32 bits. */
export const INTERESTING: readonly number[] = [
  0, 1, 0x7f, 0x80, 0xff, 0xfff, 0x1000, 0x1001, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_f000, 0xffff_ffff,
];

/** The same in 64 bits, and what lies at the edges of an address space of 47. */
export const INTERESTING_64: readonly bigint[] = [
  ...INTERESTING.map(BigInt),
  0x40_0000n,
  0x1_0000_0000n,
  0x7fff_ffff_e000n,
  0x7fff_ffff_f000n,
  0x8000_0000_0000n,
  0xffff_8000_0000_0000n,
  0x7fff_ffff_ffff_f000n,
  0x7fff_ffff_ffff_ffffn,
  0x8000_0000_0000_0000n,
  0xffff_ffff_ffff_f000n,
  0xffff_ffff_ffff_ffffn,
];

/** What a run of a fuzzer has to show. */
export interface FuzzResult {
  tried: number;
  /** Refused in one line. */
  refused: number;
  accepted: number;
  /** Milliseconds that the longest took. */
  longest: number;
}

/** What something fuzzed threw that it should not. */
export class Finding extends Error {
  readonly index: number;

  constructor(seed: number, index: number, cause: unknown) {
    super(`seed ${seed}, index ${index}`, { cause });
    this.index = index;
  }
}

/** Tries `one` until `seconds` have gone by or `count` were tried; it says whether it was accepted. What it throws becomes a {@link Finding}. */
export function repeat(seed: number, seconds: number, count: number, one: (random: Random, index: number) => boolean, first = 0): FuzzResult {
  const result: FuzzResult = { tried: 0, refused: 0, accepted: 0, longest: 0 };
  const end = performance.now() + seconds * 1000;
  for (let index = first; index < first + count; index++) {
    const started = performance.now();
    if (started >= end) break;
    try {
      if (one(generator(seed, index), index)) result.accepted++;
      else result.refused++;
    } catch (error) {
      throw new Finding(seed, index, error);
    }
    result.tried++;
    result.longest = Math.max(result.longest, performance.now() - started);
  }
  return result;
}
