/**
 * The functions that were active, from registers and stack alone.
 *
 * Frame pointers are followed where they lead to return addresses. Where they do not, the stack is searched for words that are return
 * addresses by what stands before them: a call instruction. Such a word may be left from a call that has returned, so it counts as certain only
 * if that call is one of the very function that was found before.
 */
import { Reg, type Task } from "../linux/index.ts";
import { type AddressSpace, PROT_EXEC } from "../memory/index.ts";
import type { Symbolizer } from "./symbolizer.ts";

export interface Frame {
  readonly address: number;
  /** It is a return address: the call before it is still going on. */
  readonly returns: boolean;
  /** False: plausible only. */
  readonly certain: boolean;
}

const MAX_FRAMES = 16;
/** How much of the stack is searched, and how far apart two frame pointers may be. */
const MAX_SEARCH = 32 * 1024;
const MAX_FRAME_SIZE = 1 << 20;
/** Longest `call r/m64`: prefixes, opcode, ModRM, SIB, disp32. */
const LONGEST_CALL = 8;
/** Linux maps nothing below. */
const LOWEST_ADDRESS = 0x10000;
/** Where a process begins: nothing called it. */
const ENTRY = /^_start\b/;

/** The call that an address is behind: where it goes, or that it goes through a register or memory. */
type CallBefore = { readonly target: number } | "indirect" | undefined;

function callBefore(memory: AddressSpace, address: number): CallBefore {
  const area = memory.areaAt(address - 1);
  if (area === undefined || (area.prot & PROT_EXEC) === 0) return undefined;
  const bytes = new Uint8Array(LONGEST_CALL);
  if (memory.peek(address - LONGEST_CALL, bytes) !== LONGEST_CALL) return undefined;
  if (bytes[LONGEST_CALL - 5] === 0xe8) {
    const target = address + new DataView(bytes.buffer).getInt32(LONGEST_CALL - 4, true);
    // Four bytes of an indirect call can look like this, but not with a target that can be executed.
    if (((memory.areaAt(target)?.prot ?? 0) & PROT_EXEC) !== 0) return { target };
  }
  for (let length = 2; length < LONGEST_CALL; length++) {
    const at = LONGEST_CALL - length;
    if (bytes[at] === 0xff && ((bytes[at + 1]! >> 3) & 7) === 2 && indirectLength(bytes[at + 1]!, bytes[at + 2] ?? 0) === length) return "indirect";
  }
  return undefined;
}

/** Length of FF /2 with this ModRM and SIB: SDM volume 2, tables 2-2 and 2-3. */
function indirectLength(modrm: number, sib: number): number {
  const mod = modrm >> 6;
  const rm = modrm & 7;
  if (mod === 3) return 2;
  const hasSib = rm === 4;
  const base = hasSib ? sib & 7 : rm;
  const displacement = mod === 1 ? 1 : mod === 2 || base === 5 ? 4 : 0;
  return 2 + (hasSib ? 1 : 0) + displacement;
}

class Unwinder {
  readonly #memory: AddressSpace;
  readonly #symbolizer: Symbolizer;
  readonly #word: Uint8Array = new Uint8Array(8);
  readonly #view: DataView = new DataView(this.#word.buffer);

  constructor(memory: AddressSpace, symbolizer: Symbolizer) {
    this.#memory = memory;
    this.#symbolizer = symbolizer;
  }

  /** The word at `address` as an unsigned number; -1 where none can be read. */
  word(address: number): number {
    if (this.#memory.peek(address, this.#word) !== 8) return -1;
    return this.#view.getUint32(4, true) * 0x1_0000_0000 + this.#view.getUint32(0, true);
  }

  isReturn(address: number): boolean {
    return callBefore(this.#memory, address) !== undefined;
  }

  /** The call before `address` enters the function that `callee` is in. */
  entersFunctionOf(address: number, callee: number): boolean {
    const call = callBefore(this.#memory, address);
    return typeof call === "object" && this.#symbolizer.at(callee)?.start === call.target;
  }

  /** Return addresses along saved frame pointers. */
  chain(rbp: number, rsp: number): number[] {
    const found: number[] = [];
    let frame = rbp;
    let low = rsp;
    while (frame >= low && frame - low < MAX_FRAME_SIZE && frame % 8 === 0 && found.length < MAX_FRAMES) {
      const address = this.word(frame + 8);
      if (!this.isReturn(address)) break;
      found.push(address);
      low = frame + 16;
      frame = this.word(frame);
    }
    return found;
  }

  /**
   * Return addresses on the stack from `rsp` on, behind the frame `innermost`. One whose call enters a function found before makes itself certain
   * and whatever was found in between wrong.
   */
  search(innermost: Frame, rsp: number): Frame[] {
    const found: Frame[] = [innermost];
    let lastCertain = 0;
    for (let at = rsp - (rsp % 8); at < rsp + MAX_SEARCH && found.length < MAX_FRAMES; at += 8) {
      const address = this.word(at);
      if (address < 0) break;
      if (address < LOWEST_ADDRESS || !this.isReturn(address)) continue;
      let callee = found.length - 1;
      while (callee >= lastCertain && !this.entersFunctionOf(address, inside(found[callee]!))) callee--;
      const certain = callee >= lastCertain;
      if (certain) {
        found.length = callee + 1;
        lastCertain = found.length;
      }
      found.push({ address, certain, returns: true });
    }
    return found.slice(1);
  }
}

/** An address of the function that a frame is in: a call can be its last instruction. */
function inside({ address, returns }: Frame): number {
  return returns ? address - 1 : address;
}

/** The innermost frame first: where the task is, then return addresses. */
export function backtrace(task: Task, symbolizer: Symbolizer): Frame[] {
  const { registers, memory } = task;
  const rip = registers.number(Reg.rip);
  const rsp = registers.number(Reg.rsp);
  const unwinder = new Unwinder(memory, symbolizer);
  const frames: Frame[] = [{ address: rip, certain: true, returns: false }];
  let from = rsp;
  // A jump to nowhere: the call that made it has just pushed where it came from.
  const mapped = ((memory.areaAt(rip)?.prot ?? 0) & PROT_EXEC) !== 0;
  const top = unwinder.word(rsp);
  if (unwinder.isReturn(top) && (!mapped || unwinder.entersFunctionOf(top, rip))) {
    frames.push({ address: top, certain: true, returns: true });
    from = rsp + 8;
  }
  const chain = unwinder.chain(registers.number(Reg.rbp), from);
  if (chain.length > 0) frames.push(...chain.map((address) => ({ address, certain: true, returns: true })));
  else frames.push(...unwinder.search(frames.at(-1)!, from));
  const entry = frames.findIndex((frame) => ENTRY.test(symbolizer.at(inside(frame))?.text ?? ""));
  return frames.slice(0, entry < 0 ? MAX_FRAMES : entry + 1);
}
