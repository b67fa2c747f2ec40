/** Process groups and what a terminal does with them: credentials(7). */
import { SIG_IGN } from "./abi/signal.ts";
import { has } from "./abi/sigset.ts";
import type { Kernel } from "./kernel.ts";
import { kernelInfo, sendToProcess } from "./signals/send.ts";
import type { Process } from "./task.ts";
import type { TerminalHost } from "./vfs/terminal.ts";

function membersOf(kernel: Kernel, group: number): Process[] {
  return [...kernel.processes.values()].filter((process) => process.group === group && process.exit === undefined);
}

/** No member has a parent in another group of the same session, which could continue it after a stop. */
export function isOrphaned(kernel: Kernel, group: number): boolean {
  return !membersOf(kernel, group).some((member) => {
    const parent = kernel.processes.get(member.parentPid);
    return parent !== undefined && parent.exit === undefined && parent.session === member.session && parent.group !== group;
  });
}

/** The kernel as its terminals see it. */
export function terminalHost(kernel: Kernel): TerminalHost {
  return {
    now: () => kernel.clock.now,
    caller() {
      const { process, credentials, call, handlers, mask } = kernel.current;
      return {
        pid: process.pid,
        group: process.group,
        session: process.session,
        superuser: credentials.euid === 0,
        fresh: call.resume === "start",
        deaf: (signal) => has(mask, signal) || handlers.actions[signal]!.handler === SIG_IGN,
      };
    },
    signalGroup(group, signal) {
      for (const member of membersOf(kernel, group)) sendToProcess(member, kernelInfo(signal));
    },
    sessionOf: (group) => membersOf(kernel, group)[0]?.session,
    orphaned: (group) => isOrphaned(kernel, group),
  };
}
