/**
 * A system call is declared once: number, name, arguments, support level, handler. Dispatch, errno, the lines of strace(1), the coverage
 * page and what a recorder must keep are derived from the declaration.
 */
import type { AddressSpace } from "../../memory/index.ts";
import type { Task, Wait } from "../task.ts";

/** What an argument may look at when it is shown. */
export interface Shown {
  readonly memory: AddressSpace;
  readonly task: Task;
  /** Another argument of the same call as a number: int32 for `int`, unsigned for the 64-bit one. */
  int(index: number): number;
  long(index: number): number;
  /** At entry: undefined. At exit: what the call returned, -errno for a failure. */
  readonly result: number | undefined;
}

/** One argument register, understood. */
export interface Arg<T> {
  /** Which side of the call has the value: an "out" argument is shown at exit. */
  readonly direction: "in" | "out";
  /** May throw an Errno, or MemoryFault for EFAULT. */
  decode(low: number, high: number, task: Task): T;
  /** As strace(1) prints it. An empty text leaves the argument out. */
  show(this: void, low: number, high: number, shown: Shown): string;
}

export type Args = Readonly<Record<string, Arg<unknown>>>;
export type Values<A extends Args> = { readonly [K in keyof A]: A[K] extends Arg<infer T> ? T : never };

/** "full", or what is missing. */
export type Support = "full" | `partial: ${string}`;

/** What a handler gives: the result, or what to wait for. It is then entered again, with `task.call.resume` telling why. */
export type Outcome = number | Wait;

/** A handler's result when it has set the registers itself: rt_sigreturn(2). No call returns it. */
export const KEEP_REGISTERS = -10_000;

/** How strace(1) prints a result that is no plain decimal number. */
export type ResultKind = "decimal" | "address" | "octal" | "flags" | "none" | "timeout";

export interface Syscall {
  readonly number: number;
  readonly name: string;
  readonly args: readonly (readonly [name: string, arg: Arg<unknown>])[];
  readonly support: Support;
  readonly returns: ResultKind;
  /** strace(1)'s classes: `file`, `desc`, `memory`, `process`, `signal`, `network`. */
  readonly classes: readonly string[];
  /** What strace(1) adds in parentheses after a result. */
  readonly note?: (shown: Shown) => string;
  /** Decodes the registers in `task.call.args` and runs the handler. */
  run(task: Task): Outcome;
}

export interface SyscallExtras {
  readonly returns?: ResultKind;
  readonly classes?: readonly string[];
  readonly note?: (shown: Shown) => string;
}

/** Declares a call. The values given to the handler are valid until it returns. */
export function syscall<const A extends Args>(
  number: number,
  name: string,
  args: A,
  support: Support,
  handler: (task: Task, values: Values<A>) => Outcome,
  extras: SyscallExtras = {},
): Syscall {
  const entries = Object.entries(args);
  const names = entries.map(([argName]) => argName);
  const kinds = entries.map(([, kind]) => kind);
  const values: Record<string, unknown> = {};
  for (const argName of names) values[argName] = 0;
  const given = values as Values<A>;
  const count = kinds.length;
  return {
    number,
    name,
    args: entries,
    support,
    returns: extras.returns ?? "decimal",
    classes: extras.classes ?? [],
    ...(extras.note === undefined ? {} : { note: extras.note }),
    run(task): Outcome {
      const raw = task.call.args;
      for (let i = 0; i < count; i++) values[names[i]!] = kinds[i]!.decode(raw[i * 2]!, raw[i * 2 + 1]!, task);
      return handler(task, given);
    },
  };
}

/** Names of the arguments that a call writes to memory: what a recorder must keep. */
export function outputsOf(call: Syscall): readonly string[] {
  return call.args.filter(([, arg]) => arg.direction === "out").map(([name]) => name);
}
