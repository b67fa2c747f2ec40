/** What `strace -c` prints: calls, errors and time by system call. Time is the guest's, from a call's begin to its end: nearly all of it waiting. */
import type { KernelListener, Process, Syscall, Task } from "../linux/index.ts";
import { syscallName } from "../linux/index.ts";
import { isShown, type StraceFilter } from "./strace-filter.ts";

interface Count {
  readonly name: string;
  calls: number;
  errors: number;
  /** Nanoseconds. */
  time: number;
}

const NR_EXECVE = 59;
const RULE = "------ ----------- ----------- --------- --------- ----------------\n";

function cells(share: string, seconds: string, each: string, calls: string, errors: string): string {
  return `${share.padStart(6)} ${seconds.padStart(11)} ${each.padStart(11)} ${calls.padStart(9)} ${errors.padStart(9)}`;
}

export class StraceSummary implements KernelListener {
  readonly #filter: StraceFilter | undefined;
  readonly #counts: Map<number, Count> = new Map();
  readonly #started: Map<Task, number> = new Map();
  readonly #begun: Set<Process> = new Set();

  constructor(filter?: StraceFilter) {
    this.#filter = filter;
  }

  /** The first process came from an execve(2) that nobody in the machine made; strace(1) counts it. */
  #begin({ process }: Task): void {
    if (this.#begun.has(process)) return;
    this.#begun.add(process);
    if (process.parentPid === 0 && isShown(this.#filter, NR_EXECVE)) this.#count(NR_EXECVE).calls++;
  }

  #count(number: number): Count {
    let count = this.#counts.get(number);
    if (count === undefined) {
      count = { name: syscallName(number) ?? `syscall_0x${number.toString(16)}`, calls: 0, errors: 0, time: 0 };
      this.#counts.set(number, count);
    }
    return count;
  }

  enter(task: Task, call: Syscall): void {
    this.#begin(task);
    if (isShown(this.#filter, call.number)) this.#started.set(task, task.kernel.clock.now);
  }

  exit(task: Task, call: Syscall, result: number): void {
    const started = this.#started.get(task);
    // exit(2) and its like never come back; strace(1) does not count them.
    if (started === undefined || task.state === "exited") return;
    this.#started.delete(task);
    const count = this.#count(call.number);
    count.calls++;
    count.time += task.kernel.clock.now - started;
    if (result < 0 && result > -4096) count.errors++;
  }

  unknown(task: Task, number: number): void {
    this.#begin(task);
    if (!isShown(this.#filter, number)) return;
    const count = this.#count(number);
    count.calls++;
    count.errors++;
  }

  /** The table: most time first, then most calls. */
  text(): string {
    const counts = [...this.#counts.values()].sort((a, b) => b.time - a.time || b.calls - a.calls || (a.name < b.name ? -1 : 1));
    const sum = (of: (count: Count) => number): number => counts.reduce((total, count) => total + of(count), 0);
    const total: Count = { name: "total", calls: sum((c) => c.calls), errors: sum((c) => c.errors), time: sum((c) => c.time) };
    const line = ({ name, calls, errors, time }: Count): string => {
      const share = name === "total" ? 100 : total.time === 0 ? 0 : (time / total.time) * 100;
      const each = String(calls === 0 ? 0 : Math.floor(time / 1000 / calls));
      return `${cells(share.toFixed(2), (time / 1e9).toFixed(6), each, String(calls), errors === 0 ? "" : String(errors))} ${name}\n`;
    };
    const head = `${cells("% time", "seconds", "usecs/call", "calls", "errors")} syscall\n`;
    return head + RULE + counts.map(line).join("") + RULE + line(total);
  }
}
