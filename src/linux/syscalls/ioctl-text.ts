/** ioctl(2) commands as strace(1) prints them. */
import type { Shown } from "./syscall.ts";
import { unsigned64 } from "./args.ts";
import { flagText, hex } from "./text.ts";

const COMMANDS: Readonly<Record<string, number>> = {
  TCGETS: 0x5401,
  TCSETS: 0x5402,
  TCSETSW: 0x5403,
  TCSETSF: 0x5404,
  TCSBRK: 0x5409,
  TCXONC: 0x540a,
  TCFLSH: 0x540b,
  TIOCSCTTY: 0x540e,
  TIOCGPGRP: 0x540f,
  TIOCSPGRP: 0x5410,
  TIOCSTI: 0x5412,
  TIOCGWINSZ: 0x5413,
  TIOCSWINSZ: 0x5414,
  FIONREAD: 0x541b,
  FIONBIO: 0x5421,
  TIOCNOTTY: 0x5422,
  TIOCGSID: 0x5429,
  TIOCGPTN: 0x80045430,
  TIOCSPTLCK: 0x40045431,
  FIONCLEX: 0x5450,
  FIOCLEX: 0x5451,
  FIOASYNC: 0x5452,
  FS_IOC_GETFLAGS: 0x80086601,
  FS_IOC_SETFLAGS: 0x40086602,
  FICLONE: 0x40049409,
  BLKGETSIZE: 0x1260,
  BLKGETSIZE64: 0x80081272,
  BLKSSZGET: 0x1268,
};
const NAMES: ReadonlyMap<number, string> = new Map(Object.entries(COMMANDS).map(([name, number]) => [number, name]));

const IFLAGS: Readonly<Record<string, number>> = {
  IGNBRK: 1,
  BRKINT: 2,
  IGNPAR: 4,
  PARMRK: 8,
  INPCK: 0x10,
  ISTRIP: 0x20,
  INLCR: 0x40,
  IGNCR: 0x80,
  ICRNL: 0x100,
  IUCLC: 0x200,
  IXON: 0x400,
  IXANY: 0x800,
  IXOFF: 0x1000,
  IMAXBEL: 0x2000,
  IUTF8: 0x4000,
};
const LFLAGS: Readonly<Record<string, number>> = {
  ISIG: 1,
  ICANON: 2,
  XCASE: 4,
  ECHO: 8,
  ECHOE: 0x10,
  ECHOK: 0x20,
  ECHONL: 0x40,
  NOFLSH: 0x80,
  TOSTOP: 0x100,
  ECHOCTL: 0x200,
  ECHOPRT: 0x400,
  ECHOKE: 0x800,
  FLUSHO: 0x1000,
  PENDIN: 0x4000,
  IEXTEN: 0x8000,
  EXTPROC: 0x10000,
};
const OFLAGS: Readonly<Record<string, number>> = { OPOST: 1, OLCUC: 2, ONLCR: 4, OCRNL: 8, ONOCR: 0x10, ONLRET: 0x20, OFILL: 0x40, OFDEL: 0x80 };
const SPEEDS: readonly string[] = [
  "B0",
  "B50",
  "B75",
  "B110",
  "B134",
  "B150",
  "B200",
  "B300",
  "B600",
  "B1200",
  "B1800",
  "B2400",
  "B4800",
  "B9600",
  "B19200",
  "B38400",
];
const CFLAGS: Readonly<Record<string, number>> = { CSTOPB: 0x40, CREAD: 0x80, PARENB: 0x100, PARODD: 0x200, HUPCL: 0x400, CLOCAL: 0x800 };

/** The command's name, or `_IOC(...)` as strace(1) takes an unknown one apart. */
export function showIoctl(command: number): string {
  const known = NAMES.get(command);
  if (known !== undefined) return known;
  const direction = ["_IOC_NONE", "_IOC_WRITE", "_IOC_READ", "_IOC_READ|_IOC_WRITE"][command >>> 30]!;
  return `_IOC(${direction}, ${hex((command >> 8) & 0xff)}, ${hex(command & 0xff)}, ${hex((command >> 16) & 0x3fff)})`;
}

/** The argument of a known command; undefined where only its address or value can be shown. */
export function showIoctlArgument(command: number, low: number, high: number, shown: Shown): string | undefined {
  const name = NAMES.get(command);
  const at = unsigned64(low, high);
  const { memory, result } = shown;
  const failed = result === undefined || result < 0;
  try {
    switch (name) {
      case "TIOCGWINSZ":
      case "TIOCSWINSZ":
        if (failed && name === "TIOCGWINSZ") return undefined;
        return `{ws_row=${memory.readU16(at)}, ws_col=${memory.readU16(at + 2)}, ws_xpixel=${memory.readU16(at + 4)}, ws_ypixel=${memory.readU16(at + 6)}}`;
      case "TCGETS":
      case "TCSETS":
      case "TCSETSW":
      case "TCSETSF": {
        if (failed && name === "TCGETS") return undefined;
        const c = memory.readU32(at + 8);
        const control = [SPEEDS[c & 15] ?? hex(c & 15), `CS${5 + ((c >> 4) & 3)}`, flagText(c & 0xfc0, CFLAGS, "")]
          .filter((text) => text !== "")
          .join("|");
        return `{c_iflag=${flagText(memory.readU32(at), IFLAGS, "0")}, c_oflag=NL0|CR0|TAB0|BS0|VT0|FF0${prefixed(flagText(memory.readU32(at + 4) & 0xff, OFLAGS, ""))}, c_cflag=${control}, c_lflag=${flagText(memory.readU32(at + 12), LFLAGS, "0")}, ...}`;
      }
      case "TIOCGPGRP":
      case "TIOCSPGRP":
      case "TIOCGSID":
      case "FIONREAD":
        return failed && name !== "TIOCSPGRP" ? undefined : `[${memory.readI32(at)}]`;
      case "FIONBIO":
      case "FIOASYNC":
        return `[${memory.readI32(at)}]`;
      case "FIOCLEX":
      case "FIONCLEX":
      case "TIOCNOTTY":
        return "";
      default:
        return undefined;
    }
  } catch {
    return undefined;
  }
}

function prefixed(text: string): string {
  return text === "" ? "" : `|${text}`;
}
