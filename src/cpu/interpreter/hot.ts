/** Handler numbers: the hot forms are cases of the main function, all others become functions of its table when they are first met. */

import { webAssembly } from "../../base/index.ts";
import type { AddressMode } from "../form.ts";
import type { WasmTable } from "../../base/index.ts";
import type { FormEntry, FormTable } from "./forms.ts";
import { withDeadFlags } from "./forms.ts";
import type { FormGroup, Handler, HandlerContext, Main, MainTables, Sequence } from "./handlers.ts";
import { encodeHandlers, encodeMain, loadHandlers, loadMain } from "./handlers.ts";
import { hotForms } from "./hot-forms.ts";
import { hotPairs } from "./hot-pairs.ts";
import { entryName, packModules, unpackModules } from "./prebuilt.ts";
import { FIRST_FORM } from "./record.ts";
import { warmForms } from "./warm-forms.ts";

const TABLE_STEP = 64;

export class Handlers {
  readonly main: Main;
  readonly #context: HandlerContext;
  readonly #forms: FormTable;
  readonly #table: WasmTable;
  readonly #fused = new Map<number, number>();
  readonly #pairs = new Map<number, number>();
  readonly #names: string[] = [];
  /** Group of each handler number. */
  readonly #groups: (FormGroup | undefined)[] = [];
  readonly #slow: (Handler | undefined)[] = [];
  readonly #hot: readonly Sequence[];
  readonly #tables: MainTables;
  readonly #entryName: string;
  readonly #firstFunction: number;
  #pending: FormGroup[] = [];

  /** `prebuilt`: what {@link encode} gave for the same layout and `features` (among others), to save the time that making it takes. */
  constructor(context: HandlerContext, forms: FormTable, tables: MainTables, features: ReadonlySet<string>, prebuilt?: Uint8Array) {
    this.#entryName = entryName(features);
    this.#context = context;
    this.#forms = forms;
    this.#tables = tables;
    this.#table = new webAssembly.Table({ element: "anyfunc", initial: TABLE_STEP });
    const groups = this.#hotGroups();
    for (const group of groups) this.#groups.push(group);
    this.#hot = [...groups.map((group): Sequence => [group]), ...this.#hotPairs()];
    this.#firstFunction = FIRST_FORM + this.#hot.length;
    const modules = prebuilt === undefined ? undefined : unpackModules(prebuilt, context.layout.windowBits, this.#entryName);
    this.main = loadMain(context, modules?.main ?? encodeMain(context, this.#hot, tables), this.#table);
    if (modules !== undefined) this.#install(loadHandlers(context, modules.warm, this.#addWarm().length));
  }

  /** An entry of the constructor's `prebuilt`, which may be several one behind the other: the main function, and functions for the forms that most programs meet. */
  encode(): Uint8Array {
    const main = encodeMain(this.#context, this.#hot, this.#tables);
    const warm = encodeHandlers(this.#context, this.#addWarm(), false);
    return packModules(this.#context.layout.windowBits, this.#entryName, main, warm);
  }

  /** Numbers for the warm forms, in the order of their list. */
  #addWarm(): FormGroup[] {
    const added: FormGroup[] = [];
    for (const line of warmForms) {
      const [mnemonic, row, cc, size, mode, rep] = line.split("; ");
      const entry = this.#forms.named(mnemonic ?? "", row ?? "", cc === "" ? undefined : Number(cc), Number(size), mode as AddressMode, Number(rep));
      if (entry === undefined || entry.code.handler >= 0) continue;
      entry.code.handler = this.#groups.length;
      this.#groups.push([entry.code.form]);
      added.push([entry.code.form]);
    }
    return added;
  }

  #hotGroups(): FormGroup[] {
    const groups: FormGroup[] = [];
    for (let i = 0; i < FIRST_FORM; i++) this.#groups.push(undefined);
    const find = (
      description: readonly [string, string, number | undefined, number, "none" | "near" | "scaled" | "any", number],
    ): FormEntry | undefined => this.#forms.named(...description);
    for (const { name, first, second, dead } of hotForms()) {
      const entry = find(first);
      if (entry === undefined) continue;
      const handler = FIRST_FORM + groups.length;
      const { code } = entry;
      if (second !== undefined) {
        const branch = find(second);
        if (branch === undefined || this.fused(entry, branch) !== 0) continue;
        groups.push([entry.form, branch.form]);
        this.#names[handler] = name;
        this.#fused.set(entry.code.index * 0x1_0000 + branch.code.index, handler);
      } else if (dead && code.deadHandler === 0) {
        groups.push([withDeadFlags(code.form)]);
        this.#names[handler] = name;
        code.deadHandler = handler;
      } else if (!dead && code.handler < 0) {
        groups.push([code.form]);
        this.#names[handler] = name;
        code.handler = handler;
      }
    }
    return groups;
  }

  /** Pairs are written by the names of their halves. */
  #hotPairs(): Sequence[] {
    const byName = new Map<string, number>();
    this.#names.forEach((name, handler) => byName.set(name, handler));
    const sequences: Sequence[] = [];
    for (const pair of hotPairs) {
      const [first, second] = pair.split(" ").map((name) => byName.get(name));
      const a = this.#groups[first ?? 0];
      const b = this.#groups[second ?? 0];
      if (first === undefined || second === undefined || a === undefined || b === undefined) continue;
      this.#pairs.set(first * 0x1_0000 + second, this.#groups.length);
      sequences.push([a, b]);
      // Completed by calls, a pair is completed one record at a time.
      this.#names[this.#groups.length] = pair;
      this.#groups.push(a);
    }
    return sequences;
  }

  /** The handler for two records in one go, the second of which keeps its own; 0 where there is none. */
  pair(first: number, second: number): number {
    return this.#pairs.get(first * 0x1_0000 + second) ?? 0;
  }

  /** Name of a hot handler, as hot-pairs.ts writes it; "" for others. */
  name(handler: number): string {
    return this.#names[handler] ?? "";
  }

  /** The handler for a form. A new one can be run only after {@link compile}. */
  of(entry: FormEntry): number {
    const { code } = entry;
    if (code.handler < 0) {
      code.handler = this.#groups.length;
      this.#groups.push([code.form]);
      this.#pending.push([code.form]);
    }
    return code.handler;
  }

  /** The handler for two forms in one, 0 where there is none. */
  fused(first: FormEntry, second: FormEntry): number {
    return this.#fused.get(first.code.index * 0x1_0000 + second.code.index) ?? 0;
  }

  compile(): void {
    if (this.#pending.length === 0) return;
    this.#install(loadHandlers(this.#context, encodeHandlers(this.#context, this.#pending, false), this.#pending.length));
    this.#pending = [];
  }

  /** A handler that runs no form: its number, which is `instead` where that one is needed no more. */
  add(handler: Handler, instead?: number): number {
    if (instead !== undefined) {
      this.#table.set(instead - this.#firstFunction, handler);
      return instead;
    }
    this.#groups.push(undefined);
    this.#install([handler]);
    return this.#groups.length - 1;
  }

  /** Functions of the newest handler numbers. */
  #install(functions: readonly Handler[]): void {
    let index = this.#groups.length - functions.length - this.#firstFunction;
    if (index + functions.length > this.#table.length) this.#table.grow(Math.max(TABLE_STEP, index + functions.length - this.#table.length));
    for (const handler of functions) this.#table.set(index++, handler);
  }

  /** The handler's code with every memory access by calls. */
  slow(handler: number): Handler {
    const known = this.#slow[handler];
    if (known !== undefined) return known;
    const group = this.#groups[handler];
    if (group === undefined) throw new RangeError(`handler ${handler} has no code`);
    const [made] = loadHandlers(this.#context, encodeHandlers(this.#context, [group], true), 1);
    if (made === undefined) throw new Error("no handler was made");
    this.#slow[handler] = made;
    return made;
  }

  /** Handlers below this number are cases of the main function. */
  get hotCount(): number {
    return this.#firstFunction;
  }

  /** What a handler runs. */
  group(handler: number): FormGroup | undefined {
    return this.#groups[handler];
  }
}
