/** What a thread leaves behind in memory when it ends or executes a program: robust futexes, set_tid_address(2). */
import { MemoryFault } from "../memory/index.ts";
import type { Task } from "./task.ts";
import { wakeFutex } from "./wake.ts";

const FUTEX_WAITERS = 0x8000_0000;
const FUTEX_OWNER_DIED = 0x4000_0000;
const FUTEX_TID_MASK = 0x3fff_ffff;
/** ROBUST_LIST_LIMIT: longer lists are taken to be circular. */
const LIMIT = 2048;
/** A futex with priority inheritance; its word is marked alike. */
const PRIORITY_INHERITANCE = 1;

/** Marks a futex word that the thread held, and wakes one waiter. */
function ownerDied(task: Task, at: number, pending: boolean): void {
  const { memory } = task;
  if (at % 4 !== 0) return;
  const word = memory.readU32(at);
  if ((word & FUTEX_TID_MASK) !== task.tid) {
    if (pending && word === 0) wakeFutex(task, at, 1, 0xffff_ffff);
    return;
  }
  memory.writeU32(at, ((word & FUTEX_WAITERS) | FUTEX_OWNER_DIED) >>> 0);
  if (word & FUTEX_WAITERS) wakeFutex(task, at, 1, 0xffff_ffff);
}

/** Walks struct robust_list_head: list, futex_offset, list_op_pending. */
function walk(task: Task, head: number): void {
  const { memory } = task;
  const pointer = (at: number): number => {
    const value = memory.readNumber(at);
    return value - (value % 2 === PRIORITY_INHERITANCE ? PRIORITY_INHERITANCE : 0);
  };
  const offset = memory.readI32(head + 8) + memory.readI32(head + 12) * 0x1_0000_0000;
  const pending = pointer(head + 16);
  let entry = pointer(head);
  for (let i = 0; entry !== head && i < LIMIT; i++) {
    const next = pointer(entry);
    if (entry !== pending) ownerDied(task, entry + offset, false);
    entry = next;
  }
  if (pending !== 0) ownerDied(task, pending + offset, true);
}

function unlessFaulting(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof MemoryFault)) throw error;
  }
}

/** Lets go of robust futexes, then clears the thread's id and wakes who waits for that. */
export function releaseMemory(task: Task): void {
  const head = task.robustList;
  task.robustList = 0;
  if (head !== 0) unlessFaulting(() => walk(task, head));
  const at = task.clearChildTid;
  task.clearChildTid = 0;
  if (at === 0) return;
  unlessFaulting(() => {
    task.memory.writeU32(at, 0);
    wakeFutex(task, at, 1, 0xffff_ffff);
  });
}
