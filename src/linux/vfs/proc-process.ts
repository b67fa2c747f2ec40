/** Texts of /proc/PID and /proc/PID/task/TID, proc(5). */

import type { Area } from "../../memory/index.ts";
import { PROT_EXEC, PROT_READ, PROT_WRITE } from "../../memory/index.ts";
import { O_CLOEXEC } from "../abi/fcntl.ts";
import type { Subject } from "./synth.ts";
import { processOf, threadOf } from "./synth.ts";
import type { ProcProcess } from "./types.ts";

const KB = 1024;
const PAGE = 4096;
/** Clock ticks of sysconf(_SC_CLK_TCK). */
const NS_PER_TICK = 10_000_000;
/** seq_pad of show_map_vma: the name starts at this column. */
const MAPS_NAME_COLUMN = 73;
const UNLIMITED_STACK = 0xffff_ffff_ffff_ffffn;

const hex = (value: number, width: number): string => value.toString(16).padStart(width, "0");

/** Characters that octal escapes stand for in maps and mounts: space, tab, newline, backslash, and # where asked. */
export function escapeName(name: string, characters: string): string {
  let text = "";
  for (let i = 0; i < name.length; i++) {
    const c = name.charAt(i);
    text += characters.includes(c) ? "\\" + name.charCodeAt(i).toString(8).padStart(3, "0") : c;
  }
  return text;
}

function mapsLine(process: ProcProcess, area: Area): string {
  const { prot } = area;
  const permissions =
    ((prot & PROT_READ) !== 0 ? "r" : "-") +
    ((prot & PROT_WRITE) !== 0 ? "w" : "-") +
    ((prot & PROT_EXEC) !== 0 ? "x" : "-") +
    (area.shared ? "s" : "p");
  const identity = area.backing?.identity;
  const offset = area.backing === undefined ? 0 : area.offset;
  const place = `${hex(identity?.major ?? 0, 2)}:${hex(identity?.minor ?? 0, 2)} ${identity?.inode ?? 0}`;
  const line = `${hex(area.start, 8)}-${hex(area.end, 8)} ${permissions} ${hex(offset, 8)} ${place} `;
  const name = escapeName(process.memory.areaName(area), "\n");
  return (name === "" ? line : line.padEnd(MAPS_NAME_COLUMN) + name) + "\n";
}

export function maps(subject: Subject): string {
  const process = processOf(subject);
  let text = "";
  for (const area of process.memory.areas()) text += mapsLine(process, area);
  return text;
}

/** Bytes by kind. What is resident is told from areas alone: all of an area that may be accessed and is reserved. */
interface Usage {
  readonly total: number;
  readonly resident: number;
  readonly anonymous: number;
  readonly file: number;
  readonly shared: number;
  readonly data: number;
  readonly stack: number;
  readonly text: number;
}

export function residentBytes(area: Area): number {
  return area.prot === 0 || area.noReserve ? 0 : area.end - area.start;
}

function usage(process: ProcProcess): Usage {
  let total = 0;
  let anonymous = 0;
  let file = 0;
  let shared = 0;
  let data = 0;
  let stack = 0;
  let text = 0;
  for (const area of process.memory.areas()) {
    const size = area.end - area.start;
    const resident = residentBytes(area);
    total += size;
    if (area.shared && area.backing === undefined) shared += resident;
    else if (area.backing === undefined) anonymous += resident;
    else file += resident;
    if (process.memory.areaName(area) === "[stack]") stack += size;
    else if ((area.prot & PROT_WRITE) !== 0 && !area.shared) data += size;
    else if ((area.prot & PROT_EXEC) !== 0 && area.backing !== undefined) text += size;
  }
  return { total, resident: anonymous + file + shared, anonymous, file, shared, data, stack, text };
}

export function smaps(subject: Subject): string {
  const process = processOf(subject);
  let text = "";
  for (const area of process.memory.areas()) {
    const size = (area.end - area.start) / KB;
    const resident = residentBytes(area) / KB;
    const anonymous = area.backing === undefined ? resident : 0;
    const rows: readonly (readonly [name: string, kb: number])[] = [
      ["Size", size],
      ["KernelPageSize", 4],
      ["MMUPageSize", 4],
      ["Rss", resident],
      ["Pss", resident],
      ["Pss_Dirty", anonymous],
      ["Shared_Clean", 0],
      ["Shared_Dirty", 0],
      ["Private_Clean", resident - anonymous],
      ["Private_Dirty", anonymous],
      ["Referenced", resident],
      ["Anonymous", anonymous],
      ["KSM", 0],
      ["LazyFree", 0],
      ["AnonHugePages", 0],
      ["ShmemPmdMapped", 0],
      ["FilePmdMapped", 0],
      ["Shared_Hugetlb", 0],
      ["Private_Hugetlb", 0],
      ["Swap", 0],
      ["SwapPss", 0],
      ["Locked", 0],
    ];
    text += mapsLine(process, area);
    for (const [name, kb] of rows) text += `${name}:`.padEnd(16) + `${kb}`.padStart(8) + " kB\n";
    text += "THPeligible:           0\n" + `VmFlags: ${vmFlags(area)}\n`;
  }
  return text;
}

function vmFlags(area: Area): string {
  const flags = [
    (area.prot & PROT_READ) !== 0 ? "rd " : "",
    (area.prot & PROT_WRITE) !== 0 ? "wr " : "",
    (area.prot & PROT_EXEC) !== 0 ? "ex " : "",
    area.shared ? "sh " : "",
    "mr mw me ",
    area.shared ? "ms " : "",
    area.growsDown ? "gd " : "",
    area.noReserve ? "nr " : "",
  ];
  return flags.join("");
}

export function statm(subject: Subject): string {
  const { total, resident, file, shared, text, data, stack } = usage(processOf(subject));
  const pages = [total, resident, file + shared, text, 0, data + stack, 0].map((bytes) => Math.floor(bytes / PAGE));
  return pages.join(" ") + "\n";
}

/** Size of the executable's own areas, for startcode and endcode of stat. */
function codeRange(process: ProcProcess): readonly [start: number, end: number] {
  for (const area of process.memory.areas()) {
    if ((area.prot & PROT_EXEC) !== 0 && area.backing !== undefined) return [area.start, area.end];
  }
  return [0, 0];
}

/** Signal sets 1 to 31 as one number, as the old fields of stat have them. */
const low = (set: bigint): number => Number(set & 0x7fff_ffffn);

/** Fields that are not kept. */
const zeros = (count: number): string => Array.from({ length: count }, () => "0").join(" ");

export function stat(subject: Subject): string {
  const process = processOf(subject);
  const thread = threadOf(subject);
  const { signals } = process;
  const { total, resident } = usage(process);
  const [startCode, endCode] = codeRange(process);
  const stackLimit = process.limits()[3]?.[0] ?? Infinity;
  const [stackArea] = [...process.memory.areas()].filter((area) => process.memory.areaName(area) === "[stack]");
  const terminal = subject.fs.tree.terminal;
  const tty = terminal === null ? 0 : terminal.input.info.stat.rdev;
  const fields: readonly (number | bigint | string)[] = [
    thread.tid,
    `(${thread.comm})`,
    thread.state,
    process.ppid,
    process.pgrp,
    process.session,
    tty,
    terminal === null ? -1 : terminal.foreground,
    0x40_0000,
    zeros(4),
    Math.floor(process.userTime / NS_PER_TICK),
    Math.floor(process.systemTime / NS_PER_TICK),
    zeros(2),
    20 + process.nice,
    process.nice,
    process.threads().length,
    0,
    Math.floor(process.startTime / NS_PER_TICK),
    total,
    Math.floor(resident / PAGE),
    stackLimit === Infinity ? UNLIMITED_STACK : stackLimit,
    startCode,
    endCode,
    stackArea?.end ?? 0,
    zeros(2),
    low(signals.pendingThread),
    low(signals.blocked),
    low(signals.ignored),
    low(signals.caught),
    zeros(3),
    17,
    zeros(14),
  ];
  return fields.join(" ") + "\n";
}

const STATES: Readonly<Record<string, string>> = {
  R: "running",
  S: "sleeping",
  D: "disk sleep",
  T: "stopped",
  t: "tracing stop",
  Z: "zombie",
};

const set64 = (set: bigint): string => set.toString(16).padStart(16, "0");
/** All capabilities of Linux 6.1 (CAP_LAST_CAP 40). */
const ALL_CAPABILITIES = 0x1ff_ffff_ffffn;

/** Slots of the kernel's descriptor table: a power of two from 64 on, as FDSize tells. */
function tableSize(needed: number): number {
  let size = 64;
  while (size < needed) size *= 2;
  return size;
}

export function status(subject: Subject): string {
  const process = processOf(subject);
  const thread = threadOf(subject);
  const { credentials, signals } = process;
  const { total, resident, anonymous, file, shared, data, stack, text } = usage(process);
  const kb = (bytes: number): string => `${Math.floor(bytes / KB)}`.padStart(8) + " kB";
  const effective = credentials.uids[1] === 0 ? ALL_CAPABILITIES : 0n;
  const descriptors = process.files.entries();
  const highest = descriptors[descriptors.length - 1]?.[0] ?? 0;
  const rows: readonly (readonly [name: string, value: string | number])[] = [
    ["Name", escapeName(thread.comm, "\n\\")],
    ["Umask", "0" + process.fs.umask.toString(8).padStart(3, "0")],
    ["State", `${thread.state} (${STATES[thread.state] ?? "running"})`],
    ["Tgid", process.pid],
    ["Ngid", 0],
    ["Pid", thread.tid],
    ["PPid", process.ppid],
    ["TracerPid", 0],
    ["Uid", credentials.uids.join("\t")],
    ["Gid", credentials.gids.join("\t")],
    ["FDSize", tableSize(highest + 1)],
    ["Groups", credentials.groups.map((group) => `${group} `).join("") || " "],
    ["NStgid", process.pid],
    ["NSpid", thread.tid],
    ["NSpgid", process.pgrp],
    ["NSsid", process.session],
    ["Kthread", 0],
    ["VmPeak", kb(total)],
    ["VmSize", kb(total)],
    ["VmLck", kb(0)],
    ["VmPin", kb(0)],
    ["VmHWM", kb(resident)],
    ["VmRSS", kb(resident)],
    ["RssAnon", kb(anonymous)],
    ["RssFile", kb(file)],
    ["RssShmem", kb(shared)],
    ["VmData", kb(data)],
    ["VmStk", kb(stack)],
    ["VmExe", kb(text)],
    ["VmLib", kb(0)],
    ["VmPTE", kb(Math.ceil(resident / 2 ** 21) * PAGE)],
    ["VmSwap", kb(0)],
    ["HugetlbPages", kb(0)],
    ["CoreDumping", 0],
    ["THP_enabled", 0],
    ["untag_mask", "0xffffffffffffffff"],
    ["Threads", process.threads().length],
    ["SigQ", `0/${process.limits()[11]?.[0] ?? 0}`],
    ["SigPnd", set64(signals.pendingThread)],
    ["ShdPnd", set64(signals.pendingProcess)],
    ["SigBlk", set64(signals.blocked)],
    ["SigIgn", set64(signals.ignored)],
    ["SigCgt", set64(signals.caught)],
    ["CapInh", set64(0n)],
    ["CapPrm", set64(effective)],
    ["CapEff", set64(effective)],
    ["CapBnd", set64(ALL_CAPABILITIES)],
    ["CapAmb", set64(0n)],
    ["NoNewPrivs", Number(process.noNewPrivs)],
    ["Seccomp", 0],
    ["Seccomp_filters", 0],
    ["Cpus_allowed", 1],
    ["Cpus_allowed_list", 0],
    ["Mems_allowed", 1],
    ["Mems_allowed_list", 0],
    ["voluntary_ctxt_switches", 0],
    ["nonvoluntary_ctxt_switches", 0],
  ];
  return rows.map(([name, value]) => `${name}:\t${value}\n`).join("");
}

/** Rows of /proc/PID/limits in RLIMIT_* order of their listing. */
const LIMITS: readonly (readonly [resource: number, name: string, unit: string])[] = [
  [0, "Max cpu time", "seconds"],
  [1, "Max file size", "bytes"],
  [2, "Max data size", "bytes"],
  [3, "Max stack size", "bytes"],
  [4, "Max core file size", "bytes"],
  [5, "Max resident set", "bytes"],
  [6, "Max processes", "processes"],
  [7, "Max open files", "files"],
  [8, "Max locked memory", "bytes"],
  [9, "Max address space", "bytes"],
  [10, "Max file locks", "locks"],
  [11, "Max pending signals", "signals"],
  [12, "Max msgqueue size", "bytes"],
  [13, "Max nice priority", ""],
  [14, "Max realtime priority", ""],
  [15, "Max realtime timeout", "us"],
];

export function limits(subject: Subject): string {
  const values = processOf(subject).limits();
  const show = (value: number | undefined): string => (value === undefined || value === Infinity ? "unlimited" : `${value}`).padEnd(20);
  const rows = LIMITS.map(([resource, name, unit]) => {
    const pair = values[resource];
    return `${name.padEnd(25)} ${show(pair?.[0])} ${show(pair?.[1])} ${unit.padEnd(10)}\n`;
  });
  return "Limit                     Soft Limit           Hard Limit           Units     \n" + rows.join("");
}

export function fdinfo(subject: Subject): string {
  const slot = processOf(subject).files.find(subject.fd);
  if (slot === undefined) return "";
  const { file } = slot;
  const flags = file.flags | (slot.closeOnExec ? O_CLOEXEC : 0);
  const { fs, ino } = file.inode;
  return `pos:\t${file.offset}\nflags:\t0${flags.toString(8)}\nmnt_id:\t${fs.mountId}\nino:\t${ino}\n`;
}

export function commText(subject: Subject): string {
  return threadOf(subject).comm + "\n";
}

export function setComm(subject: Subject, text: string): void {
  threadOf(subject).comm = text.slice(0, 15);
}

export function cmdline(subject: Subject): Uint8Array {
  return processOf(subject).cmdline();
}
