// `tsvm syscalls`: the table of calls, from their declarations.
import { classesOf } from "../debug/index.ts";
import { syscallName, syscallNumbers, syscallTable } from "../linux/index.ts";
import { TextWriter } from "./output.ts";
import { say } from "./stderr.ts";

export interface SyscallsOptions {
  readonly json?: true;
}

/** One line of the table. */
export interface SyscallRow {
  readonly number: number;
  readonly name: string;
  readonly support: "full" | "partial" | "refused";
  /** What is missing, or the error that a refused call gives; empty where it is full. */
  readonly detail: string;
  /** Names of the arguments; of declared calls only. */
  readonly arguments: readonly string[];
  /** strace(1)'s classes. */
  readonly classes: readonly string[];
}

/** Numbers that Linux 6.1 keeps without a call behind them: arch/x86/entry/syscalls/syscall_64.tbl names them and gives no entry point. */
const EMPTY: ReadonlySet<string> = new Set(
  (
    "uselib _sysctl create_module get_kernel_syms query_module nfsservctl getpmsg putpmsg afs_syscall tuxcall security " +
    "set_thread_area get_thread_area epoll_ctl_old epoll_wait_old vserver"
  ).split(" "),
);

/** All calls of Linux 6.1 by number. */
export function syscallRows(): SyscallRow[] {
  return syscallNumbers().map((number) => {
    const name = syscallName(number) ?? "";
    const call = syscallTable[number];
    const classes = classesOf(name);
    if (call === undefined)
      return { number, name, support: "refused", detail: EMPTY.has(name) ? "ENOSYS, as Linux does" : "ENOSYS", arguments: [], classes };
    // A declaration that only ever fails.
    const always = /^partial: (E[A-Z]+) always(.*)$/.exec(call.support);
    if (always)
      return { number, name, support: "refused", detail: `${always[1]}${always[2]}`, arguments: call.args.map(([argument]) => argument), classes };
    const [support, detail = ""] = call.support.split(": ", 2) as ["full" | "partial", string?];
    return { number, name, support, detail, arguments: call.args.map(([argument]) => argument), classes };
  });
}

function matcher(names: readonly string[]): (name: string) => boolean {
  if (names.length === 0) return () => true;
  const patterns = names.map((name) => new RegExp(`^${name.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`));
  return (name) => patterns.some((pattern) => pattern.test(name));
}

/** Prints the calls that `names` match, all where there are none; gives the status to exit with. */
export function listSyscalls(names: readonly string[], options: SyscallsOptions): number {
  const rows = syscallRows();
  const shown = rows.filter(({ name }) => matcher(names)(name));
  if (shown.length === 0) {
    say(`no system call of Linux 6.1 is named ${names.join(", ")}`);
    return 1;
  }
  const out = new TextWriter(1);
  if (options.json) {
    out.write(`[\n${shown.map((row) => `  ${JSON.stringify(row)}`).join(",\n")}\n]\n`);
  } else {
    for (const { number, name, support, detail, arguments: list } of shown) {
      const text = names.length > 0 && support !== "refused" ? `${name}(${list.join(", ")})` : name;
      out.write(`${String(number).padStart(3)} ${text.padEnd(names.length > 0 ? 40 : 23)} ${support}${detail === "" ? "" : `: ${detail}`}\n`);
    }
    const count = (kind: string): string => `${shown.filter(({ support }) => support === kind).length} ${kind}`;
    if (names.length === 0) out.write(`${count("full")}, ${count("partial")}, ${count("refused")}\n`);
  }
  out.flush();
  return 0;
}
