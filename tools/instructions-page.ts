// The text of docs/instructions.md, from the rows: every instruction by its extension, and how many recorded tests it has.
import type { Feature } from "../src/cpu/index.ts";
import { allFeatures, allInsns, Decoder, mainFeatureOf, newDecoded } from "../src/cpu/index.ts";
import { knownInsns } from "../src/cpu/decode/known.ts";
import { evexInsns } from "../src/cpu/isa/evex.ts";
import { featuresOf } from "../src/cpu/isa/insn.ts";
import { cpuModels } from "../src/machine/index.ts";
import { insnFiles } from "../test/silicon/files.ts";
import { INSTRUCTION } from "../test/silicon/state.ts";

const NAMES: Readonly<Partial<Record<Feature, string>>> = {
  base: "x86-64, x87, MMX, SSE, SSE2",
  sse3: "SSE3",
  ssse3: "SSSE3",
  "sse4.1": "SSE4.1",
  "sse4.2": "SSE4.2",
  sse4a: "SSE4a (AMD)",
  popcnt: "POPCNT",
  cx16: "CMPXCHG16B",
  lahf: "LAHF, SAHF",
  movbe: "MOVBE",
  lzcnt: "LZCNT",
  bmi1: "BMI1",
  bmi2: "BMI2",
  adx: "ADX",
  avx: "AVX",
  avx2: "AVX2",
  f16c: "F16C",
  fma: "FMA",
  aes: "AES-NI",
  vaes: "VAES (256 bits)",
  vpclmul: "VPCLMULQDQ (256 bits)",
  pclmul: "PCLMULQDQ",
  gfni: "GFNI",
  sha: "SHA",
  rdrand: "RDRAND",
  rdseed: "RDSEED",
  rdtscp: "RDTSCP",
  fxsr: "FXSAVE, FXRSTOR",
  xsave: "XSAVE",
  xsaveopt: "XSAVEOPT",
  xsavec: "XSAVEC",
  clflushopt: "CLFLUSHOPT",
  clwb: "CLWB",
  fsgsbase: "FSGSBASE",
  rdpid: "RDPID",
};

interface Group {
  readonly mnemonics: Set<string>;
  rows: number;
  lines: number;
}

/** What is only named, by what it needs: in the manual's names of CPUID's bits, "" for what is not a vector instruction. */
function namedGroups(): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const insn of [...evexInsns(), ...knownInsns]) {
    const name = featuresOf(insn)
      .map((feature) => NAMES[feature]?.replace(/ \(.*/, "") ?? feature.toUpperCase())
      .join(" with ");
    const group = groups.get(name) ?? { mnemonics: new Set(), rows: 0, lines: 0 };
    groups.set(name, group);
    group.mnemonics.add(insn.mnemonic);
    group.rows += insn.rows.length;
  }
  return groups;
}

/** The page's text. */
export function instructionsPage(): string {
  const decoder = new Decoder(allInsns, allFeatures);
  const groups = new Map<Feature, Group>();
  const groupOf = (feature: Feature): Group => {
    const known = groups.get(feature) ?? { mnemonics: new Set(), rows: 0, lines: 0 };
    groups.set(feature, known);
    return known;
  };
  for (const insn of allInsns) {
    const group = groupOf(mainFeatureOf(insn));
    group.mnemonics.add(insn.mnemonic);
    group.rows += insn.rows.length;
  }
  const decoded = newDecoded();
  let total = 0;
  for (const { lines } of insnFiles()) {
    for (const { line } of lines) {
      total++;
      decoder.decode(line.bytes, 0, line.bytes.length, Number(INSTRUCTION), decoded);
      const row = decoded.row < decoder.implemented ? decoder.rows[decoded.row] : undefined;
      if (row !== undefined) groupOf(mainFeatureOf(row.insn)).lines++;
    }
  }
  const models = (feature: Feature): string =>
    Object.entries(cpuModels)
      .filter(([, features]) => feature === "base" || features.has(feature))
      .map(([name]) => name)
      .join(" ");
  const order = [...allFeatures].filter((feature) => groups.has(feature));
  const table = order.map((feature) => {
    const { mnemonics, rows, lines } = groupOf(feature);
    return `| ${NAMES[feature] ?? feature} | ${models(feature)} | ${mnemonics.size} | ${rows} | ${lines} |`;
  });
  const lists = order.map((feature) => `**${NAMES[feature] ?? feature}**: ${[...groupOf(feature).mnemonics].toSorted().join(" ")}`);
  const named = [...namedGroups()]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, group]) => [name === "" ? "system and others" : name, group] as const);
  const namedTable = named.map(([name, { mnemonics, rows }]) => `| ${name} | ${mnemonics.size} | ${rows} |`);
  const namedLists = named.map(([name, { mnemonics }]) => `**${name}**: ${[...mnemonics].toSorted().join(" ")}`);
  return `# Instructions

What the guest's processor executes, by extension: which models (\`--cpu\`) have it, its instructions, their rows (encodings and operand kinds, as the manuals
count them) and the lines of [test/insn](../test/insn/README.md) that were recorded from a processor. [verification.md](verification.md)
says how random instructions of nearly every row compare with a processor's. The decoder and the disassembler know more than is executed: [what is named](#named-not-executed), AVX-512 above all.

This page is made from the rows in \`src/cpu/isa/\` by \`npm run gen\`.

| extension | models | instructions | rows | recorded tests |
| --- | --- | --: | --: | --: |
${table.join("\n")}

${total} recorded tests in all.

## Where processors differ

What the manuals leave open is as on the AMD processor that the tests were recorded on, where the choice has to be some one:

- BSF and BSR of zero leave the destination as it is. BT and its relatives leave OF, SF, AF and PF.
- SHLD and SHRD of 16 bits by more than 16 shift in the source twice and clear CF.
- SHA instructions take operands in memory that are not aligned; Intel's raise #GP.
- EXTRQ and INSERTQ clear the upper half of their destination.
- RCPPS, RSQRTPS and their scalar forms have results of their own, within Intel's bounds, that are the same on every host.
- MASKMOVQ that faults leaves the x87 state as it was; AMD's processors have entered the MMX state by then. ENTER that faults has written nothing.
- LOOPE and LOOPNE keep their condition with F2 and F3; AMD's processors take it from the prefix.
- With AC, operands of 16 and 32 bytes must be aligned to 16, MASKMOVDQU's to 8; masked moves and gathers are not checked, of FXSAVE and FXRSTOR four bytes before their own #GP. The
  check comes before page faults.
- Through FS and GS the offset must be canonical as well as the address: #GP otherwise. Branches to addresses that are not canonical fault at the branch.
- LOCK before a move of CR0 is #UD; it means CR8 on AMD's processors. 66 does nothing to near branches; it makes them 16-bit ones on AMD's.
- What XSAVEOPT, XSAVEC and XGETBV (ECX = 1) take for used is decided by what the registers hold; processors may take registers for used that hold zeros. AMD's do not save the x87
  pointers where no exception is pending. MXCSR has Intel's bits. XRSTOR and XSAVE look at the area's pages in the order of AMD's.

[verification.md](verification.md) counts the differences that random execution met.

## All of them

${lists.join("\n\n")}

## Named, not executed

What the disassembler names with its operands, and a report of an illegal instruction with what it needs. No processor model has these: each is #UD. Rows of EVEX stand for
all vector lengths; those of less than 512 bits need AVX512VL besides. Most are the VEX rows above with opmasks, broadcasts and 32 registers, and are made from those.

| extension | instructions | rows |
| --- | --: | --: |
${namedTable.join("\n")}

${namedLists.join("\n\n")}
`;
}
