/** SSE and SSE2 moves and shuffles of floating-point data (SDM volume 1, 5.5.1 and 5.6.1). */

import { insn } from "./insn.ts";
import type { Insn, InsnProperties } from "./insn.ts";
import type { Op, V } from "./ops.ts";
import { MXCSR, Vector } from "../state.ts";
import { MXCSR_MASK } from "../fxsave.ts";
import { immediateOfLane } from "./lanes.ts";
import { dwordSelection, topBits, whole, wholeAligned, zeroExtended } from "./sse-integer.ts";

const aligned = { aligned: true };

function moves(name: string, prefix: string, load: string, store: string, suffix: string, properties: InsnProperties): Insn[] {
  return [
    insn(name, [`${prefix} 0F ${load} /r | V${suffix}, W${suffix}`], properties, (op) => op.setVector(0, op.get(1))),
    insn(name, [`${prefix} 0F ${store} /r | W${suffix}, V${suffix}`], properties, (op) => op.set(0, op.get(1))),
  ];
}

export const movaps: readonly Insn[] = moves("movaps", "NP", "28", "29", "ps", wholeAligned);
export const movapd: readonly Insn[] = moves("movapd", "66", "28", "29", "pd", wholeAligned);
export const movups: readonly Insn[] = moves("movups", "NP", "10", "11", "ps", whole);
export const movupd: readonly Insn[] = moves("movupd", "66", "10", "11", "pd", whole);
export const movnt: readonly Insn[] = [
  insn("movntps", ["NP 0F 2B /r mem | Mps, Vps"], aligned, (op) => op.set(0, op.get(1))),
  insn("movntpd", ["66 0F 2B /r mem | Mpd, Vpd"], aligned, (op) => op.set(0, op.get(1))),
];

/** From memory the rest of the register becomes zero; from a register it stays. */
export const movss: readonly Insn[] = [
  insn("movss", ["F3 0F 10 /r mem | Vdq, Md"], {}, (op) => op.setVector(0, zeroExtended(op, op.get(1)))),
  insn("movss", ["F3 0F 10 /r reg | Vss, Uss", "F3 0F 11 /r | Wss, Vss"], {}, (op) => op.set(0, op.get(1))),
];
export const movsd: readonly Insn[] = [
  insn("movsd", ["F2 0F 10 /r mem | Vdq, Mq"], {}, (op) => op.setVector(0, zeroExtended(op, op.get(1)))),
  insn("movsd", ["F2 0F 10 /r reg | Vsd, Usd", "F2 0F 11 /r | Wsd, Vsd"], {}, (op) => op.set(0, op.get(1))),
];

const LOW_HIGH = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23];
const HIGH_HIGH = [24, 25, 26, 27, 28, 29, 30, 31, 8, 9, 10, 11, 12, 13, 14, 15];

const copy = (op: Op): void => op.set(0, op.get(1));
export const movlpLoad: readonly Insn[] = [
  insn("movlps", ["NP 0F 12 /r mem | Vq, Mq"], {}, copy),
  insn("movlpd", ["66 0F 12 /r mem | Vq, Mq"], {}, copy),
];
export const movlpStore: readonly Insn[] = [
  insn("movlps", ["NP 0F 13 /r mem | Mq, Vq"], {}, copy),
  insn("movlpd", ["66 0F 13 /r mem | Mq, Vq"], {}, copy),
];
export const movhlps: Insn = insn("movhlps", ["NP 0F 12 /r reg | Vdq, Udq"], {}, (op) =>
  op.setVector(0, op.shuffle(op.vector(0), op.vector(1), HIGH_HIGH)),
);
export const movlhps: Insn = insn("movlhps", ["NP 0F 16 /r reg | Vdq, Udq"], {}, (op) =>
  op.setVector(0, op.shuffle(op.vector(0), op.vector(1), LOW_HIGH)),
);
const loadHigh = (op: Op): void => {
  const value = op.get(1);
  op.setVector(0, op.lane("i64x2.replace_lane", 1, op.vector(0), value));
};
const storeHigh = (op: Op): void => op.set(0, op.lane("i64x2.extract_lane", 1, op.vector(1)));
export const movhpLoad: readonly Insn[] = [
  insn("movhps", ["NP 0F 16 /r mem | Vdq, Mq"], {}, loadHigh),
  insn("movhpd", ["66 0F 16 /r mem | Vdq, Mq"], {}, loadHigh),
];
export const movhpStore: readonly Insn[] = [
  insn("movhps", ["NP 0F 17 /r mem | Mq, Vdq"], {}, storeHigh),
  insn("movhpd", ["66 0F 17 /r mem | Mq, Vdq"], {}, storeHigh),
];

export const movmskps: Insn = insn("movmskps", ["NP 0F 50 /r reg | Gd, Udq"], {}, (op) => op.set(0, topBits(op, "i32x4.bitmask", 4)));
export const movmskpd: Insn = insn("movmskpd", ["66 0F 50 /r reg | Gd, Udq"], {}, (op) => op.set(0, topBits(op, "i64x2.bitmask", 2)));

function unpack(name: string, row: string, lanes: readonly number[]): Insn {
  return insn(name, [row], aligned, (op) => {
    const b = op.get(1);
    op.setVector(0, op.shuffle(op.vector(0), b, lanes));
  });
}

export const unpcklps: Insn = unpack("unpcklps", "NP 0F 14 /r | Vps, Wps", [0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23]);
export const unpckhps: Insn = unpack("unpckhps", "NP 0F 15 /r | Vps, Wps", [8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31]);
export const unpcklpd: Insn = unpack("unpcklpd", "66 0F 14 /r | Vpd, Wpd", LOW_HIGH);
export const unpckhpd: Insn = unpack("unpckhpd", "66 0F 15 /r | Vpd, Wpd", [8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31]);

export const shufps: Insn = insn("shufps", ["NP 0F C6 /r | Vps, Wps, Ib"], aligned, (op) => {
  const b = op.get(1);
  const selection = dwordSelection(op, op.get(2));
  const fromA = op.x("i8x16.swizzle", op.vector(0), selection);
  const fromB = op.x("i8x16.swizzle", b, selection);
  op.setVector(0, op.shuffle(fromA, fromB, [0, 1, 2, 3, 4, 5, 6, 7, 24, 25, 26, 27, 28, 29, 30, 31]));
});

/** A qword of `a` and one of `b`: each 128-bit lane has two bits of the immediate. */
export function pickQwords(op: Op, a: V, b: V, imm: V): V {
  const pick = (source: V, bit: number): V =>
    op.select(
      op.eqz(op.and(immediateOfLane(op, imm, 2), op.const(bit))),
      op.lane("i64x2.extract_lane", 0, source),
      op.lane("i64x2.extract_lane", 1, source),
    );
  return op.lane("i64x2.replace_lane", 1, op.x("i64x2.splat", pick(a, 1)), pick(b, 2));
}

export const shufpd: Insn = insn("shufpd", ["66 0F C6 /r | Vpd, Wpd, Ib"], aligned, (op) => {
  const b = op.get(1);
  op.setVector(0, pickQwords(op, op.vector(0), b, op.get(2)));
});

export const ldmxcsr: Insn = insn("ldmxcsr", ["NP 0F AE /2 mem | Md"], { faults: true }, (op) => {
  const value = op.get(0);
  op.raiseIf(op.ne(op.and(value, op.const(~MXCSR_MASK)), op.const(0)), Vector.GP);
  op.setState(MXCSR, 32, value);
});
export const stmxcsr: Insn = insn("stmxcsr", ["NP 0F AE /3 mem | Md"], {}, (op) => op.set(0, op.state(MXCSR, 32)));
