/**
 * The state of this room in an image: areas and what mmap(2) remembers as plain data, pages by number. No state are the window, tags,
 * dirty marks, and which page is in which slot; nor whether a page that holds what its area gives anyway was ever touched.
 */

import type { AnyLayout, Layout, ValueType } from "../base/index.ts";
import { byteText, ImageError, int, list, maybe, ref, struct, u32, whole, wholeOrInfinity } from "../base/index.ts";
import { AddressSpace } from "./address-space.ts";
import type { FileBacking } from "./area.ts";
import { Area, AreaList } from "./area.ts";
import { PAGE_SIZE, TASK_SIZE } from "./layout.ts";
import { Page } from "./page.ts";
import { PageStore, StoreBacking } from "./page-store.ts";
import { PageTable } from "./page-table.ts";
import { Placer } from "./placement.ts";
import type { Window } from "./window.ts";

/** What this room's objects need to be put together again. */
export interface MemoryEnvironment {
  /** The new address space that takes the saved one's place. */
  readonly space: AddressSpace;
}

const address: ValueType<number> = int(0, TASK_SIZE);
const nothing = (): undefined => undefined;

/** Whatever a mapping can show. */
const anyBacking: ValueType<FileBacking> = {
  save: (value, refs) => refs.indexOf(value),
  load: (plain, refs) => refs.objectAt(u32.load(plain, refs), (object) => "sharedPage" in object, "file that can be mapped") as FileBacking,
};

const areaLayout: Layout<Area> = {
  name: "area",
  type: Area,
  fields: {
    start: address,
    end: address,
    prot: int(0, 7),
    maxProt: int(0, 7),
    flags: u32,
    backing: maybe(anyBacking, undefined),
    offset: whole,
    name: byteText,
  },
  caches: {},
  make: () => new Area({ start: 0, end: 0, prot: 0, maxProt: 0, flags: 0, backing: undefined, offset: 0, name: "" }),
};

const areaListLayout: Layout<AreaList> = {
  name: "areas",
  type: AreaList,
  fields: { list: list(ref(Area), 0x1_0000) },
  caches: { bytes: () => 0, recent: nothing },
  make: () => new AreaList(),
  restored: (areas) => {
    let end = 0;
    for (const area of areas.list) {
      const aligned = area.start % PAGE_SIZE === 0 && area.end % PAGE_SIZE === 0 && area.offset % PAGE_SIZE === 0;
      if (!aligned || area.start < end || area.end <= area.start) throw new ImageError("areas overlap or are no whole pages");
      ({ end } = area);
      areas.bytes += area.end - area.start;
    }
  },
};

const placerLayout: Layout<Placer> = {
  name: "placer",
  type: Placer,
  fields: { areas: ref(AreaList), searchFrom: address, failedLength: wholeOrInfinity, failedOccupied: wholeOrInfinity },
  caches: {},
};

const spaceLayout: Layout<AddressSpace, MemoryEnvironment> = {
  name: "address-space",
  type: AddressSpace,
  fields: {
    stackLimit: wholeOrInfinity,
    addressLimit: wholeOrInfinity,
    commitLimit: wholeOrInfinity,
    areaList: ref(AreaList),
    placer: ref(Placer),
    brkStart: address,
    brkEnd: address,
    stackStart: address,
    sharedMemories: int(),
  },
  caches: {
    window: "made",
    codeListener: "made",
    pages: "made",
    memory: "made",
    u8: "made",
    view: "made",
    layout: "made",
    fault: "made",
    scratchBytes: "made",
    offsetMask: "made",
  },
  make: ({ space }) => space,
};

const storeLayout: Layout<PageStore> = {
  name: "page-store",
  type: PageStore,
  fields: { bytes: int() },
  caches: { pages: () => new PageTable() },
};

const storeBackingLayout: Layout<StoreBacking> = {
  name: "store-backing",
  type: StoreBacking,
  fields: { store: ref(PageStore), name: byteText, identity: maybe(struct({ major: whole, minor: whole, inode: whole }), undefined) },
  caches: {},
};

export const memoryLayouts: readonly AnyLayout[] = [areaLayout, areaListLayout, placerLayout, spaceLayout, storeLayout, storeBackingLayout];

/** True where all bytes are zero. */
export function isZeroPage(bytes: Uint8Array): boolean {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, PAGE_SIZE / 4);
  for (let i = 0; i < words.length; i += 4) {
    if (((words[i] as number) | (words[i + 1] as number) | (words[i + 2] as number) | (words[i + 3] as number)) !== 0) return false;
  }
  return true;
}

function samePage(a: Uint8Array, b: Uint8Array): boolean {
  const left = new Uint32Array(a.buffer, a.byteOffset, PAGE_SIZE / 4);
  const right = new Uint32Array(b.buffer, b.byteOffset, PAGE_SIZE / 4);
  for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return false;
  return true;
}

/**
 * Pages that an address space holds alone and that differ from what their area would give anew, ascending. Pages of shared areas are their
 * file's; those of a private mapping of the host's file are always told, for the host may change it.
 */
export function* privatePages(space: AddressSpace): Iterable<readonly [vpn: number, page: Page]> {
  const fresh = new Uint8Array(PAGE_SIZE);
  for (const [vpn, page] of space.residentPages()) {
    const at = vpn * PAGE_SIZE;
    const area = space.areaAt(at);
    if (area === undefined || area.shared || page.stale) continue;
    const { backing } = area;
    if (backing === undefined) {
      if (isZeroPage(page.peek())) continue;
    } else if (backing.content !== undefined && backing.fillPage(area.pageIndex(at), fresh) && samePage(page.peek(), fresh)) continue;
    yield [vpn, page];
  }
}

/** Pages that are given memory outside of every window at a time. */
const OUTSIDE_PAGES = 256;

/**
 * Gives an address space pages of its own from `vpn` on, where it has none yet: at least one, at most `count`. Returns their bytes, which lie together in
 * memory, for the caller to fill.
 */
export function makePrivatePages(space: AddressSpace, vpn: number, count: number): Uint8Array {
  const area = space.areaAt(vpn * PAGE_SIZE);
  if (area === undefined || area.shared) throw new ImageError("a page lies in no private area");
  const { window, pages } = space;
  const first = window.slotOf(vpn * PAGE_SIZE);
  const placed = isAvailable(window, first);
  const most = Math.min(count, area.end / PAGE_SIZE - vpn, placed ? window.layout.slotCount - first : OUTSIDE_PAGES);
  let made = 0;
  while (made < most && isAvailable(window, window.slotOf((vpn + made) * PAGE_SIZE)) === placed) made++;
  const bytes = placed ? window.u8.subarray(first * PAGE_SIZE, (first + made) * PAGE_SIZE) : new Uint8Array(made * PAGE_SIZE);
  for (let i = 0; i < made; i++) {
    if (pages.get(vpn + i) !== undefined) throw new ImageError("a page is there twice");
    const page = new Page();
    if (placed) window.place(page, first + i);
    else page.bytes = bytes.subarray(i * PAGE_SIZE, (i + 1) * PAGE_SIZE);
    page.refs = 1;
    pages.set(vpn + i, page);
  }
  return bytes;
}

function isAvailable(window: Window, slot: number): boolean {
  return window.isFree(slot) && !window.isReserved(slot);
}

/** Makes page `index` of a file that has none there; `bytes` become its own, without them it is zero. */
export function putStoredPage(store: PageStore, index: number, bytes: Uint8Array | undefined): void {
  const page = store.page(index, true);
  if (page === undefined || page.bytes !== undefined) throw new ImageError("a page of a file is there twice");
  page.bytes = bytes;
}
