/**
 * The processor's state in an image: registers as the manual names them, RFLAGS materialised. No state are decoded code, the lazy flags'
 * representation, exits and scratch.
 */

import type { ValueType } from "../base/index.ts";
import { bytesOf, struct, u32, u64 } from "../base/index.ts";
import { readRflags, writeRflags } from "./flags.ts";
import { FLAGS_SYSTEM, FS_BASE, GPR, GS_BASE, MXCSR, OPMASKS, RIP, SELECTORS, STATE_END, VECTORS, X87_ENVIRONMENT, X87_REGISTERS } from "./state.ts";

const GPR_BYTES = 16 * 8;
const SELECTOR_BYTES = 6 * 2;
const X87_REGISTER_BYTES = 8 * 16;
const X87_ENVIRONMENT_BYTES = 24;
/** RFLAGS bits that user mode can have set, besides the arithmetic ones: TF, IF, DF, NT, RF, AC, ID and the fixed bit 1. */
const RFLAGS_MASK = 0x25_4fd7;

/** `registers`: rax rcx rdx rbx rsp rbp rsi rdi r8 ... r15; `vectors`: 32 registers of 64 bytes; the rest as in state.ts. */
export interface ProcessorImage {
  readonly registers: Uint8Array;
  readonly rip: bigint;
  readonly fsBase: bigint;
  readonly gsBase: bigint;
  readonly rflags: number;
  readonly mxcsr: number;
  readonly selectors: Uint8Array;
  readonly x87Registers: Uint8Array;
  readonly x87Environment: Uint8Array;
  readonly vectors: Uint8Array;
  readonly opmasks: Uint8Array;
}

export const processorType: ValueType<ProcessorImage> = struct({
  registers: bytesOf(GPR_BYTES),
  rip: u64,
  fsBase: u64,
  gsBase: u64,
  rflags: u32,
  mxcsr: u32,
  selectors: bytesOf(SELECTOR_BYTES),
  x87Registers: bytesOf(X87_REGISTER_BYTES),
  x87Environment: bytesOf(X87_ENVIRONMENT_BYTES),
  vectors: bytesOf(OPMASKS - VECTORS),
  opmasks: bytesOf(STATE_END - OPMASKS),
}) satisfies ValueType<{ [K in keyof ProcessorImage]: ProcessorImage[K] }>;

/** Reads the state of the processor whose state page `state` starts with. */
export function readProcessor(state: DataView): ProcessorImage {
  const part = (at: number, length: number): Uint8Array => new Uint8Array(state.buffer, state.byteOffset + at, length).slice();
  return {
    registers: part(GPR, GPR_BYTES),
    rip: state.getBigUint64(RIP, true),
    fsBase: state.getBigUint64(FS_BASE, true),
    gsBase: state.getBigUint64(GS_BASE, true),
    rflags: readRflags(state),
    mxcsr: state.getUint32(MXCSR, true),
    selectors: part(SELECTORS, SELECTOR_BYTES),
    x87Registers: part(X87_REGISTERS, X87_REGISTER_BYTES),
    x87Environment: part(X87_ENVIRONMENT, X87_ENVIRONMENT_BYTES),
    vectors: part(VECTORS, OPMASKS - VECTORS),
    opmasks: part(OPMASKS, STATE_END - OPMASKS),
  };
}

/** Makes `image` the processor's state. */
export function writeProcessor(state: DataView, image: ProcessorImage): void {
  const put = (at: number, bytes: Uint8Array): void => new Uint8Array(state.buffer, state.byteOffset + at, bytes.length).set(bytes);
  put(GPR, image.registers);
  state.setBigUint64(RIP, image.rip, true);
  state.setBigUint64(FS_BASE, image.fsBase, true);
  state.setBigUint64(GS_BASE, image.gsBase, true);
  state.setUint32(FLAGS_SYSTEM, 0, true);
  writeRflags(state, (image.rflags & RFLAGS_MASK) | 2);
  state.setUint32(MXCSR, image.mxcsr & 0xffff, true);
  put(SELECTORS, image.selectors);
  put(X87_REGISTERS, image.x87Registers);
  put(X87_ENVIRONMENT, image.x87Environment);
  put(VECTORS, image.vectors);
  put(OPMASKS, image.opmasks);
}
