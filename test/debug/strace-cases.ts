// What is traced natively and in the machine, and what may differ between the two: stack addresses, process ids, times and random bytes.

export interface StraceCase {
  /** Of the golden text: strace/NAME.txt. */
  readonly name: string;
  /** Path from the repository's root. */
  readonly program: string;
  readonly args: readonly string[];
}

const calls =
  "actions append brk copies deleted descriptors epoll eventfd exec faults frames links listing locks mapped-files masks modes mremap names " +
  "nesting once open poll posix-timers queued restarts seek select sigpipe timerfd timers truncation";
const programs = "arguments arithmetic collatz cpp floating floating-glibc hello hello-glibc hello-musl life mandelbrot self-modifying sha256 text";

export const straceCases: readonly StraceCase[] = [
  ...calls.split(" ").map((name) => ({ name, program: "test/linux/calls/calls", args: [name] })),
  ...programs.split(" ").map((name) => ({ name: `program-${name}`, program: `programs/${name}/${name}`, args: [] })),
];

/** Where programs lie while they are traced: some show their own path. */
export const programFolder = "/tmp/tsvm-strace";

/**
 * A trace with what differs from run to run made alike. The first line, whose path and environment are the caller's, is left out. rseq(2) is the
 * one call that the machine refuses and Linux grants to these programs.
 */
export function alike(trace: string): string {
  const pid = /^(?:set_tid_address\(\w+\)|getpid\(\)|gettid\(\)) *= (\d+)/m.exec(trace)?.[1] ?? "none";
  const shown = new RegExp(`(si_pid=|kill\\(|queueinfo\\(|get[pt]id\\(\\) += |getpgrp\\(\\) += |set_tid_address\\(\\w+\\) += |/proc/)${pid}\\b`, "g");
  return (
    trace
      .replace(/^execve\(.*\n/, "")
      .replace(shown, "$1PID")
      .replace(/0x7ff[0-9a-f]{9}/g, "STACK")
      // Of the program and its heap: they move when the program is built again.
      .replace(/\b0x[4-6][0-9a-f]{5}\b/g, "PROGRAM")
      .replace(/\btv_([nu])sec=\d{3,}/g, "tv_$1sec=TIME")
      .replace(/\btv_sec=\d{9,}/g, "tv_sec=TIME")
      .replace(/(getrandom\()"[^"]*"/g, "$1RANDOM")
      .replace(/^(rseq\(.*\)) *= .*$/gm, "$1 = RSEQ")
      .replace(/^(?!---|\+\+\+)(.*?) += /gm, "$1 = ")
  );
}
