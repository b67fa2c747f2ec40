/**
 * The memory file system, tmpfs(5): regular files are page stores, so that mappings share their pages; everything else is a
 * field. A listing shows the newest name first, as Linux's does.
 */

import { PAGE_SIZE, PageStore } from "../../memory/index.ts";
import type { FileBacking } from "../../memory/index.ts";
import { direntType } from "../abi/dirent.ts";
import { errno } from "../abi/errno.ts";
import { O_TRUNC, RENAME_EXCHANGE } from "../abi/fcntl.ts";
import {
  F_SEAL_FUTURE_WRITE,
  F_SEAL_GROW,
  F_SEAL_SHRINK,
  F_SEAL_WRITE,
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  FALLOC_FL_ZERO_RANGE,
} from "../abi/fcntl.ts";
import type { Stat, Statfs, Time } from "../abi/stat.ts";
import {
  DEVPTS_SUPER_MAGIC,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  S_ISGID,
  S_ISUID,
  S_IXGRP,
  ST_RELATIME,
  TMPFS_MAGIC,
} from "../abi/stat.ts";
import { InodeBacking } from "./backing.ts";
import { openDevice } from "./devices.ts";
import type { DeviceHost } from "./devices.ts";
import { DirectoryFile, FIRST_ENTRY } from "./directory.ts";
import type { Listing } from "./directory.ts";
import { Dentry, FileSystem, Inode } from "./inode.ts";
import type { OpenFile } from "./open-file.ts";
import { SeekableFile } from "./open-file.ts";
import { openFifo, Pipe } from "./pipe.ts";
import type { Attributes, Caller, Clock } from "./types.ts";

/** Position after the last entry of a listing. */
const END_OF_DIRECTORY = 0x7fff_ffff;
/** What a name adds to the size of its directory. */
const DIRENT_SIZE = 20;
/** Links up to this length take no page. */
const SHORT_SYMLINK = 127;
const DAY = 86_400;
/** Offsets are exact in a number: 8 PiB, where Linux allows 8 EiB. */
const MAX_FILE_SIZE: number = 2 ** 53 - PAGE_SIZE;

/** What memory file systems share: time, and what device nodes open. */
export interface TmpFsHost {
  readonly clock: Clock;
  readonly devices: DeviceHost;
}

export interface TmpFsIdentity {
  readonly type: string;
  readonly source: string;
  readonly dev: number;
  readonly mountId: number;
  /** Permission bits of the root directory. */
  readonly rootMode: number;
  /** Bytes that statfs(2) calls the capacity. */
  readonly capacity: number;
}

export class TmpFs extends FileSystem {
  readonly type: string;
  readonly root: Dentry;
  readonly host: TmpFsHost;
  readonly capacity: number;
  nextIno = 1;
  /** Position of the next name, and rank of the next that is made or moved, in any directory. */
  nextPosition = 3;
  nextRank = 1;
  inodes = 0;

  constructor(identity: TmpFsIdentity, host: TmpFsHost) {
    super(identity);
    this.type = identity.type;
    this.host = host;
    this.capacity = identity.capacity;
    const inode = this.inode(S_IFDIR | identity.rootMode, 0, 0, 0);
    inode.nlink = 2;
    this.root = new Dentry(null, "", inode);
  }

  inode(mode: number, uid: number, gid: number, rdev: number): TmpInode {
    this.inodes++;
    return new TmpInode(this, this.nextIno++, mode, uid, gid, rdev);
  }

  override statfs(): Statfs {
    const blocks = Math.floor(this.capacity / PAGE_SIZE);
    const free = Math.max(0, blocks - this.usedPages());
    const files = Math.floor(blocks / 2);
    return {
      type: this.type === "devpts" ? DEVPTS_SUPER_MAGIC : TMPFS_MAGIC,
      bsize: PAGE_SIZE,
      blocks,
      bfree: free,
      bavail: free,
      files,
      ffree: Math.max(0, files - this.inodes),
      fsid: this.dev,
      namelen: 255,
      flags: ST_RELATIME,
    };
  }

  private usedPages(): number {
    let pages = 0;
    const seen = new Set<TmpInode>();
    const visit = (inode: TmpInode): void => {
      if (seen.has(inode)) return;
      seen.add(inode);
      pages += inode.store?.pageCount ?? 0;
      for (const child of inode.entries?.values() ?? []) visit(child.inode as TmpInode);
    };
    visit(this.root.inode as TmpInode);
    return pages;
  }
}

/** State: every field; `store` for regular files, `entries` for directories, `target` for links, `pipe` for FIFOs. */
export class TmpInode extends Inode {
  nlink = 1;
  /** Without a name, but link(2) may give it one: O_TMPFILE. */
  linkable = false;
  rdev: number;
  atime: Time;
  mtime: Time;
  ctime: Time;
  readonly btime: Time;
  readonly store: PageStore | null;
  readonly entries: Map<string, Dentry> | null;
  target = "";
  readonly pipe: Pipe | null;
  backing: InodeBacking | null = null;
  /** F_SEAL_* bits of a memfd. */
  seals = 0;

  constructor(fs: TmpFs, ino: number, mode: number, uid: number, gid: number, rdev: number) {
    super(fs, ino, mode, uid, gid);
    const type = mode & S_IFMT;
    this.rdev = rdev;
    this.store = type === S_IFREG ? new PageStore() : null;
    this.entries = type === S_IFDIR ? new Map() : null;
    this.pipe = type === S_IFIFO ? new Pipe() : null;
    const now = fs.host.clock.now();
    this.atime = now;
    this.mtime = now;
    this.ctime = now;
    this.btime = now;
  }

  get tmpfs(): TmpFs {
    return this.fs as TmpFs;
  }

  now(): Time {
    return this.tmpfs.host.clock.now();
  }

  /** relatime, mount(8). */
  accessed(): void {
    const { atime, mtime, ctime } = this;
    const stale = !after(atime, mtime) || !after(atime, ctime);
    const now = this.now();
    if (stale || now.sec - atime.sec >= DAY) this.atime = now;
  }

  /** Content changed. */
  modified(): void {
    const now = this.now();
    this.mtime = now;
    this.ctime = now;
  }

  changed(): void {
    this.ctime = this.now();
  }

  /** Pages that fallocate(2) put behind the end go with a truncation. */
  private dropReserved(store: PageStore, size: number): void {
    const first = Math.ceil(size / PAGE_SIZE);
    const end = (store.pageIndices().at(-1) ?? -1) + 1;
    if (end > first) store.punch(first * PAGE_SIZE, (end - first) * PAGE_SIZE);
  }

  /** Content changed by who is not root: inode(7). */
  dropIds(caller: Caller): void {
    if ((this.mode & (S_ISUID | S_ISGID)) === 0 || caller.credentials.fsuid === 0) return;
    this.mode &= ~S_ISUID;
    if ((this.mode & S_IXGRP) !== 0) this.mode &= ~S_ISGID;
  }

  get size(): number {
    if (this.store !== null) return this.store.size;
    if (this.entries !== null) return (this.entries.size + 2) * DIRENT_SIZE;
    return this.target.length;
  }

  override stat(): Stat {
    const longLink = this.target.length > SHORT_SYMLINK ? 1 : 0;
    return {
      dev: this.fs.dev,
      ino: this.ino,
      mode: this.mode,
      nlink: this.nlink,
      uid: this.uid,
      gid: this.gid,
      rdev: this.rdev,
      size: this.size,
      blksize: PAGE_SIZE,
      blocks: ((this.store?.pageCount ?? 0) + longLink) * (PAGE_SIZE / 512),
      atime: this.atime,
      mtime: this.mtime,
      ctime: this.ctime,
      btime: this.btime,
      mountId: this.fs.mountId,
      mountRoot: this.fs.root.inode === this,
    };
  }

  override setAttributes(change: Attributes): void {
    if (change.mode !== undefined) this.mode = (this.mode & S_IFMT) | change.mode;
    if (change.uid !== undefined) this.uid = change.uid;
    if (change.gid !== undefined) this.gid = change.gid;
    if (change.atime !== undefined) this.atime = change.atime;
    if (change.mtime !== undefined) this.mtime = change.mtime;
    this.changed();
  }

  override truncate(size: number, caller: Caller): void {
    if (this.store === null) throw errno.EINVAL;
    if (size > MAX_FILE_SIZE) throw errno.EFBIG;
    if (this.seals !== 0) demandResize(this.seals, this.store.size, size);
    if (size <= this.store.size) this.dropReserved(this.store, size);
    this.store.truncate(size);
    this.dropIds(caller);
    this.modified();
  }

  override open(dentry: Dentry, flags: number, caller: Caller): OpenFile {
    const kept = flags & ~O_TRUNC;
    switch (this.mode & S_IFMT) {
      case S_IFREG:
        if ((flags & O_TRUNC) !== 0) this.truncate(0, caller);
        return new TmpFile(dentry, kept);
      case S_IFDIR:
        return new DirectoryFile(dentry, kept);
      case S_IFIFO:
        return openFifo(dentry, kept, this.pipe as Pipe);
      case S_IFCHR:
      case S_IFBLK:
        return openDevice(this.tmpfs.host.devices, dentry, kept, this.mode, this.rdev, caller);
      default:
        throw errno.ENXIO;
    }
  }

  override readlink(): string {
    this.accessed();
    return this.target;
  }

  // ---- directories

  override lookup(_dir: Dentry, name: string): Dentry | undefined {
    return this.entries?.get(name);
  }

  override list(_dir: Dentry, from: number): Listing {
    this.accessed();
    if (from === END_OF_DIRECTORY) return { entries: [], end: END_OF_DIRECTORY };
    const dentries = [...(this.entries?.values() ?? [])].sort((a, b) => b.rank - a.rank);
    const start = from === FIRST_ENTRY ? 0 : startAt(dentries, from);
    const entries = dentries.slice(start).map(({ name, position, inode }) => ({ name, ino: inode.ino, type: direntType(inode.mode), position }));
    return { entries, end: END_OF_DIRECTORY };
  }

  override create(dir: Dentry, name: string, mode: number, rdev: number, caller: Caller): Dentry {
    const inode = this.child(mode, rdev, caller);
    if (inode.isDirectory) {
      inode.nlink = 2;
      this.nlink++;
    }
    return this.enter(dir, name, inode);
  }

  override symlink(dir: Dentry, name: string, target: string, caller: Caller): Dentry {
    const inode = this.child(S_IFLNK | 0o777, 0, caller);
    inode.target = target;
    return this.enter(dir, name, inode);
  }

  override createTemporary(dir: Dentry, mode: number, linkable: boolean, caller: Caller): Dentry {
    const inode = this.child(mode, 0, caller);
    inode.nlink = 0;
    inode.linkable = linkable;
    const dentry = new Dentry(dir, `#${inode.ino}`, inode);
    dentry.unlinked = true;
    return dentry;
  }

  override link(dir: Dentry, name: string, target: Dentry): void {
    const inode = target.inode as TmpInode;
    if (inode.nlink === 0 && !inode.linkable) throw errno.ENOENT;
    inode.linkable = false;
    inode.nlink++;
    inode.changed();
    this.enter(dir, name, inode);
  }

  override unlink(_dir: Dentry, victim: Dentry): void {
    this.drop(victim);
  }

  override rmdir(_dir: Dentry, victim: Dentry): void {
    const inode = victim.inode as TmpInode;
    if (inode.entries !== null && inode.entries.size > 0) throw errno.ENOTEMPTY;
    this.drop(victim);
  }

  override rename(source: Dentry, target: Dentry, name: string, victim: Dentry | undefined, flags: number): void {
    const to = target.inode as TmpInode;
    const moved = source.inode as TmpInode;
    if (victim !== undefined && (flags & RENAME_EXCHANGE) !== 0) {
      this.exchange(source, victim);
      return;
    }
    if (victim !== undefined) {
      const old = victim.inode as TmpInode;
      if (old.entries !== null && old.entries.size > 0) throw errno.ENOTEMPTY;
      to.drop(victim);
    }
    this.entries?.delete(source.name);
    if (moved.isDirectory && to !== this) {
      this.nlink--;
      to.nlink++;
    }
    source.name = name;
    source.parent = target;
    source.position = victim === undefined ? this.tmpfs.nextPosition++ : victim.position;
    source.rank = this.tmpfs.nextRank++;
    to.entries?.set(name, source);
    this.modified();
    if (to !== this) to.modified();
    moved.changed();
  }

  private exchange(a: Dentry, b: Dentry): void {
    const first = a.parent.inode as TmpInode;
    const second = b.parent.inode as TmpInode;
    if (first !== second) {
      first.nlink += Number(b.inode.isDirectory) - Number(a.inode.isDirectory);
      second.nlink += Number(a.inode.isDirectory) - Number(b.inode.isDirectory);
    }
    const { name, parent, position } = a;
    a.name = b.name;
    a.parent = b.parent;
    a.position = b.position;
    b.name = name;
    b.parent = parent;
    b.position = position;
    b.rank = this.tmpfs.nextRank++;
    a.rank = this.tmpfs.nextRank++;
    first.entries?.set(b.name, b);
    second.entries?.set(a.name, a);
    for (const inode of [first, second]) inode.modified();
    for (const { inode } of [a, b]) (inode as TmpInode).changed();
  }

  /** Owner, and the group of a directory with the set-group-ID bit: inode(7). */
  private child(mode: number, rdev: number, caller: Caller): TmpInode {
    const { fsuid, fsgid } = caller.credentials;
    const inherits = (this.mode & S_ISGID) !== 0;
    const bits = inherits && (mode & S_IFMT) === S_IFDIR ? mode | S_ISGID : mode;
    return this.tmpfs.inode(bits, fsuid, inherits ? this.gid : fsgid, rdev);
  }

  /** Puts a name into the directory. */
  enter(dir: Dentry, name: string, inode: Inode): Dentry {
    const dentry = this.attach(dir, name, inode);
    this.modified();
    return dentry;
  }

  protected attach(dir: Dentry, name: string, inode: Inode): Dentry {
    const dentry = new Dentry(dir, name, inode);
    dentry.position = this.tmpfs.nextPosition++;
    dentry.rank = this.tmpfs.nextRank++;
    this.entries?.set(name, dentry);
    return dentry;
  }

  protected drop(victim: Dentry): void {
    const inode = victim.inode as TmpInode;
    this.entries?.delete(victim.name);
    victim.unlinked = true;
    if (inode.isDirectory) {
      inode.nlink = 0;
      this.nlink--;
    } else {
      inode.nlink--;
    }
    if (inode.nlink === 0) this.tmpfs.inodes--;
    inode.changed();
    this.modified();
  }
}

/** Index of the name at `position`; where that is gone, of the one with the next higher position. */
function startAt(dentries: readonly Dentry[], position: number): number {
  let best = dentries.length;
  let least = Infinity;
  dentries.forEach((dentry, index) => {
    if (dentry.position < position || dentry.position >= least) return;
    least = dentry.position;
    best = index;
  });
  return best;
}

function after(a: Time, b: Time): boolean {
  return a.sec !== b.sec ? a.sec > b.sec : a.nsec > b.nsec;
}

const SEAL_WRITE: number = F_SEAL_WRITE | F_SEAL_FUTURE_WRITE;

function demandResize(seals: number, from: number, to: number): void {
  if ((to < from && (seals & F_SEAL_SHRINK) !== 0) || (to > from && (seals & F_SEAL_GROW) !== 0)) throw errno.EPERM;
}

/** A regular file of a memory file system, or a memfd. */
export class TmpFile extends SeekableFile {
  get file(): TmpInode {
    return this.dentry.inode as TmpInode;
  }

  get store(): PageStore {
    return this.file.store as PageStore;
  }

  override get size(): number {
    return this.store.size;
  }

  override pread(into: Uint8Array, offset: number): number {
    if (!this.readable) throw errno.EBADF;
    const count = this.store.read(offset, into);
    if (into.length > 0) this.file.accessed();
    return count;
  }

  protected override pwriteAt(from: Uint8Array, offset: number, caller: Caller): number {
    if (from.length === 0) return 0;
    const inode = this.file;
    if ((inode.seals & SEAL_WRITE) !== 0) throw errno.EPERM;
    const count = Math.min(from.length, Math.min(caller.fileSizeLimit, MAX_FILE_SIZE) - offset);
    if (count <= 0) throw errno.EFBIG;
    if (inode.seals !== 0 && offset + count > this.size) demandResize(inode.seals, this.size, offset + count);
    this.store.write(offset, count === from.length ? from : from.subarray(0, count));
    inode.dropIds(caller);
    inode.modified();
    return count;
  }

  protected override seekHole(offset: number, data: boolean): number {
    const found = data ? this.store.seekData(offset) : this.store.seekHole(offset);
    if (found < 0) throw errno.ENXIO;
    return found;
  }

  override truncate(size: number, caller: Caller): void {
    if (!this.writable || size < 0) throw errno.EINVAL;
    if (size > caller.fileSizeLimit) throw errno.EFBIG;
    this.file.truncate(size, caller);
  }

  override allocate(mode: number, offset: number, length: number, caller: Caller): void {
    if (!this.writable) throw errno.EBADF;
    const end = offset + length;
    const inode = this.file;
    if (mode === (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)) {
      if ((inode.seals & SEAL_WRITE) !== 0) throw errno.EPERM;
      this.store.punch(offset, length);
    } else if ((mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_ZERO_RANGE)) === 0 && (mode & FALLOC_FL_ZERO_RANGE) === 0) {
      if (end > Math.min(caller.fileSizeLimit, MAX_FILE_SIZE)) throw errno.EFBIG;
      if (length > inode.tmpfs.capacity) throw errno.ENOSPC;
      if ((mode & FALLOC_FL_KEEP_SIZE) === 0 && end > this.size) {
        demandResize(inode.seals, this.size, end);
        this.store.truncate(end);
      }
      for (let page = Math.floor(offset / PAGE_SIZE); page * PAGE_SIZE < end; page++) this.store.page(page, true);
    } else {
      throw errno.EOPNOTSUPP;
    }
    inode.modified();
  }

  override sync(): void {}

  override backing(): FileBacking {
    const inode = this.file;
    inode.backing ??= new InodeBacking(this.store, this.dentry, inode.fs.dev);
    return inode.backing;
  }

  override mapping(shared: boolean, write: boolean): FileBacking {
    if (shared && write && (this.file.seals & SEAL_WRITE) !== 0) throw errno.EPERM;
    return super.mapping(shared, write);
  }
}
