// What images hold and how they differ, as a page shows it.
import { Symbolizer } from "../debug/index.ts";
import type { Machine } from "../machine/index.ts";
import { bytesSource, compareImages, describeImage, type DescriptorDescription, detachedMachine, ImageError, openImage } from "../snapshot/index.ts";

/** An image in a line or two. */
export interface ImageSummary {
  readonly sha256: string;
  readonly instructions: number;
  /** Path of the program in the guest, and its arguments with argv[0]. */
  readonly program: string;
  readonly argv: readonly string[];
  /** Its standard input is a terminal. */
  readonly terminal: boolean;
  /** That terminal is still in the hands of its host's line discipline, which begins a new line after a line feed. */
  readonly raw: boolean;
  readonly machineRevision: number;
  /** Directories of its host that it needs. */
  readonly mounts: readonly string[];
}

export interface RegisterDifference {
  readonly name: string;
  /** In hexadecimal, all digits. */
  readonly before: string;
  readonly after: string;
}

/** A stretch of memory with differing bytes. */
export interface MemoryDifference {
  readonly start: number;
  readonly end: number;
  /** Bytes that differ. */
  readonly count: number;
  /** Name of its area: a file, `[heap]`, `[stack]`. */
  readonly area: string;
  readonly symbol: string | undefined;
  /** Its first bytes, in hexadecimal. */
  readonly before: string;
  readonly after: string;
}

export interface DescriptorDifference {
  readonly fd: number;
  /** As a sentence's end: "closed", or kind, name and offset. */
  readonly before: string;
  readonly after: string;
}

export interface ImageComparison {
  readonly instructions: readonly [number, number];
  readonly registers: readonly RegisterDifference[];
  readonly memory: readonly MemoryDifference[];
  /** Stretches that `memory` leaves out for being too many. */
  readonly moreMemory: number;
  /** Areas that only the first, or only the second has. */
  readonly removed: readonly string[];
  readonly added: readonly string[];
  readonly descriptors: readonly DescriptorDifference[];
}

const MAX_STRETCHES = 200;
const PREVIEW = 16;

/** Throws Error with a sentence. */
function refusing<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof ImageError) throw new Error(`This is no image that can be opened here: ${error.message}.`);
    throw error;
  }
}

export function summarize(image: Uint8Array): Omit<ImageSummary, "sha256"> {
  return refusing(() => {
    const opened = openImage(bytesSource(image));
    const machine = detachedMachine(opened);
    const { process, header, instructions, descriptors, mounts } = describeImage(opened, machine);
    return {
      instructions,
      program: process.program,
      argv: process.arguments,
      terminal: descriptors.some(({ fd, kind }) => fd === 0 && kind === "terminal-file"),
      raw: machine.kernel.vfs.tree.terminal?.taken === false,
      machineRevision: header.machineRevision,
      mounts: mounts.map(({ guest }) => guest),
    };
  });
}

function preview(machine: Machine, start: number, end: number): string {
  const bytes = new Uint8Array(Math.min(PREVIEW, end - start));
  const count = machine.space.peek(start, bytes);
  return Array.from(bytes.subarray(0, count), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

function descriptorText(descriptor: DescriptorDescription | undefined): string {
  return descriptor === undefined ? "closed" : `${descriptor.kind} ${descriptor.name}, offset ${descriptor.offset}`;
}

export function compare([first, second]: readonly [Uint8Array, Uint8Array]): ImageComparison {
  return refusing(() => {
    const opened = [openImage(bytesSource(first)), openImage(bytesSource(second))] as const;
    const a = detachedMachine(opened[0]);
    const b = detachedMachine(opened[1]);
    const found = compareImages(opened[0], opened[1], a, b);
    const symbolizer = new Symbolizer(b.space);
    return {
      instructions: found.instructions,
      registers: found.registers.map(([name, before, after]) => ({ name, before, after })),
      memory: found.memory.slice(0, MAX_STRETCHES).map(({ start, end, count }) => {
        const area = b.space.areaAt(start);
        return {
          start,
          end,
          count,
          area: area === undefined ? "" : b.space.areaName(area),
          symbol: symbolizer.at(start)?.text,
          before: preview(a, start, end),
          after: preview(b, start, end),
        };
      }),
      moreMemory: Math.max(0, found.memory.length - MAX_STRETCHES),
      removed: found.removed,
      added: found.added,
      descriptors: found.descriptors.map(([fd, before, after]) => ({ fd, before: descriptorText(before), after: descriptorText(after) })),
    };
  });
}
