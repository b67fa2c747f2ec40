/** Cases of SSE3, SSSE3, SSE4.1, SSE4.2 and SSE4a. */

import { type Case, places, walk } from "./cases.ts";
import { mm, mmPairs, xmm, xmmPairs } from "./vectors.ts";

/** Extremes of every lane width, and ordinary values. */
const VECTORS: readonly bigint[] = [
  0x80007fff_80000001_00ff7f80_01fe8081n,
  0x0001ffff_7fffffff_ff017f7f_80808001n,
  0xffffffff_ffffffff_ffffffff_ffffffffn,
  0n,
  0x01234567_89abcdef_fedcba98_76543210n,
  0x80808080_80808080_7f7f7f7f_7f7f7f7fn,
  0x80008000_80008000_80008000_80007fffn,
  0x7fff8000_80007fff_8000ffff_00010000n,
  0x0f8e1d8c_0b8a0908_87068504_03820180n,
  0x00ff00ff_ff00ff00_0fff0800_f0001000n,
  0x80000000_00000000_7fffffff_ffffffffn,
  0x00000001_00000001_80000000_80000000n,
];
const next = walk(VECTORS, 5);
const other = walk(VECTORS, 7);

/** Numbers of one, of two, of four single and of two double lanes: ordinary ones, roundings, NaNs, infinities, denormals. */
const SINGLES: readonly bigint[] = [
  0x3f800000_40490fdb_c0200000_42f6e979n,
  0x3f000000_3fc00000_40200000_c0600000n,
  0x00000000_80000000_7f7fffff_ff7fffffn,
  0x7f800000_ff800000_3f800000_bf800000n,
  0x7fc00001_7f800001_ffc12345_ff912345n,
  0x00000001_807fffff_00800000_80800000n,
  0x4b000001_4affffff_cb7fffff_4b800000n,
  0x3effffff_3f000001_befffffe_3f7fffffn,
];
const DOUBLES: readonly bigint[] = [
  0x3ff00000_00000000_c00921fb_54442d18n,
  0x3fe00000_00000000_4004000000000000n,
  0x00000000_00000000_80000000_00000000n,
  0x7fefffff_ffffffff_ffefffff_ffffffffn,
  0x7ff00000_00000000_fff00000_00000000n,
  0x7ff80000_00000001_7ff00000_00000001n,
  0x00000000_00000001_800fffff_ffffffffn,
  0x43300000_00000001_c32fffff_ffffffffn,
];
/** Masked, each rounding mode, DAZ, FTZ, both, and old sticky flags. */
const controls = walk([
  "",
  "mxcsr=0x3f80",
  "",
  "mxcsr=0x5f80",
  "mxcsr=0x7f80",
  "mxcsr=0x1fa0",
  "mxcsr=0x1fc0",
  "mxcsr=0x9f80",
  "mxcsr=0x9fc0",
  "mxcsr=0x1fbf",
]);
/** One exception unmasked each. */
const UNMASKED: readonly string[] = ["mxcsr=0x1f00", "mxcsr=0x1e80", "mxcsr=0x1b80", "mxcsr=0x1780", "mxcsr=0x0f80"];

export function* binaryRows(ops: string, a: () => bigint = other, b: () => bigint = next): Generator<Case> {
  for (const op of ops.split(" ")) {
    yield* xmmPairs(op, a, b);
    yield* places(`${op} xmm11, %`, 128, b(), xmm(11, a()));
  }
}

function* floats(): Generator<Case> {
  for (const [op, list] of [
    ["haddps", SINGLES],
    ["hsubps", SINGLES],
    ["addsubps", SINGLES],
    ["haddpd", DOUBLES],
    ["hsubpd", DOUBLES],
    ["addsubpd", DOUBLES],
  ] as const) {
    const a = walk(list, 3);
    const b = walk(list, 5);
    for (let i = 0; i < 12; i++) yield { text: `${op} xmm${i}, xmm${15 - i}`, before: `${xmm(i, a())} ${xmm(15 - i, b())} ${controls()}` };
    for (const control of UNMASKED)
      for (let i = 0; i < 3; i++) yield { text: `${op} xmm1, xmm2`, before: `${xmm(1, a())} ${xmm(2, b())} ${control}` };
    yield { text: `${op} xmm4, xmm4`, before: xmm(4, a()) };
    yield* places(`${op} xmm7, %`, 128, list[0]!, xmm(7, list[1]!));
  }
  for (const op of ["movsldup", "movshdup"]) {
    yield { text: `${op} xmm1, xmm9`, before: xmm(9, next()) };
    yield* places(`${op} xmm12, %`, 128, next(), xmm(12, other()));
  }
  yield { text: "movddup xmm1, xmm9", before: xmm(9, VECTORS[4]!) };
  yield* places("movddup xmm12, %", 64, VECTORS[4]!, xmm(12, other()));
  yield* places("lddqu xmm12, %", 128, VECTORS[4]!, xmm(12, other()));

  for (const [op, list, bits] of [
    ["roundps", SINGLES, 128],
    ["roundpd", DOUBLES, 128],
    ["roundss", SINGLES, 32],
    ["roundsd", DOUBLES, 64],
  ] as const) {
    const values = list.flatMap((value) =>
      bits === 128 ? [value] : bits === 64 ? [value, value >> 64n] : [value, value >> 32n, value >> 64n, value >> 96n],
    );
    for (const value of values)
      for (const imm of bits === 128 ? [0, 1, 2, 3, 4, 8, 12, 255] : [0, 2, 4, 11])
        yield { text: `${op} xmm1, xmm10, ${imm}`, before: `${xmm(1, other())} ${xmm(10, value)} ${controls()}` };
    for (const control of UNMASKED)
      for (const imm of [1, 9]) yield { text: `${op} xmm3, xmm4, ${imm}`, before: `${xmm(4, list[imm === 1 ? 5 : 0]!)} ${control}` };
    for (const imm of [1, 9])
      yield { text: `${op} xmm3, xmm4, ${imm}`, before: `${xmm(4, list[bits === 32 || bits === 128 ? 4 : 5]!)} mxcsr=0x1f00` };
    yield* places(`${op} xmm6, %, 2`, bits, list[1]!, xmm(6, other()));
  }

  const masks = walk([0xff, 0x71, 0x1f, 0xf1, 0xa5, 0x0f, 0xf0, 0x31, 0x3f, 0xbe]);
  for (const [op, list] of [
    ["dpps", SINGLES],
    ["dppd", DOUBLES],
  ] as const) {
    const a = walk(list, 3);
    const b = walk(list, 5);
    for (let i = 0; i < 30; i++) {
      if (i % 8 === 0) a();
      yield { text: `${op} xmm1, xmm13, ${masks()}`, before: `${xmm(1, a())} ${xmm(13, b())} ${controls()}` };
    }
    for (const control of UNMASKED)
      for (let i = 0; i < 4; i++) yield { text: `${op} xmm1, xmm2, 0xff`, before: `${xmm(1, a())} ${xmm(2, b())} ${control}` };
    yield* places(`${op} xmm6, %, 0xf7`, 128, list[1]!, xmm(6, list[0]!));
  }
}

const HORIZONTAL = "phaddw phaddd phaddsw phsubw phsubd phsubsw pmaddubsw pmulhrsw psignb psignw psignd pabsb pabsw pabsd pshufb";

function* integers(): Generator<Case> {
  yield* binaryRows(HORIZONTAL);
  for (const op of HORIZONTAL.split(" ")) {
    yield* mmPairs(op, other, next, 24n);
    yield* places(`${op} mm2, %`, 64, BigInt.asUintN(64, next()), mm(2, other()));
  }
  yield* binaryRows("packusdw pcmpeqq pcmpgtq pminsb pminsd pminuw pminud pmaxsb pmaxsd pmaxuw pmaxud pmulld pmuldq phminposuw ptest");
  for (const value of [
    0x00050005_00050004_00040005_00050005n,
    0xffffffff_ffffffff_ffffffff_ffffffffn,
    0x0000ffff_ffffffff_ffffffff_ffff0000n,
    0x7fff8000_8001ffff_fffe7ffe_80017fffn,
  ])
    yield { text: "phminposuw xmm1, xmm2", before: xmm(2, value) };
  for (const [a, b] of [
    [0n, 0n],
    [1n, 2n],
    [3n, 1n],
    [1n, 3n],
    [1n << 127n, 1n << 127n],
    [1n << 64n, 1n],
  ] as const)
    yield { text: "ptest xmm1, xmm9", before: `${xmm(1, a)} ${xmm(9, b)} flags=os-ap-` };
  for (const value of [5n, -5n, 0n, 1n << 63n, (1n << 63n) - 1n])
    yield {
      text: "pcmpgtq xmm1, xmm2",
      before: `${xmm(1, (3n << 64n) | 5n)} ${xmm(2, (BigInt.asUintN(64, value) << 64n) | BigInt.asUintN(64, value))}`,
    };

  for (const [letters, bits] of [
    ["bw", 64],
    ["bd", 32],
    ["bq", 16],
    ["wd", 64],
    ["wq", 32],
    ["dq", 64],
  ] as const) {
    for (const kind of ["s", "z"]) {
      const op = `pmov${kind}x${letters}`;
      yield { text: `${op} xmm1, xmm10`, before: `${xmm(1, other())} ${xmm(10, VECTORS[0]!)}` };
      yield { text: `${op} xmm9, xmm2`, before: `${xmm(9, other())} ${xmm(2, VECTORS[8]!)}` };
      yield { text: `${op} xmm3, xmm3`, before: xmm(3, VECTORS[1]!) };
      yield* places(`${op} xmm12, %`, bits, BigInt.asUintN(bits, VECTORS[0]! >> 8n), xmm(12, other()));
    }
  }
  yield* places("movntdqa xmm9, %", 128, VECTORS[4]!, xmm(9, 0n));
}

const DISTINCT = 0x0f1e2d3c_4b5a6978_8796a5b4_c3d2e1f0n;

function* selections(): Generator<Case> {
  for (const op of ["pblendvb", "blendvps", "blendvpd"]) {
    for (const mask of VECTORS.slice(0, 6))
      yield { text: `${op} xmm1, xmm12, xmm0`, before: `${xmm(0, mask)} ${xmm(1, VECTORS[4]!)} ${xmm(12, DISTINCT)}` };
    yield { text: `${op} xmm0, xmm2, xmm0`, before: `${xmm(0, VECTORS[0]!)} ${xmm(2, DISTINCT)}` };
    yield { text: `${op} xmm3, xmm0, xmm0`, before: `${xmm(0, VECTORS[0]!)} ${xmm(3, DISTINCT)}` };
    yield* places(`${op} xmm9, %, xmm0`, 128, DISTINCT, `${xmm(0, VECTORS[1]!)} ${xmm(9, VECTORS[4]!)}`);
  }
  const immediates = [0, 1, 2, 3, 4, 7, 8, 12, 15, 16, 17, 23, 24, 31, 32, 33, 0x55, 0xaa, 0xe4, 0xff];
  for (const op of ["blendps", "blendpd", "pblendw", "palignr", "mpsadbw"]) {
    for (const imm of immediates) yield { text: `${op} xmm1, xmm12, ${imm}`, before: `${xmm(1, VECTORS[imm % 9]!)} ${xmm(12, DISTINCT)}` };
    yield { text: `${op} xmm2, xmm2, 5`, before: xmm(2, DISTINCT) };
    yield* places(`${op} xmm9, %, 0x2d`, 128, DISTINCT, xmm(9, VECTORS[4]!));
  }
  for (const imm of [0, 1, 3, 7, 8, 9, 12, 15, 16, 17, 255])
    yield { text: `palignr mm1, mm5, ${imm}`, before: `${mm(1, VECTORS[4]!)} ${mm(5, DISTINCT)}` };
  yield* places("palignr mm3, %, 3", 64, 0x1122334455667788n, mm(3, DISTINCT));

  for (const imm of [0, 1, 2, 3, 7, 8, 13, 15, 16, 0x31, 0x83, 0xff]) {
    for (const [op, register] of [
      ["pextrb", "ecx"],
      ["pextrb", "r9d"],
      ["db 66 0f 3a 15", ""],
      ["pextrd", "ecx"],
      ["pextrq", "rcx"],
      ["extractps", "r10d"],
    ] as const) {
      const text = op.startsWith("db") ? `${op} d9 ${imm.toString(16).padStart(2, "0")}` : `${op} ${register}, xmm3, ${imm}`;
      yield { text, before: xmm(3, DISTINCT) };
    }
    yield { text: `pinsrb xmm3, ecx, ${imm}`, before: `${xmm(3, DISTINCT)} rcx=0x8182838485868788` };
    yield { text: `pinsrd xmm13, r9d, ${imm}`, before: `${xmm(13, DISTINCT)} r9=0x8182838485868788` };
    yield { text: `pinsrq xmm3, rcx, ${imm}`, before: `${xmm(3, DISTINCT)} rcx=0x8182838485868788` };
    yield { text: `insertps xmm3, xmm12, ${imm}`, before: `${xmm(3, DISTINCT)} ${xmm(12, VECTORS[4]!)}` };
  }
  for (const imm of [0x40, 0x9c, 0xe6, 0x5a]) {
    yield { text: `insertps xmm3, xmm12, ${imm}`, before: `${xmm(3, DISTINCT)} ${xmm(12, VECTORS[4]!)}` };
    yield* places(`insertps xmm10, %, ${imm}`, 32, 0x7f800001n, xmm(10, DISTINCT));
  }
  yield { text: "insertps xmm4, xmm4, 0xd1", before: xmm(4, DISTINCT) };
  // With REX.W the register is as with 32 bits.
  for (const code of ["66 48 0f 3a 14 d9 05", "66 48 0f 3a 15 d9 05", "66 48 0f 3a 17 d9 02"]) yield { text: `db ${code}`, before: xmm(3, DISTINCT) };
  for (const [op, bits] of [
    ["pextrb", 8],
    ["pextrw", 16],
    ["pextrd", 32],
    ["pextrq", 64],
    ["extractps", 32],
  ] as const)
    yield* places(`${op} %, xmm9, 3`, bits, 0n, xmm(9, DISTINCT));
  for (const [op, bits] of [
    ["pinsrb", 8],
    ["pinsrd", 32],
    ["pinsrq", 64],
  ] as const)
    yield* places(`${op} xmm9, %, 3`, bits, 0x8877665544332211n, xmm(9, DISTINCT));
}

const text = (letters: string) => [...letters].reduceRight((value, letter) => (value << 8n) | BigInt(letter.charCodeAt(0)), 0n);
const wide = (letters: string) => [...letters].reduceRight((value, letter) => (value << 16n) | BigInt(letter.charCodeAt(0) | 0xff00), 0n);

const STRINGS: readonly (readonly [bigint, bigint])[] = [
  [text("aeiou"), text("Hello, world!")],
  [text("azAZ"), text("Hello, 12 worlds")],
  [text("lo"), text("Hello, hello")],
  [text("Hello"), text("Hello")],
  [text("sixteen bytes ok"), text("sixteen bytes OK")],
  [0n, text("abc")],
  [text("abc"), 0n],
  [text("x"), text("....no such char")],
  [text("tt"), text("oooooooooooooott")],
  [VECTORS[0]!, VECTORS[5]!],
  [wide("az09"), wide("b!7Z")],
  [wide("cd"), wide("abcdcdcd")],
];

function* strings(): Generator<Case> {
  const pair = walk(STRINGS, 5);
  for (let imm = 0; imm < 128; imm++) {
    for (const op of ["pcmpistri", "pcmpistrm"]) {
      const [a, b] = pair();
      yield { text: `${op} xmm1, xmm12, ${imm}`, before: `${xmm(1, a)} ${xmm(12, b)} flags=---ap-` };
    }
    const [a, b] = pair();
    yield {
      text: `${imm % 2 === 0 ? "pcmpestri" : "pcmpestrm"} xmm9, xmm2, ${imm}`,
      before: `${xmm(9, a)} ${xmm(2, b)} rax=0x${(imm % 18).toString(16)} rdx=0x${((imm * 7) % 19).toString(16)}`,
    };
  }
  for (const [a, b] of STRINGS)
    for (const imm of [0x00, 0x04, 0x08, 0x0c, 0x18, 0x38, 0x44, 0x0d, 0x0b, 0x80])
      yield { text: `pcmpistri xmm3, xmm4, ${imm}`, before: `${xmm(3, a)} ${xmm(4, b)}` };
  for (const [rax, rdx] of [
    ["0xfffffffffffffffb", "3"],
    ["0x80000000", "0x8000000000000000"],
    ["0x100000003", "0x500000000"],
    ["0xfffffffb", "0xffffffff"],
    ["0x7fffffff", "16"],
    ["0", "0"],
  ] as const) {
    for (const op of ["pcmpestri", "pcmpestrm"]) {
      for (const rex of ["", "48 "])
        yield {
          text: `db 66 ${rex}0f 3a ${op === "pcmpestri" ? "61" : "60"} ca 0c`,
          before: `${xmm(1, text("abcdefgh"))} ${xmm(2, text("abcdefgh"))} rax=${rax} rdx=0x${Number(rdx) < 20 ? Number(rdx).toString(16) : rdx.slice(2)}`,
        };
    }
  }
  yield { text: "db 66 48 0f 3a 63 ca 0c", before: `${xmm(1, text("abcdefgh"))} ${xmm(2, text("abcdefgh"))}` };
  for (const op of ["pcmpistri", "pcmpistrm", "pcmpestri", "pcmpestrm"])
    yield* places(`${op} xmm7, %, 0x0c`, 128, text("Hello, hello"), `${xmm(7, text("lo"))} rax=2 rdx=0xc`);
}

function* checksums(): Generator<Case> {
  const values = [
    0n,
    1n,
    0x80n,
    0xffn,
    0x8000n,
    0xffffn,
    0x80000000n,
    0xffffffffn,
    0x8000000000000000n,
    0x0123456789abcdefn,
    0xffffffffffffffffn,
    0x6162636465666768n,
  ];
  for (const value of values) {
    for (const [target, source, full] of [
      ["eax", "cl", "rcx"],
      ["r9d", "bh", "rbx"],
      ["eax", "cx", "rcx"],
      ["r10d", "r11d", "r11"],
      ["rax", "rcx", "rcx"],
      ["rax", "sil", "rsi"],
      ["r12", "r13", "r13"],
    ] as const) {
      if (source === "bh" && target === "r9d") {
        yield { text: "crc32 ecx, bh", before: `rcx=0x81828384ffffffff rbx=0x${((value << 8n) & 0xffffn).toString(16)}` };
        continue;
      }
      const accumulator = /^r\d+d$/.test(target) ? target.slice(0, -1) : target.replace(/^e/, "r");
      yield { text: `crc32 ${target}, ${source}`, before: `${accumulator}=0x81828384deadbeef ${full}=0x${value.toString(16)}` };
    }
  }
  for (const [target, bits] of [
    ["eax", 8],
    ["eax", 16],
    ["eax", 32],
    ["rax", 64],
    ["rax", 8],
  ] as const)
    yield* places(`crc32 ${target}, %`, bits, BigInt.asUintN(bits, 0x6162636465666768n), "rax=0xffffffff");
  yield { text: "crc32 eax, eax", before: "rax=0x12345678" };
}

function* fields(): Generator<Case> {
  for (const [length, index] of [
    [0, 0],
    [1, 0],
    [8, 4],
    [16, 48],
    [63, 1],
    [40, 20],
    [64, 64],
    [7, 63],
    [255, 255],
  ] as const) {
    yield { text: `extrq xmm3, ${length}, ${index}`, before: xmm(3, DISTINCT) };
    yield { text: `insertq xmm3, xmm12, ${length}, ${index}`, before: `${xmm(3, DISTINCT)} ${xmm(12, VECTORS[4]!)}` };
    const control = BigInt((index << 8) | length);
    yield { text: "extrq xmm9, xmm2", before: `${xmm(9, DISTINCT)} ${xmm(2, (5n << 64n) | control)}` };
    yield { text: "insertq xmm1, xmm10", before: `${xmm(1, DISTINCT)} ${xmm(10, (control << 64n) | (VECTORS[4]! >> 64n))}` };
  }
  yield { text: "insertq xmm4, xmm4", before: xmm(4, DISTINCT) };
  yield* places("movntss %, xmm9", 32, 0n, xmm(9, DISTINCT));
  yield* places("movntsd %, xmm9", 64, 0n, xmm(9, DISTINCT));
}

export function* sse4Cases(): Generator<Case> {
  yield* floats();
  yield* integers();
  yield* selections();
  yield* strings();
  yield* checksums();
  yield* fields();
}
