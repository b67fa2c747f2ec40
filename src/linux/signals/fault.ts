/**
 * From processor exceptions to signals. Codes and addresses are those that Linux 6 gives on silicon:
 *
 *     #DE SIGFPE  FPE_INTDIV rip      #UD SIGILL  ILL_ILLOPN rip    #GP SIGSEGV SI_KERNEL 0     #BP SIGTRAP SI_KERNEL 0
 *     #DB SIGTRAP TRAP_TRACE rip      #SS SIGBUS  SI_KERNEL 0       #OF SIGSEGV SI_KERNEL 0     #AC SIGBUS  BUS_ADRALN 0
 *     #PF SIGSEGV SEGV_MAPERR or SEGV_ACCERR cr2, or SIGBUS BUS_ADRERR cr2 beyond the end of a file
 *     #MF, #XM SIGFPE by the first unmasked exception, rip
 *
 * `cr2` in a frame changes with page faults only; `trapno` and `err` with every exception.
 */
import {
  BUS_ADRALN,
  BUS_ADRERR,
  FPE_FLTDIV,
  FPE_FLTINV,
  FPE_FLTOVF,
  FPE_FLTRES,
  FPE_FLTUND,
  FPE_INTDIV,
  ILL_ILLOPN,
  SEGV_ACCERR,
  SEGV_MAPERR,
  SI_KERNEL,
  SIGBUS,
  SIGFPE,
  SIGILL,
  SIGSEGV,
  SIGTRAP,
  TRAP_BRKPT,
  TRAP_TRACE,
} from "../abi/signal.ts";
import { Reg, Vector, type CpuFault, type Registers } from "../registers.ts";
import type { Trap } from "../task.ts";
import type { SigInfo } from "./types.ts";

/** Where kernel addresses begin: an access there is always MAPERR. */
const TASK_SIZE_MAX = 0x7fff_ffff_f000;
/** DR6.BS: single step. `icebp` comes without it. */
const DR6_SINGLE_STEP = 0x4000;
/** Page-fault error code bits, SDM volume 3, 4.7. */
const PF_PRESENT = 1;
const PF_USER = 4;

/** The signal for an exception; `trap` is updated as frames show it. */
export function faultSignal(fault: CpuFault, registers: Registers, trap: Trap): SigInfo {
  trap.vector = fault.vector;
  trap.errorCode = fault.vector === Vector.DB ? 0 : fault.errorCode;
  const rip = registers.number(Reg.rip);
  switch (fault.vector) {
    case Vector.DE:
      return at(SIGFPE, FPE_INTDIV, rip);
    case Vector.DB:
      // The error code of #DB is not pushed by the processor; an interpreter says by it what DR6 would.
      return at(SIGTRAP, fault.errorCode === 0 || fault.errorCode & DR6_SINGLE_STEP ? TRAP_TRACE : TRAP_BRKPT, rip);
    case Vector.BP:
      return { kind: "kill", signal: SIGTRAP, code: SI_KERNEL };
    case Vector.UD:
      return at(SIGILL, ILL_ILLOPN, rip);
    case Vector.NP:
    case Vector.SS:
      return { kind: "kill", signal: SIGBUS, code: SI_KERNEL };
    case Vector.PF:
      return pageFault(fault, trap);
    case Vector.MF:
      return at(SIGFPE, floatCode(registers.fpuStatus() & ~registers.fpuControl()), rip);
    case Vector.XM:
      return at(SIGFPE, floatCode(registers.mxcsr() & ~(registers.mxcsr() >> 7)), rip);
    case Vector.AC:
      return at(SIGBUS, BUS_ADRALN, 0);
    default:
      return { kind: "kill", signal: SIGSEGV, code: SI_KERNEL };
  }
}

function at(signal: number, code: number, address: number): SigInfo {
  return { kind: "fault", signal, code, address };
}

function pageFault(fault: CpuFault, trap: Trap): SigInfo {
  trap.address = fault.address;
  trap.errorCode |= PF_USER;
  if (fault.address >= TASK_SIZE_MAX || fault.address < 0) {
    trap.errorCode |= PF_PRESENT;
    return at(SIGSEGV, SEGV_MAPERR, fault.address);
  }
  if (fault.code === "BUS") return at(SIGBUS, BUS_ADRERR, fault.address);
  return at(SIGSEGV, fault.code === "ACCERR" ? SEGV_ACCERR : SEGV_MAPERR, fault.address);
}

/** x87 status and MXCSR share the order of their exception bits: IE, DE, ZE, OE, UE, PE. */
function floatCode(exceptions: number): number {
  if (exceptions & 1) return FPE_FLTINV;
  if (exceptions & 4) return FPE_FLTDIV;
  if (exceptions & 8) return FPE_FLTOVF;
  if (exceptions & (0x10 | 2)) return FPE_FLTUND;
  if (exceptions & 0x20) return FPE_FLTRES;
  return 0;
}
