/** Cases of MMX, SSE and SSE2: forms with memory operands of every width, also at the end of the page, pending x87 exceptions, FXRSTOR. */

import { DATA, DATA_BYTES } from "../../test/silicon/state.ts";
import { bytes, type Case, memory, PTR } from "./cases.ts";
import { mm, xmm } from "./vectors.ts";

const VALUE = 0xc0490fdb_3fc00000_40140000_42f6e979n;
const UPPER = 0x11111111_22222222_33333333_44444444n;
const PAIR = 0xc00921fb_54442d18_40c81c80_00000000n;

/** Instruction with `%` for the memory operand, its bits, and what the operand holds. */
const FORMS: readonly (readonly [text: string, bits: number, value: bigint])[] = [
  ["movq xmm1, %", 64, VALUE],
  ["movq %, xmm1", 64, VALUE],
  ["db-movq xmm1", 64, VALUE],
  ["pshufhw xmm1, %, 0x1b", 128, VALUE],
  ["pshuflw xmm1, %, 0x93", 128, VALUE],
  ["shufpd xmm1, %, 1", 128, VALUE],
  ["cmpps xmm1, %, 1", 128, VALUE],
  ["cmppd xmm1, %, 6", 128, PAIR],
  ["cmpsd xmm1, %, 2", 64, PAIR],
  ["cmpss xmm1, %, 5", 32, VALUE],
  ["ucomiss xmm1, %", 32, VALUE],
  ["ucomisd xmm1, %", 64, PAIR],
  ["comiss xmm1, %", 32, VALUE],
  ["comisd xmm1, %", 64, PAIR],
  ["cvtps2dq xmm1, %", 128, VALUE],
  ["cvttps2dq xmm1, %", 128, VALUE],
  ["cvtpd2dq xmm1, %", 128, PAIR],
  ["cvttpd2dq xmm1, %", 128, PAIR],
  ["cvtps2pd xmm1, %", 64, VALUE],
  ["cvtdq2pd xmm1, %", 64, VALUE],
  ["cvtdq2ps xmm1, %", 128, VALUE],
  ["cvtpd2ps xmm1, %", 128, PAIR],
  ["cvtss2sd xmm1, %", 32, VALUE],
  ["cvtsd2ss xmm1, %", 64, PAIR],
  ["cvtpi2ps xmm1, %", 64, VALUE],
  ["cvtpi2pd xmm1, %", 64, VALUE],
  ["cvtss2si eax, %", 32, VALUE],
  ["cvttsd2si rax, %", 64, PAIR],
  ["cvtsd2si eax, %", 64, PAIR],
  ["cvtsi2sd xmm1, %", 32, VALUE],
  ["cvttps2pi mm1, %", 64, VALUE],
  ["cvttpd2pi mm1, %", 128, PAIR],
  ["cvtps2pi mm1, %", 64, VALUE],
  ["cvtpd2pi mm1, %", 128, PAIR],
  ["movq mm1, %", 64, VALUE],
  ["movq %, mm1", 64, VALUE],
  ["movd mm1, %", 32, VALUE],
  ["movd %, mm1", 32, VALUE],
  ["pinsrw mm1, %, 2", 16, VALUE],
  ["pinsrw xmm1, %, 6", 16, VALUE],
  ["pshufw mm1, %, 0x1e", 64, VALUE],
  ["punpcklbw mm1, %", 32, VALUE],
  ["punpckhbw mm1, %", 64, VALUE],
  ["psllw mm1, %", 64, 3n],
  ["psrad xmm1, %", 128, 5n],
  ["addss xmm1, %", 32, VALUE],
  ["sqrtsd xmm1, %", 64, PAIR & ((1n << 64n) - 1n)],
  ["maxps xmm1, %", 128, VALUE],
  ["movss xmm1, %", 32, VALUE],
  ["movss %, xmm1", 32, VALUE],
  ["movsd xmm1, %", 64, VALUE],
  ["movhps xmm1, %", 64, VALUE],
  ["movlpd %, xmm1", 64, VALUE],
  ["movups xmm1, %", 128, VALUE],
  ["movdqu %, xmm1", 128, VALUE],
  ["movntq %, mm1", 64, VALUE],
  ["stmxcsr %", 32, 0n],
];

/** Of movq: the forms with REX.W, which assemblers do not choose. */
const WIDE_MOVES = ["66 48 0f 6e 0f", "66 48 0f 7e 0f", "48 0f 6e 0f", "48 0f 7e 0f"];

const registers = `${xmm(1, UPPER)} ${mm(1, UPPER)}`;

function* operands(): Generator<Case> {
  for (const [text, bits, value] of FORMS) {
    if (text.startsWith("db-")) {
      for (const code of WIDE_MOVES) yield { text: `db ${code}`, before: `rdi=0x200108 [108]=${bytes(value, 64)} ${registers}` };
      continue;
    }
    const size = PTR[bits] ?? "";
    const source = memory(value, bits);
    yield { text: text.replace("%", source.operand), before: `${source.items} ${registers}` };
    const end = BigInt(DATA_BYTES - bits / 8);
    yield {
      text: text.replace("%", `${size} [rdi]`),
      before: `rdi=0x${(DATA + end).toString(16)} [${end.toString(16)}]=${bytes(value, bits)} ${registers}`,
    };
    // One byte further: a page fault, or where 16 bytes must be aligned a general protection fault.
    yield { text: text.replace("%", `${size} [rdi]`), before: `rdi=0x${(DATA + end + 1n).toString(16)} ${registers}` };
  }
}

/** ES is set: instructions that use the x87 state raise #MF, also where their operand cannot be read. */
function* pending(): Generator<Case> {
  const before = "fcw=0x37e fsw=0x8081 ftw=0";
  const texts = [
    "paddd mm0, mm1",
    "emms",
    "movq mm0, qword ptr [rdi]",
    "movd ecx, mm1",
    "pshufw mm0, mm1, 1",
    "psllw mm1, 3",
    "movq2dq xmm1, mm0",
    "movdq2q mm0, xmm1",
    "cvtpi2ps xmm1, mm0",
    "cvtpi2pd xmm1, mm0",
    "cvtpi2pd xmm1, qword ptr [rsi]",
    "cvtpi2ps xmm1, qword ptr [rsi]",
    "cvtps2pi mm0, xmm1",
    "maskmovq mm0, mm1",
  ];
  for (const text of texts) yield { text, before: `${before} rdi=0x201000 rsi=0x200100`, mmx: true };
}

/** A 512-byte image as FXRSTOR reads it, with patterns where it does not. */
export function fxImage(control: number, status: number, tags: number, mxcsr: number): string {
  const view = new DataView(new ArrayBuffer(512));
  for (let i = 0; i < 512; i++) view.setUint8(i, (i * 37 + 11) & 0xff);
  view.setUint16(0, control, true);
  view.setUint16(2, status, true);
  view.setUint8(4, tags);
  view.setUint32(24, mxcsr, true);
  return Array.from(new Uint8Array(view.buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function* images(): Generator<Case> {
  for (const op of ["fxrstor", "fxrstor64"]) {
    yield { text: `${op} [rdi]`, before: `rdi=0x200200 [200]=${fxImage(0x27f, 0, 0xff, 0x1fa5)}` };
    yield { text: `${op} [rdi]`, before: `rdi=0x200210 [210]=${fxImage(0x37f, 0x2800, 0x3c, 0x9fc0)}` };
    yield { text: `${op} [rdi]`, before: `rdi=0x200200 [200]=${fxImage(0x37f, 0x3901, 0x80, 0x1f80)}` };
    yield { text: `${op} [rdi]`, before: `rdi=0x200200 [200]=${fxImage(0x37f, 0, 0, 0x11f80)}` };
    yield { text: `${op} [rdi]`, before: `rdi=0x200200 [200]=${fxImage(0x37e, 0x0001, 0, 0x1f80)}` };
    yield { text: `${op} [rdi]`, before: `rdi=0x200200 [200]=${fxImage(0xffff, 0xb881, 0xff, 0x1f80)}` };
    yield { text: `${op} [rdi]`, before: "rdi=0x200208" };
    yield { text: `${op} [rdi]`, before: "rdi=0x200f00" };
    yield { text: `${op} [rdi]`, before: "rdi=0x201000" };
  }
  for (const op of ["fxsave", "fxsave64"]) {
    yield { text: `${op} [rdi]`, before: "rdi=0x200208" };
    yield { text: `${op} [rdi]`, before: "rdi=0x200f00" };
    yield { text: `${op} [rdi]`, before: "rdi=0x201000" };
  }
}

export function* simdMemoryCases(): Generator<Case> {
  yield* operands();
  yield* pending();
  yield* images();
}
