export { ImageError } from "../base/index.ts";
export type { CoreFile, ImageSource, Note, Segment } from "./elf-core.ts";
export { bytesSource, readCore } from "./elf-core.ts";
export type { ImageHeader } from "./format.ts";
export { FORMAT_VERSION } from "./format.ts";
export type { OpenImage } from "./restore.ts";
export { openImage, restoreImage } from "./restore.ts";
export type { Image } from "./save.ts";
export { imageBytes, saveImage } from "./save.ts";
