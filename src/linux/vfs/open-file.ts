/**
 * Open file descriptions: what open(2) makes and descriptors refer to. A subclass is one kind of file. All state is in
 * fields, so that it can be saved.
 *
 * Counts are plain numbers; errors are thrown as `errno.*`; {@link BLOCK} says that the call must wait until `ready()`
 * has a bit of the wanted mask (POLLIN for reading, POLLOUT for writing). Whether the caller then parks or
 * answers EAGAIN (O_NONBLOCK in `flags`) is the kernel's choice.
 */

import type { FileBacking } from "../../memory/index.ts";
import { errno } from "../abi/errno.ts";
import {
  O_ACCMODE,
  O_APPEND,
  O_ASYNC,
  O_DIRECT,
  O_NOATIME,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
  O_RDWR,
  O_WRONLY,
  POLLIN,
  POLLNVAL,
  POLLOUT,
  POLLRDNORM,
  POLLWRNORM,
  SEEK_CUR,
  SEEK_DATA,
  SEEK_END,
  SEEK_HOLE,
  SEEK_SET,
} from "../abi/fcntl.ts";
import { FIONREAD } from "../abi/ioctl.ts";
import type { Stat } from "../abi/stat.ts";
import { S_IFIFO, S_IFMT, S_IFREG } from "../abi/stat.ts";
import type { Dentry, Inode } from "./inode.ts";
import type { Caller, GuestMemory } from "./types.ts";

const SETTABLE = O_APPEND | O_NONBLOCK | O_ASYNC | O_DIRECT | O_NOATIME;
const ALWAYS_READY = POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM;

export abstract class OpenFile {
  /** Access mode and status flags, as F_GETFL answers. */
  flags: number;
  /** File position in bytes; for directories a position only getdents understands. */
  offset = 0;
  /** Descriptors, parked calls and epoll registrations that hold it. */
  references = 0;
  /** F_SETOWN and F_SETSIG values. */
  owner = 0;
  signal = 0;
  /** The name it was opened by. Pipes and other anonymous files have one without a directory. */
  readonly dentry: Dentry;

  constructor(dentry: Dentry, flags: number) {
    this.dentry = dentry;
    this.flags = flags;
  }

  get inode(): Inode {
    return this.dentry.inode;
  }

  /** Opened for reading. Access mode 3 needs both permissions and gives neither: only ioctl(2) is left. */
  get readable(): boolean {
    const access = this.flags & O_ACCMODE;
    return (access === O_RDONLY || access === O_RDWR) && (this.flags & O_PATH) === 0;
  }

  get writable(): boolean {
    const access = this.flags & O_ACCMODE;
    return access === O_WRONLY || access === O_RDWR;
  }

  get nonblocking(): boolean {
    return (this.flags & O_NONBLOCK) !== 0;
  }

  /** read(2) at the file position, which moves. 0 at the end; {@link BLOCK}. */
  read(_into: Uint8Array): number {
    throw errno.EINVAL;
  }

  /** write(2) at the file position, or at the end with O_APPEND. May write less (a pipe): call again with the rest. */
  write(_from: Uint8Array, _caller: Caller): number {
    throw errno.EINVAL;
  }

  /** pread(2) */
  pread(_into: Uint8Array, _offset: number): number {
    throw errno.ESPIPE;
  }

  /** pwrite(2); with O_APPEND at the end all the same, as on Linux. */
  pwrite(_from: Uint8Array, _offset: number, _caller: Caller): number {
    throw errno.ESPIPE;
  }

  /** Whether pread(2) and pwrite(2) are anything but ESPIPE. */
  get positioned(): boolean {
    return this.pread !== OpenFile.prototype.pread || this.pwrite !== OpenFile.prototype.pwrite;
  }

  /** lseek(2); the new position. */
  seek(_offset: number, _whence: number): number {
    throw errno.ESPIPE;
  }

  /** The bit of {@link ready} that a read(2) waits for, and that an ioctl(2) waits for which answered {@link BLOCK}. */
  get readEvent(): number {
    return POLLIN;
  }

  get ioctlEvent(): number {
    return POLLOUT;
  }

  /** POLL* bits that hold now. */
  ready(): number {
    return ALWAYS_READY;
  }

  /** True while open(2) itself must wait: a FIFO without the other end. The kernel installs the descriptor once it is false. */
  get opening(): boolean {
    return false;
  }

  /** True where epoll_ctl(2) accepts it: everything but regular files and directories. */
  get pollable(): boolean {
    return false;
  }

  /** A read or write moves one message, whatever buffers it is in: sockets that keep boundaries. */
  get wholeMessages(): boolean {
    return false;
  }

  /** EPIPE comes with SIGPIPE. */
  get brokenPipeSignal(): boolean {
    return true;
  }

  /** Nanoseconds that a call waits for `events` before it fails with EAGAIN. */
  waitLimit(_events: number): number {
    return Infinity;
  }

  /** Counts what came to be read, and what made room for writing: O_ASYNC signals such changes. */
  get arrived(): number {
    return 0;
  }

  get departed(): number {
    return 0;
  }

  /** Changes whenever bytes or room came, so that an edge-triggered epoll(7) sees news in a file that was ready all the time. */
  get activity(): number {
    return 0;
  }

  /** ioctl(2) by file kind; {@link BLOCK}. `argument` is the third register, an address or a number. Unknown commands: ENOTTY. */
  ioctl(_command: number, _argument: number, _memory: GuestMemory): number {
    throw errno.ENOTTY;
  }

  /** getdents64(2): whole records that fit; 0 at the end; EINVAL where not even one fits. */
  readDirectory(_into: Uint8Array): number {
    throw errno.ENOTDIR;
  }

  /** ftruncate(2) */
  truncate(_size: number, _caller: Caller): void {
    throw errno.EINVAL;
  }

  /** fallocate(2) */
  allocate(_mode: number, _offset: number, _length: number, _caller: Caller): void {
    if (!this.writable) throw errno.EBADF;
    throw (this.inode.mode & S_IFMT) === S_IFIFO ? errno.ESPIPE : errno.ENODEV;
  }

  /** fsync(2), fdatasync(2) */
  sync(_dataOnly: boolean): void {
    throw errno.EINVAL;
  }

  stat(): Stat {
    return this.dentry.inode.stat();
  }

  /** What a mapping of it reads: ENODEV where it cannot be mapped. Access modes are checked by `mapping`. */
  backing(): FileBacking {
    throw errno.ENODEV;
  }

  /** mmap(2)'s checks, then {@link backing}: EACCES if not readable, or if shared and writable without write access. */
  mapping(shared: boolean, write: boolean): FileBacking {
    if ((this.flags & O_PATH) !== 0) throw errno.EBADF;
    if (!this.readable || (shared && write && !this.writable)) throw errno.EACCES;
    return this.backing();
  }

  /** F_SETFL: of `flags` only O_APPEND, O_NONBLOCK, O_ASYNC, O_DIRECT and O_NOATIME count. */
  setFlags(flags: number): void {
    this.flags = (this.flags & ~SETTABLE) | (flags & SETTABLE);
  }

  retain(): this {
    this.references++;
    return this;
  }

  /** Gives one reference back; with the last, the description is closed. */
  unref(): void {
    if (--this.references === 0) {
      this.inode.locks?.releaseDescription(this);
      this.released();
    }
  }

  /** The last reference is gone. */
  protected released(): void {}
}

/** Files with a position: reading and writing in sequence follow from `pread`, `pwriteAt` and `size`. */
export abstract class SeekableFile extends OpenFile {
  /** Current size in bytes, where SEEK_END and O_APPEND start. */
  abstract get size(): number;

  /** Writes at an offset, whatever O_APPEND says. */
  protected abstract pwriteAt(from: Uint8Array, offset: number, caller: Caller): number;

  override read(into: Uint8Array): number {
    const count = this.pread(into, this.offset);
    if (count > 0) this.offset += count;
    return count;
  }

  override write(from: Uint8Array, caller: Caller): number {
    if (!this.writable) throw errno.EBADF;
    const at = (this.flags & O_APPEND) !== 0 ? this.size : this.offset;
    const count = this.pwriteAt(from, at, caller);
    if (count >= 0) this.offset = at + count;
    return count;
  }

  override pwrite(from: Uint8Array, offset: number, caller: Caller): number {
    if (!this.writable) throw errno.EBADF;
    return this.pwriteAt(from, (this.flags & O_APPEND) !== 0 ? this.size : offset, caller);
  }

  /** lseek(2); positions beyond 2^53 are refused. */
  override seek(offset: number, whence: number): number {
    const target = this.seekTarget(offset, whence);
    if (!(target >= 0 && target <= Number.MAX_SAFE_INTEGER)) throw errno.EINVAL;
    this.offset = target;
    return target;
  }

  /** FIONREAD of a regular file: bytes from the position to the end. */
  override ioctl(command: number, argument: number, memory: GuestMemory): number {
    if (command !== FIONREAD || (this.inode.mode & S_IFMT) !== S_IFREG) throw errno.ENOTTY;
    const left = new Uint8Array(new Int32Array([this.size - this.offset]).buffer);
    if (memory.copyOut(argument, left) !== left.length) throw errno.EFAULT;
    return 0;
  }

  protected seekTarget(offset: number, whence: number): number {
    if (whence === SEEK_SET) return offset;
    if (whence === SEEK_CUR) return this.offset + offset;
    const size = this.size;
    if (whence === SEEK_END) return size + offset;
    if (whence === SEEK_DATA || whence === SEEK_HOLE) {
      if (offset < 0 || offset >= size) throw errno.ENXIO;
      return this.seekHole(offset, whence === SEEK_DATA, size);
    }
    throw errno.EINVAL;
  }

  /** SEEK_DATA (`data`) or SEEK_HOLE from `offset`, which lies below `size`. A file without known holes is all data. */
  protected seekHole(offset: number, data: boolean, size: number): number {
    return data ? offset : size;
  }
}

/** O_PATH: only a place. Everything but fstat, fchdir, dup and *at calls fails with EBADF. */
export class PathFile extends OpenFile {
  override read(): number {
    throw errno.EBADF;
  }
  override write(): number {
    throw errno.EBADF;
  }
  override pread(): number {
    throw errno.EBADF;
  }
  override pwrite(): number {
    throw errno.EBADF;
  }
  override seek(): number {
    throw errno.EBADF;
  }
  override ioctl(): number {
    throw errno.EBADF;
  }
  override readDirectory(): number {
    throw errno.EBADF;
  }
  override truncate(): void {
    throw errno.EBADF;
  }
  override allocate(): void {
    throw errno.EBADF;
  }
  override sync(): void {
    throw errno.EBADF;
  }
  override setFlags(): void {
    throw errno.EBADF;
  }
  override ready(): number {
    return POLLNVAL;
  }
}
