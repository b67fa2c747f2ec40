/** Cases of the integer instructions of MMX and SSE2. */

import { type Case, memory, walk } from "./cases.ts";
import { mm, mmPairs, xmm, xmmPairs } from "./vectors.ts";

/** Extremes of every lane width, and ordinary values. */
const VECTORS: readonly bigint[] = [
  0x80007fff_80000001_00ff7f80_01fe8081n,
  0x0001ffff_7fffffff_ff017f7f_80808001n,
  0xffffffff_ffffffff_ffffffff_ffffffffn,
  0n,
  0x01234567_89abcdef_fedcba98_76543210n,
  0x80808080_80808080_7f7f7f7f_7f7f7f7fn,
  0x00000000_00000001_80000000_00000000n,
  0x7fff8000_80007fff_8000ffff_00010000n,
  0x55555555_aaaaaaaa_33333333_ccccccccn,
  0x00ff00ff_ff00ff00_0fff0800_f0001000n,
];
const next = walk(VECTORS, 3);
const other = walk(VECTORS, 7);

const BOTH =
  "paddb paddw paddd paddq psubb psubw psubd psubq paddsb paddsw paddusb paddusw psubsb psubsw psubusb psubusw pmullw pmulhw pmulhuw pmuludq pmaddwd psadbw " +
  "pavgb pavgw pminub pminsw pmaxub pmaxsw pand pandn por pxor pcmpeqb pcmpeqw pcmpeqd pcmpgtb pcmpgtw pcmpgtd packsswb packssdw packuswb " +
  "punpcklbw punpcklwd punpckldq punpckhbw punpckhwd punpckhdq";
const SSE_ONLY = "punpcklqdq punpckhqdq";

function* binary(): Generator<Case> {
  for (const op of `${BOTH} ${SSE_ONLY}`.split(" ")) {
    yield* xmmPairs(op, other, next);
    const source = memory(next(), 128);
    yield { text: `${op} xmm11, ${source.operand}`, before: `${xmm(11, other())} ${source.items}` };
  }
  yield { text: "paddd xmm0, xmmword ptr [rdi]", before: "rdi=0x200108" };
  yield { text: "pxor xmm0, xmmword ptr [rdi]", before: "rdi=0x201000" };
  for (const op of BOTH.split(" ")) {
    yield* mmPairs(op, other, next, 32n);
    const narrow = op.startsWith("punpckl");
    const source = memory(next() >> 16n, narrow ? 32 : 64);
    yield { text: `${op} mm2, ${source.operand}`, before: `${mm(2, other())} ${source.items}` };
  }
}

function* shifts(): Generator<Case> {
  for (const [op, width] of [
    ["psllw", 16],
    ["pslld", 32],
    ["psllq", 64],
    ["psrlw", 16],
    ["psrld", 32],
    ["psrlq", 64],
    ["psraw", 16],
    ["psrad", 32],
  ] as const) {
    for (const count of [0, 1, 7, width - 1, width, 128, 255]) {
      yield { text: `${op} xmm${count % 12}, ${count}`, before: xmm(count % 12, next()) };
      yield { text: `${op} mm1, ${count}`, before: `ftw=0xff ${mm(1, next())}` };
    }
    for (const count of [0n, 3n, BigInt(width - 1), BigInt(width), 0x100000001n, 1n << 64n, (1n << 64n) | 5n, 1n << 63n]) {
      yield { text: `${op} xmm2, xmm10`, before: `${xmm(2, next())} ${xmm(10, count)}` };
      if (count < 1n << 64n) yield { text: `${op} mm2, mm4`, before: `${mm(2, next())} ${mm(4, count)}` };
    }
    const source = memory(6n, 128);
    yield { text: `${op} xmm3, ${source.operand}`, before: `${xmm(3, next())} ${source.items}` };
    const narrow = memory(6n, 64);
    yield { text: `${op} mm3, ${narrow.operand}`, before: `${mm(3, next())} ${narrow.items}` };
  }
  for (const op of ["pslldq", "psrldq"])
    for (const count of [0, 1, 5, 8, 15, 16, 255]) yield { text: `${op} xmm${count % 13}, ${count}`, before: xmm(count % 13, VECTORS[4]!) };
}

function* shuffles(): Generator<Case> {
  const distinct = 0x0f1e2d3c_4b5a6978_8796a5b4_c3d2e1f0n;
  for (const imm of [0x00, 0x1b, 0xe4, 0x93, 0xff, 0x4e, 0xb1]) {
    for (const op of ["pshufd", "pshufhw", "pshuflw"]) yield { text: `${op} xmm1, xmm12, ${imm}`, before: `${xmm(1, next())} ${xmm(12, distinct)}` };
    for (const op of ["shufps", "shufpd"]) yield { text: `${op} xmm1, xmm12, ${imm}`, before: `${xmm(1, VECTORS[4]!)} ${xmm(12, distinct)}` };
    yield { text: `pshufw mm1, mm5, ${imm}`, before: `${mm(1, 0n)} ${mm(5, distinct)}` };
    yield { text: `pextrw eax, xmm7, ${imm}`, before: xmm(7, distinct) };
    yield { text: `pextrw r9d, mm7, ${imm}`, before: mm(7, distinct) };
    yield { text: `pinsrw xmm7, ecx, ${imm}`, before: `${xmm(7, distinct)} rcx=0x8182838485868788` };
    yield { text: `pinsrw mm7, ecx, ${imm}`, before: `${mm(7, distinct)} rcx=0x8182838485868788` };
    const word = memory(0x7788n, 16);
    yield { text: `pinsrw xmm4, ${word.operand}, ${imm}`, before: `${xmm(4, distinct)} ${word.items}` };
  }
  const source = memory(distinct, 128);
  yield { text: `pshufd xmm6, ${source.operand}, 0x39`, before: `${xmm(6, 0n)} ${source.items}` };
  const again = memory(distinct, 128);
  yield { text: `shufps xmm6, ${again.operand}, 0x39`, before: `${xmm(6, VECTORS[4]!)} ${again.items}` };
  for (const op of [
    "unpcklps",
    "unpckhps",
    "unpcklpd",
    "unpckhpd",
    "andps",
    "andnps",
    "orps",
    "xorps",
    "andpd",
    "andnpd",
    "orpd",
    "xorpd",
    "movhlps",
    "movlhps",
  ]) {
    yield { text: `${op} xmm3, xmm8`, before: `${xmm(3, VECTORS[4]!)} ${xmm(8, distinct)}` };
    if (op.startsWith("mov")) continue;
    const operand = memory(distinct, 128);
    yield { text: `${op} xmm13, ${operand.operand}`, before: `${xmm(13, VECTORS[4]!)} ${operand.items}` };
  }
  for (const value of VECTORS.slice(0, 6)) {
    for (const op of ["pmovmskb", "movmskps", "movmskpd"]) yield { text: `${op} ${op === "pmovmskb" ? "r10d" : "eax"}, xmm9`, before: xmm(9, value) };
    yield { text: "pmovmskb ecx, mm1", before: mm(1, value) };
  }
}

function* moves(): Generator<Case> {
  const value = 0x0f1e2d3c_4b5a6978_8796a5b4_c3d2e1f0n;
  for (const op of ["movaps", "movups", "movapd", "movupd", "movdqa", "movdqu"]) {
    yield { text: `${op} xmm1, xmm9`, before: xmm(9, value) };
    yield { text: `{store} ${op} xmm8, xmm2`, before: xmm(2, value) };
    for (const skew of /u/.test(op.slice(3)) ? [0, 3] : [0]) {
      const source = memory(value, 128, skew);
      yield { text: `${op} xmm12, ${source.operand}`, before: source.items };
      const target = memory(0n, 128, skew);
      yield { text: `${op} ${target.operand}, xmm5`, before: `${xmm(5, value)} ${target.items}` };
    }
    yield { text: `${op} xmm0, xmmword ptr [rdi]`, before: "rdi=0x200108 [108]=0102030405060708090a0b0c0d0e0f10" };
    yield { text: `${op} xmmword ptr [rdi], xmm0`, before: "rdi=0x200ff8" };
    yield { text: `${op} xmm0, xmmword ptr [rdi]`, before: "rdi=0x201000" };
  }
  for (const [op, bits] of [
    ["movss", 32],
    ["movsd", 64],
    ["movlps", 64],
    ["movhps", 64],
    ["movlpd", 64],
    ["movhpd", 64],
    ["movq", 64],
    ["movd", 32],
  ] as const) {
    const source = memory(value, bits);
    yield { text: `${op} xmm6, ${source.operand}`, before: `${xmm(6, VECTORS[4]!)} ${source.items}` };
    const target = memory(0n, bits);
    yield { text: `${op} ${target.operand}, xmm10`, before: `${xmm(10, value)} ${target.items}` };
    yield { text: `${op} ${bits === 32 ? "dword" : "qword"} ptr [rdi], xmm0`, before: "rdi=0x200ffe" };
  }
  yield { text: "movss xmm1, xmm2", before: `${xmm(1, VECTORS[4]!)} ${xmm(2, value)}` };
  yield { text: "{store} movss xmm1, xmm2", before: `${xmm(1, VECTORS[4]!)} ${xmm(2, value)}` };
  yield { text: "movsd xmm11, xmm2", before: `${xmm(11, VECTORS[4]!)} ${xmm(2, value)}` };
  yield { text: "movq xmm1, xmm12", before: `${xmm(1, VECTORS[4]!)} ${xmm(12, value)}` };
  yield { text: "db 66 0f d6 d1", before: `${xmm(1, VECTORS[4]!)} ${xmm(2, value)}` };
  yield { text: "movd xmm3, ecx", before: "rcx=0x8182838485868788" };
  yield { text: "movq xmm3, r9", before: "r9=0x8182838485868788" };
  yield { text: "movd r9d, xmm3", before: xmm(3, value) };
  yield { text: "movq rcx, xmm13", before: xmm(13, value) };
  yield { text: "movd mm3, ecx", before: "rcx=0x8182838485868788" };
  yield { text: "movq mm3, rcx", before: "rcx=0x8182838485868788" };
  yield { text: "movd ecx, mm3", before: mm(3, value) };
  yield { text: "movq rcx, mm3", before: mm(3, value) };
  yield { text: "movq mm3, mm4", before: mm(4, value) };
  yield { text: "db 0f 7f e3", before: mm(4, value) };
  for (const bits of [32, 64] as const) {
    const op = bits === 32 ? "movd" : "movq";
    const source = memory(value, bits);
    yield { text: `${op} mm5, ${source.operand}`, before: source.items };
    const target = memory(0n, bits);
    yield { text: `${op} ${target.operand}, mm6`, before: `${mm(6, value)} ${target.items}` };
  }
  yield { text: "movq2dq xmm9, mm2", before: mm(2, value) };
  yield { text: "movdq2q mm2, xmm9", before: xmm(9, value) };
  yield { text: "movq mm0, qword ptr [rdi]", before: "rdi=0x201000" };
  yield { text: "paddd mm0, mm1", before: `fsw=0x3800 ftw=0x80 ${mm(0, 1n)} ${mm(1, 2n)}` };
  yield { text: "emms", before: "ftw=0xff", mmx: true };
  yield { text: "emms", before: "ftw=0x81 fsw=0x1800", mmx: true };
  for (const op of ["movntps", "movntpd", "movntdq"]) {
    const target = memory(0n, 128);
    yield { text: `${op} ${target.operand}, xmm5`, before: `${xmm(5, value)} ${target.items}` };
    yield { text: `${op} xmmword ptr [rdi], xmm5`, before: "rdi=0x200104" };
  }
  yield { text: "movnti dword ptr [rdi], ecx", before: "rdi=0x200101 rcx=0x1122334455667788" };
  yield { text: "movnti qword ptr [rdi], rcx", before: "rdi=0x200101 rcx=0x1122334455667788" };
  yield { text: "movntq qword ptr [rdi], mm1", before: `rdi=0x200101 ${mm(1, value)}` };
  yield { text: "maskmovdqu xmm1, xmm2", before: `rdi=0x200103 ${xmm(1, value)} ${xmm(2, 0x80007f80_ff000001_80808080_00000080n)}` };
  yield { text: "maskmovdqu xmm1, xmm2", before: `rdi=0x200ff8 ${xmm(1, value)} ${xmm(2, 0x80n)}` };
  yield { text: "maskmovq mm1, mm2", before: `rdi=0x200103 ${mm(1, value)} ${mm(2, 0x80007f80_ff000080n)}` };
  for (const code of ["0f ae e8", "0f ae f0", "0f ae f8"]) yield { text: `db ${code}`, before: "" };
  yield { text: "clflush byte ptr [rdi]", before: "rdi=0x200100" };
  yield { text: "clflush byte ptr [rdi]", before: "rdi=0x201000" };
}

export function* simdIntegerCases(): Generator<Case> {
  yield* binary();
  yield* shifts();
  yield* shuffles();
  yield* moves();
}
