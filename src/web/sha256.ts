// SHA-256 (FIPS 180-4) for pages that the browser does not trust with its own: it is only given to https and to this computer.

/** The first 64 primes: the constants are the fractions of their square and cube roots. */
const PRIMES = Array.from({ length: 312 }, (_, n) => n).filter(
  (n) => n > 1 && Array.from({ length: n }, (_, d) => d).every((d) => d < 2 || n % d !== 0),
);

/** 32 bits of the fraction of the `power`-th root of `prime`: the largest n with n^power <= prime * 2^(32 * power), without its whole part. */
function fraction(prime: number, power: bigint): number {
  const goal = BigInt(prime) << (32n * power);
  let root = 0n;
  for (let bit = 1n << 40n; bit > 0n; bit >>= 1n) if ((root + bit) ** power <= goal) root += bit;
  return Number(root & 0xffff_ffffn);
}

const ROUND = new Int32Array(PRIMES.map((prime) => fraction(prime, 3n)));
const INITIAL = new Int32Array(PRIMES.slice(0, 8).map((prime) => fraction(prime, 2n)));
const BLOCK = 64;
const schedule = new Int32Array(64);

const rotate = (word: number, bits: number): number => (word >>> bits) | (word << (32 - bits));

function compress(state: Int32Array, view: DataView, at: number): void {
  const w = schedule;
  for (let i = 0; i < 16; i++) w[i] = view.getInt32(at + 4 * i);
  for (let i = 16; i < 64; i++) {
    const early = w[i - 15]!;
    const late = w[i - 2]!;
    const s0 = rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3);
    const s1 = rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10);
    w[i] = (w[i - 16]! + s0 + w[i - 7]! + s1) | 0;
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let i = 0; i < 64; i++) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const first = (h + s1 + ((e & f) ^ (~e & g)) + ROUND[i]! + w[i]!) | 0;
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const second = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  [a, b, c, d, e, f, g, h].forEach((word, i) => (state[i] = state[i]! + word));
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** SHA-256 in hexadecimal, computed here. */
export function sha256Here(bytes: Uint8Array): string {
  const state = INITIAL.slice();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const whole = bytes.length - (bytes.length % BLOCK);
  for (let at = 0; at < whole; at += BLOCK) compress(state, view, at);
  const rest = bytes.length - whole;
  const last = new DataView(new ArrayBuffer(rest + 9 <= BLOCK ? BLOCK : 2 * BLOCK));
  new Uint8Array(last.buffer).set(bytes.subarray(whole));
  last.setUint8(rest, 0x80);
  last.setBigUint64(last.byteLength - 8, BigInt(bytes.length) * 8n);
  for (let at = 0; at < last.byteLength; at += BLOCK) compress(state, last, at);
  const digest = new DataView(new ArrayBuffer(32));
  state.forEach((word, i) => digest.setInt32(4 * i, word));
  return hex(new Uint8Array(digest.buffer));
}

/** SHA-256 in hexadecimal, by the browser where it does it. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  if (!isSecureContext) return sha256Here(bytes);
  // No memory is shared here.
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>)));
}
