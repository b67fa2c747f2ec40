/** Writes a {@link Graph} as WebAssembly. */

import type { Code, ValType } from "../../wasm/index.ts";
import type { Block, Graph, Label, Node, Statement } from "./graph.ts";

/** Locals that lists share one after another. */
export class LocalPool {
  readonly #code: Code;
  readonly #free: Record<ValType, number[]> = { i32: [], i64: [], f32: [], f64: [], v128: [] };
  #taken: { type: ValType; index: number }[] = [];

  constructor(code: Code) {
    this.#code = code;
  }

  take(type: ValType): number {
    const index = this.#free[type].pop() ?? this.#code.local(type);
    this.#taken.push({ type, index });
    return index;
  }

  /** Gives all locals back: the next list may use them. */
  reset(): void {
    for (const { type, index } of this.#taken.reverse()) this.#free[type].push(index);
    this.#taken = [];
  }
}

export interface Target {
  readonly code: Code;
  readonly pool: LocalPool;
  /** Writes the jump to a label; with a truth on the stack where `conditional`. */
  branch(label: Label, conditional: boolean): void;
}

export function lower(graph: Graph, target: Target): void {
  count(graph.root);
  place(graph.root);
  new Lowering(target).block(graph.root);
}

function* argumentsOf(statement: Statement): Iterable<Node> {
  switch (statement.kind) {
    case "define":
      break;
    case "store":
      yield statement.address;
      yield statement.value;
      break;
    case "assign":
      yield statement.value;
      break;
    case "if":
    case "loop":
      yield statement.truth;
      break;
    case "branch":
      if (statement.truth !== undefined) yield statement.truth;
      break;
    case "call":
    case "fill":
    case "copy":
      yield* statement.args;
      break;
  }
}

function use(node: Node): void {
  if (node.uses++ === 0) for (const arg of node.args) use(arg);
}

function count(block: Block): void {
  for (const statement of block.statements) {
    if (statement.kind === "define" && statement.node.shape.kind === "call") use(statement.node);
    for (const node of argumentsOf(statement)) use(node);
    if (statement.kind === "if") {
      count(statement.then);
      if (statement.otherwise !== undefined) count(statement.otherwise);
    } else if (statement.kind === "loop") {
      count(statement.body);
    }
  }
}

function isConstant(node: Node): boolean {
  return node.args.length === 0 && node.pure;
}

/** A value is written in place of its only use where nothing that could change it comes between. */
function inlined(node: Node): boolean {
  if (isConstant(node)) return true;
  if (node.shape.kind === "call" || node.uses !== 1 || node.block !== node.sinkBlock) return false;
  return node.pure || node.position === node.sink;
}

function sinkArguments(args: Iterable<Node>, position: number, block: number): void {
  for (const arg of args) {
    arg.sink = position;
    arg.sinkBlock = block;
  }
}

/** Finds for each value the place where its only user is written; users come after what they use. */
function place(block: Block): void {
  for (let i = block.statements.length - 1; i >= 0; i--) {
    const statement = block.statements[i];
    const position = block.positions[i];
    if (statement === undefined || position === undefined) continue;
    if (statement.kind === "define") {
      const node = statement.node;
      if (node.uses === 0) continue;
      if (inlined(node)) sinkArguments(node.args, node.sink, node.sinkBlock);
      else sinkArguments(node.args, node.position, node.block);
    } else if (statement.kind === "loop") {
      place(statement.body);
      sinkArguments([statement.truth], -1, -1);
    } else {
      sinkArguments(argumentsOf(statement), position, block.id);
      if (statement.kind === "if") {
        place(statement.then);
        if (statement.otherwise !== undefined) place(statement.otherwise);
      }
    }
  }
}

class Lowering {
  readonly #target: Target;

  constructor(target: Target) {
    this.#target = target;
  }

  block(block: Block): void {
    const { code } = this.#target;
    for (const statement of block.statements) {
      switch (statement.kind) {
        case "define":
          this.#define(statement.node);
          break;
        case "store":
          this.#value(statement.address);
          this.#value(statement.value);
          code.memory(statement.name, statement.offset);
          break;
        case "assign":
          this.#value(statement.value);
          code.set(statement.index);
          break;
        case "if":
          this.#value(statement.truth);
          code.if();
          this.block(statement.then);
          if (statement.otherwise !== undefined) {
            code.else();
            this.block(statement.otherwise);
          }
          code.end();
          break;
        case "loop": {
          code.loop();
          const start = code.depth;
          this.block(statement.body);
          this.#value(statement.truth);
          code.brIf(start);
          code.end();
          break;
        }
        case "branch":
          if (statement.truth !== undefined) this.#value(statement.truth);
          this.#target.branch(statement.label, statement.truth !== undefined);
          break;
        case "call":
          for (const arg of statement.args) this.#value(arg);
          code.call(statement.func);
          break;
        case "fill":
        case "copy":
          for (const arg of statement.args) this.#value(arg);
          if (statement.kind === "fill") code.memoryFill();
          else code.memoryCopy();
          break;
      }
    }
  }

  #define(node: Node): void {
    if (node.uses === 0 || inlined(node)) return;
    this.#write(node);
    node.slot = this.#target.pool.take(node.type);
    this.#target.code.set(node.slot);
  }

  #value(node: Node): void {
    if (node.slot >= 0) this.#target.code.get(node.slot);
    else this.#write(node);
  }

  #write(node: Node): void {
    const { code } = this.#target;
    const { shape } = node;
    for (const arg of node.args) this.#value(arg);
    switch (shape.kind) {
      case "operator":
        code.operator(shape.operator, shape.lane);
        break;
      case "i32":
        code.i32(shape.value);
        break;
      case "i64":
        code.i64(shape.value);
        break;
      case "f32":
        code.f32(shape.bits);
        break;
      case "f64":
        code.f64(shape.bits);
        break;
      case "v128":
        code.v128(shape.bytes);
        break;
      case "shuffle":
        code.shuffle(shape.lanes);
        break;
      case "select":
        code.select();
        break;
      case "local":
      case "variable":
        code.get(shape.index);
        break;
      case "load":
        code.memory(shape.name, shape.offset);
        break;
      case "call":
        code.call(shape.func);
        break;
    }
  }
}
