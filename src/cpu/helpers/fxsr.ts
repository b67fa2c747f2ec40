/** FXSAVE and FXRSTOR on the guest's memory, which the body has checked. The image's address is argument 0; `operand` 1: 64-bit pointers. */

import { clearSelectors, FXSAVE_BYTES, restoreFxsave, saveFxsave } from "../fxsave.ts";
import { HELPER_AREA, Vector } from "../state.ts";
import type { Helper, HelperContext } from "./helper.ts";

const image = new Uint8Array(FXSAVE_BYTES);
const view = new DataView(image.buffer);

function address(context: HelperContext): number {
  return context.view.getUint32(HELPER_AREA, true) + context.view.getUint32(HELPER_AREA + 4, true) * 0x1_0000_0000;
}

function fxsave(context: HelperContext, wide: number): boolean {
  const at = address(context);
  context.space.copyIn(at, image);
  saveFxsave(context.view, image);
  if (wide === 0) clearSelectors(view);
  context.space.copyOut(at, image);
  return false;
}

function fxrstor(context: HelperContext, wide: number): boolean {
  context.space.copyIn(address(context), image);
  if (wide === 0) clearSelectors(view);
  if (restoreFxsave(context.view, image)) return false;
  context.raise(Vector.GP, 0);
  return true;
}

export const fxsrHelpers: Readonly<Record<string, Helper>> = { fxsave, fxrstor };
