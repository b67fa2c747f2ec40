// `tsvm snapshot`: its options and its page.
import { InvalidArgumentError, Option } from "commander";
import type { AddCommand } from "./command.ts";
import { addEngineOptions, addGuestOptions, addWatchOptions } from "./run-command.ts";
import { parseCount } from "./run-options.ts";
import type { Occurrence, SnapshotOptions } from "./snapshot.ts";

const more = `
Runs PROGRAM as tsvm run does, up to the point that is named, writes its state there to FILE and ends. Exactly one point is named:

  tsvm snapshot --at 1000000 -o a.core -- ./prog args     after a million instructions
  tsvm snapshot --at-syscall write:3 -o a.core -- ./prog  in front of the third write(2)
  tsvm snapshot --at-symbol main -o a.core -- ./prog      in front of main's first instruction
  tsvm snapshot --at-exit -o a.core -- ./prog             when it has ended

FILE is an ELF core file: gdb ./prog a.core shows it, tsvm restore a.core runs it on, tsvm inspect a.core lists what is in it.

Exit status: 0 FILE was written; 1 the program ended before; else as for tsvm run.`;

function parseOccurrence(text: string): Occurrence {
  const match = /^(.*?)(?::([1-9]\d{0,8}))?$/s.exec(text);
  const name = match?.[1] ?? "";
  if (name === "") throw new InvalidArgumentError("A name, or NAME:K for the K-th time.");
  return { name, count: Number(match?.[2] ?? 1) };
}

/** A count of instructions from 0 on. */
function parsePoint(text: string): number {
  return text === "0" ? 0 : parseCount(text);
}

export const addSnapshot: AddCommand = (tsvm, finish) => {
  const command = tsvm
    .command("snapshot")
    .summary("run a program to a point and save it there")
    .description("Runs PROGRAM with ARGS to a point and saves its state as FILE.")
    .usage("[options] (--at N | --at-syscall NAME[:K] | --at-symbol NAME[:K] | --at-exit) -o FILE [--] PROGRAM [ARGS...]")
    .argument("<PROGRAM>", "the program's ELF file")
    .argument("[ARGS...]", "its arguments")
    .passThroughOptions()
    .requiredOption("-o, --output <FILE>", "the image to write")
    .addOption(new Option("--at <N>", "after N instructions").argParser(parsePoint))
    .addOption(new Option("--at-syscall <NAME:K>", "in front of a system call, the K-th of its name").argParser(parseOccurrence))
    .addOption(new Option("--at-symbol <NAME:K>", "when a function of PROGRAM is reached, for the K-th time").argParser(parseOccurrence))
    .option("--at-exit", "when the program has ended");
  addWatchOptions(addEngineOptions(addGuestOptions(command)))
    .addHelpText("after", more)
    .action(async (program: string, args: string[], options: SnapshotOptions) => {
      const { snapshot } = await import("./snapshot.ts");
      finish(await snapshot(program, args, options));
    });
};
