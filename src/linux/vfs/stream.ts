/**
 * Standard streams: what the host was started with, as open files. Bytes that came from the host wait in `input`, which is part of
 * the state; a read that the host answers later belongs to the stream, not to the task that wanted it.
 */

import type { FileBacking, Page } from "../../memory/index.ts";
import { PAGE_SIZE, PageStore } from "../../memory/index.ts";
import { errno, errnoOf } from "../abi/errno.ts";
import { O_APPEND, POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM, SEEK_CUR } from "../abi/fcntl.ts";
import { FIONREAD, TIOCOUTQ } from "../abi/ioctl.ts";
import type { Stat } from "../abi/stat.ts";
import type { HostAnswer, HostRequest, HostStat, HostStream } from "../inputs.ts";
import { MAX_TRANSFER } from "../inputs.ts";
import { identityOf } from "./backing.ts";
import type { HostPort } from "./host-port.ts";
import type { Dentry, FileSystem } from "./inode.ts";
import { Inode } from "./inode.ts";
import { OpenFile, SeekableFile } from "./open-file.ts";
import type { Attributes, Caller, GuestMemory } from "./types.ts";
import { BLOCK } from "./types.ts";

/** Bytes read ahead when a guest asks whether there are any. */
const READ_AHEAD = 4096;

/** One stream of the host. State: all fields but `port`. */
export class Stream {
  readonly port: HostPort;
  readonly number: number;
  readonly info: HostStream;
  /** Arrived and unread: `input` from `start` on. */
  input: Uint8Array = new Uint8Array(0);
  start = 0;
  /** The end was reported and not yet read. */
  ended = false;
  /** An error was reported and not yet told to the guest. */
  failed = 0;
  /** Counts what came and what could be written again. */
  activity = 0;
  /** Ids of the requests that the host will answer later; 0 for none. */
  reading = 0;
  writing = 0;
  /** The description that the host's offset belongs to exists. */
  opened = false;

  constructor(port: HostPort, number: number, info: HostStream) {
    this.port = port;
    this.number = number;
    this.info = info;
  }

  get available(): number {
    return this.input.length - this.start;
  }

  /** read(2): from `input` first, then from the host. */
  read(into: Uint8Array): number {
    if (into.length === 0) return 0;
    if (this.available === 0 && !this.ended && this.failed === 0 && this.reading === 0) {
      const bytes = this.request(into.length);
      if (bytes !== undefined && bytes.length > 0 && bytes.length <= into.length) {
        into.set(bytes);
        return bytes.length;
      }
      if (bytes !== undefined) this.arrived(bytes);
    }
    if (this.available > 0) {
      const count = Math.min(into.length, this.available);
      into.set(this.input.subarray(this.start, this.start + count));
      this.start += count;
      if (this.available === 0) {
        this.input = new Uint8Array(0);
        this.start = 0;
      }
      return count;
    }
    if (this.failed !== 0) {
      const { failed } = this;
      this.failed = 0;
      throw errnoOf(failed);
    }
    if (!this.ended) return BLOCK;
    this.ended = false;
    return 0;
  }

  /** Asks the host; undefined where it answers later or with an error, which is kept. */
  private request(max: number): Uint8Array | undefined {
    const { id, answer } = this.port.request({ op: "read", stream: this.number, max: Math.min(max, MAX_TRANSFER) });
    if (answer === "later") {
      this.reading = id;
      return undefined;
    }
    if ("bytes" in answer) return answer.bytes;
    this.failed = "errno" in answer ? answer.errno : errno.EIO.code;
    return undefined;
  }

  private arrived(bytes: Uint8Array): void {
    this.activity++;
    if (bytes.length === 0) {
      this.ended = true;
      return;
    }
    const joined = new Uint8Array(this.available + bytes.length);
    joined.set(this.input.subarray(this.start));
    joined.set(bytes, this.available);
    this.input = joined;
    this.start = 0;
  }

  /** POLLIN without waiting; asks the host for some bytes where nothing is known. */
  readableNow(): boolean {
    if (this.available === 0 && !this.ended && this.failed === 0 && this.reading === 0) {
      const bytes = this.request(READ_AHEAD);
      if (bytes !== undefined) this.arrived(bytes);
    }
    return this.available > 0 || this.ended || this.failed !== 0;
  }

  /** Asks the host for up to `max` bytes, whoever will want them: they are in `input` where it answers at once. */
  fetch(max: number): void {
    const bytes = this.request(max);
    if (bytes !== undefined) this.arrived(bytes);
  }

  /** Forgets what came and was not read. */
  drop(): void {
    this.input = new Uint8Array(0);
    this.start = 0;
  }

  /** write(2) of at most MAX_TRANSFER bytes. */
  write(from: Uint8Array): number {
    if (from.length === 0) return 0;
    if (this.writing !== 0) return BLOCK;
    const bytes = from.length > MAX_TRANSFER ? from.subarray(0, MAX_TRANSFER) : from;
    const { id, answer } = this.port.request({ op: "write", stream: this.number, bytes });
    if (answer === "later") {
      this.writing = id;
      return BLOCK;
    }
    if ("errno" in answer) throw errnoOf(answer.errno);
    return "count" in answer && answer.count > 0 ? answer.count : BLOCK;
  }

  /** The host's late answer; false where the id is not this stream's. */
  answer(id: number, answer: HostAnswer): boolean {
    if (id === this.reading) {
      this.reading = 0;
      if ("bytes" in answer) this.arrived(answer.bytes);
      else this.failed = "errno" in answer ? answer.errno : errno.EIO.code;
      return true;
    }
    if (id === this.writing) {
      this.writing = 0;
      this.activity++;
      return true;
    }
    return false;
  }

  ask<K extends string>(field: K, request: HostRequest): Extract<HostAnswer, { readonly [P in K]: unknown }> {
    return this.port.ask(field, request);
  }
}

/** The inode of a stream. fstat(2) tells what the host tells, type and all. */
export class StreamInode extends Inode {
  readonly stream: Stream;

  constructor(fs: FileSystem, stream: Stream) {
    const { stat } = stream.info;
    super(fs, stat.ino, stat.mode, stat.uid, stat.gid);
    this.stream = stream;
  }

  override stat(): Stat {
    const fresh =
      this.stream.info.kind === "file" ? this.stream.ask("stat", { op: "fstat", stream: this.stream.number }).stat : this.stream.info.stat;
    return { ...hostStat(fresh), mountId: this.fs.mountId, mountRoot: false };
  }

  override setAttributes(_change: Attributes): void {
    throw errno.EPERM;
  }

  override truncate(size: number): void {
    if (this.stream.info.kind !== "file") throw errno.EINVAL;
    this.stream.ask("done", { op: "truncate", stream: this.stream.number, size });
  }

  /** Through /proc/self/fd and /dev/stdin: pipes and the like are the same stream again. */
  override open(dentry: Dentry, flags: number): OpenFile {
    return openStream(dentry, flags, this.stream);
  }
}

export function hostStat(stat: HostStat): Omit<Stat, "mountId" | "mountRoot"> {
  const { dev, ino, mode, nlink, uid, gid, rdev, size, blksize, blocks, atime, mtime, ctime } = stat;
  return { dev, ino, mode, nlink, uid, gid, rdev, size, blksize, blocks, atime, mtime, ctime };
}

export function openStream(dentry: Dentry, flags: number, stream: Stream): OpenFile {
  return stream.info.kind === "file" ? new FileStream(dentry, flags, stream) : new FlowStream(dentry, flags, stream);
}

/** A pipe, socket or device of the host: read and written in sequence. */
export class FlowStream extends OpenFile {
  readonly stream: Stream;

  override get activity(): number {
    return this.stream.activity;
  }

  constructor(dentry: Dentry, flags: number, stream: Stream) {
    super(dentry, flags);
    this.stream = stream;
  }

  override get pollable(): boolean {
    return true;
  }

  override read(into: Uint8Array): number {
    if (!this.readable) throw errno.EBADF;
    return this.stream.read(into);
  }

  override write(from: Uint8Array): number {
    if (!this.writable) throw errno.EBADF;
    return this.stream.write(from);
  }

  override ready(): number {
    const { stream } = this;
    let mask = 0;
    if (this.readable && stream.readableNow()) {
      if (stream.available > 0 || stream.info.kind !== "pipe") mask |= POLLIN | POLLRDNORM;
      if (stream.ended) mask |= POLLHUP;
      if (stream.failed !== 0) mask |= POLLERR;
    }
    if (this.writable && stream.writing === 0) mask |= POLLOUT | POLLWRNORM;
    return mask;
  }

  override ioctl(command: number, argument: number, memory: GuestMemory): number {
    if (command !== FIONREAD && command !== TIOCOUTQ) throw errno.ENOTTY;
    if (command === FIONREAD) this.stream.readableNow();
    const value = new Uint8Array(new Int32Array([command === FIONREAD ? this.stream.available : 0]).buffer);
    if (memory.copyOut(argument, value) !== value.length) throw errno.EFAULT;
    return 0;
  }

  override sync(): void {
    throw errno.EINVAL;
  }
}

/** A regular file of the host given as a standard stream (`< file`, `> file`): it can be sought, and mapped. */
export class FileStream extends SeekableFile {
  readonly stream: Stream;
  /** The description the host started with shares the host's offset; one opened through /proc/self/fd has its own. */
  readonly inSequence: boolean;
  private mapped: StreamBacking | null = null;

  constructor(dentry: Dentry, flags: number, stream: Stream) {
    super(dentry, flags);
    this.stream = stream;
    this.inSequence = !stream.opened;
    if (this.inSequence) this.offset = stream.info.offset ?? 0;
    stream.opened = true;
  }

  override get size(): number {
    return this.stream.ask("stat", { op: "fstat", stream: this.stream.number }).stat.size;
  }

  /** In sequence at the host's own offset, which the guest's follows. */
  override read(into: Uint8Array): number {
    if (!this.readable) throw errno.EBADF;
    if (!this.inSequence) return super.read(into);
    let done = 0;
    while (done < into.length) {
      const count = this.stream.read(done === 0 ? into : into.subarray(done));
      if (count <= 0) break;
      done += count;
    }
    this.offset += done;
    return done;
  }

  override write(from: Uint8Array, caller: Caller): number {
    if (!this.writable) throw errno.EBADF;
    if (!this.inSequence) return super.write(from, caller);
    let done = 0;
    while (done < from.length) {
      const count = this.stream.write(done === 0 ? from : from.subarray(done));
      if (count <= 0) break;
      done += count;
    }
    if (done > 0) this.offset = (this.flags & O_APPEND) !== 0 ? this.size : this.offset + done;
    return done;
  }

  override pread(into: Uint8Array, offset: number): number {
    if (!this.readable) throw errno.EBADF;
    let done = 0;
    while (done < into.length) {
      const max = Math.min(into.length - done, MAX_TRANSFER);
      const { bytes } = this.stream.ask("bytes", { op: "pread", stream: this.stream.number, offset: offset + done, max });
      if (bytes.length === 0) break;
      into.set(bytes, done);
      done += bytes.length;
    }
    return done;
  }

  protected override pwriteAt(from: Uint8Array, offset: number, _caller: Caller): number {
    let done = 0;
    while (done < from.length) {
      const bytes = from.subarray(done, done + MAX_TRANSFER);
      const { count } = this.stream.ask("count", { op: "pwrite", stream: this.stream.number, offset: offset + done, bytes });
      if (count <= 0) break;
      done += count;
    }
    return done;
  }

  override seek(offset: number, whence: number): number {
    const before = this.offset;
    const target = super.seek(offset, whence);
    if (whence === SEEK_CUR && offset === 0) return target;
    if (this.inSequence && target !== before) this.stream.ask("done", { op: "seek", stream: this.stream.number, offset: target });
    return target;
  }

  override truncate(size: number, caller: Caller): void {
    if (!this.writable || size < 0) throw errno.EINVAL;
    this.inode.truncate(size, caller);
  }

  override allocate(): void {
    throw errno.EOPNOTSUPP;
  }

  override sync(): void {}

  override backing(): FileBacking {
    this.mapped ??= new StreamBacking(this);
    return this.mapped;
  }

  override mapping(shared: boolean, write: boolean): FileBacking {
    if (shared && write) throw errno.ENODEV;
    return super.mapping(shared, write);
  }
}

export class StreamBacking implements FileBacking {
  private readonly file: FileStream;
  readonly identity: FileBacking["identity"];
  private readonly pages: PageStore = new PageStore();

  constructor(file: FileStream) {
    this.file = file;
    this.identity = identityOf(file.dentry, file.stream.info.stat.dev);
  }

  get name(): string {
    return this.file.dentry.name;
  }

  sharedPage(index: number): Page | undefined {
    const known = this.pages.page(index, false);
    if (known !== undefined) return known;
    const bytes = new Uint8Array(PAGE_SIZE);
    if (!this.fillPage(index, bytes)) return undefined;
    const page = this.pages.page(index, true);
    page?.write(0, bytes);
    return page;
  }

  fillPage(index: number, into: Uint8Array): boolean {
    const count = this.file.pread(into, index * PAGE_SIZE);
    into.fill(0, count);
    return count > 0;
  }
}
