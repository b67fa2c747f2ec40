// Reads what may be unready: at once without blocking, or later when the event loop says so, never more bytes than were asked for.
import { closeSync, constants, openSync, readSync } from "node:fs";
import { Socket } from "node:net";
import type { OnReadOpts, SocketConstructorOpts } from "node:net";
import { ReadStream } from "node:tty";
import { hasDescriptorPaths, magic } from "./beneath.ts";
import { codeOf } from "./host-error.ts";

/** Bytes (none: the end), or what was thrown. */
type Result = Uint8Array | Error;

export class StreamReader {
  private readonly fd: number;
  private readonly terminal: boolean;
  /** Our own non-blocking description of the same pipe or terminal; the descriptor itself where it cannot be opened again (sockets). */
  private own: number;
  /** Waits on `own` in the event loop, and owns it from then on. */
  private socket: Socket | undefined;
  private buffer: Buffer = Buffer.alloc(0);
  private waiting: ((result: Result) => void) | undefined;

  constructor(fd: number, terminal: boolean) {
    this.fd = fd;
    this.terminal = terminal;
    this.own = this.reopen();
  }

  /** Number of bytes read into `into`, 0 at the end, -1 where nothing is there yet. */
  now(into: Buffer): number {
    // A blocking descriptor of which nothing is known cannot be tried.
    if (this.own === this.fd && !this.socket) return -1;
    try {
      return readSync(this.own, into, 0, into.length, null);
    } catch (error) {
      const code = codeOf(error);
      if (code === "EAGAIN") return -1;
      if (code === "EOF") return 0;
      throw error;
    }
  }

  /** Calls `done` once with at most `max` bytes when there are any. */
  later(max: number, done: (result: Result) => void): void {
    this.buffer = Buffer.allocUnsafe(max);
    this.waiting = done;
    this.socket ??= this.listen();
    this.socket.resume();
  }

  close(): void {
    this.waiting = undefined;
    if (this.socket) this.socket.destroy();
    else if (this.own !== this.fd) closeSync(this.own);
    this.socket = undefined;
    this.own = this.fd;
  }

  private reopen(): number {
    if (!hasDescriptorPaths) return this.fd;
    try {
      return openSync(magic(this.fd), constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    } catch {
      return this.fd;
    }
  }

  private settle(result: Result): void {
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.(result);
  }

  private listen(): Socket {
    const options: SocketConstructorOpts & { onread: OnReadOpts } = {
      fd: this.own,
      readable: true,
      writable: false,
      allowHalfOpen: true,
      onread: {
        buffer: () => this.buffer,
        callback: (count, bytes) => {
          // Returning false stops reading until the next resume.
          this.settle(Uint8Array.prototype.slice.call(bytes, 0, count));
          return false;
        },
      },
    };
    const socket = this.terminal ? new ReadStream(this.own, options) : new Socket(options);
    // After its end a terminal may be read again: the next wait opens it anew.
    const finish = (result: Result): void => {
      const { waiting } = this;
      this.close();
      this.own = this.reopen();
      waiting?.(result);
    };
    socket.once("end", () => finish(new Uint8Array(0)));
    socket.once("error", finish);
    return socket;
  }
}
