/** Extended state (SDM volume 1, chapter 13; volume 2, XSAVE, XSAVEOPT, XSAVEC, XRSTOR, XGETBV, XSETBV): the area is made in cpu/xsave.ts. */

import { GPR, Vector } from "../state.ts";
import { Component, XSAVE_BYTES, XSAVE_LEGACY_BYTES } from "../xsave.ts";
import { insn } from "./insn.ts";
import type { Insn } from "./insn.ts";
import type { Op, V } from "./ops.ts";
import { requires } from "./requires.ts";

const XSTATE_BV = 512;
const XCOMP_BV_HIGH = 524;

function aligned(op: Op): V {
  const linear = op.linear(0);
  op.raiseIf(op.ne(op.and(linear, op.const(63)), op.const(0)), Vector.GP);
  return linear;
}

/** The area's last byte, where AVX state takes part in it or not. */
function last(op: Op, linear: V, avx: V): V {
  return op.add(linear, op.select(avx, op.const(XSAVE_BYTES - 1), op.const(XSAVE_LEGACY_BYTES - 1)));
}

function asked(op: Op): V {
  return op.and(op.state(GPR, 32), op.const(Component.avx));
}

/** An area lies in two pages at most. */
function save(name: string, row: string, wide: number): Insn {
  const helper = name.replace("64", "");
  return insn(name, [row], { faults: true }, (op) => {
    const linear = aligned(op);
    op.checkWrite(8, linear);
    op.checkWrite(8, last(op, linear, op.ne(asked(op), op.const(0))));
    op.setArgument(0, linear);
    op.helper(helper, op.i32(wide));
  });
}

/** In the compacted format only what the header says to be there is read. */
function restore(name: string, row: string, wide: number): Insn {
  return insn(name, [row], { faults: true }, (op) => {
    const linear = aligned(op);
    op.checkRead(8, linear);
    const states = op.load(32, op.add(linear, op.const(XSTATE_BV)));
    const compacted = op.ne(op.load(32, op.add(linear, op.const(XCOMP_BV_HIGH))), op.const(0));
    const present = op.select(compacted, states, op.const(Component.avx));
    op.checkRead(8, last(op, linear, op.ne(op.and(asked(op), present), op.const(0))));
    op.setArgument(0, linear);
    op.helper("xrstor", op.i32(wide));
  });
}

const both = (make: typeof save, name: string, opcode: string): Insn[] => [
  make(name, `NP REX.W0 ${opcode} mem | M`, 0),
  make(`${name}64`, `NP REX.W ${opcode} mem | M`, 1),
];

export const extendedState: readonly Insn[] = [
  ...requires("xsave", [
    ...both(save, "xsave", "0F AE /4"),
    ...both(restore, "xrstor", "0F AE /5"),
    insn("xgetbv", ["NP 0F 01 =D0"], { faults: true }, (op) => op.helper("xgetbv")),
    // Not from user mode.
    insn("xsetbv", ["NP 0F 01 =D1"], { faults: true }, (op) => op.raise(Vector.GP)),
  ]),
  ...requires("xsaveopt", both(save, "xsaveopt", "0F AE /6")),
  ...requires("xsavec", both(save, "xsavec", "0F C7 /4")),
];
