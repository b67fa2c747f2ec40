/** epoll(7): a set of open files watched for readiness. */
import { errno } from "../abi/errno.ts";
import { POLLIN, POLLRDNORM } from "../abi/fcntl.ts";
import type { Dentry } from "../vfs/inode.ts";
import { OpenFile } from "../vfs/open-file.ts";

export const EPOLLERR = 8;
export const EPOLLHUP = 0x10;
export const EPOLLEXCLUSIVE = 0x1000_0000;
export const EPOLLWAKEUP = 0x2000_0000;
export const EPOLLONESHOT = 0x4000_0000;
export const EPOLLET = 0x8000_0000;

const PRIVATE_BITS = EPOLLET | EPOLLONESHOT | EPOLLWAKEUP | EPOLLEXCLUSIVE;
const MAX_DEPTH = 5;

/** A file watched, under the descriptor it was added by. */
export interface Watch {
  readonly fd: number;
  readonly file: OpenFile;
  events: number;
  dataLow: number;
  dataHigh: number;
  /** Edge triggered: bits told at the last report and still holding, and the file's activity then. */
  told: number;
  activity: number;
}

export interface EpollEvent {
  readonly events: number;
  readonly dataLow: number;
  readonly dataHigh: number;
}

export class EpollFile extends OpenFile {
  /** In the order of the ready list: a watch that was reported goes to the end. */
  watches: Watch[] = [];

  constructor(dentry: Dentry, flags: number) {
    super(dentry, flags);
  }

  override get pollable(): boolean {
    return true;
  }

  /** There is no position: lseek(2) succeeds and does nothing. */
  override seek(): number {
    return 0;
  }

  override ready(): number {
    return this.watches.some((watch) => pendingEvents(watch) !== 0) ? POLLIN | POLLRDNORM : 0;
  }

  /** EPOLL_CTL_ADD. The watch does not keep the file open: closing the last descriptor ends it. */
  add(fd: number, file: OpenFile, events: number, dataLow: number, dataHigh: number): void {
    if (!file.pollable) throw errno.EPERM;
    if (file === this) throw errno.EINVAL;
    if (file instanceof EpollFile) {
      if (events & EPOLLEXCLUSIVE) throw errno.EINVAL;
      if (file.depth() + 1 > MAX_DEPTH || file.reaches(this)) throw errno.ELOOP;
    }
    if (this.find(fd, file) !== undefined) throw errno.EEXIST;
    this.watches.push({ fd, file, events: events | EPOLLERR | EPOLLHUP, dataLow, dataHigh, told: 0, activity: -1 });
  }

  /** EPOLL_CTL_MOD. */
  change(fd: number, file: OpenFile, events: number, dataLow: number, dataHigh: number): void {
    const watch = this.find(fd, file);
    if (watch === undefined) throw errno.ENOENT;
    if ((watch.events | events) & EPOLLEXCLUSIVE) throw errno.EINVAL;
    Object.assign(watch, { events: events | EPOLLERR | EPOLLHUP, dataLow, dataHigh, told: 0, activity: -1 });
  }

  /** EPOLL_CTL_DEL. */
  remove(fd: number, file: OpenFile): void {
    const watch = this.find(fd, file);
    if (watch === undefined) throw errno.ENOENT;
    this.watches.splice(this.watches.indexOf(watch), 1);
  }

  private find(fd: number, file: OpenFile): Watch | undefined {
    this.prune();
    return this.watches.find((watch) => watch.fd === fd && watch.file === file);
  }

  /** Drops files that nobody has open any more. */
  private prune(): void {
    if (this.watches.some(({ file }) => file.references === 0)) this.watches = this.watches.filter(({ file }) => file.references > 0);
  }

  /** Up to `limit` events; what is level triggered stays ready for the next call. */
  collect(limit: number): EpollEvent[] {
    this.prune();
    const events: EpollEvent[] = [];
    const reported: Watch[] = [];
    for (const watch of this.watches) {
      if (events.length === limit) break;
      const found = pendingEvents(watch);
      if (found === 0) continue;
      events.push({ events: found, dataLow: watch.dataLow, dataHigh: watch.dataHigh });
      reported.push(watch);
      if (watch.events & EPOLLONESHOT) watch.events &= PRIVATE_BITS;
      else if (watch.events & EPOLLET) {
        watch.told = watch.file.ready();
        watch.activity = watch.file.activity;
      }
    }
    if (reported.length > 0 && this.watches.length > reported.length) {
      this.watches = [...this.watches.filter((watch) => !reported.includes(watch)), ...reported];
    }
    return events;
  }

  private depth(): number {
    return 1 + Math.max(0, ...this.watches.map(({ file }) => (file instanceof EpollFile ? file.depth() : 0)));
  }

  private reaches(other: EpollFile): boolean {
    return this.watches.some(({ file }) => file === other || (file instanceof EpollFile && file.reaches(other)));
  }

  protected override released(): void {
    this.watches = [];
  }
}

/** Bits to report for a watch now. */
function pendingEvents(watch: Watch): number {
  if (watch.file.references === 0) return 0;
  const ready = watch.file.ready();
  const wanted = ready & watch.events & ~PRIVATE_BITS;
  if ((watch.events & EPOLLET) === 0) return wanted;
  const { activity } = watch.file;
  if (activity !== watch.activity) return wanted;
  watch.told &= ready;
  return wanted & ~watch.told ? wanted : 0;
}
