/** Waiting for several files: poll(2), select(2). */
import { errno } from "../abi/errno.ts";
import {
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLMSG,
  POLLNVAL,
  POLLOUT,
  POLLPRI,
  POLLRDBAND,
  POLLRDHUP,
  POLLRDNORM,
  POLLWRBAND,
  POLLWRNORM,
} from "../abi/fcntl.ts";
import { RLIMIT_NOFILE } from "../abi/resource.ts";
import { assign, subtract, type SigSet } from "../abi/sigset.ts";
import { timespec, timeval, NS_PER_SECOND } from "../abi/time.ts";
import { UNBLOCKABLE, hasUnblocked } from "../signals/send.ts";
import type { FileWait, Interruption, Task } from "../task.ts";
import { inPlace, inSet, inStructOrNull, int, setText, size, uint } from "./args.ts";
import { syscall, type Arg, type Outcome, type Shown, type Syscall } from "./syscall.ts";
import { flagText } from "./text.ts";

const POLL_NAMES: Readonly<Record<string, number>> = {
  POLLIN,
  POLLPRI,
  POLLOUT,
  POLLRDNORM,
  POLLRDBAND,
  POLLWRNORM,
  POLLWRBAND,
  POLLMSG,
  POLLERR,
  POLLHUP,
  POLLNVAL,
  POLLRDHUP,
};
const POLLFD_SIZE = 8;

/** The bits that select(2)'s three sets ask for. */
const SELECT_IN = POLLRDNORM | POLLRDBAND | POLLIN | POLLHUP | POLLERR;
const SELECT_OUT = POLLWRBAND | POLLWRNORM | POLLOUT | POLLERR;
const SELECT_EXCEPT = POLLPRI;

/** Machine time of a relative timeout; Infinity for none. */
export function deadlineAfter(task: Task, seconds: number, nanoseconds: number): number {
  if (seconds < 0 || nanoseconds < 0 || nanoseconds >= NS_PER_SECOND) throw errno.EINVAL;
  return task.kernel.clock.now + seconds * NS_PER_SECOND + nanoseconds;
}

/** Replaces the mask while the call waits: the old one comes back when signals have been taken. */
export function useMask(task: Task, set: SigSet | undefined, length: number): void {
  if (set === undefined || task.call.resume !== "start") return;
  if (length !== 8) throw errno.EINVAL;
  assign(task.savedMask, task.mask);
  assign(task.mask, set);
  subtract(task.mask, UNBLOCKABLE);
  task.restoreMask = true;
  task.signalled = hasUnblocked(task);
}

/** Gives the mask back at once where the call was not interrupted. */
export function giveBackMask(task: Task): void {
  if (!task.restoreMask || task.call.resume === "signal") return;
  assign(task.mask, task.savedMask);
  task.restoreMask = false;
  task.signalled = hasUnblocked(task);
}

function waitForFiles(task: Task, files: readonly FileWait[], interrupted: Interruption): Outcome {
  const { deadline } = task.call;
  return { files, interrupted, ...(deadline === Infinity ? {} : { deadline }) };
}

/** poll(2) over `count` struct pollfd at `at`; the deadline is in `call.deadline`. */
function poll(task: Task, at: number, count: number, interrupted: Interruption): Outcome {
  if (count > task.process.limits[RLIMIT_NOFILE]!.soft) throw errno.EINVAL;
  const { memory, files, call } = task;
  const waits: FileWait[] = [];
  let found = 0;
  const results: number[] = [];
  for (let i = 0; i < count; i++) {
    const fd = memory.readI32(at + i * POLLFD_SIZE);
    const events = memory.readU16(at + i * POLLFD_SIZE + 4);
    let revents = 0;
    if (fd >= 0) {
      const slot = files.find(fd);
      if (slot === undefined || (slot.file.flags & 0o10000000) !== 0) revents = POLLNVAL;
      else {
        const wanted = events | POLLERR | POLLHUP;
        revents = slot.file.ready() & wanted;
        if (revents === 0) waits.push({ file: slot.file, events: wanted });
      }
    }
    if (revents !== 0) found++;
    results.push(revents);
  }
  const over = call.resume === "timeout" || call.deadline <= task.kernel.clock.now;
  if (found === 0 && !over) {
    if (call.resume !== "signal") return waitForFiles(task, waits, interrupted);
    return waitForFiles(task, [], interrupted);
  }
  results.forEach((revents, i) => memory.writeU16(at + i * POLLFD_SIZE + 6, revents));
  return found;
}

/** Bits of an fd_set; descriptors 0 to `count` - 1. */
function loadBits(task: Task, at: number, count: number): Uint32Array {
  const words = new Uint32Array(Math.ceil(count / 64) * 2);
  if (at !== 0) words.forEach((_word, i) => (words[i] = task.memory.readU32(at + i * 4)));
  return words;
}

function isSet(words: Uint32Array, bit: number): boolean {
  return ((words[bit >> 5]! >>> (bit & 31)) & 1) !== 0;
}

function select(task: Task, nfds: number, sets: readonly [number, number, number]): Outcome {
  if (nfds < 0) throw errno.EINVAL;
  const count = Math.min(nfds, Math.max(1024, task.files.entries().at(-1)?.[0] ?? 0));
  const { memory, files, call } = task;
  const wanted = sets.map((at) => loadBits(task, at, count));
  const result = wanted.map((words) => new Uint32Array(words.length));
  const masks = [SELECT_IN, SELECT_OUT, SELECT_EXCEPT];
  const waits: FileWait[] = [];
  let found = 0;
  for (let fd = 0; fd < count; fd++) {
    let events = 0;
    for (let i = 0; i < 3; i++) if (isSet(wanted[i]!, fd)) events |= masks[i]!;
    if (events === 0) continue;
    const slot = files.find(fd);
    if (slot === undefined) throw errno.EBADF;
    const ready = slot.file.ready();
    let any = false;
    for (let i = 0; i < 3; i++) {
      if (!isSet(wanted[i]!, fd) || (ready & masks[i]!) === 0) continue;
      result[i]![fd >> 5]! |= 1 << (fd & 31);
      found++;
      any = true;
    }
    if (!any) waits.push({ file: slot.file, events });
  }
  const over = call.resume === "timeout" || call.deadline <= task.kernel.clock.now;
  if (found === 0 && !over) return waitForFiles(task, call.resume === "signal" ? [] : waits, "ERESTARTNOHAND");
  sets.forEach((at, i) => {
    if (at !== 0) result[i]!.forEach((word, j) => memory.writeU32(at + j * 4, word));
  });
  return found;
}

/** What is left of the timeout, as Linux (and unlike POSIX) tells it. */
function left(task: Task): number {
  return Math.max(0, task.call.deadline - task.kernel.clock.now);
}

const pollPlace: Arg<number> = inPlace((at, shown) => {
  const entries: string[] = [];
  for (let i = 0; i < Math.min(shown.int(1), 32); i++) {
    const place = at + i * POLLFD_SIZE;
    const fd = shown.memory.readI32(place);
    entries.push(fd < 0 ? `{fd=${fd}}` : `{fd=${fd}, events=${flagText(shown.memory.readU16(place + 4), POLL_NAMES, "0")}}`);
  }
  return `[${entries.join(", ")}]`;
});

/** `([{fd=0, revents=POLLIN}], left {tv_sec=1, tv_nsec=0})`. */
function pollNote(shown: Shown): string {
  if (shown.result === 0) return "Timeout";
  if (shown.result === undefined || shown.result < 0) return "";
  const at = shown.long(0);
  const entries: string[] = [];
  for (let i = 0; i < shown.int(1); i++) {
    const place = at + i * POLLFD_SIZE;
    const revents = shown.memory.readU16(place + 6);
    if (revents !== 0) entries.push(`{fd=${shown.memory.readI32(place)}, revents=${flagText(revents, POLL_NAMES, "0")}}`);
  }
  return `[${entries.join(", ")}]`;
}

function setNumbers(shown: Shown, at: number): string {
  const numbers: number[] = [];
  for (let fd = 0; fd < Math.min(shown.int(0), 1024); fd++) if ((shown.memory.readU32(at + (fd >> 5) * 4) >>> (fd & 31)) & 1) numbers.push(fd);
  return `[${numbers.join(" ")}]`;
}

const fdSet: Arg<number> = inPlace((at, shown) => setNumbers(shown, at));

function selectNote(shown: Shown): string {
  if (shown.result === 0) return "Timeout";
  if (shown.result === undefined || shown.result < 0) return "";
  const parts: string[] = [];
  ["in", "out", "except"].forEach((name, i) => {
    const at = shown.long(i + 1);
    if (at === 0) return;
    const text = setNumbers(shown, at);
    if (text !== "[]") parts.push(`${name} ${text}`);
  });
  const remaining = remainingText(shown, 4);
  return parts.join(", ") + remaining;
}

/** `, left {tv_sec=1, tv_usec=0}` for a timeout that was given: a timeval of select, a timespec of pselect6 and ppoll. */
function remainingText(shown: Shown, index: number): string {
  const at = shown.long(index);
  if (at === 0) return "";
  const fraction = shown.task.call.number === NR_SELECT ? "tv_usec" : "tv_nsec";
  return `, left {tv_sec=${shown.memory.readNumber(at)}, ${fraction}=${shown.memory.readNumber(at + 8)}}`;
}

const NR_SELECT = 23;

/** struct { const sigset_t *ss; size_t ss_len; } of pselect6. */
const maskPlace: Arg<number> = inPlace((at, { memory }) => {
  const set = memory.readNumber(at);
  if (set === 0) return `{sigmask=NULL, sigsetsize=${memory.readNumber(at + 8)}}`;
  return `{sigmask=${setText({ low: memory.readI32(set), high: memory.readI32(set + 4) })}, sigsetsize=${memory.readNumber(at + 8)}}`;
});

export const polling: readonly Syscall[] = [
  syscall(
    7,
    "poll",
    { fds: pollPlace, nfds: uint, timeout: int },
    "full",
    (t, a) => {
      if (t.call.resume === "start" && t.call.deadline === Infinity && a.timeout >= 0) t.call.deadline = t.kernel.clock.now + a.timeout * 1_000_000;
      return poll(t, a.fds, a.nfds, "ERESTART_RESTARTBLOCK");
    },
    { classes: ["desc"], note: pollNote },
  ),
  syscall(
    271,
    "ppoll",
    { fds: pollPlace, nfds: uint, tmo_p: inStructOrNull(timespec), sigmask: inSet, sigsetsize: size },
    "full",
    (t, a) => {
      if (t.call.resume === "start" && a.tmo_p !== undefined) t.call.deadline = deadlineAfter(t, a.tmo_p.tv_sec, a.tmo_p.tv_nsec);
      useMask(t, a.sigmask, a.sigsetsize);
      const outcome = poll(t, a.fds, a.nfds, "ERESTARTNOHAND");
      if (typeof outcome !== "number" && t.call.resume !== "signal") return outcome;
      giveBackMask(t);
      if (a.tmo_p !== undefined) storeSpec(t, t.call.args[4]!, t.call.args[5]!, left(t));
      return outcome;
    },
    { classes: ["desc"], note: (shown) => pollNote(shown) + ((shown.result ?? 0) > 0 ? remainingText(shown, 2) : "") },
  ),
  syscall(
    23,
    "select",
    { nfds: int, readfds: fdSet, writefds: fdSet, exceptfds: fdSet, timeout: inStructOrNull(timeval) },
    "full",
    (t, a) => {
      if (t.call.resume === "start" && a.timeout !== undefined) {
        if (a.timeout.tv_usec < 0 || a.timeout.tv_sec < 0) throw errno.EINVAL;
        t.call.deadline = t.kernel.clock.now + a.timeout.tv_sec * NS_PER_SECOND + a.timeout.tv_usec * 1000;
      }
      const outcome = select(t, a.nfds, [a.readfds, a.writefds, a.exceptfds]);
      if (typeof outcome !== "number" && t.call.resume !== "signal") return outcome;
      if (a.timeout !== undefined) {
        const micro = Math.floor(left(t) / 1000);
        timeval.store(t.memory, t.call.args[9]! * 0x1_0000_0000 + (t.call.args[8]! >>> 0), { tv_sec: Math.floor(micro / 1e6), tv_usec: micro % 1e6 });
      }
      return outcome;
    },
    { classes: ["desc"], note: selectNote },
  ),
  syscall(
    270,
    "pselect6",
    { nfds: int, readfds: fdSet, writefds: fdSet, exceptfds: fdSet, timeout: inStructOrNull(timespec), sigmask: maskPlace },
    "full",
    (t, a) => {
      if (t.call.resume === "start" && a.timeout !== undefined) t.call.deadline = deadlineAfter(t, a.timeout.tv_sec, a.timeout.tv_nsec);
      if (a.sigmask !== 0 && t.call.resume === "start") {
        const at = t.memory.readNumber(a.sigmask);
        const set = at === 0 ? undefined : { low: t.memory.readI32(at), high: t.memory.readI32(at + 4) };
        useMask(t, set, t.memory.readNumber(a.sigmask + 8));
      }
      const outcome = select(t, a.nfds, [a.readfds, a.writefds, a.exceptfds]);
      if (typeof outcome !== "number" && t.call.resume !== "signal") return outcome;
      giveBackMask(t);
      if (a.timeout !== undefined) storeSpec(t, t.call.args[8]!, t.call.args[9]!, left(t));
      return outcome;
    },
    { classes: ["desc"], note: selectNote },
  ),
];

function storeSpec(task: Task, low: number, high: number, ns: number): void {
  const at = (high >>> 0) * 0x1_0000_0000 + (low >>> 0);
  timespec.store(task.memory, at, { tv_sec: Math.floor(ns / NS_PER_SECOND), tv_nsec: ns % NS_PER_SECOND });
}
