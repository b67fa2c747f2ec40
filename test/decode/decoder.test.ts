import { describe, expect, test } from "vitest";

import { Decoder, DecodeStatus } from "../../src/cpu/decode/decoder.ts";
import { format } from "../../src/cpu/decode/disasm.ts";
import { allFeatures } from "../../src/cpu/decode/features.ts";
import { knownInsns } from "../../src/cpu/decode/known.ts";
import { allInsns } from "../../src/cpu/isa/index.ts";
import type { Decoded, Feature, Insn, InsnProperties } from "../../src/cpu/isa/insn.ts";
import { insn, newDecoded } from "../../src/cpu/isa/insn.ts";

const define = (mnemonic: string, rows: string[], properties: InsnProperties = {}): Insn => insn(mnemonic, rows, properties, () => {});

const SET: readonly Insn[] = [
  define("add", ["01 /r | Ev, Gv", "03 /r | Gv, Ev", "00 /r | Eb, Gb", "81 /0 | Ev, Iz", "83 /0 | Ev, Ibs"], { lock: true }),
  define("nop", ["90"]),
  define("pause", ["F3 90"]),
  define("xchg", ["90+r | Zv, rAX"]),
  define("mov", ["B8+r | Zv, Iv", "C7 /0 | Ev, Iz", "A1 | rAX, Ov", "8C /r reg | Rv, Sw", "89 /r | Ev, Gv"]),
  define("push", ["50+r | Zv | d64", "68 | Iz | d64"]),
  define("bsf", ["0F BC /r | Gv, Ev"]),
  define("tzcnt", ["F3 0F BC /r | Gv, Ev"], { feature: "bmi1" }),
  define("movups", ["NP 0F 10 /r | Vdq, Wdq"]),
  define("movupd", ["66 0F 10 /r | Vdq, Wdq"]),
  define("movss", ["F3 0F 10 /r mem | Vdq, Mss", "F3 0F 10 /r reg | Vdq, Udq"]),
  define("cmpxchg8b", ["0F C7 /1 mem | Mq"], { lock: true }),
  define("cmpxchg16b", ["REX.W 0F C7 /1 mem | Mdq"], { lock: true }),
  define("j", ["70+cc | Jb | f64", "0F 80+cc | Jz | f64"], { ends: "branch" }),
  define("stos", ["AB | Yv, rAX"], { rep: "rep" }),
  define("enter", ["C8 | Iw, Ib | d64"]),
  define("movbe", ["0F 38 F0 /r mem | Gv, Mv"]),
  define("fadd", ["D8 =C0+i | ST0, STi", "D8 /0 mem | Md"]),
  define("vaddps", ["VEX.LIG.NP.0F.WIG 58 /r | Vx, Hx, Wx"]),
  define("vmovaps", ["VEX.LIG.NP.0F.WIG 28 /r | Vx, Wx"]),
];

const decoder = new Decoder(SET, new Set(), []);
const NONE: ReadonlySet<Feature> = new Set();

function decode(hex: string, using: Decoder = decoder, address = 0x1000): { status: DecodeStatus; out: Decoded; text: string } {
  const bytes = Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
  const out = newDecoded();
  const status = using.decode(bytes, 0, bytes.length, address, out);
  return { status, out, text: format(out, using.rows, { bytes: bytes.subarray(0, out.length) }) };
}

describe("decoder", () => {
  test.each([
    ["01 d8", "add    eax,ebx"],
    ["48 01 d8", "add    rax,rbx"],
    ["66 01 d8", "add    ax,bx"],
    ["66 48 01 d8", "data16 add rax,rbx"],
    ["4d 01 c7", "add    r15,r8"],
    ["00 e4", "add    ah,ah"],
    ["40 00 e4", "add    spl,spl"],
    ["48 83 c0 80", "add    rax,0xffffffffffffff80"],
    ["66 81 c3 34 12", "add    bx,0x1234"],
    ["48 b8 08 07 06 05 04 03 02 81", "movabs rax,0x8102030405060708"],
    ["48 c7 44 24 f8 ff ff ff ff", "mov    QWORD PTR [rsp-0x8],0xffffffffffffffff"],
    ["a1 01 02 03 04 05 06 07 08", "movabs eax,ds:0x807060504030201"],
    ["67 a1 01 02 03 04", "addr32 mov eax,ds:0x4030201"],
    ["48 8b 05", ""],
    ["03 05 10 00 00 00", "add    eax,DWORD PTR [rip+0x10]        # 0x1016"],
    ["67 03 05 10 00 00 00", "add    eax,DWORD PTR [eip+0x10]        # 0x1017"],
    ["03 04 25 00 00 60 ff", "add    eax,DWORD PTR ds:0xffffffffff600000"],
    ["64 03 04 25 f8 ff ff ff", "add    eax,DWORD PTR fs:0xfffffffffffffff8"],
    ["03 04 c5 f8 ff ff ff", "add    eax,DWORD PTR [rax*8-0x8]"],
    ["03 04 20", "add    eax,DWORD PTR [rax+riz*1]"],
    ["42 03 04 24", "add    eax,DWORD PTR [rsp+r12*1]"],
    ["41 03 45 00", "add    eax,DWORD PTR [r13+0x0]"],
    ["67 03 44 8a 10", "add    eax,DWORD PTR [edx+ecx*4+0x10]"],
    ["f0 01 08", "lock add DWORD PTR [rax],ecx"],
    ["90", "nop"],
    ["66 90", "xchg   ax,ax"],
    ["49 90", "xchg   r8,rax"],
    ["f3 90", "pause"],
    ["f3 41 90", "repz xchg r8d,eax"],
    ["f3 48 ab", "rep stos QWORD PTR es:[rdi],rax"],
    ["66 68 ff ff", "pushw  0xffff"],
    ["68 ff ff ff ff", "push   0xffffffffffffffff"],
    ["41 57", "push   r15"],
    ["0f bc c1", "bsf    eax,ecx"],
    ["f3 0f bc c1", "repz bsf eax,ecx"],
    ["66 f3 0f 10 c1", "data16 movss xmm0,xmm1"],
    ["f2 f3 0f 10 00", "repnz movss xmm0,DWORD PTR [rax]"],
    ["74 fe", "je     0x1000"],
    ["0f 8f 00 01 00 00", "jg     0x1106"],
    ["0f c7 0f", "cmpxchg8b QWORD PTR [rdi]"],
    ["f0 48 0f c7 0f", "lock cmpxchg16b OWORD PTR [rdi]"],
    ["c8 10 00 01", "enter  0x10,0x1"],
    ["d8 c3", "fadd   st,st(3)"],
    ["c5 f0 58 c2", "vaddps xmm0,xmm1,xmm2"],
    ["c4 41 34 58 c2", "vaddps ymm8,ymm9,ymm10"],
    ["44 8c c0", "rex.R mov eax,es"],
  ])("%s is %s", (hex, text) => {
    const result = decode(hex);
    if (text === "") expect(result.status).toBe(DecodeStatus.truncated);
    else {
      expect(result.text).toBe(text);
      expect(result.status).toBe(DecodeStatus.ok);
      expect(result.out.length).toBe(hex.replaceAll(" ", "").length / 2);
    }
  });

  test("fields", () => {
    const { out } = decode("64 66 43 81 84 88 78 56 34 92 34 f2");
    expect(out).toMatchObject({
      operandSize: 16,
      addressSize: 64,
      segment: 4,
      prefix66: true,
      rex: 0x43,
      memory: true,
      base: 8,
      index: 9,
      scale: 2,
      disp: 0x92345678 | 0,
      reg: 0,
      imm: 0xf234 - 0x10000,
      immHigh: -1,
    });
    expect(decode("c8 34 12 56").out).toMatchObject({ imm: 0x1234, imm2: 0x56, operandSize: 64 });
    expect(decode("48 b8 08 07 06 05 04 03 02 81").out).toMatchObject({ imm: 0x05060708, immHigh: 0x81020304 | 0, rm: 0 });
    expect(decode("c5 b4 58 c2").out).toMatchObject({ vexL: 1, vvvv: 9, rex: 0, reg: 0, rm: 2 });
  });

  test("every field is set anew", () => {
    const out = newDecoded();
    const bytes = Uint8Array.from(Buffer.from("6466438184887856349234f290", "hex"));
    decoder.decode(bytes, 0, bytes.length, 0, out);
    decoder.decode(bytes, 12, bytes.length, 0x20, out);
    expect(out).toEqual({ ...newDecoded(), row: out.row, address: 0x20, length: 1, opcode: 0x90 });
  });

  describe("what this silicon refuses", () => {
    test.each([
      ["f0 01 c0", "LOCK on a register"],
      ["f0 03 00", "LOCK on a load"],
      ["f0 90", "LOCK on what has no lock property"],
      ["66 c5 f8 28 c0", "66 before VEX"],
      ["f3 c5 f8 28 c0", "F3 before VEX"],
      ["48 c5 f8 28 c0", "REX before VEX"],
      ["f0 c5 f8 58 00", "LOCK before VEX"],
      ["c5 e8 28 c0", "vvvv where it is not used"],
      ["c4 e0 78 28 c0", "VEX map 0"],
      ["8c f0", "segment register 6"],
      ["f3 0f 38 f0 00", "movbe with F3"],
      ["06", "push es"],
      ["82 c0 00", "opcode 82"],
      ["d6", "salc"],
      ["ea", "far jmp"],
      ["8f e8 78 c2 ec 0e", "XOP"],
      ["0f 0f c0 bf", "3DNow!"],
      ["0f 24 c0", "test registers"],
    ])("%s (%s)", (hex) => {
      expect(decode(hex).status).toBe(DecodeStatus.invalid);
    });
  });

  test("LOCK is allowed on the memory destination only where the row says so", () => {
    expect(decode("f0 00 08").status).toBe(DecodeStatus.ok);
    expect(decode("f0 89 08").status).toBe(DecodeStatus.invalid);
  });

  test("REX counts only directly before the opcode, the last one", () => {
    expect(decode("48 66 01 d8").text).toBe("rex.W add ax,bx");
    expect(decode("40 48 01 d8").text).toBe("rex add rax,rbx");
  });

  test("segments: the last of FS and GS, others mean nothing", () => {
    expect(decode("65 64 03 00").out.segment).toBe(4);
    expect(decode("64 3e 03 00").out.segment).toBe(4);
    expect(decode("2e 03 00").out.segment).toBe(0);
  });

  test("features: a row of an absent one is not there", () => {
    const withTzcnt = new Decoder(SET, new Set<Feature>(["bmi1"]), []);
    expect(decode("f3 0f bc c1", withTzcnt).text).toBe("tzcnt  eax,ecx");
    expect(decode("66 f3 0f bc c1", withTzcnt).text).toBe("tzcnt  ax,cx");
    expect(decode("f2 0f bc c1", withTzcnt).text).toBe("repnz bsf eax,ecx");
  });

  describe("the 15-byte limit", () => {
    test("15 bytes run", () => expect(decode("66".repeat(14) + "90").status).toBe(DecodeStatus.ok));
    test("16 bytes do not", () => expect(decode("66".repeat(15) + "90").status).toBe(DecodeStatus.tooLong));
    test("also where an immediate crosses it", () => {
      expect(decode("2e".repeat(9) + "81c311223344").status).toBe(DecodeStatus.ok);
      expect(decode("2e".repeat(10) + "81c311223344").status).toBe(DecodeStatus.tooLong);
    });
    test("more prefixes than fit, at the end of the bytes", () => {
      expect(decode("66".repeat(14)).status).toBe(DecodeStatus.truncated);
      expect(decode("66".repeat(15)).status).toBe(DecodeStatus.truncated);
      expect(decode("66".repeat(16)).status).toBe(DecodeStatus.tooLong);
    });
  });

  test("every proper prefix of an instruction is truncated", () => {
    for (const hex of [
      "48b80807060504030281",
      "64438184887856349234785634",
      "c4413458c2",
      "62f1fe287f4702",
      "f30f1000",
      "c8100001",
      "67a101020304",
      "0f8f00010000",
    ]) {
      for (let i = 0; i < hex.length; i += 2) expect(decode(hex.slice(0, i)).status, hex.slice(0, i)).toBe(DecodeStatus.truncated);
      expect(decode(hex).status).not.toBe(DecodeStatus.truncated);
    }
  });

  test("near the end of the bytes and far from it the same", () => {
    const random = Uint8Array.from({ length: 4000 }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 23);
    const a = newDecoded(),
      b = newDecoded();
    for (let i = 0; i < 3000; i++) {
      const status = decoder.decode(random, i, random.length, i, a);
      const again = decoder.decode(random, i, Math.max(i + a.length, i + 15), i, b);
      expect(again).toBe(status);
      expect(b).toEqual(a);
    }
  });

  test("EVEX and known instructions are unimplemented, with their length", () => {
    const full = new Decoder(SET, NONE);
    expect(decode("62 f1 fe 28 7f 47 02", full)).toMatchObject({ status: DecodeStatus.unimplemented, out: { length: 7 } });
    expect(decode("c5 f4 41 c2", full)).toMatchObject({ status: DecodeStatus.unimplemented, text: "kandw  k0,k1,k2" });
    expect(decode("66 0f 38 f8 07", full)).toMatchObject({ status: DecodeStatus.unimplemented, text: "movdir64b rax,[rdi]" });
    expect(decode("62 f1 fe 28 0f c0", full).status).toBe(DecodeStatus.invalid);
  });
});

describe("decode tables", () => {
  const build = (...insns: Insn[]): Decoder => new Decoder(insns, NONE, []);

  test("two rows that claim one encoding are an error naming both", () => {
    expect(() => build(define("add", ["01 /r | Ev, Gv"]), define("sub", ["01 /r | Ev, Gv"]))).toThrow(
      'two rows claim one encoding: "01 /r | Ev, Gv" of add and "01 /r | Ev, Gv" of sub',
    );
    expect(() => build(define("x", ["66 0F 6E /r | Vdq, Ed"]), define("y", ["REX.W 0F 6E /r | Vdq, Eq"]))).toThrow("two rows claim one encoding");
    expect(() => build(define("x", ["0F 01 =D0"]), define("y", ["0F 01 /2 reg"]), define("z", ["0F 01 =D0"]))).toThrow(
      '"0F 01 =D0" of x and "0F 01 =D0" of z',
    );
  });

  test("a row inside another refines it, in either order", () => {
    const rows = [define("a", ["0F C7 /1 mem | Mq"]), define("b", ["REX.W 0F C7 /1 mem | Mdq"])];
    for (const decoder of [build(...rows), build(...rows.toReversed())]) {
      expect(decoder.rows[decodeRow(decoder, "0fc708")]!.mnemonic).toBe("a");
      expect(decoder.rows[decodeRow(decoder, "480fc708")]!.mnemonic).toBe("b");
    }
  });

  test("a row that contradicts the length table is an error", () => {
    expect(() => build(define("x", ["01 | Iz"]))).toThrow("contradicts the length table");
    expect(() => build(define("x", ["81 /0 | Ev, Ib"]))).toThrow("contradicts the length table");
    expect(() => build(define("x", ["F6 /2 | Eb, Ib"]))).toThrow("contradicts the length table");
    expect(() => build(define("x", ["06"]))).toThrow("contradicts the length table");
  });

  test("the declared instructions build, for no feature and for all", () => {
    expect(new Decoder(allInsns, NONE).implemented).toBeGreaterThan(300);
    expect(new Decoder(allInsns, allFeatures).implemented).toBeGreaterThan(300);
    expect(new Decoder([], NONE, knownInsns).implemented).toBe(0);
  });
});

function decodeRow(using: Decoder, hex: string): number {
  return decode(hex, using).out.row;
}
