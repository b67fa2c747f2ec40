/** The arithmetic flags in a region: what they come from is kept, and they are computed where something reads them. */

import type { ArithmeticFlags } from "../emit/flags.ts";
import { carries } from "../emit/flags.ts";
import type { Node } from "../emit/graph.ts";
import { node, Values } from "../emit/values.ts";
import type { V } from "../isa/ops.ts";
import type { Frame } from "./frame.ts";
import { FlagsKind } from "./frame.ts";
import type { FoldingGraph } from "./graph.ts";

/** What is known of the flags in a node: their kind, and the values that the locals hold. */
interface KnownFlags {
  readonly kind: number;
  readonly a: Node;
  readonly b: Node;
  readonly result: Node;
}

export class RegionFlags {
  readonly #graph: FoldingGraph;
  readonly #values: Values;
  readonly #frame: Frame;
  #known: KnownFlags | undefined;
  readonly #open: { readonly before: KnownFlags | undefined; changed: boolean }[] = [];
  /** The kind with which each edge was followed, by number; undefined where it differs. */
  readonly kinds: Map<number, number | undefined> = new Map();

  /** `kind`: of the flags when the node is entered, if it is known. */
  constructor(graph: FoldingGraph, frame: Frame, kind: number | undefined) {
    this.#graph = graph;
    this.#values = new Values(graph);
    this.#frame = frame;
    if (kind !== undefined) this.#known = this.#fromLocals(kind);
  }

  #fromLocals(kind: number): KnownFlags {
    const { flags } = this.#frame;
    const a = this.#graph.variable("i64", flags.a);
    const b = this.#graph.variable("i64", flags.b);
    return { kind, a, b, result: (kind & FlagsKind.derived) === 0 ? this.#graph.variable("i64", flags.result) : this.#derive(kind, a, b) };
  }

  #derive(kind: number, a: Node, b: Node): Node {
    const r = (kind & FlagsKind.subtract) === 0 ? this.#values.add(a, b) : this.#values.sub(a, b);
    return node(this.#values.sext(r, 64 - (kind & FlagsKind.shift)));
  }

  /** For the conditions of a node's first instruction: where its flags come from. */
  symbolic(): ArithmeticFlags | undefined {
    const known = this.#known;
    if (known === undefined || known.kind === 0) return undefined;
    const { a, b, result: r, kind } = known;
    // With a carry that came in, the operands do not say what the conditions are.
    if ((kind & FlagsKind.derived) === 0) return undefined;
    return { kind: (kind & FlagsKind.subtract) === 0 ? "add" : "sub", a, b, r, bits: 64 - (kind & FlagsKind.shift) };
  }

  enter(): void {
    this.#open.push({ before: this.#known, changed: false });
  }

  leave(ended: boolean): void {
    const closed = this.#open.pop();
    if (closed === undefined) throw new Error("no block is open");
    this.#known = closed.before;
    if (ended || !closed.changed) return;
    this.#known = undefined;
    const around = this.#open.at(-1);
    if (around !== undefined) around.changed = true;
  }

  #assign(index: number, value: Node): void {
    this.#graph.effect({ kind: "assign", index, value });
  }

  #become(known: KnownFlags): void {
    const { flags } = this.#frame;
    this.#known = known;
    const around = this.#open.at(-1);
    if (around !== undefined) around.changed = true;
    this.#assign(flags.kind, this.#graph.i32(known.kind));
    this.#assign(flags.b, known.b);
    if (known.kind !== 0) this.#assign(flags.a, known.a);
    if ((known.kind & FlagsKind.derived) === 0) this.#assign(flags.result, known.result);
  }

  set({ kind, a, b, r, bits }: ArithmeticFlags): boolean {
    const result = node(this.#values.sext(r, bits));
    if (kind === "logic") {
      this.#become({ kind: 0, a, b: this.#graph.i64(0), result });
      return true;
    }
    if (kind !== "add" && kind !== "sub") return false;
    const { shape, args } = r;
    const derived = shape.kind === "operator" && shape.operator.name === `i64.${kind}` && args[0] === a && args[1] === b;
    this.#become({ kind: (64 - bits) | (kind === "add" ? FlagsKind.add : FlagsKind.subtract) | (derived ? FlagsKind.derived : 0), a, b, result });
    return true;
  }

  /** FLAG_RESULT of state.ts. */
  result(): Node {
    if (this.#known !== undefined) return this.#known.result;
    return this.dynamicResult();
  }

  vector(): Node {
    const known = this.#known;
    if (known === undefined) return this.dynamicVector();
    if (known.kind === 0) return known.b;
    const { kind, a, b, result } = known;
    return node(carries(this.#values, (kind & FlagsKind.subtract) !== 0, a, b, result, 64 - (kind & FlagsKind.shift)));
  }

  setResult(value: Node): void {
    const vector = this.vector();
    this.#become({ kind: 0, a: vector, b: vector, result: value });
  }

  setVector(value: Node): void {
    this.#become({ kind: 0, a: value, b: value, result: this.result() });
  }

  /** The locals, of whatever kind they are. */
  #dynamic(): { readonly kind: V; readonly a: V; readonly b: V; readonly subtract: V; readonly shift: V } {
    const v = this.#values;
    const { flags } = this.#frame;
    const kind = this.#graph.variable("i32", flags.kind);
    return {
      kind,
      a: this.#graph.variable("i64", flags.a),
      b: this.#graph.variable("i64", flags.b),
      subtract: v.x("i32.and", kind, v.i32(FlagsKind.subtract)),
      shift: v.bool(v.x("i32.and", kind, v.i32(FlagsKind.shift))),
    };
  }

  dynamicResult(): Node {
    const v = this.#values;
    const { kind, a, b, subtract, shift } = this.#dynamic();
    const r = v.select(subtract, v.sub(a, b), v.add(a, b));
    const derived = v.x("i32.and", kind, v.i32(FlagsKind.derived));
    return node(v.select(derived, v.sar(v.shl(r, shift), shift), this.#graph.variable("i64", this.#frame.flags.result)));
  }

  dynamicVector(): Node {
    const v = this.#values;
    const { kind, a, b, subtract, shift } = this.#dynamic();
    const r = this.dynamicResult();
    // As in `carries`, where the operation is not known.
    const operation = v.select(subtract, v.const(0), v.const(-1));
    const majority = v.and(v.xor(a, b), v.xor(v.xor(b, r), operation));
    const vector = v.xor(majority, v.select(subtract, r, b));
    const shifted = v.or(v.and(v.shl(vector, shift), v.const(-8)), v.and(vector, v.const(8)));
    return node(v.select(v.x("i32.eqz", kind), b, shifted));
  }

  follow(edge: number): void {
    const kind = this.#known?.kind;
    this.kinds.set(edge, this.kinds.has(edge) && this.kinds.get(edge) !== kind ? undefined : kind);
  }
}
