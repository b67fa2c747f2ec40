/** The binary protocol of test/silicon/runner.c, and a run of the committed runner on this machine's processor. */

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { DATA_BYTES, INSTRUCTION, type Outcome, physical, type State } from "./state.ts";

export const runner: string = fileURLToPath(new URL("runner", import.meta.url));

const FX = 160;
const YMM = FX + 512;
const DATA_AT = YMM + 256;
const STATE_BYTES = DATA_AT + DATA_BYTES;
const CASE_BYTES = 24 + STATE_BYTES;
const RESULT_BYTES = 40 + STATE_BYTES;

export interface RunnerCase {
  readonly bytes: Uint8Array;
  readonly before: State;
}

function put128(view: DataView, at: number, value: bigint): void {
  view.setBigUint64(at, value & 0xffff_ffff_ffff_ffffn, true);
  view.setBigUint64(at + 8, value >> 64n, true);
}

function get128(view: DataView, at: number): bigint {
  return view.getBigUint64(at, true) | (view.getBigUint64(at + 8, true) << 64n);
}

export function encodeCases(cases: readonly RunnerCase[]): Uint8Array {
  const out = new Uint8Array(cases.length * CASE_BYTES);
  cases.forEach(({ bytes, before: s }, index) => {
    const start = index * CASE_BYTES;
    const head = new DataView(out.buffer, start, 24);
    head.setUint32(0, bytes.length, true);
    out.set(bytes, start + 4);
    const view = new DataView(out.buffer, start + 24, STATE_BYTES);
    s.gpr.forEach((value, i) => view.setBigUint64(i * 8, value, true));
    [s.rip, s.rflags, s.fs, s.gs].forEach((value, i) => view.setBigUint64(128 + i * 8, value, true));
    view.setUint16(FX, s.fcw, true);
    view.setUint16(FX + 2, s.fsw, true);
    view.setUint8(FX + 4, s.ftw);
    view.setUint32(FX + 24, s.mxcsr, true);
    for (let i = 0; i < 8; i++) put128(view, FX + 32 + i * 16, s.x87[physical(s.fsw, i)]!);
    for (let i = 0; i < 16; i++) {
      put128(view, FX + 160 + i * 16, s.xmm[i]!);
      put128(view, YMM + i * 16, s.ymm[i]!);
    }
    out.set(s.data, start + 24 + DATA_AT);
  });
  return out;
}

const BREAKPOINT = 3;
const PAGE_FAULT = 14;

/** The int3 that follows every instruction is its end, not an exception of its own. */
function decodeResult(bytes: Uint8Array, { bytes: code }: RunnerCase): Outcome {
  const head = new DataView(bytes.buffer, bytes.byteOffset, 40);
  const view = new DataView(bytes.buffer, bytes.byteOffset + 40, STATE_BYTES);
  const fsw = view.getUint16(FX + 2, true);
  const x87: bigint[] = Array.from({ length: 8 }, () => 0n);
  for (let i = 0; i < 8; i++) x87[physical(fsw, i)] = get128(view, FX + 32 + i * 16) & ((1n << 80n) - 1n);
  const state: State = {
    gpr: Array.from({ length: 16 }, (_, i) => view.getBigUint64(i * 8, true)),
    rip: view.getBigUint64(128, true),
    rflags: view.getBigUint64(136, true),
    fs: view.getBigUint64(144, true),
    gs: view.getBigUint64(152, true),
    fcw: view.getUint16(FX, true),
    fsw,
    ftw: view.getUint8(FX + 4),
    x87,
    mxcsr: view.getUint32(FX + 24, true),
    xmm: Array.from({ length: 16 }, (_, i) => get128(view, FX + 160 + i * 16)),
    ymm: Array.from({ length: 16 }, (_, i) => get128(view, YMM + i * 16)),
    data: bytes.slice(40 + DATA_AT, 40 + DATA_AT + DATA_BYTES),
  };
  const vector = Number(head.getBigUint64(16, true));
  const ownBreakpoint = code[0] === 0xcc || (code[0] === 0xcd && code[1] === BREAKPOINT);
  if (vector === BREAKPOINT && !ownBreakpoint) {
    state.rip -= 1n;
    return { state, exception: undefined };
  }
  if (vector === BREAKPOINT && state.rip !== INSTRUCTION + BigInt(code.length)) throw new Error("int3 went elsewhere");
  const cr2 = vector === PAGE_FAULT ? head.getBigUint64(32, true) : 0n;
  return { state, exception: { vector, error: Number(head.getBigUint64(24, true)), cr2 } };
}

export function decodeResults(bytes: Uint8Array, cases: readonly RunnerCase[]): Outcome[] {
  if (bytes.length !== cases.length * RESULT_BYTES) throw new Error(`${cases.length} cases, ${bytes.length / RESULT_BYTES} results`);
  return cases.map((one, i) => decodeResult(bytes.subarray(i * RESULT_BYTES, (i + 1) * RESULT_BYTES), one));
}

/** Runs the cases with `command` (the runner itself, or a machine that runs it). */
export function runCases(cases: readonly RunnerCase[], command: readonly string[] = [runner]): Outcome[] {
  const [file = runner, ...args] = command;
  const out: Outcome[] = [];
  for (let from = 0; from < cases.length; from += 2000) {
    const part = cases.slice(from, from + 2000);
    const child = spawnSync(file, args, { input: encodeCases(part), maxBuffer: 2 ** 26, env: {} });
    if (child.error) throw child.error;
    if (child.status !== 0)
      throw new Error(`runner: ${child.status ?? child.signal} ${child.stderr.toString()}, after ${from + child.stdout.length / RESULT_BYTES} cases`);
    out.push(...decodeResults(new Uint8Array(child.stdout), part));
  }
  return out;
}
