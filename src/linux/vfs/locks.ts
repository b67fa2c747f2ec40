/**
 * Advisory locks of one inode: record locks of fcntl(2), owned by a descriptor table (F_SETLK) or by an open file
 * description (F_OFD_SETLK), and flock(2) locks, owned by a description. The two families do not see each other.
 */

import { errno } from "../abi/errno.ts";
import { F_RDLCK, F_UNLCK, F_WRLCK, LOCK_EX, LOCK_UN } from "../abi/fcntl.ts";
import type { Descriptors } from "./descriptors.ts";
import type { OpenFile } from "./open-file.ts";
import { BLOCK } from "./types.ts";

export type LockOwner = Descriptors | OpenFile;

/** Bytes [start, end), end = Infinity to the end of the file. */
export interface RecordLock {
  readonly owner: LockOwner;
  readonly type: typeof F_RDLCK | typeof F_WRLCK;
  readonly start: number;
  readonly end: number;
  /** For F_GETLK; -1 for locks of a description. */
  readonly pid: number;
}

export class FileLocks {
  /** Record locks, by start for each owner. */
  records: RecordLock[] = [];
  /** flock(2) locks. */
  whole: { owner: OpenFile; exclusive: boolean }[] = [];

  /** F_GETLK: the first lock that would stop this one. */
  conflict(owner: LockOwner, type: number, start: number, end: number): RecordLock | undefined {
    return this.records.find((lock) => lock.owner !== owner && lock.start < end && start < lock.end && (type === F_WRLCK || lock.type === F_WRLCK));
  }

  /** F_SETLK with F_RDLCK, F_WRLCK or F_UNLCK. 0, or {@link BLOCK} where another's lock stands in the way. */
  setRecord(owner: LockOwner, type: number, start: number, end: number, pid: number): number {
    if (type !== F_UNLCK && type !== F_RDLCK && type !== F_WRLCK) throw errno.EINVAL;
    if (type !== F_UNLCK && this.conflict(owner, type, start, end) !== undefined) return BLOCK;
    let from = start;
    let to = end;
    const kept: RecordLock[] = [];
    for (const lock of this.records) {
      const touches = lock.owner === owner && lock.start <= to && from <= lock.end;
      if (!touches) {
        kept.push(lock);
      } else if (lock.type === type) {
        from = Math.min(from, lock.start);
        to = Math.max(to, lock.end);
      } else {
        if (lock.start < from) kept.push({ ...lock, end: Math.min(lock.end, from) });
        if (lock.end > to) kept.push({ ...lock, start: Math.max(lock.start, to) });
      }
    }
    if (type === F_RDLCK || type === F_WRLCK) kept.push({ owner, type, start: from, end: to, pid });
    this.records = kept.sort((a, b) => a.start - b.start);
    return 0;
  }

  /** flock(2) without LOCK_NB in `operation`. A change of kind drops the old lock first, as on Linux. */
  setWhole(owner: OpenFile, operation: number): number {
    this.whole = this.whole.filter((lock) => lock.owner !== owner);
    if (operation === LOCK_UN) return 0;
    const exclusive = operation === LOCK_EX;
    if (this.whole.some((lock) => exclusive || lock.exclusive)) return BLOCK;
    this.whole.push({ owner, exclusive });
    return 0;
  }

  /** A descriptor table closed a descriptor of this file. */
  releaseOwner(owner: LockOwner): void {
    if (this.records.length > 0) this.records = this.records.filter((lock) => lock.owner !== owner);
  }

  /** A description is gone. */
  releaseDescription(file: OpenFile): void {
    this.releaseOwner(file);
    if (this.whole.length > 0) this.whole = this.whole.filter((lock) => lock.owner !== file);
  }
}
