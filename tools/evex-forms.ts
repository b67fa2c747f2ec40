/**
 * AVX-512's encodings, as far as objdump or the rows know them. EVEX: all maps, opcodes, prefixes, W, lengths, ModRM.reg where it selects, with registers and
 * with memory, with and without opmask, zeroing and EVEX.b. VEX: the opmask instructions.
 *
 *     tsx tools/evex-forms.ts            prints the differences, by kind with the first example, and how many encodings are equal
 *     tsx tools/evex-forms.ts --write    writes one line of each form to test/decode/evex/, by opcode map
 */

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { allFeatures, allInsns, Decoder, DecodeStatus, format, newDecoded } from "../src/cpu/index.ts";
import { normalise } from "./compare-objdump.ts";

/** Bytes that each encoding has room for: the rest is NOPs. */
const ROOM = 16;
const NOP = 0x90;

/** An encoding and what objdump says of it. */
export interface EvexForm {
  readonly bytes: Uint8Array;
  readonly text: string;
}

/** Registers with bit 3 and 4 set or not; displacement of 8 bits; every vector register above 15 now and then. */
export function evexEncodings(): Uint8Array[] {
  const all: Uint8Array[] = [];
  for (const map of [1, 2, 3, 5, 6]) {
    for (let opcode = 0; opcode < 256; opcode++) {
      for (let pp = 0; pp < 4; pp++) {
        for (let w = 0; w < 2; w++) {
          for (let length = 0; length < 3; length++) {
            const seed = opcode + pp * 3 + w * 5 + length * 7;
            const selects = (map === 1 && opcode >= 0x71 && opcode <= 0x73) || (map === 2 && (opcode === 0xc6 || opcode === 0xc7));
            for (let digit = 0; digit < (selects ? 8 : 1); digit++) {
              for (const extra of [0, 1, 2, 3, 4]) {
                for (const memory of [false, true])
                  all.push(encoding(map, opcode, pp, w, length, selects ? digit : 1 + (seed % 5), extra, memory, seed));
              }
            }
          }
        }
      }
    }
  }
  return all;
}

/** The opmask instructions, which are VEX's: all of their opcodes' neighbourhoods. */
function opmaskEncodings(): Uint8Array[] {
  const all: Uint8Array[] = [];
  for (const [map, first, last] of [
    [1, 0x40, 0x4f],
    [1, 0x90, 0x9f],
    [3, 0x30, 0x33],
  ] as const) {
    for (let opcode = first; opcode <= last; opcode++) {
      for (let control = 0; control < 16; control++) {
        for (const vvvv of [0, 3]) {
          for (const modrm of [0x11, 0xd3]) {
            const bytes = new Uint8Array(ROOM).fill(NOP);
            bytes.set([0xc4, 0xe0 | map, ((control & 8) << 4) | (control & 7) | ((15 ^ vvvv) << 3), opcode, modrm, 5]);
            all.push(bytes);
          }
        }
      }
    }
  }
  return all;
}

/** `extra`: 0 plain, 1 opmask, 2 opmask and zeroing, 3 EVEX.b, 4 other registers without a second source. */
function encoding(
  map: number,
  opcode: number,
  pp: number,
  w: number,
  length: number,
  reg: number,
  extra: number,
  memory: boolean,
  seed: number,
): Uint8Array {
  const bytes = new Uint8Array(ROOM).fill(NOP);
  const low = extra === 4;
  // With few registers every operand kind takes them; otherwise bits 3 and 4 of rm's and the index's number vary.
  const p0 = map | (low ? 0xf0 : 0x90 | ((seed & 1) << 5) | ((seed & 2) << 5));
  const p1 = (w << 7) | ((low ? 15 : 15 ^ (seed % 7)) << 3) | 4 | pp;
  const p2 =
    (length << 5) |
    (extra === 3 ? 16 : 0) |
    (low || (seed & 4) !== 0 ? 8 : 0) |
    (extra === 1 || extra === 2 ? 1 + (seed % 7) : 0) |
    (extra === 2 ? 128 : 0);
  bytes.set([0x62, p0, p1, p2, opcode]);
  if (memory) bytes.set([0x40 | (reg << 3) | 4, 0x88 | (seed & 7), 1 + (seed % 3), seed % 32], 5);
  else bytes.set([0xc0 | (reg << 3) | (seed & 7), seed % 32], 5);
  return bytes;
}

/** objdump's text and length for each of `all`. */
function disassemble(all: readonly Uint8Array[]): { text: string; length: number }[] {
  const folder = mkdtempSync(join(tmpdir(), "evex-forms-"));
  try {
    const file = join(folder, "code.bin");
    writeFileSync(file, Buffer.concat(all));
    const text = execFileSync("objdump", ["-D", "-w", "-z", "-b", "binary", "-m", "i386:x86-64", "-M", "intel", file], {
      encoding: "latin1",
      maxBuffer: 1 << 30,
    });
    const found: { text: string; length: number }[] = [];
    for (const line of text.split("\n")) {
      const match = /^ *([0-9a-f]+):\t((?:[0-9a-f]{2} )+) *\t?(.*)$/.exec(line);
      if (match === null) continue;
      const at = Number.parseInt(match[1]!, 16);
      if (at % ROOM === 0) found[at / ROOM] = { text: normalise(match[3]!), length: match[2]!.length / 3 };
    }
    return found;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export interface EvexComparison {
  readonly equal: EvexForm[];
  /** By kind of difference: how many, and the first. */
  readonly differences: Map<string, { count: number; example: string }>;
}

/** Compares all encodings; those that neither side knows are not in the result. */
export function compareEvex(): EvexComparison {
  const decoder = new Decoder(allInsns, allFeatures);
  const decoded = newDecoded();
  const all = [...evexEncodings(), ...opmaskEncodings()];
  const expected = disassemble(all);
  const equal: EvexForm[] = [];
  const differences = new Map<string, { count: number; example: string }>();
  all.forEach((bytes, i) => {
    const status = decoder.decode(bytes, 0, ROOM, i * ROOM, decoded);
    const own = bytes.subarray(0, decoded.length);
    const text = status === DecodeStatus.unimplemented ? normalise(format(decoded, decoder.rows, { bytes: own })) : "(bad)";
    const { text: theirs, length } = expected[i]!;
    const known = /\(bad\)|\{bad\}|^\.byte/.test(theirs) ? "(bad)" : theirs;
    if (text === known && (text === "(bad)" || length === decoded.length)) {
      if (text !== "(bad)") equal.push({ bytes: own, text });
      return;
    }
    const kind = `${known.split(" ")[0]} / ${text.split(" ")[0]}`;
    const seen = differences.get(kind);
    if (seen !== undefined) seen.count++;
    else
      differences.set(kind, {
        count: 1,
        example: `${Buffer.from(bytes).toString("hex")}: objdump ${length} "${theirs}", ours ${decoded.length} "${text}"`,
      });
  });
  return { equal, differences };
}

const MAPS: Readonly<Record<number, string>> = { 1: "0f", 2: "0f38", 3: "0f3a", 5: "map5", 6: "map6" };

/** One of the encodings for each mnemonic and shape of operands. */
function write(forms: readonly EvexForm[]): void {
  const folder = fileURLToPath(new URL("../test/decode/evex/", import.meta.url));
  mkdirSync(folder, { recursive: true });
  const files = new Map<string, string[]>();
  const seen = new Set<string>();
  for (const { bytes, text } of forms) {
    const plain = text.replaceAll(/0x[0-9a-f]+|\d+/g, "").replaceAll(/\[[^\]]*\]/g, "[]");
    // All lengths without decorations, one with each of them.
    const shape = /\{[^v]/.test(plain.replace("{evex}", "")) ? plain.replaceAll(/[xyz]mm|[XYZ]MMWORD/g, "v") : plain;
    if (seen.has(shape)) continue;
    seen.add(shape);
    const name = `${bytes[0] === 0xc4 ? "vex" : ""}${MAPS[bytes[1]! & 7]!}`;
    const lines = files.get(name) ?? [];
    files.set(name, lines);
    lines.push(`${Buffer.from(bytes).toString("hex")} | ${text}`);
  }
  for (const [name, lines] of files) writeFileSync(`${folder}${name}.txt`, `${lines.join("\n")}\n`);
}

function main(args: readonly string[]): void {
  const { equal, differences } = compareEvex();
  for (const [kind, { count, example }] of [...differences].toSorted(([, a], [, b]) => b.count - a.count)) {
    process.stdout.write(`${String(count).padStart(8)}  ${kind}\n          ${example}\n`);
  }
  process.stdout.write(`${equal.length} encodings are equal, of ${new Set(equal.map(({ text }) => text.split(" ")[0])).size} mnemonics\n`);
  if (args.includes("--write")) write(equal);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) main(process.argv.slice(2));
