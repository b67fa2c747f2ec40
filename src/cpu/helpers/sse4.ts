/** SSE3 and SSE4.1 floating point off the usual path: see sse.ts. */

import { HELPER_AREA, MXCSR } from "../state.ts";
import type { Binary } from "../sse/arithmetic.ts";
import { add, multiply, subtract } from "../sse/arithmetic.ts";
import { argumentSlot, RESULT_SLOT, WIDE } from "../sse/arguments.ts";
import { roundToIntegral } from "../sse/convert.ts";
import type { Format } from "../sse/operand.ts";
import { DOUBLE, Operand, SINGLE } from "../sse/operand.ts";
import { Environment, Round } from "../sse/environment.ts";
import { result } from "../sse/rounding.ts";
import type { Helper } from "./helper.ts";
import { perElement, raised, readLane, writeResult } from "./sse.ts";

const A = HELPER_AREA + 16 * argumentSlot(0, 0);
const B = HELPER_AREA + 16 * argumentSlot(1, 0);
const RESULT = HELPER_AREA + 16 * RESULT_SLOT;

const environment = new Environment();

const x: Operand = new Operand();
const y: Operand = new Operand();

function alternating(f: Format, lanes: number): Helper {
  return perElement(f, f.bits, lanes, (a, b, env, _, lane) => ((lane & 1) === 0 ? subtract : add)(f, a, b, env));
}

/** The immediate's bit 2: MXCSR.RC; bit 3: nothing is inexact. */
function rounding(f: Format, lanes: number): Helper {
  return perElement(f, f.bits, lanes, (a, _, env, imm) => {
    const rc = (imm & 4) === 0 ? imm & Round.zero : env.rounding;
    roundToIntegral(f, a, rc, (imm & 8) === 0, env);
  });
}

/** Products, then sums of neighbours: each step settles its exceptions before the next one is taken. */
function dotProduct(f: Format, elements: 2 | 4): Helper {
  const bytes = f.bits / 8;
  return (context, operand) => {
    const { view } = context;
    const env = environment;
    const end = operand & WIDE ? 32 : 16;
    /** `count` values at the beginning of each lane of the result, from two values each; one not chosen is zero. True: an exception was noted. */
    const step = (count: number, first: number, second: number, distance: number, operation: Binary, chosen: number): boolean => {
      const mxcsr = view.getUint32(MXCSR, true);
      env.load(mxcsr);
      let flags = 0;
      for (let offset = 0; offset < end; offset += 16) {
        for (let i = 0; i < count; i++) {
          if ((chosen & (1 << i)) === 0) {
            result.high = 0;
            result.low = 0;
          } else {
            env.raised = 0;
            readLane(view, first + offset + distance * i, f, x);
            readLane(view, second + offset + distance * i, f, y);
            operation(f, x, y, env);
            flags |= env.raised;
          }
          writeResult(view, RESULT + offset + bytes * i, f.bits);
        }
      }
      return raised(context, mxcsr, flags);
    };
    if (step(elements, A, B, bytes, multiply, operand >> 4)) return true;
    for (let count = elements / 2; count >= 1; count /= 2) if (step(count, RESULT, RESULT + bytes, 2 * bytes, add, -1)) return true;
    for (let offset = 0; offset < end; offset += 16) {
      for (let i = elements - 1; i >= 0; i--) {
        readLane(view, RESULT + offset, f, x);
        const chosen = (operand & (1 << i)) !== 0;
        result.high = chosen ? x.patternHigh : 0;
        result.low = chosen ? x.patternLow : 0;
        writeResult(view, RESULT + offset + bytes * i, f.bits);
      }
    }
    return false;
  };
}

export const sse4Helpers: Readonly<Record<string, Helper>> = {
  "sse addsubps": alternating(SINGLE, 4),
  "sse addsubpd": alternating(DOUBLE, 2),
  "sse roundps": rounding(SINGLE, 4),
  "sse roundpd": rounding(DOUBLE, 2),
  "sse roundss": rounding(SINGLE, 1),
  "sse roundsd": rounding(DOUBLE, 1),
  "sse dpps": dotProduct(SINGLE, 4),
  "sse dppd": dotProduct(DOUBLE, 2),
};
