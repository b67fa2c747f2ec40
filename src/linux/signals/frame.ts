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
import { MINSIGSTKSZ, SA_ONSTACK, SA_RESTORER, SA_SIGINFO, SIGKILL, SIGSTOP, SS_AUTODISARM, SS_DISABLE, SS_ONSTACK } from "../abi/signal.ts";
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
/** Where the registers end in the FXSAVE area, and where the software bytes lie. */
const LEGACY_END = 416;
const SW_RESERVED = 464;
/** The XSAVE header behind it: XSTATE_BV first. */
const XSTATE_BV = LEGACY_SIZE;
const XSTATE_MINIMUM = 576;
/** Components: x87 and SSE, which frames always name, and AVX, whose state lies behind the header. */
const FEATURES_LEGACY = 3;
const FEATURE_AVX = 4;
/** Alignment that FXRSTOR and XRSTOR ask for. */
const LEGACY_ALIGNMENT = 16;
const XSTATE_ALIGNMENT = 64;
const FP_XSTATE_MAGIC1 = 0x46505853;
const FP_XSTATE_MAGIC2 = 0x46505845;

const UC_FP_XSTATE = 1;
const UC_SIGCONTEXT_SS = 2;
const UC_STRICT_RESTORE_SS = 4;

/** The 32-bit frame with its own x87 state, and what alignment may add. */
const LARGEST_FRAME = 926;

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

/** AT_MINSIGSTKSZ (arch/x86/kernel/signal.c): room for a frame with its padding; the kernel counts the largest frame, which is the 32-bit one. */
export function minimumSignalStack(xstateSize: number): number {
  const magic = xstateSize > LEGACY_SIZE ? 4 : 0;
  return Math.ceil((LARGEST_FRAME + xstateSize + magic) / 16) * 16;
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
  registers.resetXstate();
  if (altStack.flags & SS_AUTODISARM) {
    altStack.sp = 0;
    altStack.size = 0;
    altStack.flags = SS_DISABLE;
  }
  return true;
}

/** What neither the processor nor the kernel writes keeps what the stack held. */
function writeXstate(registers: Registers, memory: AddressSpace, at: number): void {
  const size = registers.xstateSize;
  const image = $xstate.subarray(0, size);
  image.fill(0);
  registers.saveXstate(image);
  if (size > LEGACY_SIZE) {
    const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
    view.setUint32(SW_RESERVED, FP_XSTATE_MAGIC1, true);
    view.setUint32(SW_RESERVED + 4, size + 4, true);
    view.setUint32(SW_RESERVED + 8, registers.xfeatures, true);
    view.setUint32(SW_RESERVED + 16, size, true);
    view.setUint32(XSTATE_BV, view.getUint32(XSTATE_BV, true) | FEATURES_LEGACY, true);
    memory.writeU32(at + size, FP_XSTATE_MAGIC2);
  }
  const parts = [
    [0, LEGACY_END],
    [SW_RESERVED, size],
  ] as const;
  for (const [from, to] of parts) if (memory.copyOut(at + from, image.subarray(from, to)) !== to - from) throw new RangeError("frame");
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

/** What a frame gave: the mask to restore, and whether all of it could be loaded. If not, that is SIGSEGV, with what was loaded until then. */
interface Returned {
  readonly mask: SigSet | undefined;
  readonly whole: boolean;
}

/** rt_sigreturn(2): loads the frame below the stack pointer, in the kernel's order. */
export function popFrame(task: FrameTask): Returned {
  const { registers, memory, altStack } = task;
  const frame = registers.number(Reg.rsp) - 8;
  const context = frame + SIGCONTEXT;
  let mask: SigSet | undefined;
  try {
    const saved: SigSet = { low: memory.readI32(frame + SIGMASK), high: memory.readI32(frame + SIGMASK + 4) };
    remove(saved, SIGKILL);
    remove(saved, SIGSTOP);
    mask = saved;
    const stack: AltStack = {
      sp: memory.readNumber(frame + UCONTEXT + 16),
      flags: memory.readU32(frame + UCONTEXT + 24),
      size: memory.readNumber(frame + UCONTEXT + 32),
    };
    if (altStackFlags(altStack, registers.number(Reg.rsp)) !== SS_ONSTACK) restoreAltStack(altStack, stack);
    const halves: number[] = [];
    for (let i = 0; i < SIGCONTEXT_ORDER.length * 2; i++) halves.push(memory.readI32(context + i * 4));
    const rflags = memory.readU32(context + EFLAGS);
    const fpstate = memory.readNumber(context + FPSTATE);
    for (let i = 0; i < SIGCONTEXT_ORDER.length; i++) registers.setParts(SIGCONTEXT_ORDER[i]!, halves[i * 2]!, halves[i * 2 + 1]!);
    registers.setRflags((registers.rflags() & ~RFLAGS_RESTORED) | (rflags & RFLAGS_RESTORED));
    return { mask, whole: restoreXstate(registers, memory, fpstate) };
  } catch {
    return { mask, whole: false };
  }
}

/** As sigaltstack(2), whose errors do not count here. */
function restoreAltStack(into: AltStack, from: Readonly<AltStack>): void {
  const mode = from.flags & ~SS_AUTODISARM;
  if (mode !== SS_DISABLE && mode !== SS_ONSTACK && mode !== 0) return;
  if (mode !== SS_DISABLE && from.size < MINSIGSTKSZ) return;
  into.sp = mode === SS_DISABLE ? 0 : from.sp;
  into.size = mode === SS_DISABLE ? 0 : from.size;
  into.flags = from.flags;
}

/** Loads x87, SSE and AVX state; where that fails, it is a fresh process's. A null pointer asks for that. */
function restoreXstate(registers: Registers, memory: AddressSpace, at: number): boolean {
  if (at !== 0 && at + registers.xstateSize <= TASK_SIZE) {
    if (readXstate(registers, memory, at)) return true;
  }
  registers.resetXstate();
  return at === 0;
}

/** An image without valid magic words is taken as FXSAVE's. Components that the software bytes do not name become those of a fresh process. */
function readXstate(registers: Registers, memory: AddressSpace, at: number): boolean {
  const size = registers.xstateSize;
  const legacy = $xstate.subarray(0, LEGACY_SIZE);
  if (size > LEGACY_SIZE) {
    if (memory.copyIn(at + SW_RESERVED, legacy.subarray(SW_RESERVED)) !== LEGACY_SIZE - SW_RESERVED) return false;
    const view = new DataView($xstate.buffer);
    const extended = view.getUint32(SW_RESERVED + 4, true);
    const stated = view.getUint32(SW_RESERVED + 16, true);
    const features = view.getUint32(SW_RESERVED + 8, true) & registers.xfeatures;
    const valid = view.getUint32(SW_RESERVED, true) === FP_XSTATE_MAGIC1 && stated >= XSTATE_MINIMUM && stated <= size && stated <= extended;
    if (valid && memory.readU32(at + stated) === FP_XSTATE_MAGIC2) {
      if (at % XSTATE_ALIGNMENT !== 0) return false;
      const image = $xstate.subarray(0, (features & FEATURE_AVX) === 0 ? XSTATE_MINIMUM : size);
      return memory.copyIn(at, image) === image.length && registers.restoreXstate(image, features);
    }
  }
  if (at % LEGACY_ALIGNMENT !== 0) return false;
  return memory.copyIn(at, legacy) === LEGACY_SIZE && registers.restoreXstate(legacy, FEATURES_LEGACY);
}
