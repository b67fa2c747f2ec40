/**
 * What strace(1) prints for a run, from the kernel's events. The arguments of a call come from its declaration; this file knows the
 * shape of a line only:
 *
 *     name(arguments)                         = result
 *
 * The result starts at column 40. What a call reads is written when it begins, what it writes when it ends.
 */
import { decodeLatin1, encodeLatin1 } from "../base/index.ts";
import type { ExitStatus, KernelListener, Process, Shown, SigInfo, Syscall, Task } from "../linux/index.ts";
import { ERRNO_TABLE, errnoName, quote, Reg, signalCodeName, signalName, STRING_LIMIT, syscallName } from "../linux/index.ts";
import { isShown, type StraceFilter } from "./strace-filter.ts";

const RESULT_COLUMN = 40;

/** Results that are no errno: what a signal makes of an interrupted call. */
const INTERRUPTED: Readonly<Record<number, string>> = {
  [-512]: "? ERESTARTSYS (To be restarted if SA_RESTART is set)",
  [-513]: "? ERESTARTNOINTR (To be restarted)",
  [-514]: "? ERESTARTNOHAND (To be restarted if no handler)",
  [-516]: "? ERESTART_RESTARTBLOCK (Interrupted by signal)",
};
/** rt_sigreturn(2) has put the result into rax itself. */
const KEEP_REGISTERS = -10_000;
const NR_EXECVE = 59;

export interface StraceOptions {
  /** Receives text as it comes: whole lines, or the halves of one. */
  readonly write: (text: string) => void;
  /** Calls to show; absent: all. */
  readonly filter?: StraceFilter | undefined;
}

/** Raw values of a call's arguments as the argument kinds want them. */
function shownOf(task: Task, args: Int32Array, result: number | undefined): Shown {
  return {
    memory: task.memory,
    task,
    result,
    int: (index) => args[index * 2]!,
    long: (index) => (args[index * 2 + 1]! >>> 0) * 0x1_0000_0000 + (args[index * 2]! >>> 0),
  };
}

/** Texts of the arguments from `first` on, as long as `wanted` agrees; undefined ones are left out. */
function texts(call: Syscall, args: Int32Array, shown: Shown, first: number, end: number): string[] {
  const list: string[] = [];
  for (let i = first; i < end; i++) {
    let text: string;
    try {
      text = call.args[i]![1].show(args[i * 2]!, args[i * 2 + 1]!, shown);
    } catch {
      text = "0x" + shown.long(i).toString(16);
    }
    if (text !== "") list.push(text);
  }
  return list;
}

/** How many arguments can be shown before the call has run. */
function entryArguments(call: Syscall): number {
  const out = call.args.findIndex(([, arg]) => arg.direction === "out");
  return out < 0 ? call.args.length : out;
}

function resultText(call: Syscall, result: number, task: Task): string {
  const interrupted = INTERRUPTED[result];
  if (interrupted !== undefined) return interrupted;
  if (result === KEEP_REGISTERS) {
    const rax = task.registers.big(Reg.rax);
    const signed = BigInt.asIntN(64, rax);
    return signed < 0n && signed > -4096n ? resultText(call, Number(signed), task) : String(rax);
  }
  const value = result;
  if (value < 0 && value > -4096) {
    const name = errnoName(-value);
    return name === undefined ? `-1 (errno ${-value})` : `-1 ${name} (${ERRNO_TABLE[name][1]})`;
  }
  switch (call.returns) {
    case "address":
      return value === 0 ? "0" : "0x" + value.toString(16);
    case "octal":
      return value === 0 ? "000" : "0" + value.toString(8);
    default:
      return String(value);
  }
}

function siginfoText(sent: SigInfo): string {
  const info = sent.raw === undefined ? sent : { ...sent, ...queued(sent.raw) };
  const parts = [`si_signo=${signalName(info.signal)}`, `si_code=${signalCodeName(info.signal, info.code)}`];
  const value = `si_int=${(info.valueLow ?? 0) | 0}, si_ptr=${pointer(info.valueLow ?? 0, info.valueHigh ?? 0)}`;
  switch (info.kind) {
    case "fault":
      parts.push(`si_addr=${addressOf(info.address ?? 0)}`);
      break;
    case "timer":
      parts.push(`si_timerid=${hexOf(info.timer ?? 0)}`, `si_overrun=${info.overrun ?? 0}`, value);
      break;
    case "child":
      parts.push(
        `si_pid=${info.pid ?? 0}`,
        `si_uid=${info.uid ?? 0}`,
        `si_status=${info.status ?? 0}`,
        `si_utime=${info.utime ?? 0}`,
        `si_stime=${info.stime ?? 0}`,
      );
      break;
    case "queue":
      parts.push(`si_pid=${info.pid ?? 0}`, `si_uid=${info.uid ?? 0}`, value);
      break;
    default:
      if (info.code === SI_KERNEL && FAULTS.has(info.signal)) parts.push("si_addr=NULL");
      else if (info.code !== SI_KERNEL) parts.push(`si_pid=${info.pid ?? 0}`, `si_uid=${info.uid ?? 0}`);
  }
  return `{${parts.join(", ")}}`;
}

const SI_KERNEL = 0x80;
/** SIGILL, SIGTRAP, SIGBUS, SIGFPE and SIGSEGV of the kernel always have an address. */
const FAULTS: ReadonlySet<number> = new Set([4, 5, 7, 8, 11]);

/** What rt_sigqueueinfo(2) was given of the sender and the value. */
function queued(raw: Uint8Array): Partial<SigInfo> {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  return { pid: view.getInt32(16, true), uid: view.getUint32(20, true), valueLow: view.getUint32(24, true), valueHigh: view.getUint32(28, true) };
}

/** Negative: in the upper half of the address space. */
function addressOf(address: number): string {
  return address === 0 ? "NULL" : "0x" + BigInt.asUintN(64, BigInt(address)).toString(16);
}

function signalLine(info: SigInfo): string {
  return `--- ${signalName(info.signal)} ${siginfoText(info)} ---\n`;
}

function hexOf(value: number): string {
  return value === 0 ? "0" : "0x" + value.toString(16);
}

function pointer(low: number, high: number): string {
  return (low | high) === 0 ? "NULL" : "0x" + (BigInt(high >>> 0) * 0x1_0000_0000n + BigInt(low >>> 0)).toString(16);
}

/** A listener that writes strace(1)'s lines. */
export class Strace implements KernelListener {
  readonly #write: (text: string) => void;
  readonly #filter: StraceFilter | undefined;
  /** The half line of each task's call, and where its arguments go on. */
  readonly #open: Map<
    Task,
    { readonly call: Syscall; readonly args: Int32Array; column: number; readonly next: number; readonly empty: boolean; readonly ignored: SigInfo[] }
  > = new Map();

  readonly #begun: Set<Process> = new Set();

  constructor(options: StraceOptions) {
    this.#write = options.write;
    this.#filter = options.filter;
  }

  /** The first line of a process: the execve(2) that it came from, read back from its first stack. */
  #begin(task: Task): void {
    const { process } = task;
    if (this.#begun.has(process)) return;
    this.#begun.add(process);
    if (!isShown(this.#filter, NR_EXECVE)) return;
    const argv = strings(task, process.argv);
    const variables = strings(task, process.envp).length;
    const environment = pointersTo(task, process.envp[0], process.argv[0]);
    const quoted = argv.map((bytes) => quote(bytes.subarray(0, STRING_LIMIT), bytes.length > STRING_LIMIT)).join(", ");
    const head = `execve(${quote(encodeLatin1(nameOf(process.path, argv[0])), false)}, [${quoted}], 0x${environment.toString(16)} /* ${variables} var${variables === 1 ? "" : "s"} */)`;
    this.#write(`${padded(head)}= 0\n`);
  }

  enter(task: Task, call: Syscall): void {
    this.#begin(task);
    if (!isShown(this.#filter, call.number)) return;
    const args = task.call.args.slice();
    const next = entryArguments(call);
    const list = texts(call, args, shownOf(task, args, undefined), 0, next);
    const text = `${call.name}(${list.join(", ")}`;
    this.#open.set(task, { call, args, column: text.length, next, empty: list.length === 0, ignored: [] });
    this.#write(text);
  }

  exit(task: Task, _call: Syscall, result: number): void {
    const open = this.#open.get(task);
    if (open === undefined) return;
    this.#open.delete(task);
    const { call, args } = open;
    const shown = shownOf(task, args, task.state === "exited" ? undefined : result);
    const list = texts(call, args, shown, open.next, call.args.length);
    const rest = (list.length > 0 && !open.empty ? ", " : "") + list.join(", ") + ")";
    const note = result < -4095 || call.note === undefined ? "" : noteText(call.note, shown);
    const known = note.startsWith(" (flags ") || note.startsWith(" (seals ") ? hexOf(result) : resultText(call, result, task);
    const returned = task.state === "exited" ? "?" : known;
    this.#write(`${padded(rest, open.column)}= ${returned}${note}\n`);
    for (const info of open.ignored) this.#write(signalLine(info));
  }

  unknown(task: Task, number: number): void {
    this.#begin(task);
    if (!isShown(this.#filter, number)) return;
    const name = syscallName(number) ?? `syscall_0x${number.toString(16)}`;
    const shown = shownOf(task, task.call.args, undefined);
    const list = [0, 1, 2, 3, 4, 5].map((i) => hexOf(shown.long(i)));
    this.#write(`${padded(`${name}(${list.join(", ")})`)}= -1 ENOSYS (${ERRNO_TABLE.ENOSYS[1]})\n`);
  }

  signal(task: Task, info: SigInfo): void {
    this.#begin(task);
    this.#finish(task);
    this.#write(signalLine(info));
  }

  /** strace(1) is told of these too, when the task is about to return to user mode. */
  ignored(task: Task, info: SigInfo): void {
    const open = this.#open.get(task);
    if (open === undefined) this.#write(signalLine(info));
    else open.ignored.push(info);
  }

  exited(task: Task, status: ExitStatus): void {
    this.#finish(task);
    this.#write(status.signal === 0 ? `+++ exited with ${status.code} +++\n` : `+++ killed by ${signalName(status.signal)} +++\n`);
  }

  /** Ends the line of a call that does not return. */
  #finish(task: Task): void {
    const open = this.#open.get(task);
    if (open === undefined) return;
    this.#open.delete(task);
    this.#write(`${padded(")", open.column)}= ?\n`);
  }
}

/** The program as the command line names it, which is the absolute path or ends like it. */
function nameOf(path: string, argument: Uint8Array | undefined): string {
  const name = decodeLatin1(argument ?? new Uint8Array());
  const base = path.slice(path.lastIndexOf("/") + 1);
  return name.endsWith(`/${base}`) ? name : path;
}

/** The NUL-terminated strings of [start, end) in guest memory. */
function strings(task: Task, [start, end]: readonly [number, number]): Uint8Array[] {
  const bytes = new Uint8Array(Math.max(0, end - start));
  task.memory.peek(start, bytes);
  const list: Uint8Array[] = [];
  let from = 0;
  for (let to = bytes.indexOf(0); to >= 0; to = bytes.indexOf(0, from)) {
    list.push(bytes.subarray(from, to));
    from = to + 1;
  }
  return list;
}

/** Where on the first stack the pointer to the string at `target` lies, below `top`; 0 where there is none. */
function pointersTo(task: Task, target: number, top: number): number {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  for (let at = Math.floor(top / 8) * 8 - 8; at > top - 0x10000; at -= 8) {
    if (task.memory.peek(at, bytes) !== 8) return 0;
    if (view.getUint32(0, true) + view.getUint32(4, true) * 0x1_0000_0000 === target) return at;
  }
  return 0;
}

function noteText(note: (shown: Shown) => string, shown: Shown): string {
  let text: string;
  try {
    text = note(shown);
  } catch {
    return "";
  }
  return text === "" ? "" : ` (${text})`;
}

/** A space, then spaces up to the result's column. */
function padded(text: string, column = 0): string {
  return (text + " ").padEnd(Math.max(0, RESULT_COLUMN - column), " ");
}
