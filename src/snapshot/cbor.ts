/** CBOR (RFC 8949) in its one deterministic form: what does not encode to the same bytes again is refused. */

import { decode, encode, rfc8949EncodeOptions } from "cborg";
import type { Plain } from "../base/index.ts";
import { ImageError } from "../base/index.ts";

export function encodeState(plain: Plain): Uint8Array {
  return encode(plain, rfc8949EncodeOptions);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** Throws ImageError. */
export function decodeState(bytes: Uint8Array): Plain {
  let plain: Plain;
  try {
    plain = decode(bytes, { strict: true, allowIndefinite: false, allowUndefined: false, allowNaN: false, rejectDuplicateMapKeys: true }) as Plain;
  } catch (error) {
    throw new ImageError(`the state is damaged: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!sameBytes(encodeState(plain), bytes)) throw new ImageError("the state is damaged: it is not in the one form it may have");
  return plain;
}
