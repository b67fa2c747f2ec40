/** Calls on names: stat(2), mkdir(2), rename(2), chmod(2), utimensat(2) and their kin. */
import { encodeLatin1 } from "../../base/index.ts";
import { errno } from "../abi/errno.ts";
import {
  AT_EACCESS,
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_NO_AUTOMOUNT,
  AT_REMOVEDIR,
  AT_SYMLINK_FOLLOW,
  AT_SYMLINK_NOFOLLOW,
  PATH_MAX,
  R_OK,
  RENAME_EXCHANGE,
  RENAME_NOREPLACE,
  RENAME_WHITEOUT,
  W_OK,
  X_OK,
} from "../abi/fcntl.ts";
import { S_IFBLK, S_IFCHR, S_IFMT, type Time } from "../abi/stat.ts";
import { timespec, timeval } from "../abi/time.ts";
import type { Task } from "../task.ts";
import type { TimeChange } from "../vfs/types.ts";
import { dirFd, fd, flags, hexLong, inPlace, int, long, octal, outBytes, outPlace, path, pathOrNull, showBytes, size, uint } from "./args.ts";
import { deviceText, direntsPlace, fileModeText, statfsPlace, statPlace, statxPlace, storeStat, storeStatfs, storeStatx } from "./stat-args.ts";
import { flagText, isoTime } from "./text.ts";
import { syscall, type Arg, type Syscall } from "./syscall.ts";
import { accessible, sizeLimited } from "./transfer.ts";
import { Access } from "../../memory/index.ts";

const file = { classes: ["file"] };
const desc = { classes: ["desc"] };
const both = { classes: ["file", "desc"] };

const access: Arg<number> = flags({ R_OK, W_OK, X_OK }, "F_OK");
const atFlags: Arg<number> = flags({ AT_SYMLINK_NOFOLLOW, AT_REMOVEDIR, AT_SYMLINK_FOLLOW, AT_NO_AUTOMOUNT, AT_EMPTY_PATH });
const faccessFlags: Arg<number> = flags({ AT_EACCESS, AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH });
const mknodMode: Arg<number> = { ...octal, show: (low) => fileModeText(low) };
/** Only device nodes have one. */
function mknodDevice(modeAt: number): Arg<number> {
  return {
    ...hexLong,
    show(low, high, shown): string {
      const type = shown.int(modeAt) & S_IFMT;
      return type === S_IFCHR || type === S_IFBLK ? deviceText(low >>> 0) : "";
    },
  };
}

const statxFlags: Arg<number> = {
  direction: "in",
  decode: (low) => low,
  show(low): string {
    const sync = low & 0x2000 ? "AT_STATX_FORCE_SYNC" : low & 0x4000 ? "AT_STATX_DONT_SYNC" : "AT_STATX_SYNC_AS_STAT";
    const rest = flagText((low & ~0x6000) >>> 0, { AT_SYMLINK_NOFOLLOW, AT_NO_AUTOMOUNT, AT_EMPTY_PATH }, "");
    return rest === "" ? sync : `${sync}|${rest}`;
  },
};
const STATX_FIELDS: Readonly<Record<string, number>> = {
  STATX_ALL: 0xfff,
  STATX_BASIC_STATS: 0x7ff,
  STATX_TYPE: 1,
  STATX_MODE: 2,
  STATX_NLINK: 4,
  STATX_UID: 8,
  STATX_GID: 0x10,
  STATX_ATIME: 0x20,
  STATX_MTIME: 0x40,
  STATX_CTIME: 0x80,
  STATX_INO: 0x100,
  STATX_SIZE: 0x200,
  STATX_BLOCKS: 0x400,
  STATX_BTIME: 0x800,
  STATX_MNT_ID: 0x1000,
};
/** A uid or gid; -1 leaves it. */
const id: Arg<number> = int;

const UTIME_NOW = 0x3fffffff;
const UTIME_OMIT = 0x3ffffffe;

/** readlink(2) cuts silently. */
function readLink(task: Task, dirfd: number, pathname: string, at: number, length: number): number {
  if (length <= 0) throw errno.EINVAL;
  const bytes = encodeLatin1(task.kernel.vfs.readlink(task, dirfd, pathname).slice(0, length));
  if (task.memory.copyOut(at, bytes) !== bytes.length) throw errno.EFAULT;
  return bytes.length;
}

/** Two timespecs, or now. */
function nanoTimes(task: Task, at: number): readonly [TimeChange, TimeChange] {
  if (at === 0) return ["now", "now"];
  const change = (place: number): TimeChange => {
    const { tv_sec: sec, tv_nsec: nsec } = timespec.load(task.memory, place);
    if (nsec === UTIME_NOW) return "now";
    if (nsec === UTIME_OMIT) return "omit";
    if (nsec < 0 || nsec > 999_999_999) throw errno.EINVAL;
    return { sec, nsec };
  };
  return [change(at), change(at + timespec.size)];
}

/** Two timevals, or now. */
function microTimes(task: Task, at: number): readonly [TimeChange, TimeChange] {
  if (at === 0) return ["now", "now"];
  const change = (place: number): Time => {
    const { tv_sec: sec, tv_usec: usec } = timeval.load(task.memory, place);
    if (usec < 0 || usec > 999_999) throw errno.EINVAL;
    return { sec, nsec: usec * 1000 };
  };
  return [change(at), change(at + timeval.size)];
}

const specPair: Arg<number> = inPlace((at, { memory }) => {
  const text = (place: number): string => {
    const { tv_sec, tv_nsec } = timespec.load(memory, place);
    if (tv_nsec === UTIME_NOW) return "UTIME_NOW";
    if (tv_nsec === UTIME_OMIT) return "UTIME_OMIT";
    const comment = tv_nsec < 1e9 ? ` /* ${isoTime(tv_sec, tv_nsec, 9)} */` : "";
    return `{tv_sec=${tv_sec}, tv_nsec=${tv_nsec}}${comment}`;
  };
  return `[${text(at)}, ${text(at + 16)}]`;
});
const valPair: Arg<number> = inPlace((at, { memory }) => {
  const text = (place: number): string => {
    const { tv_sec, tv_usec } = timeval.load(memory, place);
    return `{tv_sec=${tv_sec}, tv_usec=${tv_usec}} /* ${isoTime(tv_sec, tv_usec, 6)} */`;
  };
  return `[${text(at)}, ${text(at + 16)}]`;
});
const utimbuf: Arg<number> = inPlace((at, { memory }) => `{actime=${memory.readNumber(at)}, modtime=${memory.readNumber(at + 8)}}`);
const cwdPlace: Arg<number> = outPlace((at, shown) => showBytes(shown.memory, at, (shown.result ?? 1) - 1));

function done(_nothing: void): number {
  return 0;
}

export const names: readonly Syscall[] = [
  syscall(
    4,
    "stat",
    { pathname: path, statbuf: statPlace },
    "full",
    (t, a) => storeStat(t, a.statbuf, t.kernel.vfs.stat(t, AT_FDCWD, a.pathname, 0)),
    file,
  ),
  syscall(5, "fstat", { fd, statbuf: statPlace }, "full", (t, a) => storeStat(t, a.statbuf, t.files.get(a.fd).stat()), desc),
  syscall(
    6,
    "lstat",
    { pathname: path, statbuf: statPlace },
    "full",
    (t, a) => storeStat(t, a.statbuf, t.kernel.vfs.stat(t, AT_FDCWD, a.pathname, AT_SYMLINK_NOFOLLOW)),
    file,
  ),
  syscall(
    262,
    "newfstatat",
    { dirfd: dirFd, pathname: path, statbuf: statPlace, flags: atFlags },
    "full",
    (t, a) => {
      if (a.flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH)) throw errno.EINVAL;
      return storeStat(t, a.statbuf, t.kernel.vfs.stat(t, a.dirfd, a.pathname, a.flags));
    },
    both,
  ),
  syscall(
    332,
    "statx",
    { dirfd: dirFd, pathname: path, flags: statxFlags, mask: flags(STATX_FIELDS), statxbuf: statxPlace },
    "full",
    (t, a) => {
      if (a.flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | 0x6000) || (a.flags & 0x6000) === 0x6000 || a.mask < 0)
        throw errno.EINVAL;
      return storeStatx(t, a.statxbuf, t.kernel.vfs.stat(t, a.dirfd, a.pathname, a.flags & ~0x6000), a.mask);
    },
    both,
  ),
  syscall(21, "access", { pathname: path, mode: access }, "full", (t, a) => done(t.kernel.vfs.access(t, AT_FDCWD, a.pathname, a.mode, 0)), file),
  syscall(
    269,
    "faccessat",
    { dirfd: dirFd, pathname: path, mode: access },
    "full",
    (t, a) => done(t.kernel.vfs.access(t, a.dirfd, a.pathname, a.mode, 0)),
    both,
  ),
  syscall(
    439,
    "faccessat2",
    { dirfd: dirFd, pathname: path, mode: access, flags: faccessFlags },
    "full",
    (t, a) => done(t.kernel.vfs.access(t, a.dirfd, a.pathname, a.mode, a.flags)),
    both,
  ),
  syscall(
    89,
    "readlink",
    { pathname: path, buf: outBytes(), bufsiz: int },
    "full",
    (t, a) => readLink(t, AT_FDCWD, a.pathname, a.buf, a.bufsiz),
    file,
  ),
  syscall(
    267,
    "readlinkat",
    { dirfd: dirFd, pathname: path, buf: outBytes(), bufsiz: int },
    "full",
    (t, a) => readLink(t, a.dirfd, a.pathname, a.buf, a.bufsiz),
    both,
  ),
  syscall(
    79,
    "getcwd",
    { buf: cwdPlace, size },
    "full",
    (t, a) => {
      const bytes = encodeLatin1(t.kernel.vfs.getcwd(t) + "\0");
      if (bytes.length > PATH_MAX) throw errno.ENAMETOOLONG;
      if (bytes.length > a.size) throw errno.ERANGE;
      if (t.memory.copyOut(a.buf, bytes) !== bytes.length) throw errno.EFAULT;
      return bytes.length;
    },
    file,
  ),
  syscall(80, "chdir", { path }, "full", (t, a) => done(t.kernel.vfs.chdir(t, a.path)), file),
  syscall(81, "fchdir", { fd }, "full", (t, a) => done(t.kernel.vfs.fchdir(t, a.fd)), desc),
  syscall(161, "chroot", { path }, "full", (t, a) => done(t.kernel.vfs.chroot(t, a.path)), file),
  syscall(83, "mkdir", { pathname: path, mode: octal }, "full", (t, a) => done(t.kernel.vfs.mkdir(t, AT_FDCWD, a.pathname, a.mode)), file),
  syscall(
    258,
    "mkdirat",
    { dirfd: dirFd, pathname: path, mode: octal },
    "full",
    (t, a) => done(t.kernel.vfs.mkdir(t, a.dirfd, a.pathname, a.mode)),
    both,
  ),
  syscall(
    133,
    "mknod",
    { pathname: path, mode: mknodMode, dev: mknodDevice(1) },
    "full",
    (t, a) => done(t.kernel.vfs.mknod(t, AT_FDCWD, a.pathname, a.mode, a.dev)),
    file,
  ),
  syscall(
    259,
    "mknodat",
    { dirfd: dirFd, pathname: path, mode: mknodMode, dev: mknodDevice(2) },
    "full",
    (t, a) => done(t.kernel.vfs.mknod(t, a.dirfd, a.pathname, a.mode, a.dev)),
    both,
  ),
  syscall(84, "rmdir", { pathname: path }, "full", (t, a) => done(t.kernel.vfs.unlink(t, AT_FDCWD, a.pathname, AT_REMOVEDIR)), file),
  syscall(87, "unlink", { pathname: path }, "full", (t, a) => done(t.kernel.vfs.unlink(t, AT_FDCWD, a.pathname, 0)), file),
  syscall(
    263,
    "unlinkat",
    { dirfd: dirFd, pathname: path, flags: atFlags },
    "full",
    (t, a) => done(t.kernel.vfs.unlink(t, a.dirfd, a.pathname, a.flags)),
    both,
  ),
  syscall(
    82,
    "rename",
    { oldpath: path, newpath: path },
    "full",
    (t, a) => done(t.kernel.vfs.rename(t, AT_FDCWD, a.oldpath, AT_FDCWD, a.newpath, 0)),
    file,
  ),
  syscall(
    264,
    "renameat",
    { olddirfd: dirFd, oldpath: path, newdirfd: dirFd, newpath: path },
    "full",
    (t, a) => done(t.kernel.vfs.rename(t, a.olddirfd, a.oldpath, a.newdirfd, a.newpath, 0)),
    both,
  ),
  syscall(
    316,
    "renameat2",
    { olddirfd: dirFd, oldpath: path, newdirfd: dirFd, newpath: path, flags: flags({ RENAME_NOREPLACE, RENAME_EXCHANGE, RENAME_WHITEOUT }) },
    "partial: no RENAME_WHITEOUT",
    (t, a) => done(t.kernel.vfs.rename(t, a.olddirfd, a.oldpath, a.newdirfd, a.newpath, a.flags)),
    both,
  ),
  syscall(
    86,
    "link",
    { oldpath: path, newpath: path },
    "full",
    (t, a) => done(t.kernel.vfs.link(t, AT_FDCWD, a.oldpath, AT_FDCWD, a.newpath, 0)),
    file,
  ),
  syscall(
    265,
    "linkat",
    { olddirfd: dirFd, oldpath: path, newdirfd: dirFd, newpath: path, flags: atFlags },
    "full",
    (t, a) => done(t.kernel.vfs.link(t, a.olddirfd, a.oldpath, a.newdirfd, a.newpath, a.flags)),
    both,
  ),
  syscall(88, "symlink", { target: path, linkpath: path }, "full", (t, a) => done(t.kernel.vfs.symlink(t, a.target, AT_FDCWD, a.linkpath)), file),
  syscall(
    266,
    "symlinkat",
    { target: path, newdirfd: dirFd, linkpath: path },
    "full",
    (t, a) => done(t.kernel.vfs.symlink(t, a.target, a.newdirfd, a.linkpath)),
    both,
  ),
  syscall(90, "chmod", { pathname: path, mode: octal }, "full", (t, a) => done(t.kernel.vfs.chmod(t, AT_FDCWD, a.pathname, a.mode, 0)), file),
  syscall(91, "fchmod", { fd, mode: octal }, "full", (t, a) => done(t.kernel.vfs.chmodDentry(t, t.files.getIo(a.fd).dentry, a.mode)), desc),
  syscall(
    268,
    "fchmodat",
    { dirfd: dirFd, pathname: path, mode: octal },
    "full",
    (t, a) => done(t.kernel.vfs.chmod(t, a.dirfd, a.pathname, a.mode, 0)),
    both,
  ),
  syscall(
    92,
    "chown",
    { pathname: path, owner: id, group: id },
    "full",
    (t, a) => done(t.kernel.vfs.chown(t, AT_FDCWD, a.pathname, a.owner, a.group, 0)),
    file,
  ),
  syscall(
    93,
    "fchown",
    { fd, owner: id, group: id },
    "full",
    (t, a) => done(t.kernel.vfs.chownDentry(t, t.files.getIo(a.fd).dentry, a.owner, a.group)),
    desc,
  ),
  syscall(
    94,
    "lchown",
    { pathname: path, owner: id, group: id },
    "full",
    (t, a) => done(t.kernel.vfs.chown(t, AT_FDCWD, a.pathname, a.owner, a.group, AT_SYMLINK_NOFOLLOW)),
    file,
  ),
  syscall(
    260,
    "fchownat",
    { dirfd: dirFd, pathname: path, owner: id, group: id, flags: atFlags },
    "full",
    (t, a) => {
      if (a.flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) throw errno.EINVAL;
      return done(t.kernel.vfs.chown(t, a.dirfd, a.pathname, a.owner, a.group, a.flags));
    },
    both,
  ),
  syscall(
    132,
    "utime",
    { filename: path, times: utimbuf },
    "full",
    (t, a) => {
      const time = (at: number): TimeChange => (a.times === 0 ? "now" : { sec: timeval.load(t.memory, at).tv_sec, nsec: 0 });
      return done(t.kernel.vfs.utimens(t, AT_FDCWD, a.filename, time(a.times), time(a.times + 8), 0));
    },
    file,
  ),
  syscall(
    235,
    "utimes",
    { filename: path, times: valPair },
    "full",
    (t, a) => done(t.kernel.vfs.utimens(t, AT_FDCWD, a.filename, ...microTimes(t, a.times), 0)),
    file,
  ),
  syscall(
    261,
    "futimesat",
    { dirfd: dirFd, pathname: pathOrNull, times: valPair },
    "full",
    (t, a) => setTimes(t, a.dirfd, a.pathname, microTimes(t, a.times), 0),
    both,
  ),
  syscall(
    280,
    "utimensat",
    { dirfd: dirFd, pathname: pathOrNull, times: specPair, flags: atFlags },
    "full",
    (t, a) => setTimes(t, a.dirfd, a.pathname, nanoTimes(t, a.times), a.flags),
    both,
  ),
  syscall(
    76,
    "truncate",
    { path, length: { ...long, show: size.show } },
    "full",
    (t, a) => sizeLimited(t, a.length, () => done(t.kernel.vfs.truncate(t, a.path, a.length))),
    file,
  ),
  syscall(137, "statfs", { path, buf: statfsPlace }, "full", (t, a) => storeStatfs(t, a.buf, t.kernel.vfs.statfs(t, a.path)), file),
  syscall(138, "fstatfs", { fd, buf: statfsPlace }, "full", (t, a) => storeStatfs(t, a.buf, t.files.get(a.fd).inode.fs.statfs()), desc),
  syscall(
    217,
    "getdents64",
    { fd, dirp: direntsPlace, count: uint },
    "full",
    (t, a) => {
      const open = t.files.getIo(a.fd);
      const length = accessible(t.memory, a.dirp, Math.min(a.count, 0x1_0000), Access.write);
      const into = new Uint8Array(length);
      const count = open.readDirectory(into);
      t.memory.copyOut(a.dirp, into.subarray(0, count));
      return count;
    },
    desc,
  ),
  syscall(
    95,
    "umask",
    { mask: octal },
    "full",
    (t, a) => {
      const old = t.fs.umask;
      t.fs.umask = a.mask & 0o777;
      return old;
    },
    { returns: "octal" },
  ),
];

function setTimes(task: Task, dirfd: number, pathname: string | undefined, times: readonly [TimeChange, TimeChange], at: number): number {
  const { vfs } = task.kernel;
  if (pathname !== undefined) return done(vfs.utimens(task, dirfd, pathname, ...times, at));
  if (dirfd === AT_FDCWD) throw errno.EFAULT;
  if (at !== 0) throw errno.EINVAL;
  return done(vfs.utimensDentry(task, task.files.getIo(dirfd).dentry, ...times));
}
