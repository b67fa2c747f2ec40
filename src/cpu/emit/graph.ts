/**
 * A short linear SSA list: values (nodes) in order of creation, statements for effects. Values that nobody uses vanish when it is written
 * out as WebAssembly; a value used once is written where it is used.
 */

import type { Operator, ValType } from "../../wasm/index.ts";
import { memoryOperator, operator } from "../../wasm/index.ts";

export type Shape =
  | { readonly kind: "operator"; readonly operator: Operator; readonly lane: number }
  | { readonly kind: "i32"; readonly value: number }
  | { readonly kind: "i64"; readonly value: bigint }
  | { readonly kind: "f32"; readonly bits: number }
  | { readonly kind: "f64"; readonly bits: bigint }
  | { readonly kind: "v128"; readonly bytes: readonly number[] }
  | { readonly kind: "shuffle"; readonly lanes: readonly number[] }
  | { readonly kind: "select" }
  /** A local that never changes while the list runs. */
  | { readonly kind: "local"; readonly index: number }
  /** A local that may change: read in its place. */
  | { readonly kind: "variable"; readonly index: number }
  | { readonly kind: "load"; readonly name: string; readonly offset: number }
  /** A call with a result: an effect that is also a value. */
  | { readonly kind: "call"; readonly func: number };

export class Node {
  readonly type: ValType;
  readonly shape: Shape;
  readonly args: readonly Node[];
  readonly pure: boolean;
  /** Number of effects before it, and the block it was made in. */
  readonly position: number;
  readonly block: number;
  uses = 0;
  sink = -1;
  sinkBlock = -1;
  slot = -1;

  constructor(type: ValType, shape: Shape, args: readonly Node[], pure: boolean, position: number, block: number) {
    this.type = type;
    this.shape = shape;
    this.args = args;
    this.pure = pure;
    this.position = position;
    this.block = block;
  }
}

/** Places a handler can leave to; what each needs is left in the locals and state fields that the binding names. */
export type HandlerLabel = "next" | "again" | "enter" | "indirect" | "miss" | "exit";
/** In a compiled region, the number of an edge. */
export type Label = HandlerLabel | number;

export type Statement =
  | { readonly kind: "define"; readonly node: Node }
  | { readonly kind: "store"; readonly name: string; readonly offset: number; readonly address: Node; readonly value: Node }
  | { readonly kind: "assign"; readonly index: number; readonly value: Node }
  | { readonly kind: "if"; readonly truth: Node; readonly then: Block; readonly otherwise: Block | undefined }
  | { readonly kind: "loop"; readonly body: Block; readonly truth: Node }
  | { readonly kind: "branch"; readonly label: Label; readonly truth: Node | undefined }
  | { readonly kind: "call"; readonly func: number; readonly args: readonly Node[] }
  | { readonly kind: "fill" | "copy"; readonly args: readonly [Node, Node, Node] };

export interface Block {
  readonly id: number;
  readonly statements: Statement[];
  /** For each statement the number of effects before it. */
  readonly positions: number[];
}

export class Graph {
  readonly root: Block = { id: 0, statements: [], positions: [] };
  #block: Block = this.root;
  #blocks = 1;
  #effects = 0;

  get effects(): number {
    return this.#effects;
  }

  make(type: ValType, shape: Shape, args: readonly Node[], pure: boolean): Node {
    const node = new Node(type, shape, args, pure, this.#effects, this.#block.id);
    this.#push({ kind: "define", node });
    return node;
  }

  i32(value: number): Node {
    return new Node("i32", { kind: "i32", value: value | 0 }, [], true, 0, 0);
  }

  i64(value: bigint | number): Node {
    return new Node("i64", { kind: "i64", value: BigInt.asIntN(64, BigInt(value)) }, [], true, 0, 0);
  }

  constant(shape: Shape, type: ValType): Node {
    return new Node(type, shape, [], true, 0, 0);
  }

  local(type: ValType, index: number): Node {
    return new Node(type, { kind: "local", index }, [], true, 0, 0);
  }

  op(name: string, args: readonly Node[], lane = 0): Node {
    const found = operator(name);
    if (found.params.length !== args.length || found.params.some((type, i) => args[i]?.type !== type)) {
      throw new Error(`${name} does not take (${args.map((a) => a.type).join(", ")})`);
    }
    return this.make(found.result, { kind: "operator", operator: found, lane }, args, true);
  }

  load(name: string, address: Node, offset: number): Node {
    return this.make(memoryOperator(name).type, { kind: "load", name, offset }, [address], false);
  }

  variable(type: ValType, index: number): Node {
    return this.make(type, { kind: "variable", index }, [], false);
  }

  effect(statement: Statement): void {
    this.#push(statement);
    this.#effects++;
  }

  #push(statement: Statement): void {
    this.#block.statements.push(statement);
    this.#block.positions.push(this.#effects);
  }

  call(func: number, args: readonly Node[], result: ValType): Node {
    this.#effects++;
    const node = this.make(result, { kind: "call", func }, args, false);
    this.#effects++;
    return node;
  }

  /** Whether the block that was filled last is known never to be left at its end. */
  get ended(): boolean {
    return false;
  }

  /** Collects what `fill` adds into a block of its own. */
  nested(fill: () => void): Block {
    const outer = this.#block;
    const block: Block = { id: this.#blocks++, statements: [], positions: [] };
    this.#block = block;
    this.#effects++;
    fill();
    this.#effects++;
    this.#block = outer;
    return block;
  }
}
