/** Signals when files become ready: O_ASYNC with F_SETOWN and F_SETSIG of fcntl(2). Looked at after each call. */
import { O_ASYNC, POLLIN, POLLOUT, POLLRDNORM, POLLWRBAND, POLLWRNORM } from "../abi/fcntl.ts";
import { SIGIO } from "../abi/signal.ts";
import type { Kernel } from "../kernel.ts";
import { kernelInfo, sendToProcess } from "../signals/send.ts";
import type { SigInfo } from "../signals/types.ts";
import type { OpenFile } from "../vfs/open-file.ts";

/** si_code of such a signal. */
const POLL_IN = 1;
const POLL_OUT = 2;

/** A file with O_ASYNC, the descriptor by which that was set, and its counters when it was last looked at. */
export interface AsyncWatch {
  readonly file: OpenFile;
  readonly fd: number;
  arrived: number;
  departed: number;
}

/** O_ASYNC of `file` was set or cleared through `fd`. */
export function watchAsync(kernel: Kernel, file: OpenFile, fd: number): void {
  const at = kernel.asyncFiles.findIndex((watch) => watch.file === file);
  const wanted = (file.flags & O_ASYNC) !== 0;
  if (wanted && at < 0) kernel.asyncFiles.push({ file, fd, arrived: file.arrived, departed: file.departed });
  if (!wanted && at >= 0) kernel.asyncFiles.splice(at, 1);
}

/** Signals the owners of files that something came to, or left. */
export function signalAsync(kernel: Kernel): void {
  for (let i = kernel.asyncFiles.length - 1; i >= 0; i--) {
    const watch = kernel.asyncFiles[i]!;
    const { file } = watch;
    if (file.references === 0) kernel.asyncFiles.splice(i, 1);
    else if (file.arrived !== watch.arrived) notify(kernel, watch, POLL_IN, POLLIN | POLLRDNORM);
    else if (file.departed !== watch.departed) notify(kernel, watch, POLL_OUT, POLLOUT | POLLWRNORM | POLLWRBAND);
    watch.arrived = file.arrived;
    watch.departed = file.departed;
  }
}

function notify(kernel: Kernel, { file, fd }: AsyncWatch, code: number, band: number): void {
  const info: SigInfo = file.signal === 0 ? kernelInfo(SIGIO) : { kind: "poll", signal: file.signal, code, fd, band };
  const { owner } = file;
  for (const process of kernel.processes.values()) {
    if (process.exit === undefined && (owner > 0 ? process.pid === owner : process.group === -owner && owner !== 0)) sendToProcess(process, info);
  }
}
