/**
 * The first stack of a program, as Linux lays it out (System V x86-64 psABI 3.4.1; order and padding as Linux does).
 *
 *     stack top
 *       8 zero bytes
 *       path of the program\0            AT_EXECFN
 *       environment strings\0
 *       argument strings\0               padding down to 16
 *       "x86_64\0"                       AT_PLATFORM
 *       16 random bytes                  AT_RANDOM
 *       padding, so that the stack pointer is a multiple of 16
 *       auxiliary vector, ended by AT_NULL
 *       environment pointers, 0
 *       argument pointers, 0
 *       argument count                   <- stack pointer
 */
import { encodeUtf8 } from "../base/index.ts";
import { AT_NULL } from "./auxv.ts";
import type { AuxEntry } from "./auxv.ts";
import { LoadError } from "./load-error.ts";

/** Linux's MAX_ARG_STRLEN: the longest single string, with its NUL. */
const MAX_STRING = 131072;
/** Linux's ARG_MAX: what is always allowed, however small the stack limit. */
const ARG_MAX = 131072;
/** Strings never get more than three quarters of the default stack limit of 8 MiB. */
const MAX_STRINGS = 0x60_0000;

const PLATFORM = "x86_64";
const RANDOM_BYTES = 16;

export interface StackInput {
  /** One past the highest stack byte, a multiple of the page size. */
  readonly top: number;
  readonly argv: readonly (string | Uint8Array)[];
  readonly envp: readonly (string | Uint8Array)[];
  readonly execfn: string | Uint8Array;
  readonly random: Uint8Array;
  /** RLIMIT_STACK in bytes: a quarter of it may be strings and pointers. */
  readonly stackLimit: number;
}

/** Where the strings are: what auxiliary vector entries and /proc need. Addresses; ends are exclusive. */
export interface StackStrings {
  readonly execfn: number;
  readonly platform: number;
  readonly random: number;
  readonly argStart: number;
  readonly argEnd: number;
  readonly envStart: number;
  readonly envEnd: number;
}

export interface InitialStack extends StackStrings {
  readonly stackPointer: number;
  /** Contents of [stackPointer, top). */
  readonly bytes: Uint8Array;
}

function toBytes(text: string | Uint8Array): Uint8Array {
  const bytes = typeof text === "string" ? encodeUtf8(text) : text;
  if (bytes.includes(0)) throw new LoadError("an argument or environment string contains a NUL byte", "EINVAL");
  if (bytes.length >= MAX_STRING) throw new LoadError("an argument or environment string is too long", "E2BIG");
  return bytes;
}

function totalSize(strings: readonly Uint8Array[]): number {
  let size = 0;
  for (const bytes of strings) size += bytes.length + 1;
  return size;
}

/**
 * Lays out the stack. `auxv` is called with the strings' places and gives the entries without AT_NULL.
 * An empty argv becomes one empty string, as in Linux since 5.18. Throws {@link LoadError} with E2BIG.
 */
export function buildStack(input: StackInput, auxv: (strings: StackStrings) => readonly AuxEntry[]): InitialStack {
  const argv = (input.argv.length === 0 ? [""] : input.argv).map(toBytes);
  const envp = input.envp.map(toBytes);
  const path = toBytes(input.execfn);
  if (input.random.length !== RANDOM_BYTES) throw new RangeError(`AT_RANDOM needs ${RANDOM_BYTES} bytes`);

  const limit = Math.max(ARG_MAX, Math.min(MAX_STRINGS, Math.floor(input.stackLimit / 4)));
  const argSize = totalSize(argv);
  const envSize = totalSize(envp);
  if ((argv.length + envp.length) * 8 + path.length + 1 + argSize + envSize > limit) {
    throw new LoadError("argument list too long", "E2BIG");
  }

  const execfn = input.top - 8 - (path.length + 1);
  const envStart = execfn - envSize;
  const argStart = envStart - argSize;
  const platform = roundDown16(argStart) - (PLATFORM.length + 1);
  const random = platform - RANDOM_BYTES;
  const strings: StackStrings = {
    execfn,
    platform,
    random,
    argStart,
    argEnd: envStart,
    envStart,
    envEnd: execfn,
  };
  const entries = [...auxv(strings), [AT_NULL, 0] as const];
  const pointerWords = 1 + argv.length + 1 + envp.length + 1;
  const stackPointer = roundDown16(random - entries.length * 16 - pointerWords * 8);

  const bytes = new Uint8Array(input.top - stackPointer);
  const view = new DataView(bytes.buffer);
  let word = 0;
  const push = (value: number): void => {
    view.setUint32(word, value % 2 ** 32, true);
    view.setUint32(word + 4, Math.floor(value / 2 ** 32), true);
    word += 8;
  };
  const pushStrings = (list: readonly Uint8Array[], start: number): void => {
    let address = start;
    for (const text of list) {
      push(address);
      bytes.set(text, address - stackPointer);
      address += text.length + 1;
    }
    push(0);
  };
  push(argv.length);
  pushStrings(argv, argStart);
  pushStrings(envp, envStart);
  for (const [type, value] of entries) {
    push(type);
    push(value);
  }
  bytes.set(input.random, random - stackPointer);
  bytes.set(encodeUtf8(PLATFORM), platform - stackPointer);
  bytes.set(path, execfn - stackPointer);
  return { ...strings, stackPointer, bytes };
}

/** Multiple of 16 at or below an address (no bit operators: addresses have 47 bits). */
function roundDown16(address: number): number {
  return address - (address % 16);
}
