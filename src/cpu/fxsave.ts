/** The 512-byte FXSAVE image in 64-bit format (SDM volume 1, 10.5.1), which is also the legacy region of XSAVE's. */

import { MXCSR, VECTORS, VECTOR_STRIDE, X87_ENVIRONMENT, X87_REGISTERS } from "./state.ts";
import { BUSY, CONTROL_FIXED, CONTROL_MASK, ES } from "./x87/index.ts";

export const FXSAVE_BYTES = 512;
/** Writable bits of MXCSR: DAZ is among them. */
export const MXCSR_MASK = 0xffff;
const REGISTERS = 32;
const XMM = 160;
const MXCSR_AT = 24;
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

/** Writes the x87 part: bytes 0 to 23 and 32 to 159. */
export function saveX87(state: DataView, image: DataView): void {
  image.setUint16(0, state.getUint16(X87_ENVIRONMENT, true), true);
  image.setUint16(2, state.getUint16(X87_ENVIRONMENT + STATUS, true), true);
  image.setUint16(4, state.getUint16(X87_ENVIRONMENT + TAGS, true) & 0xff, true);
  image.setUint16(6, state.getUint16(X87_ENVIRONMENT + OPCODE, true), true);
  for (let i = 0; i < 16; i += 4) image.setUint32(8 + i, state.getUint32(X87_ENVIRONMENT + POINTERS + i, true), true);
  const first = top(state);
  for (let i = 0; i < 8; i++) copyRegister(state, X87_REGISTERS + 16 * ((first + i) & 7), image, REGISTERS + 16 * i);
}

/** Writes MXCSR and its mask: bytes 24 to 31. */
export function saveMxcsr(state: DataView, image: DataView): void {
  image.setUint32(MXCSR_AT, state.getUint32(MXCSR, true), true);
  image.setUint32(MXCSR_AT + 4, MXCSR_MASK, true);
}

/** Writes the registers: bytes 160 to 415. */
export function saveXmm(state: DataView, image: DataView): void {
  for (let i = 0; i < 16; i++) copyRegister(state, VECTORS + VECTOR_STRIDE * i, image, XMM + 16 * i);
}

/** Writes bytes 0 to 415 of the image; the rest is left as it is (reserved, and software's). */
export function saveFxsave(state: DataView, into: Uint8Array): void {
  const image = new DataView(into.buffer, into.byteOffset, into.byteLength);
  saveX87(state, image);
  saveMxcsr(state, image);
  saveXmm(state, image);
}

/** False where MXCSR has reserved bits (#GP). */
export function validMxcsr(image: DataView): boolean {
  return (image.getUint32(MXCSR_AT, true) & ~MXCSR_MASK) === 0;
}

export function restoreMxcsr(state: DataView, image: DataView): void {
  state.setUint32(MXCSR, image.getUint32(MXCSR_AT, true), true);
}

export function restoreXmm(state: DataView, image: DataView): void {
  for (let i = 0; i < 16; i++) copyRegister(image, XMM + 16 * i, state, VECTORS + VECTOR_STRIDE * i);
}

/** Loads the x87 part. ES and B are made from flags and masks, whatever the image says. */
export function restoreX87(state: DataView, image: DataView): void {
  const control = (image.getUint16(0, true) & CONTROL_MASK) | CONTROL_FIXED;
  const status = image.getUint16(2, true) & ~(ES | BUSY);
  state.setUint16(X87_ENVIRONMENT, control, true);
  state.setUint16(X87_ENVIRONMENT + STATUS, (status & ~control & EXCEPTIONS) === 0 ? status : status | ES | BUSY, true);
  state.setUint16(X87_ENVIRONMENT + TAGS, image.getUint16(4, true) & 0xff, true);
  state.setUint16(X87_ENVIRONMENT + OPCODE, image.getUint16(6, true) & 0x7ff, true);
  for (let i = 0; i < 16; i += 4) state.setUint32(X87_ENVIRONMENT + POINTERS + i, image.getUint32(8 + i, true), true);
  const first = top(state);
  for (let i = 0; i < 8; i++) {
    const register = X87_REGISTERS + 16 * ((first + i) & 7);
    copyRegister(image, REGISTERS + 16 * i, state, register);
    state.setUint16(register + 10, 0, true);
    state.setUint32(register + 12, 0, true);
  }
}

/** Loads an image; false where its MXCSR has reserved bits (#GP), and nothing is loaded. */
export function restoreFxsave(state: DataView, from: Uint8Array): boolean {
  const image = new DataView(from.buffer, from.byteOffset, from.byteLength);
  if (!validMxcsr(image)) return false;
  restoreX87(state, image);
  restoreMxcsr(state, image);
  restoreXmm(state, image);
  return true;
}

/** The image of x87 and SSE state as a processor begins: control words, and all else zero. */
export const initialFxsave: DataView = new DataView(new ArrayBuffer(FXSAVE_BYTES));
initialFxsave.setUint16(0, DEFAULT_CONTROL, true);
initialFxsave.setUint32(MXCSR_AT, DEFAULT_MXCSR, true);

/** Upper halves of the instruction and data pointers: selectors in the 32-bit format, which are zero (CPUID.7.0:EBX bit 13). */
export function clearSelectors(image: DataView): void {
  image.setUint32(12, 0, true);
  image.setUint32(20, 0, true);
}

function copyRegister(from: DataView, at: number, to: DataView, where: number): void {
  for (let i = 0; i < 16; i += 4) to.setUint32(where + i, from.getUint32(at + i, true), true);
}
