/** Descriptors for events: eventfd(2), timerfd_create(2), signalfd(2), epoll(7). */
import type { AddressSpace } from "../../memory/index.ts";
import { errno } from "../abi/errno.ts";
import * as F from "../abi/fcntl.ts";
import { assign, SIGSET_BYTES, subtract, type SigSet } from "../abi/sigset.ts";
import * as T from "../abi/time.ts";
import { toInstant } from "../clock.ts";
import { EPOLLET, EPOLLEXCLUSIVE, EPOLLONESHOT, EPOLLWAKEUP, EpollFile } from "../events/epoll.ts";
import { EventFile } from "../events/eventfd.ts";
import { SignalFile } from "../events/signalfd.ts";
import { TimerFile } from "../events/timerfd.ts";
import { UNBLOCKABLE } from "../signals/send.ts";
import type { Task } from "../task.ts";
import { fd, flags, inPlace, inSet, inStruct, inStructOrNull, int, oneOf, outPlace, outStruct, size, uint } from "./args.ts";
import { install } from "./fds.ts";
import { deadlineAfter, giveBackMask, useMask } from "./poll.ts";
import { syscall, type Arg, type Outcome, type Syscall } from "./syscall.ts";
import { clockDeadline, nanoText } from "./time.ts";
import { flagText } from "./text.ts";

const desc = { classes: ["desc"] };
const signalClasses = { classes: ["desc", "signal"] };

const EFD: Readonly<Record<string, number>> = { EFD_SEMAPHORE: 1, EFD_CLOEXEC: F.O_CLOEXEC, EFD_NONBLOCK: F.O_NONBLOCK };
const TFD: Readonly<Record<string, number>> = { TFD_CLOEXEC: F.O_CLOEXEC, TFD_NONBLOCK: F.O_NONBLOCK };
const TFD_SET: Readonly<Record<string, number>> = { TFD_TIMER_ABSTIME: 1, TFD_TIMER_CANCEL_ON_SET: 2 };
const SFD: Readonly<Record<string, number>> = { SFD_CLOEXEC: F.O_CLOEXEC, SFD_NONBLOCK: F.O_NONBLOCK };
const EPOLL_OPS: Readonly<Record<string, number>> = { EPOLL_CTL_ADD: 1, EPOLL_CTL_DEL: 2, EPOLL_CTL_MOD: 3 };
const EPOLL_EVENTS: Readonly<Record<string, number>> = {
  EPOLLIN: 1,
  EPOLLPRI: 2,
  EPOLLOUT: 4,
  EPOLLRDNORM: 0x40,
  EPOLLRDBAND: 0x80,
  EPOLLWRNORM: 0x100,
  EPOLLWRBAND: 0x200,
  EPOLLMSG: 0x400,
  EPOLLERR: 8,
  EPOLLHUP: 0x10,
  EPOLLRDHUP: 0x2000,
  EPOLLEXCLUSIVE,
  EPOLLWAKEUP,
  EPOLLONESHOT,
  EPOLLET,
};
/** struct epoll_event is packed on x86-64. */
const EVENT_SIZE = 12;
const MAX_EVENTS = Math.floor(0x7fff_ffff / EVENT_SIZE);

function openFlags(value: number, allowed: number): number {
  if (value & ~(F.O_CLOEXEC | F.O_NONBLOCK | allowed)) throw errno.EINVAL;
  return F.O_RDWR | (value & F.O_NONBLOCK);
}

function eventfd(task: Task, initial: number, value: number): number {
  const file = new EventFile(task.kernel.vfs.anonymous("[eventfd]"), openFlags(value, 1), initial, (value & 1) !== 0);
  return install(task, file, (value & F.O_CLOEXEC) !== 0);
}

function signalfd(task: Task, number: number, set: SigSet | undefined, length: number, value: number): number {
  if (length !== SIGSET_BYTES) throw errno.EINVAL;
  if (set === undefined) throw errno.EFAULT;
  const file = new SignalFile(task.kernel.vfs.anonymous("[signalfd]"), openFlags(value, 0), set, task.kernel);
  if (number === -1) return install(task, file, (value & F.O_CLOEXEC) !== 0);
  const old = task.files.get(number);
  if (!(old instanceof SignalFile)) throw errno.EINVAL;
  assign(old.mask, set);
  subtract(old.mask, UNBLOCKABLE);
  return number;
}

function timerOf(task: Task, number: number): TimerFile {
  const file = task.files.getIo(number);
  if (!(file instanceof TimerFile)) throw errno.EINVAL;
  return file;
}

function storeTimer(task: Task, at: number, timer: TimerFile): void {
  const interval = toInstant(timer.interval);
  const left = toInstant(timer.left());
  T.itimer.store(task.memory, at, { interval_sec: interval.sec, interval_fraction: interval.nsec, value_sec: left.sec, value_fraction: left.nsec });
}

function epollOf(task: Task, number: number): EpollFile {
  const file = task.files.getIo(number);
  if (!(file instanceof EpollFile)) throw errno.EINVAL;
  return file;
}

function control(task: Task, a: { epfd: number; op: number; fd: number; event: number }): number {
  const epoll = task.files.getIo(a.epfd);
  const target = task.files.getIo(a.fd);
  const { memory } = task;
  const event =
    a.op === 2
      ? { events: 0, low: 0, high: 0 }
      : { events: memory.readU32(a.event), low: memory.readU32(a.event + 4), high: memory.readU32(a.event + 8) };
  if (!target.pollable) throw errno.EPERM;
  if (!(epoll instanceof EpollFile)) throw errno.EINVAL;
  switch (a.op) {
    case 1:
      epoll.add(a.fd, target, event.events, event.low, event.high);
      return 0;
    case 2:
      epoll.remove(a.fd, target);
      return 0;
    case 3:
      epoll.change(a.fd, target, event.events, event.low, event.high);
      return 0;
    default:
      throw errno.EINVAL;
  }
}

function wait(task: Task, epfd: number, at: number, limit: number): Outcome {
  const { call, memory, kernel } = task;
  if (limit <= 0 || limit > MAX_EVENTS) throw errno.EINVAL;
  const epoll = epollOf(task, epfd);
  const events = epoll.collect(limit);
  events.forEach((event, i) => {
    const place = at + i * EVENT_SIZE;
    memory.writeU32(place, event.events >>> 0);
    memory.writeU32(place + 4, event.dataLow);
    memory.writeU32(place + 8, event.dataHigh);
  });
  if (events.length > 0 || call.resume === "timeout" || call.deadline <= kernel.clock.now) return events.length;
  return { files: [{ file: epoll, events: F.POLLIN }], interrupted: "EINTR", ...(call.deadline === Infinity ? {} : { deadline: call.deadline }) };
}

function setTimeout(task: Task, milliseconds: number): void {
  if (task.call.resume === "start" && milliseconds >= 0) task.call.deadline = task.kernel.clock.now + milliseconds * 1_000_000;
}

function eventText(memory: AddressSpace, at: number): string {
  const [low, high] = [memory.readI32(at + 4), memory.readI32(at + 8)];
  const data = high === 0 ? `{u32=${low >>> 0}, u64=${low >>> 0}}` : `{u32=${low >>> 0}, u64=${(BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)}}`;
  return `{events=${flagText(memory.readU32(at), EPOLL_EVENTS, "0")}, data=${data}}`;
}

const inEvent: Arg<number> = { ...inPlace((at, { memory }) => eventText(memory, at)) };
const outEvents: Arg<number> = outPlace((at, shown) => {
  const list: string[] = [];
  for (let i = 0; i < (shown.result ?? 0); i++) list.push(eventText(shown.memory, at + i * EVENT_SIZE));
  return `[${list.join(", ")}]`;
});
const clockId: Arg<number> = oneOf(T.CLOCKS, "CLOCK_???");
const sigset: Arg<SigSet | undefined> = inSet;
const epollSize = size;

export const eventCalls: readonly Syscall[] = [
  syscall(284, "eventfd", { initval: uint }, "full", (t, a) => eventfd(t, a.initval, 0), desc),
  syscall(290, "eventfd2", { initval: uint, flags: flags(EFD) }, "full", (t, a) => eventfd(t, a.initval, a.flags), desc),
  syscall(282, "signalfd", { fd, mask: sigset, sizemask: size }, "full", (t, a) => signalfd(t, a.fd, a.mask, a.sizemask, 0), signalClasses),
  syscall(
    289,
    "signalfd4",
    { fd, mask: sigset, sizemask: size, flags: flags(SFD) },
    "full",
    (t, a) => signalfd(t, a.fd, a.mask, a.sizemask, a.flags),
    signalClasses,
  ),
  syscall(
    283,
    "timerfd_create",
    { clockid: clockId, flags: flags(TFD) },
    "full",
    (t, a) => {
      const known = [T.CLOCK_REALTIME, T.CLOCK_MONOTONIC, T.CLOCK_BOOTTIME, T.CLOCK_REALTIME_ALARM, T.CLOCK_BOOTTIME_ALARM];
      const bits = openFlags(a.flags, 0);
      if (!known.includes(a.clockid)) throw errno.EINVAL;
      const file = new TimerFile(t.kernel.vfs.anonymous("[timerfd]"), bits, t.kernel.clock, a.clockid);
      return install(t, file, (a.flags & F.O_CLOEXEC) !== 0);
    },
    desc,
  ),
  syscall(
    286,
    "timerfd_settime",
    { fd, flags: flags(TFD_SET), new_value: inStruct(T.itimer, nanoText), old_value: outStruct(T.itimer, nanoText) },
    "partial: TFD_TIMER_CANCEL_ON_SET never cancels",
    (t, a) => {
      if (a.flags & ~3) throw errno.EINVAL;
      const v = a.new_value;
      if ([v.interval_fraction, v.value_fraction].some((ns) => ns < 0 || ns >= T.NS_PER_SECOND) || v.value_sec < 0 || v.interval_sec < 0)
        throw errno.EINVAL;
      const timer = timerOf(t, a.fd);
      if (a.old_value !== 0) storeTimer(t, a.old_value, timer);
      const at = { sec: v.value_sec, nsec: v.value_fraction };
      const armed = at.sec !== 0 || at.nsec !== 0;
      const deadline = a.flags & 1 ? clockDeadline(t, timer.clockId, at) : t.kernel.clock.now + at.sec * T.NS_PER_SECOND + at.nsec;
      timer.set(armed ? deadline : Infinity, v.interval_sec * T.NS_PER_SECOND + v.interval_fraction);
      return 0;
    },
    desc,
  ),
  syscall(
    287,
    "timerfd_gettime",
    { fd, curr_value: outStruct(T.itimer, nanoText) },
    "full",
    (t, a) => {
      storeTimer(t, a.curr_value, timerOf(t, a.fd));
      return 0;
    },
    desc,
  ),
  syscall(
    213,
    "epoll_create",
    { size: int },
    "full",
    (t, a) => {
      if (a.size <= 0) throw errno.EINVAL;
      return install(t, new EpollFile(t.kernel.vfs.anonymous("[eventpoll]"), F.O_RDWR), false);
    },
    desc,
  ),
  syscall(
    291,
    "epoll_create1",
    { flags: flags({ EPOLL_CLOEXEC: F.O_CLOEXEC }) },
    "full",
    (t, a) => {
      if (a.flags & ~F.O_CLOEXEC) throw errno.EINVAL;
      return install(t, new EpollFile(t.kernel.vfs.anonymous("[eventpoll]"), F.O_RDWR), (a.flags & F.O_CLOEXEC) !== 0);
    },
    desc,
  ),
  syscall(233, "epoll_ctl", { epfd: fd, op: oneOf(EPOLL_OPS, "EPOLL_CTL_???"), fd, event: inEvent }, "full", (t, a) => control(t, a), desc),
  syscall(
    232,
    "epoll_wait",
    { epfd: fd, events: outEvents, maxevents: int, timeout: int },
    "full",
    (t, a) => {
      setTimeout(t, a.timeout);
      return wait(t, a.epfd, a.events, a.maxevents);
    },
    desc,
  ),
  syscall(
    281,
    "epoll_pwait",
    { epfd: fd, events: outEvents, maxevents: int, timeout: int, sigmask: sigset, sigsetsize: epollSize },
    "full",
    (t, a) => {
      setTimeout(t, a.timeout);
      useMask(t, a.sigmask, a.sigsetsize);
      const outcome = wait(t, a.epfd, a.events, a.maxevents);
      if (typeof outcome === "number") giveBackMask(t);
      return outcome;
    },
    desc,
  ),
  syscall(
    441,
    "epoll_pwait2",
    { epfd: fd, events: outEvents, maxevents: int, timeout: inStructOrNull(T.timespec), sigmask: sigset, sigsetsize: epollSize },
    "full",
    (t, a) => {
      if (t.call.resume === "start" && a.timeout !== undefined) t.call.deadline = deadlineAfter(t, a.timeout.tv_sec, a.timeout.tv_nsec);
      useMask(t, a.sigmask, a.sigsetsize);
      const outcome = wait(t, a.epfd, a.events, a.maxevents);
      if (typeof outcome === "number") giveBackMask(t);
      return outcome;
    },
    desc,
  ),
];
