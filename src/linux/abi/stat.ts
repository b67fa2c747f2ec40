/** stat(2), statx(2), statfs(2): file types, modes and the structures of x86-64. <bits/stat.h>, <linux/stat.h>. */

export const S_IFMT = 0o170000;
export const S_IFSOCK = 0o140000;
export const S_IFLNK = 0o120000;
export const S_IFREG = 0o100000;
export const S_IFBLK = 0o060000;
export const S_IFDIR = 0o040000;
export const S_IFCHR = 0o020000;
export const S_IFIFO = 0o010000;
export const S_ISUID = 0o4000;
export const S_ISGID = 0o2000;
export const S_ISVTX = 0o1000;
export const S_IXGRP = 0o010;

export const STAT_SIZE = 144;
export const STATX_SIZE = 256;
export const STATFS_SIZE = 120;

export const STATX_BASIC_STATS = 0x7ff;
export const STATX_BTIME = 0x800;
export const STATX_MNT_ID = 0x1000;
export const STATX_ATTR_MOUNT_ROOT = 0x2000;

/** statfs f_type values, <linux/magic.h>. */
export const TMPFS_MAGIC = 0x01021994;
export const OVERLAYFS_SUPER_MAGIC = 0x794c7630;
export const PROC_SUPER_MAGIC = 0x9fa0;
export const SYSFS_MAGIC = 0x62656572;
export const PIPEFS_MAGIC = 0x50495045;
export const SOCKFS_MAGIC = 0x534f434b;
export const ANON_INODE_FS_MAGIC = 0x09041934;
export const DEVPTS_SUPER_MAGIC = 0x1cd1;
export const EXT4_SUPER_MAGIC = 0xef53;

/** A point in time: seconds and nanoseconds (0 to 999,999,999) since the epoch. */
export interface Time {
  readonly sec: number;
  readonly nsec: number;
}

/** What stat(2) tells of a file. Device numbers are in the form {@link makeDev} gives. */
export interface BasicStat {
  readonly dev: number;
  readonly ino: number;
  /** File type and permission bits. */
  readonly mode: number;
  readonly nlink: number;
  readonly uid: number;
  readonly gid: number;
  readonly rdev: number;
  readonly size: number;
  readonly blksize: number;
  /** Units of 512 bytes. */
  readonly blocks: number;
  readonly atime: Time;
  readonly mtime: Time;
  readonly ctime: Time;
}

/** With what statx(2) adds. */
export interface Stat extends BasicStat {
  /** Birth time, where the file system keeps one. */
  readonly btime?: Time;
  /** Mount the file was reached by, for statx. */
  readonly mountId: number;
  /** The file is the root of that mount. */
  readonly mountRoot: boolean;
}

export interface Statfs {
  readonly type: number;
  readonly bsize: number;
  readonly blocks: number;
  readonly bfree: number;
  readonly bavail: number;
  readonly files: number;
  readonly ffree: number;
  readonly fsid: number;
  readonly namelen: number;
  /** ST_* mount flags; ST_VALID is added when encoded. */
  readonly flags: number;
}

/** Device number as user space sees it in st_dev and st_rdev: 12 bits of major, 20 of minor. */
export function makeDev(major: number, minor: number): number {
  return ((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0;
}

export function devMajor(dev: number): number {
  return (dev >>> 8) & 0xfff;
}

export function devMinor(dev: number): number {
  return (dev & 0xff) | ((dev >>> 12) & 0xfff00);
}

function setU64(view: DataView, offset: number, value: number): void {
  view.setUint32(offset, value >>> 0, true);
  view.setInt32(offset + 4, Math.floor(value / 0x1_0000_0000), true);
}

function setTimespec(view: DataView, offset: number, time: Time): void {
  setU64(view, offset, time.sec);
  setU64(view, offset + 8, time.nsec);
}

/** Writes struct stat (144 bytes). */
export function encodeStat(stat: Stat, into: Uint8Array): void {
  const view = new DataView(into.buffer, into.byteOffset, STAT_SIZE);
  into.fill(0, 0, STAT_SIZE);
  setU64(view, 0, stat.dev);
  setU64(view, 8, stat.ino);
  setU64(view, 16, stat.nlink);
  view.setUint32(24, stat.mode, true);
  view.setUint32(28, stat.uid, true);
  view.setUint32(32, stat.gid, true);
  setU64(view, 40, stat.rdev);
  setU64(view, 48, stat.size);
  setU64(view, 56, stat.blksize);
  setU64(view, 64, stat.blocks);
  setTimespec(view, 72, stat.atime);
  setTimespec(view, 88, stat.mtime);
  setTimespec(view, 104, stat.ctime);
}

function setStatxTime(view: DataView, offset: number, time: Time): void {
  setU64(view, offset, time.sec);
  view.setUint32(offset + 8, time.nsec, true);
}

/** Writes struct statx (256 bytes). As Linux does, all basic fields are filled whatever `mask` asks; btime and mount id only if known and asked. */
export function encodeStatx(stat: Stat, mask: number, into: Uint8Array): void {
  const view = new DataView(into.buffer, into.byteOffset, STATX_SIZE);
  into.fill(0, 0, STATX_SIZE);
  const hasBirth = stat.btime !== undefined && (mask & STATX_BTIME) !== 0;
  view.setUint32(0, STATX_BASIC_STATS | STATX_MNT_ID | (hasBirth ? STATX_BTIME : 0), true);
  view.setUint32(4, stat.blksize, true);
  setU64(view, 8, stat.mountRoot ? STATX_ATTR_MOUNT_ROOT : 0);
  view.setUint32(16, stat.nlink, true);
  view.setUint32(20, stat.uid, true);
  view.setUint32(24, stat.gid, true);
  view.setUint16(28, stat.mode, true);
  setU64(view, 32, stat.ino);
  setU64(view, 40, stat.size);
  setU64(view, 48, stat.blocks);
  setU64(view, 56, STATX_ATTR_MOUNT_ROOT);
  setStatxTime(view, 64, stat.atime);
  if (hasBirth && stat.btime !== undefined) setStatxTime(view, 80, stat.btime);
  setStatxTime(view, 96, stat.ctime);
  setStatxTime(view, 112, stat.mtime);
  view.setUint32(128, devMajor(stat.rdev), true);
  view.setUint32(132, devMinor(stat.rdev), true);
  view.setUint32(136, devMajor(stat.dev), true);
  view.setUint32(140, devMinor(stat.dev), true);
  setU64(view, 144, stat.mountId);
}

/** f_flags: the flag words are valid. */
const ST_VALID = 0x20;
export const ST_RDONLY = 1;
export const ST_NOSUID = 2;
export const ST_NODEV = 4;
export const ST_NOEXEC = 8;
export const ST_RELATIME = 0x1000;

/** Writes struct statfs (120 bytes). */
export function encodeStatfs(statfs: Statfs, into: Uint8Array): void {
  const view = new DataView(into.buffer, into.byteOffset, STATFS_SIZE);
  into.fill(0, 0, STATFS_SIZE);
  const fields = [statfs.type, statfs.bsize, statfs.blocks, statfs.bfree, statfs.bavail, statfs.files, statfs.ffree, statfs.fsid, statfs.namelen, statfs.bsize, statfs.flags | ST_VALID];
  fields.forEach((value, i) => setU64(view, i * 8, value));
}
