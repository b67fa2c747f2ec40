/** Sections of an ELF file that hold machine code. Format: System V gABI, "Sections". Never throws: what lies outside the file is left out. */
import { decodeLatin1 } from "../base/index.ts";

export interface CodeSection {
  readonly name: string;
  /** The file's own address, before the load bias. */
  readonly address: number;
  readonly bytes: Uint8Array;
}

const EHDR_SIZE = 64;
const SHDR_SIZE = 64;
const SHT_PROGBITS = 1;
const SHF_EXECINSTR = 4;

/** SHT_PROGBITS sections with SHF_EXECINSTR in the file's order; none where the file has no section headers. */
export function codeSections(file: Uint8Array): CodeSection[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const u64 = (at: number): number => view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
  if (file.length < EHDR_SIZE) return [];
  const start = u64(40);
  const count = view.getUint16(60, true);
  const namesIndex = view.getUint16(62, true);
  if (view.getUint16(58, true) !== SHDR_SIZE || start === 0 || start + count * SHDR_SIZE > file.length) return [];
  const namesAt = namesIndex < count ? u64(start + namesIndex * SHDR_SIZE + 24) : file.length;
  const sections: CodeSection[] = [];
  for (let i = 0; i < count; i++) {
    const header = start + i * SHDR_SIZE;
    if (view.getUint32(header + 4, true) !== SHT_PROGBITS || (view.getUint32(header + 8, true) & SHF_EXECINSTR) === 0) continue;
    const offset = u64(header + 24);
    const size = u64(header + 32);
    if (offset + size > file.length) continue;
    const nameAt = namesAt + view.getUint32(header, true);
    const nameEnd = file.indexOf(0, nameAt);
    sections.push({
      name: nameAt < file.length && nameEnd >= 0 ? decodeLatin1(file.subarray(nameAt, nameEnd)) : "",
      address: u64(header + 16),
      bytes: file.subarray(offset, offset + size),
    });
  }
  return sections;
}
