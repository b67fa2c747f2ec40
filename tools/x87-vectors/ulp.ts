/**
 * Largest difference, in units in the last place, of the transcendental instructions from this machine's: arguments of every size, near
 * multiples of pi/2 and near the ends of each domain, tiny ones and huge ones. Prints a row of Markdown for each.
 *
 *     npx tsx tools/x87-vectors/ulp.ts [--count N per instruction] [--seed N]
 */

import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { x87Table } from "../../src/cpu/x87/index.ts";
import { encode, INPUT, INPUT_BYTES, OUTPUT, OUTPUT_BYTES, Random, runCase } from "./cases.ts";

const { values } = parseArgs({ options: { count: { type: "string", default: "1000000" }, seed: { type: "string", default: "1" } } });
const BATCH = 10_000;
const BIAS = 16383;

/** A number of 64 significant bits: significand * 2^(exponent - 16383 - 63). */
interface Number80 {
  negative: boolean;
  exponent: number;
  significand: bigint;
}

/** pi to 192 bits, 1 <= pi / 2 < 2. */
const PI = 0xc90f_daa2_2168_c234_c4c6_628b_80dc_1cd1_2902_4e08_8a67_cc74n;

function wide(random: Random): bigint {
  return (BigInt(random.word()) << 32n) | BigInt(random.word());
}

function between(random: Random, low: number, high: number): Number80 {
  return { negative: random.chance(2), exponent: BIAS + low + random.below(high - low + 1), significand: wide(random) | (1n << 63n) };
}

/** k * pi / 2 for a random k of up to 62 bits, and its neighbours. */
function nearQuarter(random: Random): Number80 {
  const k = (wide(random) >> BigInt(2 + random.below(61))) | 1n;
  const product = PI * (random.chance(8) ? k << 1n : k);
  const bits = product.toString(2).length;
  const significand = (product >> BigInt(bits - 64)) + BigInt(random.below(5) - 2);
  return { negative: random.chance(2), exponent: BIAS + bits - 1 - 191, significand };
}

/** 1 and its neighbours, down to the smallest distance. */
function nearOne(random: Random): Number80 {
  const distance = wide(random) >> BigInt(1 + random.below(63));
  const above = random.chance(2);
  return { negative: false, exponent: above ? BIAS : BIAS - 1, significand: above ? (1n << 63n) + distance : (1n << 64n) - 1n - distance };
}

function trigonometric(random: Random): Number80 {
  const style = random.below(8);
  if (style < 3) return nearQuarter(random);
  if (style < 4) return between(random, 40, 62);
  return style < 7 ? between(random, -6, 20) : between(random, -80, 0);
}

type Arguments = (random: Random) => readonly [st0: Number80, st1: Number80];

const unused: Number80 = { negative: false, exponent: BIAS, significand: 1n << 63n };
const trigonometry: Arguments = (random) => [trigonometric(random), unused];

const functions: Readonly<Record<string, Arguments>> = {
  fsin: trigonometry,
  fcos: trigonometry,
  fsincos: trigonometry,
  fptan: trigonometry,
  fpatan: (random) => [between(random, -40, 40), random.chance(8) ? between(random, -8000, 8000) : between(random, -40, 40)],
  f2xm1: (random) => [random.chance(4) ? between(random, -70, -20) : between(random, -16, -1), unused],
  fyl2x: (random) => {
    const x = random.chance(2) ? nearOne(random) : between(random, random.chance(2) ? -16000 : -20, 20);
    return [{ ...x, negative: false }, between(random, -10, 10)];
  },
  // |x| < 1 - sqrt(1/2).
  fyl2xp1: (random) => [between(random, random.chance(4) ? -70 : -16, -3), between(random, -10, 10)],
};

const program = join(tmpdir(), "x87-vectors", "record");
mkdirSync(join(tmpdir(), "x87-vectors"), { recursive: true });
execFileSync("gcc", ["-O2", "-mno-red-zone", "-o", program, join(import.meta.dirname, "record.c")]);

const REGISTERS = 28;

/** All exceptions masked, 64 bits, to nearest; ST(0) and ST(1) in use, five registers free. */
function prepare(code: readonly number[], operands: readonly Number80[], bytes: Uint8Array, at: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, INPUT_BYTES);
  code.forEach((byte, i) => view.setUint8(INPUT.code + i, byte));
  view.setUint32(INPUT.length, code.length, true);
  view.setUint32(INPUT.flags, 0x202, true);
  view.setUint32(INPUT.image, 0xffff_037f, true);
  view.setUint32(INPUT.image + 4, 0xffff_0000, true);
  view.setUint32(INPUT.image + 8, 0xffff_fff0, true);
  operands.forEach(({ negative, exponent, significand }, i) => {
    view.setBigUint64(INPUT.image + REGISTERS + 10 * i, BigInt.asUintN(64, significand), true);
    view.setUint16(INPUT.image + REGISTERS + 10 * i + 8, (negative ? 0x8000 : 0) | exponent, true);
  });
}

/** Position on the line of all numbers: neighbours differ by one. */
function position(view: DataView, at: number): bigint {
  const head = view.getUint16(at + 8, true);
  const size = (BigInt(head & 0x7fff) << 63n) + (view.getBigUint64(at, true) & ((1n << 63n) - 1n));
  return head & 0x8000 ? -size : size;
}

console.log("| instruction | arguments | different from this processor's | largest difference, ulp |\n|---|--:|--:|--:|");
for (const [mnemonic, operandsOf] of Object.entries(functions)) {
  const entry = x87Table.find((one) => one.mnemonic === mnemonic);
  if (entry === undefined) throw new Error(`there is no ${mnemonic}`);
  const code = encode(entry, 0);
  const random = new Random(Number(values.seed));
  let different = 0;
  let largest = 0n;
  const count = Number(values.count);
  for (let done = 0; done < count; done += BATCH) {
    const input = new Uint8Array(BATCH * INPUT_BYTES);
    for (let i = 0; i < BATCH; i++) prepare(code, operandsOf(random), input, i * INPUT_BYTES);
    const expected = new Uint8Array(spawnSync(program, { input, maxBuffer: 2 * BATCH * OUTPUT_BYTES }).stdout);
    const actual = new Uint8Array(OUTPUT_BYTES);
    for (let i = 0; i < BATCH; i++) {
      runCase(input, i * INPUT_BYTES, actual, 0);
      const [native, here] = [new DataView(expected.buffer, i * OUTPUT_BYTES), new DataView(actual.buffer)];
      let worst = 0n;
      for (const register of [0, 1]) {
        const at = OUTPUT.image + REGISTERS + 10 * register;
        const distance = position(native, at) - position(here, at);
        const size = distance < 0n ? -distance : distance;
        if (size > worst) worst = size;
      }
      if (worst > 0n) different++;
      if (worst > largest) largest = worst;
    }
  }
  console.log(`| ${mnemonic.toUpperCase()} | ${count} | ${((100 * different) / count).toFixed(3)} % | ${largest} |`);
}
