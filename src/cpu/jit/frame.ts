/** Where a compiled region keeps the CPU state while it runs: WebAssembly locals, loaded when it is entered and stored when it is left. */

import type { WindowLayout } from "../../memory/index.ts";
import type { Code } from "../../wasm/index.ts";
import type { LocalPool } from "../emit/lower.ts";
import { GPR, LANE_BYTES, VECTORS, VECTOR_STRIDE } from "../state.ts";

/** Flags as they are kept while a region runs: what they come from. See {@link FlagsKind}. */
export interface FlagLocals {
  /** i32 */
  readonly kind: number;
  /** i64: operands, and the sign-extended result. */
  readonly a: number;
  readonly b: number;
  readonly result: number;
}

/**
 * The kind of the flags that were set last: 0 where `b` is the vector and `result` the result of state.ts; otherwise the operation, and 64 less the
 * width in bits.
 */
export const FlagsKind = {
  add: 0x40,
  subtract: 0x80,
  /** The result is what the operation makes of `a` and `b`. */
  derived: 0x100,
  shift: 0x3f,
} as const;

/** A local that holds a part of the CPU state. */
export interface CachedLocal {
  readonly local: number;
  readonly type: "i64" | "v128";
  /** In the CPU state. */
  readonly offset: number;
  written: boolean;
}

export class Frame {
  readonly code: Code;
  readonly pool: LocalPool;
  readonly layout: WindowLayout;
  /** MXCSR while the region runs. */
  readonly mxcsr: number;
  usesMxcsr = false;
  readonly flags: FlagLocals;
  /** i32: what is left to run. */
  readonly budget: number;
  /** i64: where to go on after the region. */
  readonly target: number;
  /** i32: instructions of the running node that are completed. */
  readonly completed: number;
  /** i32: how the region is left. */
  readonly result: number;
  /** i32: number of the node that the dispatcher goes on at. */
  readonly entry: number;
  readonly #cached = new Map<number, CachedLocal>();

  constructor(code: Code, pool: LocalPool, layout: WindowLayout, mxcsr: number) {
    this.code = code;
    this.pool = pool;
    this.layout = layout;
    this.mxcsr = mxcsr;
    this.flags = { kind: code.local("i32"), a: code.local("i64"), b: code.local("i64"), result: code.local("i64") };
    this.budget = code.local("i32");
    this.target = code.local("i64");
    this.completed = code.local("i32");
    this.result = code.local("i32");
    this.entry = code.local("i32");
  }

  #at(offset: number, type: CachedLocal["type"]): CachedLocal {
    let cached = this.#cached.get(offset);
    if (cached === undefined) {
      cached = { local: this.code.local(type), type, offset, written: false };
      this.#cached.set(offset, cached);
    }
    return cached;
  }

  register(number: number): CachedLocal {
    return this.#at(GPR + 8 * number, "i64");
  }

  lane(vector: number, lane: number): CachedLocal {
    return this.#at(VECTORS + VECTOR_STRIDE * vector + LANE_BYTES * lane, "v128");
  }

  /** What was asked for so far. */
  get cached(): Iterable<CachedLocal> {
    return this.#cached.values();
  }
}
