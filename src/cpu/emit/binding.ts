/** What differs between the worlds a body is read in: where operands are, how memory is reached, how control leaves. */

import type { FloatKind } from "../isa/ops.ts";
import type { ValType } from "../../wasm/index.ts";
import type { ArithmeticFlags } from "./flags.ts";
import type { Node } from "./graph.ts";

/** A general register: the register operand at an index, or a fixed register number. */
export type RegisterPlace = { readonly operand: number } | { readonly fixed: number };

/** What lists know of floats: where a helper would be needed the list is left, so that what it was needed for holds from there on. */
export interface KnownFloats {
  get(value: Node, bits: number): FloatKind;
  set(value: Node, bits: number, kind: FloatKind): void;
}

export interface Binding {
  getRegister(place: RegisterPlace, bits: number): Node;
  setRegister(place: RegisterPlace, bits: number, value: Node): void;
  /** The part of the vector register operand at byte `offset` as `type` (i64 for integer parts of 8 to 64 `bits`). */
  getVector(operand: number, type: ValType, bits: number, offset: number): Node;
  setVector(operand: number, value: Node, bits: number, offset: number): void;
  /** MMX registers and segment selectors among the operands: their place in the CPU state. */
  getState(offset: number, bits: number): Node;
  setState(offset: number, bits: number, value: Node): void;
  getStateVector(offset: number): Node;
  setStateVector(offset: number, value: Node): void;
  /** The immediate operand as i64, cut to `bits`. */
  immediate(operand: number, bits: number): Node;
  /** Address of the memory operand, without and with the segment base. */
  effective(): Node;
  linear(): Node;
  /** 128 bits at byte `offset` of the vector register that is the address's index; and the linear address with one of its elements. */
  vectorIndex(offset: number): Node;
  indexed(element: Node): Node;
  nextRip(): Node;
  /** Makes sure that `bytes` at `linear` can be accessed; gives what `read` and `write` take. */
  check(linear: Node, bytes: number, access: "read" | "write"): Node;
  /** The place of an access that `check` has allowed in this instruction before. */
  checked(linear: Node, bytes: number, access: "read" | "write"): Node;
  /** i32 truth: the page of `linear` can be accessed directly; its place. Undefined where the world has no direct access, or no budget at hand. */
  direct(linear: Node, access: "read" | "write"): { readonly truth: Node; readonly place: Node } | undefined;
  /** Iterations that may follow the one that is paid for (i32), and some of them taken from the budget. */
  budget(): Node;
  spend(iterations: Node): void;
  /** At byte `offset` of a place. */
  read(place: Node, name: string, offset?: number): Node;
  write(place: Node, name: string, value: Node, offset?: number): void;
  /** Keeps what the flags come from, to compute them only where they are read. False: not for these. */
  setFlags?(flags: ArithmeticFlags): boolean;
  flagResult(): Node;
  flagVector(): Node;
  setFlagResult(value: Node): void;
  setFlagVector(value: Node): void;
  /** A variable's local. */
  variable(type: ValType): number;
  raise(vector: number, errorCode: Node | undefined): void;
  leave(code: number): void;
  /** What is known of the elements of a float or vector, of `bits` bits. Absent: nothing ever is. */
  readonly floats?: KnownFloats;
  /** `changed`: the instruction has changed state before. */
  helper(name: string, operand: Node, changed: boolean): void;
  /** To the branch target of the `J` operand. */
  jump(): void;
  jumpTo(rip: Node): void;
  /** To the next instruction. */
  next(): void;
  /** To this instruction again (repeat prefixes). */
  again(): void;
}
