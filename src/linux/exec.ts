/** Starting programs: the first process, execve(2). */
import { decodeLatin1, encodeLatin1 } from "../base/index.ts";
import { load, LoadError, parseElf } from "../loader/index.ts";
import { TASK_SIZE, type FileBacking } from "../memory/index.ts";
import { Errno, errno } from "./abi/errno.ts";
import { AT_FDCWD, O_CREAT, O_EXCL, O_RDWR } from "./abi/fcntl.ts";
import { RLIMIT_STACK } from "./abi/resource.ts";
import { SIG_DFL, SIG_IGN, SIGKILL } from "./abi/signal.ts";
import { emptySet } from "./abi/sigset.ts";
import { Reg } from "./registers.ts";
import { releaseMemory } from "./robust.ts";
import { minimumSignalStack } from "./signals/frame.ts";
import type { Task } from "./task.ts";
import type { Dentry } from "./vfs/inode.ts";
import type { OpenFile } from "./vfs/open-file.ts";
import type { Vfs } from "./vfs/vfs.ts";

export interface FoundProgram {
  readonly dentry: Dentry;
  readonly bytes: Uint8Array;
  readonly backing: FileBacking | undefined;
}

/** Bytes of a program that is read whole: more than this is refused with ENOMEM. */
const MAX_PROGRAM = 2 ** 31;

function readAll(file: OpenFile): Uint8Array {
  const { size } = file.stat();
  if (size > MAX_PROGRAM) throw errno.ENOMEM;
  const bytes = new Uint8Array(size);
  let done = 0;
  while (done < size) {
    const count = file.pread(bytes.subarray(done), done);
    if (count <= 0) break;
    done += count;
  }
  return bytes.subarray(0, done);
}

/**
 * The program at an absolute guest path. Where the guest's tree does not have it, `bytes` are put there (mode 0755, by root), so that
 * /proc/self/exe and the path lead to it. Throws Errno as execve(2) does.
 */
export function findProgram(vfs: Vfs, task: Task, path: string, bytes: Uint8Array | undefined): FoundProgram {
  let file: OpenFile;
  try {
    file = vfs.openProgram(task, path);
  } catch (error) {
    if (bytes === undefined || !(error instanceof Errno) || (error !== errno.ENOENT && error !== errno.ENOTDIR)) throw error;
    place(vfs, path, bytes);
    file = vfs.openProgram(task, path);
  }
  file.retain();
  const content = bytes ?? readAll(file);
  return { dentry: file.dentry, bytes: content, backing: file.backing() };
}

function place(vfs: Vfs, path: string, bytes: Uint8Array): void {
  const { tree } = vfs;
  tree.directory(path.slice(0, path.lastIndexOf("/")), 0o755);
  const file = vfs.open(tree.nobody, AT_FDCWD, path, O_CREAT | O_EXCL | O_RDWR, 0o755).retain();
  let done = 0;
  while (done < bytes.length) {
    const count = file.write(bytes.subarray(done), tree.nobody);
    if (count <= 0) throw errno.ENOSPC;
    done += count;
  }
  file.unref();
}

/** Bytes of one argument or environment string, and of all together: limits of execve(2). */
const MAX_STRING = 131072;
const MAX_STRINGS = 2 ** 21;
/** How deep scripts may name scripts as their interpreters. */
const MAX_SCRIPTS = 4;
/** Bytes of a script's first line that count. */
const SCRIPT_LINE = 256;
const FIRST_RFLAGS = 0x202;

/** Name of a task after the program it runs. */
export function commOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1).slice(0, 15);
}

/** Loads a program into a task's empty address space and points its registers at the start. Throws LoadError. */
export function startImage(task: Task, found: FoundProgram, argv: readonly string[], envp: readonly string[], path: string): void {
  const { kernel, process, registers, credentials } = task;
  const random = new Uint8Array(16);
  kernel.random.fill(random);
  const stackLimit = process.limits[RLIMIT_STACK]!.soft;
  const image = load(task.memory, found.bytes, {
    argv: argv.map(encodeLatin1),
    envp: envp.map(encodeLatin1),
    execfn: encodeLatin1(path),
    random,
    uid: credentials.uid,
    euid: credentials.euid,
    gid: credentials.gid,
    egid: credentials.egid,
    secure: false,
    hwcap: kernel.start.hwcap ?? 0,
    hwcap2: kernel.start.hwcap2 ?? 0,
    minSignalStack: minimumSignalStack(registers.xstateSize),
    fileName: path,
    ...(Number.isFinite(stackLimit) ? { stackLimit } : {}),
    ...(found.backing === undefined ? {} : { backing: found.backing }),
  });
  process.exe = found.dentry;
  process.path = path;
  kernel.system.describeImage(process, image);
  for (let reg = 0; reg < 16; reg++) registers.set(reg, 0);
  registers.set(Reg.rip, image.entry);
  registers.set(Reg.rsp, image.stackPointer);
  registers.setRflags(FIRST_RFLAGS);
  registers.fsBase = 0;
  registers.gsBase = 0;
  registers.resetXstate();
}

/** The strings that a NULL-terminated array of pointers names: E2BIG, EFAULT. A null array is an empty one. */
function stringArray(task: Task, at: number): string[] {
  const list: string[] = [];
  if (at === 0) return list;
  let total = 0;
  for (let place = at; ; place += 8) {
    const pointer = task.memory.readNumber(place);
    if (pointer === 0) return list;
    const bytes = task.memory.readCString(pointer, MAX_STRING);
    total += bytes.length + 9;
    if (bytes.length >= MAX_STRING || total > MAX_STRINGS) throw errno.E2BIG;
    list.push(decodeLatin1(bytes));
  }
}

/** `#!interpreter [argument]`, or undefined for what is no script. ENOEXEC where no interpreter is named. */
function scriptLine(bytes: Uint8Array): readonly string[] | undefined {
  if (bytes[0] !== 0x23 || bytes[1] !== 0x21) return undefined;
  const line = decodeLatin1(bytes.subarray(2, SCRIPT_LINE)).split("\n", 1)[0]!;
  const [, interpreter, argument] = /^[ \t]*([^ \t\0]*)[ \t]*([^\0]*?)[ \t]*$/.exec(line) ?? [];
  if (interpreter === undefined || interpreter === "") throw errno.ENOEXEC;
  return argument === undefined || argument === "" ? [interpreter] : [interpreter, argument];
}

/** execve(2), execveat(2): does not return to the caller's program unless it fails. */
export function execve(task: Task, dirfd: number, path: string, argvAt: number, envpAt: number, atFlags: number): void {
  const { vfs } = task.kernel;
  let argv = stringArray(task, argvAt);
  const envp = stringArray(task, envpAt);
  if (argv.length === 0) argv = [""];
  let file = vfs.openProgram(task, path, dirfd, atFlags);
  let bytes = readAll(file);
  let name = path;
  for (let depth = 0; ; depth++) {
    const script = scriptLine(bytes);
    if (script === undefined) break;
    if (depth === MAX_SCRIPTS) throw errno.ELOOP;
    argv = [...script, name, ...argv.slice(1)];
    name = script[0]!;
    file = vfs.openProgram(task, name);
    bytes = readAll(file);
  }
  try {
    if (parseElf(bytes).interpreter !== undefined) throw errno.ENOENT;
  } catch (error) {
    throw error instanceof LoadError ? errno[error.errno] : error;
  }
  const found: FoundProgram = { dentry: file.retain().dentry, bytes, backing: file.backing() };
  leaveProgram(task);
  try {
    startImage(task, found, argv, envp, name);
  } catch (error) {
    if (!(error instanceof LoadError)) throw error;
    task.kernel.exitProcess(task.process, { code: 0, signal: SIGKILL, core: false });
    return;
  }
  task.comm = commOf(path);
}

/** What a process loses with its program: memory, other threads, handlers, timers, descriptors marked so. */
function leaveProgram(task: Task): void {
  const { process, kernel } = task;
  for (const other of process.tasks.filter((each) => each !== task)) kernel.exitTask(other, 0);
  task.files.closeOnExec();
  for (const action of task.handlers.actions) {
    if (action.handler !== SIG_IGN) action.handler = SIG_DFL;
    action.flags = 0;
    action.restorer = 0;
    action.mask = emptySet();
  }
  Object.assign(task.altStack, { sp: 0, flags: 0, size: 0 });
  process.posixTimers.length = 0;
  process.dumpable = 1;
  releaseMemory(task);
  task.memory.unmap(0, TASK_SIZE);
}
