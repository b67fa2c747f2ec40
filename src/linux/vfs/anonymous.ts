/** File systems without directories: pipefs, anon_inodefs, sockfs and their like. Their files are told by name alone. */

import { S_IFDIR } from "../abi/stat.ts";
import type { Stat, Statfs, Time } from "../abi/stat.ts";
import { errno } from "../abi/errno.ts";
import { Dentry, FileSystem, Inode } from "./inode.ts";
import type { OpenFile } from "./open-file.ts";

/** mode 0600 without a type, as Linux shows epoll, eventfd and the like. */
const ANONYMOUS_MODE = 0o600;
export const START_OF_TIME: Time = { sec: 0, nsec: 0 };

export class AnonymousFs extends FileSystem {
  readonly type: string;
  override readonly anonymous = true;
  readonly root: Dentry;
  readonly magic: number;
  nextIno: number;

  constructor(identity: { readonly type: string; readonly dev: number; readonly magic: number; readonly firstIno: number }) {
    super({ dev: identity.dev, mountId: 0, source: identity.type });
    this.type = identity.type;
    this.magic = identity.magic;
    this.nextIno = identity.firstIno;
    this.root = new Dentry(null, "", new AnonymousInode(this, 1, S_IFDIR | 0o555));
  }

  override statfs(): Statfs {
    return { type: this.magic, bsize: 4096, blocks: 0, bfree: 0, bavail: 0, files: 0, ffree: 0, fsid: 0, namelen: 255, flags: 0 };
  }

  /** What stat(2) says of a file without content. */
  statOf(inode: Inode, blksize: number, time: Time): Stat {
    return {
      dev: this.dev,
      ino: inode.ino,
      mode: inode.mode,
      nlink: 1,
      uid: inode.uid,
      gid: inode.gid,
      rdev: 0,
      size: 0,
      blksize,
      blocks: 0,
      atime: time,
      mtime: time,
      ctime: time,
      mountId: this.mountId,
      mountRoot: false,
    };
  }

  /** A name on the one inode that all anonymous kernel files share: "anon_inode:[eventpoll]". */
  dentry(name: string): Dentry {
    const inode = this.shared ?? new AnonymousInode(this, this.nextIno++, ANONYMOUS_MODE);
    this.shared = inode;
    return new Dentry(this.root, `anon_inode:${name}`, inode);
  }

  private shared: AnonymousInode | null = null;
}

export class AnonymousInode extends Inode {
  constructor(fs: AnonymousFs, ino: number, mode: number) {
    super(fs, ino, mode, 0, 0);
  }

  override stat(): Stat {
    return (this.fs as AnonymousFs).statOf(this, 4096, START_OF_TIME);
  }

  override open(): OpenFile {
    throw errno.ENXIO;
  }
}
