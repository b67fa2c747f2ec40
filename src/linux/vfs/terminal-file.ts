/** /dev/pts/N and /dev/tty as files: tty_ioctl(4). */

import { errno } from "../abi/errno.ts";
import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM } from "../abi/fcntl.ts";
import {
  FIONREAD,
  TCFLSH,
  TCGETS,
  TCGETS2,
  TCSBRK,
  TCSBRKP,
  TCSETS,
  TCSETS2,
  TCSETSF,
  TCSETSF2,
  TCSETSW,
  TCSETSW2,
  TCXONC,
  TIOCCBRK,
  TIOCEXCL,
  TIOCGDEV,
  TIOCGETD,
  TIOCGEXCL,
  TIOCGPGRP,
  TIOCGSID,
  TIOCGWINSZ,
  TIOCNOTTY,
  TIOCNXCL,
  TIOCOUTQ,
  TIOCSBRK,
  TIOCSCTTY,
  TIOCSETD,
  TIOCSPGRP,
  TIOCSTI,
  TIOCSWINSZ,
} from "../abi/ioctl.ts";
import { SIGTTOU } from "../abi/signal.ts";
import type { Stat, Time } from "../abi/stat.ts";
import { S_IFMT } from "../abi/stat.ts";
import { decodeTermios, encodeTermios, encodeWinsize, TERMIOS2_SIZE, TERMIOS_SIZE } from "../abi/termios.ts";
import type { Dentry, FileSystem } from "./inode.ts";
import { Inode } from "./inode.ts";
import { OpenFile } from "./open-file.ts";
import { hostStat } from "./stream.ts";
import type { Terminal } from "./terminal.ts";
import type { Attributes, GuestMemory } from "./types.ts";
import { BLOCK } from "./types.ts";

/** Beside the POLL* bits: the read(2) that waits can go on. What poll(2) calls readable is less, or more, than that. */
const READ_SATISFIED = 0x1_0000;
/** The host has taken all output. */
const DRAINED = 0x2_0000;

/** The terminal's node, /dev/pts/N or whatever the host's terminal is called. */
export class TerminalInode extends Inode {
  readonly terminal: Terminal;
  readonly rdev: number;
  atime: Time;
  mtime: Time;

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
    const { terminal } = this;
    if (terminal.hungUp) throw errno.EIO;
    if (terminal.exclusive && !terminal.host.caller().superuser) throw errno.EBUSY;
    return new TerminalFile(dentry, flags, terminal);
  }
}

const int = (value: number): Uint8Array => new Uint8Array(new Int32Array([value]).buffer);

export class TerminalFile extends OpenFile {
  readonly terminal: Terminal;

  constructor(dentry: Dentry, flags: number, terminal: Terminal) {
    super(dentry, flags);
    this.terminal = terminal;
  }

  override get pollable(): boolean {
    return true;
  }

  override get activity(): number {
    const { input, output } = this.terminal;
    return input === output ? input.activity : input.activity + output.activity;
  }

  override get readEvent(): number {
    return READ_SATISFIED;
  }

  override read(into: Uint8Array): number {
    if (!this.readable) throw errno.EBADF;
    return into.length === 0 ? 0 : this.terminal.read(into, this.nonblocking);
  }

  override write(from: Uint8Array): number {
    if (!this.writable) throw errno.EBADF;
    return from.length === 0 ? 0 : this.terminal.write(from);
  }

  override ready(): number {
    const { terminal } = this;
    if (this.readable) terminal.takeOver();
    let mask = 0;
    if (this.readable && terminal.readable) mask |= POLLIN | POLLRDNORM;
    if (this.readable && terminal.satisfied) mask |= READ_SATISFIED;
    if (this.writable && terminal.writable) mask |= POLLOUT | POLLWRNORM;
    if (terminal.line.output.length === 0 || terminal.hungUp) mask |= DRAINED;
    if (terminal.hungUp) mask |= POLLHUP | POLLERR;
    return mask;
  }

  override sync(): void {
    throw errno.EINVAL;
  }

  override ioctl(command: number, argument: number, memory: GuestMemory): number {
    const { terminal } = this;
    if (terminal.hungUp) throw command === TIOCSPGRP ? errno.ENOTTY : errno.EIO;
    const out = (bytes: Uint8Array): number => {
      if (memory.copyOut(argument, bytes) !== bytes.length) throw errno.EFAULT;
      return 0;
    };
    const input = (size: number): DataView => {
      const bytes = new Uint8Array(size);
      if (memory.copyIn(argument, bytes) !== size) throw errno.EFAULT;
      return new DataView(bytes.buffer);
    };
    switch (command) {
      case TCGETS:
      case TCGETS2: {
        const bytes = encodeTermios(terminal.line.termios);
        return out(command === TCGETS ? bytes.subarray(0, TERMIOS_SIZE) : bytes);
      }
      case TCSETS:
      case TCSETSW:
      case TCSETSF:
      case TCSETS2:
      case TCSETSW2:
      case TCSETSF2: {
        if (!terminal.mayUse(SIGTTOU)) return BLOCK;
        const two = command === TCSETS2 || command === TCSETSW2 || command === TCSETSF2;
        const { buffer } = input(two ? TERMIOS2_SIZE : TERMIOS_SIZE);
        if (command !== TCSETS && command !== TCSETS2 && terminal.draining) return BLOCK;
        terminal.setTermios(decodeTermios(new Uint8Array(buffer as ArrayBuffer)), command === TCSETSF || command === TCSETSF2);
        return 0;
      }
      case TCSBRK:
      case TCSBRKP:
      case TIOCSBRK:
      case TIOCCBRK:
        if (!terminal.mayUse(SIGTTOU) || ((command === TCSBRK || command === TCSBRKP) && terminal.draining)) return BLOCK;
        return 0;
      case TCXONC:
        if (!terminal.mayUse(SIGTTOU)) return BLOCK;
        terminal.flow(argument);
        return 0;
      case TCFLSH:
        if (!terminal.mayUse(SIGTTOU)) return BLOCK;
        if (argument > 2) throw errno.EINVAL;
        if (argument !== 1) terminal.flushInput();
        if (argument !== 0) terminal.flushOutput();
        return 0;
      case TIOCGWINSZ: {
        const { rows, columns, xpixel, ypixel } = terminal.size;
        return out(encodeWinsize(rows, columns, xpixel, ypixel));
      }
      case TIOCSWINSZ: {
        const view = input(8);
        terminal.resize({
          rows: view.getUint16(0, true),
          columns: view.getUint16(2, true),
          xpixel: view.getUint16(4, true),
          ypixel: view.getUint16(6, true),
        });
        return 0;
      }
      case TIOCGPGRP:
      case TIOCGSID:
        if (!terminal.controls) throw errno.ENOTTY;
        return out(int(command === TIOCGPGRP ? terminal.foreground : terminal.session));
      case TIOCSPGRP:
        if (!terminal.mayUse(SIGTTOU)) return BLOCK;
        terminal.setForeground(input(4).getInt32(0, true));
        return 0;
      case TIOCSCTTY:
        terminal.adopt(argument === 1);
        return 0;
      case TIOCNOTTY:
        terminal.disown();
        return 0;
      case TIOCSTI:
        if (!terminal.controls && !terminal.host.caller().superuser) throw errno.EPERM;
        terminal.type(input(1).getUint8(0));
        return 0;
      case FIONREAD:
        terminal.takeOver();
        return out(int(terminal.taken ? terminal.line.waiting : terminal.input.available));
      case TIOCOUTQ:
        return out(int(terminal.line.output.length));
      case TIOCEXCL:
      case TIOCNXCL:
        terminal.exclusive = command === TIOCEXCL;
        return 0;
      case TIOCGEXCL:
        return out(int(terminal.exclusive ? 1 : 0));
      case TIOCGETD:
        return out(int(0));
      case TIOCSETD:
        // Only N_TTY exists.
        if (input(4).getInt32(0, true) !== 0) throw errno.EINVAL;
        return 0;
      case TIOCGDEV:
        return out(int(terminal.input.info.stat.rdev));
      default:
        throw errno.ENOTTY;
    }
  }

  /** Events that end the wait of an {@link ioctl} that answered BLOCK. */
  override get ioctlEvent(): number {
    return DRAINED;
  }

  /** Machine time at which a waiting read goes on with what there is; Infinity for never. */
  get deadline(): number {
    const { deadline, host } = this.terminal;
    return deadline > host.now() ? deadline : Infinity;
  }
}
