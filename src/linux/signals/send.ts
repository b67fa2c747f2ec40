/** Sending signals: kill(2), tgkill(2), forced signals of faults. */
import {
  defaultAction,
  SI_KERNEL,
  SI_TKILL,
  SI_USER,
  SIG_DFL,
  SIG_IGN,
  SIGCONT,
  SIGKILL,
  SIGSTOP,
  SIGTSTP,
  SIGTTIN,
  SIGTTOU,
} from "../abi/signal.ts";
import { add, has, remove, setOf } from "../abi/sigset.ts";
import type { Process, Task } from "../task.ts";
import { discard, enqueue, type SigInfo } from "./types.ts";

const STOP_SIGNALS: readonly number[] = [SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU];

/** A kill(2) from `sender`. */
export function userInfo(sender: Task, signal: number): SigInfo {
  return { kind: "kill", signal, code: SI_USER, pid: sender.pid, uid: sender.credentials.uid };
}

/** A tgkill(2) from `sender`. */
export function threadInfo(sender: Task, signal: number): SigInfo {
  return { kind: "kill", signal, code: SI_TKILL, pid: sender.pid, uid: sender.credentials.uid };
}

/** A signal of the kernel's own. */
export function kernelInfo(signal: number): SigInfo {
  return { kind: "kill", signal, code: SI_KERNEL, pid: 0, uid: 0 };
}

/** True where the signal would do nothing, so that it is not even queued. A blocked signal is kept: its action may change. */
function isIgnored(task: Task, signal: number): boolean {
  if (has(task.mask, signal)) return false;
  const { handler } = task.handlers.actions[signal]!;
  return handler === SIG_IGN || (handler === SIG_DFL && defaultAction(signal) === "ignore");
}

/** Stop signals and SIGCONT cancel each other as soon as they are sent. */
function cancelOpposite(process: Process, signal: number): void {
  const opposite = signal === SIGCONT ? STOP_SIGNALS : STOP_SIGNALS.includes(signal) ? [SIGCONT] : [];
  for (const other of opposite) {
    discard(process.pending, other);
    for (const task of process.tasks) discard(task.pending, other);
  }
  if (signal === SIGCONT || signal === SIGKILL) resume(process);
}

function resume(process: Process): void {
  process.stopped = false;
  for (const task of process.tasks) {
    if (task.state === "stopped") task.state = task.wait === undefined ? "running" : "blocked";
  }
}

function waitsFor(task: Task, signal: number): boolean {
  return task.wait?.signals !== undefined && has(task.wait.signals, signal);
}

/** A tracer sees what the task does not. */
export function tellIgnored(task: Task, info: SigInfo): void {
  for (const listener of task.kernel.listeners) listener.ignored?.(task, info);
}

/** Sends to one thread. */
export function sendToTask(task: Task, info: SigInfo): void {
  if (task.state === "exited") return;
  cancelOpposite(task.process, info.signal);
  if (isIgnored(task, info.signal) && !waitsFor(task, info.signal)) return tellIgnored(task, info);
  enqueue(task.pending, info);
  task.signalled = true;
}

/** Sends to a process: any thread that does not block the signal takes it. */
export function sendToProcess(process: Process, info: SigInfo): void {
  const leader = process.tasks[0];
  if (leader === undefined) return;
  cancelOpposite(process, info.signal);
  const taker = process.tasks.find((task) => waitsFor(task, info.signal)) ?? process.tasks.find((task) => !has(task.mask, info.signal)) ?? leader;
  if (isIgnored(taker, info.signal) && !waitsFor(taker, info.signal)) return tellIgnored(taker, info);
  enqueue(process.pending, info);
  for (const task of process.tasks) task.signalled = true;
}

/** A signal that cannot be blocked or ignored, because the task cannot go on: it is then as if no handler were set. */
export function forceSignal(task: Task, info: SigInfo): void {
  const action = task.handlers.actions[info.signal]!;
  if (action.handler === SIG_IGN || has(task.mask, info.signal)) {
    action.handler = SIG_DFL;
    remove(task.mask, info.signal);
  }
  if (info.signal === SIGKILL) add(task.pending.set, SIGKILL);
  enqueue(task.pending, info);
  task.signalled = true;
}

/** True where a signal is pending that the task does not block. */
export function hasUnblocked(task: Task): boolean {
  const low = (task.pending.set.low | task.process.pending.set.low) & ~task.mask.low;
  const high = (task.pending.set.high | task.process.pending.set.high) & ~task.mask.high;
  return (low | high) !== 0;
}

/** Signals that no mask can hold. */
export const UNBLOCKABLE: Readonly<{ low: number; high: number }> = setOf(SIGKILL, SIGSTOP);
