/**
 * The vDSO: an ELF shared object of one page whose functions make the plain system call.
 *
 * Linux's own reads the clock without entering the kernel, which a saved process could not continue with elsewhere. Programs
 * need one nevertheless: dietlibc takes AT_SYSINFO_EHDR for granted, others find `__vdso_*` with version LINUX_2.6 through
 * the dynamic section (vdso(7)). The bytes are a constant of the machine: they depend on nothing.
 */
import { encodeUtf8 } from "../base/index.ts";
import { PAGE_SIZE } from "../memory/index.ts";

/** Exported functions and the number of the system call that each makes. */
const FUNCTIONS: readonly (readonly [name: string, number: number])[] = [
  ["clock_gettime", 228],
  ["gettimeofday", 96],
  ["time", 201],
  ["clock_getres", 229],
  ["getcpu", 309],
];
const SONAME = "linux-vdso.so.1";
const VERSION = "LINUX_2.6";
const FUNCTION_ALIGN = 16;

const EHDR_SIZE = 64;
const PHDR_SIZE = 56;
const SHDR_SIZE = 64;
/** PT_LOAD, PT_DYNAMIC, PT_GNU_EH_FRAME. */
const PROGRAM_HEADERS = 3;

const ET_DYN = 3;
const EM_X86_64 = 62;
const EV_CURRENT = 1;

const SHT_PROGBITS = 1;
const SHT_STRTAB = 3;
const SHT_HASH = 5;
const SHT_DYNAMIC = 6;
const SHT_DYNSYM = 11;
const SHT_GNU_VERDEF = 0x6fff_fffd;
const SHT_GNU_VERSYM = 0x6fff_ffff;
const SHF_ALLOC = 2;
const SHF_EXECINSTR = 4;

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_GNU_EH_FRAME = 0x6474_e550;
const PF_R = 4;
const PF_RX = 5;

const VER_FLG_BASE = 1;

const STB_GLOBAL = 1;
const STB_WEAK = 2;
const STT_OBJECT = 1;
const STT_FUNC = 2;
const SHN_ABS = 0xfff1;

type Bytes = readonly number[];

function u16(value: number): Bytes {
  return [value & 0xff, (value >> 8) & 0xff];
}
function u32(value: number): Bytes {
  return [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24];
}
function u64(value: number): Bytes {
  return [...u32(value), ...u32(value < 0 ? -1 : 0)];
}
function alignUp(value: number, align: number): number {
  return Math.ceil(value / align) * align;
}

/** The hash function of DT_HASH and of version names (gABI, "Hash Table"). */
function elfHash(name: string): number {
  let hash = 0;
  for (const byte of encodeUtf8(name)) {
    hash = ((hash << 4) + byte) >>> 0;
    const high = hash & 0xf000_0000;
    hash = (hash ^ (high >>> 24) ^ high) >>> 0;
  }
  return hash;
}

/** A string table under construction. */
class Strings {
  readonly bytes: number[] = [0];
  readonly #offsets = new Map<string, number>();

  offset(text: string): number {
    const known = this.#offsets.get(text);
    if (known !== undefined) return known;
    const offset = this.bytes.length;
    this.bytes.push(...encodeUtf8(text), 0);
    this.#offsets.set(text, offset);
    return offset;
  }
}

interface Section {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly align: number;
  readonly link?: string;
  readonly info?: number;
  readonly entrySize?: number;
  /** Contents, given the sections' addresses. The length must not depend on them. */
  readonly bytes: (addressOf: (name: string) => number) => Bytes;
}

interface DynamicSymbol {
  readonly name: string;
  readonly info: number;
  readonly section: string | typeof SHN_ABS;
  readonly offset: number;
  readonly size: number;
}

const CODE_SIZE = 8;

function code(): Bytes {
  const bytes: number[] = [];
  for (const [, number] of FUNCTIONS) {
    bytes.push(0xb8, ...u32(number), 0x0f, 0x05, 0xc3); // mov eax, number; syscall; ret
    bytes.push(0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00); // nop to the next function
  }
  return bytes;
}

function dynamicSymbols(): DynamicSymbol[] {
  const symbols: DynamicSymbol[] = [];
  for (const [prefix, binding] of [
    ["__vdso_", STB_GLOBAL],
    ["", STB_WEAK],
  ] as const) {
    for (const [index, [name]] of FUNCTIONS.entries()) {
      const info = (binding << 4) | STT_FUNC;
      symbols.push({ name: prefix + name, info, section: ".text", offset: index * FUNCTION_ALIGN, size: CODE_SIZE });
    }
  }
  symbols.push({ name: VERSION, info: (STB_GLOBAL << 4) | STT_OBJECT, section: SHN_ABS, offset: 0, size: 0 });
  return symbols;
}

function hashTable(symbols: readonly DynamicSymbol[]): Bytes {
  const bucketCount = symbols.length;
  const buckets: number[] = Array.from({ length: bucketCount }, () => 0);
  const chains: number[] = Array.from({ length: symbols.length + 1 }, () => 0);
  for (const [index, { name }] of symbols.entries()) {
    const bucket = elfHash(name) % bucketCount;
    chains[index + 1] = buckets[bucket] ?? 0;
    buckets[bucket] = index + 1;
  }
  return [bucketCount, chains.length, ...buckets, ...chains].flatMap(u32);
}

function versionDefinitions(strings: Strings): Bytes {
  const definition = (flags: number, index: number, name: string, next: number): Bytes => [
    ...u16(1), // vd_version
    ...u16(flags),
    ...u16(index),
    ...u16(1), // vd_cnt
    ...u32(elfHash(name)),
    ...u32(20), // vd_aux
    ...u32(next),
    ...u32(strings.offset(name)), // vda_name
    ...u32(0), // vda_next
  ];
  return [...definition(VER_FLG_BASE, 1, SONAME, 28), ...definition(0, 2, VERSION, 0)];
}

/** Call frame information: everywhere the return address is at rsp. DWARF 5 section 6.4 and the LSB's .eh_frame. */
const CIE: Bytes = [
  ...u32(20), // length
  ...u32(0), // this is a CIE
  1, // version
  0x7a,
  0x52,
  0, // "zR"
  1, // code alignment
  0x78, // data alignment -8
  16, // return address column
  1, // augmentation length
  0x1b, // FDE addresses: pc-relative, signed, 4 bytes
  0x0c,
  7,
  8, // DW_CFA_def_cfa rsp, 8
  0x90,
  1, // DW_CFA_offset rip, 1
  0,
  0, // DW_CFA_nop
];

function frames(addressOf: (name: string) => number): Bytes {
  const fde = addressOf(".eh_frame") + CIE.length;
  return [
    ...CIE,
    ...u32(20), // length
    ...u32(CIE.length + 4), // distance back to the CIE
    ...u32(addressOf(".text") - (fde + 8)),
    ...u32(FUNCTIONS.length * FUNCTION_ALIGN),
    0, // augmentation length
    0,
    0,
    0,
    0,
    0,
    0,
    0, // DW_CFA_nop
    ...u32(0), // end of .eh_frame
  ];
}

function frameHeader(addressOf: (name: string) => number): Bytes {
  const here = addressOf(".eh_frame_hdr");
  return [
    1, // version
    0x1b,
    0x03,
    0x3b, // encodings: pc-relative sdata4, udata4, table relative to here sdata4
    ...u32(addressOf(".eh_frame") - (here + 4)),
    ...u32(1),
    ...u32(addressOf(".text") - here),
    ...u32(addressOf(".eh_frame") + CIE.length - here),
  ];
}

function sections(): readonly Section[] {
  const strings = new Strings();
  const symbols = dynamicSymbols();
  const soname = strings.offset(SONAME);
  const versions = versionDefinitions(strings);
  const symbolTable = (addressOf: (name: string) => number): Bytes => [
    ...u64(0),
    ...u64(0),
    ...u64(0),
    ...symbols.flatMap(({ name, info, section, offset, size }) => [
      ...u32(strings.offset(name)),
      info,
      0,
      ...u16(section === SHN_ABS ? SHN_ABS : list.findIndex((other) => other.name === section) + 1),
      ...u64(section === SHN_ABS ? offset : addressOf(section) + offset),
      ...u64(size),
    ]),
  ];
  const dynamic = (addressOf: (name: string) => number): Bytes =>
    [
      [14, soname], // DT_SONAME
      [4, addressOf(".hash")],
      [5, addressOf(".dynstr")],
      [6, addressOf(".dynsym")],
      [10, strings.bytes.length], // DT_STRSZ
      [11, 24], // DT_SYMENT
      [0x6fff_fffc, addressOf(".gnu.version_d")],
      [0x6fff_fffd, 2], // DT_VERDEFNUM
      [0x6fff_fff0, addressOf(".gnu.version")],
      [0, 0],
    ]
      .flat()
      .flatMap(u64);
  const A = SHF_ALLOC;
  const list: readonly Section[] = [
    { name: ".hash", type: SHT_HASH, flags: A, align: 8, link: ".dynsym", entrySize: 4, bytes: () => hashTable(symbols) },
    { name: ".dynsym", type: SHT_DYNSYM, flags: A, align: 8, link: ".dynstr", info: 1, entrySize: 24, bytes: symbolTable },
    { name: ".dynstr", type: SHT_STRTAB, flags: A, align: 1, bytes: () => strings.bytes },
    {
      name: ".gnu.version",
      type: SHT_GNU_VERSYM,
      flags: A,
      align: 2,
      link: ".dynsym",
      entrySize: 2,
      bytes: () => [0, ...symbols.map(() => 2)].flatMap(u16),
    },
    { name: ".gnu.version_d", type: SHT_GNU_VERDEF, flags: A, align: 8, link: ".dynstr", info: 2, bytes: () => versions },
    { name: ".eh_frame_hdr", type: SHT_PROGBITS, flags: A, align: 4, bytes: frameHeader },
    { name: ".eh_frame", type: SHT_PROGBITS, flags: A, align: 8, bytes: frames },
    { name: ".dynamic", type: SHT_DYNAMIC, flags: A, align: 8, link: ".dynstr", entrySize: 16, bytes: dynamic },
    { name: ".text", type: SHT_PROGBITS, flags: A | SHF_EXECINSTR, align: 16, bytes: code },
  ];
  symbolTable(() => 0); // enters every name, so that .dynstr is complete
  return list;
}

/** The vDSO's bytes, one page, position independent (linked at 0). */
export function buildVdso(): Uint8Array<ArrayBuffer> {
  const names = new Strings();
  const loaded = sections();
  for (const { name } of loaded) names.offset(name);
  names.offset(".shstrtab");
  const all: readonly Section[] = [...loaded, { name: ".shstrtab", type: SHT_STRTAB, flags: 0, align: 1, bytes: () => names.bytes }];
  const addresses = new Map<string, number>();
  const addressOf = (name: string): number => addresses.get(name) ?? 0;
  const indexOf = (name: string | undefined): number => all.findIndex((section) => section.name === name) + 1;
  let end = EHDR_SIZE + PROGRAM_HEADERS * PHDR_SIZE;
  let loadedEnd = end;
  for (const section of all) {
    const start = alignUp(end, section.align);
    addresses.set(section.name, start);
    end = start + section.bytes(addressOf).length;
    if (section.flags & SHF_ALLOC) loadedEnd = end;
  }
  const sectionHeaders = alignUp(end, 8);

  const page = new Uint8Array(PAGE_SIZE);
  page.set([
    ...encodeUtf8("\x7fELF\x02\x01\x01"), // 64 bits, little-endian, EV_CURRENT
    0, // System V ABI
    ...u64(0),
    ...u16(ET_DYN),
    ...u16(EM_X86_64),
    ...u32(EV_CURRENT),
    ...u64(addressOf(".text")),
    ...u64(EHDR_SIZE),
    ...u64(sectionHeaders),
    ...u32(0),
    ...u16(EHDR_SIZE),
    ...u16(PHDR_SIZE),
    ...u16(PROGRAM_HEADERS),
    ...u16(SHDR_SIZE),
    ...u16(all.length + 1),
    ...u16(all.length),
  ]);
  const programHeader = (type: number, flags: number, start: number, size: number, align: number): Bytes => [
    ...u32(type),
    ...u32(flags),
    ...u64(start),
    ...u64(start),
    ...u64(start),
    ...u64(size),
    ...u64(size),
    ...u64(align),
  ];
  const sizeOf = (name: string): number => all.find((section) => section.name === name)?.bytes(addressOf).length ?? 0;
  page.set(
    [
      programHeader(PT_LOAD, PF_RX, 0, loadedEnd, PAGE_SIZE),
      programHeader(PT_DYNAMIC, PF_R, addressOf(".dynamic"), sizeOf(".dynamic"), 8),
      programHeader(PT_GNU_EH_FRAME, PF_R, addressOf(".eh_frame_hdr"), sizeOf(".eh_frame_hdr"), 4),
    ].flat(),
    EHDR_SIZE,
  );
  for (const [index, section] of all.entries()) {
    const start = addressOf(section.name);
    const bytes = section.bytes(addressOf);
    page.set(bytes, start);
    page.set(
      [
        ...u32(names.offset(section.name)),
        ...u32(section.type),
        ...u64(section.flags),
        ...u64(section.flags & SHF_ALLOC ? start : 0),
        ...u64(start),
        ...u64(bytes.length),
        ...u32(section.link ? indexOf(section.link) : 0),
        ...u32(section.info ?? 0),
        ...u64(section.align),
        ...u64(section.entrySize ?? 0),
      ],
      sectionHeaders + (index + 1) * SHDR_SIZE,
    );
  }
  return page;
}
