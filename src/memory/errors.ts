/** A guest address that a typed accessor could not read or write. The kernel room answers with EFAULT. */
export class MemoryFault extends Error {
  /** The first inaccessible guest address. */
  readonly address: number;

  constructor(address: number) {
    super(`guest address 0x${address.toString(16)} is not accessible`);
    this.name = "MemoryFault";
    this.address = address;
  }
}

/** The errno names with which operations on areas fail. */
export type MapErrorCode = "EINVAL" | "ENOMEM" | "EEXIST" | "EACCES" | "EFAULT" | "EAGAIN" | "EPERM";

/** An operation on areas was refused; `code` is the errno that mmap(2), mprotect(2), mremap(2) or madvise(2) gives. */
export class MapError extends Error {
  readonly code: MapErrorCode;

  constructor(code: MapErrorCode) {
    super(code);
    this.name = "MapError";
    this.code = code;
  }
}
