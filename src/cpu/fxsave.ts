/** The 512-byte FXSAVE image in 64-bit format (SDM volume 1, 10.5.1), which is also the legacy region of XSAVE's. */

import { MXCSR, VECTORS, VECTOR_STRIDE, X87_ENVIRONMENT, X87_REGISTERS } from "./state.ts";
import { BUSY, CONTROL_FIXED, CONTROL_MASK, ES } from "./x87/index.ts";

export const FXSAVE_BYTES = 512;
/** Writable bits of MXCSR: DAZ is among them. */
export const MXCSR_MASK = 0xffff;
const REGISTERS = 32;
const XMM = 160;
const DEFAULT_CONTROL = 0x37f;
/** Exception flags of the status word and their masks in the control word. */
const EXCEPTIONS = 0x3f;
const DEFAULT_MXCSR = 0x1f80;

/** Offsets in the x87 environment of the state. */
const STATUS = 2;
const TAGS = 4;
const OPCODE = 6;
const POINTERS = 8;

function top(view: DataView): number {
  return (view.getUint16(X87_ENVIRONMENT + STATUS, true) >> 11) & 7;
}

/** Writes bytes 0 to 415 of the image; the rest is left as it is (reserved, and software's). */
export function saveFxsave(state: DataView, into: Uint8Array): void {
  const image = new DataView(into.buffer, into.byteOffset, into.byteLength);
  image.setUint16(0, state.getUint16(X87_ENVIRONMENT, true), true);
  image.setUint16(2, state.getUint16(X87_ENVIRONMENT + STATUS, true), true);
  image.setUint16(4, state.getUint16(X87_ENVIRONMENT + TAGS, true) & 0xff, true);
  image.setUint16(6, state.getUint16(X87_ENVIRONMENT + OPCODE, true), true);
  for (let i = 0; i < 16; i += 4) image.setUint32(8 + i, state.getUint32(X87_ENVIRONMENT + POINTERS + i, true), true);
  image.setUint32(24, state.getUint32(MXCSR, true), true);
  image.setUint32(28, MXCSR_MASK, true);
  const first = top(state);
  for (let i = 0; i < 8; i++) copyRegister(state, X87_REGISTERS + 16 * ((first + i) & 7), image, REGISTERS + 16 * i);
  for (let i = 0; i < 16; i++) copyRegister(state, VECTORS + VECTOR_STRIDE * i, image, XMM + 16 * i);
}

/** Loads an image; false where its MXCSR has reserved bits (#GP). ES and B are made from flags and masks, whatever the image says. */
export function restoreFxsave(state: DataView, from: Uint8Array): boolean {
  const image = new DataView(from.buffer, from.byteOffset, from.byteLength);
  const mxcsr = image.getUint32(24, true);
  if ((mxcsr & ~MXCSR_MASK) !== 0) return false;
  const control = (image.getUint16(0, true) & CONTROL_MASK) | CONTROL_FIXED;
  const status = image.getUint16(2, true) & ~(ES | BUSY);
  state.setUint16(X87_ENVIRONMENT, control, true);
  state.setUint16(X87_ENVIRONMENT + STATUS, (status & ~control & EXCEPTIONS) === 0 ? status : status | ES | BUSY, true);
  state.setUint16(X87_ENVIRONMENT + TAGS, image.getUint16(4, true) & 0xff, true);
  state.setUint16(X87_ENVIRONMENT + OPCODE, image.getUint16(6, true) & 0x7ff, true);
  for (let i = 0; i < 16; i += 4) state.setUint32(X87_ENVIRONMENT + POINTERS + i, image.getUint32(8 + i, true), true);
  state.setUint32(MXCSR, mxcsr, true);
  const first = top(state);
  for (let i = 0; i < 8; i++) {
    const register = X87_REGISTERS + 16 * ((first + i) & 7);
    copyRegister(image, REGISTERS + 16 * i, state, register);
    state.setUint16(register + 10, 0, true);
    state.setUint32(register + 12, 0, true);
  }
  for (let i = 0; i < 16; i++) copyRegister(image, XMM + 16 * i, state, VECTORS + VECTOR_STRIDE * i);
  return true;
}

/** x87 and SSE state of a fresh process. */
export function resetFloatState(state: DataView): void {
  const blank = new Uint8Array(FXSAVE_BYTES);
  const image = new DataView(blank.buffer);
  image.setUint16(0, DEFAULT_CONTROL, true);
  image.setUint32(24, DEFAULT_MXCSR, true);
  restoreFxsave(state, blank);
}

function copyRegister(from: DataView, at: number, to: DataView, where: number): void {
  for (let i = 0; i < 16; i += 4) to.setUint32(where + i, from.getUint32(at + i, true), true);
}
