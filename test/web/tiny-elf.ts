/** ELF executables of one segment, for programs of a few bytes. */

const BASE = 0x40_0000;
const HEADERS = 64 + 56;

/** A file whose only segment, readable, writable and executable, is the whole file; it starts at `code`. */
export function tinyElf(code: readonly number[]): Buffer {
  const file = Buffer.alloc(HEADERS + code.length);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  file.writeUInt16LE(2, 16);
  file.writeUInt16LE(62, 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(BigInt(BASE + HEADERS), 24);
  file.writeBigUInt64LE(64n, 32);
  file.writeUInt16LE(64, 52);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(1, 56);
  file.writeUInt32LE(1, 64);
  file.writeUInt32LE(7, 68);
  file.writeBigUInt64LE(BigInt(BASE), 80);
  file.writeBigUInt64LE(BigInt(BASE), 88);
  file.writeBigUInt64LE(BigInt(file.length), 96);
  file.writeBigUInt64LE(BigInt(file.length), 104);
  file.writeBigUInt64LE(0x1000n, 112);
  file.set(code, HEADERS);
  return file;
}

/** jmp to itself. */
export const loop: Buffer = tinyElf([0xeb, 0xfe]);

/** Writes "hello, flood\n" for ever: mov eax, 1; mov edi, 1; lea rsi, [rip + 7]; mov edx, 13; syscall; jmp to the first. */
export const flood: Buffer = tinyElf(
  [0xb8, 1, 0, 0, 0, 0xbf, 1, 0, 0, 0, 0x48, 0x8d, 0x35, 9, 0, 0, 0, 0xba, 13, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xe6].concat(
    Array.from(Buffer.from("hello, flood\n")),
  ),
);
