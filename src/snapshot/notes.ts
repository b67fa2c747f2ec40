/** Notes of Linux's core files (linux/elfcore.h, fs/binfmt_elf.c), made from a machine. */

import { encodeLatin1 } from "../base/index.ts";
import { CpuState, readRflags, saveFxsave, saveXsave, XCR0, XSAVE_BYTES } from "../cpu/index.ts";
import type { Process, Task } from "../linux/index.ts";
import { USER_CS, USER_SS } from "../linux/index.ts";
import type { Machine } from "../machine/index.ts";
import { NT_AUXV, NT_FILE, NT_FPREGSET, NT_PRPSINFO, NT_PRSTATUS, NT_SIGINFO, NT_X86_XSTATE, PAGE } from "./format.ts";

const PRSTATUS_SIZE = 336;
const PRPSINFO_SIZE = 136;
const SIGINFO_SIZE = 128;
const FXSAVE_SIZE = 512;
/** Where Linux puts XCR0 into the reserved bytes of the legacy region. */
const XCR0_AT = 464;
const XSTATE_BV_AT = 512;
/** x87 and SSE state are shown whatever they hold, MXCSR with them. */
const ALWAYS_THERE = 3;
const NS_PER_US = 1000;
const US_PER_SECOND = 1_000_000;

/** One note, padded to 4 bytes as its header demands. */
export function note(owner: string, type: number, content: Uint8Array): Uint8Array {
  const name = encodeLatin1(`${owner}\0`);
  const nameSize = Math.ceil(name.length / 4) * 4;
  const bytes = new Uint8Array(12 + nameSize + Math.ceil(content.length / 4) * 4);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, name.length, true);
  view.setUint32(4, content.length, true);
  view.setUint32(8, type, true);
  bytes.set(name, 12);
  bytes.set(content, 12 + nameSize);
  return bytes;
}

/** Registers in struct user_regs_struct's order: offsets in the CPU state. */
const REGISTERS = [15, 14, 13, 12, 5, 3, 11, 10, 9, 8, 0, 1, 2, 6, 7];

function setTime(view: DataView, at: number, ns: number): void {
  const us = Math.floor(ns / NS_PER_US);
  view.setBigUint64(at, BigInt(Math.floor(us / US_PER_SECOND)), true);
  view.setBigUint64(at + 8, BigInt(us % US_PER_SECOND), true);
}

function prstatus(task: Task, state: DataView): Uint8Array {
  const bytes = new Uint8Array(PRSTATUS_SIZE);
  const view = new DataView(bytes.buffer);
  const { process } = task;
  const signal = process.exit?.signal ?? 0;
  view.setInt32(0, signal, true);
  view.setUint16(12, signal, true);
  view.setUint32(16, (task.pending.set.low | process.pending.set.low) >>> 0, true);
  view.setUint32(20, (task.pending.set.high | process.pending.set.high) >>> 0, true);
  view.setUint32(24, task.mask.low >>> 0, true);
  view.setUint32(28, task.mask.high >>> 0, true);
  [task.tid, process.parentPid, process.group, process.session].forEach((id, i) => view.setInt32(32 + 4 * i, id, true));
  setTime(view, 48, task.cpuTime);
  setTime(view, 80, process.childrenTime);
  const regs = 112;
  const copy = (index: number, at: number): void => view.setBigUint64(regs + 8 * index, state.getBigUint64(at, true), true);
  REGISTERS.forEach((register, i) => copy(i, CpuState.GPR + 8 * register));
  view.setBigInt64(regs + 8 * 15, BigInt(task.call.number), true);
  copy(16, CpuState.RIP);
  view.setBigUint64(regs + 8 * 17, BigInt(USER_CS), true);
  view.setBigUint64(regs + 8 * 18, BigInt(readRflags(state)), true);
  copy(19, CpuState.GPR + 8 * 4);
  view.setBigUint64(regs + 8 * 20, BigInt(USER_SS), true);
  copy(21, CpuState.FS_BASE);
  copy(22, CpuState.GS_BASE);
  view.setUint32(328, 1, true);
  return bytes;
}

/** As ps(1) shows it: arguments with spaces between them. */
function commandLine(process: Process, machine: Machine): Uint8Array {
  const [start, end] = process.argv;
  const bytes = new Uint8Array(Math.min(80, Math.max(0, end - start)));
  const got = bytes.subarray(0, machine.space.peek(start, bytes));
  const line = got.map((byte) => (byte === 0 ? 0x20 : byte));
  return line.at(-1) === 0x20 ? line.subarray(0, -1) : line;
}

const STATES: Readonly<Record<Task["state"], number>> = { running: 0, blocked: 1, stopped: 3, exited: 4 };

function prpsinfo(task: Task, machine: Machine): Uint8Array {
  const bytes = new Uint8Array(PRPSINFO_SIZE);
  const view = new DataView(bytes.buffer);
  const { process, credentials } = task;
  const state = STATES[task.state];
  bytes.set([state, "RSDTZ".charCodeAt(state), state === 4 ? 1 : 0, process.nice & 0xff]);
  view.setBigUint64(8, 0x40_0000n, true);
  view.setUint32(16, credentials.uid, true);
  view.setUint32(20, credentials.gid, true);
  [process.pid, process.parentPid, process.group, process.session].forEach((id, i) => view.setInt32(24 + 4 * i, id, true));
  bytes.set(encodeLatin1(task.comm).subarray(0, 15), 40);
  bytes.set(commandLine(process, machine).subarray(0, 79), 56);
  return bytes;
}

function siginfo(process: Process): Uint8Array {
  const bytes = new Uint8Array(SIGINFO_SIZE);
  new DataView(bytes.buffer).setInt32(0, process.exit?.signal ?? 0, true);
  return bytes;
}

/** Mapped files: count, page size, (start, end, page of the file) of each area, then names. */
function files(machine: Machine): Uint8Array {
  const { space } = machine;
  const mapped = [...space.areas()].filter(({ backing }) => backing !== undefined);
  const names = encodeLatin1(mapped.map((area) => `${space.areaName(area)}\0`).join(""));
  const bytes = new Uint8Array(16 + 24 * mapped.length + names.length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(mapped.length), true);
  view.setBigUint64(8, BigInt(PAGE), true);
  mapped.forEach(({ start, end, offset }, i) => {
    view.setBigUint64(16 + 24 * i, BigInt(start), true);
    view.setBigUint64(24 + 24 * i, BigInt(end), true);
    view.setBigUint64(32 + 24 * i, BigInt(Math.floor(offset / PAGE)), true);
  });
  bytes.set(names, 16 + 24 * mapped.length);
  return bytes;
}

function fpregset(state: DataView): Uint8Array {
  const bytes = new Uint8Array(FXSAVE_SIZE);
  saveFxsave(state, bytes);
  return bytes;
}

/** The XSAVE area: what gdb reads for XCR0 = 7 on every CPU. */
function xstate(state: DataView): Uint8Array {
  const bytes = new Uint8Array(XSAVE_BYTES);
  const view = new DataView(bytes.buffer);
  saveXsave(state, view, XCR0, "all");
  view.setUint32(XCR0_AT, XCR0, true);
  view.setUint32(XSTATE_BV_AT, view.getUint32(XSTATE_BV_AT, true) | ALWAYS_THERE, true);
  return bytes;
}

/** The notes of the first process, in the order of Linux's cores. */
export function coreNotes(machine: Machine): Uint8Array[] {
  const process = [...machine.kernel.processes.values()][0];
  const task = process?.tasks[0];
  if (process === undefined || task === undefined) throw new Error("a machine without a process has no image");
  const state = machine.space.view;
  return [
    note("CORE", NT_PRSTATUS, prstatus(task, state)),
    note("CORE", NT_PRPSINFO, prpsinfo(task, machine)),
    note("CORE", NT_SIGINFO, siginfo(process)),
    note("CORE", NT_AUXV, process.auxv),
    note("CORE", NT_FILE, files(machine)),
    note("CORE", NT_FPREGSET, fpregset(state)),
    note("LINUX", NT_X86_XSTATE, xstate(state)),
  ];
}
