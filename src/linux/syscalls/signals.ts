/** Signals: rt_sigaction(2), rt_sigprocmask(2), kill(2), sigaltstack(2), rt_sigreturn(2) and their kin. */
import type { AddressSpace } from "../../memory/index.ts";
import { errno, ERRNO } from "../abi/errno.ts";
import {
  signalCodeName,
  signalName,
  MINSIGSTKSZ,
  SA_FLAGS,
  SA_RESTORER,
  SIG_BLOCK,
  SIG_DFL,
  SIG_IGN,
  SIG_SETMASK,
  SIG_UNBLOCK,
  SIGKILL,
  SIGSEGV,
  SIGSTOP,
  SS_AUTODISARM,
  SS_DISABLE,
  SS_ONSTACK,
  SI_TIMER,
  SI_TKILL,
  defaultAction,
} from "../abi/signal.ts";
import { assign, copySet, SIGSET_BYTES, subtract, union } from "../abi/sigset.ts";
import { struct, type Struct } from "../abi/struct.ts";
import { timespec } from "../abi/time.ts";
import { Reg } from "../registers.ts";
import { takeSignal } from "../signals/deliver.ts";
import { altStackFlags, popFrame } from "../signals/frame.ts";
import { forceSignal, hasUnblocked, kernelInfo, sendToProcess, sendToTask, threadInfo, UNBLOCKABLE, userInfo } from "../signals/send.ts";
import { SIGINFO_SIZE, writeSigInfo } from "../signals/siginfo.ts";
import { discard, type SigInfo } from "../signals/types.ts";
import type { Process, Task } from "../task.ts";
import { inPlace, inSet, inStructOrNull, oneOf, outPlace, outSet, outStruct, pid, setText, signal, size, storeSet } from "./args.ts";
import { deadlineAfter } from "./poll.ts";
import { syscall, type Arg, KEEP_REGISTERS, type Outcome, type Syscall } from "./syscall.ts";
import { address as addressText, flagText, hex, hexParts } from "./text.ts";

const classes = { classes: ["signal"] };
const both = { classes: ["signal", "process"] };
const SS_FLAG_BITS = SS_AUTODISARM;

function actionText(memory: AddressSpace, at: number): string {
  const handler = memory.readNumber(at);
  const saFlags = memory.readU32(at + 8);
  const name = handler === SIG_DFL ? "SIG_DFL" : handler === SIG_IGN ? "SIG_IGN" : hex(handler);
  const mask = setText({ low: memory.readI32(at + 24), high: memory.readI32(at + 28) });
  // A long: a C library that keeps the flags in an int makes it negative with SA_RESETHAND.
  const upper = memory.readU32(at + 12);
  const more = upper === 0 ? "" : `|${hexParts(0, upper)}`;
  const restorer = saFlags & SA_RESTORER ? `, sa_restorer=${hex(memory.readNumber(at + 16))}` : "";
  return `{sa_handler=${name}, sa_mask=${mask}, sa_flags=${flagText(saFlags, SA_FLAGS, "0")}${more}${restorer}}`;
}

const inAction: Arg<number> = inPlace((at, { memory }) => actionText(memory, at));
const outAction: Arg<number> = outPlace((at, { memory }) => actionText(memory, at));
const how: Arg<number> = oneOf({ SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK }, "SIG_???");

const stackLayout: Struct<{ readonly ss_sp: "u64"; readonly ss_flags: "u32"; readonly ss_size: "u64" }> = struct({
  ss_sp: "u64",
  ss_flags: "u32",
  ss_size: "u64",
});
const showStack = (v: { ss_sp: number; ss_flags: number; ss_size: number }): string =>
  `{ss_sp=${v.ss_sp === 0 ? "NULL" : hex(v.ss_sp)}, ss_flags=${flagText(v.ss_flags, { SS_ONSTACK, SS_DISABLE, SS_AUTODISARM }, "0")}, ss_size=${v.ss_size}}`;

/** The fields that kill(2), sigqueue(3) and timers fill in. */
function infoText(memory: AddressSpace, at: number): string {
  const code = memory.readI32(at + 8);
  const head = `{si_signo=${signalName(memory.readI32(at))}, si_code=${signalCodeName(memory.readI32(at), code)}`;
  const low = memory.readI32(at + 24);
  const value = `, si_int=${low}, si_ptr=${addressText(low, memory.readI32(at + 28))}`;
  if (code === SI_TIMER) return `${head}, si_timerid=${hex(memory.readU32(at + 16))}, si_overrun=${memory.readI32(at + 20)}${value}}`;
  return `${head}, si_pid=${memory.readI32(at + 16)}, si_uid=${memory.readU32(at + 20)}${code < 0 && code !== SI_TKILL ? value : ""}}`;
}

const infoPlace: Arg<number> = outPlace((at, { memory }) => infoText(memory, at));
const inInfo: Arg<number> = inPlace((at, { memory }) => infoText(memory, at));

function sigaction(task: Task, number: number, newAt: number, oldAt: number, length: number): number {
  if (length !== SIGSET_BYTES || number < 1 || number > 64) throw errno.EINVAL;
  if (newAt !== 0 && (number === SIGKILL || number === SIGSTOP)) throw errno.EINVAL;
  const { memory } = task;
  const action = task.handlers.actions[number]!;
  const old = { ...action, mask: copySet(action.mask) };
  if (newAt !== 0) {
    const handler = memory.readNumber(newAt);
    const actionFlags = memory.readU32(newAt + 8);
    const restorer = memory.readNumber(newAt + 16);
    const mask = { low: memory.readI32(newAt + 24), high: memory.readI32(newAt + 28) };
    action.handler = handler;
    action.flags = actionFlags & KNOWN_ACTION_FLAGS;
    action.restorer = restorer;
    assign(action.mask, mask);
    subtract(action.mask, UNBLOCKABLE);
    const ignored = handler === SIG_IGN || (handler === SIG_DFL && defaultAction(number) === "ignore");
    if (ignored) {
      discard(task.process.pending, number);
      for (const other of task.process.tasks) discard(other.pending, number);
    }
  }
  if (oldAt !== 0) {
    writeAction(task, oldAt, old);
  }
  return 0;
}

/** SA_* bits that the kernel keeps; others are dropped. */
const KNOWN_ACTION_FLAGS = 0xdc000807 | 0;

function writeAction(
  task: Task,
  at: number,
  action: { handler: number; flags: number; restorer: number; mask: { low: number; high: number } },
): void {
  const { memory } = task;
  memory.writeNumber(at, action.handler);
  memory.writeU32(at + 8, action.flags >>> 0);
  memory.writeU32(at + 12, 0);
  memory.writeNumber(at + 16, action.restorer);
  storeSet(memory, at + 24, action.mask);
}

/** Replaces the mask for the wait of sigsuspend(2). */
function suspend(task: Task): void {
  assign(task.savedMask, task.mask);
  task.restoreMask = true;
}

function sendTo(task: Task, targets: readonly Process[], number: number): number {
  if (number !== 0) for (const target of targets) sendToProcess(target, userInfo(task, number));
  return 0;
}

function mayKill(task: Task, target: Process): boolean {
  const { euid, uid } = task.credentials;
  const other = target.tasks[0]?.credentials;
  return euid === 0 || other === undefined || euid === other.suid || euid === other.uid || uid === other.suid || uid === other.uid;
}

function kill(task: Task, target: number, number: number): number {
  if (number < 0 || number > 64) throw errno.EINVAL;
  const { processes } = task.kernel;
  const all = [...processes.values()].filter((process) => process.exit === undefined);
  let targets: Process[];
  if (target > 0) targets = all.filter((process) => process.pid === target);
  else if (target === -1) targets = all.filter((process) => process !== task.process && process.pid !== 1);
  else targets = all.filter((process) => process.group === (target === 0 ? task.process.group : -target));
  if (targets.length === 0) throw errno.ESRCH;
  const allowed = targets.filter((process) => mayKill(task, process));
  if (allowed.length === 0) throw errno.EPERM;
  return sendTo(task, allowed, number);
}

function findThread(task: Task, group: number | undefined, tid: number): Task {
  if (tid <= 0 || (group !== undefined && group <= 0)) throw errno.EINVAL;
  const found = task.kernel.tasks.find((other) => other.tid === tid && (group === undefined || other.pid === group));
  if (found === undefined) throw errno.ESRCH;
  return found;
}

function queueInfo(task: Task, number: number, at: number): SigInfo {
  const raw = new Uint8Array(SIGINFO_SIZE);
  if (task.memory.copyIn(at, raw) !== raw.length) throw errno.EFAULT;
  const code = new DataView(raw.buffer).getInt32(8, true);
  return { kind: "queue", signal: number, code, raw };
}

/** sigtimedwait(2) and sigwaitinfo(2). */
function timedWait(
  task: Task,
  a: { set: { low: number; high: number } | undefined; info: number; timeout: { tv_sec: number; tv_nsec: number } | undefined; size: number },
): Outcome {
  if (a.size !== SIGSET_BYTES) throw errno.EINVAL;
  if (a.set === undefined) throw errno.EFAULT;
  const wanted = copySet(a.set);
  subtract(wanted, UNBLOCKABLE);
  if (task.call.resume === "start" && a.timeout !== undefined) task.call.deadline = deadlineAfter(task, a.timeout.tv_sec, a.timeout.tv_nsec);
  const info = takeSignal(task, wanted);
  if (info !== undefined) {
    task.signalled = hasUnblocked(task);
    if (a.info !== 0) writeSigInfo(task.memory, a.info, info);
    return info.signal;
  }
  if (task.call.resume === "timeout" || task.call.deadline <= task.kernel.clock.now) throw errno.EAGAIN;
  return { signals: wanted, interrupted: "EINTR", ...(task.call.deadline === Infinity ? {} : { deadline: task.call.deadline }) };
}

export const signalCalls: readonly Syscall[] = [
  syscall(
    13,
    "rt_sigaction",
    { signum: signal, act: inAction, oldact: outAction, sigsetsize: size },
    "full",
    (t, a) => sigaction(t, a.signum, a.act, a.oldact, a.sigsetsize),
    classes,
  ),
  syscall(
    14,
    "rt_sigprocmask",
    { how, set: inSet, oldset: outSet, sigsetsize: size },
    "full",
    (t, a) => {
      if (a.sigsetsize !== SIGSET_BYTES) throw errno.EINVAL;
      const old = copySet(t.mask);
      if (a.set !== undefined) {
        if (a.how === SIG_BLOCK) union(t.mask, a.set);
        else if (a.how === SIG_UNBLOCK) subtract(t.mask, a.set);
        else if (a.how === SIG_SETMASK) assign(t.mask, a.set);
        else throw errno.EINVAL;
        subtract(t.mask, UNBLOCKABLE);
        t.signalled = hasUnblocked(t);
      }
      if (a.oldset !== 0) storeSet(t.memory, a.oldset, old);
      return 0;
    },
    classes,
  ),
  syscall(
    15,
    "rt_sigreturn",
    { frame: { direction: "in", decode: () => 0, show: (_l, _h, shown) => returnText(shown.task) } },
    "full",
    (t) => {
      const { mask, whole } = popFrame(t);
      if (mask !== undefined) {
        assign(t.mask, mask);
        t.signalled = hasUnblocked(t);
      }
      if (!whole) forceSignal(t, kernelInfo(SIGSEGV));
      t.call.number = -1;
      return KEEP_REGISTERS;
    },
    classes,
  ),
  syscall(
    127,
    "rt_sigpending",
    { set: outSet, sigsetsize: size },
    "full",
    (t, a) => {
      if (a.sigsetsize > SIGSET_BYTES) throw errno.EINVAL;
      const pending = copySet(t.pending.set);
      union(pending, t.process.pending.set);
      pending.low &= t.mask.low;
      pending.high &= t.mask.high;
      storeSet(t.memory, a.set, pending);
      return 0;
    },
    classes,
  ),
  syscall(128, "rt_sigtimedwait", { set: inSet, info: infoPlace, timeout: inStructOrNull(timespec), size }, "full", timedWait, {
    ...classes,
    note: ({ result = 0 }) => (result > 0 ? signalName(result) : ""),
  }),
  syscall(
    129,
    "rt_sigqueueinfo",
    { pid, sig: signal, info: inInfo },
    "full",
    (t, a) => {
      const info = queueInfo(t, a.sig, a.info);
      if ((info.code >= 0 || info.code === SI_TKILL) && a.pid !== t.pid) throw errno.EPERM;
      const target = t.kernel.processes.get(a.pid);
      if (target === undefined || target.exit !== undefined) throw errno.ESRCH;
      if (a.sig < 0 || a.sig > 64) throw errno.EINVAL;
      if (!mayKill(t, target)) throw errno.EPERM;
      if (a.sig !== 0) sendToProcess(target, info);
      return 0;
    },
    both,
  ),
  syscall(
    297,
    "rt_tgsigqueueinfo",
    { tgid: pid, tid: pid, sig: signal, info: inInfo },
    "full",
    (t, a) => {
      const info = queueInfo(t, a.sig, a.info);
      if ((info.code >= 0 || info.code === SI_TKILL) && a.tid !== t.tid) throw errno.EPERM;
      const target = findThread(t, a.tgid, a.tid);
      if (a.sig < 0 || a.sig > 64) throw errno.EINVAL;
      if (a.sig !== 0) sendToTask(target, info);
      return 0;
    },
    both,
  ),
  syscall(
    130,
    "rt_sigsuspend",
    { mask: inSet, sigsetsize: size },
    "full",
    (t, a) => {
      if (a.sigsetsize !== SIGSET_BYTES) throw errno.EINVAL;
      if (a.mask === undefined) throw errno.EFAULT;
      if (t.call.resume === "start") {
        suspend(t);
        assign(t.mask, a.mask);
        subtract(t.mask, UNBLOCKABLE);
        t.signalled = hasUnblocked(t);
      }
      return { interrupted: "ERESTARTNOHAND" };
    },
    classes,
  ),
  syscall(34, "pause", {}, "full", () => ({ interrupted: "ERESTARTNOHAND" }), classes),
  syscall(
    131,
    "sigaltstack",
    { ss: inStructOrNull(stackLayout, showStack), old_ss: outStruct(stackLayout, showStack) },
    "full",
    (t, a) => {
      const { altStack, registers } = t;
      const sp = registers.number(Reg.rsp);
      const old = { ss_sp: altStack.sp, ss_flags: altStackFlags(altStack, sp) | (altStack.flags & SS_FLAG_BITS), ss_size: altStack.size };
      if (a.ss !== undefined) {
        if (altStackFlags(altStack, sp) === SS_ONSTACK) throw errno.EPERM;
        const mode = (a.ss.ss_flags & ~SS_FLAG_BITS) >>> 0;
        if (mode !== SS_DISABLE && mode !== SS_ONSTACK && mode !== 0) throw errno.EINVAL;
        if (mode === SS_DISABLE) {
          altStack.sp = 0;
          altStack.size = 0;
        } else {
          if (a.ss.ss_size < MINSIGSTKSZ) throw errno.ENOMEM;
          altStack.sp = a.ss.ss_sp;
          altStack.size = a.ss.ss_size;
        }
        altStack.flags = a.ss.ss_flags;
      }
      if (a.old_ss !== 0) stackLayout.store(t.memory, a.old_ss, old);
      return 0;
    },
    classes,
  ),
  syscall(62, "kill", { pid, sig: signal }, "full", (t, a) => kill(t, a.pid, a.sig), both),
  syscall(
    200,
    "tkill",
    { tid: pid, sig: signal },
    "full",
    (t, a) => {
      const target = findThread(t, undefined, a.tid);
      if (a.sig < 0 || a.sig > 64) throw errno.EINVAL;
      if (a.sig !== 0) sendToTask(target, threadInfo(t, a.sig));
      return 0;
    },
    both,
  ),
  syscall(
    234,
    "tgkill",
    { tgid: pid, tid: pid, sig: signal },
    "full",
    (t, a) => {
      const target = findThread(t, a.tgid, a.tid);
      if (a.sig < 0 || a.sig > 64) throw errno.EINVAL;
      if (a.sig !== 0) sendToTask(target, threadInfo(t, a.sig));
      return 0;
    },
    both,
  ),
  syscall(
    219,
    "restart_syscall",
    { resuming: { direction: "in", decode: () => 0, show: (_l, _h, shown) => `<... resuming interrupted ${restartName(shown.task)} ...>` } },
    "full",
    (t) => {
      const { restart } = t;
      if (restart.number < 0) return -ERRNO.EINTR;
      t.call.number = restart.number;
      t.call.args.set(restart.args);
      t.call.deadline = restart.deadline;
      restart.number = -1;
      return t.kernel.continueCall(t);
    },
  ),
];

/** `{mask=[INT]}`: what the frame under the stack pointer will restore. */
function returnText(task: Task): string {
  const at = task.registers.number(Reg.rsp) - 8 + 304;
  const bytes = new Uint8Array(8);
  if (task.memory.copyIn(at, bytes) !== 8) return "";
  const view = new DataView(bytes.buffer);
  return `{mask=${setText({ low: view.getInt32(0, true), high: view.getInt32(4, true) })}}`;
}

function restartName(task: Task): string {
  return task.kernel.nameOf(task.restart.number);
}
