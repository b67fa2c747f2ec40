// `tsvm version`: its page.
import type { AddCommand } from "./command.ts";
import type { VersionOptions } from "./version.ts";

const more = `
What a bug report should begin with: tsvm's version, the processor that guests see (the same on every host), how many of its instructions and of
Linux's system calls are implemented, and the host's own version of Node and V8.

Exit status: 0; 2 wrong usage.`;

export const addVersion: AddCommand = (tsvm, finish) => {
  tsvm
    .command("version")
    .summary("print versions and the guest's processor")
    .description("Prints tsvm's version and what a guest sees of its machine.")
    .option("--json", "print JSON")
    .addHelpText("after", more)
    .action(async (options: VersionOptions) => {
      const { showVersion } = await import("./version.ts");
      finish(showVersion(options));
    });
};
