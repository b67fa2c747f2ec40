// Writes to what may be full (pipe, terminal) without blocking, so that signals of the host are seen while nobody reads.
import { constants, openSync, writeSync } from "node:fs";
import { hasDescriptorPaths, magic } from "./beneath.ts";
import { codeOf } from "./host-error.ts";

/** How long, in milliseconds, a full pipe is looked at again and again: a reader that keeps up is back within microseconds. */
const PATIENCE_MS = 2;
const GLANCE_MS = 0.05;

/** How long the event loop then waits before the next try: at first, and at most. */
const FIRST_WAIT_MS = 1;
const LAST_WAIT_MS = 16;

const cell: Int32Array = new Int32Array(new SharedArrayBuffer(4));

/** Sleeps with nothing else going on in this thread. */
export function sleep(ms: number): void {
  Atomics.wait(cell, 0, 0, ms);
}

export class StreamWriter {
  private readonly fd: number;
  /** Whether the last try ended with nothing taken, patience included. */
  private stuck = false;
  /** Milliseconds to wait before the next try, after {@link write} has returned 0. */
  wait: number = FIRST_WAIT_MS;

  constructor(fd: number) {
    this.fd = reopen(fd);
  }

  /** Number of bytes taken; 0: none now. Throws Node's system error (EPIPE). */
  write(bytes: Uint8Array): number {
    const patience = this.stuck ? 0 : PATIENCE_MS;
    for (let waited = 0; ; waited += GLANCE_MS) {
      try {
        const count = writeSync(this.fd, bytes, 0, bytes.length, null);
        this.stuck = false;
        this.wait = FIRST_WAIT_MS;
        return count;
      } catch (error) {
        if (codeOf(error) !== "EAGAIN") throw error;
      }
      if (waited >= patience) break;
      sleep(GLANCE_MS);
    }
    if (this.stuck) this.wait = Math.min(this.wait * 2, LAST_WAIT_MS);
    this.stuck = true;
    return 0;
  }
}

/** A non-blocking description of the same pipe or terminal; the descriptor itself where there can be none, and then writing may block. */
function reopen(fd: number): number {
  if (!hasDescriptorPaths) return fd;
  try {
    return openSync(magic(fd), constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return fd;
  }
}
