/** From an execution on the processor to a line of test/insn. */

import { compare, formatAfter, formatDifference, hexBytes, parseLine, type Shown } from "../../test/silicon/line.ts";
import { defaultState, GPR_NAMES, type Outcome, type State, STATUS_MASK } from "../../test/silicon/state.ts";
import type { Case } from "./cases.ts";
import { flagEffect, flagMask } from "./flags.ts";

const LEGACY_NAMES: Readonly<Record<string, number>> = { a: 0, c: 1, d: 2, b: 3, sp: 4, bp: 5, si: 6, di: 7 };

/** 64-bit and vector registers whose names occur in an instruction's text. */
function mentioned(text: string): Set<string> {
  const out = new Set<string>();
  for (const [name] of text.matchAll(/\b[a-z]+\d*[a-z]*\b/g)) {
    const numbered = /^(r|xmm|ymm|mm)(\d+)[bwd]?$/.exec(name);
    const short = /^(?:[re]?([abcd])x|([abcd])[lh]|[re]?(sp|bp|si|di)l?)$/.exec(name);
    if (numbered) {
      out.add(numbered[1] + numbered[2]!);
      if (numbered[1] === "ymm") out.add(`xmm${numbered[2]}`);
    } else if (short) out.add(GPR_NAMES[LEGACY_NAMES[(short[1] ?? short[2] ?? short[3])!]!]!);
  }
  return out;
}

const REGISTER_BITS: readonly (readonly [RegExp, number])[] = [
  [/^(r[a-ds][xpi]|r\d+)$/, 64],
  [/^(e|r\d+d)/, 32],
  [/^([abcd]x|[sb]p|[sd]i|r\d+w)$/, 16],
  [/./, 8],
];

/** Bits of the first operand. */
function operandBits(operands: string): number {
  const first = operands.split(",")[0] ?? "";
  const memory = /^(BYTE|WORD|DWORD|QWORD) PTR/.exec(first);
  if (memory) return { BYTE: 8, WORD: 16, DWORD: 32, QWORD: 64 }[memory[1]!] ?? 0;
  return REGISTER_BITS.find(([pattern]) => pattern.test(first))?.[1] ?? 0;
}

const PREFIX = /^(?:(?:rep|repz|repnz|lock|data16|addr32|cs|ds|es|ss|fs|gs|rex(?:\.[A-Z]+)?) )+/;

/** What an execution of the instruction does to the flags. */
export function effectOf(text: string, before: State): ReturnType<typeof flagEffect> {
  const bare = text.replace(PREFIX, "");
  const space = bare.indexOf(" ");
  const mnemonic = space < 0 ? bare : bare.slice(0, space);
  const operands = space < 0 ? "" : bare.slice(space + 1);
  const last = operands.split(",").at(-1)!;
  const count = last === "cl" ? Number(before.gpr[1]! & 0xffn) : /^(0x|\d)/.test(last) ? Number(last) & 0xff : 1;
  const counter = /\be[sd]i\]/.test(text) ? before.gpr[1]! & 0xffffffffn : before.gpr[1]!;
  const repeats = !/\brep/.test(text) || counter !== 0n;
  return flagEffect(mnemonic, operandBits(operands), count, repeats);
}

/**
 * A fault leaves the flags as they were. In the middle of a repeated compare Intel's manual says so too, AMD's processors keep those of the
 * last comparison (SDM volume 2, REP).
 */
function faultEffect(text: string): ReturnType<typeof flagEffect> {
  return /^rep.* (cmps|scas)/.test(text) ? { written: "oszapc", undefined: "oszapc" } : { written: "", undefined: "" };
}

/** The file of an instruction, below test/insn and without suffix: its opcode map and its opcode byte. */
export function fileOf(bytes: Uint8Array): string {
  const hex = (i: number) => (bytes[i] ?? 0).toString(16).padStart(2, "0");
  let i = 0;
  while ([0x66, 0xf2, 0xf3, 0xf0, 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65, 0x67].includes(bytes[i]!)) i++;
  if (bytes[i]! >> 4 === 4) i++;
  if (bytes[i] === 0xc5) return `vex0f/${hex(i + 2)}`;
  if (bytes[i] === 0xc4) return `${["", "vex0f", "vex0f38", "vex0f3a"][bytes[i + 1]! & 31] || "vex"}/${hex(i + 3)}`;
  if (bytes[i] !== 0x0f) return `legacy/${hex(i)}`;
  if (bytes[i + 1] === 0x38) return `0f38/${hex(i + 2)}`;
  if (bytes[i + 1] === 0x3a) return `0f3a/${hex(i + 2)}`;
  return `0f/${hex(i + 1)}`;
}

const spaced = (bytes: Uint8Array) => hexBytes(bytes).replace(/..(?=.)/g, "$& ");

/** The line of one execution. Throws where it does not read back as the same. */
export function formatLine(bytes: Uint8Array, text: string, before: State, after: Outcome, one: Case): string {
  const effect = after.exception ? faultEffect(text) : effectOf(text, before);
  const changed = (before.rflags ^ after.state.rflags) & STATUS_MASK;
  if (changed & ~flagMask(effect.written)) throw new Error(`writes flags that the table does not name: ${text} (${one.before})`);
  const mmx = /(?<![xy])mm\d/.test(text) || one.mmx === true;
  const always = mentioned(text);
  GPR_NAMES.forEach((name, i) => {
    if (before.gpr[i] !== after.state.gpr[i]) always.add(name);
  });
  for (const item of one.before.split(/\s+/).filter(Boolean)) always.add(item.slice(0, item.indexOf("=")));
  const shown: Shown = { flags: false, undefinedFlags: 0n, undefinedStatus: 0, always, mmx };
  const left = formatDifference(defaultState(), before, shown).join(" ");
  const right = formatAfter(bytes.length, before, after, {
    ...shown,
    flags: effect.written !== "",
    undefinedFlags: flagMask(effect.undefined),
    undefinedStatus: one.undefinedStatus ?? 0,
  });
  const line = `${spaced(bytes)} | ${text} | ${left} => ${right}`.replace(/ +/g, " ").trimEnd();
  const read = parseLine(line);
  const differences = formatDifference(before, read.before, { ...shown, always: new Set() });
  const problem = differences.join(" ") || compare(read, after);
  if (problem) throw new Error(`does not read back: ${line}: ${problem}`);
  return line;
}
