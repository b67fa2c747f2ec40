/** Cases of the integer instructions. */

import { bytes, type Case, maximum, memory, PTR, Registers, walk, type Width, WIDTHS } from "./cases.ts";

type Pair = readonly [bigint, bigint];

/** Operands near carries, borrows, overflows and half carries. */
function pairs(width: Width): Pair[] {
  const max = maximum(width);
  const min = 1n << BigInt(width - 1);
  const alternating = max / 3n;
  return [
    [1n, 2n],
    [max, 1n],
    [min, min],
    [min - 1n, 1n],
    [0n, 1n],
    [0x0fn, 1n],
    [max, max],
    [alternating, max - alternating],
    [min, 1n],
    [0n, 0n],
    [0x12n, 0x34n],
    [min - 1n, max],
    [max - 0x10n, 0x0fn],
  ];
}

const REGISTER_PAIRS: Readonly<Record<Width, readonly (readonly [string, string])[]>> = {
  8: [
    ["bl", "cl"],
    ["ah", "dl"],
    ["sil", "r9b"],
    ["ch", "bh"],
  ],
  16: [
    ["bx", "cx"],
    ["r8w", "di"],
  ],
  32: [
    ["ebx", "ecx"],
    ["r11d", "eax"],
  ],
  64: [
    ["rbx", "rcx"],
    ["r12", "rsi"],
  ],
};
const DATA_REGISTER: Readonly<Record<Width, readonly string[]>> = {
  8: ["dl", "ah", "r10b", "al"],
  16: ["dx", "r10w", "ax", "r14w"],
  32: ["edx", "r10d", "eax", "r15d"],
  64: ["rdx", "r10", "rax", "r11"],
};
const ACCUMULATOR: Readonly<Record<Width, string>> = { 8: "al", 16: "ax", 32: "eax", 64: "rax" };

const walks = Object.fromEntries(WIDTHS.map((width) => [width, walk(pairs(width))])) as Record<Width, () => Pair>;
const dataRegisters = Object.fromEntries(WIDTHS.map((width) => [width, walk(DATA_REGISTER[width])])) as Record<Width, () => string>;
const oldFlags = walk(["flags=-----c", "", "flags=oszapc", "flags=oszap-", "flags=-----c"]);
const signed = (value: bigint, bits: number) => BigInt.asIntN(bits, value);
/** The data register that the encoding allows beside an addressing mode with REX: not ah. */
const besideRex = (name: string) => (name === "ah" ? "al" : name);

function registers(...pairsOf: readonly (readonly [string, bigint | number])[]): string {
  const set = new Registers();
  for (const [name, value] of pairsOf) set.set(name, value);
  return set.toString();
}

function* binary(op: string): Generator<Case> {
  const writes = op !== "cmp" && op !== "test";
  for (const width of WIDTHS) {
    const next = walks[width];
    for (const [a, b] of REGISTER_PAIRS[width])
      for (let i = 0; i < (width === 8 ? 2 : 3); i++) {
        const [x, y] = next();
        yield { text: `${op} ${a}, ${b}`, before: `${registers([a, x], [b, y])} ${oldFlags()}` };
      }
    for (let i = 0; i < 2; i++) {
      const [x, y] = next();
      const a = dataRegisters[width]();
      if (op !== "test") {
        const [b] = REGISTER_PAIRS[width][0]!;
        yield { text: `{load} ${op} ${a}, ${b}`, before: `${registers([a, x], [b, y])} ${oldFlags()}` };
        const source = memory(y, width);
        const to = besideRex(dataRegisters[width]());
        yield { text: `${op} ${to}, ${source.operand}`, before: `${registers([to, x])} ${source.items} ${oldFlags()}` };
      }
      const target = memory(x, width);
      const from = besideRex(dataRegisters[width]());
      yield { text: `${op} ${target.operand}, ${from}`, before: `${registers([from, y])} ${target.items} ${oldFlags()}` };
      const immediateBits = width === 64 ? 32 : width;
      const immediate = signed(y, immediateBits);
      yield { text: `${op} ${ACCUMULATOR[width]}, ${immediate}`, before: `${registers([ACCUMULATOR[width], x])} ${oldFlags()}` };
      yield { text: `${op} ${REGISTER_PAIRS[width][1]![0]}, ${immediate}`, before: `${registers([REGISTER_PAIRS[width][1]![0], x])} ${oldFlags()}` };
      const other = memory(x, width);
      yield { text: `${op} ${other.operand}, ${signed(y ^ 0x7000n, immediateBits)}`, before: `${other.items} ${oldFlags()}` };
      if (width > 8 && op !== "test") {
        const byte = memory(x, width);
        yield { text: `${op} ${byte.operand}, ${signed(y, 8)}`, before: `${byte.items} ${oldFlags()}` };
      }
    }
    if (writes) {
      const [x, y] = next();
      const target = memory(x, width);
      yield {
        text: `lock ${op} ${target.operand}, ${besideRex(DATA_REGISTER[width][0]!)}`,
        before: `${registers([DATA_REGISTER[width][0]!, y])} ${target.items} ${oldFlags()}`,
      };
    }
  }
  yield { text: `${op} dword ptr [rdi], eax`, before: "rdi=0x200ffd rax=1" };
  yield { text: `${op} qword ptr [rdi], rax`, before: "rdi=0x201000 rax=1 flags=-----c" };
}

function* unary(op: string): Generator<Case> {
  for (const width of WIDTHS) {
    const max = maximum(width);
    const min = 1n << BigInt(width - 1);
    const values = walk([0n, 1n, max, min, min - 1n, 0x0fn, 0x10n]);
    for (const [a] of REGISTER_PAIRS[width])
      for (let i = 0; i < 4; i++) yield { text: `${op} ${a}`, before: `${registers([a, values()])} ${oldFlags()}` };
    for (let i = 0; i < 3; i++) {
      const target = memory(values(), width);
      yield { text: `${i === 1 ? "lock " : ""}${op} ${target.operand}`, before: `${target.items} ${oldFlags()}` };
    }
  }
}

function* multiplyAndDivide(): Generator<Case> {
  for (const width of WIDTHS) {
    const max = maximum(width);
    const min = 1n << BigInt(width - 1);
    const low = ACCUMULATOR[width];
    const high = { 8: "ah", 16: "dx", 32: "edx", 64: "rdx" }[width];
    const operand = { 8: "bl", 16: "bx", 32: "r9d", 64: "rcx" }[width];
    for (const op of ["mul", "imul"]) {
      for (const [x, y] of [
        [2n, 3n],
        [max, max],
        [min, 2n],
        [min, max],
        [0n, max],
        [max / 3n, 5n],
      ] as const)
        yield {
          text: `${op} ${operand}`,
          before: `${registers([low, x], [high, width === 8 ? 0x55 : 0x55aa], [operand, y])} ${oldFlags()}`.replace(/(^| )ah=/, " "),
        };
      const source = memory(max - 4n, width);
      yield { text: `${op} ${source.operand}`, before: `${registers([low, max / 7n])} ${source.items}` };
    }
    for (const op of ["div", "idiv"]) {
      const dividends =
        op === "div"
          ? ([
              [0n, 100n, 7n],
              [1n, 0n, 2n],
              [max - 1n, max, max],
              [0n, max, 1n],
              [0n, 1n, 0n],
              [2n, 0n, 2n],
              [3n, 0n, 2n],
              [min >> 1n, 12345n, min],
            ] as const)
          : ([
              [0n, 100n, 7n],
              [max, max - 99n, 7n],
              [0n, 100n, max - 6n],
              [max, min, 1n],
              [max, min, max],
              [0n, min, 1n],
              [0n, 1n, 0n],
              [1n, 0n, 2n],
              [0n, min - 1n, max],
            ] as const);
      for (const [h, l, d] of dividends) {
        const before = width === 8 ? registers(["ax", ((h & 0xffn) << 8n) | l], [operand, d]) : registers([low, l], [high, h], [operand, d]);
        yield { text: `${op} ${operand}`, before: `${before} ${oldFlags()}` };
      }
      const source = memory(7n, width);
      yield { text: `${op} ${source.operand}`, before: `${width === 8 ? "rax=0x64" : registers([low, 1000n], [high, 0n])} ${source.items}` };
    }
    if (width === 8) continue;
    for (const [x, y] of [
      [2n, 3n],
      [max, max],
      [min, 2n],
      [min, max],
      [0n, max],
      [0x7fn, 0x101n],
    ] as const) {
      const [a, b] = REGISTER_PAIRS[width][1]!;
      yield { text: `imul ${a}, ${b}`, before: `${registers([a, x], [b, y])} ${oldFlags()}` };
      yield { text: `imul ${b}, ${a}, ${signed(y, 8)}`, before: `${registers([a, x], [b, 5])} ${oldFlags()}` };
      yield { text: `imul ${b}, ${a}, ${signed(y ^ 0x1234n, width === 16 ? 16 : 32)}`, before: `${registers([a, x], [b, 5])} ${oldFlags()}` };
    }
    const source = memory(min + 3n, width);
    yield { text: `imul ${DATA_REGISTER[width][0]!}, ${source.operand}`, before: `${registers([DATA_REGISTER[width][0]!, 3])} ${source.items}` };
    const other = memory(1000n, width);
    yield { text: `imul ${DATA_REGISTER[width][1]!}, ${other.operand}, 100`, before: other.items };
  }
}

function* shifts(): Generator<Case> {
  const before = walk(["", "flags=-----c", "flags=oszapc", "flags=oszap-"]);
  for (const op of ["rol", "ror", "rcl", "rcr", "shl", "shr", "sar"])
    for (const width of WIDTHS) {
      const max = maximum(width);
      const min = 1n << BigInt(width - 1);
      const values = walk([0x81n, min | 1n, max, min - 1n, 0x5an, min, 1n, max / 3n]);
      const [a, b] = [REGISTER_PAIRS[width][0]![0], REGISTER_PAIRS[width][1]![0]];
      for (let i = 0; i < 3; i++) yield { text: `${op} ${i === 1 ? b : a}, 1`, before: `${registers([i === 1 ? b : a, values()])} ${before()}` };
      const counts = [0, 1, 4, width - 1, width, width + 1, 31, 32, 33, 63, 65, 255];
      for (const count of [2, width - 1, width, width + 1, 32, 64, 200])
        yield { text: `${op} ${b}, ${count}`, before: `${registers([b, values()])} ${before()}` };
      for (const count of counts) yield { text: `${op} ${a}, cl`, before: `${registers([a, values()], ["cl", count])} ${before()}` };
      let target = memory(values(), width);
      yield { text: `${op} ${target.operand}, 1`, before: `${target.items} ${before()}` };
      target = memory(values(), width);
      yield { text: `${op} ${target.operand}, 5`, before: `${target.items} ${before()}` };
      yield { text: `${op} ${PTR[width]} [rdi], cl`, before: `rdi=0x200300 rcx=${width + 3} [300]=${bytes(values(), width)} ${before()}` };
      yield { text: `${op} ${PTR[width]} [rdi], cl`, before: `rdi=0x200300 rcx=0 [300]=${bytes(values(), width)} ${before()}` };
    }
  yield { text: "db c0 f3 03", before: "rbx=0x41" };
  yield { text: "db d1 f3", before: "rbx=0x80000001" };
  for (const op of ["shld", "shrd"])
    for (const width of [16, 32, 64] as const) {
      const [a, b] = REGISTER_PAIRS[width][1]!;
      const values = walk(pairs(width));
      for (const count of [0, 1, 5, width - 1, width === 16 ? 16 : 32, 64 + 3]) {
        if (width === 16 && (count & 31) > 16) continue;
        const [x, y] = values();
        yield { text: `${op} ${a}, ${b}, ${count}`, before: `${registers([a, x | 0x8001n], [b, y])} ${before()}` };
        const [c, d] = REGISTER_PAIRS[width][0]!;
        if (part64(d) !== "rcx") yield { text: `${op} ${c}, ${d}, cl`, before: `${registers([c, x], [d, y], ["cl", count])} ${before()}` };
        yield { text: `${op} ${a}, ${b === "cx" ? "dx" : b}, cl`, before: `${registers([a, y], [b, x | 3n], ["cl", count])} ${before()}` };
      }
      const target = memory(0x1234567890abcdefn, width);
      yield {
        text: `${op} ${target.operand}, ${DATA_REGISTER[width][1]!}, 7`,
        before: `${registers([DATA_REGISTER[width][1]!, 0x55])} ${target.items}`,
      };
    }
}

const part64 = (name: string) => ({ cx: "rcx", ecx: "rcx", rcx: "rcx" })[name] ?? name;

function* bits(): Generator<Case> {
  for (const op of ["bt", "bts", "btr", "btc"])
    for (const width of [16, 32, 64] as const) {
      const [a, b] = REGISTER_PAIRS[width][1]!;
      for (const n of [0, 5, width - 1, width, width + 7]) {
        yield { text: `${op} ${a}, ${b}`, before: `${registers([a, 0xa5a5a5a5a5a5a5a5n], [b, n])} ${oldFlags()}` };
        yield { text: `${op} ${a}, ${n}`, before: `${registers([a, 0x5a5a5a5a5a5a5a5an])} ${oldFlags()}` };
      }
      const target = memory(0x8000000000000001n >> BigInt(64 - width), width);
      yield { text: `${op} ${target.operand}, ${width + 1}`, before: `${target.items} ${oldFlags()}` };
      const index = { 16: "dx", 32: "edx", 64: "rdx" }[width];
      for (const n of [3n, 100n, -1n, -65n, BigInt(width) * 8n])
        yield {
          text: `${op} ${PTR[width]} [rdi], ${index}`,
          before: `${registers([index, n])} rdi=0x200400 [3f0]=${"a5".repeat(160)} ${oldFlags()}`,
        };
      if (op !== "bt") yield { text: `lock ${op} ${PTR[width]} [rdi], ${index}`, before: `${registers([index, 17])} rdi=0x200400 ${oldFlags()}` };
    }
  for (const op of ["bsf", "bsr"])
    for (const width of [16, 32, 64] as const) {
      const [a, b] = REGISTER_PAIRS[width][1]!;
      for (const value of [0n, 1n, 1n << BigInt(width - 1), 0x1200n, maximum(width)])
        yield { text: `${op} ${a}, ${b}`, before: `${registers([a, 0x7777], [b, value])} ${oldFlags()}` };
      const source = memory(0x40n, width);
      yield { text: `${op} ${DATA_REGISTER[width][0]!}, ${source.operand}`, before: source.items };
    }
  yield { text: "bswap ebx", before: "rbx=0x1122334455667788" };
  yield { text: "bswap rbx", before: "rbx=0x1122334455667788" };
  yield { text: "bswap r13d", before: "r13=0xffffffff01020304" };
  yield { text: "bswap r8", before: "r8=0x8000000000000001" };
}

function* moves(): Generator<Case> {
  const values = walk([0x1122334455667788n, 0x8090a0b0c0d0e0f0n, 0n, maximum(64)]);
  for (const width of WIDTHS) {
    for (const [a, b] of REGISTER_PAIRS[width]) {
      yield { text: `mov ${a}, ${b}`, before: registers([a, 0x33], [b, values()]) };
      yield { text: `{load} mov ${a}, ${b}`, before: registers([a, 0x33], [b, values()]) };
      yield { text: `xchg ${a}, ${b}`, before: registers([a, values()], [b, values()]) };
      yield { text: `mov ${a}, ${signed(values(), width === 64 ? 32 : width)}`, before: registers([a, 1]) };
    }
    for (let i = 0; i < 7; i++) {
      const register = besideRex(dataRegisters[width]());
      const target = memory(values(), width);
      yield { text: `mov ${target.operand}, ${register}`, before: `${registers([register, values()])} ${target.items}` };
      const source = memory(values(), width);
      yield { text: `mov ${register}, ${source.operand}`, before: source.items };
    }
    const constant = memory(values(), width);
    yield { text: `mov ${constant.operand}, ${signed(0x1234567f80n, width === 64 ? 32 : width)}`, before: constant.items };
    const exchanged = memory(values(), width);
    yield {
      text: `xchg ${exchanged.operand}, ${besideRex(DATA_REGISTER[width][2]!)}`,
      before: `${registers([DATA_REGISTER[width][2]!, values()])} ${exchanged.items}`,
    };
    yield { text: `movabs ${ACCUMULATOR[width]}, ds:0x200350`, before: `[350]=${bytes(values(), 64)} rax=0x5555555555555555` };
    yield { text: `movabs ds:0x200350, ${ACCUMULATOR[width]}`, before: `[350]=${bytes(0, 64)} ${registers([ACCUMULATOR[width], values()])}` };
    for (const [x, y, z] of [
      [5n, 5n, 9n],
      [5n, 6n, 9n],
      [maximum(width), 1n, 2n],
      [0n, 1n << BigInt(width - 1), 3n],
    ] as const) {
      const [a, b] = { 8: ["bl", "dh"], 16: ["bx", "r9w"], 32: ["ebx", "r9d"], 64: ["rbx", "r9"] }[width] as [string, string];
      yield { text: `cmpxchg ${a}, ${b}`, before: `${registers([ACCUMULATOR[width], x], [a, y], [b, z])} ${oldFlags()}` };
      const target = memory(y, width);
      yield {
        text: `${z === 9n ? "lock " : ""}cmpxchg ${target.operand}, ${DATA_REGISTER[width][0]!}`,
        before: `${registers([ACCUMULATOR[width], x], [DATA_REGISTER[width][0]!, z])} ${target.items}`,
      };
      yield { text: `xadd ${a}, ${b}`, before: `${registers([a, x], [b, y])} ${oldFlags()}` };
    }
    yield {
      text: `xadd ${{ 8: "cl", 16: "cx", 32: "ecx", 64: "rcx" }[width]}, ${{ 8: "cl", 16: "cx", 32: "ecx", 64: "rcx" }[width]}`,
      before: "rcx=0x40",
    };
    const added = memory(0x7fn, width);
    yield { text: `lock xadd ${added.operand}, ${DATA_REGISTER[width][0]!}`, before: `${registers([DATA_REGISTER[width][0]!, 1])} ${added.items}` };
  }
  yield { text: "movabs r11, 0x8123456789abcdef", before: "" };
  yield { text: "movabs rax, fs:0x350", before: "fs=0x200000 [350]=0102030405060708" };
  yield { text: "db 67 a1 50 03 20 00", before: "[350]=0102030405060708" };
  yield { text: "db 66 90", before: "" };
  yield { text: "nop", before: "rax=0xffffffffffffffff" };
  yield { text: "db 49 90", before: "rax=1 r8=2" };
  yield { text: "db 41 90", before: "rax=0x1122334455667788 r8=0x99aabbccddeeff00" };
  yield { text: "db 0f 1f 44 00 00", before: "" };
  yield { text: "db 66 0f 1f 84 00 00 00 00 00", before: "" };
  yield { text: "db f3 90", before: "" };
  yield { text: "db f3 0f 1e fa", before: "" };
  yield { text: "db 0f 18 07", before: "rdi=0x800000000000" };
  yield { text: "db 0f 0d 0f", before: "rdi=0x10" };
  yield { text: "db c6 c4 7f", before: "rax=0" };
  yield { text: "db 40 c6 c4 7f", before: "" };
  for (const [to, from] of [
    ["bx", "cl"],
    ["bx", "ah"],
    ["ebx", "cl"],
    ["ebx", "ch"],
    ["rbx", "sil"],
    ["ebx", "cx"],
    ["rbx", "r9w"],
  ] as const)
    for (const value of [0x7fff, 0x8080])
      for (const op of ["movzx", "movsx"]) yield { text: `${op} ${to}, ${from}`, before: registers([to, 1], [from, value]) };
  for (const [to, width] of [
    ["dx", 8],
    ["edx", 8],
    ["r10", 8],
    ["edx", 16],
    ["r10", 16],
  ] as const)
    for (const op of ["movzx", "movsx"]) {
      const source = memory(0x8f8e, width);
      yield { text: `${op} ${to}, ${source.operand}`, before: `${registers([to, 1])} ${source.items}` };
    }
  yield { text: "movsxd rbx, ecx", before: "rbx=1 rcx=0x80000000" };
  yield { text: "movsxd rbx, ecx", before: "rbx=1 rcx=0xffffffff7fffffff" };
  yield { text: "db 63 d9", before: "rbx=0x1111111111111111 rcx=0xffffffff80000000" };
  yield { text: "db 66 63 d9", before: "rbx=0x1111111111111111 rcx=0xffffffff80000001" };
  yield { text: "movsxd r14, dword ptr [rdi]", before: "rdi=0x200100 [100]=00000080" };
  for (const [text, before] of [
    ["lea rax, [rbx+rcx*8+0x10]", "rbx=0x1000 rcx=3"],
    ["lea eax, [rbx+rcx*2-1]", "rbx=0xffffffff rcx=0x80000000"],
    ["lea ax, [rbx+rcx]", "rax=0x1111111111111111 rbx=0xffff rcx=2"],
    ["lea rax, [ebx+ecx*4]", "rbx=0xffffffff80000000 rcx=0x40000000"],
    ["lea r15, [rip+0x100]", ""],
    ["lea rax, [r13+r12*1]", "r12=5 r13=0xfffffffffffffff0"],
    ["lea rax, ds:0x7fffffff", ""],
    ["lea rax, ds:0xffffffff80000000", ""],
    ["lea rax, fs:[rbx]", "fs=0x1000 rbx=5"],
    ["lea rsp, [rsp-0x80]", ""],
    ["lea eax, [eip+0x10]", ""],
    ["lea rax, [rbx+riz*1]", "rbx=7"],
  ] as const)
    yield { text, before };
  for (const op of ["cbw", "cwde", "cdqe", "cwd", "cdq", "cqo"])
    for (const value of ["0x1111111180808080", "0x7f7f7f7f7f7f7f7f", "0x8000000000008000"])
      yield { text: op, before: `rax=${value} rdx=0x2222222222222222` };
  for (const [memoryBytes, rest] of [
    ["0500000000000000", "rax=5 rdx=0"],
    ["0600000000000000", "rax=5 rdx=0 flags=oszapc"],
    ["ffffffff01000000", "rax=0x22222222ffffffff rdx=0x1111111100000001"],
  ] as const)
    for (const prefix of ["", "lock "])
      yield {
        text: `${prefix}cmpxchg8b qword ptr [rdi]`,
        before: `rdi=0x200200 rbx=0xaaaaaaaa11111111 rcx=0xbbbbbbbb22222222 [200]=${memoryBytes} ${rest}`,
      };
  for (const flags of ["flags=------", "flags=oszapc", "flags=-s-a-c"]) {
    yield { text: "lahf", before: `rax=0x1111 ${flags}` };
    for (const value of ["0x0000", "0xff00", "0x8100"]) yield { text: "sahf", before: `rax=${value} ${flags}` };
    for (const op of ["cmc", "stc", "clc"]) yield { text: op, before: flags };
  }
  yield { text: "std", before: "" };
  yield { text: "cld", before: "df=1" };
  for (const al of [0, 0x10, 0xff]) yield { text: "xlat", before: `rax=0x${(0x4400 + al).toString(16)} rbx=0x200300 [300]=aa [310]=bb [3ff]=cc` };
  yield { text: "db 67 d7", before: "rax=1 rbx=0xffffffff00200300 [300]=aabb" };
  yield { text: "db 64 d7", before: "rax=1 rbx=0x300 fs=0x200000 [300]=aabb" };
}

export function* integerCases(): Generator<Case> {
  for (const op of ["add", "or", "adc", "sbb", "and", "sub", "xor", "cmp", "test"]) yield* binary(op);
  for (const op of ["inc", "dec", "neg", "not"]) yield* unary(op);
  yield* multiplyAndDivide();
  yield* shifts();
  yield* bits();
  yield* moves();
}
