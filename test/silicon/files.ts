/** The files of test/insn. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type InsnLine, parseFile } from "./line.ts";

const folder = fileURLToPath(new URL("../insn/", import.meta.url));

export interface InsnFile {
  /** For example `0f/af`. */
  readonly name: string;
  readonly lines: readonly { readonly number: number; readonly source: string; readonly line: InsnLine }[];
}

export function insnFiles(): InsnFile[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".insn"))
    .toSorted()
    .map((path) => ({ name: path.slice(0, -".insn".length), lines: parseFile(readFileSync(join(folder, path), "utf8")) }));
}
