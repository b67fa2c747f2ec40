import { describe, expect, test } from "vitest";

import type { Insn, RowSpec } from "../../src/cpu/isa/insn.ts";
import { insn } from "../../src/cpu/isa/insn.ts";
import { parseRow } from "../../src/cpu/isa/notation.ts";

const add: Insn = insn("add", [], {}, () => {});
const one = (text: string): RowSpec => {
  const [row, ...more] = parseRow(text, add);
  expect(more).toEqual([]);
  return row!;
};
const operands = (row: RowSpec): string => row.operands.map((operand) => `${operand.kind}:${operand.size}`).join(" ");

describe("row notation", () => {
  test("opcode, ModRM and operands", () => {
    const row = one("01 /r | Ev, Gv");
    expect(row).toMatchObject({ map: 0, opcode: 0x01, modrm: true, reg: undefined, form: "any", prefix: "", w: undefined, vex: undefined });
    expect(operands(row)).toBe("E:v G:v");
  });

  test("maps", () => {
    expect(one("0F AF /r | Gv, Ev")).toMatchObject({ map: 1, opcode: 0xaf });
    expect(one("66 0F 38 00 /r | Vdq, Wdq")).toMatchObject({ map: 2, opcode: 0x00, prefix: "66" });
    expect(one("66 0F 3A 0F /r | Vdq, Wdq, Ib")).toMatchObject({ map: 3, opcode: 0x0f });
  });

  test("prefixes and REX.W", () => {
    expect(one("NP 0F 10 /r | Vdq, Wdq").prefix).toBe("NP");
    expect(one("F3 REX.W 0F 2A /r | Vdq, Eq")).toMatchObject({ prefix: "F3", w: 1 });
    expect(one("REX.W0 0F C7 /1 mem | Mq")).toMatchObject({ prefix: "", w: 0, reg: 1, form: "mem" });
  });

  test("VEX", () => {
    expect(one("VEX.LIG.66.0F38.W1 98 /r | Vx, Hx, Wx")).toMatchObject({ prefix: "66", map: 2, w: 1, vex: { l: undefined } });
    expect(one("VEX.256.NP.0F.WIG 77")).toMatchObject({ prefix: "NP", map: 1, w: undefined, vex: { l: 1 }, modrm: false });
    expect(one("VEX.LZ.F2.0F3A.W0 F0 /r | Gy, Ey, Ib")).toMatchObject({ prefix: "F2", map: 3, w: 0, vex: { l: 0 } });
  });

  test("EVEX", () => {
    const row = one("EVEX.L.66.0F.W0 FE /r | Vx{kz}, Hx, Wx{b32}{er}");
    expect(row).toMatchObject({
      prefix: "66",
      map: 1,
      w: 0,
      vex: { l: undefined },
      evex: { lengths: 7, mask: "kz", broadcast: 32, rounding: "er", unit: 0 },
    });
    expect(operands(row)).toBe("V:x H:x W:x");
    expect(one("EVEX.256+.66.0F38.W1 1A /r | Vx{k}, Mdq | n8 vex")).toMatchObject({
      form: "mem",
      evex: { lengths: 6, mask: "k", unit: 8, alsoVex: true },
    });
    expect(one("EVEX.LIG.F3.MAP5.W0 58 /r | Vsh, Hsh, Wsh{sae}")).toMatchObject({ map: 5, evex: { lengthIgnored: true, mask: "", rounding: "sae" } });
    expect(one("EVEX.512.66.MAP6.WIG 98 /r | Vx")).toMatchObject({ map: 6, evex: { lengths: 4 } });
  });

  test("register in the opcode, exact ModRM bytes", () => {
    expect(one("B8+r | Zv, Iv")).toMatchObject({ opcode: 0xb8, plusR: true });
    expect(one("0F 01 =D0")).toMatchObject({ modrm: true, modrmByte: 0xd0, plusI: false, form: "reg" });
    expect(one("D8 =C0+i | ST0, STi")).toMatchObject({ modrmByte: 0xc0, plusI: true });
  });

  test("a +cc row is sixteen rows", () => {
    const rows = parseRow(
      "0F 80+cc | Jz | f64",
      insn("j", [], {}, () => {}),
    );
    expect(rows.map((row) => row.mnemonic).join(" ")).toBe("jo jno jb jae je jne jbe ja js jns jp jnp jl jge jle jg");
    expect(rows[15]).toMatchObject({ opcode: 0x8f, cc: 15, f64: true });
  });

  test("operand kinds imply the form", () => {
    expect(one("8D /r | Gv, M").form).toBe("mem");
    expect(one("F3 0F AE /0 | Ry").form).toBe("reg");
    expect(one("66 0F 50 /r | Gd, Udq").form).toBe("reg");
  });

  test.each([
    ["", 'opcode ""'],
    ["1 /r | Ev, Gv", 'opcode "1"'],
    ["01 /r | Ev, Gq9", 'operand "Gq9"'],
    ["01 /r | Ev, Qv", 'operand "Qv"'],
    ["01 /8 | Ev", '"/8" is out of place'],
    ["01 /0 | Ev, Gv", "operand Gv needs /r"],
    ["01 | Ev", "operands need ModRM"],
    ["B9+r | Zv", "low three bits are not 0"],
    ["B8+r | Ev", "operands need ModRM"],
    ["B8 | Zv", "+r and operand Z go together"],
    ["0F 81+cc | Jz", "low four bits are not 0"],
    ["01 /r mem | Rv, Gv", "contradicts the encoding's form"],
    ["01 mem", '"mem" without /r'],
    ["0F 01 =40", 'ModRM byte "=40"'],
    ["D8 =C0 | STi", "STi without =XX+i"],
    ["01 /r | Ev, Hx", "needs VEX"],
    ["VEX.512.66.0F.WIG 58 /r | Vx", 'VEX length "512"'],
    ["VEX.128.66.0F.W2 58 /r | Vx", 'VEX W "W2"'],
    ["VEX.128.66.MAP5.W0 58 /r | Vx", 'VEX map "MAP5"'],
    ["VEX.128.66.0F.W0 58 /r | Vx{kz}", 'operand "Vx{kz}"'],
    ["EVEX.1024.66.0F.W0 58 /r | Vx", 'VEX length "1024"'],
    ["EVEX.L.66.0F.W0 58 /r | Vx{b8}", '"{b8}"'],
    ["VEX.128.66.0F.W0 58 /r | Vx | n4", 'attribute "n4"'],
    ["VEX.128.0F.WIG 58 /r | Vx", 'VEX prefix "0F"'],
    ["01 /r | Ev, Ew", "one part of the encoding gives two operands"],
    ["01 /r | Ev | d32", 'attribute "d32"'],
    ["50+r | Zv | d64 f64", "d64 and f64"],
    ["01 | | | ", "more than three columns"],
    ["66 F3 0F 10 /r", '"0F" is out of place'],
  ])("refuses %j, naming the row", (text, message) => {
    expect(() => parseRow(text, add)).toThrow(`row "${text}" of add: `);
    expect(() => parseRow(text, add)).toThrow(message);
  });
});
