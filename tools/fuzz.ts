// npm run fuzz -- elf|image|insn|regions|syscall [--seconds N] [--count N] [--seed S]: what no input may do, for as long as one likes. A failure names the seed and index that
// repeat it; `--first INDEX` begins there.
import { Option, program } from "commander";
import { fuzzElf } from "../test/fuzz/elf.ts";
import { fuzzImages } from "../test/fuzz/image.ts";
import { fuzzPrograms } from "../test/fuzz/programs.ts";
import { Finding } from "../test/fuzz/random.ts";
import type { FuzzResult } from "../test/fuzz/random.ts";
import { CALLS_IN_A_TRY, fuzzSyscalls } from "../test/fuzz/syscall.ts";
import { insnCommand } from "./fuzz/insn.ts";

interface Options {
  readonly seconds: number;
  readonly count: number;
  readonly seed: number;
  readonly first: number;
}

type Fuzzer = (seed: number, seconds: number, count: number, first: number) => FuzzResult;

/** Tried between two lines that tell how far it is. */
const REPORT = 5000;

function add(name: string, summary: string, fuzz: Fuzzer, of = ""): void {
  program
    .command(name)
    .description(summary)
    .addOption(new Option("--seconds <N>", "stop after so long").argParser(Number).default(Infinity, "no limit"))
    .addOption(new Option("--count <N>", "stop after so many").argParser(Number).default(Infinity, "no limit"))
    .addOption(new Option("--seed <S>", "of the random numbers").argParser(Number).default(1))
    .addOption(new Option("--first <INDEX>", "of the seed's sequence").argParser(Number).default(0))
    .action(({ seconds, count, seed, first }: Options) => {
      const end = performance.now() + 1000 * (seconds === Infinity && count === Infinity ? 10 : seconds);
      const total: FuzzResult = { tried: 0, refused: 0, accepted: 0, longest: 0 };
      let peak = 0;
      while (total.tried < count && performance.now() < end) {
        const most = Math.min(REPORT - (total.tried % REPORT), count - total.tried);
        const from = first + total.tried;
        let part: FuzzResult;
        try {
          part = fuzz(seed, (end - performance.now()) / 1000, most, from);
        } catch (error) {
          if (!(error instanceof Finding)) throw error;
          process.stdout.write(
            `${error.message}: ${error.cause instanceof Error ? (error.cause.stack ?? error.cause.message) : String(error.cause)}\n`,
          );
          process.exitCode = 1;
          part = { tried: error.index - from + 1, refused: 0, accepted: 0, longest: 0 };
        }
        const { tried, refused, accepted, longest } = part;
        total.tried += tried;
        total.refused += refused;
        total.accepted += accepted;
        total.longest = Math.max(total.longest, longest);
        peak = Math.max(peak, process.memoryUsage().rss);
        const line = `${total.tried} tried${of}, ${total.refused} refused, ${total.accepted} accepted, longest ${total.longest.toFixed(0)} ms, RSS up to ${(peak / 1e6).toFixed(0)} MB`;
        process.stdout.write(`${line}\n`);
      }
    });
}

add("elf", "mutated ELF files: refused by the loader, or run a little", fuzzElf);
add("image", "mutated images: refused, or restored, described, run and saved", fuzzImages);
add("syscall", `random system calls, ${CALLS_IN_A_TRY} in each try, some twice to compare; accepted: they came to their end`, (...args) =>
  fuzzSyscalls(...args),
);
add(
  "regions",
  "random short programs, in the interpreter and in compiled regions, compared at every stop; accepted: some of it ran in regions",
  (...args) => fuzzPrograms(...args),
);
program.addCommand(insnCommand);
await program.name("fuzz").parseAsync();
