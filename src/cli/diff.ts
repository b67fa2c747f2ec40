// `tsvm diff`: what is different in two images.
import { Symbolizer } from "../debug/index.ts";
import type { DescriptorDescription } from "../snapshot/index.ts";
import { compareImages, detachedMachine } from "../snapshot/index.ts";
import { readImage, refusing } from "./image-file.ts";
import { TextWriter } from "./output.ts";

/** Stretches of memory that are listed. */
const MAX_STRETCHES = 1000;

function describe(descriptor: DescriptorDescription | undefined): string {
  if (descriptor === undefined) return "closed";
  const { kind, name, flags, offset } = descriptor;
  return `${kind} ${name} offset ${offset} flags 0${flags.toString(8)}`;
}

/** Prints the differences of two images; 0 where there are none, else 1. */
export function diff(pathA: string, pathB: string): number {
  const a = readImage(pathA);
  const b = readImage(pathB);
  const machineA = refusing(pathA, () => detachedMachine(a.image));
  const machineB = refusing(pathB, () => detachedMachine(b.image));
  const found = compareImages(a.image, b.image, machineA, machineB);
  const lines: string[] = [];
  const [before, after] = found.instructions;
  if (before !== after) lines.push(`instructions  ${before} -> ${after}`);
  for (const [name, from, to] of found.registers) lines.push(`${name.padEnd(12)}  ${from} -> ${to}`);
  for (const text of found.removed) lines.push(`- area ${text}`);
  for (const text of found.added) lines.push(`+ area ${text}`);
  const symbolizer = new Symbolizer(machineB.space);
  for (const { start, end, count } of found.memory.slice(0, MAX_STRETCHES)) {
    const area = machineB.space.areaAt(start);
    const name = area === undefined ? "" : machineB.space.areaName(area);
    const symbol = symbolizer.at(start)?.text ?? "";
    lines.push(`memory ${start.toString(16)}-${end.toString(16)}  ${count} bytes  ${name}  ${symbol}`.trimEnd());
  }
  if (found.memory.length > MAX_STRETCHES) lines.push(`... and ${found.memory.length - MAX_STRETCHES} more stretches of memory`);
  for (const [fd, from, to] of found.descriptors) lines.push(`descriptor ${fd}  ${describe(from)} -> ${describe(to)}`);
  a.close();
  b.close();
  const out = new TextWriter(1);
  if (lines.length > 0) out.write(`${lines.join("\n")}\n`);
  out.flush();
  return lines.length === 0 ? 0 : 1;
}
