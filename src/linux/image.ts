/**
 * The state of the kernel in an image: processes, tasks, signals, timers, clocks, random numbers, and the file tree (vfs/image.ts).
 * No state are listeners, open requests to the host (they are made again) and what calls were reported as unknown.
 */

import type { AnyLayout, Layout, ObjectReader, Plain, Referrer, Resolver, ValueType } from "../base/index.ts";
import {
  bytes,
  bytesOf,
  byteText,
  flag,
  i32,
  ImageError,
  int,
  int32s,
  list,
  mapOf,
  maybe,
  oneOf,
  ref,
  sharedRef,
  struct,
  tuple,
  u32,
  uint32s,
  whole,
  wholeOrInfinity,
} from "../base/index.ts";
import { AddressSpace } from "../memory/index.ts";
import { altStack, pending, rlimit, sigAction, sigSet, startType, time } from "./image-types.ts";
import type { Kernel, StartOptions } from "./kernel.ts";
import type { Registers } from "./registers.ts";
import type { Handlers } from "./signals/types.ts";
import type { Call, Wait, TaskCredentials } from "./task.ts";
import { Process, Task } from "./task.ts";
import { AnonymousFs } from "./vfs/anonymous.ts";
import { Descriptors } from "./vfs/descriptors.ts";
import { HostFile, HostFs } from "./vfs/host-fs.ts";
import { OverlayFs } from "./vfs/overlay.ts";
import type { FileEnvironment } from "./vfs/image-fields.ts";
import { adoptStreams, fileLayouts, hostFileProblem, reopenHostFiles } from "./vfs/image.ts";
import { Dentry, FileSystem } from "./vfs/inode.ts";
import { OpenFile } from "./vfs/open-file.ts";
import { FileStream, FlowStream, Stream } from "./vfs/stream.ts";
import { Terminal } from "./vfs/terminal.ts";
import { TmpFs } from "./vfs/tmpfs.ts";
import type { FsState } from "./vfs/types.ts";

/** What this room's objects need to be put together again. */
export interface KernelEnvironment extends FileEnvironment {
  readonly registers: Registers;
}

type L<T extends object> = Layout<T, KernelEnvironment>;

const FIRST_PID = 1000;
const RLIM_NLIMITS = 16;
/** Signals 1 to 64, and an unused first entry. */
const SIGNALS = 65;

const fsStateLayout: L<FsState> = { name: "fs-state", fields: { root: ref(Dentry), cwd: ref(Dentry), umask: int(0, 0o777) }, caches: {} };

const handlersLayout: L<Handlers> = { name: "handlers", fields: { actions: list(sigAction, 65) }, caches: {} };

const credentialsLayout: L<TaskCredentials> = {
  name: "credentials",
  fields: { uid: u32, euid: u32, suid: u32, fsuid: u32, gid: u32, egid: u32, sgid: u32, fsgid: u32, groups: list(u32) },
  caches: {},
};

const deadline = wholeOrInfinity;

const processLayout: L<Process> = {
  name: "process",
  type: Process,
  fields: {
    pid: int(1),
    parentPid: int(),
    group: int(),
    session: int(),
    tasks: list(ref<Task>(Task)),
    pending,
    stopped: flag,
    limits: list(rlimit, 16),
    intervalTimers: tuple(...[0, 1, 2].map(() => struct({ deadline, interval: whole }))),
    posixTimers: list(
      struct({
        id: int(),
        clock: whole,
        signal: int(0, 64),
        tid: int(),
        valueLow: whole,
        valueHigh: whole,
        deadline,
        interval: whole,
        overrun: whole,
      }),
    ),
    exe: maybe(ref(Dentry), null),
    path: byteText,
    argv: tuple(int(), int()),
    envp: tuple(int(), int()),
    auxv: bytes,
    startTime: int(),
    dumpable: int(),
    childSubreaper: flag,
    nice: i32,
    pastTime: int(),
    childrenTime: int(),
    exit: maybe(struct({ code: int(0, 255), signal: int(0, 64), core: flag }), undefined),
  },
  caches: {},
};

/** The state cannot be saved now; it can be a little later. */
export class BusyError extends Error {
  constructor(what: string) {
    super(what);
    this.name = "BusyError";
  }
}

const openRequest: ValueType<never> = {
  save: () => {
    throw new BusyError("a system call waits for an answer of the host");
  },
  load: () => {
    throw new ImageError("an open request");
  },
};

const wait = struct(
  { interrupted: oneOf("ERESTARTSYS", "ERESTARTNOHAND", "ERESTART_RESTARTBLOCK", "EINTR") },
  {
    files: list(struct({ file: ref(OpenFile), events: u32 })),
    host: openRequest,
    futex: struct({ address: int(), mask: whole }),
    signals: sigSet,
    retry: flag,
    child: flag,
    deadline,
  },
) as ValueType<Wait>;

const call: ValueType<Call> = struct({
  number: i32,
  args: int32s(12),
  resume: oneOf("start", "ready", "timeout", "signal"),
  progress: whole,
  deadline,
  held: list(ref(OpenFile)),
  opened: maybe(ref(OpenFile), undefined),
  woken: flag,
});

const taskLayout: L<Task> = {
  name: "task",
  type: Task,
  fields: {
    tid: int(1),
    process: ref(Process),
    memory: ref(AddressSpace),
    files: ref(Descriptors),
    fs: sharedRef(fsStateLayout),
    handlers: sharedRef(handlersLayout),
    credentials: sharedRef(credentialsLayout),
    comm: byteText,
    mask: sigSet,
    savedMask: sigSet,
    restoreMask: flag,
    pending,
    altStack,
    trap: struct({ vector: whole, errorCode: whole, address: whole }),
    state: oneOf("running", "blocked", "stopped", "exited"),
    wait: maybe(wait, undefined),
    call,
    restart: struct({ number: i32, args: int32s(12), deadline }),
    clearChildTid: whole,
    robustList: whole,
    robustListSize: whole,
    cpuTime: int(),
    noNewPrivs: flag,
    timerSlack: whole,
    parentDeathSignal: int(0, 64),
    cpuAffinity: whole,
    signalled: flag,
  },
  caches: { kernel: ({ kernel }) => kernel, registers: ({ registers }) => registers },
};

export const kernelLayouts: readonly AnyLayout[] = [...fileLayouts, fsStateLayout, handlersLayout, credentialsLayout, processLayout, taskLayout];

const treeType = struct({
  root: ref(Dentry),
  mounts: list(ref<FileSystem>(FileSystem)),
  anonymous: ref(AnonymousFs),
  sockets: ref(AnonymousFs),
  pipes: ref(AnonymousFs),
  streamFs: ref(AnonymousFs),
  memfds: ref(TmpFs),
  dev: ref(TmpFs),
  pts: ref(TmpFs),
  streams: list(maybe(ref(Stream), null), 3),
  terminals: mapOf(byteText, ref(Terminal)),
});

const kernelType = struct({
  lastPid: int(),
  idleTime: int(),
  turn: int(),
  now: int(),
  realStart: time,
  random: struct({ key: uint32s(8), counter: int(), block: bytesOf(64), used: int(0, 64) }),
  names: struct({ nodename: byteText, domainname: byteText }),
  processes: list(ref(Process)),
  tasks: list(ref(Task)),
  asyncFiles: list(struct({ file: ref<OpenFile>(OpenFile), fd: int(), arrived: int(), departed: int() })),
  tree: treeType,
});

/** Writes the kernel's own state; the objects it refers to follow from `refs`. Throws BusyError, and Error for what has no image. */
export function saveKernel(kernel: Kernel, refs: Referrer): Plain {
  if (kernel.answers.size > 0) throw new BusyError("an answer of the host waits to be taken");
  const { clock, random, system } = kernel;
  const { tree } = kernel.vfs;
  return kernelType.save(
    {
      lastPid: kernel.lastPid,
      idleTime: kernel.idleTime,
      turn: kernel.turn,
      now: clock.now,
      realStart: clock.start,
      random: { key: random.key, counter: random.counter, block: random.block, used: random.used },
      names: { nodename: system.uname.nodename, domainname: system.uname.domainname },
      processes: [...kernel.processes.values()],
      tasks: kernel.tasks,
      asyncFiles: kernel.asyncFiles,
      tree: {
        root: tree.root,
        mounts: tree.mounts,
        anonymous: tree.anonymous,
        sockets: tree.sockets,
        pipes: tree.pipes.fs,
        streamFs: tree.streamFs,
        memfds: tree.memfds.fs,
        dev: tree.dev,
        pts: tree.pts,
        streams: tree.streams,
        terminals: tree.terminals,
      },
    },
    refs,
  );
}

/** Makes `plain` the state of a kernel that has no process yet. Throws ImageError. */
export function restoreKernel(kernel: Kernel, plain: Plain, reader: ObjectReader, env: KernelEnvironment): void {
  const image = kernelType.load(plain, reader);
  const { tree } = kernel.vfs;
  demandTree(reader);
  demandProcesses(image.processes, image.tasks);
  kernel.lastPid = image.lastPid;
  kernel.idleTime = image.idleTime;
  kernel.turn = image.turn;
  kernel.clock.now = image.now;
  kernel.clock.start = image.realStart;
  kernel.random.key.set(image.random.key);
  kernel.random.block.set(image.random.block);
  kernel.random.counter = image.random.counter;
  kernel.random.used = image.random.used;
  Object.assign(kernel.system.uname, image.names);
  for (const process of image.processes) kernel.processes.set(process.pid, process);
  kernel.tasks.push(...image.tasks);
  kernel.asyncFiles.push(...image.asyncFiles);
  const { pipes, memfds, mounts, ...places } = image.tree;
  Object.assign(tree, places);
  Object.assign(tree.pipes, { fs: pipes });
  Object.assign(tree.memfds, { fs: memfds });
  tree.mounts.splice(0, tree.mounts.length, ...mounts);
  Object.assign(tree.nobody.fs, { root: image.tree.root, cwd: image.tree.root });
  const all = <T extends object>(type: abstract new (...args: never[]) => T): T[] =>
    Array.from(
      reader.found((object): object is T => object instanceof type),
      ([, object]) => object,
    );
  reopenHostFiles(all(HostFile));
  adoptStreams(all(Stream), [...all(FileStream), ...all(FlowStream)], env.streams);
  for (const terminal of image.tree.terminals.values()) terminal.pump();
}

/** There is a first process, and processes and tasks know each other. */
function demandProcesses(processes: readonly Process[], tasks: readonly Task[]): void {
  const [first] = processes;
  if (first === undefined || first.pid !== FIRST_PID) throw new ImageError("no first process");
  for (const process of processes) {
    const known = process.tasks.length > 0 && process.tasks.every((task) => task.process === process);
    if (!known || process.limits.length !== RLIM_NLIMITS || process.intervalTimers.length !== 3) throw new ImageError("a process without tasks");
    if (process.exit === undefined && !process.tasks.every((task) => tasks.includes(task))) throw new ImageError("a task that never runs");
  }
  for (const task of tasks) {
    if (!processes.includes(task.process) || task.handlers.actions.length !== SIGNALS) throw new ImageError("a task of no process");
    if ((task.state === "blocked") !== (task.wait !== undefined) || task.state === "exited") throw new ImageError("a task that waits for nothing");
  }
}

/** Every name leads to a root, and every directory's entries are its own. */
function demandTree(reader: ObjectReader): void {
  const good = new Set<Dentry>();
  for (const [, start] of reader.found((object): object is Dentry => object instanceof Dentry)) {
    const path: Dentry[] = [];
    const seen = new Set<Dentry>();
    let at = start;
    while (!good.has(at) && !at.isRoot) {
      if (seen.has(at)) throw new ImageError("a directory lies in itself");
      seen.add(at);
      path.push(at);
      at = at.parent;
    }
    good.add(at);
    for (const dentry of path) good.add(dentry);
  }
  for (const [, fs] of reader.found((object): object is FileSystem => object instanceof FileSystem)) {
    let depth = 0;
    for (let at: FileSystem | undefined = fs; at?.over != null; at = at.over.inode.fs) {
      if (++depth > 1000) throw new ImageError("file systems are mounted on each other");
    }
  }
}

/** Open files that no other host could open again, in one line each. */
export function unsavable(objects: Iterable<object>): string[] {
  return [...objects].flatMap((object) => (object instanceof HostFile ? [hostFileProblem(object) ?? []].flat() : []));
}

/** How the machine started, but for the seed, whose effect is in the random source. */
export function saveStart(kernel: Kernel, refs: Referrer): Plain {
  return startType.save({ ...kernel.start, seed: new Uint8Array(0) }, refs);
}

export function loadStart(plain: Plain, refs: Resolver): StartOptions {
  return startType.load(plain, refs);
}

/** Host directories that the guest sees, by the number of their mount. */
export interface SavedMount {
  readonly mount: number;
  readonly guest: string;
  readonly readOnly: boolean;
}

export const mountsType: ValueType<SavedMount[]> = list(struct({ mount: int(0, 0xffff), guest: byteText, readOnly: flag }));

/** The `--dir`s of a kernel, and its `--root` as a directory at "/" that is only read. */
export function savedMounts(kernel: Kernel): SavedMount[] {
  const { tree } = kernel.vfs;
  const found: SavedMount[] = [];
  for (const fs of tree.mounts) {
    if (fs instanceof OverlayFs) found.push({ mount: fs.lower.mount, guest: "/", readOnly: true });
    if (!(fs instanceof HostFs)) continue;
    const guest = fs.over === null ? "/" : kernel.vfs.pathOf(fs.over, { root: tree.root, cwd: tree.root, umask: 0 });
    found.push({ mount: fs.mount, guest, readOnly: fs.readOnly });
  }
  return found.sort((a, b) => a.mount - b.mount);
}
