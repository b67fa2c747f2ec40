export type { WasmInstance, WasmMemory, WasmModule, WasmTable } from "./host.ts";
export { decodeLatin1, decodeUtf8, encodeLatin1, encodeUtf8, webAssembly } from "./host.ts";
export type { AnyLayout, ClassOf, Derived, Layout, Plain, Referrer, Resolver, ValueType } from "./layout.ts";
export {
  as,
  bytes,
  bytesOf,
  derived,
  byteText,
  flag,
  i32,
  ImageError,
  int,
  int32s,
  lazyRef,
  list,
  mapOf,
  maybe,
  oneOf,
  ref,
  sharedRef,
  struct,
  tuple,
  u16,
  u32,
  u64,
  uint32s,
  whole,
  wholeOrInfinity,
} from "./layout.ts";
export type { ObjectImage } from "./object-image.ts";
export { LayoutTable, ObjectReader, ObjectWriter } from "./object-image.ts";
