/** Every row has one-line tests in every way that it can be encoded in. */

import { expect, test } from "vitest";
import { allFeatures, allInsns, Decoder, newDecoded } from "../src/cpu/index.ts";
import { insnFiles } from "./silicon/files.ts";
import { INSTRUCTION } from "./silicon/state.ts";
import { unrecordable, wayOf, waysOf } from "./silicon/ways.ts";

const decoder = new Decoder(allInsns, allFeatures, []);

test("every row has lines with memory and with a register, and for each operand size", () => {
  const seen = new Set<string>();
  const decoded = newDecoded();
  for (const { lines } of insnFiles()) {
    for (const { line } of lines) {
      decoder.decode(line.bytes, 0, line.bytes.length, Number(INSTRUCTION), decoded);
      const row = decoder.rows[decoded.row];
      if (row !== undefined) seen.add(`${decoded.row} ${wayOf(row, decoded)}`);
    }
  }
  const missing = decoder.rows.flatMap((row, i) =>
    unrecordable(row) !== "" ? [] : waysOf(row).flatMap((way) => (seen.has(`${i} ${way}`) ? [] : [`${row.mnemonic} ${row.text} ${way}`])),
  );
  expect(missing).toEqual([]);
});

test("rows without lines are few, and each has a reason", () => {
  const reasons = new Map<string, Set<string>>();
  for (const row of decoder.rows) {
    const reason = unrecordable(row);
    if (reason !== "") reasons.set(reason, (reasons.get(reason) ?? new Set()).add(row.mnemonic));
  }
  expect(Object.fromEntries([...reasons].map(([reason, mnemonics]) => [reason, [...mnemonics].toSorted().join(" ")]))).toMatchInlineSnapshot(`
    {
      "approximations differ between processors": "rcpps rcpss rsqrtps rsqrtss vrcpps vrcpss vrsqrtps vrsqrtss",
      "calls the kernel": "syscall",
      "names the processor": "cpuid rdpid rdpmc xgetbv",
      "random numbers": "rdrand rdseed",
      "segment registers: signal frames do not hold them": "mov pop",
      "the processor has state components that the guest's has not": "xrstor xrstor64 xsave xsave64 xsavec xsavec64 xsaveopt xsaveopt64",
      "time": "rdtsc rdtscp",
    }
  `);
});
