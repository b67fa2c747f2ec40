/**
 * File systems whose content is made when it is read: /proc and /sys. A table says what there is; an inode is a place in the
 * table and the process, thread or descriptor it speaks of, so that it can be found again by path.
 */

import { encodeLatin1 } from "../../base/index.ts";
import { errno } from "../abi/errno.ts";
import { O_TRUNC } from "../abi/fcntl.ts";
import type { Stat, Statfs } from "../abi/stat.ts";
import { PROC_SUPER_MAGIC, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG, ST_RELATIME } from "../abi/stat.ts";
import { DirectoryFile, indexedListing } from "./directory.ts";
import type { Listing } from "./directory.ts";
import { Dentry, FileSystem, Inode } from "./inode.ts";
import type { OpenFile } from "./open-file.ts";
import { SeekableFile } from "./open-file.ts";
import type { Tree } from "./tree.ts";
import type { Attributes, Caller, Clock, ProcProcess, ProcSource, ProcThread } from "./types.ts";

/** What a node speaks of. 0 where it is not about a process (thread), -1 where not about a descriptor. */
export interface Subject {
  readonly fs: SynthFs;
  readonly pid: number;
  readonly tid: number;
  readonly fd: number;
}

/** A child whose name is computed: processes, threads, descriptors. */
export interface Dynamic {
  /** The children there are now. */
  readonly names: (subject: Subject) => readonly string[];
  /** Node and subject of a name; undefined where there is none. */
  readonly find: (subject: Subject, name: string) => { readonly node: SynthNode; readonly subject: Subject } | undefined;
}

export type SynthNode =
  | { readonly kind: "dir"; readonly mode: number; readonly entries: Readonly<Record<string, SynthNode>>; readonly dynamic?: Dynamic }
  | {
      readonly kind: "file";
      readonly mode: number;
      readonly read: (subject: Subject) => string | Uint8Array;
      /** Takes one write(2). */
      readonly write?: (subject: Subject, text: string) => void;
    }
  | {
      readonly kind: "link";
      readonly mode: number;
      readonly target: (subject: Subject, caller: Caller) => string;
      readonly jump?: (subject: Subject, caller: Caller) => Dentry | null;
    };

const TYPE = { dir: S_IFDIR, file: S_IFREG, link: S_IFLNK } as const;
/** Inode numbers of nodes that are about no process. */
const STATIC_INODES = 0xf000_0000;

export class SynthFs extends FileSystem {
  readonly type: string;
  readonly root: Dentry;
  readonly magic: number;
  readonly tree: Tree;
  readonly processes: ProcSource;
  readonly clock: Clock;
  /** Node to its number in the table. */
  readonly numbers: Map<SynthNode, number> = new Map();

  constructor(options: {
    readonly type: string;
    readonly magic: number;
    readonly dev: number;
    readonly mountId: number;
    readonly tree: Tree;
    readonly processes: ProcSource;
    readonly clock: Clock;
    /** The root first; then nodes that only dynamic directories lead to. */
    readonly nodes: readonly SynthNode[];
  }) {
    super({ dev: options.dev, mountId: options.mountId, source: options.type });
    this.type = options.type;
    this.magic = options.magic;
    this.tree = options.tree;
    this.processes = options.processes;
    this.clock = options.clock;
    const [root] = options.nodes;
    if (root === undefined) throw new Error("a file system needs a root");
    for (const node of options.nodes) this.number(node);
    this.root = new Dentry(null, "", new SynthInode(this, root, { fs: this, pid: 0, tid: 0, fd: -1 }));
  }

  private number(node: SynthNode): void {
    if (!this.numbers.has(node)) this.numbers.set(node, this.numbers.size + 1);
    if (node.kind !== "dir") return;
    for (const child of Object.values(node.entries)) this.number(child);
  }

  override statfs(): Statfs {
    const none = { blocks: 0, bfree: 0, bavail: 0, files: 0, ffree: 0 };
    return { type: this.magic, bsize: 4096, ...none, fsid: this.dev, namelen: 255, flags: ST_RELATIME };
  }

  inode(node: SynthNode, subject: Subject): SynthInode {
    return new SynthInode(this, node, subject);
  }
}

export function processOf(subject: Subject): ProcProcess {
  const process = subject.fs.processes.process(subject.pid);
  if (process === undefined) throw errno.ESRCH;
  return process;
}

export function threadOf(subject: Subject): ProcThread {
  const thread = processOf(subject)
    .threads()
    .find(({ tid }) => tid === subject.tid);
  if (thread === undefined) throw errno.ESRCH;
  return thread;
}

/** Static nodes are numbered by table; others by thread and descriptor too, as a bit string. */
function inodeNumber(fs: SynthFs, node: SynthNode, { tid, fd }: Subject): number {
  const number = fs.numbers.get(node) ?? 0;
  if (number === 1) return 1;
  if (tid === 0) return STATIC_INODES + number;
  return tid * 0x10_0000 + (fd >= 0 ? 0x8_0000 + fd : number);
}

export class SynthInode extends Inode {
  readonly node: SynthNode;
  readonly subject: Subject;

  constructor(fs: SynthFs, node: SynthNode, subject: Subject) {
    const process = subject.pid === 0 ? undefined : fs.processes.process(subject.pid);
    const uid = process?.credentials.uids[1] ?? 0;
    const gid = process?.credentials.gids[1] ?? 0;
    super(fs, inodeNumber(fs, node, subject), TYPE[node.kind] | node.mode, uid, gid);
    this.node = node;
    this.subject = subject;
  }

  get synth(): SynthFs {
    return this.fs as SynthFs;
  }

  override stat(): Stat {
    const { node } = this;
    const time = this.synth.clock.now();
    const directories = node.kind === "dir" ? Object.values(node.entries).filter(({ kind }) => kind === "dir").length : 0;
    return {
      dev: this.fs.dev,
      ino: this.ino,
      mode: this.mode,
      nlink: node.kind === "dir" ? 2 + directories : 1,
      uid: this.uid,
      gid: this.gid,
      rdev: 0,
      size: node.kind === "link" && node.jump !== undefined && this.subject.fd >= 0 ? 64 : 0,
      blksize: 1024,
      blocks: 0,
      atime: time,
      mtime: time,
      ctime: time,
      mountId: this.fs.mountId,
      mountRoot: this.fs.root.inode === this,
    };
  }

  /** Accepted and forgotten but for files of processes. */
  override setAttributes(_change: Attributes): void {
    if (this.subject.tid !== 0) throw errno.EPERM;
  }

  override truncate(_size: number): void {}

  override open(dentry: Dentry, flags: number): OpenFile {
    if (this.node.kind === "dir") return new DirectoryFile(dentry, flags);
    if (this.node.kind === "link") throw errno.ELOOP;
    return new SynthFile(dentry, flags & ~O_TRUNC);
  }

  override readlink(caller: Caller): string {
    if (this.node.kind !== "link") throw errno.EINVAL;
    return this.node.target(this.subject, caller);
  }

  override jump(caller: Caller): Dentry | null {
    return this.node.kind === "link" && this.node.jump !== undefined ? this.node.jump(this.subject, caller) : null;
  }

  override lookup(dir: Dentry, name: string): Dentry | undefined {
    const { node, subject } = this;
    if (node.kind !== "dir") throw errno.ENOTDIR;
    if (Object.hasOwn(node.entries, name)) {
      return new Dentry(dir, name, this.synth.inode(node.entries[name] as SynthNode, subject));
    }
    const found = node.dynamic?.find(subject, name);
    return found === undefined ? undefined : new Dentry(dir, name, this.synth.inode(found.node, found.subject));
  }

  override list(_dir: Dentry, from: number): Listing {
    const { node, subject } = this;
    if (node.kind !== "dir") throw errno.ENOTDIR;
    const fixed = Object.entries(node.entries).map(([name, child]) => ({
      name,
      ino: inodeNumber(this.synth, child, subject),
      type: TYPE[child.kind] >> 12,
    }));
    const dynamic = (node.dynamic?.names(subject) ?? []).flatMap((name) => {
      const found = node.dynamic?.find(subject, name);
      return found === undefined ? [] : [{ name, ino: inodeNumber(this.synth, found.node, found.subject), type: TYPE[found.node.kind] >> 12 }];
    });
    return indexedListing([...fixed, ...dynamic], from);
  }

  override create(_dir: Dentry, _name: string, mode: number): Dentry {
    if (this.synth.magic === PROC_SUPER_MAGIC) throw errno.ENOENT;
    throw (mode & S_IFMT) === S_IFREG ? errno.EACCES : errno.EPERM;
  }

  override symlink(): Dentry {
    throw this.synth.magic === PROC_SUPER_MAGIC ? errno.ENOENT : errno.EPERM;
  }

  override link(): void {
    throw this.synth.magic === PROC_SUPER_MAGIC ? errno.ENOENT : errno.EPERM;
  }

  override rename(): void {
    throw this.synth.magic === PROC_SUPER_MAGIC ? errno.ENOENT : errno.EPERM;
  }
}

/** An open file of /proc or /sys. State: `content`, made anew whenever reading starts at the beginning. */
export class SynthFile extends SeekableFile {
  content: Uint8Array | null = null;

  private get file(): SynthInode {
    return this.inode as SynthInode;
  }

  override get size(): number {
    return this.content?.length ?? 0;
  }

  override pread(into: Uint8Array, offset: number): number {
    if (!this.readable) throw errno.EBADF;
    const { node, subject } = this.file;
    if (node.kind !== "file") throw errno.EINVAL;
    if (offset === 0 || this.content === null) {
      const made = node.read(subject);
      this.content = typeof made === "string" ? encodeLatin1(made) : made;
    }
    const part = this.content.subarray(offset, offset + into.length);
    into.set(part);
    return part.length;
  }

  protected override pwriteAt(from: Uint8Array, _offset: number): number {
    const { node, subject } = this.file;
    if (node.kind !== "file" || node.write === undefined) throw errno.EIO;
    let text = "";
    for (const byte of from) text += String.fromCharCode(byte);
    node.write(subject, text);
    return from.length;
  }

  protected override seekTarget(offset: number, whence: number): number {
    if (whence > 1) throw errno.EINVAL;
    return super.seekTarget(offset, whence);
  }

  override truncate(): void {
    throw errno.EINVAL;
  }
}
