/** eventfd(2): a counter of 64 bits. */
import { errno } from "../abi/errno.ts";
import { POLLERR, POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM } from "../abi/fcntl.ts";
import type { Dentry } from "../vfs/inode.ts";
import { OpenFile } from "../vfs/open-file.ts";
import { BLOCK } from "../vfs/types.ts";

const MAX = 0xffff_ffff_ffff_fffen;

export class EventFile extends OpenFile {
  count: bigint;
  /** EFD_SEMAPHORE: each read takes one. */
  readonly semaphore: boolean;
  private changes = 0;

  constructor(dentry: Dentry, flags: number, count: number, semaphore: boolean) {
    super(dentry, flags);
    this.count = BigInt(count);
    this.semaphore = semaphore;
  }

  override get pollable(): boolean {
    return true;
  }

  /** There is no position: lseek(2) succeeds and does nothing. */
  override seek(): number {
    return 0;
  }

  override get activity(): number {
    return this.changes;
  }

  override read(into: Uint8Array): number {
    if (into.length < 8) throw errno.EINVAL;
    if (this.count === 0n) return BLOCK;
    const value = this.semaphore ? 1n : this.count;
    this.count -= value;
    this.changes++;
    new DataView(into.buffer, into.byteOffset).setBigUint64(0, value, true);
    return 8;
  }

  override write(from: Uint8Array): number {
    if (from.length < 8) throw errno.EINVAL;
    const value = new DataView(from.buffer, from.byteOffset).getBigUint64(0, true);
    if (value > MAX) throw errno.EINVAL;
    if (this.count + value > MAX) return BLOCK;
    this.count += value;
    this.changes++;
    return 8;
  }

  override ready(): number {
    let mask = 0;
    if (this.count > 0n) mask |= POLLIN | POLLRDNORM;
    if (this.count > MAX) mask |= POLLERR;
    if (this.count < MAX) mask |= POLLOUT | POLLWRNORM;
    return mask;
  }
}
