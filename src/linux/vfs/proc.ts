/** What there is in /proc and /sys: tables, proc(5), sysfs(5). */

import { errno } from "../abi/errno.ts";
import { O_ACCMODE, O_RDONLY, O_WRONLY } from "../abi/fcntl.ts";
import { devMajor, devMinor, PROC_SUPER_MAGIC, SYSFS_MAGIC } from "../abi/stat.ts";
import type { Dentry, FileSystem } from "./inode.ts";
import { cmdline, commText, escapeName, fdinfo, limits, maps, setComm, smaps, stat, statm, status } from "./proc-process.ts";
import { processOf, SynthFs } from "./synth.ts";
import type { Dynamic, Subject, SynthNode } from "./synth.ts";
import type { Tree } from "./tree.ts";
import type { Clock, ProcSource } from "./types.ts";
import { pathOf } from "./walk.ts";

const KB = 1024;
const NS_PER_TICK = 10_000_000;

const dir = (entries: Readonly<Record<string, SynthNode>>, mode = 0o555, dynamic?: Dynamic): SynthNode =>
  dynamic === undefined ? { kind: "dir", mode, entries } : { kind: "dir", mode, entries, dynamic };
const file = (read: (subject: Subject) => string | Uint8Array, mode = 0o444): SynthNode => ({ kind: "file", mode, read });
const fixed = (text: string, mode = 0o444): SynthNode => file(() => text, mode);
const place = (find: (subject: Subject) => Dentry | null): SynthNode => ({
  kind: "link",
  mode: 0o777,
  target: (subject, caller) => pathOf(existing(find(subject)), caller.fs),
  jump: (subject) => existing(find(subject)),
});
const link = (target: (subject: Subject, pid: number, tid: number) => string): SynthNode => ({
  kind: "link",
  mode: 0o777,
  target: (subject, caller) => target(subject, caller.pid, caller.tid),
});

function existing(dentry: Dentry | null): Dentry {
  if (dentry === null) throw errno.ENOENT;
  return dentry;
}

/** A decimal number without leading zeros; -1 otherwise. */
function decimal(name: string): number {
  return /^(?:0|[1-9][0-9]{0,9})$/u.test(name) ? Number(name) : -1;
}

// ---- mounts

function mountOptions(fs: FileSystem): string {
  return (fs.readOnly ? "ro" : "rw") + ",relatime";
}

function mountPoint(tree: Tree, fs: FileSystem): string {
  return escapeName(fs.over === null ? "/" : pathOf(fs.over, { root: tree.root }), " \t\n\\#");
}

function mounts({ fs: { tree } }: Subject): string {
  return tree.mounts.map((fs) => `${fs.source} ${mountPoint(tree, fs)} ${fs.type} ${mountOptions(fs)} 0 0\n`).join("");
}

function mountinfo({ fs: { tree } }: Subject): string {
  const line = (fs: FileSystem): string => {
    const parent = fs.over === null ? 1 : fs.over.inode.fs.mountId;
    const device = `${devMajor(fs.dev)}:${devMinor(fs.dev)}`;
    return `${fs.mountId} ${parent} ${device} / ${mountPoint(tree, fs)} ${mountOptions(fs)} - ${fs.type} ${fs.source} ${fs.readOnly ? "ro" : "rw"}\n`;
  };
  return tree.mounts.map(line).join("");
}

// ---- processes

function descriptorLink(mode: number): SynthNode {
  return {
    kind: "link",
    mode,
    target: (subject, caller) => pathOf(descriptor(subject), caller.fs),
    jump: (subject) => descriptor(subject),
  };
}

function descriptor(subject: Subject): Dentry {
  return existing(processOf(subject).files.find(subject.fd)?.file.dentry ?? null);
}

const DESCRIPTOR_LINKS = { read: descriptorLink(0o500), write: descriptorLink(0o300), both: descriptorLink(0o700) };
const FDINFO: SynthNode = file(fdinfo);

function descriptors(node: (subject: Subject) => SynthNode): Dynamic {
  return {
    names: (subject) =>
      processOf(subject)
        .files.entries()
        .map(([fd]) => `${fd}`),
    find: (subject, name) => {
      const fd = decimal(name);
      if (fd < 0 || subject.fs.processes.process(subject.pid)?.files.find(fd) === undefined) return undefined;
      const found = { ...subject, fd };
      return { node: node(found), subject: found };
    },
  };
}

const linkOf = (subject: Subject): SynthNode => {
  const access = (processOf(subject).files.find(subject.fd)?.file.flags ?? 0) & O_ACCMODE;
  return access === O_RDONLY ? DESCRIPTOR_LINKS.read : access === O_WRONLY ? DESCRIPTOR_LINKS.write : DESCRIPTOR_LINKS.both;
};

const THREAD: Readonly<Record<string, SynthNode>> = {
  fd: dir({}, 0o500, descriptors(linkOf)),
  fdinfo: dir(
    {},
    0o555,
    descriptors(() => FDINFO),
  ),
  environ: file((subject) => processOf(subject).environ(), 0o400),
  auxv: file((subject) => processOf(subject).auxv(), 0o400),
  status: file(status),
  personality: fixed("00000000\n", 0o400),
  limits: file(limits),
  comm: { kind: "file", mode: 0o644, read: commText, write: setComm },
  cmdline: file(cmdline),
  stat: file(stat),
  statm: file(statm),
  maps: file(maps),
  cwd: place((subject) => processOf(subject).fs.cwd),
  root: place((subject) => processOf(subject).fs.root),
  exe: place((subject) => processOf(subject).exe),
  mounts: file(mounts),
  mountinfo: file(mountinfo),
  smaps: file(smaps),
  wchan: fixed("0"),
  schedstat: fixed("0 0 0\n"),
  cpuset: fixed("/\n"),
  cgroup: fixed("0::/\n"),
  oom_score: fixed("0\n"),
  oom_score_adj: { kind: "file", mode: 0o644, read: () => "0\n", write: () => undefined },
  loginuid: fixed("4294967295\n", 0o644),
  sessionid: fixed("4294967295\n"),
  io: fixed("rchar: 0\nwchar: 0\nsyscr: 0\nsyscw: 0\nread_bytes: 0\nwrite_bytes: 0\ncancelled_write_bytes: 0\n", 0o400),
};
const THREAD_DIRECTORY: SynthNode = dir(THREAD);

const TASK: SynthNode = dir({}, 0o555, {
  names: (subject) =>
    processOf(subject)
      .threads()
      .map(({ tid }) => `${tid}`),
  find: (subject, name) => {
    const tid = decimal(name);
    const thread = subject.fs.processes
      .process(subject.pid)
      ?.threads()
      .find((each) => each.tid === tid);
    return thread === undefined ? undefined : { node: THREAD_DIRECTORY, subject: { ...subject, tid } };
  },
});
const PROCESS_DIRECTORY: SynthNode = dir({ task: TASK, ...THREAD });

// ---- the system

const seconds = (ns: number): string => (Math.floor(ns / 10_000_000) / 100).toFixed(2);
const memory = (subject: Subject): ReturnType<ProcSource["memory"]> => subject.fs.processes.memory();

function meminfo(subject: Subject): string {
  const { total, free, shared } = memory(subject);
  const rows: readonly (readonly [name: string, bytes: number])[] = [
    ["MemTotal", total],
    ["MemFree", free],
    ["MemAvailable", free],
    ["Buffers", 0],
    ["Cached", 0],
    ["SwapCached", 0],
    ["Active", total - free],
    ["Inactive", 0],
    ["SwapTotal", 0],
    ["SwapFree", 0],
    ["Dirty", 0],
    ["Writeback", 0],
    ["AnonPages", total - free],
    ["Mapped", 0],
    ["Shmem", shared],
    ["CommitLimit", Math.floor(total / 2)],
    ["Committed_AS", total - free],
    ["VmallocTotal", 34_359_738_367 * KB],
    ["HugePages_Total", -1],
    ["HugePages_Free", -1],
    ["HugePages_Rsvd", -1],
    ["HugePages_Surp", -1],
    ["Hugepagesize", 2048 * KB],
  ];
  return rows
    .map(([name, bytes]) => `${name}:`.padEnd(16) + `${Math.floor(Math.max(0, bytes) / KB)}`.padStart(8) + (bytes < 0 ? "\n" : " kB\n"))
    .join("");
}

function systemStat({ fs }: Subject): string {
  const { total, idle } = fs.processes.uptime();
  const ticks = (ns: number): number => Math.floor(ns / NS_PER_TICK);
  const cpu = `${ticks(total - idle)} 0 0 ${ticks(idle)} 0 0 0 0 0 0`;
  const { lastPid, bootTime } = fs.processes;
  return `cpu  ${cpu}\ncpu0 ${cpu}\nintr 0\nctxt 0\nbtime ${bootTime}\nprocesses ${lastPid}\nprocs_running 1\nprocs_blocked 0\nsoftirq 0 0 0 0 0 0 0 0 0 0 0\n`;
}

function loadavg({ fs }: Subject): string {
  const tasks = fs.processes.pids().reduce((sum, pid) => sum + (fs.processes.process(pid)?.threads().length ?? 0), 0);
  return `0.00 0.00 0.00 1/${tasks} ${fs.processes.lastPid}\n`;
}

function version({ fs }: Subject): string {
  const { sysname, release, version: build } = fs.processes.uname;
  return `${sysname} version ${release} ${build}\n`;
}

function uuid({ fs }: Subject): string {
  const bytes = new Uint8Array(16);
  fs.tree.random.fill(bytes);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const text = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${text.slice(0, 8)}-${text.slice(8, 12)}-${text.slice(12, 16)}-${text.slice(16, 20)}-${text.slice(20)}\n`;
}

const name = (key: "sysname" | "nodename" | "release" | "version" | "domainname"): SynthNode => file(({ fs }) => `${fs.processes.uname[key]}\n`);

const SYS: SynthNode = dir({
  crypto: dir({ fips_enabled: fixed("0\n") }),
  fs: dir({
    "file-max": fixed("1048576\n", 0o644),
    "file-nr": fixed("0\t0\t1048576\n"),
    nr_open: fixed("1048576\n", 0o644),
    "pipe-max-size": fixed("1048576\n", 0o644),
  }),
  kernel: dir({
    cap_last_cap: fixed("40\n"),
    core_pattern: fixed("core\n", 0o644),
    domainname: name("domainname"),
    hostname: name("nodename"),
    ngroups_max: fixed("65536\n"),
    osrelease: name("release"),
    ostype: name("sysname"),
    pid_max: fixed("4194304\n", 0o644),
    random: dir({ entropy_avail: fixed("256\n"), poolsize: fixed("256\n"), uuid: file(uuid) }),
    randomize_va_space: fixed("0\n", 0o644),
    "threads-max": fixed("96365\n", 0o644),
    version: name("version"),
  }),
  net: dir({ core: dir({ somaxconn: fixed("4096\n", 0o644) }) }),
  vm: dir({
    max_map_count: fixed("65530\n", 0o644),
    mmap_min_addr: fixed("65536\n", 0o644),
    overcommit_memory: fixed("0\n", 0o644),
    overcommit_ratio: fixed("50\n", 0o644),
    swappiness: fixed("60\n", 0o644),
  }),
});

const FILESYSTEMS = "nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\nnodev\tdevtmpfs\nnodev\tsockfs\nnodev\tpipefs\nnodev\tdevpts\n";

const PROC_ROOT: SynthNode = dir(
  {
    cgroups: fixed("#subsys_name\thierarchy\tnum_cgroups\tenabled\n"),
    cmdline: fixed("\n"),
    cpuinfo: file(({ fs }) => fs.processes.cpuinfo()),
    devices: fixed("Character devices:\n  1 mem\n  5 /dev/tty\n  5 /dev/console\n  5 /dev/ptmx\n136 pts\n\nBlock devices:\n"),
    filesystems: fixed(FILESYSTEMS),
    loadavg: file(loadavg),
    meminfo: file(meminfo),
    mounts: link(() => "self/mounts"),
    self: link((_subject, pid) => `${pid}`),
    stat: file(systemStat),
    swaps: fixed("Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"),
    sys: SYS,
    "thread-self": link((_subject, pid, tid) => `${pid}/task/${tid}`),
    uptime: file(({ fs }) => `${seconds(fs.processes.uptime().total)} ${seconds(fs.processes.uptime().idle)}\n`),
    version: file(version),
  },
  0o555,
  {
    names: ({ fs }) => fs.processes.pids().map((pid) => `${pid}`),
    find: (subject, text) => {
      const pid = decimal(text);
      if (pid <= 0) return undefined;
      if (subject.fs.processes.process(pid) !== undefined) return { node: PROCESS_DIRECTORY, subject: { ...subject, pid, tid: pid } };
      return undefined;
    },
  },
);

const SYS_ROOT: SynthNode = dir({
  block: dir({}),
  bus: dir({}),
  class: dir({}),
  dev: dir({}),
  devices: dir({
    system: dir({
      cpu: dir({ cpu0: dir({}), online: fixed("0\n"), possible: fixed("0\n"), present: fixed("0\n"), kernel_max: fixed("0\n") }),
      node: dir({ node0: dir({ cpulist: fixed("0\n") }), online: fixed("0\n"), possible: fixed("0\n") }),
    }),
  }),
  firmware: dir({}),
  fs: dir({ cgroup: dir({}) }),
  kernel: dir({
    mm: dir({
      hugepages: dir({}),
      transparent_hugepage: dir({ enabled: fixed("always madvise [never]\n", 0o644), hpage_pmd_size: fixed("2097152\n") }),
    }),
  }),
  module: dir({}),
  power: dir({}),
});

export interface SynthOptions {
  readonly dev: number;
  readonly mountId: number;
  readonly tree: Tree;
  readonly source: ProcSource;
  readonly clock: Clock;
}

function make(type: string, magic: number, nodes: readonly SynthNode[], options: SynthOptions): SynthFs {
  const { dev, mountId, tree, source, clock } = options;
  return new SynthFs({ type, magic, dev, mountId, tree, processes: source, clock, nodes });
}

/** What /proc is made of; the order is part of images. */
export const PROC_NODES: readonly SynthNode[] = [PROC_ROOT, PROCESS_DIRECTORY, THREAD_DIRECTORY, FDINFO, ...Object.values(DESCRIPTOR_LINKS)];
/** The same for /sys. */
export const SYS_NODES: readonly SynthNode[] = [SYS_ROOT];

export function procFs(options: SynthOptions): SynthFs {
  return make("proc", PROC_SUPER_MAGIC, PROC_NODES, options);
}

export function sysFs(options: SynthOptions): SynthFs {
  return make("sysfs", SYSFS_MAGIC, SYS_NODES, options);
}
