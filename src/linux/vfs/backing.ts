/** What mmap(2) maps of a file whose content is a page store. */

import { StoreBacking } from "../../memory/index.ts";
import type { FileBacking, FileIdentity, Page, PageStore } from "../../memory/index.ts";
import { devMajor, devMinor } from "../abi/stat.ts";
import type { Dentry } from "./inode.ts";
import { pathFromTop } from "./walk.ts";

export function identityOf(dentry: Dentry, dev: number): FileIdentity {
  return { major: devMajor(dev), minor: devMinor(dev), inode: dentry.inode.ino };
}

/** One for each inode, so that adjacent mappings of a file merge. Its name follows the file's. */
export class InodeBacking implements FileBacking {
  private readonly store: StoreBacking;
  readonly dentry: Dentry;
  readonly identity: FileIdentity;

  constructor(store: PageStore, dentry: Dentry, dev: number) {
    this.identity = identityOf(dentry, dev);
    this.store = new StoreBacking(store, "", this.identity);
    this.dentry = dentry;
  }

  get name(): string {
    return pathFromTop(this.dentry);
  }

  get content(): PageStore {
    return this.store.store;
  }

  sharedPage(index: number): Page | undefined {
    return this.store.sharedPage(index);
  }

  fillPage(index: number, into: Uint8Array): boolean {
    return this.store.fillPage(index, into);
  }

  punch(offset: number, length: number): void {
    this.store.punch(offset, length);
  }
}
