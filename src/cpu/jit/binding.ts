/** {@link Binding} to one instruction's own operands, with the registers in locals: bodies become pieces of a compiled region. */

import type { ValType } from "../../wasm/index.ts";
import { loadName, storeName } from "../emit/access.ts";
import type { Binding, KnownFloats, RegisterPlace } from "../emit/binding.ts";
import type { ArithmeticFlags } from "../emit/flags.ts";
import type { Node } from "../emit/graph.ts";
import type { Form } from "../form.ts";
import { displacementHigh, displacementLow, hasWideImmediate, operandOffset, segmentOffset } from "../interpreter/record.ts";
import { accessTag, inWindow } from "../emit/window.ts";
import type { Decoded } from "../isa/insn.ts";
import type { FloatKind } from "../isa/ops.ts";
import { GPR, HELPER_AREA, LANE_BYTES, MXCSR, VECTORS, VECTOR_BYTES, VECTOR_STRIDE, X87_REGISTERS } from "../state.ts";
import type { CachedLocal, Frame } from "./frame.ts";
import { RegionFlags } from "./flags.ts";
import type { FoldingGraph } from "./graph.ts";

/** Instructions of this form cannot be a part of a region: the interpreter runs them. */
export class NotCompilable extends Error {
  readonly form: Form;

  constructor(form: Form, why: string) {
    super(`${form.key}: ${why}`);
    this.form = form;
  }
}

/** Where the control flow of an instruction leads: numbers of edges of its region. */
export interface Ways {
  /** Where its branch leads. */
  readonly taken: number;
  /** What comes behind the node. */
  readonly next: number;
}

const GPR_END = GPR + 16 * 8;
const VECTORS_END = VECTORS + 16 * VECTOR_STRIDE;
const LOW_32 = 0xffff_ffffn;

function isVector(offset: number): boolean {
  return offset >= VECTORS && offset < VECTORS_END;
}

/** Values that locals are known to hold, by local. */
type Known = Map<number, Node>;

export class RegionBinding implements Binding {
  readonly #graph: FoldingGraph;
  readonly #frame: Frame;
  readonly flags: RegionFlags;
  #form: Form;
  #decoded: Decoded;
  #completed = 0;
  #ways: Ways = { taken: -1, next: -1 };
  #known: Known = new Map();
  /** Locals written in the nested blocks that are open, innermost last; and what was known before them. */
  readonly #open: { readonly before: Known; readonly written: Set<number> }[] = [];
  readonly #floats = new Map<Node, { readonly bits: number; readonly kind: FloatKind }>();
  #effective: Node | undefined;
  readonly #entryRip: number;

  /** `entryRip`: where the region begins. */
  constructor(graph: FoldingGraph, frame: Frame, entryRip: number, flagsKind: number | undefined, form: Form, decoded: Decoded) {
    this.#graph = graph;
    this.#frame = frame;
    this.#entryRip = entryRip;
    this.#form = form;
    this.#decoded = decoded;
    this.flags = new RegionFlags(graph, frame, flagsKind);
    graph.nesting = { enter: () => this.#enter(), leave: (ended) => this.#leave(ended) };
  }

  /** What follows is said of this instruction, before which the node has completed `completed`. */
  begin(form: Form, decoded: Decoded, completed: number, ways: Ways): void {
    this.#form = form;
    this.#decoded = decoded;
    this.#completed = completed;
    this.#ways = ways;
    this.#effective = undefined;
  }

  #enter(): void {
    this.#open.push({ before: new Map(this.#known), written: new Set() });
    this.flags.enter();
  }

  #leave(ended: boolean): void {
    const closed = this.#open.pop();
    if (closed === undefined) throw new Error("no block is open");
    this.flags.leave(ended);
    this.#known = closed.before;
    if (ended) return;
    const around = this.#open.at(-1);
    for (const local of closed.written) {
      this.#known.delete(local);
      around?.written.add(local);
    }
  }

  #read(cached: CachedLocal): Node {
    let value = this.#known.get(cached.local);
    if (value === undefined) {
      value = this.#graph.variable(cached.type, cached.local);
      this.#known.set(cached.local, value);
    }
    return value;
  }

  #write(cached: CachedLocal, value: Node): void {
    cached.written = true;
    this.#graph.effect({ kind: "assign", index: cached.local, value });
    this.#known.set(cached.local, value);
    this.#open.at(-1)?.written.add(cached.local);
  }

  #zeroExtended(value: Node, bits: number): Node {
    if (bits >= 64) return value;
    return this.#graph.op("i64.and", [value, this.#graph.i64((1n << BigInt(bits)) - 1n)]);
  }

  #operandState(operand: number): number {
    const offset = operandOffset(this.#form, this.#decoded, operand);
    if (offset < 0) throw new Error(`${this.#form.key}: operand ${operand} is no register`);
    return offset;
  }

  getRegister(place: RegisterPlace, bits: number): Node {
    return this.getState("fixed" in place ? GPR + 8 * place.fixed : this.#operandState(place.operand), bits);
  }

  setRegister(place: RegisterPlace, bits: number, value: Node): void {
    const offset = "fixed" in place ? GPR + 8 * place.fixed : this.#operandState(place.operand);
    // 32 bits written are 64 with zeros above.
    if (bits === 32) this.setState(offset, 64, this.#zeroExtended(value, 32));
    else this.setState(offset, bits, value);
  }

  getVector(operand: number, type: ValType, bits: number, offset: number): Node {
    return this.#getVectorAt(this.#operandState(operand) + offset, type, bits);
  }

  setVector(operand: number, value: Node, bits: number, offset: number): void {
    this.#setVectorAt(this.#operandState(operand) + offset, value, bits);
  }

  #lane(offset: number): CachedLocal {
    const within = offset - VECTORS;
    return this.#frame.lane(Math.floor(within / VECTOR_STRIDE), Math.floor((within % VECTOR_STRIDE) / LANE_BYTES));
  }

  #getVectorAt(offset: number, type: ValType, bits: number): Node {
    // MMX registers have no locals.
    if (!isVector(offset)) return this.#graph.load(type === "i64" ? loadName(bits) : `${type}.load`, this.#graph.i32(0), offset);
    const vector = this.#read(this.#lane(offset));
    const at = offset % LANE_BYTES;
    switch (type) {
      case "v128":
        if (at !== 0) throw new NotCompilable(this.#form, "a vector between lanes");
        return vector;
      case "f64":
        return this.#graph.op("f64x2.extract_lane", [vector], at / 8);
      case "f32":
        return this.#graph.op("f32x4.extract_lane", [vector], at / 4);
      default:
        break;
    }
    if (bits === 64) return this.#graph.op("i64x2.extract_lane", [vector], at / 8);
    const name = bits === 32 ? "i32x4.extract_lane" : bits === 16 ? "i16x8.extract_lane_u" : "i8x16.extract_lane_u";
    return this.#graph.op("i64.extend_i32_u", [this.#graph.op(name, [vector], at / (bits / 8))]);
  }

  #setVectorAt(offset: number, value: Node, bits: number): void {
    if (!isVector(offset)) {
      this.#store(value.type === "i64" ? storeName(bits) : `${value.type}.store`, this.#graph.i32(0), offset, value);
      return;
    }
    // What is above the registers' bytes is zero, and becomes zero.
    if ((offset - VECTORS) % VECTOR_STRIDE >= VECTOR_BYTES) return;
    const cached = this.#lane(offset);
    const at = offset % LANE_BYTES;
    if (value.type === "v128") {
      if (at !== 0) throw new NotCompilable(this.#form, "a vector between lanes");
      this.#write(cached, value);
      return;
    }
    const old = this.#read(cached);
    const replaced = (name: string, part: Node, lane: number): Node => this.#graph.op(`${name}.replace_lane`, [old, part], lane);
    if (value.type === "f64") this.#write(cached, replaced("f64x2", value, at / 8));
    else if (value.type === "f32") this.#write(cached, replaced("f32x4", value, at / 4));
    else if (bits === 64) this.#write(cached, replaced("i64x2", value, at / 8));
    else {
      const name = bits === 32 ? "i32x4" : bits === 16 ? "i16x8" : "i8x16";
      this.#write(cached, replaced(name, this.#graph.op("i32.wrap_i64", [value]), at / (bits / 8)));
    }
  }

  getState(offset: number, bits: number): Node {
    if (offset >= GPR && offset < GPR_END) {
      const register = this.#read(this.#frame.register((offset - GPR) >> 3));
      const shift = 8 * (offset & 7);
      return this.#zeroExtended(this.#graph.op("i64.shr_u", [register, this.#graph.i64(shift)]), bits);
    }
    if (isVector(offset)) return this.#getVectorAt(offset, "i64", bits);
    if (offset === MXCSR) {
      this.#frame.usesMxcsr = true;
      return this.#graph.i64(this.#frame.mxcsr);
    }
    return this.#graph.load(loadName(bits), this.#graph.i32(0), offset);
  }

  setState(offset: number, bits: number, value: Node): void {
    if (offset >= GPR && offset < GPR_END) this.#setGeneral(offset, bits, value);
    else if (isVector(offset)) this.#setVectorAt(offset, value, bits);
    else if (offset === MXCSR) throw new NotCompilable(this.#form, "MXCSR is a constant of the region");
    // Helpers run in the interpreter: their arguments are not looked at.
    else if (offset < HELPER_AREA || offset >= X87_REGISTERS) this.#store(storeName(bits), this.#graph.i32(0), offset, value);
  }

  #setGeneral(offset: number, bits: number, value: Node): void {
    const cached = this.#frame.register((offset - GPR) >> 3);
    if (bits === 64) {
      this.#write(cached, value);
      return;
    }
    const shift = 8 * (offset & 7);
    const mask = ((1n << BigInt(bits)) - 1n) << BigInt(shift);
    const rest = this.#graph.op("i64.and", [this.#read(cached), this.#graph.i64(~mask)]);
    const part = this.#graph.op("i64.shl", [this.#zeroExtended(value, bits), this.#graph.i64(shift)]);
    this.#write(cached, this.#graph.op("i64.or", [rest, part]));
  }

  getStateVector(offset: number): Node {
    return this.#getVectorAt(offset, "v128", 128);
  }

  setStateVector(offset: number, value: Node): void {
    if (offset < HELPER_AREA || offset >= X87_REGISTERS) this.#setVectorAt(offset, value, 128);
  }

  #store(name: string, address: Node, offset: number, value: Node): void {
    this.#graph.effect({ kind: "store", name, offset, address, value });
  }

  immediate(operand: number, bits: number): Node {
    const { imm, imm2, immHigh, rm } = this.#decoded;
    const { operands } = this.#form.row;
    if (operands.some((o) => o.kind === "fixed" && o.size === "STi")) return this.#graph.i64(rm & 7);
    if (operands.slice(0, operand).some((o) => o.kind === "I")) return this.#graph.i64(imm2 >>> 0);
    if (hasWideImmediate(this.#form)) return this.#graph.i64((BigInt(immHigh) << 32n) | BigInt(imm >>> 0));
    return bits === 64 ? this.#graph.i64(imm) : this.#zeroExtended(this.#graph.i64(imm), bits);
  }

  effective(): Node {
    this.#effective ??= this.#makeEffective();
    return this.#effective;
  }

  #makeEffective(): Node {
    const g = this.#graph;
    const decoded = this.#decoded;
    const low = BigInt(displacementLow(this.#form, decoded) >>> 0);
    let sum: Node = g.i64((BigInt(displacementHigh(this.#form, decoded)) << 32n) | low);
    if (decoded.base >= 0) sum = g.op("i64.add", [this.getRegister({ fixed: decoded.base }, 64), sum]);
    if (decoded.index >= 0 && !this.#form.row.vsib) {
      const index = g.op("i64.shl", [this.getRegister({ fixed: decoded.index }, 64), g.i64(decoded.scale)]);
      sum = g.op("i64.add", [sum, index]);
    }
    return this.#cut(sum);
  }

  #cut(address: Node): Node {
    return this.#form.addressSize === 32 ? this.#graph.op("i64.and", [address, this.#graph.i64(LOW_32)]) : address;
  }

  linear(): Node {
    return this.#withSegment(this.effective());
  }

  #withSegment(address: Node): Node {
    if (this.#form.mode !== "any" || this.#decoded.segment === 0) return address;
    return this.#graph.op("i64.add", [address, this.getState(segmentOffset(this.#decoded), 64)]);
  }

  vectorIndex(offset: number): Node {
    return this.#getVectorAt(VECTORS + VECTOR_STRIDE * this.#decoded.index + offset, "v128", 128);
  }

  indexed(element: Node): Node {
    const g = this.#graph;
    const distance = g.op("i64.shl", [element, g.i64(this.#decoded.scale)]);
    return this.#withSegment(this.#cut(g.op("i64.add", [this.effective(), distance])));
  }

  nextRip(): Node {
    return this.#graph.i64(this.#decoded.address + this.#decoded.length);
  }

  check(linear: Node, bytes: number, access: "read" | "write"): Node {
    const g = this.#graph;
    const { layout } = this.#frame;
    const pageOf = (address: Node): Node => g.op("i64.shr_u", [address, g.i64(12)]);
    const { low, tag } = accessTag(g, layout, linear, access);
    const last = bytes === 1 ? linear : g.op("i64.add", [linear, g.i64(bytes - 1)]);
    const truth = g.op("i64.ne", [tag, pageOf(last)]);
    if (bytes === 1) this.#leaveIf(truth);
    else {
      // What is not aligned may lie in two pages. They follow each other in the window too, but at its end.
      const then = g.nested(() => {
        const end = accessTag(g, layout, last, access);
        const apart = g.op("i32.lt_u", [inWindow(g, layout, end.low), inWindow(g, layout, low)]);
        const missing = g.op("i32.or", [g.op("i64.ne", [tag, pageOf(linear)]), g.op("i64.ne", [end.tag, pageOf(last)])]);
        this.#leaveIf(g.op("i32.or", [missing, apart]));
      });
      g.effect({ kind: "if", truth, then, otherwise: undefined });
    }
    return inWindow(g, layout, low);
  }

  checked(linear: Node): Node {
    return inWindow(this.#graph, this.#frame.layout, this.#graph.op("i32.wrap_i64", [linear]));
  }

  #leaveIf(truth: Node): void {
    const then = this.#graph.nested(() => this.#leaveHere());
    this.#graph.effect({ kind: "if", truth, then, otherwise: undefined });
  }

  /** The interpreter goes on with this instruction. */
  #leaveHere(): void {
    const g = this.#graph;
    const frame = this.#frame;
    const { address } = this.#decoded;
    if (address === this.#entryRip) {
      g.effect({ kind: "assign", index: frame.result, value: g.i32(1) });
    } else {
      g.effect({ kind: "assign", index: frame.target, value: g.i64(address) });
    }
    if (this.#completed > 0) g.effect({ kind: "assign", index: frame.completed, value: g.i32(this.#completed) });
    g.effect({ kind: "branch", label: "exit", truth: undefined });
  }

  direct(): undefined {
    return undefined;
  }

  budget(): Node {
    throw new NotCompilable(this.#form, "repeat prefixes");
  }

  spend(): void {
    throw new NotCompilable(this.#form, "repeat prefixes");
  }

  read(place: Node, name: string, offset = 0): Node {
    return this.#graph.load(name, place, offset);
  }

  write(place: Node, name: string, value: Node, offset = 0): void {
    this.#store(name, place, offset, value);
  }

  setFlags(flags: ArithmeticFlags): boolean {
    return this.flags.set(flags);
  }

  flagResult(): Node {
    return this.flags.result();
  }

  flagVector(): Node {
    return this.flags.vector();
  }

  setFlagResult(value: Node): void {
    this.flags.setResult(value);
  }

  setFlagVector(value: Node): void {
    this.flags.setVector(value);
  }

  variable(type: ValType): number {
    return this.#frame.pool.take(type);
  }

  raise(): void {
    if (this.#open.length === 0) throw new NotCompilable(this.#form, "it always raises");
    this.#leaveHere();
  }

  leave(): void {
    throw new NotCompilable(this.#form, "it leaves");
  }

  /** A helper is never run in a region: what a body wants it for does not happen behind it. */
  readonly floats: KnownFloats = {
    get: (value, bits) => {
      const known = this.#floats.get(value);
      return known?.bits === bits ? known.kind : "any";
    },
    set: (value, bits, kind) => {
      if (this.#open.length === 0 && this.floats.get(value, bits) !== "ordinary") this.#floats.set(value, { bits, kind });
    },
  };

  helper(name: string, _operand: Node, changed: boolean): void {
    if (this.#open.length === 0 || changed) throw new NotCompilable(this.#form, `it needs ${name}`);
    this.#leaveHere();
  }

  #follow(edge: number): void {
    this.flags.follow(edge);
    this.#graph.effect({ kind: "branch", label: edge, truth: undefined });
  }

  /** A jump to what follows in the node is none. */
  jump(): void {
    if (this.#ways.taken >= 0) this.#follow(this.#ways.taken);
  }

  jumpTo(rip: Node): void {
    this.#graph.effect({ kind: "assign", index: this.#frame.target, value: rip });
    this.#follow(this.#ways.taken);
  }

  next(): void {
    this.#follow(this.#ways.next);
  }

  again(): void {
    throw new NotCompilable(this.#form, "repeat prefixes");
  }
}
