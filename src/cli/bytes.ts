// Arguments and environment as the bytes the guest gets.
import { readFileSync } from "node:fs";
import { decodeLatin1, encodeUtf8 } from "../base/index.ts";

/** Text as a byte string: one character for each byte of its UTF-8. */
export function byteString(text: string): string {
  return decodeLatin1(encodeUtf8(text));
}

/**
 * `args`, the last arguments of this process, as byte strings. Node has made U+FFFD of what is not UTF-8; the host's own record of the command
 * line, where there is one, still has the bytes.
 */
export function argumentBytes(args: readonly string[]): string[] {
  const texts = args.map(byteString);
  if (!args.some((arg) => arg.includes("\ufffd"))) return texts;
  try {
    const line = readFileSync("/proc/self/cmdline", "latin1").split("\0").slice(0, -1);
    return args.length === 0 ? [] : line.slice(-args.length);
  } catch {
    return texts;
  }
}
