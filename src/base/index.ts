export type { WasmInstance, WasmMemory, WasmModule, WasmTable } from "./host.ts";
export { decodeLatin1, decodeUtf8, encodeLatin1, encodeUtf8, webAssembly } from "./host.ts";
