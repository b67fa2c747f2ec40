/** Cases that `npm run fuzz -- insn --write` found: found.txt holds one a line, as `TEXT | BEFORE`. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Case } from "./cases.ts";

export const foundFile: string = fileURLToPath(new URL("found.txt", import.meta.url));

export function* foundCases(): Generator<Case> {
  for (const line of readFileSync(foundFile, "utf8").split("\n")) {
    const [text = "", before = ""] = line.split(" | ");
    if (text !== "") yield { text, before };
  }
}
