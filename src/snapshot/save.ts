/** Writes a machine that is not running as an image (docs/image-format.md). */

import type { Plain } from "../base/index.ts";
import { encodeLatin1 } from "../base/index.ts";
import type { Page } from "../memory/index.ts";
import { isZeroPage } from "../memory/index.ts";
import type { Machine } from "../machine/index.ts";
import { MACHINE_REVISION, saveMachine } from "../machine/index.ts";
import { encodeState } from "./cbor.ts";
import {
  CPU_MODEL_SIZE,
  EHDR_SIZE,
  EM_X86_64,
  ET_CORE,
  FORMAT_VERSION,
  HEADER_SIZE,
  MAX_NOTE_STATE,
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
  TSVM_OWNER,
} from "./format.ts";
import { coreNotes, note } from "./notes.ts";
import type { MemorySegment, Plan } from "./segments.ts";
import { planImage } from "./segments.ts";

/** An image that has not been written yet. It shows the machine's live memory: write it before the machine goes on. */
export interface Image {
  /** Bytes in all. */
  readonly size: number;
  /** The bytes in order. Each part is valid until the next is taken. */
  parts(): Iterable<Uint8Array>;
}

/** The name of the processor that an image's guest knows. */
export function cpuModel(features: ReadonlySet<string>): string {
  return features.has("avx2") ? "x86-64-v3" : features.has("sse4.2") ? "x86-64-v2" : "x86-64";
}

function tsvmHeader(machine: Machine, stateBytes: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, FORMAT_VERSION, true);
  view.setUint32(4, HEADER_SIZE, true);
  view.setUint32(8, REQUIRED_FEATURES, true);
  view.setUint32(24, MACHINE_REVISION, true);
  bytes.set(encodeLatin1(cpuModel(machine.features)).subarray(0, CPU_MODEL_SIZE), 32);
  view.setBigUint64(64, BigInt(stateBytes), true);
  return bytes;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function align(offset: number): number {
  return Math.ceil(offset / PAGE) * PAGE;
}

/** The image of a machine. Throws BusyError where its state cannot be told just now. */
export function saveImage(machine: Machine): Image {
  const { plain, spaces, stores } = saveMachine(machine);
  const [space] = spaces;
  if (space === undefined) throw new Error("a machine without memory has no image");
  const plan = planImage(space[1], stores);
  const files: Plain = plan.files.map(({ number, runs }) => [number, runs.map((run) => [...run])]);
  const state = encodeState({ machine: plain, files });
  return assemble(machine, plan, state);
}

function assemble(machine: Machine, plan: Plan, state: Uint8Array): Image {
  const inNote = state.length <= MAX_NOTE_STATE;
  const header = tsvmHeader(machine, state.length);
  const notes = join([...coreNotes(machine), note(TSVM_OWNER, NT_TSVM, inNote ? join([header, state]) : header)]);
  const fileSegments = plan.files.filter(({ dataPages }) => dataPages > 0);
  const count = 1 + plan.segments.length + fileSegments.length + (inNote ? 0 : 1);
  const extended = count >= PN_XNUM;
  const notesAt = EHDR_SIZE + PHDR_SIZE * count + (extended ? SHDR_SIZE : 0);
  const pagesAt = align(notesAt + notes.length);
  const stateAt = pagesAt + plan.totalPages * PAGE;
  const headers = new HeaderWriter(count, extended);
  headers.add({ type: PT_NOTE, flags: 0, offset: notesAt, address: 0, fileSize: notes.length, memorySize: 0, align: 4 });
  for (const segment of plan.segments) headers.add(loadHeader(segment, pagesAt, stateAt));
  for (const { firstPage, dataPages } of fileSegments) {
    headers.add({
      type: PT_TSVM_FILE,
      flags: 0,
      offset: pagesAt + firstPage * PAGE,
      address: 0,
      fileSize: dataPages * PAGE,
      memorySize: 0,
      align: PAGE,
    });
  }
  if (!inNote) headers.add({ type: PT_TSVM_STATE, flags: 0, offset: stateAt, address: 0, fileSize: state.length, memorySize: 0, align: 1 });
  return {
    size: inNote ? stateAt : stateAt + state.length,
    *parts() {
      yield headers.bytes;
      yield notes;
      yield new Uint8Array(pagesAt - notesAt - notes.length);
      yield* pageParts(plan);
      if (!inNote) yield state;
    },
  };
}

/** A segment without data lies behind all pages: at offset 0 BFD would take our own ELF header for the memory's and read the notes twice. */
function loadHeader({ address, flags, firstPage, dataPages, pages }: MemorySegment, pagesAt: number, pagesEnd: number): ProgramHeader {
  const offset = dataPages === 0 ? pagesEnd : pagesAt + firstPage * PAGE;
  return { type: PT_LOAD, flags, offset, address, fileSize: dataPages * PAGE, memorySize: pages * PAGE, align: PAGE };
}

interface ProgramHeader {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
  readonly memorySize: number;
  readonly align: number;
}

/** The ELF header and program headers; with 65,535 or more of these, also the section header that tells how many. */
class HeaderWriter {
  readonly bytes: Uint8Array;
  private readonly view: DataView;
  private next = EHDR_SIZE;

  constructor(count: number, extended: boolean) {
    this.bytes = new Uint8Array(EHDR_SIZE + PHDR_SIZE * count + (extended ? SHDR_SIZE : 0));
    this.view = new DataView(this.bytes.buffer);
    const { view } = this;
    this.bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]);
    view.setUint16(16, ET_CORE, true);
    view.setUint16(18, EM_X86_64, true);
    view.setUint32(20, 1, true);
    view.setBigUint64(32, BigInt(EHDR_SIZE), true);
    view.setUint16(52, EHDR_SIZE, true);
    view.setUint16(54, PHDR_SIZE, true);
    view.setUint16(56, extended ? PN_XNUM : count, true);
    if (!extended) return;
    const section = EHDR_SIZE + PHDR_SIZE * count;
    view.setBigUint64(40, BigInt(section), true);
    view.setUint16(58, SHDR_SIZE, true);
    view.setUint16(60, 1, true);
    view.setBigUint64(section + 32, 1n, true);
    view.setUint32(section + 44, count, true);
  }

  add({ type, flags, offset, address, fileSize, memorySize, align: alignment }: ProgramHeader): void {
    const { view, next } = this;
    view.setUint32(next, type, true);
    view.setUint32(next + 4, flags, true);
    [offset, address, 0, fileSize, memorySize, alignment].forEach((value, i) => {
      view.setUint32(next + 8 + 8 * i, value, true);
      view.setUint32(next + 12 + 8 * i, Math.floor(value / 2 ** 32), true);
    });
    this.next += PHDR_SIZE;
  }
}

function* allPages(plan: Plan): Iterable<Page> {
  yield* plan.privatePages;
  for (const { store, runs } of plan.files) {
    for (const [index, count, data] of runs) {
      if (!data) continue;
      for (let i = index; i < index + count; i++) {
        const page = store.page(i, false);
        if (page !== undefined && !isZeroPage(page.peek())) yield page;
      }
    }
  }
}

/** The pages' bytes; neighbours in memory as one part. */
function* pageParts(plan: Plan): Iterable<Uint8Array> {
  let run: Uint8Array | undefined;
  for (const page of allPages(plan)) {
    const bytes = page.peek();
    if (run !== undefined && run.buffer === bytes.buffer && run.byteOffset + run.length === bytes.byteOffset) {
      run = new Uint8Array(bytes.buffer, run.byteOffset, run.length + PAGE);
      continue;
    }
    if (run !== undefined) yield run;
    run = bytes;
  }
  if (run !== undefined) yield run;
}

/** The whole image as one array, for small machines and browsers. */
export function imageBytes(image: Image): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(image.size);
  let at = 0;
  for (const part of image.parts()) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
