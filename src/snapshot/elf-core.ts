/** Reads the outer form of an image: ELF header, program headers, our note. Nothing is believed before it was compared with the file. */

import { decodeLatin1, ImageError } from "../base/index.ts";
import type { ImageHeader } from "./format.ts";
import {
  CPU_MODEL_SIZE,
  EHDR_SIZE,
  EM_X86_64,
  ET_CORE,
  FORMAT_VERSION,
  HEADER_SIZE,
  MAX_NOTES,
  MAX_SEGMENTS,
  MAX_STATE,
  NT_TSVM,
  PAGE,
  PHDR_SIZE,
  PN_XNUM,
  PT_LOAD,
  PT_NOTE,
  PT_TSVM_FILE,
  PT_TSVM_STATE,
  REQUIRED_FEATURES,
  SHDR_SIZE,
} from "./format.ts";

/** Where an image's bytes come from. */
export interface ImageSource {
  readonly size: number;
  /** Fills `into` with the bytes from `offset` on, which lie within the size. Throws ImageError where they cannot be read. */
  read(offset: number, into: Uint8Array): void;
}

export function bytesSource(bytes: Uint8Array): ImageSource {
  return { size: bytes.length, read: (offset, into) => into.set(bytes.subarray(offset, offset + into.length)) };
}

function take(source: ImageSource, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  source.read(offset, bytes);
  return bytes;
}

export interface Segment {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
  readonly memorySize: number;
}

export interface Note {
  readonly owner: string;
  readonly type: number;
  readonly content: Uint8Array;
}

/** The outer form of an image. */
export interface CoreFile {
  readonly source: ImageSource;
  readonly header: ImageHeader;
  readonly notes: readonly Note[];
  /** PT_LOAD, ascending. */
  readonly memory: readonly Segment[];
  /** PT_TSVM_FILE, in order. */
  readonly files: readonly Segment[];
  /** The state's bytes, not yet looked at. */
  readonly state: Uint8Array;
}

function part(source: ImageSource, offset: number, length: number, what: string): Uint8Array {
  if (offset + length > source.size) throw new ImageError(`${what} is cut off`);
  return take(source, offset, length);
}

function dataView(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** An unsigned 64-bit number; what is not exact in a number is larger than any file. */
function u64(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true);
}

function readSegments(source: ImageSource, ehdr: DataView): Segment[] {
  const at = u64(ehdr, 32);
  let count = ehdr.getUint16(56, true);
  if (ehdr.getUint16(54, true) !== PHDR_SIZE) throw new ImageError("its program headers have a wrong size");
  if (count === PN_XNUM) count = dataView(part(source, u64(ehdr, 40), SHDR_SIZE, "the section header")).getUint32(44, true);
  if (count > MAX_SEGMENTS) throw new ImageError("it has too many program headers");
  const view = dataView(part(source, at, count * PHDR_SIZE, "the list of program headers"));
  return Array.from({ length: count }, (_, i) => {
    const from = i * PHDR_SIZE;
    const segment = {
      type: view.getUint32(from, true),
      flags: view.getUint32(from + 4, true),
      offset: u64(view, from + 8),
      address: u64(view, from + 16),
      fileSize: u64(view, from + 32),
      memorySize: u64(view, from + 40),
    };
    if (segment.offset + segment.fileSize > source.size) throw new ImageError("a segment reaches behind its end");
    return segment;
  });
}

function readNotes(bytes: Uint8Array): Note[] {
  const view = dataView(bytes);
  const notes: Note[] = [];
  for (let at = 0; at < bytes.length;) {
    if (at + 12 > bytes.length) throw new ImageError("a note is cut off");
    const nameLength = view.getUint32(at, true);
    const length = view.getUint32(at + 4, true);
    const contentAt = at + 12 + Math.ceil(nameLength / 4) * 4;
    const next = contentAt + Math.ceil(length / 4) * 4;
    if (nameLength === 0 || next > bytes.length) throw new ImageError("a note is cut off");
    const owner = decodeLatin1(bytes.subarray(at + 12, at + 12 + Math.min(nameLength - 1, 16)));
    notes.push({ owner, type: view.getUint32(at + 8, true), content: bytes.subarray(contentAt, contentAt + length) });
    at = next;
  }
  return notes;
}

function readHeader(content: Uint8Array): ImageHeader {
  if (content.length < HEADER_SIZE) throw new ImageError("its header is cut off");
  const view = dataView(content);
  const model = decodeLatin1(content.subarray(32, 32 + CPU_MODEL_SIZE));
  return {
    formatVersion: view.getUint32(0, true),
    requiredFeatures: u64(view, 8),
    optionalFeatures: u64(view, 16),
    machineRevision: view.getUint32(24, true),
    cpuModel: model.includes("\0") ? model.slice(0, model.indexOf("\0")) : model,
    stateBytes: u64(view, 64),
  };
}

function demandSupported(header: ImageHeader): void {
  const { formatVersion, requiredFeatures, stateBytes } = header;
  if (formatVersion !== FORMAT_VERSION) throw new ImageError(`its format version is ${formatVersion}; this tsvm reads version ${FORMAT_VERSION}`);
  if (requiredFeatures !== REQUIRED_FEATURES) throw new ImageError("it needs features that this tsvm does not have");
  if (stateBytes > MAX_STATE) throw new ImageError("its state is too large");
}

function demandMemory(segments: readonly Segment[]): void {
  let end = 0;
  for (const { address, offset, fileSize, memorySize } of segments) {
    const aligned = address % PAGE === 0 && offset % PAGE === 0 && fileSize % PAGE === 0 && memorySize % PAGE === 0;
    if (!aligned || address < end || fileSize > memorySize || memorySize === 0)
      throw new ImageError("its memory segments overlap or are no whole pages");
    end = address + memorySize;
  }
}

/** Throws ImageError for whatever is no image that this version reads. */
export function readCore(source: ImageSource): CoreFile {
  if (source.size < EHDR_SIZE) throw new ImageError("it is no image of tsvm");
  const ident = take(source, 0, EHDR_SIZE);
  const ehdr = dataView(ident);
  if (ehdr.getUint32(0, false) !== 0x7f454c46 || ident[4] !== 2 || ident[5] !== 1) throw new ImageError("it is no image of tsvm");
  if (ehdr.getUint16(16, true) !== ET_CORE || ehdr.getUint16(18, true) !== EM_X86_64) throw new ImageError("it is no image of tsvm");
  const segments = readSegments(source, ehdr);
  const [first] = segments;
  if (first?.type !== PT_NOTE) throw new ImageError("it is no image of tsvm");
  if (first.fileSize > MAX_NOTES) throw new ImageError("its notes are too large");
  const notes = readNotes(take(source, first.offset, first.fileSize));
  const ours = notes.find(({ owner, type }) => owner === "TSVM" && type === NT_TSVM);
  if (ours === undefined) throw new ImageError("it is a core file, but no image of tsvm");
  const header = readHeader(ours.content);
  demandSupported(header);
  const memory = segments.filter(({ type }) => type === PT_LOAD);
  demandMemory(memory);
  const files = segments.filter(({ type }) => type === PT_TSVM_FILE);
  if (files.some(({ offset, fileSize }) => offset % PAGE !== 0 || fileSize % PAGE !== 0 || fileSize === 0))
    throw new ImageError("a file is no whole pages");
  const apart = segments.find(({ type }) => type === PT_TSVM_STATE);
  let state: Uint8Array;
  if (apart !== undefined) {
    if (apart.fileSize !== header.stateBytes) throw new ImageError("its state is cut off");
    state = take(source, apart.offset, apart.fileSize);
  } else {
    state = ours.content.subarray(HEADER_SIZE);
    if (state.length !== header.stateBytes) throw new ImageError("its state is cut off");
  }
  return { source, header, notes, memory, files, state };
}
