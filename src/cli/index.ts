// The `tsvm` command.
import { Command, CommanderError } from "commander";
import { byteString } from "./bytes.ts";
import type { AddCommand } from "./command.ts";
import { addDisasm } from "./disasm-command.ts";
import { CommandError, ExitStatus, oneLine } from "./errors.ts";
import { packageVersion } from "./package-version.ts";
import { addRun } from "./run-command.ts";
import { writeError } from "./stderr.ts";
import { withValues } from "./strace-options.ts";
import { addSyscalls } from "./syscalls-command.ts";
import { addVersion } from "./version-command.ts";
import { addDiff } from "./diff-command.ts";
import { setEarlySignals, type EarlySignals } from "./early-signals.ts";
import { addInspect } from "./inspect-command.ts";
import { addRestore } from "./restore-command.ts";
import { addSnapshot } from "./snapshot-command.ts";

/** In the order of the help page. */
const commands: readonly AddCommand[] = [addRun, addSnapshot, addRestore, addInspect, addDiff, addDisasm, addSyscalls, addVersion];

function command(finish: (status: number) => void): Command {
  const tsvm = new Command("tsvm")
    .description("Runs Linux x86-64 programs in a virtual machine written in TypeScript.")
    .version(packageVersion(), "--version", "print tsvm's version")
    .helpOption("-h, --help", "print this, or a command's own page: tsvm help run")
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .configureHelp({ helpWidth: 110 })
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "tsvm: ")) })
    .exitOverride();
  for (const add of commands) add(tsvm, finish);
  return tsvm;
}

/** Runs the command line `args` (without node and script); resolves to the exit status. Everything that goes wrong is one line on standard error. */
export async function main(args: readonly string[], signals?: EarlySignals): Promise<number> {
  if (signals !== undefined) setEarlySignals(signals);
  let status = 0;
  try {
    const tsvm = command((ended) => (status = ended));
    await tsvm.parseAsync(withValues(tsvm, args), { from: "user" });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : ExitStatus.usage;
    if (process.env["TSVM_DEBUG"] && error instanceof Error) writeError(`${error.stack ?? ""}\n`);
    writeError(byteString(`tsvm: ${oneLine(error)}\n`));
    return error instanceof CommandError ? error.status : ExitStatus.internal;
  }
}
