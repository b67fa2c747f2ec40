/** Standard streams over a host that is a script: what it answers and when is the test's choice. */

import { expect, test } from "vitest";
import { AT_FDCWD, O_RDONLY, O_RDWR, O_WRONLY, POLLHUP, POLLIN, POLLOUT } from "../../../src/linux/abi/fcntl.ts";
import { TCGETS, TIOCGWINSZ } from "../../../src/linux/abi/ioctl.ts";
import { S_IFCHR, S_IFIFO, S_IFMT, S_IFREG } from "../../../src/linux/abi/stat.ts";
import type { HostAnswer, HostRequest, HostStat, HostStream, Inputs } from "../../../src/linux/inputs.ts";
import type { OpenFile } from "../../../src/linux/vfs/open-file.ts";
import { BLOCK } from "../../../src/linux/vfs/types.ts";
import type { World } from "./support.ts";
import { bytes, errorOf, text, world } from "./support.ts";

const time = { sec: 1, nsec: 2 };
function stat(mode: number, size = 0, rdev = 0): HostStat {
  return { dev: 7, ino: 77, mode, nlink: 1, uid: 5, gid: 6, rdev, size, blksize: 4096, blocks: 0, atime: time, mtime: time, ctime: time };
}
function stream(kind: HostStream["kind"], flags: number, more: Partial<HostStream> = {}): HostStream {
  const mode = { file: S_IFREG, pipe: S_IFIFO, terminal: S_IFCHR, socket: 0o140000, null: S_IFCHR, other: S_IFCHR }[kind];
  return { kind, flags, stat: stat(mode | 0o600), name: `${kind}:[77]`, ...more };
}

/** Answers from a queue; "later" where it is empty. Writes are taken whole. */
class Script implements Inputs {
  readonly streams: readonly (HostStream | null)[];
  readonly answers: HostAnswer[] = [];
  readonly requests: (HostRequest & { id: number })[] = [];
  written = "";
  file: Uint8Array = new Uint8Array(0);
  offset = 0;
  full = false;

  constructor(streams: readonly (HostStream | null)[]) {
    this.streams = streams;
  }

  ask(id: number, request: HostRequest): HostAnswer | "later" {
    this.requests.push({ ...request, id });
    switch (request.op) {
      case "streams":
        return { streams: this.streams };
      case "write":
        if (this.full) return "later";
        this.written += text(request.bytes);
        return { count: request.bytes.length };
      case "read":
        if (this.streams[request.stream]?.kind === "file") {
          const part = this.file.slice(this.offset, this.offset + request.max);
          this.offset += part.length;
          return { bytes: part };
        }
        return this.answers.shift() ?? "later";
      case "pread":
        return { bytes: this.file.slice(request.offset, request.offset + request.max) };
      case "seek":
        this.offset = request.offset;
        return { done: true };
      case "fstat":
        return { stat: stat(S_IFREG | 0o644, this.file.length) };
      case "windowSize":
        return { windowSize: { rows: 24, columns: 80, xpixel: 0, ypixel: 0 } };
      default:
        return { errno: 38 };
    }
  }
}

function start(...streams: (HostStream | null)[]): World & { host: Script; files: (OpenFile | undefined)[] } {
  const host = new Script(streams);
  const made = world({ inputs: host });
  return { ...made, host, files: made.vfs.tree.openStreams() };
}

function readText(file: OpenFile, max = 100): string | number {
  const into = new Uint8Array(max);
  const count = file.read(into);
  return count === BLOCK ? BLOCK : text(into.subarray(0, count));
}

test("a pipe on stdin: bytes, waiting, the end", () => {
  const { host, files, vfs } = start(stream("pipe", O_RDONLY), null, null);
  const stdin = files[0] as OpenFile;
  expect(files[1]).toBeUndefined();
  host.answers.push({ bytes: bytes("one") });
  expect(readText(stdin)).toBe("one");
  expect(stdin.ready()).toBe(0);
  expect(readText(stdin)).toBe(BLOCK);
  const reads = host.requests.filter(({ op }) => op === "read");
  expect(reads).toHaveLength(2);
  const id = reads.at(-1)?.id ?? 0;
  expect(vfs.tree.pending()).toEqual([id]);
  expect(vfs.tree.answer(999, { bytes: bytes("x") })).toBe(false);
  expect(vfs.tree.answer(id, { bytes: bytes("two and more") })).toBe(true);
  expect(stdin.ready() & POLLIN).toBe(POLLIN);
  expect(readText(stdin, 3)).toBe("two");
  expect(readText(stdin)).toBe(" and more");
  host.answers.push({ bytes: new Uint8Array(0) });
  expect(stdin.ready() & (POLLIN | POLLHUP)).toBe(POLLHUP);
  expect(readText(stdin)).toBe("");
  expect(errorOf(() => stdin.seek(0, 1))).toBe("ESPIPE");
  expect(stdin.stat().mode & S_IFMT).toBe(S_IFIFO);
});

test("an answer that comes after the reader was interrupted is not lost", () => {
  const { host, files, vfs } = start(stream("pipe", O_RDONLY));
  expect(readText(files[0] as OpenFile, 5)).toBe(BLOCK);
  const id = host.requests.at(-1)?.id ?? 0;
  vfs.tree.answer(id, { bytes: bytes("late") });
  expect(readText(files[0] as OpenFile, 2)).toBe("la");
  expect(readText(files[0] as OpenFile, 2)).toBe("te");
});

test("an error of the host is told once", () => {
  const { host, files } = start(stream("pipe", O_RDONLY));
  host.answers.push({ errno: 5 }, { bytes: bytes("on") });
  expect(errorOf(() => readText(files[0] as OpenFile))).toBe("EIO");
  expect(readText(files[0] as OpenFile)).toBe("on");
});

test("writing waits for a host that is full", () => {
  const { host, files, vfs, caller } = start(null, stream("pipe", O_WRONLY));
  const stdout = files[1] as OpenFile;
  expect(stdout.write(bytes("a"), caller)).toBe(1);
  host.full = true;
  expect(stdout.write(bytes("b"), caller)).toBe(BLOCK);
  expect(stdout.ready() & POLLOUT).toBe(0);
  host.full = false;
  vfs.tree.answer(host.requests.at(-1)?.id ?? 0, { count: 0 });
  expect(stdout.ready() & POLLOUT).toBe(POLLOUT);
  expect(stdout.write(bytes("b"), caller)).toBe(1);
  expect(host.written).toBe("ab");
});

test("a file on stdin is sought, read at places, and opened again by name", () => {
  const { host, files, vfs, caller } = start(stream("file", O_RDONLY, { offset: 2, name: "/data" }));
  host.file = bytes("0123456789");
  host.offset = 2;
  const stdin = files[0] as OpenFile;
  expect(stdin.seek(0, 1)).toBe(2);
  expect(readText(stdin, 3)).toBe("234");
  expect(host.offset).toBe(5);
  expect(stdin.seek(-1, 2)).toBe(9);
  expect(host.offset).toBe(9);
  expect(readText(stdin)).toBe("9");
  expect(readText(stdin)).toBe("");
  const into = new Uint8Array(2);
  expect(stdin.pread(into, 4)).toBe(2);
  expect(text(into)).toBe("45");
  expect(stdin.stat().size).toBe(10);
  caller.files.add(stdin, { closeOnExec: false, limit: 10 });
  const again = vfs.openDentry(caller, stdin.dentry, O_RDONLY);
  expect(readText(again, 4)).toBe("0123");
  expect(stdin.seek(0, 1)).toBe(10);
  const page = new Uint8Array(4096);
  expect(stdin.mapping(false, true).fillPage(0, page)).toBe(true);
  expect(text(page.subarray(0, 11))).toBe("0123456789\0");
  expect(stdin.mapping(false, true).fillPage(1, page)).toBe(false);
});

test("2>&1 is one description", () => {
  const { files } = start(null, stream("pipe", O_WRONLY), stream("pipe", O_WRONLY, { sameAs: 1 }));
  expect(files[2]).toBe(files[1]);
});

test("a terminal: name, settings, size; /dev/tty is the same", () => {
  const tty = { name: "/dev/pts/3", stat: stat(S_IFCHR | 0o620, 0, 0x8803) };
  const { host, files, vfs, caller } = start(stream("terminal", O_RDWR, tty), stream("terminal", O_RDWR, tty), stream("terminal", O_RDWR, tty));
  vfs.tree.startTerminals(1000);
  const out = new Uint8Array(64);
  const memory = { copyIn: () => 0, copyOut: (_: number, from: Uint8Array) => (out.set(from), from.length) };
  const stdin = files[0] as OpenFile;
  expect(stdin.ioctl(TCGETS, 0, memory)).toBe(0);
  expect(new Uint32Array(out.buffer, 0, 4)).toEqual(Uint32Array.of(0x4500, 5, 0xbf, 0x8a3b));
  expect(stdin.ioctl(TIOCGWINSZ, 0, memory)).toBe(0);
  expect(new Uint16Array(out.buffer, 0, 2)).toEqual(Uint16Array.of(24, 80));
  const named = vfs.stat(caller, AT_FDCWD, "/dev/pts/3", 0);
  expect([named.ino, named.dev, named.rdev]).toEqual([stdin.stat().ino, stdin.stat().dev, 0x8803]);
  expect(vfs.pathOf(stdin.dentry, caller.fs)).toBe("/dev/pts/3");
  vfs.open(caller, AT_FDCWD, "/dev/tty", O_RDWR, 0).write(bytes("hi"), caller);
  expect(host.written).toBe("hi");
});

test("without a terminal /dev/tty is not there", () => {
  const { vfs, caller, files } = start(stream("null", O_RDWR));
  expect(errorOf(() => vfs.open(caller, AT_FDCWD, "/dev/tty", O_RDWR, 0))).toBe("ENXIO");
  expect(readText(files[0] as OpenFile)).toBe("");
  expect(vfs.pathOf((files[0] as OpenFile).dentry, caller.fs)).toBe("/dev/null");
});
