/**
 * Objects that refer to each other, as plain data: numbered in the order in which they are met from the first one on, so that the same
 * state always gives the same data. See layout.ts.
 */

import type { AnyLayout, Plain, Referrer, Resolver, ValueType } from "./layout.ts";
import { ImageError } from "./layout.ts";

/** What an image says of objects. `layouts`: name and field names, each in order of first use; `objects`: layout number and field values. */
export interface ObjectImage {
  readonly layouts: readonly (readonly string[])[];
  readonly objects: readonly (readonly Plain[])[];
}

/** Names of the values that an object is written as. */
function partsOf(layout: AnyLayout): string[] {
  return [...Object.keys(layout.fields), ...Object.keys(layout.derived ?? {})];
}

/** Layouts by class and by name. */
export class LayoutTable {
  readonly byName: ReadonlyMap<string, AnyLayout>;
  private readonly byType: ReadonlyMap<unknown, AnyLayout>;

  constructor(layouts: readonly AnyLayout[]) {
    this.byName = new Map(layouts.map((layout) => [layout.name, layout]));
    this.byType = new Map(layouts.filter(({ type }) => type !== undefined).map((layout) => [layout.type, layout]));
    if (this.byName.size !== layouts.length) throw new Error("two layouts have one name");
  }

  of(object: object): AnyLayout {
    const layout = this.byType.get(object.constructor);
    if (layout === undefined) throw new Error(`no image of a ${object.constructor.name}`);
    return layout;
  }
}

/** Numbers objects and writes their fields. */
export class ObjectWriter implements Referrer {
  private readonly table: LayoutTable;
  private readonly numbers = new Map<object, number>();
  private readonly queue: { readonly object: object; readonly layout: AnyLayout }[] = [];
  private readonly used = new Map<AnyLayout, number>();

  constructor(table: LayoutTable) {
    this.table = table;
  }

  indexOf(object: object, layout?: AnyLayout): number {
    const known = this.numbers.get(object);
    if (known !== undefined) return known;
    const number = this.queue.length;
    this.numbers.set(object, number);
    this.queue.push({ object, layout: layout ?? this.table.of(object) });
    return number;
  }

  /** Objects met so far of which a predicate holds, with their numbers; complete after {@link finish}. */
  *found<T extends object>(is: (object: object) => object is T): Iterable<readonly [number: number, object: T]> {
    for (const [number, { object }] of this.queue.entries()) if (is(object)) yield [number, object];
  }

  /** Writes every object that can be reached from those numbered so far. */
  finish(): ObjectImage {
    const objects: Plain[][] = [];
    // The queue grows while it is read.
    for (let i = 0; i < this.queue.length; i++) {
      const { object, layout } = this.queue[i] as { object: object; layout: AnyLayout };
      objects.push([this.layoutNumber(layout), ...this.fieldsOf(object, layout)]);
    }
    return { layouts: [...this.used.keys()].map((layout) => [layout.name, ...partsOf(layout)]), objects };
  }

  private layoutNumber(layout: AnyLayout): number {
    let number = this.used.get(layout);
    if (number === undefined) {
      number = this.used.size;
      this.used.set(layout, number);
    }
    return number;
  }

  private fieldsOf(object: object, layout: AnyLayout): Plain[] {
    for (const name of Object.keys(object)) {
      if (!Object.hasOwn(layout.fields, name) && !Object.hasOwn(layout.caches, name)) {
        throw new Error(`the image of ${layout.name} does not know its field ${name}`);
      }
    }
    return [
      ...Object.entries(layout.fields).map(([name, type]) => type.save((object as Record<string, unknown>)[name], this)),
      ...Object.values(layout.derived ?? {}).map(({ type, get }) => type.save(get(object), this)),
    ];
  }
}

/** Makes objects of an {@link ObjectImage}. */
export class ObjectReader implements Resolver {
  private readonly objects: object[] = [];
  private readonly layouts: AnyLayout[] = [];
  /** Names of each object's values in the image. */
  private readonly fields: (readonly string[])[] = [];

  /** Makes every object and fills its fields. Throws ImageError for whatever is not as the layouts say. */
  constructor(table: LayoutTable, image: ObjectImage, env: unknown) {
    const used = image.layouts.map(([name, ...fields]) => {
      const layout = table.byName.get(name ?? "");
      if (layout === undefined) throw new ImageError(`it holds a ${name ?? ""}, which this version does not know`);
      const known = new Set(partsOf(layout));
      for (const field of fields)
        if (!known.delete(field)) throw new ImageError(`it holds a ${layout.name} with ${field}, which this version does not know`);
      for (const field of known) if (layout.defaults?.[field] === undefined) throw new ImageError(`it holds a ${layout.name} without ${field}`);
      return { layout, fields };
    });
    for (const record of image.objects) {
      const known = used[Number(record[0])];
      if (known === undefined || record.length !== known.fields.length + 1) throw new ImageError("an object is cut off");
      const { layout, fields } = known;
      this.layouts.push(layout);
      this.fields.push(fields);
      this.objects.push(layout.make?.(env) ?? (Object.create(layout.type === undefined ? Object.prototype : layout.type.prototype) as object));
    }
    for (const [i, record] of image.objects.entries()) this.fill(i, record, env);
    for (const [i, object] of this.objects.entries()) (this.layouts[i] as AnyLayout).restored?.(object, env);
  }

  private fill(number: number, record: readonly Plain[], env: unknown): void {
    const layout = this.layouts[number] as AnyLayout;
    const object = this.objects[number] as Record<string, unknown>;
    const names = this.fields[number] as readonly string[];
    let part = "";
    const value = (name: string, type: ValueType<unknown>): unknown => {
      part = name;
      const at = names.indexOf(name);
      return at < 0 ? layout.defaults?.[name]?.(object) : type.load(record[at + 1] as Plain, this);
    };
    try {
      for (const [name, type] of Object.entries(layout.fields)) object[name] = value(name, type);
      for (const [name, cache] of Object.entries(layout.caches)) if (cache !== "made") object[name] = cache(env);
      for (const [name, { type, set }] of Object.entries(layout.derived ?? {})) set(object, value(name, type));
    } catch (error) {
      throw error instanceof ImageError ? new ImageError(`${layout.name} ${number}: ${part}: ${error.message}`) : error;
    }
  }

  objectAt(index: number, accepts: (object: object, layout: AnyLayout) => boolean, what: string): object {
    const object = this.objects[index];
    if (object === undefined || !accepts(object, this.layouts[index] as AnyLayout)) throw new ImageError(`object ${index} is no ${what}`);
    return object;
  }

  /** Objects of which a predicate holds, with their numbers. */
  *found<T extends object>(is: (object: object) => object is T): Iterable<readonly [number: number, object: T]> {
    for (const [number, object] of this.objects.entries()) if (is(object)) yield [number, object];
  }
}
