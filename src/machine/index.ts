export type { MachineListener, MachineOptions, RunEnd } from "./machine.ts";
export { baselineFeatures, Machine } from "./machine.ts";
export { CpuRegisters } from "./registers.ts";
