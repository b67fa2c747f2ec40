/** What the case tables are written with. */

import { DATA, GPR_NAMES } from "../../test/silicon/state.ts";

export interface Case {
  /** Intel syntax of as(1), or `db` and bytes in hex; see `assemble`. */
  readonly text: string;
  /** Items of a line's left side. */
  readonly before: string;
  /** x87 registers are written as mm0 to mm7 although the text names none (emms). */
  readonly mmx?: boolean;
  /** Bits of the x87 status word that are undefined afterwards. */
  readonly undefinedStatus?: number;
}

export type Width = 8 | 16 | 32 | 64;
export const WIDTHS: readonly Width[] = [8, 16, 32, 64];
export const PTR: Readonly<Record<number, string>> = {
  8: "byte ptr",
  16: "word ptr",
  32: "dword ptr",
  64: "qword ptr",
  80: "tbyte ptr",
  128: "xmmword ptr",
};

/** Endless walk through a list: spreads values over forms without their full product. */
export function walk<T>(list: readonly T[], step = 1): () => T {
  let i = 0;
  return () => {
    const item = list[i % list.length]!;
    i += step;
    return item;
  };
}

const BACKGROUND = 0x8182838485868788n;

/** The registers of one case, by any of their names; bits around a partial register are not zero. */
export class Registers {
  readonly #values = new Map<string, bigint>();

  set(name: string, value: bigint | number): this {
    const { full, shift, bits } = part(name);
    const mask = ((1n << BigInt(bits)) - 1n) << BigInt(shift);
    const old = this.#values.get(full) ?? BACKGROUND;
    this.#values.set(full, (old & ~mask) | ((BigInt(value) << BigInt(shift)) & mask));
    return this;
  }

  toString(): string {
    return [...this.#values].map(([name, value]) => `${name}=0x${value.toString(16)}`).join(" ");
  }
}

/** The 64-bit register of a register name, and which bits of it the name means. */
export function part(name: string): { full: string; shift: number; bits: number } {
  if (GPR_NAMES.includes(name)) return { full: name, shift: 0, bits: 64 };
  const numbered = /^(r\d+)([bwd])$/.exec(name);
  if (numbered) return { full: numbered[1]!, shift: 0, bits: { b: 8, w: 16, d: 32 }[numbered[2]!]! };
  const high = /^([abcd])h$/.exec(name);
  if (high) return { full: `r${high[1]}x`, shift: 8, bits: 8 };
  const low = /^([abcd])l$/.exec(name);
  if (low) return { full: `r${low[1]}x`, shift: 0, bits: 8 };
  const lowIndex = /^(sp|bp|si|di)l$/.exec(name);
  if (lowIndex) return { full: `r${lowIndex[1]}`, shift: 0, bits: 8 };
  if (name.startsWith("e")) return { full: `r${name.slice(1)}`, shift: 0, bits: 32 };
  return { full: `r${name}`, shift: 0, bits: 16 };
}

/** Little-endian bytes in hex. */
export function bytes(value: bigint | number, bits: number): string {
  const digits = BigInt.asUintN(bits, BigInt(value))
    .toString(16)
    .padStart(bits / 4, "0");
  return digits.match(/../g)!.toReversed().join("");
}

export interface Memory {
  /** Without size, e.g. `[rdi+8]`. */
  readonly operand: string;
  readonly items: string;
}

/** A memory operand at an offset of the data page, in one of the ways to address it. Uses neither rax nor rdx, r10, r11, r14, r15. */
type Mode = (address: bigint) => Memory;

const hex = (value: bigint) => `0x${BigInt.asUintN(64, value).toString(16)}`;
const MODES: readonly Mode[] = [
  (a) => ({ operand: "[rdi]", items: `rdi=${hex(a)}` }),
  (a) => ({ operand: "[rsi+0x40]", items: `rsi=${hex(a - 0x40n)}` }),
  (a) => ({ operand: "[rbx+rcx*4-8]", items: `rbx=${hex(a - 0x38n)} rcx=0x10` }),
  (a) => ({ operand: `[rip+{data+0x${(a - DATA).toString(16)}}]`, items: "" }),
  (a) => ({ operand: "[r13]", items: `r13=${hex(a)}` }),
  (a) => ({ operand: "[rsp+0x10]", items: `rsp=${hex(a - 0x10n)}` }),
  (a) => ({ operand: "[rbp+r9*8+0x100]", items: `rbp=${hex(a - 0x110n)} r9=2` }),
  (a) => ({ operand: `ds:${hex(a)}`, items: "" }),
  (a) => ({ operand: "fs:[rsi]", items: `fs=0x1f0000 rsi=${hex(a - 0x1f0000n)}` }),
  (a) => ({ operand: "gs:[rbx+rcx]", items: `gs=0x7fff00000000 rbx=${hex(a - 0x7fff00000000n - 0x20n)} rcx=0x20` }),
  (a) => ({ operand: "[edi+0x10]", items: `rdi=0xffffffff${(a - 0x10n).toString(16).padStart(8, "0")}` }),
  (a) => ({ operand: "[r12+r13*2]", items: `r12=${hex(a + 8n)} r13=0xfffffffffffffffc` }),
  (a) => ({ operand: "[r8d+ecx*4]", items: `r8=0x1234567880000000 rcx=0xabcdef01${((a + 0x80000000n) / 4n).toString(16).padStart(8, "0")}` }),
  (a) => ({ operand: "[rbp-0x20]", items: `rbp=${hex(a + 0x20n)}` }),
];

const modes = walk(MODES);
const offsets = walk([0x100, 0x210, 0x7f8, 0x3d0, 0xff0, 0x140]);

/** A memory operand that holds `value`; consecutive calls take different addressing modes and places (multiples of 8, those of 128 bits of 16). */
export function memory(value: bigint | number, bits: number, skew = 0): Memory {
  const offset = bits > 64 ? offsets() & ~15 : offsets();
  const mode = modes()(DATA + BigInt(offset + skew));
  return {
    operand: `${PTR[bits] ?? ""} ${mode.operand}`.trim(),
    items: `${mode.items} [${(offset + skew).toString(16)}]=${bytes(value, bits)}`.trim(),
  };
}

/** Aligned, at the end of the page, misaligned, beyond the page. `%` stands for the operand. */
export function* places(text: string, bits: number, value: bigint, rest: string): Generator<Case> {
  const source = memory(value, bits);
  yield { text: text.replace("%", source.operand), before: `${source.items} ${rest}` };
  const operand = `${PTR[bits] ?? ""} [rdi]`;
  const at = 0x1000 - bits / 8;
  yield { text: text.replace("%", operand), before: `rdi=0x${(0x200000 + at).toString(16)} [${at.toString(16)}]=${bytes(value, bits)} ${rest}` };
  yield { text: text.replace("%", operand), before: `rdi=0x200101 [101]=${bytes(value, bits)} ${rest}` };
  yield { text: text.replace("%", operand), before: `rdi=0x${(0x200000 + at + 1).toString(16)} ${rest}` };
}

export function maximum(bits: number): bigint {
  return (1n << BigInt(bits)) - 1n;
}
