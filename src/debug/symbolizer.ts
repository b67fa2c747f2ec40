/** Names for guest addresses, from the symbol tables of the files that are mapped. */
import { parseElf, type Segment, symbols, type SymbolTable } from "../loader/index.ts";
import { type AddressSpace, type Area, type FileBacking, PAGE_SIZE, PROT_EXEC } from "../memory/index.ts";

/** Where an address is. */
export interface Location {
  /** `main+0x1d`, or the file's name and the offset in its addresses where it has no symbol there: `prog+0x1139`. */
  readonly text: string;
  /** First address of the function; undefined where no symbol contains the address. */
  readonly start: number | undefined;
}

/** Files larger than this are not searched for symbols. */
const MAX_FILE = 1 << 28;

interface MappedFile {
  readonly table: SymbolTable;
  readonly segments: readonly Segment[];
}

/** Contents of a mapped file, zeros up to the end of its last page; undefined where it cannot be read whole. */
function contents(backing: FileBacking): Uint8Array | undefined {
  const pages: Uint8Array[] = [];
  for (let index = 0; ; index++) {
    const page = new Uint8Array(PAGE_SIZE);
    if (!backing.fillPage(index, page)) break;
    pages.push(page);
    if (pages.length * PAGE_SIZE > MAX_FILE) return undefined;
  }
  const bytes = new Uint8Array(pages.length * PAGE_SIZE);
  pages.forEach((page, index) => bytes.set(page, index * PAGE_SIZE));
  return bytes;
}

export class Symbolizer {
  readonly #memory: AddressSpace;
  readonly #files: Map<FileBacking, MappedFile | undefined> = new Map();

  constructor(memory: AddressSpace) {
    this.#memory = memory;
  }

  #file(backing: FileBacking): MappedFile | undefined {
    if (this.#files.has(backing)) return this.#files.get(backing);
    let file: MappedFile | undefined;
    try {
      const bytes = contents(backing);
      if (bytes !== undefined) file = { table: symbols(bytes), segments: parseElf(bytes).segments };
    } catch {
      // No ELF file, or one that cannot be read any more: its addresses stay numbers.
    }
    this.#files.set(backing, file);
    return file;
  }

  /** The address of the symbol `name`, in the first of the mapped files that defines it. */
  named(name: string): number | undefined {
    for (const area of this.#memory.areas()) {
      if (area.backing === undefined) continue;
      const file = this.#file(area.backing);
      const symbol = file?.table.named(name);
      const bias = symbol === undefined || file === undefined ? undefined : biasOf(area, file);
      if (symbol !== undefined && bias !== undefined) return symbol.address + bias;
    }
    return undefined;
  }

  /** undefined where nothing is mapped at `address`, or no file. */
  at(address: number): Location | undefined {
    const area = this.#memory.areaAt(address);
    if (area?.backing === undefined) return undefined;
    const file = this.#file(area.backing);
    const bias = file === undefined ? undefined : biasOf(area, file);
    const name = area.backing.name.replace(/^.*\//, "");
    if (file === undefined || bias === undefined) return { text: `${name}+0x${(area.offset + address - area.start).toString(16)}`, start: undefined };
    const symbol = file.table.at(address - bias);
    if (symbol === undefined) return { text: `${name}+0x${(address - bias).toString(16)}`, start: undefined };
    const start = symbol.address + bias;
    return { text: address === start ? symbol.name : `${symbol.name}+0x${(address - start).toString(16)}`, start };
  }
}

/** How far the file's addresses were moved: by the segment whose pages the area shows. Segments can share a page of the file. */
function biasOf(area: Area, { segments }: MappedFile): number | undefined {
  const shown = segments.filter(({ offset, fileSize }) => area.offset >= offset - (offset % PAGE_SIZE) && area.offset < offset + fileSize);
  const segment = shown.find(({ protection }) => (protection & PROT_EXEC) === (area.prot & PROT_EXEC)) ?? shown[0];
  return segment === undefined ? undefined : area.start - area.offset - (segment.address - segment.offset);
}
