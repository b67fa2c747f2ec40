/** Calls on the address space: mmap(2), mprotect(2), brk(2), mremap(2), madvise(2) and their kin. */
import { PAGE_SIZE, TASK_SIZE } from "../../memory/index.ts";
import { errno } from "../abi/errno.ts";
import * as M from "../abi/mman.ts";
import { RLIMIT_DATA } from "../abi/resource.ts";
import type { Task } from "../task.ts";
import { address, fd, flags, hexLong, int, oneOf, outAddress, size, uint } from "./args.ts";
import { syscall, type Arg, type Syscall } from "./syscall.ts";
import { flagText, hex } from "./text.ts";

const memory = { classes: ["memory"] };
const prot: Arg<number> = flags(M.PROT, "PROT_NONE");

/** The type first, then the rest: `MAP_PRIVATE|MAP_ANONYMOUS`. */
const mapFlags: Arg<number> = {
  direction: "in",
  decode: (low) => low,
  show(low): string {
    const type = Object.entries(M.MAP_TYPES).find(([, value]) => value === (low & M.MAP_TYPE));
    const rest = flagText((low & ~M.MAP_TYPE) >>> 0, M.MAP_FLAGS, "");
    const name = (low & M.MAP_TYPE) === 0 ? "MAP_FILE" : (type?.[0] ?? `${hex(low & M.MAP_TYPE)} /* MAP_??? */`);
    return rest === "" ? name : `${name}|${rest}`;
  },
};

/** RLIMIT_DATA: ENOMEM where `more` bytes of private writable memory are too many. The stack does not count. */
function demandData(task: Task, more: number): void {
  const limit = task.process.limits[RLIMIT_DATA]!.soft;
  if (limit === Infinity) return;
  let bytes = Math.ceil(more / PAGE_SIZE) * PAGE_SIZE;
  for (const area of task.memory.areas()) {
    if ((area.prot & M.PROT_WRITE) !== 0 && !area.shared && !area.growsDown) bytes += area.end - area.start;
  }
  if (bytes > limit) throw errno.ENOMEM;
}

/** brk(2): the old end where RLIMIT_DATA forbids the new one. */
function setBreak(task: Task, end: number): number {
  const old = task.memory.brk(0);
  if (end > old) {
    try {
      demandData(task, end - old);
    } catch (error) {
      if (error === errno.ENOMEM) return old;
      throw error;
    }
  }
  return task.memory.brk(end);
}

/** Bytes of [start, end) that are private and cannot be written now. */
function newlyWritable(task: Task, start: number, end: number): number {
  let bytes = 0;
  for (const area of task.memory.areas()) {
    if ((area.prot & M.PROT_WRITE) === 0 && !area.shared) bytes += Math.max(0, Math.min(end, area.end) - Math.max(start, area.start));
  }
  return bytes;
}

function mmap(task: Task, a: { addr: number; length: number; prot: number; flags: number; fd: number; offset: number }): number {
  const anonymous = (a.flags & M.MAP_ANONYMOUS) !== 0;
  const type = a.flags & M.MAP_TYPE;
  if (a.offset % PAGE_SIZE !== 0) throw errno.EINVAL;
  const open = anonymous ? undefined : task.files.getIo(a.fd);
  if (a.length === 0) throw errno.EINVAL;
  if (type !== M.MAP_SHARED && type !== M.MAP_PRIVATE && (anonymous || type !== M.MAP_SHARED_VALIDATE)) throw errno.EINVAL;
  if (a.length > TASK_SIZE) throw errno.ENOMEM;
  if (a.flags & M.MAP_HUGETLB) throw open === undefined ? errno.ENOMEM : errno.EINVAL;
  const fixed = (a.flags & M.MAP_FIXED) !== 0;
  const fixedNoReplace = (a.flags & M.MAP_FIXED_NOREPLACE) !== 0;
  if ((fixed || fixedNoReplace) && a.addr % PAGE_SIZE !== 0) throw errno.EINVAL;
  const shared = type !== M.MAP_PRIVATE;
  if (type === M.MAP_SHARED_VALIDATE && (a.flags & M.MAP_SYNC) !== 0) throw errno.EOPNOTSUPP;
  const backing = open?.mapping(shared, (a.prot & M.PROT_WRITE) !== 0);
  if (!shared && (a.prot & M.PROT_WRITE) !== 0) demandData(task, a.length);
  const readOnlyShared = open !== undefined && shared && !open.writable;
  return task.memory.map({
    address: a.addr,
    length: a.length,
    prot: a.prot & 7,
    shared,
    fixed: fixed && !fixedNoReplace,
    fixedNoReplace,
    noReserve: (a.flags & M.MAP_NORESERVE) !== 0,
    growsDown: (a.flags & M.MAP_GROWSDOWN) !== 0 && anonymous,
    low32: (a.flags & M.MAP_32BIT) !== 0,
    populate: (a.flags & M.MAP_POPULATE) !== 0,
    offset: anonymous ? 0 : a.offset,
    ...(backing === undefined ? {} : { backing }),
    ...(readOnlyShared ? { maxProt: M.PROT_READ | M.PROT_EXEC } : {}),
  });
}

/** MCL_CURRENT, MCL_FUTURE, MCL_ONFAULT. */
const MLOCKALL: Readonly<Record<string, number>> = { MCL_CURRENT: 1, MCL_FUTURE: 2, MCL_ONFAULT: 4 };

function demandMapped(task: Task, start: number, length: number): number {
  const from = start - (start % PAGE_SIZE);
  const bytes = Math.ceil((length + (start % PAGE_SIZE)) / PAGE_SIZE) * PAGE_SIZE;
  if (bytes > 0 && !task.memory.isMapped(from, bytes)) throw errno.ENOMEM;
  return 0;
}

/** mremap(2) looks at its fifth argument only then. */
function takesAddress(flagBits: number): boolean {
  const fixed = M.MREMAP_FIXED | M.MREMAP_MAYMOVE;
  return (flagBits & fixed) === fixed || (flagBits & M.MREMAP_DONTUNMAP) !== 0;
}

export const memoryCalls: readonly Syscall[] = [
  syscall(
    9,
    "mmap",
    { addr: address, length: size, prot, flags: mapFlags, fd, offset: hexLong },
    "partial: no MAP_HUGETLB, no MAP_SYNC; MAP_LOCKED and MAP_POPULATE change nothing a guest can see",
    (t, a) => mmap(t, a),
    { classes: ["memory", "desc"], returns: "address" },
  ),
  syscall(
    11,
    "munmap",
    { addr: address, length: size },
    "full",
    (t, a) => {
      t.memory.unmap(a.addr, a.length);
      return 0;
    },
    memory,
  ),
  syscall(
    10,
    "mprotect",
    { addr: address, len: size, prot },
    "partial: PROT_GROWSDOWN is refused",
    (t, a) => {
      if (a.prot & ~7) throw errno.EINVAL;
      if ((a.prot & M.PROT_WRITE) !== 0 && t.process.limits[RLIMIT_DATA]!.soft !== Infinity) demandData(t, newlyWritable(t, a.addr, a.addr + a.len));
      t.memory.protect(a.addr, a.len, a.prot);
      return 0;
    },
    memory,
  ),
  syscall(12, "brk", { addr: address }, "full", (t, a) => setBreak(t, a.addr), { classes: ["memory"], returns: "address" }),
  syscall(
    25,
    "mremap",
    {
      old_address: address,
      old_size: size,
      new_size: size,
      flags: flags(M.MREMAP),
      new_address: { ...address, show: (low, high, shown) => (takesAddress(shown.int(3)) ? address.show(low, high, shown) : "") },
    },
    "full",
    (t, a) => t.memory.remap(a.old_address, a.old_size, a.new_size, a.flags, a.new_address),
    { classes: ["memory"], returns: "address" },
  ),
  syscall(
    28,
    "madvise",
    { addr: address, length: size, advice: oneOf(M.MADV, "MADV_???") },
    "full",
    (t, a) => {
      t.memory.advise(a.addr, a.length, a.advice);
      return 0;
    },
    memory,
  ),
  syscall(
    26,
    "msync",
    { addr: address, length: size, flags: flags(M.MS) },
    "full",
    (t, a) => {
      if (a.flags & ~7 || (a.flags & (M.MS_ASYNC | M.MS_SYNC)) === (M.MS_ASYNC | M.MS_SYNC) || a.addr % PAGE_SIZE !== 0) throw errno.EINVAL;
      const end = a.addr + Math.ceil(a.length / PAGE_SIZE) * PAGE_SIZE;
      for (const area of t.memory.areas()) {
        if (area.end <= a.addr || area.start >= end || !area.shared) continue;
        const from = Math.max(area.start, a.addr);
        area.backing?.flush?.(area.offset + from - area.start, Math.min(area.end, end) - from);
      }
      return demandMapped(t, a.addr, a.length);
    },
    memory,
  ),
  syscall(
    27,
    "mincore",
    { addr: address, length: size, vec: outAddress },
    "partial: every mapped page is told to be resident",
    (t, a) => {
      if (a.addr % PAGE_SIZE !== 0) throw errno.EINVAL;
      demandMapped(t, a.addr, a.length);
      const pages = new Uint8Array(Math.ceil(a.length / PAGE_SIZE)).fill(1);
      if (t.memory.copyOut(a.vec, pages) !== pages.length) throw errno.EFAULT;
      return 0;
    },
    memory,
  ),
  syscall(149, "mlock", { addr: address, len: size }, "full", (t, a) => demandMapped(t, a.addr, a.len), memory),
  syscall(
    325,
    "mlock2",
    { addr: address, len: size, flags: flags({ MLOCK_ONFAULT: 1 }) },
    "full",
    (t, a) => {
      if (a.flags & ~1) throw errno.EINVAL;
      return demandMapped(t, a.addr, a.len);
    },
    memory,
  ),
  syscall(150, "munlock", { addr: address, len: size }, "full", (t, a) => demandMapped(t, a.addr, a.len), memory),
  syscall(
    151,
    "mlockall",
    { flags: flags(MLOCKALL) },
    "full",
    (_t, a) => {
      if (a.flags === 0 || a.flags & ~7 || a.flags === 4) throw errno.EINVAL;
      return 0;
    },
    memory,
  ),
  syscall(152, "munlockall", {}, "full", () => 0, memory),
  syscall(324, "membarrier", { cmd: int, flags: uint, cpu_id: int }, "full", (_t, a) => {
    // One host thread runs all tasks, so every barrier has already happened. The mask names all commands but the rseq ones.
    if (a.flags !== 0) throw errno.EINVAL;
    if (a.cmd === 0) return 0x7f;
    if (a.cmd < 0 || a.cmd & ~0x7f || (a.cmd & (a.cmd - 1)) !== 0) throw errno.EINVAL;
    return 0;
  }),
];
