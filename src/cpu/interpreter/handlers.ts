/**
 * Handlers as WebAssembly: the main function, a loop around a br_table over the hot forms, and one function for each other form,
 * which the main function calls through a table.
 */

import type { WasmMemory, WasmTable } from "../../base/index.ts";
import { webAssembly } from "../../base/index.ts";
import type { WindowLayout } from "../../memory/index.ts";
import { Code, ModuleWriter } from "../../wasm/index.ts";
import type { Emitter } from "../emit/emitter.ts";
import { Graph } from "../emit/graph.ts";
import type { HandlerLabel, Label } from "../emit/graph.ts";
import { newEmitter } from "../emit/lanes.ts";
import { LocalPool, lower } from "../emit/lower.ts";
import type { Form } from "../form.ts";
import { EXIT_ADDRESS, EXIT_BUDGET, EXIT_DETAIL, EXIT_LINK, EXIT_RECORD, NEXT_TRANSFER, RIP } from "../state.ts";
import type { HandlerLocals, World } from "./binding.ts";
import { RecordBinding } from "./binding.ts";
import { COUNT, FIRST_FORM, GOTO, LINK, RECORD, RESOLVE, SKIPPED, STOP } from "./record.ts";

/** What the main function, and below 0x100 a handler function, returns. */
export const Result = {
  /** A tag did not match: EXIT_ADDRESS, EXIT_DETAIL (bytes, 0x100 read or 0x200 write). */
  miss: 1,
  /** Go on at RIP. From the main function: no block is known there. */
  indirect: 2,
  /** EXIT_DETAIL: an exception vector, or a LeaveCode. */
  exit: 3,
  /** Go on at record EXIT_LINK (handler functions only). */
  enter: 4,
  /** The same record again (handler functions only). */
  again: 5,
  /** The budget does not suffice for the block at EXIT_RECORD. */
  budget: 6,
  /** An unresolved branch: the RESOLVE record is at EXIT_RECORD. */
  resolve: 7,
  /** A STOP record was reached at EXIT_RECORD. */
  stop: 8,
  /** The budget does not suffice for another iteration of the repeated instruction at EXIT_RECORD. */
  againBudget: 9,
} as const;

/**
 * Entries of the ring of transfers: for each way that the main function took out of a block the address of its record, u32; 0 where it was entered
 * anew.
 */
export const TRANSFERS = 4096;
export const TRANSFER_BYTES: number = TRANSFERS * 4;

/** Number of entries of the cache of indirect branch targets: 16 bytes each, i64 RIP, u32 record. */
export const JUMP_CACHE_ENTRIES = 16384;

/** What one record holds: one form, or two (a flag-setting form and the conditional branch after it). */
export type FormGroup = readonly [Form] | readonly [Form, Form];

/** What one handler runs: one record, or two that often follow each other. */
export type Sequence = readonly [FormGroup] | readonly [FormGroup, FormGroup];

export interface HandlerContext {
  readonly memory: WasmMemory;
  readonly layout: WindowLayout;
  readonly helperId: (name: string) => number;
  /** Where to count how often handler b follows handler a: u32 at ((a * 1024) + b) * 4. For choosing hot forms; normally absent. */
  readonly pairCounts?: number;
  readonly imports: {
    readonly helper: (id: number, operand: number) => number;
    readonly slowAccess: (low: number, high: number, code: number) => number;
    readonly slowCommit: (place: number) => void;
  };
}

interface Imports {
  readonly helper: number;
  readonly slowAccess: number;
  readonly slowCommit: number;
}

function declareImports(module: ModuleWriter, context: HandlerContext): Imports {
  const i32 = "i32" as const;
  const helper = module.importFunction("tsvm", "helper", module.type([i32, i32], [i32]));
  const slowAccess = module.importFunction("tsvm", "slowAccess", module.type([i32, i32, i32], [i32]));
  const slowCommit = module.importFunction("tsvm", "slowCommit", module.type([i32], []));
  module.importMemory("tsvm", "memory", context.layout.memoryBytes / 0x1_0000);
  return { helper, slowAccess, slowCommit };
}

function world(context: HandlerContext, imports: Imports, locals: HandlerLocals, pool: LocalPool, code: "main" | "function" | "slow"): World {
  const { windowBits, readTags, writeTags } = context.layout;
  return {
    ...imports,
    locals,
    pool,
    windowBits,
    readTags,
    writeTags,
    helperId: context.helperId,
    slow: code === "slow",
    budgetInState: code === "function",
  };
}

function listOf(sequence: Sequence, surroundings: World): Graph {
  const graph = new Graph();
  let before: Emitter | undefined;
  sequence.forEach((group, i) => {
    const lastGroup = i === sequence.length - 1;
    group.forEach((form, k) => {
      const binding = new RecordBinding(graph, form, surroundings);
      const emitter = newEmitter(graph, form, binding, before?.symbolic);
      emitter.run(lastGroup && k === group.length - 1);
      before = emitter;
    });
    if (lastGroup) return;
    // The second record is current from here on: what leaves the list leaves it there.
    const pc = graph.variable("i32", surroundings.locals.pc);
    graph.effect({ kind: "assign", index: surroundings.locals.pc, value: graph.op("i32.add", [pc, graph.i32(RECORD)]) });
  });
  return graph;
}

/** A function of its own: (pc) -> next pc, or a Result below 0x100. */
function writeFunction(module: ModuleWriter, context: HandlerContext, imports: Imports, group: FormGroup, slow: boolean): number {
  const code = new Code(["i32"]);
  const locals: HandlerLocals = {
    pc: 0,
    missAddress: code.local("i64"),
    missAccess: code.local("i32"),
    link: code.local("i32"),
    target: code.local("i64"),
  };
  const pool = new LocalPool(code);
  const graph = listOf([group], world(context, imports, locals, pool, slow ? "slow" : "function"));
  lower(graph, {
    code,
    pool,
    branch: (label, conditional) => {
      if (conditional) code.if();
      leaveFunction(code, locals, handlerLabel(label));
      if (conditional) code.end();
    },
  });
  code.unreachable();
  return module.function(module.type(["i32"], ["i32"]), code);
}

function handlerLabel(label: Label): HandlerLabel {
  if (typeof label === "number") throw new Error("handlers have no edges");
  return label;
}

/** A local into a field of the CPU state. */
export function storeLocal(code: Code, local: number, store: "i32.store" | "i64.store", field: number): void {
  code.i32(0);
  code.get(local);
  code.memory(store, field);
}

function leaveFunction(code: Code, locals: HandlerLocals, label: HandlerLabel): void {
  switch (label) {
    case "next":
      code.get(locals.pc);
      code.i32(RECORD);
      code.op("i32.add");
      break;
    case "again":
      code.i32(Result.again);
      break;
    case "enter":
      storeLocal(code, locals.link, "i32.store", EXIT_LINK);
      code.i32(Result.enter);
      break;
    case "indirect":
      storeLocal(code, locals.target, "i64.store", RIP);
      code.i32(Result.indirect);
      break;
    case "miss":
      storeLocal(code, locals.missAddress, "i64.store", EXIT_ADDRESS);
      storeLocal(code, locals.missAccess, "i32.store", EXIT_DETAIL);
      code.i32(Result.miss);
      break;
    case "exit":
      code.i32(Result.exit);
      break;
  }
  code.return();
}

export type Handler = (pc: number) => number;

/** A module with a handler function for each of `groups`. */
export function encodeHandlers(context: HandlerContext, groups: readonly FormGroup[], slow: boolean): Uint8Array {
  const module = new ModuleWriter();
  const imports = declareImports(module, context);
  groups.forEach((group, i) => module.exportFunction(`f${i}`, writeFunction(module, context, imports, group, slow)));
  return module.encode();
}

/** The `count` functions of a module of {@link encodeHandlers}, in the order of its groups. */
export function loadHandlers(context: HandlerContext, module: Uint8Array, count: number): Handler[] {
  const instance = instantiate(module, context);
  return Array.from({ length: count }, (_, i) => instance[`f${i}`] as Handler);
}

function instantiate(module: Uint8Array, context: HandlerContext, more: Record<string, unknown> = {}): Record<string, unknown> {
  const compiled = new webAssembly.Module(module);
  return new webAssembly.Instance(compiled, { tsvm: { ...context.imports, memory: context.memory, ...more } }).exports;
}

/** The main function: (pc, budget) -> Result. Leaves the record in EXIT_RECORD and what is left of the budget in EXIT_BUDGET. */
export type Main = (pc: number, budget: number) => number;

/** Addresses of tables in the arena. */
export interface MainTables {
  readonly jumpCache: number;
  readonly transfers: number;
}

/**
 * Makes the main function with `hot` as its cases. Handler numbers: RESOLVE, GOTO, STOP, then the hot sequences in order from FIRST_FORM on,
 * then the entries of `table`.
 */
export function encodeMain(context: HandlerContext, hot: readonly Sequence[], { jumpCache, transfers }: MainTables): Uint8Array {
  const module = new ModuleWriter();
  const imports = declareImports(module, context);
  const handlerType = module.type(["i32"], ["i32"]);
  module.importTable("tsvm", "table");
  const code = new Code(["i32", "i32"]);
  const pc = 0;
  const budget = 1;
  const locals: HandlerLocals = {
    pc,
    missAddress: code.local("i64"),
    missAccess: code.local("i32"),
    link: code.local("i32"),
    target: code.local("i64"),
  };
  const handler = code.local("i32");
  const entry = code.local("i32");
  const transfer = code.local("i32");
  const pool = new LocalPool(code);
  const surroundings = world(context, imports, locals, pool, "main");
  const leave = (result: number): void => {
    storeLocal(code, transfer, "i32.store", NEXT_TRANSFER);
    leaveMain(code, pc, budget, result);
  };
  const noteTransfer = (): void => {
    code.get(transfer);
    code.get(pc);
    code.memory("i32.store", transfers);
    code.get(transfer);
    code.i32(4);
    code.op("i32.add");
    code.i32(TRANSFER_BYTES - 1);
    code.op("i32.and");
    code.set(transfer);
  };

  code.i32(0);
  code.memory("i32.load", NEXT_TRANSFER);
  code.set(transfer);
  code.loop();
  const top = code.depth;
  const labels: Record<HandlerLabel, number> = { next: 0, again: 0, enter: 0, indirect: 0, miss: 0, exit: 0 };
  for (const label of ["exit", "miss", "indirect", "enter", "again", "next"] as const) {
    code.block();
    labels[label] = code.depth;
  }
  code.block();
  const rest = code.depth;
  const cases: number[] = [];
  for (let i = FIRST_FORM + hot.length - 1; i >= 0; i--) {
    code.block();
    cases[i] = code.depth;
  }
  code.get(pc);
  code.memory("i32.load16_u", 0);
  code.set(handler);
  if (context.pairCounts !== undefined) countPair(code, handler, context.pairCounts);
  code.get(handler);
  code.brTable(cases, rest);
  for (let i = 0; i < FIRST_FORM + hot.length; i++) {
    code.end();
    const group = hot[i - FIRST_FORM];
    if (i === RESOLVE) leave(Result.resolve);
    else if (i === STOP) leave(Result.stop);
    else if (i === GOTO) {
      code.get(pc);
      code.memory("i32.load", LINK);
      code.set(locals.link);
      code.br(labels.enter);
    } else if (group !== undefined) {
      lower(listOf(group, surroundings), {
        code,
        pool,
        branch: (label, conditional) => {
          const depth = labels[handlerLabel(label)];
          if (conditional) code.brIf(depth);
          else code.br(depth);
        },
      });
      pool.reset();
    }
  }
  // Other forms: a function of the table. What it returns is the next record, or a Result.
  code.end();
  storeLocal(code, budget, "i32.store", EXIT_BUDGET);
  code.get(pc);
  code.get(handler);
  code.i32(FIRST_FORM + hot.length);
  code.op("i32.sub");
  code.callIndirect(handlerType);
  code.set(entry);
  code.i32(0);
  code.memory("i32.load", EXIT_BUDGET);
  code.set(budget);
  code.get(entry);
  code.i32(0xff);
  code.op("i32.gt_u");
  code.if();
  code.get(entry);
  code.set(pc);
  code.br(top);
  code.end();
  code.i32(0);
  code.memory("i64.load", RIP);
  code.set(locals.target);
  code.i32(0);
  code.memory("i32.load", EXIT_LINK);
  code.set(locals.link);
  code.i32(0);
  code.memory("i64.load", EXIT_ADDRESS);
  code.set(locals.missAddress);
  code.i32(0);
  code.memory("i32.load", EXIT_DETAIL);
  code.set(locals.missAccess);
  code.get(entry);
  code.brTable([labels.exit, labels.miss, labels.indirect, labels.exit, labels.enter], labels.again);

  code.end(); // next
  code.get(pc);
  code.i32(RECORD);
  code.op("i32.add");
  code.set(pc);
  code.br(top);

  code.end(); // again: each further iteration of a repeat prefix counts one
  code.get(budget);
  code.op("i32.eqz");
  code.if();
  leave(Result.againBudget);
  code.end();
  code.get(budget);
  code.i32(1);
  code.op("i32.sub");
  code.set(budget);
  code.br(top);

  code.end(); // enter
  noteTransfer();
  code.get(budget);
  code.get(pc);
  code.memory("i32.load16_u", SKIPPED);
  code.op("i32.add");
  code.set(budget);
  code.get(locals.link);
  code.set(pc);
  enterBlock(code, pc, budget, entry, top, leave);

  code.end(); // indirect
  noteTransfer();
  code.get(locals.target);
  code.op("i32.wrap_i64");
  code.tee(entry);
  code.get(entry);
  code.i32(13);
  code.op("i32.shr_u");
  code.op("i32.xor");
  code.i32(4);
  code.op("i32.shl");
  code.i32((JUMP_CACHE_ENTRIES - 1) << 4);
  code.op("i32.and");
  code.tee(entry);
  code.memory("i64.load", jumpCache);
  code.get(locals.target);
  code.op("i64.eq");
  code.if();
  code.get(entry);
  code.memory("i32.load", jumpCache + 8);
  code.set(pc);
  enterBlock(code, pc, budget, entry, top, leave);
  code.end();
  storeLocal(code, locals.target, "i64.store", RIP);
  leave(Result.indirect);

  code.end(); // miss
  storeLocal(code, locals.missAddress, "i64.store", EXIT_ADDRESS);
  storeLocal(code, locals.missAccess, "i32.store", EXIT_DETAIL);
  leave(Result.miss);

  code.end(); // exit
  leave(Result.exit);
  code.end(); // loop
  code.unreachable();
  module.exportFunction("main", module.function(module.type(["i32", "i32"], ["i32"]), code));
  return module.encode();
}

export function loadMain(context: HandlerContext, module: Uint8Array, table: WasmTable): Main {
  return instantiate(module, context, { table })["main"] as Main;
}

function countPair(code: Code, handler: number, counts: number): void {
  const before = code.local("i32");
  const at = code.local("i32");
  code.get(before);
  code.i32(10);
  code.op("i32.shl");
  code.get(handler);
  code.op("i32.add");
  code.i32(2);
  code.op("i32.shl");
  code.tee(at);
  code.get(at);
  code.memory("i32.load", counts);
  code.i32(1);
  code.op("i32.add");
  code.memory("i32.store", counts);
  code.get(handler);
  code.set(before);
}

/** Pays for the block at `pc`; leaves where the budget does not suffice. */
function enterBlock(code: Code, pc: number, budget: number, scratch: number, top: number, leave: (result: number) => void): void {
  code.get(budget);
  code.get(pc);
  code.memory("i32.load16_u", COUNT);
  code.op("i32.sub");
  code.tee(scratch);
  code.i32(0);
  code.op("i32.ge_s");
  code.if();
  code.get(scratch);
  code.set(budget);
  code.br(top);
  code.end();
  leave(Result.budget);
}

function leaveMain(code: Code, pc: number, budget: number, result: number): void {
  storeLocal(code, pc, "i32.store", EXIT_RECORD);
  storeLocal(code, budget, "i32.store", EXIT_BUDGET);
  code.i32(result);
  code.return();
}
