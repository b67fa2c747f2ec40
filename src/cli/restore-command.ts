// `tsvm restore`: its options and its page.
import { Option } from "commander";
import { addCheckpointOptions } from "./checkpoint-options.ts";
import type { AddCommand } from "./command.ts";
import type { RestoreOptions } from "./restore.ts";
import { addEngineOptions, addWatchOptions, collect } from "./run-command.ts";
import { parseMount } from "./run-options.ts";

const more = `
FILE is an image made by tsvm snapshot or a checkpoint of tsvm run. It holds everything but the directories of --dir and --root, which are given
again under the same names for the guest, and the standard streams, which are this command's own.

A file given as standard input is read on from where the program was; standard output goes to where this command's output stands.

Exit status: as for tsvm run; 126 FILE is no image, is damaged, or is of another version; 127 FILE was not found.`;

export const addRestore: AddCommand = (tsvm, finish) => {
  const command = tsvm
    .command("restore")
    .summary("go on with a saved program")
    .description("Runs on the program saved in FILE until it ends, and ends the way it ended.")
    .usage("[options] FILE")
    .argument("<FILE>", "the image")
    .addOption(
      new Option("--dir <MOUNT>", "a directory that the guest had: HOST[::GUEST][:ro]; repeatable")
        .argParser(collect(parseMount))
        .default([], "none"),
    )
    .option("--root <DIR>", "the directory that was the guest's root directory")
    .option("--deterministic", "read standard input to its end first");
  addCheckpointOptions(addWatchOptions(addEngineOptions(command)))
    .addHelpText("after", more)
    .action(async (file: string, options: RestoreOptions) => {
      const { restore } = await import("./restore.ts");
      finish(await restore(file, options));
    });
};
