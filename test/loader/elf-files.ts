/** Tiny ELF files made from their header fields, and the shapes whose mappings were recorded on Linux. */

export interface ProgramHeaderFields {
  type?: number;
  flags?: number;
  offset?: number | bigint;
  vaddr?: number | bigint;
  filesz?: number | bigint;
  memsz?: number | bigint;
  align?: number | bigint;
}

export interface ElfFields {
  class?: number;
  data?: number;
  type?: number;
  machine?: number;
  version?: number;
  entry?: number | bigint;
  phoff?: number | bigint;
  phentsize?: number;
  phnum?: number;
  /** Bytes of the file; 0x3000 by default. */
  size?: number;
  /** Placed at file offset 0x800. */
  code?: Uint8Array;
}

export const PT_LOAD = 1;
export const PT_INTERP = 3;
export const PT_NOTE = 4;
export const PT_GNU_STACK = 0x6474e551;
export const R = 4;
export const W = 2;
export const X = 1;

/** One page of code at 0x400000. */
export const TEXT: ProgramHeaderFields = { flags: R | X };

export function elfFile(headers: readonly ProgramHeaderFields[], fields: ElfFields = {}): Uint8Array<ArrayBuffer> {
  const phoff = fields.phoff ?? 64;
  const file = new Uint8Array(fields.size ?? 0x3000).fill(0xbb);
  file.fill(0, 0, 0x800);
  const view = new DataView(file.buffer);
  file.set([0x7f, 0x45, 0x4c, 0x46, fields.class ?? 2, fields.data ?? 1, 1]);
  view.setUint16(16, fields.type ?? 2, true);
  view.setUint16(18, fields.machine ?? 62, true);
  view.setUint32(20, fields.version ?? 1, true);
  view.setBigUint64(24, BigInt(fields.entry ?? 0x400800), true);
  view.setBigUint64(32, BigInt(phoff), true);
  view.setUint16(52, 64, true);
  view.setUint16(54, fields.phentsize ?? 56, true);
  view.setUint16(56, fields.phnum ?? headers.length, true);
  for (const [index, header] of headers.entries()) {
    const at = Number(phoff) + index * 56;
    if (at + 56 > file.length) break;
    const filesz = header.filesz ?? 0x1000;
    view.setUint32(at, header.type ?? PT_LOAD, true);
    view.setUint32(at + 4, header.flags ?? R, true);
    view.setBigUint64(at + 8, BigInt(header.offset ?? 0), true);
    view.setBigUint64(at + 16, BigInt(header.vaddr ?? 0x400000), true);
    view.setBigUint64(at + 24, BigInt(header.vaddr ?? 0x400000), true);
    view.setBigUint64(at + 32, BigInt(filesz), true);
    view.setBigUint64(at + 40, BigInt(header.memsz ?? filesz), true);
    view.setBigUint64(at + 48, BigInt(header.align ?? 0x1000), true);
  }
  if (fields.code) file.set(fields.code, 0x800);
  return file;
}

/** A file cut off after `length` bytes. */
export function cut(file: Uint8Array, length: number): Uint8Array {
  return file.slice(0, length);
}

export function withBytes(file: Uint8Array, offset: number, text: string): Uint8Array {
  for (let i = 0; i < text.length; i++) file[offset + i] = text.charCodeAt(i);
  return file;
}

const DATA: ProgramHeaderFields = { flags: R | W, offset: 0x1000, vaddr: 0x402000, filesz: 0x100 };
const DYN = { type: 3, entry: 0x800 } as const;

/** Programs that Linux starts. Their mappings are in native-maps.txt, recorded by record-native-maps.ts. */
export const SHAPES: Readonly<Record<string, readonly [headers: readonly ProgramHeaderFields[], fields?: ElfFields]>> = {
  "text only": [[TEXT]],
  "absurd class and version": [[TEXT], { class: 0, version: 9 }],
  data: [[TEXT, DATA]],
  "data and bss": [[TEXT, { ...DATA, memsz: 0x3000 }]],
  "bss in the last file page": [[TEXT, { ...DATA, memsz: 0x180 }]],
  "bss of a read-only segment": [[TEXT, { ...DATA, flags: R, memsz: 0x3000 }]],
  "bss of an executable segment": [[TEXT, { ...DATA, flags: R | X, memsz: 0x3000 }]],
  "bss of a segment without permissions": [[TEXT, { ...DATA, flags: 0, memsz: 0x3000 }]],
  "bss only, unaligned": [[TEXT, { flags: R | W, vaddr: 0x402010, filesz: 0, memsz: 0x3000 }]],
  "no file bytes, incongruent": [[TEXT, { flags: R | W, offset: 8, vaddr: 0x402010, filesz: 0, memsz: 0x100 }]],
  "no file bytes, absurd offset": [[TEXT, { ...DATA, offset: 1n << 60n, filesz: 0, memsz: 0x100 }]],
  "empty segment": [[TEXT, { ...DATA, filesz: 0 }]],
  "segments in one page": [
    [
      { flags: R | X, filesz: 0xa00 },
      { offset: 0x2a00, vaddr: 0x401a00, filesz: 0x100 },
      { flags: R | W, offset: 0x2b00, vaddr: 0x401b00, filesz: 0x100 },
    ],
  ],
  "descending segments": [[{ ...DATA, vaddr: 0x500000 }, TEXT]],
  "executable stack": [[TEXT, { type: PT_GNU_STACK, flags: R | W | X, filesz: 0 }]],
  "73 headers": [[TEXT, ...Array.from({ length: 72 }, () => ({ type: PT_NOTE, filesz: 0 }))], { phoff: 0x1000 }],
  "position independent": [
    [
      { ...TEXT, vaddr: 0 },
      { ...DATA, vaddr: 0x2000, memsz: 0x3000 },
    ],
    DYN,
  ],
  "position independent, descending": [
    [
      { ...DATA, vaddr: 0x5000 },
      { ...TEXT, vaddr: 0 },
    ],
    DYN,
  ],
  "position independent, aligned to 2 MiB": [
    [
      { ...TEXT, vaddr: 0, align: 0x200000 },
      { ...DATA, vaddr: 0x201000, memsz: 0x3000, align: 0x200000 },
    ],
    DYN,
  ],
  "position independent, alignment no power of two": [[{ ...TEXT, vaddr: 0, align: 3 }], DYN],
  "position independent, linked above 0": [[{ ...TEXT, vaddr: 0x10000 }], { type: 3, entry: 0x10800 }],
};

/**
 * Writes /proc/self/maps and then brk(0) as 8 bytes to standard output, and exits:
 *
 *       mov eax, 2 / lea rdi, [rel path] / xor esi, esi / xor edx, edx / syscall / mov r12d, eax / sub rsp, 65536
 *     read:
 *       xor eax, eax / mov edi, r12d / mov rsi, rsp / mov edx, 65536 / syscall / test eax, eax / jle done
 *       mov edx, eax / mov eax, 1 / mov edi, 1 / mov rsi, rsp / syscall / jmp read
 *     done:
 *       xor edi, edi / mov eax, 12 / syscall / mov [rsp], rax
 *       mov eax, 1 / mov edi, 1 / mov rsi, rsp / mov edx, 8 / syscall / mov eax, 60 / xor edi, edi / syscall
 *     path: db "/proc/self/maps", 0
 */
export const SHOW_MAPS: Uint8Array = Uint8Array.from(
  Buffer.from(
    "b802000000488d3d6000000031f631d20f054189c44881ec0000010031c04489e74889e6ba000001000f0585c07e1389c2b801000000bf010000004889e60f05ebda31ffb80c0000000f0548890424b801000000bf010000004889e6ba080000000f05b83c00000031ff0f052f70726f632f73656c662f6d61707300",
    "hex",
  ),
);

/**
 * Writes the stack, [rsp, 0x7ffffffff000), to standard output, and exits:
 *
 *     mov eax, 1 / mov edi, 1 / mov rsi, rsp / mov rdx, 0x7ffffffff000 / sub rdx, rsi / syscall
 *     mov eax, 60 / xor edi, edi / syscall
 */
export const SHOW_STACK: Uint8Array = Uint8Array.from(
  Buffer.from("b801000000bf010000004889e648ba00f0ffffff7f00004829f20f05b83c00000031ff0f05", "hex"),
);

/** Arguments and environments whose first stack was recorded: native-stacks.txt, by record-native-stacks.ts. */
export const STACKS: readonly (readonly [args: readonly string[], env: readonly string[]])[] = [
  [[], []],
  [
    ["one", "two three"],
    ["A=1", "BB=22"],
  ],
  [["", "é", ""], []],
  [[], ["EMPTY="]],
  [["1"], []],
  [["12"], []],
  [["123", "4567", "89"], ["PATH=/bin"]],
  [Array.from({ length: 40 }, (_, index) => "x".repeat(index)), Array.from({ length: 17 }, (_, index) => `V${index}=${index}`)],
];
