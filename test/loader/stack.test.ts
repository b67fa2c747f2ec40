import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { LoadError } from "../../src/loader/index.ts";
import { buildStack } from "../../src/loader/stack.ts";
import { STACKS } from "./elf-files.ts";

const TOP = 0x7fff_ffff_f000;
const RECORDED = readFileSync(new URL("native-stacks.txt", import.meta.url), "latin1")
  .trim()
  .split("\n");

/** Reads argument count and auxiliary vector of a recorded stack. */
function parseStack(bytes: Buffer): { argc: number; auxv: [number, number][] } {
  const words = Array.from({ length: Math.floor(bytes.length / 8) }, (_, index) => bytes.readBigUInt64LE(index * 8));
  const argc = Number(words[0]);
  const environment = 1 + argc + 1;
  let at = words.indexOf(0n, environment) + 1;
  const auxv: [number, number][] = [];
  for (; words[at] !== 0n; at += 2) auxv.push([Number(words[at]), Number(words[at + 1])]);
  return { argc, auxv };
}

test.each(STACKS.map(([args, env], index) => ({ args, env, index })))("recorded stack $index is rebuilt byte for byte", ({ args, env, index }) => {
  const native = Buffer.from(RECORDED[index] ?? "", "hex");
  const { argc, auxv } = parseStack(native);
  expect(argc).toBe(args.length + 1);
  const nativePointer = TOP - native.length;
  const recorded = new Map(auxv);
  const randomAt = (recorded.get(25) ?? 0) - nativePointer;
  const stack = buildStack(
    {
      top: TOP,
      argv: ["./program", ...args],
      envp: env,
      execfn: "./program",
      random: native.subarray(randomAt, randomAt + 16),
      stackLimit: 8 << 20,
    },
    (strings) => {
      const own: Record<number, number> = { 15: strings.platform, 25: strings.random, 31: strings.execfn };
      return auxv.map(([type, value]) => [type, own[type] ?? value]);
    },
  );
  expect(stack.stackPointer).toBe(nativePointer);
  expect(Buffer.from(stack.bytes).toString("hex")).toBe(native.toString("hex"));
});

function build(argv: (string | Uint8Array)[], envp: string[] = [], stackLimit = 8 << 20): ReturnType<typeof buildStack> {
  return buildStack({ top: TOP, argv, envp, execfn: "/p", random: new Uint8Array(16), stackLimit }, () => []);
}

test("an empty argument list gets one empty argument", () => {
  const stack = build([]);
  const view = new DataView(stack.bytes.buffer);
  expect(view.getBigUint64(0, true)).toBe(1n);
  expect(view.getBigUint64(8, true)).toBe(BigInt(stack.argStart));
  expect(stack.argEnd - stack.argStart).toBe(1);
});

test("arguments may be any bytes but NUL", () => {
  const stack = build([Uint8Array.of(0xff, 0xfe)]);
  expect([...stack.bytes.subarray(stack.argStart - stack.stackPointer).subarray(0, 3)]).toEqual([0xff, 0xfe, 0]);
  expect(() => build(["a\0b"])).toThrow("an argument or environment string contains a NUL byte");
});

test("the limits of execve", () => {
  const almost = "x".repeat(131071);
  expect(build([almost]).argEnd).toBe(TOP - 8 - 3);
  expect(() => build([`${almost}x`])).toThrow("an argument or environment string is too long");
  // A quarter of the stack limit, pointers included.
  expect(() => build(Array.from({ length: 15 }, () => almost))).not.toThrow();
  expect(() => build(Array.from({ length: 17 }, () => almost))).toThrow("argument list too long");
  expect(() => build(Array.from({ length: 300_000 }, () => ""))).toThrow("argument list too long");
  // Never less than 128 KiB, never more than 6 MiB.
  expect(() => build(["y".repeat(100_000)], [], 4096)).not.toThrow();
  expect(() =>
    build(
      Array.from({ length: 45 }, () => almost),
      [],
      1e9,
    ),
  ).not.toThrow();
  expect(() =>
    build(
      Array.from({ length: 49 }, () => almost),
      [],
      1e9,
    ),
  ).toThrow("argument list too long");
  try {
    build(Array.from({ length: 17 }, () => almost));
  } catch (error) {
    expect(error).toBeInstanceOf(LoadError);
    expect(error).toMatchObject({ errno: "E2BIG", exitStatus: 126 });
  }
});
