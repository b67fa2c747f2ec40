/** Extended attributes, xattr(7): no file system here has any. Arguments are checked as where there are some. */
import { errno } from "../abi/errno.ts";
import { AT_FDCWD, AT_SYMLINK_NOFOLLOW } from "../abi/fcntl.ts";
import type { Task } from "../task.ts";
import { cString, fd, flags, inBytes, outAddress, path, size } from "./args.ts";
import { syscall, type Syscall } from "./syscall.ts";

const SUPPORT = "partial: no file has extended attributes";
const file = { classes: ["file"] };
const desc = { classes: ["desc"] };
const FLAGS: Readonly<Record<string, number>> = { XATTR_CREATE: 1, XATTR_REPLACE: 2 };
const XATTR_NAME_MAX = 255;
const XATTR_SIZE_MAX = 65_536;

/** One more than XATTR_NAME_MAX, so that a longer name is seen. */
const name = cString(XATTR_NAME_MAX + 1);
const value = inBytes(3);

/** The file exists; `follow`: a symbolic link stands for its target. */
function demandFile(task: Task, pathname: string, follow: boolean): void {
  task.kernel.vfs.at(task, AT_FDCWD, pathname, follow ? 0 : AT_SYMLINK_NOFOLLOW);
}

function demandName(attribute: string): void {
  if (attribute.length === 0 || attribute.length > XATTR_NAME_MAX) throw errno.ERANGE;
}

function set(task: Task, attribute: string, from: number, length: number, bits: number): never {
  if (bits & ~3) throw errno.EINVAL;
  demandName(attribute);
  if (length > XATTR_SIZE_MAX) throw errno.E2BIG;
  if (length > 0 && task.memory.copyIn(from, new Uint8Array(length)) !== length) throw errno.EFAULT;
  throw errno.EOPNOTSUPP;
}

function refuse(attribute: string): never {
  demandName(attribute);
  throw errno.EOPNOTSUPP;
}

const setArguments = { name, value, size, flags: flags(FLAGS) } as const;

export const attributeCalls: readonly Syscall[] = [
  ...[true, false].flatMap((follow, i) => {
    const prefix = follow ? "" : "l";
    return [
      syscall(
        188 + i,
        `${prefix}setxattr`,
        { path, ...setArguments },
        SUPPORT,
        (t, a) => (demandFile(t, a.path, follow), set(t, a.name, a.value, a.size, a.flags)),
        file,
      ),
      syscall(
        191 + i,
        `${prefix}getxattr`,
        { path, name, value: outAddress, size },
        SUPPORT,
        (t, a) => (demandFile(t, a.path, follow), refuse(a.name)),
        file,
      ),
      syscall(194 + i, `${prefix}listxattr`, { path, list: outAddress, size }, SUPPORT, (t, a) => (demandFile(t, a.path, follow), 0), file),
      syscall(197 + i, `${prefix}removexattr`, { path, name }, SUPPORT, (t, a) => (demandFile(t, a.path, follow), refuse(a.name)), file),
    ];
  }),
  syscall(190, "fsetxattr", { fd, ...setArguments }, SUPPORT, (t, a) => (t.files.getIo(a.fd), set(t, a.name, a.value, a.size, a.flags)), desc),
  syscall(193, "fgetxattr", { fd, name, value: outAddress, size }, SUPPORT, (t, a) => (t.files.getIo(a.fd), refuse(a.name)), desc),
  syscall(196, "flistxattr", { fd, list: outAddress, size }, SUPPORT, (t, a) => (t.files.getIo(a.fd), 0), desc),
  syscall(199, "fremovexattr", { fd, name }, SUPPORT, (t, a) => (t.files.getIo(a.fd), refuse(a.name)), desc),
];
