/**
 * A guest cannot leave a host directory given with --dir. Every test has a mount at /m, a secret beside it in the host, and checks
 * that the secret is neither read nor changed. Through Node's adapter, on the real file system.
 */

import { existsSync, linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  AT_FDCWD,
  AT_REMOVEDIR,
  AT_SYMLINK_FOLLOW,
  AT_SYMLINK_NOFOLLOW,
  O_CREAT,
  O_DIRECTORY,
  O_PATH,
  O_RDONLY,
  O_RDWR,
  O_TRUNC,
  O_WRONLY,
} from "../../../src/linux/abi/fcntl.ts";
import type { HostAnswer, HostRequest, Inputs } from "../../../src/linux/inputs.ts";
import type { OpenFile } from "../../../src/linux/vfs/open-file.ts";
import type { ProcProcess } from "../../../src/linux/vfs/types.ts";
import { NodeInputs } from "../../../src/node/index.ts";
import { emptyProc, errorOf, text, world } from "./support.ts";
import type { World } from "./support.ts";

const SECRET = "the secret";
let top = "";
let inside = "";
let outside = "";

beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), "tsvm-escape-"));
  inside = join(top, "inside");
  outside = join(top, "outside");
  for (const dir of [inside, outside, join(inside, "dir"), join(outside, "dir")]) mkdirSync(dir);
  writeFileSync(join(outside, "secret"), SECRET);
  writeFileSync(join(outside, "dir/secret"), SECRET);
  writeFileSync(join(inside, "file"), "plain");
});

afterEach(() => {
  expect(readFileSync(join(outside, "secret"), "utf8")).toBe(SECRET);
  expect(readdirSync(outside).sort()).toEqual(["dir", "secret"]);
  expect(readdirSync(join(outside, "dir"))).toEqual(["secret"]);
  rmSync(top, { recursive: true });
});

/** An adapter that calls `before` with every request, as a host that changes things meanwhile. */
class Meddling implements Inputs {
  before: (request: HostRequest) => void = () => undefined;
  after: (request: HostRequest) => void = () => undefined;
  readonly real: Inputs;
  readonly paths: string[] = [];

  constructor(real: Inputs) {
    this.real = real;
  }

  ask(id: number, request: HostRequest): HostAnswer | "later" {
    for (const key of ["path", "from"] as const) if (key in request) this.paths.push(request[key as keyof HostRequest]);
    this.before(request);
    const answer = this.real.ask(id, request);
    this.after(request);
    return answer;
  }
}

function mounted(readOnly = false): World & { inputs: Meddling } {
  const inputs = new Meddling(
    new NodeInputs({
      mounts: [
        { host: inside, readOnly },
        { host: inside, readOnly: false },
      ],
    }),
  );
  const made = world({
    inputs,
    mounts: [
      { mount: 0, guest: "/m", readOnly },
      { mount: 1, guest: "/n", readOnly: false },
    ],
    proc: { ...emptyProc, pids: () => [1000], process: () => process },
  });
  const process: ProcProcess = {
    files: made.caller.files,
    fs: made.caller.fs,
    credentials: { uids: [0, 0, 0, 0], gids: [0, 0, 0, 0], groups: [] },
  } as unknown as ProcProcess;
  made.vfs.mkdir(made.caller, AT_FDCWD, "/outside", 0o777);
  return { ...made, inputs };
}

function contents(file: OpenFile): string {
  const into = new Uint8Array(100);
  return text(into.subarray(0, file.read(into)));
}

const read = ({ vfs, caller }: World, path: string): string => contents(vfs.open(caller, AT_FDCWD, path, O_RDONLY, 0));

test("an ordinary file is read and written", () => {
  const w = mounted();
  expect(read(w, "/m/file")).toBe("plain");
  expect(read(w, "/m/dir/../file")).toBe("plain");
  w.vfs.open(w.caller, AT_FDCWD, "/m/new", O_CREAT | O_WRONLY, 0o644).write(Uint8Array.of(65), w.caller);
  expect(readFileSync(join(inside, "new"), "utf8")).toBe("A");
});

test('".." above the mount is the guest\'s own parent', () => {
  const w = mounted();
  for (const path of ["/m/../outside/secret", "/m/dir/../../outside/secret", "/m/../../../../outside/secret", "/m/dir/../../../outside/secret"]) {
    expect(errorOf(() => read(w, path))).toBe("ENOENT");
  }
  w.caller.fs.cwd = w.vfs.at(w.caller, AT_FDCWD, "/m/dir", 0);
  expect(errorOf(() => read(w, "../../outside/secret"))).toBe("ENOENT");
  w.vfs.chdir(w.caller, "../..");
  expect(w.vfs.getcwd(w.caller)).toBe("/");
});

test.each([
  ["absolute", (): string => join(outside, "secret")],
  ["relative", (): string => "../outside/secret"],
  ["relative, far up", (): string => "../".repeat(30) + outside.slice(1) + "/secret"],
  ["through the host's /proc", (): string => "/proc/self/root" + outside + "/secret"],
  ["through the host's /dev/fd", (): string => "/dev/fd/0/../../secret"],
])("a symbolic link is followed in the guest's name space: %s", (_name, target) => {
  symlinkSync(target(), join(inside, "link"));
  const w = mounted();
  expect(errorOf(() => read(w, "/m/link"))).not.toBe("ok");
  expect(errorOf(() => w.vfs.stat(w.caller, AT_FDCWD, "/m/link", 0))).not.toBe("ok");
  expect(w.vfs.readlink(w.caller, AT_FDCWD, "/m/link")).toBe(target());
  expect(errorOf(() => w.vfs.open(w.caller, AT_FDCWD, "/m/link", O_RDWR | O_TRUNC, 0))).not.toBe("ok");
  expect(errorOf(() => w.vfs.truncate(w.caller, "/m/link", 0))).not.toBe("ok");
  expect(errorOf(() => w.vfs.chmod(w.caller, AT_FDCWD, "/m/link", 0, 0))).not.toBe("ok");
});

test("a link to a directory outside leads into the guest's tree, for making names too", () => {
  symlinkSync(outside, join(inside, "out"));
  symlinkSync("../outside", join(inside, "rel"));
  const w = mounted();
  expect(errorOf(() => read(w, "/m/out/secret"))).toBe("ENOENT");
  expect(errorOf(() => read(w, "/m/rel/secret"))).toBe("ENOENT");
  w.vfs.open(w.caller, AT_FDCWD, "/m/rel/made", O_CREAT | O_WRONLY, 0o644);
  expect(w.vfs.stat(w.caller, AT_FDCWD, "/outside/made", 0).size).toBe(0);
  expect(errorOf(() => w.vfs.mkdir(w.caller, AT_FDCWD, "/m/out/x", 0o755))).toBe("ENOENT");
  expect(errorOf(() => w.vfs.unlink(w.caller, AT_FDCWD, "/m/out/secret", 0))).toBe("ENOENT");
});

test("O_CREAT through a dangling link makes the file in the guest's tree", () => {
  symlinkSync("../outside/made", join(inside, "dangling"));
  const w = mounted();
  w.vfs.open(w.caller, AT_FDCWD, "/m/dangling", O_CREAT | O_RDWR, 0o644);
  expect(w.vfs.stat(w.caller, AT_FDCWD, "/outside/made", 0).size).toBe(0);
  expect(existsSync(join(outside, "made"))).toBe(false);
});

test("a guest's own links lead nowhere else", () => {
  const w = mounted();
  w.vfs.symlink(w.caller, join(outside, "secret"), AT_FDCWD, "/m/own");
  expect(errorOf(() => read(w, "/m/own"))).toBe("ENOENT");
  expect(errorOf(() => w.vfs.link(w.caller, AT_FDCWD, "/m/own", AT_FDCWD, "/m/hard", AT_SYMLINK_FOLLOW))).toBe("ENOENT");
  w.vfs.link(w.caller, AT_FDCWD, "/m/own", AT_FDCWD, "/m/hard", 0);
  expect(w.vfs.readlink(w.caller, AT_FDCWD, "/m/hard")).toBe(join(outside, "secret"));
});

test("names do not cross mounts, not even of one host directory", () => {
  const w = mounted();
  w.vfs.open(w.caller, AT_FDCWD, "/tmp/t", O_CREAT, 0o644);
  for (const [from, to] of [
    ["/m/file", "/tmp/f"],
    ["/tmp/t", "/m/t"],
    ["/m/file", "/n/f"],
    ["/m/dir", "/n/d"],
  ] as const) {
    expect(errorOf(() => w.vfs.rename(w.caller, AT_FDCWD, from, AT_FDCWD, to, 0))).toBe("EXDEV");
    if (from !== "/m/dir") expect(errorOf(() => w.vfs.link(w.caller, AT_FDCWD, from, AT_FDCWD, to, 0))).toBe("EXDEV");
  }
});

test("the mount point stays", () => {
  const w = mounted();
  expect(errorOf(() => w.vfs.unlink(w.caller, AT_FDCWD, "/m", AT_REMOVEDIR))).toBe("EBUSY");
  expect(errorOf(() => w.vfs.rename(w.caller, AT_FDCWD, "/m", AT_FDCWD, "/other", 0))).toBe("EBUSY");
});

test("descriptors and /proc/self/fd do not help", () => {
  const w = mounted();
  const { vfs, caller } = w;
  const fd = caller.files.add(vfs.open(caller, AT_FDCWD, "/m", O_PATH | O_DIRECTORY, 0), { closeOnExec: false, limit: 100 });
  expect(errorOf(() => vfs.open(caller, fd, "../outside/secret", O_RDONLY, 0))).toBe("ENOENT");
  expect(vfs.stat(caller, fd, "..", 0).ino).toBe(vfs.stat(caller, AT_FDCWD, "/", 0).ino);
  expect(errorOf(() => read(w, `/proc/self/fd/${fd}/../outside/secret`))).toBe("ENOENT");
  expect(read(w, `/proc/self/fd/${fd}/file`)).toBe("plain");
  expect(vfs.readlink(caller, AT_FDCWD, `/proc/self/fd/${fd}`)).toBe("/m");
  expect(errorOf(() => read(w, `/proc/self/cwd/../../outside/secret`))).toBe("ENOENT");
});

test("a directory that the host moves out of the mount is lost, not followed", () => {
  const w = mounted();
  const { vfs, caller } = w;
  const fd = caller.files.add(vfs.open(caller, AT_FDCWD, "/m/dir", O_DIRECTORY, 0), { closeOnExec: false, limit: 100 });
  vfs.chdir(caller, "/m/dir");
  const moved = join(top, "moved");
  renameSync(join(inside, "dir"), moved);
  writeFileSync(join(moved, "leak"), SECRET);
  w.port.begin();
  expect(errorOf(() => vfs.open(caller, fd, "leak", O_RDONLY, 0))).toBe("ENOENT");
  expect(errorOf(() => vfs.open(caller, AT_FDCWD, "leak", O_RDONLY, 0))).toBe("ENOENT");
  expect(errorOf(() => vfs.mkdir(caller, AT_FDCWD, "made", 0o755))).toBe("ENOENT");
  expect(errorOf(() => vfs.open(caller, fd, "../../outside/secret", O_RDONLY, 0))).toBe("ENOENT");
  expect(readdirSync(moved)).toEqual(["leak"]);
});

/** What a guest does at /m/dir/secret while the host puts a link in place of `dir`. */
const ACTIONS: readonly (readonly [name: string, act: (w: World) => unknown])[] = [
  ["open", (w) => read(w, "/m/dir/secret")],
  ["create", (w) => w.vfs.open(w.caller, AT_FDCWD, "/m/dir/made", O_CREAT | O_WRONLY, 0o644)],
  ["truncating open", (w) => w.vfs.open(w.caller, AT_FDCWD, "/m/dir/secret", O_WRONLY | O_TRUNC, 0)],
  ["truncate", (w) => w.vfs.truncate(w.caller, "/m/dir/secret", 0)],
  ["stat", (w) => w.vfs.stat(w.caller, AT_FDCWD, "/m/dir/secret", AT_SYMLINK_NOFOLLOW)],
  ["mkdir", (w) => w.vfs.mkdir(w.caller, AT_FDCWD, "/m/dir/made", 0o755)],
  ["unlink", (w) => w.vfs.unlink(w.caller, AT_FDCWD, "/m/dir/secret", 0)],
  ["rename away", (w) => w.vfs.rename(w.caller, AT_FDCWD, "/m/dir/secret", AT_FDCWD, "/m/stolen", 0)],
  ["rename over", (w) => w.vfs.rename(w.caller, AT_FDCWD, "/m/file", AT_FDCWD, "/m/dir/secret", 0)],
  ["link", (w) => w.vfs.link(w.caller, AT_FDCWD, "/m/dir/secret", AT_FDCWD, "/m/stolen", 0)],
  ["link into", (w) => w.vfs.link(w.caller, AT_FDCWD, "/m/file", AT_FDCWD, "/m/dir/made", 0)],
  ["symlink", (w) => w.vfs.symlink(w.caller, "x", AT_FDCWD, "/m/dir/made")],
  ["chmod", (w) => w.vfs.chmod(w.caller, AT_FDCWD, "/m/dir/secret", 0, 0)],
  ["utimens", (w) => w.vfs.utimens(w.caller, AT_FDCWD, "/m/dir/secret", "now", "now", 0)],
  ["list", (w) => w.vfs.open(w.caller, AT_FDCWD, "/m/dir", O_DIRECTORY, 0).readDirectory(new Uint8Array(4096))],
];

test.each(ACTIONS)("a directory swapped for a link at any moment: %s", (_name, act) => {
  for (let moment = 1; moment < 12; moment++) {
    rmSync(inside, { recursive: true });
    mkdirSync(join(inside, "dir"), { recursive: true });
    writeFileSync(join(inside, "file"), "plain");
    writeFileSync(join(inside, "dir/secret"), "own");
    const w = mounted();
    let asked = 0;
    w.inputs.after = () => {
      if (++asked !== moment) return;
      renameSync(join(inside, "dir"), join(inside, "aside"));
      symlinkSync(join(outside, "dir"), join(inside, "dir"));
    };
    w.port.begin();
    try {
      expect(act(w)).not.toBe(SECRET);
    } catch (error) {
      expect(["ELOOP", "ENOTDIR", "ENOENT", "EEXIST", "EXDEV"]).toContain((error as Error).name);
    }
    expect(readFileSync(join(outside, "dir/secret"), "utf8")).toBe(SECRET);
    expect(existsSync(join(inside, "stolen")) && readFileSync(join(inside, "stolen"), "utf8") === SECRET).toBe(false);
  }
});

test("a file swapped for a link between the walk and the opening", () => {
  const w = mounted();
  w.inputs.after = (request) => {
    if (request.op !== "lstat" || request.path !== "file") return;
    rmSync(join(inside, "file"));
    symlinkSync(join(outside, "secret"), join(inside, "file"));
    w.inputs.after = () => undefined;
  };
  expect(errorOf(() => read(w, "/m/file"))).toBe("ELOOP");
});

test("a hard link to a file outside is the file's own business: the host made it", () => {
  linkSync(join(outside, "secret"), join(inside, "hard"));
  expect(read(mounted(), "/m/hard")).toBe(SECRET);
});

test("requests never name what the adapter would have to interpret", () => {
  symlinkSync("../outside", join(inside, "link"));
  const w = mounted();
  for (const path of ["/m//dir/./../file", "/m/dir/", "/m/link/../x", "/m/./file", "/m/dir//..//dir/.."]) {
    errorOf(() => w.vfs.stat(w.caller, AT_FDCWD, path, 0));
    errorOf(() => w.vfs.open(w.caller, AT_FDCWD, path, O_CREAT | O_RDWR, 0o644));
    errorOf(() => w.vfs.rename(w.caller, AT_FDCWD, path, AT_FDCWD, path + "x", 0));
  }
  for (const path of w.inputs.paths) expect(path === "" || path.split("/").every((name) => !["", ".", ".."].includes(name)), path).toBe(true);
});

test("a read-only mount refuses every change", () => {
  const w = mounted(true);
  const { vfs, caller } = w;
  expect(read(w, "/m/file")).toBe("plain");
  for (const change of [
    () => vfs.open(caller, AT_FDCWD, "/m/file", O_WRONLY, 0),
    () => vfs.open(caller, AT_FDCWD, "/m/file", O_TRUNC, 0),
    () => vfs.open(caller, AT_FDCWD, "/m/new", O_CREAT, 0o644),
    () => vfs.mkdir(caller, AT_FDCWD, "/m/new", 0o755),
    () => vfs.unlink(caller, AT_FDCWD, "/m/file", 0),
    () => vfs.unlink(caller, AT_FDCWD, "/m/dir", AT_REMOVEDIR),
    () => vfs.rename(caller, AT_FDCWD, "/m/file", AT_FDCWD, "/m/other", 0),
    () => vfs.link(caller, AT_FDCWD, "/m/file", AT_FDCWD, "/m/other", 0),
    () => vfs.symlink(caller, "x", AT_FDCWD, "/m/other"),
    () => vfs.chmod(caller, AT_FDCWD, "/m/file", 0, 0),
    () => vfs.chown(caller, AT_FDCWD, "/m/file", 1, 1, 0),
    () => vfs.utimens(caller, AT_FDCWD, "/m/file", "now", "now", 0),
    () => vfs.truncate(caller, "/m/file", 0),
    () => vfs.access(caller, AT_FDCWD, "/m/file", 2, 0),
  ]) {
    expect(errorOf(change)).toBe("EROFS");
  }
  expect(readFileSync(join(inside, "file"), "utf8")).toBe("plain");
});
