// `tsvm inspect`: its page.
import type { AddCommand } from "./command.ts";

const more = `
Lists the process, its registers, its memory as pmap(1) shows it with how much of each area lies in the image, and its descriptors.

Exit status: 0; 2 wrong usage; 126 FILE is no image, is damaged, or is of another version; 127 FILE was not found.`;

export const addInspect: AddCommand = (tsvm, finish) => {
  tsvm
    .command("inspect")
    .summary("list what is in an image")
    .description("Tells what the image FILE holds.")
    .argument("<FILE>", "the image")
    .option("--json", "print JSON")
    .addHelpText("after", more)
    .action(async (file: string, options: { readonly json?: true }) => {
      const { inspect } = await import("./inspect.ts");
      finish(inspect(file, options));
    });
};
