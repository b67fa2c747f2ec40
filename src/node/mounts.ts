// Host directories that the guest sees: the mount and handle requests of linux/inputs.ts, served by Node's fs below a directory.
import {
  closeSync,
  chmodSync,
  constants,
  fchmodSync,
  fchownSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  futimesSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  opendirSync,
  openSync,
  readlinkSync,
  readSync,
  renameSync,
  rmdirSync,
  statfsSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import type { BigIntStats } from "node:fs";
import { ERRNO, MAX_TRANSFER, O_ACCMODE, O_APPEND, O_CREAT, O_DIRECTORY, O_EXCL, O_RDONLY, O_TRUNC, S_IFMT, S_IFREG } from "../linux/index.ts";
import type { HandleRequest, HostAnswer, HostAttributes, HostDirent, HostTime, PathRequest } from "../linux/index.ts";
import { Beneath, magic } from "./beneath.ts";
import { Refusal, codeOf } from "./host-error.ts";
import { toHostStat } from "./host-stat.ts";

/** A host directory to be mounted; the guest's path for it is the kernel's matter. */
export interface MountDirectory {
  /** Absolute path in the host. */
  readonly host: string;
  readonly readOnly: boolean;
}

const DONE: HostAnswer = { done: true };

/** DT_* of readdir(3) is the file type of st_mode shifted down. */
const TYPE_SHIFT = 12;

interface OpenFile {
  readonly fd: number;
  readonly readOnly: boolean;
  readonly append: boolean;
}

interface Mount {
  readonly beneath: Beneath;
  readonly readOnly: boolean;
}

export class Mounts {
  private readonly mounts: Mount[];
  /** By handle; a closed handle's number is used again, lowest first, so that numbers do not depend on the host's descriptors. */
  private readonly files: (OpenFile | undefined)[] = [];
  private scratch: Buffer = Buffer.alloc(0);

  /** Throws Node's system error where one of the directories cannot be opened. */
  constructor(directories: readonly MountDirectory[], descriptorPaths?: boolean) {
    this.mounts = directories.map(({ host, readOnly }) => ({ beneath: new Beneath(host, descriptorPaths), readOnly }));
  }

  path(request: PathRequest): HostAnswer {
    const mount = this.mounts[request.mount];
    if (!mount) throw new Refusal(ERRNO.ENODEV);
    const { beneath } = mount;
    switch (request.op) {
      case "lstat":
        return beneath.at(request.path, (path) => ({ stat: toHostStat(lstatSync(path, { bigint: true })) }));
      case "readlink":
        return beneath.at(request.path, (path) => ({ target: readlinkSync(path, "latin1") }));
      case "readdir":
        return { entries: readdir(beneath, request.path) };
      case "statfs":
        return beneath.at(request.path, statfs);
      case "open":
        return this.open(mount, request);
    }
    if (mount.readOnly) throw new Refusal(ERRNO.EROFS);
    switch (request.op) {
      case "setattr":
        beneath.name(request.path, (path, stat, name) => setNameAttributes(path, stat, name, request.attributes));
        return DONE;
      case "mkdir":
        beneath.at(request.path, (path) => withoutUmask(() => mkdirSync(path, { mode: request.mode & 0o7777 })));
        return DONE;
      case "mknod":
        // Node cannot make a FIFO; device nodes and sockets are refused on every host.
        if ((request.mode & S_IFMT) !== S_IFREG && (request.mode & S_IFMT) !== 0) throw new Refusal(ERRNO.EPERM);
        beneath.at(request.path, (path) => closeSync(create(path, constants.O_WRONLY, request.mode)));
        return DONE;
      case "symlink":
        beneath.at(request.path, (path) => symlinkSync(Buffer.from(request.target, "latin1"), path));
        return DONE;
      case "rmdir":
        refuseRoot(request.path);
        beneath.at(request.path, (path) => rmdirSync(path));
        return DONE;
      case "unlink":
        refuseRoot(request.path);
        beneath.at(request.path, (path) => {
          refuseDevice(path);
          unlinkSync(path);
        });
        return DONE;
      case "link":
        refuseRoot(request.from);
        beneath.at(request.from, (from) =>
          beneath.at(request.path, (path) => {
            refuseDevice(from);
            linkSync(from, path);
          }),
        );
        return DONE;
      case "rename":
        refuseRoot(request.from);
        refuseRoot(request.path);
        beneath.at(request.from, (from) => beneath.at(request.path, (path) => rename(from, path, request.noReplace)));
        return DONE;
    }
  }

  handle(request: HandleRequest): HostAnswer {
    const file = this.files[request.handle];
    if (!file) throw new Refusal(ERRNO.EBADF);
    switch (request.op) {
      case "file.close":
        this.files[request.handle] = undefined;
        closeSync(file.fd);
        return DONE;
      case "file.pread": {
        const buffer = this.room(request.max);
        return { bytes: buffer.subarray(0, readSync(file.fd, buffer, 0, buffer.length, request.offset)) };
      }
      case "file.pwrite":
        return { count: writeSync(file.fd, request.bytes, 0, request.bytes.length, file.append ? null : request.offset) };
      case "file.fstat":
        return { stat: toHostStat(fstatSync(file.fd, { bigint: true })) };
      case "file.sync":
        if (request.dataOnly) fdatasyncSync(file.fd);
        else fsyncSync(file.fd);
        return DONE;
    }
    if (file.readOnly) throw new Refusal(ERRNO.EROFS);
    switch (request.op) {
      case "file.truncate":
        ftruncateSync(file.fd, request.size);
        return DONE;
      case "file.setattr":
        setFileAttributes(file.fd, request.attributes);
        return DONE;
    }
  }

  private open(mount: Mount, request: Extract<PathRequest, { op: "open" }>): HostAnswer {
    const { flags } = request;
    if (mount.readOnly && ((flags & O_ACCMODE) !== O_RDONLY || (flags & O_TRUNC) !== 0)) throw new Refusal(ERRNO.EROFS);
    const fd = openOrCreate(mount, request);
    const free = this.files.indexOf(undefined);
    const handle = free < 0 ? this.files.length : free;
    this.files[handle] = { fd, readOnly: mount.readOnly, append: (flags & O_APPEND) !== 0 };
    return { handle, stat: toHostStat(fstatSync(fd, { bigint: true })) };
  }

  /** A buffer of `max` bytes, valid until the next request. */
  private room(max: number): Buffer {
    const size = Math.min(max, MAX_TRANSFER);
    if (this.scratch.length < size) this.scratch = Buffer.allocUnsafeSlow(Math.max(size, 0x1_0000));
    return this.scratch.subarray(0, size);
  }
}

/** The flags of a request in the host's numbers, with those an adapter adds. */
function hostFlags(flags: number): number {
  let host = constants.O_NOCTTY | constants.O_NONBLOCK | (flags & O_ACCMODE);
  if (flags & O_APPEND) host |= constants.O_APPEND;
  if (flags & O_TRUNC) host |= constants.O_TRUNC;
  if (flags & O_DIRECTORY) host |= constants.O_DIRECTORY;
  return host;
}

function openOrCreate({ beneath, readOnly }: Mount, { path, flags, mode }: Extract<PathRequest, { op: "open" }>): number {
  // Between finding nothing and creating, or finding a file and opening it, the host may change its mind: then once more.
  for (let attempt = 0; attempt < 16; attempt++) {
    try {
      return beneath.name(path, (hostPath, stat, name) => openExisting(hostPath, stat, name, flags));
    } catch (error) {
      if (!(flags & O_CREAT) || codeOf(error) !== "ENOENT") throw error;
    }
    if (readOnly) throw new Refusal(ERRNO.EROFS);
    try {
      return beneath.at(path, (hostPath) => create(hostPath, hostFlags(flags), mode));
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
  }
  throw new Refusal(ERRNO.EAGAIN);
}

/** Opens what is at `path`, a regular file or directory, without ever opening anything else. `name` as {@link Beneath.name} gives it. */
function openExisting(path: Buffer, stat: BigIntStats, name: number, flags: number): number {
  if (flags & O_CREAT && flags & O_EXCL) throw new Refusal(ERRNO.EEXIST);
  if (stat.isSymbolicLink()) throw new Refusal(ERRNO.ELOOP);
  if (stat.isDirectory()) {
    if (flags & O_CREAT || (flags & O_ACCMODE) !== O_RDONLY) throw new Refusal(ERRNO.EISDIR);
  } else if (flags & O_DIRECTORY) throw new Refusal(ERRNO.ENOTDIR);
  else if (!stat.isFile()) throw new Refusal(ERRNO.ENXIO);
  // The descriptor stands for the file that was looked at; a path alone could have changed since, which fstat then shows.
  if (name >= 0) return openSync(magic(name), hostFlags(flags));
  const fd = openSync(path, hostFlags(flags) | constants.O_NOFOLLOW);
  checkSame(fd, stat);
  return fd;
}

function checkSame(fd: number, expected: BigIntStats): void {
  const opened = fstatSync(fd, { bigint: true });
  if (opened.ino === expected.ino && opened.dev === expected.dev) return;
  closeSync(fd);
  throw new Refusal(ERRNO.ELOOP);
}

/** A new regular file with exactly `mode`; EEXIST where anything is there, a dangling link included. */
function create(path: Buffer, flags: number, mode: number): number {
  return withoutUmask(() =>
    openSync(path, (flags & ~constants.O_TRUNC) | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, mode & 0o7777),
  );
}

/** Runs `make` with a file mode creation mask of 0: the guest's own was applied already. A worker thread cannot set it; its files obey the host's. */
function withoutUmask<T>(make: () => T): T {
  let mask: number;
  try {
    mask = process.umask(0);
  } catch {
    return make();
  }
  try {
    return make();
  } finally {
    process.umask(mask);
  }
}

function refuseRoot(path: string): void {
  if (path === "") throw new Refusal(ERRNO.EBUSY);
}

/** Device nodes of the host are neither removed, renamed, linked nor replaced. */
function refuseDevice(path: Buffer): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat && (stat.isBlockDevice() || stat.isCharacterDevice())) throw new Refusal(ERRNO.EPERM);
}

function rename(from: Buffer, path: Buffer, noReplace: boolean): void {
  refuseDevice(from);
  refuseDevice(path);
  if (!noReplace) {
    renameSync(from, path);
    return;
  }
  // Node has no renameat2. link(2) refuses an existing name by itself; a directory cannot be linked, and is renamed over an empty one at worst.
  if (lstatSync(from).isDirectory()) {
    if (lstatSync(path, { throwIfNoEntry: false })) throw new Refusal(ERRNO.EEXIST);
    renameSync(from, path);
  } else {
    linkSync(from, path);
    unlinkSync(from);
  }
}

function readdir(beneath: Beneath, path: string): HostDirent[] {
  return beneath.directory(path, (folder) => {
    // opendir keeps the host's order where Node's readdir sorts; latin1 keeps names that are not UTF-8.
    const directory = opendirSync(folder.toString(), { encoding: "latin1", bufferSize: 256 });
    const entries: HostDirent[] = [];
    try {
      for (let entry = directory.readSync(); entry; entry = directory.readSync()) {
        const stat = lstatSync(Buffer.concat([folder, Buffer.from(`/${entry.name}`, "latin1")]), { bigint: true, throwIfNoEntry: false });
        if (stat) entries.push({ name: entry.name, ino: Number(BigInt.asUintN(53, stat.ino)), type: (Number(stat.mode) & S_IFMT) >> TYPE_SHIFT });
      }
    } finally {
      directory.closeSync();
    }
    return entries;
  });
}

/** NAME_MAX of Linux; Node does not tell f_namelen. */
const NAME_MAX = 255;

function statfs(path: Buffer): HostAnswer {
  const { bsize, blocks, bfree, bavail, files, ffree } = statfsSync(path);
  return { statfs: { bsize, blocks, bfree, bavail, files, ffree, namelen: NAME_MAX } };
}

function seconds(time: HostTime): number {
  return time.sec + time.nsec / 1e9;
}

/** Both times as Node takes them; it sets both or none, in microseconds. */
function times(attributes: HostAttributes, now: () => BigIntStats): [atime: number, mtime: number] | undefined {
  const { atime, mtime } = attributes;
  if (!atime && !mtime) return undefined;
  const kept = atime && mtime ? undefined : now();
  return [atime ? seconds(atime) : Number(kept!.atimeNs) / 1e9, mtime ? seconds(mtime) : Number(kept!.mtimeNs) / 1e9];
}

/** chown's "leave it". */
const KEEP = -1;

function setNameAttributes(path: Buffer, stat: BigIntStats, name: number, attributes: HostAttributes): void {
  if (attributes.mode !== undefined && stat.isSymbolicLink()) throw new Refusal(ERRNO.EOPNOTSUPP);
  if (attributes.uid !== undefined || attributes.gid !== undefined) lchownSync(path, attributes.uid ?? KEEP, attributes.gid ?? KEEP);
  if (attributes.mode !== undefined) chmodSync(name >= 0 ? magic(name) : path, attributes.mode & 0o7777);
  const both = times(attributes, () => stat);
  if (both) lutimesSync(path, ...both);
}

function setFileAttributes(fd: number, attributes: HostAttributes): void {
  if (attributes.uid !== undefined || attributes.gid !== undefined) fchownSync(fd, attributes.uid ?? KEEP, attributes.gid ?? KEEP);
  if (attributes.mode !== undefined) fchmodSync(fd, attributes.mode & 0o7777);
  const both = times(attributes, () => fstatSync(fd, { bigint: true }));
  if (both) futimesSync(fd, ...both);
}
