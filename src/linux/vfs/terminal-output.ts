/** What a terminal's driver does to output on its way to the screen, termios(3) "c_oflag": a queue that the host empties. */

import type { Termios } from "../abi/termios.ts";
import { IUTF8, OCRNL, OLCUC, ONLCR, ONLRET, ONOCR, OPOST, TABDLY, XTABS } from "../abi/termios.ts";

export const BACKSPACE = 8;
export const TAB = 9;
export const NEWLINE = 10;
export const RETURN = 13;
export const SPACE = 32;
export const DELETE = 127;

const FIRST_CAPACITY = 4096;

/** Control characters of ASCII. */
export function isControl(byte: number): boolean {
  return byte < SPACE || byte === DELETE;
}

/** A byte inside a UTF-8 sequence: it has no place on the screen of its own. */
export function isContinuation(byte: number, termios: Termios): boolean {
  return (termios.iflag & IUTF8) !== 0 && (byte & 0xc0) === 0x80;
}

/** Processed bytes that the host has not taken, and where the cursor stands. */
export class TerminalOutput {
  bytes: Uint8Array = new Uint8Array(FIRST_CAPACITY);
  start = 0;
  end = 0;
  column = 0;
  /** Column at which the line being typed began: tabs in it are erased by it. */
  lineColumn = 0;

  get length(): number {
    return this.end - this.start;
  }

  /** The queue, valid until something is put. */
  pending(): Uint8Array {
    return this.bytes.subarray(this.start, this.end);
  }

  /** The host took `count` bytes. */
  taken(count: number): void {
    this.start += count;
    if (this.start === this.end) this.clear();
  }

  clear(): void {
    this.start = this.end = 0;
  }

  /** Appends a byte as it is. */
  putRaw(byte: number): void {
    if (this.end === this.bytes.length) this.#makeRoom();
    this.bytes[this.end++] = byte;
  }

  #makeRoom(): void {
    const { length } = this;
    const next = length * 2 > this.bytes.length ? new Uint8Array(this.bytes.length * 2) : this.bytes;
    next.set(this.pending());
    this.bytes = next;
    this.start = 0;
    this.end = length;
  }

  /** Appends a byte as c_oflag says. */
  put(byte: number, termios: Termios): void {
    const { oflag } = termios;
    if ((oflag & OPOST) === 0) {
      this.putRaw(byte);
      return;
    }
    switch (byte) {
      case NEWLINE:
        if (oflag & ONLCR) this.putRaw(RETURN);
        if (oflag & (ONLCR | ONLRET)) this.column = 0;
        this.lineColumn = this.column;
        break;
      case RETURN:
        if (oflag & ONOCR && this.column === 0) return;
        if (oflag & OCRNL) {
          byte = NEWLINE;
          if ((oflag & ONLRET) === 0) break;
        }
        this.column = this.lineColumn = 0;
        break;
      case TAB: {
        const spaces = 8 - (this.column & 7);
        this.column += spaces;
        if ((oflag & TABDLY) !== XTABS) break;
        for (let i = 0; i < spaces; i++) this.putRaw(SPACE);
        return;
      }
      case BACKSPACE:
        if (this.column > 0) this.column--;
        break;
      default:
        if (isControl(byte)) break;
        if (oflag & OLCUC && byte >= 0x61 && byte <= 0x7a) byte -= 0x20;
        if (!isContinuation(byte, termios)) this.column++;
    }
    this.putRaw(byte);
  }
}
