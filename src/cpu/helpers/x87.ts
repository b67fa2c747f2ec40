/** x87 instructions as helpers: one for each entry of the table, named by its mnemonic and encoding. */

import { HELPER_AREA, X87_ENVIRONMENT, X87_REGISTERS } from "../state.ts";
import { type X87Entry, X87State, x87Table } from "../x87/index.ts";
import type { Helper, HelperContext } from "./helper.ts";

/** Argument slot for what a helper returns, behind the operand area. */
export const X87_RESULT_SLOT = 8;
const RESULT = HELPER_AREA + 16 * X87_RESULT_SLOT;

export function x87HelperName(entry: X87Entry): string {
  return `x87 ${entry.mnemonic} ${entry.encoding}`;
}

const states = new WeakMap<DataView, X87State>();
let lastView: DataView | undefined;
let lastState: X87State | undefined;

/** The x87 state of a context's Memory. */
export function x87StateOf(view: DataView): X87State {
  if (view === lastView && lastState !== undefined) return lastState;
  let state = states.get(view);
  if (state === undefined) {
    state = new X87State(view, { registers: X87_REGISTERS, environment: X87_ENVIRONMENT, operand: HELPER_AREA });
    states.set(view, state);
  }
  lastView = view;
  lastState = state;
  return state;
}

/** `operand`: i of ST(i), with bit 3 the condition of FCMOVcc; or 1 for a 16-bit image. Memory operands are in the operand area. */
function helperOf(entry: X87Entry): Helper {
  const done = (context: HelperContext, value: number): boolean => {
    context.view.setInt32(RESULT, value, true);
    context.view.setInt32(RESULT + 4, 0, true);
    return false;
  };
  switch (entry.kind) {
    case "register":
      return (context, operand) => {
        entry.run(x87StateOf(context.view), operand);
        return false;
      };
    case "load":
      return ({ view }) => {
        const low = entry.bytes === 2 ? view.getUint16(HELPER_AREA, true) : view.getUint32(HELPER_AREA, true);
        const high = entry.bytes > 4 ? view.getUint32(HELPER_AREA + 4, true) : 0;
        entry.run(x87StateOf(view), low, high, entry.bytes > 8 ? view.getUint16(HELPER_AREA + 8, true) : 0);
        return false;
      };
    case "store":
    case "ax":
      return (context) => done(context, entry.run(x87StateOf(context.view)));
    case "load-image":
      return (context, operand) => {
        entry.run(x87StateOf(context.view), operand);
        return false;
      };
    case "store-image":
    case "flags":
      return (context, operand) => done(context, entry.run(x87StateOf(context.view), operand));
    case "condition":
      return (context, operand) => {
        entry.run(x87StateOf(context.view), operand & 7, operand >> 3);
        return false;
      };
  }
}

export const x87Helpers: Readonly<Record<string, Helper>> = Object.fromEntries(
  x87Table.map((entry): [string, Helper] => [x87HelperName(entry), helperOf(entry)]),
);
