/**
 * The stack frame of a signal handler, and the way back from it: struct rt_sigframe of x86-64, sigreturn(2).
 *
 *     frame + 0      return address (the restorer)
 *           + 8      ucontext: uc_flags, uc_link, uc_stack (24), then sigcontext at + 48
 *           + 48     sigcontext: r8-r15 rdi rsi rbp rbx rdx rax rcx rsp rip rflags, selectors, err, trapno, oldmask, cr2, fpstate
 *           + 304    uc_sigmask
 *           + 312    siginfo (128)
 *           + 440    end; the x87/SSE/AVX image lies above, 64-byte aligned, followed by FP_XSTATE_MAGIC2
 */
import type { AddressSpace } from "../../memory/index.ts";
import { SA_ONSTACK, SA_RESTORER, SA_SIGINFO, SIGKILL, SIGSTOP, SS_AUTODISARM, SS_DISABLE, SS_ONSTACK } from "../abi/signal.ts";
import { remove, type SigSet } from "../abi/sigset.ts";
import { Reg, USER_CS, USER_SS, type Registers } from "../registers.ts";
import { writeSigInfo } from "./siginfo.ts";
import type { AltStack, SigAction, SigInfo } from "./types.ts";

const FRAME_SIZE = 440;
const UCONTEXT = 8;
const SIGCONTEXT = 48;
const SIGMASK = 304;
const SIGINFO = 312;
const REDZONE = 128;
const LEGACY_SIZE = 512;
/** Where the software bytes lie in the FXSAVE area. */
const SW_RESERVED = 464;
const FP_XSTATE_MAGIC1 = 0x46505853;
const FP_XSTATE_MAGIC2 = 0x46505845;

const UC_FP_XSTATE = 1;
const UC_SIGCONTEXT_SS = 2;
const UC_STRICT_RESTORE_SS = 4;

const TASK_SIZE = 0x7fff_ffff_f000;

/** Order of the general registers in struct sigcontext. */
const SIGCONTEXT_ORDER: readonly number[] = [
  Reg.r8,
  Reg.r9,
  Reg.r10,
  Reg.r11,
  Reg.r12,
  Reg.r13,
  Reg.r14,
  Reg.r15,
  Reg.rdi,
  Reg.rsi,
  Reg.rbp,
  Reg.rbx,
  Reg.rdx,
  Reg.rax,
  Reg.rcx,
  Reg.rsp,
  Reg.rip,
];
/** Offsets in struct sigcontext after the general registers. */
const EFLAGS = 136;
const SELECTORS = 144;
const ERR = 152;
const TRAPNO = 160;
const OLDMASK = 168;
const CR2 = 176;
const FPSTATE = 184;

/** RFLAGS bits that user mode may set through sigreturn: CF PF AF ZF SF TF DF OF RF AC. */
const RFLAGS_RESTORED = 0x50dd5 | 0x10000;
const RFLAGS_TF_DF_RF = 0x10500;

/** What frames need of a task. */
export interface FrameTask {
  readonly registers: Registers;
  readonly memory: AddressSpace;
  readonly altStack: AltStack;
  /** Of the last exception, as the frame shows them ever after. */
  readonly trap: { vector: number; errorCode: number; address: number };
}

/** The scratch for the extended state image; its size is that of the largest image Linux x86-64 knows without AMX. */
const $xstate = new Uint8Array(4096);

/** SS_ONSTACK, SS_DISABLE or 0 for a stack pointer: sigaltstack(2). */
export function altStackFlags(stack: Readonly<AltStack>, sp: number): number {
  if (stack.size === 0) return SS_DISABLE;
  if (stack.flags & SS_AUTODISARM) return 0;
  return onAltStack(stack, sp) ? SS_ONSTACK : 0;
}

function onAltStack(stack: Readonly<AltStack>, sp: number): boolean {
  return sp > stack.sp && sp - stack.sp <= stack.size;
}

function writeParts(memory: AddressSpace, address: number, low: number, high: number): void {
  memory.writeU32(address, low >>> 0);
  memory.writeU32(address + 4, high >>> 0);
}

function writeNumber(memory: AddressSpace, address: number, value: number): void {
  memory.writeU32(address, (value % 0x1_0000_0000) >>> 0);
  memory.writeU32(address + 4, Math.floor(value / 0x1_0000_0000) >>> 0);
}

/** Bytes above the frame proper that the extended state takes, without alignment. */
function xstateBytes(registers: Registers): number {
  return registers.xstateSize > LEGACY_SIZE ? registers.xstateSize + 4 : LEGACY_SIZE;
}

/**
 * Writes the frame and points the registers at the handler. False: the stack cannot take it, which is SIGSEGV; nothing a task can see
 * has changed then but bytes below its stack pointer. `mask` is the mask to come back to.
 */
export function pushFrame(task: FrameTask, action: Readonly<SigAction>, info: SigInfo, mask: Readonly<SigSet>): boolean {
  const { registers, memory, altStack } = task;
  const oldSp = registers.number(Reg.rsp);
  const nested = altStackFlags(altStack, oldSp) === SS_ONSTACK;
  const entering = (action.flags & SA_ONSTACK) !== 0 && altStackFlags(altStack, oldSp) === 0;
  let sp = entering ? altStack.sp + altStack.size : oldSp - REDZONE;
  sp = Math.floor((sp - xstateBytes(registers)) / 64) * 64;
  const fpstate = sp;
  sp = Math.floor((sp - FRAME_SIZE) / 16) * 16 - 8;
  if ((nested || entering) && !onAltStack(altStack, sp)) return false;
  if (sp < 0 || oldSp > TASK_SIZE || (action.flags & SA_RESTORER) === 0) return false;
  try {
    writeXstate(registers, memory, fpstate);
    writeContext(task, sp, fpstate, mask);
    writeNumber(memory, sp, action.restorer);
    // The whole siginfo is written with SA_SIGINFO only; the place for it is there in any case.
    if (action.flags & SA_SIGINFO) writeSigInfo(memory, sp + SIGINFO, info);
  } catch {
    return false;
  }
  registers.set(Reg.rdi, info.signal);
  registers.set(Reg.rsi, sp + SIGINFO);
  registers.set(Reg.rdx, sp + UCONTEXT);
  registers.set(Reg.rax, 0);
  registers.set(Reg.rsp, sp);
  registers.set(Reg.rip, action.handler);
  registers.setRflags(registers.rflags() & ~RFLAGS_TF_DF_RF);
  if (altStack.flags & SS_AUTODISARM) {
    altStack.sp = 0;
    altStack.size = 0;
    altStack.flags = SS_DISABLE;
  }
  return true;
}

function writeXstate(registers: Registers, memory: AddressSpace, at: number): void {
  const size = registers.xstateSize;
  const image = $xstate.subarray(0, size);
  image.fill(0);
  registers.saveXstate(image);
  image.fill(0, SW_RESERVED, LEGACY_SIZE);
  if (size > LEGACY_SIZE) {
    const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
    view.setUint32(SW_RESERVED, FP_XSTATE_MAGIC1, true);
    view.setUint32(SW_RESERVED + 4, size + 4, true);
    view.setUint32(SW_RESERVED + 8, registers.xfeatures, true);
    view.setUint32(SW_RESERVED + 16, size, true);
    memory.writeU32(at + size, FP_XSTATE_MAGIC2);
  }
  if (memory.copyOut(at, image) !== size) throw new RangeError("frame");
}

function writeContext(task: FrameTask, frame: number, fpstate: number, mask: Readonly<SigSet>): void {
  const { registers, memory, altStack, trap } = task;
  const context = frame + SIGCONTEXT;
  const flags = UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS | (registers.xstateSize > LEGACY_SIZE ? UC_FP_XSTATE : 0);
  writeNumber(memory, frame + UCONTEXT, flags);
  writeNumber(memory, frame + UCONTEXT + 8, 0);
  writeNumber(memory, frame + UCONTEXT + 16, altStack.sp);
  memory.writeU32(frame + UCONTEXT + 24, altStack.flags);
  memory.writeU32(frame + UCONTEXT + 28, 0);
  writeNumber(memory, frame + UCONTEXT + 32, altStack.size);
  for (let i = 0; i < SIGCONTEXT_ORDER.length; i++) {
    const reg = SIGCONTEXT_ORDER[i]!;
    writeParts(memory, context + i * 8, registers.low(reg), registers.high(reg));
  }
  writeNumber(memory, context + EFLAGS, registers.rflags());
  memory.writeU16(context + SELECTORS, USER_CS);
  memory.writeU16(context + SELECTORS + 2, 0);
  memory.writeU16(context + SELECTORS + 4, 0);
  memory.writeU16(context + SELECTORS + 6, USER_SS);
  writeNumber(memory, context + ERR, trap.errorCode);
  writeNumber(memory, context + TRAPNO, trap.vector);
  writeParts(memory, context + OLDMASK, mask.low, mask.high);
  writeNumber(memory, context + CR2, trap.address);
  writeNumber(memory, context + FPSTATE, fpstate);
  for (let i = 0; i < 64; i += 4) memory.writeU32(context + FPSTATE + 8 + i, 0);
  writeParts(memory, frame + SIGMASK, mask.low, mask.high);
}

/**
 * rt_sigreturn(2): loads the frame below the stack pointer. Returns the mask to restore, or undefined when the frame is no frame,
 * which is SIGSEGV.
 */
export function popFrame(task: FrameTask): SigSet | undefined {
  const { registers, memory, altStack } = task;
  const frame = registers.number(Reg.rsp) - 8;
  const context = frame + SIGCONTEXT;
  try {
    const mask: SigSet = { low: memory.readI32(frame + SIGMASK), high: memory.readI32(frame + SIGMASK + 4) };
    remove(mask, SIGKILL);
    remove(mask, SIGSTOP);
    const halves: number[] = [];
    for (let i = 0; i < SIGCONTEXT_ORDER.length * 2; i++) halves.push(memory.readI32(context + i * 4));
    const rflags = memory.readU32(context + EFLAGS);
    const fpstate = memory.readNumber(context + FPSTATE);
    const stack: AltStack = {
      sp: memory.readNumber(frame + UCONTEXT + 16),
      flags: memory.readU32(frame + UCONTEXT + 24),
      size: memory.readNumber(frame + UCONTEXT + 32),
    };
    if (!readXstate(registers, memory, fpstate)) return undefined;
    for (let i = 0; i < SIGCONTEXT_ORDER.length; i++) registers.setParts(SIGCONTEXT_ORDER[i]!, halves[i * 2]!, halves[i * 2 + 1]!);
    registers.setRflags((registers.rflags() & ~RFLAGS_RESTORED) | (rflags & RFLAGS_RESTORED));
    if (altStackFlags(altStack, registers.number(Reg.rsp)) !== SS_ONSTACK) restoreAltStack(altStack, stack);
    return mask;
  } catch {
    return undefined;
  }
}

function restoreAltStack(into: AltStack, from: Readonly<AltStack>): void {
  const mode = from.flags & ~SS_AUTODISARM;
  if (mode !== SS_DISABLE && mode !== SS_ONSTACK && mode !== 0) return;
  if (mode === SS_DISABLE) {
    into.sp = 0;
    into.size = 0;
    into.flags = from.flags;
    return;
  }
  into.sp = from.sp;
  into.size = from.size;
  into.flags = from.flags;
}

/** A null pointer means the initial state; an image without valid magic words is taken as a 512-byte one. */
function readXstate(registers: Registers, memory: AddressSpace, at: number): boolean {
  if (at === 0) {
    registers.resetXstate();
    return true;
  }
  const legacy = $xstate.subarray(0, LEGACY_SIZE);
  if (memory.copyIn(at, legacy) !== LEGACY_SIZE) return false;
  const size = registers.xstateSize;
  if (size > LEGACY_SIZE) {
    const view = new DataView($xstate.buffer);
    const extended = view.getUint32(SW_RESERVED + 4, true);
    const stated = view.getUint32(SW_RESERVED + 16, true);
    const valid =
      view.getUint32(SW_RESERVED, true) === FP_XSTATE_MAGIC1 &&
      stated >= 576 &&
      stated <= size &&
      stated <= extended &&
      memory.readU32(at + stated) === FP_XSTATE_MAGIC2;
    if (valid) {
      const image = $xstate.subarray(0, stated);
      return memory.copyIn(at, image) === stated && registers.restoreXstate(image);
    }
  }
  return registers.restoreXstate(legacy);
}
