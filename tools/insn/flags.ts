/** Which status flags an instruction writes and which of them it leaves undefined, from SDM volume 2. */

import { STATUS_FLAGS } from "../../test/silicon/state.ts";

export interface FlagEffect {
  /** Letters of flags written, including those left undefined. */
  readonly written: string;
  readonly undefined: string;
}

const NONE: FlagEffect = { written: "", undefined: "" };
const ALL = "oszapc";

const byMnemonic = new Map<string, FlagEffect>();
function declare(mnemonics: string, written: string, undefinedFlags = ""): void {
  for (const mnemonic of mnemonics.split(" ")) byMnemonic.set(mnemonic, { written, undefined: undefinedFlags });
}
declare("add adc sub sbb cmp neg xadd cmpxchg popf popfw", ALL);
declare("comiss comisd ucomiss ucomisd vcomiss vcomisd vucomiss vucomisd fcomi fcomip fucomi fucomip popcnt ptest", ALL);
declare("and or xor test", ALL, "a");
declare("inc dec", "oszap");
declare("mul imul", ALL, "szap");
declare("div idiv", ALL, ALL);
declare("bt bts btr btc", "osapc", "osap");
declare("bsf bsr", ALL, "osapc");
declare("lzcnt tzcnt", ALL, "osap");
declare("andn blsi blsr blsmsk", ALL, "ap");
declare("bzhi", ALL, "ap");
declare("bextr", ALL, "sap");
declare("vptest vtestps vtestpd vpcmpestri vpcmpestrm vpcmpestriq vpcmpestrmq vpcmpistri vpcmpistrm", ALL);
declare("pcmpestri pcmpestrm pcmpestriq pcmpestrmq pcmpistri pcmpistrm", ALL);
declare("adcx cmc stc clc", "c");
declare("adox", "o");
declare("sahf", "szapc");
declare("cmpxchg8b cmpxchg16b", "z");

const SHIFTS = new Set(["shl", "sal", "shr", "sar"]);
const ROTATES = new Set(["rol", "ror", "rcl", "rcr"]);
const DOUBLE_SHIFTS = new Set(["shld", "shrd"]);

/**
 * `bits`: of the first operand. `count`: the shift count as given, undefined where the instruction is no shift. `repeats`: of a string
 * compare with a REP prefix, whether there is at least one iteration.
 */
export function flagEffect(mnemonic: string, bits: number, count: number, repeats: boolean): FlagEffect {
  if (/^(cmps|scas)/.test(mnemonic)) return repeats ? { written: ALL, undefined: "" } : NONE;
  const masked = count & (bits === 64 ? 63 : 31);
  if (SHIFTS.has(mnemonic)) {
    if (masked === 0) return NONE;
    const carry = mnemonic !== "sar" && masked >= bits && bits < 32 ? "c" : "";
    return { written: ALL, undefined: `a${masked === 1 ? "" : "o"}${carry}` };
  }
  if (ROTATES.has(mnemonic)) return masked === 0 ? NONE : { written: "oc", undefined: masked === 1 ? "" : "o" };
  if (DOUBLE_SHIFTS.has(mnemonic)) return masked === 0 ? NONE : { written: ALL, undefined: masked > bits ? ALL : `a${masked === 1 ? "" : "o"}` };
  return byMnemonic.get(mnemonic) ?? NONE;
}

export function flagMask(letters: string): bigint {
  return STATUS_FLAGS.reduce((mask, [letter, bit]) => (letters.includes(letter) ? mask | bit : mask), 0n);
}
