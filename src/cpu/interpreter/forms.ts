/** Which form a decoded instruction is, what its flags and faults mean for its block, and which handler runs it. */

import type { AddressMode, Form } from "../form.ts";
import { formKey, operandBits } from "../form.ts";
import type { Decoded, FlagLetters, OperandSpec, RowSpec } from "../isa/insn.ts";

/** Code that forms share which differ only in their encoding: `add r, r/m` with a register is `add r/m, r` with a register. */
export interface SharedCode {
  readonly index: number;
  readonly form: Form;
  /** Handler number, -1 until one is made; the same with dead flags (0: there is none). */
  handler: number;
  deadHandler: number;
}

/** Everything about a form that decoding needs, computed once. */
export interface FormEntry {
  readonly form: Form;
  readonly code: SharedCode;
  readonly reads: number;
  readonly writes: number;
  readonly faults: boolean;
  readonly ends: "jump" | "branch" | "indirect" | "exit" | undefined;
}

const letters: Readonly<Record<string, number>> = { o: 1, s: 2, z: 4, a: 8, p: 16, c: 32, d: 0 };
export const ALL_FLAGS = 63;

function flagMask(text: FlagLetters | undefined): number {
  let mask = 0;
  for (const letter of text ?? "") mask |= letters[letter] ?? 0;
  return mask;
}

/** What a row lets vary. */
interface RowFacts {
  readonly sized: boolean;
  readonly addressed: boolean;
  readonly moffs: boolean;
  readonly implicitMemory: boolean;
  readonly repeats: boolean;
}

const fixedSizes = new Set(["b", "w", "d", "q", "dq", "qq", "ss", "sd", "ps", "pd", "x", "t"]);

function factsOf(row: RowSpec): RowFacts {
  const { operands, insn } = row;
  const fixedSize =
    operands.length > 0 &&
    !row.d64 &&
    !row.f64 &&
    operands.every((o) => (o.kind === "fixed" ? !o.size.startsWith("r") && !o.size.startsWith("e") : fixedSizes.has(o.size)));
  const implicitMemory = insn.properties.rep !== undefined || insn.mnemonic === "xlat" || /^v?maskmov(q|dqu)$/.test(insn.mnemonic);
  const branch = insn.properties.ends === "branch";
  const moffs = operands.some((o) => o.kind === "O");
  return {
    sized: !fixedSize,
    addressed: row.modrm || implicitMemory || branch || moffs,
    moffs,
    implicitMemory,
    repeats: insn.properties.rep !== undefined,
  };
}

const modes: readonly AddressMode[] = ["none", "near", "scaled", "any"];

export class FormTable {
  readonly #rows: readonly RowSpec[];
  readonly #facts: (RowFacts | undefined)[] = [];
  readonly #entries = new Map<number, FormEntry>();
  readonly #shared = new Map<string, SharedCode>();
  readonly #insns = new Map<object, number>();
  #byName: Map<string, number> | undefined;

  constructor(rows: readonly RowSpec[]) {
    this.#rows = rows;
  }

  entryOf(decoded: Decoded): FormEntry {
    const row = this.#rows[decoded.row];
    if (row === undefined) throw new Error("an instruction without a row has no form");
    const facts = (this.#facts[decoded.row] ??= factsOf(row));
    const size = facts.sized ? decoded.operandSize : 32;
    const narrow =
      decoded.addressSize === 32 &&
      facts.addressed &&
      (decoded.memory || facts.implicitMemory || facts.moffs || row.insn.properties.ends === "branch");
    let mode = 0;
    if (decoded.memory) mode = decoded.segment !== 0 || narrow ? 3 : decoded.index >= 0 && !row.vsib ? 2 : 1;
    else if (facts.moffs) mode = decoded.segment !== 0 || narrow ? 3 : 1;
    else if (facts.implicitMemory && decoded.segment !== 0) mode = 3;
    const rep = facts.repeats ? decoded.rep : 0;
    return this.#entry(decoded.row, size as 16 | 32 | 64, narrow ? 32 : 64, mode, rep);
  }

  /** The entry with that description, for lists of hot forms; undefined where no row has the name. */
  named(mnemonic: string, text: string, cc: number | undefined, operandSize: number, mode: AddressMode, rep: number): FormEntry | undefined {
    this.#byName ??= new Map(this.#rows.map((row, i) => [`${row.mnemonic}|${row.text}|${row.cc ?? ""}`, i]));
    const row = this.#byName.get(`${mnemonic}|${text}|${cc ?? ""}`);
    if (row === undefined) return undefined;
    return this.#entry(row, operandSize as 16 | 32 | 64, 64, modes.indexOf(mode), rep);
  }

  #entry(rowIndex: number, operandSize: 16 | 32 | 64, addressSize: 32 | 64, mode: number, rep: number): FormEntry {
    const key = (((rowIndex * 4 + (operandSize >> 5)) * 4 + mode) * 2 + (addressSize === 32 ? 1 : 0)) * 4 + (rep === 0 ? 0 : rep - 0xf1);
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = this.#make(rowIndex, operandSize, addressSize, modes[mode] ?? "none", rep);
      this.#entries.set(key, entry);
    }
    return entry;
  }

  #make(rowIndex: number, operandSize: 16 | 32 | 64, addressSize: 32 | 64, mode: AddressMode, rep: number): FormEntry {
    const row = this.#rows[rowIndex];
    if (row === undefined) throw new RangeError(`no row ${rowIndex}`);
    const { properties } = row.insn;
    const form: Form = { key: formKey(row, operandSize, addressSize, mode, rep, false), row, operandSize, addressSize, mode, rep, deadFlags: false };
    const memory = row.operands.some((o, i) => {
      if (o.kind === "X" || o.kind === "Y") return true;
      const inMemory = o.kind === "M" || o.kind === "O" || ((o.kind === "E" || o.kind === "W" || o.kind === "Q") && mode !== "none");
      return inMemory && operandBits(row, i, operandSize) > 0;
    });
    return {
      form,
      code: this.#code(form),
      reads: flagMask(properties.reads),
      writes: flagMask(properties.writes),
      faults: memory || properties.faults === true || rep !== 0,
      ends: properties.ends,
    };
  }

  #code(form: Form): SharedCode {
    const { row, operandSize, addressSize, mode, rep } = form;
    const operands = row.operands.map((o, i) => operandSignature(o, operandBits(row, i, operandSize), mode));
    const key = `${this.#meaning(row, mode)} ${row.cc ?? ""} ${row.vex?.l ?? ""} ${operandSize} ${addressSize} ${mode} ${rep} ${operands.join()}`;
    let code = this.#shared.get(key);
    if (code === undefined) {
      code = { index: this.#shared.size, form, handler: -1, deadHandler: 0 };
      this.#shared.set(key, code);
    }
    return code;
  }

  /** A word for what a row does to its operands. */
  #meaning(row: RowSpec, mode: AddressMode): string {
    const { like, aligned = false } = row.insn.properties;
    if (like === undefined) return `${row.mnemonic} ${this.#insnNumber(row)}`;
    return `${row.view === undefined ? "" : "lanes of "}${like}${aligned && mode !== "none" ? " aligned" : ""}`;
  }

  #insnNumber(row: RowSpec): number {
    let number = this.#insns.get(row.insn);
    if (number === undefined) {
      number = this.#insns.size;
      this.#insns.set(row.insn, number);
    }
    return number;
  }
}

/** What of an operand a handler sees. */
function operandSignature(operand: OperandSpec, bits: number, mode: AddressMode): string {
  const { kind, size } = operand;
  switch (kind) {
    case "E":
    case "W":
    case "Q":
      return mode === "none"
        ? `${kind === "E" ? "r" : kind === "W" ? "x" : "mm"}${bits}${size.startsWith("s") ? size : ""}`
        : `m${bits}${size.startsWith("s") ? size : ""}`;
    case "G":
    case "R":
    case "Z":
    case "B":
      return `r${bits}`;
    case "V":
    case "U":
    case "H":
    case "L":
      return `x${bits}${size.startsWith("s") ? size : ""}`;
    case "P":
    case "N":
      return `mm${bits}`;
    case "I":
      return `i${bits}${size === "v" ? "v" : ""}`;
    case "J":
      return "j";
    default:
      return `${kind}${size}${bits}`;
  }
}

/** The form with its flags declared dead. */
export function withDeadFlags(form: Form): Form {
  return { ...form, deadFlags: true, key: formKey(form.row, form.operandSize, form.addressSize, form.mode, form.rep, true) };
}

/** Where a direct branch leads: `end` is the address behind it. */
export function branchTarget(entry: FormEntry, end: number, displacement: number): number {
  const target = end + displacement;
  return entry.form.row.f64 || entry.form.operandSize === 64 ? target : target % 0x1_0000;
}
