// tsvm's own words on standard error, between those of the guest.
import { writeSync } from "node:fs";

const STDERR = 2;
const cell: Int32Array = new Int32Array(new SharedArrayBuffer(4));

/** Writes all of `text` (one character for each byte); a reader that has gone is no error, one that is slow is waited for. */
export function writeError(text: string): void {
  let bytes = Buffer.from(text, "latin1");
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(STDERR, bytes));
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) return;
      Atomics.wait(cell, 0, 0, 1);
    }
  }
}
