export { ERRNO, ERRNO_TABLE, Errno, errnoName } from "./abi/errno.ts";
export type { ErrnoName } from "./abi/errno.ts";
export { O_ACCMODE, O_APPEND, O_CLOEXEC, O_CREAT, O_DIRECTORY, O_EXCL, O_NONBLOCK, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } from "./abi/fcntl.ts";
export { RLIMIT_NOFILE, defaultRlimits } from "./abi/resource.ts";
export type { Rlimit } from "./abi/resource.ts";
export { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from "./abi/stat.ts";
export { MAX_TRANSFER } from "./inputs.ts";
export type {
  HandleRequest,
  HostAnswer,
  HostAttributes,
  HostDirent,
  HostMount,
  HostRequest,
  HostStat,
  HostStatfs,
  HostStream,
  HostTermios,
  HostTime,
  Inputs,
  PathRequest,
  StreamRequest,
  WindowSize,
} from "./inputs.ts";
export { signalCodeName, signalName, signalText } from "./abi/signal.ts";
export { syscallName, syscallNumbers } from "./abi/syscall-names.ts";
export type { Instant } from "./clock.ts";
export { Kernel } from "./kernel.ts";
export type { Idle, KernelListener, ProgramStart, StartOptions, SyscallOutcome } from "./kernel.ts";
export { Reg, USER_CS, USER_SS, Vector } from "./registers.ts";
export type { CpuFault, Registers } from "./registers.ts";
export type { SigInfo } from "./signals/types.ts";
export { addGuestArchive, addGuestFiles, archiveGuestFiles, listGuestFiles, modeText, readGuestFile } from "./vfs/guest-files.ts";
export type { GuestFile, NewFile } from "./vfs/guest-files.ts";
export { TarError } from "./vfs/tar.ts";
export { syscalls, syscallTable } from "./syscalls/table.ts";
export { quote, STRING_LIMIT } from "./syscalls/text.ts";
export { outputsOf } from "./syscalls/syscall.ts";
export type { Arg, Shown, Support, Syscall } from "./syscalls/syscall.ts";
export type { Call, ExitStatus, Process, Task } from "./task.ts";
export type { KernelEnvironment, SavedMount } from "./image.ts";
export { BusyError, kernelLayouts, loadStart, mountsType, restoreKernel, savedMounts, saveKernel, saveStart, unsavable } from "./image.ts";
