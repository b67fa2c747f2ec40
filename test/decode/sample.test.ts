/**
 * One instruction of each kind out of large programs, with objdump's text: `ADDRESS | BYTES | TEXT` in sample.txt, written by
 * `npm run objdump -- --sample=FILE`.
 */

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { allFeatures, allInsns, Decoder, format, newDecoded } from "../../src/cpu/index.ts";
import { normalise } from "../../tools/compare-objdump.ts";
import { parseBytes } from "../silicon/line.ts";

const lines = readFileSync(new URL("sample.txt", import.meta.url), "utf8")
  .trimEnd()
  .split("\n");
const decoder = new Decoder(allInsns, allFeatures);

test("lengths and texts are objdump's", () => {
  expect(lines.length).toBeGreaterThan(3000);
  const decoded = newDecoded();
  const failures = lines.flatMap((line) => {
    const [address = "", hex = "", text = ""] = line.split(" | ");
    const bytes = parseBytes(hex);
    decoder.decode(bytes, 0, bytes.length, Number.parseInt(address, 16), decoded);
    if (decoded.length !== bytes.length) return [`${line}: ${decoded.length} bytes`];
    const ours = normalise(format(decoded, decoder.rows, { bytes }));
    return ours === text ? [] : [`${line}: ${ours}`];
  });
  expect(failures).toEqual([]);
});
