/** Reading and writing open files: read(2), write(2), lseek(2), sendfile(2) and their kin. */
import { errno } from "../abi/errno.ts";
import {
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  FALLOC_FL_ZERO_RANGE,
  O_APPEND,
  SEEK_CUR,
  SEEK_DATA,
  SEEK_END,
  SEEK_HOLE,
  SEEK_SET,
} from "../abi/fcntl.ts";
import { S_IFDIR, S_IFMT, S_IFREG } from "../abi/stat.ts";
import { readI64, writeI64 } from "../abi/struct.ts";
import type { Task } from "../task.ts";
import type { OpenFile } from "../vfs/open-file.ts";
import { fd, flags, inBytes, inPlace, int, long, oneOf, outBytes, outPlace, showBytes, size, uint, unsigned64 } from "./args.ts";
import { syscall, type Arg, type Outcome, type Shown, type Syscall } from "./syscall.ts";
import { copyBetween, loadBuffers, readBuffer, readBuffers, sizeLimited, total, writeBuffer, writeBuffers } from "./transfer.ts";

const desc = { classes: ["desc"] };

/** `[{iov_base="abc", iov_len=3}, ...]`; of a read only as many bytes as came. */
export function showBuffers(at: number, count: number, shown: Shown, available: number): string {
  if (at === 0) return "NULL";
  const texts: string[] = [];
  let left = available;
  for (let i = 0; i < Math.min(count, 1024); i++) {
    const base = shown.memory.readNumber(at + i * 16);
    const length = shown.memory.readNumber(at + i * 16 + 8);
    const bytes = Math.min(length, left);
    left -= bytes;
    texts.push(`{iov_base=${showBytes(shown.memory, base, bytes)}, iov_len=${length}}`);
  }
  return `[${texts.join(", ")}]`;
}

const inBuffers: Arg<number> = inPlace((at, shown) => showBuffers(at, shown.int(2), shown, Infinity));
const outBuffers: Arg<number> = outPlace((at, shown) => showBuffers(at, shown.int(2), shown, shown.result ?? 0));
/** An int that is shown as the unsigned long it arrives in. */
const count: Arg<number> = { ...int, show: size.show };
const whence: Arg<number> = oneOf({ SEEK_SET, SEEK_CUR, SEEK_END, SEEK_DATA, SEEK_HOLE }, "SEEK_???");
/** The offset before and after. */
const movedOffset: Arg<number> = {
  direction: "out",
  decode: (low, high) => unsigned64(low, high),
  show(low, high, shown): string {
    const at = unsigned64(low, high);
    if (at === 0) return "NULL";
    const after = readI64(shown.memory, at);
    const { result = -1 } = shown;
    return result < 0 ? `[${after}]` : `[${after - result}] => [${after}]`;
  },
};
const offsetPlace: Arg<number> = inPlace((at, shown) => `[${readI64(shown.memory, at)}]`);
const RWF: Readonly<Record<string, number>> = { RWF_HIPRI: 1, RWF_DSYNC: 2, RWF_SYNC: 4, RWF_NOWAIT: 8, RWF_APPEND: 16 };

function positive(offset: number): number {
  if (offset < 0) throw errno.EINVAL;
  return offset;
}

/** preadv2(2): -1 is the file's own offset. */
function ownOrPositive(offset: number): number {
  return offset === -1 ? -1 : positive(offset);
}

/** ESPIPE for an offset that the file does not have. -1: its own. */
function fileAt(task: Task, number: number, offset: number): OpenFile {
  const file = task.files.getIo(number);
  if (offset >= 0 && !file.positioned) throw errno.ESPIPE;
  return file;
}

interface VectorCall {
  readonly fd: number;
  readonly iov: number;
  readonly iovcnt: number;
}

/** readv(2) and its kin, with errors in Linux's order. `rwf`: flags of preadv2(2). */
function vector(task: Task, { fd: number, iov, iovcnt }: VectorCall, way: "read" | "write", offset: number = -1, rwf: number = 0): Outcome {
  const file = fileAt(task, number, offset);
  if (way === "read" ? !file.readable : !file.writable) throw errno.EBADF;
  const buffers = loadBuffers(task.memory, iov, iovcnt);
  // Not even a message of no bytes is moved.
  if (total(buffers) === 0) return 0;
  if (rwf & ~7) throw errno.EOPNOTSUPP;
  return (way === "read" ? readBuffers : writeBuffers)(task, file, buffers, offset);
}

const highOffset: Arg<number> = { ...size, show: () => "" };
const NO_RWF = "partial: RWF_NOWAIT and RWF_APPEND are refused";

export const io: readonly Syscall[] = [
  syscall(0, "read", { fd, buf: outBytes(), count: size }, "full", (task, a) => readBuffer(task, task.files.getIo(a.fd), a.buf, a.count, -1), desc),
  syscall(1, "write", { fd, buf: inBytes(2), count: size }, "full", (task, a) => writeBuffer(task, task.files.getIo(a.fd), a.buf, a.count, -1), desc),
  syscall(
    17,
    "pread64",
    { fd, buf: outBytes(), count: size, offset: long },
    "full",
    (task, a) => {
      const offset = positive(a.offset);
      return readBuffer(task, fileAt(task, a.fd, offset), a.buf, a.count, offset);
    },
    desc,
  ),
  syscall(
    18,
    "pwrite64",
    { fd, buf: inBytes(2), count: size, offset: long },
    "full",
    (task, a) => {
      const offset = positive(a.offset);
      return writeBuffer(task, fileAt(task, a.fd, offset), a.buf, a.count, offset);
    },
    desc,
  ),
  syscall(19, "readv", { fd, iov: outBuffers, iovcnt: count }, "full", (task, a) => vector(task, a, "read"), desc),
  syscall(20, "writev", { fd, iov: inBuffers, iovcnt: count }, "full", (task, a) => vector(task, a, "write"), desc),
  syscall(
    295,
    "preadv",
    { fd, iov: outBuffers, iovcnt: count, offset: long },
    "full",
    (task, a) => vector(task, a, "read", positive(a.offset)),
    desc,
  ),
  syscall(
    296,
    "pwritev",
    { fd, iov: inBuffers, iovcnt: count, offset: long },
    "full",
    (task, a) => vector(task, a, "write", positive(a.offset)),
    desc,
  ),
  syscall(
    327,
    "preadv2",
    { fd, iov: outBuffers, iovcnt: count, offset: long, high: highOffset, flags: flags(RWF) },
    NO_RWF,
    (task, a) => vector(task, a, "read", ownOrPositive(a.offset), a.flags),
    desc,
  ),
  syscall(
    328,
    "pwritev2",
    { fd, iov: inBuffers, iovcnt: count, offset: long, high: highOffset, flags: flags(RWF) },
    NO_RWF,
    (task, a) => vector(task, a, "write", ownOrPositive(a.offset), a.flags),
    desc,
  ),
  syscall(8, "lseek", { fd, offset: long, whence }, "full", (task, a) => task.files.getIo(a.fd).seek(a.offset, a.whence), desc),
  syscall(
    40,
    "sendfile",
    { out_fd: fd, in_fd: fd, offset: movedOffset, count: size },
    "full",
    (task, a) => {
      const from = task.files.getIo(a.in_fd);
      const to = task.files.getIo(a.out_fd);
      if (!from.readable || !to.writable) throw errno.EBADF;
      if ((from.inode.mode & S_IFMT) !== S_IFREG || (to.flags & O_APPEND) !== 0) throw errno.EINVAL;
      const start = a.offset === 0 ? -1 : positive(readI64(task.memory, a.offset));
      const before = task.call.resume === "start" ? 0 : task.call.progress;
      const outcome = copyBetween(task, from, to, start < 0 ? -1 : start, -1, a.count);
      if (start >= 0 && typeof outcome === "number" && outcome >= before) writeI64(task.memory, a.offset, start + outcome);
      return outcome;
    },
    { classes: ["desc", "network"] },
  ),
  syscall(
    326,
    "copy_file_range",
    { fd_in: fd, off_in: offsetPlace, fd_out: fd, off_out: offsetPlace, len: size, flags: uint },
    "full",
    (task, a) => {
      const from = task.files.getIo(a.fd_in);
      const to = task.files.getIo(a.fd_out);
      if (a.flags !== 0) throw errno.EINVAL;
      if (!from.readable || !to.writable || (to.flags & O_APPEND) !== 0) throw errno.EBADF;
      for (const file of [from, to]) {
        const type = file.inode.mode & S_IFMT;
        if (type === S_IFDIR) throw errno.EISDIR;
        if (type !== S_IFREG) throw errno.EINVAL;
      }
      const start = a.off_in === 0 ? from.offset : positive(readI64(task.memory, a.off_in));
      const target = a.off_out === 0 ? to.offset : positive(readI64(task.memory, a.off_out));
      const length = Math.min(a.len, Math.max(0, from.stat().size - start));
      if (from.inode === to.inode && start < target + length && target < start + length) throw errno.EINVAL;
      const outcome = copyBetween(task, from, to, start, target, length);
      if (typeof outcome !== "number") return outcome;
      if (a.off_in === 0) from.offset += outcome;
      else writeI64(task.memory, a.off_in, start + outcome);
      if (a.off_out === 0) to.offset += outcome;
      else writeI64(task.memory, a.off_out, target + outcome);
      return outcome;
    },
    desc,
  ),
  syscall(
    77,
    "ftruncate",
    { fd, length: { ...long, show: size.show } },
    "full",
    (task, a) => {
      const file = task.files.getIo(a.fd);
      if (a.length < 0 || !file.writable) throw errno.EINVAL;
      sizeLimited(task, a.length, () => file.truncate(a.length, task));
      return 0;
    },
    desc,
  ),
  syscall(
    285,
    "fallocate",
    { fd, mode: flags({ FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE, FALLOC_FL_ZERO_RANGE }), offset: long, len: long },
    "partial: no collapsing or inserting of ranges",
    (task, a) => {
      const file = task.files.getIo(a.fd);
      if (a.offset < 0 || a.len <= 0) throw errno.EINVAL;
      if (!file.writable) throw errno.EBADF;
      sizeLimited(task, a.offset + a.len, () => file.allocate(a.mode, a.offset, a.len, task));
      return 0;
    },
    desc,
  ),
  syscall(
    221,
    "fadvise64",
    {
      fd,
      offset: long,
      len: long,
      advice: oneOf(
        {
          POSIX_FADV_NORMAL: 0,
          POSIX_FADV_RANDOM: 1,
          POSIX_FADV_SEQUENTIAL: 2,
          POSIX_FADV_WILLNEED: 3,
          POSIX_FADV_DONTNEED: 4,
          POSIX_FADV_NOREUSE: 5,
        },
        "POSIX_FADV_???",
      ),
    },
    "full",
    (task, a) => {
      const file = task.files.getIo(a.fd);
      if ((file.inode.mode & S_IFMT) === 0o010000) throw errno.ESPIPE;
      if (a.advice < 0 || a.advice > 5 || a.len < 0) throw errno.EINVAL;
      return 0;
    },
    desc,
  ),
  syscall(
    187,
    "readahead",
    { fd, offset: long, count: size },
    "full",
    (task, a) => {
      const file = task.files.getIo(a.fd);
      if (!file.readable) throw errno.EBADF;
      if ((file.inode.mode & S_IFMT) !== S_IFREG) throw errno.EINVAL;
      return 0;
    },
    desc,
  ),
  syscall(74, "fsync", { fd }, "full", (task, a) => (task.files.getIo(a.fd).sync(false), 0), desc),
  syscall(75, "fdatasync", { fd }, "full", (task, a) => (task.files.getIo(a.fd).sync(true), 0), desc),
  syscall(306, "syncfs", { fd }, "full", (task, a) => (task.files.getIo(a.fd), 0), desc),
  syscall(162, "sync", {}, "full", () => 0),
  syscall(
    277,
    "sync_file_range",
    { fd, offset: long, nbytes: long, flags: flags({}) },
    "full",
    (task, a) => (task.files.getIo(a.fd).sync(true), 0),
    desc,
  ),
];
