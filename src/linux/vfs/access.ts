/** Who may do what with a file: path_resolution(7), inode(7), capabilities(7). uid 0 has CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_CHOWN. */

import { errno } from "../abi/errno.ts";
import { R_OK, W_OK, X_OK } from "../abi/fcntl.ts";
import { S_IFDIR, S_IFMT, S_IFREG, S_ISVTX } from "../abi/stat.ts";
import type { Dentry, Inode } from "./inode.ts";
import type { Credentials } from "./types.ts";

function inGroup(credentials: Credentials, gid: number): boolean {
  return credentials.fsgid === gid || credentials.groups.includes(gid);
}

/** True where all of `mask` (R_OK, W_OK, X_OK) is granted. */
export function may(inode: Inode, credentials: Credentials, mask: number): boolean {
  if (credentials.fsuid === 0) {
    return (mask & X_OK) === 0 || (inode.mode & S_IFMT) === S_IFDIR || (inode.mode & 0o111) !== 0;
  }
  const shift = inode.uid === credentials.fsuid ? 6 : inGroup(credentials, inode.gid) ? 3 : 0;
  return ((inode.mode >> shift) & mask) === mask;
}

/** EACCES where not all of `mask` is granted; EROFS for writing to a file, directory or link of a read-only mount. */
export function demand(inode: Inode, credentials: Credentials, mask: number): void {
  if ((mask & W_OK) !== 0 && inode.fs.readOnly) {
    const type = inode.mode & S_IFMT;
    if (type === S_IFREG || type === S_IFDIR) throw errno.EROFS;
  }
  if (!may(inode, credentials, mask & (R_OK | W_OK | X_OK))) throw errno.EACCES;
}

/** A name is made in `dir`. */
export function demandCreate(dir: Dentry, credentials: Credentials): void {
  if (dir.unlinked) throw errno.ENOENT;
  demand(dir.inode, credentials, W_OK | X_OK);
}

/** A name is removed from `dir`: the sticky bit protects files of others. */
export function demandDelete(dir: Dentry, victim: Dentry, credentials: Credentials): void {
  demand(dir.inode, credentials, W_OK | X_OK);
  const sticky = (dir.inode.mode & S_ISVTX) !== 0;
  if (sticky && credentials.fsuid !== 0 && credentials.fsuid !== victim.inode.uid && credentials.fsuid !== dir.inode.uid) {
    throw errno.EPERM;
  }
  if (victim.mounted !== null || victim.isRoot) throw errno.EBUSY;
}

export function owns(inode: Inode, credentials: Credentials): boolean {
  return credentials.fsuid === 0 || credentials.fsuid === inode.uid;
}

/** chown(2): root may all; an owner may give the file to a group of his. */
export function mayChown(inode: Inode, credentials: Credentials, uid: number | undefined, gid: number | undefined): boolean {
  if (credentials.fsuid === 0) return true;
  if (credentials.fsuid !== inode.uid) return false;
  return (uid === undefined || uid === inode.uid) && (gid === undefined || gid === inode.gid || inGroup(credentials, gid));
}

/** chmod(2) takes the set-group-ID bit away from who is not in the file's group. */
export function keepsGroupId(inode: Inode, credentials: Credentials): boolean {
  return credentials.fsuid === 0 || inGroup(credentials, inode.gid);
}
