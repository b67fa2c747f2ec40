/** The guest's files as somebody outside sees them who is no process: nothing is checked, and looking leaves no trace such as access times. */

import { errno } from "../abi/errno.ts";
import { MAXSYMLINKS, O_RDONLY, X_OK } from "../abi/fcntl.ts";
import { devMajor, devMinor, S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG, S_IFSOCK } from "../abi/stat.ts";
import { FIRST_ENTRY } from "./directory.ts";
import type { Dentry, Inode } from "./inode.ts";
import { readTar, type TarEntry } from "./tar.ts";
import { writeTar } from "./tar-write.ts";
import { TmpInode } from "./tmpfs.ts";
import type { Caller } from "./types.ts";
import { unpack } from "./unpack.ts";
import type { Vfs } from "./vfs.ts";
import { across, parentOf } from "./walk.ts";

/** A file to be put into the guest. Names are byte strings. */
export interface NewFile {
  /** Absolute; missing directories are made. */
  readonly path: string;
  readonly content: Uint8Array;
  /** Permission bits. */
  readonly mode: number;
}

/** A name in a directory of the guest. */
export interface GuestFile {
  readonly name: string;
  /** Type and permission bits, as st_mode. */
  readonly mode: number;
  readonly size: number;
  readonly uid: number;
  readonly gid: number;
  /** Of a symbolic link. */
  readonly target: string | undefined;
}

/** Files larger than this are not given out. */
const MAX_READ = 1 << 30;

function outsider(vfs: Vfs): Caller {
  return vfs.tree.nobody;
}

/** Target of a symbolic link, which does not learn of it. */
function targetOf(inode: Inode, caller: Caller): string {
  return inode instanceof TmpInode ? inode.target : inode.readlink(caller);
}

/** What an absolute path leads to; links are followed. */
function find(vfs: Vfs, path: string): Dentry {
  const caller = outsider(vfs);
  const { root } = vfs.tree;
  const rest = path.split("/").reverse();
  let at = across(root);
  for (let links = 0; ;) {
    const name = rest.pop();
    if (name === undefined) return at;
    if (name === "" || name === ".") continue;
    if (!at.inode.isDirectory) throw errno.ENOTDIR;
    if (name === "..") {
      at = parentOf(at, root);
      continue;
    }
    const found = at.inode.lookup(at, name, caller);
    if (found === undefined) throw errno.ENOENT;
    if (!found.inode.isSymlink) {
      at = across(found);
      continue;
    }
    if (++links > MAXSYMLINKS) throw errno.ELOOP;
    const target = targetOf(found.inode, caller);
    if (target.startsWith("/")) at = across(root);
    rest.push(...target.split("/").reverse());
  }
}

/** What the directory `path` holds, by name. Throws Errno. */
export function listGuestFiles(vfs: Vfs, path: string): GuestFile[] {
  const dir = find(vfs, path);
  if (!dir.inode.isDirectory) throw errno.ENOTDIR;
  const caller = outsider(vfs);
  const own = dir.inode instanceof TmpInode ? dir.inode.entries?.keys() : undefined;
  const names = own === undefined ? dir.inode.list(dir, FIRST_ENTRY).entries.map(({ name }) => name) : [...own];
  const files = names.flatMap((name): GuestFile[] => {
    const dentry = dir.inode.lookup(dir, name, caller);
    if (dentry === undefined) return [];
    const { inode } = across(dentry);
    const { mode, size, uid, gid } = inode.stat();
    return [{ name, mode, size, uid, gid, target: inode.isSymlink ? targetOf(inode, caller) : undefined }];
  });
  return files.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** The content of the regular file `path`. Throws Errno. */
export function readGuestFile(vfs: Vfs, path: string): Uint8Array<ArrayBuffer> {
  const dentry = find(vfs, path);
  const { inode } = dentry;
  if (inode.isDirectory) throw errno.EISDIR;
  if ((inode.mode & S_IFMT) !== S_IFREG) throw errno.EINVAL;
  if (inode instanceof TmpInode && inode.store !== null) {
    const { store } = inode;
    if (store.size > MAX_READ) throw errno.EFBIG;
    const bytes = new Uint8Array(store.size);
    store.read(0, bytes);
    return bytes;
  }
  // Made when read: its size says nothing.
  const file = inode.open(dentry, O_RDONLY, outsider(vfs)).retain();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const part = new Uint8Array(1 << 16);
    const count = file.pread(part, length);
    if (count <= 0) break;
    parts.push(part.subarray(0, count));
    length += count;
  }
  file.unref();
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A tar archive of the directory `path`, with names relative to it; what is mounted below it is left out. Throws Errno. */
export function archiveGuestFiles(vfs: Vfs, path: string): Uint8Array<ArrayBuffer> {
  const dir = find(vfs, path);
  if (!(dir.inode instanceof TmpInode)) throw dir.inode.isDirectory ? errno.EXDEV : errno.ENOTDIR;
  return writeTar(membersOf(dir.inode, "./"));
}

function* membersOf(inode: TmpInode, path: string): Generator<TarEntry> {
  const { mode, uid, gid, mtime } = inode;
  const content = new Uint8Array(inode.store?.size ?? 0);
  inode.store?.read(0, content);
  const target = inode.isSymlink ? inode.target : "";
  yield { path, mode, uid, gid, mtime, major: devMajor(inode.rdev), minor: devMinor(inode.rdev), target, content };
  const names = [...(inode.entries?.keys() ?? [])].sort();
  for (const name of names) {
    const child = inode.entries?.get(name);
    if (child === undefined || child.mounted !== null || !(child.inode instanceof TmpInode)) continue;
    yield* membersOf(child.inode, `${path}${name}${child.inode.isDirectory ? "/" : ""}`);
  }
}

/** Puts files into the guest's root file system, in place of what has their names. They belong to `owner`. Throws TarError for a name that cannot be. */
export function addGuestFiles(vfs: Vfs, files: readonly NewFile[], owner: { readonly uid: number; readonly gid: number }): void {
  const now = vfs.tree.root.inode.stat().mtime;
  const common = { ...owner, mtime: now, major: 0, minor: 0, target: "" };
  unpack(
    vfs.tree.root,
    files.map(({ path, content, mode }): TarEntry => ({ ...common, path, content, mode: S_IFREG | mode })),
    outsider(vfs),
  );
}

/** Unpacks a tar archive over the guest's root file system. Throws TarError. */
export function addGuestArchive(vfs: Vfs, archive: Uint8Array): void {
  unpack(vfs.tree.root, readTar(archive), outsider(vfs));
}

const TYPE_LETTERS: readonly (readonly [type: number, letter: string])[] = [
  [S_IFREG, "-"],
  [S_IFDIR, "d"],
  [S_IFLNK, "l"],
  [S_IFCHR, "c"],
  [S_IFBLK, "b"],
  [S_IFIFO, "p"],
  [S_IFSOCK, "s"],
];

/** st_mode as ls(1) -l prints it: "drwxr-xr-t". */
export function modeText(mode: number): string {
  const type = TYPE_LETTERS.find(([bits]) => bits === (mode & S_IFMT))?.[1] ?? "?";
  const triple = (shift: number, special: number, letter: string): string => {
    const bits = mode >> shift;
    const executes = (bits & X_OK) !== 0;
    const last = (mode & special) !== 0 ? (executes ? letter : letter.toUpperCase()) : executes ? "x" : "-";
    return ((bits & 4) !== 0 ? "r" : "-") + ((bits & 2) !== 0 ? "w" : "-") + last;
  };
  return type + triple(6, 0o4000, "s") + triple(3, 0o2000, "s") + triple(0, 0o1000, "t");
}
