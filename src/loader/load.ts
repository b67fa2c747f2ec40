/**
 * Puts a static executable into an empty address space, as Linux's execve(2) does without address space randomisation.
 *
 *     ET_EXEC   at its own addresses; brk starts at the page after its highest segment
 *     ET_DYN    without PT_INTERP (static-pie): top-down among the mappings, so below 0x7ffff7fff000; brk starts at 0x555555555000
 *     [vdso]    top-down, after the segments
 *     [stack]   ends at 0x7ffffffff000, at first 128 KiB more than the strings need
 */
import { MapError, PAGE_SIZE, PROT_EXEC, PROT_READ, PROT_WRITE, TASK_SIZE } from "../memory/index.ts";
import type { AddressSpace, FileBacking } from "../memory/index.ts";
import * as AT from "./auxv.ts";
import type { AuxEntry } from "./auxv.ts";
import { hex, parseElf } from "./elf.ts";
import type { Image, Segment } from "./elf.ts";
import { LoadError } from "./load-error.ts";
import { buildStack } from "./stack.ts";
import type { StackStrings } from "./stack.ts";
import { buildVdso } from "./vdso.ts";

/** Where Linux places position independent programs, and the first break of those without PT_INTERP. */
const ELF_ET_DYN_BASE = 0x5555_5555_5000;
/** What a first stack has beyond the pages of its strings. */
const STACK_EXPAND = 0x2_0000;
const DEFAULT_STACK_LIMIT = 0x80_0000;
const CLOCK_TICKS = 100;
/** Signal frame of a CPU with x87, SSE and AVX state, as Linux 5.14 and later report it. */
const MIN_SIGNAL_STACK = 1776;

export interface LoadOptions {
  /** Strings are encoded as UTF-8; bytes are taken as they are, without a final NUL. */
  readonly argv: readonly (string | Uint8Array)[];
  readonly envp: readonly (string | Uint8Array)[];
  /** The path given to execve: AT_EXECFN. */
  readonly execfn: string | Uint8Array;
  /** AT_RANDOM's 16 bytes. */
  readonly random: Uint8Array;
  readonly uid: number;
  readonly euid: number;
  readonly gid: number;
  readonly egid: number;
  /** AT_SECURE: the program got privileges from its file. */
  readonly secure?: boolean | undefined;
  /** AT_HWCAP: CPUID leaf 1, EDX. */
  readonly hwcap: number;
  readonly hwcap2?: number | undefined;
  /** AT_CLKTCK, 100 by default. */
  readonly clockTicks?: number | undefined;
  /** AT_MINSIGSTKSZ. */
  readonly minSignalStack?: number | undefined;
  /** The file of the segments; by default made from `bytes` with the name `fileName`. */
  readonly backing?: FileBacking | undefined;
  /** As /proc/PID/maps shows it. */
  readonly fileName?: string | undefined;
  /** RLIMIT_STACK in bytes, 8 MiB by default. */
  readonly stackLimit?: number | undefined;
  /** One past the highest stack byte. */
  readonly stackTop?: number | undefined;
}

/** What execution, /proc and core dumps need to know of a loaded program. Addresses are the guest's; ends are exclusive. */
export interface Loaded extends StackStrings {
  readonly image: Image;
  /** What was added to the file's addresses. */
  readonly loadBias: number;
  /** The first instruction. */
  readonly entry: number;
  readonly stackPointer: number;
  readonly stackTop: number;
  readonly brkStart: number;
  readonly vdso: number;
  /** As on the stack, AT_NULL included. */
  readonly auxv: readonly AuxEntry[];
  readonly startCode: number;
  readonly endCode: number;
  readonly startData: number;
  readonly endData: number;
}

function pageDown(address: number): number {
  return address - (address % PAGE_SIZE);
}
function pageUp(address: number): number {
  return pageDown(address + PAGE_SIZE - 1);
}

/** A file that is only these bytes, for segments whose file the caller has no object for. */
function bytesBacking(name: string, bytes: Uint8Array): FileBacking {
  return {
    name,
    sharedPage: () => undefined,
    fillPage(index: number, into: Uint8Array): boolean {
      const start = index * PAGE_SIZE;
      if (start >= bytes.length) return false;
      const part = bytes.subarray(start, start + PAGE_SIZE);
      into.set(part);
      into.fill(0, part.length, PAGE_SIZE);
      return true;
    },
  };
}

/** Runs an operation on areas; a refusal becomes a {@link LoadError} that says what was attempted. */
function attempt<T>(what: string, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    if (!(error instanceof MapError)) throw error;
    throw new LoadError(`cannot map ${what} (${error.code})`, "ENOMEM");
  }
}

/** [start, end) of what the segments occupy, before the load bias. */
function span(segments: readonly Segment[]): { start: number; end: number } {
  let start = TASK_SIZE;
  let end = 0;
  for (const { address, memorySize } of segments) {
    start = Math.min(start, pageDown(address));
    end = Math.max(end, address + memorySize);
  }
  return { start, end };
}

/** The largest p_align that is a power of two; others are ignored. */
function alignment(segments: readonly Segment[]): number {
  let largest = PAGE_SIZE;
  for (const { align } of segments) {
    let power = PAGE_SIZE;
    while (power < align) power *= 2;
    if (power === align) largest = Math.max(largest, align);
  }
  return largest;
}

/** Chooses the load bias of a position independent program: top-down, then lowered to its alignment. */
function chooseBias(space: AddressSpace, image: Image): number {
  const { start, end } = span(image.segments);
  const length = pageUp(end) - start;
  if (length === 0) return ELF_ET_DYN_BASE;
  const place = attempt(`a program of ${hex(length)} bytes`, () => {
    const found = space.map({ address: 0, length, prot: 0, noReserve: true });
    space.unmap(found, length);
    return found;
  });
  const base = place - (place % alignment(image.segments));
  return base - pageDown(image.segments[0]?.address ?? 0);
}

/** Maps one segment: its file pages, and behind them zeroed pages, which Linux makes writable whatever the segment is. */
function mapSegment(space: AddressSpace, segment: Segment, bias: number, first: boolean, backing: FileBacking): void {
  const address = segment.address + bias;
  const start = pageDown(address);
  const what = `segment at ${hex(address)}`;
  const fileEnd = address + segment.fileSize;
  const filePagesEnd = segment.fileSize === 0 ? start : pageUp(fileEnd);
  if (filePagesEnd > start) {
    attempt(what, () =>
      space.map({
        address: start,
        length: filePagesEnd - start,
        prot: segment.protection,
        fixed: !first,
        fixedNoReplace: first,
        backing,
        offset: pageDown(segment.offset),
      }),
    );
  }
  if (segment.memorySize === segment.fileSize) return;
  if (filePagesEnd > fileEnd && segment.fileSize !== 0 && segment.protection & PROT_WRITE) {
    if (space.poke(fileEnd, new Uint8Array(filePagesEnd - fileEnd)) !== filePagesEnd - fileEnd) {
      throw new LoadError(`cannot zero the end of ${what}`, "ENOMEM");
    }
  }
  const end = pageUp(address + segment.memorySize);
  if (end > filePagesEnd) {
    const prot = PROT_READ | PROT_WRITE | (segment.protection & PROT_EXEC);
    attempt(what, () => space.map({ address: filePagesEnd, length: end - filePagesEnd, prot, fixed: true }));
  }
}

/** Bounds of code and data as Linux computes them for /proc/PID/stat. */
function codeAndData(
  segments: readonly Segment[],
  bias: number,
): {
  startCode: number;
  endCode: number;
  startData: number;
  endData: number;
} {
  let startCode = Infinity;
  let endCode = 0;
  let startData = 0;
  let endData = 0;
  for (const { address, fileSize, protection } of segments) {
    const executable = (protection & PROT_EXEC) !== 0;
    if (executable) startCode = Math.min(startCode, address);
    if (executable) endCode = Math.max(endCode, address + fileSize);
    startData = Math.max(startData, address);
    endData = Math.max(endData, address + fileSize);
  }
  if (startCode === Infinity) startCode = 0;
  return { startCode: startCode + bias, endCode: endCode + bias, startData: startData + bias, endData: endData + bias };
}

function auxiliaryVector(image: Image, options: LoadOptions, bias: number, vdso: number, strings: StackStrings): readonly AuxEntry[] {
  return [
    [AT.AT_SYSINFO_EHDR, vdso],
    [AT.AT_MINSIGSTKSZ, options.minSignalStack ?? MIN_SIGNAL_STACK],
    [AT.AT_HWCAP, options.hwcap],
    [AT.AT_PAGESZ, PAGE_SIZE],
    [AT.AT_CLKTCK, options.clockTicks ?? CLOCK_TICKS],
    [AT.AT_PHDR, (image.programHeadersAddress ?? 0) + bias],
    [AT.AT_PHENT, image.programHeaders.entrySize],
    [AT.AT_PHNUM, image.programHeaders.count],
    [AT.AT_BASE, 0],
    [AT.AT_FLAGS, 0],
    [AT.AT_ENTRY, image.entry + bias],
    [AT.AT_UID, options.uid],
    [AT.AT_EUID, options.euid],
    [AT.AT_GID, options.gid],
    [AT.AT_EGID, options.egid],
    [AT.AT_SECURE, options.secure ? 1 : 0],
    [AT.AT_RANDOM, strings.random],
    [AT.AT_HWCAP2, options.hwcap2 ?? 0],
    [AT.AT_EXECFN, strings.execfn],
    [AT.AT_PLATFORM, strings.platform],
  ];
}

/**
 * Loads the executable in `bytes` into `space`, which must be empty. Throws {@link LoadError}; what was mapped until then stays,
 * so the space is of no use afterwards, except where {@link parseElf} would throw: then it is untouched.
 */
export function load(space: AddressSpace, bytes: Uint8Array, options: LoadOptions): Loaded {
  const image = parseElf(bytes);
  if (image.interpreter !== undefined) {
    throw new LoadError(`dynamically linked (needs ${image.interpreter}); only static executables run so far`, "ELIBBAD");
  }
  const stackTop = options.stackTop ?? TASK_SIZE;
  const stackLimit = options.stackLimit ?? DEFAULT_STACK_LIMIT;
  const stackInput = {
    top: stackTop,
    argv: options.argv,
    envp: options.envp,
    execfn: options.execfn,
    random: options.random,
    stackLimit,
  };
  // The vector's length does not depend on its values: a first pass finds the extent of the stack.
  const extent = buildStack(stackInput, (strings) => auxiliaryVector(image, options, 0, 0, strings));
  const stringPages = Math.min(stackTop - PAGE_SIZE, pageDown(extent.argStart));
  const expanded = Math.max(stringPages - STACK_EXPAND, stackTop - pageDown(stackLimit));
  const stackStart = Math.min(stringPages, expanded, pageDown(extent.stackPointer));
  attempt("the stack", () =>
    space.map({
      address: stackStart,
      length: stackTop - stackStart,
      prot: PROT_READ | PROT_WRITE | (image.stackExecutable ? PROT_EXEC : 0),
      fixedNoReplace: true,
      growsDown: true,
      name: "[stack]",
    }),
  );

  const backing = options.backing ?? bytesBacking(options.fileName ?? "", bytes);
  const bias = image.type === "dyn" ? chooseBias(space, image) : 0;
  for (const [index, segment] of image.segments.entries()) {
    if (segment.memorySize > 0) mapSegment(space, segment, bias, index === 0, backing);
  }
  const brkStart = image.type === "dyn" ? ELF_ET_DYN_BASE : pageUp(span(image.segments).end);
  space.setBrkStart(brkStart);

  const vdsoBytes = buildVdso();
  const vdso = attempt("the vDSO", () => space.map({ address: 0, length: vdsoBytes.length, prot: PROT_READ | PROT_EXEC, name: "[vdso]" }));
  space.poke(vdso, vdsoBytes);

  const stack = buildStack(stackInput, (strings) => auxiliaryVector(image, options, bias, vdso, strings));
  if (space.poke(stack.stackPointer, stack.bytes) !== stack.bytes.length) {
    throw new LoadError("cannot write the first stack", "ENOMEM");
  }
  return {
    image,
    loadBias: bias,
    entry: image.entry + bias,
    stackPointer: stack.stackPointer,
    stackTop,
    brkStart,
    vdso,
    auxv: [...auxiliaryVector(image, options, bias, vdso, stack), [AT.AT_NULL, 0]],
    execfn: stack.execfn,
    platform: stack.platform,
    random: stack.random,
    argStart: stack.argStart,
    argEnd: stack.argEnd,
    envStart: stack.envStart,
    envEnd: stack.envEnd,
    ...codeAndData(image.segments, bias),
  };
}
