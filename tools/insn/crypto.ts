/** Cases of AES-NI, PCLMULQDQ, SHA and GFNI. */

import { type Case, places, walk } from "./cases.ts";
import { binaryRows } from "./sse4.ts";
import { xmm } from "./vectors.ts";

/** FIPS 197's and FIPS 180's examples, all bytes in some places, and extremes. */
const VALUES: readonly bigint[] = [
  0x00112233_44556677_8899aabb_ccddeeffn,
  0x2b7e1516_28aed2a6_abf71588_09cf4f3cn,
  0n,
  (1n << 128n) - 1n,
  0x63636363_63636363_63636363_63636363n,
  0x10203040_50607080_90a0b0c0_d0e0f001n,
  0x6a09e667_bb67ae85_3c6ef372_a54ff53an,
  0x67452301_efcdab89_98badcfe_10325476n,
  0x80000000_00000000_00000000_00000001n,
  0x428a2f98_71374491_b5c0fbcf_e9b5dba5n,
  0x61626380_00000000_00000000_00000018n,
  0x01020408_10204080_80402010_08040201n,
];
const a = walk(VALUES, 5);
const b = walk(VALUES, 7);

/** Byte values n to n + 15: with sixteen of them every entry of a table of 256. */
const ramp = (n: number) => Array.from({ length: 16 }, (_, i) => BigInt((n + i) & 0xff)).reduceRight((value, byte) => (value << 8n) | byte, 0n);

export function* cryptoCases(): Generator<Case> {
  const AES = "aesenc aesenclast aesdec aesdeclast aesimc";
  yield* binaryRows(AES, a, b);
  for (let n = 0; n < 256; n += 16) {
    for (const op of ["aesenclast", "aesdeclast"]) yield { text: `${op} xmm1, xmm2`, before: `${xmm(1, ramp(n))} ${xmm(2, 0n)}` };
    yield { text: "gf2p8affineinvqb xmm1, xmm2, 0", before: `${xmm(1, ramp(n))} ${xmm(2, 0x01020408_10204080_01020408_10204080n)}` };
  }
  for (const op of AES.split(" ")) for (let i = 0; i < 6; i++) yield { text: `${op} xmm1, xmm2`, before: `${xmm(1, a())} ${xmm(2, b())}` };
  for (const imm of [0, 1, 2, 4, 8, 0x10, 0x1b, 0x36, 0x80, 0xff])
    yield { text: `aeskeygenassist xmm9, xmm3, ${imm}`, before: `${xmm(9, a())} ${xmm(3, b())}` };
  yield* places("aeskeygenassist xmm5, %, 0x1b", 128, VALUES[1]!, xmm(5, 0n));

  for (const imm of [0x00, 0x01, 0x10, 0x11, 0x22, 0xff, 0xee, 0x0f])
    for (let i = 0; i < 4; i++) yield { text: `pclmulqdq xmm${i}, xmm${12 + i}, ${imm}`, before: `${xmm(i, a())} ${xmm(12 + i, b())}` };
  yield { text: "pclmulqdq xmm4, xmm4, 0x01", before: xmm(4, VALUES[0]!) };
  yield* places("pclmulqdq xmm5, %, 0x10", 128, VALUES[1]!, xmm(5, VALUES[0]!));

  yield* binaryRows("sha1nexte sha1msg1 sha1msg2 sha256msg1 sha256msg2 gf2p8mulb", a, b);
  for (const op of "sha1nexte sha1msg1 sha1msg2 sha256msg1 sha256msg2 gf2p8mulb".split(" "))
    for (let i = 0; i < 6; i++) yield { text: `${op} xmm1, xmm2`, before: `${xmm(1, a())} ${xmm(2, b())}` };
  for (let i = 0; i < 8; i++) yield { text: "sha256rnds2 xmm1, xmm12, xmm0", before: `${xmm(0, a())} ${xmm(1, a())} ${xmm(12, b())}` };
  yield { text: "sha256rnds2 xmm0, xmm3, xmm0", before: `${xmm(0, VALUES[6]!)} ${xmm(3, VALUES[9]!)}` };
  yield { text: "sha256rnds2 xmm3, xmm3, xmm0", before: `${xmm(0, VALUES[6]!)} ${xmm(3, VALUES[9]!)}` };
  yield* places("sha256rnds2 xmm9, %, xmm0", 128, VALUES[6]!, `${xmm(0, VALUES[9]!)} ${xmm(9, VALUES[7]!)}`);
  for (const imm of [0, 1, 2, 3, 4, 0xff])
    for (let i = 0; i < 3; i++) yield { text: `sha1rnds4 xmm1, xmm12, ${imm}`, before: `${xmm(1, a())} ${xmm(12, b())}` };
  yield { text: "sha1rnds4 xmm2, xmm2, 1", before: xmm(2, VALUES[7]!) };
  yield* places("sha1rnds4 xmm9, %, 2", 128, VALUES[6]!, xmm(9, VALUES[7]!));

  for (const op of ["gf2p8affineqb", "gf2p8affineinvqb"]) {
    for (const imm of [0, 1, 0x63, 0xff])
      for (let i = 0; i < 4; i++) yield { text: `${op} xmm${i}, xmm${15 - i}, ${imm}`, before: `${xmm(i, a())} ${xmm(15 - i, b())}` };
    yield { text: `${op} xmm2, xmm2, 1`, before: xmm(2, VALUES[7]!) };
    yield* places(`${op} xmm9, %, 0x63`, 128, VALUES[11]!, xmm(9, VALUES[0]!));
  }
}
