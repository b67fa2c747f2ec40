// The host's terminal: its size and settings, and the raw mode in which it only moves bytes while a guest has it.
//
// Raw mode is set with stty(1): Node's own keeps ONLCR on. Whatever happens the terminal gets its settings back: on a regular end from
// `restore`, on process.exit, exceptions and deadly signals from an exit handler or from Node itself, and after SIGKILL from a watcher: a shell in
// a session of its own that reads a pipe nobody writes to. When this process is gone, however it went, the pipe ends; the watcher then sets the old
// settings, unless somebody else (an interactive shell) has changed the raw ones by then.
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { isatty, WriteStream } from "node:tty";
import type { HostTermios, WindowSize } from "../linux/index.ts";
import { hasDescriptorPaths, magic } from "./beneath.ts";

/** Rows and columns now; 24 by 80 where the host does not tell. Node keeps the size it found when a stream was made: each question makes one. */
export function terminalSize(fd: number): WindowSize {
  let size: readonly [columns: number, rows: number] = [80, 24];
  try {
    const own = openSync(hasDescriptorPaths ? magic(fd) : "/dev/tty", constants.O_RDWR | constants.O_NOCTTY);
    const stream = new WriteStream(own);
    size = stream.getWindowSize();
    stream.destroy();
  } catch {
    // No terminal, or one that cannot be opened again.
  }
  return { rows: size[1], columns: size[0], xpixel: 0, ypixel: 0 };
}

/** Settings as `stty -g` tells them; undefined where there is no stty. */
function stty(fd: number, ...args: string[]): string | undefined {
  const { status, stdout } = spawnSync("stty", args, { stdio: [fd, "pipe", "ignore"], encoding: "latin1" });
  return status === 0 ? stdout.trim() : undefined;
}

const saved: (string | undefined)[] = [];

/** Current settings, asked once and before anything changes them. */
function settings(fd: number): string | undefined {
  return (saved[fd] ??= stty(fd, "-g"));
}

/** The settings a guest finds: Linux's form of `stty -g` is four flag words and the control characters, all in hexadecimal. */
export function terminalSettings(fd: number): HostTermios | undefined {
  const words = process.platform === "linux" ? settings(fd)?.split(":") : undefined;
  if (words === undefined || words.length < 4 + 17 || !words.every((word) => /^[0-9a-f]+$/.test(word))) return undefined;
  const [iflag = 0, oflag = 0, cflag = 0, lflag = 0, ...cc] = words.map((word) => Number.parseInt(word, 16));
  return { iflag, oflag, cflag, lflag, cc };
}

/** Whether this process is in the terminal's foreground: a program of the background must not touch it before it reads. */
export function isForeground(): boolean {
  try {
    // After the name in parentheses: state, parent, process group, session, terminal, foreground group.
    const fields = readFileSync("/proc/self/stat", "latin1")
      .replace(/^.*\) /s, "")
      .split(" ");
    return fields[2] === fields[5];
  } catch {
    return true;
  }
}

const WATCHER = 'exec 3<&1; read -r done && exit; [ "$(stty -g <&3)" = "$1" ] && exec stty "$0" <&3';

/** The one terminal that a guest has. */
let taken: RawTerminal | undefined;
let everTaken = false;

class RawTerminal {
  readonly fd: number;
  private readonly before: string | undefined;
  private watcher: ChildProcess | undefined;
  private readonly stop = (): void => this.suspend();
  private readonly goOn = (): void => void this.raw();
  private readonly exit = (): void => this.reset();

  constructor(fd: number) {
    this.fd = fd;
    this.before = settings(fd);
    const now = this.raw();
    if (this.before !== undefined && now !== undefined) this.watch(this.before, now);
    process.on("SIGTSTP", this.stop);
    process.on("SIGCONT", this.goOn);
    process.on("exit", this.exit);
  }

  /** The settings it has then. */
  private raw(): string | undefined {
    if (this.before !== undefined && stty(this.fd, "raw", "-echo", "-iexten") !== undefined) return stty(this.fd, "-g");
    // Without stty output gets a second carriage return, which no screen shows.
    if (process.stdin.isTTY) process.stdin.setRawMode(true);
    return undefined;
  }

  private reset(): void {
    if (this.before !== undefined) stty(this.fd, this.before);
    else if (process.stdin.isTTY) process.stdin.setRawMode(false);
  }

  private watch(before: string, raw: string): void {
    const watcher = spawn("/bin/sh", ["-c", WATCHER, before, raw], { stdio: ["pipe", this.fd, "ignore"], detached: true, cwd: "/" });
    watcher.on("error", () => undefined);
    watcher.stdin?.on("error", () => undefined);
    watcher.unref();
    this.watcher = watcher;
  }

  /** SIGTSTP from outside: the shell finds its terminal as it was. SIGCONT makes it raw again. */
  private suspend(): void {
    this.reset();
    process.kill(process.pid, "SIGSTOP");
  }

  restore(): void {
    process.off("SIGTSTP", this.stop);
    process.off("SIGCONT", this.goOn);
    process.off("exit", this.exit);
    this.reset();
    this.watcher?.stdin?.end("done\n");
    this.watcher = undefined;
  }
}

/**
 * Node sets standard descriptors' terminals, as it ends, to what they were when it started: wrong where a pager has made the terminal raw meanwhile.
 * It leaves closed descriptors alone.
 */
export function leaveAlone(fd: number): void {
  process.on("exit", () => {
    if (taken === undefined && !everTaken) closeSync(fd);
  });
}

/** From now on the terminal behind `fd` only moves bytes. */
export function takeTerminal(fd: number): void {
  taken ??= new RawTerminal(fd);
  everTaken = true;
}

/** Gives the terminal back as it was. */
export function restoreTerminal(): void {
  taken?.restore();
  taken = undefined;
}

/** Whether lines written to `fd` must end in a carriage return of their own: it is the terminal that a guest has. */
export function isRawTerminal(fd: number): boolean {
  return taken !== undefined && isatty(fd) && fstatSync(fd).rdev === fstatSync(taken.fd).rdev;
}
