// tsvm/node: the host adapter for Node.
export { NodeInputs } from "./inputs.ts";
export type { LateAnswer, NodeInputsOptions } from "./inputs.ts";
export type { MountDirectory } from "./mounts.ts";
export { runToEnd } from "./run-to-end.ts";
export type { Checkpoint, FinalEnd, RunToEndOptions } from "./run-to-end.ts";
export { isRawTerminal } from "./terminal.ts";
export { hostStart } from "./start.ts";
