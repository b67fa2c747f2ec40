/**
 * Host directories in the guest's tree (`--dir`). Nothing is believed for longer than a call: every walk asks the host
 * again. Names are relative to the mount's root and never hold ".", ".." or a link that was not interpreted here.
 */

import { PAGE_SIZE, PageStore } from "../../memory/index.ts";
import type { FileBacking, Page } from "../../memory/index.ts";
import { direntType } from "../abi/dirent.ts";
import { Errno, errno } from "../abi/errno.ts";
import { O_ACCMODE, O_APPEND, O_CREAT, O_EXCL, O_RDWR, O_TRUNC, O_WRONLY, RENAME_NOREPLACE } from "../abi/fcntl.ts";
import type { Stat, Statfs } from "../abi/stat.ts";
import { EXT4_SUPER_MAGIC, S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFMT, S_IFREG, ST_RDONLY, ST_RELATIME } from "../abi/stat.ts";
import type { HostAnswer, HostAttributes, HostDirent, HostRequest, HostStat } from "../inputs.ts";
import { MAX_TRANSFER } from "../inputs.ts";
import { identityOf } from "./backing.ts";
import { DirectoryFile, indexedListing } from "./directory.ts";
import type { Listing } from "./directory.ts";
import type { HostPort } from "./host-port.ts";
import { Dentry, FileSystem, Inode } from "./inode.ts";
import type { OpenFile } from "./open-file.ts";
import { SeekableFile } from "./open-file.ts";
import { hostStat } from "./stream.ts";
import type { Attributes, Caller } from "./types.ts";
import { pathFromTop } from "./walk.ts";

/** Inode numbers of placeholders. */
const FIRST_PLACEHOLDER = 0xffff_0000;

/** Flags of open(2) that reach the host. */
const HOST_OPEN = O_ACCMODE | O_TRUNC | O_APPEND;

export class HostFs extends FileSystem {
  readonly type = "hostfs";
  readonly root: Dentry;
  readonly port: HostPort;
  readonly mount: number;

  constructor(options: {
    readonly port: HostPort;
    readonly mount: number;
    readonly guest: string;
    readonly dev: number;
    readonly mountId: number;
    readonly readOnly: boolean;
  }) {
    super({ dev: options.dev, mountId: options.mountId, readOnly: options.readOnly, source: `host${options.mount}` });
    this.port = options.port;
    this.mount = options.mount;
    const { stat } = options.port.ask("stat", { op: "lstat", mount: options.mount, path: "" });
    if ((stat.mode & S_IFMT) !== S_IFDIR) throw errno.ENOTDIR;
    this.root = HostInode.named(null, "", new HostInode(this, stat));
  }

  ask<K extends string>(field: K, request: HostRequest): Extract<HostAnswer, { readonly [P in K]: unknown }> {
    return this.port.ask(field, request);
  }

  /** Path of a dentry for requests: names joined by "/", "" for the mount's root. */
  path(dentry: Dentry): string {
    let path = "";
    for (let at = dentry; !at.isRoot; at = at.parent) path = path === "" ? at.name : at.name + "/" + path;
    return path;
  }

  below(dir: Dentry, name: string): string {
    const path = this.path(dir);
    return path === "" ? name : path + "/" + name;
  }

  override statfs(): Statfs {
    const { statfs } = this.ask("statfs", { op: "statfs", mount: this.mount, path: "" });
    return { ...statfs, type: EXT4_SUPER_MAGIC, fsid: this.dev, flags: ST_RELATIME | (this.readOnly ? ST_RDONLY : 0) };
  }

  /** A directory that exists in the guest's tree only: a mount point that the host does not have. */
  placeholder(dir: Dentry, name: string): Dentry {
    const inode = dir.inode as HostInode;
    const made = new HostInode(this, { ...inode.known, mode: S_IFDIR | 0o555, ino: FIRST_PLACEHOLDER + this.placeholders++, nlink: 2 });
    made.made = true;
    const dentry = HostInode.named(dir, name, made);
    inode.pin(dentry);
    return dentry;
  }

  placeholders = 0;
  /** Files that are or were mapped. */
  readonly mapped: SharedPages[] = [];
}

/**
 * A file of the host, one for each name. State: `known` (a cache), `pinned`, `made`, `shared`. `children` only keeps
 * dentries apart that something else holds.
 */
export class HostInode extends Inode {
  /** As last told. */
  known: HostStat;
  /** Names that carry a mount point. */
  pinned: Map<string, Dentry> | null = null;
  /** A placeholder. */
  made = false;
  /** The name it was found by; there is one for each inode. */
  dentry: Dentry | null = null;
  /** A handle that is open on it, for what must be done after its name is gone; -1 for none. */
  handle = -1;
  /** The system call that `known` was asked in. */
  asked = 0;
  /** Pages of shared mappings; null until there is one. */
  shared: SharedPages | null = null;
  private children: Map<string, WeakRef<Dentry>> | null = null;

  constructor(fs: HostFs, stat: HostStat) {
    super(fs, stat.ino, stat.mode, stat.uid, stat.gid);
    this.known = stat;
    this.asked = fs.port.calls;
  }

  static named(dir: Dentry | null, name: string, inode: HostInode): Dentry {
    const dentry = new Dentry(dir, name, inode);
    inode.dentry = dentry;
    return dentry;
  }

  get host(): HostFs {
    return this.fs as HostFs;
  }

  refresh(stat: HostStat): void {
    this.known = stat;
    this.asked = this.host.port.calls;
    this.mode = stat.mode;
    this.uid = stat.uid;
    this.gid = stat.gid;
  }

  pin(dentry: Dentry): void {
    this.pinned ??= new Map();
    this.pinned.set(dentry.name, dentry);
  }

  /** The name requests are made by; ENOENT once it is gone. */
  private get path(): string {
    if (this.dentry === null || this.dentry.unlinked) throw errno.ENOENT;
    return this.host.path(this.dentry);
  }

  /** Asks the host, unless this very system call already did. */
  override stat(): Stat {
    const { host } = this;
    if (this.asked !== host.port.calls && !this.made) {
      if (this.dentry?.unlinked !== true) this.refresh(host.ask("stat", { op: "lstat", mount: host.mount, path: this.path }).stat);
      else if (this.handle >= 0) this.refresh(host.ask("stat", { op: "file.fstat", handle: this.handle }).stat);
    }
    return { ...hostStat(this.known), dev: this.fs.dev, mountId: this.fs.mountId, mountRoot: this.fs.root.inode === this };
  }

  override setAttributes(change: Attributes): void {
    this.demandReal();
    const { host } = this;
    const attributes: HostAttributes = change;
    if (this.dentry?.unlinked === true && this.handle >= 0) {
      host.ask("done", { op: "file.setattr", handle: this.handle, attributes });
      this.refresh(host.ask("stat", { op: "file.fstat", handle: this.handle }).stat);
      return;
    }
    host.ask("done", { op: "setattr", mount: host.mount, path: this.path, attributes });
    this.refresh(host.ask("stat", { op: "lstat", mount: host.mount, path: this.path }).stat);
  }

  override truncate(size: number): void {
    const { host } = this;
    const { handle } = host.ask("handle", { op: "open", mount: host.mount, path: this.path, flags: O_WRONLY, mode: 0 });
    this.shared?.flush();
    try {
      host.ask("done", { op: "file.truncate", handle, size });
    } finally {
      host.ask("done", { op: "file.close", handle });
    }
    this.shared?.truncate(size);
    this.asked = -1;
  }

  override readlink(): string {
    return this.host.ask("target", { op: "readlink", mount: this.host.mount, path: this.path }).target;
  }

  // ---- directories

  override lookup(dir: Dentry, name: string): Dentry | undefined {
    const pinned = this.pinned?.get(name);
    if (pinned?.mounted != null || (pinned?.inode as HostInode | undefined)?.made === true) return pinned;
    if (this.made) return undefined;
    let stat: HostStat;
    try {
      ({ stat } = this.host.ask("stat", { op: "lstat", mount: this.host.mount, path: this.host.below(dir, name) }));
    } catch (error) {
      if (error instanceof Errno && error.code === errno.ENOENT.code) return undefined;
      throw error;
    }
    return this.child(dir, name, stat);
  }

  private child(dir: Dentry, name: string, stat: HostStat): Dentry {
    const known = this.children?.get(name)?.deref();
    if (known !== undefined && !known.unlinked && known.inode.ino === stat.ino && (known.inode.mode & S_IFMT) === (stat.mode & S_IFMT)) {
      (known.inode as HostInode).refresh(stat);
      return known;
    }
    if (known !== undefined) known.unlinked = true;
    return this.adopt(HostInode.named(dir, name, new HostInode(this.host, stat)));
  }

  /** Keeps the dentry to be found again by name, as long as somebody holds it. */
  adopt(dentry: Dentry): Dentry {
    this.children ??= new Map();
    this.children.set(dentry.name, new WeakRef(dentry));
    return dentry;
  }

  override list(_dir: Dentry, _from: number): Listing {
    throw new Error("a host directory is listed by its open file");
  }

  override open(dentry: Dentry, flags: number): OpenFile {
    const { host } = this;
    switch (this.mode & S_IFMT) {
      case S_IFDIR:
        return new HostDirectory(dentry, flags);
      case S_IFREG: {
        // Reading is asked for too, so that the file can be mapped; where the host refuses, writing alone must do.
        const access = flags & O_ACCMODE;
        const opened = this.openHandle(dentry, flags & HOST_OPEN, access === O_WRONLY);
        this.refresh(opened.stat);
        return new HostFile(dentry, flags & ~O_TRUNC, host, opened.handle);
      }
      default:
        throw errno.ENXIO;
    }
  }

  private openHandle(dentry: Dentry, flags: number, widen: boolean): { handle: number; stat: HostStat } {
    const { host } = this;
    const path = host.path(dentry);
    if (widen) {
      try {
        return host.ask("handle", { op: "open", mount: host.mount, path, flags: (flags & ~O_ACCMODE) | O_RDWR, mode: 0 });
      } catch (error) {
        if (!(error instanceof Errno) || error.code !== errno.EACCES.code) throw error;
      }
    }
    return host.ask("handle", { op: "open", mount: host.mount, path, flags, mode: 0 });
  }

  private demandReal(): void {
    if (this.made) throw errno.EROFS;
  }

  override createOpen(dir: Dentry, name: string, mode: number, flags: number, _caller: Caller): OpenFile {
    this.demandReal();
    const { host } = this;
    const access = flags & O_ACCMODE;
    const asked = (flags & HOST_OPEN & ~O_ACCMODE) | (access === O_WRONLY ? O_RDWR : access) | O_CREAT | O_EXCL;
    const { handle, stat } = host.ask("handle", { op: "open", mount: host.mount, path: host.below(dir, name), flags: asked, mode: mode & 0o7777 });
    return new HostFile(this.child(dir, name, stat), flags & ~O_TRUNC, host, handle);
  }

  override create(dir: Dentry, name: string, mode: number, _rdev: number, _caller: Caller): Dentry {
    this.demandReal();
    const { host } = this;
    const type = mode & S_IFMT;
    const path = host.below(dir, name);
    if (type === S_IFDIR) host.ask("done", { op: "mkdir", mount: host.mount, path, mode: mode & 0o7777 });
    else if (type === S_IFREG || type === S_IFIFO) host.ask("done", { op: "mknod", mount: host.mount, path, mode });
    else throw errno.EPERM;
    return this.found(dir, name);
  }

  private found(dir: Dentry, name: string): Dentry {
    const { stat } = this.host.ask("stat", { op: "lstat", mount: this.host.mount, path: this.host.below(dir, name) });
    return this.child(dir, name, stat);
  }

  override symlink(dir: Dentry, name: string, target: string): Dentry {
    this.demandReal();
    this.host.ask("done", { op: "symlink", mount: this.host.mount, path: this.host.below(dir, name), target });
    return this.found(dir, name);
  }

  override link(dir: Dentry, name: string, target: Dentry): void {
    this.demandReal();
    demandNoDevice(target);
    this.host.ask("done", { op: "link", mount: this.host.mount, from: this.host.path(target), path: this.host.below(dir, name) });
  }

  override unlink(dir: Dentry, victim: Dentry): void {
    demandNoDevice(victim);
    this.host.ask("done", { op: "unlink", mount: this.host.mount, path: this.host.below(dir, victim.name) });
    this.forget(victim);
  }

  override rmdir(dir: Dentry, victim: Dentry): void {
    if ((victim.inode as HostInode).made || (victim.inode as HostInode).pinned !== null) throw errno.EBUSY;
    this.host.ask("done", { op: "rmdir", mount: this.host.mount, path: this.host.below(dir, victim.name) });
    this.forget(victim);
  }

  private forget(victim: Dentry): void {
    const inode = victim.inode as HostInode;
    inode.known = { ...inode.known, nlink: inode.isDirectory ? 0 : inode.known.nlink - 1 };
    victim.unlinked = true;
    this.children?.delete(victim.name);
  }

  override rename(source: Dentry, target: Dentry, name: string, victim: Dentry | undefined, flags: number): void {
    if ((flags & ~RENAME_NOREPLACE) !== 0) throw errno.EINVAL;
    demandNoDevice(source);
    if (victim !== undefined) demandNoDevice(victim);
    for (const moved of [source, victim]) {
      if (moved !== undefined && ((moved.inode as HostInode).made || (moved.inode as HostInode).pinned !== null)) throw errno.EBUSY;
    }
    const to = target.inode as HostInode;
    to.demandReal();
    const { host } = this;
    const path = host.below(target, name);
    host.ask("done", { op: "rename", mount: host.mount, from: host.path(source), path, noReplace: (flags & RENAME_NOREPLACE) !== 0 });
    if (victim !== undefined) to.forget(victim);
    this.children?.delete(source.name);
    source.name = name;
    source.parent = target;
    to.adopt(source);
  }
}

/** Host device nodes are never removed, moved, replaced or linked, whatever the adapter would do. */
function demandNoDevice(dentry: Dentry): void {
  const type = dentry.inode.mode & S_IFMT;
  if (type === S_IFCHR || type === S_IFBLK) throw errno.EPERM;
}

/** An open directory of the host: the listing is taken when reading starts. State: `entries`. */
export class HostDirectory extends DirectoryFile {
  entries: readonly HostDirent[] | null = null;

  protected override listing(from: number): Listing {
    const inode = this.inode as HostInode;
    const { host } = inode;
    if (this.entries === null || this.offset === 0) {
      const real = inode.made ? [] : host.ask("entries", { op: "readdir", mount: host.mount, path: host.path(this.dentry) }).entries;
      const names = new Set(real.map(({ name }) => name));
      const added = [...(inode.pinned?.values() ?? [])].filter(({ name }) => !names.has(name));
      this.entries = [...real, ...added.map((dentry) => ({ name: dentry.name, ino: dentry.inode.ino, type: direntType(dentry.inode.mode) }))];
    }
    return indexedListing(this.entries, from);
  }
}

/** A regular file of the host. State: the handle, which a restored machine opens again by name. */
export class HostFile extends SeekableFile {
  readonly host: HostFs;
  readonly handle: number;
  /** A mapping may outlive the descriptors; its handle is not given back. */
  mapped = false;

  constructor(dentry: Dentry, flags: number, host: HostFs, handle: number) {
    super(dentry, flags);
    this.host = host;
    this.handle = handle;
    this.file.handle = handle;
  }

  get file(): HostInode {
    return this.dentry.inode as HostInode;
  }

  hostStat(): HostStat {
    const { stat } = this.host.ask("stat", { op: "file.fstat", handle: this.handle });
    this.file.refresh(stat);
    return stat;
  }

  override get size(): number {
    return this.hostStat().size;
  }

  override stat(): Stat {
    this.hostStat();
    return this.file.stat();
  }

  override pread(into: Uint8Array, offset: number): number {
    if (!this.readable) throw errno.EBADF;
    this.file.shared?.flush();
    return this.fetch(into, offset);
  }

  /** Bytes of the host's file, whatever this description may do. */
  fetch(into: Uint8Array, offset: number): number {
    let done = 0;
    while (done < into.length) {
      const max = Math.min(into.length - done, MAX_TRANSFER);
      const { bytes } = this.host.ask("bytes", { op: "file.pread", handle: this.handle, offset: offset + done, max });
      if (bytes.length === 0) break;
      into.set(bytes, done);
      done += bytes.length;
      if (bytes.length < max) break;
    }
    return done;
  }

  protected override pwriteAt(from: Uint8Array, offset: number, caller: Caller): number {
    const total = Math.min(from.length, caller.fileSizeLimit - offset);
    if (total <= 0 && from.length > 0) throw errno.EFBIG;
    this.file.shared?.flush();
    return this.store(from.subarray(0, total), offset);
  }

  store(from: Uint8Array, offset: number): number {
    let done = 0;
    while (done < from.length) {
      const bytes = from.subarray(done, done + MAX_TRANSFER);
      const { count } = this.host.ask("count", { op: "file.pwrite", handle: this.handle, offset: offset + done, bytes });
      if (count <= 0) break;
      done += count;
    }
    this.file.shared?.reload(offset, done);
    return done;
  }

  override truncate(size: number, caller: Caller): void {
    if (!this.writable || size < 0) throw errno.EINVAL;
    if (size > caller.fileSizeLimit) throw errno.EFBIG;
    this.file.shared?.flush();
    this.host.ask("done", { op: "file.truncate", handle: this.handle, size });
    this.file.shared?.truncate(size);
  }

  /** posix_fallocate(3) then writes; only growing is asked of the host. */
  override allocate(mode: number, offset: number, length: number, caller: Caller): void {
    if (!this.writable) throw errno.EBADF;
    if (mode !== 0) throw errno.EOPNOTSUPP;
    if (offset + length > this.size) this.truncate(offset + length, caller);
  }

  override sync(dataOnly: boolean): void {
    this.file.shared?.flush();
    this.host.ask("done", { op: "file.sync", handle: this.handle, dataOnly });
  }

  override backing(): FileBacking {
    this.mapped = true;
    const inode = this.file;
    if (inode.shared === null) {
      inode.shared = new SharedPages(this);
      this.host.mapped.push(inode.shared);
    } else if (this.writable && !inode.shared.file.writable) {
      inode.shared.file = this;
    }
    return inode.shared;
  }

  protected override released(): void {
    this.file.shared?.flush();
    if (this.mapped) return;
    if (this.file.handle === this.handle) this.file.handle = -1;
    this.host.port.request({ op: "file.close", handle: this.handle });
  }
}

/**
 * What a mapping of a host file sees. Private mappings take their pages from the host when touched; shared ones share `pages`,
 * which are written back where they differ from what was read: at msync(2), fsync(2), read(2), write(2), close(2) and exit.
 */
export class SharedPages implements FileBacking {
  /** The description it reads and writes through: a writable one, if the file was ever mapped by one. */
  file: HostFile;
  readonly identity: FileBacking["identity"];
  readonly pages: PageStore = new PageStore();
  /** Each page as the host has it. */
  readonly clean: Map<number, Uint8Array> = new Map();

  constructor(file: HostFile) {
    this.file = file;
    this.identity = identityOf(file.dentry, file.host.dev);
  }

  get name(): string {
    return pathFromTop(this.file.dentry);
  }

  sharedPage(index: number): Page | undefined {
    const known = this.pages.page(index, false);
    if (known !== undefined) return known;
    const bytes = new Uint8Array(PAGE_SIZE);
    if (!this.fillPage(index, bytes)) return undefined;
    this.clean.set(index, bytes);
    this.pages.write(index * PAGE_SIZE, bytes);
    return this.pages.page(index, true);
  }

  fillPage(index: number, into: Uint8Array): boolean {
    if (this.clean.size > 0 && this.clean.has(index)) {
      this.pages.page(index, true)?.read(0, into);
      return true;
    }
    const count = this.file.fetch(into, index * PAGE_SIZE);
    into.fill(0, count);
    return count > 0;
  }

  /** Writes back what changed; bytes behind the end of the file are nobody's. */
  flush(offset: number = 0, length: number = Infinity): void {
    if (this.clean.size === 0 || !this.file.writable) return;
    const bytes = new Uint8Array(PAGE_SIZE);
    let size = -1;
    for (const [index, clean] of this.clean) {
      const start = index * PAGE_SIZE;
      if (start + PAGE_SIZE <= offset || start >= offset + length) continue;
      this.pages.page(index, true)?.read(0, bytes);
      if (bytes.every((byte, i) => byte === clean[i])) continue;
      if (size < 0) size = this.file.hostStat().size;
      const count = Math.min(PAGE_SIZE, size - start);
      clean.set(bytes);
      for (let done = 0; done < count;) {
        const part = bytes.subarray(done, count);
        done += this.file.host.ask("count", { op: "file.pwrite", handle: this.file.handle, offset: start + done, bytes: part }).count;
      }
    }
  }

  /** The host's bytes of a range changed by write(2). */
  reload(offset: number, length: number): void {
    for (const [index, clean] of this.clean) {
      const start = index * PAGE_SIZE;
      if (start + PAGE_SIZE <= offset || start >= offset + length) continue;
      const count = this.file.fetch(clean, start);
      clean.fill(0, count);
      this.pages.write(start, clean);
    }
  }

  truncate(size: number): void {
    this.pages.truncate(size);
    for (const index of this.clean.keys()) if (index * PAGE_SIZE >= size) this.clean.delete(index);
    this.reload(Math.floor(size / PAGE_SIZE) * PAGE_SIZE, PAGE_SIZE);
  }
}
