/** Mutated images: each one is refused with an ImageError or restored, within bounds of time; what is restored is also run and saved. */
import { readFileSync } from "node:fs";
import { readProgram } from "../../programs/build.ts";
import { BusyError } from "../../src/linux/index.ts";
import type { Machine } from "../../src/machine/index.ts";
import type { OpenImage } from "../../src/snapshot/index.ts";
import { bytesSource, describeImage, ImageError, imageBytes, openImage, readCore, restoreImage, saveImage } from "../../src/snapshot/index.ts";
import { decodeState, encodeState } from "../../src/snapshot/cbor.ts";
import { HEADER_SIZE } from "../../src/snapshot/format.ts";
import type { Plain } from "../../src/base/index.ts";
import type { Case } from "../snapshot/support.ts";
import { modulesOfTests, PipeHost, programCase, Run } from "../snapshot/support.ts";
import type { FuzzResult, Random } from "./random.ts";
import { INTERESTING, pick, repeat } from "./random.ts";

function mutateBytes(image: Uint8Array, random: Random): Uint8Array {
  const bytes = image.slice();
  const view = new DataView(bytes.buffer);
  for (let i = 1 + random(4); i > 0; i--) {
    // Most of an image is pages, whose content cannot be wrong.
    const at = random(random(3) === 0 ? bytes.length : Math.min(bytes.length, 20_000));
    if (random(2) === 0) bytes[at] = random(256);
    else view.setUint32(Math.min(at & ~3, bytes.length - 4), INTERESTING[random(INTERESTING.length)]!, true);
  }
  return random(20) === 0 ? bytes.slice(0, random(bytes.length)) : bytes;
}

/** Replaces one value somewhere in the state by another. */
function mutatePlain(plain: Plain, random: Random, depth = 0): Plain {
  if (Array.isArray(plain) && plain.length > 0 && random(depth < 2 ? 50 : 8) !== 0) {
    const copy = [...(plain as Plain[])];
    const at = random(copy.length);
    copy[at] = mutatePlain(copy[at]!, random, depth + 1);
    if (random(40) === 0) copy.splice(at, 1);
    return copy;
  }
  if (typeof plain === "object" && plain !== null && !(plain instanceof Uint8Array) && !Array.isArray(plain)) {
    const copy: Record<string, Plain> = { ...(plain as Record<string, Plain>) };
    const names = Object.keys(copy);
    const name = names[random(Math.max(1, names.length))];
    if (name === undefined) return copy;
    if (random(60) === 0) delete copy[name];
    else copy[name] = mutatePlain(copy[name]!, random, depth + 1);
    return copy;
  }
  if (plain instanceof Uint8Array) {
    const copy = plain.slice(0, random(4) === 0 ? random(plain.length + 1) : plain.length);
    if (copy.length > 0) copy[random(copy.length)] = random(256);
    return copy;
  }
  switch (random(8)) {
    case 0:
      return null;
    case 1:
      return random(2) === 0;
    case 2:
      return "x".repeat(random(5));
    case 3:
      return [];
    case 4:
      return Infinity;
    case 5:
      return INTERESTING[random(INTERESTING.length)]!;
    case 6:
      return typeof plain === "number" ? plain + (random(3) - 1) : random(200);
    default:
      return 2 ** random(53) * (random(2) === 0 ? 1 : -1);
  }
}

/** An image and its state taken apart. */
interface Base {
  readonly bytes: Uint8Array;
  readonly state: Uint8Array;
  /** Its offset. */
  readonly stateAt: number;
  readonly plain: Plain;
}

function baseOf(bytes: Uint8Array): Base {
  const { state } = readCore(bytesSource(bytes));
  return { bytes, state, stateAt: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(state), plain: decodeState(state) };
}

/** The same image with another state: what somebody makes who knows the format. */
function withState({ bytes: image, state: old, stateAt: at, plain: saved }: Base, random: Random): Uint8Array {
  let plain = saved;
  for (let i = 1 + random(3); i > 0; i--) plain = mutatePlain(plain, random);
  const state = encodeState(plain);
  if (state.length !== old.length) return replaceState(image, at, state);
  const bytes = image.slice();
  bytes.set(state, at);
  return bytes;
}

/** Puts a state of another length into the last note, where one lies at `at`, and moves what follows by whole pages. */
export function replaceState(image: Uint8Array, at: number, state: Uint8Array): Uint8Array {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  const count = view.getUint16(56, true);
  const notesAt = Number(view.getBigUint64(64 + 8, true));
  const notesEnd = notesAt + Number(view.getBigUint64(64 + 32, true));
  const newEnd = at + Math.ceil(state.length / 4) * 4;
  const pagesAt = Math.ceil(notesEnd / 4096) * 4096;
  const moved = Math.max(0, Math.ceil(newEnd / 4096) * 4096 - pagesAt);
  const bytes = new Uint8Array(image.length + moved);
  bytes.set(image.subarray(0, at));
  bytes.set(state, at);
  bytes.set(image.subarray(pagesAt), pagesAt + moved);
  const into = new DataView(bytes.buffer);
  into.setBigUint64(64 + 32, BigInt(newEnd - notesAt), true);
  for (let i = 1; i < count; i++) {
    const offset = 64 + 56 * i + 8;
    into.setBigUint64(offset, into.getBigUint64(offset, true) + BigInt(moved), true);
  }
  into.setBigUint64(at - 8, BigInt(state.length), true);
  into.setUint32(at - HEADER_SIZE - 16, HEADER_SIZE + state.length, true);
  return bytes;
}

/** Tests of test/linux/calls. */
const CALLS = [
  "epoll_levels",
  "timerfd",
  "stream_peek",
  "descriptors_are_passed",
  "posix-timers",
  "signalfd",
  "pipes",
  "locks",
  "mapped-files",
  "listing",
];
const MOST_INSTRUCTIONS = 20e6;

/** Images of machines in the middle of something: a libc's start, many areas, pipes, timers, watched descriptors, signals, and a wait for input. */
function seeds(): Base[] {
  const calls = (name: string): Case => ({
    name: "calls",
    elf: readFileSync(new URL("../linux/calls/calls", import.meta.url)),
    argv: ["calls", name],
  });
  const guests = [...["hello-musl", "maps", "faults"].map((name) => programCase(readProgram(name))), ...CALLS.map(calls)];
  return guests.map((guest) => {
    const whole = Run.start(guest, 20);
    whole.to(MOST_INSTRUCTIONS);
    const run = Run.start(guest, 20);
    run.to(Math.floor(whole.machine.instructions * 0.7));
    return baseOf(run.image());
  });
}

let bases: readonly Base[] | undefined;

export function fuzzImages(seed: number, seconds: number, count: number, first = 0): FuzzResult {
  bases ??= seeds();
  const all = bases;
  let spare: Machine | undefined;
  const one = (random: Random, index: number): boolean => {
    const base = pick(random, all);
    // Most go into the machine of an earlier one, whatever that has left there.
    const recycle = index % 4 === 0 ? undefined : spare;
    const machine = tryImage(random(2) === 0 ? mutateBytes(base.bytes, random) : withState(base, random), recycle);
    spare = machine ?? spare;
    return machine !== undefined;
  };
  return repeat(seed, seconds, count, one, first);
}

/** A guest's state that no kernel makes can end in anything that a guest can do, but not in an error of ours. */
function tryImage(bytes: Uint8Array, recycle: Machine | undefined): Machine | undefined {
  let machine: Machine;
  let image: OpenImage;
  try {
    image = openImage(bytesSource(bytes));
    machine = restoreImage(image, {
      inputs: new PipeHost(),
      windowBits: 17,
      prebuilt: modulesOfTests(),
      ...(recycle === undefined ? {} : { recycle }),
    });
  } catch (error) {
    if (!(error instanceof ImageError) || /\n/.test(error.message)) throw error;
    return undefined;
  }
  describeImage(image, machine);
  machine.run({ maxInstructions: 2000 });
  try {
    imageBytes(saveImage(machine));
  } catch (error) {
    if (!(error instanceof BusyError)) throw error;
  }
  return machine;
}
