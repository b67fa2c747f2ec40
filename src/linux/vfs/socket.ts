/**
 * Connected pairs of unix(7) sockets, as socketpair(2) makes them. A socket keeps what was sent to it as Linux does, one buffer for
 * each send or part of it, and counts the memory that those buffers take in Linux: when a sender must wait then agrees exactly.
 */

import { errno } from "../abi/errno.ts";
import { O_NONBLOCK, O_RDWR, POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDHUP, POLLRDNORM, POLLWRBAND, POLLWRNORM } from "../abi/fcntl.ts";
import { FIONREAD, TIOCOUTQ } from "../abi/ioctl.ts";
import { BUFFER_DEFAULT, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM } from "../abi/socket.ts";
import type { Stat } from "../abi/stat.ts";
import { S_IFSOCK } from "../abi/stat.ts";
import { START_OF_TIME, type AnonymousFs } from "./anonymous.ts";
import { Dentry, Inode } from "./inode.ts";
import { OpenFile } from "./open-file.ts";
import type { Caller, GuestMemory } from "./types.ts";
import { BLOCK } from "./types.ts";

/** Bits of {@link SocketFile.closed}: this socket receives, or sends, no more. */
const RECEIVE = 1;
const SEND = 2;

// ---- what a message takes of the sender's buffer

const PAGE = 4096;
/** struct sk_buff and struct skb_shared_info, rounded to cache lines. */
const SKB_SIZE = 256;
const SHARED_INFO = 320;
/** Most bytes of a stream, or of a datagram, that lie outside of pages. */
const STREAM_HEAD = PAGE - SHARED_INFO;
const DATAGRAM_HEAD = 4 * PAGE - SHARED_INFO;
/** Most bytes of a stream in pages, and most pages of a datagram. */
const STREAM_PAGES = 32_768;
const DATAGRAM_PAGES = 17 * PAGE;

function pages(size: number): number {
  return Math.ceil(size / PAGE) * PAGE;
}

/** Memory of a buffer with `head` bytes in one piece and `paged` in pages. */
function memoryOf(head: number, paged: number): number {
  const wanted = Math.ceil(head / 64) * 64 + SHARED_INFO;
  let allocated = 512;
  while (allocated < wanted) allocated *= 2;
  return allocated + SKB_SIZE + pages(paged);
}

function streamMemory(size: number): number {
  const paged = Math.min(size, pages(Math.max(0, size - STREAM_HEAD)));
  return memoryOf(size - paged, paged);
}

function datagramMemory(size: number): number {
  const paged = pages(Math.min(Math.max(0, size - DATAGRAM_HEAD), DATAGRAM_PAGES));
  return memoryOf(size - Math.min(size, paged), paged);
}

/** Who sent a message: struct ucred. */
export interface SenderIdentity {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** One buffer on its way. */
export interface Message {
  bytes: Uint8Array;
  /** Bytes before it have been received. */
  start: number;
  /** What it takes of the sender's buffer until it is gone. */
  readonly memory: number;
  /** SCM_RIGHTS: descriptions, each held by the message. */
  files: OpenFile[];
  readonly sender: SenderIdentity;
}

/** What a receive found. */
export interface Received {
  /** Bytes put into the buffer, or {@link BLOCK}. */
  count: number;
  /** Length of the whole datagram; for a stream `count`. */
  length: number;
  files: OpenFile[];
  sender: SenderIdentity | undefined;
}

/** One end of the pair. */
export class SocketFile extends OpenFile {
  /** SOCK_STREAM, SOCK_DGRAM or SOCK_SEQPACKET. */
  readonly type: number;
  /** The other end; null where a datagram socket found it closed. */
  peer: SocketFile | null = null;
  /** Messages to be received, oldest first. */
  queue: Message[] = [];
  /** Memory of what was sent and not yet received. */
  unreceived = 0;
  sendBuffer: number = BUFFER_DEFAULT;
  receiveBuffer: number = BUFFER_DEFAULT;
  /** {@link RECEIVE} and {@link SEND}. */
  closed = 0;
  /** The last descriptor is gone. */
  dead = false;
  /** An errno value that the next call reports: SO_ERROR. */
  error = 0;
  /** SO_RCVTIMEO and SO_SNDTIMEO in nanoseconds; Infinity for none. */
  receiveTimeout: number = Infinity;
  sendTimeout: number = Infinity;
  passCredentials = false;
  /** Options that are kept and change nothing, by number. */
  options: Map<number, number> = new Map();
  /** Who made the pair: SO_PEERCRED of the other end. */
  readonly maker: SenderIdentity;
  changes = 0;
  /** Messages that came, and ends. */
  arrivals = 0;

  constructor(dentry: Dentry, flags: number, type: number, maker: SenderIdentity) {
    super(dentry, flags);
    this.type = type;
    this.maker = maker;
  }

  get isStream(): boolean {
    return this.type === SOCK_STREAM;
  }

  override get pollable(): boolean {
    return true;
  }

  override get wholeMessages(): boolean {
    return !this.isStream;
  }

  override get brokenPipeSignal(): boolean {
    return this.isStream;
  }

  override get activity(): number {
    return this.changes;
  }

  override get arrived(): number {
    return this.arrivals;
  }

  override waitLimit(events: number): number {
    return events & POLLIN ? this.receiveTimeout : this.sendTimeout;
  }

  override read(into: Uint8Array): number {
    if (into.length === 0) return 0;
    return this.receive(into, false).count;
  }

  override write(from: Uint8Array, caller: Caller): number {
    return this.send(from, [], identityOf(caller));
  }

  /** Sends what there is room for, a datagram whole; `files` go with the first byte. EPIPE, EMSGSIZE, ECONNREFUSED, ENOTCONN. */
  send(from: Uint8Array, files: readonly OpenFile[], sender: SenderIdentity): number {
    return this.isStream ? this.sendStream(from, files, sender) : this.sendDatagram(from, files, sender);
  }

  private sendStream(from: Uint8Array, files: readonly OpenFile[], sender: SenderIdentity): number {
    const { peer } = this;
    if (peer === null) throw errno.ENOTCONN;
    if (this.closed & SEND) throw errno.EPIPE;
    let done = 0;
    while (done < from.length) {
      if (peer.dead || peer.closed & RECEIVE) {
        if (done > 0) return done;
        throw errno.EPIPE;
      }
      if (this.unreceived >= this.sendBuffer) return done > 0 ? done : BLOCK;
      const size = Math.min(from.length - done, (this.sendBuffer >> 1) - 64, STREAM_HEAD + STREAM_PAGES);
      this.put(peer, from.slice(done, done + size), streamMemory(size), done === 0 ? files : [], sender);
      done += size;
    }
    return done;
  }

  private sendDatagram(from: Uint8Array, files: readonly OpenFile[], sender: SenderIdentity): number {
    const { peer } = this;
    if (this.type === SOCK_SEQPACKET) this.reportError();
    if (peer === null) throw errno.ENOTCONN;
    if (from.length > this.sendBuffer - 32) throw errno.EMSGSIZE;
    this.reportError();
    if (this.closed & SEND) throw errno.EPIPE;
    if (this.unreceived >= this.sendBuffer) return BLOCK;
    if (peer.dead) {
      this.peer = null;
      // The datagrams that the other end left are lost with the link.
      this.dropQueue();
      throw errno.ECONNREFUSED;
    }
    if (peer.closed & RECEIVE) throw errno.EPIPE;
    this.put(peer, from.slice(), datagramMemory(from.length), files, sender);
    return from.length;
  }

  private put(peer: SocketFile, bytes: Uint8Array, memory: number, files: readonly OpenFile[], sender: SenderIdentity): void {
    peer.queue.push({ bytes, start: 0, memory, files: files.map((file) => file.retain()), sender });
    peer.changes++;
    peer.arrivals++;
    this.unreceived += memory;
  }

  /** Receives into the buffer; `peek` leaves the queue as it is. Descriptions given are held for the caller. ECONNRESET. */
  receive(into: Uint8Array, peek: boolean): Received {
    const [first] = this.queue;
    if (first === undefined) return { count: this.atEnd(), length: 0, files: [], sender: undefined };
    const found: Received = { count: 0, length: 0, files: [], sender: first.sender };
    if (!this.isStream) {
      this.reportError();
      found.count = Math.min(first.bytes.length, into.length);
      into.set(first.bytes.subarray(0, found.count));
      found.length = first.bytes.length;
      this.give(first, found, peek);
      if (!peek) this.drop();
      return found;
    }
    let at = 0;
    let index = 0;
    while (at < into.length) {
      const message = this.queue[index];
      // Descriptors go with their own bytes only, and so do other senders' when those are asked for.
      if (message === undefined || (index > 0 && message.files.length > 0) || (this.passCredentials && !sameSender(message.sender, first.sender)))
        break;
      const count = Math.min(message.bytes.length - message.start, into.length - at);
      into.set(message.bytes.subarray(message.start, message.start + count), at);
      at += count;
      const last = message.files.length > 0;
      this.give(message, found, peek);
      if (peek) index++;
      else {
        message.start += count;
        if (message.start < message.bytes.length) break;
        this.drop();
      }
      if (last) break;
    }
    if (!peek) this.changes++;
    found.count = found.length = at;
    return found;
  }

  private give(message: Message, found: Received, peek: boolean): void {
    for (const file of message.files) found.files.push(peek ? file.retain() : file);
    if (!peek) message.files = [];
  }

  /** Nothing is queued: 0 at the end, BLOCK before it. */
  private atEnd(): number {
    this.reportError();
    if (this.closed & RECEIVE) return this.type === SOCK_DGRAM && this.nonblocking ? BLOCK : 0;
    if (this.type !== SOCK_DGRAM && this.peer === null) throw errno.ENOTCONN;
    return BLOCK;
  }

  private reportError(): void {
    if (this.error === 0) return;
    this.error = 0;
    throw errno.ECONNRESET;
  }

  /** Takes the first message off the queue, which gives its sender room. */
  private drop(): void {
    const message = this.queue.shift()!;
    for (const file of message.files) file.unref();
    const sender = this.partner;
    if (sender !== null) {
      sender.unreceived -= message.memory;
      sender.changes++;
    }
  }

  private dropQueue(): void {
    while (this.queue.length > 0) this.drop();
  }

  /** The other end, whether connected still or not. */
  partner: SocketFile | null = null;

  /** shutdown(2): EINVAL, ENOTCONN. */
  shutdown(how: number): void {
    if (how < 0 || how > 2) throw errno.EINVAL;
    if (this.peer === null) throw errno.ENOTCONN;
    this.close(how + 1);
    if (this.type !== SOCK_DGRAM) this.peer.close((((how + 1) << 1) | ((how + 1) >> 1)) & (RECEIVE | SEND));
  }

  private close(bits: number): void {
    this.closed |= bits;
    this.changes++;
    this.arrivals++;
  }

  override ready(): number {
    let mask = 0;
    if (this.error !== 0) mask |= POLLERR;
    if (this.closed === (RECEIVE | SEND)) mask |= POLLHUP;
    if (this.closed & RECEIVE) mask |= POLLRDHUP | POLLIN | POLLRDNORM;
    if (this.queue.length > 0) mask |= POLLIN | POLLRDNORM;
    // Linux counts one byte for the socket itself.
    if ((this.unreceived + 1) * 4 <= this.sendBuffer) mask |= POLLOUT | POLLWRNORM | POLLWRBAND;
    return mask;
  }

  override ioctl(command: number, argument: number, memory: GuestMemory): number {
    let value: number;
    if (command === FIONREAD) {
      const counted = this.type === SOCK_DGRAM ? this.queue.slice(0, 1) : this.queue;
      value = counted.reduce((sum, { bytes, start }) => sum + bytes.length - start, 0);
    } else if (command === TIOCOUTQ) value = this.unreceived;
    else throw errno.ENOTTY;
    const bytes = new Uint8Array(new Int32Array([value]).buffer);
    if (memory.copyOut(argument, bytes) !== bytes.length) throw errno.EFAULT;
    return 0;
  }

  protected override released(): void {
    this.dead = true;
    const { peer } = this;
    if (peer !== null && this.type !== SOCK_DGRAM) {
      peer.close(RECEIVE | SEND);
      if (this.queue.length > 0) peer.error = ECONNRESET;
    }
    this.dropQueue();
  }
}

const ECONNRESET: number = errno.ECONNRESET.code;

function sameSender(a: SenderIdentity, b: SenderIdentity): boolean {
  return a.pid === b.pid && a.uid === b.uid && a.gid === b.gid;
}

/** What the kernel says of a caller to who receives from it. */
export function identityOf(caller: Caller): SenderIdentity {
  return { pid: caller.pid, uid: caller.credentials.uid, gid: caller.credentials.gid };
}

/** The inode of a socket: it has a number and an owner. */
export class SocketInode extends Inode {
  constructor(fs: AnonymousFs, caller: Caller) {
    super(fs, fs.nextIno++, S_IFSOCK | 0o777, caller.credentials.fsuid, caller.credentials.fsgid);
  }

  override stat(): Stat {
    return (this.fs as AnonymousFs).statOf(this, PAGE, START_OF_TIME);
  }

  override open(): OpenFile {
    throw errno.ENXIO;
  }
}

/** socketpair(2) of AF_UNIX: two connected sockets. `flags` may hold O_NONBLOCK. */
export function socketPair(fs: AnonymousFs, type: number, flags: number, caller: Caller): readonly [SocketFile, SocketFile] {
  const make = (): SocketFile => {
    const inode = new SocketInode(fs, caller);
    return new SocketFile(new Dentry(fs.root, `socket:[${inode.ino}]`, inode), O_RDWR | (flags & O_NONBLOCK), type, identityOf(caller));
  };
  const a = make();
  const b = make();
  a.peer = a.partner = b;
  b.peer = b.partner = a;
  return [a, b];
}
