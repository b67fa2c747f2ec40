// `tsvm disasm`: an ELF file's machine code.
import { listing, type ListingOptions } from "../debug/index.ts";
import { LoadError, parseElf, symbols } from "../loader/index.ts";
import { byteString } from "./bytes.ts";
import { CommandError, ExitStatus } from "./errors.ts";
import { TextWriter } from "./output.ts";
import { readFile } from "./program.ts";
import { say } from "./stderr.ts";

export interface DisasmOptions {
  readonly symbol?: string;
  readonly start?: number;
  readonly stop?: number;
}

const STDOUT = 1;
const NOT_FOUND = 1;
const SIGPIPE = 13;

/** Where the function of that name is; a symbol without a size reaches to the next one. */
function rangeOf(file: Uint8Array, name: string): ListingOptions | undefined {
  const table = symbols(file);
  const symbol = table.named(byteString(name));
  if (symbol === undefined) return undefined;
  if (symbol.size > 0) return { start: symbol.address, stop: symbol.address + symbol.size };
  const next = [...table].find(({ address }) => address > symbol.address);
  return { start: symbol.address, stop: next?.address };
}

/** Writes the listing to standard output; gives the status to exit with. */
export function disasm(path: string, options: DisasmOptions): number {
  const file = readFile(path);
  try {
    parseElf(file);
  } catch (error) {
    if (error instanceof LoadError) throw new CommandError(ExitStatus.notExecutable, `${path}: ${error.message}`);
    throw error;
  }
  const range = options.symbol === undefined ? options : rangeOf(file, options.symbol);
  if (range === undefined) {
    say(`${path}: no symbol '${options.symbol ?? ""}'`);
    return NOT_FOUND;
  }
  const out = new TextWriter(STDOUT);
  out.write(`\n${byteString(path)}:     file format elf64-x86-64\n\n`);
  let lines = 0;
  for (const line of listing(file, range)) {
    out.write(`${line}\n`);
    lines++;
    if (out.closed) return ExitStatus.signal + SIGPIPE;
  }
  out.flush();
  if (lines > 0) return 0;
  say(`${path}: no machine code there`);
  return NOT_FOUND;
}
