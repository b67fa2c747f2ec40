// `tsvm diff`: its page.
import type { AddCommand } from "./command.ts";

const more = `
Prints what is different in two images: counts, registers, stretches of memory by area and symbol, descriptors. Images of the same state are the
same file: cmp(1) and sha256sum(1) tell that faster.

Exit status, as of diff(1): 0 the same; 1 different; 2 wrong usage or trouble; 126, 127 as for tsvm inspect.`;

export const addDiff: AddCommand = (tsvm, finish) => {
  tsvm
    .command("diff")
    .summary("compare two images")
    .description("Prints what is different in the images A and B.")
    .argument("<A>", "an image")
    .argument("<B>", "another")
    .addHelpText("after", more)
    .action(async (a: string, b: string) => {
      const { diff } = await import("./diff.ts");
      finish(diff(a, b));
    });
};
