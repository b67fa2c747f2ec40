/** Machine code of an ELF file as text, laid out as `objdump -d -M intel` does. */
import { allFeatures, allInsns, Decoder, DecodeStatus, format, newDecoded } from "../cpu/index.ts";
import { codeSections, type CodeSection, parseElf, symbols } from "../loader/index.ts";
import { PROT_EXEC } from "../memory/index.ts";

export interface ListingOptions {
  /** First address and the one behind the last, as the file has them; absent: everything. */
  readonly start?: number | undefined;
  readonly stop?: number | undefined;
}

const BYTES_PER_LINE = 7;
/** So many zeros are printed as dots, in front of other bytes in multiples of 4; fewer than `FEW_ZEROS` before a symbol too. */
const MANY_ZEROS = 8;
const FEW_ZEROS = 3;

/** Index of the last of the ascending `marks` that is not above `address`; -1 where there is none. */
function below(marks: Float64Array, address: number): number {
  let low = 0;
  let high = marks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (marks[middle]! <= address) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Columns of an address: a multiple of four digits, one of them to spare, at least eight. */
function addressWidth(last: number): number {
  let width = 16;
  const digits = last.toString(16).padStart(16, "0");
  for (let at = 0; width > 4 && digits.slice(at, at + 5) === "00000"; at += 4) width -= 4;
  return width;
}

/** Sections with machine code; executable segments of a file without section headers. */
function codeOf(file: Uint8Array): CodeSection[] {
  const sections = codeSections(file);
  if (sections.length > 0) return sections;
  return parseElf(file)
    .segments.filter(({ protection }) => protection & PROT_EXEC)
    .map(({ address, offset, fileSize }, index) => ({ name: `segment${index}`, address, bytes: file.subarray(offset, offset + fileSize) }));
}

/**
 * The lines for an ELF file without their ends, of all code or of the part in `options`. Instructions begin anew at each symbol.
 * `file` must be one that {@link parseElf} takes.
 */
export function* listing(file: Uint8Array, options: ListingOptions = {}): Generator<string> {
  const { start = 0, stop = Infinity } = options;
  const names = new Map<number, string>();
  // Of several symbols at one address the preferred one comes last.
  for (const { name, address } of symbols(file)) names.set(address, name);
  const marks = Float64Array.from(names.keys());
  const decoder = new Decoder(allInsns, allFeatures);
  const decoded = newDecoded();
  // The nearest symbol below, however far away it is; the first one for what lies below all of them.
  const nameAt = (address: number): string | undefined => {
    const base = marks[Math.max(0, below(marks, address))];
    if (base === undefined || base === address) return names.get(address);
    const distance = Math.abs(address - base).toString(16);
    return `${names.get(base)}${address < base ? "-" : "+"}0x${distance}`;
  };
  for (const section of codeOf(file)) {
    const end = Math.min(section.address + section.bytes.length, stop);
    let at = Math.max(section.address, start);
    if (at >= end) continue;
    yield "";
    yield `Disassembly of section ${section.name}:`;
    const width = addressWidth(section.address + section.bytes.length);
    const stops = marks.subarray(below(marks, at) + 1, below(marks, end - 1) + 1);
    for (const next of [...stops, end]) {
      yield "";
      yield `${at.toString(16).padStart(16, "0")} <${at < (marks[0] ?? Infinity) ? sectionName(section, at) : nameAt(at)}>:`;
      yield* instructions(section, at, next, width);
      at = next;
    }
  }

  function* instructions({ address, bytes }: CodeSection, from: number, to: number, width: number): Generator<string> {
    const end = to - address;
    for (let offset = from - address; offset < end;) {
      let zeros = offset;
      while (zeros < end && bytes[zeros] === 0) zeros++;
      const count = zeros - offset;
      if (count >= MANY_ZEROS || (zeros === end && count > 0 && count < FEW_ZEROS)) {
        yield "\t...";
        offset += zeros === end ? count : count - (count % 4);
        continue;
      }
      const here = address + offset;
      const status = decoder.decode(bytes, offset, end, here, decoded);
      const known = status === DecodeStatus.ok || status === DecodeStatus.unimplemented;
      const own = bytes.subarray(offset, offset + (known ? decoded.length : 1));
      const text = known ? format(decoded, decoder.rows, { bytes: own, symbols: nameAt }) : "(bad)";
      for (let line = 0; line < own.length; line += BYTES_PER_LINE) {
        const raw = Array.from(own.subarray(line, line + BYTES_PER_LINE), (byte) => `${byte.toString(16).padStart(2, "0")} `).join("");
        const place = (here + line).toString(16).padStart(width);
        yield line === 0 ? `${place}:\t${raw.padEnd(3 * BYTES_PER_LINE)}\t${text}` : `${place}:\t${raw}`;
      }
      offset += own.length;
    }
  }
}

function sectionName({ name, address }: CodeSection, at: number): string {
  return at === address ? name : `${name}+0x${(at - address).toString(16)}`;
}
