/** AVX: floating point, from its SSE forms (SDM volume 1, 5.13); F16C is in f16c.ts, fused multiply-adds are in fma.ts. */

import { insn } from "./insn.ts";
import type { Insn } from "./insn.ts";
import type { Op, V } from "./ops.ts";
import { requires } from "./requires.ts";
import * as convert from "./sse-convert.ts";
import * as sse from "./sse-float.ts";
import { sse3 } from "./sse3.ts";
import { sse41Float } from "./sse41-float.ts";
import { named, vex2, vex3 } from "./vex.ts";

const both = { wide: "avx" } as const;

const PACKED = /p[sd]$/;
const SCALAR = /s[sd]$/;
const arithmetic: readonly Insn[] = [sse.addFloat, sse.subFloat, sse.mulFloat, sse.divFloat, sse.minFloat, sse.maxFloat, sse.compareFloat(31)].flat();
const unary: readonly Insn[] = [sse.sqrtFloat, sse.rcp, sse.rsqrt].flat();

export const packedThree: readonly Insn[] = vex3([named(arithmetic, PACKED), named(sse3, /^(h|addsub)/), named(sse41Float, /^dpps/)], both);
export const packedTwo: readonly Insn[] = vex2(
  [named(unary, PACKED), named(sse41Float, /^roundp/), named(convert.cvtToIntegers, /ps2dq$/), convert.cvtdq2ps, convert.cvtps2pd, convert.cvtdq2pd],
  both,
);
export const scalars: readonly Insn[] = vex3(
  [
    named(arithmetic, SCALAR),
    named(unary, SCALAR),
    named(sse41Float, /^(rounds|dppd)/),
    convert.toScalar,
    convert.cvtsd2ss,
    convert.cvtss2sd,
  ],
  {},
);
export const others: readonly Insn[] = vex2(
  [convert.fromScalar, sse.compareScalars, convert.cvtpd2ps, named(convert.cvtToIntegers, /pd2dq$/)],
  {},
);

/** Four of binary64, whose results fill a register of 128 bits. */
function narrowing(mnemonic: string, encoding: string, f: (op: Op) => V[]): Insn {
  return insn(mnemonic, [`VEX.256.${encoding} /r | Vdq, Wqq`], { faults: true, view: "Vdq, Wdq" }, (op) => {
    const [low, high] = f(op);
    if (low === undefined || high === undefined) throw new Error("two lanes");
    op.setParts(0, [op.shuffle(low, high, [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23])]);
  });
}

export const narrowings: readonly Insn[] = requires("avx", [
  narrowing("vcvtpd2ps", "66.0F.WIG 5A", convert.doublesToSingles),
  narrowing("vcvtpd2dq", "F2.0F.WIG E6", (op) => convert.packedIntegers(op, 64, false)),
  narrowing("vcvttpd2dq", "66.0F.WIG E6", (op) => convert.packedIntegers(op, 64, true)),
]);
