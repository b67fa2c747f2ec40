/**
 * The x87 state as bytes (SDM volume 1, 8.1): registers, control word, status word with TOP, tags, last instruction.
 *
 *     registers    8 physical registers R0 to R7 of 16 bytes: significand (8), sign and exponent (2), zero (6)
 *     environment  +0 control u16, +2 status u16 (TOP in bits 13:11), +4 tags u16 (bit i: Ri is not empty, as in FXSAVE),
 *                  +6 opcode u16 (11 bits), +8 instruction pointer u64, +16 data pointer u64
 *     operand      112 bytes that carry memory operands wider than parameters: stored values and FNSTENV/FNSAVE images
 *
 * MMX registers are the significands of the physical registers.
 */

import { Float80, setIndefinite } from "./float80.ts";
import { Environment } from "./rounding.ts";

export const REGISTER_STRIDE = 16;

/** Offsets in the environment. */
export const CONTROL = 0;
export const STATUS = 2;
export const TAGS = 4;
export const OPCODE = 6;
export const INSTRUCTION_POINTER = 8;
export const DATA_POINTER = 16;

/** Status word (SDM volume 1, figure 8-4), beside the six exceptions of rounding.ts. */
export const SF = 0x40;
export const ES = 0x80;
export const C0 = 0x100;
export const C1 = 0x200;
export const C2 = 0x400;
export const C3 = 0x4000;
export const BUSY = 0x8000;
export const CONDITION: number = C0 | C1 | C2 | C3;
const TOP_SHIFT = 11;
const TOP_MASK = 7 << TOP_SHIFT;
const IE = 1;

/** Significand bits by PC (SDM volume 1, table 8-2); 1 is reserved and means what 3 means. */
const PRECISION: readonly number[] = [24, 64, 53, 64];

/** Where the three parts lie in the view. */
export interface X87Offsets {
  readonly registers: number;
  readonly environment: number;
  readonly operand: number;
}

/** Accessor of the x87 state in a DataView. Holds no state of its own but scratch. */
export class X87State {
  readonly view: DataView;
  readonly registers: number;
  readonly environment: number;
  readonly operand: number;
  /** Scratch of the instruction being executed. */
  readonly env: Environment = new Environment();
  readonly a: Float80 = new Float80();
  readonly b: Float80 = new Float80();
  readonly result: Float80 = new Float80();

  constructor(view: DataView, offsets: X87Offsets) {
    this.view = view;
    this.registers = offsets.registers;
    this.environment = offsets.environment;
    this.operand = offsets.operand;
  }

  get control(): number {
    return this.view.getUint16(this.environment + CONTROL, true);
  }
  set control(value: number) {
    this.view.setUint16(this.environment + CONTROL, value, true);
  }
  get status(): number {
    return this.view.getUint16(this.environment + STATUS, true);
  }
  set status(value: number) {
    this.view.setUint16(this.environment + STATUS, value, true);
  }
  /** Bit i set: physical register i is not empty. */
  get tags(): number {
    return this.view.getUint16(this.environment + TAGS, true);
  }
  set tags(value: number) {
    this.view.setUint16(this.environment + TAGS, value, true);
  }
  get top(): number {
    return (this.status >> TOP_SHIFT) & 7;
  }
  set top(value: number) {
    this.status = (this.status & ~TOP_MASK) | ((value & 7) << TOP_SHIFT);
  }

  /** Number of the physical register that ST(i) is. */
  physical(i: number): number {
    return ((this.status >> TOP_SHIFT) + i) & 7;
  }

  isEmpty(i: number): boolean {
    return ((this.tags >> this.physical(i)) & 1) === 0;
  }

  /** Reads ST(i), empty or not. */
  read(i: number, out: Float80): void {
    const at = this.registers + this.physical(i) * REGISTER_STRIDE;
    const view = this.view;
    out.low = view.getUint32(at, true);
    out.high = view.getUint32(at + 4, true);
    const se = view.getUint16(at + 8, true);
    out.sign = se >> 15;
    out.exponent = se & 0x7fff;
  }

  /** Writes ST(i) and tags it. */
  write(i: number, value: Float80): void {
    const r = this.physical(i);
    const at = this.registers + r * REGISTER_STRIDE;
    const view = this.view;
    view.setUint32(at, value.low, true);
    view.setUint32(at + 4, value.high, true);
    view.setUint16(at + 8, (value.sign << 15) | value.exponent, true);
    this.tags |= 1 << r;
  }

  /** Marks ST(i) empty. */
  free(i: number): void {
    this.tags &= ~(1 << this.physical(i));
  }

  pop(): void {
    this.free(0);
    this.top += 1;
  }

  /** Decrements TOP and writes the new ST(0), whatever was there. */
  push(value: Float80): void {
    this.top -= 1;
    this.write(0, value);
  }

  /** Takes rounding, precision and masks from the control word and clears what an earlier instruction raised. */
  begin(): Environment {
    const env = this.env;
    const control = this.control;
    env.rounding = (control >> 10) & 3;
    env.precision = PRECISION[(control >> 8) & 3]!;
    env.masks = control & 0x3f;
    env.raised = 0;
    env.roundedUp = false;
    return env;
  }

  /**
   * Adds exceptions to the status word, with C1 replaced by `c1` (C1 or 0), and sets ES and B where one of them is unmasked.
   * Returns true where one is.
   */
  raise(flags: number, c1: number): boolean {
    const unmasked = (flags & ~this.control & 0x3f) !== 0;
    this.status = (this.status & ~C1) | flags | c1 | (unmasked ? ES | BUSY : 0);
    return unmasked;
  }

  /** Stack fault: IE and SF, C1 1 for overflow and 0 for underflow. Returns true where the masked response is due. */
  stackFault(c1: number): boolean {
    return !this.raise(IE | SF, c1);
  }

  /** Ends an instruction with what `env` collected. Returns false where its result is suppressed by an unmasked IE, DE or ZE. */
  finish(): boolean {
    const env = this.env;
    const suppressed = env.suppressed();
    this.raise(env.raised, env.roundedUp && !suppressed ? C1 : 0);
    return !suppressed;
  }

  /** Writes the indefinite QNaN to ST(i). */
  writeIndefinite(i: number): void {
    setIndefinite(this.result);
    this.write(i, this.result);
  }

  clearC1(): void {
    this.status &= ~C1;
  }

  setConditions(conditions: number): void {
    this.status = (this.status & ~CONDITION) | conditions;
  }

  /** Recomputes ES and B from the flags and the masks. */
  summarise(): void {
    const status = this.status;
    const pending = (status & ~this.control & 0x3f) !== 0;
    this.status = pending ? status | ES | BUSY : status & ~(ES | BUSY);
  }

  /** Puts up to ten bytes into the operand area. */
  store(low: number, high: number, signExponent: number): void {
    this.view.setUint32(this.operand, low, true);
    this.view.setUint32(this.operand + 4, high, true);
    this.view.setUint16(this.operand + 8, signExponent, true);
  }

  /**
   * Records the last instruction for FNSTENV, FNSAVE and FXSAVE: address and memory operand as halves, the opcode's low 11 bits.
   */
  setLastInstruction(ipLow: number, ipHigh: number, dataLow: number, dataHigh: number, opcode: number): void {
    const view = this.view;
    view.setUint16(this.environment + OPCODE, opcode & 0x7ff, true);
    view.setUint32(this.environment + INSTRUCTION_POINTER, ipLow, true);
    view.setUint32(this.environment + INSTRUCTION_POINTER + 4, ipHigh, true);
    view.setUint32(this.environment + DATA_POINTER, dataLow, true);
    view.setUint32(this.environment + DATA_POINTER + 4, dataHigh, true);
  }
}
