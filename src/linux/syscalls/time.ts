/** Clocks, sleeping and timers: clock_gettime(2), nanosleep(2), setitimer(2), timer_create(2) and their kin. */
import { errno } from "../abi/errno.ts";
import { SIGALRM, signalName } from "../abi/signal.ts";
import { struct, type Struct, writeI64 } from "../abi/struct.ts";
import * as T from "../abi/time.ts";
import { toInstant, type Instant } from "../clock.ts";
import { timerClock } from "../timers.ts";
import type { IntervalTimer, PosixTimer, Task } from "../task.ts";
import { flags, inStruct, inStructOrNull, int, oneOf, outPlace, outStruct, uint, inPlace } from "./args.ts";
import { deadlineAfter } from "./poll.ts";
import { address as addressText } from "./text.ts";
import { syscall, type Arg, type Outcome, type Syscall } from "./syscall.ts";

const clockId: Arg<number> = oneOf(T.CLOCKS, "CLOCK_???");
const itimerWhich: Arg<number> = oneOf({ ITIMER_REAL: T.ITIMER_REAL, ITIMER_VIRTUAL: T.ITIMER_VIRTUAL, ITIMER_PROF: T.ITIMER_PROF }, "ITIMER_???");
const timerFlags: Arg<number> = flags({ TIMER_ABSTIME: T.TIMER_ABSTIME });

type ItimerValues = { interval_sec: number; interval_fraction: number; value_sec: number; value_fraction: number };
const micro = (v: ItimerValues): string =>
  `{it_interval={tv_sec=${v.interval_sec}, tv_usec=${v.interval_fraction}}, it_value={tv_sec=${v.value_sec}, tv_usec=${v.value_fraction}}}`;
/** struct itimerspec. */
export const nanoText = (v: ItimerValues): string =>
  `{it_interval={tv_sec=${v.interval_sec}, tv_nsec=${v.interval_fraction}}, it_value={tv_sec=${v.value_sec}, tv_nsec=${v.value_fraction}}}`;

/** What is left of a sleep: written only when a signal ended it. */
const remainder: Arg<number> = {
  ...outStruct(T.timespec),
  show: (low, high, shown) => outStruct(T.timespec).show(low, high, { ...shown, result: (shown.result ?? 0) < -511 || shown.result === -4 ? 0 : -1 }),
};

/** What a clock shows. Clocks of other processes and threads, and dynamic ones, are EINVAL. */
export function readClock(task: Task, id: number): Instant {
  const { clock } = task.kernel;
  switch (id) {
    case T.CLOCK_REALTIME:
    case T.CLOCK_REALTIME_ALARM:
    case T.CLOCK_TAI:
      return clock.real();
    case T.CLOCK_REALTIME_COARSE:
      return clock.realCoarse();
    case T.CLOCK_MONOTONIC:
    case T.CLOCK_MONOTONIC_RAW:
    case T.CLOCK_BOOTTIME:
    case T.CLOCK_BOOTTIME_ALARM:
      return toInstant(clock.monotonic());
    case T.CLOCK_MONOTONIC_COARSE:
      return toInstant(clock.monotonic() - (clock.monotonic() % T.COARSE_TICK));
    case T.CLOCK_PROCESS_CPUTIME_ID:
      return toInstant(task.process.cpuTime);
    case T.CLOCK_THREAD_CPUTIME_ID:
      return toInstant(task.cpuTime);
    default:
      return toInstant(cpuClock(task, id));
  }
}

/** clock_getcpuclockid(3): ~pid << 3 | 2, with bit 2 for a thread. */
function cpuClock(task: Task, id: number): number {
  if (id >= 0 || (id & 3) === 3) throw errno.EINVAL;
  const pid = ~(id >> 3);
  if (id & 4) {
    const thread = pid === 0 ? task : task.kernel.tasks.find((other) => other.tid === pid && other.process === task.process);
    if (thread === undefined) throw errno.EINVAL;
    return thread.cpuTime;
  }
  const process = pid === 0 ? task.process : task.kernel.processes.get(pid);
  if (process === undefined) throw errno.EINVAL;
  return process.cpuTime;
}

/** Machine time at which a clock shows `at`; a processor-time clock counts on as if its task ran alone. */
export function clockDeadline(task: Task, id: number, at: Instant): number {
  const now = readClock(task, id);
  return task.kernel.clock.now + (at.sec - now.sec) * T.NS_PER_SECOND + (at.nsec - now.nsec);
}

function resolution(id: number): number {
  return id === T.CLOCK_REALTIME_COARSE || id === T.CLOCK_MONOTONIC_COARSE ? T.COARSE_TICK : 1;
}

/** nanosleep(2) and clock_nanosleep(2): `call.deadline` is set. `remAt` takes what is left after a signal. */
function sleep(task: Task, remAt: number, absolute: boolean): Outcome {
  const { call, kernel } = task;
  if (call.deadline <= kernel.clock.now) return 0;
  if (call.resume === "signal" && remAt !== 0 && !absolute) {
    const left = toInstant(call.deadline - kernel.clock.now);
    T.timespec.store(task.memory, remAt, { tv_sec: left.sec, tv_nsec: left.nsec });
  }
  return { deadline: call.deadline, interrupted: absolute ? "ERESTARTNOHAND" : "ERESTART_RESTARTBLOCK" };
}

function checkSpec(spec: { tv_sec: number; tv_nsec: number }): void {
  if (spec.tv_sec < 0 || spec.tv_nsec < 0 || spec.tv_nsec >= T.NS_PER_SECOND) throw errno.EINVAL;
}

// ---- interval timers

function timerLeft(now: number, timer: IntervalTimer): number {
  return timer.deadline === Infinity ? 0 : Math.max(1000, timer.deadline - now);
}

function storeItimer(task: Task, at: number, interval: number, left: number, unit: number): void {
  const i = toInstant(interval);
  const v = toInstant(left);
  T.itimer.store(task.memory, at, {
    interval_sec: i.sec,
    interval_fraction: Math.floor(i.nsec / unit),
    value_sec: v.sec,
    value_fraction: Math.floor(v.nsec / unit),
  });
}

function setTimer(task: Task, which: number, value: number, interval: number): void {
  const timer = task.process.intervalTimers[which]!;
  timer.deadline = value === 0 ? Infinity : timerClock(task.kernel, task.process, which) + value;
  timer.interval = value === 0 ? 0 : interval;
}

// ---- POSIX timers

const sigevent: Struct<{
  readonly value_low: "u32";
  readonly value_high: "u32";
  readonly signo: "i32";
  readonly notify: "i32";
  readonly tid: "i32";
}> = struct({ value_low: "u32", value_high: "u32", signo: "i32", notify: "i32", tid: "i32" }, 64);
const SIGEV_SIGNAL = 0;
const SIGEV_NONE = 1;
const SIGEV_THREAD_ID = 4;

/** struct tms. */
const tmsText = (v: Readonly<Record<string, number>>): string =>
  `{${["utime", "stime", "cutime", "cstime"].map((name) => `tms_${name}=${v[name] ?? 0}`).join(", ")}}`;

const sigeventPlace: Arg<number> = inPlace((at, { memory }) => {
  const event = sigevent.load(memory, at);
  const notify = ["SIGEV_SIGNAL", "SIGEV_NONE", "SIGEV_THREAD", "", "SIGEV_THREAD_ID"][event.notify] ?? String(event.notify);
  const value = `{sival_int=${event.value_low | 0}, sival_ptr=${addressText(event.value_low, event.value_high)}}`;
  return `{${event.value_low === 0 && event.value_high === 0 ? "" : `sigev_value=${value}, `}sigev_signo=${signalName(event.signo)}, sigev_notify=${notify}}`;
});

function findTimer(task: Task, id: number): PosixTimer {
  const timer = task.process.posixTimers.find((other) => other.id === id);
  if (timer === undefined) throw errno.EINVAL;
  return timer;
}

function createTimer(task: Task, clock: number, eventAt: number, idAt: number): number {
  readClock(task, clock);
  const event = eventAt === 0 ? undefined : sigevent.load(task.memory, eventAt);
  const { posixTimers } = task.process;
  let id = 0;
  while (posixTimers.some((timer) => timer.id === id)) id++;
  let signal = SIGALRM;
  let tid = 0;
  if (event !== undefined) {
    if (event.notify !== SIGEV_SIGNAL && event.notify !== SIGEV_NONE && event.notify !== SIGEV_THREAD_ID) throw errno.EINVAL;
    if (event.notify !== SIGEV_NONE && (event.signo < 1 || event.signo > 64)) throw errno.EINVAL;
    signal = event.notify === SIGEV_NONE ? 0 : event.signo;
    if (event.notify === SIGEV_THREAD_ID) {
      tid = event.tid;
      if (!task.process.tasks.some((other) => other.tid === tid)) throw errno.EINVAL;
    }
  }
  task.memory.writeU32(idAt, id);
  posixTimers.push({
    id,
    clock,
    signal,
    tid,
    valueLow: event?.value_low ?? id,
    valueHigh: event?.value_high ?? 0,
    deadline: Infinity,
    interval: 0,
    overrun: 0,
  });
  return 0;
}

function setPosixTimer(task: Task, timer: PosixTimer, absolute: boolean, values: ItimerValues, oldAt: number): number {
  for (const fraction of [values.interval_fraction, values.value_fraction]) if (fraction < 0 || fraction >= T.NS_PER_SECOND) throw errno.EINVAL;
  const { now } = task.kernel.clock;
  if (oldAt !== 0) storeItimer(task, oldAt, timer.interval, timer.deadline === Infinity ? 0 : Math.max(1, timer.deadline - now), 1);
  const value = { sec: values.value_sec, nsec: values.value_fraction };
  timer.interval = values.interval_sec * T.NS_PER_SECOND + values.interval_fraction;
  timer.overrun = 0;
  if (value.sec === 0 && value.nsec === 0) timer.deadline = Infinity;
  else timer.deadline = absolute ? clockDeadline(task, timer.clock, value) : now + value.sec * T.NS_PER_SECOND + value.nsec;
  return 0;
}

const timerIdPlace: Arg<number> = outPlace((at, { memory }) => `[${memory.readI32(at)}]`);
const timePlace: Arg<number> = outPlace((at, { memory }) => `[${memory.readNumber(at)}]`);

export const timeCalls: readonly Syscall[] = [
  syscall(228, "clock_gettime", { clockid: clockId, tp: outStruct(T.timespec) }, "full", (t, a) => {
    const now = readClock(t, a.clockid);
    T.timespec.store(t.memory, a.tp, { tv_sec: now.sec, tv_nsec: now.nsec });
    return 0;
  }),
  syscall(229, "clock_getres", { clockid: clockId, res: outStruct(T.timespec) }, "full", (t, a) => {
    readClock(t, a.clockid);
    if (a.res !== 0) T.timespec.store(t.memory, a.res, { tv_sec: 0, tv_nsec: resolution(a.clockid) });
    return 0;
  }),
  syscall(227, "clock_settime", { clockid: clockId, tp: inStruct(T.timespec) }, "full", (t, a) => {
    checkSpec(a.tp);
    if (a.clockid !== T.CLOCK_REALTIME) throw errno.EINVAL;
    if (t.credentials.euid !== 0) throw errno.EPERM;
    setReal(t, { sec: a.tp.tv_sec, nsec: a.tp.tv_nsec });
    return 0;
  }),
  syscall(96, "gettimeofday", { tv: outStruct(T.timeval), tz: outStruct(T.timezone) }, "full", (t, a) => {
    const now = t.kernel.clock.real();
    if (a.tv !== 0) T.timeval.store(t.memory, a.tv, { tv_sec: now.sec, tv_usec: Math.floor(now.nsec / 1000) });
    if (a.tz !== 0) T.timezone.store(t.memory, a.tz, { tz_minuteswest: 0, tz_dsttime: 0 });
    return 0;
  }),
  syscall(164, "settimeofday", { tv: inStructOrNull(T.timeval), tz: inStructOrNull(T.timezone) }, "full", (t, a) => {
    if (t.credentials.euid !== 0) throw errno.EPERM;
    if (a.tv !== undefined) setReal(t, { sec: a.tv.tv_sec, nsec: a.tv.tv_usec * 1000 });
    return 0;
  }),
  syscall(201, "time", { tloc: timePlace }, "full", (t, a) => {
    const { sec } = t.kernel.clock.real();
    if (a.tloc !== 0) writeI64(t.memory, a.tloc, sec);
    return sec;
  }),
  syscall(35, "nanosleep", { req: inStruct(T.timespec), rem: remainder }, "full", (t, a) => {
    if (t.call.resume === "start" && t.call.deadline === Infinity) t.call.deadline = deadlineAfter(t, a.req.tv_sec, a.req.tv_nsec);
    return sleep(t, a.rem, false);
  }),
  syscall(230, "clock_nanosleep", { clockid: clockId, flags: timerFlags, req: inStruct(T.timespec), rem: remainder }, "full", (t, a) => {
    if (a.clockid === T.CLOCK_THREAD_CPUTIME_ID) throw errno.EINVAL;
    const absolute = (a.flags & T.TIMER_ABSTIME) !== 0;
    if (t.call.resume === "start" && t.call.deadline === Infinity) {
      readClock(t, a.clockid);
      checkSpec(a.req);
      t.call.deadline = absolute
        ? clockDeadline(t, a.clockid, { sec: a.req.tv_sec, nsec: a.req.tv_nsec })
        : deadlineAfter(t, a.req.tv_sec, a.req.tv_nsec);
    }
    return sleep(t, a.rem, absolute);
  }),
  syscall(37, "alarm", { seconds: uint }, "full", (t, a) => {
    const left = timerLeft(t.kernel.clock.now, t.process.intervalTimers[0]!);
    setTimer(t, T.ITIMER_REAL, a.seconds * T.NS_PER_SECOND, 0);
    return left === 0 ? 0 : Math.max(1, Math.round(left / T.NS_PER_SECOND));
  }),
  syscall(36, "getitimer", { which: itimerWhich, curr_value: outStruct(T.itimer, micro) }, "full", (t, a) => {
    const timer = t.process.intervalTimers[a.which];
    if (timer === undefined) throw errno.EINVAL;
    storeItimer(t, a.curr_value, timer.interval, timerLeft(timerClock(t.kernel, t.process, a.which), timer), 1000);
    return 0;
  }),
  syscall(
    38,
    "setitimer",
    { which: itimerWhich, new_value: inStructOrNull(T.itimer, micro), old_value: outStruct(T.itimer, micro) },
    "full",
    (t, a) => {
      const timer = t.process.intervalTimers[a.which];
      if (timer === undefined) throw errno.EINVAL;
      const v = a.new_value ?? { interval_sec: 0, interval_fraction: 0, value_sec: 0, value_fraction: 0 };
      if ([v.value_fraction, v.interval_fraction].some((fraction) => fraction < 0 || fraction > 999_999) || v.value_sec < 0 || v.interval_sec < 0)
        throw errno.EINVAL;
      if (a.old_value !== 0) storeItimer(t, a.old_value, timer.interval, timerLeft(timerClock(t.kernel, t.process, a.which), timer), 1000);
      setTimer(t, a.which, v.value_sec * T.NS_PER_SECOND + v.value_fraction * 1000, v.interval_sec * T.NS_PER_SECOND + v.interval_fraction * 1000);
      return 0;
    },
  ),
  syscall(
    222,
    "timer_create",
    { clockid: clockId, sevp: sigeventPlace, timerid: timerIdPlace },
    "partial: processor-time clocks count as if the process ran alone",
    (t, a) => createTimer(t, a.clockid, a.sevp, a.timerid),
  ),
  syscall(
    223,
    "timer_settime",
    { timerid: int, flags: timerFlags, new_value: inStruct(T.itimer, nanoText), old_value: outStruct(T.itimer, nanoText) },
    "full",
    (t, a) => setPosixTimer(t, findTimer(t, a.timerid), (a.flags & T.TIMER_ABSTIME) !== 0, a.new_value, a.old_value),
  ),
  syscall(224, "timer_gettime", { timerid: int, curr_value: outStruct(T.itimer, nanoText) }, "full", (t, a) => {
    const timer = findTimer(t, a.timerid);
    storeItimer(t, a.curr_value, timer.interval, timer.deadline === Infinity ? 0 : Math.max(1, timer.deadline - t.kernel.clock.now), 1);
    return 0;
  }),
  syscall(225, "timer_getoverrun", { timerid: int }, "full", (t, a) => findTimer(t, a.timerid).overrun),
  syscall(226, "timer_delete", { timerid: int }, "full", (t, a) => {
    const { posixTimers } = t.process;
    posixTimers.splice(posixTimers.indexOf(findTimer(t, a.timerid)), 1);
    return 0;
  }),
  syscall(100, "times", { buf: outStruct(T.tms, tmsText) }, "full", (t, a) => {
    const tick = T.NS_PER_SECOND / T.USER_HZ;
    if (a.buf !== 0) {
      T.tms.store(t.memory, a.buf, { utime: Math.floor(t.process.cpuTime / tick), cutime: Math.floor(t.process.childrenTime / tick) });
    }
    return Math.floor(t.kernel.clock.monotonic() / tick);
  }),
];

/** Moves CLOCK_REALTIME; what counts machine time is not touched. */
function setReal(task: Task, at: Instant): void {
  const { clock } = task.kernel;
  const seconds = Math.floor(clock.now / T.NS_PER_SECOND);
  let nsec = at.nsec - (clock.now - seconds * T.NS_PER_SECOND);
  let sec = at.sec - seconds;
  if (nsec < 0) {
    nsec += T.NS_PER_SECOND;
    sec--;
  }
  clock.start = { sec, nsec };
}
