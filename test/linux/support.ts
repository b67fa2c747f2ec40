/** A kernel without a processor: registers in an array, guest memory in a real address space, a host that is a script. */
import { decodeLatin1, encodeLatin1 } from "../../src/base/index.ts";
import type { HostAnswer, HostRequest, HostStream, Inputs, KernelListener, Registers, Task } from "../../src/linux/index.ts";
import { defaultRlimits, Kernel, Reg, syscalls } from "../../src/linux/index.ts";
import { AddressSpace } from "../../src/memory/index.ts";

/** General registers as unsigned BigInts; the FP image is `xstate`. */
export class FakeRegisters implements Registers {
  readonly values: bigint[] = Array.from({ length: 17 }, () => 0n);
  flags = 0x202;
  fsBase = 0;
  gsBase = 0;
  readonly xstate: Uint8Array;
  readonly xfeatures: number;
  status = 0;
  control = 0x37f;
  mx = 0x1f80;

  constructor(xstateSize = 832) {
    this.xstate = new Uint8Array(xstateSize);
    this.xfeatures = 7;
  }
  get xstateSize(): number {
    return this.xstate.length;
  }
  low(reg: number): number {
    return Number(BigInt.asIntN(32, this.values[reg]!));
  }
  high(reg: number): number {
    return Number(BigInt.asIntN(32, this.values[reg]! >> 32n));
  }
  number(reg: number): number {
    return Number(this.values[reg]!);
  }
  set(reg: number, value: number): void {
    this.values[reg] = BigInt.asUintN(64, BigInt(value));
  }
  setParts(reg: number, low: number, high: number): void {
    this.values[reg] = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  }
  big(reg: number): bigint {
    return this.values[reg]!;
  }
  setBig(reg: number, value: bigint): void {
    this.values[reg] = BigInt.asUintN(64, value);
  }
  rflags(): number {
    return this.flags;
  }
  setRflags(value: number): void {
    this.flags = value;
  }
  saveXstate(into: Uint8Array): void {
    into.set(this.xstate);
  }
  restoreXstate(from: Uint8Array): boolean {
    this.xstate.set(from);
    return true;
  }
  resetXstate(): void {
    this.xstate.fill(0);
  }
  fpuControl(): number {
    return this.control;
  }
  fpuStatus(): number {
    return this.status;
  }
  mxcsr(): number {
    return this.mx;
  }
}

const stat = {
  dev: 1,
  ino: 5,
  mode: 0o010600,
  nlink: 1,
  uid: 0,
  gid: 0,
  rdev: 0,
  size: 0,
  blksize: 4096,
  blocks: 0,
  atime: { sec: 0, nsec: 0 },
  mtime: { sec: 0, nsec: 0 },
  ctime: { sec: 0, nsec: 0 },
};

/** Three pipes: what stdin has so far, what was written. A read with nothing there is answered later, by `feed`. */
export class FakeHost implements Inputs {
  input: Uint8Array = new Uint8Array(0);
  ended = false;
  output = "";
  waiting: number | undefined;

  ask(id: number, request: HostRequest): HostAnswer | "later" {
    switch (request.op) {
      case "streams": {
        const stream = (flags: number): HostStream => ({ kind: "pipe", stat, flags, name: "pipe:[5]" });
        return { streams: [stream(0), stream(1), stream(1)] };
      }
      case "read":
        if (this.input.length > 0) {
          const bytes = this.input.slice(0, request.max);
          this.input = this.input.slice(bytes.length);
          return { bytes };
        }
        if (this.ended) return { bytes: new Uint8Array(0) };
        this.waiting = id;
        return "later";
      case "write":
        this.output += decodeLatin1(request.bytes);
        return { count: request.bytes.length };
      default:
        return { errno: 38 };
    }
  }
}

/** `mov eax, 60; syscall` at 0x401000: a static executable of one segment. */
export function tinyElf(): Uint8Array {
  const code = [0xb8, 60, 0, 0, 0, 0x0f, 0x05];
  const bytes = new Uint8Array(0x1000 + code.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]);
  view.setUint16(16, 2, true);
  view.setUint16(18, 62, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(24, 0x401000n, true);
  view.setBigUint64(32, 64n, true);
  view.setUint16(52, 64, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, 1, true);
  view.setUint32(64, 1, true);
  view.setUint32(68, 5, true);
  view.setBigUint64(72, 0x1000n, true);
  view.setBigUint64(80, 0x401000n, true);
  view.setBigUint64(88, 0x401000n, true);
  view.setBigUint64(96, BigInt(code.length), true);
  view.setBigUint64(104, BigInt(code.length), true);
  view.setBigUint64(112, 0x1000n, true);
  bytes.set(code, 0x1000);
  return bytes;
}

const ARGUMENTS = [Reg.rdi, Reg.rsi, Reg.rdx, Reg.r10, Reg.r8, Reg.r9];
const NUMBERS: ReadonlyMap<string, number> = new Map(syscalls.map((call) => [call.name, call.number]));

export type GuestArgument = number | bigint | string | Uint8Array;

/** One process whose calls the test makes. Strings and bytes given as arguments are put into memory first. */
export class Guest {
  readonly kernel: Kernel;
  readonly task: Task;
  readonly registers: FakeRegisters;
  readonly memory: AddressSpace;
  readonly host: FakeHost = new FakeHost();
  /** A page or more of scratch memory; arguments are placed from its end. */
  readonly scratch: number;
  #next = 0;

  constructor(options: { readonly uid?: number; readonly listener?: KernelListener; readonly xstateSize?: number } = {}) {
    this.memory = new AddressSpace();
    this.registers = new FakeRegisters(options.xstateSize);
    const uid = options.uid ?? 0;
    this.kernel = new Kernel({
      inputs: this.host,
      start: { time: { sec: 1_700_000_000, nsec: 5 }, seed: new Uint8Array(32), uid, gid: uid, umask: 0o022, limits: defaultRlimits() },
    });
    if (options.listener !== undefined) this.kernel.listeners.push(options.listener);
    this.task = this.kernel.createProcess({
      memory: this.memory,
      registers: this.registers,
      path: "/bin/tiny",
      bytes: tinyElf(),
      argv: ["tiny", "x"],
      envp: ["A=b"],
      cwd: "/tmp",
    });
    this.scratch = this.memory.map({ length: 0x20000, prot: 3 });
  }

  /** Address of bytes put into memory. */
  put(value: string | Uint8Array): number {
    const bytes = typeof value === "string" ? encodeLatin1(value + "\0") : value;
    if (this.#next + bytes.length > 0x8000) this.#next = 0;
    const at = this.scratch + 0x10000 + this.#next;
    this.#next += Math.ceil(bytes.length / 16) * 16;
    this.memory.copyOut(at, bytes);
    return at;
  }

  /** Makes a call as a SYSCALL instruction would; its outcome. */
  enter(name: string | number, ...args: GuestArgument[]): "done" | "blocked" | "exited" {
    const number = typeof name === "number" ? name : NUMBERS.get(name);
    if (number === undefined) throw new Error(`no system call ${name}`);
    ARGUMENTS.forEach((reg, i) => {
      const value = args[i] ?? 0;
      if (typeof value === "number") this.registers.set(reg, value);
      else if (typeof value === "bigint") this.registers.setBig(reg, value);
      else this.registers.set(reg, this.put(value));
    });
    this.registers.set(Reg.rax, number);
    return this.kernel.syscall(this.task);
  }

  /** A call that must not wait; its result, negative errno for a failure. */
  call(name: string | number, ...args: GuestArgument[]): number {
    const outcome = this.enter(name, ...args);
    if (outcome !== "done") throw new Error(`${name}: ${outcome}`);
    return this.result;
  }

  get result(): number {
    return Number(BigInt.asIntN(64, this.registers.values[Reg.rax]!));
  }

  bytes(address: number, length: number): Uint8Array {
    const into = new Uint8Array(length);
    if (this.memory.copyIn(address, into) !== length) throw new Error("not readable");
    return into;
  }

  text(address: number, length: number): string {
    return decodeLatin1(this.bytes(address, length));
  }
}
