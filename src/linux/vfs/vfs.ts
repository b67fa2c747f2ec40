/**
 * The file system as system calls see it. Each method is one call's meaning: it walks, checks permissions and what must
 * exist, and leaves the rest to inodes. Errors are thrown as `errno.*`.
 */

import { errno } from "../abi/errno.ts";
import {
  AT_EACCESS,
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_REMOVEDIR,
  AT_SYMLINK_FOLLOW,
  AT_SYMLINK_NOFOLLOW,
  F_OK,
  O_ACCMODE,
  O_CLOEXEC,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_LARGEFILE,
  O_NOATIME,
  O_NOCTTY,
  O_NOFOLLOW,
  O_PATH,
  O_RDONLY,
  O_TMPFILE_BIT,
  O_TRUNC,
  O_WRONLY,
  PATH_MAX,
  R_OK,
  RENAME_EXCHANGE,
  RENAME_NOREPLACE,
  W_OK,
  X_OK,
} from "../abi/fcntl.ts";
import type { Stat, Statfs, Time } from "../abi/stat.ts";
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFMT, S_IFREG, S_IFSOCK, S_ISGID, S_ISUID, S_IXGRP } from "../abi/stat.ts";
import { demand, demandCreate, demandDelete, keepsGroupId, may, mayChown, owns } from "./access.ts";
import { HostFs } from "./host-fs.ts";
import type { Dentry, Inode } from "./inode.ts";
import type { OpenFile } from "./open-file.ts";
import { PathFile } from "./open-file.ts";
import { createTree } from "./tree.ts";
import type { Tree, TreeOptions } from "./tree.ts";
import type { Attributes, Caller, Clock, Credentials, FsState, TimeChange } from "./types.ts";
import type { Walked } from "./walk.ts";
import { isAnonymous, pathOf, walk } from "./walk.ts";

const PERMISSIONS = 0o7777;
/** Flags that only matter while opening: F_GETFL does not answer them. */
const OPENING_ONLY = O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC;
const EVERY_FLAG = 0o37777703 | O_TMPFILE_BIT;

/** What F_GETFL answers after open(2): O_LARGEFILE always, as for every 64-bit program. */
function kept(flags: number): number {
  return (flags & EVERY_FLAG & ~OPENING_ONLY) | O_LARGEFILE;
}

export class Vfs {
  readonly tree: Tree;
  readonly #clock: Clock;

  constructor(options: TreeOptions) {
    this.#clock = options.clock;
    this.tree = createTree(options);
  }

  /** Root and working directory of the first process; `cwd` is absolute and must be a directory. */
  firstFsState(cwd: string, umask: number, credentials: Credentials): FsState {
    const root = this.tree.root;
    const fs: FsState = { root, cwd: root, umask };
    const caller = { ...this.tree.nobody, fs, credentials };
    const at = this.#existing(caller, root, cwd, true);
    if (!at.inode.isDirectory) throw errno.ENOTDIR;
    fs.cwd = at;
    return fs;
  }

  // ---- opening

  /** open(2), openat(2). `flags` and `mode` as passed; the caller installs the description and sees to O_CLOEXEC. */
  open(caller: Caller, dirfd: number, path: string, flags: number, mode: number): OpenFile {
    if ((flags & O_PATH) !== 0) return this.#openPath(caller, dirfd, path, flags);
    if ((flags & O_TMPFILE_BIT) !== 0) return this.#openTemporary(caller, dirfd, path, flags, mode);
    const create = (flags & O_CREAT) !== 0;
    if (create && (flags & O_DIRECTORY) !== 0) throw errno.EINVAL;
    const follow = (flags & O_NOFOLLOW) === 0 && !(create && (flags & O_EXCL) !== 0);
    const base = this.#base(caller, dirfd, path);
    const found = walk(caller, base, path, { follow, forOpenCreate: create });
    if (create) {
      if (found.dentry === undefined) {
        demandCreate(found.parent, caller.credentials);
        const type = S_IFREG | (mode & PERMISSIONS & ~caller.fs.umask);
        return found.parent.inode.createOpen(found.parent, found.name, type, kept(flags), caller);
      }
      if ((flags & O_EXCL) !== 0) throw errno.EEXIST;
      if (found.dentry.inode.isDirectory) throw errno.EISDIR;
    }
    return this.openDentry(caller, required(found), flags);
  }

  /** Opens what a walk found: checks type and permissions, truncates with O_TRUNC. */
  openDentry(caller: Caller, dentry: Dentry, flags: number): OpenFile {
    const inode = dentry.inode;
    const access = flags & O_ACCMODE;
    if ((flags & O_DIRECTORY) !== 0 && !inode.isDirectory) throw errno.ENOTDIR;
    if (inode.isSymlink) throw errno.ELOOP;
    if (inode.isDirectory && (access !== O_RDONLY || (flags & O_TRUNC) !== 0)) throw errno.EISDIR;
    const wanted = (access === O_WRONLY ? 0 : R_OK) | (access === O_RDONLY ? 0 : W_OK) | ((flags & O_TRUNC) !== 0 ? W_OK : 0);
    demand(inode, caller.credentials, wanted);
    if ((wanted & W_OK) !== 0 && inode.executing > 0) throw errno.ETXTBSY;
    if ((flags & O_NOATIME) !== 0 && !owns(inode, caller.credentials)) throw errno.EPERM;
    const opening = kept(flags) | ((inode.mode & S_IFMT) === S_IFREG ? flags & O_TRUNC : 0);
    return inode.open(dentry, opening, caller);
  }

  #openPath(caller: Caller, dirfd: number, path: string, flags: number): OpenFile {
    const follow = (flags & O_NOFOLLOW) === 0;
    const dentry = required(walk(caller, this.#base(caller, dirfd, path), path, { follow }));
    if ((flags & O_DIRECTORY) !== 0 && !dentry.inode.isDirectory) throw errno.ENOTDIR;
    return new PathFile(dentry, flags & (O_PATH | O_DIRECTORY | O_NOFOLLOW));
  }

  #openTemporary(caller: Caller, dirfd: number, path: string, flags: number, mode: number): OpenFile {
    if ((flags & O_DIRECTORY) === 0 || (flags & O_ACCMODE) === O_RDONLY) throw errno.EINVAL;
    const dir = this.#existing(caller, this.#base(caller, dirfd, path), path, true);
    if (!dir.inode.isDirectory) throw errno.ENOTDIR;
    demand(dir.inode, caller.credentials, W_OK | X_OK);
    const made = dir.inode.createTemporary(dir, S_IFREG | (mode & PERMISSIONS & ~caller.fs.umask), (flags & O_EXCL) === 0, caller);
    return made.inode.open(made, kept(flags), caller);
  }

  /** A program for execve(2): EACCES unless it is a regular file that may be executed. */
  openProgram(caller: Caller, path: string, dirfd: number = AT_FDCWD, atFlags: number = 0): OpenFile {
    const dentry = this.at(caller, dirfd, path, atFlags);
    if (dentry.inode.isSymlink) throw errno.ELOOP;
    if ((dentry.inode.mode & S_IFMT) !== S_IFREG) throw errno.EACCES;
    demand(dentry.inode, caller.credentials, X_OK);
    return dentry.inode.open(dentry, O_RDONLY, caller);
  }

  // ---- places

  #base(caller: Caller, dirfd: number, path: string): Dentry {
    if (path.charCodeAt(0) === 0x2f || dirfd === AT_FDCWD) return caller.fs.cwd;
    if (path.length === 0) throw errno.ENOENT;
    const dentry = caller.files.get(dirfd).dentry;
    if (!dentry.inode.isDirectory) throw errno.ENOTDIR;
    return dentry;
  }

  #existing(caller: Caller, base: Dentry, path: string, follow: boolean): Dentry {
    return required(walk(caller, base, path, { follow }));
  }

  /** Dentry of (dirfd, path) with AT_SYMLINK_NOFOLLOW and AT_EMPTY_PATH understood. */
  at(caller: Caller, dirfd: number, path: string, atFlags: number): Dentry {
    if (path.length === 0 && (atFlags & AT_EMPTY_PATH) !== 0) {
      return dirfd === AT_FDCWD ? caller.fs.cwd : caller.files.get(dirfd).dentry;
    }
    return this.#existing(caller, this.#base(caller, dirfd, path), path, (atFlags & AT_SYMLINK_NOFOLLOW) === 0);
  }

  /** The place of a name that is to be made, removed or renamed. */
  #place(caller: Caller, dirfd: number, path: string): Walked {
    return walk(caller, this.#base(caller, dirfd, path), path, { follow: false, forChange: true });
  }

  /** The place of a name that must not exist yet; ENOENT for "name/" where no directory is made. */
  #free(caller: Caller, dirfd: number, path: string, directory: boolean): Walked {
    const place = this.#place(caller, dirfd, path);
    if (!place.normal || place.dentry !== undefined) throw errno.EEXIST;
    if (place.trailingSlash && !directory) throw errno.ENOENT;
    demandCreate(place.parent, caller.credentials);
    return place;
  }

  // ---- asking

  /** stat(2), lstat(2), newfstatat(2), statx(2). An empty path with AT_EMPTY_PATH tells of the descriptor's open file. */
  stat(caller: Caller, dirfd: number, path: string, atFlags: number): Stat {
    if (path.length === 0 && (atFlags & AT_EMPTY_PATH) !== 0 && dirfd !== AT_FDCWD) return caller.files.get(dirfd).stat();
    return this.at(caller, dirfd, path, atFlags).inode.stat();
  }

  /** access(2), faccessat2(2). `mode` is F_OK or of R_OK, W_OK, X_OK. */
  access(caller: Caller, dirfd: number, path: string, mode: number, atFlags: number): void {
    if ((mode & ~7) !== 0 || (atFlags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) !== 0) throw errno.EINVAL;
    const { credentials } = caller;
    const real: Credentials = { ...credentials, fsuid: credentials.uid, fsgid: credentials.gid };
    const asked = (atFlags & AT_EACCESS) === 0 ? real : credentials;
    const acting: Caller = {
      fs: caller.fs,
      credentials: asked,
      files: caller.files,
      pid: caller.pid,
      tid: caller.tid,
      fileSizeLimit: caller.fileSizeLimit,
    };
    const inode = this.at(acting, dirfd, path, atFlags).inode;
    if (mode !== F_OK) demand(inode, asked, mode);
  }

  /** readlink(2), readlinkat(2). An empty path asks the descriptor's own link (O_PATH | O_NOFOLLOW). */
  readlink(caller: Caller, dirfd: number, path: string): string {
    const dentry = this.at(caller, dirfd, path, AT_SYMLINK_NOFOLLOW | (dirfd === AT_FDCWD ? 0 : AT_EMPTY_PATH));
    if (!dentry.inode.isSymlink) throw path.length === 0 ? errno.ENOENT : errno.EINVAL;
    return dentry.inode.readlink(caller);
  }

  statfs(caller: Caller, path: string): Statfs {
    return this.#existing(caller, caller.fs.cwd, path, true).inode.fs.statfs();
  }

  /** getcwd(2): without the terminating zero. ENOENT in a removed directory. */
  getcwd(caller: Caller): string {
    const { cwd } = caller.fs;
    if (cwd.unlinked) throw errno.ENOENT;
    return pathOf(cwd, caller.fs);
  }

  /** As /proc/PID/fd/N, /proc/PID/exe and /proc/PID/maps name it. */
  pathOf(dentry: Dentry, fs: FsState): string {
    return pathOf(dentry, fs);
  }

  // ---- directories of a task

  chdir(caller: Caller, path: string): void {
    this.#enter(caller, this.#existing(caller, caller.fs.cwd, path, true));
  }

  fchdir(caller: Caller, fd: number): void {
    this.#enter(caller, caller.files.get(fd).dentry);
  }

  #enter(caller: Caller, dentry: Dentry): void {
    if (!dentry.inode.isDirectory) throw errno.ENOTDIR;
    demand(dentry.inode, caller.credentials, X_OK);
    caller.fs.cwd = dentry;
  }

  chroot(caller: Caller, path: string): void {
    const dentry = this.#existing(caller, caller.fs.cwd, path, true);
    if (!dentry.inode.isDirectory) throw errno.ENOTDIR;
    demand(dentry.inode, caller.credentials, X_OK);
    if (caller.credentials.fsuid !== 0) throw errno.EPERM;
    caller.fs.root = dentry;
  }

  // ---- names

  mkdir(caller: Caller, dirfd: number, path: string, mode: number): void {
    const { parent, name } = this.#free(caller, dirfd, path, true);
    parent.inode.create(parent, name, S_IFDIR | (mode & 0o1777 & ~caller.fs.umask), 0, caller);
  }

  /** mknod(2): regular files, FIFOs and sockets; device nodes for root (where the file system allows them). */
  mknod(caller: Caller, dirfd: number, path: string, mode: number, rdev: number): void {
    const type = (mode & S_IFMT) === 0 ? S_IFREG : mode & S_IFMT;
    if (type === S_IFDIR) throw errno.EPERM;
    if (![S_IFREG, S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK].includes(type)) throw errno.EINVAL;
    const { parent, name } = this.#free(caller, dirfd, path, false);
    if ((type === S_IFCHR || type === S_IFBLK) && caller.credentials.fsuid !== 0) throw errno.EPERM;
    parent.inode.create(parent, name, type | (mode & PERMISSIONS & ~caller.fs.umask), rdev, caller);
  }

  symlink(caller: Caller, target: string, dirfd: number, path: string): void {
    if (target.length === 0) throw errno.ENOENT;
    if (target.length >= PATH_MAX) throw errno.ENAMETOOLONG;
    const { parent, name } = this.#free(caller, dirfd, path, false);
    parent.inode.symlink(parent, name, target, caller);
  }

  link(caller: Caller, oldDirfd: number, oldPath: string, newDirfd: number, newPath: string, atFlags: number): void {
    if ((atFlags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)) !== 0) throw errno.EINVAL;
    const follow = (atFlags & AT_SYMLINK_FOLLOW) === 0 ? AT_SYMLINK_NOFOLLOW : 0;
    const source = this.at(caller, oldDirfd, oldPath, (atFlags & AT_EMPTY_PATH) | follow);
    const { parent, name } = this.#free(caller, newDirfd, newPath, false);
    if (source.inode.fs !== parent.inode.fs || isAnonymous(source)) throw errno.EXDEV;
    if (source.inode.isDirectory) throw errno.EPERM;
    parent.inode.link(parent, name, source);
  }

  /** unlink(2), rmdir(2), unlinkat(2). */
  unlink(caller: Caller, dirfd: number, path: string, atFlags: number): void {
    if ((atFlags & ~AT_REMOVEDIR) !== 0) throw errno.EINVAL;
    const place = this.#place(caller, dirfd, path);
    if ((atFlags & AT_REMOVEDIR) !== 0) {
      if (!place.normal) throw place.name === "." ? errno.EINVAL : place.name === ".." ? errno.ENOTEMPTY : errno.EBUSY;
      const victim = required(place);
      demandDelete(place.parent, victim, caller.credentials);
      if (!victim.inode.isDirectory) throw errno.ENOTDIR;
      place.parent.inode.rmdir(place.parent, victim);
      return;
    }
    if (!place.normal) throw errno.EISDIR;
    const victim = required(place);
    if (place.trailingSlash) throw victim.inode.isDirectory ? errno.EISDIR : errno.ENOTDIR;
    demandDelete(place.parent, victim, caller.credentials);
    if (victim.inode.isDirectory) throw errno.EISDIR;
    place.parent.inode.unlink(place.parent, victim);
  }

  /** rename(2), renameat2(2). */
  rename(caller: Caller, oldDirfd: number, oldPath: string, newDirfd: number, newPath: string, flags: number): void {
    if ((flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE)) !== 0) throw errno.EINVAL;
    const exchange = (flags & RENAME_EXCHANGE) !== 0;
    if (exchange && (flags & RENAME_NOREPLACE) !== 0) throw errno.EINVAL;
    const from = this.#place(caller, oldDirfd, oldPath);
    const to = this.#place(caller, newDirfd, newPath);
    if (from.parent.inode.fs !== to.parent.inode.fs) throw errno.EXDEV;
    if (!from.normal) throw errno.EBUSY;
    if (!to.normal) throw (flags & RENAME_NOREPLACE) !== 0 ? errno.EEXIST : errno.EBUSY;
    const source = required(from);
    const victim = to.dentry;
    if (victim !== undefined && (flags & RENAME_NOREPLACE) !== 0) throw errno.EEXIST;
    if (exchange && victim === undefined) throw errno.ENOENT;
    const isDirectory = source.inode.isDirectory;
    if (exchange && to.trailingSlash && victim?.inode.isDirectory !== true) throw errno.ENOTDIR;
    if (!isDirectory && (from.trailingSlash || (!exchange && to.trailingSlash))) throw errno.ENOTDIR;
    if (isAncestor(source, to.parent)) throw errno.EINVAL;
    if (victim !== undefined && isAncestor(victim, from.parent)) throw exchange ? errno.EINVAL : errno.ENOTEMPTY;
    if (victim !== undefined && victim.inode === source.inode) return;

    demandDelete(from.parent, source, caller.credentials);
    if (victim === undefined) {
      demandCreate(to.parent, caller.credentials);
    } else {
      demandDelete(to.parent, victim, caller.credentials);
      if (!exchange && isDirectory && !victim.inode.isDirectory) throw errno.ENOTDIR;
      if (!exchange && !isDirectory && victim.inode.isDirectory) throw errno.EISDIR;
    }
    // A directory that gets another parent has its ".." written.
    for (const moved of exchange ? [source, victim] : [source]) {
      if (moved?.inode.isDirectory === true && from.parent !== to.parent && !may(moved.inode, caller.credentials, W_OK)) throw errno.EACCES;
    }
    from.parent.inode.rename(source, to.parent, to.name, victim, flags);
  }

  // ---- attributes

  chmod(caller: Caller, dirfd: number, path: string, mode: number, atFlags: number): void {
    this.chmodDentry(caller, this.at(caller, dirfd, path, atFlags), mode);
  }

  chmodDentry(caller: Caller, dentry: Dentry, mode: number): void {
    const inode = dentry.inode;
    demandChange(inode);
    if (!owns(inode, caller.credentials)) throw errno.EPERM;
    if (inode.isSymlink) throw errno.EOPNOTSUPP;
    const bits = mode & PERMISSIONS & (keepsGroupId(inode, caller.credentials) ? PERMISSIONS : ~S_ISGID);
    inode.setAttributes({ mode: bits });
  }

  /** chown(2) and its kin; -1 (as a signed or unsigned 32-bit number) leaves an id as it is. */
  chown(caller: Caller, dirfd: number, path: string, uid: number, gid: number, atFlags: number): void {
    this.chownDentry(caller, this.at(caller, dirfd, path, atFlags), uid, gid);
  }

  chownDentry(caller: Caller, dentry: Dentry, uid: number, gid: number): void {
    const inode = dentry.inode;
    demandChange(inode);
    const user = uid >>> 0 === 0xffff_ffff ? undefined : uid >>> 0;
    const group = gid >>> 0 === 0xffff_ffff ? undefined : gid >>> 0;
    if (!mayChown(inode, caller.credentials, user, group)) throw errno.EPERM;
    let mode = inode.mode & PERMISSIONS;
    if (!inode.isDirectory) {
      mode &= ~S_ISUID;
      if ((mode & S_IXGRP) !== 0) mode &= ~S_ISGID;
    }
    const change: Attributes = {
      ...(user === undefined ? {} : { uid: user }),
      ...(group === undefined ? {} : { gid: group }),
      ...(inode.isSymlink || mode === (inode.mode & PERMISSIONS) ? {} : { mode }),
    };
    inode.setAttributes(change);
  }

  /** utimensat(2) and its kin. */
  utimens(caller: Caller, dirfd: number, path: string, atime: TimeChange, mtime: TimeChange, atFlags: number): void {
    if ((atFlags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) !== 0) throw errno.EINVAL;
    this.utimensDentry(caller, this.at(caller, dirfd, path, atFlags), atime, mtime);
  }

  utimensDentry(caller: Caller, dentry: Dentry, atime: TimeChange, mtime: TimeChange): void {
    if (atime === "omit" && mtime === "omit") return;
    const inode = dentry.inode;
    demandChange(inode);
    if (!owns(inode, caller.credentials)) {
      if (atime !== "now" || mtime !== "now") throw errno.EPERM;
      demand(inode, caller.credentials, W_OK);
    }
    const now = this.#clock.now();
    const time = (change: Time | "now"): Time => (change === "now" ? now : change);
    inode.setAttributes({
      ...(atime === "omit" ? {} : { atime: time(atime) }),
      ...(mtime === "omit" ? {} : { mtime: time(mtime) }),
    });
  }

  /** truncate(2) */
  truncate(caller: Caller, path: string, size: number): void {
    if (size < 0) throw errno.EINVAL;
    const { inode } = this.#existing(caller, caller.fs.cwd, path, true);
    if (inode.isDirectory) throw errno.EISDIR;
    if ((inode.mode & S_IFMT) !== S_IFREG) throw errno.EINVAL;
    demand(inode, caller.credentials, W_OK);
    if (inode.executing > 0) throw errno.ETXTBSY;
    if (size > caller.fileSizeLimit) throw errno.EFBIG;
    inode.truncate(size, caller);
  }

  // ---- files without names

  /** pipe2(2): [read end, write end]. `flags` of O_NONBLOCK, O_DIRECT. */
  pipe(caller: Caller, flags: number): readonly [OpenFile, OpenFile] {
    return this.tree.pipes.create(caller, flags);
  }

  /** memfd_create(2); the flags are checked here, MFD_CLOEXEC is the caller's. */
  memfd(caller: Caller, name: string, flags: number): OpenFile {
    return this.tree.memfds.create(caller, name, flags);
  }

  /** Writes shared mappings of host files back: to be called when a process ends and before an image is saved. */
  flush(): void {
    for (const fs of this.tree.mounts) if (fs instanceof HostFs) for (const pages of fs.mapped) pages.flush();
  }

  /** A file of the kernel's own making (eventfd, epoll ...): `anon_inode:` and a name. */
  anonymous(name: string): Dentry {
    return this.tree.anonymous.dentry(name);
  }
}

function required(found: Walked): Dentry {
  if (found.dentry === undefined) throw errno.ENOENT;
  return found.dentry;
}

function demandChange(inode: Inode): void {
  if (inode.fs.readOnly) throw errno.EROFS;
}

function isAncestor(dentry: Dentry, of: Dentry): boolean {
  for (let at = of; ; at = at.parent) {
    if (at === dentry) return true;
    if (at.isRoot) return false;
  }
}
