/** struct termios and termios2 of the kernel (36 and 44 bytes), struct winsize: termios(3), <asm-generic/termbits.h>. */

export const TERMIOS_SIZE = 36;
export const TERMIOS2_SIZE = 44;
export const NCCS = 19;

/** c_iflag */
export const ISTRIP = 0o40;
export const INLCR = 0o100;
export const IGNCR = 0o200;
export const ICRNL = 0o400;
export const IUCLC = 0o1000;
export const IXON = 0o2000;
export const IXANY = 0o4000;
export const PARMRK = 0o10;
export const IUTF8 = 0o40000;

/** c_oflag */
export const OPOST = 0o1;
export const OLCUC = 0o2;
export const ONLCR = 0o4;
export const OCRNL = 0o10;
export const ONOCR = 0o20;
export const ONLRET = 0o40;
export const TABDLY = 0o14000;
export const XTABS = 0o14000;

/** c_cflag */
export const CBAUD = 0o10017;
export const BOTHER = 0o10000;
export const CSIZE = 0o60;
export const CS8 = 0o60;
export const CREAD = 0o200;
export const PARENB = 0o400;

/** c_lflag */
export const ISIG = 0o1;
export const ICANON = 0o2;
export const ECHO = 0o10;
export const ECHOE = 0o20;
export const ECHOK = 0o40;
export const ECHONL = 0o100;
export const NOFLSH = 0o200;
export const TOSTOP = 0o400;
export const ECHOCTL = 0o1000;
export const ECHOPRT = 0o2000;
export const ECHOKE = 0o4000;
export const IEXTEN = 0o100000;

/** Places in c_cc. */
export const VINTR = 0;
export const VQUIT = 1;
export const VERASE = 2;
export const VKILL = 3;
export const VEOF = 4;
export const VTIME = 5;
export const VMIN = 6;
export const VSTART = 8;
export const VSTOP = 9;
export const VSUSP = 10;
export const VEOL = 11;
export const VREPRINT = 12;
export const VWERASE = 14;
export const VLNEXT = 15;
export const VEOL2 = 16;

export interface Termios {
  iflag: number;
  oflag: number;
  cflag: number;
  lflag: number;
  line: number;
  /** NCCS bytes: VINTR, VQUIT, VERASE, VKILL, VEOF, VTIME, VMIN ... */
  cc: Uint8Array;
  /** Bits a second, as struct termios2 tells them. */
  ispeed: number;
  ospeed: number;
}

/** Speeds by the code in c_cflag; those from 0o10001 on follow. */
const SPEEDS: readonly number[] = [0, 50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19_200, 38_400];
const HIGH_SPEEDS: readonly number[] = [
  0, 57_600, 115_200, 230_400, 460_800, 500_000, 576_000, 921_600, 1_000_000, 1_152_000, 1_500_000, 2_000_000, 2_500_000, 3_000_000, 3_500_000, 4_000_000,
];

/** Bits a second that the CBAUD bits of `cflag` stand for. */
export function speedOf(cflag: number): number {
  return ((cflag & BOTHER) !== 0 ? HIGH_SPEEDS : SPEEDS)[cflag & 0o17]!;
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
    ispeed: 38_400,
    ospeed: 38_400,
  };
}

/** struct termios2, whose first TERMIOS_SIZE bytes are struct termios. */
export function encodeTermios(termios: Termios): Uint8Array {
  const bytes = new Uint8Array(TERMIOS2_SIZE);
  new Uint32Array(bytes.buffer, 0, 4).set([termios.iflag, termios.oflag, termios.cflag, termios.lflag]);
  bytes[16] = termios.line;
  bytes.set(termios.cc, 17);
  new Uint32Array(bytes.buffer, TERMIOS_SIZE, 2).set([termios.ispeed, termios.ospeed]);
  return bytes;
}

/** struct termios, or termios2 where there are so many bytes. */
export function decodeTermios(bytes: Uint8Array): Termios {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const cflag = view.getUint32(8, true);
  const own = bytes.length >= TERMIOS2_SIZE && (cflag & CBAUD) === BOTHER;
  return {
    iflag: view.getUint32(0, true),
    oflag: view.getUint32(4, true),
    cflag,
    lflag: view.getUint32(12, true),
    line: view.getUint8(16),
    cc: bytes.slice(17, TERMIOS_SIZE),
    ispeed: own ? view.getUint32(36, true) : speedOf(cflag),
    ospeed: own ? view.getUint32(40, true) : speedOf(cflag),
  };
}

/** struct winsize: rows, columns, horizontal and vertical pixels, each 16 bits. */
export function encodeWinsize(rows: number, columns: number, xpixel: number, ypixel: number): Uint8Array {
  return new Uint8Array(new Uint16Array([rows, columns, xpixel, ypixel]).buffer);
}
