/** Open directories: getdents64(2) and seeking. */

import { direntLength, encodeDirent } from "../abi/dirent.ts";
import { errno } from "../abi/errno.ts";
import { SEEK_CUR, SEEK_SET } from "../abi/fcntl.ts";
import { OpenFile } from "./open-file.ts";
import { across } from "./walk.ts";

/** One name of a listing. Positions rise or fall along a listing, as the file system likes; 0 and 1 are "." and "..". */
export interface DirectoryEntry {
  readonly name: string;
  readonly ino: number;
  /** DT_* */
  readonly type: number;
  /** File position at which a listing that starts with this entry continues. */
  readonly position: number;
}

/** What a directory holds from a position on, and the position after its last entry. */
export interface Listing {
  readonly entries: readonly DirectoryEntry[];
  readonly end: number;
}

/** Position of the first entry after "." and "..". */
export const FIRST_ENTRY = 2;

/** An index-ordered listing: positions are 2, 3, 4 ... */
export function indexedListing(all: readonly Omit<DirectoryEntry, "position">[], from: number): Listing {
  const start = Math.max(0, from - FIRST_ENTRY);
  return {
    entries: all.slice(start).map((entry, i) => ({ ...entry, position: FIRST_ENTRY + start + i })),
    end: Math.max(from, FIRST_ENTRY + all.length),
  };
}

export class DirectoryFile extends OpenFile {
  override read(): number {
    throw errno.EISDIR;
  }

  override pread(): number {
    throw errno.EISDIR;
  }

  override write(): number {
    throw errno.EBADF;
  }

  override pwrite(): number {
    throw errno.EBADF;
  }

  override sync(): void {}

  override seek(offset: number, whence: number): number {
    const target = whence === SEEK_SET ? offset : whence === SEEK_CUR ? this.offset + offset : -1;
    if (target < 0) throw errno.EINVAL;
    this.offset = target;
    return target;
  }

  protected listing(from: number): Listing {
    return this.dentry.inode.list(this.dentry, from);
  }

  override readDirectory(into: Uint8Array): number {
    if (this.dentry.unlinked) throw errno.ENOENT;
    const { entries, end } = this.listing(Math.max(this.offset, FIRST_ENTRY));
    const first = entries[0]?.position ?? end;
    let used = 0;
    const put = (name: string, ino: number, type: number, next: number): boolean => {
      const length = direntLength(name);
      if (used + length > into.length) {
        if (used === 0) throw errno.EINVAL;
        return false;
      }
      encodeDirent(into, used, ino, next, type, name);
      used += length;
      this.offset = next;
      return true;
    };
    const above = this.dentry.isRoot ? (this.dentry.inode.fs.over?.parent ?? this.dentry) : across(this.dentry.parent);
    if (this.offset === 0 && !put(".", this.dentry.inode.ino, 4, 1)) return used;
    if (this.offset === 1 && !put("..", above.inode.ino, 4, first)) return used;
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i];
      if (entry !== undefined && !put(entry.name, entry.ino, entry.type, entries[i + 1]?.position ?? end)) break;
    }
    return used;
  }
}
