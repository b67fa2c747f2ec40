/** A region as a WebAssembly function: handler of the record that stands where it begins. */

import type { WindowLayout } from "../../memory/index.ts";
import { Code, ModuleWriter } from "../../wasm/index.ts";
import { newEmitter } from "../emit/lanes.ts";
import type { SymbolicFlags } from "../emit/flags.ts";
import type { Label } from "../emit/graph.ts";
import { LocalPool, lower } from "../emit/lower.ts";
import type { Form } from "../form.ts";
import { Result, storeLocal } from "../interpreter/handlers.ts";
import { LINK, RUN_INSTRUCTIONS, RUNS } from "../interpreter/record.ts";
import { EXIT_BUDGET, EXIT_LINK, EXIT_REGION, FLAG_RESULT, FLAG_VECTOR, MXCSR, RIP } from "../state.ts";
import { NotCompilable, RegionBinding } from "./binding.ts";
import { RegionFlags } from "./flags.ts";
import type { Flow } from "./flow.ts";
import { edgesOf, flowOf } from "./flow.ts";
import { Frame } from "./frame.ts";
import { FoldingGraph } from "./graph.ts";
import type { Edge, Node, Region } from "./region.ts";

/** Addresses that a computed jump compares one after another; more are told apart by a table. */
const FEW = 3;
const MAX_TABLE_BITS = 8;

/** A module that exports `region`, for a processor whose MXCSR has this value; or a form that no region can hold. */
export function encodeRegion(region: Region, layout: WindowLayout, mxcsr: number): Uint8Array | Form {
  const module = new ModuleWriter();
  module.importMemory("tsvm", "memory", layout.memoryBytes / 0x1_0000);
  try {
    module.exportFunction("region", module.function(module.type(["i32"], ["i32"]), new RegionWriter(region, layout, mxcsr).write()));
  } catch (error) {
    if (error instanceof NotCompilable) return error.form;
    throw error;
  }
  return module.encode();
}

class RegionWriter {
  readonly #region: Region;
  readonly #flow: Flow;
  readonly #code: Code = new Code(["i32"]);
  readonly #pool: LocalPool;
  readonly #frame: Frame;
  readonly #edges = new Map<number, Edge>();
  readonly #computed = new Map<number, Node>();
  readonly #kinds = new Map<number, number | undefined>();
  /** Where a branch leads to each node, and to the dispatcher and the exit. */
  readonly #depths = new Map<Node, number>();
  #dispatcher = 0;
  #exit = 0;

  constructor(region: Region, layout: WindowLayout, mxcsr: number) {
    this.#region = region;
    this.#flow = flowOf(region);
    this.#pool = new LocalPool(this.#code);
    this.#frame = new Frame(this.#code, this.#pool, layout, mxcsr);
    for (const node of region.nodes) {
      for (const edge of edgesOf(node)) this.#edges.set(edge.number, edge);
      this.#computed.set(node.computedNumber, node);
    }
  }

  write(): Code {
    const code = this.#code;
    code.block();
    this.#exit = code.depth;
    if (this.#flow.dispatched.length > 0) this.#writeDispatcher();
    else this.#writeTree(this.#region.entry);
    code.end();
    this.#writeExit();
    return this.#withPrologue();
  }

  /** The code behind what it needs: which parts of the state those are is known only now. */
  #withPrologue(): Code {
    const frame = this.#frame;
    const code = new Code(["i32"]);
    for (const type of this.#code.locals) code.local(type);
    if (frame.usesMxcsr) {
      code.i32(0);
      code.memory("i32.load", MXCSR);
      code.i32(frame.mxcsr);
      code.op("i32.ne");
      code.if();
      this.#leaveAtEntry(code);
      code.end();
    }
    const load = (local: number, name: "i32.load" | "i64.load" | "v128.load", offset: number): void => {
      code.i32(0);
      code.memory(name, offset);
      code.set(local);
    };
    load(frame.budget, "i32.load", EXIT_BUDGET);
    load(frame.flags.b, "i64.load", FLAG_VECTOR);
    load(frame.flags.result, "i64.load", FLAG_RESULT);
    for (const { local, type, offset } of frame.cached) load(local, `${type}.load`, offset);
    code.bytes.append(this.#code.bytes);
    return code;
  }

  /** The interpreter goes on where the region begins. */
  #leaveAtEntry(code: Code): void {
    code.i32(0);
    code.get(0);
    code.memory("i32.load", LINK);
    code.memory("i32.store", EXIT_LINK);
    code.i32(Result.enter);
    code.return();
  }

  #writeExit(): void {
    const code = this.#code;
    const frame = this.#frame;
    for (const { local, type, offset, written } of frame.cached) {
      if (!written) continue;
      code.i32(0);
      code.get(local);
      code.memory(`${type}.store`, offset);
    }
    const graph = new FoldingGraph();
    const flags = new RegionFlags(graph, frame, undefined);
    const result = flags.dynamicResult();
    const vector = flags.dynamicVector();
    graph.effect({ kind: "store", name: "i64.store", offset: FLAG_RESULT, address: graph.i32(0), value: result });
    graph.effect({ kind: "store", name: "i64.store", offset: FLAG_VECTOR, address: graph.i32(0), value: vector });
    lower(graph, { code, pool: this.#pool, branch: () => undefined });
    this.#countRun();
    code.i32(0);
    code.get(frame.budget);
    code.get(frame.completed);
    code.op("i32.sub");
    code.memory("i32.store", EXIT_BUDGET);
    code.get(frame.result);
    code.if();
    this.#leaveAtEntry(code);
    code.end();
    storeLocal(code, frame.target, "i64.store", RIP);
    code.i32(Result.indirect);
    code.return();
    code.unreachable();
  }

  /** One run more, and its instructions, in the record. */
  #countRun(): void {
    const code = this.#code;
    const frame = this.#frame;
    const record = 0;
    code.get(record);
    code.get(record);
    code.memory("i32.load", RUNS);
    code.i32(1);
    code.op("i32.add");
    code.memory("i32.store", RUNS);
    code.get(record);
    code.get(record);
    code.memory("i64.load", RUN_INSTRUCTIONS);
    code.i32(0);
    code.memory("i32.load", EXIT_BUDGET);
    code.get(frame.budget);
    code.op("i32.sub");
    code.get(frame.completed);
    code.op("i32.add");
    code.op("i64.extend_i32_u");
    code.op("i64.add");
    code.memory("i64.store", RUN_INSTRUCTIONS);
  }

  #writeDispatcher(): void {
    const code = this.#code;
    code.loop();
    this.#dispatcher = code.depth;
    this.#writeChildren(this.#flow.children(undefined), () => {
      const { dispatched } = this.#flow;
      code.get(this.#frame.entry);
      const depths = dispatched.map((node) => this.#depths.get(node) ?? 0);
      code.brTable(depths, depths[0] ?? 0);
    });
    code.end();
  }

  /** `head`, which branches to the children, and behind it each of them. */
  #writeChildren(children: readonly Node[], head: () => void): void {
    const code = this.#code;
    for (const child of children.toReversed()) {
      code.block();
      this.#depths.set(child, code.depth);
    }
    head();
    for (const child of children) {
      code.end();
      this.#writeTree(child);
    }
  }

  #writeTree(node: Node): void {
    const code = this.#code;
    const header = this.#flow.headers.has(node);
    if (header) {
      code.loop();
      this.#depths.set(node, code.depth);
    }
    if (this.#flow.checked.has(node)) this.#checkBudget(node);
    this.#writeChildren(this.#flow.children(node), () => this.#writeNode(node));
    if (header) code.end();
  }

  #checkBudget(node: Node): void {
    const code = this.#code;
    code.get(this.#frame.budget);
    code.i32(this.#flow.longest(node));
    code.op("i32.lt_s");
    code.if();
    code.i32(0);
    code.i32(1);
    code.memory("i32.store", EXIT_REGION);
    this.#leaveAt(node.rip);
    code.end();
  }

  #leaveAt(rip: number): void {
    const code = this.#code;
    if (rip === this.#region.entry.rip) {
      code.i32(1);
      code.set(this.#frame.result);
    } else {
      code.i64(BigInt(rip));
      code.set(this.#frame.target);
    }
    code.br(this.#exit);
  }

  /** The kind of flags with which a node is always entered. */
  #flagsKind(node: Node): number | undefined {
    const edges = this.#flow.forwardEdges(node);
    if (edges === undefined) return undefined;
    const kinds = edges.map(({ number }) => this.#kinds.get(number));
    return kinds.every((kind) => kind === kinds[0]) ? kinds[0] : undefined;
  }

  #writeNode(node: Node): void {
    const [first] = node.instructions;
    if (first === undefined) throw new Error("a node without instructions");
    const graph = new FoldingGraph();
    const binding = new RegionBinding(graph, this.#frame, this.#region.entry.rip, this.#flagsKind(node), first.entry.form, first.decoded);
    let symbolic: SymbolicFlags | undefined = binding.flags.symbolic();
    node.instructions.forEach(({ decoded, entry: { form, ends } }, i) => {
      const last = i === node.instructions.length - 1;
      const taken = last && ends === "indirect" ? node.computedNumber : (node.taken.get(i)?.number ?? -1);
      binding.begin(form, decoded, i, { taken, next: node.next?.number ?? -1 });
      const emitter = newEmitter(graph, form, binding, symbolic);
      emitter.run(last && node.next !== undefined);
      symbolic = emitter.symbolic;
    });
    for (const edge of edgesOf(node)) this.#kinds.set(edge.number, binding.flags.kinds.get(edge.number));
    for (const edge of node.computed) this.#kinds.set(edge.number, binding.flags.kinds.get(node.computedNumber));
    lower(graph, { code: this.#code, pool: this.#pool, branch: (label) => this.#branch(label) });
    this.#pool.reset();
  }

  #branch(label: Label): void {
    if (label === "exit") {
      this.#code.br(this.#exit);
      return;
    }
    const edge = typeof label === "number" ? this.#edges.get(label) : undefined;
    const node = typeof label === "number" ? this.#computed.get(label) : undefined;
    if (edge !== undefined) {
      this.#spend(edge.completed);
      this.#follow(edge);
    } else if (node !== undefined) {
      this.#spend(node.instructions.length);
      this.#followComputed(node.computed);
    } else throw new Error(`a region has no way ${label}`);
  }

  #spend(instructions: number): void {
    const code = this.#code;
    code.get(this.#frame.budget);
    code.i32(instructions);
    code.op("i32.sub");
    code.set(this.#frame.budget);
  }

  #follow(edge: Edge): void {
    const code = this.#code;
    if (edge.to === undefined) {
      this.#leaveAt(edge.rip);
    } else if (this.#flow.redirected.has(edge)) {
      code.i32(this.#flow.dispatched.indexOf(edge.to));
      code.set(this.#frame.entry);
      code.br(this.#dispatcher);
    } else {
      code.br(this.#depths.get(edge.to) ?? 0);
    }
  }

  #isTarget(rip: number): void {
    const code = this.#code;
    code.get(this.#frame.target);
    code.i64(BigInt(rip));
    code.op("i64.eq");
  }

  /** One of `edges` where `target` is its address, otherwise out. */
  #followComputed(edges: readonly Edge[]): void {
    const code = this.#code;
    const table = edges.length > FEW ? tableOf(edges) : undefined;
    if (table === undefined) {
      for (const edge of edges) {
        this.#isTarget(edge.rip);
        code.if();
        this.#follow(edge);
        code.end();
      }
      code.br(this.#exit);
      return;
    }
    code.block();
    const unknown = code.depth;
    const depths: number[] = [];
    for (let i = edges.length - 1; i >= 0; i--) {
      code.block();
      depths[i] = code.depth;
    }
    code.get(this.#frame.target);
    code.op("i32.wrap_i64");
    code.i32(table.shift);
    code.op("i32.shr_u");
    code.i32(table.slots.length - 1);
    code.op("i32.and");
    code.brTable(
      table.slots.map((i) => depths[i] ?? unknown),
      unknown,
    );
    for (const edge of edges) {
      code.end();
      this.#isTarget(edge.rip);
      code.op("i32.eqz");
      code.brIf(unknown);
      this.#follow(edge);
    }
    code.end();
    code.br(this.#exit);
  }
}

/** Bits of the addresses that tell them apart: for each of their values the index of an edge, or -1. */
function tableOf(edges: readonly Edge[]): { readonly shift: number; readonly slots: readonly number[] } | undefined {
  for (let bits = 32 - Math.clz32(edges.length - 1); bits <= MAX_TABLE_BITS; bits++) {
    for (let shift = 0; shift < 16; shift++) {
      const slots = Array<number>(2 ** bits).fill(-1);
      const fits = edges.every(({ rip }, i) => {
        const slot = Math.floor(rip / 2 ** shift) % 2 ** bits;
        if (slots[slot] !== -1) return false;
        slots[slot] = i;
        return true;
      });
      if (fits) return { shift, slots };
    }
  }
  return undefined;
}
