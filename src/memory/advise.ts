import { AreaFlag } from "./area.ts";
import type { Area } from "./area.ts";
import { MapError } from "./errors.ts";
import type { MapErrorCode } from "./errors.ts";
import type { Mappings } from "./mappings.ts";
import { isPageAligned, pageAlign } from "./mappings.ts";

/** Advice that madvise(2) may give. */
export const Madvise = {
  normal: 0,
  random: 1,
  sequential: 2,
  willNeed: 3,
  dontNeed: 4,
  free: 8,
  remove: 9,
  dontFork: 10,
  doFork: 11,
  mergeable: 12,
  unmergeable: 13,
  hugePage: 14,
  noHugePage: 15,
  dontDump: 16,
  doDump: 17,
  wipeOnFork: 18,
  keepOnFork: 19,
  cold: 20,
  pageOut: 21,
  populateRead: 22,
  populateWrite: 23,
  dontNeedLocked: 24,
  collapse: 25,
} as const;

interface Advice {
  /** Flags of the area that the advice sets and clears: they split areas and keep them from merging. */
  readonly set?: number;
  readonly clear?: number;
  readonly accepts?: (area: Area) => boolean;
  readonly apply?: (space: Mappings, area: Area, start: number, end: number) => void;
}

const READ_AHEAD = AreaFlag.randomAccess | AreaFlag.sequentialAccess;
const isPrivateAnonymous = (area: Area): boolean => area.backing === undefined;
const isOrdinary = (area: Area): boolean => (area.flags & AreaFlag.special) === 0;

function drop(space: Mappings, _area: Area, start: number, end: number): void {
  space.dropPages(start, end);
}

const ADVICE: ReadonlyMap<number, Advice> = new Map<number, Advice>([
  [Madvise.normal, { clear: READ_AHEAD }],
  [Madvise.random, { clear: READ_AHEAD, set: AreaFlag.randomAccess }],
  [Madvise.sequential, { clear: READ_AHEAD, set: AreaFlag.sequentialAccess }],
  [Madvise.willNeed, {}],
  [Madvise.dontNeed, { apply: drop }],
  [Madvise.dontNeedLocked, { apply: drop }],
  // Linux frees such pages only when memory is short, which a machine never is.
  [Madvise.free, { accepts: isPrivateAnonymous }],
  [Madvise.remove, { accepts: (area) => area.shared && area.backing?.punch !== undefined, apply: punch }],
  [Madvise.dontFork, { set: AreaFlag.dontFork }],
  [Madvise.doFork, { clear: AreaFlag.dontFork }],
  [Madvise.mergeable, {}],
  [Madvise.unmergeable, {}],
  [Madvise.hugePage, { clear: AreaFlag.noHugePages, set: AreaFlag.hugePages }],
  [Madvise.noHugePage, { clear: AreaFlag.hugePages, set: AreaFlag.noHugePages }],
  [Madvise.dontDump, { set: AreaFlag.dontDump }],
  [Madvise.doDump, { accepts: isOrdinary, clear: AreaFlag.dontDump }],
  [Madvise.wipeOnFork, { accepts: isPrivateAnonymous, set: AreaFlag.wipeOnFork }],
  [Madvise.keepOnFork, { clear: AreaFlag.wipeOnFork }],
  [Madvise.cold, {}],
  [Madvise.pageOut, {}],
  [Madvise.populateRead, { accepts: (area) => area.prot !== 0 }],
  [Madvise.populateWrite, { accepts: (area) => (area.prot & 2) !== 0 }],
  [Madvise.collapse, {}],
]);

function punch(_space: Mappings, area: Area, start: number, end: number): void {
  area.backing?.punch?.(start - area.start + area.offset, end - start);
}

/** madvise(2). Throws MapError EINVAL, ENOMEM (what is mapped in the range was advised) or EACCES. */
export function advise(space: Mappings, address: number, length: number, advice: number): void {
  const rule = ADVICE.get(advice);
  if (rule === undefined || !isPageAligned(address) || !(length >= 0)) throw new MapError("EINVAL");
  const end = address + pageAlign(length);
  if (!(end < 2 ** 64)) throw new MapError("EINVAL");
  let at = address;
  let hole = false;
  while (at < end) {
    const area = space.areaList.list[space.areaList.indexAbove(at)];
    if (area === undefined || area.start >= end) {
      hole = true;
      break;
    }
    if (area.start > at) hole = true;
    const start = Math.max(area.start, at);
    const to = Math.min(area.end, end);
    if (rule.accepts?.(area) === false) throw new MapError(refusal(advice, area));
    if (rule.apply !== undefined) {
      rule.apply(space, area, start, to);
    } else {
      const flags = (area.flags & ~(rule.clear ?? 0)) | (rule.set ?? 0);
      if (flags !== area.flags) {
        space.change(start, to, (part) => {
          part.flags = flags;
        });
      }
    }
    at = to;
  }
  if (hole) throw new MapError("ENOMEM");
}

function refusal(advice: number, area: Area): MapErrorCode {
  return advice === Madvise.remove && !area.shared && area.backing !== undefined ? "EACCES" : "EINVAL";
}
