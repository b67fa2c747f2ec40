/** sigset_t of the kernel: 64 bits, signal n is bit n - 1, kept as two int32 halves. */
export interface SigSet {
  low: number;
  high: number;
}

export const SIGSET_BYTES = 8;

export function emptySet(): SigSet {
  return { low: 0, high: 0 };
}

/** A set of the named signals. */
export function setOf(...signals: number[]): SigSet {
  const set = emptySet();
  for (const signal of signals) add(set, signal);
  return set;
}

export function copySet(set: Readonly<SigSet>): SigSet {
  return { low: set.low, high: set.high };
}

export function assign(into: SigSet, from: Readonly<SigSet>): void {
  into.low = from.low;
  into.high = from.high;
}

export function has(set: Readonly<SigSet>, signal: number): boolean {
  return signal <= 32 ? ((set.low >>> (signal - 1)) & 1) !== 0 : ((set.high >>> (signal - 33)) & 1) !== 0;
}

export function add(set: SigSet, signal: number): void {
  if (signal <= 32) set.low |= 1 << (signal - 1);
  else set.high |= 1 << (signal - 33);
}

export function remove(set: SigSet, signal: number): void {
  if (signal <= 32) set.low &= ~(1 << (signal - 1));
  else set.high &= ~(1 << (signal - 33));
}

export function isEmpty(set: Readonly<SigSet>): boolean {
  return (set.low | set.high) === 0;
}

/** `into` | `other`. */
export function union(into: SigSet, other: Readonly<SigSet>): void {
  into.low |= other.low;
  into.high |= other.high;
}

/** `into` & ~`other`. */
export function subtract(into: SigSet, other: Readonly<SigSet>): void {
  into.low &= ~other.low;
  into.high &= ~other.high;
}

/** Members in ascending order. */
export function members(set: Readonly<SigSet>): number[] {
  const result: number[] = [];
  for (let signal = 1; signal <= 64; signal++) if (has(set, signal)) result.push(signal);
  return result;
}

/** The lowest member, 0 for the empty set. */
export function lowest(set: Readonly<SigSet>): number {
  if (set.low !== 0) return 32 - Math.clz32(set.low & -set.low);
  if (set.high !== 0) return 64 - Math.clz32(set.high & -set.high);
  return 0;
}
