/**
 * The interpreter's modules as bytes, made when tsvm is built: making them takes longer than a small program runs. Any number of entries, one
 * behind the other: a u32 each (little-endian) for the window's bits and the lengths of the features' names, of the main module and of
 * the module of warm forms; then these three.
 */

const HEADER = 16;

/** Features as an entry names them: the numbers of handlers depend on which rows there are. */
export function featureNames(features: ReadonlySet<string>): string {
  return [...features].toSorted().join();
}

export function packModules(windowBits: number, names: string, main: Uint8Array, warm: Uint8Array): Uint8Array {
  const packed = new Uint8Array(HEADER + names.length + main.length + warm.length);
  const view = new DataView(packed.buffer);
  [windowBits, names.length, main.length, warm.length].forEach((value, i) => view.setUint32(4 * i, value, true));
  for (let i = 0; i < names.length; i++) packed[HEADER + i] = names.charCodeAt(i);
  packed.set(main, HEADER + names.length);
  packed.set(warm, HEADER + names.length + main.length);
  return packed;
}

function hasNames(packed: Uint8Array, at: number, length: number, names: string): boolean {
  if (length !== names.length) return false;
  for (let i = 0; i < length; i++) if (packed[at + i] !== names.charCodeAt(i)) return false;
  return true;
}

/** Undefined where there are none for this window and these features. */
export function unpackModules(
  packed: Uint8Array,
  windowBits: number,
  names: string,
): { readonly main: Uint8Array; readonly warm: Uint8Array } | undefined {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  let at = 0;
  while (at + HEADER <= packed.length) {
    const length = view.getUint32(at + 4, true);
    const main = at + HEADER + length;
    const warm = main + view.getUint32(at + 8, true);
    const end = warm + view.getUint32(at + 12, true);
    if (view.getUint32(at, true) === windowBits && hasNames(packed, at + HEADER, length, names)) {
      return { main: packed.subarray(main, warm), warm: packed.subarray(warm, end) };
    }
    at = end;
  }
  return undefined;
}
