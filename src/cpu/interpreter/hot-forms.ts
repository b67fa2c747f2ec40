/**
 * The forms that are cases of the main function. Two thirds of a program's time are spent in some hundred forms; the list was chosen by
 * counting over real programs (docs/interpreter.md).
 */

import type { AddressMode } from "../form.ts";

/** Mnemonic, row, condition, operand size, address mode, repeat prefix. */
export type FormName = readonly [string, string, number | undefined, number, AddressMode, number];

export interface HotForm {
  /** Mnemonic, opcode, operand size and mode letter, "d" with dead flags, "+" and the condition of a fused branch: what pairs are written with. */
  readonly name: string;
  readonly first: FormName;
  /** The conditional branch that it is fused with. */
  readonly second?: FormName;
  /** The variant whose flags nobody sees. */
  readonly dead: boolean;
}

const conditions = ["o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g"] as const;

type Line = readonly [mnemonic: string, row: string, variants: string];

/**
 * Variants: operand size, then letters for the modes: r register, n base + disp, x scaled, a any; in capitals also with dead flags.
 */
const lines: readonly Line[] = [
  ["mov", "89 /r | Ev, Gv", "64rnx 32rnx 16nx"],
  ["mov", "8B /r | Gv, Ev", "64rnxa 32rnx"],
  ["mov", "88 /r | Eb, Gb", "32nx"],
  ["mov", "8A /r | Gb, Eb", "32nx"],
  ["mov", "B8+r | Zv, Iv", "32r 64r"],
  ["mov", "C7 /0 | Ev, Iz", "64rn 32n"],
  ["mov", "C6 /0 | Eb, Ib", "32nx"],
  ["movzx", "0F B6 /r | Gv, Eb", "32rnx"],
  ["movzx", "0F B7 /r | Gv, Ew", "32rnx"],
  ["movsx", "0F BE /r | Gv, Eb", "32rnx 64r"],
  ["movsxd", "63 /r | Gv, Ed", "64rnx"],
  ["lea", "8D /r mem | Gv, M", "64nx 32nx"],
  ["add", "01 /r | Ev, Gv", "64R 32R 64n 32n"],
  ["add", "03 /r | Gv, Ev", "64Rnx 32Rnx"],
  ["add", "83 /0 | Ev, Ibs", "64Rn 32Rn"],
  ["add", "81 /0 | Ev, Iz", "64R 32R"],
  ["add", "05 | rAX, Iz", "64R 32R"],
  ["sub", "29 /r | Ev, Gv", "64R 32R"],
  ["sub", "2B /r | Gv, Ev", "64Rna 32n"],
  ["sub", "83 /5 | Ev, Ibs", "64Rn 32Rn"],
  ["sub", "81 /5 | Ev, Iz", "64r"],
  ["and", "21 /r | Ev, Gv", "64R 32R"],
  ["and", "83 /4 | Ev, Ibs", "64R 32R"],
  ["and", "81 /4 | Ev, Iz", "32R"],
  ["and", "25 | rAX, Iz", "32R"],
  ["or", "09 /r | Ev, Gv", "64R 32R"],
  ["or", "83 /1 | Ev, Ibs", "32R"],
  ["or", "0B /r | Gv, Ev", "64r 32n"],
  ["and", "23 /r | Gv, Ev", "32n"],
  ["xor", "31 /r | Ev, Gv", "64R 32R"],
  ["xor", "33 /r | Gv, Ev", "32nx"],
  ["xor", "83 /6 | Ev, Ibs", "32R"],
  ["cmp", "39 /r | Ev, Gv", "64rn 32rnx 16rnx"],
  ["cmp", "38 /r | Eb, Gb", "32rnx"],
  ["cmp", "3D | rAX, Iz", "32r"],
  ["cmp", "3B /r | Gv, Ev", "64rnx 32rn"],
  ["cmp", "83 /7 | Ev, Ibs", "64rn 32rn"],
  ["cmp", "81 /7 | Ev, Iz", "32r"],
  ["cmp", "80 /7 | Eb, Ib", "32rn"],
  ["cmp", "3C | AL, Ib", "32r"],
  ["test", "85 /r | Ev, Gv", "64r 32r"],
  ["test", "84 /r | Eb, Gb", "32r"],
  ["test", "F7 /0 | Ev, Iz", "32r"],
  ["shl", "C1 /4 | Ev, Ib", "64R 32R"],
  ["shr", "C1 /5 | Ev, Ib", "64R 32R"],
  ["sar", "C1 /7 | Ev, Ib", "64R 32R"],
  ["rol", "C1 /0 | Ev, Ib", "32R 64R"],
  ["ror", "C1 /1 | Ev, Ib", "32R 64R"],
  ["shl", "D3 /4 | Ev, CL", "64r 32R"],
  ["shr", "D3 /5 | Ev, CL", "64r 32R"],
  ["shr", "D1 /5 | Ev, 1", "32R 64R"],
  ["neg", "F7 /3 | Ev", "64r 32r"],
  ["not", "F7 /2 | Ev", "64r 32r"],
  ["imul", "0F AF /r | Gv, Ev", "64R 32R"],
  ["inc", "FF /0 | Ev", "32r 64r"],
  ["dec", "FF /1 | Ev", "32r 64r"],
  ["push", "50+r | Zv | d64", "64r"],
  ["pop", "58+r | Zv | d64", "64r"],
  ["push", "FF /6 | Ev | d64", "64n"],
  ["call", "E8 | Jz | f64", "64r"],
  ["call", "FF /2 | Ev | f64", "64rn"],
  ["ret", "C3 | | f64", "64r"],
  ["jmp", "EB | Jb | f64", "64r"],
  ["jmp", "E9 | Jz | f64", "64r"],
  ["jmp", "FF /4 | Ev | f64", "64rnx"],
  ["nop", "90", "32r"],
  ["nop", "0F 1F /r | Ev", "32n"],
  ["leave", "C9 | | d64", "64r"],
  ["cbw", "98", "64r"],
  ["div", "F7 /6 | Ev", "64r 32r"],
  ["imul", "69 /r | Gv, Ev, Iz", "64r 32r"],
  ["bsf", "0F BC /r | Gv, Ev", "64r 32r"],
  ["movsd", "F2 0F 10 /r mem | Vdq, Mq", "32nx"],
  ["movsd", "F2 0F 11 /r | Wsd, Vsd", "32nx"],
  ["addsd", "F2 0F 58 /r | Vsd, Wsd", "32rnx"],
  ["subsd", "F2 0F 5C /r | Vsd, Wsd", "32rn"],
  ["mulsd", "F2 0F 59 /r | Vsd, Wsd", "32rnx"],
  ["divsd", "F2 0F 5E /r | Vsd, Wsd", "32rn"],
  ["sqrtsd", "F2 0F 51 /r | Vsd, Wsd", "32r"],
  ["ucomisd", "66 0F 2E /r | Vsd, Wsd", "32rn"],
  ["comisd", "66 0F 2F /r | Vsd, Wsd", "32rn"],
  ["cvtsi2sd", "F2 0F 2A /r | Vsd, Ey", "32r 64r"],
  ["cvttsd2si", "F2 0F 2C /r | Gy, Wsd", "32r 64r"],
  ["cvtss2sd", "F3 0F 5A /r | Vsd, Wss", "32rn"],
  ["cvtsd2ss", "F2 0F 5A /r | Vss, Wsd", "32r"],
  ["movss", "F3 0F 10 /r mem | Vdq, Md", "32nx"],
  ["movss", "F3 0F 11 /r | Wss, Vss", "32nx"],
  ["addss", "F3 0F 58 /r | Vss, Wss", "32rn"],
  ["subss", "F3 0F 5C /r | Vss, Wss", "32rn"],
  ["mulss", "F3 0F 59 /r | Vss, Wss", "32rn"],
  ["addps", "NP 0F 58 /r | Vps, Wps", "32rn"],
  ["subps", "NP 0F 5C /r | Vps, Wps", "32r"],
  ["mulps", "NP 0F 59 /r | Vps, Wps", "32rn"],
  ["addpd", "66 0F 58 /r | Vpd, Wpd", "32rn"],
  ["subpd", "66 0F 5C /r | Vpd, Wpd", "32r"],
  ["mulpd", "66 0F 59 /r | Vpd, Wpd", "32rn"],
  ["pxor", "66 0F EF /r | Vdq, Wdq", "32rn"],
  ["pand", "66 0F DB /r | Vdq, Wdq", "32rn"],
  ["pandn", "66 0F DF /r | Vdq, Wdq", "32r"],
  ["por", "66 0F EB /r | Vdq, Wdq", "32r"],
  ["movups", "NP 0F 10 /r | Vps, Wps", "32nx"],
  ["movups", "NP 0F 11 /r | Wps, Vps", "32nx"],
  ["movaps", "NP 0F 28 /r | Vps, Wps", "32rnx"],
  ["movaps", "NP 0F 29 /r | Wps, Vps", "32nx"],
  ["unpcklpd", "66 0F 14 /r | Vpd, Wpd", "32r"],
  ["unpckhpd", "66 0F 15 /r | Vpd, Wpd", "32r"],
  ["shufps", "NP 0F C6 /r | Vps, Wps, Ib", "32r"],
  ["pcmpeqb", "66 0F 74 /r | Vdq, Wdq", "32rn"],
  ["pmovmskb", "66 0F D7 /r reg | Gd, Udq", "32r"],
  ["punpcklqdq", "66 0F 6C /r | Vdq, Wdq", "32r"],
  ["movq", "66 REX.W 0F 6E /r | Vdq, Eq", "32r"],
  ["movq", "66 REX.W 0F 7E /r | Eq, Vq", "32r"],
  ["fld", "DB /5 mem | Mt", "32n"],
  ["fld", "DD /0 mem | Mq", "32n"],
  ["fld", "D9 =C0+i | STi", "32r"],
  ["fstp", "DB /7 mem | Mt", "32n"],
  ["fxch", "D9 =C8+i | STi", "32r"],
  ["fmul", "D8 =C8+i | ST0, STi", "32r"],
  ["faddp", "DE =C0+i | STi, ST0", "32r"],
  // What glibc's string functions are made of where there is AVX2, and arithmetic of 32 bytes.
  ["tzcnt", "F3 0F BC /r | Gv, Ev", "32r"],
  ["bzhi", "VEX.LZ.NP.0F38.WIG F5 /r | Gy, Ey, By", "32r"],
  ["vzeroupper", "VEX.128.NP.0F.WIG 77", "32r"],
  ["vmovdqu", "VEX.256.F3.0F.WIG 6F /r | Vqq, Wqq", "32nx"],
  ["vmovdqu", "VEX.256.F3.0F.WIG 7F /r | Wqq, Vqq", "32nx"],
  ["vmovdqa", "VEX.256.66.0F.WIG 6F /r | Vqq, Wqq", "32n"],
  ["vmovdqa", "VEX.256.66.0F.WIG 7F /r | Wqq, Vqq", "32n"],
  ["vmovdqu", "VEX.128.F3.0F.WIG 6F /r | Vdq, Wdq", "32n"],
  ["vmovdqu", "VEX.128.F3.0F.WIG 7F /r | Wdq, Vdq", "32n"],
  ["vpcmpeqb", "VEX.256.66.0F.WIG 74 /r | Vqq, Hqq, Wqq", "32rn"],
  ["vpmovmskb", "VEX.256.66.0F.WIG D7 /r reg | Gy, Uqq", "32r"],
  ["vpminub", "VEX.256.66.0F.WIG DA /r | Vqq, Hqq, Wqq", "32rn"],
  ["vpxor", "VEX.128.66.0F.WIG EF /r | Vdq, Hdq, Wdq", "32r"],
  ["vpxor", "VEX.256.66.0F.WIG EF /r | Vqq, Hqq, Wqq", "32r"],
  ["vpand", "VEX.256.66.0F.WIG DB /r | Vqq, Hqq, Wqq", "32r"],
  ["vpandn", "VEX.256.66.0F.WIG DF /r | Vqq, Hqq, Wqq", "32r"],
  ["vpor", "VEX.256.66.0F.WIG EB /r | Vqq, Hqq, Wqq", "32r"],
  ["vpsubb", "VEX.256.66.0F.WIG F8 /r | Vqq, Hqq, Wqq", "32r"],
  ["vpaddd", "VEX.256.66.0F.WIG FE /r | Vqq, Hqq, Wqq", "32rn"],
  ["vpaddq", "VEX.256.66.0F.WIG D4 /r | Vqq, Hqq, Wqq", "32r"],
  // What programs built for x86-64-v3 compute with.
  ["vmovsd", "VEX.LIG.F2.0F.WIG 10 /r mem | Vdq, Mq", "32nx"],
  ["vmovsd", "VEX.LIG.F2.0F.WIG 11 /r mem | Msd, Vsd", "32nx"],
  ["vmovsd", "VEX.LIG.F2.0F.WIG 10 /r reg | Vsd, Hsd, Usd", "32r"],
  ["vaddsd", "VEX.LIG.F2.0F.WIG 58 /r | Vsd, Hsd, Wsd", "32rn"],
  ["vsubsd", "VEX.LIG.F2.0F.WIG 5C /r | Vsd, Hsd, Wsd", "32r"],
  ["vmulsd", "VEX.LIG.F2.0F.WIG 59 /r | Vsd, Hsd, Wsd", "32rn"],
  ["vdivsd", "VEX.LIG.F2.0F.WIG 5E /r | Vsd, Hsd, Wsd", "32r"],
  ["vcvtsi2sd", "VEX.LIG.F2.0F.WIG 2A /r | Vsd, Hsd, Ey", "32r 64r"],
  ["vcvttsd2si", "VEX.LIG.F2.0F.WIG 2C /r | Gy, Wsd", "32r 64r"],
  ["vcomisd", "VEX.LIG.66.0F.WIG 2F /r | Vsd, Wsd", "32r"],
  ["vucomisd", "VEX.LIG.66.0F.WIG 2E /r | Vsd, Wsd", "32r"],
  ["vfmadd132sd", "VEX.LIG.66.0F38.W1 99 /r | Vsd, Hsd, Wsd", "32r"],
  ["vfmadd213sd", "VEX.LIG.66.0F38.W1 A9 /r | Vsd, Hsd, Wsd", "32r"],
  ["vfmadd231sd", "VEX.LIG.66.0F38.W1 B9 /r | Vsd, Hsd, Wsd", "32r"],
  ["vmovss", "VEX.LIG.F3.0F.WIG 10 /r mem | Vdq, Md", "32nx"],
  ["vmovss", "VEX.LIG.F3.0F.WIG 11 /r mem | Mss, Vss", "32nx"],
  ["vaddss", "VEX.LIG.F3.0F.WIG 58 /r | Vss, Hss, Wss", "32r"],
  ["vsubss", "VEX.LIG.F3.0F.WIG 5C /r | Vss, Hss, Wss", "32r"],
  ["vmulss", "VEX.LIG.F3.0F.WIG 59 /r | Vss, Hss, Wss", "32r"],
  ["vmovapd", "VEX.128.66.0F.WIG 28 /r | Vdq, Wdq", "32rn"],
  ["vmovaps", "VEX.128.NP.0F.WIG 29 /r | Wdq, Vdq", "32n"],
  ["vmovdqa", "VEX.256.66.0F.WIG 6F /r | Vqq, Wqq", "32r"],
  ["vpaddb", "VEX.256.66.0F.WIG FC /r | Vqq, Hqq, Wqq", "32r"],
  ["vpaddw", "VEX.256.66.0F.WIG FD /r | Vqq, Hqq, Wqq", "32r"],
  ["vpsubd", "VEX.256.66.0F.WIG FA /r | Vqq, Hqq, Wqq", "32r"],
  ["vpmullw", "VEX.256.66.0F.WIG D5 /r | Vqq, Hqq, Wqq", "32r"],
  ["vpcmpeqd", "VEX.256.66.0F.WIG 76 /r | Vqq, Hqq, Wqq", "32r"],
  ["vpcmpgtd", "VEX.256.66.0F.WIG 66 /r | Vqq, Hqq, Wqq", "32r"],
  ["vpunpckldq", "VEX.256.66.0F.WIG 62 /r | Vqq, Hqq, Wqq", "32r"],
  ["vpunpckhdq", "VEX.256.66.0F.WIG 6A /r | Vqq, Hqq, Wqq", "32r"],
  ["vpackuswb", "VEX.256.66.0F.WIG 67 /r | Vqq, Hqq, Wqq", "32r"],
  ["vpmulld", "VEX.256.66.0F38.WIG 40 /r | Vqq, Hqq, Wqq", "32r"],
  ["vpshufb", "VEX.256.66.0F38.WIG 00 /r | Vqq, Hqq, Wqq", "32r"],
  ["vpmovzxbw", "VEX.256.66.0F38.WIG 30 /r | Vqq, Wdq", "32rn"],
  ["vpslld", "VEX.256.66.0F.WIG 72 /6 reg | Hqq, Uqq, Ib", "32r"],
  ["vpsrld", "VEX.256.66.0F.WIG 72 /2 reg | Hqq, Uqq, Ib", "32r"],
  ["vpsllq", "VEX.256.66.0F.WIG 73 /6 reg | Hqq, Uqq, Ib", "32r"],
  ["vpsrlq", "VEX.256.66.0F.WIG 73 /2 reg | Hqq, Uqq, Ib", "32r"],
  ["vpsrlw", "VEX.256.66.0F.WIG 71 /2 reg | Hqq, Uqq, Ib", "32r"],
  ["vextracti128", "VEX.256.66.0F3A.W0 39 /r | Wdq, Vqq, Ib", "32r"],
  ["vpaddd", "VEX.128.66.0F.WIG FE /r | Vdq, Hdq, Wdq", "32r"],
  ["vpand", "VEX.128.66.0F.WIG DB /r | Vdq, Hdq, Wdq", "32r"],
  ["vpunpcklqdq", "VEX.128.66.0F.WIG 6C /r | Vdq, Hdq, Wdq", "32r"],
  ["vmovq", "VEX.128.66.0F.W1 6E /r | Vdq, Eq", "32r"],
  ["vmovq", "VEX.128.66.0F.W1 7E /r | Eq, Vq", "32r"],
];

/** What is fused with the branch after it, and with which conditions (as bits by condition code). */
const fusions: readonly (readonly [mnemonic: string, row: string, variants: string, conditions: string])[] = [
  ["cmp", "39 /r | Ev, Gv", "64r 32r", "e ne b ae be a l ge le g"],
  ["cmp", "83 /7 | Ev, Ibs", "64r 32r", "e ne be a le g"],
  ["cmp", "83 /7 | Ev, Ibs", "32n", "e ne"],
  ["cmp", "80 /7 | Eb, Ib", "32rn", "e ne be a"],
  ["cmp", "3C | AL, Ib", "32r", "e ne be a"],
  ["cmp", "3D | rAX, Iz", "32r", "e ne"],
  ["cmp", "3B /r | Gv, Ev", "64n 32n", "e ne ae b"],
  ["cmp", "39 /r | Ev, Gv", "64n", "e ne"],
  ["test", "85 /r | Ev, Gv", "64r 32r", "e ne s ns le g"],
  ["test", "84 /r | Eb, Gb", "32r", "e ne s ns"],
  ["test", "F6 /0 | Eb, Ib", "32rn", "e ne"],
  ["test", "A8 | AL, Ib", "32r", "e ne"],
  ["sub", "83 /5 | Ev, Ibs", "64r 32r", "e ne"],
  ["add", "83 /0 | Ev, Ibs", "32r", "e ne"],
];

const modeOf: Readonly<Record<string, AddressMode>> = { r: "none", n: "near", x: "scaled", a: "any" };

function* variantsOf(text: string): Iterable<{ size: number; mode: AddressMode; dead: boolean }> {
  for (const variant of text.split(" ")) {
    const size = Number.parseInt(variant, 10);
    for (const letter of variant.slice(2)) {
      yield { size, mode: modeOf[letter.toLowerCase()] ?? "none", dead: false };
      if (letter !== letter.toLowerCase()) yield { size, mode: modeOf[letter.toLowerCase()] ?? "none", dead: true };
    }
  }
}

const letterOf: Readonly<Record<AddressMode, string>> = { none: "r", near: "n", scaled: "x", any: "a" };

function hotForm(mnemonic: string, row: string, cc: number | undefined, size: number, mode: AddressMode, dead: boolean, condition?: string): HotForm {
  const opcode = row.slice(0, row.indexOf(" |")).replaceAll(" ", "");
  const name = `${mnemonic}:${opcode}:${size}${letterOf[mode]}${dead ? "d" : ""}${condition === undefined ? "" : `+${condition}`}`;
  const first: FormName = [mnemonic, row, cc, size, mode, 0];
  if (condition === undefined) return { name, first, dead };
  return { name, first, second: [`j${condition}`, SHORT_BRANCH, conditions.indexOf(condition as (typeof conditions)[number]), 64, "none", 0], dead };
}

const SHORT_BRANCH = "70+cc | Jb | f64";

export function hotForms(): HotForm[] {
  const list: HotForm[] = [];
  for (const [mnemonic, row, variants] of lines) {
    for (const { size, mode, dead } of variantsOf(variants)) list.push(hotForm(mnemonic, row, undefined, size, mode, dead));
  }
  conditions.forEach((condition, cc) => {
    if (condition === "p" || condition === "np" || condition === "o" || condition === "no") return;
    list.push(hotForm(`j${condition}`, SHORT_BRANCH, cc, 64, "none", false));
    if (condition === "e" || condition === "ne") list.push(hotForm(`set${condition}`, "0F 90+cc /r | Eb", cc, 32, "none", false));
  });
  for (const [mnemonic, row, variants, names] of fusions) {
    for (const condition of names.split(" ")) {
      for (const { size, mode } of variantsOf(variants)) list.push(hotForm(mnemonic, row, undefined, size, mode, false, condition));
    }
  }
  return list;
}
