/** Random short programs: instructions of all rows with branches, loops and calls between them, and a state in which most of them do not fault. */

import type { Decoded, Decoder, RowSpec } from "../../src/cpu/index.ts";
import { newDecoded } from "../../src/cpu/index.ts";
import { incomparable, randomEncoding, readsFlags } from "./encodings.ts";
import { INSTRUCTION } from "./state.ts";
import { type Content, putInteger, putVector, type Random } from "./values.ts";

/** Two pages that can be read, written and executed. */
export const CODE = 0x10_0000;
/** Two pages that can be read and written, and one that can be read. */
export const MEMORY = 0x20_0000;
export const PAGES = 2;

/** Registers that instructions do not write by name: addresses in the memory, and small multiples of 8. */
const POINTERS: readonly number[] = [4, 5, 6, 7, 12, 13];
const INDICES: readonly number[] = [14, 15];
/** Displacements that stay in the memory. */
const NEAR = 0x300;
/** Most instructions between two places of which one branches to the other with a byte. */
const SHORT = 5;

/** Low and high byte: as it is at first; with exceptions that were met; rounding in other ways, denormals as zeros; one that traps. */
const MXCSRS: readonly (readonly [low: number, high: number])[] = [
  [0x80, 0x1f],
  [0xa0, 0x1f],
  [0xbf, 0x1f],
  [0xbf, 0x1f],
  [0xff, 0x9f],
  [0xbf, 0x3f],
  [0xbf, 0x7f],
  [0x80, 0x1d],
];

interface Plain {
  readonly kind: "plain";
  readonly bytes: Uint8Array;
  /** Where in it a displacement of 4 bytes is that leads to an address. */
  readonly relative?: { readonly at: number; readonly to: number };
}
/** `opcode` and a displacement of `size` bytes to `target`. */
interface Branch {
  readonly kind: "branch";
  readonly opcode: readonly number[];
  readonly size: 1 | 4;
  readonly target: Item;
}
/** `opcode` and the address of `target`. */
interface Address {
  readonly kind: "address";
  readonly opcode: readonly number[];
  readonly target: Item;
}
/** Where something leads to. */
interface Label {
  readonly kind: "label";
}
export type Item = Plain | Branch | Address | Label;

export interface Program {
  readonly items: readonly Item[];
  /** Address of the first instruction. */
  readonly start: number;
  /** Registers as the manual numbers them, 8 bytes each; vectors of 32 bytes; RFLAGS; MXCSR; what the memory's pages hold. */
  readonly registers: Uint8Array;
  readonly vectors: Uint8Array;
  readonly rflags: number;
  readonly mxcsr: number;
  readonly memory: Uint8Array;
}

export interface Assembled {
  readonly bytes: Uint8Array;
  /** Address of each item. */
  readonly addresses: ReadonlyMap<Item, number>;
  /** Where computed jumps lead. */
  readonly computed: readonly number[];
}

function sizeOf(item: Item): number {
  switch (item.kind) {
    case "plain":
      return item.bytes.length;
    case "branch":
      return item.opcode.length + item.size;
    case "address":
      return item.opcode.length + 4;
    case "label":
      return 0;
  }
}

export function assemble({ items, start }: Program): Assembled {
  const addresses = new Map<Item, number>();
  let at = start;
  for (const item of items) {
    addresses.set(item, at);
    at += sizeOf(item);
  }
  const bytes = new Uint8Array(at - start);
  const view = new DataView(bytes.buffer);
  const computed: number[] = [];
  for (const item of items) {
    const address = addresses.get(item)! - start;
    if (item.kind === "plain") {
      bytes.set(item.bytes, address);
      if (item.relative !== undefined) view.setInt32(address + item.relative.at, item.relative.to - start - address - item.bytes.length, true);
    }
    if (item.kind !== "branch" && item.kind !== "address") continue;
    bytes.set(item.opcode, address);
    const target = addresses.get(item.target)!;
    const end = address + sizeOf(item);
    if (item.kind === "address") {
      view.setInt32(end - 4, target, true);
      computed.push(target);
    } else if (item.size === 4) view.setInt32(end - 4, target - start - end, true);
    else view.setInt8(end - 1, target - start - end);
  }
  return { bytes, addresses, computed };
}

const operandKinds = (row: RowSpec): string => row.operands.map(({ kind }) => kind).join("");
const isX87 = (row: RowSpec): boolean => row.map === 0 && row.opcode >= 0xd8 && row.opcode <= 0xdf && row.vex === undefined;

export class ProgramMaker {
  readonly #decoder: Decoder;
  readonly #integer: readonly RowSpec[];
  readonly #writers: readonly RowSpec[];
  readonly #readers: readonly RowSpec[];
  readonly #legacy: readonly RowSpec[];
  readonly #vex: readonly RowSpec[];
  readonly #rest: readonly RowSpec[];

  constructor(decoder: Decoder) {
    this.#decoder = decoder;
    const rows = decoder.rows.filter(
      (row) => incomparable(row) === "" && row.insn.properties.ends === undefined && !operandKinds(row).includes("J") && row.mnemonic !== "enter",
    );
    const isVector = (row: RowSpec): boolean => /[VWUHL]/.test(operandKinds(row));
    const isMmx = (row: RowSpec): boolean => /[PQN]/.test(operandKinds(row)) || isX87(row) || /^(emms|fx|x)/.test(row.mnemonic);
    this.#vex = rows.filter((row) => row.vex !== undefined);
    this.#legacy = rows.filter((row) => row.vex === undefined && isVector(row) && !isMmx(row));
    this.#rest = rows.filter((row) => row.vex === undefined && isMmx(row));
    this.#integer = rows.filter((row) => row.vex === undefined && !isVector(row) && !isMmx(row));
    this.#writers = this.#integer.filter((row) => row.insn.properties.writes !== undefined && row.insn.properties.rep === undefined);
    this.#readers = this.#integer.filter(readsFlags);
  }

  #row(r: Random): RowSpec {
    const kind = r.below(32);
    if (kind < 7) return r.of(this.#writers);
    if (kind < 14) return r.of(this.#readers);
    if (kind < 21) return r.of(this.#integer);
    if (kind < 26) return r.of(this.#legacy);
    if (kind < 30) return r.of(this.#vex);
    return r.of(this.#rest);
  }

  #plain(r: Random): Plain {
    for (;;) {
      const { row, decoded, bytes, align } = randomEncoding(this.#row(r), r, this.#decoder);
      if (decoded.rep !== 0 && row.insn.properties.rep !== undefined && !r.chance(8)) continue;
      if (decoded.lock && !decoded.memory) continue;
      if (!r.chance(50) && this.#writesReserved(row, decoded)) continue;
      if (decoded.memory && !r.chance(100)) {
        const { base, index, addressSize, disp } = decoded;
        const absolute = base < 0 && index < 0 && (decoded.ripRelative || (disp >= MEMORY && disp < MEMORY + 0x1f00));
        const near = POINTERS.includes(base) && (index < 0 || (INDICES.includes(index) && !row.vsib)) && Math.abs(disp) < NEAR;
        if (addressSize !== 64 || !(absolute || near) || (align > 1 && disp % align !== 0 && !r.chance(20))) continue;
      }
      if (!decoded.ripRelative) return { kind: "plain", bytes };
      const at = this.#displacementAt(bytes, decoded);
      if (at >= 0) return { kind: "plain", bytes, relative: { at, to: Number(INSTRUCTION) + bytes.length + decoded.disp } };
    }
  }

  /** Where in an instruction its displacement of 4 bytes is; -1 where that is not clear. */
  #displacementAt(bytes: Uint8Array, { disp }: Decoded): number {
    const found: number[] = [];
    for (let at = 1; at + 4 <= bytes.length; at++) {
      const changed = bytes.slice();
      new DataView(changed.buffer).setInt32(at, disp + 0x77, true);
      const decoded = newDecoded();
      this.#decoder.decode(changed, 0, changed.length, Number(INSTRUCTION), decoded);
      if (decoded.disp === disp + 0x77 && decoded.length === bytes.length) found.push(at);
    }
    return found.length === 1 ? found[0]! : -1;
  }

  #writesReserved(row: RowSpec, decoded: Decoded): boolean {
    const reserved = (register: number): boolean => POINTERS.includes(register) || INDICES.includes(register);
    const both = /^(xchg|xadd|cmpxchg|mulx)$/.test(row.mnemonic);
    if (row.mnemonic === "leave") return true;
    return row.operands.some(({ kind, size }, i) => {
      if (i > 0 && !both) return false;
      // Without REX, bytes of 4 to 7 are the high ones of 0 to 3.
      const high = size === "b" && decoded.rex === 0 && row.vex === undefined;
      const isReserved = (register: number): boolean => reserved(high && register >= 4 && register < 8 ? register - 4 : register);
      if (kind === "G") return isReserved(decoded.reg);
      if (kind === "E") return !decoded.memory && isReserved(decoded.rm);
      if (kind === "R" || kind === "Z") return isReserved(decoded.rm);
      return kind === "B" && isReserved(decoded.vvvv);
    });
  }

  make(r: Random): Program {
    const length = 5 + r.below(26);
    const labels = Array.from({ length: length + 1 }, (): Label => ({ kind: "label" }));
    const subroutines = Array.from({ length: r.below(3) }, (): Label => ({ kind: "label" }));
    const items: Item[] = [];
    const branches = 3 + r.below(6);
    for (let i = 0; i < length; i++) {
      items.push(labels[i]!);
      if (r.below(16) < branches) items.push(...this.#transfer(r, i, labels, subroutines));
      else items.push(this.#plain(r));
    }
    items.push(labels[length]!);
    if (r.chance(2)) items.push({ kind: "branch", opcode: [0xe9], size: 4, target: labels[r.below(length)]! });
    else items.push({ kind: "plain", bytes: Uint8Array.of(0xcc) });
    for (const subroutine of subroutines) {
      items.push(subroutine);
      for (let i = r.below(4); i >= 0; i--) items.push(this.#plain(r));
      items.push({ kind: "plain", bytes: Uint8Array.of(0xc3) });
    }
    const start = CODE + r.of([0x800, 0xf40, 0xfa0, 0xfe0, 0]);
    const state = this.#state(r);
    // Some write to their own code.
    if (r.chance(16)) new DataView(state.registers.buffer).setUint32(8 * r.of(POINTERS), start + r.below(128), true);
    return { items, start, ...state };
  }

  /** Leads elsewhere, perhaps. */
  #transfer(r: Random, i: number, labels: readonly Label[], subroutines: readonly Label[]): Item[] {
    const to = r.chance(3) ? r.below(i + 1) : i + 1 + r.below(labels.length - i - 1);
    const target = labels[to]!;
    const cc = r.below(16);
    // Transfers are longer than one instruction.
    const short = Math.abs(to - i) <= SHORT / 2 && !r.chance(3);
    const absolute = (opcode: readonly number[]): Address => ({ kind: "address", opcode, target: r.chance(3) ? r.of(labels) : target });
    const plain = (...bytes: number[]): Plain => ({ kind: "plain", bytes: Uint8Array.from(bytes) });
    const kind = r.below(32);
    if (kind < 20) return [{ kind: "branch", opcode: short ? [0x70 | cc] : [0x0f, 0x80 | cc], size: short ? 1 : 4, target }];
    if (kind < 23) return [{ kind: "branch", opcode: [short ? 0xeb : 0xe9], size: short ? 1 : 4, target }];
    if (kind < 26 && Math.abs(to - i) <= SHORT / 2) return [{ kind: "branch", opcode: [0xe0 + r.below(4)], size: 1, target }];
    if (kind < 28 && subroutines.length > 0) return [{ kind: "branch", opcode: [0xe8], size: 4, target: r.of(subroutines) }];
    // mov eax, target; mov ecx, target; cmovcc eax, ecx; jmp rax
    if (kind < 30) return [absolute([0xb8]), absolute([0xb9]), plain(0x0f, 0x40 | cc, 0xc1), plain(0xff, 0xe0)];
    // push target; ret
    if (kind === 30) return [absolute([0x68]), plain(0xc3)];
    // push mxcsr; ldmxcsr [rsp]; pop r8
    if (kind === 31 && r.chance(2)) return [plain(0x68, ...r.of(MXCSRS), 0, 0), plain(0x0f, 0xae, 0x14, 0x24), plain(0x41, 0x58)];
    // A loop of a few rounds: mov cl, n; behind it dec cl; jnz back
    return [plain(0xfe, 0xc9), { kind: "branch", opcode: [0x0f, 0x85], size: 4, target: labels[r.below(i + 1)]! }];
  }

  #state(r: Random): Omit<Program, "items" | "start"> {
    const registers = new Uint8Array(128);
    const view = new DataView(registers.buffer);
    for (let i = 0; i < 16; i++) putInteger(r, view, 8 * i);
    for (const i of POINTERS) view.setBigUint64(8 * i, BigInt(MEMORY + 0x400 + 64 * r.below(0x60)), true);
    if (r.chance(4))
      view.setBigUint64(8 * r.of(POINTERS), BigInt(r.of([MEMORY + 0x1000 - r.below(40), MEMORY + 0x2000 - r.below(0x200), MEMORY + 0x2800])), true);
    for (const i of INDICES) view.setBigUint64(8 * i, BigInt(8 * r.below(8)), true);
    if (r.chance(2)) view.setBigUint64(8, BigInt(r.below(20)), true);
    const content = r.of<Content>(["integer", "integer", "single", "double"]);
    const vectors = new Uint8Array(16 * 32);
    for (let at = 0; at < vectors.length; at += 16) putVector(r, new DataView(vectors.buffer), at, content);
    const memory = new Uint8Array(0x3000);
    for (let at = 0; at < memory.length; at += 16) putVector(r, new DataView(memory.buffer), at, content);
    const rflags = 0x202 | (r.next() & 0x8d5) | (r.chance(6) ? 0x400 : 0);
    const [low, high] = r.of(MXCSRS);
    const mxcsr = low | (high << 8);
    return { registers, vectors, rflags, mxcsr, memory };
  }
}
