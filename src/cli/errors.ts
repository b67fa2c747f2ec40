// How tsvm itself ends: exit statuses and the one line that explains them.

/** Exit statuses of `tsvm run` that are not the guest's own; the shell's and env(1)'s conventions. */
export const ExitStatus = {
  /** The command line is wrong. */
  usage: 2,
  /** --max-instructions was reached; the status of timeout(1). */
  limit: 124,
  /** tsvm could not go on, through no fault of the guest. */
  internal: 125,
  /** PROGRAM is there but cannot be run: no permission, not an ELF file for x86-64 Linux, damaged. */
  notExecutable: 126,
  /** PROGRAM is not there. */
  notFound: 127,
  /** Plus the signal's number, when a signal killed the guest. */
  signal: 128,
} as const;

/** Ends the command with `status` and one line on standard error. */
export class CommandError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "CommandError";
    this.status = status;
  }
}

/** One line for whatever was thrown; a bug of tsvm says so. */
export function oneLine(error: unknown): string {
  if (error instanceof CommandError) return error.message;
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return `internal error: ${text.split("\n")[0] ?? ""} (TSVM_DEBUG=1 shows where)`;
}
