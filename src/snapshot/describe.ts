/** What is in an image, as plain data: for `tsvm inspect` and its like. */

import { CpuState, readRflags } from "../cpu/index.ts";
import type { Machine } from "../machine/index.ts";
import { kindOf } from "../machine/index.ts";
import { AreaFlag, PAGE_SIZE, PROT_EXEC, PROT_READ, PROT_WRITE } from "../memory/index.ts";
import { detachedMachine } from "./detached.ts";
import { PAGE } from "./format.ts";
import type { ImageHeader } from "./format.ts";
import type { OpenImage } from "./restore.ts";

const GENERAL = ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"] as const;

export interface AreaDescription {
  readonly start: number;
  readonly end: number;
  /** As in /proc/PID/maps: "rw-p". */
  readonly permissions: string;
  readonly offset: number;
  readonly name: string;
  /** Bytes that lie in the image for it alone, or in a file's content. */
  readonly held: number;
}

export interface DescriptorDescription {
  readonly fd: number;
  readonly kind: string;
  readonly name: string;
  /** F_GETFL's answer. */
  readonly flags: number;
  readonly closeOnExec: boolean;
  readonly offset: number;
}

export interface ImageDescription {
  readonly header: ImageHeader;
  readonly bytes: number;
  /** Instructions completed, and the guest's clock in nanoseconds since its start. */
  readonly instructions: number;
  readonly clock: number;
  readonly features: readonly string[];
  readonly process: {
    readonly pid: number;
    readonly program: string;
    readonly arguments: readonly string[];
    readonly cwd: string;
    readonly umask: number;
    readonly state: string;
    readonly uid: number;
    readonly gid: number;
    /** Absent while it lives. */
    readonly exit?: { readonly code: number; readonly signal: number };
  };
  /** Values in hexadecimal: 64 bits each. */
  readonly registers: Readonly<Record<string, string>>;
  /** Vector registers that are not zero: 256 bits, the most significant digit first. */
  readonly vectors: Readonly<Record<string, string>>;
  readonly areas: readonly AreaDescription[];
  readonly descriptors: readonly DescriptorDescription[];
  readonly mounts: readonly { readonly guest: string; readonly readOnly: boolean }[];
  /** Files of which the image has the content, and how many bytes of pages these are. */
  readonly files: { readonly count: number; readonly bytes: number };
}

function registerValues(machine: Machine): Record<string, string> {
  const state = machine.space.view;
  const hex = (at: number): string => state.getBigUint64(at, true).toString(16).padStart(16, "0");
  const values: Record<string, string> = {};
  GENERAL.forEach((name, i) => (values[name] = hex(CpuState.GPR + 8 * i)));
  values["rip"] = hex(CpuState.RIP);
  values["rflags"] = readRflags(state).toString(16).padStart(16, "0");
  values["fs_base"] = hex(CpuState.FS_BASE);
  values["gs_base"] = hex(CpuState.GS_BASE);
  values["mxcsr"] = state.getUint32(CpuState.MXCSR, true).toString(16).padStart(16, "0");
  return values;
}

/** Vector registers, 256 bits. */
function vectorValues(machine: Machine): Record<string, string> {
  const state = machine.space.view;
  const hex = (at: number): string => state.getBigUint64(at, true).toString(16).padStart(16, "0");
  const values: Record<string, string> = {};
  for (let i = 0; i < 16; i++) {
    const at = CpuState.VECTORS + CpuState.VECTOR_STRIDE * i;
    values[`ymm${i}`] = hex(at + 24) + hex(at + 16) + hex(at + 8) + hex(at);
  }
  return values;
}

/** Vector and x87 registers, as hexadecimal numbers. */
function floatValues(machine: Machine): Record<string, string> {
  const state = machine.space.view;
  const values = vectorValues(machine);
  for (let i = 0; i < 8; i++) {
    const at = CpuState.X87_REGISTERS + 16 * i;
    const high = state
      .getUint16(at + 8, true)
      .toString(16)
      .padStart(4, "0");
    values[`r${i}(x87)`] = high + state.getBigUint64(at, true).toString(16).padStart(16, "0");
  }
  return values;
}

function permissions(prot: number, flags: number): string {
  const letter = (bit: number, text: string): string => ((prot & bit) === 0 ? "-" : text);
  return letter(PROT_READ, "r") + letter(PROT_WRITE, "w") + letter(PROT_EXEC, "x") + ((flags & AreaFlag.shared) === 0 ? "p" : "s");
}

function describeAreas(machine: Machine, image: OpenImage): AreaDescription[] {
  const { space } = machine;
  const segments = image.core.memory;
  let next = 0;
  return [...space.areas()].map((area) => {
    let held = 0;
    for (let segment = segments[next]; segment !== undefined && segment.address < area.end; segment = segments[++next]) held += segment.fileSize;
    return {
      start: area.start,
      end: area.end,
      permissions: permissions(area.prot, area.flags),
      offset: area.backing === undefined ? 0 : area.offset,
      name: space.areaName(area),
      held,
    };
  });
}

function argumentsOf(machine: Machine, [start, end]: readonly [number, number]): string[] {
  const bytes = new Uint8Array(Math.min(2 ** 21, Math.max(0, end - start)));
  const count = machine.space.peek(start, bytes);
  let text = "";
  for (const byte of bytes.subarray(0, count)) text += String.fromCharCode(byte);
  return text === "" ? [] : text.replace(/\0$/u, "").split("\0");
}

export function describeDescriptors(machine: Machine): DescriptorDescription[] {
  const [process] = machine.kernel.processes.values();
  const task = process?.tasks[0];
  if (task === undefined) return [];
  const { vfs } = machine.kernel;
  return task.files.entries().map(([fd, { file, closeOnExec }]) => ({
    fd,
    kind: kindOf(file),
    name: vfs.pathOf(file.dentry, task.fs),
    flags: file.flags,
    closeOnExec,
    offset: file.offset,
  }));
}

/** Throws ImageError. */
export function describeImage(image: OpenImage, machine: Machine = detachedMachine(image)): ImageDescription {
  const [process] = machine.kernel.processes.values();
  const task = process?.tasks[0];
  if (process === undefined || task === undefined) throw new Error("no process");
  return {
    header: image.core.header,
    bytes: image.core.source.size,
    instructions: machine.instructions,
    clock: machine.kernel.clock.now,
    features: image.machine.fields.features,
    process: {
      pid: process.pid,
      program: process.path,
      arguments: argumentsOf(machine, process.argv),
      cwd: machine.kernel.vfs.pathOf(task.fs.cwd, task.fs),
      umask: task.fs.umask,
      state: task.state,
      uid: task.credentials.uid,
      gid: task.credentials.gid,
      ...(process.exit === undefined ? {} : { exit: { code: process.exit.code, signal: process.exit.signal } }),
    },
    registers: registerValues(machine),
    vectors: Object.fromEntries(Object.entries(vectorValues(machine)).filter(([, value]) => /[^0]/.test(value))),
    areas: describeAreas(machine, image),
    descriptors: describeDescriptors(machine),
    mounts: image.machine.mounts.map(({ guest, readOnly }) => ({ guest, readOnly })),
    files: {
      count: image.files.length,
      bytes: image.files.reduce((sum, [, runs]) => sum + runs.reduce((pages, [, count]) => pages + count, 0) * PAGE, 0),
    },
  };
}

/** A stretch of memory that differs: bytes [start, end), all in one area of the first machine. */
export interface MemoryDifference {
  readonly start: number;
  readonly end: number;
  /** Bytes of it that differ. */
  readonly count: number;
}

export interface ImageDifference {
  readonly instructions: readonly [number, number];
  /** Name, value before, value after. */
  readonly registers: readonly (readonly [string, string, string])[];
  readonly memory: readonly MemoryDifference[];
  /** Areas that only one has, as text of start, end and permissions. */
  readonly removed: readonly string[];
  readonly added: readonly string[];
  readonly descriptors: readonly (readonly [fd: number, DescriptorDescription | undefined, DescriptorDescription | undefined])[];
}

/** Differing bytes nearer than this are one stretch. */
const GAP = 64;

function compareRegisters(a: Machine, b: Machine): [string, string, string][] {
  const left = { ...registerValues(a), ...floatValues(a) };
  const right: Record<string, string> = { ...registerValues(b), ...floatValues(b) };
  return Object.entries(left).flatMap(([name, value]): [string, string, string][] =>
    right[name] === value ? [] : [[name, value, right[name] ?? ""]],
  );
}

/** Pages that can differ: those that either holds, private or of a shared file. */
function pagesOf(image: OpenImage, into: Set<number>): void {
  for (const { address, fileSize } of image.core.memory) {
    for (let vpn = address / PAGE_SIZE; vpn < (address + fileSize) / PAGE_SIZE; vpn++) into.add(vpn);
  }
}

function compareMemory(a: Machine, b: Machine, images: readonly OpenImage[]): MemoryDifference[] {
  const vpns = new Set<number>();
  for (const image of images) pagesOf(image, vpns);
  const left = new Uint8Array(PAGE_SIZE);
  const right = new Uint8Array(PAGE_SIZE);
  const found: { start: number; end: number; count: number }[] = [];
  for (const vpn of [...vpns].sort((x, y) => x - y)) {
    const at = vpn * PAGE_SIZE;
    if (a.space.peek(at, left) !== PAGE_SIZE || b.space.peek(at, right) !== PAGE_SIZE) continue;
    for (let i = 0; i < PAGE_SIZE; i++) {
      if (left[i] === right[i]) continue;
      const last = found.at(-1);
      if (last !== undefined && at + i - last.end < GAP && a.space.areaAt(last.start) === a.space.areaAt(at)) {
        last.end = at + i + 1;
        last.count++;
      } else found.push({ start: at + i, end: at + i + 1, count: 1 });
    }
  }
  return found;
}

function areaTexts(machine: Machine): string[] {
  return [...machine.space.areas()].map((area) =>
    `${area.start.toString(16)}-${area.end.toString(16)} ${permissions(area.prot, area.flags)} ${machine.space.areaName(area)}`.trimEnd(),
  );
}

/** What is different in two images; machines of them are made where none are given. Throws ImageError. */
export function compareImages(
  first: OpenImage,
  second: OpenImage,
  a: Machine = detachedMachine(first),
  b: Machine = detachedMachine(second),
): ImageDifference {
  const before = areaTexts(a);
  const after = areaTexts(b);
  const left = new Map(describeDescriptors(a).map((one) => [one.fd, one]));
  const right = new Map(describeDescriptors(b).map((one) => [one.fd, one]));
  const fds = [...new Set([...left.keys(), ...right.keys()])].sort((x, y) => x - y);
  return {
    instructions: [a.instructions, b.instructions],
    registers: compareRegisters(a, b),
    memory: compareMemory(a, b, [first, second]),
    removed: before.filter((text) => !after.includes(text)),
    added: after.filter((text) => !before.includes(text)),
    descriptors: fds.map((fd) => [fd, left.get(fd), right.get(fd)] as const).filter(([, x, y]) => JSON.stringify(x) !== JSON.stringify(y)),
  };
}
