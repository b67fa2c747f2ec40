/**
 * What a page and the Worker of a machine tell each other. Plain data for postMessage; one Worker runs one program, so ending it at once
 * is Worker.terminate().
 */
import type { WindowSize } from "../linux/index.ts";
import type { Moment } from "./history.ts";
import type { ImageComparison, ImageSummary } from "./images.ts";
import type { InputEvent } from "./input-tape.ts";
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
  /** Of the guest's random numbers, 32 bytes; zeros where it is absent. */
  readonly seed?: Uint8Array;
  /** What the machine is told again as in an earlier run, until something new comes. */
  readonly tape?: readonly InputEvent[];
}

/** Goes on with an image in the place of whatever ran before. */
export interface RestoreMessage extends Pick<StartMessage, "streams" | "strace" | "prebuilt" | "windowBits"> {
  readonly type: "restore";
  readonly image: Uint8Array<ArrayBuffer>;
  /** What stood on the screen. */
  readonly screen: Uint8Array<ArrayBuffer>;
  /** Id of the `snapshot` of this Worker that it is: history before and behind it is kept. */
  readonly id?: number;
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
  | RestoreMessage
  /** Tell the state as an image. The machine goes on, if it runs. */
  | { readonly type: "snapshot"; readonly id: number }
  /** Go to the moment after so many instructions, forth or back, and stand still there; `position`: and after so many events of the tape. */
  | { readonly type: "seek"; readonly instructions: number; readonly position?: number; readonly settled?: boolean }
  /** Go one instruction back. */
  | { readonly type: "stepBack" }
  /** What an image holds, and how two differ. No machine is needed. */
  | { readonly type: "describe"; readonly id: number; readonly image: Uint8Array<ArrayBuffer> }
  | { readonly type: "compare"; readonly id: number; readonly images: readonly [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>] }
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
  /** The counts between which one can go back and forth. */
  readonly earliest: number;
  readonly latest: number;
}

/** "waiting": for input or for a time; whatever comes wakes it. "seeking": it runs on from an earlier moment, and nothing of that is shown. */
export type Activity = "running" | "waiting" | "seeking";

/** A state as an image, and what belongs to it outside. */
export interface Snapshot {
  readonly image: Uint8Array<ArrayBuffer>;
  /** In hexadecimal. */
  readonly sha256: string;
  readonly moment: Moment;
  /** SHA-256 of the file that the program was started from; undefined where it was restored, or started from a file of the guest's. */
  readonly digest: string | undefined;
  /** Path of the program in the guest. */
  readonly program: string;
  readonly machineRevision: number;
  /** What the guest has written of late. */
  readonly screen: Uint8Array<ArrayBuffer>;
  /** What it has not read yet of its input through a pipe; undefined with a terminal. */
  readonly unread: Uint8Array<ArrayBuffer> | undefined;
  /** All that came from outside until then, but for input through a pipe. */
  readonly tape: readonly InputEvent[];
}

/** "limit": `maxInstructions` of `run`; "reached": its `until`; "breakpoint": one of `breakpoints`; "seek": where `seek` or `stepBack` led. */
export type PauseReason = "start" | "pause" | "step" | "limit" | "reached" | "breakpoint" | "seek" | "restore";

/** From the Worker. */
export type Report =
  /** The program is loaded. */
  | { readonly type: "started"; readonly windowBits: number; readonly machineRevision: number }
  /** What the machine is doing, several times a second while it runs and at each change. */
  | ({ readonly type: "progress"; readonly activity: Activity } & Progress)
  /** `stream` 1 is standard output and the terminal, 2 standard error. */
  | { readonly type: "output"; readonly stream: 1 | 2; readonly bytes: Uint8Array }
  /** What the screen and the lines of strace show now, in the place of all that was told before: `shown` counts both. */
  | { readonly type: "screen"; readonly bytes: Uint8Array<ArrayBuffer>; readonly strace: string }
  | ({ readonly type: "snapshot"; readonly id: number } & Snapshot)
  /** Why there is no snapshot, no description, or no comparison. */
  | { readonly type: "unanswered"; readonly id: number; readonly message: string }
  | ({ readonly type: "described"; readonly id: number } & ImageSummary)
  | ({ readonly type: "compared"; readonly id: number } & ImageComparison)
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
