/**
 * What a page and the Worker of a machine tell each other. Plain data for postMessage; one Worker runs one program, so ending it at once
 * is Worker.terminate().
 */
import type { WindowSize } from "../linux/index.ts";
import type { InstructionView, LookCommand, LookReport } from "./looks.ts";

/** What the guest's standard streams are. */
export type Streams =
  /** A terminal at all three, which the guest takes over from the start. */
  | { readonly kind: "terminal"; readonly size: WindowSize }
  /** `input` to its end on standard input; pipes at the others. */
  | { readonly kind: "pipes"; readonly input: Uint8Array };

export interface StartMessage {
  readonly type: "start";
  /** The program's ELF file; absent: the guest has it at `path`. */
  readonly elf?: Uint8Array;
  /** Absolute path in the guest. */
  readonly path: string;
  /** What is put into the guest's root before the program starts. */
  readonly files?: NewFiles;
  /** Texts; the guest gets them in UTF-8. */
  readonly argv: readonly string[];
  readonly envp: readonly string[];
  readonly streams: Streams;
  /** Tell system calls as strace(1) shows them. */
  readonly strace: boolean;
  /** The interpreter's modules as the build made them (`interpreter.bin`). */
  readonly prebuilt?: Uint8Array;
  /** Largest window to try, as its log2; where the host refuses it a smaller one is taken. Default 32. */
  readonly windowBits?: number;
}

/** A file for the guest. */
export interface FileForGuest {
  /** Absolute; a text, of which the guest gets UTF-8. */
  readonly path: string;
  readonly content: Uint8Array;
  readonly executable: boolean;
}

export interface NewFiles {
  /** Tar archives, unpacked over the root one after the other. */
  readonly archives: readonly Uint8Array[];
  /** Put over those; they belong to the user. */
  readonly files: readonly FileForGuest[];
}

/** Where `run` stops, apart from breakpoints. */
export type Until =
  | { readonly kind: "address"; readonly address: number }
  /** In front of a system call: of this name, or of any. */
  | { readonly kind: "syscall"; readonly name: string | undefined };

/** From the page. Until `run` or `step` the program stands before its first instruction. */
export type Command =
  | StartMessage
  /** Run until something stops it, `maxInstructions` in all at most (default: no limit). */
  | { readonly type: "run"; readonly maxInstructions?: number; readonly until?: Until }
  | { readonly type: "pause" }
  /** Execute `count` instructions. */
  | { readonly type: "step"; readonly count: number }
  /** One instruction, but all of a call, and all iterations of a repeated one. */
  | { readonly type: "stepOver" }
  /** Until the function returns to its caller. */
  | { readonly type: "stepOut" }
  /** All addresses at which `run` stops from now on. */
  | { readonly type: "breakpoints"; readonly addresses: readonly number[] }
  | LookCommand
  /** Put into the guest's root now. */
  | { readonly type: "addFiles"; readonly files: NewFiles }
  /** Bytes typed at the terminal. */
  | { readonly type: "input"; readonly bytes: Uint8Array }
  | { readonly type: "resize"; readonly size: WindowSize }
  /** So many bytes of `output` and characters of `strace` were shown. Beyond {@link OUTPUT_AHEAD} unshown ones the machine holds on, which the guest cannot see. */
  | { readonly type: "shown"; readonly amount: number };

/** Bytes and characters that may be on their way to the page's eyes. */
export const OUTPUT_AHEAD: number = 1 << 19;

/** One register with its value in hexadecimal, all digits. */
export interface RegisterView {
  readonly name: string;
  readonly value: string;
}

/** The processor between two instructions. */
export interface CpuView {
  readonly registers: readonly RegisterView[];
  /** Names of the flags that are set. */
  readonly flags: readonly string[];
  readonly instructions: readonly InstructionView[];
}

export interface Progress {
  /** Completed since the start. */
  readonly instructions: number;
  /** Milliseconds that the machine has run, waiting and pauses left out. */
  readonly runMs: number;
}

/** "waiting": for input or for a time; whatever comes wakes it. */
export type Activity = "running" | "waiting";

/** "limit": `maxInstructions` of `run`; "reached": its `until`; "breakpoint": one of `breakpoints`. */
export type PauseReason = "start" | "pause" | "step" | "limit" | "reached" | "breakpoint";

/** From the Worker. */
export type Report =
  /** The program is loaded. */
  | { readonly type: "started"; readonly windowBits: number }
  /** What the machine is doing, several times a second while it runs and at each change. */
  | ({ readonly type: "progress"; readonly activity: Activity } & Progress)
  /** `stream` 1 is standard output and the terminal, 2 standard error. */
  | { readonly type: "output"; readonly stream: 1 | 2; readonly bytes: Uint8Array }
  /** Lines of strace(1), or parts of them. */
  | { readonly type: "strace"; readonly text: string }
  /** A sentence about something that the machine does not have. */
  | { readonly type: "notice"; readonly text: string }
  | ({ readonly type: "paused"; readonly reason: PauseReason; readonly cpu: CpuView } & Progress)
  | LookReport
  /** A command was not obeyed: why, in a sentence. Nothing else has changed. */
  | { readonly type: "refused"; readonly message: string }
  /** The program has ended. `status` as a shell tells it: 128 + signal where one ended it. */
  | ({ readonly type: "exited"; readonly status: number; readonly signal: string | undefined } & Progress)
  /** The program cannot be started, or the machine itself failed. The machine is of no more use. */
  | { readonly type: "failed"; readonly message: string };
