/** Cases of jumps, calls, conditions, the stack, string instructions and exceptions. */

import { bytes, type Case, memory, PTR, walk, WIDTHS } from "./cases.ts";

const CONDITIONS = ["o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g"];
const FLAG_STATES = ["------", "o-----", "-s----", "--z---", "----p-", "-----c", "os----", "--z--c", "oszapc", "-sz---", "o-z---"];

function* conditions(): Generator<Case> {
  const far = walk([0x20, -0x40, 0x300, -0x300]);
  for (const cc of CONDITIONS)
    for (const [i, flags] of FLAG_STATES.entries()) {
      yield { text: `set${cc} ${["bl", "ah", "r9b", "sil"][i % 4]!}`, before: `flags=${flags}` };
      if (i % 2 === 0) yield { text: `j${cc} .+${i % 4 ? 0x12 : -0x50}`, before: `flags=${flags}` };
      else yield { text: `{disp32} j${cc} .+${far()}`, before: `flags=${flags}` };
      if (i % 3 === 0)
        yield {
          text: `cmov${cc} ${["ebx, ecx", "rbx, r9", "bx, cx"][(i / 3) % 3]!}`,
          before: `rbx=0x1111111111111111 rcx=0x2222222222222222 r9=0x3333333333333333 flags=${flags}`,
        };
      if (i % 5 === 0) {
        const source = memory(0x4444444444444444n, 32);
        yield { text: `cmov${cc} edx, ${source.operand}`, before: `rdx=0x1111111111111111 ${source.items} flags=${flags}` };
        const target = memory(0x99n, 8);
        yield { text: `set${cc} ${target.operand}`, before: `${target.items} flags=${flags}` };
      }
    }
  yield { text: "cmove eax, dword ptr [rdi]", before: "rdi=0x201000 rax=1" };
}

function* jumps(): Generator<Case> {
  for (const [op, flags] of [
    ["loop", ""],
    ["loope", "flags=--z---"],
    ["loope", ""],
    ["loopne", ""],
    ["loopne", "flags=--z---"],
  ] as const)
    for (const rcx of ["2", "1", "0", "0x100000000"]) {
      yield { text: `${op} .+0x30`, before: `rcx=${rcx} ${flags}` };
      yield { text: `addr32 ${op} .-0x30`, before: `rcx=${rcx} ${flags}` };
    }
  for (const rcx of ["0", "1", "0x100000000"]) {
    yield { text: "jrcxz .+0x30", before: `rcx=${rcx}` };
    yield { text: "jecxz .+0x30", before: `rcx=${rcx}` };
  }
  yield { text: "jmp .+0x30", before: "" };
  yield { text: "{disp32} jmp .-0x200", before: "" };
  yield { text: "jmp rbx", before: "rbx=0x100900" };
  yield { text: "jmp r11", before: "r11=0x100100" };
  yield { text: "jmp qword ptr [rdi+rcx*8]", before: "rdi=0x200100 rcx=2 [110]=0009100000000000" };
  yield { text: "jmp qword ptr fs:[rdi]", before: "fs=0x200000 rdi=0x10 [10]=0009100000000000" };
  yield { text: "jmp qword ptr [rdi]", before: "rdi=0x201000" };
  yield { text: "call .+0x100", before: "" };
  yield { text: "call .-0x100", before: "rsp=0x200808" };
  yield { text: "call rbx", before: "rbx=0x100900" };
  yield { text: "call r14", before: "r14=0x100100 rsp=0x200008" };
  yield { text: "call qword ptr [rsp+8]", before: "[808]=0009100000000000" };
  yield { text: "call qword ptr [rdi]", before: "rdi=0x200100 [100]=0009100000000000" };
  yield { text: "call .+0x100", before: "rsp=0x200000" };
  yield { text: "call rbx", before: "rbx=0x100900 rsp=0x200004" };
  yield { text: "call rbx", before: "rbx=0x100900 rsp=0x8000000000000000" };
  yield { text: "ret", before: "[800]=4008100000000000" };
  yield { text: "ret 0x18", before: "[800]=4008100000000000" };
  yield { text: "ret 0xfff0", before: "[800]=4008100000000000" };
  yield { text: "db f3 c3", before: "[800]=4008100000000000" };
  yield { text: "ret", before: "rsp=0x200ffc" };
  yield { text: "ret", before: "rsp=0x8000000000000000" };
}

function* stack(): Generator<Case> {
  for (const text of [
    "push rax",
    "push r12",
    "push rsp",
    "push bx",
    "push r9w",
    "push 0x7f",
    "push -0x80",
    "push 0x12345678",
    "push -0x12345678",
    "pushw 0x1234",
    "pushw -2",
    "db 66 50",
    "db 48 50",
  ])
    yield { text, before: "rbx=0x1122334455667788" };
  for (const text of ["pop rax", "pop r12", "pop rsp", "pop bx", "pop r9w", "db 66 58"])
    yield { text, before: "[800]=8877665544332211 rax=0x1111111111111111" };
  yield { text: "pop sp", before: "[800]=8877665544332211" };
  yield { text: "push qword ptr [rsp]", before: "[800]=8877665544332211" };
  yield { text: "push qword ptr [rsp+8]", before: "[808]=8877665544332211" };
  yield { text: "push word ptr [rdi]", before: "rdi=0x200100 [100]=3412" };
  yield { text: "push qword ptr gs:[rdi]", before: "gs=0x100000 rdi=0x100100 [100]=3412" };
  yield { text: "pop qword ptr [rsp]", before: "[800]=8877665544332211" };
  yield { text: "pop qword ptr [rsp+0x10]", before: "[800]=8877665544332211" };
  yield { text: "pop qword ptr [rdi]", before: "rdi=0x200100 [800]=8877665544332211" };
  yield { text: "pop word ptr [rdi]", before: "rdi=0x200100 [800]=8877665544332211" };
  yield { text: "db 8f c3", before: "[800]=8877665544332211" };
  yield { text: "pop qword ptr [rdi]", before: "rdi=0x201000 [800]=8877665544332211" };
  yield { text: "push rax", before: "rsp=0x200004" };
  yield { text: "push rax", before: "rsp=0x200000" };
  yield { text: "push rax", before: "rsp=0x201008" };
  yield { text: "push qword ptr [rdi]", before: "rdi=0x201000" };
  yield { text: "push rax", before: "rsp=0x8000000000000004" };
  yield { text: "pop rax", before: "rsp=0x200ff9" };
  yield { text: "pop rax", before: "rsp=0x201000" };
  for (const state of ["", "flags=oszapc", "flags=o-z-p- df=1"]) {
    yield { text: "pushf", before: state };
    yield { text: "pushfw", before: state };
    yield { text: "popf", before: `${state} [800]=0202000000000000` };
    yield { text: "popf", before: `${state} [800]=d50e000000000000` };
    yield { text: "popf", before: `${state} [800]=0002240000000000` };
    yield { text: "popfw", before: `${state} [800]=910cffff` };
  }
  yield { text: "popf", before: "[800]=0200000000000000" };
  yield { text: "popf", before: "rsp=0x201000" };
  yield { text: "pushf", before: "rsp=0x200000" };
  yield { text: "leave", before: "rbp=0x200400 [400]=8877665544332211" };
  yield { text: "db 66 c9", before: "rbp=0x200400 [400]=8877665544332211" };
  yield { text: "leave", before: "rbp=0x201000" };
  yield { text: "enter 0x20, 0", before: "rbp=0x200900" };
  yield { text: "enter 0x10, 1", before: "rbp=0x200900" };
  yield { text: "enter 0x8, 3", before: "rbp=0x200900 [8f0]=11111111111111112222222222222222" };
  yield { text: "db 66 c8 10 00 00", before: "rbp=0x1122334455667788" };
  yield { text: "enter 0x20, 0", before: "rsp=0x200000" };
}

function* strings(): Generator<Case> {
  const suffix = { 8: "b", 16: "w", 32: "d", 64: "q" };
  const source = "[100]=0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20";
  for (const width of WIDTHS) {
    const s = suffix[width];
    for (const df of ["", "df=1"]) {
      const at = df ? "rsi=0x200118 rdi=0x200318" : "rsi=0x200100 rdi=0x200300";
      yield { text: `movs${s}`, before: `${at} ${source} ${df}` };
      for (const rcx of [0, 1, 3]) {
        yield { text: `rep movs${s}`, before: `${at} rcx=${rcx} ${source} ${df}` };
        yield { text: `rep stos${s}`, before: `rdi=0x200310 rcx=${rcx} rax=0x8877665544332211 ${df}` };
        yield { text: `rep lods${s}`, before: `rsi=0x200110 rcx=${rcx} rax=0x5555555555555555 ${source} ${df}` };
        for (const [prefix, flags] of [
          ["repe", "flags=oszapc"],
          ["repne", ""],
        ] as const) {
          yield {
            text: `${prefix} cmps${s}`,
            before: `${at} rcx=${rcx} ${source} [300]=0102030405060708ff0a0b0c0d0e0f10ff12131415161718ff ${flags} ${df}`,
          };
          yield {
            text: `${prefix} scas${s}`,
            before: `rdi=0x200308 rcx=${rcx + 1} rax=0x0101010101010101 [300]=0101010101010101010101010101010102010101010101010202020202020202 ${flags} ${df}`,
          };
        }
      }
      yield { text: `stos${s}`, before: `rdi=0x200310 rax=0x8877665544332211 ${df}` };
      yield { text: `lods${s}`, before: `rsi=0x200110 rax=0x5555555555555555 ${source} ${df}` };
      yield { text: `cmps${s}`, before: `${at} ${source} [300]=0202 ${df}` };
      yield { text: `scas${s}`, before: `rdi=0x200300 rax=0x8000000000000080 [300]=0100000000000080 ${df}` };
    }
    // Overlapping, by one element: a fill.
    yield { text: `rep movs${s}`, before: `rsi=0x200100 rdi=0x${(0x200100 + width / 8).toString(16)} rcx=5 ${source}` };
    yield { text: `rep movs${s}`, before: `rsi=0x200108 rdi=0x200107 rcx=3 ${source}` };
    // Faults in the middle keep what was done.
    yield { text: `rep movs${s}`, before: `rsi=0x200100 rdi=0x${(0x201000 - width / 4).toString(16)} rcx=5 ${source}` };
    yield { text: `rep movs${s}`, before: `rsi=0x${(0x201000 - width / 4).toString(16)} rdi=0x200100 rcx=5` };
    yield { text: `rep stos${s}`, before: `rdi=0x${(0x201000 - (width * 3) / 8).toString(16)} rcx=0x10 rax=0x4142434445464748` };
    yield { text: `repe cmps${s}`, before: `rsi=0x200100 rdi=0x${(0x201000 - width / 8).toString(16)} rcx=5 flags=o----c` };
    yield { text: `repne scas${s}`, before: `rdi=0x${(0x201000 - width / 4).toString(16)} rcx=5 rax=0x7777777777777777 flags=o----c` };
  }
  yield { text: "rep stosb", before: "df=1 rdi=0x200002 rcx=8 rax=0x77" };
  yield { text: "rep movsq", before: "rsi=0x200100 rdi=0x200ff4 rcx=2 [100]=01020304050607081112131415161718" };
  yield { text: "db 67 f3 a4", before: `rsi=0xffffffff00200100 rdi=0xffffffff00200300 rcx=0xffffffff00000003 ${source}` };
  yield { text: "db 67 a4", before: `rsi=0xffffffff00200100 rdi=0xffffffff00200300 ${source}` };
  yield { text: "db 67 f3 aa", before: "rdi=0xffffffff00200300 rcx=0xffffffff00000000 rax=1" };
  yield { text: "db 64 a4", before: `fs=0x200000 rsi=0x100 rdi=0x200300 ${source}` };
  yield { text: "db 65 f3 48 a5", before: `gs=0x200000 rsi=0x100 rdi=0x200300 rcx=2 ${source}` };
  yield { text: "db f2 a4", before: `rsi=0x200100 rdi=0x200300 rcx=2 ${source}` };
  yield { text: "db f2 ac", before: `rsi=0x200100 rcx=2 ${source}` };
  yield { text: "db f2 aa", before: "rdi=0x200100 rcx=2 rax=0x33" };
}

function* exceptions(): Generator<Case> {
  const reads = walk(["mov eax, dword ptr", "add rax, qword ptr", "movzx eax, byte ptr", "cmp word ptr", "imul rax, qword ptr"]);
  const read = (operand: string) => {
    const op = reads();
    return op.startsWith("cmp") ? `${op} ${operand}, 1` : `${op} ${operand}`;
  };
  for (const rdi of [
    "0x201000",
    "0",
    "0xfff",
    "0x1fffff",
    "0x7ffffffff000",
    "0x800000000000",
    "0x8000000000000000",
    "0xffff800000000000",
    "0xffffffffffffffff",
  ])
    for (const text of [read("[rdi]"), "mov byte ptr [rdi], 1"]) {
      // The first and last bytes of a multi-byte access may lie in different kinds of address: one byte only at the edges.
      const straddles = rdi === "0xfff" || rdi === "0x1fffff" || rdi === "0xffffffffffffffff";
      yield { text: straddles && !text.includes("byte") ? "mov al, byte ptr [rdi]" : text, before: `rdi=${rdi}` };
    }
  for (const width of [16, 32, 64] as const) {
    yield { text: `mov ${PTR[width]} [rdi], ${{ 16: "ax", 32: "eax", 64: "rax" }[width]}`, before: "rdi=0x200fff rax=0x4142434445464748" };
    yield { text: `mov ${{ 16: "ax", 32: "eax", 64: "rax" }[width]}, ${PTR[width]} [rdi]`, before: "rdi=0x1fffff [0]=11" };
    yield {
      text: `mov ${{ 16: "ax", 32: "eax", 64: "rax" }[width]}, ${PTR[width]} [rdi]`,
      before: `rdi=0x${(0x201000 - width / 8).toString(16)} [ff8]=${bytes(0x1122334455667788n, 64)}`,
    };
  }
  for (const operand of ["[rsp]", "[rbp]", "[rbp+rax]", "[rsp+rax*2+8]", "[rdi+rbp]"])
    yield { text: `mov eax, dword ptr ${operand}`, before: "rsp=0x8000000000000000 rbp=0x8000000000000000 rdi=0x8000000000000000 rax=0" };
  yield { text: "mov eax, dword ptr fs:[rdi]", before: "fs=0x201000 rdi=0" };
  yield { text: "inc dword ptr [rdi]", before: "rdi=0x201000 flags=oszapc" };
  yield { text: "xchg dword ptr [rdi], eax", before: "rdi=0x200ffe rax=5" };
  yield { text: "shl dword ptr [rdi], cl", before: "rdi=0x201000 rcx=0" };
  yield { text: "div dword ptr [rdi]", before: "rdi=0x200100 rax=1 rdx=0" };
  yield { text: "div dword ptr [rdi]", before: "rdi=0x201000 rax=1 rdx=0" };
  yield { text: "cmpxchg dword ptr [rdi], ecx", before: "rdi=0x201000 rax=1" };
  yield { text: "mov eax, dword ptr [rdi]", before: "ac=1 rdi=0x200101" };
  yield { text: "mov eax, dword ptr [rdi]", before: "ac=1 rdi=0x200104" };
  yield { text: "mov qword ptr [rdi], rax", before: "ac=1 rdi=0x200104" };
  yield { text: "push rax", before: "ac=1 rsp=0x200803" };
  yield { text: "lea eax, [rdi]", before: "ac=1 rdi=0x200101" };

  const undefinedOpcodes = [
    "0f 0b",
    "0f ff c0",
    "0f b9 c0",
    "06",
    "07",
    "0e",
    "16",
    "17",
    "1e",
    "1f",
    "27",
    "2f",
    "37",
    "3f",
    "60",
    "61",
    "82 c0 01",
    "9a",
    "ce",
    "d4 0a",
    "d5 0a",
    "ea",
    "d6",
    "8d c0",
    "fe d0",
    "fe f8",
    "ff f8",
    "c6 c8 00",
    "c7 c8 00 00 00 00",
    "0f 04",
    "0f 0a",
    "0f 24 c0",
    "0f 36",
    "0f 7a c0",
    "0f a6 c0",
    "0f ba c0 01",
    "0f c7 c8",
    "f0 90",
    "f0 01 d8",
    "f0 8b 07",
    "f0 39 07",
    "f0 85 07",
    "f0 a4",
    "f0 0f af 07",
    "f0 e8 00 00 00 00",
    "0f 38 0c c0",
    "8c f0",
    "8e c8",
    "0f c3 c0",
    "66 0f e7 c0",
    "0f e7 c0",
    "f3 0f 2b c0",
    "66 f0 0f 58 c1",
    "ff d8",
    "ff e8",
    "0f 20 c8",
    "0f 00 f0",
    "0f 13 c0",
    "0f 17 c0",
    "0f 2b c0",
    "66 0f 13 c0",
    "f2 0f f0 c0",
    "c5 f8",
    "0f 3a ff c0 00",
  ];
  for (const code of undefinedOpcodes) {
    if (/^(9a|ea|0f 20|c5 f8$)/.test(code)) continue;
    yield { text: `db ${code}`, before: "rdi=0x200100" };
  }
  const privileged = [
    "f4",
    "fa",
    "fb",
    "e4 80",
    "e5 80",
    "e6 80",
    "e7 80",
    "ec",
    "ed",
    "ee",
    "ef",
    "6c",
    "6e",
    "0f 06",
    "0f 08",
    "0f 09",
    "0f 30",
    "0f 32",
    "0f 20 c0",
    "0f 22 c0",
    "0f 21 c0",
    "0f 23 c0",
    "0f 01 17",
    "0f 01 1f",
    "0f 01 3f",
    "cf",
    "cb",
    "0f 35",
  ];
  for (const code of privileged) {
    if (/^(cf|cb|0f 35)/.test(code)) continue;
    yield { text: `db ${code}`, before: "rdi=0x200100 rsi=0x200200 rdx=0x80" };
  }
  yield { text: `db ${"66 ".repeat(14)}90`, before: "" };
  yield { text: `db ${"66 ".repeat(15)}90`, before: "" };
  yield { text: `db ${"2e ".repeat(10)}01 84 00 00 00 00 00`, before: "rax=0x100080" };
  yield { text: "db cc", before: "" };
  // 80 is a system call.
  for (let number = 0; number < 256; number++) if (number !== 0x80) yield { text: `db cd ${number.toString(16).padStart(2, "0")}`, before: "" };
  for (const prefixes of ["66", "48", "f2", "f3 4f", "64 67", "f0"]) yield { text: `db ${prefixes} cd 04`, before: "flags=o----c" };
  yield { text: "db cd 04", before: "flags=oszapc ac=1" };
  yield { text: "mov eax, cs", before: "" };
  yield { text: "mov ax, ss", before: "rax=0x1111111111111111" };
  yield { text: "mov rax, ds", before: "" };
  yield { text: "mov word ptr [rdi], cs", before: "rdi=0x200100 [100]=ffffffff" };
}

/** What the alignment check (AC) does not take from the operand's size. */
function* alignmentChecks(): Generator<Case> {
  const masks = "mm1=8000000000000080 xmm1=80000000_00000000_00000000_80000000 ymm1=00000000_80000000_80000000_00000000";
  // Of MASKMOVQ not what faults: AMD's processors have entered the MMX state by then.
  yield { text: "maskmovq mm0, mm1", before: `ac=1 rdi=0x200108 ${maskOf("mm1", masks)}` };
  for (const text of ["maskmovdqu xmm0, xmm1", "vmaskmovdqu xmm0, xmm1"])
    for (const rdi of ["0x200104", "0x200108"]) yield { text, before: `ac=1 rdi=${rdi} ${maskOf(text, masks)}` };
  for (const [name, suffixes] of [
    ["vmaskmov", ["ps", "pd"]],
    ["vpmaskmov", ["d", "q"]],
  ] as const)
    for (const suffix of suffixes)
      for (const operands of [
        "xmm0, xmm1, xmmword ptr [rdi]",
        "ymm0, ymm1, ymmword ptr [rdi]",
        "xmmword ptr [rdi], xmm1, xmm0",
        "ymmword ptr [rdi], ymm1, ymm0",
      ]) {
        const text = `${name}${suffix} ${operands}`;
        yield { text, before: `ac=1 rdi=0x200101 ${maskOf(text, masks)}` };
      }
  for (const text of [
    "vpgatherdd xmm0, [rdi+xmm2], xmm1",
    "vpgatherdq ymm0, [rdi+xmm2], ymm1",
    "vpgatherqd xmm0, [rdi+xmm2], xmm1",
    "vpgatherqq ymm0, [rdi+ymm2], ymm1",
    "vgatherdps ymm0, [rdi+ymm2], ymm1",
    "vgatherdpd xmm0, [rdi+xmm2], xmm1",
    "vgatherqps xmm0, [rdi+ymm2], xmm1",
    "vgatherqpd xmm0, [rdi+xmm2], xmm1",
  ])
    yield { text, before: `ac=1 rdi=0x200101 xmm2=0 ymm2=0 ${maskOf(text, masks)}` };
  for (const name of ["fxsave", "fxrstor", "fxsave64", "fxrstor64", "xsave", "xrstor"])
    for (const rdi of ["0x200102", "0x200104", "0x201001", "0x201008", "0x7fffffffff01", "0x7ffffffffffd"])
      yield { text: `${name} [rdi]`, before: `ac=1 rdi=${rdi} rax=3 rdx=0` };
  yield { text: "fxsave [rbp]", before: "rbp=0x800000000001" };
  yield { text: "fxsave [rbp]", before: "rbp=0x7ffffffffffd" };
  yield { text: "xsave [rbp]", before: "rbp=0x800000000001 rax=3 rdx=0" };
}

/** The masks that the instruction has. */
function maskOf(text: string, masks: string): string {
  if (/(?<![xy])mm1/.test(text)) return masks.split(" ")[0] ?? "";
  return masks.split(" ").slice(1).join(" ");
}

/** An offset that is not canonical, with a segment base that makes its address one of the kernel's; and one that is, at the edge. */
function* offsets(): Generator<Case> {
  const values = ["0xffff7fffffffffff", "0xffff7ffffffffffd", "0xffff800000000000"];
  for (const [text, register] of [
    ["mov al, byte ptr fs:[rdi]", "rdi"],
    ["mov dword ptr fs:[rdi], eax", "rdi"],
    ["add qword ptr fs:[rbp], rax", "rbp"],
    ["movups xmm0, xmmword ptr fs:[rdi]", "rdi"],
    ["vmovups ymm0, ymmword ptr fs:[rdi]", "rdi"],
    ["vmaskmovps xmm0, xmm1, xmmword ptr fs:[rdi]", "rdi"],
    ["vpmaskmovq ymmword ptr fs:[rdi], ymm1, ymm0", "rdi"],
    ["vpgatherdd xmm0, fs:[rdi+xmm2], xmm1", "rdi"],
    ["db 64 66 0f f7 c1", "rdi"],
    ["push qword ptr fs:[rdi]", "rdi"],
    ["pop qword ptr fs:[rdi]", "rdi"],
    ["call qword ptr fs:[rdi]", "rdi"],
    ["db 64 d7", "rbx"],
    ["db 64 ac", "rsi"],
    ["db 64 a4", "rsi"],
    ["db 64 f3 48 a5", "rsi"],
    ["db 64 a6", "rsi"],
    ["db 64 aa", "rdi"],
    ["db 64 ae", "rdi"],
    ["fxsave fs:[rdi]", "rdi"],
  ] as const) {
    const rest = text.includes("gather")
      ? " xmm2=0 xmm1=00000000_00000000_00000000_80000000"
      : /mask|f7/.test(text)
        ? " xmm1=80000000_80000000_80000000_80000000"
        : "";
    const other = register === "rsi" ? " rdi=0x200100 rcx=2" : register === "rbx" ? " rax=0" : "";
    for (const value of values) yield { text, before: `fs=0x10 ${register}=${value}${other}${rest}` };
  }
  // The destination has no segment; of two operands at one address the source is first.
  yield { text: "db 64 a4", before: "fs=0x10 rsi=0x2000f0 rdi=0xffff800000000000" };
  yield { text: "db 64 a6", before: "fs=0x10 rsi=0x2000f0 rdi=0xffff800000000000" };
  yield { text: "db 64 a6", before: "fs=0x10 rsi=0xffff7ffffffffff0 rdi=0xffff800000000000" };
}

export function* controlCases(): Generator<Case> {
  yield* conditions();
  yield* jumps();
  yield* stack();
  yield* strings();
  yield* exceptions();
  yield* alignmentChecks();
  yield* offsets();
}
