/** signalfd(2): pending signals of the reader as struct signalfd_siginfo, 128 bytes each. */
import { errno } from "../abi/errno.ts";
import { POLLIN, POLLRDNORM } from "../abi/fcntl.ts";
import { copySet, subtract, type SigSet } from "../abi/sigset.ts";
import { takeSignal } from "../signals/deliver.ts";
import { UNBLOCKABLE } from "../signals/send.ts";
import type { SigInfo } from "../signals/types.ts";
import type { Task } from "../task.ts";
import type { Dentry } from "../vfs/inode.ts";
import { OpenFile } from "../vfs/open-file.ts";
import { BLOCK } from "../vfs/types.ts";

const RECORD = 128;

export class SignalFile extends OpenFile {
  readonly mask: SigSet;
  /** Whose signals are looked at: the task in whose call this happens. */
  private readonly reader: { readonly current: Task };

  constructor(dentry: Dentry, flags: number, mask: Readonly<SigSet>, reader: { readonly current: Task }) {
    super(dentry, flags);
    this.mask = copySet(mask);
    subtract(this.mask, UNBLOCKABLE);
    this.reader = reader;
  }

  override get pollable(): boolean {
    return true;
  }

  /** There is no position: lseek(2) succeeds and does nothing. */
  override seek(): number {
    return 0;
  }

  override read(into: Uint8Array): number {
    if (into.length < RECORD) throw errno.EINVAL;
    let at = 0;
    while (at + RECORD <= into.length) {
      const info = takeSignal(this.reader.current, this.mask);
      if (info === undefined) break;
      encode(info, into.subarray(at, at + RECORD));
      at += RECORD;
    }
    return at === 0 ? BLOCK : at;
  }

  override ready(): number {
    const { pending, process } = this.reader.current;
    const low = (pending.set.low | process.pending.set.low) & this.mask.low;
    const high = (pending.set.high | process.pending.set.high) & this.mask.high;
    return (low | high) === 0 ? 0 : POLLIN | POLLRDNORM;
  }
}

function encode(info: SigInfo, into: Uint8Array): void {
  into.fill(0);
  const view = new DataView(into.buffer, into.byteOffset, RECORD);
  const u32 = (at: number, value: number | undefined): void => view.setUint32(at, (value ?? 0) >>> 0, true);
  const raw = info.raw === undefined ? undefined : new DataView(info.raw.buffer, info.raw.byteOffset);
  u32(0, info.signal);
  u32(8, info.code);
  u32(12, raw?.getUint32(16, true) ?? info.pid);
  u32(16, raw?.getUint32(20, true) ?? info.uid);
  u32(20, info.fd);
  u32(24, info.timer);
  u32(28, info.band);
  u32(32, info.overrun);
  u32(40, info.status);
  const low = raw?.getUint32(24, true) ?? info.valueLow;
  u32(44, low);
  u32(48, low);
  u32(52, raw?.getUint32(28, true) ?? info.valueHigh);
  view.setBigUint64(56, BigInt(info.utime ?? 0), true);
  view.setBigUint64(64, BigInt(info.stime ?? 0), true);
  view.setBigUint64(72, BigInt(info.address ?? 0), true);
}
