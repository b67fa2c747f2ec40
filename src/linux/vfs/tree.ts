/**
 * The tree a guest starts with:
 *
 *     /            tmpfs, or the host directory mounted there, or memory above that directory
 *     /dev         devtmpfs: the nodes of devices.ts, fd and std* links, pts/ with the host's terminal, shm/ (tmpfs)
 *     /proc, /sys  made when read
 *     /etc         passwd, group, hosts, hostname, nsswitch.conf, mtab
 *     /tmp         mode 1777
 *     /bin /home /root /run /usr/bin /var/tmp ... empty
 *
 * or what a tar archive holds with /dev, /proc and /sys over it,
 *
 * then the host directories, each at its place.
 */

import { encodeLatin1 } from "../../base/index.ts";
import { ANON_INODE_FS_MAGIC, makeDev, PIPEFS_MAGIC, S_IFCHR, S_IFDIR, S_IFREG, SOCKFS_MAGIC } from "../abi/stat.ts";
import type { HostAnswer, HostMount, HostStream } from "../inputs.ts";
import { AnonymousFs } from "./anonymous.ts";
import { Descriptors } from "./descriptors.ts";
import { DEVICE_NODES } from "./devices.ts";
import { HostFs, HostInode } from "./host-fs.ts";
import type { HostPort } from "./host-port.ts";
import { Dentry } from "./inode.ts";
import type { FileSystem } from "./inode.ts";
import { Memfds } from "./memfd.ts";
import type { OpenFile } from "./open-file.ts";
import { OverlayFs } from "./overlay.ts";
import { Pipes } from "./pipe.ts";
import { procFs, sysFs } from "./proc.ts";
import { openStream, Stream, StreamInode } from "./stream.ts";
import type { TerminalHost } from "./terminal.ts";
import { Terminal } from "./terminal.ts";
import { TerminalFile, TerminalInode } from "./terminal-file.ts";
import { readTar } from "./tar.ts";
import type { TmpFsHost, TmpInode } from "./tmpfs.ts";
import { TmpFs } from "./tmpfs.ts";
import type { Caller, Clock, ProcSource, RandomSource } from "./types.ts";
import { unpack } from "./unpack.ts";
import { across } from "./walk.ts";

export interface TreeOptions {
  readonly port: HostPort;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly proc: ProcSource;
  readonly terminal: TerminalHost;
  readonly mounts: readonly HostMount[];
  /** A tar archive that is the root directory, in place of the usual files. */
  readonly archive?: Uint8Array;
  readonly hostname: string;
  /** A line of /etc/passwd is made for a user other than root. */
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  /** Bytes of memory of the machine: half of it is the root's capacity. */
  readonly memory: number;
}

const DIRECTORIES: readonly (readonly [path: string, mode: number])[] = [
  ["/var", 0o755],
  ["/var/tmp", 0o1777],
  ["/usr", 0o755],
  ["/usr/bin", 0o755],
  ["/tmp", 0o1777],
  ["/sys", 0o755],
  ["/run", 0o755],
  ["/root", 0o700],
  ["/proc", 0o755],
  ["/home", 0o755],
  ["/etc", 0o755],
  ["/dev", 0o755],
  ["/bin", 0o755],
];

/** What an archive or a lower directory need not have. */
const MOUNT_POINTS = DIRECTORIES.filter(([path]) => ["/tmp", "/sys", "/proc", "/dev"].includes(path));

/** Minor numbers of the anonymous device numbers (major 0), one for each file system. */
const MINOR = { root: 20, proc: 21, sys: 22, dev: 6, pts: 23, shm: 24, pipe: 15, anon: 16, memfd: 1, socket: 9, streams: 14, host: 40 } as const;

/** All mounted file systems, and those without a place. */
export class Tree {
  readonly root: Dentry;
  readonly mounts: FileSystem[] = [];
  readonly anonymous: AnonymousFs;
  readonly sockets: AnonymousFs;
  readonly pipes: Pipes;
  readonly memfds: Memfds;
  readonly streamFs: AnonymousFs;
  readonly #port: HostPort;
  /** By number; null for one that is closed. */
  streams: (Stream | null)[] = [];
  /** Those that standard streams are, by name; the first is the controlling one. */
  readonly terminals: Map<string, Terminal> = new Map();
  readonly terminalHost: TerminalHost;
  readonly nobody: Caller;
  readonly random: RandomSource;
  readonly dev: TmpFs;
  readonly pts: TmpFs;

  constructor(options: TreeOptions) {
    const { clock, port } = options;
    this.#port = port;
    this.random = options.random;
    this.terminalHost = options.terminal;
    const host: TmpFsHost = {
      clock,
      devices: { random: options.random, openTerminal: (dentry, flags) => this.#openTerminal(dentry, flags) },
    };
    const anonymous = (type: string, minor: number, magic: number): AnonymousFs =>
      new AnonymousFs({ type, dev: makeDev(0, minor), magic, firstIno: 1000 });
    this.anonymous = anonymous("anon_inodefs", MINOR.anon, ANON_INODE_FS_MAGIC);
    this.sockets = anonymous("sockfs", MINOR.socket, SOCKFS_MAGIC);
    this.streamFs = anonymous("pipefs", MINOR.streams, PIPEFS_MAGIC);
    this.pipes = new Pipes(anonymous("pipefs", MINOR.pipe, PIPEFS_MAGIC), clock);
    const capacity = Math.floor(options.memory / 2);
    const tmpfs = (type: string, source: string, minor: number, mountId: number, rootMode: number): TmpFs =>
      new TmpFs({ type, source, dev: makeDev(0, minor), mountId, rootMode, capacity }, host);
    this.memfds = new Memfds(tmpfs("tmpfs", "tmpfs", MINOR.memfd, 0, 0o777));

    const hostFs = (mount: HostMount): HostFs =>
      new HostFs({
        port,
        mount: mount.mount,
        guest: mount.guest,
        dev: makeDev(0, MINOR.host + mount.mount),
        mountId: 40 + mount.mount,
        readOnly: mount.readOnly,
      });
    const rootMount = options.mounts.find((mount) => mount.guest === "/");
    const overlay = (mount: HostMount): OverlayFs => {
      const identity = { type: "overlay", source: "overlay", dev: makeDev(0, MINOR.root), mountId: 20, rootMode: 0o755, capacity };
      return new OverlayFs(identity, host, hostFs({ ...mount, readOnly: true }));
    };
    const rootFs =
      rootMount === undefined ? tmpfs("tmpfs", "tmpfs", MINOR.root, 20, 0o755) : rootMount.overlay === true ? overlay(rootMount) : hostFs(rootMount);
    this.root = rootFs.root;
    this.mounts.push(rootFs);
    const fs = { root: this.root, cwd: this.root, umask: 0 };
    const credentials = { uid: 0, gid: 0, fsuid: 0, fsgid: 0, groups: [] };
    this.nobody = { fs, credentials, files: new Descriptors(), pid: 0, tid: 0, fileSizeLimit: Infinity };

    const given = options.archive !== undefined || rootFs instanceof OverlayFs;
    if (rootFs instanceof TmpFs && given) {
      if (options.archive !== undefined) unpack(this.root, readTar(options.archive), this.nobody);
      for (const [path, mode] of MOUNT_POINTS) this.directory(path, mode);
    } else if (rootFs instanceof TmpFs) this.#populate(options);
    this.dev = tmpfs("devtmpfs", "devtmpfs", MINOR.dev, 21, 0o755);
    this.pts = tmpfs("devpts", "devpts", MINOR.pts, 24, 0o755);
    this.mount("/proc", procFs({ dev: makeDev(0, MINOR.proc), mountId: 22, tree: this, source: options.proc, clock }));
    this.mount("/sys", sysFs({ dev: makeDev(0, MINOR.sys), mountId: 23, tree: this, source: options.proc, clock }));
    this.mount("/dev", this.dev);
    this.#populateDev();
    this.mount("/dev/pts", this.pts);
    this.mount("/dev/shm", tmpfs("tmpfs", "tmpfs", MINOR.shm, 25, 0o1777));
    for (const mount of options.mounts) if (mount.guest !== "/") this.mount(mount.guest, hostFs(mount));
  }

  /** Covers the directory `path`, which is made where it is missing. */
  mount(path: string, fs: FileSystem): void {
    const at = this.directory(path, 0o755);
    if (at.parent.inode instanceof HostInode) at.parent.inode.pin(at);
    at.mounted = fs;
    fs.over = at;
    this.mounts.push(fs);
  }

  /** The directory at an absolute path without links; missing ones are made. */
  directory(path: string, mode: number): Dentry {
    let at = this.root;
    for (const name of path.split("/")) {
      if (name === "" || name === ".") continue;
      if (name === "..") throw new Error(`mount point ${path}: ".." is not allowed`);
      const inode = at.inode;
      const found = inode.lookup(at, name, this.nobody);
      if (found !== undefined && !found.inode.isDirectory) throw new Error(`mount point ${path}: ${name} is no directory`);
      const next = found ?? (inode.fs instanceof HostFs ? inode.fs.placeholder(at, name) : inode.create(at, name, S_IFDIR | mode, 0, this.nobody));
      at = across(next);
    }
    return at;
  }

  #file(path: string, text: string): void {
    const slash = path.lastIndexOf("/");
    const dir = this.directory(path.slice(0, slash), 0o755);
    const inode = dir.inode.create(dir, path.slice(slash + 1), S_IFREG | 0o644, 0, this.nobody).inode as TmpInode;
    inode.store?.write(0, encodeLatin1(text));
  }

  #populate(options: TreeOptions): void {
    for (const [path, mode] of DIRECTORIES) this.directory(path, mode);
    const user = options.uid === 0 ? "" : `user:x:${options.uid}:${options.gid}:user:${options.home}:/bin/sh\n`;
    const group = options.gid === 0 ? "" : `user:x:${options.gid}:\n`;
    this.#file("/etc/passwd", `root:x:0:0:root:/root:/bin/sh\n${user}`);
    this.#file("/etc/group", `root:x:0:\n${group}`);
    this.#file("/etc/hosts", `127.0.0.1\tlocalhost\n127.0.1.1\t${options.hostname}\n`);
    this.#file("/etc/hostname", `${options.hostname}\n`);
    this.#file("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n");
    const etc = this.directory("/etc", 0o755);
    etc.inode.symlink(etc, "mtab", "/proc/mounts", this.nobody);
  }

  #populateDev(): void {
    const dev = this.directory("/dev", 0o755);
    const inode = dev.inode;
    for (const name of ["shm", "pts"]) inode.create(dev, name, S_IFDIR | 0o755, 0, this.nobody);
    for (const { name, major, minor, mode } of DEVICE_NODES) inode.create(dev, name, S_IFCHR | mode, makeDev(major, minor), this.nobody);
    for (const [fd, name] of ["stdin", "stdout", "stderr"].entries()) inode.symlink(dev, name, `/proc/self/fd/${fd}`, this.nobody);
    inode.symlink(dev, "fd", "/proc/self/fd", this.nobody);
  }

  // ---- standard streams

  /** Asks the host for its streams and opens them; undefined for one that is closed. To be asked once. */
  openStreams(): (OpenFile | undefined)[] {
    const { answer } = this.#port.request({ op: "streams" });
    const infos = answer !== "later" && "streams" in answer ? answer.streams : [];
    this.streams = infos.map((info, number) => (info === null ? null : new Stream(this.#port, number, info)));
    this.#makeTerminals();
    const files: (OpenFile | undefined)[] = [];
    for (const stream of this.streams) {
      const same = stream?.info.sameAs;
      files.push(same !== undefined ? files[same] : stream === null ? undefined : this.#openStandard(stream));
    }
    return files;
  }

  /** One terminal for each name among the streams, read through the first and written through the second of them, if there is one. */
  #makeTerminals(): void {
    for (const stream of this.streams) {
      if (stream?.info.kind !== "terminal" || this.terminals.has(stream.info.name)) continue;
      const second = this.streams.find((other) => other !== null && other.number > stream.number && other.info.name === stream.info.name);
      this.terminals.set(stream.info.name, new Terminal(stream, second ?? stream, this.terminalHost));
    }
  }

  get terminal(): Terminal | null {
    for (const terminal of this.terminals.values()) return terminal;
    return null;
  }

  /** Makes the first terminal the session's, and starts those that the guest has from the start. */
  startTerminals(session: number): void {
    const { terminal } = this;
    if (terminal !== null) terminal.session = terminal.foreground = session;
    for (const each of this.terminals.values()) if (each.input.info.takeover === "now") each.takeOver();
  }

  #openStandard(stream: Stream): OpenFile {
    const { info } = stream;
    if (info.kind === "null") return this.#openNull(info);
    const terminal = this.terminals.get(info.name);
    if (terminal !== undefined) return new TerminalFile(this.#terminalDentry(terminal), info.flags, terminal);
    return openStream(new Dentry(this.streamFs.root, info.name, new StreamInode(this.streamFs, stream)), info.flags, stream);
  }

  #openNull(info: HostStream): OpenFile {
    const dev = this.dev.root;
    const node = dev.inode.lookup(dev, "null", this.nobody);
    if (node === undefined) throw new Error("/dev/null is missing");
    return node.inode.open(node, info.flags, this.nobody);
  }

  /** The terminal's name: in /dev/pts if that is where the host has it, else in /dev. */
  #terminalDentry(terminal: Terminal): Dentry {
    const { name } = terminal.input.info;
    const inPts = name.startsWith("/dev/pts/");
    const fs = inPts ? this.pts : this.dev;
    const leaf = inPts ? name.slice("/dev/pts/".length) : (name.split("/").pop() ?? "tty1");
    const known = fs.root.inode.lookup(fs.root, leaf, this.nobody);
    if (known !== undefined && known.inode instanceof TerminalInode) return known;
    return (fs.root.inode as TmpInode).enter(fs.root, leaf, new TerminalInode(fs, fs.nextIno++, terminal));
  }

  #openTerminal(dentry: Dentry, flags: number): OpenFile | undefined {
    const { terminal } = this;
    return terminal?.controls === true ? new TerminalFile(dentry, flags, terminal) : undefined;
  }

  /** A late answer of the host: true where it was a stream's, whose waiting tasks may then be ready. */
  answer(id: number, answer: HostAnswer): boolean {
    if (!this.streams.some((stream) => stream?.answer(id, answer) === true)) return false;
    for (const terminal of this.terminals.values()) terminal.pump();
    return true;
  }

  /** Reads and writes that the host has not answered: what a sleeping machine may be woken by. */
  pending(): number[] {
    return this.streams.flatMap((stream) => [stream?.reading ?? 0, stream?.writing ?? 0]).filter((id) => id !== 0);
  }
}

export function createTree(options: TreeOptions): Tree {
  return new Tree(options);
}
