/**
 * Random system calls with hostile arguments: a guest makes what lies in a table, batch after batch. Whatever it is answered, the machine must go on, end as a
 * process ends, or wait; it must do so in bounded time, and twice the same.
 */
import { BusyError } from "../../src/linux/index.ts";
import type { RunEnd } from "../../src/machine/index.ts";
import { elfFile, R, W, X } from "../loader/elf-files.ts";
import { Run, sha256 } from "../snapshot/support.ts";
import type { FuzzResult, Random } from "./random.ts";
import { INTERESTING_64, pick, repeat } from "./random.ts";

const CODE_AT = 0x40_0800;
const DATA_AT = 0x60_1000;
const DATA_BYTES = 0xa000;
const TABLE_AT = DATA_AT;
const CALLS = 128;
const ENTRY_BYTES = 56;
/** Behind the table: what pointers lead to. */
const ARGUMENTS_AT = DATA_AT + 0x2000;
const ARGUMENTS_BYTES = DATA_BYTES - 0x2000;

/**
 * mov ebx, TABLE_AT; next: load rax rdi rsi rdx r10 r8 r9 from [rbx]; syscall; add rbx, 56; jmp next. The table's end is a call of its own: exit_group(0).
 */
const CODE = Uint8Array.from(
  [
    [0xbb, TABLE_AT & 0xff, (TABLE_AT >> 8) & 0xff, (TABLE_AT >> 16) & 0xff, 0],
    [0x48, 0x8b, 0x03],
    [0x48, 0x8b, 0x7b, 8],
    [0x48, 0x8b, 0x73, 16],
    [0x48, 0x8b, 0x53, 24],
    [0x4c, 0x8b, 0x53, 32],
    [0x4c, 0x8b, 0x43, 40],
    [0x4c, 0x8b, 0x4b, 48],
    [0x0f, 0x05],
    [0x48, 0x83, 0xc3, ENTRY_BYTES],
    [0xeb, 0xdd],
  ].flat(),
);

const ELF = elfFile([{ flags: R | X }, { flags: R | W, offset: 0x1000, vaddr: DATA_AT, filesz: 0x1000, memsz: DATA_BYTES }], {
  entry: CODE_AT,
  code: CODE,
});

const EXIT = 60;
const EXIT_GROUP = 231;
/** Ends a process whatever its arguments are, or gives its registers away; tried seldom. */
const ENDINGS = new Set([15, EXIT, 61, EXIT_GROUP]);
const LAST_NUMBER = 462;

const PATHS = [
  "/",
  "/tmp",
  "/tmp/a",
  "/tmp/b",
  "/tmp/a/../b",
  "a",
  "b/c",
  "..",
  ".",
  "",
  "/proc/self/maps",
  "/proc/self/fd/3",
  "/proc/self/exe",
  "/proc/1000/stat",
  "/dev/null",
  "/dev/zero",
  "/dev/tty",
  "/fuzz",
  "/etc",
  "user.x",
  "x".repeat(300),
  "/".repeat(1000),
  "d/".repeat(200),
];

/** What pointers of the guest lead to: paths, times, vectors, sets, and anything. */
function fillArguments(random: Random): Uint8Array {
  const bytes = new Uint8Array(ARGUMENTS_BYTES);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < bytes.length; at += 64) {
    switch (random(5)) {
      case 0:
        for (let i = 0; i < 64; i++) bytes[at + i] = random(256);
        break;
      case 1: {
        const path = pick(random, PATHS);
        for (let i = 0; i < path.length && at + i < bytes.length - 1; i++) bytes[at + i] = path.charCodeAt(i);
        at += Math.floor(path.length / 64) * 64;
        break;
      }
      case 2:
        // Vectors of addresses and lengths.
        for (let i = 0; i < 64; i += 16) {
          view.setBigUint64(at + i, pointer(random), true);
          view.setBigUint64(at + i + 8, size(random), true);
        }
        break;
      case 3:
        for (let i = 0; i < 64; i += 8) view.setBigUint64(at + i, BigInt(random(8) === 0 ? random(2 ** 32) : random(4)), true);
        break;
      default:
        for (let i = 0; i < 64; i += 4) view.setUint32(at + i, random(3) === 0 ? random(2 ** 32) : random(24), true);
    }
  }
  return bytes;
}

function pointer(random: Random): bigint {
  switch (random(8)) {
    case 0:
      return 0n;
    case 1:
      return pick(random, INTERESTING_64);
    case 2:
      // Across the end of what is mapped, and into the read-only code.
      return BigInt(random(2) === 0 ? DATA_AT + DATA_BYTES - random(64) : CODE_AT + random(64));
    default:
      return BigInt(ARGUMENTS_AT + (random(4) === 0 ? random(ARGUMENTS_BYTES) : random(ARGUMENTS_BYTES / 64) * 64));
  }
}

function size(random: Random): bigint {
  switch (random(4)) {
    case 0:
      return pick(random, INTERESTING_64);
    case 1:
      return BigInt(random(0x1_0000));
    default:
      return BigInt(random(130));
  }
}

function argument(random: Random): bigint {
  switch (random(8)) {
    case 0:
    case 1:
    case 2:
      return pointer(random);
    case 3:
      return size(random);
    case 4:
      // A descriptor.
      return BigInt.asUintN(64, BigInt(random(6) === 0 ? pick(random, [-1, -100, 255, 1023, 0x7fff_ffff]) : random(12)));
    case 5:
      // Flags.
      return BigInt((1 << random(24)) | (random(2) === 0 ? 1 << random(24) : 0));
    case 6:
      return BigInt(random(70));
    default:
      return pick(random, INTERESTING_64);
  }
}

function number(random: Random): bigint {
  if (random(200) === 0) return pick(random, INTERESTING_64);
  const chosen = random(LAST_NUMBER + 1);
  return BigInt(ENDINGS.has(chosen) && random(50) !== 0 ? 39 : chosen);
}

function tableOf(random: Random): Uint8Array {
  const table = new Uint8Array((CALLS + 1) * ENTRY_BYTES);
  const view = new DataView(table.buffer);
  for (let call = 0; call < CALLS; call++) {
    view.setBigUint64(call * ENTRY_BYTES, number(random), true);
    for (let i = 1; i < 7; i++) view.setBigUint64(call * ENTRY_BYTES + 8 * i, argument(random), true);
  }
  view.setBigUint64(CALLS * ENTRY_BYTES, BigInt(EXIT_GROUP), true);
  return table;
}

const INSTRUCTIONS = 20_000;

interface Outcome {
  readonly end: RunEnd;
  readonly instructions: number;
  readonly output: string;
  /** SHA-256 of the image, or why there is none. */
  readonly image: string;
}

function outcome(run: Run, end: RunEnd): Outcome {
  let image: string;
  try {
    image = sha256(run.image());
  } catch (error) {
    if (!(error instanceof BusyError)) throw error;
    image = error.message;
  }
  return { end, instructions: run.machine.instructions, output: run.host.output, image };
}

/** Makes the calls of a seed in one go, and again in another window with pauses; true where all came to their end. */
function trySyscalls(random: Random, twice: boolean): boolean {
  const [table, data] = [tableOf(random), fillArguments(random)];
  const input = Uint8Array.from({ length: 300 }, () => random(256));
  const start = (windowBits: number): Run => {
    const run = Run.start({ name: "fuzz", elf: ELF, argv: ["fuzz"], input }, windowBits);
    run.machine.space.poke(TABLE_AT, table);
    run.machine.space.poke(ARGUMENTS_AT, data);
    return run;
  };
  const once = start(17);
  const end = once.to(INSTRUCTIONS);
  if (twice) {
    const again = start(20);
    let last: RunEnd = { reason: "limit" };
    while (last.reason === "limit" && again.machine.instructions < INSTRUCTIONS)
      last = again.to(Math.min(INSTRUCTIONS, again.machine.instructions + 1 + random(50)));
    const [a, b] = [JSON.stringify(outcome(once, end)), JSON.stringify(outcome(again, last))];
    if (a !== b) throw new Error(`not twice the same: ${a} and ${b}`);
  }
  return end.reason === "exited" && end.status.signal === 0;
}

/** One in so many is made twice and compared. */
const REPEATED = 4;

export function fuzzSyscalls(seed: number, seconds: number, count: number, first = 0): FuzzResult {
  return repeat(seed, seconds, count, (random, index) => trySyscalls(random, index % REPEATED === 0), first);
}

/** System calls in one try of {@link fuzzSyscalls}, at most. */
export const CALLS_IN_A_TRY: number = CALLS;
