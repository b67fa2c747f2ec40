/**
 * The state of files in an image: inodes, names, open descriptions, pipes, streams. A class that is not listed here cannot be saved, and
 * says so. What belongs to the host is told by name: host files are opened again, streams are the new host's.
 */

import type { AnyLayout, Layout, ValueType } from "../../base/index.ts";
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
  u16,
  u32,
  u64,
  whole,
  wholeOrInfinity,
} from "../../base/index.ts";
import { PageStore, StoreBacking } from "../../memory/index.ts";
import { O_ACCMODE, O_APPEND, O_RDWR, O_WRONLY } from "../abi/fcntl.ts";
import { errno } from "../abi/errno.ts";
import { EpollFile, type Watch } from "../events/epoll.ts";
import { EventFile } from "../events/eventfd.ts";
import { SignalFile } from "../events/signalfd.ts";
import { TimerFile } from "../events/timerfd.ts";
import { hostStat, sigSet, streamInfo, time } from "../image-types.ts";
import type { HostAnswer, HostStream } from "../inputs.ts";
import { AnonymousFs, AnonymousInode } from "./anonymous.ts";
import { InodeBacking } from "./backing.ts";
import { Descriptors, type Descriptor } from "./descriptors.ts";
import { FullFile, NullFile, RandomFile, ZeroBacking, ZeroFile } from "./devices.ts";
import { DirectoryFile } from "./directory.ts";
import { HostDirectory, HostFile, HostFs, HostInode, SharedPages } from "./host-fs.ts";
import { dentry, fileFields, fileSystemFields, inode, inodeFields, fileSystem, type FileEnvironment } from "./image-fields.ts";
import { Dentry, type Inode } from "./inode.ts";
import { FileLocks } from "./locks.ts";
import { OpenFile, PathFile } from "./open-file.ts";
import { OverlayBacking, OverlayFile, OverlayFs, OverlayInode } from "./overlay.ts";
import { Pipe, PipeEnd, PipeInode } from "./pipe.ts";
import { PROC_NODES, SYS_NODES } from "./proc.ts";
import { FileStream, FlowStream, Stream, StreamBacking, StreamInode } from "./stream.ts";
import { SynthFile, SynthFs, SynthInode, type SynthNode } from "./synth.ts";
import { socketLayouts } from "./socket-image.ts";
import { TerminalInode } from "./terminal-file.ts";
import { terminalLayouts } from "./terminal-image.ts";
import { TmpFile, TmpFs, TmpInode } from "./tmpfs.ts";

type L<T extends object> = Layout<T, FileEnvironment>;

const openFile = lazyRef<OpenFile>(() => OpenFile);
const none = (): null => null;

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

/** For files whose methods rely on the kind of their inode. */
function demandInode(type: abstract new (...args: never[]) => Inode): (file: OpenFile) => void {
  return (file) => {
    if (!(file.inode instanceof type)) throw new ImageError("an open file is of another kind than its inode");
  };
}

const dentryLayout: L<Dentry> = {
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

const tmpFsLayout: L<TmpFs> = {
  name: "tmpfs",
  type: TmpFs,
  fields: { ...fileSystemFields, capacity: int(), nextIno: int(), nextPosition: int(), nextRank: int(), inodes: whole },
  caches: { host: ({ kernel }) => kernel.vfs.tree.dev.host },
};

const anonymousFsLayout: L<AnonymousFs> = {
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

const synthFsLayout: L<SynthFs> = {
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

const hostFsLayout: L<HostFs> = {
  name: "host-fs",
  type: HostFs,
  fields: { ...fileSystemFields, mount: int(0, 0xffff), placeholders: int(), mapped: list(lazyRef(() => SharedPages)) },
  caches: { port: ({ kernel }) => kernel.host },
};

// ---- inodes

const tmpInodeLayout: L<TmpInode> = {
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

const overlayFsLayout: L<OverlayFs> = {
  name: "overlay-fs",
  type: OverlayFs,
  fields: { ...tmpFsLayout.fields, lower: ref(HostFs) },
  caches: tmpFsLayout.caches,
};

const overlayInodeLayout: L<OverlayInode> = {
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

const anonymousInodeLayout: L<AnonymousInode> = { name: "anonymous-inode", type: AnonymousInode, fields: inodeFields, caches: {} };

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

const synthInodeLayout: L<SynthInode> = {
  name: "synth-inode",
  type: SynthInode,
  fields: { ...inodeFields, node: synthNode, subject: struct({ fs: ref(SynthFs), pid: int(), tid: int(), fd: whole }) },
  caches: {},
};

const pipeInodeLayout: L<PipeInode> = {
  name: "pipe-inode",
  type: PipeInode,
  fields: { ...inodeFields, pipe: lazyRef(() => Pipe), time },
  caches: {},
};

const hostInodeLayout: L<HostInode> = {
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

const streamInodeLayout: L<StreamInode> = {
  name: "stream-inode",
  type: StreamInode,
  fields: { ...inodeFields, stream: lazyRef(() => Stream) },
  caches: {},
};

// ---- what inodes have

const lock = struct({ owner: ref<Descriptors | OpenFile>(Descriptors, OpenFile), type: oneOf(0, 1), start: whole, end: wholeOrInfinity, pid: whole });

const locksLayout: L<FileLocks> = {
  name: "locks",
  type: FileLocks,
  fields: { records: list(lock), whole: list(struct({ owner: openFile, exclusive: flag })) },
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

const pipeLayout: L<Pipe> = {
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

const inodeBackingLayout: L<InodeBacking> = {
  name: "inode-backing",
  type: InodeBacking,
  fields: { store: ref(StoreBacking), dentry, identity: struct({ major: whole, minor: whole, inode: whole }) },
  caches: {},
};

const overlayBackingLayout: L<OverlayBacking> = {
  name: "overlay-backing",
  type: OverlayBacking,
  fields: { dentry, identity: struct({ major: whole, minor: whole, inode: whole }) },
  caches: {},
};

const zeroBackingLayout: L<ZeroBacking> = {
  name: "zero-backing",
  type: ZeroBacking,
  fields: { name: byteText, identity: maybe(struct({ major: whole, minor: whole, inode: whole }), undefined), store: ref(PageStore) },
  caches: {},
};

const sharedPagesLayout: L<SharedPages> = {
  name: "shared-pages",
  type: SharedPages,
  fields: {
    file: lazyRef(() => HostFile),
    identity: maybe(struct({ major: whole, minor: whole, inode: whole }), undefined),
    pages: ref(PageStore),
    clean: mapOf(int(), bytes),
  },
  caches: {},
};

const streamBackingLayout: L<StreamBacking> = {
  name: "stream-backing",
  type: StreamBacking,
  fields: {
    file: lazyRef(() => FileStream),
    identity: maybe(struct({ major: whole, minor: whole, inode: whole }), undefined),
    pages: ref(PageStore),
  },
  caches: {},
};

// ---- descriptors and open descriptions

const descriptorsLayout: L<Descriptors> = {
  name: "descriptors",
  type: Descriptors,
  fields: {
    slots: as<(Descriptor | undefined)[], [number, OpenFile, boolean][]>(
      list(tuple(int(0, 0x10_0000), openFile, flag)),
      (slots) => slots.flatMap((slot, fd) => (slot === undefined ? [] : [[fd, slot.file, slot.closeOnExec] as [number, OpenFile, boolean]])),
      (entries) => {
        const slots: (Descriptor | undefined)[] = [];
        for (const [fd, file, closeOnExec] of entries) {
          while (slots.length < fd) slots.push(undefined);
          slots[fd] = { file, closeOnExec };
        }
        return slots;
      },
    ),
    references: int(),
  },
  caches: { free: () => 0 },
  make: () => new Descriptors(),
};

/** An open file whose state is that of every open file. */
function plainFile<T extends OpenFile>(
  name: string,
  type: abstract new (...args: never[]) => T,
  inodeType?: abstract new (...args: never[]) => Inode,
): L<T> {
  return { name, type, fields: fileFields, caches: {}, ...(inodeType === undefined ? {} : { restored: demandInode(inodeType) }) };
}

const synthFileLayout: L<SynthFile> = {
  name: "synth-file",
  type: SynthFile,
  fields: { ...fileFields, content: maybe(bytes, null) },
  caches: {},
  restored: demandInode(SynthInode),
};

const randomFileLayout: L<RandomFile> = {
  name: "random-file",
  type: RandomFile,
  fields: fileFields,
  caches: { random: ({ kernel }) => kernel.random },
};

const pipeEndLayout: L<PipeEnd> = {
  name: "pipe-end",
  type: PipeEnd,
  fields: { ...fileFields, pipe: ref(Pipe), peersAtOpen: whole, waitsForPeer: flag },
  caches: {},
};

const watch: ValueType<Watch> = struct({
  fd: int(),
  file: openFile,
  events: whole,
  dataLow: whole,
  dataHigh: whole,
  told: whole,
  activity: whole,
});

const epollFileLayout: L<EpollFile> = { name: "epoll", type: EpollFile, fields: { ...fileFields, watches: list(watch) }, caches: {} };

const eventFileLayout: L<EventFile> = {
  name: "eventfd",
  type: EventFile,
  fields: { ...fileFields, count: u64, semaphore: flag, changes: int() },
  caches: {},
};

const signalFileLayout: L<SignalFile> = {
  name: "signalfd",
  type: SignalFile,
  fields: { ...fileFields, mask: sigSet },
  caches: { reader: ({ kernel }) => kernel },
};

const timerFileLayout: L<TimerFile> = {
  name: "timerfd",
  type: TimerFile,
  fields: { ...fileFields, clockId: int(), deadline: wholeOrInfinity, interval: whole },
  caches: { clock: ({ kernel }) => kernel.clock },
};

const hostDirectoryLayout: L<HostDirectory> = {
  name: "host-directory",
  type: HostDirectory,
  fields: { ...fileFields, entries: maybe(list(struct({ name: byteText, ino: whole, type: u16 })), null) },
  caches: {},
  restored: demandInode(HostInode),
};

const hostFileLayout: L<HostFile> = {
  name: "host-file",
  type: HostFile,
  fields: { ...fileFields, host: ref(HostFs), mapped: flag },
  caches: { handle: () => -1 },
  restored: demandInode(HostInode),
};

// ---- standard streams

const streamLayout: L<Stream> = {
  name: "stream",
  type: Stream,
  fields: {
    number: int(0, 2),
    info: streamInfo,
    ended: flag,
    failed: int(0, 4095),
    activity: int(),
    opened: flag,
  },
  derived: {
    unread: derived<Stream, Uint8Array>(
      bytes,
      ({ input, start }) => input.subarray(start),
      (stream, unread) => {
        stream.input = unread;
      },
    ),
  },
  caches: { port: ({ kernel }) => kernel.host, input: none, start: () => 0, reading: () => 0, writing: () => 0 },
};

const flowStreamLayout: L<FlowStream> = { name: "flow-stream", type: FlowStream, fields: { ...fileFields, stream: ref(Stream) }, caches: {} };

const fileStreamLayout: L<FileStream> = {
  name: "file-stream",
  type: FileStream,
  fields: { ...fileFields, stream: ref(Stream), inSequence: flag, mapped: maybe(ref(StreamBacking), null) },
  caches: {},
};

export const fileLayouts: readonly AnyLayout[] = [
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
  descriptorsLayout,
  plainFile("tmp-file", TmpFile, TmpInode),
  plainFile("overlay-file", OverlayFile, OverlayInode),
  plainFile("directory-file", DirectoryFile),
  plainFile("path-file", PathFile),
  plainFile("null-file", NullFile),
  plainFile("zero-file", ZeroFile),
  plainFile("full-file", FullFile),
  synthFileLayout,
  randomFileLayout,
  pipeEndLayout,
  epollFileLayout,
  eventFileLayout,
  signalFileLayout,
  timerFileLayout,
  hostDirectoryLayout,
  hostFileLayout,
  streamLayout,
  flowStreamLayout,
  fileStreamLayout,
  ...terminalLayouts,
  ...socketLayouts,
];

// ---- what belongs to the host

/** Opens files of --dir again by name: ImageError where one is not there any more. */
export function reopenHostFiles(files: Iterable<HostFile>): void {
  for (const file of files) {
    const { host, dentry: name } = file;
    if (file.references === 0 && !file.mapped) continue;
    const access = file.flags & O_ACCMODE;
    const flags = (access === O_WRONLY ? O_RDWR : access) | (file.flags & O_APPEND);
    const request = { op: "open", mount: host.mount, path: host.path(name), mode: 0 } as const;
    const open = (wanted: number) => host.port.request({ ...request, flags: wanted }).answer;
    let answer: HostAnswer | "later" = name.unlinked ? { errno: errno.ENOENT.code } : open(flags);
    if (answer !== "later" && "errno" in answer && flags !== access) answer = open(file.flags & (O_ACCMODE | O_APPEND));
    if (answer === "later" || !("handle" in answer)) throw new ImageError(`a file that is open cannot be opened again: ${request.path}`);
    Object.assign(file, { handle: answer.handle });
    file.file.handle = answer.handle;
  }
}

/** Why a file cannot be opened again on another host, or undefined. */
export function hostFileProblem(file: HostFile): string | undefined {
  if (file.references === 0 && !file.mapped) return undefined;
  return file.dentry.unlinked ? `${file.dentry.name} is open, but its name is gone` : undefined;
}

/**
 * Gives saved streams their places on the new host. A guest goes on seeing what it saw of a stream, unless what was a file is none now or
 * the other way round. A file that is only read goes on where it was; what is written goes where the new host's offset is.
 */
export function adoptStreams(streams: Iterable<Stream>, files: readonly (FileStream | FlowStream)[], fresh: readonly (HostStream | null)[]): void {
  for (const stream of streams) {
    const now = fresh[stream.number];
    const wasFile = stream.info.kind === "file";
    const isFile = now?.kind === "file";
    if (now == null || wasFile !== isFile) {
      if (now != null) Object.assign(stream, { info: now });
      for (const file of files) if (file.stream === stream) changeKind(file, isFile);
      continue;
    }
    if (!isFile) continue;
    for (const file of files) {
      if (file.stream !== stream || !(file instanceof FileStream) || !file.inSequence) continue;
      if (file.writable) file.offset = now.offset ?? 0;
      else stream.port.request({ op: "seek", stream: stream.number, offset: file.offset + stream.available });
    }
  }
}

/** An open stream becomes one that is sought, or one that is not. */
function changeKind(file: FileStream | FlowStream, isFile: boolean): void {
  if (isFile === file instanceof FileStream) return;
  Object.setPrototypeOf(file, isFile ? FileStream.prototype : FlowStream.prototype);
  if (isFile) {
    Object.assign(file, { inSequence: true, mapped: null, offset: file.stream.info.offset ?? 0 });
  } else {
    Reflect.deleteProperty(file, "inSequence");
    Reflect.deleteProperty(file, "mapped");
    file.offset = 0;
  }
}
