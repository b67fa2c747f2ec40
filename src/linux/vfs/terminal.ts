/**
 * The host's terminal as the guest's controlling terminal. The host only moves bytes; line editing, echo, signals from keys and output
 * processing are done here (terminal-line.ts), so that a guest's settings are part of its state and the host's own stay what they were.
 *
 * Where the host keeps its line discipline (`takeover` of HostStream), bytes pass through unchanged until the guest first
 * wants input, or for ever.
 */

import { errno } from "../abi/errno.ts";
import type { Termios } from "../abi/termios.ts";
import { CREAD, CS8, CSIZE, defaultTermios, PARENB, speedOf, TOSTOP, VMIN, VSTART, VSTOP, VTIME } from "../abi/termios.ts";
import { SIGCONT, SIGHUP, SIGTTIN, SIGTTOU, SIGWINCH } from "../abi/signal.ts";
import type { WindowSize } from "../inputs.ts";
import type { Stream } from "./stream.ts";
import { LineDiscipline } from "./terminal-line.ts";
import { BLOCK } from "./types.ts";

/** Bytes asked of the host at a time. */
const READ_AHEAD = 4096;

/** Bytes of output that the host may leave untaken before a writer has to wait. */
const OUTPUT_LIMIT = 4096;

/** Bytes of a write(2) processed at a time. */
const WRITE_STEP = 0x1_0000;

/** VTIME counts tenths of a second. */
const TIME_UNIT = 100_000_000;

/** The process in whose system call the kernel is. */
export interface TerminalCaller {
  readonly pid: number;
  readonly group: number;
  readonly session: number;
  readonly superuser: boolean;
  /** The call is made for the first time, not entered again after a wait. */
  readonly fresh: boolean;
  /** The signal is blocked or ignored. */
  deaf(signal: number): boolean;
}

/** What a terminal wants of the kernel. */
export interface TerminalHost {
  /** Machine nanoseconds. */
  now(): number;
  caller(): TerminalCaller;
  /** Signals every process of a group. */
  signalGroup(group: number, signal: number): void;
  /** Session of a process group that exists. */
  sessionOf(group: number): number | undefined;
  /** No member's parent is in another group of the same session: nobody could continue it after a stop. */
  orphaned(group: number): boolean;
}

/** All fields but `host` are state. `input` and `output` are the host streams it is reached by, which may be one. */
export class Terminal {
  readonly line: LineDiscipline;
  /** Foreground process group and session; 0 for none. */
  foreground = 0;
  session = 0;
  size: WindowSize;
  /** The guest's discipline is at work, not the host's. */
  taken = false;
  /** The host's end is gone. */
  hungUp = false;
  /** TIOCEXCL: who is not root cannot open it again. */
  exclusive = false;
  /** The read(2) that waits: bytes that will do, 0 for none; and machine time at which it returns with less. */
  wanted = 0;
  deadline: number = Infinity;
  readonly input: Stream;
  readonly output: Stream;
  readonly host: TerminalHost;

  constructor(input: Stream, output: Stream, host: TerminalHost) {
    this.input = input;
    this.output = output;
    this.host = host;
    this.size = input.info.windowSize ?? output.info.windowSize ?? { rows: 24, columns: 80, xpixel: 0, ypixel: 0 };
    this.line = new LineDiscipline((signal) => {
      if (this.foreground !== 0) host.signalGroup(this.foreground, signal);
    });
    const { termios } = input.info;
    if (termios !== undefined)
      this.line.termios = asKept({ ...defaultTermios(), ...termios, cc: Uint8Array.from(defaultTermios().cc, (byte, i) => termios.cc[i] ?? byte) });
  }

  /** Tasks may be woken by keys. */
  get live(): boolean {
    return this.input.reading !== 0 || this.output.writing !== 0;
  }

  /** Output is under way that the host will take. */
  get draining(): boolean {
    return this.output.writing !== 0 && this.line.output.length > 0 && !this.line.stopped;
  }

  // ---- the host's side

  /** The first wish for input: from now on the host only moves bytes. */
  takeOver(): void {
    if (this.taken || this.input.info.takeover === "never") return;
    this.taken = true;
    this.pump();
  }

  /** Moves what can be moved in both directions and keeps one read open. To be called when the host has answered, too. */
  pump(): void {
    if (!this.taken) return;
    const { input, line } = this;
    for (;;) {
      while (input.available > 0 && line.accepts) {
        line.receive(input.input[input.start++]!);
        this.#typed();
      }
      if (input.available > 0 || input.reading !== 0 || !line.accepts) break;
      if (input.ended || input.failed !== 0) {
        this.#hangUp();
        break;
      }
      input.fetch(READ_AHEAD);
    }
    this.#flush();
  }

  /** Bytes came while a read waits: with MIN and TIME the clock starts anew. */
  #typed(): void {
    const { cc } = this.line.termios;
    if (this.wanted > 0 && !this.line.canonical && cc[VMIN]! > 0 && cc[VTIME]! > 0) this.deadline = this.host.now() + cc[VTIME]! * TIME_UNIT;
  }

  #hangUp(): void {
    if (this.hungUp) return;
    this.hungUp = true;
    this.line.flushInput();
    this.line.output.clear();
    for (const signal of [SIGHUP, SIGCONT]) if (this.foreground !== 0) this.host.signalGroup(this.foreground, signal);
  }

  #flush(): void {
    const { line, output } = this;
    while (line.output.length > 0 && !line.stopped && !this.hungUp) {
      let count: number;
      try {
        count = output.write(line.output.pending());
      } catch {
        this.#hangUp();
        return;
      }
      if (count === BLOCK) return;
      line.output.taken(count);
    }
  }

  /** The host's window has another size, or TIOCSWINSZ: SIGWINCH where it is news. */
  resize(size: WindowSize): void {
    const { rows, columns, xpixel, ypixel } = this.size;
    if (rows === size.rows && columns === size.columns && xpixel === size.xpixel && ypixel === size.ypixel) return;
    this.size = size;
    if (this.foreground !== 0) this.host.signalGroup(this.foreground, SIGWINCH);
  }

  // ---- job control

  /** Is the controlling terminal of the caller. */
  get controls(): boolean {
    return this.session !== 0 && this.session === this.host.caller().session;
  }

  /**
   * What a process of the background may do, credentials(7): true where it may go on, false where its group was signalled and the call must be
   * interrupted; EIO where nobody could ever continue the group.
   */
  mayUse(signal: typeof SIGTTIN | typeof SIGTTOU): boolean {
    const { host } = this;
    const caller = host.caller();
    if (caller.session !== this.session || this.foreground === 0 || caller.group === this.foreground) return true;
    const deaf = caller.deaf(signal);
    if (deaf && signal === SIGTTOU) return true;
    if (deaf || host.orphaned(caller.group)) throw errno.EIO;
    host.signalGroup(caller.group, signal);
    return false;
  }

  // ---- the guest's side

  /** Poll condition for input: with MIN and no TIME so many bytes. */
  get readable(): boolean {
    const { line } = this;
    if (this.hungUp) return true;
    if (!this.taken) return this.input.info.takeover === "never" && this.input.readableNow();
    const { cc } = line.termios;
    return line.readable >= (line.canonical || cc[VTIME]! > 0 ? 1 : Math.max(1, cc[VMIN]!));
  }

  get writable(): boolean {
    if (this.hungUp) return true;
    if (!this.taken) return this.output.writing === 0;
    return !this.line.stopped && this.line.output.length < OUTPUT_LIMIT;
  }

  /** What the waiting read needs is there, or its time is over. */
  get satisfied(): boolean {
    if (this.hungUp) return true;
    if (!this.taken) return this.readable;
    const { line, wanted } = this;
    return line.readable >= Math.max(1, wanted) || (wanted > 0 && this.deadline <= this.host.now());
  }

  /** read(2): by lines, or as VMIN and VTIME say. */
  read(into: Uint8Array, nonblocking: boolean): number {
    if (this.hungUp) return 0;
    this.takeOver();
    if (!this.mayUse(SIGTTIN)) return BLOCK;
    if (!this.taken) return this.input.read(into);
    const { line, host } = this;
    if (host.caller().fresh) this.#endWait();
    const min = line.termios.cc[VMIN]!;
    const time = line.termios.cc[VTIME]! * TIME_UNIT;
    if (line.canonical) {
      if (line.complete === 0) return this.#await(1, Infinity);
    } else {
      const enough = Math.min(Math.max(1, min), into.length);
      const over = this.wanted > 0 ? this.deadline <= host.now() : min === 0 && time === 0;
      if (line.count < enough && !over && !(nonblocking && line.count > 0)) {
        if (this.wanted > 0) return BLOCK;
        return this.#await(enough, time > 0 && (min === 0 || line.count > 0) ? host.now() + time : Infinity);
      }
    }
    this.#endWait();
    const count = line.take(into);
    this.pump();
    return count;
  }

  #await(wanted: number, deadline: number): number {
    this.wanted = wanted;
    this.deadline = deadline;
    return BLOCK;
  }

  #endWait(): void {
    this.wanted = 0;
    this.deadline = Infinity;
  }

  write(from: Uint8Array): number {
    if (this.hungUp) throw errno.EIO;
    const { line } = this;
    if ((line.termios.lflag & TOSTOP) !== 0 && !this.mayUse(SIGTTOU)) return BLOCK;
    if (!this.taken) return this.output.write(from);
    if (!this.writable) return BLOCK;
    const part = from.length > WRITE_STEP ? from.subarray(0, WRITE_STEP) : from;
    line.write(part);
    this.#flush();
    return part.length;
  }

  /** TCSETS; `flush`: input typed so far is forgotten (TCSETSF). */
  setTermios(termios: Termios, flush: boolean): void {
    this.takeOver();
    if (flush) this.flushInput();
    this.line.setTermios(asKept(termios));
    this.pump();
  }

  flushInput(): void {
    this.input.drop();
    this.line.flushInput();
    this.pump();
  }

  flushOutput(): void {
    this.line.output.clear();
  }

  /** TCXONC: TCOOFF, TCOON, TCIOFF, TCION. */
  flow(action: number): void {
    const { line } = this;
    this.takeOver();
    switch (action) {
      case 0:
        line.stopped = line.heldByCall = true;
        break;
      case 1:
        if (line.heldByCall) line.stopped = line.heldByCall = false;
        break;
      case 2:
      case 3: {
        const byte = line.termios.cc[action === 2 ? VSTOP : VSTART]!;
        if (byte !== 0) line.output.putRaw(byte);
        break;
      }
      default:
        throw errno.EINVAL;
    }
    this.#flush();
  }

  /** TIOCSTI: as if typed. */
  type(byte: number): void {
    this.takeOver();
    this.line.receive(byte);
    this.#typed();
    this.#flush();
  }

  /** TIOCSCTTY of a session leader. */
  adopt(steal: boolean): void {
    const caller = this.host.caller();
    if (caller.pid === caller.session && this.session === caller.session) return;
    if (caller.pid !== caller.session) throw errno.EPERM;
    if (this.session !== 0 && !(steal && caller.superuser)) throw errno.EPERM;
    this.session = caller.session;
    this.foreground = caller.group;
  }

  /** TIOCNOTTY of a session leader: the whole session is without a terminal then. */
  disown(): void {
    const caller = this.host.caller();
    if (!this.controls || caller.pid !== caller.session) throw errno.ENOTTY;
    const { foreground } = this;
    this.session = this.foreground = 0;
    for (const signal of [SIGHUP, SIGCONT]) this.host.signalGroup(foreground, signal);
  }

  /** TIOCSPGRP */
  setForeground(group: number): void {
    if (!this.controls) throw errno.ENOTTY;
    if (group < 0) throw errno.EINVAL;
    const session = this.host.sessionOf(group);
    if (session === undefined) throw errno.ESRCH;
    if (session !== this.session) throw errno.EPERM;
    this.foreground = group;
  }
}

/** A pseudo-terminal always has eight bits without parity. */
function asKept(termios: Termios): Termios {
  const cflag = (termios.cflag & ~(CSIZE | PARENB)) | CS8 | CREAD;
  return { ...termios, cflag: cflag >>> 0, ispeed: termios.ispeed || speedOf(cflag), ospeed: termios.ospeed || speedOf(cflag) };
}
