/**
 * Control, status, tags and their images in memory (SDM volume 1, 8.1.10; volume 2, FLDCW, FNSTENV, FNSAVE, FRSTOR, ...).
 */

import { Float80, Kind, kindOf } from "./float80.ts";
import { DATA_POINTER, INSTRUCTION_POINTER, OPCODE, REGISTER_STRIDE, BUSY, ES, SF, type X87State } from "./state.ts";

/** Bits of the control word that can be set; bit 6 always is. */
export const CONTROL_MASK = 0x1f3f;
export const CONTROL_FIXED = 0x40;
const CONTROL_INITIAL = 0x37f;
const EXCEPTIONS = 0x3f;

const register: Float80 = new Float80();

/** Two-bit tags of the registers as FNSTENV stores them: 0 valid, 1 zero, 2 special, 3 empty (SDM volume 1, figure 8-7). */
export function fullTags(s: X87State): number {
  const tags = s.tags;
  const top = s.top;
  let word = 0;
  for (let r = 0; r < 8; r++) {
    let tag = 3;
    if ((tags >> r) & 1) {
      s.read((r - top) & 7, register);
      const kind = kindOf(register);
      tag = kind === Kind.zero ? 1 : kind === Kind.normal ? 0 : 2;
    }
    word |= tag << (2 * r);
  }
  return word;
}

export function fninit(s: X87State): void {
  s.control = CONTROL_INITIAL;
  s.status = 0;
  s.tags = 0;
  s.setLastInstruction(0, 0, 0, 0, 0);
}

export function fnclex(s: X87State): void {
  s.status &= ~(EXCEPTIONS | SF | ES | BUSY);
}

export function fldcw(s: X87State, value: number): void {
  s.control = (value & CONTROL_MASK) | CONTROL_FIXED;
  s.summarise();
}

export function fnstcw(s: X87State): number {
  s.store(s.control, 0, 0);
  return 1;
}

export function fnstsw(s: X87State): number {
  s.store(s.status, 0, 0);
  return 1;
}

/** The status word, for AX. */
export function fnstswAx(s: X87State): number {
  return s.status;
}

export function ffree(s: X87State, i: number): void {
  s.free(i);
  s.clearC1();
}

/** FFREEP: FFREE and a pop. */
export function ffreep(s: X87State, i: number): void {
  s.free(i);
  s.pop();
  s.clearC1();
}

export function fincstp(s: X87State): void {
  s.top += 1;
  s.clearC1();
}

export function fdecstp(s: X87State): void {
  s.top -= 1;
  s.clearC1();
}

/** FNOP, FWAIT, and the 8087's and 287's FNENI, FNDISI, FNSETPM: nothing but the check for a pending exception, where there is one. */
export function fnop(_s: X87State): void {}

/** Bytes of the environment image: 28, or 14 with an operand size of 16. */
export function environmentBytes(sixteen: number): number {
  return sixteen ? 14 : 28;
}

/** Stores the environment image at the start of the operand area and masks all exceptions. */
export function fnstenv(s: X87State, sixteen: number): number {
  const view = s.view;
  const at = s.operand;
  const env = s.environment;
  const tags = fullTags(s);
  const ip = view.getUint32(env + INSTRUCTION_POINTER, true);
  const data = view.getUint32(env + DATA_POINTER, true);
  if (sixteen) {
    view.setUint16(at, s.control, true);
    view.setUint16(at + 2, s.status, true);
    view.setUint16(at + 4, tags, true);
    view.setUint16(at + 6, ip & 0xffff, true);
    view.setUint16(at + 8, 0, true);
    view.setUint16(at + 10, data & 0xffff, true);
    view.setUint16(at + 12, 0, true);
  } else {
    view.setUint32(at, 0xffff_0000 | s.control, true);
    view.setUint32(at + 4, 0xffff_0000 | s.status, true);
    view.setUint32(at + 8, 0xffff_0000 | tags, true);
    view.setUint32(at + 12, ip, true);
    view.setUint32(at + 16, view.getUint16(env + OPCODE, true) << 16, true);
    view.setUint32(at + 20, data, true);
    view.setUint32(at + 24, 0xffff_0000, true);
  }
  s.control |= EXCEPTIONS;
  s.summarise();
  return 1;
}

/** Loads the environment from the operand area. */
export function fldenv(s: X87State, sixteen: number): void {
  const view = s.view;
  const at = s.operand;
  const step = sixteen ? 2 : 4;
  const tags = view.getUint16(at + 2 * step, true);
  s.control = (view.getUint16(at, true) & CONTROL_MASK) | CONTROL_FIXED;
  s.status = view.getUint16(at + step, true);
  let valid = 0;
  for (let r = 0; r < 8; r++) if (((tags >> (2 * r)) & 3) !== 3) valid |= 1 << r;
  s.tags = valid;
  if (sixteen) s.setLastInstruction(view.getUint16(at + 6, true), 0, view.getUint16(at + 10, true), 0, 0);
  else {
    s.setLastInstruction(view.getUint32(at + 12, true), 0, view.getUint32(at + 20, true), 0, view.getUint16(at + 18, true));
  }
  s.summarise();
}

/** Stores environment and registers (108 or 94 bytes) in the operand area, then initialises. */
export function fnsave(s: X87State, sixteen: number): number {
  fnstenv(s, sixteen);
  const view = s.view;
  let to = s.operand + environmentBytes(sixteen);
  for (let i = 0; i < 8; i++) {
    const from = s.registers + s.physical(i) * REGISTER_STRIDE;
    for (let word = 0; word < 10; word += 2) view.setUint16(to + word, view.getUint16(from + word, true), true);
    to += 10;
  }
  fninit(s);
  return 1;
}

/** Loads environment and registers from the operand area. */
export function frstor(s: X87State, sixteen: number): void {
  fldenv(s, sixteen);
  const view = s.view;
  let from = s.operand + environmentBytes(sixteen);
  for (let i = 0; i < 8; i++) {
    const to = s.registers + s.physical(i) * REGISTER_STRIDE;
    for (let word = 0; word < 10; word += 2) view.setUint16(to + word, view.getUint16(from + word, true), true);
    from += 10;
  }
}
