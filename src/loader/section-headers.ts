/** The section headers of an ELF file. Format: System V gABI, "Sections". Never throws: a file with damaged ones has none. */
import { decodeLatin1 } from "../base/index.ts";

const EHDR_SIZE = 64;
const SHDR_SIZE = 64;

/** Little-endian numbers in a file; a RangeError outside of it. */
export class Reader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  u8(offset: number): number {
    return this.#view.getUint8(offset);
  }
  u16(offset: number): number {
    return this.#view.getUint16(offset, true);
  }
  u32(offset: number): number {
    return this.#view.getUint32(offset, true);
  }
  /** Inexact from 2^53 on, where no address or offset that is used lies. */
  u64(offset: number): number {
    return this.u32(offset) + this.u32(offset + 4) * 2 ** 32;
  }
  has(offset: number, size: number): boolean {
    return offset + size <= this.bytes.length;
  }
  /** The bytes from `start` to a NUL, or to `limit`. */
  string(start: number, limit: number): string {
    let end = start;
    while (end < limit && this.bytes[end] !== 0) end++;
    return start < limit ? decodeLatin1(this.bytes.subarray(start, end)) : "";
  }
}

/** One section; `offset` and `size` are what the header says, wherever that lies. */
export interface SectionHeader {
  /** Offset of its name in the table of section names. */
  readonly name: number;
  readonly type: number;
  readonly flags: number;
  /** The file's own address, before the load bias. */
  readonly address: number;
  readonly offset: number;
  readonly size: number;
  /** Another section's index. */
  readonly link: number;
}

/** In the file's order; `names`: index of the section that holds their names. */
export interface SectionHeaders {
  readonly sections: readonly SectionHeader[];
  readonly names: number;
}

export function sectionHeaders(file: Reader): SectionHeaders {
  const none = { sections: [], names: 0 };
  if (!file.has(0, EHDR_SIZE) || file.u32(0) !== 0x464c457f || file.u8(4) !== 2 || file.u8(5) !== 1) return none;
  const start = file.u64(40);
  const count = file.u16(60);
  if (file.u16(58) !== SHDR_SIZE || start === 0 || !file.has(start, count * SHDR_SIZE)) return none;
  const sections = Array.from({ length: count }, (_, i): SectionHeader => {
    const at = start + i * SHDR_SIZE;
    return {
      name: file.u32(at),
      type: file.u32(at + 4),
      flags: file.u32(at + 8),
      address: file.u64(at + 16),
      offset: file.u64(at + 24),
      size: file.u64(at + 32),
      link: file.u32(at + 40),
    };
  });
  return { sections, names: file.u16(62) };
}
