// npm run golden [-- NAME...]: records anew what test/snapshot/golden-images.json says of all programs, or of these: status, instructions, and hashes of output and images.
// What a program prints is not tsvm's to say: expected.stdout is recorded natively (programs/build.ts --record), and a program that prints anything else is refused.
import { recordGolden } from "../test/snapshot/golden.ts";

for (const [name, what] of recordGolden(process.argv.slice(2))) process.stdout.write(`${name}: ${what}\n`);
