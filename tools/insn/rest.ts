/** Cases for the ways to encode a row that no other case has: random ones, reduced to what the instruction names. */

import { allFeatures, allInsns, Decoder, newDecoded, type RowSpec } from "../../src/cpu/index.ts";
import { type Encoding, randomEncoding } from "../../test/silicon/encodings.ts";
import { formatDifference, hexBytes } from "../../test/silicon/line.ts";
import { Case as Layout, decodeCase, runCases, type RunnerCase } from "../../test/silicon/protocol.ts";
import { CaseMaker } from "../../test/silicon/random.ts";
import { copyState, defaultState, INSTRUCTION, type State } from "../../test/silicon/state.ts";
import { Random } from "../../test/silicon/values.ts";
import { unrecordable, wayOf, waysOf } from "../../test/silicon/ways.ts";
import type { Case } from "./cases.ts";

/** Cases made for each way. */
const EACH = 2;
/** A REX that another prefix follows: objdump shows it as an instruction of its own. */
const DEAD_REX = /^(6[4567]|f[023]|[23][6e])*4.(6[4567]|f[023]|[23][6e])/;
/** Out of so many. */
const CANDIDATES = 8;
const TRIES = 400;

/** Of `full` what the instruction can see: its registers, the accumulators, its memory operand. */
function reduced({ row, decoded, size }: Encoding, full: State): State {
  const state = copyState(defaultState());
  const vectors = row.operands.some(({ kind }) => "VWUHL".includes(kind));
  const named = [decoded.reg, decoded.vvvv, ...(decoded.memory ? [] : [decoded.rm])];
  if (vectors) {
    for (const i of [0, ...named]) {
      state.xmm[i] = full.xmm[i]!;
      if (row.vex !== undefined) state.ymm[i] = full.ymm[i]!;
    }
  }
  const general = [...named, ...(vectors ? [] : [0, 1, 2]), ...(decoded.memory ? [decoded.base, decoded.index] : [])];
  if (row.insn.properties.rep !== undefined) general.push(6, 7);
  if (row.d64 || row.f64) general.push(4, 5);
  for (const i of general) if (i >= 0) state.gpr[i] = full.gpr[i]!;
  state.rflags = full.rflags;
  if (decoded.segment !== 0) Object.assign(state, { fs: full.fs, gs: full.gs });
  const used = full.data.findIndex((byte) => byte !== 0);
  if (used >= 0) state.data.set(full.data.subarray(used, used + Math.max(size, 16)), used);
  return state;
}

/** The cases that `known` (the bytes of all others) leaves to make. */
export function restCases(known: Iterable<Uint8Array>): Case[] {
  const decoder = new Decoder(allInsns, allFeatures, []);
  const decoded = newDecoded();
  const seen = new Set<string>();
  const keyOf = (row: RowSpec, way: string): string => `${row.mnemonic} ${row.text} ${way}`;
  for (const bytes of known) {
    decoder.decode(bytes, 0, bytes.length, Number(INSTRUCTION), decoded);
    const row = decoder.rows[decoded.row];
    if (row !== undefined) seen.add(keyOf(row, wayOf(row, decoded)));
  }
  const missing = decoder.rows.filter((row) => unrecordable(row) === "").flatMap((row) => waysOf(row).map((way) => ({ row, way })));
  const wanted = missing.filter(({ row, way }) => !seen.has(keyOf(row, way)));
  const candidates = wanted.map(({ row, way }) => candidatesFor(row, way, decoder));
  const outcomes = runCases(candidates.flat());
  let next = 0;
  return candidates.flatMap((list) => {
    const faults = list.map(() => outcomes[next++]!.exception !== undefined);
    // Those that complete, where there are any.
    const chosen = list.filter((_, i) => !faults[i]);
    return (chosen.length === 0 ? list : chosen).slice(0, EACH).map(caseOf);
  });
}

function candidatesFor(row: RowSpec, way: string, decoder: Decoder): RunnerCase[] {
  const r = new Random([...`${row.mnemonic}${row.text}${way}`].reduce((sum, letter) => (Math.imul(sum, 31) + letter.charCodeAt(0)) | 0, 7));
  const list: RunnerCase[] = [];
  const input = new Uint8Array(Layout.bytes);
  for (let i = 0; i < TRIES && list.length < CANDIDATES; i++) {
    const encoding = randomEncoding(row, r, decoder);
    const { prefix66, rep } = encoding.decoded;
    // objdump's names for these prefixes together are beside the point.
    if (prefix66 && rep !== 0 && row.prefix === "") continue;
    if (wayOf(row, encoding.decoded) !== way || encoding.decoded.lock || DEAD_REX.test(hexBytes(encoding.bytes))) continue;
    new CaseMaker(encoding, r, true).put(input, 0);
    list.push({ bytes: encoding.bytes, before: reduced(encoding, decodeCase(input, 0).before) });
  }
  return list;
}

function caseOf({ bytes, before }: RunnerCase): Case {
  const shown = { flags: false, undefinedFlags: 0n, undefinedStatus: 0, always: new Set<string>(), mmx: false };
  return { text: `db ${hexBytes(bytes).replace(/..(?=.)/g, "$& ")}`, before: formatDifference(defaultState(), before, shown).join(" ") };
}
