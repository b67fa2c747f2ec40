/** {@link Graph} for compiled regions, where much is constant: what can be computed now is, and what follows a jump is left out. */

import type { Block, Node, Shape, Statement } from "../emit/graph.ts";
import { Graph } from "../emit/graph.ts";
import { combined, shiftedRight, shuffled, splat } from "./vectors.ts";

const MASK_64 = 0xffff_ffff_ffff_ffffn;
const unsigned = (value: bigint): bigint => value & MASK_64;

const wide: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  "i64.add": (a, b) => a + b,
  "i64.sub": (a, b) => a - b,
  "i64.and": (a, b) => a & b,
  "i64.or": (a, b) => a | b,
  "i64.xor": (a, b) => a ^ b,
  "i64.shl": (a, b) => a << (b & 63n),
  "i64.shr_u": (a, b) => unsigned(a) >> (b & 63n),
};

const comparisons: Readonly<Record<string, (a: bigint, b: bigint) => boolean>> = {
  "i64.eq": (a, b) => a === b,
  "i64.ne": (a, b) => a !== b,
  "i64.lt_s": (a, b) => a < b,
  "i64.lt_u": (a, b) => unsigned(a) < unsigned(b),
};

/** Replacing and extracting the same lane of a vector. */
const replaced: Readonly<Record<string, string>> = {
  "f64x2.extract_lane": "f64x2.replace_lane",
  "f32x4.extract_lane": "f32x4.replace_lane",
  "i64x2.extract_lane": "i64x2.replace_lane",
  "i32x4.extract_lane": "i32x4.replace_lane",
};

function wideConstant(node: Node | undefined): bigint | undefined {
  return node?.shape.kind === "i64" ? node.shape.value : undefined;
}

function vectorConstant(node: Node | undefined): readonly number[] | undefined {
  if (node?.shape.kind !== "v128") return undefined;
  const { bytes } = node.shape;
  return Array.from({ length: 16 }, (_, i) => bytes[i] ?? 0);
}

function narrowConstant(node: Node | undefined): number | undefined {
  return node?.shape.kind === "i32" ? node.shape.value : undefined;
}

/** Whether an i32 is 0 or 1. */
function isTruth({ type, shape, args }: Node): boolean {
  if (type !== "i32") return false;
  if (shape.kind === "i32") return shape.value === 0 || shape.value === 1;
  if (shape.kind !== "operator") return false;
  const { name } = shape.operator;
  if (name === "i32.and" || name === "i32.or") return args.every(isTruth);
  return /\.(eqz|[a-z]*_true)$/.test(name) || /^[if](32|64)\.(eq|ne|lt|gt|le|ge)(_[su])?$/.test(name);
}

export class FoldingGraph extends Graph {
  /** Nothing can be reached any more in the block that is being filled. */
  #ended = false;
  #lastEnded = false;
  /** Told when a nested block begins and when its end is near; `ended`: that is never reached. */
  nesting: { enter(): void; leave(ended: boolean): void } | undefined;

  override op(name: string, args: readonly Node[], lane = 0): Node {
    return this.#folded(name, args, lane) ?? super.op(name, args, lane);
  }

  #folded(name: string, args: readonly Node[], lane: number): Node | undefined {
    const [first, second] = args;
    if (first === undefined) return undefined;
    const a = wideConstant(first);
    const b = wideConstant(second);
    if (a !== undefined && b !== undefined) {
      const compute = wide[name];
      if (compute !== undefined) return this.i64(compute(a, b));
      const compare = comparisons[name];
      if (compare !== undefined) return this.i32(compare(a, b) ? 1 : 0);
    }
    if (b === 0n && (name === "i64.add" || name === "i64.sub" || name === "i64.or" || name === "i64.shl")) return first;
    if (a === 0n && name === "i64.add") return second;
    if (a !== undefined) {
      if (name === "i32.wrap_i64") return this.i32(Number(BigInt.asIntN(32, a)));
      if (name === "i64.eqz") return this.i32(a === 0n ? 1 : 0);
    }
    if (narrowConstant(first) !== undefined && name === "i64.extend_i32_u") return this.i64((narrowConstant(first) ?? 0) >>> 0);
    return this.#foldedTruth(name, first, second) ?? this.#foldedLane(name, first, lane) ?? this.#foldedVector(name, first, second, lane);
  }

  #vector(bytes: readonly number[] | undefined): Node | undefined {
    return bytes === undefined ? undefined : this.constant({ kind: "v128", bytes }, "v128");
  }

  #foldedVector(name: string, first: Node, second: Node | undefined, lane: number): Node | undefined {
    const number = narrowConstant(first);
    if (number !== undefined) return this.#vector(splat(name, number));
    const a = vectorConstant(first);
    if (second !== undefined && a?.every((byte) => byte === 0) === true) {
      const loaded = this.#loadedZeroExtended(name, second, lane);
      if (loaded !== undefined) return loaded;
    }
    const b = vectorConstant(second);
    if (name === "i8x16.swizzle" && b !== undefined) {
      const zero = this.constant({ kind: "v128", bytes: [] }, "v128");
      return this.make("v128", { kind: "shuffle", lanes: b.map((index) => Math.min(index, 16)) }, [first, zero], true);
    }
    if (a === undefined) return undefined;
    if (b !== undefined) return this.#vector(combined(name, a, b));
    const count = narrowConstant(second);
    return count === undefined ? undefined : this.#vector(shiftedRight(name, a, count));
  }

  /** An integer just loaded as the lowest element of a vector of zeros. */
  #loadedZeroExtended(name: string, value: Node, lane: number): Node | undefined {
    if (name !== "i64x2.replace_lane" || lane !== 0 || value.shape.kind !== "load" || value.position !== this.effects) return undefined;
    const load = value.shape.name === "i64.load" ? "v128.load64_zero" : value.shape.name === "i64.load32_u" ? "v128.load32_zero" : undefined;
    const [address] = value.args;
    return load === undefined || address === undefined ? undefined : this.load(load, address, value.shape.offset);
  }

  #foldedTruth(name: string, first: Node, second: Node | undefined): Node | undefined {
    const a = narrowConstant(first);
    const b = narrowConstant(second);
    if (name === "i32.eqz" && a !== undefined) return this.i32(a === 0 ? 1 : 0);
    if (second === undefined) return undefined;
    if (name === "i32.and") {
      if (a === 1 && isTruth(second)) return second;
      if (b === 1 && isTruth(first)) return first;
      if (a === 0 || b === 0) return this.i32(0);
    } else if (name === "i32.or") {
      if ((a === 1 && isTruth(second)) || (b === 1 && isTruth(first))) return this.i32(1);
      if (a === 0) return second;
      if (b === 0) return first;
    }
    return undefined;
  }

  #foldedLane(name: string, vector: Node, lane: number): Node | undefined {
    const { shape, args } = vector;
    if (shape.kind !== "operator" || shape.operator.name !== replaced[name]) return undefined;
    if (shape.lane === lane) return args[1];
    const [before] = args;
    return before === undefined ? undefined : this.op(name, [before], lane);
  }

  override make(type: Node["type"], shape: Shape, args: readonly Node[], pure: boolean): Node {
    if (shape.kind === "select") {
      const truth = narrowConstant(args[2]);
      const chosen = truth === undefined ? undefined : args[truth === 0 ? 1 : 0];
      if (chosen !== undefined) return chosen;
    }
    if (shape.kind === "shuffle") {
      const a = vectorConstant(args[0]);
      const b = vectorConstant(args[1]);
      if (a !== undefined && b !== undefined) return this.constant({ kind: "v128", bytes: shuffled(a, b, shape.lanes) }, "v128");
    }
    return super.make(type, shape, args, pure);
  }

  override effect(statement: Statement): void {
    if (this.#ended) return;
    if (statement.kind === "if" && narrowConstant(statement.truth) === 0 && statement.otherwise === undefined) return;
    super.effect(statement);
    if (statement.kind === "branch" && statement.truth === undefined) this.#ended = true;
  }

  override get ended(): boolean {
    return this.#lastEnded;
  }

  override nested(fill: () => void): Block {
    const ended = this.#ended;
    this.#ended = false;
    this.nesting?.enter();
    const block = super.nested(() => {
      fill();
      this.nesting?.leave(this.#ended);
    });
    this.#lastEnded = this.#ended;
    this.#ended = ended;
    return block;
  }
}
