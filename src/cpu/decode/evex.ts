/** Which opcodes the EVEX maps hold (SDM volume 2, appendix A, and the AVX-512 FP16 specification): hexadecimal ranges by map number. */

const OPCODES: Readonly<Record<number, string>> = {
  1: "10-17 28-2F 51 54-76 78-7B 7E-7F C2 C4-C6 D1-D6 D8-EF F1-F6 F8-FE",
  2: "00 04 0B-0D 10-16 18-2D 30-40 42-47 4C-55 58-5B 62-66 68 70-73 75-7F 83 88-8B 8D 8F-93 96-A3 A6-AF B4-BF C4 C6-C8 CA-CD CF DC-DF",
  3: "00-01 03-05 08-0B 0F 14-1B 1D-23 25-27 38-3B 3E-3F 42-44 50-51 54-57 66-67 70-73 C2 CE-CF",
  5: "10-11 1D 2A 2C-2F 51 58-5F 6E 78-7E",
  6: "13 2C-2D 42-43 4C-4F 56-57 96-9F A6-AF B6-BF D6-D7",
};

const exists = new Uint8Array(8 * 256);
for (const [map, ranges] of Object.entries(OPCODES)) {
  for (const range of ranges.split(" ")) {
    const [first = "", last = first] = range.split("-");
    const base = Number(map) * 256;
    exists.fill(1, base + Number.parseInt(first, 16), base + Number.parseInt(last, 16) + 1);
  }
}

/** Whether some EVEX instruction has this opcode in EVEX map `map` (0 to 7). */
export function evexOpcodeExists(map: number, opcode: number): boolean {
  return exists[map * 256 + opcode] === 1;
}
