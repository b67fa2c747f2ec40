// Addresses as people write them: 0x401000, rsp+8, main, puts+0x10, [heap], rip-20.
import type { Symbolizer } from "../debug/index.ts";
import { Reg } from "../linux/index.ts";
import type { Machine } from "../machine/index.ts";
import { TASK_SIZE } from "../memory/index.ts";

const registers: ReadonlyMap<string, number> = new Map(Object.entries(Reg));

function term(text: string, first: boolean, machine: Machine, symbolizer: Symbolizer): number {
  const register = registers.get(text.toLowerCase());
  if (register !== undefined) return machine.registers.number(register);
  if (text === "fs_base") return machine.registers.fsBase;
  if (text === "gs_base") return machine.registers.gsBase;
  if (/^\[.*\]$/.test(text)) {
    for (const area of machine.space.areas()) if (machine.space.areaName(area) === text) return area.start;
    throw new Error(`There is no area ${text}.`);
  }
  const symbol = first ? symbolizer.named(text) : undefined;
  if (symbol !== undefined) return symbol;
  if (/^(0x)?[\da-f]+$/i.test(text)) return Number.parseInt(text, 16);
  throw new Error(`"${text}" is no address, register, area or symbol of this program.`);
}

/** Throws Error with a sentence. */
export function addressOf(text: string, machine: Machine, symbolizer: Symbolizer): number {
  const whole = text.trim();
  if (whole === "") throw new Error("An address is missing.");
  // C++ and Rust names may hold signs of their own.
  const named = symbolizer.named(whole);
  if (named !== undefined) return named;
  const terms = whole.match(/[+-]?[^+-]+/g);
  if (terms?.join("") !== whole) throw new Error(`"${whole}" is no address.`);
  const address = terms.reduce((sum, each, index) => {
    const value = term(each.replace(/^[+-]/, "").trim(), index === 0, machine, symbolizer);
    return each.startsWith("-") ? sum - value : sum + value;
  }, 0);
  if (address < 0 || address >= TASK_SIZE) throw new Error(`0x${address.toString(16)} is outside of the program's addresses.`);
  return address;
}
