export type { FaultCode, FaultInfo } from "./address-space.ts";
export { Access, AddressSpace, Resolve } from "./address-space.ts";
export { Madvise } from "./advise.ts";
export type { FileBacking, FileIdentity, Protection } from "./area.ts";
export { Area, AreaFlag, PROT_EXEC, PROT_READ, PROT_WRITE } from "./area.ts";
export type { MapErrorCode } from "./errors.ts";
export { MapError, MemoryFault } from "./errors.ts";
export type { WindowLayout } from "./layout.ts";
export {
  isReservedSlot,
  NOMINAL_WINDOW_BITS,
  PAGE_SHIFT,
  PAGE_SIZE,
  RESERVED_BYTES,
  RESERVED_END,
  RESERVED_START,
  STATE_BYTES,
  TASK_SIZE,
  windowLayout,
} from "./layout.ts";
export type { MappingOptions, MapRequest } from "./mappings.ts";
export type { CodeListener } from "./page.ts";
export { Page } from "./page.ts";
export { PageStore, StoreBacking } from "./page-store.ts";
export { MMAP_BASE } from "./placement.ts";
export { Mremap } from "./remap.ts";
export type { MemoryEnvironment } from "./image.ts";
export { isZeroPage, makePrivatePages, memoryLayouts, privatePages, putStoredPage } from "./image.ts";
