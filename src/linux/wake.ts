/** Waking futex waiters. */
import type { Task } from "./task.ts";

/** Tasks that wait at an address of `task`'s memory with a bit of `mask`, longest first. */
export function futexWaiters(task: Task, at: number, mask: number): Task[] {
  return task.kernel.tasks.filter((other) => {
    const futex = other.wait?.futex;
    return futex !== undefined && !other.call.woken && other.memory === task.memory && futex.address === at && (futex.mask & mask) !== 0;
  });
}

/** Wakes up to `count` waiters; how many. */
export function wakeFutex(task: Task, at: number, count: number, mask: number): number {
  const chosen = futexWaiters(task, at, mask).slice(0, Math.max(0, count));
  for (const other of chosen) other.call.woken = true;
  return chosen.length;
}
