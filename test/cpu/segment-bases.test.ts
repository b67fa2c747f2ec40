/** Segment bases of the upper half, which only WRFSBASE and WRGSBASE give: no line of test/insn begins with one. Recorded on an AMD Zen 5. */

import { expect, test } from "vitest";
import { allFeatures, Interpreter, Stop } from "../../src/cpu/index.ts";
import { GPR, Vector } from "../../src/cpu/state.ts";
import { AddressSpace } from "../../src/memory/index.ts";

const CODE = 0x100000;
const DATA = 0x200000;
const RBX = GPR + 24;
const RDI = GPR + 56;
/** wrfsbase rbx */
const WRFSBASE = [0xf3, 0x48, 0x0f, 0xae, 0xd3];
const INT3 = 0xcc;

type Case = readonly [text: string, code: readonly number[], base: bigint, offset: bigint, vector: number, address: number];

test.each<Case>([
  ["an offset that is not canonical, though its address is mapped", [0x64, 0x8b, 0x07], 0xffff_8000_0000_0000n, 0x8000_0020_0100n, Vector.GP, 0],
  ["the same of a store", [0x64, 0x89, 0x07], 0xffff_8000_0000_0000n, 0x8000_0020_0100n, Vector.GP, 0],
  ["an offset that ends between the halves", [0x64, 0x8b, 0x07], 0xffff_8000_0000_0000n, 0x7fff_ffff_fffen, Vector.GP, 0],
  ["a canonical offset of a mapped address", [0x64, 0x8b, 0x07], 0xffff_ffff_0000_0000n, 0x1_0020_0100n, Vector.BP, 0],
  ["a canonical offset of an address of the kernel", [0x64, 0x8b, 0x07], 0xffff_8000_0000_0000n, 0n, Vector.PF, -0x8000_0000_0000],
  ["an operand without segment", [0x8b, 0x07], 0xffff_8000_0000_0000n, 0x20_0100n, Vector.BP, 0],
])("%s", (_text, code, base, offset, vector, address) => {
  const space = new AddressSpace();
  for (const start of [CODE, DATA]) space.map({ address: start, length: 4096, prot: 7, fixed: true });
  space.poke(CODE, Uint8Array.from([...WRFSBASE, ...code, INT3]));
  const interpreter = new Interpreter(space, allFeatures);
  space.view.setBigUint64(RBX, base, true);
  space.view.setBigUint64(RDI, offset, true);
  interpreter.rip = CODE;
  expect(interpreter.run(100)).toBe(Stop.exception);
  expect(interpreter.exception).toMatchObject({ vector, address });
  expect(interpreter.rip).toBe(CODE + WRFSBASE.length + (vector === Vector.BP ? code.length + 1 : 0));
  expect(interpreter.instructions).toBe(vector === Vector.BP ? 3 : 1);
});
