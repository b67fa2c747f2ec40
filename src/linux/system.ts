/** The system as /proc, uname(2) and sysinfo(2) tell it. */
import type { Loaded } from "../loader/index.ts";
import type { AddressSpace } from "../memory/index.ts";
import { SIG_DFL, SIG_IGN } from "./abi/signal.ts";
import { NS_PER_SECOND } from "./abi/time.ts";
import { UPTIME_AT_START } from "./clock.ts";
import type { Kernel } from "./kernel.ts";
import type { SigSet } from "./abi/sigset.ts";
import type { Process, Task } from "./task.ts";
import type { Dentry } from "./vfs/inode.ts";
import type { Descriptors } from "./vfs/descriptors.ts";
import type { FsState, ProcCredentials, ProcProcess, ProcSignals, ProcSource, ProcThread } from "./vfs/types.ts";

const DEFAULT_MEMORY = 8 * 2 ** 30;

/** The kernel that guests believe to run on: the contract's system call table is Linux 6.1's. */
export const RELEASE = "6.1.0-tsvm";
export const VERSION = "#1 SMP PREEMPT_DYNAMIC";

export class SystemView implements ProcSource {
  readonly kernel: Kernel;
  readonly uname: ProcSource["uname"];
  readonly bootTime: number;
  readonly memorySize: number;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.uname = {
      sysname: "Linux",
      nodename: kernel.start.hostname ?? "tsvm",
      release: RELEASE,
      version: VERSION,
      machine: "x86_64",
      domainname: "(none)",
    };
    this.bootTime = kernel.start.time.sec - UPTIME_AT_START / NS_PER_SECOND;
    this.memorySize = kernel.start.memorySize ?? DEFAULT_MEMORY;
  }

  pids(): readonly number[] {
    return [...this.kernel.processes.values()].filter((process) => process.exit === undefined).map((process) => process.pid);
  }

  process(pid: number): ProcProcess | undefined {
    const process = this.kernel.processes.get(pid);
    const task = process?.tasks[0];
    return process === undefined || task === undefined ? undefined : new ProcessView(process, task);
  }

  uptime(): { readonly total: number; readonly idle: number } {
    return { total: this.kernel.clock.monotonic(), idle: this.kernel.idleTime };
  }

  /** Free memory is what no area has taken; it does not depend on what was touched. */
  memory(): { readonly total: number; readonly free: number; readonly shared: number } {
    return { total: this.memorySize, free: Math.floor(this.memorySize * 0.75), shared: 0 };
  }

  cpuinfo(): string {
    return this.kernel.start.cpuinfo ?? "";
  }

  get lastPid(): number {
    return this.kernel.lastPid;
  }

  /** Keeps of a loaded program what /proc tells later. */
  describeImage(process: Process, image: Loaded): void {
    process.argv = [image.argStart, image.argEnd];
    process.envp = [image.envStart, image.envEnd];
    process.auxv = encodeAuxv(image);
  }
}

function encodeAuxv(image: Loaded): Uint8Array {
  const bytes = new Uint8Array(image.auxv.length * 16);
  const view = new DataView(bytes.buffer);
  image.auxv.forEach(([type, value], i) => {
    view.setBigUint64(i * 16, BigInt(type), true);
    view.setBigUint64(i * 16 + 8, BigInt.asUintN(64, BigInt(value)), true);
  });
  return bytes;
}

class ProcessView implements ProcProcess {
  readonly #process: Process;
  readonly #task: Task;

  constructor(process: Process, task: Task) {
    this.#process = process;
    this.#task = task;
  }

  get pid(): number {
    return this.#process.pid;
  }
  get ppid(): number {
    return this.#process.parentPid;
  }
  get pgrp(): number {
    return this.#process.group;
  }
  get session(): number {
    return this.#process.session;
  }
  threads(): readonly ProcThread[] {
    return this.#process.tasks.map((task) => new ThreadView(task));
  }
  get exe(): Dentry | null {
    return this.#process.exe;
  }
  get fs(): FsState {
    return this.#task.fs;
  }
  get files(): Descriptors {
    return this.#task.files;
  }
  get credentials(): ProcCredentials {
    const c = this.#task.credentials;
    return { uids: [c.uid, c.euid, c.suid, c.fsuid], gids: [c.gid, c.egid, c.sgid, c.fsgid], groups: c.groups };
  }
  cmdline(): Uint8Array {
    return this.#strings(this.#process.argv);
  }
  environ(): Uint8Array {
    return this.#strings(this.#process.envp);
  }
  auxv(): Uint8Array {
    return this.#process.auxv;
  }
  get memory(): AddressSpace {
    return this.#task.memory;
  }
  get userTime(): number {
    return this.#process.cpuTime;
  }
  get systemTime(): number {
    return 0;
  }
  get startTime(): number {
    return this.#process.startTime + UPTIME_AT_START;
  }
  get nice(): number {
    return this.#process.nice;
  }
  get signals(): ProcSignals {
    const ignored: number[] = [];
    const caught: number[] = [];
    this.#task.handlers.actions.forEach(({ handler }, signal) => {
      if (signal === 0) return;
      if (handler === SIG_IGN) ignored.push(signal);
      else if (handler !== SIG_DFL) caught.push(signal);
    });
    const bits = (signals: readonly number[]): bigint => signals.reduce((set, signal) => set | (1n << BigInt(signal - 1)), 0n);
    return {
      pendingThread: big(this.#task.pending.set),
      pendingProcess: big(this.#process.pending.set),
      blocked: big(this.#task.mask),
      ignored: bits(ignored),
      caught: bits(caught),
    };
  }
  limits(): readonly (readonly [number, number])[] {
    return this.#process.limits.map(({ soft, hard }) => [soft, hard] as const);
  }
  get noNewPrivs(): boolean {
    return this.#task.noNewPrivs;
  }

  #strings([start, end]: readonly [number, number]): Uint8Array {
    const bytes = new Uint8Array(Math.max(0, end - start));
    return bytes.subarray(0, this.#task.memory.peek(start, bytes));
  }
}

class ThreadView implements ProcThread {
  readonly #task: Task;

  constructor(task: Task) {
    this.#task = task;
  }

  get tid(): number {
    return this.#task.tid;
  }
  get comm(): string {
    return this.#task.comm;
  }
  set comm(name: string) {
    this.#task.comm = name;
  }
  get state(): string {
    const { state } = this.#task;
    return state === "running" ? "R" : state === "blocked" ? "S" : state === "stopped" ? "T" : "Z";
  }
}

function big(set: Readonly<SigSet>): bigint {
  return BigInt(set.low >>> 0) | (BigInt(set.high >>> 0) << 32n);
}
