/** The kernel's view of the CPU state ({@link Registers} of the linux room) over the interpreter's. */

import type { Feature } from "../cpu/index.ts";
import {
  CpuState,
  readRflags,
  resetFloatState,
  restoreFxsave,
  restoreXsave,
  saveFxsave,
  saveXsave,
  writeRflags,
  XCR0,
  XSAVE_BYTES,
} from "../cpu/index.ts";
import type { Registers } from "../linux/index.ts";

const HIGH = 0x1_0000_0000;
const FXSAVE_BYTES = 512;
/** x87 and SSE state. */
const FXSAVE_FEATURES = 3;

export class CpuRegisters implements Registers {
  readonly #view: DataView;
  readonly xstateSize: number;
  readonly xfeatures: number;

  /** Frames carry the XSAVE image where `features` have XSAVE, else FXSAVE's. */
  constructor(view: DataView, features: ReadonlySet<Feature>) {
    this.#view = view;
    const extended = features.has("xsave");
    this.xstateSize = extended ? XSAVE_BYTES : FXSAVE_BYTES;
    this.xfeatures = extended ? XCR0 : FXSAVE_FEATURES;
  }

  low(reg: number): number {
    return this.#view.getInt32(CpuState.GPR + 8 * reg, true);
  }

  high(reg: number): number {
    return this.#view.getInt32(CpuState.GPR + 8 * reg + 4, true);
  }

  number(reg: number): number {
    return this.#address(CpuState.GPR + 8 * reg);
  }

  set(reg: number, value: number): void {
    this.#setAddress(CpuState.GPR + 8 * reg, value);
  }

  setParts(reg: number, low: number, high: number): void {
    this.#view.setInt32(CpuState.GPR + 8 * reg, low, true);
    this.#view.setInt32(CpuState.GPR + 8 * reg + 4, high, true);
  }

  big(reg: number): bigint {
    return this.#view.getBigUint64(CpuState.GPR + 8 * reg, true);
  }

  setBig(reg: number, value: bigint): void {
    this.#view.setBigUint64(CpuState.GPR + 8 * reg, BigInt.asUintN(64, value), true);
  }

  rflags(): number {
    return readRflags(this.#view);
  }

  setRflags(value: number): void {
    writeRflags(this.#view, value);
  }

  get fsBase(): number {
    return this.#address(CpuState.FS_BASE);
  }

  set fsBase(value: number) {
    this.#setAddress(CpuState.FS_BASE, value);
  }

  get gsBase(): number {
    return this.#address(CpuState.GS_BASE);
  }

  set gsBase(value: number) {
    this.#setAddress(CpuState.GS_BASE, value);
  }

  #address(at: number): number {
    return this.#view.getUint32(at, true) + this.#view.getUint32(at + 4, true) * HIGH;
  }

  #setAddress(at: number, value: number): void {
    this.#view.setInt32(at, (value % HIGH) | 0, true);
    this.#view.setInt32(at + 4, Math.floor(value / HIGH), true);
  }

  saveXstate(into: Uint8Array): void {
    if (this.xstateSize === FXSAVE_BYTES) saveFxsave(this.#view, into);
    else saveXsave(this.#view, new DataView(into.buffer, into.byteOffset, into.byteLength), XCR0, "all");
  }

  restoreXstate(from: Uint8Array, features: number): boolean {
    const view = this.#view;
    const image = new DataView(from.buffer, from.byteOffset, from.byteLength);
    const done = from.length === FXSAVE_BYTES ? restoreFxsave(view, from) : restoreXsave(view, image, features);
    if (done) resetFloatState(view, ~features);
    return done;
  }

  resetXstate(): void {
    resetFloatState(this.#view);
  }

  fpuControl(): number {
    return this.#view.getUint16(CpuState.X87_ENVIRONMENT, true);
  }

  fpuStatus(): number {
    return this.#view.getUint16(CpuState.X87_ENVIRONMENT + 2, true);
  }

  mxcsr(): number {
    return this.#view.getUint32(CpuState.MXCSR, true);
  }
}
