/** Executes the cases of test/insn in tsvm's interpreter. */

import type { Feature } from "../../src/cpu/index.ts";
import { Interpreter, Stop } from "../../src/cpu/index.ts";
import {
  ARITHMETIC_FLAGS,
  Flag,
  FLAG_RESULT,
  FLAG_VECTOR,
  FLAGS_SYSTEM,
  FS_BASE,
  GPR,
  MXCSR,
  RIP,
  SELECTORS,
  VECTOR_STRIDE,
  VECTORS,
  X87_ENVIRONMENT,
  X87_REGISTERS,
} from "../../src/cpu/state.ts";
import { AddressSpace, PAGE_SIZE } from "../../src/memory/index.ts";
import { At, Case, decodeResult, encodeCases, PAGE_FAULT, Result, type RunnerCase } from "./protocol.ts";
import { DATA, DATA_BYTES, INSTRUCTION, type Outcome } from "./state.ts";

const CODE_PAGE = 0x100000;
const IN_PAGE = Number(INSTRUCTION) - CODE_PAGE;
/** The runner's room for code. */
const MAX_LENGTH = 20;
const INT3 = 0xcc;
/** Room for every iteration of the string instructions of the cases. */
const LIMIT = 100_000;
/** es cs ss ds fs gs of a 64-bit process under Linux. */
const USER_SELECTORS = [0, 0x33, 0x2b, 0, 0, 0];

export class InterpreterRunner {
  readonly #space: AddressSpace;
  readonly #interpreter: Interpreter;
  /** The CPU state in 32-bit words. */
  readonly #words: Int32Array;
  readonly #code: Buffer = Buffer.alloc(PAGE_SIZE, INT3);
  readonly #found: Buffer = Buffer.alloc(PAGE_SIZE);
  readonly #inRegions: boolean;
  /** MXCSR that the standing region is for. */
  #compiledFor = -1;
  /** Whether a region completed an instruction of the last case. */
  ranInRegion = false;

  /** `windowBits`: log2 of the window. `inRegions`: each case is compiled first, as far as that is possible. */
  constructor(windowBits: number, features: ReadonlySet<Feature>, inRegions: boolean = false) {
    this.#inRegions = inRegions;
    this.#space = new AddressSpace({ windowBits });
    this.#space.map({ address: CODE_PAGE, length: PAGE_SIZE, prot: 7, fixed: true });
    this.#space.map({ address: Number(DATA), length: DATA_BYTES, prot: 3, fixed: true });
    this.#space.poke(CODE_PAGE, this.#code);
    this.#interpreter = new Interpreter(this.#space, features, { regions: inRegions && { samples: Infinity } });
    this.#words = new Int32Array(this.#space.memory.buffer, 0, 0x4000);
  }

  /** Throws where the interpreter does not implement the instruction. */
  execute(one: RunnerCase): Outcome {
    const results = new Uint8Array(Result.bytes);
    this.executeEncoded(encodeCases([one]), 0, results, 0);
    return decodeResult(results, 0, one.bytes);
  }

  /**
   * The same for the case at `from` of encoded cases, to `to` of encoded results, of which all is written but what the runner knows of its signal
   * (both buffers begin at a multiple of 8). Cases in a row with the same code decode it once. `slice`: instructions, or iterations, between two stops.
   */
  executeEncoded(cases: Uint8Array, from: number, results: Uint8Array, to: number, slice: number = LIMIT): void {
    const interpreter = this.#interpreter;
    this.#putCode(cases, from);
    this.#space.poke(Number(DATA), cases.subarray(from + Case.state + At.data, from + Case.bytes));
    this.#load(new DataView(cases.buffer, cases.byteOffset + from + Case.state, At.data));
    if (this.#inRegions) this.#compile();
    const before = this.#inRegions ? interpreter.regionCounts().instructions : 0;
    // Like the runner's, it ends in an exception: its own, or the int3's behind it.
    let stop: Stop = Stop.budget;
    for (let left = LIMIT; left > 0 && stop === Stop.budget; left -= slice) stop = interpreter.run(slice);
    this.ranInRegion = this.#inRegions && interpreter.regionCounts().instructions > before;
    if (stop === Stop.syscall) throw new Error("a system call");
    if (stop === Stop.budget) throw new Error(`goes on after ${LIMIT} instructions`);
    const { vector, errorCode, unimplemented, address } = interpreter.exception;
    if (unimplemented) throw new Error("not implemented");
    const out = new DataView(results.buffer, results.byteOffset + to, Result.bytes);
    out.setBigUint64(Result.trap, BigInt(vector), true);
    out.setBigUint64(Result.error, BigInt(errorCode), true);
    out.setBigInt64(Result.cr2, vector === PAGE_FAULT ? BigInt.asIntN(64, BigInt(address)) : 0n, true);
    this.#save(new DataView(results.buffer, results.byteOffset + to + Result.state, At.data));
    this.#space.peek(Number(DATA), results.subarray(to + Result.state + At.data, to + Result.bytes));
  }

  /** The code's page as the runner has it: int3 around the instruction, whatever the case before wrote there. */
  #putCode(cases: Uint8Array, from: number): void {
    const known = this.#code;
    const length = cases[from + Case.length]!;
    this.#space.peek(CODE_PAGE, this.#found);
    let same = known.equals(this.#found);
    for (let i = 0; i < MAX_LENGTH; i++) {
      const byte = i < length ? cases[from + Case.code + i]! : INT3;
      if (known[IN_PAGE + i] === byte) continue;
      known[IN_PAGE + i] = byte;
      same = false;
    }
    if (same) return;
    this.#space.poke(CODE_PAGE, known);
    this.#compiledFor = -1;
  }

  #compile(): void {
    const mxcsr = this.#words[MXCSR / 4]!;
    if (this.#compiledFor === mxcsr) return;
    this.#interpreter.compile(Number(INSTRUCTION));
    this.#compiledFor = mxcsr;
  }

  #load(from: DataView): void {
    const { view } = this.#space;
    const words = this.#words;
    // RIP, then the bases; RFLAGS lies between them here.
    for (let i = 0; i < 32; i++) words[GPR / 4 + i] = from.getInt32(At.gpr + 4 * i, true);
    for (let i = 0; i < 2; i++) words[RIP / 4 + i] = from.getInt32(At.rip + 4 * i, true);
    for (let i = 0; i < 4; i++) words[FS_BASE / 4 + i] = from.getInt32(At.fs + 4 * i, true);
    USER_SELECTORS.forEach((selector, i) => view.setUint16(SELECTORS + i * 2, selector, true));
    const rflags = from.getInt32(At.rflags, true);
    // A result whose low byte has even parity and whose sign is clear; the vector corrects both.
    words[FLAG_RESULT / 4] = rflags & Flag.ZF ? 0 : 0x100;
    words[FLAG_RESULT / 4 + 1] = 0;
    words[FLAG_VECTOR / 4] = (rflags & Flag.AF ? 8 : 0) | (rflags & Flag.SF ? 1 : 0) | (rflags & Flag.PF ? 0 : 2);
    const carry = rflags & Flag.CF ? 1 : 0;
    const overflow = (rflags & Flag.OF ? 1 : 0) ^ carry;
    words[FLAG_VECTOR / 4 + 1] = (carry << 31) | (overflow << 30);
    words[FLAGS_SYSTEM / 4] = rflags & ~ARITHMETIC_FLAGS;
    words[MXCSR / 4] = from.getInt32(At.mxcsr, true);
    const fsw = from.getUint16(At.fsw, true);
    view.setUint16(X87_ENVIRONMENT, from.getUint16(At.fcw, true), true);
    view.setUint16(X87_ENVIRONMENT + 2, fsw, true);
    view.setUint16(X87_ENVIRONMENT + 4, from.getUint8(At.ftw), true);
    // Opcode and pointers, which cases do not name.
    for (let i = 6; i < 24; i += 2) view.setUint16(X87_ENVIRONMENT + i, 0, true);
    for (let i = 0; i < 8; i++) {
      const register = (X87_REGISTERS + ((i + (fsw >> 11)) & 7) * 16) / 4;
      const at = At.st + i * 16;
      words[register] = from.getInt32(at, true);
      words[register + 1] = from.getInt32(at + 4, true);
      words[register + 2] = from.getUint16(at + 8, true);
      words[register + 3] = 0;
    }
    for (let i = 0; i < 16; i++) {
      const register = (VECTORS + i * VECTOR_STRIDE) / 4;
      for (let j = 0; j < 4; j++) {
        words[register + j] = from.getInt32(At.xmm + i * 16 + 4 * j, true);
        words[register + 4 + j] = from.getInt32(At.ymm + i * 16 + 4 * j, true);
      }
    }
  }

  #rflags(): number {
    const words = this.#words;
    const low = words[FLAG_RESULT / 4]!;
    const high = words[FLAG_RESULT / 4 + 1]!;
    const vector = words[FLAG_VECTOR / 4]!;
    const top = words[FLAG_VECTOR / 4 + 1]!;
    let parity = low ^ (low >> 4);
    parity ^= parity >> 2;
    parity ^= parity >> 1;
    let rflags = words[FLAGS_SYSTEM / 4]!;
    if (top < 0) rflags |= Flag.CF;
    if ((top ^ (top << 1)) < 0) rflags |= Flag.OF;
    if ((vector & 8) !== 0) rflags |= Flag.AF;
    if ((low | high) === 0) rflags |= Flag.ZF;
    if ((high < 0 ? 1 : 0) !== (vector & 1)) rflags |= Flag.SF;
    if ((parity & 1) === ((vector >> 1) & 1)) rflags |= Flag.PF;
    return rflags;
  }

  #save(to: DataView): void {
    const { view } = this.#space;
    const words = this.#words;
    for (let i = 0; i < 32; i++) to.setInt32(At.gpr + 4 * i, words[GPR / 4 + i]!, true);
    for (let i = 0; i < 2; i++) to.setInt32(At.rip + 4 * i, words[RIP / 4 + i]!, true);
    for (let i = 0; i < 4; i++) to.setInt32(At.fs + 4 * i, words[FS_BASE / 4 + i]!, true);
    to.setInt32(At.rflags, this.#rflags(), true);
    to.setInt32(At.rflags + 4, 0, true);
    const fsw = view.getUint16(X87_ENVIRONMENT + 2, true);
    to.setUint16(At.fcw, view.getUint16(X87_ENVIRONMENT, true), true);
    to.setUint16(At.fsw, fsw, true);
    to.setUint8(At.ftw, view.getUint16(X87_ENVIRONMENT + 4, true));
    to.setInt32(At.mxcsr, words[MXCSR / 4]!, true);
    for (let i = 0; i < 8; i++) {
      const register = (X87_REGISTERS + ((i + (fsw >> 11)) & 7) * 16) / 4;
      const at = At.st + i * 16;
      to.setInt32(at, words[register]!, true);
      to.setInt32(at + 4, words[register + 1]!, true);
      to.setInt32(at + 8, words[register + 2]! & 0xffff, true);
      to.setInt32(at + 12, 0, true);
    }
    for (let i = 0; i < 16; i++) {
      const register = (VECTORS + i * VECTOR_STRIDE) / 4;
      for (let j = 0; j < 4; j++) {
        to.setInt32(At.xmm + i * 16 + 4 * j, words[register + j]!, true);
        to.setInt32(At.ymm + i * 16 + 4 * j, words[register + 4 + j]!, true);
      }
    }
  }
}
