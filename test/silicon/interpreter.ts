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
  GS_BASE,
  MXCSR,
  RIP,
  SELECTORS,
  VECTOR_STRIDE,
  VECTORS,
  X87_ENVIRONMENT,
  X87_REGISTERS,
} from "../../src/cpu/state.ts";
import { AddressSpace } from "../../src/memory/index.ts";
import type { RunnerCase } from "./protocol.ts";
import { DATA, DATA_BYTES, type Exception, INSTRUCTION, type Outcome, type State } from "./state.ts";

const CODE_PAGE = 0x100000;
const INT3 = 0xcc;
/** Room for every iteration of the string instructions of the cases. */
const LIMIT = 10_000;
/** es cs ss ds fs gs of a 64-bit process under Linux. */
const USER_SELECTORS = [0, 0x33, 0x2b, 0, 0, 0];
const LOW64 = 0xffff_ffff_ffff_ffffn;

export class InterpreterRunner {
  readonly #space: AddressSpace;
  readonly #interpreter: Interpreter;

  /** `windowBits`: log2 of the window. */
  constructor(windowBits: number, features: ReadonlySet<Feature>) {
    this.#space = new AddressSpace({ windowBits });
    this.#space.map({ address: CODE_PAGE, length: 4096, prot: 7, fixed: true });
    this.#space.map({ address: Number(DATA), length: DATA_BYTES, prot: 3, fixed: true });
    this.#space.poke(CODE_PAGE, new Uint8Array(4096).fill(INT3));
    this.#interpreter = new Interpreter(this.#space, features);
  }

  /** Throws where the interpreter does not implement the instruction. */
  execute({ bytes, before }: RunnerCase): Outcome {
    const interpreter = this.#interpreter;
    this.#space.poke(Number(INSTRUCTION), bytes);
    this.#space.poke(Number(DATA), before.data);
    this.#load(before);
    let stop: Stop = Stop.budget;
    for (let i = 0; i < LIMIT && stop === Stop.budget; i++) {
      stop = interpreter.run(1);
      if (interpreter.rip !== Number(INSTRUCTION)) break;
    }
    let exception: Exception | undefined;
    if (stop === Stop.exception) {
      const { vector, errorCode, unimplemented } = interpreter.exception;
      if (unimplemented) throw new Error("not implemented");
      exception = { vector, error: errorCode, cr2: vector === 14 ? BigInt.asUintN(64, BigInt(interpreter.exception.address)) : 0n };
    } else if (stop === Stop.syscall) throw new Error("a system call");
    const outcome = { state: this.#save(), exception };
    this.#space.poke(Number(INSTRUCTION), new Uint8Array(bytes.length).fill(INT3));
    return outcome;
  }

  #load(state: State): void {
    const { view } = this.#space;
    state.gpr.forEach((value, i) => view.setBigUint64(GPR + i * 8, value, true));
    USER_SELECTORS.forEach((selector, i) => view.setUint16(SELECTORS + i * 2, selector, true));
    view.setBigUint64(RIP, state.rip, true);
    view.setBigUint64(FS_BASE, state.fs, true);
    view.setBigUint64(GS_BASE, state.gs, true);
    const rflags = Number(state.rflags);
    const flag = (bit: number, position: number) => (rflags & bit ? 1n << BigInt(position) : 0n);
    // A result whose low byte has even parity and whose sign is clear; the vector corrects both.
    view.setBigUint64(FLAG_RESULT, rflags & Flag.ZF ? 0n : 0x100n, true);
    const parity = rflags & Flag.PF ? 0n : 2n;
    const overflow = flag(Flag.OF, 62) ^ flag(Flag.CF, 62);
    view.setBigUint64(FLAG_VECTOR, flag(Flag.CF, 63) | overflow | flag(Flag.AF, 3) | flag(Flag.SF, 0) | parity, true);
    view.setUint32(FLAGS_SYSTEM, rflags & ~ARITHMETIC_FLAGS, true);
    view.setUint32(MXCSR, state.mxcsr, true);
    view.setUint16(X87_ENVIRONMENT, state.fcw, true);
    view.setUint16(X87_ENVIRONMENT + 2, state.fsw, true);
    view.setUint16(X87_ENVIRONMENT + 4, state.ftw, true);
    state.x87.forEach((value, i) => this.#put128(X87_REGISTERS + i * 16, value));
    for (let i = 0; i < 16; i++) {
      this.#put128(VECTORS + i * VECTOR_STRIDE, state.xmm[i]!);
      this.#put128(VECTORS + i * VECTOR_STRIDE + 16, state.ymm[i]!);
    }
  }

  #save(): State {
    const { view } = this.#space;
    const result = view.getBigInt64(FLAG_RESULT, true);
    const vector = view.getBigUint64(FLAG_VECTOR, true);
    const bit = (value: bigint, position: number) => Number((value >> BigInt(position)) & 1n);
    let parity = Number(result & 0xffn);
    parity ^= parity >> 4;
    parity ^= parity >> 2;
    parity ^= parity >> 1;
    let rflags = view.getUint32(FLAGS_SYSTEM, true);
    if (bit(vector, 63)) rflags |= Flag.CF;
    if (bit(vector, 63) ^ bit(vector, 62)) rflags |= Flag.OF;
    if (bit(vector, 3)) rflags |= Flag.AF;
    if (result === 0n) rflags |= Flag.ZF;
    if ((result < 0n ? 1 : 0) ^ bit(vector, 0)) rflags |= Flag.SF;
    if (!((parity & 1) ^ bit(vector, 1))) rflags |= Flag.PF;
    const data = new Uint8Array(DATA_BYTES);
    this.#space.peek(Number(DATA), data);
    const registers = Array.from({ length: 16 }, (_, i) => i);
    return {
      gpr: registers.map((i) => view.getBigUint64(GPR + i * 8, true)),
      rip: view.getBigUint64(RIP, true),
      rflags: BigInt(rflags),
      fs: view.getBigUint64(FS_BASE, true),
      gs: view.getBigUint64(GS_BASE, true),
      fcw: view.getUint16(X87_ENVIRONMENT, true),
      fsw: view.getUint16(X87_ENVIRONMENT + 2, true),
      ftw: view.getUint16(X87_ENVIRONMENT + 4, true),
      x87: registers.slice(8).map((i) => this.#get128(X87_REGISTERS + (i - 8) * 16) & ((1n << 80n) - 1n)),
      mxcsr: view.getUint32(MXCSR, true),
      xmm: registers.map((i) => this.#get128(VECTORS + i * VECTOR_STRIDE)),
      ymm: registers.map((i) => this.#get128(VECTORS + i * VECTOR_STRIDE + 16)),
      data,
    };
  }

  #put128(at: number, value: bigint): void {
    this.#space.view.setBigUint64(at, value & LOW64, true);
    this.#space.view.setBigUint64(at + 8, value >> 64n, true);
  }

  #get128(at: number): bigint {
    return this.#space.view.getBigUint64(at, true) | (this.#space.view.getBigUint64(at + 8, true) << 64n);
  }
}
