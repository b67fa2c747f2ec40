/** Descriptor tables, mappings, memfds, locks, devices, /proc: what ops.test.ts does not reach. */

import { expect, test } from "vitest";
import { AddressSpace } from "../../../src/memory/index.ts";
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_SYMLINK_NOFOLLOW,
  F_RDLCK,
  F_SEAL_GROW,
  F_SEAL_SHRINK,
  F_SEAL_WRITE,
  F_UNLCK,
  F_WRLCK,
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  LOCK_EX,
  LOCK_SH,
  LOCK_UN,
  MFD_ALLOW_SEALING,
  O_CREAT,
  O_DIRECTORY,
  O_PATH,
  O_RDONLY,
  O_RDWR,
  O_TMPFILE,
  O_WRONLY,
} from "../../../src/linux/abi/fcntl.ts";
import { encodeStat, encodeStatx, makeDev, devMajor, devMinor } from "../../../src/linux/abi/stat.ts";
import { Descriptors } from "../../../src/linux/vfs/descriptors.ts";
import { FileLocks } from "../../../src/linux/vfs/locks.ts";
import { addSeals, getSeals } from "../../../src/linux/vfs/memfd.ts";
import type { OpenFile } from "../../../src/linux/vfs/open-file.ts";
import type { ProcProcess } from "../../../src/linux/vfs/types.ts";
import { BLOCK } from "../../../src/linux/vfs/types.ts";
import type { World } from "./support.ts";
import { bytes, emptyProc, errorOf, text, world } from "./support.ts";

function readAll(file: OpenFile): string {
  const into = new Uint8Array(100_000);
  let all = "";
  for (let got = file.read(into.subarray(0, 700)); got > 0; got = file.read(into.subarray(0, 700))) all += text(into.subarray(0, got));
  return all;
}

const readPath = ({ vfs, caller }: World, path: string): string => readAll(vfs.open(caller, AT_FDCWD, path, O_RDONLY, 0));

test("descriptors: lowest number, limits, dup2, close-on-exec, copies", () => {
  const { vfs, caller } = world();
  const file = vfs.open(caller, AT_FDCWD, "/dev/null", O_RDWR, 0);
  const table = new Descriptors();
  const add = (minimum = 0): number => table.add(file, { closeOnExec: false, limit: 6, minimum });
  expect([add(), add(), add(), add(4), add()]).toEqual([0, 1, 2, 4, 3]);
  table.close(1);
  table.close(0);
  expect([add(2), add(), add()]).toEqual([5, 0, 1]);
  expect(errorOf(() => add())).toBe("EMFILE");
  expect(errorOf(() => table.close(17))).toBe("EBADF");
  expect(errorOf(() => table.get(-1))).toBe("EBADF");
  expect(errorOf(() => table.replace(6, file, false, 6))).toBe("EBADF");
  table.replace(3, file, true, 6);
  const copy = table.clone();
  expect(file.references).toBe(12);
  copy.closeOnExec();
  expect(copy.entries().map(([fd]) => fd)).toEqual([0, 1, 2, 4, 5]);
  copy.closeRange(1, 4_000_000_000);
  expect(copy.entries().map(([fd]) => fd)).toEqual([0]);
  expect(file.references).toBe(7);
  const path = vfs.open(caller, AT_FDCWD, "/tmp", O_PATH, 0);
  const fd = copy.add(path, { closeOnExec: false, limit: 6 });
  expect(errorOf(() => copy.getIo(fd))).toBe("EBADF");
});

test("a shared mapping, read and write see the same bytes; a hole is zeros", () => {
  const { vfs, caller } = world();
  const file = vfs.open(caller, AT_FDCWD, "/tmp/f", O_CREAT | O_RDWR, 0o644);
  file.write(bytes("hello"), caller);
  file.truncate(10_000, caller);
  const space = new AddressSpace({ windowBits: 20 });
  const at = space.map({ length: 12_288, prot: 3, shared: true, backing: file.mapping(true, true) });
  const into = new Uint8Array(5);
  space.copyIn(at, into);
  expect(text(into)).toBe("hello");
  space.copyOut(at + 1, bytes("EL"));
  space.copyOut(at + 8190, bytes("xyz"));
  expect(file.pread(into, 0)).toBe(5);
  expect(text(into)).toBe("hELlo");
  file.pread(into, 8190);
  expect(text(into)).toBe("xyz\0\0");
  file.pwrite(bytes("J"), 0, caller);
  space.copyIn(at, into);
  expect(text(into)).toBe("JELlo");
  expect(file.stat().blocks).toBe(16 + 8);
  expect(space.copyIn(at + 12_288 - 1, new Uint8Array(1))).toBe(1);
  file.allocate(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096, caller);
  space.copyIn(at, into);
  expect(text(into)).toBe("\0\0\0\0\0");
  file.truncate(4096, caller);
  expect(space.copyIn(at + 4096, into)).toBe(0);
});

test("access modes for mmap", () => {
  const { vfs, caller } = world();
  vfs.open(caller, AT_FDCWD, "/tmp/f", O_CREAT, 0o644);
  const open = (flags: number): OpenFile => vfs.open(caller, AT_FDCWD, "/tmp/f", flags, 0);
  expect(errorOf(() => open(O_WRONLY).mapping(false, false))).toBe("EACCES");
  expect(errorOf(() => open(O_RDONLY).mapping(true, true))).toBe("EACCES");
  expect(errorOf(() => open(O_RDONLY).mapping(false, true))).toBe("ok");
  expect(errorOf(() => open(O_PATH).mapping(false, false))).toBe("EBADF");
  expect(errorOf(() => vfs.open(caller, AT_FDCWD, "/tmp", O_DIRECTORY, 0).mapping(false, false))).toBe("ENODEV");
  expect(errorOf(() => vfs.open(caller, AT_FDCWD, "/dev/zero", O_RDWR, 0).mapping(true, true))).toBe("ok");
});

test("an open file outlives its name", () => {
  const { vfs, caller } = world();
  const file = vfs.open(caller, AT_FDCWD, "/tmp/gone", O_CREAT | O_RDWR, 0o644);
  file.write(bytes("still"), caller);
  vfs.unlink(caller, AT_FDCWD, "/tmp/gone", 0);
  expect(file.seek(0, 0)).toBe(0);
  expect(readAll(file)).toBe("still");
  expect(file.stat().nlink).toBe(0);
  expect(vfs.pathOf(file.dentry, caller.fs)).toBe("/tmp/gone (deleted)");
});

test("O_TMPFILE gets a name by linkat", () => {
  const { vfs, caller } = world();
  const file = vfs.open(caller, AT_FDCWD, "/tmp", O_TMPFILE | O_RDWR, 0o600);
  const fd = caller.files.add(file, { closeOnExec: false, limit: 10 });
  file.write(bytes("x"), caller);
  expect(file.stat().nlink).toBe(0);
  vfs.link(caller, fd, "", AT_FDCWD, "/tmp/named", AT_EMPTY_PATH);
  expect(vfs.stat(caller, AT_FDCWD, "/tmp/named", 0)).toMatchObject({ nlink: 1, size: 1, ino: file.stat().ino });
});

test("memfd: seals, name", () => {
  const { vfs, caller } = world();
  const file = vfs.memfd(caller, "code", MFD_ALLOW_SEALING);
  expect(vfs.pathOf(file.dentry, caller.fs)).toBe("/memfd:code (deleted)");
  expect(file.write(bytes("abc"), caller)).toBe(3);
  expect(getSeals(file)).toBe(0);
  addSeals(file, F_SEAL_GROW | F_SEAL_SHRINK);
  expect(errorOf(() => file.write(bytes("d"), caller))).toBe("EPERM");
  expect(errorOf(() => file.truncate(1, caller))).toBe("EPERM");
  expect(file.pwrite(bytes("x"), 0, caller)).toBe(1);
  addSeals(file, F_SEAL_WRITE);
  expect(errorOf(() => file.pwrite(bytes("x"), 0, caller))).toBe("EPERM");
  expect(errorOf(() => file.mapping(true, true))).toBe("EPERM");
  expect(errorOf(() => addSeals(vfs.memfd(caller, "plain", 0), F_SEAL_GROW))).toBe("EPERM");
  expect(errorOf(() => vfs.memfd(caller, "x".repeat(250), 0))).toBe("EINVAL");
});

test("writes stop at RLIMIT_FSIZE", () => {
  const { vfs, caller } = world();
  const limited = { ...caller, fileSizeLimit: 10 };
  const file = vfs.open(limited, AT_FDCWD, "/tmp/f", O_CREAT | O_RDWR, 0o644);
  expect(file.write(new Uint8Array(8), limited)).toBe(8);
  expect(file.write(new Uint8Array(8), limited)).toBe(2);
  expect(errorOf(() => file.write(new Uint8Array(1), limited))).toBe("EFBIG");
  expect(errorOf(() => file.truncate(11, limited))).toBe("EFBIG");
});

test("record locks split, merge and conflict; flock is apart", () => {
  const { vfs, caller } = world();
  const locks = new FileLocks();
  const a = new Descriptors();
  const b = new Descriptors();
  expect(locks.setRecord(a, F_WRLCK, 0, 100, 1)).toBe(0);
  expect(locks.setRecord(b, F_RDLCK, 50, 60, 2)).toBe(BLOCK);
  expect(locks.conflict(b, F_RDLCK, 50, 60)).toMatchObject({ start: 0, end: 100, pid: 1 });
  expect(locks.setRecord(a, F_UNLCK, 40, 60, 1)).toBe(0);
  expect(locks.records.map(({ start, end }) => [start, end])).toEqual([
    [0, 40],
    [60, 100],
  ]);
  expect(locks.setRecord(b, F_RDLCK, 40, 60, 2)).toBe(0);
  expect(locks.setRecord(a, F_RDLCK, 40, 60, 1)).toBe(0);
  expect(locks.setRecord(a, F_RDLCK, 0, Infinity, 1)).toBe(0);
  expect(locks.records.filter(({ owner }) => owner === a)).toHaveLength(1);
  locks.releaseOwner(a);
  expect(locks.records).toHaveLength(1);
  const one = vfs.open(caller, AT_FDCWD, "/dev/null", O_RDWR, 0);
  const two = vfs.open(caller, AT_FDCWD, "/dev/null", O_RDWR, 0);
  expect([locks.setWhole(one, LOCK_SH), locks.setWhole(two, LOCK_SH), locks.setWhole(one, LOCK_EX)]).toEqual([0, 0, BLOCK]);
  expect([locks.setWhole(two, LOCK_UN), locks.setWhole(one, LOCK_EX), locks.setWhole(two, LOCK_SH)]).toEqual([0, 0, BLOCK]);
});

test("devices", () => {
  const { vfs, caller } = world();
  const open = (name: string): OpenFile => vfs.open(caller, AT_FDCWD, `/dev/${name}`, O_RDWR, 0);
  const into = new Uint8Array(3).fill(9);
  expect(open("null").read(into)).toBe(0);
  expect(open("null").write(into, caller)).toBe(3);
  expect(open("zero").read(into)).toBe(3);
  expect([...into]).toEqual([0, 0, 0]);
  expect(errorOf(() => open("full").write(into, caller))).toBe("ENOSPC");
  expect(open("urandom").read(into)).toBe(3);
  expect(errorOf(() => open("ptmx"))).toBe("ENXIO");
  expect(vfs.stat(caller, AT_FDCWD, "/dev/null", 0)).toMatchObject({ mode: 0o020666, rdev: makeDev(1, 3) });
  expect(vfs.readlink(caller, AT_FDCWD, "/dev/stdin")).toBe("/proc/self/fd/0");
});

test("stat structures", () => {
  const { vfs, caller } = world();
  const stat = vfs.stat(caller, AT_FDCWD, "/dev/null", 0);
  const plain = new Uint8Array(144);
  encodeStat(stat, plain);
  const view = new DataView(plain.buffer);
  expect([view.getUint32(24, true), view.getBigUint64(16, true), view.getBigUint64(40, true)]).toEqual([0o020666, 1n, 0x103n]);
  const extended = new Uint8Array(256);
  encodeStatx(stat, 0xfff, extended);
  const x = new DataView(extended.buffer);
  expect([x.getUint32(0, true), x.getUint16(28, true), x.getUint32(128, true), x.getUint32(132, true)]).toEqual([0x1fff, 0o020666, 1, 3]);
  for (const [major, minor] of [
    [0, 1],
    [254, 0],
    [4095, 1_048_575],
    [8, 300],
  ] as const) {
    expect([devMajor(makeDev(major, minor)), devMinor(makeDev(major, minor))]).toEqual([major, minor]);
  }
});

function withProcess(): World & { thread: { comm: string } } {
  const thread = { tid: 1000, comm: "prog", state: "R" };
  const process: { value?: ProcProcess } = {};
  const made = world({ proc: { ...emptyProc, pids: () => [1000], process: (pid) => (pid === 1000 ? process.value : undefined) } });
  const { vfs, caller } = made;
  vfs.open(caller, AT_FDCWD, "/bin/prog", O_CREAT, 0o755);
  const memory = new AddressSpace({ windowBits: 20 });
  const backing = vfs.open(caller, AT_FDCWD, "/bin/prog", O_RDONLY, 0);
  memory.map({ address: 0x400000, length: 8192, prot: 5, fixed: true, backing: backing.backing() });
  memory.map({ address: 0x7ffffffde000, length: 0x21000, prot: 3, fixed: true, growsDown: true, name: "[stack]" });
  process.value = {
    pid: 1000,
    ppid: 1,
    pgrp: 1000,
    session: 1000,
    threads: () => [thread],
    exe: vfs.at(caller, AT_FDCWD, "/bin/prog", 0),
    fs: caller.fs,
    files: caller.files,
    credentials: { uids: [0, 0, 0, 0], gids: [0, 0, 0, 0], groups: [] },
    cmdline: () => bytes("prog\0-x\0"),
    environ: () => bytes("A=1\0"),
    auxv: () => new Uint8Array(16),
    memory,
    userTime: 30_000_000,
    systemTime: 0,
    startTime: 5_000_000_000,
    nice: 0,
    signals: { pendingThread: 0n, pendingProcess: 0n, blocked: 0n, ignored: 0x1000n, caught: 2n },
    limits: () => Array.from({ length: 16 }, (_, i) => [i === 7 ? 1024 : Infinity, Infinity] as const),
    noNewPrivs: false,
  };
  return { ...made, thread };
}

test("/proc/self", () => {
  const w = withProcess();
  const { vfs, caller } = w;
  expect(vfs.readlink(caller, AT_FDCWD, "/proc/self")).toBe("1000");
  expect(vfs.readlink(caller, AT_FDCWD, "/proc/thread-self")).toBe("1000/task/1000");
  expect(vfs.readlink(caller, AT_FDCWD, "/proc/self/exe")).toBe("/bin/prog");
  expect(vfs.stat(caller, AT_FDCWD, "/proc/self/exe", AT_SYMLINK_NOFOLLOW).size).toBe(0);
  expect(vfs.readlink(caller, AT_FDCWD, "/proc/self/cwd")).toBe("/");
  expect(readPath(w, "/proc/self/cmdline")).toBe("prog\0-x\0");
  expect(readPath(w, "/proc/self/maps")).toBe(
    [
      `00400000-00402000 r-xp 00000000 00:14 ${vfs.stat(caller, AT_FDCWD, "/bin/prog", 0).ino}`.padEnd(73) + "/bin/prog\n",
      "7ffffffde000-7ffffffff000 rw-p 00000000 00:00 0 ".padEnd(73) + "[stack]\n",
    ].join(""),
  );
  expect(readPath(w, "/proc/self/stat")).toMatch(
    /^1000 \(prog\) R 1 1000 1000 0 -1 4194304 0 0 0 0 3 0 0 0 20 0 1 0 500 143360 35 1844674407370955161\d /u,
  );
  expect(readPath(w, "/proc/self/stat").split(" ")).toHaveLength(52);
  expect(readPath(w, "/proc/self/status")).toContain("Name:\tprog\nUmask:\t0022\nState:\tR (running)\nTgid:\t1000\n");
  expect(readPath(w, "/proc/self/status")).toContain("SigIgn:\t0000000000001000\nSigCgt:\t0000000000000002\n");
  expect(readPath(w, "/proc/self/limits")).toContain("Max open files            1024                 unlimited            files     \n");
  vfs.open(caller, AT_FDCWD, "/proc/self/comm", O_WRONLY, 0).write(bytes("a name that is too long"), caller);
  expect(w.thread.comm).toBe("a name that is ");
  expect(errorOf(() => readPath(w, "/proc/77/stat"))).toBe("ENOENT");
  expect(errorOf(() => readPath(w, "/proc/self/none"))).toBe("ENOENT");
});

test("/proc/self/fd", () => {
  const w = withProcess();
  const { vfs, caller } = w;
  const file = vfs.open(caller, AT_FDCWD, "/tmp/f", O_CREAT | O_RDWR, 0o644);
  file.write(bytes("data"), caller);
  caller.files.add(file, { closeOnExec: true, limit: 10 });
  for (const end of vfs.pipe(caller, 0)) caller.files.add(end, { closeOnExec: false, limit: 10 });
  expect(vfs.readlink(caller, AT_FDCWD, "/proc/self/fd/0")).toBe("/tmp/f");
  expect(vfs.readlink(caller, AT_FDCWD, "/dev/fd/1")).toMatch(/^pipe:\[\d+\]$/u);
  expect(vfs.stat(caller, AT_FDCWD, "/proc/self/fd/1", AT_SYMLINK_NOFOLLOW)).toMatchObject({ mode: 0o120500, size: 64 });
  expect(readPath(w, "/proc/self/fd/0")).toBe("data");
  expect(readPath(w, "/proc/self/fdinfo/0")).toMatch(/^pos:\t4\nflags:\t02100002\nmnt_id:\t20\nino:\t\d+\n$/u);
  const again = vfs.open(caller, AT_FDCWD, "/proc/self/fd/2", O_WRONLY, 0);
  again.write(bytes("by name"), caller);
  const into = new Uint8Array(20);
  expect(text(into.subarray(0, caller.files.get(1).read(into)))).toBe("by name");
  expect(errorOf(() => vfs.stat(caller, AT_FDCWD, "/proc/self/fd/9", 0))).toBe("ENOENT");
  const names = new Uint8Array(1000);
  const count = vfs.open(caller, AT_FDCWD, "/proc/self/fd", O_DIRECTORY, 0).readDirectory(names);
  expect(count).toBe(5 * 24);
});

test("/proc and /sys of the system", () => {
  const w = withProcess();
  expect(readPath(w, "/proc/mounts").split("\n")[0]).toBe("tmpfs / tmpfs rw,relatime 0 0");
  expect(readPath(w, "/proc/self/mountinfo")).toContain("22 20 0:21 / /proc rw,relatime - proc proc rw\n");
  expect(readPath(w, "/proc/uptime")).toBe("12.34 0.00\n");
  expect(readPath(w, "/proc/meminfo")).toMatch(/^MemTotal: {8}1048576 kB\nMemFree: {10}524288 kB\n/u);
  expect(readPath(w, "/proc/version")).toBe("Linux version 6.1.0 #1\n");
  expect(readPath(w, "/sys/devices/system/cpu/online")).toBe("0\n");
  expect(readPath(w, "/proc/sys/kernel/osrelease")).toBe("6.1.0\n");
  expect(readPath(w, "/proc/sys/kernel/random/uuid")).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\n$/u);
  expect(errorOf(() => w.vfs.mkdir(w.caller, AT_FDCWD, "/proc/x", 0o755))).toBe("ENOENT");
  expect(errorOf(() => w.vfs.unlink(w.caller, AT_FDCWD, "/proc/version", 0))).toBe("EPERM");
  expect(errorOf(() => w.vfs.stat(w.caller, AT_FDCWD, "/sys/fs/cgroup/cpu/cpu.cfs_period_us", 0))).toBe("ENOENT");
});
