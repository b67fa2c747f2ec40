/** Timers that send signals: setitimer(2), timer_create(2). */
import { RLIMIT_CPU } from "./abi/resource.ts";
import { ITIMER_REAL, NS_PER_SECOND } from "./abi/time.ts";
import { SI_TIMER, SIGKILL, SIGXCPU } from "./abi/signal.ts";
import type { Kernel } from "./kernel.ts";
import { kernelInfo, sendToProcess, sendToTask } from "./signals/send.ts";
import type { SigInfo } from "./signals/types.ts";
import type { PosixTimer, Process } from "./task.ts";

/** What an interval timer counts: machine time, or the processor time of its process. */
export function timerClock(kernel: Kernel, process: Process, which: number): number {
  return which === ITIMER_REAL ? kernel.clock.now : process.cpuTime;
}

/** Clock value of the next expiry of any timer. A processor-time timer is due no earlier than if its process ran alone from now. */
export function nextTimer(kernel: Kernel): number {
  let next = Infinity;
  for (const process of kernel.processes.values()) {
    if (process.exit !== undefined) continue;
    const runs = process.tasks.some((task) => task.state === "running");
    process.intervalTimers.forEach(({ deadline }, which) => {
      if (deadline === Infinity) return;
      if (which === ITIMER_REAL) next = Math.min(next, deadline);
      else if (runs) next = Math.min(next, kernel.clock.now + deadline - process.cpuTime);
    });
    for (const timer of process.posixTimers) next = Math.min(next, timer.deadline);
    if (runs) next = Math.min(next, kernel.clock.now + processorLimit(process) - process.cpuTime);
  }
  return next;
}

/** Sends the signals of timers whose time has come. */
export function expireTimers(kernel: Kernel): void {
  for (const process of kernel.processes.values()) {
    if (process.exit !== undefined) continue;
    for (let which = 0; which < 3; which++) {
      const timer = process.intervalTimers[which]!;
      const now = timerClock(kernel, process, which);
      if (timer.deadline > now) continue;
      timer.deadline = timer.interval > 0 ? following(timer.deadline, timer.interval, now) : Infinity;
      kernel.timerSignal(process, which);
    }
    if (processorLimit(process) <= process.cpuTime) exceed(process);
    for (const timer of process.posixTimers) if (timer.deadline <= kernel.clock.now) expire(kernel, process, timer);
  }
}

/** RLIMIT_CPU: processor time in nanoseconds at which a signal is due. */
function processorLimit(process: Process): number {
  const { soft, hard } = process.limits[RLIMIT_CPU]!;
  return Math.min(soft, hard) * NS_PER_SECOND;
}

/** SIGXCPU at the soft limit, which then moves on by a second; SIGKILL at the hard one. */
function exceed(process: Process): void {
  const limit = process.limits[RLIMIT_CPU]!;
  const seconds = process.cpuTime / NS_PER_SECOND;
  if (seconds >= limit.hard) {
    sendToProcess(process, kernelInfo(SIGKILL));
    limit.hard = Infinity;
    return;
  }
  sendToProcess(process, kernelInfo(SIGXCPU));
  limit.soft++;
}

/** The first expiry after `now`. */
function following(deadline: number, interval: number, now: number): number {
  return deadline + (Math.floor((now - deadline) / interval) + 1) * interval;
}

function expire(kernel: Kernel, process: Process, timer: PosixTimer): void {
  const { now } = kernel.clock;
  const missed = timer.interval > 0 ? Math.floor((now - timer.deadline) / timer.interval) : 0;
  timer.overrun = missed;
  timer.deadline = timer.interval > 0 ? following(timer.deadline, timer.interval, now) : Infinity;
  if (timer.signal === 0) return;
  const info: SigInfo = {
    kind: "timer",
    signal: timer.signal,
    code: SI_TIMER,
    timer: timer.id,
    overrun: missed,
    valueLow: timer.valueLow,
    valueHigh: timer.valueHigh,
  };
  const thread = timer.tid === 0 ? undefined : process.tasks.find((task) => task.tid === timer.tid);
  if (thread !== undefined) sendToTask(thread, info);
  else sendToProcess(process, info);
}
