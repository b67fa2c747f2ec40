/** Compares encoded results of the runner and of the interpreter. */

import { At, PAGE_FAULT, Result } from "./protocol.ts";
import { COMPARED_FLAGS } from "./state.ts";

const S = Result.state;
/** Ranges of a result whose bytes must be equal: not what only the kernel writes, x87 pointers, nor reserved parts of the FXSAVE image. */
const RANGES: readonly (readonly [from: number, to: number])[] = [
  [Result.trap, Result.cr2],
  [S + At.gpr, S + At.rflags],
  [S + At.fs, S + At.ftw + 1],
  [S + At.mxcsr, S + At.mxcsrMask],
  [S + At.st, S + At.unused],
  [S + At.ymm, Result.bytes],
];
const FLAGS = Number(COMPARED_FLAGS);

/** Whether the result at `i` of `expected` is that at `j` of `actual`. */
export function sameResult(expected: Buffer, i: number, actual: Buffer, j: number): boolean {
  for (const [from, to] of RANGES) if (expected.compare(actual, j + from, j + to, i + from, i + to) !== 0) return false;
  if (((expected.readInt32LE(i + S + At.rflags) ^ actual.readInt32LE(j + S + At.rflags)) & FLAGS) !== 0) return false;
  const fault = expected[i + Result.trap] === PAGE_FAULT;
  return !fault || expected.compare(actual, j + Result.cr2, j + S, i + Result.cr2, i + S) === 0;
}
