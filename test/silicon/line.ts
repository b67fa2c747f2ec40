/** Lines of test/insn: `BYTES | DISASSEMBLY | BEFORE => AFTER` (the format is described in test/insn/README.md). */

import {
  COMPARED_FLAGS,
  copyState,
  DATA_BYTES,
  defaultState,
  type Exception,
  GPR_NAMES,
  INSTRUCTION,
  OTHER_FLAGS,
  type Outcome,
  physical,
  type State,
  STATUS_FLAGS,
  STATUS_MASK,
} from "./state.ts";

export interface InsnLine {
  readonly bytes: Uint8Array;
  readonly text: string;
  readonly before: State;
  readonly after: Outcome;
  /** Status flags that the manual leaves undefined here. */
  readonly undefinedFlags: bigint;
  /** Bits of the x87 status word that are undefined here. */
  readonly undefinedStatus: number;
}

export const VECTORS: Readonly<Record<string, number>> = {
  "#DE": 0,
  "#DB": 1,
  "#BP": 3,
  "#OF": 4,
  "#UD": 6,
  "#NM": 7,
  "#NP": 11,
  "#SS": 12,
  "#GP": 13,
  "#PF": 14,
  "#MF": 16,
  "#AC": 17,
  "#XM": 19,
};
const vectorNames = new Map(Object.entries(VECTORS).map(([name, vector]) => [vector, name]));

/** Numbers below ten in decimal, the others in hexadecimal. */
export function number(value: bigint | number): string {
  return value < 10 ? value.toString() : `0x${value.toString(16)}`;
}

/** Hexadecimal digits, most significant first, in groups of eight. */
function wide(value: bigint, digits: number): string {
  return value
    .toString(16)
    .padStart(digits, "0")
    .replace(/(?<=.)(?=(.{8})+$)/g, "_");
}

export function hexBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function parseBytes(text: string): Uint8Array {
  return Uint8Array.from(text.replace(/\s/g, "").match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
}

interface Undefined {
  flags: bigint;
  status: number;
}

function applyItem(item: string, state: State, masks: Undefined): void {
  const at = item.indexOf("=");
  const name = item.slice(0, at);
  const value = item.slice(at + 1);
  const digits = value.replaceAll("_", "");
  const gpr = GPR_NAMES.indexOf(name);
  if (gpr >= 0) {
    state.gpr[gpr] = BigInt(value);
    return;
  }
  const other = OTHER_FLAGS.find(([flag]) => flag === name);
  if (other) {
    state.rflags = value === "1" ? state.rflags | other[1] : state.rflags & ~other[1];
    return;
  }
  const match = /^(xmm|ymm|st|mm)(\d+)$/.exec(name);
  if (match) {
    const i = Number(match[2]);
    const wideValue = BigInt(`0x${digits}`);
    if (match[1] === "xmm") state.xmm[i] = wideValue;
    else if (match[1] === "ymm") state.ymm[i] = wideValue;
    else if (match[1] === "st") state.x87[physical(state.fsw, i)] = wideValue;
    else state.x87[i] = (0xffffn << 64n) | wideValue;
    return;
  }
  if (name.startsWith("[")) {
    const bytes = parseBytes(value);
    const offset = Number.parseInt(name.slice(1, -1), 16);
    if (!(offset >= 0 && offset + bytes.length <= DATA_BYTES)) throw new Error(`outside the data page: ${item}`);
    state.data.set(bytes, offset);
    return;
  }
  switch (name) {
    case "flags": {
      if (value.length !== 6) throw new Error(`flags are six letters: ${item}`);
      STATUS_FLAGS.forEach(([letter, bit], i) => {
        const c = value[i];
        if (c !== letter && c !== "-" && c !== "?") throw new Error(`bad flag: ${item}`);
        if (c === "?") masks.flags |= bit;
        state.rflags = c === letter ? state.rflags | bit : state.rflags & ~bit;
      });
      return;
    }
    case "rip":
      state.rip = BigInt(value);
      return;
    case "fs":
    case "gs":
      state[name] = BigInt(value);
      return;
    case "fsw": {
      const [bits = "", mask] = value.split("/");
      state.fsw = Number(bits);
      if (mask) masks.status = 0xffff & ~Number(mask);
      return;
    }
    case "fcw":
    case "ftw":
    case "mxcsr":
      state[name] = Number(value);
      return;
    default:
      throw new Error(`unknown item: ${item}`);
  }
}

function items(text: string): string[] {
  const all = text.split(/\s+/).filter(Boolean);
  return [...all.filter((item) => item.startsWith("fsw=")), ...all.filter((item) => !item.startsWith("fsw="))];
}

/** The default state with the items of `text`. */
export function parseState(text: string): State {
  const state = defaultState();
  for (const item of items(text)) applyItem(item, state, { flags: 0n, status: 0 });
  return state;
}

export function parseLine(line: string): InsnLine {
  const [bytesText = "", text = "", states = ""] = line.split(" | ");
  const arrow = states.indexOf("=>");
  if (arrow < 0) throw new Error(`no => in: ${line}`);
  const bytes = parseBytes(bytesText);
  const before = parseState(states.slice(0, arrow));
  const state = copyState(before);
  const masks = { flags: 0n, status: 0 };
  const after = items(states.slice(arrow + 2));
  const fault = after.find((item) => item.startsWith("#"));
  let exception: Exception | undefined;
  if (fault) {
    const value = (name: string) => after.find((item) => item.startsWith(`${name}=`))?.slice(name.length + 1) ?? "0";
    const vector = VECTORS[fault];
    if (vector === undefined) throw new Error(`unknown exception: ${line}`);
    exception = { vector, error: Number(value("error")), cr2: BigInt(value("cr2")) };
  }
  state.rip = fault ? INSTRUCTION : INSTRUCTION + BigInt(bytes.length);
  for (const item of after) if (!/^(#|error=|cr2=)/.test(item)) applyItem(item, state, masks);
  return { bytes, text, before, after: { state, exception }, undefinedFlags: masks.flags, undefinedStatus: masks.status };
}

/** Lines of a file, with their numbers; empty lines and those that begin with # are comments. */
export function parseFile(text: string): { readonly number: number; readonly source: string; readonly line: InsnLine }[] {
  return text.split("\n").flatMap((source, i) => (/^\s*(#|$)/.test(source) ? [] : [{ number: i + 1, source, line: parseLine(source) }]));
}

function flagLetters(rflags: bigint, undefinedFlags: bigint): string {
  return STATUS_FLAGS.map(([letter, bit]) => (undefinedFlags & bit ? "?" : rflags & bit ? letter : "-")).join("");
}

export interface Shown {
  /** Status flags are shown also where they are as before. */
  readonly flags: boolean;
  readonly undefinedFlags: bigint;
  readonly undefinedStatus: number;
  /** Names that are shown although they are as in `from`. */
  readonly always: ReadonlySet<string>;
  /** x87 registers are shown as mm0 to mm7. */
  readonly mmx: boolean;
}

/** Items by which `to` differs from `from`. */
export function formatDifference(from: State, to: State, shown: Shown): string[] {
  const out: string[] = [];
  const item = (name: string, different: boolean, value: () => string) => {
    if (different || shown.always.has(name)) out.push(`${name}=${value()}`);
  };
  GPR_NAMES.forEach((name, i) => item(name, from.gpr[i] !== to.gpr[i], () => number(to.gpr[i]!)));
  const changed = ((from.rflags ^ to.rflags) & STATUS_MASK & ~shown.undefinedFlags) !== 0n;
  item("flags", shown.flags || changed, () => flagLetters(to.rflags, shown.undefinedFlags));
  for (const [name, bit] of OTHER_FLAGS) item(name, ((from.rflags ^ to.rflags) & bit) !== 0n, () => (to.rflags & bit ? "1" : "0"));
  item("fs", from.fs !== to.fs, () => number(to.fs));
  item("gs", from.gs !== to.gs, () => number(to.gs));
  item("fcw", from.fcw !== to.fcw, () => number(to.fcw));
  const mask = 0xffff & ~shown.undefinedStatus;
  item("fsw", ((from.fsw ^ to.fsw) & mask) !== 0, () => number(to.fsw & mask) + (mask === 0xffff ? "" : `/${number(mask)}`));
  item("ftw", from.ftw !== to.ftw, () => number(to.ftw));
  for (let i = 0; i < 8; i++) {
    const p = shown.mmx ? i : physical(to.fsw, i);
    const name = shown.mmx ? `mm${i}` : `st${i}`;
    const unwritten = shown.mmx && from.x87[p] === to.x87[p] && to.x87[p]! >> 64n !== 0xffffn;
    if (!unwritten)
      item(name, from.x87[p] !== to.x87[p], () =>
        shown.mmx ? wide(to.x87[p]! & 0xffff_ffff_ffff_ffffn, 16) : to.x87[p]!.toString(16).padStart(20, "0").replace(/^.{4}/, "$&_"),
      );
  }
  item("mxcsr", from.mxcsr !== to.mxcsr, () => number(to.mxcsr));
  for (let i = 0; i < 16; i++) {
    item(`xmm${i}`, from.xmm[i] !== to.xmm[i], () => wide(to.xmm[i]!, 32));
    item(`ymm${i}`, from.ymm[i] !== to.ymm[i], () => wide(to.ymm[i]!, 32));
  }
  if (Buffer.compare(from.data, to.data) === 0) return out;
  for (let start = 0; start < DATA_BYTES; start++) {
    if (from.data[start] === to.data[start]) continue;
    let last = start;
    for (let i = start; i < DATA_BYTES && i <= last + 8; i++) if (from.data[i] !== to.data[i]) last = i;
    out.push(`[${start.toString(16)}]=${hexBytes(to.data.subarray(start, last + 1))}`);
    start = last;
  }
  return out;
}

/** The right side of a line. */
export function formatAfter(length: number, before: State, after: Outcome, shown: Shown): string {
  const out: string[] = [];
  const { exception, state } = after;
  if (exception) {
    out.push(vectorNames.get(exception.vector) ?? `#${exception.vector}`);
    if (exception.vector === 14 || exception.error) out.push(`error=${number(exception.error)}`);
    if (exception.vector === 14) out.push(`cr2=${number(exception.cr2)}`);
  }
  if (state.rip !== (exception ? INSTRUCTION : INSTRUCTION + BigInt(length))) out.push(`rip=${number(state.rip)}`);
  return [...out, ...formatDifference(before, state, { ...shown, always: new Set() })].join(" ");
}

/** Empty where `actual` is what the line says, otherwise what it did, in the line's notation. */
export function compare(line: InsnLine, actual: Outcome): string {
  const expected = line.after;
  const mask = COMPARED_FLAGS & ~line.undefinedFlags;
  const state = copyState(actual.state);
  state.rflags = (expected.state.rflags & ~mask) | (state.rflags & mask);
  state.fsw = (expected.state.fsw & line.undefinedStatus) | (state.fsw & ~line.undefinedStatus);
  const shown: Shown = {
    flags: false,
    undefinedFlags: 0n,
    undefinedStatus: 0,
    always: new Set(),
    mmx: /(?<![xy])mm\d/.test(line.text),
  };
  const e = expected.exception;
  const a = actual.exception;
  const same =
    e?.vector === a?.vector &&
    e?.error === a?.error &&
    e?.cr2 === a?.cr2 &&
    expected.state.rip === state.rip &&
    formatDifference(expected.state, state, shown).length === 0;
  return same ? "" : formatAfter(line.bytes.length, line.before, { state, exception: a }, { ...shown, flags: true }) || "nothing";
}
