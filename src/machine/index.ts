export type { CpuModel } from "./cpu-models.ts";
export { cpuModels, defaultCpuModel } from "./cpu-models.ts";
export type { MachineState, ReadMachine, RestoreOptions } from "./image.ts";
export { kindOf, MACHINE_REVISION, readMachine, restoreMachine, saveMachine } from "./image.ts";
export type { BlankOptions, Intercept, MachineListener, MachineOptions, RunEnd, RunOptions } from "./machine.ts";
export { Machine } from "./machine.ts";
export { CpuRegisters } from "./registers.ts";
export { fixedStart } from "./start.ts";
