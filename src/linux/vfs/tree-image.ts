/** The state of the file tree in an image: names, file systems, inodes, and what inodes have: contents, pipes, locks, mapped pages. */

import type { AnyLayout, ValueType } from "../../base/index.ts";
import {
  as,
  bytes,
  byteText,
  derived,
  flag,
  ImageError,
  int,
  lazyRef,
  list,
  mapOf,
  maybe,
  oneOf,
  ref,
  struct,
  tuple,
  u32,
  whole,
  wholeOrInfinity,
} from "../../base/index.ts";
import { PageStore, StoreBacking } from "../../memory/index.ts";
import { hostStat, time } from "../image-types.ts";
import { AnonymousFs, AnonymousInode } from "./anonymous.ts";
import { InodeBacking } from "./backing.ts";
import { Descriptors } from "./descriptors.ts";
import { ZeroBacking } from "./devices.ts";
import { HostFile, HostFs, HostInode, SharedPages } from "./host-fs.ts";
import { dentry, fileSystemFields, inode, inodeFields, fileSystem, type FileLayout } from "./image-fields.ts";
import { Dentry, type Inode } from "./inode.ts";
import { FileLocks } from "./locks.ts";
import { OpenFile } from "./open-file.ts";
import { OverlayBacking, OverlayFs, OverlayInode } from "./overlay.ts";
import { Pipe, PipeInode } from "./pipe.ts";
import { PROC_NODES, SYS_NODES } from "./proc.ts";
import { FileStream, Stream, StreamBacking, StreamInode } from "./stream.ts";
import { SynthFs, SynthInode, type SynthNode } from "./synth.ts";
import { TerminalInode } from "./terminal-file.ts";
import { TmpFs, TmpInode } from "./tmpfs.ts";

const none = (): null => null;
/** What a mapped file is known by. */
const identity = struct({ major: whole, minor: whole, inode: whole });

// ---- names and file systems

/** Every file system has inodes of its own kind, and relies on it. */
function demandKind(it: Inode): void {
  const { fs } = it;
  const right =
    fs instanceof OverlayFs
      ? it instanceof OverlayInode
      : fs instanceof TmpFs
        ? it instanceof TerminalInode || (it instanceof TmpInode && !(it instanceof OverlayInode))
        : fs instanceof SynthFs
          ? it instanceof SynthInode
          : !(fs instanceof HostFs) || it instanceof HostInode;
  if (!right) throw new ImageError("an inode is of another kind than its file system");
}

const dentryLayout: FileLayout<Dentry> = {
  name: "dentry",
  type: Dentry,
  fields: { parent: dentry, name: byteText, inode, mounted: maybe(fileSystem, null), position: int(), rank: int(), unlinked: flag },
  caches: {},
  // Only who is found again by name is known to its directory.
  restored: (entry) => {
    const directory = entry.parent.inode;
    demandKind(entry.inode);
    if (directory.fs !== entry.inode.fs) throw new ImageError("a name leads into another file system");
    if (entry.inode instanceof HostInode && directory instanceof HostInode && !entry.unlinked && !entry.isRoot) directory.adopt(entry);
  },
};

const tmpFsLayout: FileLayout<TmpFs> = {
  name: "tmpfs",
  type: TmpFs,
  fields: { ...fileSystemFields, capacity: int(), nextIno: int(), nextPosition: int(), nextRank: int(), inodes: whole },
  caches: { host: ({ kernel }) => kernel.vfs.tree.dev.host },
};

const anonymousFsLayout: FileLayout<AnonymousFs> = {
  name: "anonymous-fs",
  type: AnonymousFs,
  fields: {
    ...fileSystemFields,
    magic: u32,
    nextIno: int(),
    shared: maybe(
      lazyRef(() => AnonymousInode),
      null,
    ),
  },
  caches: {},
};

const synthFsLayout: FileLayout<SynthFs> = {
  name: "synth-fs",
  type: SynthFs,
  fields: { ...fileSystemFields, type: oneOf("proc", "sysfs") },
  caches: { magic: none, tree: none, processes: none, clock: none, numbers: none },
  restored: (fs, { kernel }) => {
    const fresh = kernel.vfs.tree.mounts.find((mounted) => mounted.type === fs.type);
    if (!(fresh instanceof SynthFs)) throw new ImageError(`no ${fs.type} here`);
    const { magic, tree, processes, clock, numbers } = fresh;
    Object.assign(fs, { magic, tree, processes, clock, numbers });
  },
};

const hostFsLayout: FileLayout<HostFs> = {
  name: "host-fs",
  type: HostFs,
  fields: { ...fileSystemFields, mount: int(0, 0xffff), placeholders: int(), mapped: list(lazyRef(() => SharedPages)) },
  caches: { port: ({ kernel }) => kernel.host },
};

// ---- inodes

const tmpInodeLayout: FileLayout<TmpInode> = {
  name: "tmp-inode",
  type: TmpInode,
  fields: {
    ...inodeFields,
    nlink: whole,
    linkable: flag,
    rdev: u32,
    atime: time,
    mtime: time,
    ctime: time,
    btime: time,
    store: maybe(ref(PageStore), null),
    entries: maybe(mapOf(byteText, dentry), null),
    target: byteText,
    pipe: maybe(
      lazyRef(() => Pipe),
      null,
    ),
    backing: maybe(
      lazyRef(() => InodeBacking),
      null,
    ),
    seals: u32,
  },
  caches: {},
};

const overlayFsLayout: FileLayout<OverlayFs> = {
  name: "overlay-fs",
  type: OverlayFs,
  fields: { ...tmpFsLayout.fields, lower: ref(HostFs) },
  caches: tmpFsLayout.caches,
};

const overlayInodeLayout: FileLayout<OverlayInode> = {
  name: "overlay-inode",
  type: OverlayInode,
  fields: {
    ...tmpInodeLayout.fields,
    lower: maybe(dentry, null),
    whiteouts: as<Set<string>, string[]>(
      list(byteText),
      (names) => [...names],
      (names) => new Set(names),
    ),
    complete: flag,
    content: maybe(
      lazyRef(() => HostFile),
      null,
    ),
    readers: int(),
    view: maybe(
      lazyRef(() => OverlayBacking),
      null,
    ),
  },
  caches: {},
};

const anonymousInodeLayout: FileLayout<AnonymousInode> = { name: "anonymous-inode", type: AnonymousInode, fields: inodeFields, caches: {} };

/** Nodes of /proc and /sys by a name that stays when others come. */
const nodeNames = new Map<SynthNode, string>();
const nodesByName = new Map<string, SynthNode>();

function nameNodes(node: SynthNode, name: string): void {
  if (nodeNames.has(node)) return;
  nodeNames.set(node, name);
  nodesByName.set(name, node);
  if (node.kind === "dir") for (const [child, below] of Object.entries(node.entries)) nameNodes(below, `${name}/${child}`);
}

PROC_NODES.forEach((node, i) => nameNodes(node, `proc${i}`));
SYS_NODES.forEach((node, i) => nameNodes(node, `sys${i}`));

const synthNode: ValueType<SynthNode> = {
  save: (node) => nodeNames.get(node) ?? "",
  load: (plain) => {
    const node = typeof plain === "string" ? nodesByName.get(plain) : undefined;
    if (node === undefined) throw new ImageError("no such name in /proc or /sys");
    return node;
  },
};

const synthInodeLayout: FileLayout<SynthInode> = {
  name: "synth-inode",
  type: SynthInode,
  fields: { ...inodeFields, node: synthNode, subject: struct({ fs: ref(SynthFs), pid: int(), tid: int(), fd: whole }) },
  caches: {},
};

const pipeInodeLayout: FileLayout<PipeInode> = {
  name: "pipe-inode",
  type: PipeInode,
  fields: { ...inodeFields, pipe: lazyRef(() => Pipe), time },
  caches: {},
};

const hostInodeLayout: FileLayout<HostInode> = {
  name: "host-inode",
  type: HostInode,
  fields: {
    ...inodeFields,
    known: hostStat,
    pinned: maybe(mapOf(byteText, dentry), null),
    made: flag,
    dentry: maybe(dentry, null),
    shared: maybe(
      lazyRef(() => SharedPages),
      null,
    ),
  },
  caches: { handle: () => -1, asked: () => -1, children: none },
};

const streamInodeLayout: FileLayout<StreamInode> = {
  name: "stream-inode",
  type: StreamInode,
  fields: { ...inodeFields, stream: lazyRef(() => Stream) },
  caches: {},
};

// ---- what inodes have

const lock = struct({ owner: ref<Descriptors | OpenFile>(Descriptors, OpenFile), type: oneOf(0, 1), start: whole, end: wholeOrInfinity, pid: whole });

const locksLayout: FileLayout<FileLocks> = {
  name: "locks",
  type: FileLocks,
  fields: { records: list(lock), whole: list(struct({ owner: lazyRef<OpenFile>(() => OpenFile), exclusive: flag })) },
  caches: {},
};

const BUFFER = 4096;
/** One buffer of a pipe: the unread bytes, where in the buffer they start, whether they are a packet. */
const pipeBuffer = tuple(bytes, int(0, BUFFER), flag);
type PipeContent = [Uint8Array, number, boolean][];

function pipeContent(pipe: Pipe): PipeContent {
  return Array.from({ length: pipe.count }, (_, i) => {
    const { bytes: all, start, end, packet } = pipe.buffers[(pipe.head + i) % pipe.limit]!;
    return [all.slice(start, end), start, packet];
  });
}

function setPipeContent(pipe: Pipe, content: PipeContent): void {
  if (content.length > pipe.limit) throw new ImageError("more buffers than the pipe may have");
  pipe.buffers = content.map(([unread, start, packet]) => {
    if (start + unread.length > BUFFER) throw new ImageError("a pipe's buffer is too long");
    const all = new Uint8Array(BUFFER);
    all.set(unread, start);
    return { bytes: all, start, end: start + unread.length, packet };
  });
  pipe.count = content.length;
}

const pipeLayout: FileLayout<Pipe> = {
  name: "pipe",
  type: Pipe,
  fields: {
    limit: int(1, 0x8_0000),
    readers: int(),
    writers: int(),
    readerOpens: int(),
    writerOpens: int(),
    activity: int(),
  },
  derived: { content: derived(list(pipeBuffer, 0x1_0000), pipeContent, setPipeContent) },
  caches: { buffers: "made", head: "made", count: "made" },
  make: () => new Pipe(),
};

const inodeBackingLayout: FileLayout<InodeBacking> = {
  name: "inode-backing",
  type: InodeBacking,
  fields: { store: ref(StoreBacking), dentry, identity: identity },
  caches: {},
};

const overlayBackingLayout: FileLayout<OverlayBacking> = {
  name: "overlay-backing",
  type: OverlayBacking,
  fields: { dentry, identity: identity },
  caches: {},
};

const zeroBackingLayout: FileLayout<ZeroBacking> = {
  name: "zero-backing",
  type: ZeroBacking,
  fields: { name: byteText, identity: maybe(identity, undefined), store: ref(PageStore) },
  caches: {},
};

const sharedPagesLayout: FileLayout<SharedPages> = {
  name: "shared-pages",
  type: SharedPages,
  fields: {
    file: lazyRef(() => HostFile),
    identity: maybe(identity, undefined),
    pages: ref(PageStore),
    clean: mapOf(int(), bytes),
  },
  caches: {},
};

const streamBackingLayout: FileLayout<StreamBacking> = {
  name: "stream-backing",
  type: StreamBacking,
  fields: {
    file: lazyRef(() => FileStream),
    identity: maybe(identity, undefined),
    pages: ref(PageStore),
  },
  caches: {},
};

export const treeLayouts: readonly AnyLayout[] = [
  dentryLayout,
  tmpFsLayout,
  anonymousFsLayout,
  synthFsLayout,
  hostFsLayout,
  tmpInodeLayout,
  overlayFsLayout,
  overlayInodeLayout,
  anonymousInodeLayout,
  synthInodeLayout,
  pipeInodeLayout,
  hostInodeLayout,
  streamInodeLayout,
  locksLayout,
  pipeLayout,
  inodeBackingLayout,
  overlayBackingLayout,
  zeroBackingLayout,
  sharedPagesLayout,
  streamBackingLayout,
];
