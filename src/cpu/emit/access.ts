/** Loads and stores of integers (zero-extended to i64) and vectors by their bits, as WebAssembly names them. */

const loads: Readonly<Record<number, string>> = { 8: "i64.load8_u", 16: "i64.load16_u", 32: "i64.load32_u", 64: "i64.load", 128: "v128.load" };
const stores: Readonly<Record<number, string>> = { 8: "i64.store8", 16: "i64.store16", 32: "i64.store32", 64: "i64.store", 128: "v128.store" };

function named(names: Readonly<Record<number, string>>, bits: number): string {
  const name = names[bits];
  if (name === undefined) throw new Error(`there is no access of ${bits} bits`);
  return name;
}

export function loadName(bits: number): string {
  return named(loads, bits);
}

export function storeName(bits: number): string {
  return named(stores, bits);
}
