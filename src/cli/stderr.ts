// tsvm's own words on standard error, between those of the guest.
import { isRawTerminal } from "../node/index.ts";
import { byteString } from "./bytes.ts";
import { writeAll } from "./output.ts";

const STDERR = 2;

/** Writes all of `text` (one character for each byte); a reader that has gone is no error, one that is slow is waited for. */
export function writeError(text: string): void {
  try {
    writeAll(STDERR, Buffer.from(isRawTerminal(STDERR) ? text.replaceAll("\n", "\r\n") : text, "latin1"));
  } catch {
    // A closed descriptor or a full disk: there is nowhere to say so.
  }
}

/** One line of tsvm's own. */
export function say(line: string): void {
  writeError(byteString(`tsvm: ${line}\n`));
}
