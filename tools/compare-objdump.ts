/**
 * Compares the decoder with `objdump -d -M intel` over whole binaries: lengths always, text where a row describes the instruction.
 *
 *     tsx tools/compare-objdump.ts [--text] [--sample=FILE] BINARY...
 *
 * `--sample`: writes one instruction of each kind (row, operand size, addressing) with objdump's text, for tests that have no objdump.
 * Prints counts for each binary and every distinct difference with its first example. Exit status 1 where a length differs that no reviewed case
 * (test/decode/objdump-differences.md) explains; with --text also for text.
 */

import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

import { Decoder, DecodeStatus } from "../src/cpu/decode/decoder.ts";
import { format } from "../src/cpu/decode/disasm.ts";
import { allFeatures } from "../src/cpu/decode/features.ts";
import type { Decoded, Insn, RowSpec } from "../src/cpu/isa/insn.ts";
import { newDecoded } from "../src/cpu/isa/insn.ts";

interface Section {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** Executable PROGBITS sections of an ELF64 file. */
export function executableSections(file: Uint8Array): Section[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const table = Number(view.getBigUint64(0x28, true));
  const entrySize = view.getUint16(0x3a, true),
    count = view.getUint16(0x3c, true);
  const sections: Section[] = [];
  for (let i = 0; i < count; i++) {
    const at = table + i * entrySize;
    const executable = (view.getUint32(at + 8, true) & 4) !== 0;
    if (view.getUint32(at + 4, true) !== 1 || !executable) continue;
    const offset = Number(view.getBigUint64(at + 0x18, true)),
      size = Number(view.getBigUint64(at + 0x20, true));
    sections.push({ address: Number(view.getBigUint64(at + 0x10, true)), bytes: file.subarray(offset, offset + size) });
  }
  return sections;
}

/** objdump's text without symbols and padding; ours is compared after the same. */
export function normalise(text: string): string {
  let plain = text;
  const symbol = plain.indexOf(" <");
  if (symbol >= 0) {
    plain = plain.slice(0, symbol);
    plain = plain.replace(/([ ])([0-9a-f]+)$/, "$10x$2");
  }
  return plain.trimEnd().replace(/ {2,}/g, " ");
}

/** One line of objdump: address, length in bytes, text. */
export interface Line {
  readonly address: number;
  readonly length: number;
  readonly text: string;
}

/** A symbol of data in an executable section: objdump shows its bytes and their text. */
function isDump(length: number, text: string, bytes: string): boolean {
  const shown = bytes
    .trim()
    .split(" ")
    .map((byte) => Number.parseInt(byte, 16))
    .map((code) => (code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : "."));
  return length === shown.length && shown.join("").trim() === text.trim();
}

const LINE = /^ *([0-9a-f]+):\t((?:[0-9a-f]{2} )+) *\t?(.*)$/;

/** Calls `each` for every instruction that objdump prints. */
export async function eachObjdumpLine(file: string, each: (line: Line) => void): Promise<void> {
  const child = spawn("objdump", ["-d", "-w", "-z", "-M", "intel", file], { stdio: ["ignore", "pipe", "inherit"] });
  let rest = "";
  child.stdout.setEncoding("latin1");
  for await (const chunk of child.stdout as AsyncIterable<string>) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const match = LINE.exec(line);
      if (match === null) continue;
      const [, address = "", bytes = "", text = ""] = match;
      const length = bytes.length / 3;
      if (!isDump(length, text, bytes)) each({ address: Number.parseInt(address, 16), length, text });
    }
  }
}

/** LOCK in front of these is legal, so it must not be refused. */
const LOCKABLE = /\block (adc|add|and|btc|btr|bts|cmpxchg|cmpxchg8b|cmpxchg16b|dec|inc|neg|not|or|sbb|sub|xadd|xchg|xor) +[A-Z]+ PTR/;

/** Differences in length that are objdump's own, by name; objdump-differences.md says why. */
const REVIEWED: readonly [name: string, test: (line: Line, bytes: Uint8Array) => boolean][] = [
  ["fwait joined to the next x87 instruction", (line, bytes) => bytes[0] === 0x9b && line.length > 1],
  ["not an instruction for objdump", (line) => line.text.includes("(bad)") || line.text.startsWith(".byte")],
  ["LOCK where it is #UD", (line) => /\block\b/.test(line.text) && !LOCKABLE.test(line.text)],
  ["a segment register that does not exist, or a load of cs", (line) => line.text.includes("?") || line.text.includes("mov    cs,")],
  ["REX, 66, F2 or F3 before VEX", (line) => /^((rex(\.[WRXB]+)?|data16|repz|repnz) )+v[a-z]/.test(line.text)],
  [
    "3DNow!, FMA4 and the 287's instructions, which this CPU does not have",
    (line, bytes) => /287 only|^femms|^(vf(n?m)(add|sub|addsub|subadd)[ps][sd]) /.test(line.text) || (bytes[0] === 0x0f && bytes[1] === 0x0f),
  ],
  [
    "XOP and PadLock, which this CPU does not have",
    (line, bytes) =>
      /^(repz )?(vp|xstore|xcrypt|montmul|xsha|bl|t1mskc|tzmsk|[sl]lwpcb|lwp|bextr|vfrcz)/.test(line.text) &&
      (bytes.includes(0x8f) || bytes.includes(0xa7) || bytes.includes(0xa6)),
  ],
  [
    "a near branch with 66: 16 bits wide on AMD's CPUs only",
    (line, bytes) => bytes.includes(0x66) && /\b(jmpw|callw|retw|jo|jno|jb|jae|je|jne|jbe|ja|js|jns|jp|jnp|jl|jge|jle|jg|xbegin)\b/.test(line.text),
  ],
  [
    "a lone prefix printed as an instruction",
    (line) =>
      /^(data16|addr32|rex(\.[WRXB]+)?|lock|repz|repnz|cs|ds|es|ss|fs|gs|bnd)( (data16|addr32|cs|ds|es|ss|fs|gs|lock|repz|repnz|rex(\.[WRXB]+)?))*\s*$/.test(
        line.text,
      ),
  ],
];

/** Differences in text that are meant, by name, in the same way. */
const REVIEWED_TEXT: readonly [name: string, test: (objdump: string, ours: string, bytes: Uint8Array) => boolean][] = [
  [
    "x87 aliases that the CPU runs and objdump does not know",
    (objdump, ours) => objdump.includes("(bad)") && /\bf(stp|com|comp|xch|freep)\b/.test(ours),
  ],
  ["not an instruction for objdump", (objdump) => objdump.includes("(bad)")],
  ["the 8087's and 287's control instructions, NOPs here", (objdump) => /8087 only|287 only/.test(objdump)],
  ["MPX, whose encodings are NOPs here", (objdump) => /\bbnd(ldx|stx|mk|mov|c[lun])\b/.test(objdump)],
  ["sldt, str and smsw to a register of 16 bits here", (objdump) => /\b(sldt|str|smsw|verr|verw|lldt|ltr|lmsw)\b/.test(objdump)],
  ["32-bit address relative to RIP, signed or not", (objdump) => objdump.includes("[eip")],
  ["F2 and F3 as hints of lock elision", (objdump) => /\bxacquire|xrelease\b/.test(objdump)],
  ["F2 twice before a branch", (objdump, ours) => objdump.includes("repnz bnd") && ours.includes("bnd bnd")],
  ["a prefix without effect, by another name or place", (objdump, ours) => withoutPrefixes(objdump) === withoutPrefixes(ours)],
  ["a near branch with 66: 16 bits wide on AMD's CPUs only", (_, ours, bytes) => bytes.includes(0x66) && /\b(jmp|call|ret|j[a-z]+)\b/.test(ours)],
  ["fwait behind a prefix", (_, ours) => ours === "fwait"],
];

function withoutPrefixes(text: string): string {
  return text.replace(/^((data16|addr32|rex(\.[WRXB]+)?|lock|repz|repnz|rep|bnd|notrack|cs|ds|es|ss|fs|gs) )+/, "");
}

export interface Comparison {
  instructions: number;
  lengthDifferences: number;
  reviewed: Map<string, number>;
  withRow: number;
  implemented: number;
  textDifferences: number;
  /** No instruction for either, with the same length. */
  refused: number;
  /** With an EVEX prefix. */
  evex: number;
  /** Kind of difference to count and first example. */
  readonly differences: Map<string, { count: number; example: string }>;
}

/** One instruction of each kind, by kind: address, bytes, objdump's text. */
export type Sample = Map<string, string>;

function addToSample(sample: Sample, row: RowSpec, out: Decoded, bytes: Uint8Array, text: string): void {
  const { operandSize, memory, base, index, ripRelative, segment, addressSize, rep, lock, vexL, evex } = out;
  const place = memory ? `${base >= 0} ${index >= 0} ${ripRelative} ${segment} ${addressSize}` : "reg";
  const length = evex === 0 ? "" : ` ${vexL}`;
  const key = `${row.mnemonic} ${row.text} ${operandSize} ${rep} ${lock} ${place}${length}`;
  if (!sample.has(key)) sample.set(key, `${out.address.toString(16)} | ${Buffer.from(bytes).toString("hex")} | ${text}`);
}

export async function compareFile(file: string, decoder: Decoder, sample?: Sample): Promise<Comparison> {
  const sections = executableSections(readFileSync(file));
  const out = newDecoded();
  const result: Comparison = {
    instructions: 0,
    lengthDifferences: 0,
    reviewed: new Map(),
    withRow: 0,
    implemented: 0,
    textDifferences: 0,
    refused: 0,
    evex: 0,
    differences: new Map(),
  };
  const note = (kind: string, example: () => string): void => {
    const known = result.differences.get(kind);
    if (known !== undefined) known.count++;
    else result.differences.set(kind, { count: 1, example: example() });
  };
  let section = sections[0];
  await eachObjdumpLine(file, (line) => {
    if (section === undefined || line.address < section.address || line.address >= section.address + section.bytes.length) {
      section = sections.find((s) => line.address >= s.address && line.address < s.address + s.bytes.length);
      if (section === undefined) throw new Error(`${file}: objdump shows ${line.address.toString(16)}, in no executable section`);
    }
    const offset = line.address - section.address;
    const status = decoder.decode(section.bytes, offset, section.bytes.length, line.address, out);
    result.instructions++;
    const bytes = section.bytes.subarray(offset, offset + Math.max(line.length, out.length));
    const show = (ours: string): string =>
      `${line.address.toString(16)}: ${Buffer.from(bytes).toString("hex")}: objdump ${line.length} "${normalise(line.text)}", ours ${out.length} "${ours}" (status ${status})`;
    const bad = line.text.includes("(bad)");
    if (out.length !== line.length || (status !== DecodeStatus.ok && status !== DecodeStatus.unimplemented && !bad)) {
      const reviewed = REVIEWED.find(([, test]) => test(line, bytes));
      if (reviewed !== undefined) result.reviewed.set(reviewed[0], (result.reviewed.get(reviewed[0]) ?? 0) + 1);
      else {
        const kind = out.length === line.length ? "status" : "length";
        if (kind === "length") result.lengthDifferences++;
        note(`${kind} ${normalise(line.text).split(" ")[0]}`, () => show(out.row < 0 ? "?" : format(out, decoder.rows)));
      }
      return;
    }
    const row = decoder.rows[out.row];
    if (row === undefined) {
      if (bad) result.refused++;
      else note(`no row: ${normalise(line.text).split(" ")[0]}`, () => show("?"));
      return;
    }
    result.withRow++;
    if (out.evex !== 0) result.evex++;
    if (status === DecodeStatus.ok) result.implemented++;
    const text = normalise(format(out, decoder.rows, { bytes: bytes.subarray(0, out.length) }));
    const expected = normalise(line.text);
    if (text !== expected) {
      const reviewed = REVIEWED_TEXT.find(([, test]) => test(expected, text, bytes));
      if (reviewed !== undefined) {
        const name = `text: ${reviewed[0]}`;
        result.reviewed.set(name, (result.reviewed.get(name) ?? 0) + 1);
        return;
      }
      result.textDifferences++;
      note(`text ${expected.split(" ")[0]} / ${text.split(" ")[0]}`, () => show(text));
    } else if (sample !== undefined) addToSample(sample, row, out, bytes, text);
  });
  return result;
}

async function main(args: readonly string[]): Promise<void> {
  const text = args.includes("--text");
  const files = args.filter((arg) => !arg.startsWith("--"));
  const sampleFile = args.find((arg) => arg.startsWith("--sample="))?.slice("--sample=".length);
  const sample: Sample | undefined = sampleFile === undefined ? undefined : new Map();
  if (files.length === 0) {
    process.stderr.write("usage: compare-objdump [--text] BINARY...\n");
    process.exitCode = 2;
    return;
  }
  let insns: readonly Insn[] = [];
  try {
    insns = ((await import("../src/cpu/isa/index.ts")) as { allInsns: readonly Insn[] }).allInsns;
  } catch (error) {
    process.stderr.write(`no rows: ${String(error)}\n`);
  }
  const decoder = new Decoder(insns, allFeatures);
  let instructions = 0,
    failed = 0,
    refused = 0,
    evex = 0,
    lengths = 0,
    texts = 0;
  const classes = new Map<string, number>();
  const all = new Map<string, { count: number; example: string }>();
  for (const file of files) {
    const started = performance.now();
    const result = await compareFile(file, decoder, sample);
    instructions += result.instructions;
    refused += result.refused;
    evex += result.evex;
    lengths += result.lengthDifferences;
    texts += result.textDifferences;
    for (const [name, count] of result.reviewed) classes.set(name, (classes.get(name) ?? 0) + count);
    failed += result.lengthDifferences + (text ? result.textDifferences : 0);
    const reviewed = [...result.reviewed.values()].reduce((sum, count) => sum + count, 0);
    process.stdout.write(
      `${file}: ${result.instructions} instructions, ${result.lengthDifferences} lengths and ${result.textDifferences} texts differ, ${reviewed} reviewed; ` +
        `${result.evex} EVEX; ${result.implemented} implemented; ${((performance.now() - started) / 1000).toFixed(1)} s\n`,
    );
    for (const [kind, { count, example }] of result.differences) {
      const known = all.get(kind);
      if (known !== undefined) known.count += count;
      else all.set(kind, { count, example });
    }
  }
  const sorted = [...all].toSorted(([, a], [, b]) => b.count - a.count);
  for (const [kind, { count, example }] of sorted) process.stdout.write(`${String(count).padStart(8)}  ${kind}\n          ${example}\n`);
  let reviewed = 0;
  for (const [name, count] of [...classes].toSorted(([, a], [, b]) => b - a)) {
    reviewed += count;
    process.stdout.write(`${String(count).padStart(8)}  reviewed: ${name}\n`);
  }
  if (sampleFile !== undefined && sample !== undefined) writeFileSync(sampleFile, `${[...sample.values()].join("\n")}\n`);
  process.stdout.write(
    `${instructions} instructions, ${evex} of them EVEX: ${lengths} lengths and ${texts} texts differ, ${reviewed} reviewed, ${refused} no instructions for either ` +
      `(${((100 * (instructions - lengths - texts - reviewed - refused)) / instructions).toFixed(4)} % equal)\n`,
  );
  if (failed > 0) process.exitCode = 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await main(process.argv.slice(2));
