// linux/inputs.ts for a page: typed bytes come in, output goes to a callback, and there are no mounts.
import { decodeLatin1 } from "../base/index.ts";
import { ERRNO, O_RDONLY, O_RDWR, O_WRONLY } from "../linux/index.ts";
import type { HostAnswer, HostRequest, HostStat, HostStream, HostTime, Inputs, WindowSize } from "../linux/index.ts";
import type { Streams } from "./messages.ts";

/** Bytes for a read that was told "later". */
export interface ReadAnswer {
  readonly id: number;
  readonly bytes: Uint8Array;
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
/** /dev/pts/0, device 136:0. */
const PTS = { name: "/dev/pts/0", rdev: 0x8800, ino: 3 };
const BLOCK_SIZE = 4096;
const TTY_BLOCK_SIZE = 1024;
/** Pipes are those of `tsvm run --deterministic`, which images and stat(2) tell of. */
const DEVICE = 14;
const FIRST_INODE = 5;
const OWNER = 1000;
const FIXED_TIME: HostTime = { sec: 946_684_800, nsec: 0 };

export class PageInputs implements Inputs {
  readonly synchronousFiles = true;
  readonly #options: PageInputsOptions;
  #size: WindowSize | undefined;
  /** Bytes that the guest has not read yet. */
  #input: Uint8Array;
  #used = 0;
  #reading: { readonly id: number; readonly max: number } | undefined;

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
  }

  resize(size: WindowSize): void {
    this.#size = size;
  }

  get size(): WindowSize | undefined {
    return this.#size;
  }

  /** What the guest has not read of a pipe. */
  get unread(): Uint8Array {
    return this.#size === undefined ? this.#input.subarray(this.#used) : new Uint8Array(0);
  }

  /** The terminal's read with what was typed, where both are there. */
  take(): ReadAnswer | undefined {
    return this.#used < this.#input.length && this.#reading !== undefined ? this.#answer(this.#take(this.#reading.max)) : undefined;
  }

  /** The terminal's read with bytes of an earlier run. */
  again(bytes: Uint8Array): ReadAnswer | undefined {
    return this.#reading === undefined ? undefined : this.#answer(bytes);
  }

  #answer(bytes: Uint8Array): ReadAnswer {
    const { id } = this.#reading!;
    this.#reading = undefined;
    return { id, bytes };
  }

  /** A terminal's read is answered between two turns only, so that what was typed is told apart from what the machine does by itself. */
  #read(id: number, max: number): HostAnswer | "later" {
    if (this.#size === undefined) return { bytes: this.#take(max) };
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
    const ino = FIRST_INODE + stream;
    return { kind: "pipe", stat: statOf(S_IFIFO | 0o600, ino), flags: stream === 0 ? O_RDONLY : O_WRONLY, name: `pipe:[${ino}]` };
  }
}

function statOf(mode: number, ino: number): HostStat {
  return {
    dev: DEVICE,
    ino,
    mode,
    nlink: 1,
    uid: OWNER,
    gid: OWNER,
    rdev: 0,
    size: 0,
    blksize: BLOCK_SIZE,
    blocks: 0,
    atime: FIXED_TIME,
    mtime: FIXED_TIME,
    ctime: FIXED_TIME,
  };
}

/** ESC [ ... c, n, R, t, y: what a terminal says of itself when it is asked. */
export function isTerminalAnswer(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1b && /^\[[\d;?>$]*[cnRty]$/.test(decodeLatin1(bytes.subarray(1)));
}

export function sameSize(a: WindowSize, b: WindowSize | undefined): boolean {
  return a.rows === b?.rows && a.columns === b.columns && a.xpixel === b.xpixel && a.ypixel === b.ypixel;
}
