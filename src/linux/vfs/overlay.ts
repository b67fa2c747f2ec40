/**
 * A host directory, read-only, below a memory file system (`--root`): names come from the host when they are first asked for and then are
 * entries in memory with attributes in memory; only the content of a regular file stays with the host, until somebody is to change it. Nothing
 * is ever written to the host. Which names and files the host itself changes meanwhile is seen or not, as with Linux's overlayfs; it leads nowhere else,
 * as the adapter never follows links.
 */

import { PAGE_SIZE } from "../../memory/index.ts";
import type { FileBacking, FileIdentity, Page, PageStore } from "../../memory/index.ts";
import { errno } from "../abi/errno.ts";
import { O_ACCMODE, O_RDONLY, O_TRUNC } from "../abi/fcntl.ts";
import type { Stat, Statfs } from "../abi/stat.ts";
import { OVERLAYFS_SUPER_MAGIC, S_IFMT, S_IFREG } from "../abi/stat.ts";
import { MAX_TRANSFER } from "../inputs.ts";
import { identityOf } from "./backing.ts";
import type { Listing } from "./directory.ts";
import { HostFile } from "./host-fs.ts";
import type { HostFs, HostInode } from "./host-fs.ts";
import type { Dentry } from "./inode.ts";
import type { OpenFile } from "./open-file.ts";
import { TmpFile, TmpFs, TmpInode } from "./tmpfs.ts";
import type { TmpFsHost, TmpFsIdentity } from "./tmpfs.ts";
import type { Caller } from "./types.ts";
import { pathFromTop } from "./walk.ts";

/** Memory above `lower`, which has no place of its own in the tree. */
export class OverlayFs extends TmpFs {
  readonly lower: HostFs;

  constructor(identity: TmpFsIdentity, host: TmpFsHost, lower: HostFs) {
    super(identity, host);
    this.lower = lower;
    (this.root.inode as OverlayInode).lieOver(lower.root);
  }

  override inode(mode: number, uid: number, gid: number, rdev: number): OverlayInode {
    this.inodes++;
    return new OverlayInode(this, this.nextIno++, mode, uid, gid, rdev);
  }

  override statfs(): Statfs {
    return { ...super.statfs(), type: OVERLAYFS_SUPER_MAGIC };
  }
}

/** State: every field. */
export class OverlayInode extends TmpInode {
  /** The host's directory whose names show through, or the host's file that has the content; null for what is memory alone. */
  lower: Dentry | null = null;
  /** Names of the lower directory that were removed or moved away. */
  readonly whiteouts: Set<string> = new Set();
  /** The directory has all names of the lower one. */
  complete = false;
  /** The host's file, open; null where nobody reads. */
  content: HostFile | null = null;
  /** Open descriptions. */
  readers = 0;
  /** What mappings read; null where there never was one. */
  view: OverlayBacking | null = null;

  get overlay(): OverlayFs {
    return this.fs as OverlayFs;
  }

  /** Takes the attributes of a file of the host, and its content or names. */
  lieOver(lower: Dentry): void {
    const { known } = lower.inode as HostInode;
    this.mode = known.mode;
    this.atime = known.atime;
    this.mtime = known.mtime;
    this.ctime = known.ctime;
    this.uid = known.uid;
    this.gid = known.gid;
    if (this.isDirectory) this.nlink = Math.max(2, known.nlink);
    if (this.isDirectory || (this.mode & S_IFMT) === S_IFREG) this.lower = lower;
  }

  // ---- content

  /** The host's file, opened with the first use. */
  private source(lower: Dentry): HostFile {
    if (this.content === null) {
      const opened = (lower.inode as HostInode).open(lower, O_RDONLY);
      if (!(opened instanceof HostFile)) throw errno.EIO;
      this.content = opened.retain();
    }
    return this.content;
  }

  /** Bytes of the content at `offset`: fewer at its end. */
  fetch(into: Uint8Array, offset: number): number {
    return this.lower === null ? (this.store as PageStore).read(offset, into) : this.source(this.lower).fetch(into, offset);
  }

  /** Makes the content memory's own. */
  copyUp(): void {
    const { lower, store } = this;
    if (lower === null || store === null) return;
    const file = this.source(lower);
    const bytes = new Uint8Array(Math.max(1, Math.min(file.size, MAX_TRANSFER)));
    for (let offset = 0; ;) {
      const count = file.fetch(bytes, offset);
      if (count > 0) store.write(offset, bytes.subarray(0, count));
      offset += count;
      if (count < bytes.length) break;
    }
    this.forgetLower();
  }

  private forgetLower(): void {
    this.lower = null;
    this.close();
  }

  private close(): void {
    const { content } = this;
    this.content = null;
    content?.unref();
  }

  /** A description was closed. A mapping may outlive them all. */
  closed(): void {
    if (--this.readers === 0 && this.view === null) this.close();
  }

  override get size(): number {
    if (this.lower === null || this.isDirectory) return super.size;
    return (this.content?.hostStat() ?? this.lower.inode.stat()).size;
  }

  override stat(): Stat {
    const stat = super.stat();
    return this.lower === null || this.isDirectory ? stat : { ...stat, blocks: Math.ceil(stat.size / PAGE_SIZE) * (PAGE_SIZE / 512) };
  }

  override truncate(size: number, caller: Caller): void {
    if (size === 0 && this.store !== null) this.forgetLower();
    else this.copyUp();
    super.truncate(size, caller);
  }

  override open(dentry: Dentry, flags: number, caller: Caller): OpenFile {
    if ((this.mode & S_IFMT) !== S_IFREG) return super.open(dentry, flags, caller);
    if ((flags & O_TRUNC) !== 0) this.truncate(0, caller);
    else if ((flags & O_ACCMODE) !== O_RDONLY) this.copyUp();
    // Whether the host lets it be read is told by open(2), not by the first read(2).
    if (this.lower !== null) this.source(this.lower);
    return new OverlayFile(dentry, flags & ~O_TRUNC);
  }

  // ---- directories

  override lookup(dir: Dentry, name: string): Dentry | undefined {
    const known = this.entries?.get(name);
    if (known !== undefined || this.lower === null || this.complete || this.whiteouts.has(name)) return known;
    const found = (this.lower.inode as HostInode).lookup(this.lower, name);
    if (found === undefined) return undefined;
    const { mode, rdev } = (found.inode as HostInode).known;
    const target = found.inode.isSymlink ? (found.inode as HostInode).readlink() : "";
    const inode = this.overlay.inode(mode, 0, 0, rdev);
    inode.lieOver(found);
    inode.target = target;
    return this.attach(dir, name, inode);
  }

  /** Asks for all names of the lower directory. */
  private load(dir: Dentry): void {
    const { lower } = this;
    if (lower === null || this.complete || !this.isDirectory) return;
    const host = this.overlay.lower;
    const { entries } = host.ask("entries", { op: "readdir", mount: host.mount, path: host.path(lower) });
    for (const { name } of entries.toReversed()) this.lookup(dir, name);
    this.complete = true;
  }

  override list(dir: Dentry, from: number): Listing {
    this.load(dir);
    return super.list(dir, from);
  }

  override rmdir(dir: Dentry, victim: Dentry): void {
    (victim.inode as OverlayInode).load(victim);
    super.rmdir(dir, victim);
  }

  override rename(source: Dentry, target: Dentry, name: string, victim: Dentry | undefined, flags: number): void {
    const old = source.name;
    if (victim !== undefined) (victim.inode as OverlayInode).load(victim);
    super.rename(source, target, name, victim, flags);
    this.whiteOut(old);
  }

  protected override drop(victim: Dentry): void {
    super.drop(victim);
    this.whiteOut(victim.name);
  }

  /** An entry of the same name, if there is one, hides the lower one all the same. */
  private whiteOut(name: string): void {
    if (this.lower !== null) this.whiteouts.add(name);
  }
}

/** A regular file. One that is open for reading goes on reading what others write, as if there had always been one file. */
export class OverlayFile extends TmpFile {
  constructor(dentry: Dentry, flags: number) {
    super(dentry, flags);
    this.file.readers++;
  }

  override get file(): OverlayInode {
    return this.dentry.inode as OverlayInode;
  }

  override get size(): number {
    return this.file.size;
  }

  override pread(into: Uint8Array, offset: number): number {
    if (!this.readable) throw errno.EBADF;
    const count = this.file.fetch(into, offset);
    if (into.length > 0) this.file.accessed();
    return count;
  }

  protected override seekHole(offset: number, data: boolean): number {
    if (this.file.lower === null) return super.seekHole(offset, data);
    return data ? offset : this.size;
  }

  override backing(): FileBacking {
    this.file.view ??= new OverlayBacking(this.dentry);
    return this.file.view;
  }

  protected override released(): void {
    this.file.closed();
  }
}

/** What mappings read: private ones from the host as long as it has the content; a shared one makes it memory's. */
export class OverlayBacking implements FileBacking {
  readonly dentry: Dentry;
  readonly identity: FileIdentity;

  constructor(dentry: Dentry) {
    this.dentry = dentry;
    this.identity = identityOf(dentry, dentry.inode.fs.dev);
  }

  private get file(): OverlayInode {
    return this.dentry.inode as OverlayInode;
  }

  get name(): string {
    return pathFromTop(this.dentry);
  }

  get content(): PageStore | undefined {
    return this.file.lower === null ? (this.file.store ?? undefined) : undefined;
  }

  /** Index of the first page behind the end. */
  private get end(): number {
    return Math.ceil(this.file.size / PAGE_SIZE);
  }

  sharedPage(index: number): Page | undefined {
    this.file.copyUp();
    return index < this.end ? this.file.store?.page(index, true) : undefined;
  }

  fillPage(index: number, into: Uint8Array): boolean {
    const count = this.file.fetch(into, index * PAGE_SIZE);
    into.fill(0, count);
    return count > 0;
  }

  punch(offset: number, length: number): void {
    this.file.copyUp();
    this.file.store?.punch(offset, length);
  }
}
