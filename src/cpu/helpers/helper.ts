/** One rare and long instruction, or its rare part, as a TypeScript function on the CPU state. */

import type { AddressSpace } from "../../memory/index.ts";
import type { Feature } from "../isa/insn.ts";

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
