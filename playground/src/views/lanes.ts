// Vector registers as lanes, and x87 values, as text.

export interface LaneKind {
  readonly name: string;
  readonly bytes: number;
  /** The lane at byte `at`. */
  readonly text: (view: DataView, at: number) => string;
}

const hex = (value: number | bigint, digits: number): string => value.toString(16).padStart(digits, "0");
/** As few digits as tell the value from its neighbours: nine for single precision. */
const single = (value: number): string => (Number.isInteger(value) && Math.abs(value) < 1e9 ? decimal(value) : decimal(Number(value.toPrecision(8))));
const decimal = (value: number): string => (Object.is(value, -0) ? "-0" : String(value));

export const laneKinds: readonly LaneKind[] = [
  { name: "hex 8", bytes: 1, text: (view, at) => hex(view.getUint8(at), 2) },
  { name: "hex 32", bytes: 4, text: (view, at) => hex(view.getUint32(at, true), 8) },
  { name: "hex 64", bytes: 8, text: (view, at) => hex(view.getBigUint64(at, true), 16) },
  { name: "int 8", bytes: 1, text: (view, at) => String(view.getInt8(at)) },
  { name: "int 16", bytes: 2, text: (view, at) => String(view.getInt16(at, true)) },
  { name: "int 32", bytes: 4, text: (view, at) => String(view.getInt32(at, true)) },
  { name: "int 64", bytes: 8, text: (view, at) => String(view.getBigInt64(at, true)) },
  { name: "float", bytes: 4, text: (view, at) => single(view.getFloat32(at, true)) },
  { name: "double", bytes: 8, text: (view, at) => decimal(view.getFloat64(at, true)) },
];

const BIAS = 16383;
const SPECIAL = 0x7fff;

/** An 80-bit value in double precision, as near as that is: "3.14159", "-inf", "NaN". */
export function extendedText(view: DataView, at: number): string {
  const significand = view.getBigUint64(at, true);
  const top = view.getUint16(at + 8, true);
  const sign = (top & 0x8000) !== 0 ? "-" : "";
  const exponent = top & 0x7fff;
  if (exponent === SPECIAL) return significand << 1n === 1n << 64n ? `${sign}inf` : `${sign}NaN`;
  if (significand === 0n) return `${sign}0`;
  const value = (Number(significand) / 2 ** 63) * 2 ** (exponent - BIAS);
  const inside = Number.isFinite(value) && value !== 0;
  return inside ? `${sign}${value}` : `${sign}${hex(significand, 16)}p${exponent - BIAS}`;
}

/** Exceptions of MXCSR and of the x87 status word by their bits. */
const EXCEPTIONS = ["invalid", "denormal", "divide by zero", "overflow", "underflow", "inexact"] as const;
const ROUNDING = ["nearest", "down", "up", "to zero"] as const;

export function exceptionsText(bits: number): string {
  return EXCEPTIONS.filter((_name, bit) => (bits & (1 << bit)) !== 0).join(", ") || "none";
}

export function roundingText(bits: number): string {
  return ROUNDING[bits & 3] ?? "";
}
