/** What the files of a wait depend on: the passing of time, the host. */
import type { OpenFile } from "../vfs/open-file.ts";
import { FileStream, FlowStream } from "../vfs/stream.ts";
import { TerminalFile } from "../vfs/terminal-file.ts";
import { EpollFile } from "./epoll.ts";
import { TimerFile } from "./timerfd.ts";

/** Machine time at which the file's readiness may change by itself; Infinity for never. */
export function fileDeadline(file: OpenFile): number {
  if (file instanceof TerminalFile) return file.deadline;
  if (file instanceof TimerFile) return file.expirations > 0 ? Infinity : file.deadline;
  if (file instanceof EpollFile) return file.watches.reduce((first, watch) => Math.min(first, fileDeadline(watch.file)), Infinity);
  return Infinity;
}

/** The host has an open request for the stream behind the file: it may become ready from outside. */
export function isLiveFile(file: OpenFile): boolean {
  if (file instanceof FlowStream || file instanceof FileStream) return file.stream.reading !== 0 || file.stream.writing !== 0;
  if (file instanceof TerminalFile) return file.terminal.live;
  if (file instanceof EpollFile) return file.watches.some((watch) => isLiveFile(watch.file));
  return false;
}
