/** Random numbers, the processor's number, and cache lines (SDM volume 2, RDRAND, RDSEED, RDTSCP, RDPID, CLFLUSHOPT, CLWB). */

import { insn } from "./insn.ts";
import type { Insn } from "./insn.ts";
import { requires } from "./requires.ts";

/** CF says that there was a number. */
function random(mnemonic: "rdrand" | "rdseed", digit: number): Insn {
  return insn(mnemonic, [`0F C7 /${digit} reg | Rv`], { writes: "oszapc", faults: true, noRep: true }, (op) => {
    op.helper("random", op.i32(op.width / 8));
    op.set(0, op.argument(0, "i64"));
    op.flagsCompare(op.i32(0), op.i32(0), op.x("i32.wrap_i64", op.argument(1, "i64")));
  });
}

/** IA32_TSC_AUX: the one processor's number and its node's, both 0. */
const PROCESSOR = 0;

const flushes = (mnemonic: string, digit: number): Insn =>
  insn(mnemonic, [`66 0F AE /${digit} mem | Mb`], {}, (op) => op.checkRead(8, op.linear(0)));

export const randomNumbers: readonly Insn[] = [...requires("rdrand", [random("rdrand", 6)]), ...requires("rdseed", [random("rdseed", 7)])];
export const processorNumber: readonly Insn[] = [
  ...requires("rdtscp", [
    insn("rdtscp", ["0F 01 =F9"], { ends: "exit", reads: "oszapc" }, (op) => {
      op.setReg(1, 64, op.const(PROCESSOR));
      op.leave("timestamp");
    }),
  ]),
  ...requires("rdpid", [insn("rdpid", ["F3 0F C7 /7 reg | Rq"], {}, (op) => op.set(0, op.const(PROCESSOR)))]),
];
export const cacheLines: readonly Insn[] = [...requires("clflushopt", [flushes("clflushopt", 7)]), ...requires("clwb", [flushes("clwb", 6)])];
