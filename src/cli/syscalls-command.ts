// `tsvm syscalls`: its options and its page.
import type { AddCommand } from "./command.ts";
import type { SyscallsOptions } from "./syscalls.ts";

const more = `
Every system call of Linux 6.1 on x86-64 is listed with its number: "full" is what its manual page says, "partial" says what is missing,
"refused" calls return the error that is named.

  tsvm syscalls                        all, and how many of each kind
  tsvm syscalls read mmap 'epoll*'     some, with their arguments
  tsvm syscalls --json | jq -r '.[] | select(.support == "refused") | .name'

With --json: an array of {number, name, support, detail, arguments, classes}.

Exit status: 0; 1 where no call has one of the names; 2 wrong usage.`;

export const addSyscalls: AddCommand = (tsvm, finish) => {
  tsvm
    .command("syscalls")
    .summary("list system calls and how far they are supported")
    .description("Lists Linux's system calls and how far tsvm supports each.")
    .usage("[options] [NAME...]")
    .argument("[NAME...]", 'names of calls; "*" stands for anything')
    .option("--json", "print JSON")
    .addHelpText("after", more)
    .action(async (names: string[], options: SyscallsOptions) => {
      const { listSyscalls } = await import("./syscalls.ts");
      finish(listSyscalls(names, options));
    });
};
