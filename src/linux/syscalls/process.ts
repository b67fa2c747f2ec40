/** Processes and threads: exit(2), getpid(2), credentials, limits, prctl(2), scheduling, uname(2) and what else a task asks about itself. */
import { decodeLatin1, encodeLatin1 } from "../../base/index.ts";
import { errno } from "../abi/errno.ts";
import { AT_EMPTY_PATH, AT_FDCWD, AT_SYMLINK_NOFOLLOW } from "../abi/fcntl.ts";
import { execve } from "../exec.ts";
import {
  PRIO_PGRP,
  PRIO_PROCESS,
  PRIO_USER,
  rlimit,
  RLIMIT_NOFILE,
  RLIMIT_STACK,
  RLIMITS,
  rusage,
  RUSAGE_CHILDREN,
  RUSAGE_SELF,
  RUSAGE_THREAD,
} from "../abi/resource.ts";
import { struct, type Struct } from "../abi/struct.ts";
import { NS_PER_SECOND } from "../abi/time.ts";
import type { Process, Task, TaskCredentials } from "../task.ts";
import {
  address,
  dirFd,
  flags,
  inPlace,
  inStructOrNull,
  int,
  oneOf,
  outAddress,
  outBytes,
  outPlace,
  outStruct,
  path,
  pid,
  size,
  uint,
} from "./args.ts";
import { KEEP_REGISTERS, syscall, type Arg, type Syscall } from "./syscall.ts";
import { hex, quote, STRING_LIMIT } from "./text.ts";

const classes = { classes: ["process"] };

function done(_nothing: void): number {
  return 0;
}

// ---- credentials

const id: Arg<number> = { ...uint, show: (low) => (low === -1 ? "-1" : String(low >>> 0)) };
const UNCHANGED = 0xffff_ffff;

type Triple = readonly ["uid" | "gid", "euid" | "egid", "suid" | "sgid", "fsuid" | "fsgid"];
const USER: Triple = ["uid", "euid", "suid", "fsuid"];
const GROUP: Triple = ["gid", "egid", "sgid", "fsgid"];

/** setresuid(2): -1 leaves an id; others than root may only take what they already are. */
function setAll(task: Task, kind: Triple, real: number, effective: number, saved: number): number {
  const { credentials } = task;
  const [r, e, s, f] = kind;
  const own = [credentials[r], credentials[e], credentials[s]];
  for (const value of [real, effective, saved]) if (value !== UNCHANGED && credentials.euid !== 0 && !own.includes(value)) throw errno.EPERM;
  if (real !== UNCHANGED) credentials[r] = real;
  if (effective !== UNCHANGED) credentials[e] = effective;
  if (saved !== UNCHANGED) credentials[s] = saved;
  credentials[f] = credentials[e];
  return 0;
}

/** setuid(2), setgid(2). */
function setOne(task: Task, kind: Triple, value: number): number {
  const { credentials } = task;
  const [r, e, s] = kind;
  if (value === UNCHANGED) throw errno.EINVAL;
  if (credentials.euid === 0) return setAll(task, kind, value, value, value);
  if (value !== credentials[r] && value !== credentials[s]) throw errno.EPERM;
  credentials[e] = value;
  return setAll(task, kind, UNCHANGED, UNCHANGED, UNCHANGED);
}

/** setreuid(2), setregid(2): the saved id follows when the real one is set or the effective one becomes another than it. */
function setPair(task: Task, kind: Triple, real: number, effective: number): number {
  const { credentials } = task;
  const [r, e, s] = kind;
  const privileged = credentials.euid === 0;
  if (real !== UNCHANGED && !privileged && real !== credentials[r] && real !== credentials[e]) throw errno.EPERM;
  if (effective !== UNCHANGED && !privileged && ![credentials[r], credentials[e], credentials[s]].includes(effective)) throw errno.EPERM;
  const oldReal = credentials[r];
  if (real !== UNCHANGED) credentials[r] = real;
  if (effective !== UNCHANGED) credentials[e] = effective;
  if (real !== UNCHANGED || (effective !== UNCHANGED && effective !== oldReal)) credentials[s] = credentials[e];
  credentials[kind[3]] = credentials[e];
  return 0;
}

function setFs(credentials: TaskCredentials, kind: Triple, value: number): number {
  const old = credentials[kind[3]];
  const own = [credentials[kind[0]], credentials[kind[1]], credentials[kind[2]], old];
  if (value !== UNCHANGED && (credentials.euid === 0 || own.includes(value))) credentials[kind[3]] = value;
  return old;
}

const idPlace: Arg<number> = outPlace((at, { memory }) => `[${memory.readU32(at)}]`);

function storeThree(task: Task, kind: Triple, places: readonly [number, number, number]): number {
  places.forEach((at, i) => task.memory.writeU32(at, task.credentials[kind[i]!]));
  return 0;
}

const groupsPlace: Arg<number> = outPlace((at, shown) => {
  const ids: number[] = [];
  for (let i = 0; i < (shown.result ?? 0); i++) ids.push(shown.memory.readU32(at + i * 4));
  return shown.int(0) === 0 ? "NULL" : `[${ids.join(", ")}]`;
});
const inGroups: Arg<number> = inPlace((at, shown) => {
  const ids: number[] = [];
  for (let i = 0; i < Math.min(shown.int(0), 32); i++) ids.push(shown.memory.readU32(at + i * 4));
  return `[${ids.join(", ")}]`;
});

// ---- groups and sessions

function processOf(task: Task, number: number): Process {
  const process = number === 0 ? task.process : task.kernel.processes.get(number);
  if (process === undefined || process.exit !== undefined) throw errno.ESRCH;
  return process;
}

function setGroup(task: Task, number: number, group: number): number {
  if (group < 0) throw errno.EINVAL;
  const process = processOf(task, number);
  const wanted = group === 0 ? process.pid : group;
  if (process !== task.process && process.parentPid !== task.pid) throw errno.ESRCH;
  if (process.session === process.pid) throw errno.EPERM;
  const exists =
    wanted === process.pid || [...task.kernel.processes.values()].some((other) => other.group === wanted && other.session === process.session);
  if (!exists) throw errno.EPERM;
  process.group = wanted;
  return 0;
}

// ---- limits and usage

const resource: Arg<number> = oneOf(Object.fromEntries(RLIMITS.map((name, i) => [name, i])), "RLIMIT_???");
const limitText = (value: number): string => {
  if (value >= 2 ** 63) return "RLIM64_INFINITY";
  return value > 1024 && value % 1024 === 0 ? `${value / 1024}*1024` : String(value);
};
const showLimit = (v: { rlim_cur: number; rlim_max: number }): string => `{rlim_cur=${limitText(v.rlim_cur)}, rlim_max=${limitText(v.rlim_max)}}`;
const RLIM64_INFINITY = 2 ** 64;

function fromInfinity(value: number): number {
  return value >= RLIM64_INFINITY - 2048 ? Infinity : value;
}

function storeLimit(task: Task, at: number, which: number, of: Process): void {
  const { soft, hard } = of.limits[which]!;
  const { memory } = task;
  [soft, hard].forEach((value, i) => {
    if (value === Infinity) {
      memory.writeU32(at + i * 8, 0xffff_ffff);
      memory.writeU32(at + i * 8 + 4, 0xffff_ffff);
    } else memory.writeNumber(at + i * 8, value);
  });
}

function limits(task: Task, number: number, which: number, next: { rlim_cur: number; rlim_max: number } | undefined, oldAt: number): number {
  const target = processOf(task, number);
  const limit = target.limits[which];
  if (limit === undefined) throw errno.EINVAL;
  const before = { ...limit };
  if (next !== undefined) {
    const soft = fromInfinity(next.rlim_cur);
    const hard = fromInfinity(next.rlim_max);
    if (soft > hard) throw errno.EINVAL;
    if (which === RLIMIT_NOFILE && hard > 1048576) throw errno.EPERM;
    if (hard > limit.hard && task.credentials.euid !== 0) throw errno.EPERM;
    limit.soft = soft;
    limit.hard = hard;
    if (which === RLIMIT_STACK) task.memory.stackLimit = soft;
    if (which === RLIMITS.indexOf("RLIMIT_AS")) task.memory.addressLimit = soft;
  }
  if (oldAt !== 0) {
    const after = { ...limit };
    target.limits[which] = before;
    storeLimit(task, oldAt, which, target);
    target.limits[which] = after;
  }
  return 0;
}

const usageText = (v: Readonly<Record<string, number>>): string =>
  `{ru_utime={tv_sec=${v["utime_sec"]}, tv_usec=${v["utime_usec"]}}, ru_stime={tv_sec=${v["stime_sec"]}, tv_usec=${v["stime_usec"]}}, ...}`;

// ---- what uname and sysinfo tell

const UTS_FIELD = 65;
const utsPlace: Arg<number> = outPlace((at, { memory }) => {
  const field = (i: number): string => quote(memory.readCString(at + i * UTS_FIELD, UTS_FIELD), false);
  return `{sysname=${field(0)}, nodename=${field(1)}, ...}`;
});

type SysinfoFields = {
  readonly [K in "uptime" | "load1" | "load5" | "load15" | "totalram" | "freeram" | "sharedram" | "bufferram" | "totalswap" | "freeswap"]: "i64";
} & { readonly procs: "u16"; readonly pad: "u16"; readonly totalhigh: "i64"; readonly freehigh: "i64"; readonly mem_unit: "u32" };
const sysinfo: Struct<SysinfoFields> = struct(
  {
    uptime: "i64",
    load1: "i64",
    load5: "i64",
    load15: "i64",
    totalram: "i64",
    freeram: "i64",
    sharedram: "i64",
    bufferram: "i64",
    totalswap: "i64",
    freeswap: "i64",
    procs: "u16",
    pad: "u16",
    totalhigh: "i64",
    freehigh: "i64",
    mem_unit: "u32",
  },
  112,
);
const sysinfoText = (v: Readonly<Record<string, number>>): string =>
  `{uptime=${v["uptime"]}, loads=[${v["load1"]}, ${v["load5"]}, ${v["load15"]}], totalram=${v["totalram"]}, freeram=${v["freeram"]}, sharedram=${v["sharedram"]}, bufferram=${v["bufferram"]}, totalswap=${v["totalswap"]}, freeswap=${v["freeswap"]}, procs=${v["procs"]}, totalhigh=${v["totalhigh"]}, freehigh=${v["freehigh"]}, mem_unit=${v["mem_unit"]}}`;

const maskPlace: Arg<number> = outPlace((at, { memory }) => {
  const cpus: number[] = [];
  for (let i = 0; i < 32; i++) if ((memory.readU32(at) >>> i) & 1) cpus.push(i);
  return `[${cpus.join(" ")}]`;
});

const GRND: Readonly<Record<string, number>> = { GRND_NONBLOCK: 1, GRND_RANDOM: 2, GRND_INSECURE: 4 };
const POLICY: Readonly<Record<string, number>> = { SCHED_OTHER: 0, SCHED_FIFO: 1, SCHED_RR: 2, SCHED_BATCH: 3, SCHED_IDLE: 5 };
const who: Arg<number> = oneOf({ RUSAGE_SELF, RUSAGE_CHILDREN, RUSAGE_THREAD }, "RUSAGE_???");
const which: Arg<number> = oneOf({ PRIO_PROCESS, PRIO_PGRP, PRIO_USER }, "PRIO_???");

/** `["ls", "-l"]`. */
const stringsPlace: Arg<number> = inPlace((at, { memory }) => {
  const list: string[] = [];
  for (let place = at; list.length < STRING_LIMIT; place += 8) {
    const pointer = memory.readNumber(place);
    if (pointer === 0) return `[${list.join(", ")}]`;
    const bytes = memory.readCString(pointer, STRING_LIMIT + 1);
    list.push(quote(bytes.subarray(0, STRING_LIMIT), bytes.length > STRING_LIMIT));
  }
  return `[${list.join(", ")}, ...]`;
});

/** `0x7ffc... /* 12 vars *\/`. */
const environmentPlace: Arg<number> = inPlace((at, { memory }) => {
  let count = 0;
  while (memory.readNumber(at + count * 8) !== 0) count++;
  return `${hex(at)} /* ${count} var${count === 1 ? "" : "s"} */`;
});

function micro(ns: number): { sec: number; usec: number } {
  const sec = Math.floor(ns / NS_PER_SECOND);
  return { sec, usec: Math.floor((ns - sec * NS_PER_SECOND) / 1000) };
}

export const processCalls: readonly Syscall[] = [
  syscall(60, "exit", { status: int }, "full", (t, a) => done(t.kernel.exitTask(t, a.status & 0xff)), { classes: ["process"], returns: "none" }),
  syscall(
    231,
    "exit_group",
    { status: int },
    "full",
    (t, a) => done(t.kernel.exitProcess(t.process, { code: a.status & 0xff, signal: 0, core: false })),
    {
      classes: ["process"],
      returns: "none",
    },
  ),
  syscall(
    59,
    "execve",
    { pathname: path, argv: stringsPlace, envp: environmentPlace },
    "partial: static programs and scripts",
    (t, a) => {
      execve(t, AT_FDCWD, a.pathname, a.argv, a.envp, 0);
      return KEEP_REGISTERS;
    },
    { classes: ["file", "process"] },
  ),
  syscall(
    322,
    "execveat",
    { dirfd: dirFd, pathname: path, argv: stringsPlace, envp: environmentPlace, flags: flags({ AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH }) },
    "partial: static programs and scripts",
    (t, a) => {
      if (a.flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) throw errno.EINVAL;
      execve(t, a.dirfd, a.pathname, a.argv, a.envp, a.flags);
      return KEEP_REGISTERS;
    },
    { classes: ["file", "desc", "process"] },
  ),
  syscall(39, "getpid", {}, "full", (t) => t.process.pid),
  syscall(110, "getppid", {}, "full", (t) => t.process.parentPid),
  syscall(186, "gettid", {}, "full", (t) => t.tid),
  syscall(111, "getpgrp", {}, "full", (t) => t.process.group),
  syscall(121, "getpgid", { pid }, "full", (t, a) => processOf(t, a.pid).group),
  syscall(109, "setpgid", { pid, pgid: pid }, "full", (t, a) => setGroup(t, a.pid, a.pgid)),
  syscall(124, "getsid", { pid }, "full", (t, a) => processOf(t, a.pid).session),
  syscall(112, "setsid", {}, "full", (t) => {
    if (t.process.group === t.process.pid) throw errno.EPERM;
    t.process.group = t.process.pid;
    t.process.session = t.process.pid;
    return t.process.pid;
  }),
  syscall(102, "getuid", {}, "full", (t) => t.credentials.uid),
  syscall(104, "getgid", {}, "full", (t) => t.credentials.gid),
  syscall(107, "geteuid", {}, "full", (t) => t.credentials.euid),
  syscall(108, "getegid", {}, "full", (t) => t.credentials.egid),
  syscall(105, "setuid", { uid: id }, "full", (t, a) => setOne(t, USER, a.uid)),
  syscall(106, "setgid", { gid: id }, "full", (t, a) => setOne(t, GROUP, a.gid)),
  syscall(113, "setreuid", { ruid: id, euid: id }, "full", (t, a) => setPair(t, USER, a.ruid, a.euid)),
  syscall(114, "setregid", { rgid: id, egid: id }, "full", (t, a) => setPair(t, GROUP, a.rgid, a.egid)),
  syscall(117, "setresuid", { ruid: id, euid: id, suid: id }, "full", (t, a) => setAll(t, USER, a.ruid, a.euid, a.suid)),
  syscall(119, "setresgid", { rgid: id, egid: id, sgid: id }, "full", (t, a) => setAll(t, GROUP, a.rgid, a.egid, a.sgid)),
  syscall(118, "getresuid", { ruid: idPlace, euid: idPlace, suid: idPlace }, "full", (t, a) => storeThree(t, USER, [a.ruid, a.euid, a.suid])),
  syscall(120, "getresgid", { rgid: idPlace, egid: idPlace, sgid: idPlace }, "full", (t, a) => storeThree(t, GROUP, [a.rgid, a.egid, a.sgid])),
  syscall(122, "setfsuid", { uid: id }, "full", (t, a) => setFs(t.credentials, USER, a.uid)),
  syscall(123, "setfsgid", { gid: id }, "full", (t, a) => setFs(t.credentials, GROUP, a.gid)),
  syscall(115, "getgroups", { size: int, list: groupsPlace }, "full", (t, a) => {
    const { groups } = t.credentials;
    if (a.size < 0 || (a.size !== 0 && a.size < groups.length)) throw errno.EINVAL;
    if (a.size !== 0) groups.forEach((group, i) => t.memory.writeU32(a.list + i * 4, group));
    return groups.length;
  }),
  syscall(116, "setgroups", { size: int, list: inGroups }, "full", (t, a) => {
    if (t.credentials.euid !== 0) throw errno.EPERM;
    if (a.size < 0 || a.size > 65536) throw errno.EINVAL;
    const groups: number[] = [];
    for (let i = 0; i < a.size; i++) groups.push(t.memory.readU32(a.list + i * 4));
    t.credentials.groups = groups.sort((x, y) => x - y);
    return 0;
  }),
  syscall(97, "getrlimit", { resource, rlim: outStruct(rlimit, showLimit) }, "full", (t, a) => {
    if (a.rlim === 0) throw errno.EFAULT;
    return limits(t, 0, a.resource, undefined, a.rlim);
  }),
  syscall(
    160,
    "setrlimit",
    { resource, rlim: inStructOrNull(rlimit, showLimit) },
    "partial: RLIMIT_MEMLOCK, RLIMIT_NPROC, RLIMIT_RTTIME and the like are kept only",
    (t, a) => {
      if (a.rlim === undefined) throw errno.EFAULT;
      return limits(t, 0, a.resource, a.rlim, 0);
    },
  ),
  syscall(
    302,
    "prlimit64",
    { pid, resource, new_limit: inStructOrNull(rlimit, showLimit), old_limit: outStruct(rlimit, showLimit) },
    "partial: RLIMIT_MEMLOCK, RLIMIT_NPROC, RLIMIT_RTTIME and the like are kept only",
    (t, a) => limits(t, a.pid, a.resource, a.new_limit, a.old_limit),
  ),
  syscall(98, "getrusage", { who, usage: outStruct(rusage, usageText) }, "partial: times and maximum resident size only", (t, a) => {
    if (a.who !== RUSAGE_SELF && a.who !== RUSAGE_CHILDREN && a.who !== RUSAGE_THREAD) throw errno.EINVAL;
    const time = micro(a.who === RUSAGE_SELF ? t.process.cpuTime : a.who === RUSAGE_THREAD ? t.cpuTime : t.process.childrenTime);
    const maxrss = a.who === RUSAGE_CHILDREN ? 0 : Math.floor(t.memory.mappedBytes / 1024);
    rusage.store(t.memory, a.usage, { utime_sec: time.sec, utime_usec: time.usec, maxrss });
    return 0;
  }),
  syscall(140, "getpriority", { which, who: int }, "full", (t, a) => {
    if (a.which < 0 || a.which > 2) throw errno.EINVAL;
    return 20 - (a.which === PRIO_PROCESS ? processOf(t, a.who) : t.process).nice;
  }),
  syscall(141, "setpriority", { which, who: int, prio: int }, "partial: kept, without effect on scheduling", (t, a) => {
    if (a.which < 0 || a.which > 2) throw errno.EINVAL;
    const target = a.which === PRIO_PROCESS ? processOf(t, a.who) : t.process;
    const nice = Math.max(-20, Math.min(19, a.prio));
    if (nice < target.nice && t.credentials.euid !== 0) throw errno.EACCES;
    target.nice = nice;
    return 0;
  }),
  syscall(63, "uname", { buf: utsPlace }, "full", (t, a) => {
    const uts = t.kernel.system.uname;
    const bytes = new Uint8Array(UTS_FIELD * 6);
    [uts.sysname, uts.nodename, uts.release, uts.version, uts.machine, uts.domainname].forEach((text, i) =>
      bytes.set(encodeLatin1(text.slice(0, 64)), i * UTS_FIELD),
    );
    if (t.memory.copyOut(a.buf, bytes) !== bytes.length) throw errno.EFAULT;
    return 0;
  }),
  syscall(170, "sethostname", { name: address, len: int }, "full", (t, a) => {
    if (t.credentials.euid !== 0) throw errno.EPERM;
    if (a.len < 0 || a.len > 64) throw errno.EINVAL;
    const bytes = new Uint8Array(a.len);
    if (t.memory.copyIn(a.name, bytes) !== a.len) throw errno.EFAULT;
    t.kernel.system.uname.nodename = decodeLatin1(bytes);
    return 0;
  }),
  syscall(99, "sysinfo", { info: outStruct(sysinfo, sysinfoText) }, "full", (t, a) => {
    const { kernel } = t;
    const ram = kernel.system.memory();
    sysinfo.store(t.memory, a.info, {
      uptime: Math.floor(kernel.clock.monotonic() / NS_PER_SECOND),
      totalram: ram.total,
      freeram: ram.free,
      sharedram: ram.shared,
      procs: kernel.tasks.length,
      mem_unit: 1,
    });
    return 0;
  }),
  syscall(218, "set_tid_address", { tidptr: address }, "full", (t, a) => {
    t.clearChildTid = a.tidptr;
    return t.tid;
  }),
  syscall(273, "set_robust_list", { head: address, len: size }, "full", (t, a) => {
    if (a.len !== 24) throw errno.EINVAL;
    t.robustList = a.head;
    t.robustListSize = a.len;
    return 0;
  }),
  syscall(274, "get_robust_list", { pid, head_ptr: outAddress, len_ptr: outAddress }, "full", (t, a) => {
    const target = a.pid === 0 ? t : t.kernel.tasks.find((other) => other.tid === a.pid);
    if (target === undefined) throw errno.ESRCH;
    t.memory.writeNumber(a.head_ptr, target.robustList);
    t.memory.writeNumber(a.len_ptr, 24);
    return 0;
  }),
  syscall(
    334,
    "rseq",
    {
      rseq: address,
      rseq_len: { ...uint, show: (low) => "0x" + (low >>> 0).toString(16) },
      flags: flags({}),
      sig: { ...uint, show: (low) => "0x" + (low >>> 0).toString(16) },
    },
    "partial: ENOSYS always, so that a guest may continue on any host",
    () => {
      throw errno.ENOSYS;
    },
  ),
  syscall(24, "sched_yield", {}, "full", (t) => done(t.kernel.yield())),
  syscall(204, "sched_getaffinity", { pid, cpusetsize: uint, mask: maskPlace }, "full", (t, a) => {
    if (a.cpusetsize < 8 || a.cpusetsize % 8 !== 0) throw errno.EINVAL;
    const target = a.pid === 0 ? t : t.kernel.tasks.find((other) => other.tid === a.pid);
    if (target === undefined) throw errno.ESRCH;
    t.memory.writeNumber(a.mask, target.cpuAffinity);
    return 8;
  }),
  syscall(
    203,
    "sched_setaffinity",
    { pid, cpusetsize: uint, mask: inPlace((at, { memory }) => `[${memory.readU32(at) & 1 ? "0" : ""}]`) },
    "full",
    (t, a) => {
      const target = a.pid === 0 ? t : t.kernel.tasks.find((other) => other.tid === a.pid);
      if (target === undefined) throw errno.ESRCH;
      if (a.cpusetsize < 1 || (t.memory.readU8(a.mask) & 1) === 0) throw errno.EINVAL;
      return 0;
    },
  ),
  syscall(145, "sched_getscheduler", { pid }, "full", (t, a) => (processOf(t, a.pid), 0), { note: () => "SCHED_OTHER" }),
  syscall(
    144,
    "sched_setscheduler",
    { pid, policy: oneOf(POLICY, "SCHED_???"), param: inPlace((at, { memory }) => `[${memory.readI32(at)}]`) },
    "partial: SCHED_OTHER, SCHED_BATCH and SCHED_IDLE only, all alike",
    (t, a) => {
      if (a.policy !== 0 && a.policy !== 3 && a.policy !== 5) throw t.credentials.euid === 0 ? errno.EINVAL : errno.EPERM;
      if (t.memory.readI32(a.param) !== 0) throw errno.EINVAL;
      return 0;
    },
  ),
  syscall(143, "sched_getparam", { pid, param: outPlace((at, { memory }) => `[${memory.readI32(at)}]`) }, "full", (t, a) => {
    processOf(t, a.pid);
    t.memory.writeU32(a.param, 0);
    return 0;
  }),
  syscall(146, "sched_get_priority_max", { policy: oneOf(POLICY, "SCHED_???") }, "full", (_t, a) => priorityRange(a.policy)[1]),
  syscall(147, "sched_get_priority_min", { policy: oneOf(POLICY, "SCHED_???") }, "full", (_t, a) => priorityRange(a.policy)[0]),
  syscall(
    309,
    "getcpu",
    { cpu: outPlace((at, { memory }) => `[${memory.readU32(at)}]`), node: outPlace((at, { memory }) => `[${memory.readU32(at)}]`), tcache: address },
    "full",
    (t, a) => {
      if (a.cpu !== 0) t.memory.writeU32(a.cpu, 0);
      if (a.node !== 0) t.memory.writeU32(a.node, 0);
      return 0;
    },
  ),
  syscall(318, "getrandom", { buf: outBytes(true), buflen: size, flags: flags(GRND) }, "full", (t, a) => {
    if (a.flags & ~7 || (a.flags & 6) === 6) throw errno.EINVAL;
    const bytes = new Uint8Array(Math.min(a.buflen, 0x2_0000));
    let written = 0;
    const wanted = Math.min(a.buflen, 0x7fff_ffff);
    while (written < wanted) {
      const part = bytes.subarray(0, Math.min(bytes.length, wanted - written));
      t.kernel.random.fill(part);
      const copied = t.memory.copyOut(a.buf + written, part);
      written += copied;
      if (copied < part.length) break;
    }
    if (written === 0 && wanted > 0) throw errno.EFAULT;
    return written;
  }),
  syscall(
    61,
    "wait4",
    { pid, wstatus: outAddress, options: flags({ WNOHANG: 1, WUNTRACED: 2, WCONTINUED: 8 }, "0", "W???"), rusage: outAddress },
    "partial: no process has children",
    (_t, a) => {
      if (a.options & ~0xe000000b) throw errno.EINVAL;
      throw errno.ECHILD;
    },
    classes,
  ),
  syscall(
    247,
    "waitid",
    { which: int, pid, infop: outAddress, options: flags({ WNOHANG: 1, WEXITED: 4, WSTOPPED: 2, WCONTINUED: 8 }), rusage: outAddress },
    "partial: no process has children",
    (_t, a) => {
      if ((a.options & 14) === 0 || a.which < 0 || a.which > 3) throw errno.EINVAL;
      throw errno.ECHILD;
    },
    classes,
  ),
  syscall(
    135,
    "personality",
    { persona: { ...uint, show: (low) => (low === -1 ? "0xffffffff" : "0x" + (low >>> 0).toString(16)) } },
    "partial: PER_LINUX only",
    (_t, a) => {
      if (a.persona !== 0xffff_ffff && (a.persona & 0xff) !== 0) throw errno.EINVAL;
      return 0;
    },
  ),
];

function priorityRange(policy: number): readonly [number, number] {
  if (policy === 1 || policy === 2) return [1, 99];
  if (policy === 0 || policy === 3 || policy === 5) return [0, 0];
  throw errno.EINVAL;
}
