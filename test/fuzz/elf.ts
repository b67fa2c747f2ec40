/** Mutated ELF files: each is refused with a LoadError, or loaded and run a little, within bounds of memory. */
import { PAGE_SIZE } from "../../src/memory/index.ts";
import { LoadError, parseElf } from "../../src/loader/index.ts";
import { listPrograms } from "../../programs/build.ts";
import { elfFile, PT_GNU_STACK, PT_INTERP, R, TEXT, W, X } from "../loader/elf-files.ts";
import { programCase, Run } from "../snapshot/support.ts";
import type { FuzzResult, Random } from "./random.ts";
import { INTERESTING, INTERESTING_64, pick, repeat } from "./random.ts";

const EHDR_SIZE = 64;
const PHDR_SIZE = 56;
/** Offset of each field in a program header, and its bytes. */
const PHDR_FIELDS = [
  [0, 4],
  [4, 4],
  [8, 8],
  [16, 8],
  [24, 8],
  [32, 8],
  [40, 8],
  [48, 8],
] as const;
/** The same for the ELF header. */
const EHDR_FIELDS = [
  [4, 1],
  [5, 1],
  [6, 1],
  [7, 1],
  [16, 2],
  [18, 2],
  [20, 4],
  [24, 8],
  [32, 8],
  [40, 8],
  [48, 4],
  [52, 2],
  [54, 2],
  [56, 2],
  [58, 2],
  [60, 2],
  [62, 2],
] as const;
const PH_TYPES = [0, 1, 1, 1, 2, 3, 4, 5, 6, 7, 0x6474_e550, 0x6474_e551, 0x6474_e552, 0x6474_e553];

/** A nop-filled page that ends in exit(0). */
const CODE = Uint8Array.from([0xb8, 0x3c, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05]);

/** Files that all others are made of. */
function seeds(): Uint8Array[] {
  const small = [
    elfFile([TEXT], { code: CODE }),
    elfFile([{ ...TEXT, vaddr: 0 }], { type: 3, entry: 0x800, code: CODE }),
    elfFile([TEXT, { flags: R | W, offset: 0x1000, vaddr: 0x401000, filesz: 0x800, memsz: 0x5000 }], { code: CODE }),
    elfFile([TEXT, { flags: R | W, offset: 0x1000, vaddr: 0x601000, memsz: 0x10_0000 }, { type: PT_GNU_STACK, flags: R | W | X }], { code: CODE }),
    elfFile([TEXT, { type: PT_INTERP, offset: 0x700, filesz: 28 }], { code: CODE }),
  ];
  return [...small, ...listPrograms().map((one) => programCase(one).elf)];
}

function setField(view: DataView, at: number, size: number, random: Random): void {
  if (at + size > view.byteLength) return;
  // A little more or less than what is there, an edge, or anything.
  const old = size === 8 ? view.getBigUint64(at, true) : 0n;
  if (size === 8) {
    const values = [
      old + 1n,
      old - 1n,
      old + 0x1000n,
      old - 0x1000n,
      old ^ (1n << BigInt(random(64))),
      pick(random, INTERESTING_64),
      BigInt(random(2 ** 32)),
    ];
    view.setBigUint64(at, BigInt.asUintN(64, pick(random, values)), true);
  } else if (size === 4) view.setUint32(at, random(2) === 0 ? pick(random, INTERESTING) : pick(random, PH_TYPES), true);
  else if (size === 2) view.setUint16(at, random(2) === 0 ? pick(random, INTERESTING) & 0xffff : random(64), true);
  else view.setUint8(at, random(256));
}

function mutate(file: Uint8Array, files: readonly Uint8Array[], random: Random): Uint8Array {
  let bytes = file.slice();
  const view = new DataView(bytes.buffer);
  const headers = Math.min(view.getUint16(56, true), 64);
  for (let i = 1 + random(3); i > 0; i--) {
    const header = EHDR_SIZE + PHDR_SIZE * random(Math.max(1, headers));
    switch (random(8)) {
      case 0: {
        const [at, size] = pick(random, EHDR_FIELDS);
        setField(view, at, size, random);
        break;
      }
      case 1:
      case 2:
      case 3: {
        const [at, size] = pick(random, PHDR_FIELDS);
        setField(view, header + at, size, random);
        break;
      }
      case 4: {
        // One program header over another.
        const other = EHDR_SIZE + PHDR_SIZE * random(Math.max(1, headers));
        if (Math.max(header, other) + PHDR_SIZE <= bytes.length) bytes.copyWithin(header, other, other + PHDR_SIZE);
        break;
      }
      case 5: {
        // A part of another file.
        const from = pick(random, files);
        const length = Math.min(1 + random(4096), from.length, bytes.length);
        const at = random(2) === 0 ? random(Math.min(bytes.length - length + 1, 512)) : random(bytes.length - length + 1);
        const start = at % from.length;
        bytes.set(from.subarray(start, start + Math.min(length, bytes.length - at)), at);
        break;
      }
      case 6:
        for (let n = 1 + random(16); n > 0; n--) bytes[random(bytes.length)] = random(256);
        break;
      default:
        // Bytes of code that runs: the entry's page.
        for (let n = 1 + random(4); n > 0; n--)
          bytes[Math.min(bytes.length - 1, Number(view.getBigUint64(24, true) & 0xfffn) + random(64))] = random(256);
    }
  }
  if (random(10) === 0) bytes = bytes.slice(0, random(4) === 0 ? random(EHDR_SIZE + PHDR_SIZE * 4) : random(bytes.length + 1));
  return bytes;
}

const INSTRUCTIONS = 20_000;
/** One in so many is given to a machine whatever the parser says of it, and saved at the end. */
const THOROUGH = 16;
/** What a process needs whatever its file says: stack, vDSO, tables of the kernel. */
const BASE_BYTES = 2 ** 20;

/** Bytes of memory that a file asks for. Throws LoadError. */
function claim(elf: Uint8Array): number {
  return parseElf(elf).segments.reduce((sum, { memorySize }) => sum + memorySize, 0);
}

/** Pages that the machine holds, in bytes. */
function held(run: Run): number {
  let pages = 0;
  for (const _ of run.machine.space.residentPages()) pages++;
  return pages * PAGE_SIZE;
}

/** False where it was refused. Throws what is no LoadError, and where a file costs more than twice what it claims. `thorough`: at the price of a machine. */
function tryElf(elf: Uint8Array, thorough: boolean): boolean {
  let claimed = elf.length;
  let run: Run;
  try {
    // The machine's loader begins with the same.
    if (!thorough) claimed += claim(elf);
    run = Run.start({ name: "fuzz", elf, argv: ["fuzz"] }, 20);
  } catch (error) {
    if (!(error instanceof LoadError) || /\n/.test(error.message)) throw error;
    return false;
  }
  if (thorough) claimed += claim(elf);
  if (held(run) > 2 * claimed + BASE_BYTES) throw new Error(`${held(run)} bytes for a file that claims ${claimed}`);
  run.to(INSTRUCTIONS);
  if (thorough) run.image();
  return true;
}

export function fuzzElf(seed: number, seconds: number, count: number, first = 0): FuzzResult {
  const files = seeds();
  return repeat(seed, seconds, count, (random, index) => tryElf(mutate(pick(random, files), files, random), index % THOROUGH === 0), first);
}
