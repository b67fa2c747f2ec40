/** struct linux_dirent64 of getdents64(2) and the DT_* types of readdir(3). <dirent.h> */

import { S_IFMT } from "./stat.ts";

/** Bytes before the name: d_ino, d_off, d_reclen, d_type. */
const NAME_OFFSET = 19;

/** DT_* of a file mode: its type bits. */
export function direntType(mode: number): number {
  return (mode & S_IFMT) >> 12;
}

/** Record length for a name, a multiple of 8. */
export function direntLength(name: string): number {
  return (NAME_OFFSET + name.length + 1 + 7) & ~7;
}

/** Writes one record at `at`; it must fit. `next` is d_off. */
export function encodeDirent(into: Uint8Array, at: number, ino: number, next: number, type: number, name: string): void {
  const length = direntLength(name);
  const view = new DataView(into.buffer, into.byteOffset + at, length);
  view.setUint32(0, ino >>> 0, true);
  view.setUint32(4, Math.floor(ino / 0x1_0000_0000), true);
  view.setUint32(8, next >>> 0, true);
  view.setUint32(12, Math.floor(next / 0x1_0000_0000), true);
  view.setUint16(16, length, true);
  into[at + 18] = type;
  for (let i = 0; i < name.length; i++) into[at + NAME_OFFSET + i] = name.charCodeAt(i);
  into.fill(0, at + NAME_OFFSET + name.length, at + length);
}
