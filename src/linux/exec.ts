/** Finding the program of the first process. */
import type { FileBacking } from "../memory/index.ts";
import { Errno, errno } from "./abi/errno.ts";
import { AT_FDCWD, O_CREAT, O_EXCL, O_RDWR } from "./abi/fcntl.ts";
import type { Task } from "./task.ts";
import type { Dentry } from "./vfs/inode.ts";
import type { OpenFile } from "./vfs/open-file.ts";
import type { Vfs } from "./vfs/vfs.ts";

export interface FoundProgram {
  readonly dentry: Dentry;
  readonly bytes: Uint8Array;
  readonly backing: FileBacking | undefined;
}

/** Bytes of a program that is read whole: more than this is refused with ENOMEM. */
const MAX_PROGRAM = 2 ** 31;

function readAll(file: OpenFile): Uint8Array {
  const { size } = file.stat();
  if (size > MAX_PROGRAM) throw errno.ENOMEM;
  const bytes = new Uint8Array(size);
  let done = 0;
  while (done < size) {
    const count = file.pread(bytes.subarray(done), done);
    if (count <= 0) break;
    done += count;
  }
  return bytes.subarray(0, done);
}

/**
 * The program at an absolute guest path. Where the guest's tree does not have it, `bytes` are put there (mode 0755, by root), so that
 * /proc/self/exe and the path lead to it. Throws Errno as execve(2) does.
 */
export function findProgram(vfs: Vfs, task: Task, path: string, bytes: Uint8Array | undefined): FoundProgram {
  let file: OpenFile;
  try {
    file = vfs.openProgram(task, path);
  } catch (error) {
    if (bytes === undefined || !(error instanceof Errno) || (error !== errno.ENOENT && error !== errno.ENOTDIR)) throw error;
    place(vfs, path, bytes);
    file = vfs.openProgram(task, path);
  }
  file.retain();
  const content = bytes ?? readAll(file);
  return { dentry: file.dentry, bytes: content, backing: file.backing() };
}

function place(vfs: Vfs, path: string, bytes: Uint8Array): void {
  const { tree } = vfs;
  tree.directory(path.slice(0, path.lastIndexOf("/")), 0o755);
  const file = vfs.open(tree.nobody, AT_FDCWD, path, O_CREAT | O_EXCL | O_RDWR, 0o755).retain();
  let done = 0;
  while (done < bytes.length) {
    const count = file.write(bytes.subarray(done), tree.nobody);
    if (count <= 0) throw errno.ENOSPC;
    done += count;
  }
  file.unref();
}
