/**
 * Tasks and processes. A task is a thread; what clone(2) can share (memory, descriptors, file-system state, handlers) is an object of its
 * own that a task refers to. All of it is plain data: a task that waits is described by `wait` and by the call it is in.
 */
import type { AddressSpace } from "../memory/index.ts";
import type { Rlimit } from "./abi/resource.ts";
import { RLIMIT_FSIZE } from "./abi/resource.ts";
import type { SigSet } from "./abi/sigset.ts";
import { emptySet } from "./abi/sigset.ts";
import type { Kernel } from "./kernel.ts";
import type { Registers } from "./registers.ts";
import { noPending, type AltStack, type Handlers, type Pending } from "./signals/types.ts";
import type { Dentry } from "./vfs/inode.ts";
import type { Descriptors } from "./vfs/descriptors.ts";
import type { ParkedHostCall } from "./vfs/host-port.ts";
import type { OpenFile } from "./vfs/open-file.ts";
import type { Caller, FsState } from "./vfs/types.ts";

/** credentials(7). Every uid-like value of a task, changed by assignment. */
export interface TaskCredentials {
  uid: number;
  euid: number;
  suid: number;
  fsuid: number;
  gid: number;
  egid: number;
  sgid: number;
  fsgid: number;
  groups: number[];
}

/** What a call that waits gives when a handled signal interrupts it: signal(7), "Interruption of system calls". */
export type Interruption =
  /** Run again if the handler has SA_RESTART, else EINTR. */
  | "ERESTARTSYS"
  /** Run again only if no handler ran: pause(2), sigsuspend(2), select(2). */
  | "ERESTARTNOHAND"
  /** As ERESTARTNOHAND, by restart_syscall(2), which keeps the deadline: nanosleep(2), poll(2). */
  | "ERESTART_RESTARTBLOCK"
  /** Never run again. */
  | "EINTR";

/** Codes inside the kernel that no task ever sees: linux/errno.h. */
export const RESTART_CODE: Readonly<Record<Interruption, number>> = {
  EINTR: -4,
  ERESTARTSYS: -512,
  ERESTARTNOHAND: -514,
  ERESTART_RESTARTBLOCK: -516,
};

/** An event of poll(2) on an open file: the wait ends when one of `events` holds. */
export interface FileWait {
  readonly file: OpenFile;
  readonly events: number;
}

/** What a task waits for: the first of these that comes ends the wait, and the call is entered again with `call.resume` telling which. */
export interface Wait {
  readonly files?: readonly FileWait[];
  /** An open request to the host. */
  readonly host?: ParkedHostCall;
  readonly futex?: { readonly address: number; readonly mask: number };
  /** sigtimedwait(2): arrival of one of these, although blocked. */
  readonly signals?: SigSet;
  /** Locks and whatever else is simply tried again whenever anything has happened. */
  readonly retry?: boolean;
  /** wait4(2). */
  readonly child?: boolean;
  /** Machine nanoseconds; absent: no deadline. */
  readonly deadline?: number;
  readonly interrupted: Interruption;
}

/** The system call a task is in, or was last in. */
export interface Call {
  /** As in rax; -1 before the first call and once signal delivery has dealt with it. */
  number: number;
  /** Low and high halves of the six arguments. */
  readonly args: Int32Array;
  /** Why the handler runs: first time, the wait's condition holds, its deadline passed, or a signal ends it. */
  resume: "start" | "ready" | "timeout" | "signal";
  /** What a handler must remember over a wait: bytes already moved, or the like. */
  progress: number;
  /** Machine nanoseconds, Infinity for none; set by the handler at the start and kept over waits and restart_syscall(2). */
  deadline: number;
  /** Files that a waiting call holds open although descriptors may be closed meanwhile. */
  held: OpenFile[];
  /** The description of an open(2) that waits for the other end of a FIFO. */
  opened: OpenFile | undefined;
  /** Set when a futex wake chose this task. */
  woken: boolean;
}

/** A call that restart_syscall(2) continues. */
export interface RestartBlock {
  number: number;
  readonly args: Int32Array;
  deadline: number;
}

export interface Trap {
  vector: number;
  errorCode: number;
  address: number;
}

/** One of setitimer(2)'s three timers. ITIMER_REAL counts machine time, the others processor time of the process. */
export interface IntervalTimer {
  /** Infinity when disarmed. */
  deadline: number;
  interval: number;
}

/** timer_create(2). */
export interface PosixTimer {
  readonly id: number;
  readonly clock: number;
  /** 0: none, else the signal to send. */
  readonly signal: number;
  /** The thread to signal; 0 for the process. */
  readonly tid: number;
  readonly valueLow: number;
  readonly valueHigh: number;
  deadline: number;
  interval: number;
  overrun: number;
}

/** How a process ended. */
export interface ExitStatus {
  /** exit(2)'s argument, 0 to 255; 0 when a signal ended it. */
  readonly code: number;
  /** 0, or the signal. */
  readonly signal: number;
  /** The signal's default action is to dump core. */
  readonly core: boolean;
}

/** A thread group. */
export class Process {
  readonly pid: number;
  parentPid: number;
  group: number;
  session: number;
  readonly tasks: Task[] = [];
  readonly pending: Pending = noPending();
  /** Signals sent by sigqueue and its like carry a process; job control keeps it stopped. */
  stopped = false;
  readonly limits: Rlimit[];
  readonly intervalTimers: IntervalTimer[] = [0, 1, 2].map(() => ({ deadline: Infinity, interval: 0 }));
  readonly posixTimers: PosixTimer[] = [];
  exe: Dentry | null = null;
  /** As execve(2) was given it. */
  path = "";
  /** [start, end) of argv's and envp's strings on the first stack. */
  argv: readonly [number, number] = [0, 0];
  envp: readonly [number, number] = [0, 0];
  auxv: Uint8Array = new Uint8Array(0);
  /** Machine nanoseconds. */
  readonly startTime: number;
  dumpable = 1;
  childSubreaper = false;
  nice = 0;
  /** Processor time of threads that are gone, and of children waited for. */
  pastTime = 0;
  childrenTime = 0;
  exit: ExitStatus | undefined;

  constructor(identity: { pid: number; parentPid: number; group: number; session: number; limits: Rlimit[]; startTime: number }) {
    this.pid = identity.pid;
    this.parentPid = identity.parentPid;
    this.group = identity.group;
    this.session = identity.session;
    this.limits = identity.limits;
    this.startTime = identity.startTime;
  }

  /** Processor time of all threads, in nanoseconds. */
  get cpuTime(): number {
    let total = this.pastTime;
    for (const task of this.tasks) total += task.cpuTime;
    return total;
  }
}

/** What a new task is made of. */
export interface TaskParts {
  readonly tid: number;
  readonly process: Process;
  readonly registers: Registers;
  readonly memory: AddressSpace;
  readonly files: Descriptors;
  readonly fs: FsState;
  readonly handlers: Handlers;
  readonly credentials: TaskCredentials;
  readonly comm: string;
}

export class Task implements Caller {
  readonly kernel: Kernel;
  readonly tid: number;
  readonly process: Process;
  readonly registers: Registers;
  memory: AddressSpace;
  files: Descriptors;
  fs: FsState;
  handlers: Handlers;
  credentials: TaskCredentials;
  /** prctl(PR_SET_NAME): at most 15 bytes, one character for each. */
  comm: string;
  readonly mask: SigSet = emptySet();
  /** The mask that sigsuspend(2) and its like put back; valid while `restoreMask`. */
  readonly savedMask: SigSet = emptySet();
  restoreMask = false;
  readonly pending: Pending = noPending();
  readonly altStack: AltStack = { sp: 0, flags: 0, size: 0 };
  readonly trap: Trap = { vector: 0, errorCode: 0, address: 0 };
  state: "running" | "blocked" | "stopped" | "exited" = "running";
  wait: Wait | undefined;
  readonly call: Call = {
    number: -1,
    args: new Int32Array(12),
    resume: "start",
    progress: 0,
    deadline: Infinity,
    held: [],
    opened: undefined,
    woken: false,
  };
  readonly restart: RestartBlock = { number: -1, args: new Int32Array(12), deadline: Infinity };
  /** set_tid_address(2), set_robust_list(2): addresses. */
  clearChildTid = 0;
  robustList = 0;
  robustListSize = 0;
  /** Instructions executed, in nanoseconds of virtual time. */
  cpuTime = 0;
  noNewPrivs = false;
  timerSlack = 50_000;
  parentDeathSignal = 0;
  cpuAffinity = 1;
  /** True where a signal may have to be taken before the next user instruction. */
  signalled = false;

  constructor(kernel: Kernel, parts: TaskParts) {
    this.kernel = kernel;
    this.tid = parts.tid;
    this.process = parts.process;
    this.registers = parts.registers;
    this.memory = parts.memory;
    this.files = parts.files;
    this.fs = parts.fs;
    this.handlers = parts.handlers;
    this.credentials = parts.credentials;
    this.comm = parts.comm;
  }

  get pid(): number {
    return this.process.pid;
  }

  get fileSizeLimit(): number {
    return this.process.limits[RLIMIT_FSIZE]!.soft;
  }
}
