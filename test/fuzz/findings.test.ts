/** What fuzzing found, once each. */
import { expect, test } from "vitest";
import { readProgram } from "../../programs/build.ts";
import type { Plain } from "../../src/base/index.ts";
import { bytesSource, ImageError, openImage, readCore, restoreImage } from "../../src/snapshot/index.ts";
import { decodeState, encodeState } from "../../src/snapshot/cbor.ts";
import { replaceState } from "./image.ts";
import { modulesOfTests, PipeHost, programCase, Run } from "../snapshot/support.ts";

const CLOSE = 3;

interface Objects {
  readonly layouts: [name: string, ...fields: string[]][];
  readonly objects: [layout: number, ...values: Plain[]][];
}

/** The objects of a state, to be changed in place. */
function objectsOf(state: Plain): Objects {
  return (state as unknown as { machine: { objects: Objects } }).machine.objects;
}

function indicesOf({ layouts, objects }: Objects, name: string): number[] {
  const layout = layouts.findIndex(([known]) => known === name);
  return objects.flatMap(([index], i) => (index === layout ? [i] : []));
}

test("an open file of /proc whose name is made to lead to a file in memory is refused", () => {
  const run = Run.start(programCase(readProgram("maps")));
  for (let tries = 0; tries < 50; tries++) {
    expect(run.machine.run({ intercept: { syscall: (number) => number === CLOSE } }).reason).toBe("intercepted");
    const image = run.image();
    const old = readCore(bytesSource(image)).state;
    const state = decodeState(old);
    const all = objectsOf(state);
    const { layouts, objects } = all;
    const [file] = indicesOf(all, "synth-file");
    if (file === undefined) {
      run.to(run.machine.instructions + 1);
      continue;
    }
    const inodes = new Set(indicesOf(all, "tmp-inode"));
    const inodeField = layouts.find(([name]) => name === "dentry")!.indexOf("inode");
    const name = indicesOf(all, "dentry").find((i) => inodes.has(objects[i]![inodeField] as number));
    const other = objects[file]!;
    other[layouts[other[0]]!.indexOf("dentry")] = name!;
    const bytes = replaceState(image, Buffer.from(image).indexOf(old), encodeState(state));
    expect(() => restoreImage(openImage(bytesSource(bytes)), { inputs: new PipeHost(), windowBits: 17, prebuilt: modulesOfTests() })).toThrow(
      new ImageError("an open file is of another kind than its inode"),
    );
    return;
  }
  expect.unreachable("the program opens no file of /proc");
});
