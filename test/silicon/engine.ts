/** Runs the programs of program.ts, in the interpreter alone or in compiled regions, and says what differs. */

import { allFeatures, CpuState, Interpreter, readRflags, type RegionOptions, Stop, writeRflags } from "../../src/cpu/index.ts";
import { AddressSpace, PAGE_SIZE } from "../../src/memory/index.ts";
import { type Assembled, assemble, CODE, MEMORY, PAGES, type Program } from "./program.ts";

const { EXIT_ADDRESS, FLAG_RESULT, GPR, MXCSR, RIP, STATE_END, VECTORS, VECTOR_STRIDE, X87_ENVIRONMENT, X87_REGISTERS, FLAGS_SYSTEM, SELECTORS } =
  CpuState;
const CODE_BYTES = PAGES * PAGE_SIZE;
const MEMORY_BYTES = (PAGES + 1) * PAGE_SIZE;
const INT3 = 0xcc;
/** Most stops for each of which a program is begun anew. */
const BUDGETS = 120;
const USER_SELECTORS = [0, 0x33, 0x2b, 0, 0, 0];

/** All that a stop shows. */
export interface Snapshot {
  readonly stop: Stop;
  /** Of an exception: vector, error code, address. */
  readonly exception: string;
  readonly instructions: number;
  readonly state: Buffer;
  readonly memory: Buffer;
}

export class Engine {
  readonly #space: AddressSpace;
  readonly interpreter: Interpreter;
  readonly #code: Buffer = Buffer.alloc(CODE_BYTES, INT3);
  readonly #found: Buffer = Buffer.alloc(CODE_BYTES);
  #started = 0;

  constructor(windowBits: number, regions: RegionOptions | false) {
    this.#space = new AddressSpace({ windowBits });
    this.#space.map({ address: CODE, length: CODE_BYTES, prot: 7, fixed: true });
    this.#space.map({ address: MEMORY, length: PAGES * PAGE_SIZE, prot: 3, fixed: true });
    this.#space.map({ address: MEMORY + PAGES * PAGE_SIZE, length: PAGE_SIZE, prot: 1, fixed: true });
    this.#space.poke(CODE, this.#code);
    this.interpreter = new Interpreter(this.#space, allFeatures, { regions });
  }

  /** Ready to run `program` from its start. True: its code was not here any more, and what was made of it is gone. */
  load(program: Program, { bytes }: Assembled): boolean {
    const { view, u8 } = this.#space;
    this.#space.peek(CODE, this.#found);
    this.#code.fill(INT3);
    this.#code.set(bytes, program.start - CODE);
    const changed = !this.#code.equals(this.#found);
    if (changed) this.#space.poke(CODE, this.#code);
    this.#space.poke(MEMORY, program.memory);
    u8.fill(0, GPR, STATE_END);
    u8.set(program.registers, GPR);
    for (let i = 0; i < 16; i++) u8.set(program.vectors.subarray(32 * i, 32 * i + 32), VECTORS + VECTOR_STRIDE * i);
    USER_SELECTORS.forEach((selector, i) => view.setUint16(SELECTORS + i * 2, selector, true));
    writeRflags(view, program.rflags);
    view.setUint32(MXCSR, program.mxcsr, true);
    view.setUint16(X87_ENVIRONMENT, 0x37f, true);
    this.interpreter.rip = program.start;
    this.#started = this.interpreter.instructions;
    return changed;
  }

  /** Makes regions that begin at these addresses. */
  compile(addresses: Iterable<number>, { computed }: Assembled): void {
    for (const address of addresses) this.interpreter.compile(address, computed);
  }

  run(budget: number): Snapshot {
    const { interpreter } = this;
    const stop = interpreter.run(budget);
    const { vector, errorCode, address } = interpreter.exception;
    const { view, u8 } = this.#space;
    const state = Buffer.from(u8.slice(GPR, STATE_END));
    state.fill(0, FLAG_RESULT - GPR, FLAGS_SYSTEM - GPR);
    state.fill(0, EXIT_ADDRESS - GPR, X87_REGISTERS - GPR);
    state.writeUInt32LE(readRflags(view) >>> 0, FLAGS_SYSTEM - GPR);
    const memory = Buffer.alloc(CODE_BYTES + MEMORY_BYTES);
    this.#space.peek(CODE, memory.subarray(0, CODE_BYTES));
    this.#space.peek(MEMORY, memory.subarray(CODE_BYTES));
    const exception = stop === Stop.exception ? `${vector} ${errorCode} ${address}` : "";
    return { stop, exception, instructions: interpreter.instructions - this.#started, state, memory };
  }
}

const NAMES = "rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15 rip".split(" ");

function placeOf(offset: number): string {
  if (offset < RIP + 8) return NAMES[(offset - GPR) >> 3] ?? "";
  if (offset >= FLAGS_SYSTEM && offset < FLAGS_SYSTEM + 4) return "rflags";
  if (offset >= VECTORS) return `vector ${Math.floor((offset - VECTORS) / VECTOR_STRIDE)} byte ${(offset - VECTORS) % VECTOR_STRIDE}`;
  return `state ${offset.toString(16)}`;
}

/** What differs; nothing where the snapshots are equal. */
export function differenceOf(expected: Snapshot, actual: Snapshot): string {
  const found: string[] = [];
  if (expected.stop !== actual.stop) found.push(`${actual.stop} instead of ${expected.stop}`);
  if (expected.exception !== actual.exception) found.push(`exception ${actual.exception} instead of ${expected.exception}`);
  if (expected.instructions !== actual.instructions) found.push(`${actual.instructions} instructions instead of ${expected.instructions}`);
  if (!expected.state.equals(actual.state)) {
    for (let at = 0; at + 4 <= expected.state.length; at += 4) {
      const [a, b] = [expected.state.readUInt32LE(at), actual.state.readUInt32LE(at)];
      if (a !== b) found.push(`${placeOf(GPR + at)}: ${b.toString(16)} instead of ${a.toString(16)}`);
    }
  }
  if (!expected.memory.equals(actual.memory)) {
    const at = expected.memory.findIndex((byte, i) => byte !== actual.memory[i]);
    found.push(`memory from ${(at < CODE_BYTES ? CODE + at : MEMORY + at - CODE_BYTES).toString(16)} on`);
  }
  return found.join(", ");
}

/** Engines that are compared, with one program after another. */
export class Comparison {
  readonly #alone: Engine = new Engine(32, false);
  readonly #compiled: Engine;
  readonly #sampled: Engine;
  /** Instructions that the compiled engines ran, and those of them in regions. */
  instructions = 0;
  stops = 0;

  readonly windowBits: number;

  constructor(windowBits: number) {
    this.windowBits = windowBits;
    this.#compiled = new Engine(windowBits, { samples: Infinity });
    this.#sampled = new Engine(windowBits, { interval: 40, samples: 1, steps: 20, pace: 0 });
  }

  get inRegions(): number {
    return this.#compiled.interpreter.regionCounts().instructions + this.#sampled.interpreter.regionCounts().instructions;
  }

  /**
   * What differs, first: at each of the first `limit` instructions, or at some of many. `starts`: the items where regions begin. `slices`: the instructions from
   * one stop to the next, where the program is not begun anew for each.
   */
  difference(program: Program, starts: readonly number[], limit: number, slices: readonly number[]): string {
    const assembled = assemble(program);
    const addresses = [...assembled.addresses.values()];
    const regions = starts.map((i) => addresses[i] ?? program.start);
    const expected: Snapshot[] = [];
    this.#alone.load(program, assembled);
    for (let i = 0; i < limit; i++) {
      expected.push(this.#alone.run(1));
      if (expected.at(-1)?.stop !== Stop.budget) break;
    }
    const last = expected.length - 1;
    const compare = (actual: Snapshot, budget: number, what: string): string => {
      this.stops++;
      const difference = differenceOf(expected[Math.min(budget - 1, last)]!, actual);
      return difference === "" ? "" : `${what}: ${difference}`;
    };
    const load = (): void => {
      if (this.#compiled.load(program, assembled)) this.#compiled.compile(regions, assembled);
    };
    this.#compiled.load(program, assembled);
    this.#compiled.compile(regions, assembled);
    for (let budget = 1; budget <= expected.length; budget += Math.ceil(expected.length / BUDGETS)) {
      load();
      const did = compare(this.#compiled.run(budget), budget, `after ${budget}`);
      this.instructions += Math.min(budget, last);
      if (did !== "") return did;
    }
    for (const [engine, name] of [
      [this.#compiled, "compiled"],
      [this.#sampled, "sampled"],
    ] as const) {
      for (const slice of slices) {
        if (engine === this.#compiled) load();
        else engine.load(program, assembled);
        // Where the programs go on, no more is known of them.
        const end = expected[last]!.stop === Stop.budget ? expected.length : expected.length + slice - 1;
        for (let done = slice; done <= end; done += slice) {
          const actual = engine.run(slice);
          const did = compare(actual, done, `${name}, after ${done} in slices of ${slice}`);
          if (did !== "") return did;
          if (actual.stop !== Stop.budget) break;
        }
        this.instructions += expected.length;
      }
      const did = this.#impatient(engine, program, assembled, regions, expected);
      if (did !== "") return `${name}, ${did}`;
    }
    return "";
  }

  /** With an end to the patience after so many returns from translated code as there are instructions at most. */
  #impatient(engine: Engine, program: Program, assembled: Assembled, regions: readonly number[], expected: readonly Snapshot[]): string {
    const { interpreter } = engine;
    const last = expected.at(-1)!;
    for (const patience of [1, 2, 5]) {
      if (engine.load(program, assembled) && engine === this.#compiled) engine.compile(regions, assembled);
      interpreter.patience = patience;
      for (let i = 0, done = 0; i < expected.length; i++) {
        const actual = engine.run(last.stop === Stop.budget ? expected.length - done : expected.length);
        done = actual.instructions;
        if (done === 0 && actual.stop === Stop.budget) continue;
        this.stops++;
        const wanted = actual.stop === Stop.budget ? expected[done - 1] : last;
        const did = wanted === undefined ? "goes on" : differenceOf(wanted, actual);
        if (did !== "") {
          interpreter.patience = Infinity;
          return `with patience ${patience}, after ${done}: ${did}`;
        }
        if (actual.stop !== Stop.budget || done === expected.length) break;
      }
    }
    interpreter.patience = Infinity;
    return "";
  }
}
