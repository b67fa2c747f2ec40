/** In how many ways a row can be encoded that one-line tests ought to know apart. */

import type { Decoded, RowSpec } from "../../src/cpu/index.ts";
import { incomparable } from "./encodings.ts";

/** Why no line can be recorded of a row; nothing where one can. */
export function unrecordable(row: RowSpec): string {
  if (/^v?(rcp|rsqrt)[ps]s$/.test(row.mnemonic)) return "approximations differ between processors";
  if (row.f64 && row.operands.length === 0) return "";
  return incomparable(row);
}

/** Memory or register, then the operand size where the row has several; as a key beside the row's text. */
export function waysOf(row: RowSpec): string[] {
  const places = row.modrm && row.modrmByte === undefined ? (row.form === "any" ? ["mem", "reg"] : [row.form]) : [""];
  const follows = row.vex === undefined && row.operands.some(({ size }) => /^(v|z|rAX|eAX)$/.test(size)) && !row.f64;
  const sizes = !follows ? [""] : [16, 32, 64].filter((size) => hasSize(row, size)).map(String);
  return places.flatMap((place) => sizes.map((size) => [place, size].filter(Boolean).join(" ")));
}

function hasSize(row: RowSpec, size: number): boolean {
  if (row.d64) return size !== 32;
  if (row.w !== undefined) return row.w === 1 ? size === 64 : size !== 64;
  // 66 is part of the opcode, or ignored.
  return size !== 16 || (row.prefix === "" && !row.nov);
}

/** The way of a decoded instruction, as {@link waysOf} names it. */
export function wayOf(row: RowSpec, decoded: Decoded): string {
  const ways = waysOf(row);
  const place = decoded.memory ? "mem" : "reg";
  return (
    ways.find((way) => (/mem|reg/.test(way) ? way.startsWith(place) : true) && (/\d/.test(way) ? way.endsWith(String(decoded.operandSize)) : true)) ??
    ""
  );
}
