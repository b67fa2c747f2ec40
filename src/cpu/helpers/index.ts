/** Instructions that are rare and long: TypeScript functions on the CPU state, called by name from bodies. */

import type { AddressSpace } from "../../memory/index.ts";
import type { Feature } from "../isa/insn.ts";
import { cpuidHelpers } from "./cpuid.ts";
import { fxsrHelpers } from "./fxsr.ts";
import { randomHelpers } from "./random.ts";
import { sseHelpers } from "./sse.ts";
import { sse4Helpers } from "./sse4.ts";
import { stringHelpers } from "./strings.ts";
import { x87Helpers } from "./x87.ts";
import { xsaveHelpers } from "./xsave.ts";

/** What a helper may use. */
export interface HelperContext {
  /** The whole Memory; the CPU state is at its start (state.ts). */
  readonly view: DataView;
  readonly u8: Uint8Array;
  readonly space: AddressSpace;
  readonly features: ReadonlySet<Feature>;
  /** Where RDRAND and RDSEED take their numbers; without it they have none. */
  readonly random?: { fill(into: Uint8Array): void } | undefined;
  /** Notes an exception; the helper then returns true. */
  raise(vector: number, errorCode: number): void;
  /** Notes the exception for an access that `space` has just refused. */
  accessFault(access: number): void;
}

/** Runs the instruction's rare part. `operand` is what the body gave. True: an exception was noted. */
export type Helper = (context: HelperContext, operand: number) => boolean;

const families: readonly Readonly<Record<string, Helper>>[] = [
  cpuidHelpers,
  fxsrHelpers,
  xsaveHelpers,
  sseHelpers,
  x87Helpers,
  sse4Helpers,
  stringHelpers,
  randomHelpers,
];

export class HelperTable {
  readonly #context: HelperContext;
  readonly #ids = new Map<string, number>();
  readonly #helpers: Helper[] = [];

  constructor(context: HelperContext) {
    this.#context = context;
    for (const family of families) {
      for (const [name, helper] of Object.entries(family)) {
        if (this.#ids.has(name)) throw new Error(`two helpers are called ${name}`);
        this.#ids.set(name, this.#helpers.length);
        this.#helpers.push(helper);
      }
    }
  }

  id(name: string): number {
    const id = this.#ids.get(name);
    if (id === undefined) throw new Error(`there is no helper ${name}`);
    return id;
  }

  /** 1 where an exception was noted. */
  call(id: number, operand: number): number {
    const helper = this.#helpers[id];
    if (helper === undefined) throw new RangeError(`there is no helper ${id}`);
    return helper(this.#context, operand) ? 1 : 0;
  }
}
