/** Data transfer (SDM volume 1, 5.1.1): moves, extensions, exchanges, the stack. */

import { insn } from "./insn.ts";
import type { Insn } from "./insn.ts";
import type { Bits, Op, V } from "./ops.ts";
import { FS_BASE, GS_BASE, Vector } from "../state.ts";

export const mov: Insn = insn(
  "mov",
  [
    "88 /r | Eb, Gb", "89 /r | Ev, Gv", "8A /r | Gb, Eb", "8B /r | Gv, Ev", "B0+r | Zb, Ib", "B8+r | Zv, Iv", "C6 /0 | Eb, Ib", "C7 /0 | Ev, Iz",
    "A0 | AL, Ob", "A1 | rAX, Ov", "A2 | Ob, AL", "A3 | Ov, rAX",
  ],
  {},
  (op) => op.set(0, op.get(1)),
);

/** A register destination is zero-extended to the operand size; memory gets 16 bits. */
export const movFromSegment: Insn = insn("mov", ["8C /r reg | Rv, Sw", "8C /r mem | Mw, Sw"], {}, (op) => op.set(0, op.get(1)));

function isLoadableSelector(op: Op, value: V): V {
  return op.x("i32.or", op.x("i64.le_u", value, op.const(3)), op.eq(value, op.const(0x2b)));
}

/** In user mode only null and the selectors that are there already can be loaded; 64-bit mode ignores the bases of DS, ES and SS. CS: #UD. */
export const movToSegment: Insn = insn("mov", ["8E /0 | ES, Ew", "8E /2 | SS, Ew", "8E /3 | DS, Ew", "8E /4 | FS, Ew", "8E /5 | GS, Ew"], { faults: true }, (op) => {
  const value = op.get(1);
  op.raiseIf(op.x("i32.eqz", isLoadableSelector(op, value)), Vector.GP);
  op.set(0, value);
});

export const movzx: Insn = insn("movzx", ["0F B6 /r | Gv, Eb", "0F B7 /r | Gv, Ew"], {}, (op) => op.set(0, op.get(1)));
export const movsx: Insn = insn("movsx", ["0F BE /r | Gv, Eb", "0F BF /r | Gv, Ew"], {}, (op) => op.set(0, op.sext(op.get(1), op.size(1))));
export const movsxd: Insn = insn("movsxd", ["63 /r | Gv, Ed"], {}, (op) => op.set(0, op.sext(op.get(1), 32)));

export const lea: Insn = insn("lea", ["8D /r mem | Gv, M"], {}, (op) => op.set(0, op.address(1)));

export const xchg: Insn = insn("xchg", ["86 /r | Eb, Gb", "87 /r | Ev, Gv"], { lock: true }, (op) => {
  const a = op.rw(0);
  const b = op.get(1);
  op.set(0, b);
  op.set(1, a);
});

/** 90 itself is NOP; with REX.B it exchanges with R8. */
export const xchgAccumulator: Insn = insn("xchg", ["90+r | Zv, rAX"], {}, (op) => {
  const a = op.get(0);
  const b = op.get(1);
  op.set(0, b);
  op.set(1, a);
});

export const cmov: Insn = insn("cmov", ["0F 40+cc /r | Gv, Ev"], { reads: "oszapc" }, (op) => {
  const source = op.get(1);
  // A 32-bit destination is zero-extended also where nothing is moved.
  op.set(0, op.select(op.cond(op.cc), source, op.get(0)));
});

export const setcc: Insn = insn("set", ["0F 90+cc /r | Eb"], { reads: "oszapc" }, (op) => op.set(0, op.bool(op.cond(op.cc))));

export const push: Insn = insn("push", ["50+r | Zv | d64", "FF /6 | Ev | d64", "68 | Iz | d64", "6A | Ibs | d64"], { faults: true }, (op) =>
  op.push(op.operandSize, op.get(0)),
);

export const pop: Insn = insn("pop", ["58+r | Zv | d64", "8F /0 | Ev | d64"], { faults: true }, (op) => {
  const value = op.pop(op.operandSize);
  op.reserve(0);
  op.popped(op.operandSize);
  op.set(0, value);
});

export const pushSegment: Insn = insn("push", ["0F A0 | FS | d64", "0F A8 | GS | d64"], { faults: true }, (op) => op.push(op.operandSize, op.get(0)));

/** The two selectors with a base: only what a 64-bit user can load (see mov). */
export const popSegment: Insn = insn("pop", ["0F A1 | FS | d64", "0F A9 | GS | d64"], { faults: true }, (op) => {
  const value = op.zext(op.pop(op.operandSize), 16);
  op.raiseIf(op.x("i32.eqz", isLoadableSelector(op, value)), Vector.GP);
  op.popped(op.operandSize);
  op.set(0, value);
});

export const pushf: Insn = insn("pushf", ["9C | | d64"], { reads: "oszapc", faults: true }, (op) => {
  // VM and RF are pushed as 0.
  op.push(op.operandSize, op.and(op.rflags(), op.const(0x3c_ffff)));
});

/** User mode cannot change IF and IOPL. AC, ID, NT, TF and DF are taken. */
export const popf: Insn = insn("popf", ["9D | | d64"], { writes: "oszapc", faults: true }, (op) => {
  const value = op.pop(op.operandSize);
  op.popped(op.operandSize);
  op.setRflags(value, op.operandSize === 16 ? 0x4dd5 : 0x24_4dd5);
  op.if(op.ne(op.and(op.rflags(), op.const(0x4_0100)), op.const(0)), () => op.leave("flags"));
});

export const enter: Insn = insn("enter", ["C8 | Iw, Ib | d64"], { faults: true }, (op) => {
  const size = op.get(0);
  const level = op.and(op.get(1), op.const(31));
  const bytes = op.operandSize / 8;
  const bits = op.operandSize as Bits;
  const rsp = op.reg(4, 64);
  const rbp = op.reg(5, 64);
  const frame = op.sub(rsp, op.const(bytes));
  op.checkWrite(bits, frame);
  // Nested levels copy frame pointers: all of the stack that is touched is checked before.
  const nested = op.ne(level, op.const(0));
  const lowest = op.sub(frame, op.mul(level, op.const(bytes)));
  op.if(nested, () => {
    const places = op.variable(op.const(1));
    op.loop(() => {
      const k = op.read(places);
      const distance = op.mul(k, op.const(bytes));
      // The last of them is the new frame pointer, which is not read.
      op.if(op.ltu(k, level), () => op.checkRead(bits, op.sub(rbp, distance)));
      op.checkWrite(bits, op.sub(frame, distance));
      op.assign(places, op.add(k, op.const(1)));
      return op.x("i64.le_u", op.read(places), level);
    });
  });
  const final = op.sub(op.select(nested, lowest, frame), size);
  op.checkWrite(bits, final);
  op.storeChecked(bits, frame, rbp);
  op.if(nested, () => {
    const index = op.variable(op.const(1));
    op.if(op.x("i64.gt_u", level, op.const(1)), () => {
      op.loop(() => {
        const k = op.read(index);
        const source = op.sub(rbp, op.mul(k, op.const(bytes)));
        const target = op.sub(frame, op.mul(k, op.const(bytes)));
        op.storeChecked(bits, target, op.loadChecked(bits, source));
        op.assign(index, op.add(k, op.const(1)));
        return op.ltu(op.read(index), level);
      });
    });
    op.storeChecked(bits, lowest, frame);
  });
  op.setReg(5, bits, frame);
  op.setReg(4, 64, final);
});

export const leave: Insn = insn("leave", ["C9 | | d64"], { faults: true }, (op) => {
  const bits = op.operandSize as Bits;
  const frame = op.reg(5, 64);
  const value = op.load(bits, frame);
  op.setReg(4, 64, op.add(frame, op.const(bits / 8)));
  op.setReg(5, bits, value);
});

export const cbw: Insn = insn("cbw", ["98"], {}, (op) => op.setReg(0, op.operandSize, op.sext(op.reg(0, (op.operandSize / 2) as Bits), op.operandSize / 2)));

export const cwd: Insn = insn("cwd", ["99"], {}, (op) => {
  const bits = op.operandSize as Bits;
  op.setReg(2, bits, op.sar(op.sext(op.reg(0, bits), bits), op.const(63)));
});

export const xlat: Insn = insn("xlat", ["D7"], { faults: true }, (op) => {
  let address = op.add(op.reg(3, 64), op.reg(0, 8));
  if (op.addressSize === 32) address = op.zext(address, 32);
  op.setReg(0, 8, op.load(8, op.withSegment(address)));
});

const baseNames = { feature: "fsgsbase" as const, faults: true };
export const rdfsbase: Insn = insn("rdfsbase", ["F3 0F AE /0 reg | Ry"], baseNames, (op) => op.set(0, op.state(FS_BASE, 64)));
export const rdgsbase: Insn = insn("rdgsbase", ["F3 0F AE /1 reg | Ry"], baseNames, (op) => op.set(0, op.state(GS_BASE, 64)));

/** Addresses that are not canonical: #GP. With one of the upper half, offsets are checked for themselves from here on. */
function setBase(op: Op, offset: number): void {
  const value = op.get(0);
  const canonical = op.sar(op.shl(value, op.const(16)), op.const(16));
  op.raiseIf(op.ne(canonical, value), Vector.GP);
  op.setState(offset, 64, value);
  op.if(op.lts(value, op.const(0)), () => op.leave("flags"));
}

export const wrfsbase: Insn = insn("wrfsbase", ["F3 0F AE /2 reg | Ry"], baseNames, (op) => setBase(op, FS_BASE));
export const wrgsbase: Insn = insn("wrgsbase", ["F3 0F AE /3 reg | Ry"], baseNames, (op) => setBase(op, GS_BASE));
