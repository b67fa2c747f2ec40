/** Flag control (SDM volume 1, 5.1.10). */

import { insn } from "./insn.ts";
import type { Insn } from "./insn.ts";
import { Flag, FLAGS_SYSTEM } from "../state.ts";

export const clc: Insn = insn("clc", ["F8"], { writes: "oszapc", reads: "oszapc" }, (op) => op.setCarry(op.const(0)));
export const stc: Insn = insn("stc", ["F9"], { writes: "oszapc", reads: "oszapc" }, (op) => op.setCarry(op.const(1)));
export const cmc: Insn = insn("cmc", ["F5"], { writes: "oszapc", reads: "oszapc" }, (op) => op.setCarry(op.xor(op.carry(), op.const(1))));

export const cld: Insn = insn("cld", ["FC"], { writes: "d" }, (op) => op.setState(FLAGS_SYSTEM, 32, op.and(op.state(FLAGS_SYSTEM, 32), op.const(~Flag.DF))));
export const std: Insn = insn("std", ["FD"], { writes: "d" }, (op) => op.setState(FLAGS_SYSTEM, 32, op.or(op.state(FLAGS_SYSTEM, 32), op.const(Flag.DF))));

export const lahf: Insn = insn("lahf", ["9F"], { reads: "szapc", feature: "lahf" }, (op) => {
  const low = op.and(op.reg(0, 64), op.const(~0xff00));
  op.setReg(0, 64, op.or(low, op.shl(op.zext(op.rflags(), 8), op.const(8))));
});

export const sahf: Insn = insn("sahf", ["9E"], { writes: "szapc", reads: "o", feature: "lahf" }, (op) => op.setRflags(op.shr(op.reg(0, 64), op.const(8)), 0xd5));
