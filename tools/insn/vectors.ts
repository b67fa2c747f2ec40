/** Vector registers in cases, alone and in pairs. */

import type { Case } from "./cases.ts";

const item = (name: string, bits: number) => (i: number, value: bigint) =>
  `${name}${i}=${BigInt.asUintN(bits, value)
    .toString(16)
    .padStart(bits / 4, "0")}`;

export const xmm: (i: number, value: bigint) => string = item("xmm", 128);
export const mm: (i: number, value: bigint) => string = item("mm", 64);

/** The last pair is a register with itself. */
const XMM_PAIRS = [
  [0, 1],
  [9, 3],
  [2, 14],
  [8, 15],
  [5, 5],
] as const;
const MM_PAIRS = [
  [0, 1],
  [6, 7],
  [3, 3],
] as const;

/** `target` and `source` are asked for a value for each pair, `target` not for a register with itself. */
export function* xmmPairs(op: string, target: () => bigint, source: () => bigint): Generator<Case> {
  for (const [a, b] of XMM_PAIRS) {
    const value = source();
    yield { text: `${op} xmm${a}, xmm${b}`, before: a === b ? xmm(a, value) : `${xmm(a, target())} ${xmm(b, value)}` };
  }
}

/** The same for MMX, with a source of other bits of the value: those from `shift` on. */
export function* mmPairs(op: string, target: () => bigint, source: () => bigint, shift: bigint): Generator<Case> {
  for (const [a, b] of MM_PAIRS) {
    const value = source();
    yield { text: `${op} mm${a}, mm${b}`, before: `ftw=0xff ${a === b ? mm(a, value) : `${mm(a, target())} ${mm(b, value >> shift)}`}` };
  }
}
