/** The window's tags (memory/layout.ts) in lists of values. */

import type { WindowLayout } from "../../memory/index.ts";
import type { Graph, Node } from "./graph.ts";

export type WindowTags = Pick<WindowLayout, "windowBits" | "readTags" | "writeTags">;

/** The tag (i64) of the slot that `linear` falls on, and the low half of the address. */
export function accessTag(g: Graph, layout: WindowTags, linear: Node, access: "read" | "write"): { readonly low: Node; readonly tag: Node } {
  const low = g.op("i32.wrap_i64", [linear]);
  const slots = 2 ** (layout.windowBits - 12);
  const slot = g.op("i32.and", [g.op("i32.shr_u", [low, g.i32(9)]), g.i32((slots - 1) * 8)]);
  return { low, tag: g.load("i64.load", slot, access === "read" ? layout.readTags : layout.writeTags) };
}

/** Where in the Memory the byte is whose address ends with `low`. */
export function inWindow(g: Graph, { windowBits }: WindowTags, low: Node): Node {
  return windowBits === 32 ? low : g.op("i32.and", [low, g.i32(2 ** windowBits - 1)]);
}
