// What every command's file gives: its own page of options and help. What it does is loaded when it is used.
import type { Command } from "commander";

/** Adds one command to `tsvm`; its action calls `finish` with the exit status. */
export type AddCommand = (tsvm: Command, finish: (status: number) => void) => void;
