/**
 * The state of files in an image: descriptors, open descriptions, streams, and with them the tree (tree-image.ts). A class that is not listed
 * cannot be saved, and says so. What belongs to the host is told by name: host files are opened again, streams are the new host's.
 */

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
  maybe,
  ref,
  struct,
  tuple,
  u16,
  u64,
  whole,
  wholeOrInfinity,
} from "../../base/index.ts";
import { O_ACCMODE, O_APPEND, O_RDWR, O_WRONLY } from "../abi/fcntl.ts";
import { errno } from "../abi/errno.ts";
import { EpollFile, type Watch } from "../events/epoll.ts";
import { EventFile } from "../events/eventfd.ts";
import { SignalFile } from "../events/signalfd.ts";
import { TimerFile } from "../events/timerfd.ts";
import { sigSet, streamInfo } from "../image-types.ts";
import type { HostAnswer, HostStream } from "../inputs.ts";
import { Descriptors, type Descriptor } from "./descriptors.ts";
import { FullFile, NullFile, RandomFile, ZeroFile } from "./devices.ts";
import { DirectoryFile } from "./directory.ts";
import { HostDirectory, HostFile, HostFs, HostInode } from "./host-fs.ts";
import { fileFields, type FileLayout } from "./image-fields.ts";
import type { Inode } from "./inode.ts";
import { OpenFile, PathFile } from "./open-file.ts";
import { OverlayFile, OverlayInode } from "./overlay.ts";
import { Pipe, PipeEnd } from "./pipe.ts";
import { FileStream, FlowStream, Stream, StreamBacking } from "./stream.ts";
import { SynthFile, SynthInode } from "./synth.ts";
import { socketLayouts } from "./socket-image.ts";
import { terminalLayouts } from "./terminal-image.ts";
import { treeLayouts } from "./tree-image.ts";
import { TmpFile, TmpInode } from "./tmpfs.ts";

const openFile = lazyRef<OpenFile>(() => OpenFile);
const none = (): null => null;

/** For files whose methods rely on the kind of their inode. */
function demandInode(type: abstract new (...args: never[]) => Inode): (file: OpenFile) => void {
  return (file) => {
    if (!(file.inode instanceof type)) throw new ImageError("an open file is of another kind than its inode");
  };
}

// ---- descriptors and open descriptions

const descriptorsLayout: FileLayout<Descriptors> = {
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
): FileLayout<T> {
  return { name, type, fields: fileFields, caches: {}, ...(inodeType === undefined ? {} : { restored: demandInode(inodeType) }) };
}

const synthFileLayout: FileLayout<SynthFile> = {
  name: "synth-file",
  type: SynthFile,
  fields: { ...fileFields, content: maybe(bytes, null) },
  caches: {},
  restored: demandInode(SynthInode),
};

const randomFileLayout: FileLayout<RandomFile> = {
  name: "random-file",
  type: RandomFile,
  fields: fileFields,
  caches: { random: ({ kernel }) => kernel.random },
};

const pipeEndLayout: FileLayout<PipeEnd> = {
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

const epollFileLayout: FileLayout<EpollFile> = { name: "epoll", type: EpollFile, fields: { ...fileFields, watches: list(watch) }, caches: {} };

const eventFileLayout: FileLayout<EventFile> = {
  name: "eventfd",
  type: EventFile,
  fields: { ...fileFields, count: u64, semaphore: flag, changes: int() },
  caches: {},
};

const signalFileLayout: FileLayout<SignalFile> = {
  name: "signalfd",
  type: SignalFile,
  fields: { ...fileFields, mask: sigSet },
  caches: { reader: ({ kernel }) => kernel },
};

const timerFileLayout: FileLayout<TimerFile> = {
  name: "timerfd",
  type: TimerFile,
  fields: { ...fileFields, clockId: int(), deadline: wholeOrInfinity, interval: whole },
  caches: { clock: ({ kernel }) => kernel.clock },
};

const hostDirectoryLayout: FileLayout<HostDirectory> = {
  name: "host-directory",
  type: HostDirectory,
  fields: { ...fileFields, entries: maybe(list(struct({ name: byteText, ino: whole, type: u16 })), null) },
  caches: {},
  restored: demandInode(HostInode),
};

const hostFileLayout: FileLayout<HostFile> = {
  name: "host-file",
  type: HostFile,
  fields: { ...fileFields, host: ref(HostFs), mapped: flag },
  caches: { handle: () => -1 },
  restored: demandInode(HostInode),
};

// ---- standard streams

const streamLayout: FileLayout<Stream> = {
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

const flowStreamLayout: FileLayout<FlowStream> = {
  name: "flow-stream",
  type: FlowStream,
  fields: { ...fileFields, stream: ref(Stream) },
  caches: {},
};

const fileStreamLayout: FileLayout<FileStream> = {
  name: "file-stream",
  type: FileStream,
  fields: { ...fileFields, stream: ref(Stream), inSequence: flag, mapped: maybe(ref(StreamBacking), null) },
  caches: {},
};

export const fileLayouts: readonly AnyLayout[] = [
  ...treeLayouts,
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
