/**
 * XSAVE's family on the guest's memory, whose accessibility the body has checked; XGETBV. The area's address is argument 0, the components asked for are
 * in EDX:EAX; `operand` 1: 64-bit pointers.
 */

import { clearSelectors } from "../fxsave.ts";
import { GPR, HELPER_AREA, Vector } from "../state.ts";
import type { SaveKind } from "../xsave.ts";
import { Component, componentsInUse, restoreXsave, saveXsave, XCR0, XSAVE_BYTES, XSAVE_LEGACY_BYTES } from "../xsave.ts";
import type { Helper, HelperContext } from "./helper.ts";

const bytes = new Uint8Array(XSAVE_BYTES);
const area = new DataView(bytes.buffer);

function address(view: DataView): number {
  return view.getUint32(HELPER_AREA, true) + view.getUint32(HELPER_AREA + 4, true) * 0x1_0000_0000;
}

/** The bits asked for that exist: none is in EDX. */
function mask(view: DataView): number {
  return view.getUint32(GPR, true) & XCR0;
}

function save(kind: SaveKind): Helper {
  return ({ view, space }, wide) => {
    const at = address(view);
    const asked = mask(view);
    const part = bytes.subarray(0, (asked & Component.avx) === 0 ? XSAVE_LEGACY_BYTES : XSAVE_BYTES);
    space.copyIn(at, part);
    if (saveXsave(view, area, asked, kind) && wide === 0) clearSelectors(area);
    space.copyOut(at, part);
    return false;
  };
}

function xrstor(context: HelperContext, wide: number): boolean {
  const { view, space } = context;
  const asked = mask(view);
  // Beyond the header as far as the body has found it accessible: what XRSTOR does not read may be missing.
  space.copyIn(address(view), bytes);
  if (wide === 0) clearSelectors(area);
  if (restoreXsave(view, area, asked)) return false;
  context.raise(Vector.GP, 0);
  return true;
}

/** EDX:EAX = XCR0, or what of it is in use. */
function xgetbv(context: HelperContext): boolean {
  const { view } = context;
  const register = view.getUint32(GPR + 8, true);
  if (register > 1) {
    context.raise(Vector.GP, 0);
    return true;
  }
  view.setUint32(GPR, register === 0 ? XCR0 : componentsInUse(view, true), true);
  for (const at of [GPR + 4, GPR + 16, GPR + 20]) view.setUint32(at, 0, true);
  return false;
}

export const xsaveHelpers: Readonly<Record<string, Helper>> = {
  xsave: save("all"),
  xsaveopt: save("optimized"),
  xsavec: save("compacted"),
  xrstor,
  xgetbv,
};
