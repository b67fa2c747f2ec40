/** Mutated images: each one is refused with an ImageError or restored, within bounds of time; what is restored is also run and saved. */
import { BusyError } from "../../src/linux/index.ts";
import { bytesSource, describeImage, ImageError, imageBytes, openImage, restoreImage, saveImage } from "../../src/snapshot/index.ts";
import { decodeState, encodeState } from "../../src/snapshot/cbor.ts";
import { HEADER_SIZE } from "../../src/snapshot/format.ts";
import type { Plain } from "../../src/base/index.ts";
import { PipeHost } from "./support.ts";

/** Numbers that look random and follow from the seed. */
export function generator(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

type Random = (below: number) => number;

const INTERESTING = [0, 1, 0x7f, 0x80, 0xff, 0xfff, 0x1000, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];

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

/** The same image with another state: what somebody makes who knows the format. */
function withState(image: Uint8Array, random: Random): Uint8Array {
  const { core } = openImage(bytesSource(image));
  let plain = decodeState(core.state);
  for (let i = 1 + random(3); i > 0; i--) plain = mutatePlain(plain, random);
  const state = encodeState(plain);
  const old = core.state;
  const at = old.byteOffset - image.byteOffset;
  // The note is followed by padding: a state that fits takes the old one's place.
  if (state.length !== old.length) return rebuilt(image, at, state);
  const bytes = image.slice();
  bytes.set(state, at);
  return bytes;
}

/** Puts a state of another length into the last note and moves what follows by whole pages. */
function rebuilt(image: Uint8Array, at: number, state: Uint8Array): Uint8Array {
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

export interface FuzzResult {
  tried: number;
  refused: number;
  restored: number;
  /** Longest that one image took, in milliseconds. */
  longest: number;
}

/** Throws whatever is no ImageError, with the number of the image that did it. */
export function fuzzImages(image: Uint8Array, seed: number, seconds: number, most = Infinity, prebuilt?: Uint8Array): FuzzResult {
  const result: FuzzResult = { tried: 0, refused: 0, restored: 0, longest: 0 };
  const end = performance.now() + seconds * 1000;
  for (let i = 0; i < most && performance.now() < end; i++) {
    const random = generator(seed * 1_000_003 + i + 1);
    const bytes = random(2) === 0 ? mutateBytes(image, random) : withState(image, random);
    const started = performance.now();
    try {
      tryImage(bytes, prebuilt);
      result.restored++;
    } catch (error) {
      if (!(error instanceof ImageError)) throw new Error(`seed ${seed}, image ${i}`, { cause: error });
      result.refused++;
    }
    result.tried++;
    result.longest = Math.max(result.longest, performance.now() - started);
  }
  return result;
}

/** A guest's state that no kernel makes can end in anything that a guest can do, but not in an error of ours. */
function tryImage(bytes: Uint8Array, prebuilt?: Uint8Array): void {
  const image = openImage(bytesSource(bytes));
  const machine = restoreImage(image, { inputs: new PipeHost(), windowBits: 17, ...(prebuilt === undefined ? {} : { prebuilt }) });
  describeImage(image, machine);
  machine.run({ maxInstructions: 2000 });
  try {
    imageBytes(saveImage(machine));
  } catch (error) {
    if (!(error instanceof BusyError)) throw error;
  }
}
