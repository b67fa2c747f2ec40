/** Kinds of arguments that every family of calls uses. */
import { decodeLatin1 } from "../../base/index.ts";
import type { AddressSpace } from "../../memory/index.ts";
import { errno } from "../abi/errno.ts";
import { AT_FDCWD, PATH_MAX } from "../abi/fcntl.ts";
import { signalName } from "../abi/signal.ts";
import { members, type SigSet } from "../abi/sigset.ts";
import { signed64, type FieldKind, type Struct, type StructValues } from "../abi/struct.ts";
import type { Arg, Shown } from "./syscall.ts";
import { address as addressText, flagText, hex, hexParts, nameOf, quote, quoteHex, STRING_LIMIT } from "./text.ts";

/** Unsigned 64 bits as a number. */
export function unsigned64(low: number, high: number): number {
  return (high >>> 0) * 0x1_0000_0000 + (low >>> 0);
}

function arg<T>(direction: "in" | "out", decode: Arg<T>["decode"], show: Arg<T>["show"]): Arg<T> {
  return { direction, decode, show };
}

const asInt = (low: number): number => low;
const asUint = (low: number): number => low >>> 0;
const asUnsigned = (low: number, high: number): number => unsigned64(low, high);

export const int: Arg<number> = arg("in", asInt, String);
export const uint: Arg<number> = arg("in", asUint, (low) => String(low >>> 0));
/** Signed 64 bits: offsets. */
export const long: Arg<number> = arg("in", signed64, (low, high) => String((BigInt(high) << 32n) | BigInt(low >>> 0)));
/** size_t and unsigned long. */
export const size: Arg<number> = arg("in", asUnsigned, (low, high) => String((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)));
/** A guest address that the call does not read when decoding. */
export const address: Arg<number> = arg("in", asUnsigned, addressText);
/** An address that is written; what lies there is not shown. */
export const outAddress: Arg<number> = arg("out", asUnsigned, addressText);
export const hexLong: Arg<number> = arg("in", asUnsigned, hexParts);
export const octal: Arg<number> = arg("in", asUint, (low) => modeText(low >>> 0));
export const fd: Arg<number> = arg("in", asInt, String);
export const dirFd: Arg<number> = arg("in", asInt, (low) => (low === AT_FDCWD ? "AT_FDCWD" : String(low)));
export const pid: Arg<number> = arg("in", asInt, String);
export const signal: Arg<number> = arg("in", asInt, (low) => signalName(low));

export function modeText(mode: number): string {
  return mode === 0 ? "000" : "0" + mode.toString(8);
}

function stringAt(memory: AddressSpace, at: number): string {
  const bytes = memory.readCString(at, PATH_MAX);
  if (bytes.length >= PATH_MAX) throw errno.ENAMETOOLONG;
  return decodeLatin1(bytes);
}

/** A path as a byte string: ENAMETOOLONG, EFAULT. */
export const path: Arg<string> = arg(
  "in",
  (low, high, task) => stringAt(task.memory, unsigned64(low, high)),
  (low, high, shown) => showCString(low, high, shown, PATH_MAX),
);

/** A path, or undefined for a null pointer. */
export const pathOrNull: Arg<string | undefined> = arg(
  "in",
  (low, high, task) => ((low | high) === 0 ? undefined : stringAt(task.memory, unsigned64(low, high))),
  (low, high, shown) => showCString(low, high, shown, PATH_MAX),
);

/** A NUL-terminated string of at most `limit` bytes; what follows is cut. */
export function cString(limit: number): Arg<string> {
  return arg(
    "in",
    (low, high, task) => decodeLatin1(task.memory.readCString(unsigned64(low, high), limit)),
    (low, high, shown) => showCString(low, high, shown, STRING_LIMIT),
  );
}

function showCString(low: number, high: number, shown: Shown, limit: number): string {
  const at = unsigned64(low, high);
  if (at === 0) return "NULL";
  const bytes = new Uint8Array(limit);
  const got = shown.memory.copyIn(at, bytes);
  const end = bytes.subarray(0, got).indexOf(0);
  if (end < 0 && got < limit) return addressText(low, high);
  return quote(bytes.subarray(0, end < 0 ? limit : end), end < 0);
}

/** Bytes of memory in quotes, at most 32 shown; the address where they cannot be read. */
export function showBytes(memory: AddressSpace, at: number, length: number, inHex = false): string {
  if (at === 0) return "NULL";
  const bytes = new Uint8Array(Math.min(length, STRING_LIMIT));
  if (memory.copyIn(at, bytes) !== bytes.length) return hex(at);
  return (inHex ? quoteHex : quote)(bytes, length > STRING_LIMIT);
}

/** The address of bytes that the call reads; the argument at `countAt` says how many. */
export function inBytes(countAt: number): Arg<number> {
  return arg("in", asUnsigned, (low, high, shown) => showBytes(shown.memory, unsigned64(low, high), shown.long(countAt)));
}

/** The address of bytes that the call writes; its result says how many. */
export function outBytes(inHex = false): Arg<number> {
  return arg("out", asUnsigned, (low, high, shown) => {
    if (shown.result === undefined || shown.result < 0) return addressText(low, high);
    return showBytes(shown.memory, unsigned64(low, high), shown.result, inHex);
  });
}

/** A set of flags in an int; bits nobody named are shown in hexadecimal. */
export function flags(names: Readonly<Record<string, number>>, zero = "0", comment = ""): Arg<number> {
  return arg("in", asInt, (low) => flagText(low >>> 0, names, zero, comment));
}

/** One of several values. */
export function oneOf(names: Readonly<Record<string, number>>, comment: string): Arg<number> {
  return arg("in", asInt, (low) => nameOf(low, names, comment));
}

type Fields = Readonly<Record<string, FieldKind>>;

/** `{tv_sec=1, tv_nsec=0}`. */
export function showStruct<F extends Fields>(layout: Struct<F>, memory: AddressSpace, at: number): string {
  if (at === 0) return "NULL";
  const probe = new Uint8Array(layout.size);
  if (memory.copyIn(at, probe) !== layout.size) return hex(at);
  const values = layout.load(memory, at) as Readonly<Record<string, number>>;
  return `{${Object.entries(values)
    .map(([name, value]) => `${name}=${value}`)
    .join(", ")}}`;
}

/** How a structure is shown where `{name=value, ...}` is not what strace(1) prints. */
export type ShowStruct<F extends Fields> = (values: StructValues<F>, shown: Shown) => string;

function showAt<F extends Fields>(layout: Struct<F>, show: ShowStruct<F> | undefined, low: number, high: number, shown: Shown): string {
  const at = unsigned64(low, high);
  if (show === undefined || at === 0) return showStruct(layout, shown.memory, at);
  if (shown.memory.copyIn(at, new Uint8Array(layout.size)) !== layout.size) return hex(at);
  return show(layout.load(shown.memory, at), shown);
}

/** A structure that the call reads. */
export function inStruct<F extends Fields>(layout: Struct<F>, show?: ShowStruct<F>): Arg<StructValues<F>> {
  return arg(
    "in",
    (low, high, task) => layout.load(task.memory, unsigned64(low, high)),
    (low, high, shown) => showAt(layout, show, low, high, shown),
  );
}

/** A structure that the call reads, or undefined for a null pointer. */
export function inStructOrNull<F extends Fields>(layout: Struct<F>, show?: ShowStruct<F>): Arg<StructValues<F> | undefined> {
  return arg(
    "in",
    (low, high, task) => ((low | high) === 0 ? undefined : layout.load(task.memory, unsigned64(low, high))),
    (low, high, shown) => showAt(layout, show, low, high, shown),
  );
}

/** Where the call writes a structure; 0 may mean that it is not wanted. */
export function outStruct<F extends Fields>(layout: Struct<F>, show?: ShowStruct<F>): Arg<number> {
  return arg("out", asUnsigned, (low, high, shown) => {
    if (shown.result === undefined || shown.result < 0) return addressText(low, high);
    return showAt(layout, show, low, high, shown);
  });
}

/** Any place that the call writes, with its own way to be shown when the call succeeded. */
export function outPlace(show: (at: number, shown: Shown) => string): Arg<number> {
  return arg("out", asUnsigned, (low, high, shown) => {
    if ((low | high) === 0) return "NULL";
    if (shown.result === undefined || shown.result < 0) return addressText(low, high);
    return show(unsigned64(low, high), shown);
  });
}

/** Any place that the call reads, with its own way to be shown. */
export function inPlace(show: (at: number, shown: Shown) => string): Arg<number> {
  return arg("in", asUnsigned, (low, high, shown) => ((low | high) === 0 ? "NULL" : show(unsigned64(low, high), shown)));
}

/** `[INT CHLD]`, or `~[KILL]` where most are set. */
export function setText(set: Readonly<SigSet>): string {
  const inside = members(set);
  const name = (n: number): string => signalName(n).replace(/^SIG/, "");
  if (inside.length <= 32) return `[${inside.map(name).join(" ")}]`;
  const outside = members({ low: ~set.low, high: ~set.high });
  return `~[${outside.map(name).join(" ")}]`;
}

function loadSet(memory: AddressSpace, at: number): SigSet {
  return { low: memory.readI32(at), high: memory.readI32(at + 4) };
}

function showSet(low: number, high: number, shown: Shown): string {
  const at = unsigned64(low, high);
  if (at === 0) return "NULL";
  return shown.memory.copyIn(at, new Uint8Array(8)) === 8 ? setText(loadSet(shown.memory, at)) : hex(at);
}

/** A signal set that the call reads, or undefined for a null pointer. */
export const inSet: Arg<SigSet | undefined> = arg(
  "in",
  (low, high, task) => ((low | high) === 0 ? undefined : loadSet(task.memory, unsigned64(low, high))),
  showSet,
);

/** Where the call writes a signal set. */
export const outSet: Arg<number> = arg("out", asUnsigned, (low, high, shown) =>
  shown.result === undefined || shown.result < 0 ? addressText(low, high) : showSet(low, high, shown),
);

/** Writes a signal set. */
export function storeSet(memory: AddressSpace, at: number, set: Readonly<SigSet>): void {
  memory.writeU32(at, set.low >>> 0);
  memory.writeU32(at + 4, set.high >>> 0);
}
