/** {@link Binding} to operand positions read from a record: bodies become interpreter handlers. */

import type { ValType } from "../../wasm/index.ts";
import { loadName, storeName } from "../emit/access.ts";
import type { Binding, RegisterPlace } from "../emit/binding.ts";
import type { Graph, Node } from "../emit/graph.ts";
import type { WindowTags } from "../emit/window.ts";
import { accessTag, inWindow } from "../emit/window.ts";
import type { LocalPool } from "../emit/lower.ts";
import type { Form } from "../form.ts";
import { EXIT_ADDRESS, EXIT_BUDGET, EXIT_DETAIL, FLAG_RESULT, FLAG_VECTOR, GPR } from "../state.ts";
import { BASE, DISP, hasWideImmediate, IMM, INDEX, LINK, nextRipField, registerField, SCALE, SEGMENT, VECTOR_INDEX } from "./record.ts";

/** In EXIT_DETAIL beside an exception's vector: EXIT_ADDRESS holds its error code. */
export const WITH_ERROR_CODE = 0x400;

/** Locals of a handler's function that bindings use. */
export interface HandlerLocals {
  readonly pc: number;
  /** i64: address of an access that missed its tag; i32: its bytes, and 0x100 or 0x200 for reading or writing. */
  readonly missAddress: number;
  readonly missAccess: number;
  /** i32: record to go on at. */
  readonly link: number;
  /** i64: RIP to go on at. */
  readonly target: number;
}

export interface World extends WindowTags {
  readonly locals: HandlerLocals;
  readonly pool: LocalPool;
  /** Imported functions. */
  readonly helper: number;
  readonly slowAccess: number;
  readonly slowCommit: number;
  readonly helperId: (name: string) => number;
  /** Every access by calls: for what has no direct home in the window. */
  readonly slow: boolean;
  /** The budget is in EXIT_BUDGET while the code runs (functions of the table). */
  readonly budgetInState: boolean;
}

export class RecordBinding implements Binding {
  readonly #graph: Graph;
  readonly #form: Form;
  readonly #world: World;
  #effective: Node | undefined;

  constructor(graph: Graph, form: Form, world: World) {
    this.#graph = graph;
    this.#form = form;
    this.#world = world;
  }

  /** The record: read in its place, since a list of two records moves it on. */
  get #pc(): Node {
    return this.#graph.variable("i32", this.#world.locals.pc);
  }

  #field(field: number): Node {
    return this.#graph.load("i32.load16_u", this.#pc, field);
  }

  /** Where a register is: a node and a constant offset. */
  #register(place: RegisterPlace): { address: Node; offset: number } {
    if ("fixed" in place) return { address: this.#graph.i32(0), offset: GPR + 8 * place.fixed };
    return { address: this.#field(registerField(this.#form, place.operand)), offset: 0 };
  }

  getRegister(place: RegisterPlace, bits: number): Node {
    const { address, offset } = this.#register(place);
    return this.#graph.load(loadName(bits), address, offset);
  }

  setRegister(place: RegisterPlace, bits: number, value: Node): void {
    const { address, offset } = this.#register(place);
    const wide = bits === 32 ? this.#graph.op("i64.and", [value, this.#graph.i64(0xffffffffn)]) : value;
    this.#store(bits === 32 ? "i64.store" : storeName(bits), address, offset, wide);
  }

  #store(name: string, address: Node, offset: number, value: Node): void {
    this.#graph.effect({ kind: "store", name, offset, address, value });
  }

  getVector(operand: number, type: ValType, bits: number, offset: number): Node {
    const address = this.#field(registerField(this.#form, operand));
    return this.#graph.load(type === "i64" ? loadName(bits) : `${type}.load`, address, offset);
  }

  setVector(operand: number, value: Node, bits: number, offset: number): void {
    const address = this.#field(registerField(this.#form, operand));
    this.#store(value.type === "i64" ? storeName(bits) : `${value.type}.store`, address, offset, value);
  }

  getState(offset: number, bits: number): Node {
    return this.#graph.load(loadName(bits), this.#graph.i32(0), offset);
  }

  setState(offset: number, bits: number, value: Node): void {
    this.#store(storeName(bits), this.#graph.i32(0), offset, value);
  }

  getStateVector(offset: number): Node {
    return this.#graph.load("v128.load", this.#graph.i32(0), offset);
  }

  setStateVector(offset: number, value: Node): void {
    this.#store("v128.store", this.#graph.i32(0), offset, value);
  }

  immediate(operand: number, bits: number): Node {
    const { operands } = this.#form.row;
    if (operands.slice(0, operand).some((o) => o.kind === "I")) return this.#graph.load("i64.load32_u", this.#pc, LINK);
    if (hasWideImmediate(this.#form)) return this.#graph.load("i64.load", this.#pc, DISP);
    if (bits === 64) return this.#graph.load("i64.load32_s", this.#pc, IMM);
    return this.#graph.load(loadName(bits), this.#pc, IMM);
  }

  effective(): Node {
    this.#effective ??= this.#makeEffective();
    return this.#effective;
  }

  #makeEffective(): Node {
    const g = this.#graph;
    const { mode, addressSize } = this.#form;
    const disp = g.load("i64.load", this.#pc, DISP);
    const base = g.load("i64.load", this.#field(BASE), 0);
    let sum = g.op("i64.add", [base, disp]);
    if (mode !== "near") {
      const index = g.load("i64.load", this.#field(INDEX), 0);
      sum = g.op("i64.add", [sum, g.op("i64.shl", [index, g.load("i64.load8_u", this.#pc, SCALE)])]);
    }
    return addressSize === 32 ? g.op("i64.and", [sum, g.i64(0xffffffffn)]) : sum;
  }

  linear(): Node {
    return this.#withSegment(this.effective());
  }

  #withSegment(address: Node): Node {
    const g = this.#graph;
    if (this.#form.mode !== "any") return address;
    const segment = g.load("i64.load", g.load("i32.load8_u", this.#pc, SEGMENT), 0x1000);
    return g.op("i64.add", [address, segment]);
  }

  vectorIndex(offset: number): Node {
    return this.#graph.load("v128.load", this.#field(VECTOR_INDEX), offset);
  }

  indexed(element: Node): Node {
    const g = this.#graph;
    const distance = g.op("i64.shl", [element, g.load("i64.load8_u", this.#pc, SCALE)]);
    const sum = g.op("i64.add", [this.effective(), distance]);
    return this.#withSegment(this.#form.addressSize === 32 ? g.op("i64.and", [sum, g.i64(0xffffffffn)]) : sum);
  }

  nextRip(): Node {
    return this.#graph.load("i64.load", this.#pc, nextRipField(this.#form));
  }

  check(linear: Node, bytes: number, access: "read" | "write"): Node {
    const g = this.#graph;
    const world = this.#world;
    const code = bytes | (access === "read" ? 0x100 : 0x200);
    if (world.slow) {
      const low = g.op("i32.wrap_i64", [linear]);
      const high = g.op("i32.wrap_i64", [g.op("i64.shr_u", [linear, g.i64(32)])]);
      const place = g.call(world.slowAccess, [low, high, g.i32(code)], "i32");
      g.effect({ kind: "branch", label: "exit", truth: g.op("i32.eqz", [place]) });
      return place;
    }
    const { low, tag } = accessTag(g, world, linear, access);
    const last = bytes === 1 ? linear : g.op("i64.add", [linear, g.i64(bytes - 1)]);
    const page = g.op("i64.shr_u", [last, g.i64(12)]);
    const miss = g.op("i64.ne", [tag, page]);
    g.effect({ kind: "assign", index: world.locals.missAddress, value: linear });
    g.effect({ kind: "assign", index: world.locals.missAccess, value: g.i32(code) });
    g.effect({ kind: "branch", label: "miss", truth: miss });
    return inWindow(g, world, low);
  }

  direct(linear: Node, access: "read" | "write"): { readonly truth: Node; readonly place: Node } | undefined {
    if (!this.#world.budgetInState) return undefined;
    const g = this.#graph;
    const { low, tag } = accessTag(g, this.#world, linear, access);
    return { truth: g.op("i64.eq", [tag, g.op("i64.shr_u", [linear, g.i64(12)])]), place: inWindow(g, this.#world, low) };
  }

  budget(): Node {
    return this.#graph.load("i32.load", this.#graph.i32(0), EXIT_BUDGET);
  }

  spend(iterations: Node): void {
    this.#store("i32.store", this.#graph.i32(0), EXIT_BUDGET, this.#graph.op("i32.sub", [this.budget(), iterations]));
  }

  checked(linear: Node, bytes: number, access: "read" | "write"): Node {
    if (this.#world.slow) return this.check(linear, bytes, access);
    return inWindow(this.#graph, this.#world, this.#graph.op("i32.wrap_i64", [linear]));
  }

  read(place: Node, name: string, offset = 0): Node {
    return this.#graph.load(name, place, offset);
  }

  write(place: Node, name: string, value: Node, offset = 0): void {
    this.#store(name, place, offset, value);
    if (this.#world.slow) this.#graph.effect({ kind: "call", func: this.#world.slowCommit, args: [place] });
  }

  flagResult(): Node {
    return this.getState(FLAG_RESULT, 64);
  }

  flagVector(): Node {
    return this.getState(FLAG_VECTOR, 64);
  }

  setFlagResult(value: Node): void {
    this.setState(FLAG_RESULT, 64, value);
  }

  setFlagVector(value: Node): void {
    this.setState(FLAG_VECTOR, 64, value);
  }

  variable(type: ValType): number {
    return this.#world.pool.take(type);
  }

  raise(vector: number, errorCode: Node | undefined): void {
    if (errorCode === undefined) {
      this.leave(vector);
      return;
    }
    this.setState(EXIT_ADDRESS, 64, errorCode);
    this.leave(WITH_ERROR_CODE | vector);
  }

  leave(code: number): void {
    this.#store("i32.store", this.#graph.i32(0), EXIT_DETAIL, this.#graph.i32(code));
    this.#graph.effect({ kind: "branch", label: "exit", truth: undefined });
  }

  helper(name: string, operand: Node): void {
    const status = this.#graph.call(this.#world.helper, [this.#graph.i32(this.#world.helperId(name)), operand], "i32");
    this.#graph.effect({ kind: "branch", label: "exit", truth: status });
  }

  jump(): void {
    this.#graph.effect({ kind: "assign", index: this.#world.locals.link, value: this.#graph.load("i32.load", this.#pc, LINK) });
    this.#graph.effect({ kind: "branch", label: "enter", truth: undefined });
  }

  jumpTo(rip: Node): void {
    this.#graph.effect({ kind: "assign", index: this.#world.locals.target, value: rip });
    this.#graph.effect({ kind: "branch", label: "indirect", truth: undefined });
  }

  next(): void {
    this.#graph.effect({ kind: "branch", label: "next", truth: undefined });
  }

  again(): void {
    this.#graph.effect({ kind: "branch", label: "again", truth: undefined });
  }
}
