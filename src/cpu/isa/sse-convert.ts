/** SSE and SSE2 conversions (SDM volume 1, 5.5.1 and 5.6.1; results out of range: 4.8.3.7, the integer indefinite). */

import type { FloatBits } from "./float.ts";
import { insn } from "./insn.ts";
import type { Insn } from "./insn.ts";
import type { Op, V } from "./ops.ts";
import { MXCSR } from "../state.ts";
import { zeroExtended } from "./sse-integer.ts";

const aligned = { aligned: true };
const type = (bits: FloatBits): string => (bits === 32 ? "f32" : "f64");

/** Rounded to an integral value as MXCSR.RC says: nearest even, down, up, towards zero. */
export function roundByMxcsr(op: Op, name: string, value: V): V {
  const result = op.variable(op.x(`${name}.nearest`, value));
  const rc = op.and(op.shr(op.state(MXCSR, 32), op.const(13)), op.const(3));
  op.if(op.ne(rc, op.const(0)), () => {
    const others = op.select(op.eq(rc, op.const(1)), op.x(`${name}.floor`, value), op.x(`${name}.ceil`, value));
    op.assign(result, op.select(op.eq(rc, op.const(3)), op.x(`${name}.trunc`, value), others));
  });
  return op.read(result);
}

/** A float with an integral value as an integer of `bits`; the indefinite where it does not fit. Saturation already gives the lower bound. */
function toInteger(op: Op, value: V, from: FloatBits, bits: number): V {
  const t = type(from);
  const limit = from === 32 ? op.f32(2 ** (bits - 1)) : op.f64(2 ** (bits - 1));
  const fits = op.x(`${t}.lt`, value, limit);
  if (bits === 64) return op.select(fits, op.x(`i64.trunc_sat_${t}_s`, value), op.const(-0x8000000000000000n));
  return op.bool(op.select(fits, op.x(`i32.trunc_sat_${t}_s`, value), op.i32(-0x80000000)));
}

function scalarToInteger(suffix: "ss" | "sd", prefix: string, from: FloatBits): Insn[] {
  const rows = (opcode: string): string[] => [`${prefix} 0F ${opcode} /r | Gy, W${suffix}`];
  return [
    insn(`cvtt${suffix}2si`, rows("2C"), {}, (op) => op.set(0, toInteger(op, op.get(1), from, op.width))),
    insn(`cvt${suffix}2si`, rows("2D"), {}, (op) => op.set(0, toInteger(op, roundByMxcsr(op, type(from), op.get(1)), from, op.width))),
  ];
}

export const fromScalar: readonly Insn[] = [...scalarToInteger("ss", "F3", 32), ...scalarToInteger("sd", "F2", 64)];

function integerToScalar(suffix: "ss" | "sd", prefix: string, to: FloatBits): Insn {
  return insn(`cvtsi2${suffix}`, [`${prefix} 0F 2A /r | V${suffix}, Ey`], {}, (op) => {
    const source = op.size(1) === 64 ? op.get(1) : op.sext(op.get(1), 32);
    op.set(0, op.x(`${type(to)}.convert_i64_s`, source));
  });
}

export const toScalar: readonly Insn[] = [integerToScalar("ss", "F3", 32), integerToScalar("sd", "F2", 64)];

/** NaNs keep their sign and the top of their payload, quiet. */
function narrowScalar(op: Op, value: V): V {
  const result = op.variable(op.x("f32.demote_f64", value));
  op.if(op.x("f64.ne", value, value), () => {
    const bits = op.x("i64.reinterpret_f64", value);
    const sign = op.and(op.shr(bits, op.const(32)), op.const(0x80000000));
    const payload = op.and(op.shr(bits, op.const(29)), op.const(0x3fffff));
    op.assign(result, op.x("f32.reinterpret_i32", op.x("i32.wrap_i64", op.or(op.or(sign, payload), op.const(0x7fc00000)))));
  });
  return op.read(result);
}

function widenScalar(op: Op, value: V): V {
  const result = op.variable(op.x("f64.promote_f32", value));
  op.if(op.x("f32.ne", value, value), () => {
    const bits = op.bool(op.x("i32.reinterpret_f32", value));
    const sign = op.shl(op.and(bits, op.const(0x80000000)), op.const(32));
    const payload = op.shl(op.and(bits, op.const(0x3fffff)), op.const(29));
    op.assign(result, op.x("f64.reinterpret_i64", op.or(op.or(sign, payload), op.const(0x7ff8000000000000n))));
  });
  return op.read(result);
}

export const cvtsd2ss: Insn = insn("cvtsd2ss", ["F2 0F 5A /r | Vss, Wsd"], {}, (op) => op.set(0, narrowScalar(op, op.get(1))));
export const cvtss2sd: Insn = insn("cvtss2sd", ["F3 0F 5A /r | Vsd, Wss"], {}, (op) => op.set(0, widenScalar(op, op.get(1))));

function lane(op: Op, name: "f32x4" | "f64x2", i: number, v: V): V {
  return op.lane(`${name}.extract_lane`, i, v);
}

export const cvtps2pd: Insn = insn("cvtps2pd", ["NP 0F 5A /r | Vdq, Wq"], {}, (op) => {
  const source = zeroExtended(op, op.get(1));
  const low = widenScalar(op, lane(op, "f32x4", 0, source));
  const high = widenScalar(op, lane(op, "f32x4", 1, source));
  op.setVector(0, op.lane("f64x2.replace_lane", 1, op.x("f64x2.splat", low), high));
});

export const cvtpd2ps: Insn = insn("cvtpd2ps", ["66 0F 5A /r | Vpd, Wpd"], aligned, (op) => {
  const source = op.get(1);
  const low = narrowScalar(op, lane(op, "f64x2", 0, source));
  const high = narrowScalar(op, lane(op, "f64x2", 1, source));
  op.setVector(0, op.lane("f32x4.replace_lane", 1, op.lane("f32x4.replace_lane", 0, op.v128([]), low), high));
});

export const cvtdq2ps: Insn = insn("cvtdq2ps", ["NP 0F 5B /r | Vps, Wps"], aligned, (op) => op.setVector(0, op.x("f32x4.convert_i32x4_s", op.get(1))));
export const cvtdq2pd: Insn = insn("cvtdq2pd", ["F3 0F E6 /r | Vdq, Wq"], {}, (op) =>
  op.setVector(0, op.x("f64x2.convert_low_i32x4_s", zeroExtended(op, op.get(1)))),
);

/** Lanes of a float vector with integral values; the indefinite where they do not fit. */
function lanesToIntegers(op: Op, value: V): V {
  const fits = op.x("f32x4.lt", value, op.x("f32x4.splat", op.f32(2 ** 31)));
  const least = op.x("i32x4.splat", op.i32(-0x80000000));
  return op.x("v128.bitselect", op.x("i32x4.trunc_sat_f32x4_s", value), least, fits);
}

function pairToIntegers(op: Op, value: V): V {
  const fits = op.x("f64x2.lt", value, op.x("f64x2.splat", op.f64(2 ** 31)));
  // The two lanes' truths, narrowed to where their results are.
  const narrow = op.shuffle(fits, fits, [0, 1, 2, 3, 8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11]);
  const least = op.v128([0, 0, 0, 0x80, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0]);
  const both = op.x("v128.bitselect", op.x("i32x4.trunc_sat_f64x2_s_zero", value), least, narrow);
  return zeroExtended(op, op.lane("i64x2.extract_lane", 0, both));
}

export const cvtps2dq: Insn = insn("cvtps2dq", ["66 0F 5B /r | Vps, Wps"], aligned, (op) =>
  op.setVector(0, lanesToIntegers(op, roundByMxcsr(op, "f32x4", op.get(1)))),
);
export const cvttps2dq: Insn = insn("cvttps2dq", ["F3 0F 5B /r | Vps, Wps"], aligned, (op) => op.setVector(0, lanesToIntegers(op, op.get(1))));
export const cvtpd2dq: Insn = insn("cvtpd2dq", ["F2 0F E6 /r | Vpd, Wpd"], aligned, (op) =>
  op.setVector(0, pairToIntegers(op, roundByMxcsr(op, "f64x2", op.get(1)))),
);
export const cvttpd2dq: Insn = insn("cvttpd2dq", ["66 0F E6 /r | Vpd, Wpd"], aligned, (op) => op.setVector(0, pairToIntegers(op, op.get(1))));
