/** A host that answers later: the system call is run again with the answers it got so far, and asks nothing twice. */

import { expect, test } from "vitest";
import { AT_FDCWD, O_CREAT, O_RDONLY, O_WRONLY } from "../../../src/linux/abi/fcntl.ts";
import { S_IFDIR, S_IFLNK, S_IFREG } from "../../../src/linux/abi/stat.ts";
import type { HostAnswer, HostRequest, HostStat, Inputs } from "../../../src/linux/inputs.ts";
import { HOST_PENDING } from "../../../src/linux/vfs/host-port.ts";
import { world } from "./support.ts";
import type { World } from "./support.ts";

const time = { sec: 1, nsec: 0 };
const stat = (mode: number, ino: number): HostStat => ({
  dev: 1,
  ino,
  mode,
  nlink: 1,
  uid: 0,
  gid: 0,
  rdev: 0,
  size: 3,
  blksize: 4096,
  blocks: 8,
  atime: time,
  mtime: time,
  ctime: time,
});
const NODES: Readonly<Record<string, HostStat>> = {
  "": stat(S_IFDIR | 0o755, 1),
  a: stat(S_IFDIR | 0o755, 2),
  "a/link": stat(S_IFLNK | 0o777, 3),
  "a/file": stat(S_IFREG | 0o644, 4),
};

class Slow implements Inputs {
  slow = false;
  readonly asked: HostRequest[] = [];

  answer(request: HostRequest): HostAnswer {
    switch (request.op) {
      case "lstat": {
        const found = NODES[request.path];
        return found === undefined ? { errno: 2 } : { stat: found };
      }
      case "readlink":
        return { target: "file" };
      case "open":
        return { handle: 9, stat: stat(S_IFREG | 0o644, 4) };
      case "file.pread":
        return { bytes: Uint8Array.of(1, 2, 3).subarray(0, request.max) };
      default:
        return { done: true };
    }
  }

  ask(_id: number, request: HostRequest): HostAnswer | "later" {
    this.asked.push(request);
    return this.slow ? "later" : this.answer(request);
  }
}

function start(): World & { host: Slow } {
  const host = new Slow();
  const made = world({ inputs: host, mounts: [{ mount: 0, guest: "/m", readOnly: false }] });
  host.slow = true;
  host.asked.length = 0;
  return { ...made, host };
}

/** Runs as the dispatcher does: parked with `take`, continued with `begin`. The parked calls are copied as an image would. */
function drive<T>({ port, host }: { port: World["port"]; host: Slow }, call: () => T): { result: T; parks: number } {
  port.begin();
  for (let parks = 0; ; parks++) {
    try {
      return { result: call(), parks };
    } catch (error) {
      if (error !== HOST_PENDING) throw error;
      const { request, exchanges } = structuredClone(port.take());
      port.begin([...exchanges, { request, answer: host.answer(request) }]);
    }
  }
}

test("a walk through a link parks at each question, and asks each once", () => {
  const w = start();
  const { result, parks } = drive(w, () => w.vfs.open(w.caller, AT_FDCWD, "/m/a/link", O_RDONLY, 0));
  expect(w.host.asked.map((request) => request.op)).toEqual(["lstat", "lstat", "readlink", "lstat", "open"]);
  expect(parks).toBe(5);
  const into = new Uint8Array(2);
  expect(drive(w, () => result.pread(into, 1)).result).toBe(2);
});

test("creating asks the host once, although the call is run several times", () => {
  const w = start();
  drive(w, () => w.vfs.open(w.caller, AT_FDCWD, "/m/new", O_CREAT | O_WRONLY, 0o644));
  expect(w.host.asked.filter((request) => request.op === "open")).toHaveLength(1);
});

test("an errno answered later is the call's", () => {
  const w = start();
  expect(() => drive(w, () => w.vfs.stat(w.caller, AT_FDCWD, "/m/a/none", 0))).toThrowError("No such file");
});

test("a question that differs from the kept one is asked anew", () => {
  const w = start();
  w.port.begin([{ request: { op: "lstat", mount: 0, path: "other" }, answer: { errno: 13 } }]);
  w.host.slow = false;
  expect(w.vfs.stat(w.caller, AT_FDCWD, "/m/a", 0).ino).toBe(2);
});
