/**
 * Inodes, directory entries and file systems. A file system is mounted once; a directory entry (dentry) therefore tells
 * its mount too, and stands where Linux has a pair of vfsmount and dentry.
 */

import { errno } from "../abi/errno.ts";
import type { Stat, Statfs } from "../abi/stat.ts";
import { S_IFDIR, S_IFLNK, S_IFMT } from "../abi/stat.ts";
import type { Listing } from "./directory.ts";
import type { FileLocks } from "./locks.ts";
import type { OpenFile } from "./open-file.ts";
import type { Attributes, Caller } from "./types.ts";

/** A mounted file system. */
export abstract class FileSystem {
  /** As in /proc/mounts: "tmpfs", "proc", "devtmpfs" ... */
  abstract readonly type: string;
  abstract readonly root: Dentry;
  /** st_dev of its files. */
  readonly dev: number;
  readonly mountId: number;
  /** What is mounted, as /proc/mounts says it. */
  readonly source: string;
  readonly readOnly: boolean;
  /** Its files have names but no directory: pipes, sockets, memfds, host streams. */
  readonly anonymous: boolean = false;
  /** The directory it covers; null for the root file system. */
  over: Dentry | null = null;

  constructor(identity: { readonly dev: number; readonly mountId: number; readonly source: string; readonly readOnly?: boolean }) {
    this.dev = identity.dev;
    this.mountId = identity.mountId;
    this.source = identity.source;
    this.readOnly = identity.readOnly ?? false;
  }

  abstract statfs(): Statfs;
}

/** A name in a directory. The root of a file system is its own parent and has an empty name. */
export class Dentry {
  parent: Dentry;
  name: string;
  readonly inode: Inode;
  /** The file system mounted here. */
  mounted: FileSystem | null = null;
  /** Where a listing that stopped here continues (d_off), in file systems that keep it with the name. */
  position = 0;
  /** Order in the listing, for the same: the highest comes first. */
  rank = 0;
  /** The name was removed while something still refers to it. */
  unlinked = false;

  constructor(parent: Dentry | null, name: string, inode: Inode) {
    this.parent = parent ?? this;
    this.name = name;
    this.inode = inode;
  }

  get isRoot(): boolean {
    return this.parent === this;
  }
}

/**
 * A file of any type. Subclasses implement what their type can do; the rest fails as Linux's defaults do. Permission
 * checks, read-only mounts, name lengths and what must exist are the path walk's business, not the inode's.
 */
export abstract class Inode {
  readonly fs: FileSystem;
  readonly ino: number;
  /** File type and permission bits; for host files as last asked. */
  mode: number;
  uid: number;
  gid: number;
  /** Locks of fcntl(2) and flock(2); null where there never were any. */
  locks: FileLocks | null = null;
  /** Processes that run it: it is then not opened for writing (ETXTBSY). Counted by the kernel. */
  executing = 0;

  constructor(fs: FileSystem, ino: number, mode: number, uid: number, gid: number) {
    this.fs = fs;
    this.ino = ino;
    this.mode = mode;
    this.uid = uid;
    this.gid = gid;
  }

  get isDirectory(): boolean {
    return (this.mode & S_IFMT) === S_IFDIR;
  }

  get isSymlink(): boolean {
    return (this.mode & S_IFMT) === S_IFLNK;
  }

  abstract stat(): Stat;

  /** Opens the file. `flags` is what F_GETFL will answer, with O_TRUNC where the file must be emptied. */
  abstract open(dentry: Dentry, flags: number, caller: Caller): OpenFile;

  setAttributes(_change: Attributes): void {
    throw errno.EPERM;
  }

  /** truncate(2). Who is not root loses the set-user-ID and set-group-ID bits of the file. */
  truncate(_size: number, _caller: Caller): void {
    throw errno.EINVAL;
  }

  /** Target of a symbolic link. */
  readlink(_caller: Caller): string {
    throw errno.EINVAL;
  }

  /** Where a link of /proc leads without its text being walked: an open file, a directory. */
  jump(_caller: Caller): Dentry | null {
    return null;
  }

  /** Entry of this directory, "." and ".." excluded. */
  lookup(_dir: Dentry, _name: string, _caller: Caller): Dentry | undefined {
    throw errno.ENOTDIR;
  }

  /** Names of this directory from a position on, "." and ".." excluded. */
  list(_dir: Dentry, _from: number): Listing {
    throw errno.ENOTDIR;
  }

  /** Makes a regular file, directory, FIFO, socket or device node. `mode` holds the type, umask taken off; the name is free. */
  create(_dir: Dentry, _name: string, _mode: number, _rdev: number, _caller: Caller): Dentry {
    throw errno.EPERM;
  }

  /** Makes a regular file and opens it, whatever its mode grants: open(2) with O_CREAT. EEXIST where another made it meanwhile. */
  createOpen(dir: Dentry, name: string, mode: number, flags: number, caller: Caller): OpenFile {
    const made = this.create(dir, name, mode, 0, caller);
    return made.inode.open(made, flags, caller);
  }

  symlink(_dir: Dentry, _name: string, _target: string, _caller: Caller): Dentry {
    throw errno.EPERM;
  }

  link(_dir: Dentry, _name: string, _target: Dentry): void {
    throw errno.EPERM;
  }

  /** Removes a name that is no directory. */
  unlink(_dir: Dentry, _victim: Dentry): void {
    throw errno.EPERM;
  }

  /** Removes an empty directory. */
  rmdir(_dir: Dentry, _victim: Dentry): void {
    throw errno.EPERM;
  }

  /** Moves `source` to `name` of `target` (of the same file system), in place of `victim`. Types already agree. */
  rename(_source: Dentry, _target: Dentry, _name: string, _victim: Dentry | undefined, _flags: number): void {
    throw errno.EPERM;
  }

  /** O_TMPFILE: a file without a name; `linkable`: link(2) may give it one. */
  createTemporary(_dir: Dentry, _mode: number, _linkable: boolean, _caller: Caller): Dentry {
    throw errno.EOPNOTSUPP;
  }
}
