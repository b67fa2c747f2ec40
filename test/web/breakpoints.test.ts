/** Breakpoints: found wherever control comes from, and nothing that the guest can see. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readProgram } from "../../programs/build.ts";
import { Reg } from "../../src/linux/index.ts";
import { fixedStart, Machine } from "../../src/machine/index.ts";
import { PageInputs } from "../../src/web/index.ts";
import { tinyElf } from "./tiny-elf.ts";

function machineOf(elf: Uint8Array, input: Uint8Array = new Uint8Array(0)): { machine: Machine; text: () => string } {
  const parts: Uint8Array[] = [];
  const inputs = new PageInputs({ streams: { kind: "pipes", input }, now: () => 0, write: (_stream, bytes) => void parts.push(bytes) });
  const machine = Machine.create({ elf, path: "/program", argv: ["/program"], envp: [], cwd: "/", inputs, start: fixedStart(), windowBits: 26 });
  return { machine, text: () => Buffer.concat(parts).toString("latin1") };
}

/** Instruction counts at which RIP is one of `addresses`, by single steps. */
function visits(machine: Machine, addresses: ReadonlySet<number>): number[] {
  const found: number[] = [];
  for (;;) {
    const { instructions } = machine;
    if (addresses.has(machine.registers.number(Reg.rip)) && instructions !== found.at(-1)) found.push(instructions);
    if (machine.run({ maxInstructions: 1 }).reason !== "limit") return found;
  }
}

describe("breakpoints", () => {
  const elf = readFileSync(readProgram("hello-musl").binary);

  test("stop where single steps come by, and change nothing", () => {
    const plain = machineOf(elf);
    expect(plain.machine.run().reason).toBe("exited");

    // Some thirty places that the program comes to, some often: loops, calls, returns, behind system calls.
    const seen = new Map<number, number>();
    const scout = machineOf(elf).machine;
    do seen.set(scout.registers.number(Reg.rip), (seen.get(scout.registers.number(Reg.rip)) ?? 0) + 1);
    while (scout.run({ maxInstructions: 1 }).reason === "limit");
    const addresses = new Set([...seen.keys()].filter((_address, index) => index % 7 === 0));
    expect(addresses.size).toBeGreaterThan(10);

    const stepped = visits(machineOf(elf).machine, addresses);
    const stopped: number[] = [];
    const { machine, text } = machineOf(elf);
    machine.setBreakpoints(addresses);
    let end = machine.run();
    while (end.reason === "breakpoint") {
      expect(addresses).toContain(machine.registers.number(Reg.rip));
      stopped.push(machine.instructions);
      end = machine.run({ resume: true });
    }
    expect(end).toMatchObject({ reason: "exited", status: { code: 0 } });
    expect(stopped).toEqual(stepped);
    expect([machine.instructions, text()]).toEqual([plain.machine.instructions, plain.text()]);
  });

  test("a limit at a breakpoint, and going on from there", () => {
    const { machine } = machineOf(tinyElf([0x90, 0x90, 0x90, 0xeb, 0xfb]));
    const entry = machine.registers.number(Reg.rip);
    machine.setBreakpoints([entry + 1]);
    expect(machine.run({ maxInstructions: 1 })).toEqual({ reason: "breakpoint" });
    expect(machine.run()).toEqual({ reason: "breakpoint" });
    expect(machine.instructions).toBe(1);
    expect(machine.run({ resume: true })).toEqual({ reason: "breakpoint" });
    expect(machine.instructions).toBe(5);
    machine.setBreakpoints([]);
    expect(machine.run({ maxInstructions: 100 })).toEqual({ reason: "limit" });
    expect(machine.instructions).toBe(105);
  });

  test("an instruction that jumps to itself", () => {
    const { machine } = machineOf(tinyElf([0xeb, 0xfe]));
    machine.setBreakpoints([machine.registers.number(Reg.rip)]);
    expect(machine.run()).toEqual({ reason: "breakpoint" });
    for (let i = 1; i < 4; i++) {
      expect(machine.run({ resume: true })).toEqual({ reason: "breakpoint" });
      expect(machine.instructions).toBe(i);
    }
  });

  test("code that is written while it has one", () => {
    // mov byte ptr [rip], 0x90 writes the next instruction's first byte; then jmp to the start.
    const { machine } = machineOf(tinyElf([0xc6, 0x05, 0, 0, 0, 0, 0x90, 0x90, 0xeb, 0xf6]));
    const entry = machine.registers.number(Reg.rip);
    machine.setBreakpoints([entry + 7]);
    for (let i = 0; i < 3; i++) {
      expect(machine.run({ resume: true })).toEqual({ reason: "breakpoint" });
      expect(machine.instructions).toBe(1 + 3 * i);
    }
  });
});
