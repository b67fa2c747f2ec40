/** Descriptors: open(2), close(2), dup(2), fcntl(2), pipe(2), ioctl(2) and their kin. */
import { errno } from "../abi/errno.ts";
import * as F from "../abi/fcntl.ts";
import { S_IFMT, S_IFREG } from "../abi/stat.ts";
import { struct, type Struct } from "../abi/struct.ts";
import { watchAsync } from "../events/async.ts";
import { RLIMIT_NOFILE } from "../abi/resource.ts";
import type { Task, Wait } from "../task.ts";
import type { Descriptors } from "../vfs/descriptors.ts";
import { FileLocks, type LockOwner } from "../vfs/locks.ts";
import type { OpenFile } from "../vfs/open-file.ts";
import { SeekableFile } from "../vfs/open-file.ts";
import { addSeals, getSeals } from "../vfs/memfd.ts";
import { PipeEnd } from "../vfs/pipe.ts";
import { BLOCK } from "../vfs/types.ts";
import { cString, dirFd, fd, flags, oneOf, outPlace, path, size, uint, unsigned64 } from "./args.ts";
import { showIoctl, showIoctlArgument } from "./ioctl-text.ts";
import { syscall, type Arg, type Outcome, type Shown, type Syscall } from "./syscall.ts";
import { address, flagText, hex, nameOf } from "./text.ts";

const desc = { classes: ["desc"] };
const both = { classes: ["file", "desc"] };

/** Flags of open(2) beside the access mode, in strace(1)'s order. */
const OPEN_FLAGS: Readonly<Record<string, number>> = {
  O_CREAT: F.O_CREAT,
  O_EXCL: F.O_EXCL,
  O_NOCTTY: F.O_NOCTTY,
  O_TRUNC: F.O_TRUNC,
  O_APPEND: F.O_APPEND,
  O_NONBLOCK: F.O_NONBLOCK,
  O_SYNC: F.O_SYNC,
  O_ASYNC: F.O_ASYNC,
  O_DSYNC: F.O_DSYNC,
  O_DIRECT: F.O_DIRECT,
  O_LARGEFILE: F.O_LARGEFILE,
  O_TMPFILE: F.O_TMPFILE,
  O_NOFOLLOW: F.O_NOFOLLOW,
  O_NOATIME: F.O_NOATIME,
  O_CLOEXEC: F.O_CLOEXEC,
  O_PATH: F.O_PATH,
  O_DIRECTORY: F.O_DIRECTORY,
};
const ACCESS = ["O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"];

/** `O_RDWR|O_CREAT`. */
function openFlagText(value: number): string {
  const rest = flagText((value & ~F.O_ACCMODE) >>> 0, OPEN_FLAGS, "");
  return ACCESS[value & F.O_ACCMODE]! + (rest === "" ? "" : `|${rest}`);
}

const openFlags: Arg<number> = { direction: "in", decode: (low) => low, show: (low) => openFlagText(low) };

/** Shown only where the flags at `at` make it count. */
function openMode(at: number): Arg<number> {
  return {
    direction: "in",
    decode: (low) => low & 0o7777,
    show: (low, _high, shown) =>
      (shown.int(at) & F.O_CREAT) !== 0 || (shown.int(at) & F.O_TMPFILE) === F.O_TMPFILE ? "0" + (low >>> 0 ? (low >>> 0).toString(8) : "00") : "",
  };
}

/** RLIMIT_NOFILE. */
export function descriptorLimit(task: Task): number {
  return task.process.limits[RLIMIT_NOFILE]!.soft;
}

/** Gives a new description the lowest free number; the description is closed again where there is none. */
export function install(task: Task, open: OpenFile, closeOnExec: boolean): number {
  open.retain();
  try {
    return task.files.add(open, { closeOnExec, limit: descriptorLimit(task) });
  } finally {
    open.unref();
  }
}

function openAt(task: Task, dirfd: number, pathname: string, flagBits: number, mode: number): Outcome {
  const { call } = task;
  const open = call.opened ?? task.kernel.vfs.open(task, dirfd, pathname, flagBits, mode);
  if (open.opening) {
    if (call.resume === "signal") {
      call.opened?.unref();
      call.opened = undefined;
    } else call.opened ??= open.retain();
    return { retry: true, interrupted: "ERESTARTSYS" };
  }
  const descriptor = install(task, open, (flagBits & F.O_CLOEXEC) !== 0);
  if (call.opened !== undefined) {
    call.opened = undefined;
    open.unref();
  }
  return descriptor;
}

/** Installs two descriptions and writes their numbers to `at`; none of them is left where that fails. */
export function installPair(task: Task, [first, second]: readonly [OpenFile, OpenFile], closeOnExec: boolean, at: number): number {
  second.retain();
  try {
    const one = install(task, first, closeOnExec);
    let two = -1;
    try {
      two = install(task, second, closeOnExec);
      task.memory.writeU32(at, one);
      task.memory.writeU32(at + 4, two);
    } catch (error) {
      task.files.close(one);
      if (two >= 0) task.files.close(two);
      throw error;
    }
  } finally {
    second.unref();
  }
  return 0;
}

function pipe(task: Task, at: number, flagBits: number): number {
  if (flagBits & ~(F.O_CLOEXEC | F.O_NONBLOCK | F.O_DIRECT)) throw errno.EINVAL;
  return installPair(task, task.kernel.vfs.pipe(task, flagBits & ~F.O_CLOEXEC), (flagBits & F.O_CLOEXEC) !== 0, at);
}

const pipePlace: Arg<number> = outPlace((at, { memory }) => `[${memory.readI32(at)}, ${memory.readI32(at + 4)}]`);
const pipeFlags: Arg<number> = flags({ O_CLOEXEC: F.O_CLOEXEC, O_NONBLOCK: F.O_NONBLOCK, O_DIRECT: F.O_DIRECT });

// ---- fcntl

const COMMANDS: Readonly<Record<string, number>> = {
  F_DUPFD: F.F_DUPFD,
  F_GETFD: F.F_GETFD,
  F_SETFD: F.F_SETFD,
  F_GETFL: F.F_GETFL,
  F_SETFL: F.F_SETFL,
  F_GETLK: F.F_GETLK,
  F_SETLK: F.F_SETLK,
  F_SETLKW: F.F_SETLKW,
  F_SETOWN: F.F_SETOWN,
  F_GETOWN: F.F_GETOWN,
  F_SETSIG: F.F_SETSIG,
  F_GETSIG: F.F_GETSIG,
  F_OFD_GETLK: F.F_OFD_GETLK,
  F_OFD_SETLK: F.F_OFD_SETLK,
  F_OFD_SETLKW: F.F_OFD_SETLKW,
  F_DUPFD_CLOEXEC: F.F_DUPFD_CLOEXEC,
  F_SETPIPE_SZ: F.F_SETPIPE_SZ,
  F_GETPIPE_SZ: F.F_GETPIPE_SZ,
  F_ADD_SEALS: F.F_ADD_SEALS,
  F_GET_SEALS: F.F_GET_SEALS,
};
const SEALS: Readonly<Record<string, number>> = {
  F_SEAL_SEAL: F.F_SEAL_SEAL,
  F_SEAL_SHRINK: F.F_SEAL_SHRINK,
  F_SEAL_GROW: F.F_SEAL_GROW,
  F_SEAL_WRITE: F.F_SEAL_WRITE,
  F_SEAL_FUTURE_WRITE: F.F_SEAL_FUTURE_WRITE,
};
const LOCK_TYPES: Readonly<Record<string, number>> = { F_RDLCK: F.F_RDLCK, F_WRLCK: F.F_WRLCK, F_UNLCK: F.F_UNLCK };
const WHENCES: Readonly<Record<string, number>> = { SEEK_SET: F.SEEK_SET, SEEK_CUR: F.SEEK_CUR, SEEK_END: F.SEEK_END };

const flock: Struct<{ readonly type: "u16"; readonly whence: "u16"; readonly start: "i64"; readonly len: "i64"; readonly pid: "i32" }> = struct({
  type: "u16",
  whence: "u16",
  start: "i64",
  len: "i64",
  pid: "i32",
});

const LOCK_COMMANDS: readonly number[] = [F.F_GETLK, F.F_SETLK, F.F_SETLKW, F.F_OFD_GETLK, F.F_OFD_SETLK, F.F_OFD_SETLKW];
const NO_ARGUMENT: readonly number[] = [F.F_GETFD, F.F_GETFL, F.F_GETOWN, F.F_GETSIG, F.F_GETPIPE_SZ, F.F_GET_SEALS];

function showFcntl(low: number, high: number, shown: Shown): string {
  const command = shown.int(1);
  if (NO_ARGUMENT.includes(command)) return "";
  if (command === F.F_SETFD) return flagText(low >>> 0, { FD_CLOEXEC: F.FD_CLOEXEC }, "0");
  if (command === F.F_SETFL) return openFlagText(low);
  if (command === F.F_ADD_SEALS) return flagText(low >>> 0, SEALS, "0");
  if (LOCK_COMMANDS.includes(command)) {
    const at = unsigned64(low, high);
    if (at === 0) return "NULL";
    if (shown.memory.copyIn(at, new Uint8Array(flock.size)) !== flock.size) return hex(at);
    const lock = flock.load(shown.memory, at);
    const get = command === F.F_GETLK || command === F.F_OFD_GETLK;
    const pid = get && lock.type !== F.F_UNLCK ? `, l_pid=${lock.pid}` : get ? `, l_pid=${lock.pid}` : "";
    return `{l_type=${nameOf(lock.type, LOCK_TYPES, "F_???")}, l_whence=${nameOf(lock.whence, WHENCES, "SEEK_???")}, l_start=${lock.start}, l_len=${lock.len}${pid}}`;
  }
  return size.show(low, high, shown);
}

const fcntlArgument: Arg<number> = {
  direction: "out",
  decode: (low, high) => unsigned64(low, high),
  show: showFcntl,
};

/** [start, end) that a struct flock means. */
function lockRange(open: OpenFile, lock: { whence: number; start: number; len: number }): readonly [number, number] {
  const base = lock.whence === F.SEEK_SET ? 0 : lock.whence === F.SEEK_CUR ? open.offset : lock.whence === F.SEEK_END ? open.stat().size : -1;
  if (base < 0) throw errno.EINVAL;
  let start = base + lock.start;
  let end = lock.len === 0 ? Infinity : start + lock.len;
  if (lock.len < 0) [start, end] = [end, start];
  if (start < 0) throw errno.EINVAL;
  return [start, end];
}

function recordLock(task: Task, open: OpenFile, command: number, at: number): Outcome {
  const lock = flock.load(task.memory, at);
  const ofd = command >= F.F_OFD_GETLK;
  const owner: LockOwner = ofd ? open : task.files;
  if (ofd && lock.pid !== 0) throw errno.EINVAL;
  if (lock.type > F.F_UNLCK) throw errno.EINVAL;
  const [start, end] = lockRange(open, lock);
  const locks = (open.inode.locks ??= new FileLocks());
  if (command === F.F_GETLK || command === F.F_OFD_GETLK) {
    if (lock.type === F.F_UNLCK) throw errno.EINVAL;
    const other = locks.conflict(owner, lock.type, start, end);
    if (other === undefined) task.memory.writeU16(at, F.F_UNLCK);
    else
      flock.store(task.memory, at, {
        type: other.type,
        whence: F.SEEK_SET,
        start: other.start,
        len: other.end === Infinity ? 0 : other.end - other.start,
        pid: other.pid,
      });
    return 0;
  }
  if (lock.type === F.F_RDLCK && !open.readable) throw errno.EBADF;
  if (lock.type === F.F_WRLCK && !open.writable) throw errno.EBADF;
  if (locks.setRecord(owner, lock.type, start, end, ofd ? -1 : task.pid) !== BLOCK) return 0;
  if (command === F.F_SETLK || command === F.F_OFD_SETLK) throw errno.EAGAIN;
  return WAIT_FOR_LOCK;
}

const WAIT_FOR_LOCK: Wait = { retry: true, interrupted: "ERESTARTSYS" };

function control(task: Task, number: number, command: number, argument: number): Outcome {
  const slot = task.files.find(number);
  if (slot === undefined) throw errno.EBADF;
  const open = slot.file;
  const allowedForPath = [F.F_DUPFD, F.F_DUPFD_CLOEXEC, F.F_GETFD, F.F_SETFD, F.F_GETFL];
  if ((open.flags & F.O_PATH) !== 0 && !allowedForPath.includes(command)) throw errno.EBADF;
  switch (command) {
    case F.F_DUPFD:
    case F.F_DUPFD_CLOEXEC: {
      const limit = descriptorLimit(task);
      const minimum = argument | 0;
      if (minimum < 0 || minimum >= limit) throw errno.EINVAL;
      return task.files.add(open, { closeOnExec: command === F.F_DUPFD_CLOEXEC, limit, minimum });
    }
    case F.F_GETFD:
      return slot.closeOnExec ? F.FD_CLOEXEC : 0;
    case F.F_SETFD:
      slot.closeOnExec = (argument & F.FD_CLOEXEC) !== 0;
      return 0;
    case F.F_GETFL:
      return open.flags;
    case F.F_SETFL:
      open.setFlags(argument);
      watchAsync(task.kernel, open, number);
      return 0;
    case F.F_GETOWN:
      return open.owner;
    case F.F_SETOWN:
      open.owner = argument | 0;
      return 0;
    case F.F_GETSIG:
      return open.signal;
    case F.F_SETSIG:
      if (argument > 64) throw errno.EINVAL;
      open.signal = argument;
      return 0;
    default:
      if (LOCK_COMMANDS.includes(command)) return recordLock(task, open, command, argument);
      return controlKind(task, open, command, argument);
  }
}

/** What only pipes and memory files know. */
function controlKind(task: Task, open: OpenFile, command: number, argument: number): number {
  switch (command) {
    case F.F_GETPIPE_SZ:
      if (!(open instanceof PipeEnd)) throw errno.EBADF;
      return open.pipe.limit * 4096;
    case F.F_SETPIPE_SZ:
      if (!(open instanceof PipeEnd)) throw errno.EBADF;
      return open.pipe.resize(argument, task.credentials.euid === 0);
    case F.F_GET_SEALS:
      return getSeals(open);
    case F.F_ADD_SEALS:
      addSeals(open, argument);
      return 0;
    default:
      throw errno.EINVAL;
  }
}

/** `(flags O_RDWR|O_LARGEFILE)`. */
function controlNote(shown: Shown): string {
  const { result } = shown;
  if (result === undefined || result < 0) return "";
  if (shown.int(1) === F.F_GETFL) return `flags ${openFlagText(result)}`;
  if (shown.int(1) === F.F_GETFD && result !== 0) return `flags ${flagText(result, { FD_CLOEXEC: F.FD_CLOEXEC }, "0")}`;
  if (shown.int(1) === F.F_GET_SEALS && result !== 0) return `seals ${flagText(result, SEALS, "0")}`;
  return "";
}

// ---- ioctl on any file

const FIOCLEX = 0x5451;
const FIONCLEX = 0x5450;
const FIONBIO = 0x5421;
const FIOASYNC = 0x5452;
const FIONREAD = 0x541b;

function ioctl(task: Task, number: number, command: number, argument: number): Outcome {
  const slot = task.files.find(number);
  if (slot === undefined || (slot.file.flags & F.O_PATH) !== 0) throw errno.EBADF;
  const open = slot.file;
  const setFlag = (bit: number): number => {
    const on = task.memory.readI32(argument) !== 0;
    open.setFlags(on ? open.flags | bit : open.flags & ~bit);
    watchAsync(task.kernel, open, number);
    return 0;
  };
  switch (command) {
    case FIOCLEX:
      slot.closeOnExec = true;
      return 0;
    case FIONCLEX:
      slot.closeOnExec = false;
      return 0;
    case FIONBIO:
      return setFlag(F.O_NONBLOCK);
    case FIOASYNC:
      return setFlag(F.O_ASYNC);
    case FIONREAD:
      if ((open.inode.mode & S_IFMT) === S_IFREG && open instanceof SeekableFile) {
        task.memory.writeU32(argument, Math.max(0, open.size - open.offset));
        return 0;
      }
  }
  const result = open.ioctl(command, argument, task.memory);
  return result === BLOCK ? { files: [{ file: open, events: open.ioctlEvent }], interrupted: "ERESTARTSYS" } : result;
}

const ioctlCommand: Arg<number> = { direction: "in", decode: (low) => low >>> 0, show: (low) => showIoctl(low >>> 0) };
const ioctlArgument: Arg<number> = {
  direction: "out",
  decode: (low, high) => unsigned64(low, high),
  show: (low, high, shown) => showIoctlArgument(shown.int(1) >>> 0, low, high, shown) ?? address(low, high).replace("NULL", "0"),
};

function closeRange(task: Task, first: number, last: number, bits: number): number {
  const CLOEXEC = 4;
  const UNSHARE = 2;
  if (bits & ~(CLOEXEC | UNSHARE) || first > last) throw errno.EINVAL;
  if (bits & UNSHARE && task.files.references > 1) {
    const own: Descriptors = task.files.clone();
    task.files.references--;
    task.files = own;
  }
  if (bits & CLOEXEC) {
    for (const [number, slot] of task.files.entries()) if (number >= first && number <= last) slot.closeOnExec = true;
  } else task.files.closeRange(first, last);
  return 0;
}

export const fds: readonly Syscall[] = [
  syscall(
    2,
    "open",
    { pathname: path, flags: openFlags, mode: openMode(1) },
    "full",
    (t, a) => openAt(t, F.AT_FDCWD, a.pathname, a.flags, a.mode),
    both,
  ),
  syscall(
    257,
    "openat",
    { dirfd: dirFd, pathname: path, flags: openFlags, mode: openMode(2) },
    "full",
    (t, a) => openAt(t, a.dirfd, a.pathname, a.flags, a.mode),
    both,
  ),
  syscall(
    85,
    "creat",
    { pathname: path, mode: { ...openMode(1), show: (low) => "0" + low.toString(8) } },
    "full",
    (t, a) => openAt(t, F.AT_FDCWD, a.pathname, F.O_CREAT | F.O_WRONLY | F.O_TRUNC, a.mode),
    both,
  ),
  syscall(3, "close", { fd }, "full", (t, a) => (t.files.close(a.fd), 0), desc),
  syscall(436, "close_range", { first: uint, last: uint, flags: flags({ CLOSE_RANGE_UNSHARE: 2, CLOSE_RANGE_CLOEXEC: 4 }) }, "full", (t, a) =>
    closeRange(t, a.first, a.last, a.flags),
  ),
  syscall(32, "dup", { oldfd: fd }, "full", (t, a) => t.files.add(t.files.get(a.oldfd), { closeOnExec: false, limit: descriptorLimit(t) }), desc),
  syscall(
    33,
    "dup2",
    { oldfd: fd, newfd: fd },
    "full",
    (t, a) => {
      const open = t.files.get(a.oldfd);
      if (a.oldfd !== a.newfd) t.files.replace(a.newfd, open, false, descriptorLimit(t));
      return a.newfd;
    },
    desc,
  ),
  syscall(
    292,
    "dup3",
    { oldfd: fd, newfd: fd, flags: flags({ O_CLOEXEC: F.O_CLOEXEC }) },
    "full",
    (t, a) => {
      if (a.flags & ~F.O_CLOEXEC || a.oldfd === a.newfd) throw errno.EINVAL;
      t.files.replace(a.newfd, t.files.get(a.oldfd), (a.flags & F.O_CLOEXEC) !== 0, descriptorLimit(t));
      return a.newfd;
    },
    desc,
  ),
  syscall(
    72,
    "fcntl",
    { fd, cmd: oneOf(COMMANDS, "F_???"), arg: fcntlArgument },
    "partial: no leases, no directory notification; O_ASYNC signals for pipes and sockets",
    (t, a) => control(t, a.fd, a.cmd, a.arg),
    { classes: ["desc"], note: controlNote },
  ),
  syscall(
    73,
    "flock",
    {
      fd,
      operation: flags({
        LOCK_SH: F.LOCK_SH,
        LOCK_EX: F.LOCK_EX,
        LOCK_NB: F.LOCK_NB,
        LOCK_UN: F.LOCK_UN,
        LOCK_MAND: 32,
        LOCK_READ: 64,
        LOCK_WRITE: 128,
      }),
    },
    "full",
    (t, a) => {
      const open = t.files.getIo(a.fd);
      // Mandatory locks (LOCK_MAND) are gone since Linux 5.15; asking for one succeeds.
      if (a.operation & 32) return 0;
      const operation = a.operation & ~F.LOCK_NB;
      if (operation !== F.LOCK_SH && operation !== F.LOCK_EX && operation !== F.LOCK_UN) throw errno.EINVAL;
      const locks = (open.inode.locks ??= new FileLocks());
      if (locks.setWhole(open, operation) !== BLOCK) return 0;
      if (a.operation & F.LOCK_NB) throw errno.EAGAIN;
      return WAIT_FOR_LOCK;
    },
    desc,
  ),
  syscall(22, "pipe", { pipefd: pipePlace }, "full", (t, a) => pipe(t, a.pipefd, 0), desc),
  syscall(293, "pipe2", { pipefd: pipePlace, flags: pipeFlags }, "full", (t, a) => pipe(t, a.pipefd, a.flags), desc),
  syscall(
    16,
    "ioctl",
    { fd, request: ioctlCommand, argp: ioctlArgument },
    "partial: FIO*, and by file kind what devices, pipes and terminals know",
    (t, a) => ioctl(t, a.fd, a.request, a.argp),
    desc,
  ),
  syscall(
    319,
    "memfd_create",
    {
      name: cString(250),
      flags: flags({
        MFD_CLOEXEC: F.MFD_CLOEXEC,
        MFD_ALLOW_SEALING: F.MFD_ALLOW_SEALING,
        MFD_HUGETLB: F.MFD_HUGETLB,
        MFD_NOEXEC_SEAL: F.MFD_NOEXEC_SEAL,
        MFD_EXEC: F.MFD_EXEC,
      }),
    },
    "partial: no MFD_HUGETLB",
    (t, a) => {
      if (a.name.length >= 250) throw errno.EINVAL;
      return install(t, t.kernel.vfs.memfd(t, a.name, a.flags), (a.flags & F.MFD_CLOEXEC) !== 0);
    },
    desc,
  ),
];
