import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { load, LoadError } from "../../src/loader/index.ts";
import type { Loaded, LoadOptions } from "../../src/loader/index.ts";
import { AddressSpace } from "../../src/memory/index.ts";
import { elfFile, PT_INTERP, R, SHAPES, TEXT, W, withBytes } from "./elf-files.ts";
import type { ProgramHeaderFields } from "./elf-files.ts";

const OPTIONS: LoadOptions = {
  argv: ["./program"],
  envp: [],
  execfn: "./program",
  random: Uint8Array.from({ length: 16 }, (_, index) => index + 1),
  uid: 1000,
  euid: 1001,
  gid: 1002,
  egid: 1003,
  hwcap: 0x178bfbff,
  fileName: "FILE",
};

function start(windowBits: number, file: Uint8Array, options: Partial<LoadOptions> = {}): { space: AddressSpace; loaded: Loaded } {
  const space = new AddressSpace({ windowBits });
  return { space, loaded: load(space, file, { ...OPTIONS, ...options }) };
}

function bytesAt(space: AddressSpace, address: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  expect(space.peek(address, bytes)).toBe(length);
  return bytes;
}

function hex(value: number, width: number): string {
  return value.toString(16).padStart(width, "0");
}

/** The areas as native-maps.txt has them. */
function maps(space: AddressSpace): string[] {
  const lines: string[] = [];
  for (const area of space.areas()) {
    if (area.name === "[vdso]") continue;
    const letters = `${area.prot & 1 ? "r" : "-"}${area.prot & 2 ? "w" : "-"}${area.prot & 4 ? "x" : "-"}p`;
    const name = space.areaName(area);
    lines.push(`${hex(area.start, 8)}-${hex(area.end, 8)} ${letters} ${hex(area.backing ? area.offset : 0, 8)} ${name}`.trim());
  }
  return lines;
}

const recorded = new Map<string, string[]>();
for (const block of readFileSync(new URL("native-maps.txt", import.meta.url), "utf8")
  .trim()
  .split("\n\n")) {
  const [title = "", ...lines] = block.split("\n");
  recorded.set(title.slice(2), lines);
}

describe.each([32, 17])("window of 2^%i bytes", (windowBits) => {
  test.each(Object.entries(SHAPES))("mapped as on Linux: %s", (name, [headers, fields]) => {
    const { space, loaded } = start(windowBits, elfFile(headers, fields));
    expect([...maps(space), `brk ${hex(loaded.brkStart, 0)}`]).toEqual(recorded.get(name));
    expect(space.brk(0)).toBe(loaded.brkStart);
  });

  test("file bytes, zeroed tail and bss", () => {
    const file = elfFile([TEXT, { flags: R | W, offset: 0x1000, vaddr: 0x402000, filesz: 0x100, memsz: 0x2000 }]);
    const { space } = start(windowBits, file);
    expect(bytesAt(space, 0x400000, 0x1000)).toEqual(file.slice(0, 0x1000));
    expect(bytesAt(space, 0x402000, 0x100)).toEqual(file.slice(0x1000, 0x1100));
    expect(bytesAt(space, 0x402100, 0x1f00)).toEqual(new Uint8Array(0x1f00));
  });

  test("file bytes after a segment stay where it has no bss, or cannot be written", () => {
    const data: ProgramHeaderFields = { offset: 0x1000, vaddr: 0x402000, filesz: 0x100 };
    const { space } = start(windowBits, elfFile([TEXT, { ...data, flags: R | W }]));
    expect(bytesAt(space, 0x402100, 2)).toEqual(Uint8Array.of(0xbb, 0xbb));
    const readOnly = start(windowBits, elfFile([TEXT, { ...data, flags: R, memsz: 0x2000 }]));
    expect(bytesAt(readOnly.space, 0x402100, 2)).toEqual(Uint8Array.of(0xbb, 0xbb));
    expect(bytesAt(readOnly.space, 0x403000, 2)).toEqual(Uint8Array.of(0, 0));
  });

  test("auxiliary vector and first stack are in memory", () => {
    const { space, loaded } = start(windowBits, elfFile([TEXT]), { argv: ["./program", "two"], envp: ["A=b"], hwcap2: 2, secure: true });
    let at = loaded.stackPointer;
    expect(at % 16).toBe(0);
    expect(space.readNumber(at)).toBe(2);
    expect(Buffer.from(space.readCString(space.readNumber(at + 16), 99)).toString()).toBe("two");
    expect(Buffer.from(space.readCString(space.readNumber(at + 32), 99)).toString()).toBe("A=b");
    at += 48;
    for (const [type, value] of loaded.auxv) {
      expect([space.readNumber(at), space.readNumber(at + 8)]).toEqual([type, value]);
      at += 16;
    }
    expect(loaded.auxv).toEqual([
      [33, loaded.vdso],
      [51, 1776],
      [16, 0x178bfbff],
      [6, 4096],
      [17, 100],
      [3, 0x400040],
      [4, 56],
      [5, 1],
      [7, 0],
      [8, 0],
      [9, 0x400800],
      [11, 1000],
      [12, 1001],
      [13, 1002],
      [14, 1003],
      [23, 1],
      [25, loaded.random],
      [26, 2],
      [31, loaded.execfn],
      [15, loaded.platform],
      [0, 0],
    ]);
    expect(bytesAt(space, loaded.random, 16)).toEqual(OPTIONS.random);
    expect(Buffer.from(space.readCString(loaded.platform, 99)).toString()).toBe("x86_64");
    expect(Buffer.from(bytesAt(space, loaded.argStart, loaded.argEnd - loaded.argStart)).toString()).toBe("./program\0two\0");
    expect(Buffer.from(bytesAt(space, loaded.envStart, loaded.envEnd - loaded.envStart)).toString()).toBe("A=b\0");
  });

  test("the vDSO is an executable ELF page of its own", () => {
    const { space, loaded } = start(windowBits, elfFile([TEXT]));
    expect(loaded.vdso).toBe(0x7fff_f7ff_e000);
    expect(bytesAt(space, loaded.vdso, 4)).toEqual(Uint8Array.of(0x7f, 0x45, 0x4c, 0x46));
    const area = space.areaAt(loaded.vdso);
    expect([area?.name, area?.prot, area?.end]).toEqual(["[vdso]", 5, loaded.vdso + 4096]);
    expect(space.fetch(loaded.vdso, new Uint8Array(16))).toBe(16);
  });

  test("a position independent program gets its addresses relocated", () => {
    const { loaded } = start(windowBits, elfFile([{ ...TEXT, vaddr: 0x10000 }], { type: 3, entry: 0x10800 }));
    expect(hex(loaded.loadBias, 0)).toBe("7ffff7fee000");
    expect(loaded.entry).toBe(loaded.loadBias + 0x10800);
    expect(loaded.startCode).toBe(loaded.loadBias + 0x10000);
    expect(new Map(loaded.auxv).get(3)).toBe(loaded.loadBias + 0x10040);
    expect(loaded.vdso).toBe(loaded.startCode - 4096);
  });

  test("many arguments make the first stack larger", () => {
    const envp = Array.from({ length: 60_000 }, (_, index) => `V${index}=x`);
    const { space, loaded } = start(windowBits, elfFile([TEXT]), { envp });
    const stack = space.areaAt(loaded.stackPointer);
    expect(stack && space.areaName(stack)).toBe("[stack]");
    expect(stack?.end).toBe(0x7fff_ffff_f000);
    expect(space.readNumber(loaded.stackPointer)).toBe(1);
    expect(Buffer.from(space.readCString(space.readNumber(loaded.stackPointer + 24 + 59_999 * 8), 99)).toString()).toBe("V59999=x");
  });
});

test.each<[what: string, file: Uint8Array, message: string]>([
  [
    "dynamic",
    withBytes(elfFile([TEXT, { type: PT_INTERP, offset: 0x1000, filesz: 0x1c }]), 0x1000, "/lib64/ld-linux-x86-64.so.2\0"),
    "dynamically linked (needs /lib64/ld-linux-x86-64.so.2); only static executables run so far",
  ],
  ["below 64 KiB", elfFile([{ ...TEXT, vaddr: 0x1000 }], { entry: 0x1800 }), "cannot map segment at 0x1000 (EPERM)"],
  ["first segment on the stack", elfFile([{ ...TEXT, vaddr: 0x7fff_ffff_0000 }]), "cannot map segment at 0x7fffffff0000 (EEXIST)"],
  [
    "position independent, too large",
    elfFile([{ ...TEXT, vaddr: 0, memsz: 0x7fff_ffff_0000 }], { type: 3 }),
    "cannot map a program of 0x7fffffff0000 bytes (ENOMEM)",
  ],
])("not loaded: %s", (_what, file, message) => {
  const space = new AddressSpace();
  expect(() => load(space, file, OPTIONS)).toThrow(expect.objectContaining({ name: "LoadError", message, exitStatus: 126 }));
});

test("mutated files load or are refused in one line", () => {
  const files = Object.values(SHAPES).map(([headers, fields]) => elfFile(headers, fields));
  fc.assert(
    fc.property(
      fc.constantFrom(...files),
      fc.array(fc.tuple(fc.nat(64 + 56 * 3), fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255))), { maxLength: 4 }),
      (original, changes) => {
        const file = original.slice();
        for (const [offset, value] of changes) file[offset] = value;
        try {
          load(new AddressSpace({ windowBits: 17 }), file, OPTIONS);
        } catch (error) {
          expect(error).toBeInstanceOf(LoadError);
        }
      },
    ),
    { numRuns: 100 },
  );
});
