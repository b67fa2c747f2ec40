/** A file system with nothing but what a test gives it: fake host, fixed clock, one process. */

import type { HostMount, Inputs } from "../../../src/linux/inputs.ts";
import { Descriptors } from "../../../src/linux/vfs/descriptors.ts";
import { HostPort } from "../../../src/linux/vfs/host-port.ts";
import type { Caller, FsState, ProcSource } from "../../../src/linux/vfs/types.ts";
import type { TerminalHost } from "../../../src/linux/vfs/terminal.ts";
import { Vfs } from "../../../src/linux/vfs/vfs.ts";

export interface TestCaller extends Caller {
  fs: FsState;
}

export const noHost: Inputs = { ask: () => ({ streams: [] }) };

export const emptyProc: ProcSource = {
  pids: () => [],
  process: () => undefined,
  uptime: () => ({ total: 12_340_000_000, idle: 0 }),
  memory: () => ({ total: 2 ** 30, free: 2 ** 29, shared: 0 }),
  uname: { sysname: "Linux", nodename: "tsvm", release: "6.1.0", version: "#1", machine: "x86_64", domainname: "(none)" },
  cpuinfo: () => "processor\t: 0\n",
  bootTime: 1_000_000_000,
  lastPid: 1000,
};

/** No process but one, which has no terminal. */
export const noJobs: TerminalHost = {
  now: () => 0,
  caller: () => ({ pid: 1000, group: 1000, session: 1000, superuser: true, fresh: true, deaf: () => false }),
  signalGroup: () => undefined,
  sessionOf: () => undefined,
  orphaned: () => true,
};

export interface World {
  readonly vfs: Vfs;
  readonly caller: TestCaller;
  readonly port: HostPort;
  /** Advances by a second with each question. */
  readonly clock: { seconds: number };
}

export function world(options: { inputs?: Inputs; mounts?: readonly HostMount[]; proc?: ProcSource; uid?: number; umask?: number } = {}): World {
  const port = new HostPort(options.inputs ?? noHost);
  const clock = { seconds: 1_000_000_000 };
  const uid = options.uid ?? 0;
  const credentials = { uid, gid: uid, fsuid: uid, fsgid: uid, groups: [] };
  let state = 1;
  const vfs = new Vfs({
    port,
    clock: { now: () => ({ sec: clock.seconds++, nsec: 0 }) },
    random: { fill: (into) => into.forEach((_, i) => (into[i] = state = (state * 5 + 1) & 0xff)) },
    proc: options.proc ?? emptyProc,
    terminal: noJobs,
    mounts: options.mounts ?? [],
    hostname: "tsvm",
    uid,
    gid: uid,
    home: "/root",
    memory: 2 ** 30,
  });
  const fs = vfs.firstFsState("/", options.umask ?? 0o22, credentials);
  const caller: TestCaller = { fs, credentials, files: new Descriptors(), pid: 1000, tid: 1000, fileSizeLimit: Infinity };
  return { vfs, caller, port, clock };
}

/** Name of the error that `run` throws; "ok" without one. */
export function errorOf(run: () => unknown): string {
  try {
    run();
    return "ok";
  } catch (error) {
    return (error as Error).name;
  }
}

export function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

export function text(of: Uint8Array): string {
  return String.fromCharCode(...of);
}
