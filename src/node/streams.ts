// The three standard descriptors, as the process was started with them.
//
// What may be unready (pipe, terminal, socket) is read without blocking, through a description of our own where the host lets it be opened
// again, so that O_NONBLOCK never shows in the shell's. Nothing there means "later"; then the event loop waits for up to exactly the bytes
// asked for: none are taken that the guest did not want, and what it leaves stays for the next program.
import { fstatSync, ftruncateSync, readFileSync, readlinkSync, readSync, writeSync } from "node:fs";
import type { BigIntStats } from "node:fs";
import { isatty } from "node:tty";
import { ERRNO, MAX_TRANSFER, O_CLOEXEC, O_NONBLOCK, O_RDONLY, O_WRONLY, S_IFMT, S_IFREG } from "../linux/index.ts";
import type { HostAnswer, HostStat, HostStream, StreamRequest, WindowSize } from "../linux/index.ts";
import { hasDescriptorPaths, magic } from "./beneath.ts";
import { Refusal, codeOf, refuse } from "./host-error.ts";
import { toHostStat } from "./host-stat.ts";
import { StreamReader } from "./stream-reader.ts";
import { StreamWriter, sleep } from "./stream-writer.ts";
import { isForeground, leaveAlone, takeTerminal, terminalSettings, terminalSize } from "./terminal.ts";

/** Called with the answer to a request that was told "later". */
export type Answer = (id: number, answer: HostAnswer) => void;

const DONE: HostAnswer = { done: true };

/** Between two looks at standard input while it is taken to its end. */
const INPUT_RETRY_MS = 1;

class Stream {
  readonly fd: number;
  readonly kind: HostStream["kind"];
  /** Where reads and writes go once the guest has moved the offset, which Node cannot do with the host's own; null until then. */
  offset: number | null = null;
  /** For what may be unready. */
  reader: StreamReader | undefined;
  writer: StreamWriter | undefined;
  /** Bytes read in advance (all of them), and how many the guest has had. */
  taken: { readonly bytes: Uint8Array; used: number } | undefined;

  constructor(fd: number, kind: HostStream["kind"]) {
    this.fd = fd;
    this.kind = kind;
  }
}

export class Streams {
  private readonly streams: (Stream | null)[];
  private readonly descriptions: readonly (HostStream | null)[];
  /** Nothing of the host shows but what kinds of streams there are and what is in them. */
  private readonly fixed: boolean;
  private readonly answer: Answer;
  private scratch: Buffer = Buffer.alloc(0);

  /** `fixed`: terminals tell nothing of themselves, and stay with the host's line discipline. */
  constructor(answer: Answer, fixed: boolean = false) {
    this.answer = answer;
    const descriptions: (HostStream | null)[] = [];
    for (let fd = 0; fd <= 2; fd++) descriptions.push(describe(fd, descriptions));
    this.fixed = fixed;
    this.descriptions = descriptions
      .map((stream, fd) => (fixed && stream !== null ? anonymized(stream, fd) : stream))
      .map((stream, fd) => (stream?.kind === "terminal" ? { ...stream, ...terminalOf(fd, descriptions, fixed) } : stream));
    this.streams = descriptions.map((d, fd) => d && new Stream(fd, d.kind));
  }

  /**
   * Reads standard input to its end now. From then on it answers every read at once and in full, so that how a pipe was cut into pieces is no
   * input any more. Files are left alone: they never are cut.
   */
  takeInput(): void {
    const stream = this.streams[0];
    if (!stream || stream.kind === "file" || stream.kind === "null") return;
    const parts: Buffer[] = [];
    for (;;) {
      const part = Buffer.allocUnsafe(0x1_0000);
      let count: number;
      try {
        count = readSync(stream.fd, part, 0, part.length, null);
      } catch (error) {
        if (codeOf(error) === "EAGAIN") {
          sleep(INPUT_RETRY_MS);
          continue;
        }
        if (codeOf(error) === "EOF") break;
        throw error;
      }
      if (count === 0) break;
      parts.push(part.subarray(0, count));
    }
    stream.taken = { bytes: Buffer.concat(parts), used: 0 };
  }

  /** Size of the first terminal. */
  windowSize(): WindowSize | undefined {
    const stream = this.streams.find((each) => each?.kind === "terminal");
    return stream ? terminalSize(stream.fd) : undefined;
  }

  /** Lets go of whatever keeps the event loop alive. */
  close(): void {
    for (const stream of this.streams) stream?.reader?.close();
  }

  ask(id: number, request: StreamRequest): HostAnswer | "later" {
    if (request.op === "streams") return { streams: this.descriptions };
    const stream = this.streams[request.stream];
    if (!stream) throw new Refusal(ERRNO.EBADF);
    switch (request.op) {
      case "read":
        return this.read(id, stream, request.max);
      case "write":
        return this.write(id, stream, request.bytes);
      case "seek":
        if (stream.kind !== "file") throw new Refusal(ERRNO.ESPIPE);
        if (request.offset !== (stream.offset ?? fdinfo(stream.fd).position)) stream.offset = request.offset;
        return DONE;
      case "pread":
        return { bytes: this.readFile(stream, request.max, request.offset) };
      case "pwrite":
        return { count: writeSync(stream.fd, request.bytes, 0, request.bytes.length, request.offset) };
      case "truncate":
        ftruncateSync(stream.fd, request.size);
        return DONE;
      case "fstat":
        return { stat: statOf(stream, this.fixed) };
      case "windowSize":
        if (stream.kind !== "terminal") throw new Refusal(ERRNO.ENOTTY);
        return { windowSize: terminalSize(stream.fd) };
    }
  }

  private read(id: number, stream: Stream, max: number): HostAnswer | "later" {
    const size = Math.min(max, MAX_TRANSFER);
    const { taken } = stream;
    if (taken) {
      const bytes = taken.bytes.subarray(taken.used, taken.used + size);
      taken.used += bytes.length;
      return { bytes };
    }
    if (stream.kind === "file" || stream.kind === "null" || stream.kind === "other") {
      const bytes = this.readFile(stream, size, stream.offset);
      if (stream.offset !== null) stream.offset += bytes.length;
      return { bytes };
    }
    stream.reader ??= new StreamReader(stream.fd, stream.kind === "terminal");
    if (stream.kind === "terminal") takeTerminal(stream.fd);
    else {
      const buffer = this.room(size);
      const count = stream.reader.now(buffer);
      if (count >= 0) return { bytes: buffer.subarray(0, count) };
    }
    stream.reader.later(size, (result) => this.answer(id, result instanceof Uint8Array ? { bytes: result } : refuse(result)));
    return "later";
  }

  private readFile(stream: Stream, max: number, offset: number | null): Uint8Array {
    const buffer = this.room(Math.min(max, MAX_TRANSFER));
    return buffer.subarray(0, readSync(stream.fd, buffer, 0, buffer.length, offset));
  }

  private write(id: number, stream: Stream, bytes: Uint8Array): HostAnswer | "later" {
    if (stream.kind === "file" || stream.kind === "null" || stream.kind === "other") {
      const count = writeSync(stream.fd, bytes, 0, bytes.length, stream.offset);
      if (stream.offset !== null) stream.offset += count;
      return { count };
    }
    stream.writer ??= new StreamWriter(stream.fd);
    const count = stream.writer.write(bytes);
    if (count > 0 || bytes.length === 0) return { count };
    setTimeout(() => this.answer(id, { count: 0 }), stream.writer.wait);
    return "later";
  }

  /** A buffer of `size` bytes, valid until the next request. */
  private room(size: number): Buffer {
    if (this.scratch.length < size) this.scratch = Buffer.allocUnsafeSlow(Math.max(size, 0x1_0000));
    return this.scratch.subarray(0, size);
  }
}

/** Device number of /dev/null. */
const NULL_DEVICE = (1 << 8) | 3;

function kindOf(fd: number, stat: BigIntStats): HostStream["kind"] {
  if (stat.isFile()) return "file";
  if (stat.isFIFO()) return "pipe";
  if (stat.isSocket()) return "socket";
  if (isatty(fd)) return "terminal";
  return stat.isCharacterDevice() && Number(stat.rdev) === NULL_DEVICE ? "null" : "other";
}

/** Offset and flags as the host's kernel has them; on another host than Linux what can be guessed. */
function fdinfo(fd: number): { position: number; flags: number } {
  if (!hasDescriptorPaths) return { position: 0, flags: fd === 0 ? O_RDONLY : O_WRONLY };
  const text = readFileSync(`/proc/self/fdinfo/${fd}`, "latin1");
  const field = (name: string, base: number): number => Number.parseInt(new RegExp(`^${name}:\\s*(\\w+)$`, "m").exec(text)?.[1] ?? "0", base);
  // FD_CLOEXEC is shown as O_CLOEXEC here, and is no flag of the description.
  return { position: field("pos", 10), flags: field("flags", 8) & ~O_CLOEXEC };
}

function nameOf(fd: number, kind: HostStream["kind"]): string {
  if (hasDescriptorPaths) return readlinkSync(magic(fd), "latin1");
  return kind === "terminal" ? "/dev/tty" : kind === "null" ? "/dev/null" : `${kind}:[${fd}]`;
}

function describe(fd: number, earlier: readonly (HostStream | null)[]): HostStream | null {
  let stat: BigIntStats;
  try {
    stat = fstatSync(fd, { bigint: true });
  } catch {
    return null;
  }
  const kind = kindOf(fd, stat);
  const { position, flags } = fdinfo(fd);
  const name = nameOf(fd, kind);
  // No call of Node compares open file descriptions. Two descriptors of one file with equal flags and offset are taken for one.
  const sameAs = earlier.findIndex(
    (other) =>
      other?.name === name &&
      other.flags === flags &&
      other.offset === (kind === "file" ? position : undefined) &&
      other.stat.ino === toHostStat(stat).ino,
  );
  return {
    kind,
    stat: toHostStat(stat),
    flags,
    name,
    ...(kind === "file" ? { offset: position } : {}),
    ...(sameAs >= 0 ? { sameAs } : {}),
  };
}

const FIXED_TIME = { sec: 946_684_800, nsec: 0 };
const FIXED_ID = 1000;
const FIRST_INODE = 5;
const BLOCK = 512;
/** Permission bits of what is no file. */
const FIXED_MODE = 0o600;
const FILE_MODE = 0o644;
/** Terminals are all called 0. */
const PTS_MAJOR = 136;
const NAMES = ["/stdin", "/stdout", "/stderr"];

/** What fstat(2) says of a stream that shows nothing of its host. */
function anonymousStat(stat: HostStat, fd: number): HostStat {
  const isFile = (stat.mode & S_IFMT) === S_IFREG;
  const size = isFile ? stat.size : 0;
  const mode = (stat.mode & S_IFMT) | (isFile ? FILE_MODE : FIXED_MODE);
  const places = { dev: 14, ino: FIRST_INODE + fd, rdev: stat.rdev >> 8 === PTS_MAJOR ? PTS_MAJOR << 8 : stat.rdev, nlink: 1 };
  const times = { atime: FIXED_TIME, mtime: FIXED_TIME, ctime: FIXED_TIME };
  return { ...places, mode, uid: FIXED_ID, gid: FIXED_ID, size, blksize: 4096, blocks: Math.ceil(size / BLOCK), ...times };
}

function anonymized(stream: HostStream, fd: number): HostStream {
  const { kind } = stream;
  const number = FIRST_INODE + fd;
  const names = {
    file: NAMES[fd] ?? "",
    pipe: `pipe:[${number}]`,
    socket: `socket:[${number}]`,
    terminal: "/dev/pts/0",
    null: "/dev/null",
    other: "/dev/other",
  };
  // Whoever shares a pipe or terminal can set O_NONBLOCK, when it likes.
  return { ...stream, flags: stream.flags & ~O_NONBLOCK, stat: anonymousStat(stream.stat, fd), name: names[kind] };
}

function statOf(stream: Stream, fixed: boolean): HostStat {
  const stat = toHostStat(fstatSync(stream.fd, { bigint: true }));
  return fixed ? anonymousStat(stat, stream.fd) : stat;
}

const FIXED_SIZE = { rows: 24, columns: 80, xpixel: 0, ypixel: 0 };

/** What only terminals have. A guest with a terminal at both ends takes it over at once; elsewhere it may belong to a pager at the end of the pipe. */
function terminalOf(fd: number, all: readonly (HostStream | null)[], fixed: boolean): Partial<HostStream> {
  leaveAlone(fd);
  if (fixed) return { windowSize: FIXED_SIZE, takeover: "never" };
  const both = all[0]?.kind === "terminal" && all[1]?.name === all[0].name;
  const termios = terminalSettings(fd);
  return { windowSize: terminalSize(fd), takeover: both && isForeground() ? "now" : "later", ...(termios === undefined ? {} : { termios }) };
}
