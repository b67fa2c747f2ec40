/** A machine of an image without a host: to be looked at, not run. */

import type { HostAnswer, HostRequest, HostStat, Inputs } from "../linux/index.ts";
import type { Machine } from "../machine/index.ts";
import type { OpenImage } from "./restore.ts";
import { restoreImage } from "./restore.ts";

const NEVER = { sec: 0, nsec: 0 };
const S_IFDIR = 0o040000;
const ENOSYS = 38;
/** Small: its pages are looked at through the store outside all the same. */
const WINDOW_BITS = 17;

const directory: HostStat = {
  dev: 0,
  ino: 1,
  mode: S_IFDIR | 0o755,
  nlink: 1,
  uid: 0,
  gid: 0,
  rdev: 0,
  size: 0,
  blksize: 4096,
  blocks: 0,
  atime: NEVER,
  mtime: NEVER,
  ctime: NEVER,
};

/** Every directory is there and empty, every file can be opened, nothing else can be done. */
class NoHost implements Inputs {
  readonly synchronousFiles = true;

  ask(_id: number, request: HostRequest): HostAnswer | "later" {
    switch (request.op) {
      case "streams":
        return { streams: [] };
      case "lstat":
        return { stat: directory };
      case "open":
        return { handle: 0, stat: directory };
      case "read":
        return "later";
      default:
        return { errno: ENOSYS };
    }
  }
}

/** Throws ImageError. */
export function detachedMachine(image: OpenImage): Machine {
  return restoreImage(image, { inputs: new NoHost(), windowBits: WINDOW_BITS });
}
