// tsvm/node: the host adapter for Node.
export { NodeInputs } from "./inputs.ts";
export type { LateAnswer, NodeInputsOptions } from "./inputs.ts";
export type { MountDirectory } from "./mounts.ts";
export { fixedStart, hostStart } from "./start.ts";
