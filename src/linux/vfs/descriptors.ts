/** Descriptor tables: number to open file description and close-on-exec flag. Shared by tasks as CLONE_FILES says. */

import { errno } from "../abi/errno.ts";
import { O_PATH } from "../abi/fcntl.ts";
import type { OpenFile } from "./open-file.ts";

export interface Descriptor {
  readonly file: OpenFile;
  closeOnExec: boolean;
}

export class Descriptors {
  private readonly slots: (Descriptor | undefined)[] = [];
  /** No free number lies below. */
  private free = 0;
  /** Tasks that share the table. */
  references = 1;

  /** The description of an open descriptor; EBADF. O_PATH descriptors count: {@link getIo} refuses them. */
  get(fd: number): OpenFile {
    const slot = this.slots[fd];
    if (slot === undefined) throw errno.EBADF;
    return slot.file;
  }

  /** As {@link get}, for calls that act on the file's contents: EBADF for O_PATH too. */
  getIo(fd: number): OpenFile {
    const file = this.get(fd);
    if ((file.flags & O_PATH) !== 0) throw errno.EBADF;
    return file;
  }

  find(fd: number): Descriptor | undefined {
    return this.slots[fd];
  }

  /** Lowest free number from `minimum` on, below `limit` (RLIMIT_NOFILE): EMFILE. F_DUPFD with minimum >= limit: EINVAL is the caller's. */
  add(file: OpenFile, options: { readonly closeOnExec: boolean; readonly limit: number; readonly minimum?: number }): number {
    const minimum = options.minimum ?? 0;
    let fd = Math.max(minimum, this.free);
    while (this.slots[fd] !== undefined) fd++;
    if (fd >= options.limit) throw errno.EMFILE;
    this.slots[fd] = { file: file.retain(), closeOnExec: options.closeOnExec };
    if (minimum <= this.free) this.free = fd + 1;
    return fd;
  }

  /** dup2(2), dup3(2): puts `file` at `fd`, closing what was there. EBADF where `fd` is out of range. */
  replace(fd: number, file: OpenFile, closeOnExec: boolean, limit: number): void {
    if (fd < 0 || fd >= limit) throw errno.EBADF;
    const old = this.slots[fd];
    this.slots[fd] = { file: file.retain(), closeOnExec };
    if (old !== undefined) this.#drop(old);
  }

  close(fd: number): void {
    const slot = this.slots[fd];
    if (slot === undefined) throw errno.EBADF;
    this.slots[fd] = undefined;
    if (fd < this.free) this.free = fd;
    this.#drop(slot);
  }

  /** Closes every descriptor of the range, bounds included. */
  closeRange(first: number, last: number): void {
    const end = Math.min(last, this.slots.length - 1);
    for (let fd = first; fd <= end; fd++) if (this.slots[fd] !== undefined) this.close(fd);
  }

  /** execve(2). */
  closeOnExec(): void {
    for (const [fd, slot] of this.entries()) if (slot.closeOnExec) this.close(fd);
  }

  /** A copy for fork(2): the same descriptions. */
  clone(): Descriptors {
    const copy = new Descriptors();
    for (const [fd, { file, closeOnExec }] of this.entries()) copy.slots[fd] = { file: file.retain(), closeOnExec };
    copy.free = this.free;
    return copy;
  }

  /** Open descriptors, ascending. */
  entries(): (readonly [fd: number, slot: Descriptor])[] {
    const list: [number, Descriptor][] = [];
    this.slots.forEach((slot, fd) => {
      if (slot !== undefined) list.push([fd, slot]);
    });
    return list;
  }

  /** Record locks go when their owner closes any descriptor of the file, fcntl(2). */
  #drop(slot: Descriptor): void {
    slot.file.inode.locks?.releaseOwner(this);
    slot.file.unref();
  }
}
