/**
 * The only door from the machine to the outside. Requests and answers are plain data: a recorder is one listener, and an
 * image can hold a request that waits for its answer. Paths and names are byte strings: one character (0 to 255) for
 * each byte (`decodeLatin1`, `encodeLatin1` of base).
 *
 * Streams are the three standard descriptors. Mounts are host directories (`--dir HOST[::GUEST][:ro]`), numbered from 0
 * in the order they were given.
 *
 * What the adapter must keep for mounts:
 * - A mount is a directory that the guest can never leave. `path` is relative to the mount's root: names joined by
 *   "/", "" for the root itself, never "." or "..", never a leading or doubled "/". An adapter refuses any other path
 *   with EINVAL.
 * - The kernel walks component by component and interprets symbolic links itself, in the guest's name space. The
 *   adapter never follows one: where any component of `path` but the last is a symbolic link it answers ELOOP (where it
 *   is anything else but a directory, ENOTDIR), and the last is opened with O_NOFOLLOW. That must hold against a host
 *   that swaps a directory for a link between two calls: open each directory relative to the one before it
 *   (O_PATH | O_NOFOLLOW | O_DIRECTORY), then act on `/proc/self/fd/N/NAME` or its like.
 * - Only regular files and directories are opened. A device, FIFO or socket answers ENXIO: the guest's devices are its own.
 * - A device node (block or character) is never removed, renamed, or renamed over: EPERM. None is ever created: EPERM.
 * - A read-only mount refuses every change, and opening for writing, with EROFS. The kernel checks this too.
 * - Host errors are answered by Linux error number, whatever the host's own numbers are.
 * - A handle is closed by `file.close` only; handle numbers are chosen by the adapter.
 */

import type { BasicStat, Time } from "./abi/stat.ts";

/** Largest `max` of a read and largest `bytes` of a write. */
export const MAX_TRANSFER = 0x10_0000;

export type HostTime = Time;

/** What stat(2) says of a host file, in Linux's numbers. The guest sees a device of its own for each mount. */
export type HostStat = BasicStat;

/** One name of a host directory. `type` is the DT_* number of readdir(3), 0 where the host does not tell. */
export interface HostDirent {
  readonly name: string;
  readonly ino: number;
  readonly type: number;
}

export interface HostStatfs {
  readonly bsize: number;
  readonly blocks: number;
  readonly bfree: number;
  readonly bavail: number;
  readonly files: number;
  readonly ffree: number;
  readonly namelen: number;
}

/** Rows, columns and pixels of a terminal, as in struct winsize. */
export interface WindowSize {
  readonly rows: number;
  readonly columns: number;
  readonly xpixel: number;
  readonly ypixel: number;
}

/** Settings of a terminal as termios(3) has them. */
export interface HostTermios {
  readonly iflag: number;
  readonly oflag: number;
  readonly cflag: number;
  readonly lflag: number;
  /** VINTR, VQUIT ... by their Linux numbers; what is missing is taken from the usual ones. */
  readonly cc: readonly number[];
}

/** What a standard stream is, told once at the start. */
export interface HostStream {
  /** "null" is /dev/null; other devices, and whatever else the host has, are "other" (read and written in sequence, never sought). */
  readonly kind: "file" | "pipe" | "terminal" | "socket" | "null" | "other";
  /** What fstat(2) of the descriptor says. `uid`, `mode`, `size`, `ino` reach the guest. */
  readonly stat: HostStat;
  /** Open flags as F_GETFL answers them: access mode, O_APPEND, O_NONBLOCK. */
  readonly flags: number;
  /** Current offset of a "file". */
  readonly offset?: number;
  /** Name of the file, terminal or pipe as readlink("/proc/self/fd/N") tells it ("pipe:[1234]", "/dev/pts/0", ...). */
  readonly name: string;
  /** An earlier stream with the same open file description (`2>&1`): both then share offset and flags in the guest too. */
  readonly sameAs?: number;
  readonly windowSize?: WindowSize;
  /** Settings that the guest finds on a terminal; absent: the usual ones. */
  readonly termios?: HostTermios;
  /**
   * When the guest's line discipline takes a terminal over from the host's: at once, or with the guest's first wish for input, or never. From the
   * first "read" of it on the host passes bytes in both directions unchanged; before, it edits, echoes and processes output itself. Absent: "later".
   */
  readonly takeover?: "now" | "later" | "never";
}

/** Requests that concern a standard stream. */
export type StreamRequest =
  /**
   * The three standard streams as the host was started with them; null for a closed one. Asked once, before the first
   * task runs. Answer: `{ streams }`, or `{ streams: [] }` where there are none.
   */
  | { readonly op: "streams" }
  /**
   * Up to `max` bytes, as soon as at least one is there. Answer: `{ bytes }`, empty at end of file; "later" when nothing
   * is there yet: the same request is then answered once bytes, the end or an error come. At most one read of a stream is
   * unanswered at any time. The bytes belong to the guest from then on, whether or not the task that wanted
   * them still waits. A "file" is read at its current offset and always answers at once.
   */
  | { readonly op: "read"; readonly stream: number; readonly max: number }
  /**
   * Writes in sequence ("file": at the current offset, or at its end with O_APPEND). `bytes` may be used only during the
   * call. Answer: `{ count }`, at least 1; EPIPE where the reader has gone. "later" when nothing can be taken now: nothing
   * was taken, and `{ count: 0 }` answers the request once writing may be tried again.
   */
  | { readonly op: "write"; readonly stream: number; readonly bytes: Uint8Array }
  /** Sets the offset of a "file", absolute. Answer: `{ done: true }`. An adapter that cannot lseek keeps the offset itself from then on. */
  | { readonly op: "seek"; readonly stream: number; readonly offset: number }
  /** Reads or writes a "file" at an offset, which does not move. Answers as for `read` and `write`. */
  | { readonly op: "pread"; readonly stream: number; readonly offset: number; readonly max: number }
  | { readonly op: "pwrite"; readonly stream: number; readonly offset: number; readonly bytes: Uint8Array }
  /** ftruncate(2) of a "file". Answer: `{ done: true }`. */
  | { readonly op: "truncate"; readonly stream: number; readonly size: number }
  /** Current fstat(2) of a stream. Answer: `{ stat }`. */
  | { readonly op: "fstat"; readonly stream: number }
  /** Current size of a terminal. Answer: `{ windowSize }`; ENOTTY where the stream is none. */
  | { readonly op: "windowSize"; readonly stream: number };

/** Attributes to change; what is absent stays. `atime` and `mtime` are absolute. */
export interface HostAttributes {
  /** Permission bits 07777. EOPNOTSUPP on a symbolic link. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly atime?: HostTime;
  readonly mtime?: HostTime;
}

/** Requests that name a file below a mount. */
export type PathRequest =
  /** lstat(2). Answer: `{ stat }`. */
  | { readonly op: "lstat"; readonly mount: number; readonly path: string }
  /** readlink(2). Answer: `{ target }`; EINVAL where it is no link. */
  | { readonly op: "readlink"; readonly mount: number; readonly path: string }
  /** The whole listing, without "." and "..", in the host's own order. Answer: `{ entries }`. */
  | { readonly op: "readdir"; readonly mount: number; readonly path: string }
  /**
   * Opens a regular file or a directory. `flags` holds the access mode and of O_CREAT, O_EXCL, O_TRUNC, O_APPEND,
   * O_DIRECTORY; the adapter adds O_NOFOLLOW, O_CLOEXEC, O_NOCTTY and O_NONBLOCK. `mode` is for O_CREAT, umask already
   * taken off (the host's own umask must not take more). Answer: `{ handle, stat }`; ELOOP at a symbolic link;
   * ENXIO at anything that is neither file nor directory (checked by fstat after opening).
   */
  | { readonly op: "open"; readonly mount: number; readonly path: string; readonly flags: number; readonly mode: number }
  /** Answer `{ done: true }`, as all that follow unless said otherwise. `mode` as in `open`. */
  | { readonly op: "mkdir"; readonly mount: number; readonly path: string; readonly mode: number }
  /** A regular file or FIFO only (file type bits are in `mode`); EPERM for anything else. */
  | { readonly op: "mknod"; readonly mount: number; readonly path: string; readonly mode: number }
  | { readonly op: "rmdir"; readonly mount: number; readonly path: string }
  | { readonly op: "unlink"; readonly mount: number; readonly path: string }
  /** `target` is stored as it is and never interpreted by the adapter. */
  | { readonly op: "symlink"; readonly mount: number; readonly path: string; readonly target: string }
  /** link(2) inside one mount, without following `from`. */
  | { readonly op: "link"; readonly mount: number; readonly from: string; readonly path: string }
  /** rename(2) inside one mount. `noReplace`: EEXIST where `path` exists. */
  | { readonly op: "rename"; readonly mount: number; readonly from: string; readonly path: string; readonly noReplace: boolean }
  /** lchown, lchmod, lutimes: a symbolic link itself. */
  | { readonly op: "setattr"; readonly mount: number; readonly path: string; readonly attributes: HostAttributes }
  /** Answer: `{ statfs }`. */
  | { readonly op: "statfs"; readonly mount: number; readonly path: string };

/** Requests on a handle that `open` gave. */
export type HandleRequest =
  /** Always answered at once, and the answer is not looked at. */
  | { readonly op: "file.close"; readonly handle: number }
  /** Answer: `{ bytes }`, empty at and beyond the end. */
  | { readonly op: "file.pread"; readonly handle: number; readonly offset: number; readonly max: number }
  /** Answer: `{ count }`. A handle opened with O_APPEND writes at the end whatever `offset` is. `bytes` may be used only during the call. */
  | { readonly op: "file.pwrite"; readonly handle: number; readonly offset: number; readonly bytes: Uint8Array }
  /** Answer: `{ stat }`. */
  | { readonly op: "file.fstat"; readonly handle: number }
  | { readonly op: "file.truncate"; readonly handle: number; readonly size: number }
  | { readonly op: "file.setattr"; readonly handle: number; readonly attributes: HostAttributes }
  /** fsync(2), or fdatasync(2). */
  | { readonly op: "file.sync"; readonly handle: number; readonly dataOnly: boolean };

export type HostRequest =
  | StreamRequest
  | PathRequest
  | HandleRequest
  /** The host's real-time clock, asked after the machine really waited for a live source. Answer: `{ time }`. */
  | { readonly op: "clock" };

/** Answers, told apart by their one or two fields. `errno` is a positive Linux error number. */
export type HostAnswer =
  | { readonly errno: number }
  | { readonly streams: readonly (HostStream | null)[] }
  /** The bytes may be a view that is valid until the next request: whoever keeps them copies them. */
  | { readonly bytes: Uint8Array }
  | { readonly count: number }
  | { readonly done: true }
  | { readonly stat: HostStat }
  | { readonly target: string }
  | { readonly entries: readonly HostDirent[] }
  | { readonly handle: number; readonly stat: HostStat }
  | { readonly statfs: HostStatfs }
  | { readonly windowSize: WindowSize }
  | { readonly time: HostTime };

/** Implemented by a host adapter. */
export interface Inputs {
  /** True for an adapter that answers every request on mounts and handles at once: the kernel then keeps no answers for a second run of the call. */
  readonly synchronousFiles?: boolean;
  /**
   * Answers at once, or "later": then the machine's `answer(id, answer)` must be called with this `id` in time, between
   * two runs. Ids rise by one with every request of a machine. Requests on mounts and handles may be answered later too; the
   * task parks and its system call is then run again with the answers it got so far.
   */
  ask(id: number, request: HostRequest): HostAnswer | "later";
}

/** A directory of the host seen by the guest: `--dir HOST[::GUEST][:ro]`. The host's path is known to the adapter only. */
export interface HostMount {
  /** Number in requests. */
  readonly mount: number;
  /** Absolute guest path; its directories are made when absent. "/" replaces the root. */
  readonly guest: string;
  readonly readOnly: boolean;
  /** Of a mount at "/": what the guest changes there is kept in memory, and the host's directory is only read. */
  readonly overlay?: boolean;
}
