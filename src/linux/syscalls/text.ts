/** The notations of strace(1): strings, flag sets, addresses. */

/** Bytes shown of a string unless told otherwise: strace -s. */
export const STRING_LIMIT = 32;

const ESCAPES: Readonly<Record<number, string>> = { 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\" };

/** A quoted string: printable characters, C escapes, shortest octal otherwise. `cut` adds the dots of a string not wholly shown. */
export function quote(bytes: Uint8Array, cut: boolean): string {
  let text = "";
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    const escape = ESCAPES[byte];
    if (escape !== undefined) text += escape;
    else if (byte >= 32 && byte < 127) text += String.fromCharCode(byte);
    else {
      const next = bytes[i + 1];
      const octalFollows = next !== undefined && next >= 48 && next <= 55;
      text += "\\" + (octalFollows ? byte.toString(8).padStart(3, "0") : byte.toString(8));
    }
  }
  return `"${text}"${cut ? "..." : ""}`;
}

/** A quoted string, all of it in \\x escapes. */
export function quoteHex(bytes: Uint8Array, cut: boolean): string {
  let text = "";
  for (const byte of bytes) text += "\\x" + byte.toString(16).padStart(2, "0");
  return `"${text}"${cut ? "..." : ""}`;
}

export function hex(value: number): string {
  return value === 0 ? "0" : "0x" + value.toString(16);
}

/** 64 bits in hexadecimal from two halves. */
export function hexParts(low: number, high: number): string {
  if (high === 0) return hex(low >>> 0);
  return "0x" + (high >>> 0).toString(16) + (low >>> 0).toString(16).padStart(8, "0");
}

export function address(low: number, high: number): string {
  return (low | high) === 0 ? "NULL" : hexParts(low, high);
}

/** Set bits by name in the table's order; bits nobody named in hexadecimal, never dropped. `comment` is said where nothing is known. */
export function flagText(value: number, names: Readonly<Record<string, number>>, zero: string, comment = ""): string {
  if (value === 0) return zero;
  const parts: string[] = [];
  let rest = value >>> 0;
  for (const [name, bits] of Object.entries(names)) {
    if (bits !== 0 && (rest & bits) >>> 0 === bits >>> 0) {
      parts.push(name);
      rest = (rest & ~bits) >>> 0;
    }
  }
  if (rest !== 0) parts.push(parts.length === 0 && comment !== "" ? `${hex(rest)} /* ${comment} */` : hex(rest));
  return parts.join("|");
}

/** The name of a value, or the value with strace's remark. */
export function nameOf(value: number, names: Readonly<Record<string, number>>, comment: string): string {
  for (const [name, number] of Object.entries(names)) if (number === value) return name;
  return `${hex(value >>> 0)} /* ${comment} */`;
}

/** `1970-01-01T00:00:01.000000005+0000`: a time in UTC with its fraction in `digits` digits, which are left out where it is zero. */
export function isoTime(seconds: number, fraction: number, digits: number): string {
  const days = Math.floor(seconds / 86400);
  const inDay = seconds - days * 86400;
  // Days since 0000-03-01, so that a leap day ends a year; eras of 400 years have 146,097 days.
  const shifted = days + 719468;
  const era = Math.floor(shifted / 146097);
  const dayOfEra = shifted - era * 146097;
  const yearOfEra = Math.floor((dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const month = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * month + 2) / 5) + 1;
  const year = yearOfEra + era * 400 + (month < 10 ? 0 : 1);
  const two = (value: number): string => String(value).padStart(2, "0");
  const clock = `${two(Math.floor(inDay / 3600))}:${two(Math.floor(inDay / 60) % 60)}:${two(inDay % 60)}`;
  const part = fraction === 0 ? "" : `.${String(fraction).padStart(digits, "0")}`;
  return `${String(year).padStart(4, "0")}-${two(month < 10 ? month + 3 : month - 9)}-${two(day)}T${clock}${part}+0000`;
}
