/**
 * Moving bytes between files and guest memory. Files fill and empty plain byte arrays; here they become guest addresses, lists of
 * buffers, and waiting where a file is not ready.
 *
 * Memory is looked at before a file is: what lies beyond the first inaccessible page is not asked for, so that no byte of a pipe or
 * stream is lost to EFAULT.
 */
import { Access, PAGE_SIZE, Resolve, type AddressSpace } from "../../memory/index.ts";
import { errno, Errno } from "../abi/errno.ts";
import { MAX_RW_COUNT, POLLIN, POLLOUT } from "../abi/fcntl.ts";
import { SIGPIPE, SIGXFSZ } from "../abi/signal.ts";
import { sendToTask, userInfo } from "../signals/send.ts";
import type { Task } from "../task.ts";
import { SeekableFile, type OpenFile } from "../vfs/open-file.ts";
import { BLOCK } from "../vfs/types.ts";
import type { Outcome } from "./syscall.ts";

const IOV_MAX = 1024;
const IOVEC_SIZE = 16;

/** Bytes moved in one step. */
const BOUNCE_SIZE = 0x10_0000;
let bounce: Uint8Array = new Uint8Array(0x1_0000);

/** One byte views for the calls that move a byte at a time. */
const $one: Uint8Array = new Uint8Array(1);

function bounceOf(size: number): Uint8Array {
  if (size === 1) return $one;
  if (bounce.length < size) bounce = new Uint8Array(BOUNCE_SIZE);
  return bounce.subarray(0, size);
}

/** A part of guest memory. */
export interface Buffer {
  readonly address: number;
  readonly length: number;
}

/** How much of [address, address + length) can be accessed, from its start. EFAULT where nothing can, unless nothing is wanted. */
export function accessible(memory: AddressSpace, address: number, length: number, access: number): number {
  if (length === 0) return 0;
  let done = 0;
  while (done < length) {
    if (memory.resolve(address + done, 1, access) === Resolve.fault) break;
    done += PAGE_SIZE - ((address + done) % PAGE_SIZE);
  }
  if (done === 0) throw errno.EFAULT;
  return Math.min(done, length);
}

/** The buffers of a struct iovec array: EINVAL for a negative or absurd count or length. */
export function loadBuffers(memory: AddressSpace, address: number, count: number): Buffer[] {
  if (count < 0 || count > IOV_MAX) throw errno.EINVAL;
  const buffers: Buffer[] = [];
  let total = 0;
  for (let i = 0; i < count; i++) {
    const at = address + i * IOVEC_SIZE;
    const length = memory.readNumber(at + 8);
    if (length > Number.MAX_SAFE_INTEGER) throw errno.EINVAL;
    const kept = Math.min(length, MAX_RW_COUNT - total);
    total += kept;
    buffers.push({ address: memory.readNumber(at), length: kept });
  }
  return buffers;
}

/** Reads once into one buffer; BLOCK where the file has nothing yet. `offset` < 0: at the file position. */
function readOnce(task: Task, file: OpenFile, address: number, length: number, offset: number): number {
  const wanted = accessible(task.memory, address, Math.min(length, BOUNCE_SIZE), Access.write);
  const into = bounceOf(wanted);
  const count = offset < 0 ? file.read(into) : file.pread(into, offset);
  if (count > 0) task.memory.copyOut(address, count === into.length ? into : into.subarray(0, count));
  return count;
}

function writeOnce(task: Task, file: OpenFile, address: number, length: number, offset: number): number {
  const wanted = accessible(task.memory, address, Math.min(length, BOUNCE_SIZE), Access.read);
  const from = bounceOf(wanted);
  task.memory.copyIn(address, from);
  return offset < 0 ? file.write(from, task) : file.pwrite(from, offset, task);
}

/** What to do where a file is not ready: EAGAIN, or wait for it. */
export function notReady(task: Task, file: OpenFile, events: number): Outcome {
  if (file.nonblocking) throw errno.EAGAIN;
  return waitFor(task, file, events);
}

/** A wait for the file, for as long as it allows: then EAGAIN. */
export function waitFor(task: Task, file: OpenFile, events: number): Outcome {
  const { call } = task;
  const limit = file.waitLimit(events);
  if (limit === Infinity) return { files: [{ file, events }], interrupted: "ERESTARTSYS" };
  if (call.resume === "timeout") throw errno.EAGAIN;
  if (call.deadline === Infinity) call.deadline = task.kernel.clock.now + limit;
  return { files: [{ file, events }], interrupted: "EINTR", deadline: call.deadline };
}

/** read(2), pread(2). */
export function readBuffer(task: Task, file: OpenFile, address: number, length: number, offset: number): Outcome {
  if (!file.readable) throw errno.EBADF;
  const limit = Math.min(length, MAX_RW_COUNT);
  if (limit === 0) {
    const count = offset < 0 ? file.read(bounceOf(0)) : file.pread(bounceOf(0), offset);
    return count === BLOCK ? 0 : count;
  }
  let done = 0;
  while (done < limit) {
    let count: number;
    try {
      count = readOnce(task, file, address + done, limit - done, offset < 0 ? -1 : offset + done);
    } catch (error) {
      if (done > 0 && error instanceof Errno) return done;
      throw error;
    }
    if (count === BLOCK) return done > 0 ? done : notReady(task, file, file.readEvent);
    done += count;
    // Only a file that filled the whole step may have more at once.
    if (count < BOUNCE_SIZE) break;
  }
  return done;
}

/** Puts bytes into buffers, as many as fit. */
export function scatter(task: Task, bytes: Uint8Array, buffers: readonly Buffer[]): void {
  let done = 0;
  for (const { address, length } of buffers) {
    const part = bytes.subarray(done, done + length);
    if (part.length === 0) break;
    if (task.memory.copyOut(address, part) !== part.length) throw errno.EFAULT;
    done += part.length;
  }
}

/** The bytes of buffers in one piece. */
export function gather(task: Task, buffers: readonly Buffer[]): Uint8Array {
  const bytes = new Uint8Array(total(buffers));
  let done = 0;
  for (const { address, length } of buffers) {
    if (task.memory.copyIn(address, bytes.subarray(done, done + length)) !== length) throw errno.EFAULT;
    done += length;
  }
  return bytes;
}

export function total(buffers: readonly Buffer[]): number {
  return buffers.reduce((sum, { length }) => sum + length, 0);
}

/** Demands that all of the buffers can be written, so that no message is lost to EFAULT. */
export function demandWritable(task: Task, buffers: readonly Buffer[]): void {
  for (const { address, length } of buffers) if (accessible(task.memory, address, length, Access.write) < length) throw errno.EFAULT;
}

/** readv(2), preadv(2): a short read ends it. */
export function readBuffers(task: Task, file: OpenFile, buffers: readonly Buffer[], offset: number): Outcome {
  if (!file.readable) throw errno.EBADF;
  if (file.wholeMessages && offset < 0) {
    demandWritable(task, buffers);
    const into = new Uint8Array(Math.min(total(buffers), BOUNCE_SIZE));
    const count = file.read(into);
    if (count === BLOCK) return notReady(task, file, POLLIN);
    scatter(task, into.subarray(0, count), buffers);
    return count;
  }
  let done = 0;
  for (const { address, length } of buffers) {
    if (length === 0) continue;
    let outcome: Outcome;
    try {
      outcome =
        done > 0 && !(file instanceof SeekableFile) && (file.ready() & POLLIN) === 0
          ? 0
          : readBuffer(task, file, address, length, offset < 0 ? -1 : offset + done);
    } catch (error) {
      if (done > 0 && error instanceof Errno) return done;
      throw error;
    }
    if (typeof outcome !== "number") return done > 0 ? done : outcome;
    done += outcome;
    if (outcome < length) break;
  }
  return done;
}

/** EPIPE raises SIGPIPE, and EFBIG SIGXFSZ, in the thread that wrote. */
export function raised(task: Task, file: OpenFile, error: unknown): void {
  if (error === errno.EPIPE && file.brokenPipeSignal) sendToTask(task, userInfo(task, SIGPIPE));
  if (error === errno.EFBIG) sendToTask(task, userInfo(task, SIGXFSZ));
}

/**
 * write(2), writev(2), pwrite(2): all of it, waiting between parts. `call.progress` counts what was written before a wait; after an
 * interruption that is the result.
 */
export function writeBuffers(task: Task, file: OpenFile, buffers: readonly Buffer[], offset: number): Outcome {
  if (!file.writable) throw errno.EBADF;
  if (file.wholeMessages && offset < 0) return writeMessage(task, file, gather(task, buffers));
  const { call } = task;
  let done = call.resume === "start" ? 0 : call.progress;
  if (call.resume === "signal" && done > 0) return done;
  let skip = done;
  for (const { address, length } of buffers) {
    if (skip >= length) {
      skip -= length;
      continue;
    }
    let at = skip;
    skip = 0;
    while (at < length) {
      let count: number;
      try {
        count = writeOnce(task, file, address + at, length - at, offset < 0 ? -1 : offset + done);
      } catch (error) {
        if (done > 0 && error instanceof Errno) return done;
        raised(task, file, error);
        throw error;
      }
      if (count === BLOCK || count === 0) {
        if (file.nonblocking && done > 0) return done;
        call.progress = done;
        return notReady(task, file, POLLOUT);
      }
      at += count;
      done += count;
    }
  }
  return done;
}

/** A change of a file's size: EFBIG because of RLIMIT_FSIZE raises SIGXFSZ. */
export function sizeLimited<T>(task: Task, size: number, change: () => T): T {
  try {
    return change();
  } catch (error) {
    if (error === errno.EFBIG && size > task.fileSizeLimit) sendToTask(task, userInfo(task, SIGXFSZ));
    throw error;
  }
}

function writeMessage(task: Task, file: OpenFile, bytes: Uint8Array): Outcome {
  try {
    const count = file.write(bytes, task);
    return count === BLOCK ? notReady(task, file, POLLOUT) : count;
  } catch (error) {
    raised(task, file, error);
    throw error;
  }
}

/** write(2) of one buffer. */
export function writeBuffer(task: Task, file: OpenFile, address: number, length: number, offset: number): Outcome {
  const limit = Math.min(length, MAX_RW_COUNT);
  if (limit === 0) {
    if (!file.writable) throw errno.EBADF;
    return file.wholeMessages && offset < 0 ? writeMessage(task, file, new Uint8Array(0)) : 0;
  }
  if (limit === 1 && task.call.resume === "start" && file.writable) {
    // One byte has no parts.
    if (task.memory.copyIn(address, $one) !== 1) throw errno.EFAULT;
    try {
      const count = offset < 0 ? file.write($one, task) : file.pwrite($one, offset, task);
      return count === BLOCK || count === 0 ? notReady(task, file, POLLOUT) : count;
    } catch (error) {
      raised(task, file, error);
      throw error;
    }
  }
  return writeBuffers(task, file, [{ address, length: limit }], offset);
}

/** Copies between two files through memory of the kernel: sendfile(2), copy_file_range(2). Offsets < 0 mean the file position. */
export function copyBetween(task: Task, from: OpenFile, to: OpenFile, inOffset: number, outOffset: number, length: number): Outcome {
  const { call } = task;
  const limit = Math.min(length, MAX_RW_COUNT);
  let done = call.resume === "start" ? 0 : call.progress;
  if (call.resume === "signal" && done > 0) return done;
  while (done < limit) {
    const part = bounceOf(Math.min(limit - done, 0x1_0000));
    const at = inOffset < 0 ? -1 : inOffset + done;
    const got = at < 0 ? from.read(part) : from.pread(part, at);
    if (got === 0) break;
    if (got === BLOCK) {
      call.progress = done;
      return done > 0 ? done : notReady(task, from, POLLIN);
    }
    let sent: number;
    try {
      sent = outOffset < 0 ? to.write(part.subarray(0, got), task) : to.pwrite(part.subarray(0, got), outOffset + done, task);
    } catch (error) {
      if (at < 0) from.seek(-got, 1);
      if (done > 0 && error instanceof Errno) return done;
      raised(task, to, error);
      throw error;
    }
    const moved = sent === BLOCK ? 0 : sent;
    if (moved < got && at < 0) from.seek(moved - got, 1);
    done += moved;
    if (moved < got) {
      call.progress = done;
      return to.nonblocking && done > 0 ? done : notReady(task, to, POLLOUT);
    }
  }
  return done;
}
