/** Instructions of guest memory as text. */
import { allFeatures, allInsns, Decoder, DecodeStatus, format, newDecoded } from "../cpu/index.ts";
import type { AddressSpace } from "../memory/index.ts";
import type { Symbolizer } from "./symbolizer.ts";

export interface DisassembledInstruction {
  readonly address: number;
  readonly bytes: Uint8Array;
  /** As objdump -M intel prints it; "(bad)" for bytes that are no instruction. */
  readonly text: string;
}

/** As far as an instruction before `address` is looked for, from the function's start: it is where instructions surely begin. */
const MAX_BACK = 4096;
const LONGEST_INSTRUCTION = 15;

let decoder: Decoder | undefined;
const decoded = newDecoded();

/** The instruction at `address`; undefined where nothing is mapped. */
function instructionAt(memory: AddressSpace, address: number, symbolizer: Symbolizer): DisassembledInstruction | undefined {
  decoder ??= new Decoder(allInsns, allFeatures);
  const bytes = new Uint8Array(LONGEST_INSTRUCTION);
  const count = memory.peek(address, bytes);
  if (count === 0) return undefined;
  const status = decoder.decode(bytes, 0, count, address, decoded);
  const known = status === DecodeStatus.ok || status === DecodeStatus.unimplemented;
  const own = bytes.subarray(0, known ? decoded.length : 1);
  const text = known ? format(decoded, decoder.rows, { bytes: own, symbols: (at) => symbolizer.at(at)?.text }) : "(bad)";
  return { address, bytes: own, text: text.trimEnd() };
}

/**
 * `after` instructions from `address` on, and up to `before` in front of it where a symbol says where its function begins. Fewer where
 * the mapping ends.
 */
export function disassemble(memory: AddressSpace, address: number, before: number, after: number, symbolizer: Symbolizer): DisassembledInstruction[] {
  const lines: DisassembledInstruction[] = [];
  const start = symbolizer.at(address)?.start;
  if (start !== undefined && address - start <= MAX_BACK) {
    let at = start;
    while (at < address) {
      const line = instructionAt(memory, at, symbolizer);
      if (line === undefined) break;
      lines.push(line);
      at += line.bytes.length;
    }
    // What the function's bytes before `address` say does not lead to it: data, or a jump into an instruction.
    if (at !== address) lines.length = 0;
    lines.splice(0, Math.max(0, lines.length - before));
  }
  let at = address;
  for (let count = 0; count < after; count++) {
    const line = instructionAt(memory, at, symbolizer);
    if (line === undefined) break;
    lines.push(line);
    at += line.bytes.length;
  }
  return lines;
}
