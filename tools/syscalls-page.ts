// Writes docs/syscalls.md from the declarations: every call of Linux 6.1, and what becomes of it. `npx tsx tools/syscalls-page.ts`
import { writeFileSync } from "node:fs";
import { syscallName, syscallNumbers, syscallTable } from "../src/linux/index.ts";

/** The page's text. */
export function syscallsPage(): string {
  const rows: string[] = [];
  let full = 0;
  let partial = 0;
  let refused = 0;
  for (const number of syscallNumbers()) {
    const declared = syscallTable[number];
    const support = declared?.support;
    if (support === undefined) refused++;
    else if (support === "full") full++;
    else partial++;
    const text = support === undefined ? "refused: ENOSYS" : support;
    rows.push(`| ${number} | ${syscallName(number)} | ${text} |`);
  }
  return `# System calls

Every system call of Linux 6.1 on x86-64. "full": what the manual page says, for one process with one thread. "partial": what is missing.
"refused": the call returns ENOSYS, and tsvm names it once.

This page is made from the declarations in \`src/linux/syscalls/\` by \`npx tsx tools/syscalls-page.ts\`.

${full} full, ${partial} partial, ${refused} refused.

| number | name | support |
| --: | --- | --- |
${rows.join("\n")}
`;
}

if (process.argv[1]?.endsWith("syscalls-page.ts")) writeFileSync(new URL("../docs/syscalls.md", import.meta.url), syscallsPage());
