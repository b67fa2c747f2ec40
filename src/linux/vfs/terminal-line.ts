/**
 * The line discipline of a terminal, termios(3): what becomes of typed bytes. In canonical mode they are collected and edited as lines, in
 * raw mode they are simply kept; either way they may be echoed, and some of them send signals or hold output.
 *
 * It knows neither descriptors nor time nor the host.
 */

import type { Termios } from "../abi/termios.ts";
import {
  defaultTermios,
  ECHO,
  ECHOCTL,
  ECHOE,
  ECHOK,
  ECHOKE,
  ECHONL,
  ECHOPRT,
  ICANON,
  ICRNL,
  IEXTEN,
  IGNCR,
  INLCR,
  ISIG,
  ISTRIP,
  IUCLC,
  IXANY,
  IXON,
  NOFLSH,
  OPOST,
  PARMRK,
  VEOF,
  VEOL,
  VEOL2,
  VERASE,
  VINTR,
  VKILL,
  VLNEXT,
  VQUIT,
  VREPRINT,
  VSTART,
  VSTOP,
  VSUSP,
  VWERASE,
} from "../abi/termios.ts";
import { SIGINT, SIGQUIT, SIGTSTP } from "../abi/signal.ts";
import { BACKSPACE, isContinuation, isControl, NEWLINE, RETURN, SPACE, TAB, TerminalOutput } from "./terminal-output.ts";

/** Bytes of input kept; a line has at most one less, its end included. */
export const INPUT_SIZE = 4096;

/** Echo is dropped when the host has not taken this much. */
const ECHO_LIMIT = 4096;

/** A special character that is switched off: _POSIX_VDISABLE. */
const DISABLED = 0;

/** What `ends` says of a byte: inside a line, its last byte, or an end of file, which is itself no part of the line. */
const INSIDE = 0;
const END = 1;
const END_OF_FILE = 2;

/** Keys that send signals, in the order they are looked for. */
const SIGNAL_KEYS: readonly (readonly [index: number, signal: number])[] = [
  [VINTR, SIGINT],
  [VQUIT, SIGQUIT],
  [VSUSP, SIGTSTP],
];

/** Letters and digits as the kernel classes the bytes of ISO 8859-1. */
function isWordByte(byte: number): boolean {
  if (byte >= 0xc0) return byte !== 0xd7 && byte !== 0xf7;
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a) || byte === 0x5f;
}

export class LineDiscipline {
  termios: Termios = defaultTermios();
  readonly output: TerminalOutput = new TerminalOutput();
  /** Typed and unread, and for each byte whether a line ends there. */
  readonly bytes: Uint8Array = new Uint8Array(INPUT_SIZE);
  readonly ends: Uint8Array = new Uint8Array(INPUT_SIZE);
  count = 0;
  /** Of these, bytes of complete lines: the line being typed starts here. */
  complete = 0;
  /** The next byte is taken literally (VLNEXT came). */
  literal = false;
  /** Inside the \.../ with which ECHOPRT shows what is erased. */
  erasing = false;
  /** Output is held: by VSTOP, by TCOOFF. */
  stopped = false;
  heldByCall = false;
  /** Sends a signal to the foreground process group. */
  readonly #raise: (signal: number) => void;

  constructor(raise: (signal: number) => void) {
    this.#raise = raise;
  }

  get canonical(): boolean {
    return (this.termios.lflag & ICANON) !== 0;
  }

  /** Bytes that a read may take: of complete lines in canonical mode (an end of file alone counts). */
  get readable(): number {
    return this.canonical ? this.complete : this.count;
  }

  /** Bytes that FIONREAD counts: ends of file are none. */
  get waiting(): number {
    let bytes = this.readable;
    if (this.canonical) for (let i = 0; i < this.complete; i++) if (this.ends[i] === END_OF_FILE) bytes--;
    return bytes;
  }

  /** Whether another byte is looked at now. A line that grows too long is: its last byte is then replaced. */
  get accepts(): boolean {
    const each = (this.termios.iflag & PARMRK) !== 0 ? 3 : 1;
    return this.count + each < INPUT_SIZE || (this.canonical && this.complete === 0);
  }

  /** TCSETS and its like: bytes typed in one mode are read in the other. */
  setTermios(termios: Termios): void {
    const before = this.termios;
    this.termios = termios;
    if ((before.lflag ^ termios.lflag) & ICANON) {
      this.ends.fill(INSIDE);
      this.complete = 0;
      if (this.canonical && this.count > 0) {
        this.ends[this.count - 1] = END;
        this.complete = this.count;
      }
      this.erasing = false;
      this.literal = false;
    }
    if (before.iflag & ~termios.iflag & IXON && !this.heldByCall) this.stopped = false;
  }

  /** TCIFLUSH */
  flushInput(): void {
    this.count = this.complete = 0;
    this.ends.fill(INSIDE);
    this.literal = false;
    this.erasing = false;
  }

  /** read(2) without waiting: number of bytes, 0 at an end of file or where there is nothing; at most one line in canonical mode. */
  take(into: Uint8Array): number {
    if (!this.canonical) {
      const count = Math.min(into.length, this.count);
      into.set(this.bytes.subarray(0, count));
      this.#drop(count);
      return count;
    }
    if (into.length === 0 || this.complete === 0) return 0;
    let length = 0;
    while (length < this.complete && length < into.length && this.ends[length] === INSIDE) length++;
    if (length < this.complete && this.ends[length] === END_OF_FILE) {
      into.set(this.bytes.subarray(0, length));
      this.#drop(length + 1);
      return length;
    }
    if (length < into.length && length < this.complete) length++;
    into.set(this.bytes.subarray(0, length));
    this.#drop(length);
    return length;
  }

  #drop(count: number): void {
    this.bytes.copyWithin(0, count, this.count);
    this.ends.copyWithin(0, count, this.count);
    this.ends.fill(INSIDE, this.count - count, this.count);
    this.count -= count;
    this.complete = Math.max(0, this.complete - count);
  }

  // ---- input

  /** A byte was typed. */
  receive(typed: number): void {
    const { iflag, lflag, cc } = this.termios;
    let byte = typed;
    if (iflag & ISTRIP) byte &= 0x7f;
    if (iflag & IUCLC && lflag & IEXTEN && byte >= 0x41 && byte <= 0x5a) byte += 0x20;
    if (this.canonical && this.count >= INPUT_SIZE - 1 && this.complete === 0) this.count = INPUT_SIZE - 2;
    if (this.literal) {
      this.literal = false;
      this.#keep(byte);
      return;
    }
    const is = (index: number): boolean => byte === cc[index] && byte !== DISABLED;
    if (iflag & IXON) {
      if (is(VSTART)) {
        this.#resume();
        return;
      }
      if (is(VSTOP)) {
        this.stopped = true;
        return;
      }
    }
    if (lflag & ISIG) {
      for (const [index, signal] of SIGNAL_KEYS) {
        if (!is(index)) continue;
        this.#signal(signal, byte);
        return;
      }
    }
    if (this.stopped && iflag & IXON && iflag & IXANY) this.#resume();
    if (byte === RETURN) {
      if (iflag & IGNCR) return;
      if (iflag & ICRNL) byte = NEWLINE;
    } else if (byte === NEWLINE && iflag & INLCR) byte = RETURN;
    if (this.canonical && this.#edit(byte, is)) return;
    this.#keep(byte);
  }

  #resume(): void {
    if (!this.heldByCall) this.stopped = false;
  }

  #signal(signal: number, byte: number): void {
    const { iflag, lflag } = this.termios;
    if ((lflag & NOFLSH) === 0) {
      this.output.clear();
      this.flushInput();
    }
    this.#raise(signal);
    if (iflag & IXON) this.#resume();
    if (lflag & ECHO) this.#echo(byte);
  }

  /** What only canonical mode knows; true where the byte is dealt with. */
  #edit(byte: number, is: (index: number) => boolean): boolean {
    const { lflag } = this.termios;
    const extended = (lflag & IEXTEN) !== 0;
    if (is(VERASE)) this.#erase("character");
    else if (is(VKILL)) this.#kill();
    else if (extended && is(VWERASE)) this.#erase("word");
    else if (extended && is(VLNEXT)) {
      this.literal = true;
      if (lflag & ECHO) {
        this.#finishErasing();
        if (lflag & ECHOCTL) for (const shown of [0x5e, BACKSPACE]) this.#show(shown);
      }
    } else if (extended && lflag & ECHO && is(VREPRINT)) {
      this.#finishErasing();
      this.#echo(byte);
      this.#show(NEWLINE);
      for (let i = this.complete; i < this.count; i++) this.#echo(this.bytes[i]!);
    } else if (byte === NEWLINE) {
      if (lflag & (ECHO | ECHONL)) this.#show(NEWLINE);
      this.#end(byte, END);
    } else if (is(VEOF)) this.#end(DISABLED, END_OF_FILE);
    else if (is(VEOL) || (extended && is(VEOL2))) {
      if (lflag & ECHO) this.#echoTyped(byte);
      if (this.termios.iflag & PARMRK && byte === 0xff) this.#put(byte);
      this.#end(byte, END);
    } else return false;
    return true;
  }

  #put(byte: number): void {
    if (this.count < INPUT_SIZE) this.bytes[this.count++] = byte;
  }

  #end(byte: number, kind: number): void {
    this.#put(byte);
    this.ends[this.count - 1] = kind;
    this.complete = this.count;
  }

  /** An ordinary byte. */
  #keep(byte: number): void {
    const { iflag, lflag } = this.termios;
    if (lflag & ECHO) {
      this.#finishErasing();
      this.#echoTyped(byte);
    }
    if (iflag & PARMRK && byte === 0xff) this.#put(byte);
    this.#put(byte);
  }

  // ---- erasing

  #kill(): void {
    const { lflag, cc } = this.termios;
    if (this.count === this.complete) return;
    if (lflag & ECHO && lflag & ECHOK && lflag & ECHOKE && lflag & ECHOE) {
      this.#erase("line");
      return;
    }
    this.count = this.complete;
    if ((lflag & ECHO) === 0) return;
    this.#finishErasing();
    this.#echo(cc[VKILL]!);
    if (lflag & ECHOK) this.#show(NEWLINE);
  }

  #erase(what: "character" | "word" | "line"): void {
    const { lflag, cc } = this.termios;
    const from = this.count;
    let inWord = false;
    while (this.count > this.complete) {
      let at = this.count - 1;
      while (at > this.complete && isContinuation(this.bytes[at]!, this.termios)) at--;
      const byte = this.bytes[at]!;
      // The beginning of the character is part of a line that is already complete.
      if (isContinuation(byte, this.termios)) break;
      if (what === "word") {
        if (isWordByte(byte)) inWord = true;
        else if (inWord) break;
      }
      const end = this.count;
      this.count = at;
      if (lflag & ECHO) {
        if (lflag & ECHOPRT) {
          if (!this.erasing) this.#show(0x5c);
          this.erasing = true;
          this.#echo(byte);
          for (let i = at + 1; i < end; i++) this.#show(this.bytes[i]!);
        } else if (what === "character" && (lflag & ECHOE) === 0) this.#echo(cc[VERASE]!);
        else if (byte === TAB) this.#eraseTab();
        else this.#rubOut(isControl(byte) ? ((lflag & ECHOCTL) !== 0 ? 2 : 0) : 1);
      }
      if (what === "character") break;
    }
    if (this.count === this.complete && from > this.count && lflag & ECHO) this.#finishErasing();
  }

  #rubOut(places: number): void {
    for (let i = 0; i < places; i++) for (const shown of [BACKSPACE, SPACE, BACKSPACE]) this.#show(shown);
  }

  /** Back over the tab that was at `count`: to where the text before it ends. */
  #eraseTab(): void {
    const { termios, output } = this;
    let column = output.lineColumn;
    let at = this.count;
    while (at > this.complete && this.bytes[at - 1] !== TAB) at--;
    // After another tab, columns count from a multiple of 8.
    if (at > this.complete) column = 0;
    for (; at < this.count; at++) {
      const byte = this.bytes[at]!;
      if (isControl(byte)) column += (termios.lflag & ECHOCTL) !== 0 ? 2 : 0;
      else if (!isContinuation(byte, termios)) column++;
    }
    for (let i = column & 7; i < 8; i++) {
      output.putRaw(BACKSPACE);
      if (output.column > 0) output.column--;
    }
  }

  #finishErasing(): void {
    if (!this.erasing) return;
    this.erasing = false;
    this.#show(0x2f);
  }

  // ---- echo

  #show(byte: number): void {
    if (this.output.length < ECHO_LIMIT) this.output.put(byte, this.termios);
  }

  /** With ECHOCTL control characters are shown as ^X. */
  #echo(byte: number): void {
    if ((this.termios.lflag & ECHOCTL) !== 0 && isControl(byte) && byte !== TAB) {
      this.#show(0x5e);
      this.#show(byte ^ 0x40);
    } else this.#show(byte);
  }

  #echoTyped(byte: number): void {
    if (this.count === this.complete) this.output.lineColumn = this.output.column;
    this.#echo(byte);
  }

  // ---- output

  /** write(2): appends to the output queue. */
  write(from: Uint8Array): void {
    const { output, termios } = this;
    if ((termios.oflag & OPOST) === 0) for (const byte of from) output.putRaw(byte);
    else for (const byte of from) output.put(byte, termios);
  }
}
