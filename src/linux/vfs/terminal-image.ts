/** The state of terminals in an image: settings, what was typed and not read, output that the host has not taken. */

import type { AnyLayout, ValueType } from "../../base/index.ts";
import { bytes, derived, flag, ImageError, int, ref, struct, u32, whole, wholeOrInfinity } from "../../base/index.ts";
import type { Termios } from "../abi/termios.ts";
import { NCCS } from "../abi/termios.ts";
import { time } from "../image-types.ts";
import type { HostStream } from "../inputs.ts";
import { fileFields, inodeFields, type FileLayout } from "./image-fields.ts";
import { Stream } from "./stream.ts";
import { Terminal } from "./terminal.ts";
import { TerminalFile, TerminalInode } from "./terminal-file.ts";
import { INPUT_SIZE } from "./terminal-line.ts";

const termios: ValueType<Termios> = struct({
  iflag: u32,
  oflag: u32,
  cflag: u32,
  lflag: u32,
  line: u32,
  cc: bytes,
  ispeed: u32,
  ospeed: u32,
});

/** `typed` and `ends` are as long as what was typed; `output` waits for the host. */
const line = struct({
  termios,
  typed: bytes,
  ends: bytes,
  complete: int(0, INPUT_SIZE),
  literal: flag,
  erasing: flag,
  stopped: flag,
  heldByCall: flag,
  output: bytes,
  column: int(),
  lineColumn: int(),
});
type LineImage = typeof line extends ValueType<infer T> ? T : never;

function readLine({ line: from }: Terminal): LineImage {
  const { count, complete, literal, erasing, stopped, heldByCall, output } = from;
  return {
    termios: from.termios,
    typed: from.bytes.slice(0, count),
    ends: from.ends.slice(0, count),
    complete,
    literal,
    erasing,
    stopped,
    heldByCall,
    output: output.pending().slice(),
    column: output.column,
    lineColumn: output.lineColumn,
  };
}

function writeLine({ line: into }: Terminal, image: LineImage): void {
  const { typed, ends, complete, literal, erasing, stopped, heldByCall } = image;
  if (typed.length > INPUT_SIZE || ends.length !== typed.length || complete > typed.length) throw new ImageError("no line of a terminal");
  if (image.termios.cc.length !== NCCS) throw new ImageError("no settings of a terminal");
  into.termios = image.termios;
  into.bytes.set(typed);
  into.ends.set(ends);
  Object.assign(into, { count: typed.length, complete, literal, erasing, stopped, heldByCall });
  for (const byte of image.output) into.output.putRaw(byte);
  into.output.column = image.column;
  into.output.lineColumn = image.lineColumn;
}

const NOWHERE = { sec: 0, nsec: 0 };
const BLANK: HostStream = {
  kind: "terminal",
  stat: {
    dev: 0,
    ino: 0,
    mode: 0,
    nlink: 0,
    uid: 0,
    gid: 0,
    rdev: 0,
    size: 0,
    blksize: 0,
    blocks: 0,
    atime: NOWHERE,
    mtime: NOWHERE,
    ctime: NOWHERE,
  },
  flags: 0,
  name: "",
};

const terminalLayout: FileLayout<Terminal> = {
  name: "terminal",
  type: Terminal,
  fields: {
    foreground: whole,
    session: whole,
    size: struct({ rows: int(), columns: int(), xpixel: int(), ypixel: int() }),
    taken: flag,
    hungUp: flag,
    exclusive: flag,
    wanted: whole,
    deadline: wholeOrInfinity,
    input: ref(Stream),
    output: ref(Stream),
  },
  derived: { line: derived(line, readLine, writeLine) },
  caches: { line: "made", host: "made" },
  make: ({ kernel }) => {
    const stream = new Stream(kernel.host, 0, BLANK);
    return new Terminal(stream, stream, kernel.vfs.tree.terminalHost);
  },
};

const terminalInodeLayout: FileLayout<TerminalInode> = {
  name: "terminal-inode",
  type: TerminalInode,
  fields: { ...inodeFields, terminal: ref(Terminal), rdev: u32, atime: time, mtime: time },
  caches: {},
};

const terminalFileLayout: FileLayout<TerminalFile> = {
  name: "terminal-file",
  type: TerminalFile,
  fields: { ...fileFields, terminal: ref(Terminal) },
  caches: {},
};

export const terminalLayouts: readonly AnyLayout[] = [terminalLayout, terminalInodeLayout, terminalFileLayout];
