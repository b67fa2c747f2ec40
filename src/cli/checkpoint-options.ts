// Options of every command that runs a guest: when its state is saved, and where.
import { constants } from "node:os";
import { type Command, InvalidArgumentError, Option } from "commander";
import { parseCount } from "./run-options.ts";

/** Between two checkpoints. */
export type Interval = { readonly ms: number } | { readonly instructions: number };

export interface CheckpointOptions {
  readonly snapshotTo?: string;
  readonly exitAfterSnapshot?: true;
  /** Signals of the host by name. */
  readonly checkpointOn: readonly string[];
  readonly checkpointExit?: number;
  readonly checkpointEvery?: Interval;
}

/** `USR1,TERM`; `none` for no signal. */
export function parseSignals(text: string): string[] {
  if (text === "none") return [];
  return text.split(",").map((part) => {
    const name = `SIG${part.replace(/^SIG/, "")}`;
    if (!(name in constants.signals) || name === "SIGKILL" || name === "SIGSTOP")
      throw new InvalidArgumentError(`'${part}' is no signal that can be caught.`);
    return name;
  });
}

/** `10s`, `500ms`, `5m`, or a count of instructions: `100M`. */
export function parseInterval(text: string): Interval {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  if (match === null) return { instructions: parseCount(text) };
  const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match[2] as "ms" | "s" | "m" | "h"];
  const ms = Number(match[1]) * unit;
  if (!(ms >= 1)) throw new InvalidArgumentError("At least 1ms.");
  return { ms };
}

function parseStatus(text: string): number {
  const status = Number(text);
  if (!/^\d+$/.test(text) || status > 255) throw new InvalidArgumentError("An exit status, 0 to 255.");
  return status;
}

export function addCheckpointOptions(command: Command): Command {
  return command
    .option("--snapshot-to <FILE>", "where a checkpoint is written (default: PROGRAM.PID.core in the current directory)")
    .addOption(
      new Option("--checkpoint-on <SIGNALS>", "signals of the host that ask for a checkpoint, as USR1,TERM, or none; all others reach the guest")
        .argParser(parseSignals)
        .default(["SIGUSR1"], "USR1"),
    )
    .addOption(new Option("--checkpoint-every <INTERVAL>", "write one every 10s, 5m or 100M instructions").argParser(parseInterval))
    .option("--exit-after-snapshot", "end when a signal's checkpoint is written, with status 0")
    .addOption(new Option("--checkpoint-exit <STATUS>", "end when a signal's checkpoint is written, with STATUS").argParser(parseStatus));
}
