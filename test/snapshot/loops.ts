/** Guests that never end and do nothing but one thing: what a request to stop has to wait for. */
import { elfFile, R, W, X } from "../loader/elf-files.ts";
import type { Case } from "./support.ts";

const SOURCE = 0x1000_0000;
const TARGET = 0x2000_0000;
const BYTES = 0x400_0000;

function u32(value: number): number[] {
  return [value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >>> 24) & 255];
}

const movEax = (value: number): number[] => [0xb8, ...u32(value)];
const movEdi = (value: number): number[] => [0xbf, ...u32(value)];
const movEsi = (value: number): number[] => [0xbe, ...u32(value)];
const movEcx = (value: number): number[] => [0xb9, ...u32(value)];
const movEdx = (value: number): number[] => [0xba, ...u32(value)];
const SYSCALL = [0x0f, 0x05];
const SYS = { mmap: 9, munmap: 11, getppid: 110, getrandom: 318 } as const;

/** `body` again and again. */
function loop(...body: number[][]): number[] {
  const code = body.flat();
  return [...code, 0xeb, (-code.length - 2) & 0xff];
}

const codes: Readonly<Record<string, number[]>> = {
  "jmp to itself": loop(),
  "add, jmp": loop([0x48, 0x83, 0xc0, 1]),
  getppid: loop(movEax(SYS.getppid), SYSCALL),
  "getrandom of 64 KiB": loop(movEax(SYS.getrandom), movEdi(TARGET), movEsi(0x1_0000), [0x31, 0xd2], SYSCALL),
  "rep movsb of 64 MiB": loop(movEsi(SOURCE), movEdi(TARGET), movEcx(BYTES), [0xf3, 0xa4]),
  "rep stosq of 64 MiB": loop(movEdi(TARGET), movEcx(BYTES / 8), [0xf3, 0x48, 0xab]),
  // inc byte [rip + 1]: the immediate of the instruction that follows.
  "code that changes itself": loop([0xfe, 0x05, ...u32(1)], [0xb0, 0]),
  fsin: loop([0xd9, 0xfe]),
  cpuid: loop([0x0f, 0xa2]),
  "mmap, touch, munmap": loop(
    movEax(SYS.mmap),
    [0x31, 0xff],
    movEsi(0x1_0000),
    movEdx(3),
    [0x41, 0xba, ...u32(0x22)],
    [0x49, 0xc7, 0xc0, ...u32(-1)],
    [0x45, 0x31, 0xc9],
    SYSCALL,
    [0xc6, 0x00, 1],
    [0x48, 0x89, 0xc7],
    movEsi(0x1_0000),
    movEax(SYS.munmap),
    SYSCALL,
  ),
};

/** The loops by name, as programs. */
export const loops: readonly Case[] = Object.entries(codes).map(([name, code]) => ({
  name,
  path: "/loop",
  argv: ["loop"],
  elf: elfFile(
    [
      { flags: R | W | X },
      { flags: R | W, offset: 0x1000, vaddr: SOURCE, filesz: 0, memsz: BYTES },
      { flags: R | W, offset: 0x1000, vaddr: TARGET, filesz: 0, memsz: BYTES },
    ],
    { code: Uint8Array.from(code) },
  ),
}));
