/** Which system calls `--strace=CALLS` shows: names and classes as strace(1) knows them after `-e trace=`. */
import { syscallName, syscallNumbers } from "../linux/index.ts";

/** strace(1)'s classes: what strace 6.1 shows of each on x86-64. A name written with two percent signs there has one here. */
const CLASSES: Readonly<Record<string, string>> = {
  file:
    "access acct chdir chmod chown chroot creat execve execveat faccessat faccessat2 fanotify_mark fchmodat fchownat fsconfig fspick " +
    "futimesat getcwd getxattr inotify_add_watch lchown lgetxattr link linkat listxattr llistxattr lremovexattr lsetxattr lstat mkdir " +
    "mkdirat mknod mknodat mount mount_setattr move_mount name_to_handle_at newfstatat open open_tree openat openat2 pivot_root " +
    "quotactl readlink readlinkat removexattr rename renameat renameat2 rmdir setxattr stat statfs statx swapoff swapon symlink " +
    "symlinkat truncate umount2 unlink unlinkat uselib utime utimensat utimes",
  desc:
    "bpf close copy_file_range creat dup dup2 dup3 epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd " +
    "eventfd2 execveat faccessat faccessat2 fadvise64 fallocate fanotify_init fanotify_mark fchdir fchmod fchmodat fchown fchownat " +
    "fcntl fdatasync fgetxattr finit_module flistxattr flock fremovexattr fsconfig fsetxattr fsmount fsopen fspick fstat fstatfs fsync " +
    "ftruncate futimesat getdents getdents64 inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_uring_enter " +
    "io_uring_register io_uring_setup ioctl kexec_file_load landlock_add_rule landlock_create_ruleset landlock_restrict_self linkat " +
    "lseek memfd_create memfd_secret mkdirat mknodat mmap mount_setattr move_mount mq_getsetattr mq_notify mq_open mq_timedreceive " +
    "mq_timedsend name_to_handle_at newfstatat open open_by_handle_at open_tree openat openat2 perf_event_open pidfd_getfd pidfd_open " +
    "pidfd_send_signal pipe pipe2 poll ppoll pread64 preadv preadv2 process_madvise process_mrelease pselect6 pwrite64 pwritev pwritev2 " +
    "quotactl_fd read readahead readlinkat readv renameat renameat2 select sendfile setns signalfd signalfd4 splice statx symlinkat " +
    "sync_file_range syncfs tee timerfd_create timerfd_gettime timerfd_settime unlinkat userfaultfd utimensat vmsplice write writev",
  memory:
    "brk get_mempolicy io_destroy io_setup io_uring_register madvise mbind migrate_pages mincore mlock mlock2 mlockall mmap move_pages " +
    "mprotect mremap msync munlock munlockall munmap pkey_mprotect remap_file_pages set_mempolicy set_mempolicy_home_node shmat shmdt",
  process:
    "clone clone3 execve execveat exit exit_group fork kill pidfd_send_signal rt_sigqueueinfo rt_tgsigqueueinfo tgkill tkill vfork " + "wait4 waitid",
  signal:
    "io_uring_enter kill pause pidfd_send_signal rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend " +
    "rt_sigtimedwait rt_tgsigqueueinfo sigaltstack signalfd signalfd4 tgkill tkill",
  network:
    "accept accept4 bind connect getpeername getpmsg getsockname getsockopt listen putpmsg recvfrom recvmmsg recvmsg sendfile sendmmsg " +
    "sendmsg sendto setsockopt shutdown socket socketpair",
  ipc: "msgctl msgget msgrcv msgsnd semctl semget semop semtimedop shmat shmctl shmdt shmget",
  creds:
    "capget capset getegid geteuid getgid getgroups getresgid getresuid getuid prctl setfsgid setfsuid setgid setgroups setregid " +
    "setresgid setresuid setreuid setuid",
  clock: "adjtimex clock_adjtime clock_getres clock_gettime clock_settime gettimeofday settimeofday time",
  stat: "stat",
  lstat: "lstat",
  fstat: "fstat newfstatat statx",
  "%stat": "fstat lstat newfstatat stat statx",
  statfs: "statfs",
  fstatfs: "fstatfs",
  "%statfs": "fstatfs statfs ustat",
  pure: "getegid geteuid getgid getpgrp getpid getppid gettid getuid",
};

/** Other names of classes. */
const ALIASES: Readonly<Record<string, string>> = { descriptor: "desc", net: "network" };

/** The calls that a list shows, by number; undefined means all, also those that have no name. */
export interface StraceFilter {
  readonly numbers: ReadonlySet<number> | undefined;
}

const numberOf: ReadonlyMap<string, number> = new Map(syscallNumbers().map((number) => [syscallName(number)!, number]));

/** Numbers of the calls in a class, a name, or `/REGEX`; throws an Error that names what is none of them. */
function numbersOf(item: string): Iterable<number> {
  if (item === "all") return numberOf.values();
  if (item === "none") return [];
  if (item.startsWith("/")) {
    const pattern = new RegExp(item.slice(1));
    return [...numberOf].filter(([name]) => pattern.test(name)).map(([, number]) => number);
  }
  const className = item.replace(/^%/, "");
  const members = CLASSES[ALIASES[className] ?? className];
  const number = numberOf.get(item);
  // `stat` is a call and a class; without a percent sign it is the call.
  if (number !== undefined) return [number];
  if (members !== undefined) return members.split(" ").map((name) => numberOf.get(name)!);
  if (item.startsWith("?")) return [];
  throw new Error(`'${item}' is neither a system call nor a class of them.`);
}

/**
 * Parses items separated by commas: names, classes (`file` or `%file`), `/REGEX`, `all`, `none`; `?` before a name permits one that does not
 * exist. `!` takes out what the item stands for. Items act in the order given; a list that begins with `!` starts from all calls.
 * Throws an Error with a sentence for people.
 */
export function parseFilter(text: string): StraceFilter {
  const items = text.split(",").filter((item) => item !== "");
  if (items.every((item) => item === "all")) return { numbers: undefined };
  const numbers = new Set<number>(items[0]?.startsWith("!") ? numberOf.values() : []);
  for (const item of items) {
    const negated = item.startsWith("!");
    for (const number of numbersOf(negated ? item.slice(1) : item)) {
      if (negated) numbers.delete(number);
      else numbers.add(number);
    }
  }
  return { numbers };
}

/** True where the list shows the call. */
export function isShown(filter: StraceFilter | undefined, number: number): boolean {
  return filter?.numbers === undefined || filter.numbers.has(number);
}

/** Names of the classes that a call belongs to. */
export function classesOf(name: string): string[] {
  return Object.keys(CLASSES).filter((each) => CLASSES[each]!.split(" ").includes(name));
}
