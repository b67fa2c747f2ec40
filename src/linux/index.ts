export { ERRNO, ERRNO_TABLE, Errno, errnoName } from "./abi/errno.ts";
export type { ErrnoName } from "./abi/errno.ts";
export { O_ACCMODE, O_APPEND, O_CLOEXEC, O_CREAT, O_DIRECTORY, O_EXCL, O_NONBLOCK, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } from "./abi/fcntl.ts";
export { RLIMIT_NOFILE, defaultRlimits } from "./abi/resource.ts";
export type { Rlimit } from "./abi/resource.ts";
export { S_IFMT, S_IFREG } from "./abi/stat.ts";
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
  HostTime,
  Inputs,
  PathRequest,
  StreamRequest,
  WindowSize,
} from "./inputs.ts";
export type { StartOptions } from "./kernel.ts";
