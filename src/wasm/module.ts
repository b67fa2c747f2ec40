import { Bytes, typeCode } from "./code.ts";
import type { Code } from "./code.ts";
import type { ValType } from "./opcodes.ts";

export interface FuncType {
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
}

/** Writes a WebAssembly module (binary format, core specification chapter 5). Imports must be declared before functions. */
export class ModuleWriter {
  readonly #types: FuncType[] = [];
  readonly #imports: { module: string; name: string; write: (out: Bytes) => void }[] = [];
  readonly #functions: { type: number; code: Code }[] = [];
  readonly #globals: { type: ValType; initial: number }[] = [];
  readonly #exports: { name: string; kind: number; index: number }[] = [];
  #elements: number[] = [];
  #table = false;
  #importedFunctions = 0;

  /** Index of a function type, made once. */
  type(params: readonly ValType[], results: readonly ValType[]): number {
    const key = `${params.join()}:${results.join()}`;
    const found = this.#types.findIndex((t) => `${t.params.join()}:${t.results.join()}` === key);
    if (found >= 0) return found;
    this.#types.push({ params, results });
    return this.#types.length - 1;
  }

  importFunction(module: string, name: string, type: number): number {
    this.#imports.push({
      module,
      name,
      write: (out) => {
        out.byte(0);
        out.u32(type);
      },
    });
    return this.#importedFunctions++;
  }

  /** Imports a memory of exactly `pages` WebAssembly pages (64 KiB). */
  importMemory(module: string, name: string, pages: number): void {
    this.#imports.push({
      module,
      name,
      write: (out) => {
        out.byte(2);
        out.byte(1);
        out.u32(pages);
        out.u32(pages);
      },
    });
  }

  /** Imports a table of functions, table 0 of the module. */
  importTable(module: string, name: string): void {
    this.#imports.push({
      module,
      name,
      write: (out) => {
        out.byte(1);
        out.byte(0x70);
        out.byte(0);
        out.u32(0);
      },
    });
  }

  function(type: number, code: Code): number {
    this.#functions.push({ type, code });
    return this.#importedFunctions + this.#functions.length - 1;
  }

  /** A mutable global; index. */
  global(type: "i32", initial: number): number {
    this.#globals.push({ type, initial });
    return this.#globals.length - 1;
  }

  /** Gives the module one table, filled with these functions from index 0 on. */
  table(functions: readonly number[]): void {
    this.#table = true;
    this.#elements = [...functions];
  }

  exportFunction(name: string, index: number): void {
    this.#exports.push({ name, kind: 0, index });
  }

  encode(): Uint8Array {
    const out = new Bytes();
    for (const byte of [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]) out.byte(byte);
    section(out, 1, this.#types, (s, type) => {
      s.byte(0x60);
      s.u32(type.params.length);
      for (const t of type.params) s.byte(typeCode(t));
      s.u32(type.results.length);
      for (const t of type.results) s.byte(typeCode(t));
    });
    section(out, 2, this.#imports, (s, entry) => {
      s.text(entry.module);
      s.text(entry.name);
      entry.write(s);
    });
    section(out, 3, this.#functions, (s, f) => s.u32(f.type));
    if (this.#table) {
      section(out, 4, [this.#elements.length], (s, size) => {
        s.byte(0x70);
        s.byte(1);
        s.u32(size);
        s.u32(size);
      });
    }
    section(out, 6, this.#globals, (s, global) => {
      s.byte(typeCode(global.type));
      s.byte(1);
      s.byte(0x41);
      s.s32(global.initial);
      s.byte(0x0b);
    });
    section(out, 7, this.#exports, (s, entry) => {
      s.text(entry.name);
      s.byte(entry.kind);
      s.u32(entry.index);
    });
    if (this.#elements.length > 0) {
      section(out, 9, [this.#elements], (s, functions) => {
        s.u32(0);
        s.byte(0x41);
        s.s32(0);
        s.byte(0x0b);
        s.u32(functions.length);
        for (const index of functions) s.u32(index);
      });
    }
    section(out, 10, this.#functions, (s, f) => {
      const body = new Bytes();
      const runs: { type: ValType; count: number }[] = [];
      for (const type of f.code.locals) {
        const last = runs.at(-1);
        if (last?.type === type) last.count++;
        else runs.push({ type, count: 1 });
      }
      body.u32(runs.length);
      for (const r of runs) {
        body.u32(r.count);
        body.byte(typeCode(r.type));
      }
      body.append(f.code.bytes);
      body.byte(0x0b);
      s.u32(body.length);
      s.append(body);
    });
    return out.view().slice();
  }
}

function section<T>(out: Bytes, id: number, entries: readonly T[], write: (section: Bytes, entry: T) => void): void {
  if (entries.length === 0) return;
  const content = new Bytes();
  content.u32(entries.length);
  for (const entry of entries) write(content, entry);
  out.byte(id);
  out.u32(content.length);
  out.append(content);
}
