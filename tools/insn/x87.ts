/** Cases of the x87 instructions, without transcendental functions. */

import { bytes, type Case, memory, walk } from "./cases.ts";

/** Sign and exponent, significand. */
const EXTENDED: readonly bigint[] = [
  0x3fff_8000000000000000n,
  0x4000_c90fdaa22168c235n,
  0n,
  0x8000_0000000000000000n,
  0xbfff_8000000000000000n,
  0x3ffb_cccccccccccccccdn,
  0x403e_8000000000000001n,
  0x7ffe_ffffffffffffffffn,
  0x0001_8000000000000000n,
  0x0000_0000000000000001n,
  0x8000_7fffffffffffffffn,
  0x7fff_8000000000000000n,
  0xffff_8000000000000000n,
  0x7fff_c000000000000001n,
  0x7fff_8000000000000001n,
  0xffff_c123456789abcdefn,
  0x3ffe_8000000000000000n,
  0x4000_a000000000000000n,
  0xc000_e000000000000000n,
  0x403e_ffffffffffffffffn,
  0xc03e_8000000000000000n,
  0x401d_ffffffff00000000n,
  0x3fff_80000000000007ffn,
  0x3fff_8000000000000400n,
  0x3fff_8000008000000001n,
  0x43fe_fffffffffffff800n,
  0x3c00_8000000000000000n,
];
const first = walk(EXTENDED, 5);
const second = walk(EXTENDED, 11);

/** 64-bit precision to nearest; the other roundings; 53 and 24 bits. */
const controls = walk(["", "fcw=0x77f", "", "fcw=0xb7f", "fcw=0xf7f", "", "fcw=0x27f", "fcw=0x7f", "fcw=0xe7f"]);

const ARITHMETIC = 0x4500;
const ALL_CONDITIONS = 0x4700;

/** st0 and following hold `values`, the rest is empty. */
function stack(...values: bigint[]): string {
  const top = (8 - values.length) & 7;
  const tags = (0xff << (8 - values.length)) & 0xff;
  const items = values.map((value, i) => `st${i}=${value.toString(16).padStart(20, "0")}`);
  return `fsw=0x${(top << 11).toString(16)} ftw=0x${tags.toString(16)} ${items.join(" ")}`;
}

function* arithmetic(): Generator<Case> {
  for (const op of ["fadd", "fsub", "fsubr", "fmul", "fdiv", "fdivr"]) {
    for (let i = 0; i < 30; i++) yield { text: `${op} st, st(1)`, before: `${stack(first(), second())} ${controls()}`, undefinedStatus: ARITHMETIC };
    first();
    for (let i = 0; i < 3; i++) {
      yield { text: `${op} st(2), st`, before: `${stack(first(), 1n, second())} ${controls()}`, undefinedStatus: ARITHMETIC };
      yield { text: `${op}p st(1), st`, before: `${stack(first(), second())} ${controls()}`, undefinedStatus: ARITHMETIC };
      const single = memory([0x40490fdbn, 0x7f800001n, 0x00000001n][i]!, 32);
      yield { text: `${op} ${single.operand}`, before: `${stack(first())} ${single.items}`, undefinedStatus: ARITHMETIC };
      const double = memory([0x400921fb54442d18n, 0x7ff0000000000001n, 0x0000000000000001n][i]!, 64);
      yield { text: `${op} ${double.operand}`, before: `${stack(second())} ${double.items} ${controls()}`, undefinedStatus: ARITHMETIC };
    }
    const integer = memory(0x8003n, 16);
    yield { text: `fi${op.slice(1)} ${integer.operand}`, before: `${stack(first())} ${integer.items}`, undefinedStatus: ARITHMETIC };
    const long = memory(0xfffffff9n, 32);
    yield { text: `fi${op.slice(1)} ${long.operand}`, before: `${stack(EXTENDED[1]!)} ${long.items}`, undefinedStatus: ARITHMETIC };
    yield { text: `${op} st, st(1)`, before: stack(EXTENDED[1]!), undefinedStatus: ARITHMETIC };
    yield { text: `${op}p st(1), st`, before: `${stack(EXTENDED[1]!)} fcw=0x37e`, undefinedStatus: ARITHMETIC };
  }
  yield { text: "fdiv st, st(1)", before: `${stack(EXTENDED[0]!, 0n)} fcw=0x37b`, undefinedStatus: ARITHMETIC };
  yield { text: "fadd st, st(1)", before: `${stack(EXTENDED[14]!, 0n)} fcw=0x37e`, undefinedStatus: ARITHMETIC };
  for (const op of ["fsqrt", "frndint"])
    for (let i = 0; i < 27; i++) yield { text: op, before: `${stack(EXTENDED[i]!)} ${controls()}`, undefinedStatus: ARITHMETIC };
  for (const op of ["fabs", "fchs", "fxtract"])
    for (const i of [0, 1, 2, 3, 9, 11, 12, 13, 14, 15]) yield { text: op, before: stack(EXTENDED[i]!), undefinedStatus: ARITHMETIC };
  for (const [a, b] of [
    [1, 0],
    [1, 17],
    [1, 4],
    [17, 6],
    [11, 12],
    [2, 11],
    [2, 12],
    [13, 1],
    [0, 26],
    [8, 18],
  ] as const)
    yield { text: "fscale", before: `${stack(EXTENDED[a]!, EXTENDED[b]!)} ${controls()}`, undefinedStatus: ARITHMETIC };
  for (const op of ["fprem", "fprem1"])
    for (const [a, b] of [
      [1, 0],
      [17, 16],
      [18, 5],
      [6, 1],
      [0, 11],
      [11, 0],
      [0, 2],
      [2, 1],
      [13, 14],
    ] as const)
      yield { text: op, before: stack(EXTENDED[a]!, EXTENDED[b]!) };
  yield { text: "fprem", before: stack(EXTENDED[7]!, EXTENDED[1]!), undefinedStatus: 0x4300 };
}

function* comparisons(): Generator<Case> {
  const orders = [
    [0, 1],
    [1, 0],
    [0, 0],
    [2, 3],
    [11, 12],
    [13, 0],
    [0, 14],
    [9, 10],
    [4, 0],
    [15, 13],
  ] as const;
  for (const [a, b] of orders) {
    for (const op of ["fcom", "fucom", "fcomp", "fucomp"]) yield { text: `${op} st(1)`, before: stack(EXTENDED[a]!, EXTENDED[b]!) };
    for (const op of ["fcompp", "fucompp"]) yield { text: op, before: stack(EXTENDED[a]!, EXTENDED[b]!) };
    for (const op of ["fcomi", "fucomi", "fcomip", "fucomip"])
      yield { text: `${op} st, st(1)`, before: `${stack(EXTENDED[a]!, EXTENDED[b]!)} flags=os-a--` };
  }
  for (const value of EXTENDED.slice(0, 19)) {
    yield { text: "ftst", before: stack(value) };
    yield { text: "fxam", before: stack(value) };
  }
  yield { text: "fxam", before: "" };
  yield { text: "fcom st(1)", before: stack(EXTENDED[0]!) };
  for (const [op, bits] of [
    ["fcom", 32],
    ["fcomp", 64],
    ["ficom", 16],
    ["ficomp", 32],
  ] as const) {
    const source = memory(bits === 64 ? 0x3ff0000000000000n : bits === 32 && op === "fcom" ? 0x3f800000n : 1n, bits);
    yield { text: `${op} ${source.operand}`, before: `${stack(EXTENDED[1]!)} ${source.items}` };
  }
  for (const cc of ["b", "e", "be", "u", "nb", "ne", "nbe", "nu"])
    for (const flags of ["------", "-----c", "--z---", "----p-"])
      yield { text: `fcmov${cc} st, st(1)`, before: `${stack(EXTENDED[0]!, EXTENDED[1]!)} flags=${flags}`, undefinedStatus: ARITHMETIC };
}

function* transfers(): Generator<Case> {
  const singles = [0x40490fdbn, 0n, 0x80000000n, 1n, 0x7f800000n, 0x7fc00001n, 0x7f800001n, 0x807fffffn];
  const doubles = [
    0x400921fb54442d18n,
    0n,
    0x8000000000000000n,
    1n,
    0x7ff0000000000000n,
    0xfff8000000000001n,
    0x7ff0000000000001n,
    0x800fffffffffffffn,
  ];
  for (const value of singles) {
    const source = memory(value, 32);
    yield { text: `fld ${source.operand}`, before: source.items, undefinedStatus: ARITHMETIC };
  }
  for (const value of doubles) {
    const source = memory(value, 64);
    yield { text: `fld ${source.operand}`, before: source.items, undefinedStatus: ARITHMETIC };
  }
  for (const value of EXTENDED.slice(0, 16)) {
    yield { text: "fld tbyte ptr [rdi]", before: `rdi=0x200100 [100]=${bytes(value, 80)}`, undefinedStatus: ARITHMETIC };
    yield { text: "fstp tbyte ptr [rdi]", before: `rdi=0x200101 ${stack(value)}`, undefinedStatus: ARITHMETIC };
  }
  for (const value of EXTENDED) {
    yield { text: "fst dword ptr [rdi]", before: `rdi=0x200100 ${stack(value)} ${controls()}`, undefinedStatus: ARITHMETIC };
    yield { text: "fstp qword ptr [rdi]", before: `rdi=0x200100 ${stack(value)} ${controls()}`, undefinedStatus: ARITHMETIC };
    yield { text: "fist word ptr [rdi]", before: `rdi=0x200100 ${stack(value)} ${controls()}`, undefinedStatus: ARITHMETIC };
    yield { text: "fistp dword ptr [rdi]", before: `rdi=0x200100 ${stack(value)} ${controls()}`, undefinedStatus: ARITHMETIC };
    yield { text: "fistp qword ptr [rdi]", before: `rdi=0x200100 ${stack(value)} ${controls()}`, undefinedStatus: ARITHMETIC };
  }
  for (const value of [0n, 1n, 0x8000n, 0x7fffn, 0xffffn]) {
    const source = memory(value, 16);
    yield { text: `fild ${source.operand}`, before: source.items, undefinedStatus: ARITHMETIC };
    const wide = memory(BigInt.asUintN(32, BigInt.asIntN(16, value) * 0x10001n), 32);
    yield { text: `fild ${wide.operand}`, before: wide.items, undefinedStatus: ARITHMETIC };
    const widest = memory(BigInt.asUintN(64, BigInt.asIntN(16, value) * 0x1000100010001n), 64);
    yield { text: `fild ${widest.operand}`, before: widest.items, undefinedStatus: ARITHMETIC };
  }
  yield { text: "fbld tbyte ptr [rdi]", before: "rdi=0x200100 [100]=78563412907856341280", undefinedStatus: ARITHMETIC };
  for (const i of [1, 3, 17, 18, 7, 13])
    yield { text: "fbstp tbyte ptr [rdi]", before: `rdi=0x200100 ${stack(EXTENDED[i]!)}`, undefinedStatus: ARITHMETIC };
  for (const op of ["fld1", "fldz", "fldpi", "fldl2e", "fldl2t", "fldlg2", "fldln2"])
    for (const fcw of ["", "fcw=0x77f", "fcw=0xb7f"]) yield { text: op, before: fcw, undefinedStatus: ARITHMETIC };
  const full = stack(...EXTENDED.slice(0, 8));
  for (const text of ["fld1", "fld st(3)", "fxch st(5)", "fst st(4)", "fstp st(4)", "fstp st(0)", "fincstp", "fdecstp", "ffree st(2)", "fxch"])
    yield { text, before: full, undefinedStatus: /fincstp|fdecstp|fld|fst|fxch/.test(text) ? ARITHMETIC : ALL_CONDITIONS };
  for (const text of ["fld st(3)", "fxch", "fst st(4)", "fstp st(4)", "fabs"])
    yield { text, before: stack(EXTENDED[0]!), undefinedStatus: ARITHMETIC };
  for (const text of ["fstp dword ptr [rdi]", "fstp tbyte ptr [rdi]", "fistp dword ptr [rdi]"]) {
    yield { text, before: "rdi=0x200100", undefinedStatus: ARITHMETIC };
    yield { text, before: "rdi=0x200100 fcw=0x37e", undefinedStatus: ARITHMETIC };
  }
  yield { text: "fld qword ptr [rdi]", before: "rdi=0x200ffc", undefinedStatus: ARITHMETIC };
  yield { text: "fstp tbyte ptr [rdi]", before: `rdi=0x200ff8 ${stack(EXTENDED[1]!)}`, undefinedStatus: ARITHMETIC };
  yield { text: "fistp qword ptr [rdi]", before: `rdi=0x201000 ${stack(EXTENDED[1]!)}`, undefinedStatus: ARITHMETIC };
}

function* control(): Generator<Case> {
  yield { text: "fninit", before: "fcw=0x27f fsw=0x3845 ftw=0x81" };
  yield { text: "fnclex", before: "fsw=0x38ff fcw=0x37f", undefinedStatus: ALL_CONDITIONS };
  yield { text: "fnop", before: "", undefinedStatus: ALL_CONDITIONS };
  yield { text: "fldcw word ptr [rdi]", before: "rdi=0x200100 [100]=7f02", undefinedStatus: ALL_CONDITIONS };
  yield { text: "fldcw word ptr [rdi]", before: "rdi=0x200100 [100]=ffff", undefinedStatus: ALL_CONDITIONS };
  yield { text: "fldcw word ptr [rdi]", before: "rdi=0x201000" };
  yield { text: "fnstcw word ptr [rdi]", before: "rdi=0x200100 fcw=0xc7f", undefinedStatus: ALL_CONDITIONS };
  yield { text: "fnstsw ax", before: "fsw=0x3801 rax=0x1111111111111111", undefinedStatus: ALL_CONDITIONS };
  yield { text: "fnstsw word ptr [rdi]", before: "fsw=0x7f00 rdi=0x200100", undefinedStatus: ALL_CONDITIONS };
  yield { text: "fwait", before: "fsw=0x3801", undefinedStatus: ALL_CONDITIONS };
  yield { text: "fwait", before: "fsw=0xb881 fcw=0x37e" };
  yield { text: "fld1", before: "fsw=0xb881 fcw=0x37e" };
  yield { text: "fnstsw ax", before: "fsw=0xb881 fcw=0x37e", undefinedStatus: ALL_CONDITIONS };
  yield { text: "paddd mm0, mm1", before: "fsw=0x8081 fcw=0x37e" };
}

export function* x87Cases(): Generator<Case> {
  yield* arithmetic();
  yield* comparisons();
  yield* transfers();
  yield* control();
}
