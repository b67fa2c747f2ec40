/** Values of a {@link Graph} by the names that bodies use. */

import type { V } from "../isa/ops.ts";
import type { Graph } from "./graph.ts";
import { Node } from "./graph.ts";

/** A value of this emitter as what it is. */
export function node(value: V): Node {
  if (!(value instanceof Node)) throw new Error("not a value of this emitter");
  return value;
}

export class Values {
  readonly graph: Graph;

  constructor(graph: Graph) {
    this.graph = graph;
  }

  const(value: number | bigint): V {
    return this.graph.i64(value);
  }

  i32(value: number): V {
    return this.graph.i32(value);
  }

  x(name: string, ...args: V[]): V {
    return this.graph.op(name, args.map(node));
  }

  lane(name: string, lane: number, ...args: V[]): V {
    return this.graph.op(name, args.map(node), lane);
  }

  shuffle(a: V, b: V, lanes: readonly number[]): V {
    return this.graph.make("v128", { kind: "shuffle", lanes }, [node(a), node(b)], true);
  }

  v128(bytes: readonly number[]): V {
    return this.graph.constant({ kind: "v128", bytes }, "v128");
  }

  f32(value: number): V {
    const view = new DataView(new ArrayBuffer(4));
    view.setFloat32(0, value, true);
    return this.graph.constant({ kind: "f32", bits: view.getUint32(0, true) }, "f32");
  }

  f64(value: number): V {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, value, true);
    return this.graph.constant({ kind: "f64", bits: view.getBigUint64(0, true) }, "f64");
  }

  add(a: V, b: V): V {
    return this.x("i64.add", a, b);
  }

  sub(a: V, b: V): V {
    return this.x("i64.sub", a, b);
  }

  mul(a: V, b: V): V {
    return this.x("i64.mul", a, b);
  }

  and(a: V, b: V): V {
    return this.x("i64.and", a, b);
  }

  or(a: V, b: V): V {
    return this.x("i64.or", a, b);
  }

  xor(a: V, b: V): V {
    return this.x("i64.xor", a, b);
  }

  not(a: V): V {
    return this.xor(a, this.const(-1));
  }

  neg(a: V): V {
    return this.sub(this.const(0), a);
  }

  shl(a: V, count: V): V {
    return this.x("i64.shl", a, count);
  }

  shr(a: V, count: V): V {
    return this.x("i64.shr_u", a, count);
  }

  sar(a: V, count: V): V {
    return this.x("i64.shr_s", a, count);
  }

  zext(a: V, bits: number): V {
    if (bits >= 64) return a;
    return this.and(a, this.const((1n << BigInt(bits)) - 1n));
  }

  sext(a: V, bits: number): V {
    if (bits >= 64) return a;
    return this.x(`i64.extend${bits}_s`, a);
  }

  eq(a: V, b: V): V {
    return this.x("i64.eq", a, b);
  }

  ne(a: V, b: V): V {
    return this.x("i64.ne", a, b);
  }

  ltu(a: V, b: V): V {
    return this.x("i64.lt_u", a, b);
  }

  lts(a: V, b: V): V {
    return this.x("i64.lt_s", a, b);
  }

  eqz(a: V): V {
    return this.x("i64.eqz", a);
  }

  bool(truth: V): V {
    return this.x("i64.extend_i32_u", truth);
  }

  select(truth: V, a: V, b: V): V {
    const chosen = node(a);
    return this.graph.make(chosen.type, { kind: "select" }, [chosen, node(b), node(truth)], true);
  }
}
