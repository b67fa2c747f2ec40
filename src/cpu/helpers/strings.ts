/** PCMPESTRI, PCMPESTRM, PCMPISTRI and PCMPISTRM (SDM volume 1, 12.10.4 to 12.10.7; volume 2A, 4.1). */

import { Flag, HELPER_AREA } from "../state.ts";
import type { Helper, HelperContext } from "./helper.ts";

const A = HELPER_AREA;
const B = HELPER_AREA + 16;
const LENGTH_A = HELPER_AREA + 32;
const LENGTH_B = HELPER_AREA + 48;
const MASK = HELPER_AREA + 64;
const INDEX = HELPER_AREA + 80;
const FLAGS = HELPER_AREA + 96;

/** Bits of the helper's operand above the immediate. */
const EXPLICIT = 0x100;
const WIDE = 0x200;

/** The immediate: 0 words instead of bytes, 1 signed, 3:2 aggregation, 5:4 polarity, 6 last index instead of first, or whole elements in the mask. */
const WORDS = 1;
const SIGNED = 2;
const NEGATIVE = 0x10;
const MASKED = 0x20;
const LAST = 0x40;
const Aggregation = { any: 0, ranges: 1, each: 2, ordered: 3 } as const;

const a = new Int32Array(16);
const b = new Int32Array(16);

function readElements(view: DataView, at: number, imm: number, into: Int32Array): void {
  for (let i = 0; i < 16; i++) {
    if ((imm & WORDS) === 0) into[i] = (imm & SIGNED) === 0 ? view.getUint8(at + i) : view.getInt8(at + i);
    else if (i < 8) into[i] = (imm & SIGNED) === 0 ? view.getUint16(at + 2 * i, true) : view.getInt16(at + 2 * i, true);
  }
}

/** Up to the first zero. */
function implicitLength(elements: Int32Array, count: number): number {
  for (let i = 0; i < count; i++) if (elements[i] === 0) return i;
  return count;
}

/** The absolute value of a register, at most `count`. */
function explicitLength(view: DataView, at: number, wide: boolean, count: number): number {
  const value = wide ? view.getBigInt64(at, true) : BigInt(view.getInt32(at, true));
  const size = value < 0n ? -value : value;
  return size > BigInt(count) ? count : Number(size);
}

/** Whether element `i` of the second string is equal to one of the first, or within one of its ranges. */
function amongFirst(value: number, lengthA: number, ranges: boolean): boolean {
  if (!ranges) {
    for (let j = 0; j < lengthA; j++) if (a[j] === value) return true;
    return false;
  }
  for (let j = 0; j + 1 < lengthA; j += 2) if (value >= a[j]! && value <= a[j + 1]!) return true;
  return false;
}

/** Whether the first string lies at place `i` of the second, as far as the second register reaches. */
function beginsAt(i: number, lengthA: number, lengthB: number, count: number): boolean {
  for (let j = 0; j < lengthA && i + j < count; j++) if (i + j >= lengthB || a[j] !== b[i + j]) return false;
  return true;
}

/** One bit for each element of the second string: before the polarity. */
function aggregate(kind: number, lengthA: number, lengthB: number, count: number): number {
  let bits = 0;
  for (let i = 0; i < count; i++) {
    let holds: boolean;
    if (kind === Aggregation.ordered) holds = beginsAt(i, lengthA, lengthB, count);
    else if (kind === Aggregation.each) holds = i < lengthA && i < lengthB ? a[i] === b[i] : i >= lengthA && i >= lengthB;
    else holds = i < lengthB && amongFirst(b[i]!, lengthA, kind === Aggregation.ranges);
    if (holds) bits |= 1 << i;
  }
  return bits;
}

function writeMask(view: DataView, bits: number, imm: number, count: number): void {
  view.setBigUint64(MASK, 0n, true);
  view.setBigUint64(MASK + 8, 0n, true);
  if ((imm & LAST) === 0) {
    view.setUint16(MASK, bits, true);
    return;
  }
  const size = 16 / count;
  for (let i = 0; i < 16; i++) if ((bits & (1 << Math.trunc(i / size))) !== 0) view.setUint8(MASK + i, 0xff);
}

function pcmpstr({ view }: HelperContext, operand: number): boolean {
  const count = (operand & WORDS) === 0 ? 16 : 8;
  readElements(view, A, operand, a);
  readElements(view, B, operand, b);
  const explicit = (operand & EXPLICIT) !== 0;
  const wide = (operand & WIDE) !== 0;
  const lengthA = explicit ? explicitLength(view, LENGTH_A, wide, count) : implicitLength(a, count);
  const lengthB = explicit ? explicitLength(view, LENGTH_B, wide, count) : implicitLength(b, count);
  let bits = aggregate((operand >> 2) & 3, lengthA, lengthB, count);
  if ((operand & NEGATIVE) !== 0) bits ^= (operand & MASKED) === 0 ? (1 << count) - 1 : (1 << lengthB) - 1;
  writeMask(view, bits, operand, count);
  const first = 31 - Math.clz32(bits & -bits);
  const index = bits === 0 ? count : (operand & LAST) === 0 ? first : 31 - Math.clz32(bits);
  view.setBigUint64(INDEX, BigInt(index), true);
  let flags = bits === 0 ? 0 : Flag.CF;
  if (lengthB < count) flags |= Flag.ZF;
  if (lengthA < count) flags |= Flag.SF;
  if ((bits & 1) !== 0) flags |= Flag.OF;
  view.setBigUint64(FLAGS, BigInt(flags), true);
  return false;
}

export const stringHelpers: Readonly<Record<string, Helper>> = { pcmpstr };
