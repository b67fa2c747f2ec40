// Sessions at a terminal, driven through tmux, with Debian's busybox-static and our own programs/terminal.
//   npm run build && npx vitest run test/cli/terminal.test.ts
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const tsvm = `'${process.execPath}' '${join(root, "bin/tsvm.js")}' run`;
const probe = join(root, "programs/terminal/terminal");
const busybox = "/bin/busybox";
const hasTmux = spawnSync("tmux", ["-V"]).status === 0;
const isStatic = existsSync(busybox) && !readFileSync(busybox).includes("/lib64/ld-linux-x86-64.so.2");

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "tsvm-tty-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let sessions = 0;

/** A shell (dash) in a terminal of 70 columns and 12 rows. */
class Session {
  readonly #socket = join(folder, `tmux${++sessions}`);

  constructor() {
    this.#tmux("-f", "/dev/null", "new-session", "-d", "-x", "70", "-y", "12", "-s", "t", "-c", folder, "env PS1='==>' sh");
  }

  #tmux(...args: string[]): string {
    return execFileSync("tmux", ["-S", this.#socket, ...args], { encoding: "utf8", env: { ...process.env, TERM: "xterm" } });
  }

  /** Text as typed. */
  type(text: string): void {
    this.#tmux("send-keys", "-t", "t", "-l", "--", text);
  }

  /** Keys by tmux's names: Enter, Escape, C-c. */
  press(...keys: string[]): void {
    this.#tmux("send-keys", "-t", "t", ...keys);
  }

  line(text: string): void {
    this.type(text);
    this.press("Enter");
  }

  resize(columns: number, rows: number): void {
    this.#tmux("resize-window", "-t", "t", "-x", String(columns), "-y", String(rows));
  }

  screen(): string {
    return this.#tmux("capture-pane", "-p", "-t", "t");
  }

  /** The screen once it matches. */
  async sees(pattern: RegExp): Promise<string> {
    for (const until = Date.now() + 15_000; Date.now() < until;) {
      const screen = this.screen();
      if (pattern.test(screen)) return screen;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`${String(pattern)} is not seen on\n${this.screen()}`);
  }

  /** Process id of the shell, and of what runs in it. */
  get shell(): number {
    return Number(this.#tmux("display-message", "-p", "-t", "t", "#{pane_pid}"));
  }

  get child(): number {
    return Number(readFileSync(`/proc/${this.shell}/task/${this.shell}/children`, "utf8").trim().split(" ")[0]);
  }

  settings(): string {
    return execFileSync("stty", ["-F", readlinkSync(`/proc/${this.shell}/fd/0`), "-g"], { encoding: "utf8" });
  }

  end(): void {
    this.#tmux("kill-server");
  }
}

function session(name: string, play: (at: Session) => Promise<void>): void {
  it.skipIf(!hasTmux)(name, { timeout: 120_000 }, async () => {
    const at = new Session();
    try {
      await at.sees(/==>$/m);
      await play(at);
    } finally {
      at.end();
    }
  });
}

describe("a session at a terminal", () => {
  session("has keys, signals and the window's size; Ctrl-Z is reported", async (at) => {
    const before = at.settings();
    at.line(`${tsvm} ${probe} size catch-restart=28 key read=99 size`);
    await at.sees(/\{size 12 70\}\n<1>/);
    expect(at.settings()).not.toBe(before);
    at.resize(60, 10);
    await at.sees(/\{signal 28\}/);
    at.type("abx");
    at.press("BSpace");
    at.type("c");
    await at.sees(/abc/);
    at.press("C-z");
    await at.sees(/\^Ztsvm: SIGTSTP: [^]*rted yet\n/);
    at.line("d");
    await at.sees(/\{read 2 d\\0a\}\n\{size 10 60\}\n==>$/m);
    expect(at.settings()).toBe(before);
    at.line(`${tsvm} ${probe} key sleep=60000`);
    await at.sees(/<1>$/m);
    at.press("C-c");
    await at.sees(/\^C==>$/m);
    at.line("echo status $?");
    await at.sees(/status 130/);
    expect(at.settings()).toBe(before);
  });

  for (const signal of ["SIGTERM", "SIGHUP", "SIGINT", "SIGKILL", "SIGABRT"] as const) {
    session(`is left as it was found by ${signal}`, async (at) => {
      const before = at.settings();
      at.line(`${tsvm} ${probe} l-12 key read=1`);
      await at.sees(/<1>$/m);
      expect(at.settings()).not.toBe(before);
      process.kill(at.child, signal);
      await at.sees(/<1>[^]*==>$/m);
      await expect.poll(() => at.settings(), { timeout: 5000 }).toBe(before);
    });
  }

  session("leaves the terminal to a pager at the end of the pipe", async (at) => {
    at.line(
      `${tsvm} ${probe} sleep=500 say=one say=two | (read x; stty raw -echo < /dev/tty; echo "$x" ready; sleep 3; stty -a < /dev/tty | grep -o '.icanon'; stty sane < /dev/tty)`,
    );
    await at.sees(/one ready[^]*-icanon/);
  });
});

describe.skipIf(!isStatic)("busybox", () => {
  session("vi edits a file", async (at) => {
    writeFileSync(join(folder, "note"), "hello\n");
    at.line(`${tsvm} --dir . ${busybox} vi note`);
    await at.sees(/^hello\n~[^]*note 1\/1/);
    at.type("A world");
    at.press("Escape");
    // A key that follows at once would be part of an escape sequence.
    await at.sees(/^hello world\n[^]*^- note/m);
    at.type("osecond");
    at.press("Escape");
    await at.sees(/^- note \[Modified\] 2\/2/m);
    await at.sees(/^hello world\nsecond\n~/);
    at.line(":wq");
    await at.sees(/==>$/m);
    expect(readFileSync(join(folder, "note"), "utf8")).toBe("hello world\nsecond\n");
  });

  session("less scrolls and follows the window's size", async (at) => {
    writeFileSync(join(folder, "lines"), Array.from({ length: 100 }, (_, i) => `line ${i + 1}\n`).join(""));
    at.line(`${tsvm} --dir . ${busybox} less lines`);
    await at.sees(/^line 1\n[^]*line 11\n/);
    at.press("Space");
    await at.sees(/^line 12\n[^]*line 22\n/);
    at.resize(40, 8);
    at.type("j");
    await at.sees(/line \d+\n(line \d+\n){6}:/);
    at.press("C-z");
    await at.sees(/SIGTSTP/);
    at.type("q");
    await at.sees(/==>$/m);
  });
});
