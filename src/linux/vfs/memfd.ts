/** memfd_create(2): files of a memory file system that has no place. */

import { errno } from "../abi/errno.ts";
import {
  F_SEAL_EXEC,
  F_SEAL_GROW,
  F_SEAL_SEAL,
  F_SEAL_SHRINK,
  F_SEAL_WRITE,
  F_SEAL_FUTURE_WRITE,
  MFD_ALLOW_SEALING,
  MFD_CLOEXEC,
  MFD_EXEC,
  MFD_NOEXEC_SEAL,
  O_LARGEFILE,
  O_RDWR,
} from "../abi/fcntl.ts";
import { S_IFREG } from "../abi/stat.ts";
import { Dentry } from "./inode.ts";
import type { OpenFile } from "./open-file.ts";
import { TmpFile } from "./tmpfs.ts";
import type { TmpFs, TmpInode } from "./tmpfs.ts";
import type { Caller } from "./types.ts";

const MAX_NAME = 249;
const EVERY_SEAL = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE | F_SEAL_EXEC;

export class Memfds {
  readonly fs: TmpFs;

  constructor(fs: TmpFs) {
    this.fs = fs;
  }

  create(caller: Caller, name: string, flags: number): OpenFile {
    if ((flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC | MFD_NOEXEC_SEAL)) !== 0) throw errno.EINVAL;
    if ((flags & MFD_EXEC) !== 0 && (flags & MFD_NOEXEC_SEAL) !== 0) throw errno.EINVAL;
    if (name.length > MAX_NAME) throw errno.EINVAL;
    const noExec = (flags & MFD_NOEXEC_SEAL) !== 0;
    const { fsuid, fsgid } = caller.credentials;
    const inode = this.fs.inode(S_IFREG | (noExec ? 0o666 : 0o777), fsuid, fsgid, 0);
    inode.nlink = 0;
    inode.seals = noExec ? F_SEAL_EXEC : (flags & MFD_ALLOW_SEALING) !== 0 ? 0 : F_SEAL_SEAL;
    const dentry = new Dentry(this.fs.root, `memfd:${name}`, inode);
    dentry.unlinked = true;
    return new TmpFile(dentry, O_RDWR | O_LARGEFILE);
  }
}

function sealed(file: OpenFile): TmpInode {
  if (!(file instanceof TmpFile)) throw errno.EINVAL;
  return file.file;
}

/** fcntl(2) F_GET_SEALS. EINVAL for a file that has none. Files of tmpfs(5) have F_SEAL_SEAL. */
export function getSeals(file: OpenFile): number {
  const inode = sealed(file);
  return inode.nlink > 0 ? F_SEAL_SEAL : inode.seals;
}

/** fcntl(2) F_ADD_SEALS. F_SEAL_WRITE while a shared writable mapping exists (EBUSY) is the caller's to refuse. */
export function addSeals(file: OpenFile, seals: number): void {
  const inode = sealed(file);
  if (!file.writable || (getSeals(file) & F_SEAL_SEAL) !== 0) throw errno.EPERM;
  if ((seals & ~EVERY_SEAL) !== 0) throw errno.EINVAL;
  inode.seals |= seals;
}
