/** {@link Emitter} for bodies that say what one 128-bit lane is: they are read once for each lane, and what they write is written at the end. */

import type { Form } from "../form.ts";
import type { Op, V } from "../isa/ops.ts";
import type { Binding } from "./binding.ts";
import { Emitter } from "./emitter.ts";
import type { SymbolicFlags } from "./flags.ts";
import type { Graph } from "./graph.ts";

/** The emitter that the form's body wants. */
export function newEmitter(graph: Graph, form: Form, binding: Binding, symbolic: SymbolicFlags | undefined): Emitter {
  return new (form.row.view === undefined ? Emitter : LaneEmitter)(graph, form, binding, symbolic);
}

class LaneEmitter extends Emitter {
  readonly #results: V[] = [];
  #whole = false;

  protected override body(semantics: (op: Op) => void): void {
    for (this.laneNumber = 0; this.laneNumber < this.lanes && !this.#whole; this.laneNumber++) semantics(this);
    if (this.#results.length > 0) super.setParts(0, this.#results);
  }

  /** A body that asks for this is read once, for all lanes. */
  override eachLane<T>(f: () => T): T[] {
    this.#whole = true;
    const values: T[] = [];
    for (this.laneNumber = 0; this.laneNumber < this.lanes; this.laneNumber++) values.push(f());
    this.laneNumber = 0;
    return values;
  }

  /** The first source lies apart where the row has an operand more than the body. */
  protected override source(i: number): number {
    const { operands, view } = this.form.row;
    return i + operands.length - (view ?? operands).length;
  }

  /** Operands that are as wide as the body sees them are every lane's; of others each lane has its share. */
  protected override offset(i: number): number {
    const bits = this.rowBits(this.source(i));
    return bits === this.size(i) ? 0 : (this.laneNumber * bits) / 8 / this.lanes;
  }

  /** A scalar is written with the rest of the first source. */
  override set(i: number, value: V): void {
    if (value.type === "v128") this.setVector(i, value);
    else if (this.source(i) === i) super.set(i, value);
    else this.setVector(i, this.#inFirstSource(value));
  }

  #inFirstSource(value: V): V {
    const target = this.vector(0);
    switch (value.type) {
      case "f32":
        return this.lane("f32x4.replace_lane", 0, target, value);
      case "f64":
        return this.lane("f64x2.replace_lane", 0, target, value);
      default:
        if (this.size(0) === 64) return this.lane("i64x2.replace_lane", 0, target, value);
        return this.lane("i32x4.replace_lane", 0, target, this.x("i32.wrap_i64", value));
    }
  }

  override setVector(_i: number, value: V): void {
    this.#results[this.laneNumber] = value;
  }
}
