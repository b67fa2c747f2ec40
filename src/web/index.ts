// tsvm/web: a machine in a Worker, and the messages a page exchanges with it. The Worker's entry is tsvm/web/worker.
export type { Moment } from "./history.ts";
export type { DescriptorDifference, ImageComparison, ImageSummary, MemoryDifference, RegisterDifference } from "./images.ts";
export type { InputEvent } from "./input-tape.ts";
export { PageInputs } from "./inputs.ts";
export type { PageInputsOptions, ReadAnswer } from "./inputs.ts";
export { PageBit } from "./looks.ts";
export type { AreaPicture, FileView, FrameView, InstructionView, LookCommand, LookReport, Looks, StackWord } from "./looks.ts";
export { OUTPUT_AHEAD } from "./messages.ts";
export type {
  Activity,
  Command,
  CpuView,
  FileForGuest,
  NewFiles,
  PauseReason,
  Progress,
  RegisterView,
  Report,
  RestoreMessage,
  Snapshot,
  StartMessage,
  Streams,
  Until,
} from "./messages.ts";
export { Session } from "./session.ts";
export type { SessionHost } from "./session.ts";
export { sha256Here } from "./sha256.ts";
