/** What MXCSR says to floating-point operations, and what they say to it (SDM volume 1, 10.2.3). */

import { Environment as Control, Rounding } from "../x87/rounding.ts";

/** Exception flags of MXCSR; their masks are seven bits above. */
export const Flag = { IE: 1, DE: 2, ZE: 4, OE: 8, UE: 0x10, PE: 0x20 } as const;
/** Detected before the operation is carried out: these take precedence over the others. */
export const BEFORE: number = Flag.IE | Flag.DE | Flag.ZE;
export const MASK_SHIFT = 7;

export const DAZ = 0x40;
export const FTZ = 0x8000;
const FLAGS = 0x3f;
/** MXCSR.RC: nearest even, down, up, towards zero. */
export const Round: typeof Rounding = Rounding;

/** One instruction's view of MXCSR, and the flags it raises. */
export class Environment extends Control {
  denormalsAreZero = false;
  /** Underflow is masked and results that underflow become zero. */
  flushToZero = false;

  load(mxcsr: number): void {
    this.rounding = (mxcsr >> 13) & 3;
    this.masks = (mxcsr >> MASK_SHIFT) & FLAGS;
    this.denormalsAreZero = (mxcsr & DAZ) !== 0;
    this.flushToZero = (mxcsr & FTZ) !== 0 && (this.masks & Flag.UE) !== 0;
    this.raised = 0;
  }
}
