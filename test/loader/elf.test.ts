import fc from "fast-check";
import { expect, test } from "vitest";
import { LoadError, parseElf } from "../../src/loader/index.ts";
import { cut, elfFile, PT_GNU_STACK, PT_INTERP, PT_NOTE, R, SHAPES, TEXT, W, withBytes, X } from "./elf-files.ts";
import type { ProgramHeaderFields } from "./elf-files.ts";

const DATA: ProgramHeaderFields = { flags: R | W, offset: 0x1000, vaddr: 0x402000, filesz: 0x100 };
const INTERP: ProgramHeaderFields = { type: PT_INTERP, offset: 0x1000, filesz: 0x1c };
const good = elfFile([TEXT]);

function refusal(file: Uint8Array): string {
  try {
    parseElf(file);
  } catch (error) {
    expect(error).toBeInstanceOf(LoadError);
    expect(error).toMatchObject({ exitStatus: 126 });
    return (error as LoadError).message;
  }
  return "accepted";
}

test.each<[what: string, file: Uint8Array, message: string]>([
  ["empty file", new Uint8Array(0), "empty file"],
  ["one byte", Uint8Array.of(0x7f), "not an ELF file"],
  ["text", new TextEncoder().encode("hello\n"), "not an ELF file"],
  ["MZ", withBytes(new Uint8Array(512), 0, "MZ"), "not an ELF file"],
  ["script", new TextEncoder().encode("#!/bin/sh -e\nexit 0\n"), "a script (#!/bin/sh -e), not an ELF file: run its interpreter on it"],
  ["script without a newline", new TextEncoder().encode("#! \u0007"), "a script (#!?), not an ELF file: run its interpreter on it"],
  ["magic only", cut(good, 4), "truncated: ELF header has 4 of 64 bytes"],
  ["ident only", cut(good, 16), "truncated: ELF header has 16 of 64 bytes"],
  ["header less a byte", cut(good, 63), "truncated: ELF header has 63 of 64 bytes"],
  ["header only", cut(good, 64), "truncated: program headers at [0x40, 0x78), file of 0x40"],
  ["program header less a byte", cut(good, 119), "truncated: program headers at [0x40, 0x78), file of 0x77"],
  ["headers only", cut(good, 120), "truncated: segment at 0x400000 needs file bytes [0x0, 0x1000), file of 0x78"],
  ["last byte missing", cut(good, 0xfff), "truncated: segment at 0x400000 needs file bytes [0x0, 0x1000), file of 0xfff"],
  ["i386", elfFile([TEXT], { class: 1, machine: 3 }), "32-bit ELF (i386); tsvm runs x86-64"],
  ["ARM", elfFile([TEXT], { class: 1, machine: 40 }), "32-bit ELF (ARM); tsvm runs x86-64"],
  ["x32", elfFile([TEXT], { class: 1 }), "32-bit ELF (x32); tsvm runs x86-64"],
  ["AArch64", elfFile([TEXT], { machine: 183 }), "ELF for AArch64; tsvm runs x86-64"],
  ["RISC-V", elfFile([TEXT], { machine: 243 }), "ELF for RISC-V; tsvm runs x86-64"],
  ["unknown machine", elfFile([TEXT], { machine: 9999 }), "ELF for machine 9999; tsvm runs x86-64"],
  ["big-endian", elfFile([TEXT], { data: 2, machine: 22 << 8 }), "big-endian ELF (S/390); tsvm runs x86-64"],
  ["32-bit big-endian", elfFile([TEXT], { class: 1, data: 2, machine: 8 << 8 }), "32-bit ELF (MIPS); tsvm runs x86-64"],
  ["ET_NONE", elfFile([TEXT], { type: 0 }), "ELF file without a type (ET_NONE), not an executable"],
  ["ET_REL", elfFile([TEXT], { type: 1 }), "relocatable object file (ET_REL), not an executable: link it first"],
  ["ET_CORE", elfFile([TEXT], { type: 4 }), "core file (ET_CORE), not an executable"],
  ["unknown type", elfFile([TEXT], { type: 0xfe00 }), "ELF file of type 65024, not an executable"],
  ["no program headers", elfFile([]), "no program headers"],
  ["e_phentsize 0", elfFile([TEXT], { phentsize: 0 }), "program headers of 0 bytes; they must have 56"],
  ["e_phentsize 32", elfFile([TEXT], { phentsize: 32 }), "program headers of 32 bytes; they must have 56"],
  ["e_phentsize 57", elfFile([TEXT], { phentsize: 57 }), "program headers of 57 bytes; they must have 56"],
  ["e_phnum 1171", elfFile([TEXT], { phnum: 1171, size: 0x20000 }), "too many program headers (1171)"],
  ["e_phnum 65535", elfFile([TEXT], { phnum: 65535 }), "too many program headers (65535)"],
  ["e_phoff at the end", elfFile([TEXT], { phoff: 0x3000 }), "truncated: program headers at [0x3000, 0x3038), file of 0x3000"],
  ["e_phoff absurd", elfFile([TEXT], { phoff: 1n << 62n }), "truncated: program headers at [0x4000000000000000, 0x4000000000000000), file of 0x3000"],
  [
    "e_phoff that wraps",
    elfFile([TEXT], { phoff: 0xffff_ffff_ffff_fff0n }),
    "truncated: program headers at [0x10000000000000000, 0x10000000000000000), file of 0x3000",
  ],
  ["e_phoff 0", elfFile([TEXT], { phoff: 0 }), "not an ELF file"],
  ["only notes", elfFile([{ type: PT_NOTE }]), "no loadable segments"],
  ["p_filesz > p_memsz", elfFile([TEXT, { ...DATA, memsz: 0xff }]), "segment at 0x402000: size in the file 0x100 exceeds size in memory 0xff"],
  ["p_memsz 0", elfFile([TEXT, { ...DATA, memsz: 0 }]), "segment at 0x402000: size in the file 0x100 exceeds size in memory 0x0"],
  [
    "p_offset + p_filesz past the end",
    elfFile([TEXT, { ...DATA, filesz: 0x2001 }]),
    "truncated: segment at 0x402000 needs file bytes [0x1000, 0x3001), file of 0x3000",
  ],
  [
    "p_offset past the end",
    elfFile([TEXT, { ...DATA, offset: 0x20000 }]),
    "truncated: segment at 0x402000 needs file bytes [0x20000, 0x20100), file of 0x3000",
  ],
  [
    "p_offset + p_filesz wraps",
    elfFile([TEXT, { ...DATA, offset: 0xffff_ffff_ffff_f000n, filesz: 0x2000 }]),
    "truncated: segment at 0x402000 needs file bytes [0xfffffffffffff000, 0x10000000000001000), file of 0x3000",
  ],
  ["p_filesz absurd", elfFile([TEXT, { ...DATA, filesz: 1n << 63n }]), "segment at 0x402000 + 0x8000000000000000 does not fit the address space"],
  ["p_memsz absurd", elfFile([TEXT, { ...DATA, memsz: 1n << 62n }]), "segment at 0x402000 + 0x4000000000000000 does not fit the address space"],
  ["p_vaddr at TASK_SIZE", elfFile([TEXT, { ...DATA, vaddr: 0x7fff_ffff_f000 }]), "segment at 0x7ffffffff000 + 0x100 does not fit the address space"],
  [
    "p_vaddr in the kernel's half",
    elfFile([TEXT, { ...DATA, vaddr: 0xffff_8000_0000_0000n }]),
    "segment at 0xffff800000000000 + 0x100 does not fit the address space",
  ],
  [
    "p_vaddr + p_memsz past TASK_SIZE",
    elfFile([TEXT, { ...DATA, vaddr: 0x7fff_ffff_e000, memsz: 0x1001 }]),
    "segment at 0x7fffffffe000 + 0x1001 does not fit the address space",
  ],
  [
    "incongruent",
    elfFile([TEXT, { ...DATA, offset: 0x1008, vaddr: 0x402010 }]),
    "segment at 0x402010: file offset 0x1008 differs from the address modulo the page size",
  ],
  [
    "file offset before the page",
    elfFile([TEXT, { ...DATA, offset: 0, vaddr: 0x402010 }]),
    "segment at 0x402010: file offset 0x0 differs from the address modulo the page size",
  ],
  [
    "overlap by a page",
    elfFile([
      { ...TEXT, filesz: 0x2000 },
      { ...DATA, vaddr: 0x401000 },
    ]),
    "overlapping segments at 0x400000 and 0x401000",
  ],
  [
    "overlap by a byte, descending",
    elfFile([
      { ...DATA, vaddr: 0x401000 },
      { ...TEXT, filesz: 0x1001 },
    ]),
    "overlapping segments at 0x400000 and 0x401000",
  ],
  ["same segment twice", elfFile([TEXT, TEXT]), "overlapping segments at 0x400000 and 0x400000"],
  ["segment inside another", elfFile([{ ...TEXT, memsz: 0x10000 }, DATA]), "overlapping segments at 0x400000 and 0x402000"],
  ["entry at TASK_SIZE", elfFile([TEXT], { entry: 0x7fff_ffff_f000 }), "entry point 0x7ffffffff000 is not a user address"],
  ["entry absurd", elfFile([TEXT], { entry: 0xffff_ffff_ffff_ffffn }), "entry point 0x10000000000000000 is not a user address"],
  ["empty PT_INTERP", elfFile([TEXT, { ...INTERP, filesz: 1 }]), "malformed PT_INTERP"],
  ["long PT_INTERP", elfFile([TEXT, { ...INTERP, filesz: 4097 }]), "malformed PT_INTERP"],
  ["PT_INTERP past the end", elfFile([TEXT, { ...INTERP, offset: 0x2ff0 }]), "malformed PT_INTERP"],
  ["PT_INTERP without a NUL", elfFile([TEXT, INTERP]), "malformed PT_INTERP"],
])("refused: %s", (_what, file, message) => {
  expect(refusal(file)).toBe(message);
});

test.each(Object.entries(SHAPES))("accepted: %s", (_name, [headers, fields]) => {
  expect(parseElf(elfFile(headers, fields)).segments.length).toBeGreaterThan(0);
});

test("what the headers say", () => {
  const path = "/lib64/ld-linux-x86-64.so.2";
  const file = withBytes(elfFile([TEXT, { ...DATA, memsz: 0x3000, align: 16 }, INTERP], { entry: 0x12345678 }), 0x1000, `${path}\0`);
  expect(parseElf(file)).toEqual({
    type: "exec",
    entry: 0x12345678, // outside of every segment: the first fetch faults, as on Linux
    programHeaders: { offset: 64, count: 3, entrySize: 56 },
    programHeadersAddress: 0x400040,
    segments: [
      { offset: 0, fileSize: 0x1000, address: 0x400000, memorySize: 0x1000, protection: 5, align: 0x1000 },
      { offset: 0x1000, fileSize: 0x100, address: 0x402000, memorySize: 0x3000, protection: 3, align: 16 },
    ],
    interpreter: path,
    stackExecutable: false,
  });
});

test("program headers outside of every segment have no address", () => {
  expect(parseElf(elfFile([{ ...DATA, flags: R | X }])).programHeadersAddress).toBeUndefined();
});

test("PT_GNU_STACK decides on an executable stack", () => {
  const stack = (flags: number): Uint8Array => elfFile([TEXT, { type: PT_GNU_STACK, flags, filesz: 0 }]);
  expect(parseElf(stack(R | W)).stackExecutable).toBe(false);
  expect(parseElf(stack(R | W | X)).stackExecutable).toBe(true);
  expect(parseElf(good).stackExecutable).toBe(false);
});

test("a view into a larger buffer is read from its own start", () => {
  const buffer = new Uint8Array(good.length + 100);
  buffer.set(good, 50);
  expect(parseElf(buffer.subarray(50, 50 + good.length))).toEqual(parseElf(good));
});

test("mutated headers are accepted or refused in one line, nothing else", () => {
  const files = Object.values(SHAPES).map(([headers, fields]) => elfFile(headers, fields));
  fc.assert(
    fc.property(
      fc.constantFrom(...files),
      fc.array(fc.tuple(fc.nat(64 + 56 * 3), fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255))), { maxLength: 12 }),
      fc.option(fc.nat(0x3000)),
      (original, changes, length) => {
        const file = original.slice(0, length ?? original.length);
        for (const [offset, value] of changes) if (offset < file.length) file[offset] = value;
        try {
          parseElf(file);
        } catch (error) {
          expect(error).toBeInstanceOf(LoadError);
          expect((error as LoadError).message).toMatch(/^[\x20-\x7e]{1,400}$/);
        }
      },
    ),
    { numRuns: 5000 },
  );
});
