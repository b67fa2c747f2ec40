/**
 * The interpreter's modules as bytes, made when tsvm is built: making them takes longer than a small program runs. Any number of entries, one
 * behind the other: a u32 each (little-endian) for the window's bits and the lengths of the name, of the main module and of
 * the module of warm forms; then these three.
 */

import { madeFrom } from "./made-from.ts";

const HEADER = 16;

/**
 * What an entry is found by: the numbers of handlers depend on which rows there are, everything else on the sources. Files of another version,
 * or of sources that were changed since, hold no entry of this name.
 */
export function entryName(features: ReadonlySet<string>, sources: string = madeFrom): string {
  return `${sources}:${[...features].toSorted().join()}`;
}

export function packModules(windowBits: number, name: string, main: Uint8Array, warm: Uint8Array): Uint8Array {
  const packed = new Uint8Array(HEADER + name.length + main.length + warm.length);
  const view = new DataView(packed.buffer);
  [windowBits, name.length, main.length, warm.length].forEach((value, i) => view.setUint32(4 * i, value, true));
  for (let i = 0; i < name.length; i++) packed[HEADER + i] = name.charCodeAt(i);
  packed.set(main, HEADER + name.length);
  packed.set(warm, HEADER + name.length + main.length);
  return packed;
}

function hasName(packed: Uint8Array, at: number, length: number, name: string): boolean {
  if (length !== name.length) return false;
  for (let i = 0; i < length; i++) if (packed[at + i] !== name.charCodeAt(i)) return false;
  return true;
}

/** Undefined where there are none of this name for this window. */
export function unpackModules(
  packed: Uint8Array,
  windowBits: number,
  name: string,
): { readonly main: Uint8Array; readonly warm: Uint8Array } | undefined {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  let at = 0;
  while (at + HEADER <= packed.length) {
    const length = view.getUint32(at + 4, true);
    const main = at + HEADER + length;
    const warm = main + view.getUint32(at + 8, true);
    const end = warm + view.getUint32(at + 12, true);
    if (view.getUint32(at, true) === windowBits && hasName(packed, at + HEADER, length, name)) {
      return { main: packed.subarray(main, warm), warm: packed.subarray(warm, end) };
    }
    at = end;
  }
  return undefined;
}
