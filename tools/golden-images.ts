// npm run golden [-- [--check] NAME...]: records anew what test/snapshot/golden-images.json says of all programs, or of these: status, instructions, and hashes of output and
// images; with --check it only compares, and ends with 1 where anything differs. What a program prints is not tsvm's to say: expected.stdout is recorded natively
// (programs/build.ts --record), and a program that prints anything else is refused.
import { parseArgs } from "node:util";
import { checkGolden, recordGolden } from "../test/snapshot/golden.ts";

const { values, positionals } = parseArgs({ options: { check: { type: "boolean", default: false } }, allowPositionals: true });
const say = (line: string): void => void process.stdout.write(`${line}\n`);
if (values.check) {
  for (const [name, same] of checkGolden(positionals)) {
    say(`${name}: ${same ? "as recorded" : "different"}`);
    if (!same) process.exitCode = 1;
  }
} else for (const [name, what] of recordGolden(positionals)) say(`${name}: ${what}`);
