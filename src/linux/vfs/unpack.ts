/** Puts the members of a tar archive into a file tree in memory. */

import { makeDev, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG, type Time } from "../abi/stat.ts";
import type { Dentry } from "./inode.ts";
import { TarError, type TarEntry } from "./tar.ts";
import type { TmpInode } from "./tmpfs.ts";
import type { Caller } from "./types.ts";

/** Mode of a directory that the archive does not mention. */
const IMPLIED_MODE = 0o755;

function namesOf(path: string): string[] {
  const names = path.split("/").filter((name) => name !== "" && name !== ".");
  if (names.includes("..")) throw new TarError(`${path}: ".." is not allowed in a name`);
  if (names.some((name) => name.length > 255)) throw new TarError(`${path}: a name is too long`);
  return names;
}

/** The directory that `names` lead to, without following links; missing ones are made. */
function directoryAt(root: Dentry, names: readonly string[], by: Caller, path: string): Dentry {
  let at = root;
  for (const name of names) {
    const found = at.inode.lookup(at, name, by);
    if (found !== undefined && !found.inode.isDirectory) throw new TarError(`${path}: ${found.name} is no directory`);
    at = found ?? at.inode.create(at, name, S_IFDIR | IMPLIED_MODE, 0, by);
  }
  return at;
}

function make(parent: Dentry, name: string, entry: TarEntry, root: Dentry, by: Caller): Dentry {
  const old = parent.inode.lookup(parent, name, by);
  if (old !== undefined) {
    if (old.inode.isDirectory && (entry.mode & S_IFMT) === S_IFDIR) return old;
    if (old.inode.isDirectory) throw new TarError(`${entry.path}: a directory is there already`);
    parent.inode.unlink(parent, old);
  }
  if (entry.mode === 0) {
    const names = namesOf(entry.target);
    const from = directoryAt(root, names.slice(0, -1), by, entry.target);
    const target = names.length === 0 ? undefined : from.inode.lookup(from, names.at(-1)!, by);
    if (target === undefined || target.inode.isDirectory) throw new TarError(`${entry.path}: a link to ${entry.target}, which is no file`);
    parent.inode.link(parent, name, target);
    return target;
  }
  if ((entry.mode & S_IFMT) === S_IFLNK) return parent.inode.symlink(parent, name, entry.target, by);
  const made = parent.inode.create(parent, name, entry.mode, makeDev(entry.major, entry.minor), by);
  if ((entry.mode & S_IFMT) === S_IFREG) (made.inode as TmpInode).store?.write(0, entry.content);
  return made;
}

/** Unpacks everything below `root`, a tmpfs. Throws TarError. */
export function unpack(root: Dentry, entries: Iterable<TarEntry>, by: Caller): void {
  const times: [Dentry, Time][] = [];
  for (const entry of entries) {
    const names = namesOf(entry.path);
    const last = names.pop();
    if (last === undefined && (entry.mode & S_IFMT) !== S_IFDIR) throw new TarError("the root must be a directory");
    const made = last === undefined ? root : make(directoryAt(root, names, by, entry.path), last, entry, root, by);
    if (entry.mode === 0) continue;
    const mode = (entry.mode & S_IFMT) === S_IFLNK ? {} : { mode: entry.mode & 0o7777 };
    made.inode.setAttributes({ ...mode, uid: entry.uid, gid: entry.gid });
    times.push([made, entry.mtime]);
  }
  // Directories change while they are filled.
  for (const [{ inode }, mtime] of times) inode.setAttributes({ atime: mtime, mtime });
}
