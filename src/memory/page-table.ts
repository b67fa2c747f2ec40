import type { Page } from "./page.ts";

const LEAF = 512;

const EMPTY: readonly (Page | undefined)[] = Array.from({ length: LEAF }, () => undefined);

class Leaf {
  readonly pages: (Page | undefined)[] = EMPTY.slice();
  count = 0;
}

/**
 * Pages by number (a virtual page number, a page of a file, a slot of the window) in two levels: empty ranges cost
 * nothing, neither space nor time in {@link PageTable.visit}. Numbers up to 2^53.
 */
export class PageTable {
  /** Pages present. */
  size = 0;
  private readonly leaves = new Map<number, Leaf>();
  private recentKey = -1;
  private recent: Leaf | undefined;
  /** A leaf that became empty, for the next one needed. */
  private spare: Leaf | undefined;

  private leaf(key: number): Leaf | undefined {
    if (key === this.recentKey) return this.recent;
    const leaf = this.leaves.get(key);
    if (leaf !== undefined) {
      this.recentKey = key;
      this.recent = leaf;
    }
    return leaf;
  }

  get(index: number): Page | undefined {
    const key = Math.floor(index / LEAF);
    return this.leaf(key)?.pages[index - key * LEAF];
  }

  set(index: number, page: Page): void {
    const key = Math.floor(index / LEAF);
    let leaf = this.leaf(key);
    if (leaf === undefined) {
      leaf = this.spare ?? new Leaf();
      this.spare = undefined;
      this.leaves.set(key, leaf);
      this.recentKey = key;
      this.recent = leaf;
    }
    const at = index - key * LEAF;
    if (leaf.pages[at] === undefined) {
      leaf.count++;
      this.size++;
    }
    leaf.pages[at] = page;
  }

  /** Removes and returns the page at `index`. */
  remove(index: number): Page | undefined {
    const key = Math.floor(index / LEAF);
    const leaf = this.leaf(key);
    const at = index - key * LEAF;
    const page = leaf?.pages[at];
    if (leaf === undefined || page === undefined) return undefined;
    leaf.pages[at] = undefined;
    this.size--;
    if (--leaf.count === 0) {
      this.leaves.delete(key);
      this.spare = leaf;
      this.recentKey = -1;
      this.recent = undefined;
    }
    return page;
  }

  /** Calls `visit` for each page with start <= number < end, ascending. `visit` may remove the page it is given, but add none. */
  visit(start: number, end: number, visit: (index: number, page: Page) => void): void {
    if (this.size === 0 || end <= start) return;
    const first = Math.floor(start / LEAF);
    const last = Math.floor((end - 1) / LEAF);
    if (last - first < this.leaves.size) {
      for (let key = first; key <= last; key++) this.visitLeaf(key, start, end, visit);
      return;
    }
    const keys = [...this.leaves.keys()].filter((key) => key >= first && key <= last);
    keys.sort((a, b) => a - b);
    for (const key of keys) this.visitLeaf(key, start, end, visit);
  }

  private visitLeaf(key: number, start: number, end: number, visit: (index: number, page: Page) => void): void {
    const leaf = this.leaves.get(key);
    if (leaf === undefined) return;
    const base = key * LEAF;
    const to = Math.min(LEAF, end - base);
    for (let at = Math.max(0, start - base); at < to; at++) {
      const page = leaf.pages[at];
      if (page !== undefined) visit(base + at, page);
    }
  }

  /** The numbers of all pages, ascending. */
  indices(): number[] {
    const all: number[] = [];
    this.visit(0, Number.MAX_SAFE_INTEGER, (index) => all.push(index));
    return all;
  }
}
