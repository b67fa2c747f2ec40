/** Cases of the floating-point instructions of SSE and SSE2. */

import { bytes, type Case, memory, walk } from "./cases.ts";
import { xmm } from "./vectors.ts";

/** Zeros, ones, roundings, limits of integers, denormals, infinities, quiet and signalling NaNs. */
export const SINGLES: readonly number[] = [
  0x3f800000, 0x40490fdb, 0x00000000, 0x80000000, 0xbf800000, 0x3dcccccd, 0x4b800001, 0x7f7fffff, 0x00800000, 0x00000001, 0x807fffff, 0x7f800000,
  0xff800000, 0x7fc00001, 0x7f800001, 0xffc12345, 0xff912345, 0x3f000000, 0x40200000, 0xc0600000, 0x4f000000, 0x4effffff, 0xcf000000, 0x5f000000,
  0x33800000, 0x7e967699,
];
export const DOUBLES: readonly bigint[] = [
  0x3ff0000000000000n,
  0x400921fb54442d18n,
  0n,
  0x8000000000000000n,
  0xbff0000000000000n,
  0x3fb999999999999an,
  0x4340000000000001n,
  0x7fefffffffffffffn,
  0x0010000000000000n,
  0x0000000000000001n,
  0x800fffffffffffffn,
  0x7ff0000000000000n,
  0xfff0000000000000n,
  0x7ff8000000000001n,
  0x7ff0000000000001n,
  0xfff8123456789abcn,
  0xfff4123456789abcn,
  0x3fe0000000000000n,
  0x4004000000000000n,
  0xc00c000000000000n,
  0x41e0000000000000n,
  0x41dfffffffe00000n,
  0xc1e0000000200000n,
  0x43e0000000000000n,
  0xc3e0000000000000n,
  0x41dfffffffc00000n,
  0x38100000001fffffn,
  0x47efffffefffffffn,
  0x3ca0000000000000n,
  0x36a0000000000000n,
];

const nextSingle = walk(SINGLES, 7);
const nextDouble = walk(DOUBLES, 7);

function singles(next: () => number = nextSingle): bigint {
  let value = 0n;
  for (let i = 0; i < 4; i++) value = (value << 32n) | BigInt(next());
  return value;
}
function doubles(next: () => bigint = nextDouble): bigint {
  return (next() << 64n) | next();
}
/** Masked, each rounding mode, DAZ, FTZ, both, and old sticky flags. */
const controls = walk(["", "mxcsr=0x3f80", "", "mxcsr=0x5f80", "mxcsr=0x7f80", "", "mxcsr=0x1fc0", "mxcsr=0x9f80", "mxcsr=0x9fc0", "mxcsr=0x1fbf"]);

const UPPER = 0x11111111_22222222_33333333_44444444n;
const withSingle = (value: number) => ((UPPER >> 32n) << 32n) | BigInt(value);
const withDouble = (value: bigint) => ((UPPER >> 64n) << 64n) | value;

function* arithmetic(): Generator<Case> {
  const leftSingle = walk(SINGLES, 5);
  const rightSingle = walk(SINGLES, 11);
  const leftDouble = walk(DOUBLES, 7);
  const rightDouble = walk(DOUBLES, 11);
  for (const op of ["add", "sub", "mul", "div", "min", "max", "sqrt"]) {
    for (let i = 0; i < 26; i++) {
      yield { text: `${op}ss xmm1, xmm2`, before: `${xmm(1, withSingle(leftSingle()))} ${xmm(2, withSingle(rightSingle()))} ${controls()}` };
      yield { text: `${op}sd xmm9, xmm2`, before: `${xmm(9, withDouble(leftDouble()))} ${xmm(2, withDouble(rightDouble()))} ${controls()}` };
    }
    leftSingle();
    rightDouble();
    for (let i = 0; i < 6; i++) {
      yield { text: `${op}ps xmm1, xmm12`, before: `${xmm(1, singles(leftSingle))} ${xmm(12, singles(rightSingle))} ${controls()}` };
      yield { text: `${op}pd xmm4, xmm2`, before: `${xmm(4, doubles(leftDouble))} ${xmm(2, doubles(rightDouble))} ${controls()}` };
    }
    for (const [suffix, bits, value] of [
      ["ss", 32, BigInt(nextSingle())],
      ["sd", 64, nextDouble()],
      ["ps", 128, singles()],
      ["pd", 128, doubles()],
    ] as const) {
      const source = memory(value, bits);
      yield {
        text: `${op}${suffix} xmm5, ${source.operand}`,
        before: `${xmm(5, bits === 32 || suffix === "ps" ? singles() : doubles())} ${source.items}`,
      };
    }
    // Both operands NaN: which one is kept.
    for (const [a, b] of [
      [0x7fc00001, 0xffc12345],
      [0x7f800001, 0x7fc00002],
      [0x7fc00002, 0x7f800001],
      [0x7f800001, 0xff912345],
      [0x7fc00005, 0x3f800000],
      [0x3f800000, 0xff912345],
    ] as const)
      yield { text: `${op}ss xmm1, xmm2`, before: `${xmm(1, withSingle(a))} ${xmm(2, withSingle(b))}` };
    for (const [a, b] of [
      [0x7ff8000000000001n, 0xfff8123456789abcn],
      [0x7ff0000000000001n, 0x7ff8000000000002n],
      [0x7ff8000000000002n, 0x7ff0000000000001n],
      [0x3ff0000000000000n, 0x7ff0000000000003n],
    ] as const)
      yield { text: `${op}sd xmm1, xmm2`, before: `${xmm(1, withDouble(a))} ${xmm(2, withDouble(b))}` };
  }
  yield { text: "addps xmm0, xmmword ptr [rdi]", before: "rdi=0x200108" };
  yield { text: "addss xmm0, dword ptr [rdi]", before: "rdi=0x200101 [101]=0000803f xmm0=0000000000000000000000003f800000" };
  yield { text: "mulpd xmm0, xmmword ptr [rdi]", before: "rdi=0x201000" };
}

function* comparisons(): Generator<Case> {
  const a = walk(SINGLES, 3);
  const b = walk(SINGLES, 5);
  const c = walk(DOUBLES, 7);
  const d = walk(DOUBLES, 13);
  for (const predicate of ["eq", "lt", "le", "unord", "neq", "nlt", "nle", "ord"]) {
    for (let i = 0; i < 3; i++) {
      yield { text: `cmp${predicate}ps xmm1, xmm2`, before: `${xmm(1, singles(a))} ${xmm(2, singles(b))}` };
      yield { text: `cmp${predicate}pd xmm10, xmm2`, before: `${xmm(10, doubles(c))} ${xmm(2, doubles(d))}` };
      yield { text: `cmp${predicate}ss xmm1, xmm2`, before: `${xmm(1, withSingle(a()))} ${xmm(2, withSingle(b()))}` };
      yield { text: `cmp${predicate}sd xmm1, xmm2`, before: `${xmm(1, withDouble(c()))} ${xmm(2, withDouble(d()))}` };
    }
    for (const value of [0x7fc00001, 0x7f800001])
      yield { text: `cmp${predicate}ss xmm1, xmm2`, before: `${xmm(1, withSingle(0x3f800000))} ${xmm(2, withSingle(value))}` };
    yield { text: `cmp${predicate}sd xmm1, xmm1`, before: xmm(1, withDouble(0x4000000000000000n)) };
  }
  const source = memory(0x3f800000n, 32);
  yield { text: `cmpltss xmm1, ${source.operand}`, before: `${xmm(1, UPPER)} ${source.items}` };
  for (const op of ["comis", "ucomis"]) {
    for (const [x, y] of [
      [0x3f800000, 0x40000000],
      [0x40000000, 0x3f800000],
      [0x3f800000, 0x3f800000],
      [0, 0x80000000],
      [0x7fc00000, 0x3f800000],
      [0x3f800000, 0x7f800001],
      [0x7f800000, 0xff800000],
      [1, 0x80000001],
    ] as const) {
      yield { text: `${op}s xmm1, xmm2`, before: `${xmm(1, withSingle(x))} ${xmm(2, withSingle(y))} flags=os-a--` };
      const widened = (value: number): bigint =>
        value === 0x7f800001 ? 0x7ff0000000000001n : value === 1 ? 1n : value === 0x80000001 ? 0x8000000000000001n : DOUBLES_OF.get(value)!;
      yield { text: `${op}d xmm11, xmm2`, before: `${xmm(11, withDouble(widened(x)))} ${xmm(2, withDouble(widened(y)))}` };
    }
    const single = memory(0x40000000n, 32);
    yield { text: `${op}s xmm1, ${single.operand}`, before: `${xmm(1, withSingle(0x3f800000))} ${single.items}` };
  }
}
const DOUBLES_OF = new Map([
  [0x3f800000, 0x3ff0000000000000n],
  [0x40000000, 0x4000000000000000n],
  [0, 0n],
  [0x80000000, 0x8000000000000000n],
  [0x7fc00000, 0x7ff8000000000000n],
  [0x7f800000, 0x7ff0000000000000n],
  [0xff800000, 0xfff0000000000000n],
]);

function* conversions(): Generator<Case> {
  const integers = [
    0n,
    1n,
    0xffffffffffffffffn,
    0x7fffffffn,
    0x80000000n,
    0x1000001n,
    0x7fffffffffffffffn,
    0x8000000000000000n,
    0x20000000000001n,
    0x7fffffbfffffffffn,
  ];
  for (const value of integers) {
    for (const [op, register] of [
      ["cvtsi2ss", "ecx"],
      ["cvtsi2ss", "rcx"],
      ["cvtsi2sd", "r9d"],
      ["cvtsi2sd", "r9"],
    ] as const)
      yield {
        text: `${op} xmm3, ${register}`,
        before: `${register.startsWith("r9") ? "r9" : "rcx"}=0x${value.toString(16)} ${xmm(3, UPPER)} ${controls()}`,
      };
  }
  for (const [op, bits] of [
    ["cvtsi2ss", 32],
    ["cvtsi2ss", 64],
    ["cvtsi2sd", 32],
    ["cvtsi2sd", 64],
  ] as const) {
    const source = memory(0x80000003n, bits);
    yield { text: `${op} xmm13, ${source.operand}`, before: `${xmm(13, UPPER)} ${source.items}` };
  }
  for (const value of SINGLES)
    for (const op of ["cvtss2si", "cvttss2si"])
      for (const register of ["ecx", "r9"])
        yield { text: `${op} ${register}, xmm2`, before: `${xmm(2, withSingle(value))} ${op === "cvtss2si" ? controls() : ""}` };
  for (const value of DOUBLES)
    for (const op of ["cvtsd2si", "cvttsd2si"])
      for (const register of ["ecx", "r9"])
        yield { text: `${op} ${register}, xmm12`, before: `${xmm(12, withDouble(value))} ${op === "cvtsd2si" ? controls() : ""}` };
  for (const value of SINGLES) yield { text: "cvtss2sd xmm1, xmm2", before: `${xmm(1, UPPER)} ${xmm(2, withSingle(value))} ${controls()}` };
  for (const value of DOUBLES) yield { text: "cvtsd2ss xmm1, xmm2", before: `${xmm(1, UPPER)} ${xmm(2, withDouble(value))} ${controls()}` };
  for (let i = 0; i < 7; i++) {
    for (const op of ["cvtps2pd", "cvtps2dq", "cvttps2dq"])
      yield { text: `${op} xmm1, xmm2`, before: `${xmm(1, UPPER)} ${xmm(2, singles())} ${controls()}` };
    for (const op of ["cvtpd2ps", "cvtpd2dq", "cvttpd2dq"])
      yield { text: `${op} xmm8, xmm2`, before: `${xmm(8, UPPER)} ${xmm(2, doubles())} ${controls()}` };
    const packed = (BigInt(nextSingle()) << 96n) | ((integers[i]! << 32n) & ((1n << 96n) - 1n)) | BigInt(nextSingle());
    for (const op of ["cvtdq2ps", "cvtdq2pd"]) yield { text: `${op} xmm1, xmm14`, before: `${xmm(1, UPPER)} ${xmm(14, packed)} ${controls()}` };
    yield { text: "cvtpi2ps xmm1, mm2", before: `${xmm(1, UPPER)} mm2=${bytes(packed >> 16n, 64)} ${controls()}` };
    yield { text: "cvtpi2pd xmm1, mm2", before: `${xmm(1, UPPER)} mm2=${bytes(packed >> 16n, 64)}` };
    for (const op of ["cvtps2pi", "cvttps2pi"]) yield { text: `${op} mm1, xmm2`, before: `${xmm(2, singles())} ${controls()}` };
    for (const op of ["cvtpd2pi", "cvttpd2pi"]) yield { text: `${op} mm1, xmm2`, before: `${xmm(2, doubles())} ${controls()}` };
  }
  for (const [op, bits] of [
    ["cvtps2pd", 64],
    ["cvtdq2pd", 64],
    ["cvtdq2ps", 128],
    ["cvtpd2ps", 128],
    ["cvttpd2dq", 128],
    ["cvttps2dq", 128],
    ["cvtss2sd", 32],
    ["cvtsd2ss", 64],
  ] as const) {
    const source = memory((0x40490fdb_3fc00000n << 64n) | 0x400921fb_54442d18n, bits);
    yield { text: `${op} xmm6, ${source.operand}`, before: `${xmm(6, UPPER)} ${source.items}` };
  }
  const source = memory(0x40490fdbn, 32);
  yield { text: `cvttss2si eax, ${source.operand}`, before: source.items };
}

function* control(): Generator<Case> {
  yield { text: "ldmxcsr dword ptr [rdi]", before: "rdi=0x200100 [100]=bf7f0000" };
  yield { text: "ldmxcsr dword ptr [rdi]", before: "rdi=0x200100 [100]=00000100" };
  yield { text: "ldmxcsr dword ptr [rdi]", before: "rdi=0x201000" };
  yield { text: "stmxcsr dword ptr [rdi]", before: "rdi=0x200101 mxcsr=0x7fa5" };
  const exceptional: readonly (readonly [string, string, number, number])[] = [
    ["mxcsr=0x1f00", "divss", 0, 0],
    ["mxcsr=0x1d80", "divss", 0x3f800000, 0],
    ["mxcsr=0x1b80", "mulss", 0x7f7fffff, 0x7f7fffff],
    ["mxcsr=0x1780", "mulss", 0x00800000, 0x3f000001],
    ["mxcsr=0x0f80", "divss", 0x3f800000, 0x40400000],
    ["mxcsr=0x1e80", "addss", 1, 0x3f800000],
    ["mxcsr=0x1f00", "addss", 0x7f800001, 0],
    ["mxcsr=0x1f00", "addss", 0x7fc00001, 0],
    ["mxcsr=0x0000", "addss", 0x3f800000, 0x3f800000],
    ["mxcsr=0x1f00", "comiss", 0x7fc00001, 0],
    ["mxcsr=0x1f00", "ucomiss", 0x7fc00001, 0],
    ["mxcsr=0x1f00", "sqrtss", 0, 0xbf800000],
    ["mxcsr=0x1780", "mulss", 0x00800000, 0x3f000000],
  ];
  for (const [mxcsr, op, a, b] of exceptional)
    yield { text: `${op} xmm1, xmm2`, before: `${mxcsr} ${xmm(1, withSingle(a))} ${xmm(2, withSingle(b))}` };
  yield { text: "cvttss2si eax, xmm2", before: `mxcsr=0x1f00 ${xmm(2, withSingle(0x7f800000))}` };
  yield { text: "cvtsd2si rax, xmm2", before: `mxcsr=0x0f80 ${xmm(2, withDouble(0x3fe0000000000000n))}` };
  yield {
    text: "divps xmm1, xmm2",
    before: `mxcsr=0x1d80 ${xmm(1, 0x3f800000_00000000_3f800000_3f800000n)} ${xmm(2, 0x40400000_00000000_00000000_40400000n)}`,
  };
}

export function* sseCases(): Generator<Case> {
  yield* arithmetic();
  yield* comparisons();
  yield* conversions();
  yield* control();
}
