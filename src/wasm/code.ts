import type { Operator, ValType } from "./opcodes.ts";
import { memoryOperator, operator } from "./opcodes.ts";

const valTypeCode: Readonly<Record<ValType, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b };

export function typeCode(type: ValType): number {
  return valTypeCode[type];
}

/** A growing byte buffer with WebAssembly's integer encodings. */
export class Bytes {
  #data: Uint8Array = new Uint8Array(256);
  length = 0;

  byte(value: number): void {
    if (this.length === this.#data.length) {
      const grown = new Uint8Array(this.#data.length * 2);
      grown.set(this.#data);
      this.#data = grown;
    }
    this.#data[this.length++] = value;
  }

  /** Unsigned LEB128 of a number below 2^32. */
  u32(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.byte((rest & 0x7f) | 0x80);
      rest = rest >>> 7;
    }
    this.byte(rest);
  }

  /** Signed LEB128 of an int32. */
  s32(value: number): void {
    let rest = value | 0;
    for (;;) {
      const low = rest & 0x7f;
      rest >>= 7;
      if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) {
        this.byte(low);
        return;
      }
      this.byte(low | 0x80);
    }
  }

  /** Signed LEB128 of a 64-bit integer. */
  s64(value: bigint): void {
    let rest = BigInt.asIntN(64, value);
    for (;;) {
      const low = Number(rest & 0x7fn);
      rest >>= 7n;
      if ((rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0)) {
        this.byte(low);
        return;
      }
      this.byte(low | 0x80);
    }
  }

  text(value: string): void {
    this.u32(value.length);
    for (let i = 0; i < value.length; i++) this.byte(value.charCodeAt(i));
  }

  append(other: Bytes): void {
    const end = this.length + other.length;
    if (end > this.#data.length) {
      const grown = new Uint8Array(Math.max(end, this.#data.length * 2));
      grown.set(this.#data.subarray(0, this.length));
      this.#data = grown;
    }
    this.#data.set(other.view(), this.length);
    this.length = end;
  }

  view(): Uint8Array {
    return this.#data.subarray(0, this.length);
  }
}

/** The body of one function: instructions in order, locals as they are asked for. */
export class Code {
  readonly bytes: Bytes = new Bytes();
  readonly params: readonly ValType[];
  readonly #locals: ValType[] = [];
  /** Nesting of block, loop and if at this place. */
  depth = 0;

  constructor(params: readonly ValType[]) {
    this.params = params;
  }

  get locals(): readonly ValType[] {
    return this.#locals;
  }

  local(type: ValType): number {
    this.#locals.push(type);
    return this.params.length + this.#locals.length - 1;
  }

  op(name: string, lane = 0): void {
    this.operator(operator(name), lane);
  }

  operator(found: Operator, lane = 0): void {
    if (found.prefix !== 0) {
      this.bytes.byte(found.prefix);
      this.bytes.u32(found.code);
    } else {
      this.bytes.byte(found.code);
    }
    if (found.lane) this.bytes.byte(lane);
  }

  /** A load or store with its constant offset. Alignment is a hint and given as 1: guest addresses have none. */
  memory(name: string, offset: number): void {
    const found = memoryOperator(name);
    if (found.prefix !== 0) {
      this.bytes.byte(found.prefix);
      this.bytes.u32(found.code);
    } else {
      this.bytes.byte(found.code);
    }
    this.bytes.u32(0);
    this.bytes.u32(offset);
  }

  i32(value: number): void {
    this.bytes.byte(0x41);
    this.bytes.s32(value);
  }

  i64(value: bigint): void {
    this.bytes.byte(0x42);
    this.bytes.s64(value);
  }

  /** Raw bits, little-endian. */
  f32(bits: number): void {
    this.bytes.byte(0x43);
    for (let i = 0; i < 4; i++) this.bytes.byte((bits >>> (8 * i)) & 0xff);
  }

  f64(bits: bigint): void {
    this.bytes.byte(0x44);
    for (let i = 0n; i < 8n; i++) this.bytes.byte(Number((bits >> (8n * i)) & 0xffn));
  }

  v128(bits: readonly number[]): void {
    this.bytes.byte(0xfd);
    this.bytes.u32(0x0c);
    for (let i = 0; i < 16; i++) this.bytes.byte(bits[i] ?? 0);
  }

  shuffle(lanes: readonly number[]): void {
    this.bytes.byte(0xfd);
    this.bytes.u32(0x0d);
    for (let i = 0; i < 16; i++) this.bytes.byte(lanes[i] ?? 0);
  }

  get(local: number): void {
    this.bytes.byte(0x20);
    this.bytes.u32(local);
  }

  set(local: number): void {
    this.bytes.byte(0x21);
    this.bytes.u32(local);
  }

  tee(local: number): void {
    this.bytes.byte(0x22);
    this.bytes.u32(local);
  }

  block(): void {
    this.bytes.byte(0x02);
    this.bytes.byte(0x40);
    this.depth++;
  }

  loop(): void {
    this.bytes.byte(0x03);
    this.bytes.byte(0x40);
    this.depth++;
  }

  if(): void {
    this.bytes.byte(0x04);
    this.bytes.byte(0x40);
    this.depth++;
  }

  else(): void {
    this.bytes.byte(0x05);
  }

  end(): void {
    this.bytes.byte(0x0b);
    this.depth--;
  }

  /** Branch to the construct that was opened at `depth` (its value of {@link depth} after opening). */
  br(depth: number): void {
    this.bytes.byte(0x0c);
    this.bytes.u32(this.depth - depth);
  }

  brIf(depth: number): void {
    this.bytes.byte(0x0d);
    this.bytes.u32(this.depth - depth);
  }

  brTable(depths: readonly number[], fallback: number): void {
    this.bytes.byte(0x0e);
    this.bytes.u32(depths.length);
    for (const depth of depths) this.bytes.u32(this.depth - depth);
    this.bytes.u32(this.depth - fallback);
  }

  return(): void {
    this.bytes.byte(0x0f);
  }

  unreachable(): void {
    this.bytes.byte(0x00);
  }

  call(func: number): void {
    this.bytes.byte(0x10);
    this.bytes.u32(func);
  }

  callIndirect(type: number, tableIndex = 0): void {
    this.bytes.byte(0x11);
    this.bytes.u32(type);
    this.bytes.u32(tableIndex);
  }

  select(): void {
    this.bytes.byte(0x1b);
  }

  drop(): void {
    this.bytes.byte(0x1a);
  }

  globalGet(index: number): void {
    this.bytes.byte(0x23);
    this.bytes.u32(index);
  }

  globalSet(index: number): void {
    this.bytes.byte(0x24);
    this.bytes.u32(index);
  }

  /** memory.copy (bulk memory): destination, source, bytes are on the stack. */
  memoryCopy(): void {
    this.bytes.byte(0xfc);
    this.bytes.u32(10);
    this.bytes.byte(0);
    this.bytes.byte(0);
  }

  /** memory.fill: destination, value, bytes are on the stack. */
  memoryFill(): void {
    this.bytes.byte(0xfc);
    this.bytes.u32(11);
    this.bytes.byte(0);
  }
}
