/** Where memory and file contents lie in an image: runs of pages become program headers. */

import { PAGE_SIZE } from "../memory/index.ts";
import type { AddressSpace, Area, Page, PageStore } from "../memory/index.ts";
import { isZeroPage, PROT_EXEC, PROT_READ, PROT_WRITE, privatePages } from "../memory/index.ts";

/** Pages of a file in order; `data` false: they are there and zero. */
export type StoredRun = readonly [index: number, count: number, data: boolean];

/** The content of one file in the image. */
export interface StoredFile {
  readonly number: number;
  readonly store: PageStore;
  readonly runs: readonly StoredRun[];
  /** Data pages before this file's, counted from the first data page of the image. */
  readonly firstPage: number;
  readonly dataPages: number;
}

/** A program header of memory. `firstPage` counts data pages of the image. */
export interface MemorySegment {
  readonly address: number;
  /** PF_R 4, PF_W 2, PF_X 1. */
  readonly flags: number;
  readonly firstPage: number;
  /** Pages with data, and pages in all; the rest is zero. */
  dataPages: number;
  pages: number;
}

/** Everything that has pages, in the order of the file: private pages of memory, then contents of files. */
export interface Plan {
  readonly segments: readonly MemorySegment[];
  readonly files: readonly StoredFile[];
  /** Private pages, ascending; then those of files follow. */
  readonly privatePages: readonly Page[];
  readonly totalPages: number;
}

function storedRuns(store: PageStore): { readonly runs: StoredRun[]; readonly dataPages: number } {
  const runs: [number, number, boolean][] = [];
  let dataPages = 0;
  for (const index of store.pageIndices()) {
    const page = store.page(index, false);
    const data = page !== undefined && !isZeroPage(page.peek());
    if (data) dataPages++;
    const last = runs.at(-1);
    if (last !== undefined && last[2] === data && last[0] + last[1] === index) last[1]++;
    else runs.push([index, 1, data]);
  }
  return { runs, dataPages };
}

/** Decides what goes where. */
export function planImage(space: AddressSpace, stores: readonly (readonly [number: number, store: PageStore])[]): Plan {
  const vpns: number[] = [];
  const pages: Page[] = [];
  for (const [vpn, page] of privatePages(space)) {
    vpns.push(vpn);
    pages.push(page);
  }
  const files: StoredFile[] = [];
  let total = pages.length;
  for (const [number, store] of stores) {
    const { runs, dataPages } = storedRuns(store);
    files.push({ number, store, runs, firstPage: total, dataPages });
    total += dataPages;
  }
  return { segments: memorySegments(space, vpns, files), files, privatePages: pages, totalPages: total };
}

/** Collects the program headers of memory. */
class SegmentBuilder {
  readonly segments: MemorySegment[] = [];
  private last: MemorySegment | undefined;
  private lastFile: StoredFile | undefined;
  private flags = 0;

  enter(area: Area): void {
    this.last = undefined;
    this.flags = ((area.prot & PROT_READ) !== 0 ? 4 : 0) | ((area.prot & PROT_WRITE) !== 0 ? 2 : 0) | ((area.prot & PROT_EXEC) !== 0 ? 1 : 0);
  }

  /** `count` pages whose data start with data page `firstPage`; `file` where they are a file's own. */
  data(vpn: number, count: number, firstPage: number, file: StoredFile | undefined): void {
    const { last } = this;
    if (
      last !== undefined &&
      last.dataPages > 0 &&
      last.pages === last.dataPages &&
      last.firstPage + last.pages === firstPage &&
      this.lastFile === file
    ) {
      last.dataPages += count;
      last.pages += count;
      return;
    }
    this.begin(vpn, firstPage, count, count);
    this.lastFile = file;
  }

  /** Zero pages: they end the segment that is open, or are one of their own. */
  zero(vpn: number, count: number): void {
    if (this.last === undefined) this.begin(vpn, 0, 0, count);
    else this.last.pages += count;
  }

  /** Pages that only the host has. */
  absent(vpn: number, count: number): void {
    this.begin(vpn, 0, 0, count);
    this.last = undefined;
  }

  private begin(vpn: number, firstPage: number, dataPages: number, pages: number): void {
    this.last = { address: vpn * PAGE_SIZE, flags: this.flags, firstPage, dataPages, pages };
    this.segments.push(this.last);
  }
}

function memorySegments(space: AddressSpace, vpns: readonly number[], files: readonly StoredFile[]): MemorySegment[] {
  const byStore = new Map(files.map((file) => [file.store, file]));
  const builder = new SegmentBuilder();
  let next = 0;
  for (const area of space.areas()) {
    builder.enter(area);
    const end = area.end / PAGE_SIZE;
    let vpn = area.start / PAGE_SIZE;
    while (vpn < end) {
      const own = Math.min(vpns[next] ?? Infinity, end);
      if (vpn < own) {
        between(builder, area, vpn, own, byStore);
        vpn = own;
        continue;
      }
      builder.data(vpn, 1, next, undefined);
      next++;
      vpn++;
    }
  }
  return builder.segments;
}

/** Pages [from, to) of an area that are as the area gives them. */
function between(builder: SegmentBuilder, area: Area, from: number, to: number, byStore: ReadonlyMap<PageStore, StoredFile>): void {
  const { backing } = area;
  if (backing === undefined) {
    builder.zero(from, to - from);
    return;
  }
  const file = backing.content === undefined ? undefined : byStore.get(backing.content);
  if (file === undefined) {
    if (backing.content === undefined) builder.absent(from, to - from);
    else builder.zero(from, to - from);
    return;
  }
  const distance = area.pageIndex(from * PAGE_SIZE) - from;
  let vpn = from;
  let page = file.firstPage;
  for (const [index, count, data] of file.runs) {
    const start = Math.max(index - distance, vpn);
    const end = Math.min(index + count - distance, to);
    if (data && start < end) {
      if (start > vpn) builder.zero(vpn, start - vpn);
      builder.data(start, end - start, page + (start + distance - index), file);
      vpn = end;
    }
    if (data) page += count;
  }
  if (vpn < to) builder.zero(vpn, to - vpn);
}
