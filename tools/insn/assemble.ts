/** Instruction text to bytes with as(1), and bytes to text with objdump(1), many at a time. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DATA, INSTRUCTION } from "../../test/silicon/state.ts";

function inTemporaryFolder<T>(body: (file: (name: string) => string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "insn-"));
  try {
    return body((name) => join(folder, name));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const MAXIMUM_LENGTH = 15;
const SLOT = 16;
/** Stands for a displacement that depends on the instruction's length. */
const PLACEHOLDER = 0x11223344;

/**
 * Bytes of each instruction. `db 0f 0b` gives bytes. `{data+0x10}` as displacement of a RIP-relative operand means that
 * offset in the data page.
 */
export function assemble(texts: readonly string[]): Uint8Array[] {
  const written = texts.map((text) => text.startsWith("db "));
  const source = [".intel_syntax noprefix"];
  texts.forEach((text, i) => {
    const code = written[i] ? "nop" : text.replace(/\{data\+0x[0-9a-f]+\}/, String(PLACEHOLDER));
    source.push(".text", `.balign ${SLOT}, 0x90`, `1: ${code}`, "2:", ".data", ".byte 2b-1b");
  });
  const { text, lengths } = inTemporaryFolder((file) => {
    writeFileSync(file("a.s"), `${source.join("\n")}\n`);
    execFileSync("as", ["--64", "-W", "-mnaked-reg", "-o", file("a.o"), file("a.s")], { stdio: ["ignore", "inherit", "inherit"] });
    for (const section of ["text", "data"]) execFileSync("objcopy", ["-O", "binary", "-j", `.${section}`, file("a.o"), file(section)]);
    return { text: readFileSync(file("text")), lengths: readFileSync(file("data")) };
  });
  return texts.map((source, i) => {
    if (written[i]) return Uint8Array.from(source.slice(3).split(" "), (digits) => Number.parseInt(digits, 16));
    const length = lengths[i]!;
    const bytes = Uint8Array.from(text.subarray(i * SLOT, i * SLOT + length));
    const target = /\{data\+(0x[0-9a-f]+)\}/.exec(source);
    if (target) {
      const view = new DataView(bytes.buffer);
      const at = bytes.findIndex((_, k) => k + 4 <= length && view.getInt32(k, true) === PLACEHOLDER);
      if (at < 0) throw new Error(`no displacement in: ${source}`);
      view.setInt32(at, Number(DATA - INSTRUCTION) + Number(target[1]) - length, true);
    }
    return bytes;
  });
}

/** objdump's Intel text of each instruction at {@link INSTRUCTION}, with single spaces and without comments. */
export function disassemble(codes: readonly Uint8Array[]): string[] {
  const image = new Uint8Array(codes.length * SLOT).fill(0x90);
  codes.forEach((code, i) => {
    if (code.length <= MAXIMUM_LENGTH) image.set(code, i * SLOT);
  });
  const listing = inTemporaryFolder((file) => {
    writeFileSync(file("image"), image);
    const args = ["-D", "-w", "-b", "binary", "-m", "i386:x86-64", "-M", "intel", `--adjust-vma=${INSTRUCTION}`, file("image")];
    return execFileSync("objdump", args, { maxBuffer: 2 ** 28 }).toString();
  });
  const texts = codes.map(() => "(bad)");
  for (const line of listing.split("\n")) {
    const match = /^\s*([0-9a-f]+):\t([0-9a-f ]+)\t(.*)$/.exec(line);
    if (!match) continue;
    const offset = Number.parseInt(match[1]!, 16) - Number(INSTRUCTION);
    const i = offset / SLOT;
    if (!Number.isInteger(i)) continue;
    const length = match[2]!.trim().split(" ").length;
    const text = match[3]!
      .replace(/\s+#.*$|\((8087|287) only\)/g, "")
      .replace(/\s+/g, " ")
      .trim();
    // MPX's encodings are NOPs without it.
    if (length !== codes[i]!.length || /\(bad\)|\bbnd(ldx|stx|mk|mov|c[lun])\b/.test(text)) continue;
    // Targets are absolute: as if every instruction stood at the same address.
    texts[i] = text.replace(
      /\b(j[a-z]+|call|loop[a-z]*) 0x([0-9a-f]+)$/,
      (_, mnemonic: string, target: string) => `${mnemonic} 0x${(Number.parseInt(target, 16) - offset).toString(16)}`,
    );
  }
  return texts;
}
