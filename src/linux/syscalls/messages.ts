/** Sending to and receiving from sockets: what send(2), recv(2), sendmsg(2) and recvmsg(2) have in common. */
import { errno, Errno } from "../abi/errno.ts";
import { POLLIN, POLLOUT } from "../abi/fcntl.ts";
import {
  MSG_CMSG_CLOEXEC,
  MSG_CTRUNC,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  MSG_OOB,
  MSG_PEEK,
  MSG_TRUNC,
  MSG_WAITALL,
  SCM_CREDENTIALS,
  SCM_MAX_FD,
  SCM_RIGHTS,
  SOL_SOCKET,
} from "../abi/socket.ts";
import { struct, type Struct } from "../abi/struct.ts";
import type { Task } from "../task.ts";
import type { OpenFile } from "../vfs/open-file.ts";
import { identityOf, SocketFile, type Received, type SenderIdentity } from "../vfs/socket.ts";
import { BLOCK } from "../vfs/types.ts";
import { install } from "./fds.ts";
import type { Outcome } from "./syscall.ts";
import { demandWritable, gather, loadBuffers, raised, scatter, total, waitFor, type Buffer } from "./transfer.ts";

/** struct msghdr. */
export const msghdr: Struct<{
  readonly name: "u64";
  readonly namelen: "u32";
  readonly iov: "u64";
  readonly iovlen: "u64";
  readonly control: "u64";
  readonly controllen: "u64";
  readonly flags: "i32";
}> = struct({ name: "u64", namelen: "u32", iov: "u64", iovlen: "u64", control: "u64", controllen: "u64", flags: "i32" });

/** struct cmsghdr; its data follows, padded to 8 bytes. */
export const cmsghdr: Struct<{ readonly len: "u64"; readonly level: "i32"; readonly type: "i32" }> = struct({
  len: "u64",
  level: "i32",
  type: "i32",
});
const UIO_MAXIOV = 1024;
const CREDENTIALS_SIZE = 12;

/** The socket of a descriptor: EBADF, ENOTSOCK. */
export function socketOf(task: Task, fd: number): SocketFile {
  const file = task.files.getIo(fd);
  if (!(file instanceof SocketFile)) throw errno.ENOTSOCK;
  return file;
}

function mayNotWait(file: SocketFile, flags: number): boolean {
  return file.nonblocking || (flags & MSG_DONTWAIT) !== 0;
}

/** What goes along with a message. */
interface Ancillary {
  readonly files: readonly OpenFile[];
  readonly sender: SenderIdentity;
}

/** Sends it all, waiting between parts; `call.progress` counts what is sent. */
export function send(task: Task, file: SocketFile, bytes: Uint8Array, flags: number, along?: Ancillary): Outcome {
  if (flags & MSG_OOB) throw errno.EOPNOTSUPP;
  const { call } = task;
  let done = call.resume === "start" ? 0 : call.progress;
  if (call.resume === "signal" && done > 0) return done;
  const sender = along?.sender ?? identityOf(task);
  do {
    let count: number;
    try {
      count = file.send(done === 0 ? bytes : bytes.subarray(done), done === 0 ? (along?.files ?? []) : [], sender);
    } catch (error) {
      if (done > 0 && error instanceof Errno) return done;
      if ((flags & MSG_NOSIGNAL) === 0) raised(task, file, error);
      throw error;
    }
    if (count === BLOCK) {
      if (!mayNotWait(file, flags)) {
        call.progress = done;
        return waitFor(task, file, POLLOUT);
      }
      if (done > 0) return done;
      throw errno.EAGAIN;
    }
    done += count;
  } while (done < bytes.length);
  return done;
}

/** The buffers without their first `count` bytes. */
function without(buffers: readonly Buffer[], count: number): Buffer[] {
  const rest: Buffer[] = [];
  let skip = count;
  for (const { address, length } of buffers) {
    const cut = Math.min(skip, length);
    skip -= cut;
    if (length > cut) rest.push({ address: address + cut, length: length - cut });
  }
  return rest;
}

/** Receives once, or with MSG_WAITALL until the buffers of a stream are full. `done` is told of what came; its result is the call's. */
export function receive(task: Task, file: SocketFile, buffers: readonly Buffer[], flags: number, done?: (found: Received) => void): Outcome {
  if (flags & MSG_OOB) throw errno.EOPNOTSUPP;
  const { call } = task;
  const before = call.resume === "start" ? 0 : call.progress;
  const rest = before === 0 ? buffers : without(buffers, before);
  if (call.resume === "signal" && before > 0) return before;
  demandWritable(task, rest);
  const into = new Uint8Array(total(rest));
  let found: Received;
  try {
    found = file.receive(into, (flags & MSG_PEEK) !== 0);
  } catch (error) {
    if (before > 0 && error instanceof Errno) return before;
    throw error;
  }
  if (found.count === BLOCK) {
    if (!mayNotWait(file, flags)) return waitFor(task, file, POLLIN);
    if (before > 0) return before;
    throw errno.EAGAIN;
  }
  scatter(task, into.subarray(0, found.count), rest);
  const all = before + found.count;
  if (
    file.isStream &&
    (flags & (MSG_WAITALL | MSG_PEEK)) === MSG_WAITALL &&
    found.count > 0 &&
    found.count < into.length &&
    found.files.length === 0
  ) {
    if (mayNotWait(file, flags)) return all;
    call.progress = all;
    call.resume = "ready";
    return receive(task, file, buffers, flags, done);
  }
  if (done === undefined) for (const sent of found.files) sent.unref();
  else done(found);
  return flags & MSG_TRUNC && !file.isStream ? found.length : all;
}

// ---- sendmsg and recvmsg

function messageBuffers(task: Task, header: { readonly iov: number; readonly iovlen: number }): Buffer[] {
  if (header.iovlen > UIO_MAXIOV) throw errno.EMSGSIZE;
  return loadBuffers(task.memory, header.iov, header.iovlen);
}

/** Reads the control messages of sendmsg(2): EINVAL, EBADF, EPERM. */
function loadAncillary(task: Task, at: number, length: number): Ancillary {
  const files: OpenFile[] = [];
  let sender = identityOf(task);
  const { memory, credentials } = task;
  let place = at;
  const end = at + length;
  while (place + cmsghdr.size <= end) {
    const { len, level, type } = cmsghdr.load(memory, place);
    if (len < cmsghdr.size || place + len > end) throw errno.EINVAL;
    const data = place + cmsghdr.size;
    const size = len - cmsghdr.size;
    if (level === SOL_SOCKET && type === SCM_RIGHTS) {
      const count = Math.floor(size / 4);
      if (files.length + count > SCM_MAX_FD) throw errno.EINVAL;
      for (let i = 0; i < count; i++) files.push(task.files.get(memory.readI32(data + i * 4)));
    } else if (level === SOL_SOCKET && type === SCM_CREDENTIALS) {
      if (size !== CREDENTIALS_SIZE) throw errno.EINVAL;
      sender = { pid: memory.readI32(data), uid: memory.readU32(data + 4), gid: memory.readU32(data + 8) };
      const { uid, euid, suid, gid, egid, sgid } = credentials;
      const own = sender.pid === task.pid && [uid, euid, suid].includes(sender.uid) && [gid, egid, sgid].includes(sender.gid);
      if (!own && euid !== 0) throw errno.EPERM;
      if (task.kernel.processes.get(sender.pid) === undefined) throw errno.ESRCH;
    } else if (level === SOL_SOCKET) throw errno.EINVAL;
    place += Math.ceil(len / 8) * 8;
  }
  return { files, sender };
}

/** sendmsg(2). `address` sees to a name given. */
export function sendMessage(task: Task, file: SocketFile, at: number, flags: number, address: (place: number, length: number) => void): Outcome {
  const header = msghdr.load(task.memory, at);
  const buffers = messageBuffers(task, header);
  if (header.name !== 0 && header.namelen !== 0) address(header.name, header.namelen);
  const along = header.control === 0 ? undefined : loadAncillary(task, header.control, header.controllen);
  return send(task, file, gather(task, buffers), flags, along);
}

/** Writes control messages into the room that recvmsg(2) was given. */
class ControlWriter {
  private readonly task: Task;
  private place: number;
  private left: number;
  readonly start: number;
  truncated = false;

  constructor(task: Task, start: number, room: number) {
    this.task = task;
    this.start = this.place = start;
    this.left = start === 0 ? 0 : room;
  }

  /** Bytes written, padding included. */
  get used(): number {
    return this.place - this.start;
  }

  /** Bytes of data that still fit. */
  get room(): number {
    return Math.max(0, this.left - cmsghdr.size);
  }

  put(type: number, data: Uint8Array): void {
    if (this.left < cmsghdr.size) {
      this.truncated = true;
      return;
    }
    const kept = Math.min(data.length, this.room);
    if (kept < data.length) this.truncated = true;
    const length = cmsghdr.size + kept;
    cmsghdr.store(this.task.memory, this.place, { len: length, level: SOL_SOCKET, type });
    if (this.task.memory.copyOut(this.place + cmsghdr.size, data.subarray(0, kept)) !== kept) throw errno.EFAULT;
    const step = Math.min(this.left, Math.ceil(length / 8) * 8);
    this.place += step;
    this.left -= step;
  }
}

/** Gives the receiver the descriptions that were sent, as many as there is room for. */
function installFiles(task: Task, files: readonly OpenFile[], control: ControlWriter, closeOnExec: boolean): void {
  const fitting = Math.min(files.length, Math.floor(control.room / 4));
  const numbers: number[] = [];
  try {
    for (const file of files.slice(0, fitting)) numbers.push(install(task, file, closeOnExec));
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
  }
  if (numbers.length > 0) control.put(SCM_RIGHTS, new Uint8Array(new Int32Array(numbers).buffer));
  if (numbers.length < files.length) control.truncated = true;
  for (const file of files) file.unref();
}

/** recvmsg(2). */
export function receiveMessage(task: Task, file: SocketFile, at: number, flags: number): Outcome {
  const { memory } = task;
  const header = msghdr.load(memory, at);
  const buffers = messageBuffers(task, header);
  const room = total(buffers);
  const finish = (found: Received | undefined): void => {
    const control = new ControlWriter(task, header.control, header.controllen);
    if (file.passCredentials) {
      const { pid, uid, gid } = found?.sender ?? { pid: 0, uid: 65_534, gid: 65_534 };
      control.put(SCM_CREDENTIALS, new Uint8Array(new Int32Array([pid, uid, gid]).buffer));
    }
    if (found !== undefined && found.files.length > 0) installFiles(task, found.files, control, (flags & MSG_CMSG_CLOEXEC) !== 0);
    const truncated = found !== undefined && found.length > room ? MSG_TRUNC : 0;
    if (header.name !== 0) memory.writeU32(at + msghdr.offsets.namelen, 0);
    memory.writeU32(at + msghdr.offsets.flags, (truncated | (control.truncated ? MSG_CTRUNC : 0) | (flags & MSG_CMSG_CLOEXEC)) >>> 0);
    memory.writeU32(at + msghdr.offsets.controllen, control.used);
    memory.writeU32(at + msghdr.offsets.controllen + 4, 0);
  };
  return receive(task, file, buffers, flags, finish);
}
