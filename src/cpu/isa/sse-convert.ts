/** SSE and SSE2 conversions (SDM volume 1, 5.5.1 and 5.6.1; results out of range: 4.8.3.7, the integer indefinite). */

import { both, either, floatType, inexactIsSilent, Lanes, LARGEST, notDenormal, packed, packedOnce, SMALLEST, unlessUnusual } from "./float.ts";
import type { FloatBits, PackedHelper, PackedLane } from "./float.ts";
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
  const lane = (): PackedLane => {
    const source = zeroExtended(op, op.get(1));
    return { result: op.x("f64x2.promote_low_f32x4", source), operands: [source], usual: [new Lanes(op, 32).ordinary(source)] };
  };
  op.setParts(0, packed(op, { helper: "sse cvtps2pd" }, lane));
});

/** Two of binary64 in each lane as binary32, in its low half; the rest is zero. */
export function doublesToSingles(op: Op): V[] {
  return packed(op, { helper: "sse cvtpd2ps", silent: inexactIsSilent(op) }, () => {
    const source = op.get(1);
    return { result: op.x("f32x4.demote_f64x2_zero", source), operands: [source], usual: narrows(new Lanes(op, 64), source) };
  });
}

export const cvtpd2ps: Insn = insn("cvtpd2ps", ["66 0F 5A /r | Vpd, Wpd"], aligned, (op) => op.setParts(0, doublesToSingles(op)));

/** Binary32 of 32-bit integers: exact up to 2^24. */
function integersToSingles(op: Op, integers: V): PackedLane {
  const splat = (value: number): V => op.x("i32x4.splat", op.i32(value));
  const exact = op.x("i32x4.le_u", op.x("i32x4.add", integers, splat(2 ** 24)), splat(2 ** 25));
  return { result: op.x("f32x4.convert_i32x4_s", integers), operands: [integers], usual: [], exact: [exact] };
}

export const cvtdq2ps: Insn = insn("cvtdq2ps", ["NP 0F 5B /r | Vps, Wps"], aligned, (op) =>
  op.setParts(0, packed(op, { helper: "sse cvtdq2ps", silent: inexactIsSilent(op) }, () => integersToSingles(op, op.get(1)))),
);
export const cvtdq2pd: Insn = insn("cvtdq2pd", ["F3 0F E6 /r | Vdq, Wq"], {}, (op) =>
  op.setVector(0, op.x("f64x2.convert_low_i32x4_s", zeroExtended(op, op.get(1)))),
);

/** Elements as 32-bit integers; those of binary64 in the low half of each lane, the rest zero. */
function elementsToIntegers(op: Op, bits: FloatBits, truncate: boolean, value: V): PackedLane {
  const l = new Lanes(op, bits);
  const rounded = l.f(truncate ? "trunc" : "nearest", value);
  const result = op.x(bits === 32 ? "i32x4.trunc_sat_f32x4_s" : "i32x4.trunc_sat_f64x2_s_zero", rounded);
  return { result, operands: [value], usual: [l.f("lt", l.f("abs", rounded), l.splat(2 ** 31))], exact: [l.f("eq", rounded, value)] };
}

function integersHelper(op: Op, name: string, truncate: boolean): PackedHelper {
  return { helper: `sse ${name}`, silent: inexactIsSilent(op, !truncate) };
}

function integersName(bits: FloatBits, truncate: boolean): string {
  return `cvt${truncate ? "t" : ""}${bits === 32 ? "ps" : "pd"}2dq`;
}

/** Operand 1 as 32-bit integers, each lane as {@link doublesToSingles} has it. */
export function packedIntegers(op: Op, bits: FloatBits, truncate: boolean): V[] {
  const helper = integersHelper(op, integersName(bits, truncate), truncate);
  return packed(op, helper, () => elementsToIntegers(op, bits, truncate, op.get(1)));
}

function packedToIntegers(row: string, bits: FloatBits, truncate: boolean): Insn {
  return insn(integersName(bits, truncate), [row], aligned, (op) => op.setParts(0, packedIntegers(op, bits, truncate)));
}

export const cvtToIntegers: readonly Insn[] = [
  packedToIntegers("66 0F 5B /r | Vps, Wps", 32, false),
  packedToIntegers("F3 0F 5B /r | Vps, Wps", 32, true),
  packedToIntegers("F2 0F E6 /r | Vpd, Wpd", 64, false),
  packedToIntegers("66 0F E6 /r | Vpd, Wpd", 64, true),
];

function mmxToSingles(op: Op, source: V): void {
  const integers = zeroExtended(op, source);
  const r = packedOnce(op, { helper: "sse cvtpi2ps", silent: inexactIsSilent(op) }, () => integersToSingles(op, integers));
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
  return mmxInsn(
    `${name}pi`,
    [row],
    read,
    (op, source) => setMmx(op, 0, packedOnce(op, integersHelper(op, `${name}dq`, truncate), () => elementsToIntegers(op, bits, truncate, source))),
    true,
  );
}

export const toMmx: readonly Insn[] = [
  toMmxIntegers("NP 0F 2C /r | Pq, Wq", 32, true),
  toMmxIntegers("66 0F 2C /r | Pq, Wpd", 64, true),
  toMmxIntegers("NP 0F 2D /r | Pq, Wq", 32, false),
  toMmxIntegers("66 0F 2D /r | Pq, Wpd", 64, false),
];
