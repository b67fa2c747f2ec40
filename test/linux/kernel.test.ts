import { describe, expect, it } from "vitest";
import { ERRNO, Reg, syscalls } from "../../src/linux/index.ts";
import { Guest } from "./support.ts";

describe("system calls on a process without a processor", () => {
  it("writes and reads standard streams", () => {
    const guest = new Guest();
    expect(guest.call("write", 1, "hello", 5)).toBe(5);
    expect(guest.host.output).toBe("hello");
    guest.host.input = Uint8Array.from([65, 66, 67]);
    expect(guest.call("read", 0, guest.scratch, 10)).toBe(3);
    expect(guest.text(guest.scratch, 3)).toBe("ABC");
  });

  it("parks a read that the host answers later, and wakes it", () => {
    const guest = new Guest();
    expect(guest.enter("read", 0, guest.scratch, 10)).toBe("blocked");
    expect(guest.kernel.next()).toEqual({ kind: "host", deadline: Infinity });
    guest.kernel.answer(guest.host.waiting!, { bytes: Uint8Array.from([120, 121]) });
    expect(guest.kernel.next()).toBe(guest.task);
    expect(guest.result).toBe(2);
    expect(guest.text(guest.scratch, 2)).toBe("xy");
  });

  it("opens, writes, seeks, reads, stats and unlinks a file", () => {
    const guest = new Guest();
    const fd = guest.call("openat", -100, "/tmp/f", 0o102, 0o644);
    expect(fd).toBe(3);
    expect(guest.call("write", fd, "0123456789", 10)).toBe(10);
    expect(guest.call("lseek", fd, 2, 0)).toBe(2);
    expect(guest.call("read", fd, guest.scratch, 4)).toBe(4);
    expect(guest.text(guest.scratch, 4)).toBe("2345");
    expect(guest.call("newfstatat", fd, "", guest.scratch, 0x1000)).toBe(0);
    expect(guest.memory.readNumber(guest.scratch + 48)).toBe(10);
    expect(guest.call("pread64", fd, guest.scratch, 100, 8)).toBe(2);
    expect(guest.call("unlink", "f")).toBe(0);
    expect(guest.call("open", "f", 0)).toBe(-ERRNO.ENOENT);
    expect(guest.call("close", fd)).toBe(0);
    expect(guest.call("close", fd)).toBe(-ERRNO.EBADF);
  });

  it("answers EFAULT, EBADF, EINVAL and ENOSYS as Linux does", () => {
    const guest = new Guest();
    expect(guest.call("read", 99, guest.scratch, 1)).toBe(-ERRNO.EBADF);
    expect(guest.call("write", 1, 8, 1)).toBe(-ERRNO.EFAULT);
    expect(guest.call("openat", -100, 1, 0)).toBe(-ERRNO.EFAULT);
    expect(guest.call("lseek", 1, 0, 0)).toBe(-ERRNO.ESPIPE);
    expect(guest.call(56)).toBe(-ERRNO.ENOSYS);
    expect(guest.call("mmap", 0, 0, 3, 0x22, -1, 0)).toBe(-ERRNO.EINVAL);
    expect(guest.call("nanosleep", 0)).toBe(-ERRNO.EFAULT);
  });

  it("reads only as much as memory can take", () => {
    const guest = new Guest();
    guest.host.input = new Uint8Array(100).fill(66);
    const end = guest.call("mmap", 0, 8192, 3, 0x22, -1, 0) + 4096;
    expect(guest.call("munmap", end, 4096)).toBe(0);
    expect(guest.call("read", 0, end - 10, 50)).toBe(10);
    expect(guest.call("read", 0, end, 50)).toBe(-ERRNO.EFAULT);
    expect(guest.call("read", 0, guest.scratch, 200)).toBe(90);
  });

  it("sleeps by jumping the clock when nothing else can happen", () => {
    const guest = new Guest();
    guest.memory.writeNumber(guest.scratch, 2);
    guest.memory.writeNumber(guest.scratch + 8, 500);
    expect(guest.enter("nanosleep", guest.scratch, 0)).toBe("blocked");
    expect(guest.kernel.next()).toBe(guest.task);
    expect(guest.result).toBe(0);
    expect(guest.kernel.clock.now).toBe(2_000_000_500);
    expect(guest.call("clock_gettime", 0, guest.scratch)).toBe(0);
    expect(guest.memory.readNumber(guest.scratch)).toBe(1_700_000_002);
    expect(guest.memory.readNumber(guest.scratch + 8)).toBe(505);
  });

  it("gives pipes, and the lowest free descriptors", () => {
    const guest = new Guest();
    expect(guest.call("pipe2", guest.scratch, 0o2000000)).toBe(0);
    expect([guest.memory.readI32(guest.scratch), guest.memory.readI32(guest.scratch + 4)]).toEqual([3, 4]);
    expect(guest.call("fcntl", 3, 1)).toBe(1);
    expect(guest.call("write", 4, "abc", 3)).toBe(3);
    expect(guest.call("dup2", 3, 9)).toBe(9);
    expect(guest.call("fcntl", 9, 1)).toBe(0);
    expect(guest.call("close", 3)).toBe(0);
    expect(guest.call("read", 9, guest.scratch, 9)).toBe(3);
    expect(guest.call("dup", 9)).toBe(3);
    expect(guest.call("close", 4)).toBe(0);
    expect(guest.call("read", 3, guest.scratch, 9)).toBe(0);
  });

  it("delivers SIGPIPE for a write into a pipe without a reader", () => {
    const guest = new Guest();
    guest.call("pipe", guest.scratch);
    guest.call("close", 3);
    expect(guest.call("write", 4, "x", 1)).toBe(-ERRNO.EPIPE);
    expect(guest.kernel.next()).toEqual({ kind: "exited", status: { code: 0, signal: 13, core: false } });
  });

  it("blocks a full pipe's writer, and finishes it as the reader takes bytes", () => {
    const guest = new Guest();
    guest.call("pipe", guest.scratch);
    const big = guest.call("mmap", 0, 100_000, 3, 0x22, -1, 0);
    expect(guest.enter("write", 4, big, 100_000)).toBe("blocked");
    expect(guest.task.call.progress).toBe(65536);
    const file = guest.task.files.get(3);
    expect(file.read(new Uint8Array(50_000))).toBe(50_000);
    expect(guest.kernel.next()).toBe(guest.task);
    expect(guest.result).toBe(100_000);
  });

  it("polls", () => {
    const guest = new Guest();
    guest.call("pipe", guest.scratch);
    const fds = guest.scratch + 64;
    guest.memory.writeU32(fds, 3);
    guest.memory.writeU32(fds + 4, 1);
    guest.memory.writeU32(fds + 8, 99);
    guest.memory.writeU32(fds + 12, 1);
    expect(guest.call("poll", fds, 1, 0)).toBe(0);
    expect(guest.call("poll", fds, 2, -1)).toBe(1);
    expect(guest.memory.readU16(fds + 14)).toBe(0x20);
    expect(guest.enter("poll", fds, 1, 1500)).toBe("blocked");
    expect(guest.kernel.next()).toBe(guest.task);
    expect(guest.result).toBe(0);
    expect(guest.kernel.clock.now).toBe(1_500_000_000);
    guest.call("write", 4, "x", 1);
    expect(guest.call("poll", fds, 1, 1500)).toBe(1);
    expect(guest.memory.readU16(fds + 6)).toBe(1);
  });

  it("keeps limits, names and ids", () => {
    const guest = new Guest({ uid: 1000 });
    expect(guest.call("getpid")).toBe(1000);
    expect(guest.call("getuid")).toBe(1000);
    expect(guest.call("setuid", 0)).toBe(-ERRNO.EPERM);
    expect(guest.call("prlimit64", 0, 3, 0, guest.scratch)).toBe(0);
    expect(guest.memory.readNumber(guest.scratch)).toBe(8 * 1024 * 1024);
    expect(guest.memory.readU64(guest.scratch + 8)).toBe(0xffff_ffff_ffff_ffffn);
    expect(guest.call("prctl", 15, "averyveryverylongname")).toBe(0);
    expect(guest.call("prctl", 16, guest.scratch)).toBe(0);
    expect(guest.text(guest.scratch, 16)).toBe("averyveryverylo\0");
    expect(guest.call("arch_prctl", 0x1002, 0x12345678)).toBe(0);
    expect(guest.registers.fsBase).toBe(0x12345678);
  });

  it("makes the same random bytes from the same seed", () => {
    const first = new Guest();
    const second = new Guest();
    for (const guest of [first, second]) expect(guest.call("getrandom", guest.scratch, 40, 0)).toBe(40);
    expect(first.bytes(first.scratch, 40)).toEqual(second.bytes(second.scratch, 40));
    expect(first.bytes(first.scratch, 40)).not.toEqual(new Uint8Array(40));
  });

  it("exits", () => {
    const guest = new Guest();
    expect(guest.enter("exit_group", 300)).toBe("exited");
    expect(guest.kernel.next()).toEqual({ kind: "exited", status: { code: 44, signal: 0, core: false } });
  });

  it("declares every call with an x86-64 number and at most six arguments", () => {
    for (const call of syscalls) expect(call.args.length, call.name).toBeLessThanOrEqual(6);
    expect(syscalls.length).toBeGreaterThan(150);
  });

  it("leaves rcx and r11 to the machine", () => {
    const guest = new Guest();
    guest.registers.set(Reg.rcx, 77);
    guest.call("getpid");
    expect(guest.registers.number(Reg.rcx)).toBe(77);
  });
});
