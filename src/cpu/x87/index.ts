export { CONTROL_FIXED, CONTROL_MASK, fnop, fnsave, frstor } from "./control.ts";
export { BUSY, CONTROL, ES, STATUS, TAGS, X87State } from "./state.ts";
export type { X87Entry } from "./table.ts";
export { x87Table } from "./table.ts";
