/** Sections of an ELF file that hold machine code. Never throws: what lies outside the file is left out. */
import { Reader, sectionHeaders } from "./section-headers.ts";

export interface CodeSection {
  readonly name: string;
  /** The file's own address, before the load bias. */
  readonly address: number;
  readonly bytes: Uint8Array;
}

const SHT_PROGBITS = 1;
const SHF_EXECINSTR = 4;

/** SHT_PROGBITS sections with SHF_EXECINSTR in the file's order; none where the file has no section headers. */
export function codeSections(bytes: Uint8Array): CodeSection[] {
  const file = new Reader(bytes);
  const { sections, names } = sectionHeaders(file);
  const namesAt = sections[names]?.offset ?? bytes.length;
  return sections
    .filter(({ type, flags, offset, size }) => type === SHT_PROGBITS && (flags & SHF_EXECINSTR) !== 0 && file.has(offset, size))
    .map(({ name, address, offset, size }) => ({
      name: file.string(namesAt + name, bytes.length),
      address,
      bytes: bytes.subarray(offset, offset + size),
    }));
}
