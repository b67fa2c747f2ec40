/**
 * Every x87 encoding with the function that does it (SDM volume 2, appendix A, tables ).
 * The interpreter's rows and the tests are derived from it.
 */

import { fxam } from "./compare.ts";
import {
  fdecstp,
  ffree,
  ffreep,
  fincstp,
  fldcw,
  fldenv,
  fnclex,
  fninit,
  fnop,
  fnsave,
  fnstcw,
  fnstenv,
  fnstsw,
  fnstswAx,
  frstor,
} from "./control.ts";
import {
  Format,
  Operation,
  arithmetic,
  arithmeticWith,
  fabs,
  fbld,
  fbstp,
  fchs,
  fcmov,
  fcom,
  fcomWith,
  fcomi,
  fld80,
  fldRegister,
  fprem,
  fprem1,
  frndint,
  fscale,
  fsqrt,
  fstp80,
  fstpnce,
  ftst,
  fxch,
  fxtract,
  loadConstant,
  loadFrom,
  storeFloat,
  storeInteger,
  storeRegister,
} from "./instructions.ts";
import type { X87State } from "./state.ts";
import { f2xm1, fcos, fpatan, fptan, fsin, fsincos, fyl2x, fyl2xp1 } from "./transcendental.ts";

/** What an entry shares with every other. */
interface Encoding {
  readonly mnemonic: string;
  /** In the notation of isa/insn.ts, up to the operands. */
  readonly encoding: string;
  /** Operands in that notation: `Md` float32, `Mq` float64, `Mt` 80 bits, `Mw` and so on for integers. */
  readonly operands: string;
  /** False for the instructions that do not look at pending exceptions (FNxxx). */
  readonly waits: boolean;
}

/** No operand, or ST(i), whose number is in ModRM.rm. */
export interface RegisterEntry extends Encoding {
  readonly kind: "register";
  readonly run: (s: X87State, i: number) => void;
}

/** A memory operand of 2, 4, 8 or 10 bytes is read: bits 31:0, 63:32, 79:64. */
export interface LoadEntry extends Encoding {
  readonly kind: "load";
  readonly bytes: number;
  readonly run: (s: X87State, low: number, high: number, top: number) => void;
}

/** The result's bytes are left in the operand area, to be written to memory where `run` returns 1. */
export interface StoreEntry extends Encoding {
  readonly kind: "store";
  readonly bytes: number;
  readonly run: (s: X87State) => number;
}

/** An image of 28 or 108 bytes (14 or 94 with an operand size of 16) is read from the operand area. */
export interface LoadImageEntry extends Encoding {
  readonly kind: "load-image";
  readonly bytes: number;
  readonly bytes16: number;
  readonly run: (s: X87State, sixteen: number) => void;
}

/** The same is left in the operand area. */
export interface StoreImageEntry extends Encoding {
  readonly kind: "store-image";
  readonly bytes: number;
  readonly bytes16: number;
  readonly run: (s: X87State, sixteen: number) => number;
}

/** ZF, PF and CF are replaced by those returned, AF, SF and OF cleared; -1: RFLAGS stay as they are. */
export interface FlagsEntry extends Encoding {
  readonly kind: "flags";
  readonly run: (s: X87State, i: number) => number;
}

/** `condition`: the number in cc encodings (SDM volume 1, appendix B) of the condition to pass. */
export interface ConditionEntry extends Encoding {
  readonly kind: "condition";
  readonly condition: number;
  readonly run: (s: X87State, i: number, condition: number) => void;
}

/** AX receives what is returned. */
export interface AxEntry extends Encoding {
  readonly kind: "ax";
  readonly run: (s: X87State) => number;
}

export type X87Entry = RegisterEntry | LoadEntry | StoreEntry | LoadImageEntry | StoreImageEntry | FlagsEntry | ConditionEntry | AxEntry;

function register(mnemonic: string, encoding: string, operands: string, run: RegisterEntry["run"], waits = true): RegisterEntry {
  return { kind: "register", mnemonic, encoding, operands, waits, run };
}
function load(mnemonic: string, encoding: string, operands: string, bytes: number, run: LoadEntry["run"]): LoadEntry {
  return { kind: "load", mnemonic, encoding, operands, waits: true, bytes, run };
}
function store(mnemonic: string, encoding: string, operands: string, bytes: number, run: StoreEntry["run"], waits = true): StoreEntry {
  return { kind: "store", mnemonic, encoding, operands, waits, bytes, run };
}
function flags(mnemonic: string, encoding: string, run: FlagsEntry["run"]): FlagsEntry {
  return { kind: "flags", mnemonic, encoding, operands: "ST0, STi", waits: true, run };
}
function conditional(mnemonic: string, encoding: string, condition: number): ConditionEntry {
  return { kind: "condition", mnemonic, encoding, operands: "ST0, STi", waits: true, condition, run: fcmov };
}

const hex = (byte: number): string => byte.toString(16).toUpperCase();

/** The eight operations of D8 to DE by ModRM.reg; 2 and 3 compare. */
const ARITHMETIC: readonly { readonly name: string; readonly digit: number; readonly operation: Operation }[] = [
  { name: "add", digit: 0, operation: Operation.add },
  { name: "mul", digit: 1, operation: Operation.multiply },
  { name: "sub", digit: 4, operation: Operation.subtract },
  { name: "subr", digit: 5, operation: Operation.subtractReversed },
  { name: "div", digit: 6, operation: Operation.divide },
  { name: "divr", digit: 7, operation: Operation.divideReversed },
];

const MEMORY_FORMATS: readonly {
  readonly opcode: string;
  readonly prefix: string;
  readonly operand: string;
  readonly bytes: number;
  readonly format: Format;
}[] = [
  { opcode: "D8", prefix: "f", operand: "Md", bytes: 4, format: Format.float32 },
  { opcode: "DA", prefix: "fi", operand: "Md", bytes: 4, format: Format.integer32 },
  { opcode: "DC", prefix: "f", operand: "Mq", bytes: 8, format: Format.float64 },
  { opcode: "DE", prefix: "fi", operand: "Mw", bytes: 2, format: Format.integer16 },
];

function arithmeticEntries(): X87Entry[] {
  const entries: X87Entry[] = [];
  for (const { name, digit, operation } of ARITHMETIC) {
    for (const { opcode, prefix, operand, bytes, format } of MEMORY_FORMATS) {
      entries.push(
        load(`${prefix}${name}`, `${opcode} /${digit} mem`, operand, bytes, (s, low, high) => arithmeticWith(s, operation, format, low, high)),
      );
    }
    const base = 0xc0 + 8 * digit;
    // With ST(i) as destination the encodings of FSUB and FSUBR, FDIV and FDIVR are exchanged.
    const reversed = 0xc0 + 8 * (digit >= 4 ? digit ^ 1 : digit);
    entries.push(
      register(`f${name}`, `D8 =${hex(base)}+i`, "ST0, STi", (s, i) => arithmetic(s, operation, 0, i, false)),
      register(`f${name}`, `DC =${hex(reversed)}+i`, "STi, ST0", (s, i) => arithmetic(s, operation, i, 0, false)),
      register(`f${name}p`, `DE =${hex(reversed)}+i`, "STi, ST0", (s, i) => arithmetic(s, operation, i, 0, true)),
    );
  }
  for (const { opcode, prefix, operand, bytes, format } of MEMORY_FORMATS) {
    entries.push(
      load(`${prefix}com`, `${opcode} /2 mem`, operand, bytes, (s, low, high) => fcomWith(s, format, low, high, 0)),
      load(`${prefix}comp`, `${opcode} /3 mem`, operand, bytes, (s, low, high) => fcomWith(s, format, low, high, 1)),
    );
  }
  return entries;
}

const CONSTANT_NAMES: readonly string[] = ["fld1", "fldl2t", "fldl2e", "fldpi", "fldlg2", "fldln2", "fldz"];

export const x87Table: readonly X87Entry[] = [
  ...arithmeticEntries(),

  load("fld", "D9 /0 mem", "Md", 4, (s, low) => loadFrom(s, Format.float32, low, 0)),
  load("fld", "DD /0 mem", "Mq", 8, (s, low, high) => loadFrom(s, Format.float64, low, high)),
  load("fld", "DB /5 mem", "Mt", 10, fld80),
  load("fild", "DF /0 mem", "Mw", 2, (s, low) => loadFrom(s, Format.integer16, low, 0)),
  load("fild", "DB /0 mem", "Md", 4, (s, low) => loadFrom(s, Format.integer32, low, 0)),
  load("fild", "DF /5 mem", "Mq", 8, (s, low, high) => loadFrom(s, Format.integer64, low, high)),
  load("fbld", "DF /4 mem", "Mt", 10, fbld),

  store("fst", "D9 /2 mem", "Md", 4, (s) => storeFloat(s, 24, 0)),
  store("fstp", "D9 /3 mem", "Md", 4, (s) => storeFloat(s, 24, 1)),
  store("fst", "DD /2 mem", "Mq", 8, (s) => storeFloat(s, 53, 0)),
  store("fstp", "DD /3 mem", "Mq", 8, (s) => storeFloat(s, 53, 1)),
  store("fstp", "DB /7 mem", "Mt", 10, fstp80),
  store("fist", "DF /2 mem", "Mw", 2, (s) => storeInteger(s, 16, 0, false)),
  store("fistp", "DF /3 mem", "Mw", 2, (s) => storeInteger(s, 16, 1, false)),
  store("fist", "DB /2 mem", "Md", 4, (s) => storeInteger(s, 32, 0, false)),
  store("fistp", "DB /3 mem", "Md", 4, (s) => storeInteger(s, 32, 1, false)),
  store("fistp", "DF /7 mem", "Mq", 8, (s) => storeInteger(s, 64, 1, false)),
  store("fisttp", "DF /1 mem", "Mw", 2, (s) => storeInteger(s, 16, 1, true)),
  store("fisttp", "DB /1 mem", "Md", 4, (s) => storeInteger(s, 32, 1, true)),
  store("fisttp", "DD /1 mem", "Mq", 8, (s) => storeInteger(s, 64, 1, true)),
  store("fbstp", "DF /6 mem", "Mt", 10, fbstp),

  register("fld", "D9 =C0+i", "STi", fldRegister),
  register("fxch", "D9 =C8+i", "STi", fxch),
  register("fst", "DD =D0+i", "STi", (s, i) => storeRegister(s, i, 0)),
  register("fstp", "DD =D8+i", "STi", (s, i) => storeRegister(s, i, 1)),
  ...CONSTANT_NAMES.map((name, which) => register(name, `D9 =${hex(0xe8 + which)}`, "", (s) => loadConstant(s, which))),

  register("fcom", "D8 =D0+i", "STi", (s, i) => fcom(s, i, false, 0)),
  register("fcomp", "D8 =D8+i", "STi", (s, i) => fcom(s, i, false, 1)),
  register("fcompp", "DE =D9", "", (s) => fcom(s, 1, false, 2)),
  register("fucom", "DD =E0+i", "STi", (s, i) => fcom(s, i, true, 0)),
  register("fucomp", "DD =E8+i", "STi", (s, i) => fcom(s, i, true, 1)),
  register("fucompp", "DA =E9", "", (s) => fcom(s, 1, true, 2)),
  flags("fcomi", "DB =F0+i", (s, i) => fcomi(s, i, false, 0)),
  flags("fcomip", "DF =F0+i", (s, i) => fcomi(s, i, false, 1)),
  flags("fucomi", "DB =E8+i", (s, i) => fcomi(s, i, true, 0)),
  flags("fucomip", "DF =E8+i", (s, i) => fcomi(s, i, true, 1)),
  register("ftst", "D9 =E4", "", ftst),
  register("fxam", "D9 =E5", "", fxam),

  conditional("fcmovb", "DA =C0+i", 2),
  conditional("fcmove", "DA =C8+i", 4),
  conditional("fcmovbe", "DA =D0+i", 6),
  conditional("fcmovu", "DA =D8+i", 10),
  conditional("fcmovnb", "DB =C0+i", 3),
  conditional("fcmovne", "DB =C8+i", 5),
  conditional("fcmovnbe", "DB =D0+i", 7),
  conditional("fcmovnu", "DB =D8+i", 11),

  register("fchs", "D9 =E0", "", fchs),
  register("fabs", "D9 =E1", "", fabs),
  register("fsqrt", "D9 =FA", "", fsqrt),
  register("frndint", "D9 =FC", "", frndint),
  register("fscale", "D9 =FD", "", fscale),
  register("fprem", "D9 =F8", "", fprem),
  register("fprem1", "D9 =F5", "", fprem1),
  register("fxtract", "D9 =F4", "", fxtract),

  register("f2xm1", "D9 =F0", "", f2xm1),
  register("fyl2x", "D9 =F1", "", fyl2x),
  register("fptan", "D9 =F2", "", fptan),
  register("fpatan", "D9 =F3", "", fpatan),
  register("fyl2xp1", "D9 =F9", "", fyl2xp1),
  register("fsincos", "D9 =FB", "", fsincos),
  register("fsin", "D9 =FE", "", fsin),
  register("fcos", "D9 =FF", "", fcos),

  { kind: "load", mnemonic: "fldcw", encoding: "D9 /5 mem", operands: "Mw", waits: true, bytes: 2, run: fldcw },
  store("fnstcw", "D9 /7 mem", "Mw", 2, fnstcw, false),
  store("fnstsw", "DD /7 mem", "Mw", 2, fnstsw, false),
  { kind: "ax", mnemonic: "fnstsw", encoding: "DF =E0", operands: "AX", waits: false, run: fnstswAx },
  register("fnclex", "DB =E2", "", fnclex, false),
  register("fninit", "DB =E3", "", fninit, false),
  register("ffree", "DD =C0+i", "STi", ffree),
  register("fincstp", "D9 =F7", "", fincstp),
  register("fdecstp", "D9 =F6", "", fdecstp),
  register("fnop", "D9 =D0", "", fnop),
  register("fwait", "9B", "", fnop),
  { kind: "load-image", mnemonic: "fldenv", encoding: "D9 /4 mem", operands: "M", waits: true, bytes: 28, bytes16: 14, run: fldenv },
  { kind: "store-image", mnemonic: "fnstenv", encoding: "D9 /6 mem", operands: "M", waits: false, bytes: 28, bytes16: 14, run: fnstenv },
  { kind: "load-image", mnemonic: "frstor", encoding: "DD /4 mem", operands: "M", waits: true, bytes: 108, bytes16: 94, run: frstor },
  { kind: "store-image", mnemonic: "fnsave", encoding: "DD /6 mem", operands: "M", waits: false, bytes: 108, bytes16: 94, run: fnsave },

  // Aliases that the silicon executes and the manuals list as reserved, and what is left of the 8087's and 287's control instructions.
  register("fcom", "DC =D0+i", "STi", (s, i) => fcom(s, i, false, 0)),
  register("fcomp", "DC =D8+i", "STi", (s, i) => fcom(s, i, false, 1)),
  register("fcomp", "DE =D0+i", "STi", (s, i) => fcom(s, i, false, 1)),
  register("fxch", "DD =C8+i", "STi", fxch),
  register("fxch", "DF =C8+i", "STi", fxch),
  register("fstp", "D9 =D8+i", "STi", fstpnce),
  register("fstp", "DF =D0+i", "STi", (s, i) => storeRegister(s, i, 1)),
  register("fstp", "DF =D8+i", "STi", (s, i) => storeRegister(s, i, 1)),
  register("ffreep", "DF =C0+i", "STi", ffreep),
  register("fneni", "DB =E0", "", fnop, false),
  register("fndisi", "DB =E1", "", fnop, false),
  register("fnsetpm", "DB =E4", "", fnop, false),
];
