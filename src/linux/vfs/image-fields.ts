/** Fields that layouts of files have in common. */

import type { Layout, ValueType } from "../../base/index.ts";
import { byteText, flag, int, lazyRef, maybe, u32, whole } from "../../base/index.ts";
import type { HostStream } from "../inputs.ts";
import type { Kernel } from "../kernel.ts";
import { Dentry, FileSystem, Inode } from "./inode.ts";
import { FileLocks } from "./locks.ts";

/** What files need to be put together again: the new kernel, its fresh tree, and the host's streams. */
export interface FileEnvironment {
  readonly kernel: Kernel;
  readonly streams: readonly (HostStream | null)[];
}

export type FileLayout<T extends object> = Layout<T, FileEnvironment>;

export const dentry: ValueType<Dentry> = lazyRef(() => Dentry);
export const inode: ValueType<Inode> = lazyRef<Inode>(() => Inode);
export const fileSystem: ValueType<FileSystem> = lazyRef<FileSystem>(() => FileSystem);

type Fields = Readonly<Record<string, ValueType<unknown>>>;

export const fileSystemFields: Fields = {
  type: byteText,
  dev: u32,
  mountId: u32,
  source: byteText,
  readOnly: flag,
  anonymous: flag,
  over: maybe(dentry, null) as ValueType<unknown>,
  root: dentry,
};

export const inodeFields: Fields = {
  fs: fileSystem,
  ino: int(),
  mode: u32,
  uid: u32,
  gid: u32,
  locks: maybe(
    lazyRef(() => FileLocks),
    null,
  ) as ValueType<unknown>,
  executing: int(),
};

export const fileFields: Fields = { flags: u32, offset: whole, references: int(), owner: whole, signal: whole, dentry: dentry };
