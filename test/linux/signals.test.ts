import { describe, expect, it } from "vitest";
import { ERRNO, Reg, type KernelListener, type SigInfo } from "../../src/linux/index.ts";
import { Guest } from "./support.ts";

const SA_SIGINFO = 4;
const SA_RESTORER = 0x0400_0000;
const SA_ONSTACK = 0x0800_0000;
const SA_RESTART = 0x1000_0000;
const SA_NODEFER = 0x4000_0000;
const SA_RESETHAND = 0x8000_0000;
const HANDLER = 0x401000;
const RESTORER = 0x402000;

function handle(guest: Guest, signal: number, flags: number, mask = 0): void {
  const at = guest.scratch;
  guest.memory.writeNumber(at, HANDLER);
  guest.memory.writeNumber(at + 8, flags | 0 ? (flags | SA_RESTORER) >>> 0 : SA_RESTORER);
  guest.memory.writeNumber(at + 16, RESTORER);
  guest.memory.writeNumber(at + 24, mask);
  expect(guest.call("rt_sigaction", signal, at, 0, 8)).toBe(0);
}

/** Sends SIGUSR1 from outside the current call. */
function interrupt(guest: Guest, signal = 10): void {
  guest.kernel.signal(signal);
}

describe("signal frames", () => {
  it("lie as Linux lays them out, and rt_sigreturn undoes them", () => {
    const guest = new Guest();
    handle(guest, 10, SA_SIGINFO, 1 << 11);
    for (let i = 0; i < 16; i++) if (i !== Reg.rsp) guest.registers.setBig(i, 0x1111_1111_1111_1111n * BigInt(i));
    guest.registers.set(Reg.rip, 0x401234);
    guest.registers.setRflags(0x646);
    guest.registers.xstate.fill(7, 0, 32);
    const before = [...guest.registers.values];
    const sp = guest.registers.number(Reg.rsp);
    interrupt(guest);
    expect(guest.kernel.next()).toBe(guest.task);

    const frame = guest.registers.number(Reg.rsp);
    const { memory, registers } = guest;
    expect(frame % 16).toBe(8);
    expect(registers.number(Reg.rip)).toBe(HANDLER);
    expect(registers.number(Reg.rdi)).toBe(10);
    expect(registers.number(Reg.rsi)).toBe(frame + 312);
    expect(registers.number(Reg.rdx)).toBe(frame + 8);
    expect(registers.number(Reg.rax)).toBe(0);
    expect(registers.rflags()).toBe(0x246);
    expect(memory.readNumber(frame)).toBe(RESTORER);
    expect(memory.readNumber(frame + 8)).toBe(7);
    // r8 first, rip last of the general registers.
    expect(memory.readU64(frame + 48)).toBe(before[8]);
    expect(memory.readU64(frame + 48 + 15 * 8)).toBe(BigInt(sp));
    expect(memory.readNumber(frame + 48 + 16 * 8)).toBe(0x401234);
    expect(memory.readNumber(frame + 48 + 17 * 8)).toBe(0x646);
    expect(memory.readU64(frame + 48 + 18 * 8)).toBe(0x002b_0000_0000_0033n);
    const fpstate = memory.readNumber(frame + 48 + 184);
    expect(fpstate % 64).toBe(0);
    expect(fpstate + 836).toBeLessThanOrEqual(sp - 128);
    expect(memory.readU32(fpstate + 464)).toBe(0x46505853);
    expect(memory.readU32(fpstate + 468)).toBe(836);
    expect(memory.readNumber(fpstate + 472)).toBe(7);
    expect(memory.readU32(fpstate + 480)).toBe(832);
    expect(memory.readU32(fpstate + 832)).toBe(0x46505845);
    expect(memory.readU8(fpstate)).toBe(7);
    // siginfo of a kill from outside.
    expect([memory.readI32(frame + 312), memory.readI32(frame + 320)]).toEqual([10, 0]);
    expect(guest.task.mask.low).toBe((1 << 11) | (1 << 9));

    registers.xstate.fill(9);
    registers.set(Reg.rsp, frame + 8);
    expect(guest.enter("rt_sigreturn")).toBe("done");
    guest.registers.values.forEach((value, i) => expect(value, `register ${i}`).toBe(before[i]));
    expect(registers.rflags()).toBe(0x646);
    expect(registers.xstate[0]).toBe(7);
    expect(guest.task.mask.low).toBe(0);
  });

  it("use the alternate stack, and say so", () => {
    const guest = new Guest();
    const stack = guest.scratch + 0x4000;
    const set = guest.scratch + 256;
    guest.memory.writeNumber(set, stack);
    guest.memory.writeU32(set + 8, 0);
    guest.memory.writeNumber(set + 16, 0x3000);
    expect(guest.call("sigaltstack", set, 0)).toBe(0);
    handle(guest, 10, SA_ONSTACK | SA_SIGINFO);
    interrupt(guest);
    guest.kernel.next();
    const frame = guest.registers.number(Reg.rsp);
    expect(frame).toBeGreaterThan(stack);
    expect(frame).toBeLessThan(stack + 0x3000);
    expect(guest.memory.readNumber(frame + 24)).toBe(stack);
    expect(guest.call("sigaltstack", 0, set)).toBe(0);
    expect(guest.memory.readU32(set + 8)).toBe(1);
    expect(guest.call("sigaltstack", set, 0)).toBe(-ERRNO.EPERM);
  });

  it("kill with SIGSEGV where the stack cannot take them", () => {
    const guest = new Guest();
    handle(guest, 10, 0);
    guest.registers.set(Reg.rsp, 0x10000);
    interrupt(guest);
    expect(guest.kernel.next()).toEqual({ kind: "exited", status: { code: 0, signal: 11, core: true } });
  });

  it("without a restorer are SIGSEGV, as on x86-64 Linux", () => {
    const guest = new Guest();
    guest.memory.writeNumber(guest.scratch, HANDLER);
    guest.memory.writeNumber(guest.scratch + 8, SA_SIGINFO);
    guest.call("rt_sigaction", 10, guest.scratch, 0, 8);
    interrupt(guest);
    expect(guest.kernel.next()).toEqual({ kind: "exited", status: { code: 0, signal: 11, core: true } });
  });

  it("of a 512-byte image have no magic words", () => {
    const guest = new Guest({ xstateSize: 512 });
    handle(guest, 10, SA_SIGINFO);
    interrupt(guest);
    guest.kernel.next();
    const frame = guest.registers.number(Reg.rsp);
    expect(guest.memory.readNumber(frame + 8)).toBe(6);
    expect(guest.memory.readU32(guest.memory.readNumber(frame + 232) + 464)).toBe(0);
  });
});

describe("signal actions", () => {
  it("SA_RESETHAND, SA_NODEFER and masks", () => {
    const guest = new Guest();
    handle(guest, 10, SA_RESETHAND | SA_NODEFER);
    interrupt(guest);
    guest.kernel.next();
    expect(guest.task.mask.low).toBe(0);
    interrupt(guest);
    expect(guest.kernel.next()).toEqual({ kind: "exited", status: { code: 0, signal: 10, core: false } });
  });

  it("blocked signals wait, ignored ones vanish", () => {
    const guest = new Guest();
    const set = guest.put(Uint8Array.from([0, 2, 0, 0, 0, 0, 0, 0]));
    guest.call("rt_sigprocmask", 0, set, 0, 8);
    interrupt(guest);
    expect(guest.kernel.next()).toBe(guest.task);
    expect(guest.call("rt_sigpending", guest.scratch, 8)).toBe(0);
    expect(guest.memory.readU32(guest.scratch)).toBe(0x200);
    guest.memory.writeNumber(guest.scratch, 1);
    guest.memory.writeNumber(guest.scratch + 8, 0);
    guest.memory.writeNumber(guest.scratch + 16, 0);
    guest.memory.writeNumber(guest.scratch + 24, 0);
    expect(guest.call("rt_sigaction", 10, guest.scratch, 0, 8)).toBe(0);
    expect(guest.call("rt_sigpending", guest.scratch, 8)).toBe(0);
    expect(guest.memory.readU32(guest.scratch)).toBe(0);
  });

  it("sigtimedwait takes a blocked signal, and times out", () => {
    const guest = new Guest();
    const set = guest.put(Uint8Array.from([0, 2, 0, 0, 0, 0, 0, 0]));
    const time = guest.put(Uint8Array.from([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
    guest.call("rt_sigprocmask", 0, set, 0, 8);
    expect(guest.enter("rt_sigtimedwait", set, 0, time, 8)).toBe("blocked");
    guest.kernel.next();
    expect(guest.result).toBe(-ERRNO.EAGAIN);
    guest.call("kill", 1000, 10);
    expect(guest.call("rt_sigtimedwait", set, guest.scratch, time, 8)).toBe(10);
    expect(guest.memory.readI32(guest.scratch + 16)).toBe(1000);
  });

  it("alarm and setitimer send SIGALRM at the very nanosecond", () => {
    const seen: SigInfo[] = [];
    const listener: KernelListener = { signal: (_task, info) => seen.push(info) };
    const guest = new Guest({ listener });
    handle(guest, 14, SA_SIGINFO);
    expect(guest.call("alarm", 3)).toBe(0);
    expect(guest.kernel.sliceEnd()).toBe(3_000_000_000);
    expect(guest.call("alarm", 2)).toBe(3);
    guest.kernel.advance(guest.task, 2_000_000_000);
    guest.kernel.next();
    expect(seen.map(({ signal, code }) => [signal, code])).toEqual([[14, 0x80]]);
  });
});

describe("interrupted calls", () => {
  const rip = 0x401500;

  function blockedRead(flags: number): Guest {
    const guest = new Guest();
    handle(guest, 10, flags);
    guest.registers.set(Reg.rip, rip);
    expect(guest.enter("read", 0, guest.scratch, 10)).toBe("blocked");
    interrupt(guest);
    expect(guest.kernel.next()).toBe(guest.task);
    return guest;
  }

  function saved(guest: Guest): { rax: bigint; rip: number } {
    const frame = guest.registers.number(Reg.rsp);
    return { rax: BigInt.asIntN(64, guest.memory.readU64(frame + 48 + 13 * 8)), rip: guest.memory.readNumber(frame + 48 + 16 * 8) };
  }

  it("end with EINTR", () => {
    expect(saved(blockedRead(SA_SIGINFO))).toEqual({ rax: BigInt(-ERRNO.EINTR), rip });
  });

  it("run again with SA_RESTART", () => {
    expect(saved(blockedRead(SA_RESTART))).toEqual({ rax: 0n, rip: rip - 2 });
  });

  it("nanosleep tells what is left and never restarts after a handler", () => {
    const guest = new Guest();
    handle(guest, 10, SA_RESTART);
    guest.registers.set(Reg.rip, rip);
    const request = guest.put(Uint8Array.from([5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
    const remaining = guest.scratch + 512;
    expect(guest.enter("nanosleep", request, remaining)).toBe("blocked");
    guest.kernel.clock.now += 2_000_000_000;
    interrupt(guest);
    guest.kernel.next();
    expect(saved(guest)).toEqual({ rax: BigInt(-ERRNO.EINTR), rip });
    expect(guest.memory.readNumber(remaining)).toBe(3);
  });

  it("nanosleep goes on by restart_syscall where no handler ran", () => {
    const guest = new Guest();
    guest.registers.set(Reg.rip, rip);
    const request = guest.put(Uint8Array.from([5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
    expect(guest.enter("nanosleep", request, 0)).toBe("blocked");
    guest.kernel.clock.now += 1_000_000_000;
    interrupt(guest, 19);
    expect(guest.kernel.next()).toEqual({ kind: "forever" });
    interrupt(guest, 18);
    expect(guest.kernel.next()).toBe(guest.task);
    expect(guest.registers.number(Reg.rip)).toBe(rip - 2);
    expect(guest.result).toBe(219);
    expect(guest.enter("restart_syscall")).toBe("blocked");
    guest.kernel.next();
    expect(guest.result).toBe(0);
    expect(guest.kernel.clock.now).toBe(5_000_000_000);
  });

  it("sigsuspend swaps masks, and the frame restores the old one", () => {
    const guest = new Guest();
    handle(guest, 10, SA_SIGINFO);
    const blockAll = guest.put(Uint8Array.from([0, 2, 0, 0, 0, 0, 0, 0]));
    guest.call("rt_sigprocmask", 0, blockAll, 0, 8);
    const none = guest.put(new Uint8Array(8));
    expect(guest.enter("rt_sigsuspend", none, 8)).toBe("blocked");
    interrupt(guest);
    guest.kernel.next();
    expect(saved(guest).rax).toBe(BigInt(-ERRNO.EINTR));
    const frame = guest.registers.number(Reg.rsp);
    expect(guest.memory.readU32(frame + 304)).toBe(0x200);
  });
});

describe("faults become the signals of silicon", () => {
  const cases: readonly (readonly [string, number, number, number, number, number])[] = [
    // name, vector, error code, signal, code, address relative to rip (-1: zero)
    ["#DE", 0, 0, 8, 1, 0],
    ["#DB", 1, 0x4000, 5, 2, 0],
    ["#BP", 3, 0, 5, 0x80, -1],
    ["#OF", 4, 0, 11, 0x80, -1],
    ["#UD", 6, 0, 4, 2, 0],
    ["#SS", 12, 0, 7, 0x80, -1],
    ["#GP", 13, 0, 11, 0x80, -1],
    ["#AC", 17, 0, 7, 1, -1],
  ];
  for (const [name, vector, errorCode, signal, code, address] of cases) {
    it(name, () => {
      const seen: SigInfo[] = [];
      const guest = new Guest({ listener: { signal: (_task, info) => seen.push(info) } });
      guest.registers.set(Reg.rip, 0x401004);
      guest.kernel.fault(guest.task, { vector, errorCode, address: 0 });
      expect(guest.kernel.next()).toMatchObject({ kind: "exited", status: { signal } });
      expect(seen[0]).toMatchObject({ signal, code });
      expect(seen[0]?.address ?? 0).toBe(address < 0 ? 0 : 0x401004 + address);
    });
  }

  it("#PF by what the memory room says", () => {
    for (const [code, signal, number] of [
      ["MAPERR", 11, 1],
      ["ACCERR", 11, 2],
      ["BUS", 7, 2],
    ] as const) {
      const seen: SigInfo[] = [];
      const guest = new Guest({ listener: { signal: (_task, info) => seen.push(info) } });
      guest.kernel.fault(guest.task, { vector: 14, errorCode: 2, address: 0x1234, code });
      guest.kernel.next();
      expect(seen[0]).toMatchObject({ signal, code: number, address: 0x1234 });
    }
  });

  it("a blocked or ignored fault signal kills", () => {
    const guest = new Guest();
    const set = guest.put(Uint8Array.from([0, 4, 0, 0, 0, 0, 0, 0]));
    handle(guest, 11, SA_SIGINFO);
    guest.call("rt_sigprocmask", 0, set, 0, 8);
    guest.kernel.fault(guest.task, { vector: 13, errorCode: 0, address: 0 });
    expect(guest.kernel.next()).toMatchObject({ kind: "exited", status: { signal: 11, core: true } });
  });
});
