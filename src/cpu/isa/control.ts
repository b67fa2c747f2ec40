/** Control transfer (SDM volume 1, 5.1.7), traps and system instructions of user mode. */

import { insn } from "./insn.ts";
import type { Insn } from "./insn.ts";
import type { Bits, Op, V } from "./ops.ts";
import { Vector } from "../state.ts";

export const jcc: Insn = insn("j", ["70+cc | Jb | f64", "0F 80+cc | Jz | f64"], { reads: "oszapc", ends: "branch" }, (op) => op.jumpIf(op.cond(op.cc)));
export const jmp: Insn = insn("jmp", ["EB | Jb | f64", "E9 | Jz | f64"], { ends: "jump" }, (op) => op.jump());

/** A target that is not canonical faults before anything happens, as on Intel's and on AMD's newer processors. */
function canonical(op: Op, target: V): V {
  op.raiseIf(op.ne(op.x("i64.shr_u", op.add(target, op.const(2 ** 47)), op.const(48)), op.const(0)), Vector.GP);
  return target;
}

export const jmpTo: Insn = insn("jmp", ["FF /4 | Ev | f64"], { ends: "indirect", faults: true }, (op) => op.jumpTo(canonical(op, op.get(0))));
export const call: Insn = insn("call", ["E8 | Jz | f64"], { ends: "jump", faults: true }, (op) => op.call());

export const callTo: Insn = insn("call", ["FF /2 | Ev | f64"], { ends: "indirect", faults: true }, (op) => {
  const target = op.get(0);
  const frame = op.sub(op.reg(4, 64), op.const(8));
  op.checkWrite(64, frame);
  canonical(op, target);
  op.store(64, frame, op.nextRip());
  op.setReg(4, 64, frame);
  op.jumpTo(target);
});

function returnFrom(op: Op, release: V | undefined): void {
  const target = canonical(op, op.pop(64));
  op.popped(64);
  if (release !== undefined) op.setReg(4, 64, op.add(op.reg(4, 64), release));
  op.jumpTo(target);
}

export const ret: Insn = insn("ret", ["C3 | | f64"], { ends: "indirect", faults: true }, (op) => returnFrom(op, undefined));
export const retRelease: Insn = insn("ret", ["C2 | Iw | f64"], { ends: "indirect", faults: true }, (op) => returnFrom(op, op.get(0)));

function countDown(op: Op): V {
  const bits = op.addressSize as Bits;
  const left = op.sub(op.reg(1, bits), op.const(1));
  op.setReg(1, bits, left);
  return op.ne(op.zext(left, bits), op.const(0));
}

export const loop: Insn = insn("loop", ["E2 | Jb | f64"], { ends: "branch" }, (op) => op.jumpIf(countDown(op)));
export const loope: Insn = insn("loope", ["E1 | Jb | f64"], { ends: "branch", reads: "z" }, (op) => op.jumpIf(op.x("i32.and", op.cond(4), countDown(op))));
export const loopne: Insn = insn("loopne", ["E0 | Jb | f64"], { ends: "branch", reads: "z" }, (op) => op.jumpIf(op.x("i32.and", op.cond(5), countDown(op))));
export const jrcxz: Insn = insn("jrcxz", ["E3 | Jb | f64"], { ends: "branch" }, (op) => op.jumpIf(op.eqz(op.reg(1, op.addressSize))));

export const syscall: Insn = insn("syscall", ["0F 05"], { ends: "exit", reads: "oszapc" }, (op) => op.leave("syscall"));
export const int3: Insn = insn("int3", ["CC"], { ends: "exit", reads: "oszapc" }, (op) => op.leave("breakpoint"));
/** 3 is a breakpoint and 4 an overflow, both traps; any other interrupt a general protection fault on its gate, whose DPL is 0. */
export const int: Insn = insn("int", ["CD | Ib"], { ends: "exit", faults: true, reads: "oszapc" }, (op) => {
  const number = op.get(0);
  op.if(op.eq(number, op.const(3)), () => op.leave("breakpoint"));
  op.if(op.eq(number, op.const(4)), () => op.leave("overflow"));
  op.raise(Vector.GP, op.or(op.shl(number, op.const(3)), op.const(2)));
});
export const ud2: Insn = insn("ud2", ["0F 0B"], { ends: "exit", faults: true, reads: "oszapc" }, (op) => op.raise(Vector.UD));
export const ud1: Insn = insn("ud1", ["0F B9 /r | Gv, Ev"], { ends: "exit", faults: true, reads: "oszapc" }, (op) => op.raise(Vector.UD));
export const ud0: Insn = insn("ud0", ["0F FF /r | Gv, Ev"], { ends: "exit", faults: true, reads: "oszapc" }, (op) => op.raise(Vector.UD));

/** Privileged instructions, and I/O without permission: #GP(0) in user mode. */
function privileged(mnemonic: string, rows: readonly string[]): Insn {
  return insn(mnemonic, rows, { ends: "exit", faults: true, reads: "oszapc" }, (op) => op.raise(Vector.GP));
}

export const hlt: Insn = privileged("hlt", ["F4"]);
export const cli: Insn = privileged("cli", ["FA"]);
export const sti: Insn = privileged("sti", ["FB"]);
export const inIo: Insn = privileged("in", ["E4 | AL, Ib", "E5 | eAX, Ib", "EC | AL, DX", "ED | eAX, DX"]);
export const outIo: Insn = privileged("out", ["E6 | Ib, AL", "E7 | Ib, eAX", "EE | DX, AL", "EF | DX, eAX"]);
export const insIo: Insn = privileged("ins", ["6C | Yb, DX", "6D | Yz, DX"]);
export const outsIo: Insn = privileged("outs", ["6E | DX, Xb", "6F | DX, Xz"]);
export const clts: Insn = privileged("clts", ["0F 06"]);
export const invd: Insn = privileged("invd", ["0F 08"]);
export const wbinvd: Insn = privileged("wbinvd", ["0F 09"]);
export const wrmsr: Insn = privileged("wrmsr", ["0F 30"]);
export const rdmsr: Insn = privileged("rdmsr", ["0F 32"]);
export const lgdt: Insn = privileged("lgdt", ["0F 01 /2 mem | M"]);
export const lidt: Insn = privileged("lidt", ["0F 01 /3 mem | M"]);
export const lmsw: Insn = privileged("lmsw", ["0F 01 /6 | Ew"]);
export const invlpg: Insn = privileged("invlpg", ["0F 01 /7 mem | Mb"]);
export const swapgs: Insn = privileged("swapgs", ["0F 01 =F8"]);
export const movControl: Insn = privileged("mov", ["0F 20 /r reg | Rq, Cq", "0F 22 /r reg | Cq, Rq", "0F 21 /r reg | Rq, Dq", "0F 23 /r reg | Dq, Rq"]);
export const rdpmc: Insn = privileged("rdpmc", ["0F 33"]);

export const nop: Insn = insn("nop", ["90"], {}, () => {});
export const pause: Insn = insn("pause", ["F3 90"], {}, () => {});
/** Multi-byte NOP and the hint space: memory operands are not accessed. */
export const nopHint: Insn = insn("nop", [
  "0F 18 /4 | Ev", "0F 18 /5 | Ev", "0F 18 /6 | Ev", "0F 18 /7 | Ev", "0F 19 /r | Ev", "0F 1A /r | Ev", "0F 1B /r | Ev", "0F 1C /r | Ev", "0F 1D /r | Ev", "0F 1F /r | Ev",
], {}, () => {});
export const nopRegisterHint: Insn = insn("nop", ["0F 18 /0 reg | Ev", "0F 18 /1 reg | Ev", "0F 18 /2 reg | Ev", "0F 18 /3 reg | Ev"], {}, () => {});
/** The space of ENDBR64 and shadow-stack instructions, NOPs where CET is off. */
export const nopCet: Insn = insn("nop", ["0F 1E /r | Ev"], {}, () => {});
export const endbr64: Insn = insn("endbr64", ["F3 0F 1E =FA"], {}, () => {});
export const prefetch: Insn = insn("prefetchnta", ["0F 18 /0 mem | M"], {}, () => {});
export const prefetch0: Insn = insn("prefetcht0", ["0F 18 /1 mem | M"], {}, () => {});
export const prefetch1: Insn = insn("prefetcht1", ["0F 18 /2 mem | M"], {}, () => {});
export const prefetch2: Insn = insn("prefetcht2", ["0F 18 /3 mem | M"], {}, () => {});
export const prefetchw: Insn = insn("prefetchw", ["0F 0D /1 mem | M"], {}, () => {});
/** The other forms of 0F 0D are hints without effect. */
export const prefetchHint: Insn = insn("prefetch", ["0F 0D /0 mem | M", "0F 0D /2 mem | M", "0F 0D /3 mem | M", "0F 0D /4 mem | M", "0F 0D /5 mem | M", "0F 0D /6 mem | M", "0F 0D /7 mem | M"], {}, () => {});
export const lfence: Insn = insn("lfence", ["NP 0F AE /5 reg"], {}, () => {});
export const mfence: Insn = insn("mfence", ["NP 0F AE /6 reg"], {}, () => {});
export const sfence: Insn = insn("sfence", ["NP 0F AE /7 reg"], {}, () => {});
/** A cache line flush reads its byte, so far as faults go. */
export const clflush: Insn = insn("clflush", ["NP 0F AE /7 mem | Mb"], {}, (op) => op.checkRead(8, op.linear(0)));

export const cpuid: Insn = insn("cpuid", ["0F A2"], {}, (op) => op.helper("cpuid"));
/** Virtual time: one count is one instruction, a nanosecond. */
export const rdtsc: Insn = insn("rdtsc", ["0F 31"], { ends: "exit", reads: "oszapc" }, (op) => op.leave("timestamp"));
