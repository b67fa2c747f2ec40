/** Sockets: connected pairs of unix(7) and what can be done with them. */
import { errno } from "../abi/errno.ts";
import { decodeLatin1 } from "../../base/index.ts";
import { AT_FDCWD, O_CLOEXEC, O_NONBLOCK } from "../abi/fcntl.ts";
import * as S from "../abi/socket.ts";
import { readI64 } from "../abi/struct.ts";
import { NS_PER_SECOND } from "../abi/time.ts";
import type { Task } from "../task.ts";
import { socketPair, type SenderIdentity, type SocketFile } from "../vfs/socket.ts";
import { fd, inBytes, int, oneOf, outBytes, size } from "./args.ts";
import { installPair } from "./fds.ts";
import { receive, receiveMessage, send, sendMessage, socketOf } from "./messages.ts";
import {
  addressPlace,
  domain,
  lengthPlace,
  level,
  messageFlags,
  messageIn,
  messageOut,
  option,
  optionIn,
  optionOut,
  pairPlace,
  senderPlace,
  socketType,
} from "./sockets-text.ts";
import { syscall, type Outcome, type Syscall } from "./syscall.ts";
import { gather } from "./transfer.ts";

const network = { classes: ["network"] };
const NO_URGENT = "partial: no MSG_OOB";
const NS_PER_MICROSECOND = 1000;

// ---- socketpair

const TYPES: Readonly<Record<number, number>> = {
  [S.SOCK_STREAM]: S.SOCK_STREAM,
  [S.SOCK_DGRAM]: S.SOCK_DGRAM,
  [S.SOCK_RAW]: S.SOCK_DGRAM,
  [S.SOCK_SEQPACKET]: S.SOCK_SEQPACKET,
};
/** Families that a kernel without them refuses otherwise: AF_INET and AF_INET6 have no pairs, AF_NETLINK neither. */
const PAIRLESS: readonly number[] = [2, 10, 16];

function pair(task: Task, family: number, type: number, protocol: number, at: number): number {
  const bits = type & ~S.SOCK_TYPE_MASK;
  if (bits & ~(S.SOCK_CLOEXEC | S.SOCK_NONBLOCK)) throw errno.EINVAL;
  if ((type & S.SOCK_TYPE_MASK) >= S.SOCK_MAX) throw errno.EINVAL;
  if (PAIRLESS.includes(family)) throw errno.EOPNOTSUPP;
  if (family !== S.AF_UNIX) throw errno.EAFNOSUPPORT;
  if (protocol !== 0 && protocol !== S.AF_UNIX) throw errno.EPROTONOSUPPORT;
  const kind = TYPES[type & S.SOCK_TYPE_MASK];
  if (kind === undefined) throw errno.ESOCKTNOSUPPORT;
  const files = socketPair(task.kernel.vfs.tree.sockets, kind, bits & O_NONBLOCK, task);
  return installPair(task, files, (bits & O_CLOEXEC) !== 0, at);
}

// ---- addresses

const FAMILY_SIZE = 2;
const MAX_ADDRESS = 128;

/** getsockname(2), getpeername(2): an unnamed socket of AF_UNIX. */
function putUnnamed(task: Task, at: number, lengthAt: number): number {
  const room = task.memory.readI32(lengthAt);
  if (room < 0) throw errno.EINVAL;
  const bytes = Uint8Array.of(S.AF_UNIX, 0).subarray(0, room);
  if (task.memory.copyOut(at, bytes) !== bytes.length) throw errno.EFAULT;
  task.memory.writeU32(lengthAt, FAMILY_SIZE);
  return 0;
}

/** A destination given with a message: nothing is ever bound to a name. */
function refuseAddress(task: Task, file: SocketFile, at: number, length: number): void {
  if (length < 0 || length > MAX_ADDRESS) throw errno.EINVAL;
  if (file.type === S.SOCK_SEQPACKET) return;
  const bytes = new Uint8Array(length);
  if (task.memory.copyIn(at, bytes) !== length) throw errno.EFAULT;
  if (file.isStream) throw errno.EISCONN;
  if (length <= FAMILY_SIZE || length > 110 || bytes[0] !== S.AF_UNIX || bytes[1] !== 0) throw errno.EINVAL;
  const name = decodeLatin1(bytes.subarray(FAMILY_SIZE));
  if (name[0] !== "\0") task.kernel.vfs.at(task, AT_FDCWD, name.split("\0")[0]!, 0);
  throw errno.ECONNREFUSED;
}

// ---- options

/** Options that are kept and change nothing here; true where only zero or not counts. */
const KEPT: ReadonlyMap<number, boolean> = new Map([
  [S.SO_DEBUG, true],
  [S.SO_REUSEADDR, true],
  [S.SO_DONTROUTE, true],
  [S.SO_BROADCAST, true],
  [S.SO_KEEPALIVE, true],
  [S.SO_OOBINLINE, true],
  [12 /* SO_PRIORITY */, false],
]);

function credentials({ pid, uid, gid }: SenderIdentity): Uint8Array {
  return new Uint8Array(new Int32Array([pid, uid, gid]).buffer);
}

function words(...values: number[]): Uint8Array {
  return new Uint8Array(new Int32Array(values).buffer);
}

function timeout(nanoseconds: number): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  if (nanoseconds !== Infinity) {
    view.setBigInt64(0, BigInt(Math.floor(nanoseconds / NS_PER_SECOND)), true);
    view.setBigInt64(8, BigInt(Math.floor((nanoseconds % NS_PER_SECOND) / NS_PER_MICROSECOND)), true);
  }
  return bytes;
}

function optionValue(file: SocketFile, name: number): Uint8Array {
  switch (name) {
    case S.SO_TYPE:
      return words(file.type);
    case S.SO_ERROR: {
      const { error } = file;
      file.error = 0;
      return words(error);
    }
    case S.SO_SNDBUF:
      return words(file.sendBuffer);
    case S.SO_RCVBUF:
      return words(file.receiveBuffer);
    case S.SO_PASSCRED:
      return words(file.passCredentials ? 1 : 0);
    case S.SO_PEERCRED:
      return credentials((file.partner ?? file).maker);
    case S.SO_RCVLOWAT:
    case S.SO_SNDLOWAT:
      return words(1);
    case S.SO_RCVTIMEO:
      return timeout(file.receiveTimeout);
    case S.SO_SNDTIMEO:
      return timeout(file.sendTimeout);
    case S.SO_ACCEPTCONN:
    case S.SO_PROTOCOL:
      return words(0);
    case S.SO_DOMAIN:
      return words(S.AF_UNIX);
    default:
      if (!KEPT.has(name)) throw errno.ENOPROTOOPT;
      return words(file.options.get(name) ?? 0);
  }
}

function getOption(task: Task, file: SocketFile, of: number, name: number, at: number, lengthAt: number): number {
  const { memory } = task;
  if (of !== S.SOL_SOCKET) throw errno.EOPNOTSUPP;
  const room = memory.readI32(lengthAt);
  if (room < 0) throw errno.EINVAL;
  const value = optionValue(file, name);
  const kept = value.subarray(0, room);
  if (memory.copyOut(at, kept) !== kept.length) throw errno.EFAULT;
  memory.writeU32(lengthAt, kept.length);
  return 0;
}

/** SO_RCVTIMEO, SO_SNDTIMEO: EINVAL, EDOM. A negative time waits not at all. */
function loadTimeout(task: Task, at: number, length: number): number {
  if (length < 16) throw errno.EINVAL;
  const seconds = readI64(task.memory, at);
  const micros = readI64(task.memory, at + 8);
  if (micros < 0 || micros >= 1_000_000) throw errno.EDOM;
  if (seconds < 0) return 0;
  return seconds === 0 && micros === 0 ? Infinity : seconds * NS_PER_SECOND + micros * NS_PER_MICROSECOND;
}

function bufferSize(asked: number, least: number): number {
  return Math.max(least, Math.min(asked >>> 0, S.BUFFER_DEFAULT) * 2);
}

function setOption(task: Task, file: SocketFile, of: number, name: number, at: number, length: number): number {
  if (of !== S.SOL_SOCKET) throw errno.EOPNOTSUPP;
  if (length < 4) throw errno.EINVAL;
  const value = task.memory.readI32(at);
  switch (name) {
    case S.SO_SNDBUF:
      file.sendBuffer = bufferSize(value, S.MIN_SNDBUF);
      return 0;
    case S.SO_RCVBUF:
      file.receiveBuffer = bufferSize(value, S.MIN_RCVBUF);
      return 0;
    case S.SO_PASSCRED:
      file.passCredentials = value !== 0;
      return 0;
    case S.SO_RCVTIMEO:
      file.receiveTimeout = loadTimeout(task, at, length);
      return 0;
    case S.SO_SNDTIMEO:
      file.sendTimeout = loadTimeout(task, at, length);
      return 0;
    default: {
      const boolean = KEPT.get(name);
      if (boolean === undefined) throw errno.ENOPROTOOPT;
      file.options.set(name, boolean ? Number(value !== 0) : value);
      return 0;
    }
  }
}

// ---- declarations

function sendTo(task: Task, file: SocketFile, at: number, length: number, flags: number, name: number, nameLength: number): Outcome {
  if (name !== 0 && nameLength !== 0) refuseAddress(task, file, name, nameLength);
  return send(task, file, gather(task, [{ address: at, length }]), flags);
}

function receiveFrom(task: Task, file: SocketFile, at: number, length: number, flags: number, name: number, lengthAt: number): Outcome {
  return receive(task, file, [{ address: at, length }], flags, (found) => {
    for (const sent of found.files) sent.unref();
    if (name !== 0) task.memory.writeU32(lengthAt, 0);
  });
}

export const socketCalls: readonly Syscall[] = [
  syscall(
    53,
    "socketpair",
    { domain, type: socketType, protocol: int, sv: pairPlace },
    "partial: AF_UNIX only",
    (t, a) => pair(t, a.domain, a.type, a.protocol, a.sv),
    network,
  ),
  syscall(
    44,
    "sendto",
    { sockfd: fd, buf: inBytes(2), len: size, flags: messageFlags, dest_addr: senderPlace, addrlen: int },
    NO_URGENT,
    (t, a) => sendTo(t, socketOf(t, a.sockfd), a.buf, a.len, a.flags, a.dest_addr, a.addrlen),
    network,
  ),
  syscall(
    45,
    "recvfrom",
    { sockfd: fd, buf: outBytes(), len: size, flags: messageFlags, src_addr: senderPlace, addrlen: { ...lengthPlace } },
    NO_URGENT,
    (t, a) => receiveFrom(t, socketOf(t, a.sockfd), a.buf, a.len, a.flags, a.src_addr, a.addrlen),
    network,
  ),
  syscall(
    46,
    "sendmsg",
    { sockfd: fd, msg: messageIn, flags: messageFlags },
    NO_URGENT,
    (t, a) => {
      const file = socketOf(t, a.sockfd);
      return sendMessage(t, file, a.msg, a.flags, (at, length) => refuseAddress(t, file, at, length));
    },
    network,
  ),
  syscall(
    47,
    "recvmsg",
    { sockfd: fd, msg: messageOut, flags: messageFlags },
    NO_URGENT,
    (t, a) => receiveMessage(t, socketOf(t, a.sockfd), a.msg, a.flags),
    network,
  ),
  syscall(
    48,
    "shutdown",
    { sockfd: fd, how: oneOf({ SHUT_RD: S.SHUT_RD, SHUT_WR: S.SHUT_WR, SHUT_RDWR: S.SHUT_RDWR }, "SHUT_???") },
    "full",
    (t, a) => (socketOf(t, a.sockfd).shutdown(a.how), 0),
    network,
  ),
  syscall(
    51,
    "getsockname",
    { sockfd: fd, addr: addressPlace, addrlen: lengthPlace },
    "full",
    (t, a) => (socketOf(t, a.sockfd), putUnnamed(t, a.addr, a.addrlen)),
    network,
  ),
  syscall(
    52,
    "getpeername",
    { sockfd: fd, addr: addressPlace, addrlen: lengthPlace },
    "full",
    (t, a) => {
      if (socketOf(t, a.sockfd).peer === null) throw errno.ENOTCONN;
      return putUnnamed(t, a.addr, a.addrlen);
    },
    network,
  ),
  syscall(
    54,
    "setsockopt",
    { sockfd: fd, level, optname: option, optval: optionIn, optlen: int },
    "partial: of SOL_SOCKET buffer sizes, timeouts, SO_PASSCRED and flags",
    (t, a) => setOption(t, socketOf(t, a.sockfd), a.level, a.optname, a.optval, a.optlen),
    network,
  ),
  syscall(
    55,
    "getsockopt",
    { sockfd: fd, level, optname: option, optval: optionOut, optlen: lengthPlace },
    "partial: of SOL_SOCKET what setsockopt(2) sets, type, error, credentials, family",
    (t, a) => getOption(t, socketOf(t, a.sockfd), a.level, a.optname, a.optval, a.optlen),
    network,
  ),
];
