/**
 * MMX registers as bodies see them: the significands of the physical x87 registers (SDM volume 1, 9.2 and 9.5).
 * Every MMX instruction but EMMS sets TOP to 0 and all tags to valid; a register that is written gets an exponent of ones.
 */

import { Vector, X87_ENVIRONMENT } from "../state.ts";
import { ES, STATUS, TAGS } from "../x87/index.ts";
import type { Op, V } from "./ops.ts";

const TOP_BITS = 0x3800;
const EXPONENT = 0xffff;

/** #MF where an x87 exception is pending: before operands are read. */
export function checkPendingX87(op: Op): void {
  op.raiseIf(op.ne(op.and(op.state(X87_ENVIRONMENT + STATUS, 16), op.const(ES)), op.const(0)), Vector.MF);
}

/** TOP = 0, all registers valid: with the state changes of a body, behind what can fault. */
export function enterMmx(op: Op): void {
  op.setState(X87_ENVIRONMENT + STATUS, 16, op.and(op.state(X87_ENVIRONMENT + STATUS, 16), op.const(~TOP_BITS)));
  op.setState(X87_ENVIRONMENT + TAGS, 16, op.const(0xff));
}

/** Operand `i` as v128 whose upper half means nothing. */
export function mmx(op: Op, i: number): V {
  return op.isMemory(i) ? op.x("i64x2.splat", op.get(i)) : op.vector(i);
}

/** Writes the low half of `value` to the MMX register operand `i`. */
export function setMmx(op: Op, i: number, value: V): void {
  op.setVector(i, op.lane("i64x2.replace_lane", 1, value, op.const(EXPONENT)));
}
