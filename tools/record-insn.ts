/**
 * Records test/insn from this machine's processor: `tsx tools/record-insn.ts`.
 * The cases are those of tools/insn-cases.ts; the whole folder is written anew.
 */

import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseState } from "../test/silicon/line.ts";
import { runCases } from "../test/silicon/protocol.ts";
import { insnCases } from "./insn-cases.ts";
import { assemble, disassemble } from "./insn/assemble.ts";
import { fileOf, formatLine } from "./insn/format.ts";
import { restCases } from "./insn/rest.ts";

const folder = fileURLToPath(new URL("../test/insn/", import.meta.url));

const chosen = [...insnCases()];
const cases = [...chosen, ...restCases(assemble([...new Set(chosen.map((one) => one.text))]))];
const texts = [...new Set(cases.map((one) => one.text))];
const codes = assemble(texts);
const listings = disassemble(codes);
const byText = new Map(texts.map((text, i) => [text, { bytes: codes[i]!, listing: listings[i]! }]));
const runs = cases.map((one) => ({ bytes: byText.get(one.text)!.bytes, before: parseState(one.before) }));
const outcomes = runCases(runs);

const files = new Map<string, Set<string>>();
cases.forEach((one, i) => {
  const { bytes, listing } = byText.get(one.text)!;
  const line = formatLine(bytes, listing, runs[i]!.before, outcomes[i]!, one);
  const file = fileOf(bytes);
  const lines = files.get(file) ?? new Set();
  files.set(file, lines.add(line));
});

for (const entry of readdirSync(folder, { withFileTypes: true })) if (entry.isDirectory()) rmSync(join(folder, entry.name), { recursive: true });
let total = 0;
for (const [name, lines] of [...files].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
  const path = join(folder, `${name}.insn`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${[...lines].join("\n")}\n`);
  total += lines.size;
}
console.log(`${cases.length} cases, ${total} lines in ${files.size} files`);
