/** Pipes. pipe-ops.golden is what Linux 6.18 did; see pipe-ops.c. */

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { AT_FDCWD, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY, POLLHUP, POLLIN, POLLOUT } from "../../../src/linux/abi/fcntl.ts";
import { FIONREAD } from "../../../src/linux/abi/ioctl.ts";
import { S_IFIFO } from "../../../src/linux/abi/stat.ts";
import type { OpenFile } from "../../../src/linux/vfs/open-file.ts";
import type { PipeEnd } from "../../../src/linux/vfs/pipe.ts";
import { BLOCK } from "../../../src/linux/vfs/types.ts";
import { bytes, errorOf, text, world } from "./support.ts";

/** POLLRDNORM and POLLWRNORM come with POLLIN and POLLOUT; an ended reader is asked with every bit. */
function poll(file: OpenFile): string {
  return file.ready().toString(16);
}

function queued(file: OpenFile): number {
  const out = new Uint8Array(4);
  file.ioctl(FIONREAD, 0, { copyIn: () => 0, copyOut: (_, from) => (out.set(from), from.length) });
  return new DataView(out.buffer).getInt32(0, true);
}

test("reads, writes, sizes and readiness are the kernel's", () => {
  const { vfs, caller } = world();
  const lines = readFileSync(new URL("pipe-ops.golden", import.meta.url), "utf8")
    .split("\n")
    .filter((line) => line !== "");
  let reader = {} as OpenFile;
  let writer = {} as OpenFile;
  const buffer = new Uint8Array(1 << 20);
  const answer = (line: string): string => {
    const [op, argument] = line.split(" ");
    const n = Number(argument);
    const attempt = (run: () => number): string => {
      try {
        const result = run();
        return result === BLOCK ? "EAGAIN" : `${result}`;
      } catch (error) {
        return (error as Error).name;
      }
    };
    if (op === "new") {
      [reader, writer] = vfs.pipe(caller, n | O_NONBLOCK);
      reader.retain();
      writer.retain();
      return `new ${n}`;
    }
    if (op === "close") {
      (argument === "r" ? reader : writer).unref();
      const left = argument === "r" ? writer : reader;
      const state = poll(left);
      const result = attempt(() => (argument === "r" ? left.write(buffer.subarray(0, 1), caller) : left.read(buffer)));
      return `close ${argument} => poll ${state} then ${/^\d/.test(result) ? `ok ${result}` : `${result} 0`}`;
    }
    const result =
      op === "size"
        ? attempt(() => (writer as PipeEnd).pipe.resize(n, true))
            .replace(/^(\d+)$/, "ok $1")
            .replace(/^(E\w+)$/, "$1 0")
        : attempt(() => (op === "r" ? reader.read(buffer.subarray(0, n)) : writer.write(buffer.subarray(0, n), caller)));
    return `${op} ${n} => ${result} poll ${poll(reader)} ${poll(writer)} queued ${queued(reader)}`;
  };
  expect(lines.map(answer)).toEqual(lines);
});

test("bytes come out in order, whatever the pieces", () => {
  const { vfs, caller } = world();
  const [reader, writer] = vfs.pipe(caller, 0);
  let next = 0;
  let expected = 0;
  let wrong = 0;
  const into = new Uint8Array(9000);
  for (let i = 1; i < 400; i++) {
    const piece = Uint8Array.from({ length: (i * 37) % 6000 }, () => next++ & 0xff);
    const taken = Math.max(0, writer.write(piece, caller));
    next -= piece.length - taken;
    const got = reader.read(into.subarray(0, (i * 53) % 9000));
    for (let k = 0; k < got; k++) if (into[k] !== (expected++ & 0xff)) wrong++;
  }
  expect(wrong).toBe(0);
  expect(expected).toBeGreaterThan(100_000);
});

test("a reader waits for a writer, a writer for room; ends and errors", () => {
  const { vfs, caller } = world();
  const [reader, writer] = vfs.pipe(caller, 0);
  reader.retain();
  writer.retain();
  expect(reader.read(new Uint8Array(1))).toBe(BLOCK);
  expect(reader.ready()).toBe(0);
  expect(writer.write(new Uint8Array(65_536), caller)).toBe(65_536);
  expect(writer.write(new Uint8Array(1), caller)).toBe(BLOCK);
  expect(writer.ready() & POLLOUT).toBe(0);
  expect(errorOf(() => reader.write(new Uint8Array(1), caller))).toBe("EBADF");
  expect(errorOf(() => writer.read(new Uint8Array(1)))).toBe("EBADF");
  expect(errorOf(() => reader.seek(0, 0))).toBe("ESPIPE");
  expect(errorOf(() => reader.pread(new Uint8Array(1), 0))).toBe("ESPIPE");
  writer.unref();
  expect(reader.ready() & (POLLIN | POLLHUP)).toBe(POLLIN | POLLHUP);
  expect(reader.read(new Uint8Array(70_000))).toBe(65_536);
  expect(reader.read(new Uint8Array(1))).toBe(0);
});

test("FIFOs: open waits for the other side", () => {
  const { vfs, caller } = world();
  vfs.mknod(caller, AT_FDCWD, "/tmp/fifo", S_IFIFO | 0o644, 0);
  const open = (flags: number): OpenFile => vfs.open(caller, AT_FDCWD, "/tmp/fifo", flags, 0).retain();
  expect(errorOf(() => open(O_WRONLY | O_NONBLOCK))).toBe("ENXIO");
  const reader = open(O_RDONLY);
  expect(reader.opening).toBe(true);
  const writer = open(O_WRONLY);
  expect([reader.opening, writer.opening]).toEqual([false, false]);
  writer.write(bytes("hello"), caller);
  writer.unref();
  expect(reader.opening).toBe(false);
  const into = new Uint8Array(10);
  expect(text(into.subarray(0, reader.read(into)))).toBe("hello");
  expect(reader.read(into)).toBe(0);
  reader.unref();
  const both = open(O_RDWR);
  expect(both.opening).toBe(false);
  expect(both.read(into)).toBe(BLOCK);
  const late = open(O_RDONLY | O_NONBLOCK);
  expect(late.opening).toBe(false);
});
