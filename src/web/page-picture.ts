// The page table as a picture: for each area its pages, several in one cell where an area is large.
import type { Machine } from "../machine/index.ts";
import { type AddressSpace, type Area, type Page, PAGE_SIZE, PROT_EXEC, PROT_READ, PROT_WRITE } from "../memory/index.ts";
import { type AreaPicture, PageBit } from "./looks.ts";

const fresh = new Uint8Array(PAGE_SIZE);
const freshWords = new Int32Array(fresh.buffer);

function isDirty(area: Area, address: number, page: Page): boolean {
  if (area.shared) return page.dirty;
  if (area.backing === undefined) freshWords.fill(0);
  else if (!area.backing.fillPage(area.pageIndex(address), fresh)) return true;
  const bytes = page.peek();
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, PAGE_SIZE / 4);
  for (let i = 0; i < words.length; i++) if (words[i] !== freshWords[i]) return true;
  return false;
}

export function permissionsOf({ prot, shared }: Area): string {
  return (
    ((prot & PROT_READ) !== 0 ? "r" : "-") + ((prot & PROT_WRITE) !== 0 ? "w" : "-") + ((prot & PROT_EXEC) !== 0 ? "x" : "-") + (shared ? "s" : "p")
  );
}

/** Takes pictures of one machine; remembers which pages were dirty, so that only those written since are compared. */
export class PagePicture {
  readonly #space: AddressSpace;
  readonly #known: WeakMap<Page, boolean> = new WeakMap();

  constructor(machine: Machine) {
    this.#space = machine.space;
  }

  /** About `limit` cells at most in all. */
  take(limit: number): AreaPicture[] {
    const space = this.#space;
    const areas = [...space.areas()];
    const share = Math.max(1, Math.floor(limit / Math.max(1, areas.length)));
    const total = areas.reduce((sum, { start, end }) => sum + (end - start) / PAGE_SIZE, 0);
    const pictures = areas.map((area) => {
      const pages = (area.end - area.start) / PAGE_SIZE;
      const allowed = total <= limit ? pages : Math.max(share, 16);
      let pagesPerCell = 1;
      while (pages / pagesPerCell > allowed) pagesPerCell *= 2;
      const cells = new Uint8Array(Math.ceil(pages / pagesPerCell));
      return { area, pagesPerCell, cells, resident: 0, dirty: 0 };
    });
    let index = 0;
    for (const [vpn, page] of space.residentPages()) {
      const address = vpn * PAGE_SIZE;
      while (index < pictures.length && address >= (pictures[index]?.area.end ?? 0)) index++;
      const picture = pictures[index];
      if (picture === undefined) break;
      const { area } = picture;
      if (address < area.start) continue;
      // A page that is new and clean was read only.
      const recent = page.written;
      let dirty = this.#known.get(page);
      if (recent || dirty === undefined) {
        dirty = isDirty(area, address, page);
        this.#known.set(page, dirty);
      }
      picture.resident++;
      if (dirty) picture.dirty++;
      const cell = Math.floor((address - area.start) / PAGE_SIZE / picture.pagesPerCell);
      const executable = (area.prot & PROT_EXEC) !== 0;
      picture.cells[cell]! |=
        PageBit.present | (dirty ? PageBit.dirty : 0) | (executable ? PageBit.executable : 0) | (recent && dirty ? PageBit.recent : 0);
    }
    space.clearWritten();
    return pictures.map(({ area, ...rest }) => ({
      start: area.start,
      end: area.end,
      permissions: permissionsOf(area),
      name: space.areaName(area),
      ...rest,
    }));
  }
}
