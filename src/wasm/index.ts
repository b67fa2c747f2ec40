export { Code } from "./code.ts";
export { ModuleWriter } from "./module.ts";
export type { Operator, ValType } from "./opcodes.ts";
export { memoryOperator, operator } from "./opcodes.ts";
