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
import { Page, takeBytes } from "./page.ts";
import { PageStore, StoreBacking } from "./page-store.ts";
import { PageTable } from "./page-table.ts";
import { Placer } from "./placement.ts";

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

/** Gives an address space a page of its own, where it has none yet. */
export function putPrivatePage(space: AddressSpace, vpn: number, bytes: Uint8Array): void {
  const area = space.areaAt(vpn * PAGE_SIZE);
  if (area === undefined || area.shared || space.pages.get(vpn) !== undefined) throw new ImageError("a page lies in no private area");
  const page = new Page();
  const { window } = space;
  const slot = window.slotOf(vpn * PAGE_SIZE);
  if (window.isFree(slot) && !window.isReserved(slot)) {
    window.place(page, slot);
    window.u8.set(bytes, slot * PAGE_SIZE);
  } else {
    page.bytes = takeBytes();
    page.bytes.set(bytes);
  }
  page.refs = 1;
  space.pages.set(vpn, page);
}

/** Fills page `index` of a file that has none there; without `bytes` it is zero. */
export function putStoredPage(store: PageStore, index: number, bytes: Uint8Array | undefined): void {
  const page = store.page(index, true);
  if (page === undefined || page.bytes !== undefined) throw new ImageError("a page of a file is there twice");
  if (bytes === undefined) return;
  page.bytes = takeBytes();
  page.bytes.set(bytes);
}
