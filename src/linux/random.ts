/**
 * The guest's random bytes: ChaCha20 (RFC 8439) keyed by the machine's seed, one stream for getrandom(2), /dev/urandom and AT_RANDOM.
 * The same seed gives the same bytes; an unpredictable seed is the host's business. The state is the key, a block counter and the
 * unused rest of a block.
 */
const WORDS = 16;

export class RandomSource {
  readonly key: Uint32Array = new Uint32Array(8);
  /** Blocks made so far. */
  counter = 0;
  readonly block: Uint8Array = new Uint8Array(64);
  /** Bytes of `block` already given out. */
  used = 64;

  /** Seeds of less than 32 bytes are repeated. */
  constructor(seed: Uint8Array) {
    for (let i = 0; i < 32; i++) {
      const byte = seed.length === 0 ? 0 : seed[i % seed.length]!;
      this.key[i >> 2] = this.key[i >> 2]! | (byte << ((i & 3) * 8));
    }
  }

  fill(into: Uint8Array): void {
    let at = 0;
    while (at < into.length) {
      if (this.used === 64) this.nextBlock();
      const count = Math.min(64 - this.used, into.length - at);
      into.set(this.block.subarray(this.used, this.used + count), at);
      this.used += count;
      at += count;
    }
  }

  private nextBlock(): void {
    const state = new Uint32Array(WORDS);
    state.set([0x61707865, 0x3320646e, 0x79622d32, 0x6b206574]);
    state.set(this.key, 4);
    state[12] = this.counter >>> 0;
    state[13] = Math.floor(this.counter / 0x1_0000_0000);
    const x = state.slice();
    for (let round = 0; round < 10; round++) {
      quarter(x, 0, 4, 8, 12);
      quarter(x, 1, 5, 9, 13);
      quarter(x, 2, 6, 10, 14);
      quarter(x, 3, 7, 11, 15);
      quarter(x, 0, 5, 10, 15);
      quarter(x, 1, 6, 11, 12);
      quarter(x, 2, 7, 8, 13);
      quarter(x, 3, 4, 9, 14);
    }
    const view = new DataView(this.block.buffer);
    for (let i = 0; i < WORDS; i++) view.setUint32(i * 4, (x[i]! + state[i]!) >>> 0, true);
    this.counter++;
    this.used = 0;
  }
}

function rotate(value: number, by: number): number {
  return ((value << by) | (value >>> (32 - by))) >>> 0;
}

function quarter(x: Uint32Array, a: number, b: number, c: number, d: number): void {
  x[a] = x[a]! + x[b]!;
  x[d] = rotate(x[d]! ^ x[a], 16);
  x[c] = x[c]! + x[d];
  x[b] = rotate(x[b]! ^ x[c], 12);
  x[a] = x[a] + x[b];
  x[d] = rotate(x[d] ^ x[a], 8);
  x[c] = x[c] + x[d];
  x[b] = rotate(x[b] ^ x[c], 7);
}
