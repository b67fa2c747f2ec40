// The text of docs/syscalls.md, from the declarations: every call of Linux 6.1, and what becomes of it.
import { syscallRows } from "../src/cli/syscalls.ts";

/** The page's text. */
export function syscallsPage(): string {
  const rows = syscallRows();
  const count = (kind: string): number => rows.filter(({ support }) => support === kind).length;
  const lines = rows.map(({ number, name, support, detail }) => `| ${number} | ${name} | ${support}${detail === "" ? "" : `: ${detail}`} |`);
  return `# System calls

Every system call of Linux 6.1 on x86-64. "full": what the manual page says. "partial": what is missing. "refused": the error that the call
returns; tsvm names a call that it does not know once on standard error. "as Linux does": the number has no call behind it there either.

This page is made from the declarations in \`src/linux/syscalls/\` by \`npm run gen\`; \`tsvm syscalls\` prints the same table, also as JSON.

${count("full")} full, ${count("partial")} partial, ${count("refused")} refused.

| number | name | support |
| --: | --- | --- |
${lines.join("\n")}
`;
}
