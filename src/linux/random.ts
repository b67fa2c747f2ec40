/**
 * The guest's random bytes: ChaCha20 (RFC 8439) keyed by the machine's seed, one stream for getrandom(2), /dev/urandom and AT_RANDOM.
 * The same seed gives the same bytes; an unpredictable seed is the host's business. The state is the key, a block counter and the
 * unused rest of a block.
 */
const WORDS = 16;
/** "expand 32-byte k" */
const CONSTANTS = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574];
const $state: Int32Array = new Int32Array(WORDS);
const $x: Int32Array = new Int32Array(WORDS);

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
      if (count === 64) into.set(this.block, at);
      else into.set(this.block.subarray(this.used, this.used + count), at);
      this.used += count;
      at += count;
    }
  }

  private nextBlock(): void {
    $state.set(CONSTANTS);
    $state.set(this.key, 4);
    $state[12] = this.counter | 0;
    $state[13] = Math.floor(this.counter / 0x1_0000_0000);
    $x.set($state);
    for (let round = 0; round < 10; round++) {
      quarter(0, 4, 8, 12);
      quarter(1, 5, 9, 13);
      quarter(2, 6, 10, 14);
      quarter(3, 7, 11, 15);
      quarter(0, 5, 10, 15);
      quarter(1, 6, 11, 12);
      quarter(2, 7, 8, 13);
      quarter(3, 4, 9, 14);
    }
    for (let i = 0; i < WORDS; i++) {
      const word = $x[i]! + $state[i]!;
      this.block[i * 4] = word;
      this.block[i * 4 + 1] = word >> 8;
      this.block[i * 4 + 2] = word >> 16;
      this.block[i * 4 + 3] = word >> 24;
    }
    this.counter++;
    this.used = 0;
  }
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

function quarter(ia: number, ib: number, ic: number, id: number): void {
  let a = $x[ia]!;
  let b = $x[ib]!;
  let c = $x[ic]!;
  let d = $x[id]!;
  a = (a + b) | 0;
  d = rotate(d ^ a, 16);
  c = (c + d) | 0;
  b = rotate(b ^ c, 12);
  a = (a + b) | 0;
  d = rotate(d ^ a, 8);
  c = (c + d) | 0;
  b = rotate(b ^ c, 7);
  $x[ia] = a;
  $x[ib] = b;
  $x[ic] = c;
  $x[id] = d;
}
