/** Says how and where a signal killed the guest: lines for people. */
import { allFeatures, allInsns, Decoder, DecodeStatus, format, newDecoded } from "../cpu/index.ts";
import {
  type ExitStatus,
  type KernelListener,
  Reg,
  type SigInfo,
  signalCodeName,
  signalName,
  signalText,
  type Task,
  Vector,
} from "../linux/index.ts";
import type { AddressSpace } from "../memory/index.ts";
import { backtrace } from "./backtrace.ts";
import { Symbolizer } from "./symbolizer.ts";

/** Signals that mean a fault of the program itself. */
const REPORTED: ReadonlySet<string> = new Set(["SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGSEGV"]);
const LONGEST_INSTRUCTION = 15;

const hex = (value: number): string => `0x${value.toString(16)}`;

/** The instruction at `address` as objdump(1) prints it; why there is none otherwise. */
function instructionText(memory: AddressSpace, address: number, symbolizer: Symbolizer): string {
  const bytes = new Uint8Array(LONGEST_INSTRUCTION);
  const count = memory.peek(address, bytes);
  if (count === 0) return "nothing is mapped there";
  const decoder = new Decoder(allInsns, allFeatures);
  const decoded = newDecoded();
  const status = decoder.decode(bytes, 0, count, address, decoded);
  const own = bytes.subarray(0, status === DecodeStatus.truncated ? count : Math.min(decoded.length, count));
  const raw = Array.from(own, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  if (status === DecodeStatus.truncated) return `${raw} (the mapping ends inside the instruction)`;
  const known = status === DecodeStatus.ok || status === DecodeStatus.unimplemented;
  const text = known ? format(decoded, decoder.rows, { bytes: own, symbols: (at) => symbolizer.at(at)?.text }) : "(bad)";
  return `${text.trimEnd()}  (${raw})`;
}

const SYSCALL = [0x0f, 0x05];
/** The instructions that raise a trap, by its vector. */
const TRAPS: Readonly<Record<number, readonly (readonly number[])[]>> = {
  [Vector.BP]: [[0xcc], [0xcd, Vector.BP]],
  [Vector.OF]: [[0xcd, Vector.OF]],
};

/** Where the instruction is that the signal came from: a trap (`vector`: of the last exception) and a system call have left it behind. */
function culprit(memory: AddressSpace, rip: number, info: SigInfo | undefined, vector: number): number {
  const sent = info?.pid !== undefined && info.pid !== 0;
  for (const pattern of sent ? [SYSCALL] : info !== undefined && info.address === undefined ? (TRAPS[vector] ?? []) : []) {
    const bytes = new Uint8Array(pattern.length);
    if (memory.peek(rip - pattern.length, bytes) === pattern.length && pattern.every((byte, i) => bytes[i] === byte)) return rip - pattern.length;
  }
  return rip;
}

function cause(info: SigInfo | undefined, signal: number): string {
  if (info === undefined || info.signal !== signal) return "";
  const code = `, ${signalCodeName(signal, info.code)}`;
  if (info.address !== undefined) return `${code}, address ${hex(info.address)}`;
  return info.pid !== undefined && info.pid !== 0 ? `${code}, sent by process ${info.pid}` : code;
}

/** The lines for `task`, which `signal` killed; its registers and memory are as they were then. Never throws. */
export function crashReport(task: Task, signal: number, info?: SigInfo): string[] {
  const symbolizer = new Symbolizer(task.memory);
  const at = culprit(task.memory, task.registers.number(Reg.rip), info, task.trap.vector);
  const place = (address: number): string => {
    const text = symbolizer.at(address)?.text;
    return text === undefined ? hex(address) : `${hex(address)} <${text}>`;
  };
  const lines = [
    `${signalName(signal)} (${signalText(signal)})${cause(info, signal)}`,
    `  at ${place(at)}: ${instructionText(task.memory, at, symbolizer)}`,
  ];
  const [, ...callers] = backtrace(task, symbolizer);
  // The call itself, not the instruction behind it, which can be another function's first.
  for (const { address, certain } of callers) lines.push(`  ${certain ? "by" : " ?"} ${hex(address)}${named(symbolizer, address)}`);
  return lines;
}

function named(symbolizer: Symbolizer, returnAddress: number): string {
  const inside = symbolizer.at(returnAddress - 1);
  if (inside === undefined) return "";
  if (inside.start === undefined) return ` <${inside.text}>`;
  return ` <${inside.text.replace(/(\+0x[0-9a-f]+)?$/, "")}+${hex(returnAddress - inside.start)}>`;
}

/** Writes the report of every process that such a signal kills. */
export class CrashReporter implements KernelListener {
  readonly #write: (line: string) => void;
  #last: SigInfo | undefined;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  signal(_task: Task, info: SigInfo): void {
    this.#last = info;
  }

  exited(task: Task, status: ExitStatus): void {
    if (!REPORTED.has(signalName(status.signal))) return;
    for (const line of crashReport(task, status.signal, this.#last)) this.#write(line);
  }
}
