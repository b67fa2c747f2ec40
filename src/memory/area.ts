import type { Page } from "./page.ts";
import type { PageStore } from "./page-store.ts";

/** PROT_READ 1, PROT_WRITE 2, PROT_EXEC 4, or'ed. Any of them permits reading, as on x86-64 without protection keys. */
export type Protection = number;
export const PROT_READ: Protection = 1;
export const PROT_WRITE: Protection = 2;
export const PROT_EXEC: Protection = 4;

/** The device and inode columns of /proc/PID/maps. */
export interface FileIdentity {
  readonly major: number;
  readonly minor: number;
  readonly inode: number;
}

/** What mmap(2) of a file needs from the file. */
export interface FileBacking {
  /** As /proc/PID/maps shows it. */
  readonly name: string;
  readonly identity?: FileIdentity | undefined;
  /** The pages that alone are its content; undefined where a host has it. */
  readonly content?: PageStore | undefined;
  /** The page object that all MAP_SHARED mappings of page `index` share; undefined beyond the end (SIGBUS). */
  sharedPage(index: number): Page | undefined;
  /** Writes the 4096 bytes of page `index`, zeros behind the end, for MAP_PRIVATE; false beyond the end (SIGBUS). */
  fillPage(index: number, into: Uint8Array): boolean;
  /** Punches a hole (MADV_REMOVE), where the file can. */
  punch?(offset: number, length: number): void;
  /** Writes changed pages of [offset, offset+length) back (msync), where there is somewhere to write to. */
  flush?(offset: number, length: number): void;
}

/** Bits of {@link Area.flags}. Areas merge only where all of them agree. */
export const AreaFlag = {
  shared: 1,
  growsDown: 2,
  noReserve: 4,
  /** Counts towards the commit limit; stays when the area becomes read-only. */
  accounted: 8,
  /** Installed by the kernel ([vdso]): neither merges nor grows. */
  special: 16,
  randomAccess: 32,
  sequentialAccess: 64,
  dontFork: 128,
  dontDump: 256,
  wipeOnFork: 512,
  hugePages: 1024,
  noHugePages: 2048,
} as const;

/** A range of addresses mapped alike (a VMA). Read-only outside of this room. */
export class Area {
  /** First address; a multiple of 4096. */
  start: number;
  /** One past the last address. */
  end: number;
  prot: Protection;
  /** What mprotect may set: 7, or without PROT_WRITE for a shared mapping of a file opened read-only. */
  maxProt: Protection;
  /** {@link AreaFlag} bits. */
  flags: number;
  /** The file; undefined for private anonymous memory. */
  readonly backing: FileBacking | undefined;
  /** Byte offset of `start` in the file. For anonymous memory the address where it was mapped first. */
  offset: number;
  /** "[vdso]" and the like. */
  readonly name: string;

  constructor(init: {
    start: number;
    end: number;
    prot: Protection;
    maxProt: Protection;
    flags: number;
    backing: FileBacking | undefined;
    offset: number;
    name: string;
  }) {
    this.start = init.start;
    this.end = init.end;
    this.prot = init.prot;
    this.maxProt = init.maxProt;
    this.flags = init.flags;
    this.backing = init.backing;
    this.offset = init.offset;
    this.name = init.name;
  }

  get shared(): boolean {
    return (this.flags & AreaFlag.shared) !== 0;
  }

  get growsDown(): boolean {
    return (this.flags & AreaFlag.growsDown) !== 0;
  }

  get noReserve(): boolean {
    return (this.flags & AreaFlag.noReserve) !== 0;
  }

  /** Number of the backing file's page that lies at `address`. */
  pageIndex(address: number): number {
    return Math.floor((address - this.start + this.offset) / 4096);
  }
}

/** True where `low`, which ends where `high` starts, is the same area but for the boundary. */
function continues(low: Area, high: Area): boolean {
  return (
    low.end === high.start &&
    low.prot === high.prot &&
    low.maxProt === high.maxProt &&
    low.flags === high.flags &&
    low.backing === high.backing &&
    low.name === high.name &&
    (low.flags & AreaFlag.special) === 0 &&
    low.offset + (low.end - low.start) === high.offset
  );
}

/** The areas of an address space: disjoint, ascending. */
export class AreaList {
  readonly list: Area[] = [];
  /** Bytes mapped. */
  bytes = 0;
  private recent: Area | undefined;

  /** Index of the first area that ends above `address`; the count where there is none. */
  indexAbove(address: number): number {
    let low = 0;
    let high = this.list.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const area = this.list[middle];
      if (area !== undefined && area.end <= address) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  at(address: number): Area | undefined {
    const recent = this.recent;
    if (recent !== undefined && address >= recent.start && address < recent.end) return recent;
    const area = this.list[this.indexAbove(address)];
    if (area === undefined || address < area.start) return undefined;
    this.recent = area;
    return area;
  }

  /** True where any area lies within [start, end). */
  overlaps(start: number, end: number): boolean {
    const area = this.list[this.indexAbove(start)];
    return area !== undefined && area.start < end;
  }

  /** True where [start, end) is mapped without a hole. */
  covers(start: number, end: number): boolean {
    let at = start;
    for (let i = this.indexAbove(start); at < end; i++) {
      const area = this.list[i];
      if (area === undefined || area.start > at) return false;
      at = area.end;
    }
    return true;
  }

  insert(area: Area): void {
    this.list.splice(this.indexAbove(area.start), 0, area);
    this.bytes += area.end - area.start;
  }

  /** Makes `address` a boundary between areas, if it lies inside one. */
  split(address: number): void {
    const index = this.indexAbove(address);
    const area = this.list[index];
    if (area === undefined || area.start >= address) return;
    const upper = new Area(area);
    upper.start = address;
    upper.offset += address - area.start;
    area.end = address;
    this.list.splice(index + 1, 0, upper);
  }

  /** Removes whatever lies in [start, end). */
  remove(start: number, end: number): void {
    this.split(start);
    this.split(end);
    const from = this.indexAbove(start);
    const to = this.indexAbove(end - 1);
    const last = this.list[to];
    const count = to - from + (last !== undefined && last.start < end ? 1 : 0);
    if (count <= 0) return;
    for (const area of this.list.splice(from, count)) this.bytes -= area.end - area.start;
    this.recent = undefined;
  }

  /** Joins areas that agree, at every boundary in [start, end]. */
  merge(start: number, end: number): void {
    let index = Math.max(0, this.indexAbove(start - 1));
    for (;;) {
      const low = this.list[index];
      const high = this.list[index + 1];
      if (low === undefined || high === undefined || high.start > end) return;
      if (continues(low, high)) {
        low.end = high.end;
        this.list.splice(index + 1, 1);
        this.recent = undefined;
      } else {
        index++;
      }
    }
  }

  /** How many areas removing or changing [start, end) alone would add. */
  splitsFor(start: number, end: number): number {
    const low = this.list[this.indexAbove(start)];
    const high = this.list[this.indexAbove(end)];
    return Number(low !== undefined && low.start < start) + Number(high !== undefined && high.start < end);
  }
}
