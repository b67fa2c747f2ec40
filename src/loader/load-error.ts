/** The one way in which loading a program fails. */

/** Names of the errno that execve(2) gives for the same file. */
export type LoadErrno = "ENOEXEC" | "EINVAL" | "ENOMEM" | "E2BIG" | "ELIBBAD";

/** A program that cannot be loaded. `message` is one line for people, without the program's name. */
export class LoadError extends Error {
  override readonly name: string = "LoadError";
  readonly errno: LoadErrno;
  /** The shell's status: 126 for a file that is there and cannot be run, 127 for one that is not there. */
  readonly exitStatus: 126 | 127;

  constructor(message: string, errno: LoadErrno = "ENOEXEC", exitStatus: 126 | 127 = 126) {
    super(message);
    this.errno = errno;
    this.exitStatus = exitStatus;
  }
}
