/** Repeat prefixes. */

import type { Insn } from "../isa/insn.ts";
import type { V } from "../isa/ops.ts";
import { FLAGS_SYSTEM, Flag } from "../state.ts";
import type { Binding } from "./binding.ts";
import type { Emitter } from "./emitter.ts";
import type { Node } from "./graph.ts";
import { node } from "./values.ts";

/** The body with its repeat prefix: one iteration, and the same record again where there are more. */
export function repeat(emitter: Emitter, binding: Binding, { semantics, properties }: Insn): void {
  const bits = emitter.addressSize;
  const count = node(emitter.reg(1, bits));
  emitter.if(emitter.eqz(count), () => binding.next());
  if (properties.bulk !== undefined) bulk(emitter, binding, count, properties.bulk);
  semantics(emitter);
  const rest = emitter.sub(count, emitter.const(1));
  emitter.setReg(1, bits, rest);
  let more: V = emitter.ne(emitter.zext(rest, bits), emitter.const(0));
  if (properties.rep === "repz") more = emitter.x("i32.and", more, emitter.cond(emitter.form.rep === 0xf3 ? 4 : 5));
  emitter.if(more, () => binding.again());
}

/**
 * Many elements at once: as many as there are, as the pages of both ends hold, and as the budget allows. Only upwards, where the pages can be
 * accessed directly, and where a copy does not overlap its own result.
 */
function bulk(emitter: Emitter, binding: Binding, count: Node, kind: "copy" | "fill"): void {
  if (emitter.addressSize !== 64 || emitter.form.mode !== "none") return;
  const bytes = emitter.size(0) / 8;
  const shift = emitter.const(31 - Math.clz32(bytes));
  const to = node(emitter.reg(7, 64));
  const from = kind === "copy" ? node(emitter.reg(6, 64)) : undefined;
  const target = binding.direct(to, "write");
  const source = from === undefined ? undefined : binding.direct(from, "read");
  if (target === undefined) return;
  const minimum = (a: V, b: V): V => emitter.select(emitter.ltu(a, b), a, b);
  const room = (address: V): V => emitter.shr(emitter.sub(emitter.const(4096), emitter.and(address, emitter.const(4095))), shift);
  let n = minimum(count, room(to));
  if (from !== undefined) n = minimum(n, room(from));
  n = minimum(n, emitter.add(emitter.bool(binding.budget()), emitter.const(1)));
  const length = emitter.shl(n, shift);
  const upwards = emitter.eqz(emitter.and(emitter.state(FLAGS_SYSTEM, 32), emitter.const(Flag.DF)));
  let possible = emitter.x("i32.and", emitter.x("i32.and", upwards, target.truth), emitter.x("i64.gt_u", n, emitter.const(1)));
  let value: V = emitter.const(0);
  if (from !== undefined && source !== undefined) {
    possible = emitter.x("i32.and", possible, source.truth);
    possible = emitter.x("i32.and", possible, emitter.x("i64.ge_u", emitter.sub(to, from), length));
  } else {
    value = emitter.get(1);
    const repeated = emitter.zext(emitter.mul(emitter.zext(value, 8), emitter.const(0x0101010101010101n)), emitter.size(0));
    possible = emitter.x("i32.and", possible, emitter.eq(value, repeated));
  }
  emitter.if(possible, () => {
    const amount = node(emitter.x("i32.wrap_i64", length));
    if (source !== undefined) emitter.graph.effect({ kind: "copy", args: [target.place, source.place, amount] });
    else emitter.graph.effect({ kind: "fill", args: [target.place, node(emitter.x("i32.wrap_i64", value)), amount] });
    emitter.setReg(7, 64, emitter.add(to, length));
    if (from !== undefined) emitter.setReg(6, 64, emitter.add(from, length));
    const rest = emitter.sub(count, n);
    emitter.setReg(1, 64, rest);
    binding.spend(node(emitter.x("i32.wrap_i64", emitter.sub(n, emitter.const(1)))));
    emitter.if(emitter.ne(rest, emitter.const(0)), () => binding.again());
    binding.next();
    emitter.gone();
  });
}
