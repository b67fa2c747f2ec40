/**
 * A host directory below memory (`--root`): what the guest sees, and that the host's directory stays as it was, whatever is done above it; nor
 * does anything lead out of it. Through Node's adapter, on the real file system.
 */

import { execFileSync } from "node:child_process";
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  AT_FDCWD,
  AT_REMOVEDIR,
  AT_SYMLINK_FOLLOW,
  AT_SYMLINK_NOFOLLOW,
  O_APPEND,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_RDONLY,
  O_RDWR,
  O_TRUNC,
  O_WRONLY,
  RENAME_EXCHANGE,
  SEEK_DATA,
  SEEK_END,
  SEEK_HOLE,
} from "../../../src/linux/abi/fcntl.ts";
import { OVERLAYFS_SUPER_MAGIC } from "../../../src/linux/abi/stat.ts";
import type { HostAnswer, HostRequest, Inputs } from "../../../src/linux/inputs.ts";
import type { OpenFile } from "../../../src/linux/vfs/open-file.ts";
import { NodeInputs } from "../../../src/node/index.ts";
import { bytes, errorOf, text, world } from "./support.ts";
import type { World } from "./support.ts";

const SECRET = "the secret";
let top = "";
let root = "";
let outside = "";
let before: string[] = [];

/** Everything below a directory: names, modes, times and content. */
function everything(dir: string): string[] {
  return readdirSync(dir)
    .toSorted()
    .flatMap((name) => {
      const path = join(dir, name);
      const stat = lstatSync(path);
      const head = `${path} ${stat.mode.toString(8)} ${stat.uid} ${stat.mtimeMs} ${stat.nlink}`;
      if (stat.isSymbolicLink()) return [`${head} -> ${readlinkSync(path)}`];
      if (stat.isDirectory()) return [head, ...everything(path)];
      return [stat.isFile() ? `${head} ${readFileSync(path, "latin1")}` : head];
    });
}

beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), "tsvm-overlay-"));
  root = join(top, "root");
  outside = join(top, "outside");
  for (const dir of [root, outside, join(root, "etc"), join(root, "etc/deep"), join(root, "empty")]) mkdirSync(dir);
  writeFileSync(join(outside, "secret"), SECRET);
  writeFileSync(join(root, "etc/motd"), "of the host");
  writeFileSync(join(root, "etc/hosts"), "hosts");
  writeFileSync(join(root, "etc/deep/leaf"), "leaf");
  writeFileSync(join(root, "private"), "mine", { mode: 0o600 });
  utimesSync(join(root, "etc/motd"), 1000, 2000);
  linkSync(join(root, "etc/hosts"), join(root, "etc/same"));
  symlinkSync("/etc/motd", join(root, "absolute"));
  symlinkSync("../../../../etc/motd", join(root, "etc/deep/relative"));
  symlinkSync(outside, join(root, "out"));
  symlinkSync("../outside/secret", join(root, "up"));
  symlinkSync("../../outside/secret", join(root, "etc/up"));
  execFileSync("mkfifo", [join(root, "fifo")]);
  chmodSync(join(root, "etc"), 0o755);
  before = everything(top);
});

afterEach(() => {
  expect(everything(top)).toEqual(before);
  rmSync(top, { recursive: true });
});

/** An adapter that calls `before` with every request, as a host that changes things meanwhile. */
class Meddling implements Inputs {
  before: (request: HostRequest) => void = () => undefined;
  readonly requests: HostRequest[] = [];
  readonly real: Inputs;

  constructor(real: Inputs) {
    this.real = real;
  }

  ask(id: number, request: HostRequest): HostAnswer | "later" {
    this.requests.push(request);
    this.before(request);
    return this.real.ask(id, request);
  }
}

function rooted(uid = 0): World & { inputs: Meddling } {
  const inputs = new Meddling(new NodeInputs({ mounts: [{ host: root, readOnly: true }] }));
  return { ...world({ inputs, mounts: [{ mount: 0, guest: "/", readOnly: true, overlay: true }], uid }), inputs };
}

function contents(file: OpenFile): string {
  const into = new Uint8Array(100);
  return text(into.subarray(0, file.pread(into, 0)));
}

const open = ({ vfs, caller }: World, path: string, flags: number = O_RDONLY): OpenFile => vfs.open(caller, AT_FDCWD, path, flags, 0o644).retain();
const read = (w: World, path: string): string => contents(open(w, path));
const write = (w: World, path: string, what: string, flags: number = O_WRONLY): number => open(w, path, flags).write(bytes(what), w.caller);
const stat = ({ vfs, caller }: World, path: string) => vfs.stat(caller, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW);
const rename = ({ vfs, caller }: World, from: string, to: string, flags = 0): void => vfs.rename(caller, AT_FDCWD, from, AT_FDCWD, to, flags);
const remove = ({ vfs, caller }: World, path: string, flags = 0): void => vfs.unlink(caller, AT_FDCWD, path, flags);

/** Names of a directory in alphabetical order. */
function names(w: World, path: string): string {
  const { dentry } = open(w, path, O_RDONLY | O_DIRECTORY);
  return dentry.inode
    .list(dentry, 2)
    .entries.map(({ name }) => name)
    .toSorted()
    .join(" ");
}

test("the host's names with the machine's own over them", () => {
  const w = rooted();
  expect(names(w, "/")).toBe("absolute dev empty etc fifo out private proc sys tmp up");
  expect(names(w, "/etc")).toBe("deep hosts motd same up");
  expect(read(w, "/etc/motd")).toBe("of the host");
  expect(read(w, "/absolute")).toBe("of the host");
  expect(read(w, "/etc/deep/relative")).toBe("of the host");
  expect(stat(w, "/etc/motd")).toMatchObject({ mode: 0o100644, size: 11, mtime: { sec: 2000 }, nlink: 1 });
  expect(w.vfs.statfs(w.caller, "/etc").type).toBe(OVERLAYFS_SUPER_MAGIC);
  expect(errorOf(() => read(w, "/etc/nothing"))).toBe("ENOENT");
  expect(errorOf(() => read(w, "/etc/motd/x"))).toBe("ENOTDIR");
  expect(stat(w, "/dev/null").mode).toBe(0o020666);
  expect(w.inputs.requests.some(({ op }) => !["lstat", "readlink", "readdir", "open", "file.pread", "file.fstat", "file.close"].includes(op))).toBe(
    false,
  );
});

test("a file that is only read stays with the host", () => {
  const w = rooted();
  const file = open(w, "/etc/motd");
  expect([file.seek(0, SEEK_END), file.seek(3, SEEK_DATA), file.seek(3, SEEK_HOLE)]).toEqual([11, 3, 11]);
  const page = new Uint8Array(4096);
  expect(file.mapping(false, true).fillPage(0, page)).toBe(true);
  expect(text(page.subarray(0, 12))).toBe("of the host\0");
  expect(file.backing().fillPage(1, page)).toBe(false);
  expect(w.inputs.requests.filter(({ op }) => op === "open")).toHaveLength(1);
  const other = open(w, "/etc/hosts");
  other.unref();
  expect(w.inputs.requests.at(-1)?.op).toBe("file.close");
});

test("writing makes the content memory's, for those too that have it open or mapped", () => {
  const w = rooted();
  const early = open(w, "/etc/motd");
  const mapped = early.mapping(true, false);
  expect(write(w, "/etc/motd", "OF")).toBe(2);
  expect(contents(early)).toBe("OF the host");
  write(w, "/etc/motd", "!", O_WRONLY | O_APPEND);
  const page = new Uint8Array(4096);
  mapped.sharedPage(0)?.read(0, page);
  expect(text(page.subarray(0, 12))).toBe("OF the host!");
  expect(mapped.sharedPage(1)).toBeUndefined();
  expect(stat(w, "/etc/motd")).toMatchObject({ size: 12, ino: early.stat().ino });
  write(w, "/etc/hosts", "new", O_RDWR | O_TRUNC);
  expect(read(w, "/etc/hosts")).toBe("new");
  expect(read(w, "/etc/same")).toBe("hosts");
  w.vfs.truncate(w.caller, "/etc/same", 2);
  expect(read(w, "/etc/same")).toBe("ho");
});

test("a shared mapping of a file nobody wrote to", () => {
  const w = rooted();
  const page = new Uint8Array(4096);
  open(w, "/etc/deep/leaf", O_RDWR).mapping(true, true).sharedPage(0)?.read(0, page);
  expect(text(page.subarray(0, 5))).toBe("leaf\0");
});

test("a large file comes up whole", () => {
  const large = Uint8Array.from({ length: 2_500_000 }, (_, i) => (i * 7) ^ (i >> 8));
  writeFileSync(join(root, "large"), large);
  before = everything(top);
  const w = rooted();
  const file = open(w, "/large", O_RDWR);
  const into = new Uint8Array(3_000_000);
  expect(file.pread(into, 0)).toBe(large.length);
  expect(Buffer.compare(into.subarray(0, large.length), large)).toBe(0);
});

test("mode, owner and times change in memory, the content stays below", () => {
  const w = rooted();
  w.vfs.chmod(w.caller, AT_FDCWD, "/etc/motd", 0o600, 0);
  w.vfs.chown(w.caller, AT_FDCWD, "/etc/motd", 5, 6, 0);
  w.vfs.utimens(w.caller, AT_FDCWD, "/etc/motd", { sec: 1, nsec: 2 }, { sec: 3, nsec: 4 }, 0);
  w.vfs.chmod(w.caller, AT_FDCWD, "/etc", 0o700, 0);
  expect(stat(w, "/etc/motd")).toMatchObject({ mode: 0o100600, uid: 5, gid: 6, atime: { sec: 1 }, mtime: { sec: 3, nsec: 4 }, size: 11 });
  expect(stat(w, "/etc").mode).toBe(0o040700);
  expect(read(w, "/etc/motd")).toBe("of the host");
});

test("what is removed stays away, what is made in its place is new", () => {
  const w = rooted();
  const file = open(w, "/etc/motd");
  remove(w, "/etc/motd");
  expect(errorOf(() => read(w, "/etc/motd"))).toBe("ENOENT");
  expect(names(w, "/etc")).toBe("deep hosts same up");
  expect(contents(file)).toBe("of the host");
  expect(file.stat().nlink).toBe(0);
  write(w, "/etc/motd", "again", O_WRONLY | O_CREAT | O_EXCL);
  expect(read(w, "/etc/motd")).toBe("again");
  remove(w, "/etc/motd");
  expect(errorOf(() => read(w, "/etc/motd"))).toBe("ENOENT");
  remove(w, "/absolute");
  remove(w, "/fifo");
  expect(names(w, "/")).toBe("dev empty etc out private proc sys tmp up");
});

test("directories: ENOTEMPTY for names of the host, and nothing shows through a new one", () => {
  const w = rooted();
  expect(errorOf(() => remove(w, "/etc/deep", AT_REMOVEDIR))).toBe("ENOTEMPTY");
  expect(errorOf(() => rename(w, "/empty", "/etc/deep"))).toBe("ENOTEMPTY");
  remove(w, "/etc/deep/leaf");
  remove(w, "/etc/deep/relative");
  remove(w, "/etc/deep", AT_REMOVEDIR);
  w.vfs.mkdir(w.caller, AT_FDCWD, "/etc/deep", 0o755);
  expect(names(w, "/etc/deep")).toBe("");
  expect(errorOf(() => read(w, "/etc/deep/leaf"))).toBe("ENOENT");
  remove(w, "/empty", AT_REMOVEDIR);
  expect(errorOf(() => stat(w, "/empty"))).toBe("ENOENT");
});

test("renaming files and whole directories of the host", () => {
  const w = rooted();
  rename(w, "/etc/motd", "/moved");
  rename(w, "/etc/hosts", "/etc/same");
  expect([read(w, "/moved"), read(w, "/etc/same")]).toEqual(["of the host", "hosts"]);
  expect(names(w, "/etc")).toBe("deep same up");
  rename(w, "/etc", "/conf");
  expect(errorOf(() => stat(w, "/etc"))).toBe("ENOENT");
  expect(read(w, "/conf/deep/leaf")).toBe("leaf");
  w.vfs.mkdir(w.caller, AT_FDCWD, "/etc", 0o755);
  expect(names(w, "/etc")).toBe("");
  rename(w, "/conf/deep", "/empty");
  expect(names(w, "/empty")).toBe("leaf relative");
  rename(w, "/empty", "/conf", RENAME_EXCHANGE);
  expect([names(w, "/empty"), read(w, "/conf/leaf")]).toEqual(["same up", "leaf"]);
  remove(w, "/conf/leaf");
  expect(names(w, "/conf")).toBe("relative");
});

test("hard links share what is written", () => {
  const w = rooted();
  w.vfs.link(w.caller, AT_FDCWD, "/etc/motd", AT_FDCWD, "/link", AT_SYMLINK_FOLLOW);
  write(w, "/link", "BY");
  expect(read(w, "/etc/motd")).toBe("BY the host");
  remove(w, "/etc/motd");
  expect(read(w, "/link")).toBe("BY the host");
  expect(stat(w, "/link").nlink).toBe(1);
});

test("permissions are checked, and new files are the guest's", () => {
  const w = rooted(4242);
  expect(errorOf(() => open(w, "/private"))).toBe("EACCES");
  expect(errorOf(() => open(w, "/etc/motd", O_WRONLY))).toBe("EACCES");
  expect(errorOf(() => remove(w, "/etc/motd"))).toBe("EACCES");
  expect(errorOf(() => w.vfs.chmod(w.caller, AT_FDCWD, "/etc/motd", 0o777, 0))).toBe("EPERM");
  write(w, "/tmp/new", "x", O_WRONLY | O_CREAT);
  expect(stat(w, "/tmp/new").uid).toBe(4242);
});

test('neither "..", nor links, nor devices lead out', () => {
  const w = rooted();
  for (const path of ["/../outside/secret", "/etc/../../outside/secret", "/etc/deep/../../../outside/secret", "/out/secret", "/up", "/etc/up"]) {
    expect(errorOf(() => read(w, path))).toBe("ENOENT");
    expect(errorOf(() => w.vfs.truncate(w.caller, path, 0))).toBe("ENOENT");
  }
  w.vfs.link(w.caller, AT_FDCWD, "/up", AT_FDCWD, "/etc/up2", 0);
  expect(errorOf(() => read(w, "/etc/up2"))).toBe("ENOENT");
  // A FIFO is the guest's own.
  expect(open(w, "/fifo", O_RDWR).write(bytes("x"), w.caller)).toBe(1);
});

test("a directory that the host swaps for a link during a walk is not followed", () => {
  const w = rooted();
  mkdirSync(join(root, "swap"));
  writeFileSync(join(root, "swap/secret"), "harmless");
  let armed = true;
  w.inputs.before = (request) => {
    if (!armed || !("path" in request) || request.path !== "swap/secret") return;
    armed = false;
    renameSync(join(root, "swap"), join(root, "swapped"));
    symlinkSync(outside, join(root, "swap"));
  };
  expect(["ELOOP", "ENOTDIR"]).toContain(errorOf(() => read(w, "/swap/secret")));
  expect(["ELOOP", "ENOTDIR"]).toContain(errorOf(() => read(w, "/swap/secret")));
  expect(["ELOOP", "ENOTDIR"]).toContain(errorOf(() => names(w, "/swap")));
  rmSync(join(root, "swap"));
  rmSync(join(root, "swapped"), { recursive: true });
  utimesSync(root, lstatSync(root).atime, lstatSync(root).mtime);
  before = everything(top);
});

test("a file that the host swaps for a link or a FIFO before it is opened is not opened", () => {
  for (const swap of [() => symlinkSync(join(outside, "secret"), join(root, "victim")), () => void execFileSync("mkfifo", [join(root, "victim")])]) {
    writeFileSync(join(root, "victim"), "harmless");
    const w = rooted();
    expect(stat(w, "/victim").size).toBe(8);
    rmSync(join(root, "victim"));
    swap();
    expect(["ELOOP", "ENXIO"]).toContain(errorOf(() => read(w, "/victim")));
    expect(["ELOOP", "ENXIO"]).toContain(errorOf(() => open(w, "/victim", O_RDWR)));
    expect(errorOf(() => open(w, "/victim", O_WRONLY | O_TRUNC))).toBe("ok");
    rmSync(join(root, "victim"));
  }
  before = everything(top);
});
