// `tsvm run`: its options and its page.
import { type Command, Option } from "commander";
import { addCheckpointOptions } from "./checkpoint-options.ts";
import type { AddCommand } from "./command.ts";
import { parseCount, parseMount, parseVariable, parseWindowBits } from "./run-options.ts";
import type { RunOptions } from "./run-options.ts";
import { parseCalls } from "./strace-options.ts";

const more = `
PROGRAM is a path of the host (PATH is not searched): a statically linked ELF file for x86-64 Linux. Everything behind it belongs to the
guest. The guest has the host's standard input, output and error. It sees no file of the host except below --dir and --root; the rest of its file tree
is memory, made anew for each run.

Files:
  tsvm run --dir . ./sort data.txt               the current directory, at the same path in the guest
  tsvm run --dir /srv/data::/data:ro ./sort /data/a
  tsvm run --image rootfs.tar /bin/busybox ls /  a root directory of the guest's own; what it changes is gone in the end
  tsvm run --root rootfs /bin/busybox ls /       the same with a directory, of which the guest reads what it needs; nothing is written there
  A guest cannot leave a --dir or --root, neither by "..", nor by symbolic links, nor by links the host makes meanwhile.

Time and chance:
  The guest's clock advances 1 ns with each instruction, and jumps when everything sleeps. It starts at the host's time.
  --deterministic makes a run a function of PROGRAM, its arguments, the mounted files and standard input alone: start time 2000-01-01, fixed random
  seed, user and group 1000, umask 022, no environment but --env's, current directory / unless --cwd, standard input read to its end first.

System calls:
  tsvm run --strace ./prog                       all of them on standard error, as strace(1) prints them
  tsvm run --strace=file,desc ./prog             classes and names as after strace -e; %file is the same as file
  tsvm run --strace=memory,!brk ./prog           "!" takes out; a list that begins with "!" starts from all calls
  tsvm run --strace-output=LOG --strace-summary ./prog
  Classes: file desc memory process signal network ipc creds clock stat lstat fstat statfs fstatfs pure.

Crashes:
  Where a signal such as SIGSEGV kills the guest and standard error is a terminal, tsvm says where: signal, address, instruction and the functions
  that were active. Functions found by a plausible return address rather than by frame pointers are marked "?".

Checkpoints:
  A checkpoint is an image of the whole process (tsvm help restore), written between two instructions; the program does not notice it.
  kill -USR1 TSVM_PID                            write one to PROGRAM.PID.core, or --snapshot-to, and go on
  tsvm run --checkpoint-on USR1,TERM --checkpoint-exit 85 --resume-if-exists job.core ./job
                                                 what batch systems want: end on a signal, go on where it ended when started again

Exit status: the guest's; 128+N where signal N ended it; 2 wrong usage; 124 --max-instructions was reached; 125 tsvm itself failed;
126 PROGRAM cannot be executed; 127 PROGRAM was not found.`;

export function collect<T>(parse: (text: string) => T): (text: string, earlier: readonly T[]) => T[] {
  return (text, earlier) => [...earlier, parse(text)];
}

/** What a guest sees of the host and of itself, for every command that starts one. */
export function addGuestOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--dir <MOUNT>", "show the guest a directory of the host: HOST[::GUEST][:ro]; repeatable")
        .argParser(collect(parseMount))
        .default([], "none"),
    )
    .option("--image <TAR>", "make the tar archive (also gzipped) the guest's root directory, in memory; PROGRAM is then a path of the guest")
    .addOption(
      new Option("--root <DIR>", "make a directory of the host the guest's root directory; what the guest changes is kept in memory").conflicts(
        "image",
      ),
    )
    .addOption(
      new Option("--env <VARIABLE>", "set a variable of the guest (NAME=VALUE) or pass the host's (NAME); repeatable")
        .argParser(collect(parseVariable))
        .default([], "the host's environment"),
    )
    .option("--cwd <DIR>", "the guest's current directory (default: the host's where a --dir shows it, else /)")
    .option("--argv0 <NAME>", "what the guest sees as its own name (default: PROGRAM as given)")
    .option("--deterministic", "let nothing of the host but the mounted files and the input reach the guest")
    .addOption(new Option("--cpu <MODEL>", "level of the guest's processor, x86-64-v1 to x86-64-v3").choices(["v1", "v2", "v3"]).default("v3"));
}

/** What changes speed and nothing else, for every command that runs a guest. */
export function addEngineOptions(command: Command): Command {
  return command
    .addOption(new Option("--window <BITS>", "log2 of the bytes of the guest memory's window; changes speed only").argParser(parseWindowBits))
    .option("--no-jit", "interpret everything, compile nothing; changes speed only");
}

/** What is told of a run, for every command that runs a guest. */
export function addWatchOptions(command: Command): Command {
  return command
    .addOption(new Option("--strace [CALLS]", "print system calls, all or =CALLS, as strace(1) does").argParser(parseCalls))
    .option("--strace-output <FILE>", "write what --strace prints to FILE instead of standard error")
    .option("--strace-summary", "print how often each system call was made, how often it failed and how long it took, as strace -c does")
    .option("--stats", "print instructions, speed and memory to standard error in the end")
    .addOption(new Option("--max-instructions <N>", "stop after N instructions (5000000, 100M, 2G)").argParser(parseCount))
    .addOption(new Option("--report", "say where the guest crashed, also where standard error is no terminal"))
    .option("--no-report", "do not say where the guest crashed");
}

export const addRun: AddCommand = (tsvm, finish) => {
  const command = tsvm
    .command("run")
    .summary("run a program")
    .description("Runs PROGRAM with ARGS until it ends, and ends the way it ended.")
    .usage("[options] [--] PROGRAM [ARGS...]")
    .argument("<PROGRAM>", "the program's ELF file")
    .argument("[ARGS...]", "its arguments")
    .passThroughOptions();
  addCheckpointOptions(addWatchOptions(addEngineOptions(addGuestOptions(command))))
    .option("--resume-if-exists <FILE>", "go on with the image FILE where there is one, instead of starting PROGRAM; checkpoints go there too")
    .addHelpText("after", more)
    .action(async (program: string, args: string[], options: RunOptions) => {
      const { run } = await import("./run.ts");
      finish(await run(program, args, options));
    });
};
