/**
 * Reads tar archives: POSIX.1-1988 (ustar), the extended headers of POSIX.1-2001 (pax), and long names and large numbers as GNU tar writes them.
 * tar(5) and the GNU tar manual describe them.
 */

import { decodeLatin1 } from "../../base/index.ts";
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG, type Time } from "../abi/stat.ts";

/** An archive that cannot be read. The message is one line for the user. */
export class TarError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "TarError";
  }
}

/** A member. Names are byte strings as they stand in the archive. */
export interface TarEntry {
  readonly path: string;
  /** Type and permission bits; 0 for a hard link. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: Time;
  readonly major: number;
  readonly minor: number;
  /** Target of a symbolic link; path of the member that a hard link stands for. */
  readonly target: string;
  readonly content: Uint8Array;
}

const BLOCK = 512;
const CHECKSUM_AT = 148;
const CHECKSUM_END = 156;
const SPACE = 32;
const NO_CONTENT: Uint8Array = new Uint8Array(0);
const TYPES: Readonly<Record<string, number>> = {
  "0": S_IFREG,
  "\0": S_IFREG,
  "7": S_IFREG,
  "1": 0,
  "2": S_IFLNK,
  "3": S_IFCHR,
  "4": S_IFBLK,
  "5": S_IFDIR,
  "6": S_IFIFO,
};

function text(block: Uint8Array, at: number, length: number): string {
  const field = block.subarray(at, at + length);
  const end = field.indexOf(0);
  return decodeLatin1(end < 0 ? field : field.subarray(0, end));
}

/** Octal digits, or a binary number where the first bit is set. */
function number(block: Uint8Array, at: number, length: number): number {
  if ((block[at]! & 0x80) !== 0) {
    let value = block[at]! & 0x7f;
    for (let i = 1; i < length; i++) value = value * 256 + block[at + i]!;
    if (!Number.isSafeInteger(value)) throw new TarError("a number in a header is too large");
    return value;
  }
  const digits = text(block, at, length).trim();
  if (!/^[0-7]*$/.test(digits)) throw new TarError("a header holds no octal number where one must be");
  return digits === "" ? 0 : Number.parseInt(digits, 8);
}

function demandChecksum(block: Uint8Array, offset: number): void {
  let sum = 0;
  for (let i = 0; i < BLOCK; i++) sum += i >= CHECKSUM_AT && i < CHECKSUM_END ? SPACE : block[i]!;
  if (sum !== number(block, CHECKSUM_AT, 8)) throw new TarError(`no tar header at byte ${offset}`);
}

/** Records of a pax header: "LENGTH KEYWORD=VALUE\n". */
function records(bytes: Uint8Array): Map<string, string> {
  const found = new Map<string, string>();
  const all = decodeLatin1(bytes);
  for (let at = 0; at < all.length;) {
    const match = /^(\d+) ([^=]+)=/.exec(all.slice(at, at + 300));
    const length = Number(match?.[1]);
    if (match === null || !(length > match[0].length) || at + length > all.length) throw new TarError("an extended header is damaged");
    found.set(match[2]!, all.slice(at + match[0].length, at + length - 1));
    at += length;
  }
  return found;
}

function timeOf(value: string): Time {
  const seconds = Number(value);
  if (!Number.isFinite(seconds)) throw new TarError("an extended header holds no time where one must be");
  const [, fraction = ""] = value.split(".");
  return { sec: Math.floor(seconds), nsec: seconds < 0 ? 0 : Number(fraction.slice(0, 9).padEnd(9, "0")) };
}

function bounded(value: string | undefined, fallback: number): number {
  const found = value === undefined ? fallback : Number(value);
  if (!Number.isSafeInteger(found) || found < 0) throw new TarError("an extended header holds no number where one must be");
  return found;
}

/** The name in a ustar header, whose first part may be in a field of its own. */
function nameOf(block: Uint8Array): string {
  const name = text(block, 0, 100);
  const prefix = text(block, 257, 6) === "ustar" ? text(block, 345, 155) : "";
  return prefix === "" ? name : `${prefix}/${name}`;
}

/** Members in their order. Contents are parts of `archive`. Throws TarError. */
export function* readTar(archive: Uint8Array): Generator<TarEntry> {
  let general: Map<string, string> = new Map();
  let own: Map<string, string> = new Map();
  for (let at = 0; at + BLOCK <= archive.length;) {
    const block = archive.subarray(at, at + BLOCK);
    if (block.every((byte) => byte === 0)) return;
    demandChecksum(block, at);
    const kind = String.fromCharCode(block[156]!);
    const set = new Map([...general, ...own]);
    const extended = "xgLK".includes(kind);
    const size = extended ? number(block, 124, 12) : bounded(set.get("size"), number(block, 124, 12));
    const start = at + BLOCK;
    if (start + size > archive.length) throw new TarError(`the archive ends within the member at byte ${at}`);
    const content = archive.subarray(start, start + size);
    at = start + Math.ceil(size / BLOCK) * BLOCK;
    if (kind === "x") own = new Map([...own, ...records(content)]);
    else if (kind === "g") general = new Map([...general, ...records(content)]);
    else if (kind === "L" || kind === "K") own.set(kind === "L" ? "path" : "linkpath", text(content, 0, content.length));
    else {
      const type = TYPES[kind];
      const path = set.get("path") ?? nameOf(block);
      if (type === undefined || set.has("GNU.sparse.major")) throw new TarError(`${path}: members of type "${kind}" are not understood`);
      yield {
        path,
        mode: type === 0 ? 0 : type | (number(block, 100, 8) & 0o7777),
        uid: bounded(set.get("uid"), number(block, 108, 8)),
        gid: bounded(set.get("gid"), number(block, 116, 8)),
        mtime: set.has("mtime") ? timeOf(set.get("mtime")!) : { sec: number(block, 136, 12), nsec: 0 },
        major: number(block, 329, 8),
        minor: number(block, 337, 8),
        target: set.get("linkpath") ?? text(block, 157, 100),
        content: type === S_IFREG ? content : NO_CONTENT,
      };
      own = new Map();
    }
  }
}
