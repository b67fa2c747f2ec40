/**
 * Symbols of an ELF file, for backtraces and for finding functions by name: .symtab, or .dynsym where there is none.
 *
 * Never throws: a file whose section headers or tables are damaged or missing has fewer symbols or none. Names are decoded
 * when asked for. Format: System V gABI, "Sections" and "Symbol Table".
 */
import { encodeLatin1 } from "../base/index.ts";
import { Reader, sectionHeaders } from "./section-headers.ts";
import type { SectionHeader } from "./section-headers.ts";

export interface ElfSymbol {
  /** Symbol names are bytes; one character for each. */
  readonly name: string;
  /** The file's own address, before the load bias. */
  readonly address: number;
  /** Bytes; 0 where the file does not say. */
  readonly size: number;
}

const SYM_SIZE = 24;
const SHT_SYMTAB = 2;
const SHT_DYNSYM = 11;
const SHN_UNDEF = 0;
const SHN_LORESERVE = 0xff00;
const STT_NOTYPE = 0;
const STT_OBJECT = 1;
const STT_FUNC = 2;
const STT_GNU_IFUNC = 10;
const STB_LOCAL = 0;
const STB_GLOBAL = 1;
const STB_WEAK = 2;
const MAX_NAME = 65536;
/** How many entries before an address are looked at for one that contains it: labels can lie inside a function. */
const MAX_NESTING = 64;

interface Table {
  readonly offset: number;
  readonly count: number;
  readonly namesOffset: number;
  readonly namesEnd: number;
}

/** The symbol table of a type with its string table; undefined where the file has none that lies inside the file. */
function findTable(file: Reader, sections: readonly SectionHeader[], type: number): Table | undefined {
  for (const table of sections) {
    const names = sections[table.link];
    if (table.type !== type || names === undefined || !file.has(table.offset, table.size) || !file.has(names.offset, names.size)) continue;
    return { offset: table.offset, count: Math.floor(table.size / SYM_SIZE), namesOffset: names.offset, namesEnd: names.offset + names.size };
  }
  return undefined;
}

/** Functions, objects and the assembler's global labels; nothing undefined, absolute or common. */
function isKept(file: Reader, entry: number): boolean {
  const info = file.u8(entry + 4);
  const section = file.u16(entry + 6);
  if (section === SHN_UNDEF || section >= SHN_LORESERVE) return false;
  const type = info & 15;
  if (type === STT_NOTYPE) return info >> 4 !== STB_LOCAL;
  return type === STT_FUNC || type === STT_OBJECT || type === STT_GNU_IFUNC;
}

/** The functions and objects that one file defines. Made by {@link symbols}. */
export class SymbolTable {
  readonly #file: Reader;
  readonly #sections: readonly SectionHeader[];
  readonly #table: Table | undefined;
  /** File offsets of the kept entries, ordered by address; of several at one address the preferred one comes last. */
  readonly #entries: Float64Array;
  readonly #addresses: Float64Array;

  constructor(bytes: Uint8Array) {
    const file = new Reader(bytes);
    const { sections } = sectionHeaders(file);
    const table = findTable(file, sections, SHT_SYMTAB) ?? findTable(file, sections, SHT_DYNSYM);
    this.#file = file;
    this.#sections = sections;
    this.#table = table;
    const kept: number[] = [];
    for (let i = 0; i < (table?.count ?? 0); i++) {
      const entry = (table?.offset ?? 0) + i * SYM_SIZE;
      if (isKept(file, entry)) kept.push(entry);
    }
    kept.sort((a, b) => file.u64(a + 8) - file.u64(b + 8) || this.#preference(a) - this.#preference(b) || b - a);
    this.#entries = Float64Array.from(kept);
    this.#addresses = Float64Array.from(kept, (entry) => file.u64(entry + 8));
  }

  get size(): number {
    return this.#entries.length;
  }

  /** All symbols, ordered by address. */
  *[Symbol.iterator](): IterableIterator<ElfSymbol> {
    for (const entry of this.#entries) yield this.#symbol(entry);
  }

  /**
   * The symbol that contains an address (of the file, before the load bias); where they are nested, the innermost that has a
   * size. A symbol without one reaches to the next symbol or the end of its section. Of aliases a global one is given, then
   * the one that comes first in the file.
   */
  at(address: number): ElfSymbol | undefined {
    let low = 0;
    let high = this.#addresses.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#addresses[middle] ?? 0) <= address) low = middle + 1;
      else high = middle;
    }
    for (let index = low - 1; index >= Math.max(0, low - MAX_NESTING); index--) {
      const entry = this.#entries[index] ?? 0;
      if (address < (this.#addresses[index] ?? 0) + this.#file.u64(entry + 16)) return this.#symbol(entry);
    }
    const nearest = this.#entries[low - 1];
    if (nearest === undefined || this.#file.u64(nearest + 16) !== 0) return undefined;
    return address < this.#sectionEnd(nearest) ? this.#symbol(nearest) : undefined;
  }

  /** The symbol of a name; a global one before a local one. */
  named(name: string): ElfSymbol | undefined {
    const wanted = encodeLatin1(name);
    let found: number | undefined;
    for (const entry of this.#entries) {
      if (!this.#hasName(entry, wanted)) continue;
      if (found === undefined || this.#preference(entry) > this.#preference(found)) found = entry;
    }
    return found === undefined ? undefined : this.#symbol(found);
  }

  /** Global 2, weak 1, local 0. */
  #preference(entry: number): number {
    const binding = this.#file.u8(entry + 4) >> 4;
    return binding === STB_GLOBAL ? 2 : binding === STB_WEAK ? 1 : 0;
  }

  /** One past the last address of the section that an entry belongs to; 0 where it has none. */
  #sectionEnd(entry: number): number {
    const section = this.#sections[this.#file.u16(entry + 6)];
    return section === undefined ? 0 : section.address + section.size;
  }

  /** [start, end) in the file of where a name may be. */
  #nameRange(entry: number): { start: number; end: number } {
    const start = (this.#table?.namesOffset ?? 0) + this.#file.u32(entry);
    return { start, end: Math.min(this.#table?.namesEnd ?? 0, start + MAX_NAME) };
  }

  #symbol(entry: number): ElfSymbol {
    const { start, end } = this.#nameRange(entry);
    return {
      name: this.#file.string(start, end),
      address: this.#file.u64(entry + 8),
      size: this.#file.u64(entry + 16),
    };
  }

  #hasName(entry: number, wanted: Uint8Array): boolean {
    const { start, end } = this.#nameRange(entry);
    if (start + wanted.length >= end || this.#file.bytes[start + wanted.length] !== 0) return false;
    for (let i = 0; i < wanted.length; i++) {
      if (this.#file.bytes[start + i] !== wanted[i]) return false;
    }
    return true;
  }
}

/** The symbols of the ELF file in `bytes`. Costs a pass over its symbol table: make it once, when first needed. */
export function symbols(bytes: Uint8Array): SymbolTable {
  return new SymbolTable(bytes);
}
