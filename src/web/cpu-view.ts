// The processor as a page shows it.
import type { Symbolizer } from "../debug/index.ts";
import { Reg } from "../linux/index.ts";
import type { Machine } from "../machine/index.ts";
import { instructionViews } from "./look.ts";
import type { CpuView } from "./messages.ts";

const BEFORE = 6;
const AFTER = 22;

/** Bits of RFLAGS that a program sees (SDM volume 1, 3.4.3). */
const FLAGS: readonly (readonly [name: string, mask: number])[] = [
  ["CF", 1],
  ["PF", 1 << 2],
  ["AF", 1 << 4],
  ["ZF", 1 << 6],
  ["SF", 1 << 7],
  ["TF", 1 << 8],
  ["IF", 1 << 9],
  ["DF", 1 << 10],
  ["OF", 1 << 11],
];

const hex = (value: bigint | number, digits: number): string => value.toString(16).padStart(digits, "0");

export function cpuView(machine: Machine, symbolizer: Symbolizer): CpuView {
  const { registers } = machine;
  const rip = registers.number(Reg.rip);
  const rflags = registers.rflags();
  return {
    registers: [
      ...Object.entries(Reg).map(([name, number]) => ({ name, value: hex(registers.big(number), 16) })),
      { name: "rflags", value: hex(rflags, 16) },
      { name: "fs_base", value: hex(registers.fsBase, 16) },
      { name: "gs_base", value: hex(registers.gsBase, 16) },
    ],
    flags: FLAGS.filter(([, mask]) => rflags & mask).map(([name]) => name),
    instructions: instructionViews(machine, symbolizer, rip, BEFORE, AFTER),
  };
}
