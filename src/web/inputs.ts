// linux/inputs.ts for a page: typed bytes come in, output goes to a callback, and there are no mounts.
import { ERRNO, O_RDONLY, O_RDWR, O_WRONLY } from "../linux/index.ts";
import type { HostAnswer, HostRequest, HostStat, HostStream, HostTime, Inputs, WindowSize } from "../linux/index.ts";
import type { Streams } from "./messages.ts";

/** An answer to a request that was told "later". */
export interface LateAnswer {
  readonly id: number;
  readonly answer: HostAnswer;
}

export interface PageInputsOptions {
  readonly streams: Streams;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Receives a copy of what the guest writes. */
  readonly write: (stream: 1 | 2, bytes: Uint8Array<ArrayBuffer>) => void;
}

const S_IFCHR = 0o020000;
const S_IFIFO = 0o010000;
const ZERO_TIME: HostTime = { sec: 0, nsec: 0 };
/** /dev/pts/0, device 136:0. */
const PTS = { name: "/dev/pts/0", rdev: 0x8800, ino: 3 };
const BLOCK_SIZE = 4096;
const TTY_BLOCK_SIZE = 1024;
const OWNER = 1000;

export class PageInputs implements Inputs {
  readonly synchronousFiles = true;
  readonly #options: PageInputsOptions;
  #size: WindowSize | undefined;
  /** Bytes that the guest has not read yet. */
  #input: Uint8Array;
  #used = 0;
  #reading: { readonly id: number; readonly max: number } | undefined;
  #late: LateAnswer[] = [];

  constructor(options: PageInputsOptions) {
    this.#options = options;
    const { streams } = options;
    this.#input = streams.kind === "pipes" ? streams.input : new Uint8Array(0);
    this.#size = streams.kind === "terminal" ? streams.size : undefined;
  }

  ask(id: number, request: HostRequest): HostAnswer | "later" {
    switch (request.op) {
      case "streams":
        return { streams: [0, 1, 2].map((number) => this.#describe(number)) };
      case "read":
        return this.#read(id, request.max);
      case "write":
        // The bytes are valid during the call only.
        this.#options.write(request.stream === 2 && this.#size === undefined ? 2 : 1, request.bytes.slice());
        return { count: request.bytes.length };
      case "fstat":
        return { stat: this.#describe(request.stream).stat };
      case "windowSize":
        return this.#size === undefined ? { errno: ERRNO.ENOTTY } : { windowSize: this.#size };
      case "seek":
      case "pread":
      case "pwrite":
      case "truncate":
        return { errno: ERRNO.ESPIPE };
      case "clock": {
        const ms = this.#options.now();
        const sec = Math.floor(ms / 1000);
        return { time: { sec, nsec: Math.floor((ms - sec * 1000) * 1000) * 1000 } };
      }
      default:
        // No mounts were given, so none is asked for.
        return { errno: ERRNO.ENOSYS };
    }
  }

  /** Bytes typed at the terminal. */
  type(bytes: Uint8Array): void {
    const rest = this.#input.subarray(this.#used);
    const input = new Uint8Array(rest.length + bytes.length);
    input.set(rest);
    input.set(bytes, rest.length);
    this.#input = input;
    this.#used = 0;
    const reading = this.#reading;
    if (reading === undefined || input.length === 0) return;
    this.#reading = undefined;
    this.#late.push({ id: reading.id, answer: { bytes: this.#take(reading.max) } });
  }

  resize(size: WindowSize): void {
    this.#size = size;
  }

  /** Answers that have come since the last call, oldest first. */
  take(): LateAnswer[] {
    const late = this.#late;
    this.#late = [];
    return late;
  }

  #read(id: number, max: number): HostAnswer | "later" {
    if (this.#size === undefined || this.#used < this.#input.length) return { bytes: this.#take(max) };
    this.#reading = { id, max };
    return "later";
  }

  #take(max: number): Uint8Array {
    const bytes = this.#input.subarray(this.#used, this.#used + max);
    this.#used += bytes.length;
    return bytes;
  }

  #describe(stream: number): HostStream & { readonly stat: HostStat } {
    if (this.#size !== undefined) {
      return {
        kind: "terminal",
        stat: { ...statOf(S_IFCHR | 0o620, PTS.ino), rdev: PTS.rdev, blksize: TTY_BLOCK_SIZE },
        flags: O_RDWR,
        name: PTS.name,
        windowSize: this.#size,
        takeover: "now",
        ...(stream > 0 ? { sameAs: 0 } : {}),
      };
    }
    const ino = stream + 1;
    return { kind: "pipe", stat: statOf(S_IFIFO | 0o600, ino), flags: stream === 0 ? O_RDONLY : O_WRONLY, name: `pipe:[${ino}]` };
  }
}

function statOf(mode: number, ino: number): HostStat {
  return {
    dev: 1,
    ino,
    mode,
    nlink: 1,
    uid: OWNER,
    gid: OWNER,
    rdev: 0,
    size: 0,
    blksize: BLOCK_SIZE,
    blocks: 0,
    atime: ZERO_TIME,
    mtime: ZERO_TIME,
    ctime: ZERO_TIME,
  };
}
