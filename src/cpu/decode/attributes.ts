/**
 * How long an instruction is, for every opcode of every map in 64-bit mode (SDM volume 2, appendix A; APM volume 3, appendix A):
 * whether ModRM follows, and which immediate. Also for opcodes that no row declares.
 *
 * One character an opcode, sixteen a line:
 * `.` nothing, `r` ModRM, `b` imm8 or rel8, `w` imm16, `z` imm16/32 by operand size, `v` imm16/32/64, `J` rel32, `o` moffs, `e` imm16 and imm8 (enter),
 * `B` ModRM and imm8, `Z` ModRM and imm16/32, `f` `F` ModRM and imm8, imm16/32 where reg is 0 or 1 (test), `n` ModRM that is always a register (mov cr),
 * `p` prefix or escape, `x` not an opcode.
 */

const ONE_BYTE = `
rrrrbzxxrrrrbzxp
rrrrbzxxrrrrbzxx
rrrrbzpxrrrrbzpx
rrrrbzpxrrrrbzpx
pppppppppppppppp
................
xxprppppzZbB....
bbbbbbbbbbbbbbbb
BZxBrrrrrrrrrrrr
..........x.....
oooo....bz......
bbbbbbbbvvvvvvvv
BBw.ppBZe.w..bx.
rrrrxxx.rrrrrrrr
bbbbbbbbJJxb....
p.pp..fF......rr`;

const TWO_BYTE = `
rrrrx.....x.xr.B
rrrrrrrrrrrrrrrr
nnnnxxxxrrrrrrrr
......x.pxpxxxxx
rrrrrrrrrrrrrrrr
rrrrrrrrrrrrrrrr
rrrrrrrrrrrrrrrr
BBBBrrr.rrxxrrrr
JJJJJJJJJJJJJJJJ
rrrrrrrrrrrrrrrr
...rBrxx...rBrrr
rrrrrrrrrrBrrrrr
rrBrBBBr........
rrrrrrrrrrrrrrrr
rrrrrrrrrrrrrrrr
rrrrrrrrrrrrrrrr`;

/** VEX and EVEX map 0F: ModRM everywhere but for vzeroupper; imm8 at 70-73, C2, C4-C6. */
const VECTOR_0F = "r".repeat(0x70) + "BBBBrrr." + "r".repeat(0x4a) + "BrBBB" + "r".repeat(0x39);

/** Immediate kinds, as stored in bits 1 to 4 of an attribute. */
export const IMM_NONE = 0;
export const IMM_B = 1;
export const IMM_W = 2;
export const IMM_Z = 3;
export const IMM_V = 4;
export const IMM_ENTER = 5;
export const IMM_J = 6;
export const IMM_MOFFS = 7;
export const IMM_TEST_B = 8;
export const IMM_TEST_Z = 9;

export const HAS_MODRM = 1;
export const IMM_SHIFT = 1;
export const IMM_MASK = 15;
/** ModRM.mod is ignored: always a register. */
export const REGISTER_ONLY = 32;
export const NOT_AN_OPCODE = 128;

const ATTRIBUTE: Readonly<Record<string, number>> = {
  ".": 0,
  r: HAS_MODRM,
  n: HAS_MODRM | REGISTER_ONLY,
  b: IMM_B << IMM_SHIFT,
  w: IMM_W << IMM_SHIFT,
  z: IMM_Z << IMM_SHIFT,
  v: IMM_V << IMM_SHIFT,
  e: IMM_ENTER << IMM_SHIFT,
  J: IMM_J << IMM_SHIFT,
  o: IMM_MOFFS << IMM_SHIFT,
  B: HAS_MODRM | (IMM_B << IMM_SHIFT),
  Z: HAS_MODRM | (IMM_Z << IMM_SHIFT),
  f: HAS_MODRM | (IMM_TEST_B << IMM_SHIFT),
  F: HAS_MODRM | (IMM_TEST_Z << IMM_SHIFT),
  p: NOT_AN_OPCODE,
  x: NOT_AN_OPCODE,
};

/**
 * Opcode spaces: 0 to 3 one-byte, 0F, 0F38, 0F3A; 4 to 6 VEX 0F, 0F38, 0F3A; EVEX maps 0F, 0F38, 0F3A, 5 and 6 have the same attributes as
 * VEX 0F, 0F38, 0F3A, and (maps 5 and 6) 0F38.
 */
export const SPACES = 7;
export const VEX_SPACE = 3;

/** Attribute of opcode `o` in space `s` at index `s * 256 + o`. */
export function buildAttributes(): Uint8Array {
  const lines = [ONE_BYTE, TWO_BYTE].map((map) => map.replaceAll("\n", ""));
  const all = [...lines, "r".repeat(256), "B".repeat(256), VECTOR_0F, "r".repeat(256), "B".repeat(256)].join("");
  const attributes = new Uint8Array(SPACES * 256);
  for (let i = 0; i < attributes.length; i++) attributes[i] = ATTRIBUTE[all.charAt(i)] ?? NOT_AN_OPCODE;
  return attributes;
}
