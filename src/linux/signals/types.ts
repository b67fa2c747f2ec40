/** Signal state of tasks and processes: sigaction(2), signal(7). */
import { add, emptySet, has, remove, type SigSet } from "../abi/sigset.ts";
import { SIGRTMIN } from "../abi/signal.ts";

/**
 * siginfo_t. Which of the optional fields exist follows `kind`, as the union of the C structure does.
 * `raw` holds the 128 bytes that rt_sigqueueinfo(2) was given.
 */
export interface SigInfo {
  readonly kind: "kill" | "fault" | "timer" | "child" | "queue" | "poll" | "sys";
  readonly signal: number;
  readonly code: number;
  readonly pid?: number;
  readonly uid?: number;
  readonly address?: number;
  readonly status?: number;
  readonly utime?: number;
  readonly stime?: number;
  readonly timer?: number;
  readonly overrun?: number;
  /** sigval: low and high half. */
  readonly valueLow?: number;
  readonly valueHigh?: number;
  readonly band?: number;
  readonly fd?: number;
  readonly callAddress?: number;
  readonly syscall?: number;
  readonly raw?: Uint8Array;
}

/** struct sigaction of the kernel. */
export interface SigAction {
  /** SIG_DFL, SIG_IGN or an address. */
  handler: number;
  flags: number;
  restorer: number;
  mask: SigSet;
}

/** Signal handlers; shared between tasks by CLONE_SIGHAND. */
export interface Handlers {
  /** By signal number; index 0 is unused. */
  readonly actions: SigAction[];
}

export function defaultHandlers(): Handlers {
  const actions: SigAction[] = [];
  for (let i = 0; i <= 64; i++) actions.push({ handler: 0, flags: 0, restorer: 0, mask: emptySet() });
  return { actions };
}

/** Signals sent and not yet taken. A standard signal is queued at most once, a real-time signal each time. */
export interface Pending {
  readonly set: SigSet;
  readonly queue: SigInfo[];
}

export function noPending(): Pending {
  return { set: emptySet(), queue: [] };
}

export function enqueue(pending: Pending, info: SigInfo): void {
  if (info.signal < SIGRTMIN && has(pending.set, info.signal)) return;
  add(pending.set, info.signal);
  pending.queue.push(info);
}

/** Takes the first queued instance of a pending signal. */
export function dequeue(pending: Pending, signal: number): SigInfo {
  const at = pending.queue.findIndex((info) => info.signal === signal);
  const info: SigInfo = at < 0 ? { kind: "kill", signal, code: 0, pid: 0, uid: 0 } : pending.queue[at]!;
  if (at >= 0) pending.queue.splice(at, 1);
  if (!pending.queue.some((other) => other.signal === signal)) remove(pending.set, signal);
  return info;
}

/** Drops every instance of a signal. */
export function discard(pending: Pending, signal: number): void {
  if (!has(pending.set, signal)) return;
  remove(pending.set, signal);
  for (let i = pending.queue.length - 1; i >= 0; i--) if (pending.queue[i]!.signal === signal) pending.queue.splice(i, 1);
}

/** stack_t of sigaltstack(2). */
export interface AltStack {
  sp: number;
  flags: number;
  size: number;
}
