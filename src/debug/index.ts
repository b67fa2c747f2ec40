export { isShown, parseFilter, Strace } from "./strace.ts";
export type { StraceFilter, StraceOptions } from "./strace.ts";
