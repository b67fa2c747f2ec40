// `tsvm version`: what this tsvm is, and what its guests see.
import { allInsns } from "../cpu/index.ts";
import { cpuModels, MACHINE_REVISION } from "../machine/index.ts";
import { TextWriter } from "./output.ts";
import { packageVersion } from "./package-version.ts";
import { syscallRows } from "./syscalls.ts";

export interface VersionOptions {
  readonly json?: true;
}

/** Prints it; gives the status to exit with. */
export function showVersion(options: VersionOptions): number {
  const calls = syscallRows();
  const supported = calls.filter(({ support }) => support !== "refused").length;
  const forms = allInsns.reduce((total, { rows }) => total + rows.length, 0);
  const facts = {
    tsvm: packageVersion(),
    /** Images of another revision may not go on alike. */
    machineRevision: MACHINE_REVISION,
    processor: {
      architecture: "x86-64",
      models: Object.fromEntries(Object.entries(cpuModels).map(([name, features]) => [name, [...features]])),
      mnemonics: new Set(allInsns.map(({ mnemonic }) => mnemonic)).size,
      forms,
    },
    kernel: { systemCalls: supported, ofLinux61: calls.length },
    host: { node: process.version, v8: process.versions.v8, platform: `${process.platform} ${process.arch}` },
  };
  const out = new TextWriter(1);
  if (options.json) out.write(`${JSON.stringify(facts, undefined, 2)}\n`);
  else {
    const { processor, kernel, host } = facts;
    out.write(
      `tsvm ${facts.tsvm}, machine revision ${facts.machineRevision}\n` +
        `processor: ${processor.architecture}, ${processor.mnemonics} instructions in ${processor.forms} forms\n` +
        Object.entries(processor.models)
          .map(([name, features]) => `  --cpu ${name}: ${features.join(" ")}\n`)
          .join("") +
        `kernel: ${kernel.systemCalls} of Linux 6.1's ${kernel.ofLinux61} system calls\n` +
        `host: Node ${host.node}, V8 ${host.v8}, ${host.platform}\n`,
    );
  }
  out.flush();
  return 0;
}
