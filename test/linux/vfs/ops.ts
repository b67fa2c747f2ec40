/** The operations of ops.c on the machine's own file system: one line in, one result out. */

import { AT_FDCWD, AT_REMOVEDIR, AT_SYMLINK_NOFOLLOW, O_NONBLOCK } from "../../../src/linux/abi/fcntl.ts";
import { Errno } from "../../../src/linux/abi/errno.ts";
import type { Stat } from "../../../src/linux/abi/stat.ts";
import { S_IFDIR, S_IFMT } from "../../../src/linux/abi/stat.ts";
import type { Inputs } from "../../../src/linux/inputs.ts";
import type { OpenFile } from "../../../src/linux/vfs/open-file.ts";
import { BLOCK } from "../../../src/linux/vfs/types.ts";
import type { World } from "./support.ts";
import { world } from "./support.ts";

function show(stat: Stat): string {
  const head = `${stat.mode.toString(8)} n${stat.nlink} u${stat.uid} g${stat.gid} size ${stat.size}`;
  return (stat.mode & S_IFMT) === S_IFDIR ? head : `${head} blocks ${stat.blocks}`;
}

export class Sandbox {
  readonly world: World;
  readonly slots: (OpenFile | undefined)[] = [];

  /** In the memory file system, or in an empty host directory given as mount 0. */
  constructor(uid: number, host?: Inputs) {
    const mounts = host === undefined ? [] : [{ mount: 0, guest: "/sandbox", readOnly: false }];
    this.world = world({ uid, mounts, ...(host === undefined ? {} : { inputs: host }) });
    const { vfs, caller } = this.world;
    const root = { ...caller, credentials: { ...caller.credentials, fsuid: 0, fsgid: 0, uid: 0, gid: 0 } };
    if (host === undefined) vfs.mkdir(root, AT_FDCWD, "/sandbox", 0o755);
    vfs.chmod(root, AT_FDCWD, "/sandbox", 0o777, 0);
    const dentry = vfs.at(root, AT_FDCWD, "/sandbox", 0);
    caller.fs.root = dentry;
    caller.fs.cwd = dentry;
  }

  run(line: string): string {
    this.world.port.begin();
    try {
      return this.operate(line.split(" ").map((word) => (word === "''" ? "" : word)));
    } catch (error) {
      if (error instanceof Errno) return error.name;
      throw error;
    }
  }

  private slot(word: string): OpenFile {
    const file = this.slots[Number(word)];
    if (file === undefined) throw new Errno("EBADF");
    if ((file.flags & 0o10000000) !== 0) throw new Errno("EBADF");
    return file;
  }

  private operate(w: readonly string[]): string {
    const { vfs, caller } = this.world;
    const s = (i: number): string => w[i] ?? "";
    const n = (i: number): number => (/^0[0-7]/.test(s(i)) ? parseInt(s(i), 8) : Number(s(i)));
    const count = (value: number): string => (value === BLOCK ? "EAGAIN" : `${value}`);
    switch (w[0]) {
      case "open": {
        this.slots[n(1)]?.unref();
        this.slots[n(1)] = undefined;
        const file = vfs.open(caller, AT_FDCWD, s(2), n(3) | O_NONBLOCK, n(4)).retain();
        this.slots[n(1)] = file;
        return `flags 0${file.flags.toString(8)}`;
      }
      case "close": {
        const file = this.slots[n(1)];
        if (file === undefined) return "EBADF";
        file.unref();
        this.slots[n(1)] = undefined;
        return "0";
      }
      case "write":
        return count(this.slot(s(1)).write(new Uint8Array(n(2)).fill(0x78), caller));
      case "pwrite":
        return count(this.slot(s(1)).pwrite(new Uint8Array(n(2)).fill(0x79), n(3), caller));
      case "read": {
        const into = new Uint8Array(n(2));
        const got = this.slot(s(1)).read(into);
        if (got === BLOCK) return "EAGAIN";
        return `${got} sum ${into.subarray(0, got).reduce((sum, byte, i) => sum + byte * ((i % 7) + 1), 0)}`;
      }
      case "seek":
        return count(this.slot(s(1)).seek(n(2), n(3)));
      case "ftruncate":
        if (n(2) < 0) return "EINVAL";
        this.slot(s(1)).truncate(n(2), caller);
        return "0";
      case "fallocate":
        this.slot(s(1)).allocate(n(2), n(3), n(4), caller);
        return "0";
      case "fstat": {
        const file = this.slots[n(1)];
        return file === undefined ? "EBADF" : show(file.stat());
      }
      case "fchmod":
        vfs.chmodDentry(caller, this.slot(s(1)).dentry, n(2));
        return "0";
      case "stat":
        return show(vfs.stat(caller, AT_FDCWD, s(1), 0));
      case "lstat":
        return show(vfs.stat(caller, AT_FDCWD, s(1), AT_SYMLINK_NOFOLLOW));
      case "mkdir":
        vfs.mkdir(caller, AT_FDCWD, s(1), n(2));
        return "0";
      case "mknod":
        vfs.mknod(caller, AT_FDCWD, s(1), n(2), 0);
        return "0";
      case "rmdir":
        vfs.unlink(caller, AT_FDCWD, s(1), AT_REMOVEDIR);
        return "0";
      case "unlink":
        vfs.unlink(caller, AT_FDCWD, s(1), 0);
        return "0";
      case "rename":
        vfs.rename(caller, AT_FDCWD, s(1), AT_FDCWD, s(2), n(3));
        return "0";
      case "link":
        vfs.link(caller, AT_FDCWD, s(1), AT_FDCWD, s(2), n(3));
        return "0";
      case "symlink":
        vfs.symlink(caller, s(1), AT_FDCWD, s(2));
        return "0";
      case "readlink":
        return vfs.readlink(caller, AT_FDCWD, s(1));
      case "chmod":
        vfs.chmod(caller, AT_FDCWD, s(1), n(2), 0);
        return "0";
      case "chown":
        vfs.chown(caller, AT_FDCWD, s(1), n(2), n(3), AT_SYMLINK_NOFOLLOW);
        return "0";
      case "access":
        vfs.access(caller, AT_FDCWD, s(1), n(2), 0);
        return "0";
      case "truncate":
        vfs.truncate(caller, s(1), n(2));
        return "0";
      case "chdir":
        vfs.chdir(caller, s(1));
        return "0";
      case "getcwd":
        return vfs.getcwd(caller);
      case "list":
        return this.list(vfs.open(caller, AT_FDCWD, s(1), 0o200000, 0), n(2));
      default:
        return "unknown";
    }
  }

  private list(file: OpenFile, size: number): string {
    const into = new Uint8Array(size);
    let names = "";
    try {
      for (let got = file.readDirectory(into); got > 0; got = file.readDirectory(into)) {
        const view = new DataView(into.buffer);
        for (let at = 0; at < got; at += view.getUint16(at + 16, true)) {
          let end = at + 19;
          while (into[end] !== 0) end++;
          names += `${String.fromCharCode(...into.subarray(at + 19, end))}/${into[at + 18]} `;
        }
      }
    } catch (error) {
      if (error instanceof Errno) return names + error.name;
      throw error;
    }
    return names + ".";
  }
}
