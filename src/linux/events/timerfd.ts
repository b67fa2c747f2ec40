/** timerfd_create(2): expirations as bytes to read. Times are machine nanoseconds. */
import { errno } from "../abi/errno.ts";
import { POLLIN, POLLRDNORM } from "../abi/fcntl.ts";
import type { Clock } from "../clock.ts";
import type { Dentry } from "../vfs/inode.ts";
import { OpenFile } from "../vfs/open-file.ts";
import { BLOCK } from "../vfs/types.ts";

export class TimerFile extends OpenFile {
  readonly clock: Clock;
  /** CLOCK_* number. */
  readonly clockId: number;
  /** Next expiration not yet read; Infinity when disarmed. */
  deadline: number = Infinity;
  /** 0 for a single expiration. */
  interval = 0;

  constructor(dentry: Dentry, flags: number, clock: Clock, clockId: number) {
    super(dentry, flags);
    this.clock = clock;
    this.clockId = clockId;
  }

  override get pollable(): boolean {
    return true;
  }

  /** There is no position: lseek(2) succeeds and does nothing. */
  override seek(): number {
    return 0;
  }

  /** Expirations since the last read or setting. */
  get expirations(): number {
    const late = this.clock.now - this.deadline;
    if (!(late >= 0)) return 0;
    return this.interval === 0 ? 1 : Math.floor(late / this.interval) + 1;
  }

  override get activity(): number {
    return this.expirations;
  }

  override read(into: Uint8Array): number {
    if (into.length < 8) throw errno.EINVAL;
    const count = this.expirations;
    if (count === 0) return BLOCK;
    this.deadline = this.interval === 0 ? Infinity : this.deadline + count * this.interval;
    new DataView(into.buffer, into.byteOffset).setBigUint64(0, BigInt(count), true);
    return 8;
  }

  override ready(): number {
    return this.expirations > 0 ? POLLIN | POLLRDNORM : 0;
  }

  /** Nanoseconds to the next expiration, 0 when disarmed. */
  left(): number {
    if (this.deadline === Infinity) return 0;
    const next = this.interval === 0 ? this.deadline : this.deadline + this.expirations * this.interval;
    return Math.max(0, next - this.clock.now);
  }

  /** timerfd_settime(2). */
  set(deadline: number, interval: number): void {
    this.deadline = deadline;
    this.interval = interval;
  }
}
