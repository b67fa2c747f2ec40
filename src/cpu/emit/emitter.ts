/** {@link Op} over a {@link Graph} and a {@link Binding}: operand access, widths, flags and control, in one place for every engine. */

import type { Form } from "../form.ts";
import { operandBits, specBits } from "../form.ts";
import type { Bits, FlagKind, FloatKind, LeaveReason, Op, V, Var } from "../isa/ops.ts";
import type { OperandSpec } from "../isa/insn.ts";
import { HELPER_AREA, LANE_BYTES, SELECTORS, Vector, VECTOR_BYTES, VECTORS } from "../state.ts";
import type { ValType } from "../../wasm/index.ts";
import { loadName, storeName } from "./access.ts";
import type { Binding } from "./binding.ts";
import type { SymbolicFlags } from "./flags.ts";
import { Flags } from "./flags.ts";
import type { Block, Graph, Node } from "./graph.ts";
import { LeaveCode } from "./leave.ts";
import { repeat } from "./repeat.ts";
import { node, Values } from "./values.ts";

function isVectorKind(kind: OperandSpec["kind"]): boolean {
  return kind === "V" || kind === "W" || kind === "U" || kind === "H" || kind === "L";
}

/** Where a segment register's selector is. */
function selectorOffset(name: string): number {
  return SELECTORS + 2 * ["ES", "CS", "SS", "DS", "FS", "GS"].indexOf(name);
}

export class Emitter extends Values implements Op {
  readonly form: Form;
  readonly width: number;
  /** Number of 128-bit lanes. */
  readonly lanes: number;
  laneNumber = 0;
  /** The operands as the body sees them. */
  readonly #view: readonly OperandSpec[];
  readonly #binding: Binding;
  /** Checked places of memory operands and linear addresses. */
  readonly #places = new Map<number | Node, Node>();
  #linear: Node | undefined;
  #changed = false;
  #left = false;
  readonly #flags: Flags;

  /** `symbolic`: where the flags come from that the instruction finds, if that is known. */
  constructor(graph: Graph, form: Form, binding: Binding, symbolic: SymbolicFlags | undefined) {
    super(graph);
    this.form = form;
    this.#view = form.row.view ?? form.row.operands;
    this.lanes = form.row.vex?.l === 1 ? 2 : 1;
    this.#binding = binding;
    this.width = this.size(0);
    this.#flags = new Flags(this, binding, form, this.width, symbolic);
  }

  get symbolic(): SymbolicFlags | undefined {
    return this.#flags.symbolic;
  }

  /** Reads the form's body, with its repeat prefix, and where it is the `last` of its list the jump to the next instruction. */
  run(last: boolean): void {
    const { insn } = this.form.row;
    if (this.form.rep !== 0) repeat(this, this.#binding, insn);
    else this.body(insn.semantics);
    if (last && !this.#left) this.#binding.next();
  }

  /** Reads the body, for each lane where it is one lane's. */
  protected body(semantics: (op: Op) => void): void {
    semantics(this);
  }

  /** The branch that is being read does not come back to the list. */
  gone(): void {
    this.#left = true;
  }

  get operandSize(): 16 | 32 | 64 {
    return this.form.operandSize;
  }

  get addressSize(): 32 | 64 {
    return this.form.addressSize;
  }

  get cc(): number {
    const { cc } = this.form.row;
    if (cc === undefined) throw this.#error("has no condition");
    return cc;
  }

  get rep(): number {
    return this.form.rep;
  }

  #error(what: string): Error {
    return new Error(`${this.form.row.mnemonic} "${this.form.row.text}" ${what}`);
  }

  /** The row's operand that the body reads as its operand `i`. */
  protected source(i: number): number {
    return i;
  }

  /** Where in that operand: a byte offset. */
  protected offset(_i: number): number {
    return 0;
  }

  /** Bits of the row's operand `i`. */
  protected rowBits(i: number): number {
    return operandBits(this.form.row, i, this.form.operandSize);
  }

  #operand(i: number): OperandSpec {
    const operand = this.form.row.operands[this.source(i)];
    if (operand === undefined) throw this.#error(`has no operand ${i}`);
    return operand;
  }

  size(i: number): number {
    const operand = this.#view[i];
    const { view, vex } = this.form.row;
    return operand === undefined ? this.form.operandSize : specBits(operand, this.form.operandSize, view === undefined ? (vex?.l ?? 0) : 0);
  }

  get operands(): number {
    return this.#view.length;
  }

  isImmediate(i: number): boolean {
    return this.#operand(i).kind === "I";
  }

  isMemory(i: number): boolean {
    const { kind } = this.#operand(i);
    if (kind === "M" || kind === "O" || kind === "X" || kind === "Y") return true;
    return (kind === "E" || kind === "W" || kind === "Q") && this.form.mode !== "none";
  }

  #place(i: number, access: "read" | "write"): Node {
    const operand = this.source(i);
    const known = this.#places.get(operand);
    if (known !== undefined) return known;
    const place = this.#check(node(this.linear(i)), this.rowBits(operand) / 8, access);
    this.#places.set(operand, place);
    return place;
  }

  #check(linear: Node, bytes: number, access: "read" | "write"): Node {
    if (this.#changed) throw this.#error("checks memory after it has changed state");
    if (bytes >= 16 && this.form.row.insn.properties.aligned === true) {
      this.raiseIf(this.x("i32.and", this.x("i32.wrap_i64", linear), this.i32(bytes - 1)), Vector.GP);
    }
    return this.#binding.check(linear, bytes, access);
  }

  get(i: number): V {
    const operand = this.#operand(i);
    const size = this.#view[i]?.size;
    const bits = this.size(i);
    const source = this.source(i);
    if (this.isMemory(i)) {
      const place = this.#place(i, "read");
      const name = size === "ss" ? "f32.load" : size === "sd" ? "f64.load" : loadName(bits);
      return this.#binding.read(place, name, this.offset(i));
    }
    switch (operand.kind) {
      case "I":
        return this.#binding.immediate(source, bits);
      case "fixed":
        return this.#fixed(operand.size, bits);
      case "P":
      case "Q":
      case "N":
        return this.#mmx(i, bits);
      case "S":
        return this.#binding.getRegister({ operand: source }, 16);
      case "J":
        throw this.#error("reads its branch target");
      default:
        break;
    }
    if (isVectorKind(operand.kind)) {
      const type = size === "ss" ? "f32" : size === "sd" ? "f64" : bits >= 128 ? "v128" : "i64";
      return this.#binding.getVector(source, type, bits, this.offset(i));
    }
    return this.#binding.getRegister({ operand: source }, bits);
  }

  #fixed(name: string, bits: number): V {
    switch (name) {
      case "1":
        return this.const(1);
      case "CL":
        return this.#binding.getRegister({ fixed: 1 }, 8);
      case "DX":
        return this.#binding.getRegister({ fixed: 2 }, 16);
      case "FS":
      case "GS":
        return this.#binding.getState(selectorOffset(name), 16);
      case "STi":
        // The number i.
        return this.#binding.immediate(0, 8);
      case "AL":
      case "AX":
      case "eAX":
      case "rAX":
        return this.#binding.getRegister({ fixed: 0 }, bits);
      default:
        throw this.#error(`reads ${name}`);
    }
  }

  #mmx(i: number, bits: number): V {
    return this.#binding.getRegister({ operand: i }, bits === 32 ? 32 : 64);
  }

  rw(i: number): V {
    this.reserve(i);
    return this.get(i);
  }

  reserve(i: number): void {
    if (this.isMemory(i)) this.#place(i, "write");
  }

  set(i: number, value: V): void {
    const operand = this.#operand(i);
    const bits = this.size(i);
    const v = node(value);
    if (this.isMemory(i)) {
      const place = this.#place(i, "write");
      const name = v.type === "f32" ? "f32.store" : v.type === "f64" ? "f64.store" : storeName(bits);
      this.#changed = true;
      this.#binding.write(place, name, v);
      return;
    }
    if (v.type === "v128" && isVectorKind(operand.kind)) {
      this.setVector(i, v);
      return;
    }
    this.#changed = true;
    if (operand.kind === "fixed") {
      if (operand.size === "DX") this.#binding.setRegister({ fixed: 2 }, 16, v);
      else if (operand.size === "AL" || operand.size === "AX" || operand.size === "eAX" || operand.size === "rAX") {
        this.#binding.setRegister({ fixed: 0 }, bits, v);
      } else if (operand.size.endsWith("S")) this.#binding.setState(selectorOffset(operand.size), 16, v);
      else throw this.#error(`writes ${operand.size}`);
    } else if (isVectorKind(operand.kind)) {
      if (this.form.row.vex !== undefined) throw this.#error("writes a part of a vector register");
      this.#binding.setVector(i, v, bits, 0);
    } else {
      this.#binding.setRegister({ operand: i }, bits, v);
    }
  }

  vector(i: number): V {
    if (this.isMemory(i) && this.size(i) !== 128) throw this.#error("reads narrow memory as a vector");
    const { kind, size } = this.#operand(i);
    if (kind === "fixed" && size === "XMM0") return this.stateVector(VECTORS);
    return this.#lane(i, this.offset(i));
  }

  #lane(i: number, offset: number): V {
    if (this.isMemory(i)) return this.#binding.read(this.#place(i, "read"), "v128.load", offset);
    return this.#binding.getVector(this.source(i), "v128", 128, offset);
  }

  part(i: number, lane: number): V {
    return this.#lane(i, LANE_BYTES * lane);
  }

  parts(i: number): V[] {
    return Array.from({ length: this.lanes }, (_, lane) => this.part(i, lane));
  }

  eachLane<T>(f: () => T): T[] {
    return [f()];
  }

  setVector(i: number, value: V): void {
    this.#setRegister(i, [value]);
  }

  setParts(i: number, values: readonly V[]): void {
    if (!this.isMemory(i)) {
      this.#setRegister(i, values);
      return;
    }
    const place = this.#place(i, "write");
    this.#changed = true;
    values.forEach((value, lane) => this.#binding.write(place, "v128.store", node(value), LANE_BYTES * lane));
  }

  /** VEX: what is above the lanes becomes zero. */
  #setRegister(i: number, lanes: readonly V[]): void {
    this.#changed = true;
    const count = this.form.row.vex === undefined ? lanes.length : VECTOR_BYTES / LANE_BYTES;
    for (let lane = 0; lane < count; lane++) this.#binding.setVector(i, node(lanes[lane] ?? this.v128([])), 128, LANE_BYTES * lane);
  }

  setXmm0(value: V): void {
    this.setStateVector(VECTORS, value);
    if (this.form.row.vex === undefined) return;
    for (let at = LANE_BYTES; at < VECTOR_BYTES; at += LANE_BYTES) this.setStateVector(VECTORS + at, this.v128([]));
  }

  float(i: number): V {
    const bits = this.size(i);
    const type = bits === 32 ? "f32" : "f64";
    if (this.isMemory(i)) return this.#binding.read(this.#place(i, "read"), `${type}.load`, this.offset(i));
    return this.#binding.getVector(this.source(i), type, bits, this.offset(i));
  }

  address(i: number): V {
    if (!this.isMemory(i)) throw this.#error("takes the address of a register");
    return this.#binding.effective();
  }

  linear(i: number): V {
    const { kind } = this.#operand(i);
    if (kind === "X" || kind === "Y") return this.#stringAddress(kind === "X" ? 6 : 7);
    this.#linear ??= this.#binding.linear();
    return this.#linear;
  }

  /** [rSI] with the instruction's segment, or [rDI]. */
  #stringAddress(register: number): V {
    const offset = this.reg(register, this.addressSize);
    return register === 7 ? offset : this.withSegment(offset);
  }

  indexPart(lane: number): V {
    return this.#binding.vectorIndex(LANE_BYTES * lane);
  }

  indexed(element: V): V {
    return this.#binding.indexed(node(element));
  }

  setElement(i: number, bits: 32 | 64, number: number, value: V): void {
    this.#changed = true;
    this.#binding.setVector(i, node(value), bits, (number * bits) / 8);
  }

  restartable(): void {
    this.#changed = false;
  }

  reg(number: number, bits: Bits): V {
    return this.#binding.getRegister({ fixed: number }, bits);
  }

  setReg(number: number, bits: Bits, value: V): void {
    this.#changed = true;
    this.#binding.setRegister({ fixed: number }, bits, node(value));
  }

  state(offset: number, bits: Bits): V {
    return this.#binding.getState(offset, bits);
  }

  setState(offset: number, bits: Bits, value: V): void {
    this.#changed = true;
    this.#binding.setState(offset, bits, node(value));
  }

  stateAt(index: V, offset: number, bits: Bits): V {
    return this.graph.load(loadName(bits), node(index), offset);
  }

  setStateAt(index: V, offset: number, bits: Bits, value: V): void {
    this.#changed = true;
    this.graph.effect({ kind: "store", name: storeName(bits), offset, address: node(index), value: node(value) });
  }

  stateVector(offset: number): V {
    return this.#binding.getStateVector(offset);
  }

  setStateVector(offset: number, value: V): void {
    this.#changed = true;
    this.#binding.setStateVector(offset, node(value));
  }

  nextRip(): V {
    return this.#binding.nextRip();
  }

  load(bits: number, linear: V): V {
    const place = this.#places.get(node(linear)) ?? this.#check(node(linear), bits / 8, "read");
    return this.#binding.read(place, loadName(bits));
  }

  store(bits: number, linear: V, value: V): void {
    const place = this.#places.get(node(linear)) ?? this.#check(node(linear), bits / 8, "write");
    this.#changed = true;
    this.#binding.write(place, storeName(bits), node(value));
  }

  loadChecked(bits: number, linear: V): V {
    return this.#binding.read(this.#binding.checked(node(linear), bits / 8, "read"), loadName(bits));
  }

  storeChecked(bits: number, linear: V, value: V): void {
    const place = this.#binding.checked(node(linear), bits / 8, "write");
    this.#binding.write(place, storeName(bits), node(value));
  }

  withSegment(offset: V): V {
    return this.form.mode === "any" ? this.add(offset, this.#binding.linear()) : offset;
  }

  checkRead(bits: number, linear: V): void {
    this.#places.set(node(linear), this.#check(node(linear), bits / 8, "read"));
  }

  checkWrite(bits: number, linear: V): void {
    this.#places.set(node(linear), this.#check(node(linear), bits / 8, "write"));
  }

  push(bits: Bits, value: V): void {
    const top = this.sub(this.reg(4, 64), this.const(bits / 8));
    this.store(bits, top, value);
    this.setReg(4, 64, top);
  }

  pop(bits: Bits): V {
    return this.load(bits, this.reg(4, 64));
  }

  popped(bits: Bits): void {
    this.setReg(4, 64, this.add(this.reg(4, 64), this.const(bits / 8)));
  }

  floatKind(value: V, bits: 32 | 64): FloatKind {
    return this.#binding.floats?.get(node(value), bits) ?? "any";
  }

  noteFloat(value: V, bits: 32 | 64, kind: FloatKind): void {
    this.#binding.floats?.set(node(value), bits, kind);
  }

  variable(initial: V): Var {
    const { type } = node(initial);
    const index = this.#binding.variable(type);
    this.graph.effect({ kind: "assign", index, value: node(initial) });
    return { variable: index, type };
  }

  read(variable: Var): V {
    return this.graph.variable(variable.type, variable.variable);
  }

  assign(variable: Var, value: V): void {
    this.graph.effect({ kind: "assign", index: variable.variable, value: node(value) });
  }

  if(truth: V, then: () => void, otherwise?: () => void): void {
    const changed = this.#changed;
    const left = this.#left;
    const { symbolic } = this.#flags;
    const other = otherwise === undefined ? undefined : this.#nested(otherwise);
    if (other?.ended === true) {
      // What comes behind is reached through `then` alone.
      this.graph.effect({ kind: "if", truth: node(this.x("i32.eqz", truth)), then: other.block, otherwise: undefined });
      this.#changed = changed;
      this.#left = left;
      this.#flags.symbolic = symbolic;
      then();
      return;
    }
    const changedOther = this.#changed;
    const leftOther = this.#left;
    this.#changed = changed;
    this.#left = left;
    const kept = this.#flags.symbolic === symbolic;
    this.#flags.symbolic = symbolic;
    const first = this.graph.nested(then);
    const changedThen = this.#changed;
    const leftThen = this.#left;
    // A branch that has left says nothing about what comes after.
    this.#changed = (changedThen && !leftThen) || (changedOther && !leftOther) || changed;
    this.#left = left || (leftThen && leftOther);
    this.#flags.symbolic = kept && this.#flags.symbolic === symbolic ? symbolic : undefined;
    this.graph.effect({ kind: "if", truth: node(truth), then: first, otherwise: other?.block });
  }

  #nested(fill: () => void): { readonly block: Block; readonly ended: boolean } {
    const block = this.graph.nested(fill);
    return { block, ended: this.graph.ended };
  }

  loop(body: () => V): void {
    let truth: V | undefined;
    const block = this.graph.nested(() => {
      truth = body();
    });
    if (truth === undefined) throw this.#error("loops without an end");
    this.graph.effect({ kind: "loop", body: block, truth: node(truth) });
  }

  flags(kind: FlagKind, a: V, b: V, r: V, bits: number = this.width): void {
    this.#changed = true;
    this.#flags.flags(kind, a, b, r, bits);
  }

  flagsOf(kind: "add" | "sub", a: V, b: V, r: V): void {
    this.#changed = true;
    this.#flags.flagsOf(kind, a, b, r);
  }

  flagsFrom(result: V, carry: V, overflow: V, truth?: V): void {
    this.#changed = true;
    this.#flags.flagsFrom(result, carry, overflow, truth);
  }

  flagsCarryOverflow(carry: V, overflow: V, truth?: V): void {
    this.#changed = true;
    this.#flags.flagsCarryOverflow(carry, overflow, truth);
  }

  setCarry(carry: V): void {
    this.#changed = true;
    this.#flags.setCarry(carry);
  }

  flagsCompare(zero: V, parity: V, carry: V): void {
    this.#changed = true;
    this.#flags.flagsCompare(zero, parity, carry);
  }

  carry(): V {
    return this.#flags.carry();
  }

  cond(cc: number): V {
    return this.#flags.cond(cc);
  }

  rflags(): V {
    return this.#flags.rflags();
  }

  setRflags(value: V, mask: number): void {
    this.#changed = true;
    this.#flags.setRflags(value, mask);
  }

  raiseIf(truth: V, vector: number): void {
    this.if(truth, () => this.raise(vector));
  }

  raise(vector: number, errorCode?: V): void {
    if (this.#changed) throw this.#error("raises after it has changed state");
    this.#binding.raise(vector, errorCode === undefined ? undefined : node(errorCode));
    this.#left = true;
  }

  jump(): void {
    this.#binding.jump();
    this.#left = true;
  }

  jumpIf(truth: V): void {
    this.if(truth, () => this.#binding.jump());
  }

  call(): void {
    this.push(64, this.nextRip());
    this.jump();
  }

  jumpTo(rip: V): void {
    this.#binding.jumpTo(node(rip));
    this.#left = true;
  }

  leave(reason: LeaveReason): void {
    this.#binding.leave(LeaveCode[reason]);
    this.#left = true;
  }

  helper(name: string, operand?: V): void {
    this.#flags.symbolic = undefined;
    this.#binding.helper(name, operand === undefined ? this.graph.i32(0) : node(operand), this.#changed);
    this.#changed = true;
  }

  setArgument(i: number, value: V): void {
    const v = node(value);
    if (v.type === "v128") this.#binding.setStateVector(HELPER_AREA + 16 * i, v);
    else this.#binding.setState(HELPER_AREA + 16 * i, 64, v);
  }

  argument(i: number, type: ValType): V {
    if (type === "v128") return this.#binding.getStateVector(HELPER_AREA + 16 * i);
    return this.#binding.getState(HELPER_AREA + 16 * i, 64);
  }
}
