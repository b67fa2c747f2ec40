/** socket(2), send(2), recv(2), unix(7): constants. <sys/socket.h>, <asm-generic/socket.h>. */

export const AF_UNIX = 1;

export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_SEQPACKET = 5;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;
/** The type is below this; higher bits are flags. */
export const SOCK_TYPE_MASK = 0xf;
/** First type number that there is not. */
export const SOCK_MAX = 11;

export const SHUT_RD = 0;
export const SHUT_WR = 1;
export const SHUT_RDWR = 2;

export const MSG_OOB = 1;
export const MSG_PEEK = 2;
export const MSG_CTRUNC = 8;
export const MSG_TRUNC = 0x20;
export const MSG_DONTWAIT = 0x40;
export const MSG_EOR = 0x80;
export const MSG_WAITALL = 0x100;
export const MSG_NOSIGNAL = 0x4000;
export const MSG_CMSG_CLOEXEC = 0x4000_0000;

/** All of send(2) and recv(2), in strace(1)'s order. */
export const MSG_NAMES: Readonly<Record<string, number>> = {
  MSG_OOB,
  MSG_PEEK,
  MSG_DONTROUTE: 4,
  MSG_CTRUNC,
  MSG_PROBE: 0x10,
  MSG_TRUNC,
  MSG_DONTWAIT,
  MSG_EOR,
  MSG_WAITALL,
  MSG_FIN: 0x200,
  MSG_SYN: 0x400,
  MSG_CONFIRM: 0x800,
  MSG_RST: 0x1000,
  MSG_ERRQUEUE: 0x2000,
  MSG_NOSIGNAL,
  MSG_MORE: 0x8000,
  MSG_WAITFORONE: 0x1_0000,
  MSG_FASTOPEN: 0x2000_0000,
  MSG_CMSG_CLOEXEC,
};

export const SOL_SOCKET = 1;
export const SCM_RIGHTS = 1;
export const SCM_CREDENTIALS = 2;
/** Descriptors in one SCM_RIGHTS. */
export const SCM_MAX_FD = 253;

export const SO_DEBUG = 1;
export const SO_REUSEADDR = 2;
export const SO_TYPE = 3;
export const SO_ERROR = 4;
export const SO_DONTROUTE = 5;
export const SO_BROADCAST = 6;
export const SO_SNDBUF = 7;
export const SO_RCVBUF = 8;
export const SO_KEEPALIVE = 9;
export const SO_OOBINLINE = 10;
export const SO_PASSCRED = 16;
export const SO_PEERCRED = 17;
export const SO_RCVLOWAT = 18;
export const SO_SNDLOWAT = 19;
export const SO_RCVTIMEO = 20;
export const SO_SNDTIMEO = 21;
export const SO_ACCEPTCONN = 30;
export const SO_PROTOCOL = 38;
export const SO_DOMAIN = 39;

/** /proc/sys/net/core/wmem_default and wmem_max: the size of a new socket's buffer, and half of the largest that SO_SNDBUF sets. */
export const BUFFER_DEFAULT = 212_992;
export const MIN_SNDBUF = 4608;
export const MIN_RCVBUF = 2304;
