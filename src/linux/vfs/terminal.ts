/**
 * The host's terminal as the guest's controlling terminal, tty_ioctl(4). Its settings are kept and told; bytes pass through
 * unchanged, for the host's own line discipline is at work.
 */

import { errno } from "../abi/errno.ts";
import {
  FIONBIO,
  FIONREAD,
  TCFLSH,
  TCGETS,
  TCSBRK,
  TCSETS,
  TCSETSF,
  TCSETSW,
  TCXONC,
  TIOCGPGRP,
  TIOCGSID,
  TIOCGWINSZ,
  TIOCNOTTY,
  TIOCOUTQ,
  TIOCSCTTY,
  TIOCSPGRP,
  TIOCSWINSZ,
} from "../abi/ioctl.ts";
import type { Stat, Time } from "../abi/stat.ts";
import { S_IFMT } from "../abi/stat.ts";
import { decodeTermios, defaultTermios, encodeTermios, encodeWinsize, TERMIOS_SIZE } from "../abi/termios.ts";
import type { Termios } from "../abi/termios.ts";
import type { WindowSize } from "../inputs.ts";
import type { Dentry, FileSystem } from "./inode.ts";
import { Inode } from "./inode.ts";
import type { OpenFile } from "./open-file.ts";
import type { Stream } from "./stream.ts";
import { FlowStream, hostStat } from "./stream.ts";
import type { Attributes, GuestMemory } from "./types.ts";

/** State of the terminal. `input` and `output` are the host streams it is reached by. */
export class Terminal {
  termios: Termios = defaultTermios();
  /** Foreground process group and session; set by the kernel. */
  foreground = 0;
  session = 0;
  readonly input: Stream;
  readonly output: Stream;

  constructor(input: Stream, output: Stream) {
    this.input = input;
    this.output = output;
  }

  windowSize(): WindowSize {
    return this.output.ask("windowSize", { op: "windowSize", stream: this.output.number }).windowSize;
  }
}

/** /dev/pts/N, or whatever the host's terminal is called. */
export class TerminalInode extends Inode {
  readonly terminal: Terminal;
  readonly rdev: number;
  private atime: Time;
  private mtime: Time;

  constructor(fs: FileSystem, ino: number, terminal: Terminal) {
    const { stat } = terminal.input.info;
    super(fs, ino, stat.mode, stat.uid, stat.gid);
    this.terminal = terminal;
    this.rdev = stat.rdev;
    this.atime = stat.atime;
    this.mtime = stat.mtime;
  }

  override stat(): Stat {
    return {
      ...hostStat(this.terminal.input.info.stat),
      dev: this.fs.dev,
      ino: this.ino,
      mode: this.mode,
      uid: this.uid,
      gid: this.gid,
      rdev: this.rdev,
      atime: this.atime,
      mtime: this.mtime,
      mountId: this.fs.mountId,
      mountRoot: false,
    };
  }

  override setAttributes(change: Attributes): void {
    if (change.mode !== undefined) this.mode = (this.mode & S_IFMT) | change.mode;
    this.uid = change.uid ?? this.uid;
    this.gid = change.gid ?? this.gid;
    this.atime = change.atime ?? this.atime;
    this.mtime = change.mtime ?? this.mtime;
  }

  override open(dentry: Dentry, flags: number): OpenFile {
    return new TerminalFile(dentry, flags, this.terminal);
  }
}

export class TerminalFile extends FlowStream {
  readonly terminal: Terminal;

  constructor(dentry: Dentry, flags: number, terminal: Terminal) {
    super(dentry, flags, terminal.input);
    this.terminal = terminal;
  }

  override write(from: Uint8Array): number {
    if (!this.writable) throw errno.EBADF;
    return this.terminal.output.write(from);
  }

  override ioctl(command: number, argument: number, memory: GuestMemory): number {
    const { terminal } = this;
    const out = (bytes: Uint8Array): number => {
      if (memory.copyOut(argument, bytes) !== bytes.length) throw errno.EFAULT;
      return 0;
    };
    const input = (size: number): Uint8Array => {
      const bytes = new Uint8Array(size);
      if (memory.copyIn(argument, bytes) !== size) throw errno.EFAULT;
      return bytes;
    };
    const int = (value: number): Uint8Array => new Uint8Array(new Int32Array([value]).buffer);
    switch (command) {
      case TCGETS:
        return out(encodeTermios(terminal.termios));
      case TCSETS:
      case TCSETSW:
      case TCSETSF:
        terminal.termios = decodeTermios(input(TERMIOS_SIZE));
        return 0;
      case TIOCGWINSZ: {
        const { rows, columns, xpixel, ypixel } = terminal.windowSize();
        return out(encodeWinsize(rows, columns, xpixel, ypixel));
      }
      case TIOCGPGRP:
        return out(int(terminal.foreground));
      case TIOCSPGRP:
        terminal.foreground = new DataView(input(4).buffer).getInt32(0, true);
        return 0;
      case TIOCGSID:
        return out(int(terminal.session));
      case FIONREAD:
      case TIOCOUTQ:
        return super.ioctl(command, argument, memory);
      case TCSBRK:
      case TCXONC:
      case TCFLSH:
      case TIOCSCTTY:
      case FIONBIO:
        return 0;
      case TIOCNOTTY:
      case TIOCSWINSZ:
        throw errno.EPERM;
      default:
        throw errno.ENOTTY;
    }
  }
}
