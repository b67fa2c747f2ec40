/** Where a run has to stop: the user's breakpoints, and the one place that the command asked for. */
import { backtrace, disassemble, type Symbolizer } from "../debug/index.ts";
import { Reg, syscallName, syscallNumbers } from "../linux/index.ts";
import type { Intercept, Machine, RunEnd } from "../machine/index.ts";
import type { PauseReason, Until } from "./messages.ts";

/** What one run goes to. */
export type Stop =
  /** `lowestStack`: not where the stack is deeper, in a call of the same function. */
  | { readonly kind: "address"; readonly address: number; readonly lowestStack: number }
  | { readonly kind: "syscall"; readonly number: number | undefined };

/** Instructions that one step goes over as a whole. */
const WHOLE = /^(call|rep)/;

/** The instruction behind a call or a repeated instruction at RIP; undefined for any other, of which one step is enough. */
export function over(machine: Machine, symbolizer: Symbolizer): Stop | undefined {
  const { registers, space } = machine;
  const rip = registers.number(Reg.rip);
  const [line] = disassemble(space, rip, 0, 1, symbolizer);
  if (line === undefined || !WHOLE.test(line.text)) return undefined;
  return { kind: "address", address: rip + line.bytes.length, lowestStack: registers.number(Reg.rsp) };
}

/** The caller's instruction that the function returns to. Throws Error with a sentence where none is known. */
export function outOf(machine: Machine, symbolizer: Symbolizer): Stop {
  const task = machine.kernel.tasks[0];
  const caller = task === undefined ? undefined : backtrace(task, symbolizer)[1];
  if (caller === undefined) throw new Error("Who called this function is not to be seen on the stack, so the program stays where it is.");
  return { kind: "address", address: caller.address, lowestStack: machine.registers.number(Reg.rsp) + 8 };
}

export class StopPlan {
  /** The user's. */
  breakpoints: ReadonlySet<number> = new Set();
  #goal: Stop | undefined;
  #resume = false;
  #machine: Machine | undefined;
  #set: readonly number[] = [];
  readonly #intercept: Intercept = {
    syscall: (number) => this.#goal?.kind === "syscall" && (this.#goal.number === undefined || this.#goal.number === number),
  };

  /** Throws Error with a sentence for a system call that does not exist. */
  static until(until: Until | undefined): Stop | undefined {
    if (until?.kind === "address") return { kind: "address", address: until.address, lowestStack: 0 };
    if (until === undefined) return undefined;
    const number = until.name === undefined ? undefined : syscallNumbers().find((each) => syscallName(each) === until.name);
    if (until.name !== undefined && number === undefined) throw new Error(`There is no system call "${until.name}".`);
    return { kind: "syscall", number };
  }

  /** A run begins, with this aim besides the breakpoints. */
  begin(goal: Stop | undefined): void {
    this.#goal = goal;
    this.#resume = true;
  }

  /** Runs at most `maxInstructions`, until something of the plan stops it. */
  run(machine: Machine, maxInstructions: number): RunEnd {
    this.#arm(machine);
    const until = machine.instructions + maxInstructions;
    for (;;) {
      const left = until - machine.instructions;
      const resume = this.#resume;
      this.#resume = false;
      const calls = this.#goal?.kind === "syscall";
      // The call in front of which the run before stopped is made.
      const first = resume && calls;
      const end = machine.run({
        maxInstructions: first ? 1 : left,
        resume,
        ...(calls && !first ? { intercept: this.#intercept } : {}),
      });
      if (first && end.reason === "limit" && left > 1) continue;
      if (end.reason !== "breakpoint" || this.#wanted(machine)) return end;
      this.#resume = true;
    }
  }

  /** Runs at most `maxInstructions`, and nothing of the plan stops it. */
  runThrough(machine: Machine, maxInstructions: number): RunEnd {
    this.#give(machine, []);
    return machine.run({ maxInstructions });
  }

  /** Why a run ended at a breakpoint or in front of a system call. */
  reason(machine: Machine): PauseReason {
    return this.#goal?.kind === "syscall" || this.#atGoal(machine) ? "reached" : "breakpoint";
  }

  #atGoal({ registers }: Machine): boolean {
    const goal = this.#goal;
    return goal?.kind === "address" && registers.number(Reg.rip) === goal.address && registers.number(Reg.rsp) >= goal.lowestStack;
  }

  #wanted(machine: Machine): boolean {
    return this.#atGoal(machine) || this.breakpoints.has(machine.registers.number(Reg.rip));
  }

  #arm(machine: Machine): void {
    const wanted = [...this.breakpoints];
    if (this.#goal?.kind === "address") wanted.push(this.#goal.address);
    this.#give(machine, wanted);
  }

  /** Gives the machine its breakpoints where they are others than before: it then decodes everything anew. */
  #give(machine: Machine, wanted: readonly number[]): void {
    if (machine === this.#machine && wanted.length === this.#set.length && wanted.every((address, i) => this.#set[i] === address)) return;
    machine.setBreakpoints(wanted);
    this.#machine = machine;
    this.#set = wanted;
  }
}
