/** x87 floating point (SDM volume 1, 5.2): the rows of x87/table.ts, each a helper with its memory access around it. */

import { X87_RESULT_SLOT, x87HelperName } from "../helpers/x87.ts";
import { HELPER_AREA, Vector, X87_ENVIRONMENT } from "../state.ts";
import type { X87Entry } from "../x87/index.ts";
import { CONTROL, ES, STATUS, fnop, x87Table } from "../x87/index.ts";
import { insn } from "./insn.ts";
import type { Insn } from "./insn.ts";
import type { Op, V } from "./ops.ts";
import type { Quick } from "./x87-quick.ts";
import { quickLoad, quickRegister, quickStore } from "./x87-quick.ts";

const CF = 1;
const PF = 4;
const ZF = 0x40;
/** Flags that conditions read, by condition number divided by two. */
const CONDITION_FLAGS: readonly string[] = ["o", "c", "z", "zc", "s", "p"];

/** #MF where an exception is pending. */
function wait(op: Op): void {
  op.raiseIf(op.ne(op.and(op.state(X87_ENVIRONMENT + STATUS, 16), op.const(ES)), op.const(0)), Vector.MF);
}

/** i of ST(i). */
function stackNumber(op: Op, entry: X87Entry): V {
  const at = entry.operands.split(", ").indexOf("STi");
  return at < 0 ? op.const(0) : op.get(at);
}

/** The same as i32. */
function stackIndex(op: Op, entry: X87Entry): V {
  return op.x("i32.wrap_i64", stackNumber(op, entry));
}

interface Piece {
  readonly bits: 16 | 32 | 64;
  readonly at: number;
}

/** The widest pieces of an operand: with AC an image need be aligned to 4 bytes only, one of 16-bit operand size to 2. */
function widestPiece(bytes: number): 16 | 32 | 64 {
  if (bytes <= 10) return 64;
  return bytes % 4 === 0 ? 32 : 16;
}

/** `bytes` in pieces that loads and stores can move. */
function pieces(bytes: number): Piece[] {
  const list: Piece[] = [];
  let at = 0;
  for (const bits of [64, 32, 16] as const) {
    if (bits > widestPiece(bytes)) continue;
    for (; bytes - at >= bits / 8; at += bits / 8) list.push({ bits, at });
  }
  return list;
}

function offsetBy(op: Op, linear: V, at: number): V {
  return at === 0 ? linear : op.add(linear, op.const(at));
}

/** Whether all of an operand can be accessed. A fault names an image's first byte, otherwise its last one, as AMD's processors do. */
function checkAll(op: Op, bytes: number, linear: V, check: (bits: number, linear: V) => void): void {
  if (bytes > 10) {
    check(widestPiece(bytes), linear);
    check(8, offsetBy(op, linear, bytes - 1));
  }
  check(8 * bytes, linear);
}

/** What is usual where it holds, else what a helper does. */
function quickly(op: Op, quick: Quick | undefined, slowly: () => void): void {
  if (quick === undefined) slowly();
  else op.if(quick.usual, () => quick.act(), slowly);
}

/** The pieces of a memory operand. */
function fetch(op: Op, bytes: number): readonly V[] {
  const linear = op.linear(0);
  checkAll(op, bytes, linear, (bits, at) => op.checkRead(bits, at));
  return pieces(bytes).map(({ bits, at }) => op.loadChecked(bits, offsetBy(op, linear, at)));
}

/** Runs a helper with a memory operand in the operand area. */
function runWith(op: Op, name: string, bytes: number, values: readonly V[], operand?: V): void {
  pieces(bytes).forEach(({ bits, at }, i) => {
    const value = values[i];
    if (value !== undefined) op.setState(HELPER_AREA + at, bits, value);
  });
  op.helper(name, operand);
}

/** Where an operand that is written is: checked. */
function target(op: Op, bytes: number): V {
  const linear = op.linear(0);
  checkAll(op, bytes, linear, (bits, at) => op.checkWrite(bits, at));
  return linear;
}

/** Runs a helper and stores what it left in the operand area, where it says so. */
function runAndStore(op: Op, name: string, bytes: number, linear: V, operand: V): void {
  op.helper(name, operand);
  op.if(op.ne(op.argument(X87_RESULT_SLOT, "i64"), op.const(0)), () => {
    for (const { bits, at } of pieces(bytes)) op.storeChecked(bits, offsetBy(op, linear, at), op.state(HELPER_AREA + at, bits));
  });
}

function body(entry: X87Entry, op: Op): void {
  if (entry.waits) wait(op);
  const name = x87HelperName(entry);
  switch (entry.kind) {
    case "register":
      if (entry.run !== fnop) quickly(op, quickRegister(op, entry, stackNumber(op, entry)), () => op.helper(name, stackIndex(op, entry)));
      break;
    case "load": {
      const values = fetch(op, entry.bytes);
      quickly(op, quickLoad(op, entry, values), () => runWith(op, name, entry.bytes, values));
      break;
    }
    case "store": {
      const linear = target(op, entry.bytes);
      const store = (bits: number, at: number, value: V): void => op.storeChecked(bits, offsetBy(op, linear, at), value);
      quickly(op, quickStore(op, entry, store), () => runAndStore(op, name, entry.bytes, linear, op.i32(0)));
      break;
    }
    case "load-image": {
      const bytes = op.operandSize === 16 ? entry.bytes16 : entry.bytes;
      runWith(op, name, bytes, fetch(op, bytes), op.i32(op.operandSize === 16 ? 1 : 0));
      break;
    }
    case "store-image": {
      const bytes = op.operandSize === 16 ? entry.bytes16 : entry.bytes;
      runAndStore(op, name, bytes, target(op, bytes), op.i32(op.operandSize === 16 ? 1 : 0));
      break;
    }
    case "flags": {
      const [zero, parity, carry] = [op.variable(op.i32(0)), op.variable(op.i32(0)), op.variable(op.i32(0))];
      const quick = quickRegister(op, entry, stackNumber(op, entry), (equal, less) => {
        op.assign(zero, equal);
        op.assign(carry, less);
      });
      quickly(op, quick, () => {
        op.helper(name, stackIndex(op, entry));
        const bits = op.argument(X87_RESULT_SLOT, "i64");
        const truth = (bit: number): V => op.ne(op.and(bits, op.const(bit)), op.const(0));
        op.assign(zero, truth(ZF));
        op.assign(parity, truth(PF));
        op.assign(carry, truth(CF));
      });
      op.flagsCompare(op.read(zero), op.read(parity), op.read(carry));
      break;
    }
    case "condition": {
      const holds = op.x("i32.shl", op.cond(entry.condition), op.i32(3));
      op.helper(name, op.x("i32.or", holds, stackIndex(op, entry)));
      break;
    }
    case "ax":
      op.set(0, op.state(X87_ENVIRONMENT + STATUS, 16));
      break;
  }
}

function declare(entry: X87Entry): Insn {
  const row = entry.operands === "" ? entry.encoding : `${entry.encoding} | ${entry.operands}`;
  if (entry.mnemonic === "fnstcw") {
    return insn(entry.mnemonic, [row], {}, (op) => op.set(0, op.state(X87_ENVIRONMENT + CONTROL, 16)));
  }
  const flags =
    entry.kind === "flags" ? { writes: "oszapc" } : entry.kind === "condition" ? { reads: CONDITION_FLAGS[entry.condition >> 1] ?? "" } : {};
  return insn(entry.mnemonic, [row], { faults: true, ...flags }, (op) => body(entry, op));
}

export const x87Insns: readonly Insn[] = x87Table.map(declare);
