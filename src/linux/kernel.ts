/**
 * The kernel: runs system calls, delivers signals, keeps virtual time and says which task may run. It executes no instructions; the
 * machine room does, and comes here for every SYSCALL, every exception and whenever a task must not go on.
 *
 * A run loop is
 *
 *     const task = kernel.next();            // a task in user mode, or why there is none
 *     ... execute at most kernel.sliceEnd() - kernel.clock.now instructions of it ...
 *     kernel.advance(task, executed);        // virtual time and processor time
 *     kernel.syscall(task) or kernel.fault(task, fault), where that is what stopped it
 *
 * Nothing here is asynchronous: a task that waits is parked as data, and `answer` or the passing of time wakes it.
 */
import type { AddressSpace } from "../memory/index.ts";
import { MapError, MemoryFault } from "../memory/index.ts";
import { ERRNO, Errno } from "./abi/errno.ts";
import { RLIMIT_STACK, type Rlimit } from "./abi/resource.ts";
import { syscallName } from "./abi/syscall-names.ts";
import { SIGALRM, SIGPROF, SIGVTALRM } from "./abi/signal.ts";
import { lowest } from "./abi/sigset.ts";
import { Clock, type Instant } from "./clock.ts";
import { signalAsync, type AsyncWatch } from "./events/async.ts";
import { fileDeadline, isLiveFile } from "./events/waiting.ts";
import { commOf, findProgram, startImage } from "./exec.ts";
import type { HostAnswer, HostMount, Inputs, WindowSize } from "./inputs.ts";
import { isOrphaned, terminalHost } from "./jobs.ts";
import { RandomSource } from "./random.ts";
import { Reg, type CpuFault, type Registers } from "./registers.ts";
import { releaseMemory } from "./robust.ts";
import { expireTimers, nextTimer } from "./timers.ts";
import { deliverSignals } from "./signals/deliver.ts";
import { faultSignal } from "./signals/fault.ts";
import { forceSignal, hasUnblocked, kernelInfo, sendToProcess } from "./signals/send.ts";
import { defaultHandlers, type SigInfo } from "./signals/types.ts";
import { KEEP_REGISTERS, type Outcome, type Syscall } from "./syscalls/syscall.ts";
import { syscallTable } from "./syscalls/table.ts";
import { SystemView } from "./system.ts";
import { Process, RESTART_CODE, Task, type ExitStatus, type TaskCredentials, type Wait } from "./task.ts";
import { Descriptors } from "./vfs/descriptors.ts";
import { HOST_PENDING, HostPort, type HostExchange } from "./vfs/host-port.ts";
import { Vfs } from "./vfs/vfs.ts";

/** The first process id. */
const FIRST_PID = 1000;

/** How a machine starts: all of it is input, recorded in images. */
export interface StartOptions {
  /** CLOCK_REALTIME at the first instruction. */
  readonly time: Instant;
  /** At least 16 bytes; equal seeds give equal random numbers. */
  readonly seed: Uint8Array;
  readonly uid: number;
  readonly gid: number;
  readonly groups?: readonly number[];
  readonly umask: number;
  /** By RLIMIT_* number; absent: those of `defaultRlimits`. */
  readonly limits: readonly Rlimit[];
  readonly hostname?: string;
  /** Home directory of /etc/passwd. */
  readonly home?: string;
  /** Memory that sysinfo(2) and /proc/meminfo tell of, in bytes. */
  readonly memorySize?: number;
  /** Text of /proc/cpuinfo; the machine makes it from its CPUID. */
  readonly cpuinfo?: string;
  /** AT_HWCAP (CPUID.1:EDX) and AT_HWCAP2. */
  readonly hwcap?: number;
  readonly hwcap2?: number;
}

/** Told of what happens; none of these may change anything. */
export interface KernelListener {
  /** A call begins; also when restart_syscall(2) continues one. */
  enter?(task: Task, call: Syscall): void;
  /** A call ends. `result` is -errno for failures and -512 to -516 for calls that a signal interrupted. */
  exit?(task: Task, call: Syscall, result: number): void;
  /** A call that no declaration exists for; it returns ENOSYS. `first`: the first time this machine sees it. */
  unknown?(task: Task, number: number, first: boolean): void;
  /** A signal acts: handler, stop, or death. */
  signal?(task: Task, info: SigInfo): void;
  /** A signal was sent that does nothing, by SIG_IGN or by default. During a call it belongs behind the call's end. */
  ignored?(task: Task, info: SigInfo): void;
  /** A stop signal other than SIGSTOP that did nothing, because nobody could continue the process: no job control reaches it. */
  notStopped?(task: Task, signal: number): void;
  /** exit(2) of a thread or process, or death by a signal. */
  exited?(task: Task, status: ExitStatus): void;
}

/** Why no task can run now. */
export type Idle =
  | { readonly kind: "exited"; readonly status: ExitStatus }
  /** Wait for the host: until an answer comes (`answer`), or for `deadline - clock.now` nanoseconds, then `elapse`. */
  | { readonly kind: "host"; readonly deadline: number }
  /** Nothing can ever wake a task but a signal from outside. */
  | { readonly kind: "forever" };

export type SyscallOutcome = "done" | "blocked" | "exited";

/** What the first process is made of. */
export interface ProgramStart {
  readonly memory: AddressSpace;
  readonly registers: Registers;
  /** Absolute guest path. */
  readonly path: string;
  /** Contents, where the guest's file system does not have the file: it is then put there with mode 0755. */
  readonly bytes?: Uint8Array;
  /** Byte strings, one character for each byte. */
  readonly argv: readonly string[];
  readonly envp: readonly string[];
  /** Absolute guest path. */
  readonly cwd: string;
}

export class Kernel {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly host: HostPort;
  readonly vfs: Vfs;
  readonly start: StartOptions;
  readonly system: SystemView;
  readonly processes: Map<number, Process> = new Map();
  /** In order of creation; the scheduler goes round. */
  readonly tasks: Task[] = [];
  readonly listeners: KernelListener[] = [];
  /** Descriptors and writers whose readiness may have changed since waiting tasks were last looked at. */
  lastPid: number = FIRST_PID - 1;
  /** Nanoseconds that were jumped over because nothing could run. */
  idleTime = 0;
  turn = 0;
  /** Files with O_ASYNC. */
  readonly asyncFiles: AsyncWatch[] = [];
  #current: Task | undefined;
  readonly #unknown: Set<number> = new Set();
  /** Answers that came for parked calls, by request id. */
  readonly answers: Map<number, HostAnswer> = new Map();

  constructor(options: {
    readonly inputs: Inputs;
    readonly start: StartOptions;
    readonly mounts?: readonly HostMount[];
    readonly archive?: Uint8Array;
  }) {
    this.start = options.start;
    this.clock = new Clock(options.start.time);
    this.random = new RandomSource(options.start.seed);
    this.host = new HostPort(options.inputs);
    this.system = new SystemView(this);
    const { clock } = this;
    this.vfs = new Vfs({
      clock: { now: () => clock.real() },
      random: this.random,
      port: this.host,
      proc: this.system,
      terminal: terminalHost(this),
      mounts: options.mounts ?? [],
      ...(options.archive === undefined ? {} : { archive: options.archive }),
      hostname: this.system.uname.nodename,
      uid: options.start.uid,
      gid: options.start.gid,
      home: options.start.home ?? (options.start.uid === 0 ? "/root" : "/home"),
      memory: this.system.memorySize,
    });
  }

  /** Makes the first process: throws LoadError for what Linux does not execute. */
  createProcess(program: ProgramStart): Task {
    const { start } = this;
    const pid = this.newPid();
    const credentials: TaskCredentials = {
      uid: start.uid,
      euid: start.uid,
      suid: start.uid,
      fsuid: start.uid,
      gid: start.gid,
      egid: start.gid,
      sgid: start.gid,
      fsgid: start.gid,
      groups: [...(start.groups ?? [])],
    };
    const process = new Process({
      pid,
      parentPid: 0,
      group: pid,
      session: pid,
      limits: start.limits.map(({ soft, hard }) => ({ soft, hard })),
      startTime: this.clock.now,
    });
    const files = new Descriptors();
    this.vfs.tree.openStreams().forEach((file, fd) => {
      if (file !== undefined) files.replace(fd, file, false, Infinity);
    });
    const task = new Task(this, {
      tid: pid,
      process,
      registers: program.registers,
      memory: program.memory,
      files,
      fs: this.vfs.firstFsState(program.cwd, start.umask, credentials),
      handlers: defaultHandlers(),
      credentials,
      comm: commOf(program.path),
    });
    const found = findProgram(this.vfs, task, program.path, program.bytes);
    process.tasks.push(task);
    this.processes.set(pid, process);
    this.tasks.push(task);
    this.vfs.tree.startTerminals(pid);
    startImage(task, found, program.argv, program.envp, program.path);
    return task;
  }

  /** The task in whose call the kernel is, or whose wait it looks at. */
  get current(): Task {
    if (this.#current === undefined) throw new Error("no task is in a system call");
    return this.#current;
  }

  newPid(): number {
    return ++this.lastPid;
  }

  /** Counts `instructions` that `task` executed: one nanosecond each. */
  advance(task: Task, instructions: number): void {
    this.clock.now += instructions;
    task.cpuTime += instructions;
  }

  /** `ns` of real time went by while the host was waited for: virtual time follows, up to the next deadline. */
  elapse(ns: number): void {
    const limit = this.#nextDeadline();
    const passed = Math.max(0, Math.min(ns, limit - this.clock.now));
    this.clock.now += passed;
    this.idleTime += passed;
  }

  /** Clock value at which the running task must come back, because something is due. Infinity: nothing is. */
  sliceEnd(): number {
    return this.#nextDeadline();
  }

  /** The registers hold a call; `rip` is behind the SYSCALL instruction. The result goes to rax. */
  syscall(task: Task): SyscallOutcome {
    const { registers, call } = task;
    const { args } = call;
    call.number = registers.high(Reg.rax) === 0 ? registers.low(Reg.rax) : 0x7fff_ffff;
    args[0] = registers.low(Reg.rdi);
    args[1] = registers.high(Reg.rdi);
    args[2] = registers.low(Reg.rsi);
    args[3] = registers.high(Reg.rsi);
    args[4] = registers.low(Reg.rdx);
    args[5] = registers.high(Reg.rdx);
    args[6] = registers.low(Reg.r10);
    args[7] = registers.high(Reg.r10);
    args[8] = registers.low(Reg.r8);
    args[9] = registers.high(Reg.r8);
    args[10] = registers.low(Reg.r9);
    args[11] = registers.high(Reg.r9);
    call.resume = "start";
    call.progress = 0;
    call.deadline = Infinity;
    call.woken = false;
    return this.#run(task);
  }

  #run(task: Task, exchanges?: readonly HostExchange[]): SyscallOutcome {
    const { call } = task;
    const declared = syscallTable[call.number];
    if (declared === undefined) return this.#unknownCall(task);
    if (call.resume === "start") for (const listener of this.listeners) listener.enter?.(task, declared);
    this.#current = task;
    this.host.begin(exchanges);
    let outcome: Outcome;
    try {
      outcome = declared.run(task);
    } catch (error) {
      outcome = this.#failure(error);
    }
    if (typeof outcome !== "number") {
      if (call.resume !== "signal" || outcome.host !== undefined) return this.#park(task, outcome);
      outcome = RESTART_CODE[outcome.interrupted];
    }
    if (call.held.length > 0) this.#release(task);
    if (this.asyncFiles.length > 0) signalAsync(this);
    for (const listener of this.listeners) listener.exit?.(task, declared, outcome);
    if (outcome === RESTART_CODE.ERESTART_RESTARTBLOCK) {
      task.restart.number = call.number;
      task.restart.args.set(call.args);
      task.restart.deadline = call.deadline;
    }
    if (task.state === "exited") return "exited";
    if (outcome !== KEEP_REGISTERS) {
      task.registers.set(Reg.rax, outcome);
      if (outcome > -512 || outcome < -516) call.number = -1;
    }
    return "done";
  }

  /** Runs the call in `task.call` as part of another: restart_syscall(2). */
  continueCall(task: Task): Outcome {
    return syscallTable[task.call.number]!.run(task);
  }

  /** Name of a call by number. */
  nameOf(number: number): string {
    return syscallName(number) ?? `syscall_${number}`;
  }

  #park(task: Task, wait: Wait): SyscallOutcome {
    task.wait = wait;
    task.state = "blocked";
    for (const { file } of wait.files ?? []) task.call.held.push(file.retain());
    return "blocked";
  }

  #release(task: Task): void {
    for (const file of task.call.held) file.unref();
    task.call.held = [];
  }

  #failure(error: unknown): Outcome {
    if (error instanceof Errno) return -error.code;
    if (error instanceof MemoryFault) return -ERRNO.EFAULT;
    if (error instanceof MapError) return -ERRNO[error.code];
    if (error === HOST_PENDING) return { host: this.host.take(), interrupted: "ERESTARTSYS" };
    throw error;
  }

  #unknownCall(task: Task): SyscallOutcome {
    const { number } = task.call;
    const first = !this.#unknown.has(number);
    this.#unknown.add(number);
    for (const listener of this.listeners) listener.unknown?.(task, number, first);
    task.registers.set(Reg.rax, -ERRNO.ENOSYS);
    task.call.number = -1;
    return "done";
  }

  /** The processor raised an exception: it becomes a signal that `next` or `deliver` acts on. */
  fault(task: Task, fault: CpuFault): void {
    task.call.number = -1;
    forceSignal(task, faultSignal(fault, task.registers, task.trap));
  }

  /** Acts on pending signals before a return to user mode. */
  deliver(task: Task): "running" | "exited" | "stopped" {
    if (!task.signalled && task.call.number < 0 && !task.restoreMask) return "running";
    return deliverSignals(task, {
      delivered: (who, info) => {
        for (const listener of this.listeners) listener.signal?.(who, info);
      },
      terminate: (who, signal, core) => this.exitProcess(who.process, { code: 0, signal, core }),
      orphaned: (who) => isOrphaned(this, who.process.group),
      notStopped: (who, signal) => {
        for (const listener of this.listeners) listener.notStopped?.(who, signal);
      },
      stop: (who) => {
        who.process.stopped = true;
        for (const other of who.process.tasks) if (other.state !== "exited") other.state = "stopped";
      },
    });
  }

  /** A task that may run in user mode, its signals delivered; or why there is none. */
  next(): Task | Idle {
    for (;;) {
      expireTimers(this);
      const order = this.tasks.length === 1 ? this.tasks : this.#order();
      for (let i = 0; i < order.length; i++) {
        const task = order[i]!;
        if (task.state === "blocked") this.#wake(task);
        if (task.state !== "running") continue;
        if (this.deliver(task) !== "running") continue;
        this.turn = this.tasks.indexOf(task);
        return task;
      }
      const idle = this.#idle();
      if (idle !== undefined) return idle;
    }
  }

  /** Tasks from the one whose turn it is. */
  #order(): Task[] {
    const at = this.turn % Math.max(1, this.tasks.length);
    return [...this.tasks.slice(at), ...this.tasks.slice(0, at)];
  }

  /** Gives the next runnable task its turn: the end of a time slice, sched_yield(2). */
  yield(): void {
    this.turn++;
  }

  /** Nothing runs: jumps to the next deadline, or says what must be waited for. */
  #idle(): Idle | undefined {
    const first = this.processes.get(FIRST_PID);
    const terminals = [...this.vfs.tree.terminals.values()];
    if (first?.exit !== undefined) {
      // What the last process wrote still reaches the screen.
      if (terminals.some((terminal) => terminal.draining)) return { kind: "host", deadline: Infinity };
      return { kind: "exited", status: first.exit };
    }
    const deadline = this.#nextDeadline();
    // Keys send signals: who has a terminal really waits, whatever for.
    const live = terminals.some((terminal) => terminal.live) || this.tasks.some((task) => task.state === "blocked" && isLive(task.wait));
    if (live) return { kind: "host", deadline };
    if (deadline === Infinity) return { kind: "forever" };
    this.idleTime += deadline - this.clock.now;
    this.clock.now = deadline;
    return undefined;
  }

  #nextDeadline(): number {
    let deadline = nextTimer(this);
    for (const task of this.tasks) {
      const { wait } = task;
      if (task.state !== "blocked" || wait === undefined) continue;
      if (wait.deadline !== undefined && wait.deadline < deadline) deadline = wait.deadline;
      for (const { file } of wait.files ?? []) deadline = Math.min(deadline, fileDeadline(file));
    }
    // What is further away than numbers are exact, 104 days, is never: sleep(1) infinity.
    return deadline > Number.MAX_SAFE_INTEGER ? Infinity : Math.max(deadline, this.clock.now);
  }

  /** Enters the call of a blocked task again if what it waits for has come. */
  #wake(task: Task): void {
    const wait = task.wait!;
    this.#current = task;
    let exchanges: HostExchange[] | undefined;
    if (wait.host !== undefined) {
      const answer = this.answers.get(wait.host.id);
      if (answer === undefined) return;
      this.answers.delete(wait.host.id);
      exchanges = [...wait.host.exchanges, { request: wait.host.request, answer }];
    } else {
      const reason = this.#wakeReason(task, wait);
      if (reason === undefined) return;
      task.call.resume = reason;
    }
    task.wait = undefined;
    task.state = "running";
    this.#release(task);
    this.#run(task, exchanges);
  }

  #wakeReason(task: Task, wait: Wait): "ready" | "timeout" | "signal" | undefined {
    if (task.call.woken || wait.retry === true || wait.child === true) {
      if (task.call.woken || !(task.signalled && hasUnblocked(task))) return "ready";
    }
    for (const { file, events } of wait.files ?? []) if (file.ready() & (events | ALWAYS_REPORTED)) return "ready";
    if (wait.signals !== undefined) {
      const { pending, process } = task;
      const low = (pending.set.low | process.pending.set.low) & wait.signals.low;
      const high = (pending.set.high | process.pending.set.high) & wait.signals.high;
      if (lowest({ low, high }) !== 0) return "ready";
    }
    if (task.signalled && hasUnblocked(task)) return "signal";
    if (wait.deadline !== undefined && wait.deadline <= this.clock.now) return "timeout";
    return undefined;
  }

  /** The host's answer to a request that it put off. */
  answer(id: number, answer: HostAnswer): void {
    if (this.vfs.tree.answer(id, answer)) return;
    this.answers.set(id, answer);
  }

  /** A signal from outside reaches the first process as from the kernel, or as kill(2) by nobody. */
  signal(signal: number): void {
    const first = this.processes.get(FIRST_PID);
    if (first !== undefined && first.exit === undefined) sendToProcess(first, { ...kernelInfo(signal), code: 0 });
  }

  /** The window of the host's terminal has another size. */
  resize(size: WindowSize): void {
    this.vfs.tree.terminal?.resize(size);
  }

  /** A timer signal: which of setitimer(2)'s three expired. */
  timerSignal(process: Process, which: number): void {
    sendToProcess(process, kernelInfo([SIGALRM, SIGVTALRM, SIGPROF][which]!));
  }

  /** Ends a thread: exit(2). With the last one the process ends. */
  exitTask(task: Task, code: number): void {
    if (task.process.tasks.length === 1) {
      this.exitProcess(task.process, { code, signal: 0, core: false });
      return;
    }
    this.#leave(task);
    const { tasks } = task.process;
    tasks.splice(tasks.indexOf(task), 1);
    task.process.pastTime += task.cpuTime;
    for (const listener of this.listeners) listener.exited?.(task, { code, signal: 0, core: false });
  }

  /** Ends a process and all its threads. */
  exitProcess(process: Process, status: ExitStatus): void {
    if (process.exit !== undefined) return;
    process.exit = status;
    for (const task of process.tasks) {
      this.#leave(task);
      for (const listener of this.listeners) listener.exited?.(task, status);
    }
    this.vfs.flush();
  }

  #leave(task: Task): void {
    task.state = "exited";
    task.wait = undefined;
    this.#release(task);
    task.call.opened?.unref();
    task.call.opened = undefined;
    releaseMemory(task);
    if (--task.files.references === 0) task.files.closeRange(0, Infinity);
    this.tasks.splice(this.tasks.indexOf(task), 1);
  }

  /** RLIMIT_STACK of the first process, for the machine that makes its address space. */
  get stackLimit(): number {
    return this.start.limits[RLIMIT_STACK]?.soft ?? Infinity;
  }
}

/** POLLERR, POLLHUP and POLLNVAL end a wait whether asked for or not. */
const ALWAYS_REPORTED = 0x38;

function isLive(wait: Wait | undefined): boolean {
  if (wait === undefined) return false;
  return wait.host !== undefined || (wait.files ?? []).some(({ file }) => isLiveFile(file));
}
