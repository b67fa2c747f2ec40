// Bytes to the host's descriptors, all of them and in order.
import { writeSync } from "node:fs";

const cell: Int32Array = new Int32Array(new SharedArrayBuffer(4));

/** Writes all of `bytes`; a reader that is slow is waited for. False: there is no reader any more. */
export function writeAll(fd: number, bytes: Uint8Array): boolean {
  let rest = bytes;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      if (!(error instanceof Error && "code" in error)) throw error;
      if (error.code === "EPIPE") return false;
      if (error.code !== "EAGAIN") throw error;
      Atomics.wait(cell, 0, 0, 1);
    }
  }
  return true;
}

const BUFFER = 64 * 1024;

/** Text (one character for each byte) for a descriptor, in large pieces. */
export class TextWriter {
  readonly #fd: number;
  #parts: string[] = [];
  #length = 0;
  /** The reader has gone: nothing is written any more. */
  closed = false;

  constructor(fd: number) {
    this.#fd = fd;
  }

  write(text: string): void {
    this.#parts.push(text);
    this.#length += text.length;
    if (this.#length >= BUFFER) this.flush();
  }

  flush(): void {
    const text = this.#parts.join("");
    this.#parts = [];
    this.#length = 0;
    if (!this.closed && text !== "") this.closed = !writeAll(this.#fd, Buffer.from(text, "latin1"));
  }
}
