/** Cases of POPCNT, LZCNT, TZCNT, BMI1, BMI2, ADX, MOVBE, RDPID and the cache line instructions. */

import { type Case, memory, places, PTR, Registers, WIDTHS } from "./cases.ts";

const VALUES: readonly bigint[] = [
  0n,
  1n,
  2n,
  0x80n,
  0xffn,
  0x100n,
  0x8000n,
  0xffffn,
  0x10000n,
  0x80000000n,
  0xffffffffn,
  0x100000000n,
  0x8000000000000000n,
  0xffffffffffffffffn,
  0x7fffffffffffffffn,
  0x0123456789abcdefn,
  0xfedcba9876543210n,
  0x5555555555555555n,
  0xaaaaaaaaaaaaaaaan,
  0x00ff00ff00ff00ffn,
];
const names = { 16: ["ax", "cx", "r9w", "r12w", "bx"], 32: ["eax", "ecx", "r9d", "r12d", "ebx"], 64: ["rax", "rcx", "r9", "r12", "rbx"] } as const;
const cut = (value: bigint, bits: number) => BigInt.asUintN(bits, value);
const FLAGS = ["flags=oszapc", "flags=------"] as const;

function* counts(): Generator<Case> {
  for (const op of ["popcnt", "lzcnt", "tzcnt"]) {
    for (const bits of [16, 32, 64] as const) {
      const [a, c, r9, r12] = names[bits];
      for (const [i, value] of VALUES.entries()) {
        const [target, source] = i % 2 === 0 ? [a, c] : [r9, r12];
        yield {
          text: `${op} ${target}, ${source}`,
          before: `${new Registers().set(target, 3).set(source, cut(value, bits)).toString()} ${FLAGS[i % 2]}`,
        };
      }
      yield { text: `${op} ${a}, ${a}`, before: new Registers().set(a, 0x70).toString() };
      yield* places(`${op} ${a}, %`, bits, cut(0x0012340000567800n, bits), "");
    }
  }
}

/** Sources with controls for the shifts, BZHI and BEXTR. */
const CONTROLS: readonly bigint[] = [
  0n,
  1n,
  7n,
  15n,
  31n,
  32n,
  33n,
  63n,
  64n,
  65n,
  0xffn,
  0x100n,
  0x2008n,
  0x401fn,
  0x4000n,
  0xff00n,
  0x083cn,
  0x2020n,
  0x0140n,
  0xfffffffffffff804n,
];

function* three(): Generator<Case> {
  for (const bits of [32, 64] as const) {
    const [a, c, r9, r12, b] = names[bits];
    const triples = [
      [a, c, r9],
      [r9, r12, b],
      [r12, a, c],
      [b, r9, r12],
    ] as const;
    for (const op of ["bzhi", "bextr", "shlx", "sarx", "shrx"]) {
      for (const [i, control] of CONTROLS.entries()) {
        const [target, source, by] = triples[i % 4]!;
        const value = cut(VALUES[(i * 7 + 13) % VALUES.length]!, bits);
        yield {
          text: `${op} ${target}, ${source}, ${by}`,
          before: `${new Registers().set(source, value).set(by, cut(control, bits)).toString()} ${FLAGS[i % 2]}`,
        };
      }
      yield* places(`${op} ${a}, %, ${c}`, bits, cut(0xfedcba9876543210n, bits), new Registers().set(c, 0x1005).toString());
    }
    for (const op of ["andn", "pext", "pdep"]) {
      for (const [i, first] of VALUES.entries()) {
        const [target, x, y] = triples[i % 4]!;
        const second = cut(VALUES[(i * 3 + 5) % VALUES.length]!, bits);
        yield {
          text: `${op} ${target}, ${x}, ${y}`,
          before: `${new Registers().set(x, cut(first, bits)).set(y, second).toString()} ${FLAGS[i % 2]}`,
        };
        if (op !== "andn")
          yield {
            text: `${op} ${target}, ${x}, ${y}`,
            before: new Registers().set(x, cut(0x0123456789abcdefn, bits)).set(y, cut(first, bits)).toString(),
          };
      }
      yield { text: `${op} ${a}, ${a}, ${a}`, before: new Registers().set(a, 0x1234).toString() };
      yield* places(`${op} ${a}, ${c}, %`, bits, cut(0xf0f0f0f0f0f00ff1n, bits), new Registers().set(c, cut(0xfedcba9876543210n, bits)).toString());
    }
    for (const op of ["blsr", "blsmsk", "blsi"]) {
      for (const [i, value] of VALUES.entries()) {
        const [target, source] = triples[i % 4]!;
        yield { text: `${op} ${target}, ${source}`, before: `${new Registers().set(source, cut(value, bits)).toString()} ${FLAGS[i % 2]}` };
      }
      yield* places(`${op} ${a}, %`, bits, cut(0xfedcba9876543200n, bits), "");
    }
    for (const count of [0, 1, 7, 31, 32, 33, 63, 64, 255])
      yield { text: `rorx ${r9}, ${c}, ${count}`, before: `${new Registers().set(c, cut(0xfedcba9876543210n, bits)).toString()} flags=oszapc` };
    yield* places(`rorx ${a}, %, 12`, bits, cut(0xfedcba9876543210n, bits), "");
    const d = bits === 32 ? "edx" : "rdx";
    for (const [i, value] of VALUES.entries()) {
      const factor = cut(VALUES[(i * 3 + 7) % VALUES.length]!, bits);
      yield { text: `mulx ${a}, ${r9}, ${c}`, before: `${new Registers().set(d, cut(value, bits)).set(c, factor).toString()} flags=oszapc` };
    }
    yield {
      text: `mulx ${a}, ${a}, ${c}`,
      before: new Registers().set(d, cut(0xfedcba9876543210n, bits)).set(c, cut(0xffffffffffffffffn, bits)).toString(),
    };
    yield { text: `mulx ${d}, ${c}, ${d}`, before: new Registers().set(d, cut(0xfedcba9876543210n, bits)).toString() };
    yield* places(`mulx ${a}, ${r9}, %`, bits, cut(0xfedcba9876543210n, bits), new Registers().set(d, 0x12345678).toString());
    for (const op of ["adcx", "adox"]) {
      for (const [i, value] of VALUES.entries()) {
        const addend = cut(VALUES[(i * 3 + 1) % VALUES.length]!, bits);
        for (const flags of ["flags=oszapc", "flags=------", "flags=o-z-p-", "flags=-s-a-c"])
          yield { text: `${op} ${a}, ${r12}`, before: `${new Registers().set(a, cut(value, bits)).set(r12, addend).toString()} ${flags}` };
      }
      yield* places(`${op} ${a}, %`, bits, cut(0xffffffffffffffffn, bits), `${new Registers().set(a, 1).toString()} flags=o----c`);
    }
  }
}

function* others(): Generator<Case> {
  for (const bits of WIDTHS) {
    if (bits === 8) continue;
    const [a, , r9] = names[bits];
    for (const target of [a, r9]) yield* places(`movbe ${target}, %`, bits, cut(0x0123456789abcdefn, bits), "");
    yield* places(`movbe %, ${a}`, bits, 0n, "rax=0x0123456789abcdef");
    const source = memory(0n, bits);
    yield { text: `movbe ${source.operand}, ${r9}`, before: `${source.items} r9=0x0123456789abcdef` };
  }
  for (const op of ["clflushopt", "clwb"])
    for (const address of ["0x200100", "0x200fff", "0x201000"]) yield { text: `${op} ${PTR[8]} [rdi]`, before: `rdi=${address}` };
  // Bases that are not canonical.
  for (const op of ["wrfsbase", "wrgsbase"])
    for (const value of ["0x7fffffffffff", "0xffffffff80000000", "0x0001000000000000000", "0x8000000000000000"])
      yield { text: `${op} rax`, before: `rax=${value}` };
  for (const [name, base] of [
    ["fs", "fs=0x7fff12345678"],
    ["gs", "gs=0x7ffe00001000"],
  ] as const)
    for (const register of ["eax", "r9"]) {
      yield { text: `rd${name}base ${register}`, before: base };
      yield { text: `wr${name}base ${register}`, before: "rax=0x12345678fffffff0 r9=0x123456789abc" };
    }
  const pair = "0102030405060708090a0b0c0d0e0f10";
  for (const prefix of ["", "lock "])
    for (const [rdx, flags] of [
      ["0x100f0e0d0c0b0a09", "flags=os-apc"],
      ["0x100f0e0d0c0b0a08", "flags=oszapc"],
    ] as const)
      yield {
        text: `${prefix}cmpxchg16b xmmword ptr [rdi]`,
        before: `rdi=0x200110 [110]=${pair} rax=0x0807060504030201 rdx=${rdx} rbx=0x1111222233334444 rcx=0x5555666677778888 ${flags}`,
      };
  yield { text: "cmpxchg16b xmmword ptr [r9]", before: `r9=0x200120 [120]=${pair} rax=1 rdx=0x100f0e0d0c0b0a09` };
  for (const address of ["0x200108", "0x200ff8", "0x201000"]) yield { text: "cmpxchg16b xmmword ptr [rdi]", before: `rdi=${address}` };
  // Not with LOCK, not with VEX.L, not with a vvvv that names a register.
  for (const code of [
    "f0 f3 0f b8 07",
    "f0 0f 38 f1 07",
    "c4 e2 7c f2 c1",
    "c4 e2 7c f3 c9",
    "c4 e2 7c f7 c1",
    "c4 e3 7f f0 c1 05",
    "c4 e3 43 f0 c1 05",
    "66 c4 e2 78 f2 c1",
    "0f 38 f0 c1",
    "f3 0f 38 f0 07",
  ]) {
    yield { text: `db ${code}`, before: "rdi=0x200100" };
  }
}

export function* bitCases(): Generator<Case> {
  yield* counts();
  yield* three();
  yield* others();
}
