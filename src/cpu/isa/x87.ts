/** x87 floating point (SDM volume 1, 5.2): the rows of x87/table.ts, each a helper with its memory access around it. */

import { X87_RESULT_SLOT, x87HelperName } from "../helpers/x87.ts";
import { HELPER_AREA, Vector, X87_ENVIRONMENT } from "../state.ts";
import type { X87Entry } from "../x87/index.ts";
import { CONTROL, ES, STATUS, fnop, x87Table } from "../x87/index.ts";
import { insn } from "./insn.ts";
import type { Insn } from "./insn.ts";
import type { Op, V } from "./ops.ts";

const CF = 1;
const PF = 4;
const ZF = 0x40;
/** Flags that conditions read, by condition number divided by two. */
const CONDITION_FLAGS: readonly string[] = ["o", "c", "z", "zc", "s", "p"];

/** #MF where an exception is pending. */
function wait(op: Op): void {
  op.raiseIf(op.ne(op.and(op.state(X87_ENVIRONMENT + STATUS, 16), op.const(ES)), op.const(0)), Vector.MF);
}

/** i of ST(i), as i32. */
function stackIndex(op: Op, entry: X87Entry): V {
  const at = entry.operands.split(", ").indexOf("STi");
  return at < 0 ? op.i32(0) : op.x("i32.wrap_i64", op.get(at));
}

interface Piece {
  readonly bits: 16 | 32 | 64;
  readonly at: number;
}

/** `bytes` in pieces that loads and stores can move. */
function pieces(bytes: number): Piece[] {
  const list: Piece[] = [];
  let at = 0;
  for (const bits of [64, 32, 16] as const) {
    for (; bytes - at >= bits / 8; at += bits / 8) list.push({ bits, at });
  }
  return list;
}

function offsetBy(op: Op, linear: V, at: number): V {
  return at === 0 ? linear : op.add(linear, op.const(at));
}

/** Memory to the operand area. */
function fetch(op: Op, bytes: number): void {
  const linear = op.linear(0);
  op.checkRead(8 * bytes, linear);
  const list = pieces(bytes);
  const values = list.map(({ bits, at }) => op.loadChecked(bits, offsetBy(op, linear, at)));
  list.forEach(({ bits, at }, i) => {
    const value = values[i];
    if (value !== undefined) op.setState(HELPER_AREA + at, bits, value);
  });
}

/** Runs a helper and stores what it left in the operand area, where it says so. */
function runAndStore(op: Op, name: string, bytes: number, operand: V): void {
  const linear = op.linear(0);
  op.checkWrite(8 * bytes, linear);
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
      if (entry.run !== fnop) op.helper(name, stackIndex(op, entry));
      break;
    case "load":
      fetch(op, entry.bytes);
      op.helper(name);
      break;
    case "store":
      runAndStore(op, name, entry.bytes, op.i32(0));
      break;
    case "load-image":
      fetch(op, op.operandSize === 16 ? entry.bytes16 : entry.bytes);
      op.helper(name, op.i32(op.operandSize === 16 ? 1 : 0));
      break;
    case "store-image":
      runAndStore(op, name, op.operandSize === 16 ? entry.bytes16 : entry.bytes, op.i32(op.operandSize === 16 ? 1 : 0));
      break;
    case "flags": {
      op.helper(name, stackIndex(op, entry));
      const bits = op.argument(X87_RESULT_SLOT, "i64");
      const truth = (bit: number): V => op.ne(op.and(bits, op.const(bit)), op.const(0));
      op.flagsCompare(truth(ZF), truth(PF), truth(CF));
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
