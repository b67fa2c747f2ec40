export { DecodeStatus, Decoder } from "./decode/decoder.ts";
export { format } from "./decode/disasm.ts";
export { allFeatures } from "./decode/features.ts";
export { hardwareCapabilities } from "./helpers/cpuid.ts";
export type { Exception } from "./interpreter/interpreter.ts";
export { Interpreter, Stop } from "./interpreter/interpreter.ts";
export type { Decoded, Feature, Insn, RowSpec } from "./isa/insn.ts";
export { newDecoded } from "./isa/insn.ts";
export { allInsns } from "./isa/index.ts";
