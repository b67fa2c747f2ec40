/**
 * Elements of memory chosen by the top bits of a mask's elements: masked moves and gathers (SDM volume 1, 5.13 and 5.14). What is not chosen is
 * not accessed.
 */

import { insn } from "./insn.ts";
import type { Insn } from "./insn.ts";
import type { Op, V } from "./ops.ts";
import { requires } from "./requires.ts";
import { zeroExtended } from "./sse-integer.ts";
import { bothLengths } from "./vex.ts";

type ElementBits = 32 | 64;

interface Elements {
  readonly bits: ElementBits;
  readonly lanes: "i32x4" | "i64x2";
  /** Elements in a 128-bit lane. */
  readonly inLane: number;
}

function elements(bits: ElementBits): Elements {
  return bits === 32 ? { bits, lanes: "i32x4", inLane: 4 } : { bits, lanes: "i64x2", inLane: 2 };
}

/** i32 truths: the top bits of the elements of `mask`'s lanes. */
function chosen(op: Op, { lanes, inLane }: Elements, mask: readonly V[]): V[] {
  return mask.flatMap((lane) => {
    const bits = op.x(`${lanes}.bitmask`, lane);
    return Array.from({ length: inLane }, (_, i) => op.x("i32.and", bits, op.i32(1 << i)));
  });
}

/** Addresses of consecutive elements. */
function addresses(op: Op, first: V, { bits }: Elements, count: number): V[] {
  return Array.from({ length: count }, (_, i) => (i === 0 ? first : op.add(first, op.const((i * bits) / 8))));
}

/** 128-bit lanes of elements that are i64. */
function joined(op: Op, { bits, lanes, inLane }: Elements, values: readonly V[]): V[] {
  return Array.from({ length: values.length / inLane }, (_, lane) => {
    let vector = op.v128([]);
    for (let i = 0; i < inLane; i++) {
      const value = values[lane * inLane + i];
      if (value !== undefined) vector = op.lane(`${lanes}.replace_lane`, i, vector, bits === 32 ? op.x("i32.wrap_i64", value) : value);
    }
    return vector;
  });
}

function maskedLoad(bits: ElementBits): (op: Op) => void {
  return (op) => {
    const e = elements(bits);
    const truths = chosen(op, e, op.parts(1));
    const places = addresses(op, op.linear(2), e, truths.length);
    const values = truths.map((truth, i) => {
      const value = op.variable(op.const(0));
      op.if(truth, () => op.assign(value, op.load(bits, places[i] ?? op.const(0))));
      return value;
    });
    op.setParts(0, joined(op, e, values.map((value) => op.read(value))));
  };
}

/** All elements are checked before one is written. */
function maskedStore(bits: ElementBits): (op: Op) => void {
  return (op) => {
    const e = elements(bits);
    const truths = chosen(op, e, op.parts(1));
    const places = addresses(op, op.linear(0), e, truths.length);
    truths.forEach((truth, i) => op.if(truth, () => op.checkWrite(bits, places[i] ?? op.const(0))));
    truths.forEach((truth, i) => {
      const lane = op.part(2, Math.floor(i / e.inLane));
      const value = op.lane(`${e.lanes}.extract_lane`, i % e.inLane, lane);
      op.if(truth, () => op.store(bits, places[i] ?? op.const(0), bits === 32 ? op.bool(value) : value));
    });
  };
}

function masked(mnemonic: string, w: string, load: string, store: string, bits: ElementBits): Insn[] {
  const rows = (opcode: string, operands: string): readonly string[] => bothLengths(`VEX.L.66.0F38.${w} ${opcode} /r mem | ${operands}`);
  return [
    insn(mnemonic, rows(load, "Vx, Hx, Mx"), { checkedAlignment: 1 }, maskedLoad(bits)),
    insn(mnemonic, rows(store, "Mx, Hx, Vx"), { checkedAlignment: 1 }, maskedStore(bits)),
  ];
}

export const avxMaskedMoves: readonly Insn[] = requires("avx", [
  ...masked("vmaskmovps", "W0", "2C", "2E", 32),
  ...masked("vmaskmovpd", "W0", "2D", "2F", 64),
]);
export const avx2MaskedMoves: readonly Insn[] = requires("avx2", [
  ...masked("vpmaskmovd", "W0", "8C", "8E", 32),
  ...masked("vpmaskmovq", "W1", "8C", "8E", 64),
]);

/**
 * Gathers go from the lowest element on, and clear the mask's elements as they go, so that one that faults goes on where it was. Those from the faulting
 * one on are as they were: so AMD's processors. `indices`:
 * bits of an index; `rest`: of destination and mask, bits above the elements become zero.
 */
function gather(mnemonic: string, w: string, opcode: string, bits: ElementBits, indices: ElementBits): Insn {
  const wider = Math.max(bits, indices);
  const size = (l: number): string => (((128 << l) / wider) * bits === 256 ? "qq" : "dq");
  const rows = [0, 1].map((l) => `VEX.${128 << l}.66.0F38.${w} ${opcode} /r mem | V${size(l)}, M${bits === 32 ? "d" : "q"}, H${size(l)} | vsib`);
  return insn(mnemonic, rows, { checkedAlignment: 1 }, (op) => {
    const e = elements(bits);
    const count = (op.lanes * 128) / wider;
    const parts = Math.ceil((count * bits) / 128);
    const each = (f: (i: number) => V): V[] => Array.from({ length: parts }, (_, i) => f(i));
    const truths = chosen(op, e, each((i) => op.part(2, i))).slice(0, count);
    const inLane = 128 / indices;
    const places = truths.map((_, i) => {
      const lane = op.indexPart(Math.floor(i / inLane));
      if (indices === 64) return op.indexed(op.lane("i64x2.extract_lane", i % inLane, lane));
      return op.indexed(op.x("i64.extend_i32_s", op.lane("i32x4.extract_lane", i % inLane, lane)));
    });
    truths.forEach((truth, i) => {
      op.if(truth, () => {
        const value = op.load(bits, places[i] ?? op.const(0));
        op.setElement(0, bits, i, value);
        op.restartable();
      });
      op.setElement(2, bits, i, op.const(0));
      op.restartable();
    });
    op.setParts(0, each((i) => (count * bits < 128 ? zeroExtended(op, op.lane("i64x2.extract_lane", 0, op.part(0, 0))) : op.part(0, i))));
    op.setParts(2, [op.v128([])]);
  });
}

export const gathers: readonly Insn[] = requires("avx2", [
  gather("vpgatherdd", "W0", "90", 32, 32),
  gather("vpgatherdq", "W1", "90", 64, 32),
  gather("vpgatherqd", "W0", "91", 32, 64),
  gather("vpgatherqq", "W1", "91", 64, 64),
  gather("vgatherdps", "W0", "92", 32, 32),
  gather("vgatherdpd", "W1", "92", 64, 32),
  gather("vgatherqps", "W0", "93", 32, 64),
  gather("vgatherqpd", "W1", "93", 64, 64),
]);
