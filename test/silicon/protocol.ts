/** The binary protocol of test/silicon/runner.c, and a run of the committed runner on this machine's processor. */

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { DATA_BYTES, INSTRUCTION, type Outcome, physical, type State } from "./state.ts";

export const runner: string = fileURLToPath(new URL("runner", import.meta.url));

/** What the processor at hand must announce to be compared with, as Linux names it: lines and rows use all of it. */
const NEEDED = "sse4a avx2 fma f16c aes vaes pclmulqdq vpclmulqdq gfni sha_ni bmi2 adx movbe".split(" ");

function announced(): ReadonlySet<string> {
  try {
    return new Set(/^flags\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1]?.split(" "));
  } catch {
    return new Set();
  }
}

/** Whether this machine's processor can judge: x86-64 Linux, and every extension that the lines of test/insn have. */
export const hasSilicon: boolean = process.platform === "linux" && process.arch === "x64" && NEEDED.every((name) => announced().has(name));

/** Offsets in `struct state`. */
export const At = {
  gpr: 0,
  rip: 128,
  rflags: 136,
  fs: 144,
  gs: 152,
  fcw: 160,
  fsw: 162,
  ftw: 164,
  /** Last x87 opcode, and pointers to it and to its operand. */
  pointers: 166,
  mxcsr: 184,
  mxcsrMask: 188,
  /** Eight of 16 bytes: ST0 to ST7. */
  st: 192,
  xmm: 320,
  /** What an FXSAVE image leaves free. */
  unused: 576,
  ymm: 672,
  data: 928,
} as const;
const STATE_BYTES = At.data + DATA_BYTES;
/** `struct test_case`: length of the code, the code, the state. */
export const Case = { length: 0, code: 4, state: 24, bytes: 24 + STATE_BYTES } as const;
/** `struct test_result`: of the signal frame the exception's number, its error code and CR2, then the state. */
export const Result = { trap: 16, error: 24, cr2: 32, state: 40, bytes: 40 + STATE_BYTES } as const;

export const BREAKPOINT = 3;
export const PAGE_FAULT = 14;

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

/** Writes the state at `start`. */
function putState(out: Uint8Array, start: number, s: State): void {
  const view = new DataView(out.buffer, out.byteOffset + start, STATE_BYTES);
  s.gpr.forEach((value, i) => view.setBigUint64(At.gpr + i * 8, value, true));
  [s.rip, s.rflags, s.fs, s.gs].forEach((value, i) => view.setBigUint64(At.rip + i * 8, value, true));
  view.setUint16(At.fcw, s.fcw, true);
  view.setUint16(At.fsw, s.fsw, true);
  view.setUint8(At.ftw, s.ftw);
  view.setUint32(At.mxcsr, s.mxcsr, true);
  for (let i = 0; i < 8; i++) put128(view, At.st + i * 16, s.x87[physical(s.fsw, i)]!);
  for (let i = 0; i < 16; i++) {
    put128(view, At.xmm + i * 16, s.xmm[i]!);
    put128(view, At.ymm + i * 16, s.ymm[i]!);
  }
  out.set(s.data, start + At.data);
}

/** The state at `start`. */
function getState(bytes: Uint8Array, start: number): State {
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, STATE_BYTES);
  const fsw = view.getUint16(At.fsw, true);
  const x87: bigint[] = Array.from({ length: 8 }, () => 0n);
  for (let i = 0; i < 8; i++) x87[physical(fsw, i)] = get128(view, At.st + i * 16) & ((1n << 80n) - 1n);
  return {
    gpr: Array.from({ length: 16 }, (_, i) => view.getBigUint64(At.gpr + i * 8, true)),
    rip: view.getBigUint64(At.rip, true),
    rflags: view.getBigUint64(At.rflags, true),
    fs: view.getBigUint64(At.fs, true),
    gs: view.getBigUint64(At.gs, true),
    fcw: view.getUint16(At.fcw, true),
    fsw,
    ftw: view.getUint8(At.ftw),
    x87,
    mxcsr: view.getUint32(At.mxcsr, true),
    xmm: Array.from({ length: 16 }, (_, i) => get128(view, At.xmm + i * 16)),
    ymm: Array.from({ length: 16 }, (_, i) => get128(view, At.ymm + i * 16)),
    data: bytes.slice(start + At.data, start + At.data + DATA_BYTES),
  };
}

export function encodeCases(cases: readonly RunnerCase[]): Uint8Array {
  const out = new Uint8Array(cases.length * Case.bytes);
  cases.forEach(({ bytes, before }, index) => {
    const start = index * Case.bytes;
    new DataView(out.buffer).setUint32(start + Case.length, bytes.length, true);
    out.set(bytes, start + Case.code);
    putState(out, start + Case.state, before);
  });
  return out;
}

/** The case at `start`. */
export function decodeCase(input: Uint8Array, start: number): RunnerCase {
  const length = new DataView(input.buffer, input.byteOffset + start).getUint32(Case.length, true);
  return { bytes: input.slice(start + Case.code, start + Case.code + length), before: getState(input, start + Case.state) };
}

/** What became of the instruction `code`. The int3 that follows every instruction is its end, not an exception of its own. */
export function decodeResult(output: Uint8Array, start: number, code: Uint8Array): Outcome {
  const head = new DataView(output.buffer, output.byteOffset + start, Result.state);
  const state = getState(output, start + Result.state);
  const vector = Number(head.getBigUint64(Result.trap, true));
  const ownBreakpoint = code[0] === 0xcc || (code[0] === 0xcd && code[1] === BREAKPOINT);
  if (vector === BREAKPOINT && !ownBreakpoint) {
    state.rip -= 1n;
    return { state, exception: undefined };
  }
  if (vector === BREAKPOINT && state.rip !== INSTRUCTION + BigInt(code.length)) throw new Error("int3 went elsewhere");
  const cr2 = vector === PAGE_FAULT ? head.getBigUint64(Result.cr2, true) : 0n;
  return { state, exception: { vector, error: Number(head.getBigUint64(Result.error, true)), cr2 } };
}

/** Runs encoded cases with `command` (the runner itself, or a machine that runs it); the encoded results. */
export function runEncoded(input: Uint8Array, command: readonly string[] = [runner]): Uint8Array {
  const [file = runner, ...args] = command;
  const count = input.length / Case.bytes;
  const child = spawnSync(file, args, { input, maxBuffer: count * Result.bytes + 4096, env: {} });
  if (child.error) throw child.error;
  const done = child.stdout.length / Result.bytes;
  if (child.status !== 0) throw new Error(`runner: ${child.status ?? child.signal} ${child.stderr.toString()}, after ${done} cases`);
  if (done !== count) throw new Error(`${count} cases, ${done} results`);
  return child.stdout;
}

/** Runs the cases with `command` (the runner itself, or a machine that runs it). */
export function runCases(cases: readonly RunnerCase[], command: readonly string[] = [runner]): Outcome[] {
  const out: Outcome[] = [];
  for (let from = 0; from < cases.length; from += 2000) {
    const part = cases.slice(from, from + 2000);
    const results = runEncoded(encodeCases(part), command);
    part.forEach(({ bytes }, i) => out.push(decodeResult(results, i * Result.bytes, bytes)));
  }
  return out;
}
