/** Signal numbers, flags and codes: asm/signal.h, asm-generic/siginfo.h, signal(7). */

export const SIGHUP = 1;
export const SIGINT = 2;
export const SIGQUIT = 3;
export const SIGILL = 4;
export const SIGTRAP = 5;
export const SIGABRT = 6;
export const SIGBUS = 7;
export const SIGFPE = 8;
export const SIGKILL = 9;
export const SIGUSR1 = 10;
export const SIGSEGV = 11;
export const SIGUSR2 = 12;
export const SIGPIPE = 13;
export const SIGALRM = 14;
export const SIGTERM = 15;
export const SIGSTKFLT = 16;
export const SIGCHLD = 17;
export const SIGCONT = 18;
export const SIGSTOP = 19;
export const SIGTSTP = 20;
export const SIGTTIN = 21;
export const SIGTTOU = 22;
export const SIGURG = 23;
export const SIGXCPU = 24;
export const SIGXFSZ = 25;
export const SIGVTALRM = 26;
export const SIGPROF = 27;
export const SIGWINCH = 28;
export const SIGIO = 29;
export const SIGPWR = 30;
export const SIGSYS = 31;
/** The first real-time signal as the kernel counts; C libraries keep 32 to 34 for themselves. */
export const SIGRTMIN = 32;
export const SIGRTMAX = 64;

export type DefaultAction = "terminate" | "core" | "ignore" | "stop" | "continue";

/** Name and default action of signals 1 to 31, by number: signal(7), "Standard signals". */
const STANDARD: readonly (readonly [name: string, action: DefaultAction, text: string])[] = [
  ["", "ignore", ""],
  ["SIGHUP", "terminate", "Hangup"],
  ["SIGINT", "terminate", "Interrupt"],
  ["SIGQUIT", "core", "Quit"],
  ["SIGILL", "core", "Illegal instruction"],
  ["SIGTRAP", "core", "Trace/breakpoint trap"],
  ["SIGABRT", "core", "Aborted"],
  ["SIGBUS", "core", "Bus error"],
  ["SIGFPE", "core", "Floating point exception"],
  ["SIGKILL", "terminate", "Killed"],
  ["SIGUSR1", "terminate", "User defined signal 1"],
  ["SIGSEGV", "core", "Segmentation fault"],
  ["SIGUSR2", "terminate", "User defined signal 2"],
  ["SIGPIPE", "terminate", "Broken pipe"],
  ["SIGALRM", "terminate", "Alarm clock"],
  ["SIGTERM", "terminate", "Terminated"],
  ["SIGSTKFLT", "terminate", "Stack fault"],
  ["SIGCHLD", "ignore", "Child exited"],
  ["SIGCONT", "continue", "Continued"],
  ["SIGSTOP", "stop", "Stopped (signal)"],
  ["SIGTSTP", "stop", "Stopped"],
  ["SIGTTIN", "stop", "Stopped (tty input)"],
  ["SIGTTOU", "stop", "Stopped (tty output)"],
  ["SIGURG", "ignore", "Urgent I/O condition"],
  ["SIGXCPU", "core", "CPU time limit exceeded"],
  ["SIGXFSZ", "core", "File size limit exceeded"],
  ["SIGVTALRM", "terminate", "Virtual timer expired"],
  ["SIGPROF", "terminate", "Profiling timer expired"],
  ["SIGWINCH", "ignore", "Window changed"],
  ["SIGIO", "terminate", "I/O possible"],
  ["SIGPWR", "terminate", "Power failure"],
  ["SIGSYS", "core", "Bad system call"],
];

/** `SIGSEGV`, `SIGRT_3` (counted from 32, as strace(1) does), or the number for what is no signal. */
export function signalName(signal: number): string {
  const standard = STANDARD[signal];
  if (signal > 0 && standard !== undefined) return standard[0];
  if (signal === SIGRTMIN) return "SIGRTMIN";
  if (signal > SIGRTMIN && signal <= SIGRTMAX) return `SIGRT_${signal - SIGRTMIN}`;
  return String(signal);
}

/** strsignal(3): what a shell prints for a process that died of the signal. */
export function signalText(signal: number): string {
  const standard = STANDARD[signal];
  return signal > 0 && standard !== undefined ? standard[2] : `Real-time signal ${signal - 34}`;
}

/** What happens where no handler is set. */
export function defaultAction(signal: number): DefaultAction {
  return STANDARD[signal]?.[1] ?? "terminate";
}

export const SIG_DFL = 0;
export const SIG_IGN = 1;

export const SA_NOCLDSTOP = 1;
export const SA_NOCLDWAIT = 2;
export const SA_SIGINFO = 4;
export const SA_UNSUPPORTED = 0x400;
export const SA_EXPOSE_TAGBITS = 0x800;
export const SA_RESTORER = 0x0400_0000;
export const SA_ONSTACK = 0x0800_0000;
export const SA_RESTART = 0x1000_0000;
export const SA_NODEFER = 0x4000_0000;
export const SA_RESETHAND = 0x8000_0000;

/** What strace(1) and the rest of the world call them, in its order. */
export const SA_FLAGS: Readonly<Record<string, number>> = {
  SA_RESTORER,
  SA_ONSTACK,
  SA_RESTART,
  SA_NODEFER,
  SA_RESETHAND,
  SA_SIGINFO,
  SA_NOCLDSTOP,
  SA_NOCLDWAIT,
};

export const SIG_BLOCK = 0;
export const SIG_UNBLOCK = 1;
export const SIG_SETMASK = 2;

export const SS_ONSTACK = 1;
export const SS_DISABLE = 2;
export const SS_AUTODISARM = 0x8000_0000;
/** Smallest alternate stack that sigaltstack(2) takes (x86: the frame with the processor's extended state may need more). */
export const MINSIGSTKSZ = 2048;

export const SI_USER = 0;
export const SI_KERNEL = 0x80;
export const SI_QUEUE = -1;
export const SI_TIMER = -2;
export const SI_MESGQ = -3;
export const SI_ASYNCIO = -4;
export const SI_SIGIO = -5;
export const SI_TKILL = -6;

export const ILL_ILLOPN = 2;
export const FPE_INTDIV = 1;
export const FPE_FLTDIV = 3;
export const FPE_FLTOVF = 4;
export const FPE_FLTUND = 5;
export const FPE_FLTRES = 6;
export const FPE_FLTINV = 7;
export const SEGV_MAPERR = 1;
export const SEGV_ACCERR = 2;
export const BUS_ADRALN = 1;
export const BUS_ADRERR = 2;
export const TRAP_BRKPT = 1;
export const TRAP_TRACE = 2;
export const CLD_EXITED = 1;
export const CLD_KILLED = 2;
export const CLD_DUMPED = 3;
export const CLD_STOPPED = 5;
export const CLD_CONTINUED = 6;

const SHARED_CODES: Readonly<Record<number, string>> = {
  [SI_USER]: "SI_USER",
  [SI_KERNEL]: "SI_KERNEL",
  [SI_QUEUE]: "SI_QUEUE",
  [SI_TIMER]: "SI_TIMER",
  [SI_MESGQ]: "SI_MESGQ",
  [SI_ASYNCIO]: "SI_ASYNCIO",
  [SI_SIGIO]: "SI_SIGIO",
  [SI_TKILL]: "SI_TKILL",
};

/** si_code names by signal, index 1 is code 1: sigaction(2). */
const CODES: Readonly<Record<number, readonly string[]>> = {
  [SIGILL]: ["", "ILL_ILLOPC", "ILL_ILLOPN", "ILL_ILLADR", "ILL_ILLTRP", "ILL_PRVOPC", "ILL_PRVREG", "ILL_COPROC", "ILL_BADSTK"],
  [SIGFPE]: ["", "FPE_INTDIV", "FPE_INTOVF", "FPE_FLTDIV", "FPE_FLTOVF", "FPE_FLTUND", "FPE_FLTRES", "FPE_FLTINV", "FPE_FLTSUB"],
  [SIGSEGV]: ["", "SEGV_MAPERR", "SEGV_ACCERR", "SEGV_BNDERR", "SEGV_PKUERR"],
  [SIGBUS]: ["", "BUS_ADRALN", "BUS_ADRERR", "BUS_OBJERR"],
  [SIGTRAP]: ["", "TRAP_BRKPT", "TRAP_TRACE", "TRAP_BRANCH", "TRAP_HWBKPT"],
  [SIGCHLD]: ["", "CLD_EXITED", "CLD_KILLED", "CLD_DUMPED", "CLD_TRAPPED", "CLD_STOPPED", "CLD_CONTINUED"],
  [SIGIO]: ["", "POLL_IN", "POLL_OUT", "POLL_MSG", "POLL_ERR", "POLL_PRI", "POLL_HUP"],
  [SIGSYS]: ["", "SYS_SECCOMP", "SYS_USER_DISPATCH"],
};

/** Name of an si_code for its signal, or the number. */
export function signalCodeName(signal: number, code: number): string {
  return SHARED_CODES[code] ?? CODES[signal]?.[code] ?? String(code);
}
