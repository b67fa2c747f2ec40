// The size of a terminal. Node tells it of its own terminal streams only; one is opened once for each descriptor, beside the descriptor itself.
import { constants, openSync } from "node:fs";
import { WriteStream } from "node:tty";
import type { WindowSize } from "../linux/index.ts";
import { hasDescriptorPaths, magic } from "./beneath.ts";

const terminals: (WriteStream | undefined)[] = [];

function terminal(fd: number): WriteStream | undefined {
  try {
    const own = hasDescriptorPaths ? openSync(magic(fd), constants.O_RDWR | constants.O_NOCTTY) : fd;
    const stream = new WriteStream(own);
    stream.unref();
    return stream;
  } catch {
    return undefined;
  }
}

/** Rows and columns now; 24 by 80 where the host does not tell. */
export function terminalSize(fd: number): WindowSize {
  const stream = (terminals[fd] ??= terminal(fd));
  const [columns, rows] = stream?.getWindowSize() ?? [80, 24];
  return { rows, columns, xpixel: 0, ypixel: 0 };
}
