/**
 * VEX forms of legacy instructions (SDM volume 2, 2.3): the same function with another frame. What is written is zero-extended to the whole
 * register, operands in memory need not be aligned, and with VEX.256 the function is that of each 128-bit lane.
 */

import type { Feature, Insn } from "./insn.ts";

export interface VexFrame {
  /** The feature of 128-bit and scalar rows; default AVX. */
  readonly feature?: Feature | readonly Feature[];
  /** The feature of 256-bit rows; there are none without it. */
  readonly wide?: Feature | readonly Feature[];
  /** VEX.W, where it is not as the legacy row says; default: what the row says, otherwise ignored. */
  readonly w?: "W0" | "W1";
  /** Memory operands must be aligned. */
  readonly aligned?: boolean;
  /** VEX.L of rows that are not 256-bit ones: ignored instead of 0. Of scalar floating point it is always. */
  readonly length?: "128" | "LIG";
  /** The last vector operand is not wider with VEX.256: a count for all lanes. */
  readonly count?: boolean;
  /** The body is the whole instruction's, not one lane's. */
  readonly whole?: boolean;
}

const DOUBLE: Readonly<Record<string, string>> = { w: "d", d: "q", q: "dq", dq: "qq", ps: "qq", pd: "qq" };
const PACKED: Readonly<Record<string, string>> = { ps: "dq", pd: "dq" };

/** Encoding column of a legacy row as VEX writes it. */
function encoding(words: readonly string[], length: string, w: string | undefined): string {
  const rest = [...words];
  const prefix = rest.shift() ?? "";
  let width = w ?? "WIG";
  if (rest[0]?.startsWith("REX.W") === true) width = rest.shift() === "REX.W" ? "W1" : "W0";
  rest.shift();
  let map = "0F";
  if (rest[0] === "38" || rest[0] === "3A") map += rest.shift();
  return `VEX.${length}.${prefix}.${map}.${width} ${rest.join(" ")}`;
}

/** A scalar of a vector register. */
const SCALAR = /[VW](ss|sd)/;
const ALL_OF_VECTOR = /[VWUM](dq|ps|pd)/;

/** One row and its operands as the body sees them; `apart`: the first source is an operand of its own. */
function row(text: string, apart: boolean, double: boolean, { w, length = "128", count = false }: VexFrame): { readonly row: string; readonly view: string } {
  const [code = "", list = ""] = text.split("|").map((column) => column.trim());
  const view = list.split(",").map((word) => word.trim());
  const operands = view.map((word, i) => {
    const size = word.slice(1);
    const sizes = double && !(count && i === 1) ? DOUBLE : PACKED;
    return "VWUM".includes(word.charAt(0)) ? word.charAt(0) + (sizes[size] ?? size) : word;
  });
  const first = operands[0] ?? "";
  if (apart && first.startsWith("U")) operands.unshift(`H${first.slice(1)}`);
  else if (apart) operands.splice(1, 0, `H${first.slice(1)}`);
  const narrow = SCALAR.test(list) && !ALL_OF_VECTOR.test(list) ? "LIG" : length;
  return { row: `${encoding(code.split(" "), double ? "256" : narrow, w)} | ${operands.join(", ")}`, view: view.join(", ") };
}

function derived(legacy: Insn, apart: boolean, frame: VexFrame): Insn[] {
  const { mnemonic, semantics, properties } = legacy;
  const { feature = "avx", wide, aligned = false, whole = false } = frame;
  return [false, true].flatMap((double) => {
    const announced = double ? wide : feature;
    if (announced === undefined) return [];
    return legacy.rows.map((text) => {
      const { row: vexRow, view } = row(text, apart, double, frame);
      const own = whole ? {} : { view };
      return { mnemonic: `v${mnemonic}`, rows: [vexRow], properties: { ...properties, ...own, feature: announced, aligned }, semantics };
    });
  });
}

function isVector(insn: Insn): boolean {
  return insn.rows.every((text) => !/[PQN][dq]\b/.test(text));
}

/** Those of `insns` whose names match. */
export function named(insns: readonly Insn[], pattern: RegExp): Insn[] {
  return insns.filter(({ mnemonic }) => pattern.test(mnemonic));
}

/** A row for each of the two lengths: `VEX.L` stands for VEX.128 and VEX.256, the size `x` for all of a register. */
export function bothLengths(text: string): readonly [narrow: string, wide: string] {
  const of = (length: string, size: string): string => text.replace("VEX.L.", `VEX.${length}.`).replace(/(?<=[VHWUML])x\b/g, size);
  return [of("128", "dq"), of("256", "qq")];
}

/** VEX forms of vector instructions whose destination is also the first source: MMX's among `insns` have none. */
export function vex3(insns: readonly (Insn | readonly Insn[])[], frame: VexFrame): Insn[] {
  return insns.flat().filter(isVector).flatMap((legacy) => derived(legacy, true, frame));
}

/** VEX forms of vector instructions whose destination is only written, or that write none. */
export function vex2(insns: readonly (Insn | readonly Insn[])[], frame: VexFrame): Insn[] {
  return insns.flat().filter(isVector).flatMap((legacy) => derived(legacy, false, frame));
}
