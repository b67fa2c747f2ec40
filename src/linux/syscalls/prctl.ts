/** prctl(2) and arch_prctl(2). */
import { decodeLatin1, encodeLatin1 } from "../../base/index.ts";
import { errno } from "../abi/errno.ts";
import type { Task } from "../task.ts";
import { hexLong, oneOf, unsigned64 } from "./args.ts";
import { showPrctl } from "./prctl-text.ts";
import { syscall, type Arg, type Syscall } from "./syscall.ts";
import { quote } from "./text.ts";

const PR = {
  SET_PDEATHSIG: 1,
  GET_PDEATHSIG: 2,
  GET_DUMPABLE: 3,
  SET_DUMPABLE: 4,
  GET_KEEPCAPS: 7,
  SET_KEEPCAPS: 8,
  SET_NAME: 15,
  GET_NAME: 16,
  GET_SECCOMP: 21,
  CAPBSET_READ: 23,
  GET_SECUREBITS: 27,
  SET_TIMERSLACK: 29,
  GET_TIMERSLACK: 30,
  SET_MM: 35,
  SET_CHILD_SUBREAPER: 36,
  GET_CHILD_SUBREAPER: 37,
  SET_NO_NEW_PRIVS: 38,
  GET_NO_NEW_PRIVS: 39,
  GET_TID_ADDRESS: 40,
  SET_THP_DISABLE: 41,
  GET_THP_DISABLE: 42,
  CAP_AMBIENT: 47,
  SET_VMA: 0x53564d41,
} as const;

const CAP_LAST_CAP = 40;

function prctl(task: Task, option: number, value: number, rest: readonly number[]): number {
  const { memory, process } = task;
  switch (option) {
    case PR.SET_PDEATHSIG:
      if (value > 64) throw errno.EINVAL;
      task.parentDeathSignal = value;
      return 0;
    case PR.GET_PDEATHSIG:
      memory.writeU32(value, task.parentDeathSignal);
      return 0;
    case PR.GET_DUMPABLE:
      return process.dumpable;
    case PR.SET_DUMPABLE:
      if (value > 1) throw errno.EINVAL;
      process.dumpable = value;
      return 0;
    case PR.SET_NAME:
      task.comm = decodeLatin1(memory.readCString(value, 15));
      return 0;
    case PR.GET_NAME: {
      const bytes = new Uint8Array(16);
      bytes.set(encodeLatin1(task.comm));
      if (memory.copyOut(value, bytes) !== 16) throw errno.EFAULT;
      return 0;
    }
    case PR.GET_KEEPCAPS:
    case PR.GET_SECCOMP:
    case PR.GET_SECUREBITS:
    case PR.GET_THP_DISABLE:
      return 0;
    case PR.SET_KEEPCAPS:
      if (value > 1) throw errno.EINVAL;
      return 0;
    case PR.SET_THP_DISABLE:
      if (rest.some((other) => other !== 0)) throw errno.EINVAL;
      return 0;
    case PR.CAPBSET_READ:
      if (value > CAP_LAST_CAP) throw errno.EINVAL;
      return 1;
    case PR.CAP_AMBIENT:
      if (value === 1) return 0;
      throw errno.EINVAL;
    case PR.SET_TIMERSLACK:
      task.timerSlack = value === 0 ? 50_000 : value;
      return 0;
    case PR.GET_TIMERSLACK:
      return task.timerSlack;
    case PR.SET_CHILD_SUBREAPER:
      process.childSubreaper = value !== 0;
      return 0;
    case PR.GET_CHILD_SUBREAPER:
      memory.writeU32(value, process.childSubreaper ? 1 : 0);
      return 0;
    case PR.SET_NO_NEW_PRIVS:
      if (value !== 1 || rest.some((other) => other !== 0)) throw errno.EINVAL;
      task.noNewPrivs = true;
      return 0;
    case PR.GET_NO_NEW_PRIVS:
      return task.noNewPrivs ? 1 : 0;
    case PR.GET_TID_ADDRESS:
      memory.writeNumber(value, task.clearChildTid);
      return 0;
    case PR.SET_MM:
      if (task.credentials.euid !== 0) throw errno.EPERM;
      throw errno.EINVAL;
    default:
      // PR_SET_VMA needs CONFIG_ANON_VMA_NAME, which this kernel is without.
      throw errno.EINVAL;
  }
}

const ARCH = {
  ARCH_SET_GS: 0x1001,
  ARCH_SET_FS: 0x1002,
  ARCH_GET_FS: 0x1003,
  ARCH_GET_GS: 0x1004,
  ARCH_GET_CPUID: 0x1011,
  ARCH_SET_CPUID: 0x1012,
  ARCH_CET_STATUS: 0x3001,
} as const;
const ADDRESS_LIMIT = 0x7fff_ffff_f000;

function archPrctl(task: Task, code: number, value: number): number {
  const { registers, memory } = task;
  switch (code) {
    case ARCH.ARCH_SET_FS:
    case ARCH.ARCH_SET_GS:
      if (value >= ADDRESS_LIMIT) throw errno.EPERM;
      if (code === ARCH.ARCH_SET_FS) registers.fsBase = value;
      else registers.gsBase = value;
      return 0;
    case ARCH.ARCH_GET_FS:
      memory.writeNumber(value, registers.fsBase);
      return 0;
    case ARCH.ARCH_GET_GS:
      memory.writeNumber(value, registers.gsBase);
      return 0;
    default:
      throw errno.EINVAL;
  }
}

const prctlOption: Arg<number> = { direction: "in", decode: (low) => low, show: (low) => showPrctl(low) };
const prctlValue: Arg<number> = {
  direction: "out",
  decode: (low, high) => unsigned64(low, high),
  show(low, high, shown): string {
    const option = shown.int(0);
    const at = unsigned64(low, high);
    if (option === PR.SET_NAME || (option === PR.GET_NAME && shown.result === 0)) {
      const bytes = new Uint8Array(16);
      if (shown.memory.copyIn(at, bytes) === 16) return quote(bytes.subarray(0, bytes.indexOf(0) < 0 ? 15 : bytes.indexOf(0)), false);
    }
    if (option === PR.SET_CHILD_SUBREAPER || option === PR.SET_NO_NEW_PRIVS || option === PR.SET_DUMPABLE) return String(low);
    return option === PR.GET_DUMPABLE || option === PR.GET_NO_NEW_PRIVS ? "" : hexLong.show(low, high, shown);
  },
};
const prctlRest: Arg<number> = {
  ...hexLong,
  show: (low, high, shown) =>
    shown.int(0) === PR.SET_NO_NEW_PRIVS || shown.int(0) === PR.GET_NO_NEW_PRIVS || (low | high) !== 0 ? hexLong.show(low, high, shown) : "",
};
const prctlFirstRest: Arg<number> = prctlRest;

const archValue: Arg<number> = {
  direction: "out",
  decode: (low, high) => unsigned64(low, high),
  show: (low, high, shown) =>
    (shown.int(0) === ARCH.ARCH_GET_FS || shown.int(0) === ARCH.ARCH_GET_GS) && shown.result === 0
      ? `[${hexLong.show(shown.memory.readI32(unsigned64(low, high)), shown.memory.readI32(unsigned64(low, high) + 4), shown)}]`
      : hexLong.show(low, high, shown),
};

export const prctlCalls: readonly Syscall[] = [
  syscall(
    157,
    "prctl",
    { option: prctlOption, arg2: prctlValue, arg3: prctlFirstRest, arg4: prctlRest, arg5: prctlRest },
    "partial: names, dumpable, subreaper, no_new_privs, timer slack, parent death signal",
    (t, a) => prctl(t, a.option, a.arg2, [a.arg3, a.arg4, a.arg5]),
  ),
  syscall(158, "arch_prctl", { code: oneOf(ARCH, "ARCH_???"), addr: archValue }, "full", (t, a) => archPrctl(t, a.code, a.addr)),
];
