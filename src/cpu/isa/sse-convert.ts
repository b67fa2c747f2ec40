/** SSE and SSE2 conversions (SDM volume 1, 5.5.1 and 5.6.1; results out of range: 4.8.3.7, the integer indefinite). */

import { both, either, floatType, inexactIsSilent, Lanes, LARGEST, notDenormal, SMALLEST, unlessUnusual } from "./float.ts";
import type { FloatBits } from "./float.ts";
import { insn } from "./insn.ts";
import type { Insn } from "./insn.ts";
import { setMmx } from "./mmx-state.ts";
import { mmxInsn } from "./mmx.ts";
import type { Op, V } from "./ops.ts";
import { zeroExtended } from "./sse-integer.ts";

const faults = { faults: true };
const aligned = { aligned: true, faults: true };

/** An integer of `bits`: usual where the rounded value fits, and nothing was lost or that is silent. */
function toInteger(op: Op, value: V, from: FloatBits, bits: number, truncate: boolean, helper: string): V {
  const t = floatType(from);
  const rounded = op.x(truncate ? `${t}.trunc` : `${t}.nearest`, value);
  const limit = from === 32 ? op.f32(2 ** (bits - 1)) : op.f64(2 ** (bits - 1));
  const fits = op.x(`${t}.lt`, op.x(`${t}.abs`, rounded), limit);
  const usual = both(op, fits, either(op, op.x(`${t}.eq`, rounded, value), inexactIsSilent(op, !truncate)));
  const integer = op.x(`i64.trunc_sat_${t}_s`, rounded);
  return unlessUnusual(op, usual, integer, `${helper}${bits}`, [value]);
}

function scalarToInteger(suffix: "ss" | "sd", prefix: string, from: FloatBits): Insn[] {
  const rows = (opcode: string): string[] => [`${prefix} 0F ${opcode} /r | Gy, W${suffix}`];
  return [
    insn(`cvtt${suffix}2si`, rows("2C"), faults, (op) => op.set(0, toInteger(op, op.get(1), from, op.width, true, `sse cvtt${suffix}2si`))),
    insn(`cvt${suffix}2si`, rows("2D"), faults, (op) => op.set(0, toInteger(op, op.get(1), from, op.width, false, `sse cvt${suffix}2si`))),
  ];
}

export const fromScalar: readonly Insn[] = [...scalarToInteger("ss", "F3", 32), ...scalarToInteger("sd", "F2", 64)];

function integerToScalar(suffix: "ss" | "sd", prefix: string, to: FloatBits): Insn {
  return insn(`cvtsi2${suffix}`, [`${prefix} 0F 2A /r | V${suffix}, Ey`], faults, (op) => {
    const source = op.size(1) === 64 ? op.get(1) : op.sext(op.get(1), 32);
    const result = op.x(`${floatType(to)}.convert_i64_s`, source);
    if (op.size(1) === 32 && to === 64) {
      op.set(0, result);
      return;
    }
    const exact = 2 ** (to === 32 ? 24 : 53);
    const usual = either(op, op.ltu(op.add(source, op.const(exact)), op.const(2 * exact + 1)), inexactIsSilent(op));
    op.set(0, unlessUnusual(op, usual, result, `sse cvtsi2${suffix}`, [source]));
  });
}

export const toScalar: readonly Insn[] = [integerToScalar("ss", "F3", 32), integerToScalar("sd", "F2", 64)];

/** Sources of a narrowing whose result is zero or normal. */
function narrows(l: Lanes, source: V): V[] {
  return [l.zeroOrFrom(source, SMALLEST[32]), l.upTo(source, LARGEST[32])];
}

export const cvtsd2ss: Insn = insn("cvtsd2ss", ["F2 0F 5A /r | Vss, Wsd"], faults, (op) => {
  const source = op.get(1);
  const size = op.x("f64.abs", source);
  const normal = both(op, op.x("f64.ge", size, op.f64(SMALLEST[32])), op.x("f64.le", size, op.f64(LARGEST[32])));
  const usual = both(op, inexactIsSilent(op), either(op, normal, op.x("f64.eq", size, op.f64(0))));
  op.set(0, unlessUnusual(op, usual, op.x("f32.demote_f64", source), "sse cvtsd2ss", [source]));
});

export const cvtss2sd: Insn = insn("cvtss2sd", ["F3 0F 5A /r | Vsd, Wss"], faults, (op) => {
  const source = op.get(1);
  const usual = both(op, op.x("f32.eq", source, source), notDenormal(op, 32, source));
  op.set(0, unlessUnusual(op, usual, op.x("f64.promote_f32", source), "sse cvtss2sd", [source]));
});

export const cvtps2pd: Insn = insn("cvtps2pd", ["NP 0F 5A /r | Vdq, Wq"], faults, (op) => {
  const source = zeroExtended(op, op.get(1));
  const l = new Lanes(op, 32);
  op.setVector(0, unlessUnusual(op, l.all(l.ordinary(source)), op.x("f64x2.promote_low_f32x4", source), "sse cvtps2pd", [source]));
});

export const cvtpd2ps: Insn = insn("cvtpd2ps", ["66 0F 5A /r | Vpd, Wpd"], aligned, (op) => {
  const source = op.get(1);
  const l = new Lanes(op, 64);
  const usual = both(op, inexactIsSilent(op), l.all(...narrows(l, source)));
  op.setVector(0, unlessUnusual(op, usual, op.x("f32x4.demote_f64x2_zero", source), "sse cvtpd2ps", [source]));
});

/** Binary32 of 32-bit integers: exact up to 2^24. */
function integersToSingles(op: Op, source: V, helper: string): V {
  const splat = (value: number): V => op.x("i32x4.splat", op.i32(value));
  const exact = op.x("i32x4.all_true", op.x("i32x4.le_u", op.x("i32x4.add", source, splat(2 ** 24)), splat(2 ** 25)));
  return unlessUnusual(op, either(op, exact, inexactIsSilent(op)), op.x("f32x4.convert_i32x4_s", source), helper, [source]);
}

export const cvtdq2ps: Insn = insn("cvtdq2ps", ["NP 0F 5B /r | Vps, Wps"], aligned, (op) =>
  op.setVector(0, integersToSingles(op, op.get(1), "sse cvtdq2ps")),
);
export const cvtdq2pd: Insn = insn("cvtdq2pd", ["F3 0F E6 /r | Vdq, Wq"], {}, (op) =>
  op.setVector(0, op.x("f64x2.convert_low_i32x4_s", zeroExtended(op, op.get(1)))),
);

/** Lanes as 32-bit integers; those of binary64 in the low half, the rest zero. */
function lanesToIntegers(op: Op, bits: FloatBits, value: V, truncate: boolean, helper: string): V {
  const l = new Lanes(op, bits);
  const rounded = l.f(truncate ? "trunc" : "nearest", value);
  const fits = l.all(l.f("lt", l.f("abs", rounded), l.splat(2 ** 31)));
  const usual = both(op, fits, either(op, l.all(l.f("eq", rounded, value)), inexactIsSilent(op, !truncate)));
  const integers = op.x(bits === 32 ? "i32x4.trunc_sat_f32x4_s" : "i32x4.trunc_sat_f64x2_s_zero", rounded);
  return unlessUnusual(op, usual, integers, helper, [value]);
}

function packedToIntegers(row: string, bits: FloatBits, truncate: boolean): Insn {
  const name = `cvt${truncate ? "t" : ""}${bits === 32 ? "ps" : "pd"}2dq`;
  return insn(name, [row], aligned, (op) => op.setVector(0, lanesToIntegers(op, bits, op.get(1), truncate, `sse ${name}`)));
}

export const cvtToIntegers: readonly Insn[] = [
  packedToIntegers("66 0F 5B /r | Vps, Wps", 32, false),
  packedToIntegers("F3 0F 5B /r | Vps, Wps", 32, true),
  packedToIntegers("F2 0F E6 /r | Vpd, Wpd", 64, false),
  packedToIntegers("66 0F E6 /r | Vpd, Wpd", 64, true),
];

function mmxToSingles(op: Op, source: V): void {
  const r = integersToSingles(op, zeroExtended(op, source), "sse cvtpi2ps");
  op.setVector(0, op.lane("i64x2.replace_lane", 0, op.vector(0), op.lane("i64x2.extract_lane", 0, r)));
}

function mmxToDoubles(op: Op, source: V): void {
  op.setVector(0, op.x("f64x2.convert_low_i32x4_s", zeroExtended(op, source)));
}

/** They are MMX's only where they read a register. */
export const fromMmxIntegers: readonly Insn[] = [
  mmxInsn("cvtpi2ps", ["NP 0F 2A /r reg | Vdq, Nq"], (op) => op.get(1), mmxToSingles),
  insn("cvtpi2ps", ["NP 0F 2A /r mem | Vdq, Mq"], faults, (op) => mmxToSingles(op, op.get(1))),
  mmxInsn("cvtpi2pd", ["66 0F 2A /r reg | Vdq, Nq"], (op) => op.get(1), mmxToDoubles),
  insn("cvtpi2pd", ["66 0F 2A /r mem | Vdq, Mq"], {}, (op) => mmxToDoubles(op, op.get(1))),
];

/** The MMX state is entered also where the conversion raises #XM. */
function toMmxIntegers(row: string, bits: FloatBits, truncate: boolean): Insn {
  const name = `cvt${truncate ? "t" : ""}${bits === 32 ? "ps" : "pd"}2`;
  // Two singles: the same two again above them, so that the vector has no other lanes.
  const read = (op: Op): V => (bits === 32 ? op.x("i64x2.splat", op.get(1)) : op.get(1));
  return mmxInsn(`${name}pi`, [row], read, (op, source) => setMmx(op, 0, lanesToIntegers(op, bits, source, truncate, `sse ${name}dq`)), true);
}

export const toMmx: readonly Insn[] = [
  toMmxIntegers("NP 0F 2C /r | Pq, Wq", 32, true),
  toMmxIntegers("66 0F 2C /r | Pq, Wpd", 64, true),
  toMmxIntegers("NP 0F 2D /r | Pq, Wq", 32, false),
  toMmxIntegers("66 0F 2D /r | Pq, Wpd", 64, false),
];
