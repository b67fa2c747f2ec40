/**
 * The vocabulary of semantics functions: everything an instruction's body may say, and nothing about who reads it.
 *
 * A body runs once for each *form* of a row (operand size, register or memory, prefixes) and describes the instruction as values and
 * effects. Bound to operand positions read from a decoded record it becomes an interpreter handler; bound to one instruction's constants
 * it becomes a piece of a compiled region.
 *
 * Integer values are i64 and hold operands zero-extended. Results may carry more bits than the operand: `set` and `flags` cut them.
 * Order: reads and checks first, state changes last, so that a fault leaves the state of before; the emitter refuses a body that checks
 * memory after it has changed state.
 */

import type { ValType } from "../../wasm/index.ts";

/** A value in whatever world the body is read in. */
export interface V {
  readonly type: ValType;
}

/** A variable that bodies with conditions and loops may assign. */
export interface Var {
  readonly variable: number;
  readonly type: ValType;
}

export type Bits = 8 | 16 | 32 | 64;

/** Why a completed instruction leaves the interpreter. `timestamp`: its result is the machine's to write. */
export type LeaveReason = "syscall" | "breakpoint" | "overflow" | "flags" | "timestamp";

export type FlagKind = "add" | "sub" | "logic" | "inc" | "dec";

/** What is known of a float, or of all elements of a vector: `ordinary` is zero or normal, no infinity and no NaN. */
export type FloatKind = "any" | "notDenormal" | "ordinary";

/** Vector registers, memory and conversions by WebAssembly's operator names. */
export interface Op {
  /** Bits of operand 0 (of the operand size where there is none). */
  readonly width: number;
  /** Effective operand size: 16, 32 or 64. */
  readonly operandSize: 16 | 32 | 64;
  /** Effective address size: 32 or 64. */
  readonly addressSize: 32 | 64;
  /** Condition code of a `+cc` row. */
  readonly cc: number;
  /** 0, 0xf2 or 0xf3 for rows with the property `rep`. */
  readonly rep: number;
  /** Bits of operand `i`. */
  size(i: number): number;
  /** Number of operands. */
  readonly operands: number;
  /** True where operand `i` is in memory in this form. */
  isMemory(i: number): boolean;
  isImmediate(i: number): boolean;

  /** Operand `i`: integers and immediates zero-extended (immediates after sign extension to the operand size), `ss` f32, `sd` f64, 128 bits v128. */
  get(i: number): V;
  /** As {@link get}, and makes sure it can be written: for read-modify-write. */
  rw(i: number): V;
  /** Makes sure that operand `i` can be written, where a helper runs before `set`. */
  reserve(i: number): void;
  /** Writes operand `i`, cut to its size. A 32-bit general register is zero-extended; a vector register keeps its other bits. */
  set(i: number, value: V): void;
  /** Operand `i` (a vector register or 128-bit memory) as v128 whatever its declared size. */
  vector(i: number): V;
  /** Writes all 128 bits of vector register operand `i`; VEX: the bits above become zero. */
  setVector(i: number, value: V): void;
  /** Number of 128-bit lanes: 2 where VEX.L is 1. */
  readonly lanes: number;
  /** The lane that a body is read for which is one lane's ({@link InsnProperties.view}); otherwise 0. */
  readonly laneNumber: number;
  /** 128-bit lane of operand `i`, a vector register or memory of that many lanes; and all of the instruction's lanes. */
  part(i: number, lane: number): V;
  parts(i: number): V[];
  /** What `f` gives for each 128-bit lane, on which `vector` and `get` are while it runs. */
  eachLane<T>(f: () => T): T[];
  /** Writes lanes of operand `i` from the lowest on; of a register, the bits above become zero (VEX). */
  setParts(i: number, values: readonly V[]): void;
  /** Writes XMM0, an implicit result, as {@link setVector} does. */
  setXmm0(value: V): void;
  /** Operand `i` of size 32 or 64 as f32 or f64. */
  float(i: number): V;
  /** Effective address of memory operand `i`, cut to the address size, without segment base (lea). */
  address(i: number): V;
  /** The same with the segment base: what `load` and `store` take. */
  linear(i: number): V;

  /** 128-bit lane of the vector register that is the index of the address; and the linear address with one of its elements, sign-extended. */
  indexPart(lane: number): V;
  indexed(element: V): V;
  /** Writes element `number`, of `bits` bits, of vector register operand `i`: the others stay. */
  setElement(i: number, bits: 32 | 64, number: number, value: V): void;
  /** What has been changed so far stays when the instruction faults: started again, it goes on from there. */
  restartable(): void;

  /** General register `number` (0 rax, 1 rcx, 2 rdx, 3 rbx, 4 rsp, 5 rbp, 6 rsi, 7 rdi), low `bits`, zero-extended. */
  reg(number: number, bits: Bits): V;
  setReg(number: number, bits: Bits, value: V): void;
  /** An i64 or smaller field of the CPU state at a constant offset (see state.ts), zero-extended to i64. */
  state(offset: number, bits: Bits): V;
  setState(offset: number, bits: Bits, value: V): void;
  /** The same at `offset` and `index` (i32) bytes more. */
  stateAt(index: V, offset: number, bits: Bits): V;
  setStateAt(index: V, offset: number, bits: Bits, value: V): void;
  stateVector(offset: number): V;
  setStateVector(offset: number, value: V): void;
  /** Address of the next instruction. */
  nextRip(): V;

  /** Zero-extended load of `bits` (128: v128) at a linear address. */
  load(bits: number, linear: V): V;
  store(bits: number, linear: V, value: V): void;
  /** For loops over places that were checked before: the tags are not compared again. */
  loadChecked(bits: number, linear: V): V;
  storeChecked(bits: number, linear: V, value: V): void;
  /** A linear address from an offset, with the instruction's segment (implicit memory operands). */
  withSegment(offset: V): V;
  checkRead(bits: number, linear: V): void;
  checkWrite(bits: number, linear: V): void;
  /** RSP lowered by the operand's bytes and the value stored there: check, store, register. */
  push(bits: Bits, value: V): void;
  /** Loads from the stack; RSP changes with `popped`. */
  pop(bits: Bits): V;
  /** RSP raised by the operand just popped. */
  popped(bits: Bits): void;

  const(value: number | bigint): V;
  i32(value: number): V;
  add(a: V, b: V): V;
  sub(a: V, b: V): V;
  mul(a: V, b: V): V;
  and(a: V, b: V): V;
  or(a: V, b: V): V;
  xor(a: V, b: V): V;
  not(a: V): V;
  neg(a: V): V;
  shl(a: V, count: V): V;
  shr(a: V, count: V): V;
  sar(a: V, count: V): V;
  /** Low `bits` of an i64, zero- or sign-extended. */
  zext(a: V, bits: number): V;
  sext(a: V, bits: number): V;
  /** i32 truth of a comparison of i64s. */
  eq(a: V, b: V): V;
  ne(a: V, b: V): V;
  ltu(a: V, b: V): V;
  lts(a: V, b: V): V;
  eqz(a: V): V;
  /** i32 truth as i64 0 or 1. */
  bool(truth: V): V;
  select(truth: V, a: V, b: V): V;
  /** Any WebAssembly operator by its name, e.g. `x("i16x8.add", a, b)`; `lane` for lane operators. */
  x(name: string, ...args: V[]): V;
  lane(name: string, lane: number, ...args: V[]): V;
  shuffle(a: V, b: V, lanes: readonly number[]): V;
  v128(bytes: readonly number[]): V;
  f32(value: number): V;
  f64(value: number): V;

  /** What is known of a float or of floats of `bits` bits, and something more that is: where helpers were called that may have found otherwise, ignored. */
  floatKind(value: V, bits: 32 | 64): FloatKind;
  noteFloat(value: V, bits: 32 | 64, kind: FloatKind): void;

  variable(initial: V): Var;
  read(variable: Var): V;
  assign(variable: Var, value: V): void;
  if(truth: V, then: () => void, otherwise?: () => void): void;
  /** Runs `body` until it gives a false truth. */
  loop(body: () => V): void;

  /**
   * Flags of `r = a + b (+ carry)`, `a - b (- borrow)`, a logical result (CF = OF = 0), or `inc`/`dec` of `a` (CF kept).
   * `a` and `b` zero-extended operands of `bits` (default: operand 0's), `r` the result, not necessarily cut.
   */
  flags(kind: FlagKind, a: V, b: V, r: V, bits?: number): void;
  /** The same where carry or borrow came in: conditions are read from the result, never from the operands. */
  flagsOf(kind: "add" | "sub", a: V, b: V, r: V): void;
  /** SF, ZF, PF from `result` (of operand 0's width), CF and OF from i64 0 or 1; AF clear. With `truth`, only where it holds. */
  flagsFrom(result: V, carry: V, overflow: V, truth?: V): void;
  /** CF and OF alone (rotates). */
  flagsCarryOverflow(carry: V, overflow: V, truth?: V): void;
  /** CF alone. */
  setCarry(carry: V): void;
  /** ZF, PF, CF as floating-point compares set them; OF, SF, AF clear. i32 truths. */
  flagsCompare(zero: V, parity: V, carry: V): void;
  /** CF as i64 0 or 1. */
  carry(): V;
  /** i32 truth of condition `cc` (0 O, 1 NO, 2 B, ... as in opcodes). */
  cond(cc: number): V;
  /** The whole RFLAGS as i64, and back: only the bits of `mask` change. */
  rflags(): V;
  setRflags(value: V, mask: number): void;

  /** Raises an exception (Vector.*) with this instruction's address, where the i32 truth holds. */
  raiseIf(truth: V, vector: number): void;
  raise(vector: number, errorCode?: V): void;
  /** Direct jump to the branch target (a `J` operand), or conditionally: falls through otherwise. */
  jump(): void;
  jumpIf(truth: V): void;
  /** Pushes the next instruction's address and jumps to the branch target. */
  call(): void;
  /** Jump to a computed address. */
  jumpTo(rip: V): void;
  /** Leaves the interpreter with this instruction completed (`Exit.*` codes of the interpreter): syscall, int3. */
  leave(reason: LeaveReason): void;
  /**
   * Calls a TypeScript helper on the CPU state (`name` in cpu/helpers). Arguments and results travel through `argument` slots.
   * A helper may raise an exception. It counts as a change of state.
   */
  helper(name: string, operand?: V): void;
  /** Argument slot `i` (16 bytes each) to and from helpers. */
  setArgument(i: number, value: V): void;
  argument(i: number, type: ValType): V;
}
