// Paths below a directory that nothing can lead out of. Every directory of a path is opened relative to the one before it, as
// O_PATH | O_DIRECTORY | O_NOFOLLOW, and the last name is used through /proc/self/fd/N/NAME: a host that swaps a directory for a symbolic link
// in between changes nothing, because what was opened stays what it was. Where the host has no /proc/self/fd (not Linux), each component is
// looked at with lstat and the path used as it is; there a race with another process of the host is possible.
import { closeSync, constants, existsSync, fstatSync, lstatSync, opendirSync, openSync, realpathSync } from "node:fs";
import type { BigIntStats } from "node:fs";
import { ERRNO } from "../linux/index.ts";
import { Refusal, codeOf } from "./host-error.ts";

/** O_PATH of asm-generic/fcntl.h: opens the name, not what is behind it. Node does not know it. */
const O_PATH = 0o10000000;
const WALK = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;

const descriptorFolder = "/proc/self/fd";

/** Whether this host lets a path start at an open descriptor. */
export const hasDescriptorPaths: boolean = process.platform === "linux" && existsSync(descriptorFolder);

/** A path below an open descriptor, in the bytes that fs functions take; `name` has one character for each byte. */
export function below(fd: number, name: string): Buffer {
  return Buffer.from(`${descriptorFolder}/${fd}/${name}`, "latin1");
}

/** The file an O_PATH descriptor stands for, as a path that opens exactly it. */
export function magic(fd: number): string {
  return `${descriptorFolder}/${fd}`;
}

/** The components of a request's path; [] for the root. Refuses with EINVAL what a well-formed request never holds. */
export function components(path: string): string[] {
  if (path === "") return [];
  const names = path.split("/");
  for (const name of names) {
    if (name === "" || name === "." || name === ".." || name.includes("\0")) throw new Refusal(ERRNO.EINVAL);
  }
  return names;
}

/** A directory that requests are answered below. */
export class Beneath {
  /** Absolute path in the host, without symbolic links. */
  readonly path: string;
  /** O_PATH descriptor of the directory, -1 where paths do not start at descriptors. */
  private readonly root: number;

  /** `descriptors`: whether paths start at descriptors. Throws Node's system error where `path` is no directory that can be opened. */
  constructor(path: string, descriptors: boolean = hasDescriptorPaths) {
    this.path = realpathSync(path);
    this.root = descriptors ? openSync(this.path, O_PATH | constants.O_DIRECTORY) : -1;
    if (!descriptors) opendirSync(this.path).closeSync();
  }

  /**
   * Calls `use` with a path of the host that names `path` itself (never what a symbolic link there points to, as long as `use` does not follow
   * the last component). The root is named by its "." entry.
   */
  at<T>(path: string, use: (hostPath: Buffer) => T): T {
    const names = components(path);
    const last = names.pop() ?? ".";
    if (this.root < 0) return use(this.checked([...names, last]));
    const directory = this.walk(names);
    try {
      return use(below(directory, last));
    } finally {
      if (directory !== this.root) closeSync(directory);
    }
  }

  /** Calls `use` with a path of the host that is the directory `path`, safe to append "/NAME" to. */
  directory<T>(path: string, use: (hostPath: Buffer) => T): T {
    const names = components(path);
    if (this.root < 0) return use(this.checked([...names, "."]));
    const directory = this.walk(names);
    try {
      return use(below(directory, "."));
    } finally {
      if (directory !== this.root) closeSync(directory);
    }
  }

  /**
   * Calls `use` with the path of `at` and an O_PATH descriptor of exactly the file that it names, itself and not what a link points to, so that
   * looking at a device does not open it. Where paths do not start at descriptors it is -1: then only lstat of the path tells what is there.
   */
  name<T>(path: string, use: (hostPath: Buffer, stat: BigIntStats, descriptor: number) => T): T {
    return this.at(path, (hostPath) => {
      if (this.root < 0) return use(hostPath, lstatSync(hostPath, { bigint: true }), -1);
      const descriptor = openSync(hostPath, O_PATH | constants.O_NOFOLLOW);
      try {
        return use(hostPath, fstatSync(descriptor, { bigint: true }), descriptor);
      } finally {
        closeSync(descriptor);
      }
    });
  }

  /** An O_PATH descriptor of the directory that `names` lead to; the root's own for []. */
  private walk(names: readonly string[]): number {
    let directory = this.root;
    for (const name of names) {
      const parent = directory;
      try {
        directory = openDirectory(below(parent, name));
      } finally {
        if (parent !== this.root) closeSync(parent);
      }
    }
    return directory;
  }

  /** The joined path, every component but the last known to be a directory and no link at this moment. */
  private checked(names: readonly string[]): Buffer {
    let path = this.path;
    for (const name of names.slice(0, -1)) {
      path += `/${Buffer.from(name, "latin1").toString()}`;
      const stat = lstatSync(path);
      if (stat.isSymbolicLink()) throw new Refusal(ERRNO.ELOOP);
      if (!stat.isDirectory()) throw new Refusal(ERRNO.ENOTDIR);
    }
    return Buffer.concat([Buffer.from(`${path}/`), Buffer.from(names.at(-1) ?? ".", "latin1")]);
  }
}

/** An O_PATH descriptor of the directory at `path`. A symbolic link is refused with ELOOP, what is neither with ENOTDIR; open(2) says ENOTDIR for both. */
function openDirectory(path: Buffer): number {
  // A host that puts a directory where the link was just before is asked again.
  for (let attempt = 0; attempt < 16; attempt++) {
    try {
      return openSync(path, WALK);
    } catch (error) {
      const code = codeOf(error);
      if (code !== "ENOTDIR" && code !== "ELOOP") throw error;
      const stat = lstatSync(path);
      if (stat.isSymbolicLink()) throw new Refusal(ERRNO.ELOOP);
      if (!stat.isDirectory()) throw new Refusal(ERRNO.ENOTDIR);
    }
  }
  throw new Refusal(ERRNO.ELOOP);
}
