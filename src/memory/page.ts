import { PAGE_SIZE } from "./layout.ts";
import type { Window } from "./window.ts";

/** Told when a page with translated code changes or leaves its address. */
export interface CodeListener {
  invalidate(page: Page): void;
}

const FREE_LIMIT = 1024;
const freeBytes: Uint8Array[] = [];

/** 4096 bytes of unspecified content for a page's home outside of a window. */
export function takeBytes(): Uint8Array {
  return freeBytes.pop() ?? new Uint8Array(PAGE_SIZE);
}

/** Gives bytes of {@link takeBytes} back. */
export function giveBytes(bytes: Uint8Array): void {
  if (freeBytes.length < FREE_LIMIT) freeBytes.push(bytes);
}

/**
 * A page of guest memory: 4096 bytes with one home at a time, either a slot of some window or `bytes` outside. With
 * neither, the page is all zeros. Mappings, files and translated code refer to the object, wherever its bytes are.
 */
export class Page {
  /** The window in one of whose slots the bytes are. */
  window: Window | undefined = undefined;
  /** The slot in `window`, -1 without one. */
  slot = -1;
  /** The bytes, while they are outside of every window. */
  bytes: Uint8Array | undefined = undefined;
  /** Mappings and files that hold the page. In a private area, a page with more than one is copied before a write. */
  refs = 0;
  /** Written, or new, since the last checkpoint. */
  dirty = true;
  /** Written, or new, since {@link Mappings.clearWritten}. */
  written = true;
  /** Cut off its file: mappings drop it at their next access. */
  stale = false;
  /** Who has translated code of this page. */
  code: CodeListener[] | undefined = undefined;

  /** Copies `into.length` bytes from `offset` on; the range lies within the page. */
  read(offset: number, into: Uint8Array): void {
    if (this.window !== undefined) {
      const at = this.slot * PAGE_SIZE + offset;
      into.set(this.window.u8.subarray(at, at + into.length));
    } else if (this.bytes !== undefined) {
      into.set(this.bytes.subarray(offset, offset + into.length));
    } else {
      into.fill(0);
    }
  }

  /** Copies `from` to `offset`, marks the page dirty and drops its translated code. */
  write(offset: number, from: Uint8Array): void {
    this.touch();
    if (this.window !== undefined) {
      this.window.u8.set(from, this.slot * PAGE_SIZE + offset);
      return;
    }
    this.outsideBytes().set(from, offset);
  }

  /** Zeroes [start, end), as {@link Page.write} would. */
  clear(start: number, end: number): void {
    this.touch();
    if (this.window !== undefined) {
      const base = this.slot * PAGE_SIZE;
      this.window.u8.fill(0, base + start, base + end);
    } else {
      this.bytes?.fill(0, start, end);
    }
  }

  /** The live bytes, valid until the page moves; do not write through them. */
  peek(): Uint8Array {
    if (this.window !== undefined) {
      const base = this.slot * PAGE_SIZE;
      return this.window.u8.subarray(base, base + PAGE_SIZE);
    }
    return this.bytes ?? ZEROS;
  }

  /** A page of its own with the same bytes, outside of every window. */
  copy(): Page {
    const page = new Page();
    if (this.window !== undefined || this.bytes !== undefined) {
      page.bytes = takeBytes();
      this.read(0, page.bytes);
    }
    return page;
  }

  /** What precedes every write: the page is dirty and has no translated code. True where it had some. */
  touch(): boolean {
    this.dirty = true;
    this.written = true;
    if (this.code === undefined) return false;
    this.dropCode();
    return true;
  }

  /** Tells all who have translated this page. */
  dropCode(): void {
    const listeners = this.code;
    if (listeners === undefined) return;
    this.code = undefined;
    for (const listener of listeners) listener.invalidate(this);
  }

  /** Tells `listener` alone: the page left one of its addresses there. */
  dropCodeOf(listener: CodeListener): void {
    const listeners = this.code;
    if (listeners === undefined || !listeners.includes(listener)) return;
    this.code = listeners.length === 1 ? undefined : listeners.filter((other) => other !== listener);
    listener.invalidate(this);
  }

  /** Remembers that `listener` has translated code of this page. */
  addCode(listener: CodeListener): void {
    if (this.code === undefined) this.code = [listener];
    else if (!this.code.includes(listener)) this.code.push(listener);
  }

  /** Accesses by tags end, wherever the page is; the next ones go by the slow path. */
  untag(): void {
    this.window?.untag(this.slot);
  }

  /** One holder less; without any, the home is given up. */
  release(): void {
    if (--this.refs > 0) return;
    if (this.window !== undefined) this.window.vacate(this);
    if (this.bytes !== undefined) {
      giveBytes(this.bytes);
      this.bytes = undefined;
    }
  }

  private outsideBytes(): Uint8Array {
    if (this.bytes === undefined) {
      this.bytes = takeBytes();
      this.bytes.fill(0);
    }
    return this.bytes;
  }
}

const ZEROS = new Uint8Array(PAGE_SIZE);
