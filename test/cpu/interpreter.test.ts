// One test: npx vitest run test/cpu -t 'any slices'
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Decoder, Interpreter, allInsns } from "../../src/cpu/index.ts";
import { FormTable } from "../../src/cpu/interpreter/forms.ts";
import { hotForms } from "../../src/cpu/interpreter/hot-forms.ts";
import { hotPairs } from "../../src/cpu/interpreter/hot-pairs.ts";
import { warmForms } from "../../src/cpu/interpreter/warm-forms.ts";
import { Flag, FLAG_RESULT, FLAGS_SYSTEM, FS_BASE, GPR, MXCSR, RIP, STATE_END, VECTORS, X87_REGISTERS } from "../../src/cpu/state.ts";
import { readRflags } from "../../src/cpu/index.ts";
import { defaultRlimits } from "../../src/linux/index.ts";
import type { Inputs } from "../../src/linux/index.ts";
import { cpuModels, defaultCpuModel, Machine } from "../../src/machine/index.ts";
import type { MachineOptions } from "../../src/machine/index.ts";
import { AddressSpace } from "../../src/memory/index.ts";

/** A host that has nothing: every request fails. */
const nothing: Inputs = { ask: (_id, request) => (request.op === "streams" ? { streams: [] } : { errno: 38 }) };

function machine(program: string, more: Partial<MachineOptions> = {}): Machine {
  return Machine.create({
    elf: readFileSync(new URL(`../../programs/${program}/${program}`, import.meta.url)),
    path: `/${program}`,
    argv: [program],
    envp: [],
    cwd: "/",
    inputs: nothing,
    start: { time: { sec: 946684800, nsec: 0 }, seed: new Uint8Array(32), uid: 1000, gid: 1000, umask: 0o22, limits: defaultRlimits() },
    ...more,
  });
}

/** Everything a guest could tell two states apart by: registers, flags, count, and the memory of every area. */
function stateOf({ cpu, space, instructions }: Machine): string {
  const bytes = (from: number, to: number): string => Buffer.from(space.u8.subarray(from, to)).toString("hex");
  let memory = 0;
  for (const area of space.areas()) {
    for (let at = area.start; at < area.end; at += 4096) {
      const page = new Uint8Array(4096);
      space.peek(at, page);
      for (let i = 0; i < 4096; i++) memory = (Math.imul(memory, 31) + (page[i] ?? 0)) | 0;
    }
  }
  return [
    instructions,
    cpu.rip,
    readRflags(space.view),
    bytes(GPR, RIP),
    bytes(FS_BASE, FLAG_RESULT),
    bytes(MXCSR, MXCSR + 4),
    bytes(X87_REGISTERS, VECTORS),
    bytes(VECTORS, STATE_END),
    memory,
  ].join(" ");
}

describe("a run of a program", () => {
  const total = 20_000;
  const programs = ["hello-glibc", "floating", "self-modifying", "faults"];

  test.each(programs)("%s is the same in any slices", (program) => {
    const whole = machine(program);
    whole.run({ maxInstructions: total });
    const expected = stateOf(whole);
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 4000 })), { minLength: 1, maxLength: 60 }),
        (slices) => {
          const sliced = machine(program);
          for (const slice of slices) {
            const before = sliced.instructions;
            const left = total - before;
            if (left <= 0) break;
            const end = sliced.run({ maxInstructions: Math.min(slice, left) });
            if (end.reason === "limit") expect(sliced.instructions).toBe(before + Math.min(slice, left));
          }
          sliced.run({ maxInstructions: total - sliced.instructions });
          expect(stateOf(sliced)).toBe(expected);
        },
      ),
      { numRuns: 8 },
    );
  });

  test.each(programs)("%s is the same in single steps", (program) => {
    const steps = 3000;
    const whole = machine(program);
    whole.run({ maxInstructions: steps });
    const stepped = machine(program);
    for (let i = 0; i < steps && stepped.run({ maxInstructions: 1 }).reason === "limit"; i++);
    expect(stateOf(stepped)).toBe(stateOf(whole));
  });

  test.each(programs.flatMap((program) => [17, 20].map((bits) => [program, bits] as const)))(
    "%s is the same with a window of 2^%i bytes",
    (program, windowBits) => {
      const nominal = machine(program);
      nominal.run({ maxInstructions: total });
      const small = machine(program, { windowBits });
      small.run({ maxInstructions: total });
      expect(stateOf(small)).toBe(stateOf(nominal));
    },
  );

  test("hello-glibc is the same with the modules that a build makes", () => {
    const prebuilt = new Interpreter(new AddressSpace(), cpuModels[defaultCpuModel]).handlers.encode();
    const made = machine("hello-glibc");
    made.run({ maxInstructions: total });
    const loaded = machine("hello-glibc", { prebuilt });
    loaded.run({ maxInstructions: total });
    expect(stateOf(loaded)).toBe(stateOf(made));
  });
});

test.each([
  ["mov ss, eax; nop; nop", [0x8e, 0xd0, 0x90, 0x90], 3],
  ["mov ss, eax; mov ss, eax; nop; nop", [0x8e, 0xd0, 0x8e, 0xd0, 0x90, 0x90], 5],
  ["mov ds, eax; nop", [0x8e, 0xd8, 0x90], 2],
])("the single-step trap with %s", (_text, code, behind) => {
  const space = new AddressSpace();
  space.map({ address: 0x10000, length: 4096, prot: 5, fixed: true });
  space.poke(0x10000, Uint8Array.from(code));
  const interpreter = new Interpreter(space, cpuModels[defaultCpuModel]);
  space.view.setUint32(GPR, 0x2b, true);
  space.view.setUint32(FLAGS_SYSTEM, Flag.TF | 2, true);
  interpreter.rip = 0x10000;
  expect(interpreter.run(10)).toBe("exception");
  expect(interpreter.exception.vector).toBe(1);
  expect(interpreter.rip).toBe(0x10000 + behind);
});

test("a jump into the upper half is the same with samples at every turn", () => {
  // dec ecx; jnz; jmp rax
  const code = Uint8Array.from([0xff, 0xc9, 0x75, 0xfc, 0xff, 0xe0]);
  const rax = 0xffff_8000_0000_0000n;
  const faults = ([false, { interval: 10, samples: 1, pace: 0 }] as const).map((regions) => {
    const space = new AddressSpace();
    space.map({ address: 0x10000, length: 4096, prot: 5, fixed: true });
    space.poke(0x10000, code);
    const interpreter = new Interpreter(space, cpuModels[defaultCpuModel], { regions });
    space.view.setBigUint64(GPR, rax, true);
    space.view.setBigUint64(GPR + 8, 100n, true);
    interpreter.rip = 0x10000;
    interpreter.run(1000);
    const { vector, errorCode, address } = interpreter.exception;
    return { vector, errorCode, address, instructions: interpreter.instructions };
  });
  expect(faults[0]).toEqual({ vector: 14, errorCode: 0x15, address: -(2 ** 47), instructions: 201 });
  expect(faults[1]).toEqual(faults[0]);
});

describe("the lists of hot forms", () => {
  const forms = new FormTable(new Decoder(allInsns, cpuModels[defaultCpuModel]).rows);

  test("name rows that exist", () => {
    for (const { name, first, second } of hotForms()) {
      expect(forms.named(...first), name).toBeDefined();
      if (second !== undefined) expect(forms.named(...second), name).toBeDefined();
    }
  });

  test("pair names of the list, once each", () => {
    const names = new Set(hotForms().map(({ name }) => name));
    for (const pair of hotPairs) for (const half of pair.split(" ")) expect(names.has(half), half).toBe(true);
    expect(new Set(hotPairs).size).toBe(hotPairs.length);
  });

  test("warm forms exist", () => {
    for (const line of warmForms) {
      const [mnemonic = "", row = "", cc = "", size, , rep] = line.split("; ");
      expect(forms.named(mnemonic, row, cc === "" ? undefined : Number(cc), Number(size), "none", Number(rep)), line).toBeDefined();
    }
  });
});
