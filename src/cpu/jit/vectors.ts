/** Vector operators on constants: what instructions make of their immediates. */

type Bytes = readonly number[];

/** Elements of `size` bytes, little-endian. */
function elements(bytes: Bytes, size: number): number[] {
  return Array.from({ length: 16 / size }, (_, i) => bytes.slice(i * size, (i + 1) * size).reduceRight((sum, byte) => sum * 256 + byte, 0));
}

function fromElements(values: readonly number[], size: number): Bytes {
  return values.flatMap((value) => Array.from({ length: size }, (_, i) => (size === 4 ? value >>> (8 * i) : value >> (8 * i)) & 0xff));
}

const sizes: Readonly<Record<string, number>> = { i8x16: 1, i16x8: 2, i32x4: 4 };

const binary: Readonly<Record<string, (a: number, b: number) => number>> = {
  add: (a, b) => (a + b) | 0,
  sub: (a, b) => (a - b) | 0,
  mul: (a, b) => Math.imul(a, b),
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
};

/** Undefined: not one of those that are computed here. */
export function combined(name: string, a: Bytes, b: Bytes): Bytes | undefined {
  const [type = "", operation = ""] = name.split(".");
  const size = type === "v128" ? 1 : sizes[type];
  const f = binary[operation];
  if (size === undefined || f === undefined) return undefined;
  const right = elements(b, size);
  return fromElements(
    elements(a, size).map((value, i) => f(value, right[i] ?? 0)),
    size,
  );
}

export function splat(name: string, value: number): Bytes | undefined {
  const [type = "", operation] = name.split(".");
  const size = sizes[type];
  if (size === undefined || operation !== "splat") return undefined;
  return fromElements(Array<number>(16 / size).fill(value), size);
}

export function shiftedRight(name: string, a: Bytes, count: number): Bytes | undefined {
  const [type = "", operation] = name.split(".");
  const size = sizes[type];
  if (size === undefined || operation !== "shr_u") return undefined;
  return fromElements(
    elements(a, size).map((value) => value >>> (count & (8 * size - 1))),
    size,
  );
}

export function shuffled(a: Bytes, b: Bytes, lanes: readonly number[]): Bytes {
  return lanes.map((lane) => (lane < 16 ? a[lane] : b[lane - 16]) ?? 0);
}
