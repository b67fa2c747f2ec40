export { fninit, fnop, fnsave, frstor, fullTags } from "./control.ts";
export { CONTROL, ENVIRONMENT_BYTES, ES, OPERAND_BYTES, REGISTERS_BYTES, REGISTER_STRIDE, STATUS, X87State, exceptionPending } from "./state.ts";
export type { X87Offsets } from "./state.ts";
export { x87Table } from "./table.ts";
export type { X87Entry } from "./table.ts";
