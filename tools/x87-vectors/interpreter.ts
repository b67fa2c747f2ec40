/** Executes the cases of cases.ts in the interpreter. */

import { allFeatures } from "../../src/cpu/index.ts";
import type { X87Entry } from "../../src/cpu/x87/index.ts";
import { InterpreterRunner } from "../../test/silicon/interpreter.ts";
import { DATA, defaultState } from "../../test/silicon/state.ts";
import { entryOf, INPUT, MEMORY_BYTES, OUTPUT, OUTPUT_BYTES } from "./cases.ts";

const runner = new InterpreterRunner(32, allFeatures);
/** ES and B of the status word. */
const PENDING = 0x8080;
const RSI = 6;
const BASE = 0x400;

/** As runCase of cases.ts. */
export function runInInterpreter(input: Uint8Array, at: number, output: Uint8Array, to: number): X87Entry {
  const view = new DataView(input.buffer, input.byteOffset + at);
  const before = defaultState();
  const image = INPUT.image;
  before.fcw = (view.getUint16(image, true) & 0x1f3f) | 0x40;
  const status = view.getUint16(image + 4, true) & ~PENDING;
  before.fsw = status & ~before.fcw & 0x3f ? status | PENDING : status;
  const tags = view.getUint16(image + 8, true);
  const top = (status >> 11) & 7;
  before.ftw = 0;
  for (let r = 0; r < 8; r++) {
    if (((tags >> (2 * r)) & 3) !== 3) before.ftw |= 1 << r;
    const from = image + 28 + 10 * ((r - top) & 7);
    before.x87[r] = view.getBigUint64(from, true) | (BigInt(view.getUint16(from + 8, true)) << 64n);
  }
  before.rflags = view.getBigUint64(INPUT.flags, true);
  before.gpr[0] = 0n;
  before.gpr[RSI] = DATA + BigInt(BASE);
  before.data.set(input.subarray(at + INPUT.memory, at + INPUT.memory + MEMORY_BYTES), BASE);
  const code = input.subarray(at + INPUT.code, at + INPUT.code + view.getUint32(INPUT.length, true));
  const { state } = runner.execute({ bytes: code, before });
  output.fill(0, to, to + OUTPUT_BYTES);
  const out = new DataView(output.buffer, output.byteOffset + to);
  out.setBigUint64(OUTPUT.flags, state.rflags, true);
  out.setBigUint64(OUTPUT.rax, state.gpr[0] ?? 0n, true);
  output.set(state.data.subarray(BASE, BASE + MEMORY_BYTES), to + OUTPUT.memory);
  out.setUint32(OUTPUT.image, 0xffff_0000 | state.fcw, true);
  out.setUint32(OUTPUT.image + 4, 0xffff_0000 | state.fsw, true);
  const topAfter = (state.fsw >> 11) & 7;
  let word = 0;
  for (let r = 0; r < 8; r++) {
    const value = state.x87[r] ?? 0n;
    word |= tagOf(value, (state.ftw >> r) & 1) << (2 * r);
    const into = OUTPUT.image + 28 + 10 * ((r - topAfter) & 7);
    out.setBigUint64(into, BigInt.asUintN(64, value), true);
    out.setUint16(into + 8, Number(value >> 64n), true);
  }
  out.setUint32(OUTPUT.image + 8, 0xffff_0000 | word, true);
  const prefixed = code[0] === 0x66 ? 1 : 0;
  const entry = entryOf(code[prefixed] ?? 0, code[prefixed + 1] ?? 0);
  if (entry === undefined) throw new Error("no entry for a case");
  return entry;
}

/** The tag that FNSAVE stores (SDM volume 1, figure 8-7). */
function tagOf(value: bigint, used: number): number {
  if (!used) return 3;
  const exponent = Number((value >> 64n) & 0x7fffn);
  const significand = BigInt.asUintN(64, value);
  if (exponent === 0) return significand === 0n ? 1 : 2;
  return exponent !== 0x7fff && significand >> 63n === 1n ? 0 : 2;
}
