import { PAGE_SIZE } from "./layout.ts";
import { Page } from "./page.ts";
import { PageTable } from "./page-table.ts";
import type { FileBacking, FileIdentity } from "./area.ts";

/**
 * A file's content as page objects, sparse. Mappings share the objects, so that read(2), write(2) and memory agree.
 * `truncate(0)` gives all homes back when the file goes.
 */
export class PageStore {
  private bytes = 0;
  private readonly pages = new PageTable();

  /** Size in bytes. */
  get size(): number {
    return this.bytes;
  }

  /** Pages that are not holes; for st_blocks. */
  get pageCount(): number {
    return this.pages.size;
  }

  /** The page with number `index` (of 4096 bytes each); a hole is filled where `create` is true. Ignores the size. */
  page(index: number, create: boolean): Page | undefined {
    let page = this.pages.get(index);
    if (page === undefined && create) {
      page = new Page();
      page.refs = 1;
      this.pages.set(index, page);
    }
    return page;
  }

  /** Reads from `offset` into `into`; returns the bytes read, fewer at the end of the file. */
  read(offset: number, into: Uint8Array): number {
    const count = Math.max(0, Math.min(into.length, this.bytes - offset));
    let done = 0;
    while (done < count) {
      const index = Math.floor((offset + done) / PAGE_SIZE);
      const at = offset + done - index * PAGE_SIZE;
      const part = into.subarray(done, Math.min(count, done + PAGE_SIZE - at));
      const page = this.pages.get(index);
      if (page === undefined) part.fill(0);
      else page.read(at, part);
      done += part.length;
    }
    return count;
  }

  /** Writes `from` at `offset`; the size grows as needed. */
  write(offset: number, from: Uint8Array): void {
    let done = 0;
    while (done < from.length) {
      const index = Math.floor((offset + done) / PAGE_SIZE);
      const at = offset + done - index * PAGE_SIZE;
      const part = from.subarray(done, done + PAGE_SIZE - at);
      let page = this.pages.get(index);
      if (page === undefined) {
        page = new Page();
        page.refs = 1;
        this.pages.set(index, page);
      }
      page.write(at, part);
      done += part.length;
    }
    if (from.length > 0) this.bytes = Math.max(this.bytes, offset + from.length);
  }

  /** Sets the size. Pages behind the end are dropped, also from mappings, and the rest of the last page is zeroed. */
  truncate(size: number): void {
    if (size < this.bytes) {
      const first = Math.ceil(size / PAGE_SIZE);
      this.drop(first, Number.MAX_SAFE_INTEGER);
      const tail = size % PAGE_SIZE;
      if (tail !== 0) this.pages.get(first - 1)?.clear(tail, PAGE_SIZE);
    } else if (this.bytes % PAGE_SIZE !== 0) {
      // A mapping may have written behind the end of the file; those bytes do not become content.
      this.pages.get(Math.floor(this.bytes / PAGE_SIZE))?.clear(this.bytes % PAGE_SIZE, PAGE_SIZE);
    }
    this.bytes = size;
  }

  /** Makes [offset, offset+length) a hole (fallocate's FALLOC_FL_PUNCH_HOLE); the size stays. */
  punch(offset: number, length: number): void {
    const end = offset + length;
    const first = Math.ceil(offset / PAGE_SIZE);
    const last = Math.floor(end / PAGE_SIZE);
    if (first > last) {
      this.pages.get(last)?.clear(offset - last * PAGE_SIZE, end - last * PAGE_SIZE);
      return;
    }
    this.drop(first, last);
    if (offset % PAGE_SIZE !== 0) this.pages.get(first - 1)?.clear(offset % PAGE_SIZE, PAGE_SIZE);
    if (end % PAGE_SIZE !== 0) this.pages.get(last)?.clear(0, end % PAGE_SIZE);
  }

  /** Offset of the first data at or after `offset` (lseek's SEEK_DATA); -1 where only holes follow. */
  seekData(offset: number): number {
    if (offset >= this.bytes) return -1;
    const first = Math.floor(offset / PAGE_SIZE);
    if (this.pages.get(first) !== undefined) return offset;
    const last = Math.ceil(this.bytes / PAGE_SIZE);
    let found = -1;
    this.pages.visit(first, last, (index) => {
      if (found < 0) found = index * PAGE_SIZE;
    });
    return found;
  }

  /** Offset of the first hole at or after `offset` (lseek's SEEK_HOLE), the size at the latest; -1 at or behind the end. */
  seekHole(offset: number): number {
    if (offset >= this.bytes) return -1;
    let index = Math.floor(offset / PAGE_SIZE);
    if (this.pages.get(index) === undefined) return offset;
    while (this.pages.get(index) !== undefined) index++;
    return Math.min(index * PAGE_SIZE, this.bytes);
  }

  /** Numbers of the pages that are not holes, ascending. */
  pageIndices(): number[] {
    return this.pages.indices();
  }

  private drop(first: number, end: number): void {
    this.pages.visit(first, end, (index, page) => {
      this.pages.remove(index);
      page.dropCode();
      page.stale = true;
      page.untag();
      page.release();
    });
  }
}

/** A {@link PageStore} as mmap(2) needs it. */
export class StoreBacking implements FileBacking {
  readonly name: string;
  readonly identity: FileIdentity | undefined;
  readonly store: PageStore;

  constructor(store: PageStore, name: string, identity?: FileIdentity) {
    this.store = store;
    this.name = name;
    this.identity = identity;
  }

  get content(): PageStore {
    return this.store;
  }

  sharedPage(index: number): Page | undefined {
    return index * PAGE_SIZE < this.store.size ? this.store.page(index, true) : undefined;
  }

  fillPage(index: number, into: Uint8Array): boolean {
    if (index * PAGE_SIZE >= this.store.size) return false;
    const page = this.store.page(index, false);
    if (page === undefined) into.fill(0);
    else page.read(0, into);
    return true;
  }

  punch(offset: number, length: number): void {
    this.store.punch(offset, length);
  }
}
