/** RDRAND and RDSEED: the operand's bytes from the machine's random source to argument 0, and to argument 1 whether there is one. */

import { HELPER_AREA } from "../state.ts";
import type { Helper, HelperContext } from "./helper.ts";

const bytes = new Uint8Array(8);

function random({ view, random: source }: HelperContext, size: number): boolean {
  bytes.fill(0);
  source?.fill(bytes.subarray(0, size));
  for (let i = 0; i < 8; i++) view.setUint8(HELPER_AREA + i, bytes[i] ?? 0);
  view.setUint32(HELPER_AREA + 16, source === undefined ? 0 : 1, true);
  view.setUint32(HELPER_AREA + 20, 0, true);
  return false;
}

export const randomHelpers: Readonly<Record<string, Helper>> = { random };
