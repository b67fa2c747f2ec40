/** SSE4a, AMD's alone (APM volume 4: EXTRQ, INSERTQ, MOVNTSD, MOVNTSS). */

import { insn } from "./insn.ts";
import type { Insn } from "./insn.ts";
import type { Op, V } from "./ops.ts";
import { requires } from "./requires.ts";
import { zeroExtended } from "./sse-integer.ts";

/** Ones in the low `length` bits, of which six count; all where they are 0. */
function fieldMask(op: Op, length: V): V {
  const unused = op.and(op.neg(length), op.const(63));
  return op.shr(op.const(-1), unused);
}

const low = (op: Op, vector: V): V => op.lane("i64x2.extract_lane", 0, vector);

/** The upper half is undefined; silicon clears it. */
function extract(op: Op, length: V, index: V): void {
  op.setVector(0, zeroExtended(op, op.and(op.shr(low(op, op.vector(0)), index), fieldMask(op, length))));
}

function insert(op: Op, source: V, length: V, index: V): void {
  const mask = op.shl(fieldMask(op, length), index);
  const target = low(op, op.vector(0));
  op.setVector(0, zeroExtended(op, op.or(op.and(target, op.not(mask)), op.and(op.shl(source, index), mask))));
}

export const sse4a: readonly Insn[] = requires("sse4a", [
  insn("extrq", ["66 0F 78 /0 reg | Udq, Ib, Ib"], {}, (op) => extract(op, op.get(1), op.get(2))),
  insn("extrq", ["66 0F 79 /r reg | Vdq, Udq"], {}, (op) => {
    const control = low(op, op.vector(1));
    extract(op, control, op.shr(control, op.const(8)));
  }),
  insn("insertq", ["F2 0F 78 /r reg | Vdq, Udq, Ib, Ib"], {}, (op) => insert(op, low(op, op.vector(1)), op.get(2), op.get(3))),
  insn("insertq", ["F2 0F 79 /r reg | Vdq, Udq"], {}, (op) => {
    const source = op.vector(1);
    const control = op.lane("i64x2.extract_lane", 1, source);
    insert(op, low(op, source), control, op.shr(control, op.const(8)));
  }),
  insn("movntss", ["F3 0F 2B /r mem | Mss, Vdq"], {}, (op) => op.set(0, op.bool(op.lane("i32x4.extract_lane", 0, op.vector(1))))),
  insn("movntsd", ["F2 0F 2B /r mem | Msd, Vdq"], {}, (op) => op.set(0, low(op, op.vector(1)))),
]);
