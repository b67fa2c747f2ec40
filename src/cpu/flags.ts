/** RFLAGS from and to the lazy representation in the CPU state (FLAG_RESULT and FLAG_VECTOR in state.ts). */

import { ARITHMETIC_FLAGS, Flag, FLAG_RESULT, FLAG_VECTOR, FLAGS_SYSTEM } from "./state.ts";

const PARITY = new Uint8Array(256);
for (let i = 0; i < 256; i++) {
  let ones = 0;
  for (let bit = i; bit !== 0; bit >>= 1) ones += bit & 1;
  PARITY[i] = (ones & 1) ^ 1;
}

export function readRflags(view: DataView): number {
  const low = view.getInt32(FLAG_RESULT, true);
  const high = view.getInt32(FLAG_RESULT + 4, true);
  const vector = view.getInt32(FLAG_VECTOR, true);
  const top = view.getInt32(FLAG_VECTOR + 4, true);
  let flags = view.getUint32(FLAGS_SYSTEM, true);
  if (top < 0) flags |= Flag.CF;
  if (((top ^ (top << 1)) & 0x8000_0000) !== 0) flags |= Flag.OF;
  if ((vector & 8) !== 0) flags |= Flag.AF;
  if ((low | high) === 0) flags |= Flag.ZF;
  if (((high >>> 31) ^ (vector & 1)) !== 0) flags |= Flag.SF;
  if (((PARITY[low & 0xff] ?? 0) ^ ((vector >> 1) & 1)) !== 0) flags |= Flag.PF;
  return flags;
}

/** Bits that RFLAGS does not have, or user mode cannot set, are the caller's to keep out. */
export function writeRflags(view: DataView, flags: number): void {
  const zero = (flags & Flag.ZF) !== 0 ? 1 : 0;
  const carry = flags & Flag.CF;
  const overflow = (flags & Flag.OF) !== 0 ? 1 : 0;
  const parity = (flags & Flag.PF) !== 0 ? 1 : 0;
  const sign = (flags & Flag.SF) !== 0 ? 1 : 0;
  const adjust = (flags & Flag.AF) !== 0 ? 8 : 0;
  view.setInt32(FLAG_RESULT, zero ^ 1, true);
  view.setInt32(FLAG_RESULT + 4, 0, true);
  view.setInt32(FLAG_VECTOR, adjust | sign | ((parity ^ zero) << 1), true);
  view.setInt32(FLAG_VECTOR + 4, (carry << 31) | ((carry ^ overflow) << 30), true);
  view.setUint32(FLAGS_SYSTEM, flags & ~ARITHMETIC_FLAGS, true);
}
