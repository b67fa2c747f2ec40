/** Character devices by number: null(4), full(4), random(4), tty(4). Nodes are made in /dev; what they do is here. */

import type { FileBacking, Page } from "../../memory/index.ts";
import { PageStore } from "../../memory/index.ts";
import { errno } from "../abi/errno.ts";
import { POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM } from "../abi/fcntl.ts";
import { devMajor, devMinor, S_IFCHR, S_IFMT } from "../abi/stat.ts";
import { identityOf } from "./backing.ts";
import type { Dentry } from "./inode.ts";
import { OpenFile } from "./open-file.ts";
import type { Caller, RandomSource } from "./types.ts";
import { pathFromTop } from "./walk.ts";

/** What devices reach beyond themselves. */
export interface DeviceHost {
  readonly random: RandomSource;
  /** Opens the controlling terminal; undefined where there is none. */
  openTerminal(dentry: Dentry, flags: number): OpenFile | undefined;
}

interface DeviceNode {
  readonly name: string;
  readonly major: number;
  readonly minor: number;
  readonly mode: number;
}

/** The nodes of /dev, in the order they are made. */
export const DEVICE_NODES: readonly DeviceNode[] = [
  { name: "console", major: 5, minor: 1, mode: 0o600 },
  { name: "tty", major: 5, minor: 0, mode: 0o666 },
  { name: "ptmx", major: 5, minor: 2, mode: 0o666 },
  { name: "urandom", major: 1, minor: 9, mode: 0o666 },
  { name: "random", major: 1, minor: 8, mode: 0o666 },
  { name: "full", major: 1, minor: 7, mode: 0o666 },
  { name: "zero", major: 1, minor: 5, mode: 0o666 },
  { name: "null", major: 1, minor: 3, mode: 0o666 },
];

/** Opens device `rdev`; ENXIO where there is no such device. */
export function openDevice(host: DeviceHost, dentry: Dentry, flags: number, mode: number, rdev: number, _caller: Caller): OpenFile {
  if ((mode & S_IFMT) !== S_IFCHR) throw errno.ENXIO;
  const major = devMajor(rdev);
  const minor = devMinor(rdev);
  if (major === 1) {
    if (minor === 3) return new NullFile(dentry, flags);
    if (minor === 5) return new ZeroFile(dentry, flags);
    if (minor === 7) return new FullFile(dentry, flags);
    if (minor === 8 || minor === 9) return new RandomFile(dentry, flags, host.random);
  }
  const terminal = major === 5 && minor === 0 ? host.openTerminal(dentry, flags) : undefined;
  if (terminal === undefined) throw errno.ENXIO;
  return terminal;
}

abstract class MemoryDevice extends OpenFile {
  override get pollable(): boolean {
    return true;
  }

  override write(from: Uint8Array): number {
    if (!this.writable) throw errno.EBADF;
    return from.length;
  }

  override pread(into: Uint8Array): number {
    return this.read(into);
  }

  override pwrite(from: Uint8Array): number {
    return this.write(from);
  }

  /** Seeking succeeds and means nothing. */
  override seek(): number {
    return 0;
  }

  protected demandRead(): void {
    if (!this.readable) throw errno.EBADF;
  }
}

export class NullFile extends MemoryDevice {
  override read(): number {
    this.demandRead();
    return 0;
  }
}

export class ZeroFile extends MemoryDevice {
  override read(into: Uint8Array): number {
    this.demandRead();
    into.fill(0);
    return into.length;
  }

  /** Each mapping is fresh memory, shared or not. */
  override backing(): FileBacking {
    return new ZeroBacking(this.dentry);
  }
}

export class ZeroBacking implements FileBacking {
  readonly name: string;
  readonly identity: FileBacking["identity"];
  private readonly store: PageStore = new PageStore();

  constructor(dentry: Dentry) {
    this.name = pathFromTop(dentry);
    this.identity = identityOf(dentry, dentry.inode.fs.dev);
  }

  get content(): PageStore {
    return this.store;
  }

  sharedPage(index: number): Page | undefined {
    return this.store.page(index, true);
  }

  fillPage(_index: number, into: Uint8Array): boolean {
    into.fill(0);
    return true;
  }
}

export class FullFile extends MemoryDevice {
  override read(into: Uint8Array): number {
    this.demandRead();
    into.fill(0);
    return into.length;
  }

  override write(): number {
    if (!this.writable) throw errno.EBADF;
    throw errno.ENOSPC;
  }
}

export class RandomFile extends MemoryDevice {
  private readonly random: RandomSource;

  constructor(dentry: Dentry, flags: number, random: RandomSource) {
    super(dentry, flags);
    this.random = random;
  }

  override read(into: Uint8Array): number {
    this.demandRead();
    this.random.fill(into);
    return into.length;
  }

  override ready(): number {
    return POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM;
  }
}
