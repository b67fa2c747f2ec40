/**
 * Writes the pages of docs/ that are made from declarations; with --check only says which are stale, with exit status 1.
 *
 *     npm run gen [-- --check]
 */
import { readFileSync, writeFileSync } from "node:fs";
import { instructionsPage } from "./instructions-page.ts";
import { syscallsPage } from "./syscalls-page.ts";

const pages: Readonly<Record<string, () => string>> = { "docs/instructions.md": instructionsPage, "docs/syscalls.md": syscallsPage };

const check = process.argv.includes("--check");
for (const [path, text] of Object.entries(pages)) {
  const file = new URL(`../${path}`, import.meta.url);
  const wanted = text();
  if (!check) writeFileSync(file, wanted);
  else if (readFileSync(file, "utf8") !== wanted) {
    process.stderr.write(`${path} is stale: npm run gen\n`);
    process.exitCode = 1;
  }
}
