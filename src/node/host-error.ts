// Errors of Node's fs as Linux error numbers, by name: the host's own numbers differ outside Linux.
import { ERRNO } from "../linux/index.ts";
import type { HostAnswer } from "../linux/index.ts";

/** Thrown inside the adapter where the answer to a request is an error number. */
export class Refusal extends Error {
  /** Positive Linux error number. */
  readonly errno: number;

  constructor(errno: number) {
    super(`errno ${errno}`);
    this.errno = errno;
  }
}

const numbers: Readonly<Partial<Record<string, number>>> = ERRNO;

/** The code Node gives a system error ("ENOENT"); undefined for any other thrown value. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** The answer for something thrown while a request was served; what is no system error is thrown on. */
export function refuse(error: unknown): HostAnswer {
  if (error instanceof Refusal) return { errno: error.errno };
  const code = codeOf(error);
  if (code === undefined) throw error;
  const errno = numbers[code];
  if (errno !== undefined) return { errno };
  // Node's own refusals of arguments (a NUL in a path, a number out of range), and the errors of hosts that Linux has not.
  return { errno: code.startsWith("ERR_") ? ERRNO.EINVAL : ERRNO.EIO };
}
