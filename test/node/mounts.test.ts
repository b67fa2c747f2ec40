// Host directories seen through requests: what they do, and that nothing leads out of them.  npx vitest run test/node/mounts.test.ts
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { HostAnswer, HostRequest } from "../../src/linux/index.ts";
import { NodeInputs } from "../../src/node/index.ts";

let folder: string;
let root: string;
let inputs: NodeInputs;
let nextId = 0;

describe.each([
  ["through descriptors", true],
  ["by path, as on hosts without /proc", false],
])("%s", (_way, descriptorPaths) => {
  beforeEach(() => {
    folder = fs.mkdtempSync(join(tmpdir(), "tsvm-mounts-"));
    root = join(folder, "mount");
    fs.mkdirSync(join(root, "sub/deep"), { recursive: true });
    fs.writeFileSync(join(root, "file"), "inside");
    fs.writeFileSync(join(root, "sub/other"), "other");
    fs.mkdirSync(join(folder, "outside"));
    fs.writeFileSync(join(folder, "outside/secret"), "secret");
    inputs = new NodeInputs({
      mounts: [
        { host: root, readOnly: false },
        { host: root, readOnly: true },
      ],
      descriptorPaths,
    });
  });

  afterEach(() => {
    inputs.close();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  function ask(request: HostRequest): HostAnswer {
    const answer = inputs.ask(nextId++, request);
    if (answer === "later") throw new Error("answered later");
    return answer;
  }

  /** Every request on a path, as a guest could send it for `path`. */
  function everyPathRequest(path: string): HostRequest[] {
    return [
      { op: "lstat", mount: 0, path },
      { op: "readlink", mount: 0, path },
      { op: "readdir", mount: 0, path },
      { op: "open", mount: 0, path, flags: 0, mode: 0 },
      { op: "open", mount: 0, path, flags: 0o1102, mode: 0o644 },
      { op: "mkdir", mount: 0, path, mode: 0o755 },
      { op: "mknod", mount: 0, path, mode: 0o100644 },
      { op: "rmdir", mount: 0, path },
      { op: "unlink", mount: 0, path },
      { op: "symlink", mount: 0, path, target: "x" },
      { op: "link", mount: 0, from: "file", path },
      { op: "link", mount: 0, from: path, path: "linked" },
      { op: "rename", mount: 0, from: "sub/other", path, noReplace: false },
      { op: "rename", mount: 0, from: path, path: "renamed", noReplace: false },
      { op: "setattr", mount: 0, path, attributes: { mode: 0o777 } },
      { op: "statfs", mount: 0, path },
    ];
  }

  const EPERM = 1;
  const ENOENT = 2;
  const ENXIO = 6;
  const EBUSY = 16;
  const EEXIST = 17;
  const ENOTDIR = 20;
  const EISDIR = 21;
  const EINVAL = 22;
  const EROFS = 30;
  const ELOOP = 40;

  describe("what leads out is refused", () => {
    it.each(["..", "../outside/secret", "sub/../../outside/secret", "/etc/passwd", ".", "sub//other", "sub/./other", "sub/", "a\0b"])(
      "%j is no path: EINVAL",
      (path) => {
        for (const request of everyPathRequest(path)) expect(ask(request), request.op).toEqual({ errno: EINVAL });
      },
    );

    it("symbolic links to directories, relative, absolute or to /proc, are never walked: ELOOP", () => {
      fs.symlinkSync("../outside", join(root, "relative"));
      fs.symlinkSync(join(folder, "outside"), join(root, "absolute"));
      fs.symlinkSync("/proc/self/cwd", join(root, "magic"));
      fs.symlinkSync("sub", join(root, "inner"));
      for (const name of ["relative", "absolute", "magic", "inner"]) {
        for (const request of everyPathRequest(`${name}/secret`)) expect(ask(request), request.op).toEqual({ errno: ELOOP });
      }
      expect(fs.readFileSync(join(folder, "outside/secret"), "utf8")).toBe("secret");
      expect(fs.readdirSync(join(folder, "outside"))).toEqual(["secret"]);
    });

    it("a symbolic link as the last component is itself, and is not opened", () => {
      fs.symlinkSync(join(folder, "outside/secret"), join(root, "link"));
      expect(ask({ op: "open", mount: 0, path: "link", flags: 0, mode: 0 })).toEqual({ errno: ELOOP });
      expect(ask({ op: "open", mount: 0, path: "link", flags: 0o1101, mode: 0o644 })).toEqual({ errno: ELOOP });
      expect(ask({ op: "readlink", mount: 0, path: "link" })).toEqual({ target: join(folder, "outside/secret") });
      expect(ask({ op: "readdir", mount: 0, path: "link" })).toEqual({ errno: ELOOP });
      expect(ask({ op: "setattr", mount: 0, path: "link", attributes: { mode: 0 } })).toEqual({ errno: 95 });
      expect(ask({ op: "setattr", mount: 0, path: "link", attributes: { mtime: { sec: 5, nsec: 0 } } })).toEqual({ done: true });
      expect(fs.lstatSync(join(root, "link")).mtimeMs).toBe(5000);
      expect(fs.statSync(join(folder, "outside/secret")).mtimeMs).not.toBe(5000);
      expect(ask({ op: "link", mount: 0, from: "link", path: "second" })).toEqual({ done: true });
      expect(fs.lstatSync(join(root, "second")).isSymbolicLink()).toBe(true);
    });

    it("a dangling link does not make a file elsewhere", () => {
      fs.symlinkSync("../outside/new", join(root, "dangling"));
      expect(ask({ op: "open", mount: 0, path: "dangling", flags: 0o101, mode: 0o644 })).toEqual({ errno: ELOOP });
      expect(ask({ op: "open", mount: 0, path: "dangling", flags: 0o301, mode: 0o644 })).toEqual({ errno: EEXIST });
      expect(ask({ op: "mkdir", mount: 0, path: "dangling", mode: 0o755 })).toEqual({ errno: EEXIST });
      expect(ask({ op: "mknod", mount: 0, path: "dangling", mode: 0o100644 })).toEqual({ errno: EEXIST });
      expect(fs.existsSync(join(folder, "outside/new"))).toBe(false);
    });

    it("a file is no directory: ENOTDIR", () => {
      for (const request of everyPathRequest("file/x")) expect(ask(request), request.op).toEqual({ errno: ENOTDIR });
    });

    it("the root itself is neither removed nor renamed", () => {
      expect(ask({ op: "rmdir", mount: 0, path: "" })).toEqual({ errno: EBUSY });
      expect(ask({ op: "unlink", mount: 0, path: "" })).toEqual({ errno: EBUSY });
      expect(ask({ op: "rename", mount: 0, from: "", path: "x", noReplace: false })).toEqual({ errno: EBUSY });
      expect(ask({ op: "rename", mount: 0, from: "sub", path: "", noReplace: false })).toEqual({ errno: EBUSY });
    });

    // Without descriptors a race can be lost.

    if (descriptorPaths)
      it("holds while the host swaps a directory for a link", async () => {
        const { Worker } = await import("node:worker_threads");
        const swap = `const { parentPort, workerData } = require("node:worker_threads"); const fs = require("node:fs");
      const { root, outside } = workerData; const end = Date.now() + 700; let swaps = 0;
      fs.symlinkSync(outside, root + "/waiting-link");
      while (Date.now() < end) {
        fs.renameSync(root + "/swapped", root + "/waiting-directory"); fs.renameSync(root + "/waiting-link", root + "/swapped");
        fs.renameSync(root + "/swapped", root + "/waiting-link"); fs.renameSync(root + "/waiting-directory", root + "/swapped"); swaps++;
      }
      parentPort.postMessage(swaps);`;
        fs.mkdirSync(join(root, "swapped"));
        fs.writeFileSync(join(root, "swapped/secret"), "public");
        const worker = new Worker(swap, { eval: true, workerData: { root, outside: join(folder, "outside") } });
        let swaps = 0;
        const ended = new Promise<void>((resolve) => worker.once("message", (n: number) => ((swaps = n), resolve())));
        const seen = new Set<string>();
        while (swaps === 0) {
          for (let i = 0; i < 200; i++) {
            const opened = ask({ op: "open", mount: 0, path: "swapped/secret", flags: 2, mode: 0 });
            if ("errno" in opened) seen.add(`errno ${opened.errno}`);
            else if ("handle" in opened) {
              const read = ask({ op: "file.pread", handle: opened.handle, offset: 0, max: 100 });
              seen.add("bytes" in read ? Buffer.from(read.bytes).toString() : "no bytes");
              ask({ op: "file.close", handle: opened.handle });
            }
            ask({ op: "open", mount: 0, path: "swapped/planted", flags: 0o101, mode: 0o644 });
            ask({ op: "mkdir", mount: 0, path: "swapped/made", mode: 0o755 });
          }
          await new Promise((resolve) => setImmediate(resolve));
        }
        await ended;
        expect(swaps).toBeGreaterThan(100);
        expect([...seen].filter((s) => !["public", `errno ${ELOOP}`, `errno ${ENOENT}`].includes(s))).toEqual([]);
        expect(seen).toContain("public");
        expect(fs.readdirSync(join(folder, "outside"))).toEqual(["secret"]);
      });

    it("a pipe is not opened: ENXIO, and no FIFO or device is made", async () => {
      const { execFileSync } = await import("node:child_process");
      execFileSync("mkfifo", [join(root, "fifo")]);
      expect(ask({ op: "open", mount: 0, path: "fifo", flags: 0, mode: 0 })).toEqual({ errno: ENXIO });
      for (const type of [0o010000, 0o020000, 0o060000, 0o140000])
        expect(ask({ op: "mknod", mount: 0, path: "node", mode: type | 0o666 })).toEqual({ errno: EPERM });
    });

    it("device nodes are not opened, removed, renamed, linked or replaced", () => {
      // /dev of this host stands for a mounted directory with devices in it; no request below may change anything there.
      const dev = new NodeInputs({ mounts: [{ host: "/dev", readOnly: false }], descriptorPaths });
      const on = (request: HostRequest): HostAnswer | "later" => dev.ask(nextId++, request);
      expect(on({ op: "lstat", mount: 0, path: "null" })).toMatchObject({ stat: { rdev: 259 } });
      expect(on({ op: "open", mount: 0, path: "null", flags: 2, mode: 0 })).toEqual({ errno: ENXIO });
      expect(on({ op: "unlink", mount: 0, path: "null" })).toEqual({ errno: EPERM });
      expect(on({ op: "rename", mount: 0, from: "null", path: "nul", noReplace: false })).toEqual({ errno: EPERM });
      expect(on({ op: "rename", mount: 0, from: "null", path: "zero", noReplace: true })).toEqual({ errno: EPERM });
      expect(on({ op: "rename", mount: 0, from: "shm", path: "null", noReplace: false })).toEqual({ errno: EPERM });
      expect(on({ op: "link", mount: 0, from: "null", path: "nul" })).toEqual({ errno: EPERM });
      dev.close();
    });

    it("a read-only mount refuses every change: EROFS", () => {
      for (const request of everyPathRequest("file")) {
        const changes = !["lstat", "readlink", "readdir", "statfs"].includes(request.op) && !(request.op === "open" && request.flags === 0);
        const answer = ask({ ...request, mount: 1 } as HostRequest);
        if (changes) expect(answer, request.op).toEqual({ errno: EROFS });
      }
      expect(ask({ op: "open", mount: 1, path: "absent", flags: 0o100, mode: 0o644 })).toEqual({ errno: EROFS });
      const opened = ask({ op: "open", mount: 1, path: "file", flags: 0, mode: 0 });
      if (!("handle" in opened)) throw new Error("not opened");
      expect(ask({ op: "file.truncate", handle: opened.handle, size: 0 })).toEqual({ errno: EROFS });
      expect(ask({ op: "file.setattr", handle: opened.handle, attributes: { mode: 0 } })).toEqual({ errno: EROFS });
      expect(fs.readFileSync(join(root, "file"), "utf8")).toBe("inside");
    });

    it("a mount that is not there, a handle that is not open", () => {
      expect(ask({ op: "lstat", mount: 7, path: "file" })).toEqual({ errno: 19 });
      expect(ask({ op: "file.close", handle: 3 })).toEqual({ errno: 9 });
    });
  });

  describe("what stays inside works", () => {
    it("files: create, write, append, read, truncate, close", () => {
      const made = ask({ op: "open", mount: 0, path: "sub/new", flags: 0o302, mode: 0o666 });
      if (!("handle" in made)) throw new Error("not made");
      expect(made.stat.mode).toBe(0o100666);
      const text = (s: string): Uint8Array => new TextEncoder().encode(s);
      expect(ask({ op: "file.pwrite", handle: made.handle, offset: 3, bytes: text("defg") })).toEqual({ count: 4 });
      expect(ask({ op: "file.pwrite", handle: made.handle, offset: 0, bytes: text("abc") })).toEqual({ count: 3 });
      const appended = ask({ op: "open", mount: 0, path: "sub/new", flags: 0o2001, mode: 0 });
      if (!("handle" in appended)) throw new Error("not opened");
      expect(appended.handle).toBe(made.handle + 1);
      expect(ask({ op: "file.pwrite", handle: appended.handle, offset: 0, bytes: text("h") })).toEqual({ count: 1 });
      const read = ask({ op: "file.pread", handle: made.handle, offset: 2, max: 100 });
      expect("bytes" in read && Buffer.from(read.bytes).toString()).toBe("cdefgh");
      expect(ask({ op: "file.truncate", handle: made.handle, size: 1 })).toEqual({ done: true });
      expect(ask({ op: "file.fstat", handle: made.handle })).toMatchObject({ stat: { size: 1 } });
      expect(ask({ op: "file.sync", handle: made.handle, dataOnly: true })).toEqual({ done: true });
      expect(ask({ op: "file.close", handle: made.handle })).toEqual({ done: true });
      const again = ask({ op: "open", mount: 0, path: "file", flags: 0, mode: 0 });
      expect("handle" in again && again.handle).toBe(made.handle);
    });

    it("directories are opened for reading only", () => {
      expect(ask({ op: "open", mount: 0, path: "sub", flags: 0o200000, mode: 0 })).toMatchObject({ stat: {} });
      expect(ask({ op: "open", mount: 0, path: "", flags: 0, mode: 0 })).toMatchObject({ stat: {} });
      expect(ask({ op: "open", mount: 0, path: "sub", flags: 1, mode: 0 })).toEqual({ errno: EISDIR });
      expect(ask({ op: "open", mount: 0, path: "file", flags: 0o200000, mode: 0 })).toEqual({ errno: ENOTDIR });
    });

    it("names: mkdir, symlink, link, rename with and without replacing, rmdir, unlink", () => {
      expect(ask({ op: "mkdir", mount: 0, path: "made", mode: 0o1777 })).toEqual({ done: true });
      expect(ask({ op: "lstat", mount: 0, path: "made" })).toMatchObject({ stat: { mode: 0o41777 } });
      expect(ask({ op: "symlink", mount: 0, path: "made/link", target: "../\xff" })).toEqual({ done: true });
      expect(ask({ op: "readlink", mount: 0, path: "made/link" })).toEqual({ target: "../\xff" });
      expect(ask({ op: "link", mount: 0, from: "file", path: "made/hard" })).toEqual({ done: true });
      expect(ask({ op: "lstat", mount: 0, path: "file" })).toMatchObject({ stat: { nlink: 2 } });
      expect(ask({ op: "rename", mount: 0, from: "made/hard", path: "sub/other", noReplace: true })).toEqual({ errno: EEXIST });
      expect(ask({ op: "rename", mount: 0, from: "made/hard", path: "sub/free", noReplace: true })).toEqual({ done: true });
      expect(ask({ op: "rename", mount: 0, from: "sub", path: "made/sub", noReplace: true })).toEqual({ done: true });
      expect(ask({ op: "rename", mount: 0, from: "made/sub/free", path: "made/sub/other", noReplace: false })).toEqual({ done: true });
      expect(ask({ op: "rmdir", mount: 0, path: "made/sub" })).toEqual({ errno: 39 });
      expect(ask({ op: "unlink", mount: 0, path: "made/sub/other" })).toEqual({ done: true });
      expect(ask({ op: "rmdir", mount: 0, path: "made/sub/deep" })).toEqual({ done: true });
      expect(ask({ op: "rmdir", mount: 0, path: "made/sub" })).toEqual({ done: true });
      expect(ask({ op: "lstat", mount: 0, path: "made/sub" })).toEqual({ errno: ENOENT });
    });

    it("listings keep bytes, types and inodes", () => {
      fs.writeFileSync(Buffer.from(`${root}/\xff\xfe`, "latin1"), "");
      fs.symlinkSync("x", join(root, "link"));
      const listed = ask({ op: "readdir", mount: 0, path: "" });
      if (!("entries" in listed)) throw new Error("no listing");
      expect(Object.fromEntries(listed.entries.map((e) => [e.name, e.type]))).toEqual({ file: 8, sub: 4, "\xff\xfe": 8, link: 10 });
      expect(listed.entries.find((e) => e.name === "file")!.ino).toBe(fs.statSync(join(root, "file")).ino);
    });

    it("attributes: mode, owner, both times or one of them", () => {
      const at = { sec: 1_000_000_000, nsec: 123_456_000 };
      expect(ask({ op: "setattr", mount: 0, path: "file", attributes: { mode: 0o4751, atime: at, mtime: at } })).toEqual({ done: true });
      expect(ask({ op: "setattr", mount: 0, path: "file", attributes: { mtime: { sec: 7, nsec: 0 } } })).toEqual({ done: true });
      expect(ask({ op: "lstat", mount: 0, path: "file" })).toMatchObject({
        stat: { mode: 0o104751, atime: { sec: at.sec }, mtime: { sec: 7, nsec: 0 } },
      });
      expect(ask({ op: "setattr", mount: 0, path: "file", attributes: { uid: process.getuid!(), gid: process.getgid!() } })).toEqual({ done: true });
    });

    it("descriptors are closed again", () => {
      const open = (): number => fs.readdirSync("/proc/self/fd").length;
      const before = open();
      for (let i = 0; i < 50; i++)
        for (const request of [...everyPathRequest("sub/deep/absent"), ...everyPathRequest("file/x"), ...everyPathRequest("..")]) ask(request);
      const handles = Array.from({ length: 10 }, () => ask({ op: "open", mount: 0, path: "file", flags: 0, mode: 0 }));
      for (const opened of handles) if ("handle" in opened) ask({ op: "file.close", handle: opened.handle });
      // The loop above opened "sub/deep/absent" with O_CREAT once for each round and left it open.
      expect(open() - before).toBeLessThanOrEqual(50);
    });
  });
});
