/** By which extension of the instruction set a row is counted. */

import { mainFeatureOf, type RowSpec } from "../../src/cpu/index.ts";

/** x86-64's baseline is one CPUID feature here; the manual's chapters (SDM volume 1, 5.1 to 5.7) divide it. */
function baseline(row: RowSpec): string {
  const { operands, map, opcode, prefix, mnemonic, insn } = row;
  if ((map === 0 && opcode >= 0xd8 && opcode <= 0xdf) || mnemonic === "fwait") return "x87";
  if (/^(ld|st)mxcsr$|^(sfence|prefetch)/.test(mnemonic)) return "SSE";
  if (/^(clflush|lfence|mfence|movnti|pause)$/.test(mnemonic)) return "SSE2";
  if (/^emms$/.test(mnemonic)) return "MMX";
  const vector = operands.some(({ kind }) => "VWUH".includes(kind));
  const mmx = operands.some(({ kind }) => "PQN".includes(kind));
  if (mmx && !vector)
    return /^(pavg|pextrw|pinsrw|pmaxsw|pmaxub|pminsw|pminub|pmovmskb|pmulhuw|psadbw|pshufw|movntq|maskmovq)/.test(mnemonic) ? "SSE" : "MMX";
  if (vector)
    return /[sp]s$|^cvt(t?ps2pi|pi2ps|t?ss2si|si2ss)$|^mov(hlps|lhps|mskps)$/.test(mnemonic) &&
      (prefix === "NP" || prefix === "F3") &&
      !/pd|sd|dq/.test(mnemonic)
      ? "SSE"
      : "SSE2";
  return insn.properties.ends === "exit" ? "system" : "general-purpose";
}

const NAMES: Readonly<Record<string, string>> = {
  cx16: "CMPXCHG16B",
  lahf: "LAHF, SAHF",
  fxsr: "FXSAVE, FXRSTOR",
  aes: "AES-NI",
  pclmul: "PCLMULQDQ",
  vpclmul: "VPCLMULQDQ",
  sse4a: "SSE4a (AMD)",
};

export function extensionOf(row: RowSpec): string {
  const feature = mainFeatureOf(row.insn);
  return feature === "base" ? baseline(row) : (NAMES[feature] ?? feature.toUpperCase());
}

/** Whether the row calculates with floating-point numbers: it reads MXCSR, or is of the x87. */
export function isFloat(row: RowSpec): boolean {
  return (
    extensionOf(row) === "x87" ||
    /^v?(add|sub|mul|div|sqrt|min|max|addsub|hadd|hsub|dp|cmp|round|rcp|rsqrt)[ps][sd]$|^v?u?comis[sd]$|^v?cvt|^vf[n]?m(add|sub)/.test(row.mnemonic)
  );
}
