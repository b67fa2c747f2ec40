/**
 * Layouts: which fields of an object are its state, and how each is written as plain data. A room declares one for each of its
 * classes; {@link ObjectWriter} and {@link ObjectReader} of object-image.ts do the rest.
 */

/** Data that every encoding has: what CBOR's basic types hold. */
export type Plain = null | boolean | number | bigint | string | Uint8Array | readonly Plain[] | { readonly [key: string]: Plain };

/** Longest message: it may quote what lies in the image. */
const MAX_MESSAGE = 300;

/** An image that does not hold what it must. The message is one line for the user, whatever the image's names have in them. */
export class ImageError extends Error {
  constructor(message: string) {
    super(message.slice(0, MAX_MESSAGE).replaceAll(/[^ -~]/g, "?"));
    this.name = "ImageError";
  }
}

/** Gives objects their numbers while state is saved. */
export interface Referrer {
  /** Number of `object`, whose layout is the one given, or that of its class. */
  indexOf(object: object, layout?: AnyLayout): number;
}

/** Gives numbers their objects while state is restored. */
export interface Resolver {
  /** Throws ImageError where there is no such object, or one of another layout. */
  objectAt(index: number, accepts: (object: object, layout: AnyLayout) => boolean, what: string): object;
}

/** How a value is written as plain data, and what is accepted when it is read: everything else throws ImageError. */
export interface ValueType<T> {
  save(value: T, refs: Referrer): Plain;
  load(plain: Plain, refs: Resolver): T;
}

type Values<S> = { -readonly [K in keyof S]: S[K] extends ValueType<infer T> ? T : never };
/** Any class, abstract ones too. */
export type ClassOf<T extends object> = abstract new (...args: never[]) => T;

interface Default<T> {
  value(object: T): unknown;
}

interface Cache<E> {
  value(env: E): unknown;
}

/** A part of an object's state that is computed when it is saved, and put back. */
export interface Derived<T> {
  readonly type: ValueType<unknown>;
  get(this: void, object: T): unknown;
  set(this: void, object: T, value: unknown): void;
}

/** A {@link Derived} part whose values are of one type. */
export function derived<T, V>(type: ValueType<V>, get: (object: T) => V, set: (object: T, value: V) => void): Derived<T> {
  return { type: type, get, set: (object, value) => set(object, value as V) };
}

/** The state of one class. `E` is what its room needs to put objects together again. */
export interface Layout<T extends object, E = unknown> {
  /** Name in images: it never changes. */
  readonly name: string;
  /** Absent for plain objects that more than one other object refers to. */
  readonly type?: ClassOf<T>;
  readonly fields: Readonly<Record<string, ValueType<unknown>>>;
  /** Values of fields, and of derived parts, that older images do not have. */
  readonly defaults?: Readonly<Record<string, Default<T>["value"]>>;
  /** State that is written otherwise than it is kept. */
  readonly derived?: Readonly<Record<string, Derived<T>>>;
  /** Fields that are no state, with the value they have in a restored object; "made": the one that `make` gave. */
  readonly caches: Readonly<Record<string, Cache<E>["value"] | "made">>;
  /** An object to be filled, where a bare one of the class will not do. */
  make?(this: void, env: E): T;
  /** Called when every object has its fields. */
  restored?(object: T, env: E): void;
}

/** A layout of any class and room: methods make its parameters bivariant. */
export type AnyLayout = Layout<object, unknown>;

function refuse(what: string): never {
  throw new ImageError(`not ${what}`);
}

/** A whole number from `min` to `max`. */
export function int(min = 0, max: number = Number.MAX_SAFE_INTEGER): ValueType<number> {
  return {
    save: (value) => value,
    load: (plain) =>
      typeof plain === "number" && Number.isSafeInteger(plain) && plain >= min && plain <= max ? plain : refuse(`a number from ${min} to ${max}`),
  };
}

export const u16: ValueType<number> = int(0, 0xffff);
export const u32: ValueType<number> = int(0, 0xffff_ffff);
export const i32: ValueType<number> = int(-0x8000_0000, 0x7fff_ffff);
/** A whole number of any size that a double has; encodings may give one beyond 2^53 back as a bigint. */
function anyWhole(plain: Plain): number | undefined {
  const value = typeof plain === "bigint" ? Number(plain) : plain;
  return typeof value === "number" && Number.isInteger(value) ? value : undefined;
}

/** Any whole number. */
export const whole: ValueType<number> = {
  save: (value) => value,
  load: (plain) => anyWhole(plain) ?? refuse("a whole number"),
};

/** A whole number, or Infinity: a deadline, a limit. */
export const wholeOrInfinity: ValueType<number> = {
  save: (value) => value,
  load: (plain) => (plain === Infinity ? plain : (anyWhole(plain) ?? refuse("a whole number or infinity"))),
};

export const flag: ValueType<boolean> = {
  save: (value) => value,
  load: (plain) => (typeof plain === "boolean" ? plain : refuse("true or false")),
};

/** A byte string: one character (0 to 255) for each byte. */
export const byteText: ValueType<string> = {
  save: (value) => value,
  load: (plain) => (typeof plain === "string" && !/[^\0-\xff]/u.test(plain) ? plain : refuse("a byte string")),
};

export const bytes: ValueType<Uint8Array> = {
  save: (value) => value,
  load: (plain) => (plain instanceof Uint8Array ? plain.slice() : refuse("bytes")),
};

/** Bytes of a length that is known. */
export function bytesOf(length: number): ValueType<Uint8Array> {
  return {
    save: (value) => value,
    load: (plain) => (plain instanceof Uint8Array && plain.length === length ? plain.slice() : refuse(`${length} bytes`)),
  };
}

/** 64 bits, unsigned. */
export const u64: ValueType<bigint> = {
  save: (value) => value,
  load: (plain) => {
    if (typeof plain !== "bigint" && (typeof plain !== "number" || !Number.isSafeInteger(plain))) refuse("a 64-bit number");
    const value = BigInt(plain);
    return value >= 0n && value < 2n ** 64n ? value : refuse("a 64-bit number");
  },
};

/** One of a few constants. */
export function oneOf<const T extends string | number>(...values: readonly T[]): ValueType<T> {
  return {
    save: (value) => value,
    load: (plain) => values.find((value) => value === plain) ?? refuse(`one of ${values.join(", ")}`),
  };
}

/** `absent` is written as null. */
export function maybe<T, const A extends null | undefined>(type: ValueType<T>, absent: A): ValueType<T | A> {
  return {
    save: (value, refs) => (value === absent ? null : type.save(value as T, refs)),
    load: (plain, refs) => (plain === null ? absent : type.load(plain, refs)),
  };
}

export function list<T>(type: ValueType<T>, maxLength: number = Infinity): ValueType<T[]> {
  return {
    save: (values, refs) => Array.from(values, (value) => type.save(value, refs)),
    load: (plain, refs) => {
      if (!Array.isArray(plain) || plain.length > maxLength) refuse("a list");
      return (plain as readonly Plain[]).map((value) => type.load(value, refs));
    },
  };
}

export function tuple<const S extends readonly ValueType<unknown>[]>(...types: S): ValueType<Values<S>> {
  return {
    save: (values, refs) => types.map((type, i) => type.save((values as readonly unknown[])[i], refs)),
    load: (plain, refs) => {
      if (!Array.isArray(plain) || plain.length !== types.length) refuse(`a list of ${types.length}`);
      return types.map((type, i) => type.load((plain as readonly Plain[])[i] as Plain, refs)) as Values<S>;
    },
  };
}

/** A Map as a list of pairs, in the Map's own order. */
export function mapOf<K, V>(key: ValueType<K>, value: ValueType<V>): ValueType<Map<K, V>> {
  const pairs = list(tuple(key as ValueType<unknown>, value as ValueType<unknown>));
  return {
    save: (map, refs) => pairs.save([...map], refs),
    load: (plain, refs) => {
      const map = new Map(pairs.load(plain, refs) as [K, V][]);
      return map.size === (plain as readonly Plain[]).length ? map : refuse("a map");
    },
  };
}

/** A plain object that belongs to its holder. Fields of `optional` may be absent. */
export function struct<
  S extends Readonly<Record<string, ValueType<unknown>>>,
  O extends Readonly<Record<string, ValueType<unknown>>> = Record<never, never>,
>(fields: S, optional?: O): ValueType<Values<S> & Partial<Values<O>>> {
  const names = Object.keys(fields);
  const extra = Object.keys(optional ?? {});
  const known = new Set([...names, ...extra]);
  return {
    save: (value, refs) => {
      const from = value as Record<string, unknown>;
      const plain: Record<string, Plain> = {};
      for (const name of Object.keys(from)) if (!known.has(name)) throw new Error(`no image of a field ${name} beside ${names.join(", ")}`);
      for (const name of names) plain[name] = (fields[name] as ValueType<unknown>).save(from[name], refs);
      for (const name of extra) if (from[name] !== undefined) plain[name] = ((optional as O)[name] as ValueType<unknown>).save(from[name], refs);
      return plain;
    },
    load: (plain, refs) => {
      if (typeof plain !== "object" || plain === null || Array.isArray(plain) || plain instanceof Uint8Array) refuse("a structure");
      const from = plain as Readonly<Record<string, Plain>>;
      const value: Record<string, unknown> = {};
      for (const name of Object.keys(from)) if (!known.has(name)) throw new ImageError(`unknown field ${name}`);
      for (const name of names) {
        if (!Object.hasOwn(from, name)) throw new ImageError(`no field ${name}`);
        value[name] = (fields[name] as ValueType<unknown>).load(from[name] as Plain, refs);
      }
      for (const name of extra)
        if (Object.hasOwn(from, name)) value[name] = ((optional as O)[name] as ValueType<unknown>).load(from[name] as Plain, refs);
      return value as Values<S> & Partial<Values<O>>;
    },
  };
}

/** An Int32Array of fixed length. */
export function int32s(length: number): ValueType<Int32Array> {
  return words(length, i32, (values) => Int32Array.from(values));
}

/** A Uint32Array of fixed length. */
export function uint32s(length: number): ValueType<Uint32Array> {
  return words(length, u32, (values) => Uint32Array.from(values));
}

function words<T extends Int32Array | Uint32Array>(length: number, type: ValueType<number>, make: (values: number[]) => T): ValueType<T> {
  return {
    save: (values) => [...values],
    load: (plain, refs) => {
      const values = list(type).load(plain, refs);
      return values.length === length ? make(values) : refuse(`${length} numbers`);
    },
  };
}

/** A value that is written as another. */
export function as<T, U>(type: ValueType<U>, to: (value: T) => U, from: (value: U) => T): ValueType<T> {
  return { save: (value, refs) => type.save(to(value), refs), load: (plain, refs) => from(type.load(plain, refs)) };
}

const index = int(0, 0xffff_ffff);

/** A reference to an object of one of these classes, or of classes derived from them. */
export function ref<T extends object>(...types: readonly ClassOf<T>[]): ValueType<T> {
  const what = types.map(({ name }) => name).join(" or ");
  const accepts = (object: object): boolean => types.some((type) => object instanceof type);
  return {
    save: (value, refs) => refs.indexOf(value),
    load: (plain, refs) => refs.objectAt(index.load(plain, refs), accepts, what) as T,
  };
}

/** A reference to a class that is not defined yet where the layout is written. */
export function lazyRef<T extends object>(type: () => ClassOf<T>): ValueType<T> {
  return { save: (value, refs) => refs.indexOf(value), load: (plain, refs) => ref(type()).load(plain, refs) };
}

/** A reference to a plain object with a layout of its own, because others refer to it too. */
export function sharedRef<T extends object>(layout: Layout<T>): ValueType<T> {
  return {
    save: (value, refs) => refs.indexOf(value, layout),
    load: (plain, refs) => refs.objectAt(index.load(plain, refs), (_object, found) => found === layout, layout.name) as T,
  };
}
