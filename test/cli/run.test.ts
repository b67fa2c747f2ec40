// The command as a user meets it.  npm run build && npx vitest run test/cli/run.test.ts
import { spawn } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const tsvm = join(root, "bin/tsvm.js");
const program = (name: string): string => join(root, "programs", name, name);

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "tsvm-cli-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly out: string;
  readonly err: string;
  /** Exit status; the signal's name where one ended tsvm itself. */
  readonly status: number | string;
}

interface Setting {
  readonly input?: string;
  readonly env?: Record<string, string>;
  /** Sent when the first output has come. */
  readonly signal?: NodeJS.Signals;
}

function run(args: string[], { input = "", env = {}, signal }: Setting = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [tsvm, ...args], { cwd: folder, env: { PATH: "/bin", ...env } });
    let out = "";
    let err = "";
    child.stdout.on("data", (data: Buffer) => {
      if (out === "" && signal) child.kill(signal);
      out += data.toString("latin1");
    });
    child.stderr.on("data", (data: Buffer) => (err += data.toString("latin1")));
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
    child.on("close", (status, by) => resolve({ out, err, status: status ?? by ?? "?" }));
  });
}

/** Standard output of a shell line in which $tsvm is the command; the status is that of its first pipe member. */
function shell(line: string): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn("/bin/bash", ["-c", `tsvm() { '${process.execPath}' '${tsvm}' run "$@"; }; ${line}; exit "\${PIPESTATUS[0]}"`], {
      cwd: root,
    });
    let out = "";
    let err = "";
    child.stdout.on("data", (data: Buffer) => (out += data.toString("latin1")));
    child.stderr.on("data", (data: Buffer) => (err += data.toString("latin1")));
    child.on("close", (status) => resolve({ out, err, status: status ?? -1 }));
  });
}

describe.concurrent("a run", () => {
  it("prints what the program prints and exits as it does", async () => {
    const ended = await run(["run", program("arguments"), "--stats", "-x", "--", "last"], { input: "one line\n", env: { A: "b" } });
    expect(ended.status).toBe(41);
    expect(ended.err).toBe("done after 1 lines\n");
    expect(ended.out).toContain('argc 5\nargv[1] "--stats"\nargv[2] "-x"\nargv[3] "--"\nargv[4] "last"\nenv "PATH=/bin"\nenv "A=b"\n');
    expect(ended.out).toContain('stdin 1 "one line" (8 bytes)\n');
  });

  it("passes bytes that are no UTF-8", async () => {
    const ended = await shell(`tsvm programs/arguments/arguments $'\\xff\\xfe' plain < /dev/null`);
    expect(ended.out).toContain('argv[1] "\xff\xfe"\nargv[2] "plain"\n');
  });

  it("--env sets, replaces and passes; --deterministic leaves out the rest", async () => {
    const args = ["run", "--env", "A=new", "--env", "C=3", program("arguments")];
    expect((await run(args, { env: { A: "old", B: "2" } })).out).toContain('env "PATH=/bin"\nenv "A=new"\nenv "B=2"\nenv "C=3"\nargv ends');
    const fixed = ["run", "--deterministic", "--env", "B", "--env", "NOT_SET", ...args.slice(1)];
    expect((await run(fixed, { env: { A: "old", B: "2" } })).out).toContain('argc 1\nenv "B=2"\nenv "A=new"\nenv "C=3"\nargv ends');
  });

  it("a signal that the guest does not handle ends it: 128 and its number", async () => {
    expect((await run(["run", program("sha256")], { signal: "SIGTERM" })).status).toBe(143);
    expect((await run(["run", program("sha256")], { signal: "SIGINT" })).status).toBe(130);
  });

  it("a reader that goes away is SIGPIPE for the guest: 141, and not a word", async () => {
    const ended = await shell(`tsvm programs/life/life | head -c 1 >/dev/null`);
    expect([0, 141]).toContain(ended.status);
    expect(ended.err).toBe("");
  });

  it("leaves what it did not read to the next program", async () => {
    expect((await shell(`printf 'x' | { tsvm programs/hello/hello; cat; }`)).out).toBe("Hello from assembly.\nx");
  });

  it("--max-instructions stops exactly there: 124", async () => {
    const ended = await run(["run", "--max-instructions", "1000", "--stats", program("hello-glibc")]);
    expect(ended.status).toBe(124);
    expect(ended.err).toMatch(/^tsvm: 1,000 instructions in .*\ntsvm: stopped after 1000 instructions \(--max-instructions\)\n$/);
  });

  it("--deterministic: the same count whatever the host's environment, path and pieces of input; --window changes nothing", async () => {
    const counts = await Promise.all([
      shell(`tsvm --deterministic --stats programs/arguments/arguments < programs/arguments/stdin`),
      shell(`cd /; X=1 Y=2 tsvm --deterministic --stats '${program("arguments")}' < '${join(root, "programs/arguments/stdin")}'`),
      shell(`tsvm --deterministic --window 20 --stats programs/arguments/arguments < programs/arguments/stdin`),
    ]);
    const seen = counts.map(({ err, out }) => `${/tsvm: ([\d,]+) instructions/.exec(err)?.[1]} ${out}`);
    expect(seen[0]).toMatch(/^[\d,]{5,} argc 1\n/);
    expect(seen[1]).toBe(seen[0]);
    expect(seen[2]).toBe(seen[0]);
    const pieces = (line: string): Promise<Ended> => shell(`${line} | tsvm --deterministic --stats programs/arguments/arguments; true`);
    const [whole, cut] = await Promise.all([pieces("printf 'a\\nbc\\n'"), pieces("{ printf 'a\\nb'; sleep 0.3; printf 'c\\n'; }")]);
    const count = (ended: Ended): string | undefined => /tsvm: ([\d,]+) instructions/.exec(ended.err)?.[1];
    expect(count(cut)).toBe(count(whole));
    expect(count(whole)).toBeDefined();
  });

  it("--no-jit changes nothing", async () => {
    const shown = async (...options: string[]): Promise<string> => {
      const { out, err } = await run(["run", "--deterministic", "--stats", ...options, program("sha256")]);
      return `${/tsvm: ([\d,]+) instructions/.exec(err)?.[1]} ${out}`;
    };
    const compiled = await shown();
    expect(compiled).toMatch(/^\d{2,3},\d{3},\d{3} /);
    expect(await shown("--no-jit")).toBe(compiled);
  });

  it("--root: a program of the guest, whose directory stays as it is; an image goes on with it", async () => {
    const rootfs = join(folder, "rootfs");
    mkdirSync(join(rootfs, "bin"), { recursive: true });
    copyFileSync(program("arguments"), join(rootfs, "bin/arguments"));
    symlinkSync("/bin/arguments", join(rootfs, "program"));
    const ended = await run(["run", "--root", rootfs, "/program", "a"], { input: "one\n" });
    expect(ended).toMatchObject({ status: 41, err: "done after 1 lines\n" });
    expect(ended.out).toContain('argc 2\nargv[1] "a"\n');
    expect(readdirSync(rootfs)).toEqual(["bin", "program"]);
    const image = join(folder, "rootfs.core");
    expect((await run(["snapshot", "--at", "1000", "--root", rootfs, "-o", image, "bin/arguments", "b"])).err).not.toContain("rror");
    expect((await run(["restore", image])).status).toBe(2);
    expect((await run(["restore", "--dir", `${rootfs}::/:ro`, image])).out).toContain('argc 2\nargv[1] "b"\n');
    expect(await run(["run", "--root", rootfs, "/nowhere"])).toMatchObject({ status: 127 });
    expect(await run(["run", "--root", "/nowhere", "/program"])).toEqual({
      out: "",
      err: "tsvm: cannot open --root /nowhere: ENOENT\n",
      status: 125,
    });
    expect(await run(["run", "--root", rootfs, "--dir", `${rootfs}::/`, "/program"])).toMatchObject({ status: 2 });
    expect(await run(["run", "--root", rootfs, "--image", "x.tar", "/program"])).toMatchObject({ status: 2 });
  });

  it("--strace shows the calls", async () => {
    const { err } = await run(["run", "--strace", program("hello")]);
    expect(err).toMatch(/^execve\(".*hello", \[".*"(?:\.\.\.)?\], 0x[0-9a-f]+ \/\* 1 var \*\/\) = 0\n/);
    expect(err).toContain('write(1, "Hello from assembly.\\n", 21)');
    expect(err).toMatch(/\+\+\+ exited with 0 \+\+\+\n$/);
  });
});

describe.concurrent("what cannot be run is said in one line", () => {
  const oneLine = /^tsvm: [^\n]+\n$/;

  it("127: not there", async () => {
    expect(await run(["run", "nowhere"])).toEqual({ out: "", err: "tsvm: nowhere: not found\n", status: 127 });
  });

  it("126: a directory, no permission, no ELF file, cut off, dynamic", async () => {
    writeFileSync(join(folder, "text"), "hello", { mode: 0o755 });
    writeFileSync(join(folder, "private"), "hello", { mode: 0o644 });
    writeFileSync(join(folder, "cut"), readFileSync(program("hello-musl")).subarray(0, 100));
    chmodSync(join(folder, "cut"), 0o755);
    for (const path of [folder, "text", "private", "cut", process.execPath]) {
      const ended = await run(["run", path]);
      expect(ended, path).toMatchObject({ status: 126, out: "" });
      expect(ended.err, path).toMatch(oneLine);
      expect(ended.err, path).toContain(path);
    }
  });

  it("125: a --dir that is not there", async () => {
    const ended = await run(["run", "--dir", "/nowhere", program("hello")]);
    expect(ended).toEqual({ out: "", err: "tsvm: cannot open --dir /nowhere: ENOENT\n", status: 125 });
  });

  it.each([
    [["run"]],
    [["frob"]],
    [["run", "--frob", "x"]],
    [["run", "--dir", "/x::y", "x"]],
    [["run", "--max-instructions", "0", "x"]],
    [["run", "--window", "99", "x"]],
    [["run", "--cpu", "v9", "x"]],
  ])("2: %j", async (args) => {
    const ended = await run(args);
    expect(ended.status).toBe(2);
    expect(ended.out).toBe("");
    expect(ended.err).toMatch(/^tsvm: /);
    expect(ended.err).not.toMatch(/ at |node:/);
  });

  it("0: --version, --help", async () => {
    expect((await run(["--version"])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
    const help = await run(["help", "run"]);
    expect(help.status).toBe(0);
    expect(help.out).toContain("--deterministic");
    expect(help.out.split("\n").every((line) => line.length <= 150)).toBe(true);
  });
});
