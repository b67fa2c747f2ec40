export type { MachineState, ReadMachine, RestoreOptions } from "./image.ts";
export { MACHINE_REVISION, readMachine, restoreMachine, saveMachine } from "./image.ts";
export type { BlankOptions, Intercept, MachineListener, MachineOptions, RunEnd, RunOptions } from "./machine.ts";
export { baselineFeatures, Machine } from "./machine.ts";
export { CpuRegisters } from "./registers.ts";
