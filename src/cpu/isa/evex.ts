/**
 * AVX-512 (SDM volume 2, 2.7): EVEX rows, which give instructions their names and operands; nothing executes them. Most are VEX rows with opmasks, broadcasts,
 * 512 bits and 32 registers: those are made from the VEX rows. What is new with EVEX is in `evex-rows.ts`.
 */

import { newEvexRows } from "./evex-rows.ts";
import { allInsns } from "./index.ts";
import type { Feature, Insn } from "./insn.ts";
import { expand, named } from "./named.ts";

/** What EVEX adds to instructions, and those: `#` stands for ps and pd, `~` for ss and sd. */
type Promotion = readonly [adds: string, mnemonics: string, feature?: Feature | readonly Feature[]];

/** Fused multiplications and additions in their three orders: `names` with `suffix`. */
function fma(names: string, suffix: string): string {
  return names
    .split(" ")
    .flatMap((name) => ["132", "213", "231"].map((order) => name + order + suffix))
    .join(" ");
}

/**
 * `kz` or `k`: the first operand has an opmask, with zeroing or without; `b`: broadcast of single elements; `er`, `sae`: rounding; `h`: FP16 has those of single
 * precision too, with the same opcode: in map 5 those of 0F, in map 6 those of 0F38.
 * The feature is AVX512F where none is given.
 */
const table = (): readonly Promotion[] => [
  ["kz b er h", `vadd# vsub# vmul# vdiv# vsqrt# ${fma("vfmadd vfmsub vfnmadd vfnmsub vfmaddsub vfmsubadd", "#")}`],
  ["kz b er", "vcvtdq2ps vcvtps2dq vcvtpd2ps vcvtpd2dq"],
  ["kz b sae h", "vmin# vmax#"],
  ["kz b sae", "vcvttps2dq vcvttpd2dq vcvtps2pd"],
  ["kz b", "vunpckl# vunpckh# vshuf# vpermil# vcvtdq2pd vpermps vpermpd"],
  ["kz b", "vand# vandn# vor# vxor#", "avx512dq"],
  ["kz er h", `vadd~ vsub~ vmul~ vdiv~ vsqrt~ ${fma("vfmadd vfmsub vfnmadd vfnmsub", "~")}`],
  ["kz er", "vcvtsd2ss"],
  ["kz sae h", "vmin~ vmax~"],
  ["kz sae", "vcvtss2sd vcvtph2ps vcvtps2ph"],
  ["k b sae", "vcmp#"],
  ["k sae", "vcmp~"],
  ["sae h", "vucomi~ vcomi~"],
  ["sae", "vcvttss2si vcvttsd2si"],
  ["er", "vcvtsi2ss vcvtsi2sd vcvtss2si vcvtsd2si"],
  ["kz", "vmova# vmovu# vmovsldup vmovshdup vmovddup vmovss vmovsd vbroadcastss vbroadcastsd"],
  ["", "vmovnt# vmovntdq vmovntdqa vmovl# vmovh# vmovhlps vmovlhps vinsertps vextractps vmovd vmovq"],
  [
    "kz",
    "vpaddb vpaddw vpsubb vpsubw vpaddsb vpaddsw vpaddusb vpaddusw vpsubsb vpsubsw vpsubusb vpsubusw vpmaxub vpminub vpmaxsw vpminsw vpmaxsb vpminsb vpmaxuw vpminuw " +
      "vpavgb vpavgw vpmullw vpmaddwd vpmulhw vpmulhuw vpmulhrsw vpmaddubsw vpacksswb vpackuswb vpunpcklbw vpunpckhbw vpunpcklwd vpunpckhwd vpshufb vpalignr " +
      "vpabsb vpabsw vpshufhw vpshuflw vpsllw vpsrlw vpsraw vpmovsxbw vpmovzxbw vpbroadcastb vpbroadcastw",
    "avx512bw",
  ],
  ["kz b", "vpackssdw vpackusdw", "avx512bw"],
  ["", "vpsadbw vpslldq vpsrldq vpextrb vpextrw vpinsrb vpinsrw", "avx512bw"],
  ["k", "vpcmpeqb vpcmpeqw vpcmpgtb vpcmpgtw", "avx512bw"],
  ["", "vpextrd vpextrq vpinsrd vpinsrq", "avx512dq"],
  [
    "kz b",
    "vpaddd vpaddq vpsubd vpsubq vpmaxsd vpminsd vpmaxud vpminud vpmuldq vpmuludq vpunpckldq vpunpckhdq vpunpcklqdq vpunpckhqdq vpabsd vpshufd " +
      "vpsllvd vpsllvq vpsrlvd vpsrlvq vpsravd vpermd vpermq vpmulld",
  ],
  [
    "kz",
    "vpslld vpsllq vpsrld vpsrlq vpsrad vpbroadcastd vpbroadcastq vpmovsxbd vpmovzxbd vpmovsxbq vpmovzxbq vpmovsxwd vpmovzxwd vpmovsxwq vpmovzxwq vpmovsxdq vpmovzxdq",
  ],
  ["k b", "vpcmpeqd vpcmpeqq vpcmpgtd vpcmpgtq"],
  ["k", "vpgatherdd vpgatherdq vpgatherqd vpgatherqq vgatherdps vgatherdpd vgatherqps vgatherqpd"],
  ["", "vaesenc vaesenclast vaesdec vaesdeclast", ["vaes", "avx512f"]],
  ["", "vpclmulqdq", ["vpclmul", "avx512f"]],
  ["kz", "vgf2p8mulb", ["gfni", "avx512f"]],
  ["kz b", "vgf2p8affineqb vgf2p8affineinvqb", ["gfni", "avx512f"]],
];

/** EVEX.W where it is not what the name's last letters say; undefined: as the VEX row has it, or ignored. */
const OTHER_W: Readonly<Record<string, string | undefined>> = {
  vcvtdq2ps: "W0", vcvtps2dq: "W0", vcvttps2dq: "W0", vcvtps2pd: "W0", vcvtdq2pd: "W0", vcvtpd2ps: "W1", vcvtpd2dq: "W1", vcvttpd2dq: "W1", vcvtsd2ss: "W1", vcvtss2sd: "W0",
  vcvttss2si: undefined, vcvttsd2si: undefined, vcvtss2si: undefined, vcvtsd2si: undefined, vcvtsi2ss: undefined, vcvtsi2sd: undefined,
  vpmovsxbd: undefined, vpmovzxbd: undefined, vpmovsxbq: undefined, vpmovzxbq: undefined, vpmovsxwd: undefined, vpmovzxwd: undefined, vpmovsxwq: undefined, vpmovzxwq: undefined,
  vpmovsxdq: "W0", vpmovzxdq: "W0", vpmuldq: "W1", vpmuludq: "W1", vpunpckldq: "W0", vpunpckhdq: "W0", vpunpcklqdq: "W1", vpunpckhqdq: "W1",
  vpackssdw: "W0", vpackusdw: "W0", vmovsldup: "W0", vmovshdup: "W0", vmovddup: "W1", vmovhlps: "W0", vmovlhps: "W0", vmovntdq: "W0", vmovntdqa: "W0", vinsertps: "W0",
  vextractps: undefined, vpslldq: undefined, vpsrldq: undefined, vpclmulqdq: undefined, vcvtph2ps: "W0", vcvtps2ph: "W0",
  vgf2p8affineqb: "W1", vgf2p8affineinvqb: "W1",
};

/** EVEX.W of an instruction by its elements. */
function widthOf(mnemonic: string): string | undefined {
  if (mnemonic in OTHER_W) return OTHER_W[mnemonic];
  if (/(pd|q)$|^v[^p].*sd$/.test(mnemonic)) return "W1";
  return /(ps|ss|[^w]d)$/.test(mnemonic) ? "W0" : undefined;
}

/** One VEX row apart: what precedes and follows its length, and its operands. */
interface VexRow {
  readonly length: string;
  readonly encoding: string;
  readonly operands: readonly string[];
  readonly attributes: string;
}

function split(text: string): VexRow | undefined {
  const [encoding = "", operands = "", attributes = ""] = text.split("|").map((column) => column.trim());
  const match = /^VEX\.(\w+)\.(.*)$/.exec(encoding);
  return match === null ? undefined : { length: match[1]!, encoding: match[2]!, operands: operands.split(",").map((word) => word.trim()), attributes };
}

/** Sizes of 128-bit and 256-bit rows as one of all lengths. */
const ALL_LENGTHS: Readonly<Record<string, string>> = { "dq qq": "x", "q dq": "hx", "d q": "qx", "w d": "ox" };

/** The operands of the rows of both lengths as those of one row; undefined where their sizes do not grow with the length. */
function joined(narrow: readonly string[], wide: readonly string[]): string[] | undefined {
  const operands: string[] = [];
  for (const [i, word] of narrow.entries()) {
    const other = wide[i] ?? "";
    // A destination of 128 bits for both lengths is half as wide as the source.
    const size = word !== other ? ALL_LENGTHS[`${word.slice(1)} ${other.slice(1)}`] : i === 0 && word === "Vdq" ? "hx" : word.slice(1);
    if (size === undefined) return undefined;
    operands.push(word.charAt(0) + size);
  }
  return operands;
}

/** The EVEX row with `adds`; `length` as EVEX names it. */
function row(vex: VexRow, length: string, operands: readonly string[], mnemonic: string, adds: readonly string[]): string {
  const [fields = "", opcode = "", digit = "", form = ""] = vex.encoding.split(" ");
  const [pp, map, vexW] = fields.split(".");
  const w = widthOf(mnemonic) ?? vexW;
  let words = [...operands];
  let where = form;
  if (vex.attributes === "vsib") words.splice(2, 1);
  // Shifts by an immediate take memory too.
  if (words[0]!.startsWith("H") && words[1]!.startsWith("U")) {
    words[1] = `W${words[1]!.slice(1)}`;
    where = "";
  }
  const masks = /^vp?cmp/.test(mnemonic);
  if (masks) words[0] = "Vk";
  // Shifts by elements: objdump does not tell their encodings apart.
  const alsoVex = !masks && !/^vps(ll|rl|ra)v/.test(mnemonic);
  const mask = adds.find((word) => word === "k" || word === "kz");
  const rounding = adds.find((word) => word === "er" || word === "sae");
  // Immediate counts of vpslld and its like are broadcast from memory as well.
  const broadcast = adds.includes("b") || (words[0]!.startsWith("H") && words[1] === "Wx" && mask !== undefined && w !== vexW);
  const last = words.findLastIndex((word) => !word.startsWith("I"));
  words = words.map((word, i) => {
    let text = word;
    if (i === 0 && mask !== undefined) text += `{${mask}}`;
    if (i === 0) return text;
    if (broadcast && word.startsWith("W")) text += w === "W1" ? "{b64}" : "{b32}";
    if (rounding !== undefined && i === last) text += `{${rounding}}`;
    return text;
  });
  return `EVEX.${length}.${pp}.${map}.${w} ${[opcode, digit, where].filter((word) => word !== "").join(" ")} | ${words.join(", ")} | ${vex.attributes} ${alsoVex ? "vex" : ""}`;
}

/** EVEX rows of one VEX instruction, out of its rows of all lengths. */
function promoted(mnemonic: string, vexRows: readonly VexRow[], adds: readonly string[]): string[] {
  const rows: string[] = [];
  const form = ({ encoding, operands }: VexRow): string => `${encoding} ${operands.map((word) => word.charAt(0)).join("")}`;
  for (const vex of vexRows) {
    const other = vexRows.find((candidate) => candidate.length !== vex.length && form(candidate) === form(vex));
    if (vex.length === "256" && other !== undefined) continue;
    const make = (length: string, operands: readonly string[]): void => void rows.push(row(vex, length, operands, mnemonic, adds));
    const all = vex.operands.map((word) => word.replace(/qq$/, "x"));
    if (vex.length === "256") make("256+", all);
    else if (other === undefined) make(vex.length, vex.operands);
    else {
      const operands = joined(vex.operands, other.operands);
      if (operands !== undefined) make("L", operands);
      else {
        make("128", vex.operands);
        make("256+", other.operands.map((word) => word.replace(/qq$/, "x")));
      }
    }
  }
  return rows;
}

/** The FP16 form of an EVEX row of single precision. */
function half(text: string): string {
  return text.replace(/ vex$/, "").replace(".0F38.", ".MAP6.").replace(".0F.", ".MAP5.").replace("{b32}", "{b16}").replaceAll(/([VHW])ss\b/g, "$1sh");
}

function promotions(): Insn[] {
  const byName = new Map<string, VexRow[]>();
  for (const { mnemonic, rows } of allInsns) {
    for (const text of rows) {
      const vex = split(text);
      if (vex === undefined) continue;
      const known = byName.get(mnemonic);
      if (known === undefined) byName.set(mnemonic, [vex]);
      else known.push(vex);
    }
  }
  const insns: Insn[] = [];
  for (const [added, list, feature = "avx512f"] of table()) {
    const adds = added.split(" ");
    for (const mnemonic of namesOf(list)) {
      const rows = promoted(mnemonic, byName.get(mnemonic) ?? [], adds);
      if (rows.length === 0) throw new Error(`no VEX row of ${mnemonic}`);
      for (const text of rows) insns.push(named(mnemonic, text, feature));
      if (!adds.includes("h") || !mnemonic.endsWith("s")) continue;
      for (const text of rows) insns.push(named(mnemonic.replace(/s$/, "h"), half(text), "avx512_fp16"));
    }
  }
  return insns;
}

function namesOf(list: string): string[] {
  return list.split(" ").flatMap((name) => {
    const end = name.slice(-1);
    return end === "#" || end === "~" ? (end === "#" ? ["ps", "pd"] : ["ss", "sd"]).map((suffix) => name.slice(0, -1) + suffix) : [name];
  });
}

/** All instructions with EVEX encodings, one row each. Made anew at each call. */
export function evexInsns(): Insn[] {
  return [...promotions(), ...expand(newEvexRows())];
}
