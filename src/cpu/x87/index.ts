export { fullTags, fninit, fnsave, frstor } from "./control.ts";
export { ENVIRONMENT_BYTES, OPERAND_BYTES, REGISTERS_BYTES, REGISTER_STRIDE, X87State, exceptionPending } from "./state.ts";
export type { X87Offsets } from "./state.ts";
export { x87Table } from "./table.ts";
export type { X87Entry } from "./table.ts";
