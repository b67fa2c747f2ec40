/** SSE3 and SSE4.1 floating point off the usual path: see sse.ts. */

import { HELPER_AREA, MXCSR } from "../state.ts";
import { add, multiply, roundToIntegral, subtract } from "../sse/arithmetic.ts";
import type { Format } from "../sse/format.ts";
import { DOUBLE, SINGLE } from "../sse/format.ts";
import { Environment, Round } from "../sse/rounding.ts";
import type { Helper } from "./index.ts";
import { floatLane, perLane, raised, writeLane } from "./sse.ts";

const A = HELPER_AREA;
const B = HELPER_AREA + 16;
const RESULT = HELPER_AREA + 32;

const environment = new Environment();

function alternating(f: Format, lanes: number): Helper {
  return perLane(floatLane(f.bits), f.bits, lanes, (a, b, env, _, lane) => ((lane & 1) === 0 ? subtract : add)(f, a, b, env));
}

/** The immediate's bit 2: MXCSR.RC; bit 3: nothing is inexact. */
function rounding(f: Format, lanes: number): Helper {
  return perLane(floatLane(f.bits), f.bits, lanes, (a, _, env, imm) => {
    const rc = (imm & 4) === 0 ? imm & Round.zero : env.rc;
    return roundToIntegral(f, a, rc, (imm & 8) === 0, env);
  });
}

/** Products, then sums of neighbours: each step settles its exceptions before the next one is taken. */
function dotProduct(f: Format, lanes: 2 | 4): Helper {
  const bytes = f.bits / 8;
  return (context, imm) => {
    const { view } = context;
    const read = (at: number): bigint => (f.bits === 32 ? BigInt(view.getUint32(at, true)) : view.getBigUint64(at, true));
    const env = environment;
    const step = (count: number, calculate: (i: number) => bigint): bigint[] | undefined => {
      const mxcsr = view.getUint32(MXCSR, true);
      env.load(mxcsr);
      let flags = 0;
      const results = Array.from({ length: count }, (_, i) => {
        env.flags = 0;
        const result = calculate(i);
        flags |= env.flags;
        return result;
      });
      return raised(context, mxcsr, flags) ? undefined : results;
    };
    let values = step(lanes, (i) => ((imm & (0x10 << i)) === 0 ? 0n : multiply(f, read(A + bytes * i), read(B + bytes * i), env)));
    while (values !== undefined && values.length > 1) {
      const terms = values;
      values = step(terms.length / 2, (i) => add(f, terms[2 * i] ?? 0n, terms[2 * i + 1] ?? 0n, env));
    }
    if (values === undefined) return true;
    for (let i = 0; i < lanes; i++) writeLane(view, RESULT + bytes * i, f.bits, (imm & (1 << i)) === 0 ? 0n : (values[0] ?? 0n));
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
