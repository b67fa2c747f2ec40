/** Every declared call by number. A number or name declared twice is an error. */
import { eventCalls } from "./events.ts";
import { fds } from "./fds.ts";
import { futexCalls } from "./futex.ts";
import { io } from "./io.ts";
import { memoryCalls } from "./memory.ts";
import { names } from "./names.ts";
import { polling } from "./poll.ts";
import { prctlCalls } from "./prctl.ts";
import { processCalls } from "./process.ts";
import { signalCalls } from "./signals.ts";
import { socketCalls } from "./sockets.ts";
import type { Syscall } from "./syscall.ts";
import { timeCalls } from "./time.ts";
import { attributeCalls } from "./xattr.ts";

/** All declarations. */
export const syscalls: readonly Syscall[] = [
  ...io,
  ...fds,
  ...names,
  ...polling,
  ...memoryCalls,
  ...signalCalls,
  ...timeCalls,
  ...processCalls,
  ...prctlCalls,
  ...futexCalls,
  ...eventCalls,
  ...socketCalls,
  ...attributeCalls,
].sort((a, b) => a.number - b.number);

/** By number; undefined where nothing is declared. */
export const syscallTable: readonly (Syscall | undefined)[] = byNumber();

function byNumber(): (Syscall | undefined)[] {
  const table: (Syscall | undefined)[] = [];
  const known = new Set<string>();
  for (const call of syscalls) {
    if (table[call.number] !== undefined || known.has(call.name)) throw new Error(`system call ${call.number} ${call.name} is declared twice`);
    table[call.number] = call;
    known.add(call.name);
  }
  for (let i = 0; i < table.length; i++) table[i] ??= undefined;
  return table;
}
