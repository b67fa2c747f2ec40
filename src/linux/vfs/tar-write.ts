/** Writes tar archives that every tar reads: POSIX.1-1988 (ustar), with extended headers of POSIX.1-2001 (pax) where a name or a number does not fit. */

import { encodeLatin1 } from "../../base/index.ts";
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG } from "../abi/stat.ts";
import type { TarEntry } from "./tar.ts";

const BLOCK = 512;
const NAME = { at: 0, length: 100 } as const;
const TARGET = { at: 157, length: 100 } as const;
const CHECKSUM_AT = 148;
/** The largest size of eleven octal digits. */
const MAX_SIZE = 8 ** 11 - 1;
const MAX_ID = 8 ** 7 - 1;
const TYPES: ReadonlyMap<number, string> = new Map([
  [S_IFREG, "0"],
  [S_IFLNK, "2"],
  [S_IFCHR, "3"],
  [S_IFBLK, "4"],
  [S_IFDIR, "5"],
  [S_IFIFO, "6"],
]);

function put(block: Uint8Array, at: number, text: string): void {
  block.set(encodeLatin1(text), at);
}

/** A number in octal digits with a NUL behind it. */
function octal(block: Uint8Array, at: number, length: number, value: number): void {
  put(block, at, value.toString(8).padStart(length - 1, "0"));
}

interface Header {
  readonly path: string;
  readonly type: string;
  readonly size: number;
  readonly target: string;
  readonly entry: TarEntry | undefined;
}

function header({ path, type, size, target, entry }: Header): Uint8Array {
  const block = new Uint8Array(BLOCK);
  put(block, NAME.at, path.slice(0, NAME.length));
  octal(block, 100, 8, (entry?.mode ?? 0o644) & 0o7777);
  octal(block, 108, 8, Math.min(entry?.uid ?? 0, MAX_ID));
  octal(block, 116, 8, Math.min(entry?.gid ?? 0, MAX_ID));
  octal(block, 124, 12, Math.min(size, MAX_SIZE));
  octal(block, 136, 12, Math.max(0, Math.min(entry?.mtime.sec ?? 0, MAX_SIZE)));
  put(block, 156, type);
  put(block, TARGET.at, target.slice(0, TARGET.length));
  put(block, 257, "ustar\0" + "00");
  octal(block, 329, 8, entry?.major ?? 0);
  octal(block, 337, 8, entry?.minor ?? 0);
  block.fill(32, CHECKSUM_AT, CHECKSUM_AT + 8);
  octal(
    block,
    CHECKSUM_AT,
    7,
    block.reduce((sum, byte) => sum + byte, 0),
  );
  return block;
}

/** "LENGTH KEYWORD=VALUE\n", whose length counts itself. */
function record(keyword: string, value: string): string {
  const rest = ` ${keyword}=${value}\n`;
  let length = rest.length;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return length + rest;
}

/** The archive of `entries`, of which none is a hard link; sockets are left out, as by every tar. */
export function writeTar(entries: Iterable<TarEntry>): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  const add = (bytes: Uint8Array): void => {
    parts.push(bytes);
    const over = bytes.length % BLOCK;
    if (over !== 0) parts.push(new Uint8Array(BLOCK - over));
  };
  for (const entry of entries) {
    const { path, target, content } = entry;
    const type = TYPES.get(entry.mode & S_IFMT);
    if (type === undefined) continue;
    const size = content.length;
    const extended =
      (path.length > NAME.length ? record("path", path) : "") +
      (target.length > TARGET.length ? record("linkpath", target) : "") +
      (size > MAX_SIZE ? record("size", String(size)) : "") +
      (entry.uid > MAX_ID ? record("uid", String(entry.uid)) : "") +
      (entry.gid > MAX_ID ? record("gid", String(entry.gid)) : "");
    if (extended !== "") {
      const bytes = encodeLatin1(extended);
      parts.push(header({ path: "pax", type: "x", size: bytes.length, target: "", entry: undefined }));
      add(bytes);
    }
    parts.push(header({ path, type, size, target, entry }));
    if (size > 0) add(content);
  }
  parts.push(new Uint8Array(2 * BLOCK));
  const archive = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    archive.set(part, at);
    at += part.length;
  }
  return archive;
}
