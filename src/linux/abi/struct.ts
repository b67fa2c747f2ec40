/**
 * Structures of the kernel's interface, declared field by field in their order in memory. Offsets follow the x86-64 ABI: each field
 * is aligned to its size, the whole to its largest field.
 */

/** Guest memory as the typed accessors of the memory room give it; they throw `MemoryFault`. */
export interface StructMemory {
  readU8(address: number): number;
  readU16(address: number): number;
  readU32(address: number): number;
  readI32(address: number): number;
  /** Unsigned 64-bit value as a number. */
  readNumber(address: number): number;
  writeU8(address: number, value: number): void;
  writeU16(address: number, value: number): void;
  writeU32(address: number, value: number): void;
}

export type FieldKind = "u8" | "u16" | "i32" | "u32" | "i64" | "u64";

const SIZE: Readonly<Record<FieldKind, number>> = { u8: 1, u16: 2, i32: 4, u32: 4, i64: 8, u64: 8 };

/** Values of a structure: every field a number; 64-bit ones exact below 2^53. */
export type StructValues<F> = { [K in keyof F]: number };

export interface Struct<F extends Readonly<Record<string, FieldKind>>> {
  readonly size: number;
  readonly fields: F;
  readonly offsets: { readonly [K in keyof F]: number };
  load(memory: StructMemory, address: number): StructValues<F>;
  /** Fields absent from `values` are written as zero, padding too. */
  store(memory: StructMemory, address: number, values: Partial<StructValues<F>>): void;
}

/** A signed 64-bit value from its two halves. */
export function signed64(low: number, high: number): number {
  return (high | 0) * 0x1_0000_0000 + (low >>> 0);
}

/** Writes an integer of up to 2^53 (or any double that is an integer, modulo 2^64) as 64 bits. */
export function writeI64(memory: StructMemory, address: number, value: number): void {
  memory.writeU32(address, value % 0x1_0000_0000 >>> 0);
  memory.writeU32(address + 4, Math.floor(value / 0x1_0000_0000) % 0x1_0000_0000 >>> 0);
}

/** Reads a signed 64-bit value. */
export function readI64(memory: StructMemory, address: number): number {
  return signed64(memory.readU32(address), memory.readU32(address + 4));
}

function loadField(memory: StructMemory, address: number, kind: FieldKind): number {
  switch (kind) {
    case "u8":
      return memory.readU8(address);
    case "u16":
      return memory.readU16(address);
    case "i32":
      return memory.readI32(address);
    case "u32":
      return memory.readU32(address);
    case "i64":
      return readI64(memory, address);
    case "u64":
      return memory.readNumber(address);
  }
}

function storeField(memory: StructMemory, address: number, kind: FieldKind, value: number): void {
  switch (SIZE[kind]) {
    case 1:
      return memory.writeU8(address, value & 0xff);
    case 2:
      return memory.writeU16(address, value & 0xffff);
    case 4:
      return memory.writeU32(address, value >>> 0);
    default:
      return writeI64(memory, address, value);
  }
}

/** Declares a structure; `size` is given where the C one ends in reserved space. */
export function struct<const F extends Readonly<Record<string, FieldKind>>>(fields: F, size?: number): Struct<F> {
  const entries = Object.entries(fields);
  const offsets: Record<string, number> = {};
  let end = 0;
  let alignment = 1;
  for (const [name, kind] of entries) {
    const width = SIZE[kind];
    alignment = Math.max(alignment, width);
    end = Math.ceil(end / width) * width;
    offsets[name] = end;
    end += width;
  }
  const total = size ?? Math.ceil(end / alignment) * alignment;
  return {
    size: total,
    fields,
    offsets: offsets as { [K in keyof F]: number },
    load(memory, address): StructValues<F> {
      const values: Record<string, number> = {};
      for (const [name, kind] of entries) values[name] = loadField(memory, address + offsets[name]!, kind);
      return values as StructValues<F>;
    },
    store(memory, address, values): void {
      let position = 0;
      const given = values as Readonly<Record<string, number | undefined>>;
      for (const [name, kind] of entries) {
        for (; position < offsets[name]!; position++) memory.writeU8(address + position, 0);
        storeField(memory, address + position, kind, given[name] ?? 0);
        position += SIZE[kind];
      }
      for (; position < total; position++) memory.writeU8(address + position, 0);
    },
  };
}
