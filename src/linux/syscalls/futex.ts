/** futex(2). Waiters are found by their address; the futexes of different address spaces do not meet yet. */
import { errno } from "../abi/errno.ts";
import { NS_PER_SECOND, timespec } from "../abi/time.ts";
import { toInstant } from "../clock.ts";
import type { Task } from "../task.ts";
import { futexWaiters, wakeFutex } from "../wake.ts";
import { address, uint, unsigned64 } from "./args.ts";
import { syscall, type Arg, type Outcome, type Shown, type Syscall } from "./syscall.ts";
import { hex } from "./text.ts";

const WAIT = 0;
const WAKE = 1;
const REQUEUE = 3;
const CMP_REQUEUE = 4;
const WAKE_OP = 5;
const LOCK_PI = 6;
const UNLOCK_PI = 7;
const TRYLOCK_PI = 8;
const WAIT_BITSET = 9;
const WAKE_BITSET = 10;
const PRIVATE = 128;
const CLOCK_REALTIME_FLAG = 256;
const ALL_BITS = 0xffff_ffff;

const NAMES = [
  "FUTEX_WAIT",
  "FUTEX_WAKE",
  "FUTEX_FD",
  "FUTEX_REQUEUE",
  "FUTEX_CMP_REQUEUE",
  "FUTEX_WAKE_OP",
  "FUTEX_LOCK_PI",
  "FUTEX_UNLOCK_PI",
  "FUTEX_TRYLOCK_PI",
  "FUTEX_WAIT_BITSET",
  "FUTEX_WAKE_BITSET",
];

function operationText(operation: number): string {
  const name = NAMES[operation & 127];
  if (name === undefined) return `${hex(operation >>> 0)} /* FUTEX_??? */`;
  return name + (operation & PRIVATE ? "_PRIVATE" : "") + (operation & CLOCK_REALTIME_FLAG ? "|FUTEX_CLOCK_REALTIME" : "");
}

const operation: Arg<number> = { direction: "in", decode: (low) => low, show: operationText };

function isWait(op: number): boolean {
  return (op & 127) === WAIT || (op & 127) === WAIT_BITSET;
}

/** The fourth argument: a timeout, or a count. */
const timeoutOrCount: Arg<number> = {
  direction: "in",
  decode: (low, high) => unsigned64(low, high),
  show(low, high, shown): string {
    const op = shown.int(1) & 127;
    if (isWait(op)) {
      const at = unsigned64(low, high);
      if (at === 0) return "NULL";
      const { tv_sec, tv_nsec } = timespec.load(shown.memory, at);
      return `{tv_sec=${tv_sec}, tv_nsec=${tv_nsec}}`;
    }
    return op === WAKE || op === WAKE_BITSET || op === UNLOCK_PI || op === TRYLOCK_PI ? "" : String(low >>> 0);
  },
};
const second: Arg<number> = {
  ...address,
  show: (low, high, shown: Shown) => {
    const op = shown.int(1) & 127;
    return op >= REQUEUE && op <= WAKE_OP ? hex(unsigned64(low, high)) : "";
  },
};
const third: Arg<number> = {
  ...uint,
  show: (low, _high, shown: Shown) => {
    const op = shown.int(1) & 127;
    if (op === WAIT_BITSET || op === WAKE_BITSET) return low === -1 ? "FUTEX_BITSET_MATCH_ANY" : hex(low >>> 0);
    return op === CMP_REQUEUE || op === WAKE_OP ? String(low >>> 0) : "";
  },
};

function wait(task: Task, at: number, op: number, value: number, timeoutAt: number, mask: number): Outcome {
  const { call, kernel } = task;
  if (mask === 0) throw errno.EINVAL;
  if (call.woken) return 0;
  if (call.resume === "timeout") throw errno.ETIMEDOUT;
  if (call.resume === "start") {
    if (timeoutAt !== 0 && call.deadline === Infinity) {
      const { tv_sec: sec, tv_nsec: nsec } = timespec.load(task.memory, timeoutAt);
      if (sec < 0 || nsec < 0 || nsec >= NS_PER_SECOND) throw errno.EINVAL;
      if ((op & 127) === WAIT) call.deadline = kernel.clock.now + sec * NS_PER_SECOND + nsec;
      else {
        const now = op & CLOCK_REALTIME_FLAG ? kernel.clock.real() : toInstant(kernel.clock.monotonic());
        call.deadline = kernel.clock.now + (sec - now.sec) * NS_PER_SECOND + (nsec - now.nsec);
      }
    }
    if (task.memory.readU32(at) !== value) throw errno.EAGAIN;
    if (call.deadline <= kernel.clock.now) throw errno.ETIMEDOUT;
  }
  const limited = call.deadline !== Infinity;
  return {
    futex: { address: at, mask },
    interrupted: limited ? "ERESTART_RESTARTBLOCK" : "ERESTARTSYS",
    ...(limited ? { deadline: call.deadline } : {}),
  };
}

/** FUTEX_WAKE_OP: changes the second word, wakes at the first, and at the second if its old value compares. */
function wakeOperation(task: Task, at: number, count: number, secondAt: number, secondCount: number, code: number): number {
  let operand = (code << 8) >> 20;
  if (code & 0x8000_0000) operand = 1 << (operand & 31);
  const compare = (code << 20) >> 20;
  const old = task.memory.readI32(secondAt);
  const changed = [operand, (old + operand) | 0, old | operand, old & ~operand, old ^ operand][(code >>> 28) & 7];
  if (changed === undefined) throw errno.ENOSYS;
  task.memory.writeU32(secondAt, changed >>> 0);
  const holds = [old === compare, old !== compare, old < compare, old <= compare, old > compare, old >= compare][(code >>> 24) & 15];
  if (holds === undefined) throw errno.ENOSYS;
  return wakeFutex(task, at, count, ALL_BITS) + (holds ? wakeFutex(task, secondAt, secondCount, ALL_BITS) : 0);
}

function requeue(task: Task, at: number, count: number, target: number, limit: number): number {
  const woken = wakeFutex(task, at, count, ALL_BITS);
  const moved = futexWaiters(task, at, ALL_BITS).slice(0, limit);
  for (const other of moved)
    if (other.wait?.futex !== undefined) other.wait = { ...other.wait, futex: { address: target, mask: other.wait.futex.mask } };
  return woken + moved.length;
}

export const futexCalls: readonly Syscall[] = [
  syscall(
    202,
    "futex",
    { uaddr: address, futex_op: operation, val: uint, timeout: timeoutOrCount, uaddr2: second, val3: third },
    "partial: no priority inheritance; shared futexes meet inside one address space only",
    (t, a) => {
      if (a.uaddr % 4 !== 0) throw errno.EINVAL;
      switch (a.futex_op & 127) {
        case WAIT:
          return wait(t, a.uaddr, a.futex_op, a.val, a.timeout, ALL_BITS);
        case WAIT_BITSET:
          return wait(t, a.uaddr, a.futex_op, a.val, a.timeout, a.val3);
        case WAKE:
          return wakeFutex(t, a.uaddr, a.val | 0, ALL_BITS);
        case WAKE_BITSET:
          if (a.val3 === 0) throw errno.EINVAL;
          return wakeFutex(t, a.uaddr, a.val | 0, a.val3);
        case CMP_REQUEUE:
          if (t.memory.readU32(a.uaddr) !== a.val3) throw errno.EAGAIN;
          return requeue(t, a.uaddr, a.val | 0, a.uaddr2, a.timeout);
        case REQUEUE:
          return requeue(t, a.uaddr, a.val | 0, a.uaddr2, a.timeout);
        case WAKE_OP:
          return wakeOperation(t, a.uaddr, a.val | 0, a.uaddr2, a.timeout, a.val3);
        case LOCK_PI:
        case UNLOCK_PI:
        case TRYLOCK_PI:
        default:
          throw errno.ENOSYS;
      }
    },
  ),
];
