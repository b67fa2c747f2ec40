// `tsvm disasm`: its options and its page.
import { Option } from "commander";
import type { AddCommand } from "./command.ts";
import type { DisasmOptions } from "./disasm.ts";
import { parseAddress } from "./run-options.ts";

const more = `
The output is that of "objdump -d -M intel FILE". Without an option all executable sections are shown; a file without section headers is shown by
its executable segments.

  tsvm disasm --symbol main ./prog
  tsvm disasm --start 0x401000 --stop 0x401040 ./prog

Addresses are the file's own: for a position-independent file those before it is moved. What is no instruction of the guest's processor is "(bad)".

Exit status: 0; 1 where there is no such symbol or nothing executable in the range; 2 wrong usage; 126 FILE is no ELF file for x86-64;
127 FILE was not found.`;

export const addDisasm: AddCommand = (tsvm, finish) => {
  tsvm
    .command("disasm")
    .summary("disassemble an ELF file")
    .description("Prints the machine code of FILE, an ELF file for x86-64, as objdump(1) does.")
    .usage("[options] FILE")
    .argument("<FILE>", "the ELF file")
    .addOption(new Option("--symbol <NAME>", "the function of this name only").conflicts(["start", "stop"]))
    .addOption(new Option("--start <ADDRESS>", "from this address on").argParser(parseAddress))
    .addOption(new Option("--stop <ADDRESS>", "up to this address").argParser(parseAddress))
    .addHelpText("after", more)
    .action(async (file: string, options: DisasmOptions) => {
      const { disasm } = await import("./disasm.ts");
      finish(disasm(file, options));
    });
};
