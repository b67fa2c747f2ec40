/**
 * Pipes and FIFOs, pipe(7). The content is kept as Linux keeps it, in page-sized buffers: what a write adds to the last
 * buffer and when the pipe is full then agree exactly.
 */

import { errno } from "../abi/errno.ts";
import {
  O_ACCMODE,
  O_DIRECT,
  O_NONBLOCK,
  O_RDONLY,
  O_RDWR,
  O_WRONLY,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLOUT,
  POLLRDNORM,
  POLLWRNORM,
} from "../abi/fcntl.ts";
import { FIONREAD } from "../abi/ioctl.ts";
import type { Stat, Time } from "../abi/stat.ts";
import { S_IFIFO } from "../abi/stat.ts";
import type { AnonymousFs } from "./anonymous.ts";
import { Dentry, Inode } from "./inode.ts";
import { OpenFile } from "./open-file.ts";
import type { Attributes, Caller, Clock, GuestMemory } from "./types.ts";
import { BLOCK } from "./types.ts";

const BUFFER = 4096;
const DEFAULT_BUFFERS = 16;
/** /proc/sys/fs/pipe-max-size */
export const PIPE_MAX_SIZE = 0x10_0000;
/** Copies shorter than this are made byte by byte: cheaper than a view. */
const SHORT = 48;

/** One buffer: bytes [start, end) are unread. */
interface PipeBuffer {
  readonly bytes: Uint8Array;
  start: number;
  end: number;
  /** O_DIRECT: one read takes it, whole or cut. */
  packet: boolean;
}

function copy(into: Uint8Array, at: number, from: Uint8Array, start: number, count: number): void {
  if (count < SHORT) for (let i = 0; i < count; i++) into[at + i] = from[start + i] as number;
  else into.set(from.subarray(start, start + count), at);
}

/** The object that both ends share. State: all fields; `buffers` beyond `count` are spare room. */
export class Pipe {
  /** A ring: `count` used buffers from `head` on. */
  buffers: PipeBuffer[] = [];
  head = 0;
  count = 0;
  /** Buffers it may hold. */
  limit: number = DEFAULT_BUFFERS;
  readers = 0;
  writers = 0;
  /** Opens so far: who waits in open(2) of a FIFO sees an end that came and went. */
  readerOpens = 0;
  writerOpens = 0;
  /** Counts every byte moved and every end closed. */
  activity = 0;

  get bytes(): number {
    let sum = 0;
    for (let i = 0; i < this.count; i++) {
      const buffer = this.at(i);
      sum += buffer.end - buffer.start;
    }
    return sum;
  }

  private at(index: number): PipeBuffer {
    return this.buffers[(this.head + index) % this.limit] as PipeBuffer;
  }

  private push(): PipeBuffer {
    const index = (this.head + this.count++) % this.limit;
    let buffer = this.buffers[index];
    if (buffer === undefined) {
      buffer = { bytes: new Uint8Array(BUFFER), start: 0, end: 0, packet: false };
      this.buffers[index] = buffer;
    }
    buffer.start = 0;
    buffer.end = 0;
    return buffer;
  }

  /** Takes up to `into.length` bytes; 0 where there are none. */
  take(into: Uint8Array): number {
    let done = 0;
    while (done < into.length && this.count > 0) {
      const buffer = this.at(0);
      const count = Math.min(buffer.end - buffer.start, into.length - done);
      copy(into, done, buffer.bytes, buffer.start, count);
      buffer.start += count;
      done += count;
      if (buffer.packet || buffer.start === buffer.end) {
        this.head = (this.head + 1) % this.limit;
        this.count--;
      }
      if (buffer.packet) break;
    }
    this.activity += done;
    return done;
  }

  /** Puts as much of `from` as there is room for; at most 4096 bytes go in whole or not at all. */
  put(from: Uint8Array, packet: boolean): number {
    let done = 0;
    const odd = from.length % BUFFER;
    if (odd > 0 && this.count > 0 && !packet) {
      const last = this.at(this.count - 1);
      if (!last.packet && last.end + odd <= BUFFER) {
        copy(last.bytes, last.end, from, 0, odd);
        last.end += odd;
        done = odd;
      }
    }
    while (done < from.length && this.count < this.limit) {
      const count = Math.min(BUFFER, from.length - done);
      const buffer = this.push();
      buffer.packet = packet;
      copy(buffer.bytes, 0, from, done, count);
      buffer.end = count;
      done += count;
    }
    this.activity += done;
    return done;
  }

  /** F_SETPIPE_SZ: rounded up to a power of two of pages; EBUSY where the content would not fit. */
  resize(size: number, privileged: boolean): number {
    if (size > 0x8000_0000) throw errno.EINVAL;
    let limit = 1;
    while (limit * BUFFER < size) limit *= 2;
    if (limit * BUFFER > PIPE_MAX_SIZE && limit > this.limit && !privileged) throw errno.EPERM;
    if (limit < this.count) throw errno.EBUSY;
    const kept = Array.from({ length: this.count }, (_, i) => this.at(i));
    this.buffers = kept;
    this.head = 0;
    this.limit = limit;
    return limit * BUFFER;
  }
}

/** An end of a pipe, or both (a FIFO opened for reading and writing). */
export class PipeEnd extends OpenFile {
  readonly pipe: Pipe;
  /** Opens of the other side that there were when this one was opened. */
  peersAtOpen = 0;
  /** False for a FIFO whose open does not wait for the other side. */
  waitsForPeer = false;

  constructor(dentry: Dentry, flags: number, pipe: Pipe) {
    super(dentry, flags);
    this.pipe = pipe;
    if (this.readable) {
      pipe.readers++;
      pipe.readerOpens++;
    }
    if (this.writable) {
      pipe.writers++;
      pipe.writerOpens++;
    }
  }

  override get opening(): boolean {
    if (!this.waitsForPeer) return false;
    const { pipe } = this;
    const [present, opens] = this.readable ? [pipe.writers, pipe.writerOpens] : [pipe.readers, pipe.readerOpens];
    return present === 0 && opens === this.peersAtOpen;
  }

  override get pollable(): boolean {
    return true;
  }

  override read(into: Uint8Array): number {
    if (!this.readable) throw errno.EBADF;
    if (into.length === 0) return 0;
    const { pipe } = this;
    if (pipe.count > 0) return pipe.take(into);
    return pipe.writers === 0 ? 0 : BLOCK;
  }

  override write(from: Uint8Array): number {
    if (!this.writable) throw errno.EBADF;
    if (from.length === 0) return 0;
    const { pipe } = this;
    if (pipe.readers === 0) throw errno.EPIPE;
    const count = pipe.put(from, (this.flags & O_DIRECT) !== 0);
    return count === 0 ? BLOCK : count;
  }

  override ready(): number {
    const { pipe } = this;
    let mask = 0;
    if (this.readable) {
      if (pipe.count > 0) mask |= POLLIN | POLLRDNORM;
      if (pipe.writers === 0 && pipe.writerOpens !== this.peersAtOpen) mask |= POLLHUP;
    }
    if (this.writable) {
      if (pipe.count < pipe.limit) mask |= POLLOUT | POLLWRNORM;
      if (pipe.readers === 0) mask |= POLLERR;
    }
    return mask;
  }

  override ioctl(command: number, argument: number, memory: GuestMemory): number {
    if (command !== FIONREAD) throw errno.ENOTTY;
    const value = new Uint8Array(new Int32Array([this.pipe.bytes]).buffer);
    if (memory.copyOut(argument, value) !== value.length) throw errno.EFAULT;
    return 0;
  }

  override get activity(): number {
    return this.pipe.activity;
  }

  // The pipe counts all bytes moved: with those that are still in it, twice what came; without them, twice what went.
  override get arrived(): number {
    return this.readable ? this.pipe.activity + this.pipe.bytes : 0;
  }

  override get departed(): number {
    return this.writable ? this.pipe.activity - this.pipe.bytes : 0;
  }

  protected override released(): void {
    this.pipe.activity++;
    if (this.readable) this.pipe.readers--;
    if (this.writable) this.pipe.writers--;
    if (this.pipe.readers === 0 && this.pipe.writers === 0) {
      this.pipe.count = 0;
      this.pipe.buffers = [];
    }
  }
}

/** open(2) of a FIFO, fifo(7): for writing without waiting ENXIO where nobody reads. */
export function openFifo(dentry: Dentry, flags: number, pipe: Pipe): PipeEnd {
  const access = flags & O_ACCMODE;
  const waits = (flags & O_NONBLOCK) === 0;
  if (access === O_WRONLY && !waits && pipe.readers === 0) throw errno.ENXIO;
  if (access !== O_RDONLY && access !== O_WRONLY && access !== O_RDWR) throw errno.EINVAL;
  const end = new PipeEnd(dentry, flags, pipe);
  end.waitsForPeer = waits && access !== O_RDWR;
  end.peersAtOpen = access === O_WRONLY ? pipe.readerOpens : pipe.writerOpens;
  if (access === O_RDONLY && pipe.writers > 0) end.peersAtOpen--;
  return end;
}

/** The inode of a pipe(2). */
export class PipeInode extends Inode {
  readonly pipe: Pipe = new Pipe();
  time: Time;

  constructor(fs: AnonymousFs, ino: number, caller: Caller, time: Time) {
    super(fs, ino, S_IFIFO | 0o600, caller.credentials.fsuid, caller.credentials.fsgid);
    this.time = time;
  }

  override stat(): Stat {
    return (this.fs as AnonymousFs).statOf(this, BUFFER, this.time);
  }

  override setAttributes(change: Attributes): void {
    if (change.mode !== undefined) this.mode = S_IFIFO | change.mode;
    this.uid = change.uid ?? this.uid;
    this.gid = change.gid ?? this.gid;
  }

  /** Through /proc/PID/fd. */
  override open(dentry: Dentry, flags: number): OpenFile {
    return openFifo(dentry, flags, this.pipe);
  }
}

/** Makes pipes. */
export class Pipes {
  readonly fs: AnonymousFs;
  readonly #clock: Clock;

  constructor(fs: AnonymousFs, clock: Clock) {
    this.fs = fs;
    this.#clock = clock;
  }

  create(caller: Caller, flags: number): readonly [PipeEnd, PipeEnd] {
    const inode = new PipeInode(this.fs, this.fs.nextIno++, caller, this.#clock.now());
    const dentry = new Dentry(this.fs.root, `pipe:[${inode.ino}]`, inode);
    const status = flags & (O_NONBLOCK | O_DIRECT);
    const reader = new PipeEnd(dentry, O_RDONLY | status, inode.pipe);
    const writer = new PipeEnd(dentry, O_WRONLY | status, inode.pipe);
    reader.peersAtOpen = 0;
    return [reader, writer];
  }
}
