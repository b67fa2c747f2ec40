/** Taking signals before a return to user mode, and what becomes of the call they interrupted: signal(7). */
import {
  defaultAction,
  SA_NODEFER,
  SA_RESETHAND,
  SA_RESTART,
  SIG_DFL,
  SIG_IGN,
  SIGBUS,
  SIGFPE,
  SIGILL,
  SIGKILL,
  SIGSEGV,
  SIGSTOP,
  SIGSYS,
  SIGTRAP,
} from "../abi/signal.ts";
import { add, assign, has, lowest, setOf, subtract, union, type SigSet } from "../abi/sigset.ts";
import { ERRNO } from "../abi/errno.ts";
import { Reg } from "../registers.ts";
import { RESTART_CODE, type Task } from "../task.ts";
import { pushFrame } from "./frame.ts";
import { forceSignal, hasUnblocked, kernelInfo, tellIgnored, UNBLOCKABLE } from "./send.ts";
import { dequeue, type SigInfo } from "./types.ts";

/** Taken before all others: they belong to the very instruction the frame points at. */
const SYNCHRONOUS = setOf(SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGSYS);

const NR_RESTART_SYSCALL = 219;
const SYSCALL_LENGTH = 2;

const $ready: SigSet = { low: 0, high: 0 };

/** Takes the next signal that the task does not block, or whose bit is in `wanted` (sigtimedwait(2)). */
export function takeSignal(task: Task, wanted?: Readonly<SigSet>): SigInfo | undefined {
  const { pending, process, mask } = task;
  for (const source of [pending, process.pending]) {
    assign($ready, source.set);
    if (wanted === undefined) subtract($ready, mask);
    else {
      $ready.low &= wanted.low;
      $ready.high &= wanted.high;
    }
    if (source === pending && wanted === undefined) {
      const low = $ready.low & SYNCHRONOUS.low;
      if (low !== 0) return dequeue(source, lowest({ low, high: 0 }));
    }
    // SIGKILL is taken at once wherever it is.
    if (has($ready, SIGKILL)) return dequeue(source, SIGKILL);
    const signal = lowest($ready);
    if (signal !== 0) return dequeue(source, signal);
  }
  return undefined;
}

/** What the kernel does for a task: defaults are its business. */
export interface DeliverySink {
  /** A signal is about to act on the task. */
  delivered(task: Task, info: SigInfo): void;
  terminate(task: Task, signal: number, core: boolean): void;
  stop(task: Task, signal: number): void;
  /** Nobody could continue the task's process group: only SIGSTOP stops it. */
  orphaned(task: Task): boolean;
  notStopped(task: Task, signal: number): void;
}

/**
 * Delivers every pending signal that is not blocked: frames for handlers, default actions for the rest. Then the interrupted call is
 * arranged to run again where the rules say so.
 */
export function deliverSignals(task: Task, sink: DeliverySink): "running" | "exited" | "stopped" {
  const { registers, call } = task;
  while (task.signalled) {
    const info = takeSignal(task);
    if (info === undefined) break;
    const action = task.handlers.actions[info.signal]!;
    if (action.handler === SIG_IGN && info.signal !== SIGKILL) {
      tellIgnored(task, info);
      continue;
    }
    if (action.handler === SIG_DFL || info.signal === SIGKILL) {
      const effect = defaultAction(info.signal);
      if (effect === "ignore" || effect === "continue") {
        tellIgnored(task, info);
        continue;
      }
      if (effect === "stop" && info.signal !== SIGSTOP && sink.orphaned(task)) {
        sink.notStopped(task, info.signal);
        continue;
      }
      sink.delivered(task, info);
      if (effect === "stop") {
        sink.stop(task, info.signal);
        return "stopped";
      }
      sink.terminate(task, info.signal, effect === "core");
      return "exited";
    }
    sink.delivered(task, info);
    if (call.number >= 0) {
      const result = registers.high(Reg.rax) === -1 ? registers.low(Reg.rax) : 0;
      if (result === RESTART_CODE.ERESTARTNOHAND || result === RESTART_CODE.ERESTART_RESTARTBLOCK) registers.set(Reg.rax, -ERRNO.EINTR);
      else if (result === RESTART_CODE.ERESTARTSYS) {
        if (action.flags & SA_RESTART) again(task, call.number);
        else registers.set(Reg.rax, -ERRNO.EINTR);
      }
      call.number = -1;
    }
    const { handler } = action;
    if (!pushFrame(task, action, info, task.restoreMask ? task.savedMask : task.mask)) {
      if (info.signal === SIGSEGV) action.handler = SIG_DFL;
      forceSignal(task, kernelInfo(SIGSEGV));
      continue;
    }
    task.restoreMask = false;
    union(task.mask, action.mask);
    if ((action.flags & SA_NODEFER) === 0) add(task.mask, info.signal);
    subtract(task.mask, UNBLOCKABLE);
    if (action.flags & SA_RESETHAND && handler === action.handler) action.handler = SIG_DFL;
  }
  if (call.number >= 0) {
    const result = registers.high(Reg.rax) === -1 ? registers.low(Reg.rax) : 0;
    if (result === RESTART_CODE.ERESTARTSYS || result === RESTART_CODE.ERESTARTNOHAND) again(task, call.number);
    else if (result === RESTART_CODE.ERESTART_RESTARTBLOCK) again(task, NR_RESTART_SYSCALL);
    call.number = -1;
  }
  if (task.restoreMask) {
    assign(task.mask, task.savedMask);
    task.restoreMask = false;
  }
  task.signalled = hasUnblocked(task);
  return task.signalled ? deliverSignals(task, sink) : "running";
}

/** Moves back to the SYSCALL instruction with its number in rax. */
function again(task: Task, number: number): void {
  const { registers } = task;
  registers.set(Reg.rax, number);
  registers.set(Reg.rip, registers.number(Reg.rip) - SYSCALL_LENGTH);
}
