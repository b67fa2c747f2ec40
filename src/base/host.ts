/**
 * The few host globals that the core uses and that no `lib.es*` declares.
 * Module-scoped declarations: they add nothing to anybody's global scope.
 */

export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

export interface WasmTable {
  readonly length: number;
  get(index: number): unknown;
  set(index: number, value: unknown): void;
  grow(delta: number): number;
}

export interface WasmModule {
  readonly __wasmModule?: never;
}

export interface WasmInstance {
  readonly exports: Record<string, unknown>;
}

interface WebAssemblyHost {
  readonly Memory: new (descriptor: { initial: number; maximum: number }) => WasmMemory;
  readonly Table: new (descriptor: { element: "anyfunc"; initial: number; maximum?: number }) => WasmTable;
  readonly Module: new (bytes: Uint8Array) => WasmModule;
  readonly Instance: new (module: WasmModule, imports?: Record<string, Record<string, unknown>>) => WasmInstance;
}

declare const WebAssembly: WebAssemblyHost;
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(input?: Uint8Array): string;
}
declare class TextEncoder {
  encode(input: string): Uint8Array<ArrayBuffer>;
}

export const webAssembly: WebAssemblyHost = WebAssembly;

const utf8 = new TextEncoder();
const utf8Lossy = new TextDecoder("utf-8", { ignoreBOM: true });

/** UTF-8 bytes of `text`. */
export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  return utf8.encode(text);
}

/** Text of UTF-8 `bytes`; malformed sequences become U+FFFD. */
export function decodeUtf8(bytes: Uint8Array): string {
  return utf8Lossy.decode(bytes);
}

/** One character per byte, code points 0 to 255: loses nothing, for paths and argv that need not be UTF-8. */
export function decodeLatin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** The inverse of {@link decodeLatin1}. */
export function encodeLatin1(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
