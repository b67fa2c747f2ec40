/** Cases of AVX floating point, FMA and F16C. */

import { type Case, type Memory, memory as memoryOf, walk } from "./cases.ts";
import { DOUBLES, SINGLES } from "./sse.ts";

const HALVES: readonly number[] = [
  0x3c00, 0x0000, 0x8000, 0x0001, 0x83ff, 0x0400, 0x7bff, 0x7c00, 0xfc00, 0x7e01, 0x7c01, 0xfd23, 0x3555, 0xc000, 0x0200, 0x4248,
];

/** Around the values where binary16 begins, ends and rounds. */
const NARROW: readonly number[] = [
  0x3f801000, 0x3f803000, 0x3f801001, 0x477fe000, 0x477fefff, 0x477ff000, 0xc77ff001, 0x38800000, 0x387fffff, 0x387fe000, 0x387ff000, 0x33800000,
  0x33000000, 0x33000001, 0xb2ffffff, 0x00000001, 0x80400000, 0x7f800000, 0x7fc02000, 0xff801fff, 0x7f7fffff, 0x00000000, 0x80000000, 0xc2f6e979,
];

/** x, y, z with sums that cancel, lie midway, underflow or overflow. */
const SINGLE_TRIPLES: readonly (readonly [number, number, number])[] = [
  [0x3f800001, 0x3f800001, 0xbf800002],
  [0x3f800001, 0x3f800001, 0x33800000],
  [0x3f7fffff, 0x3f800001, 0xbf800000],
  [0x4b800001, 0x3f800000, 0x3f800000],
  [0x4b800000, 0x3f800000, 0x3f800000],
  [0x4b800000, 0x3f800001, 0xa8800000],
  [0x00800000, 0x3f000000, 0x00000001],
  [0x20000001, 0x1fffffff, 0x00000000],
  [0x7f7fffff, 0x3f800001, 0xff7fffff],
  [0x7f7fffff, 0x7f7fffff, 0xff800000],
  [0x7f7fffff, 0x40000000, 0xff7fffff],
  [0x7f800000, 0x00000000, 0x7fc00003],
  [0x7f800000, 0x00000000, 0x3f800000],
  [0x7f800000, 0xbf800000, 0x7f800000],
  [0x7fc00001, 0x7fc00002, 0x7fc00003],
  [0x3f800000, 0x7f800012, 0x7fc00003],
  [0x7fc00001, 0x3f800000, 0xff800013],
  [0x80000000, 0x3f800000, 0x00000000],
  [0x00000000, 0x80000000, 0x80000000],
  [0x00000001, 0x3f800000, 0x3f800000],
  [0x3f800000, 0xbf800000, 0x3f800000],
  [0x40490fdb, 0xc0490fdb, 0x411de9e7],
];
const DOUBLE_TRIPLES: readonly (readonly [bigint, bigint, bigint])[] = [
  [0x3ff0000000000001n, 0x3ff0000000000001n, 0xbff0000000000002n],
  [0x3ff0000000000001n, 0x3ff0000000000001n, 0x3ca0000000000000n],
  [0x3fefffffffffffffn, 0x3ff0000000000001n, 0xbff0000000000000n],
  [0x4340000000000001n, 0x3ff0000000000000n, 0x3ff0000000000000n],
  [0x4340000000000000n, 0x3ff0000000000000n, 0x3ff0000000000000n],
  [0x4340000000000000n, 0x3ff0000000000001n, 0x8010000000000000n],
  [0x3ff0000008000000n, 0x3ff0000008000000n, 0x3c90000000000001n],
  [0x0010000000000000n, 0x3fe0000000000000n, 0x0000000000000001n],
  [0x2000000000000001n, 0x1fefffffffffffffn, 0x8000000000000000n],
  [0x2000000000000001n, 0x2010000000000003n, 0x8030000000000003n],
  [0x7fefffffffffffffn, 0x3ff0000000000001n, 0xffefffffffffffffn],
  [0x7fefffffffffffffn, 0x7fefffffffffffffn, 0xfff0000000000000n],
  [0x7fefffffffffffffn, 0x4000000000000000n, 0xffefffffffffffffn],
  [0x7ff0000000000000n, 0x0000000000000000n, 0x7ff8000000000003n],
  [0x7ff0000000000000n, 0x8000000000000000n, 0x3ff0000000000000n],
  [0x7ff0000000000000n, 0xbff0000000000000n, 0x7ff0000000000000n],
  [0x7ff8000000000001n, 0x7ff8000000000002n, 0x7ff8000000000003n],
  [0x3ff0000000000000n, 0x7ff0000000000012n, 0x7ff8000000000003n],
  [0x8000000000000000n, 0x3ff0000000000000n, 0x0000000000000000n],
  [0x0000000000000000n, 0x8000000000000000n, 0x8000000000000000n],
  [0x0000000000000001n, 0x3ff0000000000000n, 0x3ff0000000000000n],
  [0x3ff0000000000000n, 0xbff0000000000000n, 0x3ff0000000000000n],
];

/** Masked, each rounding mode, DAZ, FTZ, both, old sticky flags; each exception unmasked, and all of them. */
const controls = walk([
  "", "mxcsr=0x1fa0", "mxcsr=0x3f80", "mxcsr=0x1fa0", "mxcsr=0x5f80", "mxcsr=0x7fa0", "mxcsr=0x1fa0", "mxcsr=0x1fc0", "mxcsr=0x9f80", "mxcsr=0x9fe0",
  "mxcsr=0x1fbf", "mxcsr=0x1f00", "mxcsr=0x1fa0", "mxcsr=0x1e80", "mxcsr=0x1d80", "mxcsr=0x1b80", "mxcsr=0x1780", "mxcsr=0x0f80", "mxcsr=0x0000",
]); // prettier-ignore

type Suffix = "ss" | "sd" | "ps" | "pd";
const ELEMENT: Readonly<Record<Suffix, 32 | 64>> = { ss: 32, ps: 32, sd: 64, pd: 64 };

/** VEX operands need not be aligned. */
function memory(value: bigint, bits: number): Memory {
  return memoryOf(value, bits, bits > 64 ? -31 : 1);
}

const nextSingle = walk(SINGLES, 7);
const nextDouble = walk(DOUBLES, 11);

/** `bits` of elements. */
function filled(element: number, bits: number, next: () => bigint | number): bigint {
  let value = 0n;
  for (let i = 0; i < bits; i += element) value = (value << BigInt(element)) | BigInt(next());
  return value;
}

function vector(suffix: Suffix): bigint {
  return ELEMENT[suffix] === 32 ? filled(32, 256, nextSingle) : filled(64, 256, nextDouble);
}

/** A register of 256 bits, as items; its name in the text is another's concern. */
function register(i: number, value: bigint): string {
  const part = (from: bigint): string => ((value >> from) & ((1n << 128n) - 1n)).toString(16).padStart(32, "0");
  return `xmm${i}=${part(0n)} ymm${i}=${part(128n)}`;
}

/** Register prefix and bits of an instruction's operands. */
type Width = readonly [prefix: "xmm" | "ymm", bits: 128 | 256];
const WIDTHS: readonly Width[] = [["xmm", 128], ["ymm", 256]]; // prettier-ignore

function isScalar(suffix: Suffix): boolean {
  return suffix === "ss" || suffix === "sd";
}

/** An instruction with two sources, or with one (`sources` 1), between registers and with memory. */
function* rows(name: string, suffix: Suffix, sources: 1 | 2, count: number, tail = ""): Generator<Case> {
  const scalar = isScalar(suffix);
  for (const [prefix, bits] of scalar ? WIDTHS.slice(0, 1) : WIDTHS) {
    const first = sources === 2 ? `${prefix}12, ` : "";
    for (let i = 0; i < count; i++) {
      yield {
        text: `${name}${suffix} ${prefix}3, ${first}${prefix}${i % 2 === 0 ? 7 : 14}${tail}`,
        before: `${register(12, vector(suffix))} ${register(i % 2 === 0 ? 7 : 14, vector(suffix))} ${controls()}`,
      };
    }
    const size = scalar ? ELEMENT[suffix] : bits;
    const source = memory(vector(suffix) & ((1n << BigInt(size)) - 1n), size);
    yield {
      text: `${name}${suffix} ${prefix}9, ${first}${source.operand}${tail}`,
      before: `${register(12, vector(suffix))} ${source.items} mxcsr=0x1fa0`,
    };
  }
}

const ALL: readonly Suffix[] = ["ss", "sd", "ps", "pd"];
const PACKED: readonly Suffix[] = ["ps", "pd"];

function* arithmetic(): Generator<Case> {
  for (const name of ["vadd", "vsub", "vmul", "vdiv", "vmin", "vmax"]) for (const suffix of ALL) yield* rows(name, suffix, 2, 6);
  for (const suffix of ["ss", "sd"] as const) yield* rows("vsqrt", suffix, 2, 5);
  for (const suffix of PACKED) yield* rows("vsqrt", suffix, 1, 5);
  for (const name of ["vhadd", "vhsub", "vaddsub"]) for (const suffix of PACKED) yield* rows(name, suffix, 2, 5);
  for (const imm of [0xff, 0x71, 0x35]) yield* rows("vdp", "ps", 2, 3, `, 0x${imm.toString(16)}`);
  for (let i = 0; i < 6; i++) {
    yield {
      text: `vdppd xmm3, xmm12, xmm7, 0x${["33", "31", "12"][i % 3]}`,
      before: `${register(12, vector("pd"))} ${register(7, vector("pd"))} ${controls()}`,
    };
  }
  // An underflow whose result is rounded up to the smallest normal number.
  const tiny = (bits: number, value: string) => value.repeat(256 / bits);
  for (const mxcsr of ["0x1fa0", "0x9fa0", "0x17a0"]) {
    for (const [suffix, a, b] of [
      ["ps", tiny(32, "207ff000"), tiny(32, "1f800800")],
      ["pd", tiny(64, "1ff0000000000001"), tiny(64, "1fffffffffffffff")],
    ] as const) {
      const before = `${register(12, BigInt(`0x${a}`))} ${register(7, BigInt(`0x${b}`))} mxcsr=${mxcsr}`;
      for (const prefix of ["xmm", "ymm"]) yield { text: `vmul${suffix} ${prefix}3, ${prefix}12, ${prefix}7`, before };
      yield { text: `vmuls${suffix.charAt(1)} xmm3, xmm12, xmm7`, before };
    }
  }
  // Several elements raise, one of them an exception that is not masked.
  for (const mxcsr of ["0x1f00", "0x1d80", "0x0f80", "0x1b80"]) {
    yield {
      text: "vdivps ymm3, ymm12, ymm7",
      before: `${register(12, 0x3f800000_00000000_7f7fffff_3f800000_40400000_7f800001_3f800000_00000001n << 0n)} ${register(7, 0x40400000_00000000_00800000_00000000_40400000_3f800000_3f800000_3f800000n)} mxcsr=${mxcsr}`,
    };
  }
}

function* comparisons(): Generator<Case> {
  for (let predicate = 0; predicate < 32; predicate++) {
    for (const suffix of ALL) {
      yield* rows("vcmp", suffix, 2, 1, `, ${predicate}`);
      const quiet =
        ELEMENT[suffix] === 32
          ? filled(32, 256, walk([0x7fc00001, 0x3f800000, 0x3f800000, 0xbf800000]))
          : filled(64, 256, walk([0x7ff8000000000001n, 0n]));
      const ones = ELEMENT[suffix] === 32 ? filled(32, 256, walk([0x3f800000])) : filled(64, 256, walk([0n]));
      const prefix = isScalar(suffix) ? "xmm" : "ymm";
      yield {
        text: `vcmp${suffix} ${prefix}3, ${prefix}12, ${prefix}7, ${predicate}`,
        before: `${register(12, quiet)} ${register(7, ones)} mxcsr=0x1f80`,
      };
    }
  }
  for (const name of ["vcomi", "vucomi"]) {
    for (const suffix of ["ss", "sd"] as const) {
      for (let i = 0; i < 6; i++) {
        const items = `${register(12, vector(suffix))} ${register(7, vector(suffix))} ${controls()}`;
        yield { text: `${name}${suffix} xmm12, xmm7`, before: items };
      }
      const source = memory(vector(suffix) & ((1n << BigInt(ELEMENT[suffix])) - 1n), ELEMENT[suffix]);
      yield { text: `${name}${suffix} xmm12, ${source.operand}`, before: `${register(12, vector(suffix))} ${source.items}` };
    }
  }
}

/** Packed conversions by name, with element bits of the source, and operand prefixes of destination and source. */
const conversions: readonly (readonly [name: string, element: 32 | 64, to: "xmm" | "ymm", from: "xmm" | "ymm", memory: number])[] = [
  ["vcvtps2pd", 32, "xmm", "xmm", 64],
  ["vcvtps2pd", 32, "ymm", "xmm", 128],
  ["vcvtpd2ps", 64, "xmm", "xmm", 128],
  ["vcvtpd2ps", 64, "xmm", "ymm", 256],
  ["vcvtps2dq", 32, "xmm", "xmm", 128],
  ["vcvtps2dq", 32, "ymm", "ymm", 256],
  ["vcvttps2dq", 32, "xmm", "xmm", 128],
  ["vcvttps2dq", 32, "ymm", "ymm", 256],
  ["vcvtpd2dq", 64, "xmm", "xmm", 128],
  ["vcvtpd2dq", 64, "xmm", "ymm", 256],
  ["vcvttpd2dq", 64, "xmm", "xmm", 128],
  ["vcvttpd2dq", 64, "xmm", "ymm", 256],
  ["vcvtdq2ps", 32, "xmm", "xmm", 128],
  ["vcvtdq2ps", 32, "ymm", "ymm", 256],
  ["vcvtdq2pd", 32, "xmm", "xmm", 64],
  ["vcvtdq2pd", 32, "ymm", "xmm", 128],
];

function* converted(): Generator<Case> {
  for (const [name, element, to, from, bits] of conversions) {
    const next = (): bigint => vector(element === 32 ? "ps" : "pd");
    for (let i = 0; i < 6; i++) yield { text: `${name} ${to}3, ${from}7`, before: `${register(7, next())} ${controls()}` };
    const source = memory(next() & ((1n << BigInt(bits)) - 1n), bits);
    const size = { 64: "qword ptr ", 128: "xmmword ptr ", 256: "ymmword ptr " }[bits] ?? "";
    const operand = /ptr/.test(source.operand) ? source.operand : size + source.operand;
    yield { text: `${name} ${to}10, ${operand}`, before: `${source.items} mxcsr=0x1fa0` };
  }
  const integers = walk([0n, 0xffffffffffffffffn, 0x80000000n, 0x1000001n, 0x7fffffffffffffffn, 0x8000000000000000n, 0x20000000000001n]);
  for (const suffix of ["ss", "sd"] as const) {
    for (const source of ["ecx", "r9", "r9d", "rcx"]) {
      const full = source.startsWith("r9") ? "r9" : "rcx";
      for (let i = 0; i < 3; i++)
        yield {
          text: `vcvtsi2${suffix} xmm3, xmm12, ${source}`,
          before: `${full}=0x${integers().toString(16)} ${register(12, vector(suffix))} ${controls()}`,
        };
    }
    for (const bits of [32, 64]) {
      const source = memory(0x80000003n, bits);
      yield { text: `vcvtsi2${suffix} xmm3, xmm12, ${source.operand}`, before: `${register(12, vector(suffix))} ${source.items}` };
    }
    for (const name of ["vcvt", "vcvtt"]) {
      for (const target of ["ecx", "r9"]) {
        for (let i = 0; i < 4; i++) yield { text: `${name}${suffix}2si ${target}, xmm7`, before: `${register(7, vector(suffix))} ${controls()}` };
        const source = memory(suffix === "ss" ? 0xc0200000n : 0x4340000000000001n, ELEMENT[suffix]);
        yield { text: `${name}${suffix}2si ${target}, ${source.operand}`, before: source.items };
      }
    }
  }
  for (const [name, suffix] of [
    ["vcvtss2sd", "ss"],
    ["vcvtsd2ss", "sd"],
  ] as const) {
    for (let i = 0; i < 8; i++)
      yield { text: `${name} xmm3, xmm12, xmm7`, before: `${register(12, vector(suffix))} ${register(7, vector(suffix))} ${controls()}` };
    const source = memory(suffix === "ss" ? 0x40490fdbn : 0x400921fb54442d18n, ELEMENT[suffix]);
    yield { text: `${name} xmm3, xmm12, ${source.operand}`, before: `${register(12, vector(suffix))} ${source.items}` };
  }
}

function* rounded(): Generator<Case> {
  for (const imm of [0, 1, 2, 3, 4, 8, 9, 0xfc]) {
    for (const suffix of PACKED) yield* rows("vround", suffix, 1, 1, `, ${imm}`);
    for (const suffix of ["ss", "sd"] as const) yield* rows("vround", suffix, 2, 1, `, ${imm}`);
  }
}

/** x, y, z by the order's name: which of the three operands each is. */
const ORDERS: readonly (readonly [name: string, operands: readonly [number, number, number]])[] = [
  ["132", [0, 2, 1]],
  ["213", [1, 0, 2]],
  ["231", [1, 2, 0]],
];

function* fused(): Generator<Case> {
  const singles = walk(SINGLE_TRIPLES);
  const doubles = walk(DOUBLE_TRIPLES);
  for (const name of ["vfmadd", "vfmsub", "vfnmadd", "vfnmsub", "vfmaddsub", "vfmsubadd"]) {
    for (const suffix of name.length > 7 ? PACKED : ALL) {
      const element = ELEMENT[suffix];
      const triples = (bits: number): [bigint, bigint, bigint] => {
        const result: [bigint, bigint, bigint] = [0n, 0n, 0n];
        for (let i = 0; i < bits; i += element) {
          const triple = element === 32 ? singles() : doubles();
          triple.forEach((value, k) => (result[k] = (result[k]! << BigInt(element)) | BigInt(value)));
        }
        return result;
      };
      for (const [order, operands] of ORDERS) {
        const scalar = isScalar(suffix);
        for (const [prefix, bits] of scalar ? WIDTHS.slice(0, 1) : WIDTHS) {
          const placed = (): [bigint, bigint, bigint] => {
            const values: [bigint, bigint, bigint] = [0n, 0n, 0n];
            triples(256).forEach((value, k) => (values[operands[k]!] = value));
            return values;
          };
          for (let i = 0; i < (scalar ? 4 : 2); i++) {
            const [d, h, w] = placed();
            yield {
              text: `${name}${order}${suffix} ${prefix}3, ${prefix}12, ${prefix}7`,
              before: `${register(3, d)} ${register(12, h)} ${register(7, w)} ${controls()}`,
            };
          }
          const [d, h, w] = placed();
          const size = scalar ? element : bits;
          const source = memory(w & ((1n << BigInt(size)) - 1n), size);
          yield {
            text: `${name}${order}${suffix} ${prefix}3, ${prefix}12, ${source.operand}`,
            before: `${register(3, d)} ${register(12, h)} ${source.items} mxcsr=0x1fa0`,
          };
        }
      }
    }
  }
}

function* halves(): Generator<Case> {
  const nextHalf = walk(HALVES, 3);
  const nextNarrow = walk(NARROW, 5);
  for (const [prefix, bits] of WIDTHS) {
    for (let i = 0; i < 6; i++) {
      yield { text: `vcvtph2ps ${prefix}3, xmm7`, before: `${register(7, filled(16, 256, nextHalf))} ${controls()}` };
      for (const imm of [0, 1, 2, 3, 4])
        yield { text: `vcvtps2ph xmm3, ${prefix}7, ${imm}`, before: `${register(7, filled(32, 256, nextNarrow))} ${controls()}` };
    }
    const source = memory(filled(16, bits / 2, nextHalf), bits / 2);
    yield { text: `vcvtph2ps ${prefix}3, ${source.operand}`, before: source.items };
    const target = memory(0n, bits / 2);
    yield { text: `vcvtps2ph ${target.operand}, ${prefix}7, 4`, before: `${register(7, filled(32, 256, nextNarrow))} ${target.items} mxcsr=0x5fa0` };
    yield { text: `vcvtps2ph [rdi], ${prefix}7, 0`, before: `rdi=0x200ffc ${register(7, filled(32, 256, nextNarrow))}` };
  }
}

export function* avxFloatCases(): Generator<Case> {
  yield* arithmetic();
  yield* comparisons();
  yield* converted();
  yield* rounded();
  yield* fused();
  yield* halves();
}
