/**
 * Where mmap(2) puts areas. As Linux does without ASLR, the highest gap below the mmap base that is long enough, but
 * never where the slots of the nominal window are reserved, and, while there are others, not where they belong to
 * another area. All of this is reckoned with the nominal window, so that guests see the same addresses in every window.
 */
import type { Area, AreaList } from "./area.ts";
import { PAGE_SIZE, RESERVED_END, RESERVED_START, STATE_BYTES, TASK_SIZE } from "./layout.ts";

/** One past the highest address that mmap gives out: TASK_SIZE less the largest stack's gap of 128 MiB, page-aligned. */
export const MMAP_BASE: number = 0x7fff_f7ff_f000;
/** Where the search goes upwards once nothing is free below {@link MMAP_BASE} (TASK_UNMAPPED_BASE). */
const UNMAPPED_BASE = 0x2aaa_aaaa_a000;
/** vm.mmap_min_addr. */
export const MINIMUM_ADDRESS = 0x1_0000;
/** Linux's stack_guard_gap: 256 pages. */
export const GUARD_GAP: number = 256 * PAGE_SIZE;

const NOMINAL = 2 ** 32;
/** How much of a reservation is taken to be used one day. */
const RESERVATION = 64 * 2 ** 20;
/** Longer ranges can hardly avoid the reserved slots; only the beginning has to. */
const AVOIDABLE = 2 ** 31;
const STACK = 8 * 2 ** 20;
/** Attempts before slots of other areas are accepted. */
const ATTEMPTS = 256;

const RESERVED: readonly { readonly start: number; readonly length: number }[] = [
  { start: RESERVED_START, length: RESERVED_END - RESERVED_START },
  { start: 0, length: STATE_BYTES },
];

function fold(address: number): number {
  return ((address % NOMINAL) + NOMINAL) % NOMINAL;
}

/** How far a range of `length` bytes at `address` has to go down to leave the slots of another: 0 if it does not meet it. */
function clearance(address: number, length: number, otherStart: number, otherLength: number): number {
  const distance = fold(otherStart - address);
  if (distance < length) return length - distance;
  return NOMINAL - distance < otherLength ? NOMINAL - distance + length : 0;
}

function reservedClearance(address: number, length: number): number {
  const checked = length <= AVOIDABLE ? length : RESERVATION;
  for (const range of RESERVED) {
    const shift = clearance(address, checked, range.start, range.length);
    if (shift > 0) return shift;
  }
  return 0;
}

/** Bytes at the start of an area that count as occupying slots. */
function occupied(length: number, reservation: boolean): number {
  return Math.min(length, reservation ? RESERVATION : NOMINAL);
}

function areaClearance(areas: AreaList, address: number, length: number): number {
  // Areas nearer than the window's size cannot meet the range without overlapping it.
  const near = areas.indexAbove(address + length - NOMINAL);
  const far = areas.indexAbove(address + NOMINAL);
  const count = areas.list.length;
  for (let i = 0; i < count; i++) {
    if (i > near && i < far) {
      i = far - 1;
      continue;
    }
    const area = areas.list[i];
    if (area === undefined) break;
    const size = area.end - area.start;
    const shift = area.growsDown
      ? clearance(address, length, area.end - Math.max(size, STACK), Math.max(size, STACK))
      : clearance(address, length, area.start, occupied(size, area.prot === 0 || area.noReserve));
    if (shift > 0) return shift;
  }
  return 0;
}

/** The lowest address that `area` may come to occupy, guard gap included (vm_start_gap). */
export function guardedStart(area: Area | undefined): number {
  if (area === undefined) return TASK_SIZE;
  return area.growsDown ? Math.max(0, area.start - GUARD_GAP) : area.start;
}

export interface Placement {
  readonly length: number;
  /** Untouched to begin with: PROT_NONE or MAP_NORESERVE. */
  readonly reservation: boolean;
  /** MAP_32BIT: between 1 and 2 GiB. */
  readonly low32: boolean;
}

/** Chooses addresses for the areas of one address space. */
export class Placer {
  private readonly areas: AreaList;
  /** No range of `failedLength` or more fits above `searchFrom`; holds until something is unmapped. */
  private searchFrom = MMAP_BASE;
  private failedLength = Infinity;
  private failedOccupied = Infinity;

  constructor(areas: AreaList) {
    this.areas = areas;
  }

  /** To be called whenever room may have appeared. */
  forget(): void {
    this.searchFrom = MMAP_BASE;
    this.failedLength = Infinity;
    this.failedOccupied = Infinity;
  }

  /** True where a hint without MAP_FIXED is honoured. */
  accepts(address: number, placement: Placement): boolean {
    const { length } = placement;
    if (address < MINIMUM_ADDRESS || address > TASK_SIZE - length) return false;
    const next = this.areas.list[this.areas.indexAbove(address)];
    if (next !== undefined && address + length > guardedStart(next)) return false;
    return reservedClearance(address, length) === 0 && areaClearance(this.areas, address, occupied(length, placement.reservation)) === 0;
  }

  /** An address for the range, undefined where there is no room. */
  choose(placement: Placement): number | undefined {
    if (placement.low32) return this.searchUp(placement, 0x4000_0000, 0x8000_0000);
    const { length } = placement;
    const size = occupied(length, placement.reservation);
    const cached = length >= this.failedLength && size >= this.failedOccupied;
    const top = cached ? this.searchFrom : MMAP_BASE;
    const address = this.searchDown(placement, top, size, true);
    if (address !== undefined) {
      this.searchFrom = address + length;
      this.failedLength = length;
      this.failedOccupied = size;
      return address;
    }
    return this.searchDown(placement, MMAP_BASE, size, false) ?? this.searchUp(placement, UNMAPPED_BASE, TASK_SIZE);
  }

  private searchDown(placement: Placement, top: number, size: number, apart: boolean): number | undefined {
    const { length } = placement;
    const { list } = this.areas;
    let attempts = 0;
    let index = this.areas.indexAbove(top - 1);
    for (; index >= 0; index--) {
      const gapEnd = Math.min(top, guardedStart(list[index]));
      const gapStart = Math.max(MINIMUM_ADDRESS, list[index - 1]?.end ?? 0);
      let address = gapEnd - length;
      while (address >= gapStart) {
        let shift = reservedClearance(address, length);
        if (shift === 0 && apart) shift = areaClearance(this.areas, address, size);
        if (shift === 0) return address;
        if (apart && ++attempts > ATTEMPTS) return undefined;
        address -= Math.ceil(shift / PAGE_SIZE) * PAGE_SIZE;
      }
    }
    return undefined;
  }

  private searchUp(placement: Placement, from: number, to: number): number | undefined {
    const { list } = this.areas;
    let address = from;
    for (let index = this.areas.indexAbove(from); address + placement.length <= to; index++) {
      const area = list[index];
      const gapEnd = Math.min(to, guardedStart(area));
      while (address + placement.length <= gapEnd) {
        if (reservedClearance(address, placement.length) === 0) return address;
        address += STATE_BYTES;
      }
      if (area === undefined) return undefined;
      address = Math.max(address, area.end);
    }
    return undefined;
  }
}
