/** struct termios of the kernel (36 bytes) and struct winsize: termios(3), <asm-generic/termbits.h>. */

export const TERMIOS_SIZE = 36;
export const NCCS = 19;

export interface Termios {
  iflag: number;
  oflag: number;
  cflag: number;
  lflag: number;
  line: number;
  /** NCCS bytes: VINTR, VQUIT, VERASE, VKILL, VEOF, VTIME, VMIN ... */
  cc: Uint8Array;
}

/** A terminal as it is when opened first: ICRNL|IXON|IUTF8, OPOST|ONLCR, B38400|CS8|CREAD, ISIG|ICANON|ECHO...|IEXTEN. */
export function defaultTermios(): Termios {
  return {
    iflag: 0o42400,
    oflag: 0o5,
    cflag: 0o277,
    lflag: 0o105073,
    line: 0,
    cc: Uint8Array.from([3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0, 0, 0]),
  };
}

export function encodeTermios(termios: Termios): Uint8Array {
  const bytes = new Uint8Array(TERMIOS_SIZE);
  new Uint32Array(bytes.buffer, 0, 4).set([termios.iflag, termios.oflag, termios.cflag, termios.lflag]);
  bytes[16] = termios.line;
  bytes.set(termios.cc, 17);
  return bytes;
}

export function decodeTermios(bytes: Uint8Array): Termios {
  const view = new DataView(bytes.buffer, bytes.byteOffset, TERMIOS_SIZE);
  return {
    iflag: view.getUint32(0, true),
    oflag: view.getUint32(4, true),
    cflag: view.getUint32(8, true),
    lflag: view.getUint32(12, true),
    line: view.getUint8(16),
    cc: bytes.slice(17, TERMIOS_SIZE),
  };
}

/** struct winsize: rows, columns, horizontal and vertical pixels, each 16 bits. */
export function encodeWinsize(rows: number, columns: number, xpixel: number, ypixel: number): Uint8Array {
  return new Uint8Array(new Uint16Array([rows, columns, xpixel, ypixel]).buffer);
}
