// tsvm/web: a machine in a Worker, and the messages a page exchanges with it. The Worker's entry is tsvm/web/worker.
export { PageInputs } from "./inputs.ts";
export type { LateAnswer, PageInputsOptions } from "./inputs.ts";
export { OUTPUT_AHEAD } from "./messages.ts";
export type { Activity, Command, CpuView, InstructionView, Progress, RegisterView, Report, StartMessage, Streams } from "./messages.ts";
export { Session } from "./session.ts";
export type { SessionHost } from "./session.ts";
export { fixedStart } from "./start.ts";
