/** Makes a machine of an image. Whatever is wrong with the image is an ImageError with one line to tell. */

import type { Plain, ValueType } from "../base/index.ts";
import { flag, ImageError, int, list, struct, tuple, u32 } from "../base/index.ts";
import type { Machine, ReadMachine, RestoreOptions } from "../machine/index.ts";
import { readMachine, restoreMachine } from "../machine/index.ts";
import type { AddressSpace, PageStore } from "../memory/index.ts";
import { makePrivatePages, putStoredPage } from "../memory/index.ts";
import { decodeState } from "./cbor.ts";
import type { CoreFile, ImageSource, Segment } from "./elf-core.ts";
import { readCore } from "./elf-core.ts";
import { PAGE } from "./format.ts";

/** Bytes of files read at a time; they stay together as long as any of their pages is outside of every window. */
const READ_BYTES = 2 ** 20;

const plainType: ValueType<Plain> = { save: (value) => value, load: (plain) => plain };
const stateType = struct({ machine: plainType, files: list(tuple(u32, list(tuple(int(), int(1), flag)))) });
type FileRuns = readonly (readonly [number: number, runs: readonly (readonly [index: number, count: number, data: boolean])[]])[];

/** An image, looked at but not yet a machine. */
export interface OpenImage {
  readonly core: CoreFile;
  readonly machine: ReadMachine;
  /** Contents of files by their number: runs of pages; those with data follow each other in the segments of files. */
  readonly files: FileRuns;
}

function noReference(): never {
  throw new ImageError("a reference where there is none");
}

/** Reads everything but pages. Throws ImageError. */
export function openImage(source: ImageSource): OpenImage {
  const core = readCore(source);
  const state = stateType.load(decodeState(core.state), { objectAt: noReference });
  return { core, machine: readMachine(state.machine), files: state.files };
}

/** A machine that goes on where the image was made. `inputs` has the image's mounts, in their order. Throws ImageError. */
export function restoreImage(image: OpenImage, options: RestoreOptions): Machine {
  const { machine, state } = restoreMachine(image.machine, options);
  const spaces = state.spaces[0];
  if (spaces === undefined) throw new ImageError("it has no memory");
  restoreFiles(image, new Map(state.stores));
  restoreMemory(image.core, spaces[1]);
  return machine;
}

function restoreFiles({ core, files }: OpenImage, stores: ReadonlyMap<number, PageStore>): void {
  let segment = 0;
  const seen = new Set<number>();
  let pages = 0;
  for (const [number, runs] of files) {
    const store = stores.get(number);
    if (store === undefined || seen.has(number)) throw new ImageError("the content of a file belongs to none");
    seen.add(number);
    const data = runs.reduce((sum, [, count, has]) => sum + (has ? count : 0), 0);
    // Pages that are zero take no room in the image, but some here.
    pages += runs.reduce((sum, [, count]) => sum + count, 0);
    if (pages * PAGE > 2 ** 36) throw new ImageError("its files are too large");
    if (data === 0) {
      putRuns(store, runs, () => undefined);
      continue;
    }
    const held = core.files[segment++];
    if (held === undefined || held.fileSize !== data * PAGE) throw new ImageError("the content of a file is cut off");
    let read = new Uint8Array(0);
    let [at, used] = [0, 0];
    putRuns(store, runs, () => {
      if (used === read.length) {
        read = new Uint8Array(Math.min(READ_BYTES, held.fileSize - at));
        core.source.read(held.offset + at, read);
        at += read.length;
        used = 0;
      }
      used += PAGE;
      return read.subarray(used - PAGE, used);
    });
  }
  if (segment !== core.files.length || seen.size !== stores.size) throw new ImageError("the contents of files do not agree with the files");
}

function putRuns(store: PageStore, runs: FileRuns[number][1], next: () => Uint8Array | undefined): void {
  let end = 0;
  for (const [index, count, data] of runs) {
    if (index < end) throw new ImageError("pages of a file are not in order");
    for (let i = index; i < index + count; i++) putStoredPage(store, i, data ? next() : undefined);
    end = index + count;
  }
}

/** What lies in the content of a file is that file's; all other data are pages of the address space's own. */
function restoreMemory({ source, memory, files }: CoreFile, space: AddressSpace): void {
  const contents = [...files].sort((a, b) => a.offset - b.offset);
  for (const segment of memory) {
    if (segment.fileSize === 0 || isShared(segment, contents)) continue;
    for (let at = 0; at < segment.fileSize;) {
      const bytes = makePrivatePages(space, (segment.address + at) / PAGE, (segment.fileSize - at) / PAGE);
      source.read(segment.offset + at, bytes);
      at += bytes.length;
    }
  }
}

function isShared({ offset }: Segment, contents: readonly Segment[]): boolean {
  let low = 0;
  let high = contents.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((contents[middle] as Segment).offset <= offset) low = middle + 1;
    else high = middle;
  }
  const before = contents[low - 1];
  return before !== undefined && offset < before.offset + before.fileSize;
}
