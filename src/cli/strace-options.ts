// The values of --strace and its companions.
import { type Command, InvalidArgumentError } from "commander";
import { parseFilter, type StraceFilter } from "../debug/index.ts";

/** `--strace`'s value: names and classes of calls as after strace(1)'s `-e`. */
export function parseCalls(text: string): StraceFilter {
  try {
    return parseFilter(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

/**
 * `args` with `=all` behind a bare `--strace`. An option whose value may be left out would take the next argument for it, and that is PROGRAM.
 * Only what stands before the command's first argument is looked at: the rest is the guest's.
 */
export function withValues(tsvm: Command, args: readonly string[]): string[] {
  const result = [...args];
  const command = tsvm.commands.find((each) => each.name() === args[0]);
  for (let i = 1; command !== undefined && i < result.length; i++) {
    const arg = result[i] ?? "";
    if (arg === "--" || !arg.startsWith("-")) break;
    const option = command.options.find(({ long, short }) => arg === long || arg === short);
    if (option?.optional) result[i] = `${arg}=all`;
    else if (option?.required) i++;
  }
  return result;
}
