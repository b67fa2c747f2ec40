/** Arguments around struct stat, statx, statfs and times of files. */
import { encodeStat, encodeStatfs, encodeStatx, STAT_SIZE, STATFS_SIZE, STATX_SIZE, type Stat, type Statfs } from "../abi/stat.ts";
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG, S_IFSOCK } from "../abi/stat.ts";
import { errno } from "../abi/errno.ts";
import type { Task } from "../task.ts";
import { outPlace } from "./args.ts";
import type { Arg, Shown } from "./syscall.ts";
import { hex } from "./text.ts";

const TYPE_NAMES: Readonly<Record<number, string>> = {
  [S_IFSOCK]: "S_IFSOCK",
  [S_IFLNK]: "S_IFLNK",
  [S_IFREG]: "S_IFREG",
  [S_IFBLK]: "S_IFBLK",
  [S_IFDIR]: "S_IFDIR",
  [S_IFCHR]: "S_IFCHR",
  [S_IFIFO]: "S_IFIFO",
};

/** `S_IFREG|0644`. */
export function fileModeText(mode: number): string {
  const type = TYPE_NAMES[mode & S_IFMT];
  const special = (mode & 0o4000 ? "|S_ISUID" : "") + (mode & 0o2000 ? "|S_ISGID" : "") + (mode & 0o1000 ? "|S_ISVTX" : "");
  const bits =
    "0" +
    (mode & 0o777)
      .toString(8)
      .padStart(3, "0")
      .replace(/^0+(?=...)/, "");
  return (type === undefined ? "" : type) + special + (type === undefined && special === "" ? "" : "|") + bits;
}

/** `makedev(0x88, 0)`: major and minor in hexadecimal. */
export function deviceText(dev: number): string {
  return `makedev(${hex((dev >>> 8) & 0xfff)}, ${hex((dev & 0xff) | ((dev >>> 12) & 0xfff00))})`;
}

/** `{st_mode=S_IFREG|0644, st_size=12, ...}`. */
export const statPlace: Arg<number> = outPlace((at, shown) => {
  const { memory } = shown;
  const mode = memory.readU32(at + 24);
  const type = mode & S_IFMT;
  const size = type === S_IFCHR || type === S_IFBLK ? `st_rdev=${deviceText(memory.readNumber(at + 40))}` : `st_size=${memory.readNumber(at + 48)}`;
  return `{st_mode=${fileModeText(mode)}, ${size}, ...}`;
});

export const statxPlace: Arg<number> = outPlace((at, shown) => {
  const { memory } = shown;
  const mode = memory.readU16(at + 28);
  return `{stx_mask=${statxMask(memory.readU32(at))}, stx_attributes=${hex(memory.readNumber(at + 8))}, stx_mode=${fileModeText(mode)}, stx_size=${memory.readNumber(at + 40)}, ...}`;
});

function statxMask(mask: number): string {
  const rest = mask & ~0x7ff;
  const extra = [rest & 0x800 ? "STATX_BTIME" : "", rest & 0x1000 ? "STATX_MNT_ID" : ""].filter((text) => text !== "");
  return ["STATX_BASIC_STATS", ...extra].join("|");
}

export const statfsPlace: Arg<number> = outPlace((at, { memory }) => {
  const field = (n: number): number => memory.readNumber(at + n * 8);
  return `{f_type=${hex(field(0))}, f_bsize=${field(1)}, f_blocks=${field(2)}, f_bfree=${field(3)}, f_bavail=${field(4)}, f_files=${field(5)}, f_ffree=${field(6)}, f_fsid={val=[0, 0]}, f_namelen=${field(8)}, f_frsize=${field(9)}, f_flags=${hex(field(10))}}`;
});

/** getdents64: `0x55... /* 5 entries *\/`. */
export const direntsPlace: Arg<number> = outPlace((at, shown: Shown) => {
  let entries = 0;
  for (let offset = 0; offset < (shown.result ?? 0); offset += shown.memory.readU16(at + offset + 16)) entries++;
  return `${hex(at)} /* ${entries} entries */`;
});

const $buffer: Uint8Array = new Uint8Array(STATX_SIZE);

function store(task: Task, at: number, size: number): number {
  if (task.memory.copyOut(at, $buffer.subarray(0, size)) !== size) throw errno.EFAULT;
  return 0;
}

/** Each returns 0, what the call returns. */
export function storeStat(task: Task, at: number, stat: Stat): number {
  encodeStat(stat, $buffer);
  return store(task, at, STAT_SIZE);
}

export function storeStatx(task: Task, at: number, stat: Stat, mask: number): number {
  encodeStatx(stat, mask, $buffer);
  return store(task, at, STATX_SIZE);
}

export function storeStatfs(task: Task, at: number, statfs: Statfs): number {
  encodeStatfs(statfs, $buffer);
  return store(task, at, STATFS_SIZE);
}
