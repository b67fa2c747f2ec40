/** FXSAVE and FXRSTOR (SDM volume 2A; volume 1, 10.5): the image is made in cpu/fxsave.ts. */

import { FXSAVE_BYTES } from "../fxsave.ts";
import { Flag, FLAGS_SYSTEM, Vector } from "../state.ts";
import { insn } from "./insn.ts";
import type { Insn } from "./insn.ts";
import type { Op, V } from "./ops.ts";

/** Bytes of the image that one check covers. */
const CHECKED = 128;

/**
 * The image's address, aligned and accessible. A fault names the image's last byte where that is the one, as AMD's processors do; and as theirs, the
 * first four bytes' address and offset are looked at before the image's own alignment counts.
 */
function image(op: Op, check: (bits: number, linear: V) => void): void {
  const linear = op.linear(0);
  const outside = [linear, op.address(0)]
    .flatMap((address) => [address, op.add(address, op.const(3))])
    .map((address) => op.x("i64.shr_u", op.add(address, op.const(2 ** 47)), op.const(48)));
  op.if(op.ne(outside.reduce((a, b) => op.or(a, b)), op.const(0)), () => check(32, linear));
  const unaligned = (bytes: number): V => op.ne(op.and(linear, op.const(bytes - 1)), op.const(0));
  const checked = op.ne(op.and(op.state(FLAGS_SYSTEM, 32), op.const(Flag.AC)), op.const(0));
  op.raiseIf(op.x("i32.and", checked, unaligned(4)), Vector.AC);
  op.raiseIf(unaligned(16), Vector.GP);
  check(8, op.add(linear, op.const(FXSAVE_BYTES - 1)));
  for (let at = 0; at < FXSAVE_BYTES; at += CHECKED) check(8 * CHECKED, op.add(linear, op.const(at)));
  op.setArgument(0, linear);
}

function family(suffix: string, prefix: string, wide: number): Insn[] {
  const properties = { faults: true, feature: "fxsr" } as const;
  return [
    insn(`fxsave${suffix}`, [`${prefix} 0F AE /0 mem | M`], properties, (op) => {
      image(op, (bits, linear) => op.checkWrite(bits, linear));
      op.helper("fxsave", op.i32(wide));
    }),
    insn(`fxrstor${suffix}`, [`${prefix} 0F AE /1 mem | M`], properties, (op) => {
      image(op, (bits, linear) => op.checkRead(bits, linear));
      op.helper("fxrstor", op.i32(wide));
    }),
  ];
}

export const fxsr: readonly Insn[] = [...family("", "NP REX.W0", 0), ...family("64", "NP REX.W", 1)];
