// linux/inputs.ts for Node: standard streams, host directories and the clock of this process.
import type { HostAnswer, HostRequest, Inputs, WindowSize } from "../linux/index.ts";
import { refuse } from "./host-error.ts";
import { Mounts } from "./mounts.ts";
import type { MountDirectory } from "./mounts.ts";
import { hostTime } from "./start.ts";
import { Streams } from "./streams.ts";
import { restoreTerminal } from "./terminal.ts";

export interface NodeInputsOptions {
  /** Host directories, by the number of their mount. */
  readonly mounts?: readonly MountDirectory[];
  /** Read standard input to its end before the start, so that how a pipe was cut into reads does not matter. */
  readonly takeInput?: boolean;
  /** False: do not use /proc/self/fd, as on a host that has none. Symbolic links are then found by lstat, which a race of the host may deceive. */
  readonly descriptorPaths?: boolean;
}

/** An answer to a request that was told "later". */
export interface LateAnswer {
  readonly id: number;
  readonly answer: HostAnswer;
}

/** Answers a machine's requests; what cannot be answered at once is collected and handed over by {@link wait}. */
export class NodeInputs implements Inputs {
  private readonly mounts: Mounts;
  private readonly streams: Streams;
  private readonly fixed: boolean;
  private late: LateAnswer[] = [];
  private wake: (() => void) | undefined;

  /** Throws Node's system error where a mount's directory cannot be opened. */
  constructor(options: NodeInputsOptions = {}) {
    this.mounts = new Mounts(options.mounts ?? [], options.descriptorPaths);
    this.streams = new Streams((id, answer) => {
      this.late.push({ id, answer });
      this.interrupt();
    }, options.takeInput);
    this.fixed = options.takeInput ?? false;
    if (options.takeInput) this.streams.takeInput();
  }

  ask(id: number, request: HostRequest): HostAnswer | "later" {
    try {
      switch (request.op) {
        case "streams":
        case "read":
        case "write":
        case "seek":
        case "pread":
        case "pwrite":
        case "truncate":
        case "fstat":
        case "windowSize":
          return this.streams.ask(id, request);
        case "file.close":
        case "file.pread":
        case "file.pwrite":
        case "file.fstat":
        case "file.truncate":
        case "file.setattr":
        case "file.sync":
          return this.mounts.handle(request);
        case "clock":
          return { time: hostTime() };
        default:
          return this.mounts.path(request);
      }
    } catch (error) {
      return refuse(error);
    }
  }

  /** Answers that have come since the last call, oldest first. */
  take(): LateAnswer[] {
    const { late } = this;
    this.late = [];
    return late;
  }

  /** Resolves when there is an answer, after `ms` milliseconds at most, or when {@link interrupt} is called. */
  async wait(ms: number = Infinity): Promise<void> {
    if (this.late.length > 0) return;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      // A timer also keeps the process alive where nothing else would; setTimeout takes at most 2^31 - 1.
      const timer = setTimeout(resolve, Math.min(Math.max(ms, 0), 0x7fff_ffff));
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = undefined;
  }

  /** Ends a {@link wait} early, for what is no answer: a signal of the host. */
  interrupt(): void {
    this.wake?.();
  }

  /** Size of the guest's terminal as it is now; undefined where there is none whose size may change. */
  windowSize(): WindowSize | undefined {
    return this.fixed ? undefined : this.streams.windowSize();
  }

  /** Lets go of the event loop, and of the terminal, which gets its settings back; standard streams stay open. */
  close(): void {
    this.streams.close();
    restoreTerminal();
  }
}
