/** Makes a case that differs small: what is not needed for the difference gets its default value. */

import { copyState, defaultState, type State } from "../../test/silicon/state.ts";
import type { RunnerCase } from "../../test/silicon/protocol.ts";

/** Tries a smaller case; whether it still differs. */
export type StillDiffers = (one: RunnerCase) => boolean;

/** Values that are easier to read, for a register of `bits`. */
function* simpler(value: bigint, bits: number): Generator<bigint> {
  yield 0n;
  yield 1n;
  for (let chunk = bits / 2; chunk >= 8; chunk /= 2) {
    for (let at = 0; at < bits; at += chunk) yield value & ~(((1n << BigInt(chunk)) - 1n) << BigInt(at));
  }
}

/** The same instructions with one component of the state after another at its default. */
export function shrinkState(one: RunnerCase, differs: StillDiffers): RunnerCase {
  const plain = defaultState();
  let best = one;
  const attempt = (change: (state: State) => void): boolean => {
    const before = copyState(best.before);
    change(before);
    const next = { bytes: best.bytes, before };
    if (!differs(next)) return false;
    best = next;
    return true;
  };
  const lists = [
    ["gpr", 64],
    ["xmm", 128],
    ["ymm", 128],
    ["x87", 80],
  ] as const;
  for (const [name] of lists) attempt((state) => plain[name].forEach((value, i) => (state[name][i] = value)));
  for (const name of ["rflags", "mxcsr", "fcw", "fsw", "ftw", "fs", "gs"] as const) attempt((state) => Object.assign(state, { [name]: plain[name] }));
  attempt((state) => state.data.fill(0));
  for (const [name, bits] of lists) {
    for (let i = 0; i < plain[name].length; i++) {
      if (best.before[name][i] === plain[name][i] || attempt((state) => (state[name][i] = plain[name][i]!))) continue;
      for (const value of simpler(best.before[name][i]!, bits)) attempt((state) => (state[name][i] = value));
    }
  }
  for (let bit = 0n; bit < 22n; bit++) {
    if ((best.before.rflags & (1n << bit)) !== (plain.rflags & (1n << bit))) attempt((state) => (state.rflags ^= 1n << bit));
  }
  for (let bit = 0; bit < 16; bit++) {
    if (((best.before.mxcsr ^ plain.mxcsr) & (1 << bit)) !== 0) attempt((state) => (state.mxcsr ^= 1 << bit));
    if (((best.before.fsw ^ plain.fsw) & (1 << bit)) !== 0) attempt((state) => (state.fsw ^= 1 << bit));
  }
  for (let length = best.before.data.length / 2; length >= 1; length /= 2) {
    for (let at = 0; at < best.before.data.length; at += length) {
      if (best.before.data.subarray(at, at + length).some((byte) => byte !== 0)) attempt((state) => state.data.fill(0, at, at + length));
    }
  }
  return best;
}

/** Without prefixes that the difference does not need; `decodes` says whether the bytes are still the same row. */
export function shrink(one: RunnerCase, differs: StillDiffers, decodes: (bytes: Uint8Array) => boolean): RunnerCase {
  let best = one;
  for (let i = 0; i < Math.min(best.bytes.length - 1, 6);) {
    const bytes = best.bytes.filter((_, at) => at !== i);
    const next = { bytes, before: best.before };
    if (decodes(bytes) && differs(next)) best = next;
    else i++;
  }
  return shrinkState(best, differs);
}
