/**
 * The interpreter's modules in one file, made when tsvm is built: making them takes longer than a small program runs. A u32 each (little-endian)
 * for the window's bits, the length of the main module and the length of the module of warm forms; then the two modules.
 */

const HEADER = 12;

export function packModules(windowBits: number, main: Uint8Array, warm: Uint8Array): Uint8Array {
  const packed = new Uint8Array(HEADER + main.length + warm.length);
  const view = new DataView(packed.buffer);
  view.setUint32(0, windowBits, true);
  view.setUint32(4, main.length, true);
  view.setUint32(8, warm.length, true);
  packed.set(main, HEADER);
  packed.set(warm, HEADER + main.length);
  return packed;
}

/** Undefined where they were made for another window. */
export function unpackModules(packed: Uint8Array, windowBits: number): { readonly main: Uint8Array; readonly warm: Uint8Array } | undefined {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  if (view.getUint32(0, true) !== windowBits) return undefined;
  const warm = HEADER + view.getUint32(4, true);
  return { main: packed.subarray(HEADER, warm), warm: packed.subarray(warm, warm + view.getUint32(8, true)) };
}
