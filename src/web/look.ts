// Answers the page's questions about a machine.
import { decodeLatin1, decodeUtf8, encodeLatin1, encodeUtf8 } from "../base/index.ts";
import { CpuState } from "../cpu/index.ts";
import { backtrace, disassemble, type DisassembledInstruction, type Symbolizer } from "../debug/index.ts";
import { archiveGuestFiles, listGuestFiles, modeText, readGuestFile, Reg, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from "../linux/index.ts";
import type { Machine } from "../machine/index.ts";
import { PAGE_SIZE, PROT_EXEC } from "../memory/index.ts";
import { addressOf } from "./address-text.ts";
import type { FileView, InstructionView, Looks, StackWord } from "./looks.ts";
import { PagePicture } from "./page-picture.ts";

/** Bytes of memory and instructions that one answer holds at most. */
const MOST_BYTES = 1 << 16;
const MOST_INSTRUCTIONS = 512;
/** Bytes in front of an address that are decoded to find the instructions before it. */
const MOST_BACK = 4096;
const AVERAGE_INSTRUCTION = 4;
const MOST_PADDING = 64;
/** Of a text that a word on the stack leads to. */
const SHORTEST_TEXT = 3;
const LONGEST_TEXT = 24;
const YMM_BYTES = 32;
const VECTOR_COUNT = 16;
const ST_COUNT = 8;
const ST_BYTES = 10;
/** Places in the FXSAVE image (SDM volume 1, table 10-2). */
const FXSAVE = { control: 0, status: 2, tags: 4, st: 32, stride: 16 } as const;

const hex = (value: bigint | number, digits: number): string => value.toString(16).padStart(digits, "0");

/** Instructions in front of `address`, of which the last ends there where such a run is found; none where nothing can be executed. */
function preceding({ space }: Machine, symbolizer: Symbolizer, address: number, count: number): DisassembledInstruction[] {
  const starts: number[] = [];
  // Between two functions lies padding that belongs to none.
  for (let back = 1; back <= MOST_PADDING && starts.length === 0; back++) {
    const start = symbolizer.at(address - back)?.start;
    if (start !== undefined && address - start <= MOST_BACK) starts.push(start);
  }
  // Decoding falls into step after a few instructions wherever it begins.
  for (let back = Math.min(MOST_BACK, AVERAGE_INSTRUCTION * count); back > 0; back--) starts.push(address - back);
  let nearly: DisassembledInstruction[] = [];
  for (const start of starts) {
    if (((space.areaAt(start)?.prot ?? 0) & PROT_EXEC) === 0) continue;
    const lines = disassemble(space, start, 0, address - start, symbolizer).filter((line) => line.address + line.bytes.length <= address);
    const last = lines.at(-1);
    if (last !== undefined && last.address + last.bytes.length === address) return lines.slice(-count);
    if (nearly.length === 0) nearly = lines.slice(-count);
  }
  return nearly;
}

/** Instructions from `address` on, and up to `before` of its function in front of it. */
export function instructionViews(machine: Machine, symbolizer: Symbolizer, address: number, before: number, after: number): InstructionView[] {
  return disassemble(machine.space, address, before, after, symbolizer).map((line) => viewOf(line, machine, symbolizer));
}

function viewOf({ address, bytes, text }: DisassembledInstruction, { registers }: Machine, symbolizer: Symbolizer): InstructionView {
  return {
    address,
    bytes: Array.from(bytes, (byte) => hex(byte, 2)).join(" "),
    text,
    place: symbolizer.at(address)?.text,
    next: address === registers.number(Reg.rip),
  };
}

/** As {@link instructionViews}, but also in front of the function, and where there are no symbols. */
function surroundings(machine: Machine, symbolizer: Symbolizer, { address, before, after }: Looks["disassembly"]["ask"]): InstructionView[] {
  const own = instructionViews(machine, symbolizer, address, before, after);
  const first = own[0]?.address ?? address;
  const missing = before - own.filter((line) => line.address < address).length;
  if (missing <= 0 || first === 0) return own;
  return [...preceding(machine, symbolizer, first, missing).map((line) => viewOf(line, machine, symbolizer)), ...own];
}

type Answerers = { readonly [K in keyof Looks]: (ask: Looks[K]["ask"]) => Looks[K]["answer"] };

/** Answers about one machine, which must stand between two instructions. */
export class Looker {
  readonly #answer: Answerers;

  constructor(machine: Machine, symbolizer: Symbolizer) {
    const picture = new PagePicture(machine);
    this.#answer = {
      disassembly: ({ address, before, after }) => ({
        instructions: surroundings(machine, symbolizer, {
          address,
          before: Math.min(before, MOST_INSTRUCTIONS),
          after: Math.min(after, MOST_INSTRUCTIONS),
        }),
      }),
      memory: ({ address, length }) => memory(machine, address, Math.min(length, MOST_BYTES)),
      stack: ({ words }) => stack(machine, symbolizer, Math.min(words, MOST_INSTRUCTIONS)),
      vectors: () => vectors(machine),
      pages: ({ cells }) => ({ areas: picture.take(Math.min(cells, MOST_BYTES)) }),
      address: ({ text }) => {
        const address = addressOf(text, machine, symbolizer);
        return { address, place: symbolizer.at(address)?.text };
      },
      directory: ({ path }) => ({ path, entries: directory(machine, path) }),
      archive: ({ path }) => ({ bytes: archiveGuestFiles(machine.kernel.vfs, bytesOf(path)) }),
      file: ({ path }) => ({ bytes: readGuestFile(machine.kernel.vfs, bytesOf(path)) }),
    };
  }

  /** Throws Error with a sentence. */
  answer<K extends keyof Looks>(kind: K, ask: Looks[K]["ask"]): Looks[K]["answer"] {
    return this.#answer[kind](ask);
  }
}

function memory({ space }: Machine, from: number, length: number): Looks["memory"]["answer"] {
  const address = Math.max(0, from);
  const bytes = new Uint8Array(length);
  const mapped = new Uint8Array(length);
  for (let done = 0; done < length;) {
    const at = address + done;
    const count = Math.min(length - done, PAGE_SIZE - (at % PAGE_SIZE));
    const got = space.peek(at, bytes.subarray(done, done + count));
    mapped.fill(1, done, done + got);
    done += count;
  }
  return { address, bytes, mapped };
}

function stack(machine: Machine, symbolizer: Symbolizer, count: number): Looks["stack"]["answer"] {
  const { space, registers } = machine;
  const rsp = registers.number(Reg.rsp);
  const task = machine.kernel.tasks[0];
  const frames = task === undefined ? [] : backtrace(task, symbolizer);
  const returns = new Set(frames.filter((frame) => frame.returns).map(({ address }) => address));
  const word = new Uint8Array(8);
  const view = new DataView(word.buffer);
  const words: StackWord[] = [];
  for (let i = 0; i < count; i++) {
    const address = rsp + 8 * i;
    if (space.peek(address, word) !== 8) break;
    const value = view.getBigUint64(0, true);
    const target = Number(value);
    words.push({ address, value: hex(value, 16), note: noteOf(machine, symbolizer, target), returns: returns.has(target) });
  }
  return { words, frames: frames.map(({ address, certain }) => ({ address, certain, place: symbolizer.at(address)?.text })) };
}

/** What an address leads to: a function or object, a text, or an area. */
function noteOf({ space }: Machine, symbolizer: Symbolizer, target: number): string | undefined {
  const area = space.areaAt(target);
  if (area === undefined) return undefined;
  const place = symbolizer.at(target);
  if (place !== undefined && (place.start !== undefined || (area.prot & PROT_EXEC) !== 0)) return place.text;
  const bytes = new Uint8Array(LONGEST_TEXT);
  const text = /^[ -~\n\t]*/.exec(decodeLatin1(bytes.subarray(0, space.peek(target, bytes))))?.[0] ?? "";
  if (text.length >= SHORTEST_TEXT) return JSON.stringify(text).replace(/"$/, text.length === LONGEST_TEXT ? '"…' : '"');
  return space.areaName(area) || "anonymous memory";
}

function vectors({ space, registers, features }: Machine): Looks["vectors"]["answer"] {
  const image = new Uint8Array(Math.max(registers.xstateSize, 512));
  registers.saveXstate(image);
  const legacy = new DataView(image.buffer);
  const ymm = new Uint8Array(VECTOR_COUNT * YMM_BYTES);
  for (let i = 0; i < VECTOR_COUNT; i++) {
    const at = CpuState.VECTORS + CpuState.VECTOR_STRIDE * i;
    ymm.set(space.u8.subarray(at, at + YMM_BYTES), i * YMM_BYTES);
  }
  const st = new Uint8Array(ST_COUNT * ST_BYTES);
  for (let i = 0; i < ST_COUNT; i++) {
    const at = FXSAVE.st + FXSAVE.stride * i;
    st.set(image.subarray(at, at + ST_BYTES), i * ST_BYTES);
  }
  const status = legacy.getUint16(FXSAVE.status, true);
  // Tags are of physical registers; ST(0) is the one that the status word's top names.
  const tags = legacy.getUint8(FXSAVE.tags);
  const top = (status >> 11) & 7;
  let stUsed = 0;
  for (let i = 0; i < ST_COUNT; i++) if ((tags & (1 << ((top + i) & 7))) !== 0) stUsed |= 1 << i;
  return { ymm, avx: features.has("avx"), mxcsr: registers.mxcsr(), st, stUsed, control: legacy.getUint16(FXSAVE.control, true), status };
}

/** Names are bytes to the guest, texts to the page. */
const bytesOf = (text: string): string => decodeLatin1(encodeUtf8(text));
const textOf = (bytes: string): string => decodeUtf8(encodeLatin1(bytes));

const KINDS: ReadonlyMap<number, FileView["kind"]> = new Map([
  [S_IFDIR, "directory"],
  [S_IFREG, "file"],
  [S_IFLNK, "link"],
]);

function directory(machine: Machine, path: string): FileView[] {
  return listGuestFiles(machine.kernel.vfs, bytesOf(path)).map(({ name, mode, size, target }) => ({
    name: textOf(name),
    kind: KINDS.get(mode & S_IFMT) ?? "other",
    size,
    mode: modeText(mode),
    target: target === undefined ? undefined : textOf(target),
  }));
}
