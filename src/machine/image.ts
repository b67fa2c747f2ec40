/** The state of a machine in an image: what its rooms say of themselves, put together. The bytes of pages are told apart from it. */

import type { ObjectImage, Plain, ValueType } from "../base/index.ts";
import { byteText, ImageError, int, LayoutTable, list, ObjectReader, ObjectWriter, struct, u32 } from "../base/index.ts";
import type { Feature, ProcessorImage } from "../cpu/index.ts";
import { allFeatures, processorType, readProcessor, writeProcessor } from "../cpu/index.ts";
import type { HostMount, SavedMount, StartOptions } from "../linux/index.ts";
import { BusyError, kernelLayouts, loadStart, mountsType, restoreKernel, savedMounts, saveKernel, saveStart, unsavable } from "../linux/index.ts";
import { AddressSpace, memoryLayouts, PageStore } from "../memory/index.ts";
import type { BlankOptions } from "./machine.ts";
import { Machine } from "./machine.ts";

/** Rises whenever something changes that a guest can see: CPUID, system calls, what /proc says. */
export const MACHINE_REVISION = 2;

const layouts = new LayoutTable([...memoryLayouts, ...kernelLayouts]);

const plainType: ValueType<Plain> = { save: (value) => value, load: (plain) => plain };
const objectsType = struct({ layouts: list(list(byteText)), objects: list(list(plainType)) });

interface MachineFields {
  readonly instructions: number;
  readonly features: readonly string[];
  readonly processor: ProcessorImage;
  readonly start: Plain;
  readonly mounts: readonly SavedMount[];
  readonly kernel: Plain;
  /** Number of the address space. */
  readonly space: number;
  readonly objects: ObjectImage;
}

const machineType: ValueType<MachineFields> = struct({
  instructions: int(),
  features: list(byteText),
  processor: processorType,
  start: plainType,
  mounts: mountsType,
  kernel: plainType,
  space: u32,
  objects: objectsType,
});

/** A machine's state, and the holders of pages in it with their numbers there. */
export interface MachineState {
  readonly plain: Plain;
  readonly spaces: readonly (readonly [number: number, space: AddressSpace])[];
  /** Contents of files, ascending. */
  readonly stores: readonly (readonly [number: number, store: PageStore])[];
}

/** What an image calls an object of the kernel's or of memory: its kind, whatever a bundler made of the class's name. */
export function kindOf(object: object): string {
  return layouts.of(object).name;
}

function isStore(object: object): object is PageStore {
  return object instanceof PageStore;
}

function isSpace(object: object): object is AddressSpace {
  return object instanceof AddressSpace;
}

/** The state of a machine that is not running. Throws BusyError where it cannot be told just now, Error where it has no image. */
export function saveMachine(machine: Machine): MachineState {
  const writer = new ObjectWriter(layouts);
  const { kernel, space, cpu } = machine;
  const spaceNumber = writer.indexOf(space);
  const kernelImage = saveKernel(kernel, writer);
  const objects = writer.finish();
  const [problem] = unsavable(
    Array.from(
      writer.found((_object): _object is object => true),
      ([, object]) => object,
    ),
  );
  if (problem !== undefined) throw new BusyError(problem);
  const plain = machineType.save(
    {
      instructions: cpu.instructions,
      features: [...machine.features].sort(),
      processor: readProcessor(space.view),
      start: saveStart(kernel, writer),
      mounts: savedMounts(kernel),
      kernel: kernelImage,
      space: spaceNumber,
      objects,
    },
    writer,
  );
  return { plain, spaces: [...writer.found(isSpace)], stores: [...writer.found(isStore)] };
}

/** What a restored machine is given anew. */
export type RestoreOptions = Pick<BlankOptions, "inputs" | "windowBits" | "prebuilt" | "regions" | "recycle">;

/** An image's state, understood as far as that is possible without a host. */
export interface ReadMachine {
  readonly fields: MachineFields;
  readonly start: StartOptions;
  /** Host directories that must be given again, by guest path. */
  readonly mounts: readonly SavedMount[];
}

const noObjects = {
  objectAt(): never {
    throw new ImageError("a reference where there is none");
  },
};

/** Understands the plain state. Throws ImageError. */
export function readMachine(plain: Plain): ReadMachine {
  const fields = machineType.load(plain, noObjects);
  fields.mounts.forEach(({ mount }, i) => {
    if (mount !== i) throw new ImageError("mounts are not numbered one after the other");
  });
  return { fields, start: loadStart(fields.start, noObjects), mounts: fields.mounts };
}

/** Makes a machine of the state; pages are still missing. Throws ImageError. */
export function restoreMachine(
  read: ReadMachine,
  options: RestoreOptions,
): { readonly machine: Machine; readonly state: Omit<MachineState, "plain"> } {
  const { fields, start, mounts } = read;
  const hostMounts: HostMount[] = mounts.map(({ mount, guest, readOnly }) => ({ mount, guest, readOnly }));
  const features = featureSet(fields.features);
  const machine = Machine.blank({ ...options, start, mounts: hostMounts, features });
  const { kernel, space, registers } = machine;
  const { answer } = kernel.host.request({ op: "streams" });
  const streams = answer !== "later" && "streams" in answer ? answer.streams : [];
  const env = { kernel, space, registers, streams };
  const reader = new ObjectReader(layouts, fields.objects, env);
  const spaces = [...reader.found(isSpace)];
  if (spaces.length !== 1 || spaces[0]?.[0] !== fields.space) throw new ImageError("it has not one address space, and this version knows no other");
  restoreKernel(kernel, fields.kernel, reader, env);
  writeProcessor(space.view, fields.processor);
  machine.cpu.instructions = fields.instructions;
  return { machine, state: { spaces, stores: [...reader.found(isStore)] } };
}

function unknownFeature(name: string): never {
  throw new ImageError(`its processor has ${name}, which this version does not know`);
}

function featureSet(names: readonly string[]): ReadonlySet<Feature> {
  return new Set(names.map((name) => [...allFeatures].find((known) => known === name) ?? unknownFeature(name)));
}
