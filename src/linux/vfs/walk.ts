/** Path walk, path_resolution(7): component by component, links interpreted in the guest's own name space. */

import { errno } from "../abi/errno.ts";
import { MAXSYMLINKS, NAME_MAX, PATH_MAX, X_OK } from "../abi/fcntl.ts";
import { demand } from "./access.ts";
import type { Dentry } from "./inode.ts";
import type { Caller, FsState } from "./types.ts";

/** Where a path led. */
export interface Walked {
  /** The directory of the last component; the result itself where the path ends in ".", ".." or is "/". */
  readonly parent: Dentry;
  /** The last component as written after links; "" for "/". */
  readonly name: string;
  /** Undefined where only the last component is missing. */
  readonly dentry: Dentry | undefined;
  /** The path ended in "/". */
  readonly trailingSlash: boolean;
  /** The last component is an ordinary name, not ".", "..", or "/". */
  readonly normal: boolean;
}

export interface WalkOptions {
  /** Follow a symbolic link in the last component. */
  readonly follow: boolean;
  /** The last component is to be made, removed or renamed: a slash after it does not make a link be followed. */
  readonly forChange?: boolean;
  /** open(2) with O_CREAT: EISDIR for "name/", whatever is there. */
  readonly forOpenCreate?: boolean;
}

/** What is visible at a dentry: the root of the file system mounted there. */
export function across(dentry: Dentry): Dentry {
  let at = dentry;
  while (at.mounted !== null) at = at.mounted.root;
  return at;
}

/** ".." of a directory, stopping at `root`. */
export function parentOf(dentry: Dentry, root: Dentry): Dentry {
  let at = dentry;
  while (at !== root && at.isRoot && at.inode.fs.over !== null) at = at.inode.fs.over;
  return at === root || at.isRoot ? at : across(at.parent);
}

const SLASH = 0x2f;

/**
 * Walks `path` from `base` (or from the root, if absolute). ENOENT for an empty path or a missing directory, ENOTDIR,
 * EACCES, ELOOP, ENAMETOOLONG.
 */
export function walk(caller: Caller, base: Dentry, path: string, options: WalkOptions): Walked {
  if (path.length === 0) throw errno.ENOENT;
  if (path.length >= PATH_MAX) throw errno.ENAMETOOLONG;
  const root = caller.fs.root;
  let rest = path;
  let at = path.charCodeAt(0) === SLASH ? root : base;
  let position = 0;
  let links = 0;
  let last: Walked | undefined;
  for (;;) {
    while (rest.charCodeAt(position) === SLASH) position++;
    if (position >= rest.length) return last ?? { parent: at, name: "", dentry: at, trailingSlash: true, normal: false };
    let end = rest.indexOf("/", position);
    if (end < 0) end = rest.length;
    const name = position === 0 && end === rest.length ? rest : rest.slice(position, end);
    let next = end;
    while (rest.charCodeAt(next) === SLASH) next++;
    const isLast = next >= rest.length;
    const trailingSlash = isLast && end < rest.length;
    position = next;

    const directory = at.inode;
    if (!directory.isDirectory) throw errno.ENOTDIR;
    demand(directory, caller.credentials, X_OK);
    if (name === "." || name === "..") {
      if (name === "..") at = parentOf(at, root);
      last = { parent: at, name, dentry: at, trailingSlash, normal: false };
      continue;
    }
    if (trailingSlash && options.forOpenCreate === true) throw errno.EISDIR;
    if (name.length > NAME_MAX) throw errno.ENAMETOOLONG;
    const found = directory.lookup(at, name, caller);
    if (found === undefined) {
      if (!isLast) throw errno.ENOENT;
      return { parent: at, name, dentry: undefined, trailingSlash, normal: true };
    }
    const child = across(found);
    const followed = child.inode.isSymlink && (!isLast || options.follow || (trailingSlash && options.forChange !== true));
    if (!followed) {
      if (isLast) {
        if (trailingSlash && options.forChange !== true && !child.inode.isDirectory) throw errno.ENOTDIR;
        return { parent: at, name, dentry: child, trailingSlash, normal: true };
      }
      at = child;
      continue;
    }

    if (++links > MAXSYMLINKS) throw errno.ELOOP;
    const jumped = child.inode.jump(caller);
    if (jumped !== null) {
      if (isLast) {
        if (trailingSlash && !jumped.inode.isDirectory) throw errno.ENOTDIR;
        return { parent: parentOf(jumped, root), name, dentry: jumped, trailingSlash, normal: true };
      }
      at = jumped;
      continue;
    }
    const target = child.inode.readlink(caller);
    if (target.length === 0) throw errno.ENOENT;
    rest = isLast ? (trailingSlash ? target + "/" : target) : target + "/" + rest.slice(position);
    position = 0;
    if (target.charCodeAt(0) === SLASH) at = root;
    last = undefined;
  }
}

/** Files without a directory (pipes, sockets, host streams) are told by their name alone. */
export function isAnonymous(dentry: Dentry): boolean {
  return dentry.inode.fs.anonymous;
}

/** Path from the top of the whole tree, whatever a task's root is. */
export function pathFromTop(dentry: Dentry): string {
  let top = dentry;
  while (!top.isRoot || top.inode.fs.over !== null) top = top.isRoot ? (top.inode.fs.over as Dentry) : top.parent;
  return pathOf(dentry, { root: top });
}

/**
 * Path of a dentry as getcwd(2) and /proc tell it, seen from `fs.root`: " (deleted)" after a removed name,
 * "(unreachable)" before one outside the root.
 */
export function pathOf(dentry: Dentry, fs: Pick<FsState, "root">): string {
  if (isAnonymous(dentry)) return dentry.name;
  let text = "";
  let at = dentry;
  let reachable = true;
  while (at !== fs.root) {
    if (at.isRoot) {
      const over = at.inode.fs.over;
      if (over === null) {
        reachable = at.inode.fs.mountId === 0;
        break;
      }
      at = over;
    } else {
      text = "/" + at.name + text;
      at = at.parent;
    }
  }
  const path = (text.length === 0 ? "/" : text) + (dentry.unlinked ? " (deleted)" : "");
  return reachable ? path : "(unreachable)" + path;
}
