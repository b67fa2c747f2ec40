/** Every class that has a layout keeps its state where the layout can see it, and every field is known. */
import { describe, expect, test } from "vitest";
import { ImageError, LayoutTable, ObjectWriter } from "../../src/base/index.ts";
import { kernelLayouts } from "../../src/linux/index.ts";
import { memoryLayouts } from "../../src/memory/index.ts";

const layouts = [...memoryLayouts, ...kernelLayouts];

/** Source of a class without its comments and strings. */
function code(type: { toString(): string }): string {
  return type.toString().replace(/\/\*[^]*?\*\/|\/\/.*|"(?:[^"\\\n]|\\.)*"|`[^`]*`/g, "");
}

describe.each(layouts.filter(({ type }) => type !== undefined))("$name", ({ type, make, fields, caches, derived }) => {
  test("has no private state that an image cannot hold", () => {
    const own = code(type!);
    // Private methods need an object that the constructor made.
    if (make === undefined) expect(own.match(/#\w+/g)).toBeNull();
    const privateFields = own.match(/^\s*#\w+\s*(=|;)/gm);
    if (make === undefined) expect(privateFields).toBeNull();
  });

  test("says each field once", () => {
    const names = [...Object.keys(fields), ...Object.keys(caches)];
    expect(new Set(names).size).toBe(names.length);
    expect(Object.keys(derived ?? {}).filter((name) => Object.hasOwn(fields, name))).toEqual([]);
  });
});

test("an unknown field, and an unknown class, stop a save", () => {
  class Known {
    a = 1;
    b = 2;
  }
  class Unknown {
    c = 3;
  }
  const table = new LayoutTable([{ name: "known", type: Known, fields: {}, caches: { a: () => 0 } }]);
  const writer = new ObjectWriter(table);
  writer.indexOf(new Known());
  expect(() => writer.finish()).toThrow("the image of known does not know its field b");
  expect(() => new ObjectWriter(table).indexOf(new Unknown())).toThrow("no image of a Unknown");
});

test("what is wrong with an image is one line, whatever the image calls its fields", () => {
  const error = new ImageError(`unknown field a\nb\u001b[2J${"x".repeat(1000)}`);
  expect(error.message).toMatch(/^unknown field a\?b\?\[2Jx+$/);
  expect(error.message.length).toBe(300);
});
