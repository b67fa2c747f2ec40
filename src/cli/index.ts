// The `tsvm` command.
import { readFileSync } from "node:fs";
import { Command, CommanderError, Option } from "commander";
import { byteString } from "./bytes.ts";
import { CommandError, ExitStatus, oneLine } from "./errors.ts";
import { parseCount, parseMount, parseVariable, parseWindowBits } from "./run-options.ts";
import type { RunOptions } from "./run-options.ts";
import { writeError } from "./stderr.ts";

const runHelp = `
PROGRAM is a path of the host (PATH is not searched): a statically linked ELF file for x86-64 Linux. Everything behind it belongs to the
guest. The guest has the host's standard input, output and error. It sees no file of the host except below --dir; the rest of its file tree is
memory, made anew for each run.

Files:
  tsvm run --dir . ./sort data.txt               the current directory, at the same path in the guest
  tsvm run --dir /srv/data::/data:ro ./sort /data/a
  A guest cannot leave a --dir, neither by "..", nor by symbolic links, nor by links the host makes meanwhile.

Time and chance:
  The guest's clock advances 1 ns with each instruction, and jumps when everything sleeps. It starts at the host's time.
  --deterministic makes a run a function of PROGRAM, its arguments, the mounted files and standard input alone: start time 2000-01-01, fixed random
  seed, user and group 1000, umask 022, no environment but --env's, current directory / unless --cwd, standard input read to its end first.

Exit status: the guest's; 128+N where signal N ended it; 2 wrong usage; 124 --max-instructions was reached; 125 tsvm itself failed;
126 PROGRAM cannot be executed; 127 PROGRAM was not found.`;

function collect<T>(parse: (text: string) => T): (text: string, earlier: readonly T[]) => T[] {
  return (text, earlier) => [...earlier, parse(text)];
}

function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

function command(finish: (status: number) => void): Command {
  const tsvm = new Command("tsvm")
    .description("Runs Linux x86-64 programs in a virtual machine written in TypeScript.")
    .version(version(), "--version", "print tsvm's version")
    .helpOption("-h, --help", "print this, or a command's own page: tsvm help run")
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .configureHelp({ helpWidth: 110 })
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "tsvm: ")) })
    .exitOverride();
  tsvm
    .command("run", { isDefault: false })
    .summary("run a program")
    .description("Runs PROGRAM with ARGS until it ends, and ends the way it ended.")
    .usage("[options] [--] PROGRAM [ARGS...]")
    .argument("<PROGRAM>", "the program's ELF file")
    .argument("[ARGS...]", "its arguments")
    .passThroughOptions()
    .addOption(
      new Option("--dir <MOUNT>", "show the guest a directory of the host: HOST[::GUEST][:ro]; repeatable")
        .argParser(collect(parseMount))
        .default([], "none"),
    )
    .addOption(
      new Option("--env <VARIABLE>", "set a variable of the guest (NAME=VALUE) or pass the host's (NAME); repeatable")
        .argParser(collect(parseVariable))
        .default([], "the host's environment"),
    )
    .option("--cwd <DIR>", "the guest's current directory (default: the host's where a --dir shows it, else /)")
    .option("--argv0 <NAME>", "what the guest sees as its own name (default: PROGRAM as given)")
    .option("--strace", "print every system call to standard error, as strace(1) does")
    .option("--stats", "print instructions, speed and memory to standard error in the end")
    .addOption(new Option("--max-instructions <N>", "stop after N instructions (5000000, 100M, 2G)").argParser(parseCount))
    .option("--deterministic", "let nothing of the host but the mounted files and the input reach the guest")
    .addOption(new Option("--window <BITS>", "log2 of the bytes of the guest memory's window; changes speed only").argParser(parseWindowBits))
    .addHelpText("after", runHelp)
    .action(async (program: string, args: string[], options: RunOptions) => {
      const { run } = await import("./run.ts");
      finish(await run(program, args, options));
    });
  return tsvm;
}

/** Runs the command line `args` (without node and script); resolves to the exit status. Everything that goes wrong is one line on standard error. */
export async function main(args: readonly string[]): Promise<number> {
  let status = 0;
  try {
    await command((ended) => (status = ended)).parseAsync([...args], { from: "user" });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : ExitStatus.usage;
    if (process.env["TSVM_DEBUG"] && error instanceof Error) writeError(`${error.stack ?? ""}\n`);
    writeError(byteString(`tsvm: ${oneLine(error)}\n`));
    return error instanceof CommandError ? error.status : ExitStatus.internal;
  }
}
