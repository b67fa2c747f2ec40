/**
 * What Linux did (native/areas.golden, recorded by native/areas.c) and what an address space does with the same calls.
 * Left out: the lines that name areas or addresses which only the recording process had.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { AddressSpace, MapError, MemoryFault, PageStore, StoreBacking } from "../../src/memory/index.ts";
import type { Area, MapRequest } from "../../src/memory/index.ts";

const PAGE = 4096;
const golden = readFileSync(new URL("native/areas.golden", import.meta.url), "utf8");

class Replay {
  private readonly space: AddressSpace;
  private readonly variables = new Map<string, number>([["X", 0x2_0000_0000]]);
  private readonly file = new PageStore();
  private readonly backing = new StoreBacking(this.file, "/memfd:file (deleted)");

  constructor(windowBits: number) {
    this.space = new AddressSpace({ windowBits });
    for (let i = 0; i < 3; i++) this.file.write(i * PAGE, new Uint8Array(PAGE).fill(0x41 + i));
    this.file.write(3 * PAGE, new TextEncoder().encode("tail"));
  }

  define(name: string, value: number): void {
    this.variables.set(name, value);
    if (name === "H") this.space.setBrkStart(value);
    if (name === "T") {
      const length = 0x7fff_f7ff_f000 - value;
      this.space.map({ address: value, length, prot: 1, fixed: true, name: "[vvar]" });
    }
  }

  private value(text: string | undefined): number {
    const match = /^([A-Z]?)([+-]?)([0-9a-f]*)(?:\.([0-9a-f]+))?$/.exec(text ?? "0");
    if (match === null) throw new Error(`operand ${text}`);
    const [, variable = "", sign = "", pages = "", bytes = ""] = match;
    const count = pages === "" ? 0 : Number.parseInt(pages, 16);
    const offset = (sign === "-" ? -count : count) * PAGE + (bytes === "" ? 0 : Number.parseInt(bytes, 16));
    return (variable === "" ? 0 : (this.variables.get(variable) ?? Number.NaN)) + offset;
  }

  /** The lines that native/areas.c prints below the command. */
  run(line: string): string[] {
    const words = line.split(" ");
    const target = words[1] === "=" ? words[0] : undefined;
    const [verb, ...args] = target === undefined ? words : words.slice(2);
    if (verb === "maps") return this.maps();
    try {
      const result = this.call(verb ?? "", args);
      if (typeof result === "string") return result === "" ? [] : [`  = ${result}`];
      if (target !== undefined) this.variables.set(target, result);
      return [`  = ${result.toString(16)}`];
    } catch (error) {
      if (error instanceof MapError) return [`  = ${error.code}`];
      if (error instanceof MemoryFault) {
        return [`  = ${this.space.fault.code} at ${error.address.toString(16)}`];
      }
      throw error;
    }
  }

  private call(verb: string, args: readonly string[]): number | string {
    const { space } = this;
    const [a, b, c, d] = [0, 1, 2, 3].map((i) => this.value(/^[a-z]+$/i.test(args[i] ?? "") && i === 3 ? "0" : args[i]));
    if (a === undefined || b === undefined || c === undefined || d === undefined) throw new Error("arguments");
    switch (verb) {
      case "map":
        return space.map(this.request(args));
      case "unmap":
        space.unmap(a, b);
        return 0;
      case "protect":
        space.protect(a, b, Number.parseInt(args[2] ?? "", 16));
        return 0;
      case "remap":
        return space.remap(a, b, c, Number.parseInt(args[3] ?? "", 16), this.value(args[4]));
      case "advise":
        space.advise(a, b, Number(args[2]));
        return 0;
      case "brk":
        return space.brk(a);
      case "truncate":
        this.file.truncate(a);
        return 0;
      case "read":
        return space.readU8(a);
      case "write":
        space.writeU8(a, Number.parseInt(args[1] ?? "", 16));
        return "ok";
      case "touch":
        for (let at = a; at < a + b; at += PAGE) space.writeU8(at, 1);
        return "";
      default:
        throw new Error(`verb ${verb}`);
    }
  }

  private request(args: readonly string[]): MapRequest {
    const flags = args[3] ?? "";
    return {
      address: this.value(args[0]),
      length: this.value(args[1]),
      prot: Number.parseInt(args[2] ?? "", 16),
      shared: flags.includes("s"),
      fixed: flags.includes("f"),
      fixedNoReplace: flags.includes("r"),
      noReserve: flags.includes("n"),
      growsDown: flags.includes("g"),
      low32: flags.includes("l"),
      backing: flags.includes("F") ? this.backing : undefined,
      offset: this.value(args[4]),
    };
  }

  private maps(): string[] {
    const first = this.value("H");
    const last = this.value("T");
    const lines: string[] = [];
    for (const area of this.space.areas()) {
      if (area.start >= first && area.end <= last) lines.push(this.show(area));
    }
    return lines;
  }

  private show(area: Area): string {
    const flag = (bit: number, letter: string): string => ((area.prot & bit) === 0 ? "-" : letter);
    const permissions = flag(1, "r") + flag(2, "w") + flag(4, "x") + (area.shared ? "s" : "p");
    const offset = area.backing === undefined ? 0 : area.offset;
    const name = this.space.areaName(area);
    const range = `${area.start.toString(16)}-${area.end.toString(16)}`;
    return `  ${range} ${permissions} ${offset.toString(16)}${name === "" ? "" : ` ${name}`}`;
  }
}

describe.each([17, 20, 32])("areas as Linux has them, window of 2^%i bytes", (windowBits) => {
  const replay = new Replay(windowBits);
  const sections = golden.trimEnd().split(/^# /m);
  for (const line of (sections.shift() ?? "").trim().split("\n")) {
    const [name = "", value = ""] = line.split(" ");
    replay.define(name, Number.parseInt(value, 16));
  }
  for (const section of sections) {
    const [title = "", ...lines] = section.trimEnd().split("\n");
    test(title, () => {
      const commands = lines.filter((line) => !line.startsWith("  "));
      const actual = commands.flatMap((line) => [line, ...replay.run(line)]);
      expect(actual).toEqual(lines);
    });
  }
});
