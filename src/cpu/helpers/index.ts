/** Instructions that are rare and long: TypeScript functions on the CPU state, called by name from bodies. */

import { cpuidHelpers } from "./cpuid.ts";
import { fxsrHelpers } from "./fxsr.ts";
import type { Helper, HelperContext } from "./helper.ts";
import { randomHelpers } from "./random.ts";
import { sseHelpers } from "./sse.ts";
import { sse4Helpers } from "./sse4.ts";
import { stringHelpers } from "./strings.ts";
import { x87Helpers } from "./x87.ts";
import { xsaveHelpers } from "./xsave.ts";

export type { HelperContext } from "./helper.ts";

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
