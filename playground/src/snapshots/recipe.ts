/** How a run was started: what has to be the same for it to happen again. */
export interface Recipe {
  /** Name of the program; the guest has it at `/` and this name. */
  readonly program: string;
  readonly args: readonly string[];
  /** NAME=value. */
  readonly env: readonly string[];
  /** Text on standard input through a pipe; undefined: a terminal. */
  readonly input: string | undefined;
  /** Of the guest's random numbers: 64 hexadecimal digits, undefined for zeros. */
  readonly seed: string | undefined;
  /** The guest was given files besides the program. */
  readonly withFiles: boolean;
}
