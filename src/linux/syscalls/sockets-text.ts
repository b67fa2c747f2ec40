/** Arguments of socket calls as strace(1) prints them. */
import {
  MSG_NAMES,
  SCM_CREDENTIALS,
  SCM_RIGHTS,
  SO_PEERCRED,
  SO_RCVTIMEO,
  SO_SNDTIMEO,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_TYPE_MASK,
  SOL_SOCKET,
} from "../abi/socket.ts";
import * as S from "../abi/socket.ts";
import { readI64 } from "../abi/struct.ts";
import { inPlace, outPlace, unsigned64 } from "./args.ts";
import { showBuffers } from "./io.ts";
import { cmsghdr, msghdr } from "./messages.ts";
import type { Arg, Shown } from "./syscall.ts";
import { flagText, hex, nameOf } from "./text.ts";

const DOMAINS: Readonly<Record<string, number>> = { AF_UNSPEC: 0, AF_UNIX: 1, AF_INET: 2, AF_INET6: 10, AF_NETLINK: 16, AF_PACKET: 17, AF_VSOCK: 40 };
const TYPES: Readonly<Record<string, number>> = {
  SOCK_STREAM: 1,
  SOCK_DGRAM: 2,
  SOCK_RAW: 3,
  SOCK_RDM: 4,
  SOCK_SEQPACKET: 5,
  SOCK_DCCP: 6,
  SOCK_PACKET: 10,
};
const LEVELS: Readonly<Record<string, number>> = { SOL_IP: 0, SOL_SOCKET, SOL_TCP: 6, SOL_UDP: 17, SOL_IPV6: 41 };
const OPTIONS: Readonly<Record<string, number>> = {
  SO_DEBUG: S.SO_DEBUG,
  SO_REUSEADDR: S.SO_REUSEADDR,
  SO_TYPE: S.SO_TYPE,
  SO_ERROR: S.SO_ERROR,
  SO_DONTROUTE: S.SO_DONTROUTE,
  SO_BROADCAST: S.SO_BROADCAST,
  SO_SNDBUF: S.SO_SNDBUF,
  SO_RCVBUF: S.SO_RCVBUF,
  SO_KEEPALIVE: S.SO_KEEPALIVE,
  SO_OOBINLINE: S.SO_OOBINLINE,
  SO_NO_CHECK: 11,
  SO_PRIORITY: 12,
  SO_LINGER: 13,
  SO_REUSEPORT: 15,
  SO_PASSCRED: S.SO_PASSCRED,
  SO_PEERCRED,
  SO_RCVLOWAT: S.SO_RCVLOWAT,
  SO_SNDLOWAT: S.SO_SNDLOWAT,
  SO_RCVTIMEO_OLD: SO_RCVTIMEO,
  SO_SNDTIMEO_OLD: SO_SNDTIMEO,
  SO_PEERNAME: 28,
  SO_TIMESTAMP_OLD: 29,
  SO_ACCEPTCONN: S.SO_ACCEPTCONN,
  SO_PEERSEC: 31,
  SO_PROTOCOL: S.SO_PROTOCOL,
  SO_DOMAIN: S.SO_DOMAIN,
  SO_COOKIE: 57,
};

function typeText(value: number): string {
  const type = nameOf(value & SOCK_TYPE_MASK, TYPES, "SOCK_???");
  const rest = value & ~SOCK_TYPE_MASK;
  return rest === 0 ? type : `${type}|${flagText(rest >>> 0, { SOCK_CLOEXEC, SOCK_NONBLOCK }, "0")}`;
}

export const domain: Arg<number> = { direction: "in", decode: (low) => low, show: (low) => nameOf(low, DOMAINS, "AF_???") };
export const socketType: Arg<number> = { direction: "in", decode: (low) => low, show: typeText };
export const messageFlags: Arg<number> = { direction: "in", decode: (low) => low, show: (low) => flagText(low >>> 0, MSG_NAMES, "0") };
export const level: Arg<number> = { direction: "in", decode: (low) => low, show: (low) => nameOf(low, LEVELS, "SOL_???") };
export const option: Arg<number> = {
  direction: "in",
  decode: (low) => low,
  show: (low, _high, shown) => (shown.int(1) === SOL_SOCKET ? nameOf(low, OPTIONS, "SO_???") : hex(low >>> 0)),
};

function optionText(at: number, length: number, shown: Shown): string {
  const { memory } = shown;
  const name = shown.int(2);
  if (shown.int(1) === SOL_SOCKET && name === SO_PEERCRED && length === 12) {
    return `{pid=${memory.readI32(at)}, uid=${memory.readI32(at + 4)}, gid=${memory.readI32(at + 8)}}`;
  }
  if (shown.int(1) === SOL_SOCKET && (name === SO_RCVTIMEO || name === SO_SNDTIMEO) && length === 16) {
    return `{tv_sec=${readI64(memory, at)}, tv_usec=${readI64(memory, at + 8)}}`;
  }
  return length === 4 ? `[${memory.readI32(at)}]` : hex(at);
}

export const optionIn: Arg<number> = inPlace((at, shown) => optionText(at, shown.int(4), shown));
export const optionOut: Arg<number> = outPlace((at, shown) => optionText(at, shown.memory.readI32(shown.long(4)), shown));
/** A length that the call reads and changes. */
export const lengthPlace: Arg<number> = outPlace((at, shown) => `[${shown.memory.readI32(at)}]`);
export const addressPlace: Arg<number> = outPlace(() => "{sa_family=AF_UNIX}");

function controlText(at: number, length: number, shown: Shown): string {
  const { memory } = shown;
  const parts: string[] = [];
  for (let place = at; place + cmsghdr.size <= at + length;) {
    const { len, level: of, type } = cmsghdr.load(memory, place);
    if (len < cmsghdr.size) break;
    const data = place + cmsghdr.size;
    const words = Array.from({ length: Math.floor((len - cmsghdr.size) / 4) }, (_, i) => memory.readI32(data + i * 4));
    const kind = nameOf(type, { SCM_RIGHTS, SCM_CREDENTIALS }, "SCM_???");
    const shownData = type === SCM_CREDENTIALS ? `{pid=${words[0]}, uid=${words[1]}, gid=${words[2]}}` : `[${words.join(", ")}]`;
    parts.push(`{cmsg_len=${len}, cmsg_level=${nameOf(of, LEVELS, "SOL_???")}, cmsg_type=${kind}, cmsg_data=${shownData}}`);
    place += Math.ceil(len / 8) * 8;
  }
  return `[${parts.join(", ")}]`;
}

function messageText(at: number, shown: Shown, available: number): string {
  const header = msghdr.load(shown.memory, at);
  const name = header.name === 0 ? "NULL" : hex(header.name);
  const control = header.control === 0 || header.controllen === 0 ? "" : `msg_control=${controlText(header.control, header.controllen, shown)}, `;
  return (
    `{msg_name=${name}, msg_namelen=${header.namelen}, msg_iov=${showBuffers(header.iov, header.iovlen, shown, available)}, ` +
    `msg_iovlen=${header.iovlen}, ${control}msg_controllen=${header.controllen}, msg_flags=${flagText(header.flags >>> 0, MSG_NAMES, "0")}}`
  );
}

export const messageIn: Arg<number> = inPlace((at, shown) => messageText(at, shown, Infinity));
export const messageOut: Arg<number> = outPlace((at, shown) => messageText(at, shown, shown.result ?? 0));
export const pairPlace: Arg<number> = outPlace((at, { memory }) => `[${memory.readI32(at)}, ${memory.readI32(at + 4)}]`);
/** Where the sender's address goes: unnamed sockets have none. */
export const senderPlace: Arg<number> = {
  direction: "out",
  decode: unsigned64,
  show: (low, high) => ((low | high) === 0 ? "NULL" : hex(unsigned64(low, high))),
};
