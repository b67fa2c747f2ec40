/** SSE3 (SDM volume 1, 5.7); FISTTP is with the x87 instructions. */

import { inexactIsSilent, Lanes, LARGEST, packed, SMALLEST } from "./float.ts";
import type { FloatBits, PackedLane } from "./float.ts";
import { insn } from "./insn.ts";
import type { Insn } from "./insn.ts";
import type { Op, V } from "./ops.ts";
import { whole } from "./sse-integer.ts";
import { requires } from "./requires.ts";

const aligned = { aligned: true, faults: true };

/** Lanes of the first operand of each sum, and of the second, among the eight or four lanes of both operands. */
const EVEN: Readonly<Record<FloatBits, readonly number[]>> = {
  32: [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27],
  64: [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23],
};
const ODD: Readonly<Record<FloatBits, readonly number[]>> = {
  32: [4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31],
  64: [8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31],
};

/** Sums (or differences) `result` of `a` and `b`. */
function sums(op: Op, bits: FloatBits, a: V, b: V, result: V): PackedLane {
  const l = new Lanes(op, bits);
  return { result, operands: [a, b], usual: [l.ordinary(a), l.ordinary(b), l.zeroOrFrom(result, SMALLEST[bits]), l.upTo(result, LARGEST[bits])] };
}

function horizontal(name: "add" | "sub", suffix: "ps" | "pd", row: string): Insn {
  const bits = suffix === "ps" ? 32 : 64;
  return insn(`h${name}${suffix}`, [row], aligned, (op) => {
    const lane = (): PackedLane => {
      const source = op.get(1);
      const target = op.vector(0);
      const a = op.shuffle(target, source, EVEN[bits]);
      const b = op.shuffle(target, source, ODD[bits]);
      return sums(op, bits, a, b, new Lanes(op, bits).f(name, a, b));
    };
    op.setParts(0, packed(op, { helper: `sse ${name}${suffix}`, silent: inexactIsSilent(op) }, lane));
  });
}

const EVEN_LANES: Readonly<Record<FloatBits, readonly number[]>> = {
  32: [255, 255, 255, 255, 0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0],
  64: [255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0],
};

/** Even lanes subtracted, odd lanes added. */
function alternating(suffix: "ps" | "pd", row: string): Insn {
  const bits = suffix === "ps" ? 32 : 64;
  return insn(`addsub${suffix}`, [row], aligned, (op) => {
    const lane = (): PackedLane => {
      const b = op.get(1);
      const a = op.vector(0);
      const l = new Lanes(op, bits);
      return sums(op, bits, a, b, op.x("v128.bitselect", l.f("sub", a, b), l.f("add", a, b), op.v128(EVEN_LANES[bits])));
    };
    op.setParts(0, packed(op, { helper: `sse addsub${suffix}`, silent: inexactIsSilent(op) }, lane));
  });
}

function duplicate(name: string, row: string, lanes: readonly number[]): Insn {
  return insn(name, [row], { aligned: true }, (op) => {
    const source = op.get(1);
    op.setVector(0, op.shuffle(source, source, lanes));
  });
}

export const sse3: readonly Insn[] = requires("sse3", [
  horizontal("add", "pd", "66 0F 7C /r | Vpd, Wpd"),
  horizontal("add", "ps", "F2 0F 7C /r | Vps, Wps"),
  horizontal("sub", "pd", "66 0F 7D /r | Vpd, Wpd"),
  horizontal("sub", "ps", "F2 0F 7D /r | Vps, Wps"),
  alternating("pd", "66 0F D0 /r | Vpd, Wpd"),
  alternating("ps", "F2 0F D0 /r | Vps, Wps"),
  duplicate("movsldup", "F3 0F 12 /r | Vps, Wps", [0, 1, 2, 3, 0, 1, 2, 3, 8, 9, 10, 11, 8, 9, 10, 11]),
  duplicate("movshdup", "F3 0F 16 /r | Vps, Wps", [4, 5, 6, 7, 4, 5, 6, 7, 12, 13, 14, 15, 12, 13, 14, 15]),
  insn("movddup", ["F2 0F 12 /r | Vdq, Wq"], {}, (op) => op.setVector(0, op.x("i64x2.splat", op.get(1)))),
  insn("lddqu", ["F2 0F F0 /r mem | Vdq, Mdq"], whole, (op) => op.setVector(0, op.get(1))),
]);
