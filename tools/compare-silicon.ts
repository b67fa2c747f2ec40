/**
 * Compares the decoder with the CPU it runs on: for every opcode of the legacy and VEX maps with several prefixes and ModRM bytes, whether it is #UD and
 * how long it is. Needs an x86-64 Linux host and gcc.
 *
 *     tsx tools/compare-silicon.ts [--all] [--evex | --random N] [--seed S]
 *
 * With `--evex`: the encodings of `tools/evex-forms.ts`. With `--random`: N strings of random bytes instead, half of them behind VEX or EVEX prefixes. Prints each kind of difference with its count and first
 * example, and how many are differences of AMD's processors from Intel's; `--all` also instructions that are known, not implemented, and absent from this CPU.
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { Decoder, DecodeStatus } from "../src/cpu/decode/decoder.ts";
import { format } from "../src/cpu/decode/disasm.ts";
import { requiredFeatures } from "../src/cpu/decode/evex.ts";
import { allFeatures } from "../src/cpu/decode/features.ts";
import { allInsns } from "../src/cpu/isa/index.ts";
import type { Decoded, RowSpec } from "../src/cpu/isa/insn.ts";
import { newDecoded } from "../src/cpu/isa/insn.ts";
import { evexEncodings } from "./evex-forms.ts";
import { Random } from "../test/silicon/values.ts";

/** What must not run: system calls, and whatever takes FS away from the runner's libc. */
function unsafe(bytes: readonly number[], map: number, opcode: number, modrm: number): boolean {
  const reg = (modrm >> 3) & 7;
  // Jumps backwards would loop.
  const short = (opcode >= 0x70 && opcode <= 0x7f) || (opcode >= 0xe0 && opcode <= 0xe3) || opcode === 0xeb;
  if (map === 0) return opcode === 0xcd || (opcode === 0x8e && reg === 4) || (short && modrm >= 0x80);
  if (map !== 1) return false;
  return (
    opcode === 0x05 ||
    opcode === 0x34 ||
    opcode === 0xa1 ||
    opcode === 0xb4 ||
    (opcode === 0xae && reg === 2 && modrm >= 0xc0 && bytes.includes(0xf3))
  );
}

const PREFIXES: readonly number[][] = [[], [0x66], [0xf3], [0xf2], [0x48], [0x66, 0x48], [0xf3, 0x48], [0xf0], [0x67], [0x66, 0xf3], [0x41]];
const ESCAPES: readonly number[][] = [[], [0x0f], [0x0f, 0x38], [0x0f, 0x3a]];

function isPrefixOrEscape(map: number, opcode: number): boolean {
  if (map === 1) return opcode === 0x38 || opcode === 0x3a;
  if (map !== 0) return false;
  return (
    [0x0f, 0x26, 0x2e, 0x36, 0x3e, 0x62, 0x64, 0x65, 0x66, 0x67, 0xc4, 0xc5, 0xf0, 0xf2, 0xf3].includes(opcode) || (opcode >= 0x40 && opcode <= 0x4f)
  );
}

function cases(): number[][] {
  const list: number[][] = [];
  const modrms = [0x00, 0x04, 0x05, 0x44, 0x80, 0x08, 0x10, 0x18, 0x20, 0x28, 0x30, 0x38];
  for (let modrm = 0xc0; modrm < 0x100; modrm += 8) modrms.push(modrm);
  const everyModrm = [...modrms, ...Array.from({ length: 64 }, (_, i) => 0xc0 + i).filter((modrm) => (modrm & 7) !== 0)];
  for (const [map, escape] of ESCAPES.entries()) {
    for (let opcode = 0; opcode < 256; opcode++) {
      if (isPrefixOrEscape(map, opcode)) continue;
      for (const prefix of PREFIXES) {
        const wide = (map === 0 && (opcode & 0xf8) === 0xd8) || (map === 1 && (opcode === 0x01 || opcode === 0x1e || opcode === 0xae));
        for (const modrm of wide ? everyModrm : modrms) {
          if (!unsafe(prefix, map, opcode, modrm)) list.push([...prefix, ...escape, opcode, modrm]);
        }
      }
    }
  }
  for (let map = 1; map <= 3; map++) {
    for (let opcode = 0; opcode < 256; opcode++) {
      for (let control = 0; control < 16; control++) {
        const third = ((control & 8) << 4) | (control & 7);
        for (const vvvv of [0x78, 0x38]) for (const modrm of modrms) list.push([0xc4, 0xe0 | map, third | vvvv, opcode, modrm]);
      }
    }
  }
  return list;
}

/** Instructions that must not run with random operands: jumps, calls of the kernel, what changes FS or writes through it. */
function isHarmful(decoder: Decoder, bytes: Uint8Array): boolean {
  const decoded = newDecoded();
  decoder.decode(bytes, 0, bytes.length, 0, decoded);
  // The runner's own data is around its stack.
  if (decoded.memory && (decoded.segment === FS || (decoded.base === RSP && Math.abs(decoded.disp) > NEAR))) return true;
  const row = decoder.rows[decoded.row];
  if (row === undefined) return false;
  if (row.operands.some(({ kind, size }) => kind === "J" || size === "FS")) return true;
  return /^(syscall|sysenter|int|int3|mwaitx?|monitorx?|wrfsbase|lfs)$/.test(row.mnemonic);
}

const FS = 4;
const RSP = 4;
const NEAR = 0x1000;
const ESCAPE_BYTES = [0x0f, 0x0f, 0x0f38, 0x0f3a, 0, 0];
const PREFIX_BYTES = [0x66, 0xf2, 0xf3, 0x67, 0xf0, 0x26, 0x2e, 0x36, 0x3e, 0x65];

/** Bytes with some prefixes, often an escape, VEX or EVEX; anything behind. */
function randomCases(count: number, seed: number, decoder: Decoder): number[][] {
  // The generator takes no notice of the lowest bit.
  const r = new Random(2 * seed + 1);
  const list: number[][] = [];
  while (list.length < count) {
    const bytes: number[] = [];
    const kind = r.below(8);
    while (kind !== 0 && r.chance(kind < 4 ? 3 : 40)) bytes.push(r.of(PREFIX_BYTES));
    if (kind !== 0 && kind < 4) {
      if (r.chance(3)) bytes.push(0x40 + r.below(16));
      const escape = r.of(ESCAPE_BYTES);
      if (escape > 0xff) bytes.push(escape >> 8);
      if (escape > 0) bytes.push(escape & 0xff);
    } else if (kind === 4) bytes.push(0xc5);
    else if (kind === 5) bytes.push(0xc4, (r.below(8) << 5) | (r.chance(10) ? r.below(32) : 1 + r.below(3)));
    else if (kind > 5) bytes.push(0x62, (r.below(16) << 4) | (r.chance(10) ? r.below(16) : r.of([1, 2, 3, 5, 6])));
    while (bytes.length < RECORD) bytes.push(r.below(256));
    if (!isHarmful(decoder, Uint8Array.from(bytes))) list.push(bytes.slice(0, RECORD));
  }
  return list;
}

/** AMD's processors against Intel's, of which the decoder follows the latter: 16-bit branches with 66, and LOCK before a move of CR0, which is CR8 there. */
function isVendorDifference(kind: string, out: Decoded, row: RowSpec | undefined): boolean {
  if (row === undefined) return false;
  if (kind === "length") return out.prefix66 && row.f64 && row.operands.some(({ kind: operand }) => operand === "J");
  return kind === "#UD here, runs there" && out.lock && (row.text.includes("| Rq, Cq") || row.text.includes("| Cq, Rq")) && out.reg === 0;
}

const RECORD = 16;
const MAX_LENGTH = 15;
/** #GP at the instruction itself. */
const TOO_LONG = 0x40;
const CHUNK = 2000;
/** No length. */
const LOST = 0xff;

function runOnSilicon(list: readonly number[][]): Uint8Array {
  const runner = join(mkdtempSync(join(tmpdir(), "decode-silicon-")), "runner");
  const built = spawnSync("gcc", ["-O1", "-o", runner, fileURLToPath(new URL("decode-silicon.c", import.meta.url))], { stdio: "inherit" });
  if (built.status !== 0) throw new Error("gcc failed");
  const results = new Uint8Array(list.length);
  for (let from = 0; from < list.length; from += CHUNK) {
    const part = list.slice(from, from + CHUNK);
    const input = new Uint8Array(part.length * RECORD);
    for (const [i, bytes] of part.entries()) input.set(bytes, i * RECORD);
    const ran = spawnSync(runner, { input, maxBuffer: 1 << 30, timeout: 20_000 });
    // Some strings damage or stop the runner; nothing is known of what was with them.
    if (ran.stdout.length !== part.length) results.fill(LOST, from, from + part.length);
    else results.set(ran.stdout, from);
  }
  return results;
}

/** Flags of /proc/cpuinfo that are not our names of the features. */
const FLAG_NAMES: Readonly<Record<string, string>> = { avx512_ifma: "avx512ifma", avx512_vbmi: "avx512vbmi", vpclmul: "vpclmulqdq" };

const flags = new Set(/^flags\s*: (.*)$/m.exec(readFileSync("/proc/cpuinfo", "latin1"))?.[1]?.split(" "));

/** Whether the host announces what an AVX-512 instruction needs. */
function isAnnounced(row: RowSpec | undefined, decoded: Decoded): boolean {
  return row?.evex !== undefined && requiredFeatures(row, decoded).every((feature) => flags.has(FLAG_NAMES[feature] ?? feature));
}

const { values: options } = parseArgs({
  options: {
    all: { type: "boolean", default: false },
    evex: { type: "boolean", default: false },
    random: { type: "string", default: "0" },
    seed: { type: "string", default: "1" },
  },
});
const { all } = options;
const decoder = new Decoder(allInsns, allFeatures);
const list = options.evex
  ? evexEncodings().map((bytes) => [...bytes])
  : options.random === "0"
    ? cases()
    : randomCases(Number(options.random), Number(options.seed), decoder);
const silicon = runOnSilicon(list);
const out = newDecoded();
const found = new Map<string, { count: number; example: string }>();
let equal = 0,
  absent = 0,
  refusals = 0,
  vendor = 0,
  lost = 0;
const padded = new Uint8Array(64);
for (const [i, bytes] of list.entries()) {
  padded.fill(0);
  padded.set(bytes);
  const status = decoder.decode(padded, 0, padded.length, 0, out);
  const result = silicon[i]!;
  if (result === LOST) {
    lost++;
    continue;
  }
  const length = result & 0x3f;
  const refused = (result & 0x80) !== 0;
  if (refused) refusals++;
  const valid = status === DecodeStatus.ok || status === DecodeStatus.unimplemented;
  let kind = "";
  if (refused && status === DecodeStatus.ok && decoder.rows[out.row]?.mnemonic.startsWith("ud") !== true) kind = "runs here, #UD there";
  else if (refused && status === DecodeStatus.unimplemented) {
    if (isAnnounced(decoder.rows[out.row], out)) kind = "known here and announced there, #UD there";
    else absent++;
    if (kind === "" && all) kind = "known here, #UD there";
  } else if (status === DecodeStatus.tooLong) kind = result === (TOO_LONG | MAX_LENGTH) ? "" : "too long";
  else if (!refused && !valid) kind = "#UD here, runs there";
  else if (!refused && length !== out.length) kind = "length";
  if (kind === "") {
    equal++;
    continue;
  }
  if (isVendorDifference(kind, out, decoder.rows[out.row])) {
    vendor++;
    continue;
  }
  const map =
    bytes[0] === 0x62
      ? `EVEX${bytes[1]! & 7}`
      : bytes[0] === 0xc4
        ? `VEX${bytes[1]! & 31}`
        : `map${[0x38, 0x3a].includes(bytes[bytes.indexOf(0x0f) + 1]!) ? 2 : bytes.includes(0x0f) ? 1 : 0}`;
  const key = `${kind}: ${map} ${out.opcode.toString(16).padStart(2, "0")} ${out.row < 0 ? "" : decoder.rows[out.row]!.mnemonic}`;
  const known = found.get(key);
  if (known !== undefined) known.count++;
  else
    found.set(key, { count: 1, example: `${Buffer.from(bytes).toString("hex")} ours ${out.length} ${format(out, decoder.rows)}, silicon ${length}` });
}
for (const [kind, { count, example }] of found) process.stdout.write(`${String(count).padStart(6)}  ${kind}: ${example}\n`);
process.stdout.write(
  `${list.length} encodings, ${equal} equal (${refusals} are #UD there, among them ${absent} of instructions that are known here and that it lacks), ${vendor} of which AMD and Intel differ, ${lost} not known, ${found.size} kinds of difference\n`,
);
